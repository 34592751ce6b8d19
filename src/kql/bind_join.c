/* bind_join.c - join and lookup: kinds, conditions, names of both sides. */
#include "kql/bind_private.h"

typedef struct key_list {
    rtq__expr **left, **right;
    rtq__vcol **right_cols; /* what lookup leaves out */
    uint32_t n, cap_left, cap_right, cap_cols;
    bool broken;
} key_list;

static const struct {
    const char *name;
    uint8_t kind;
} kinds[] = {
    {"innerunique", RTQ__JOIN_INNERUNIQUE}, {"inner", RTQ__JOIN_INNER},         {"leftouter", RTQ__JOIN_LEFTOUTER},
    {"rightouter", RTQ__JOIN_RIGHTOUTER},   {"fullouter", RTQ__JOIN_FULLOUTER}, {"leftsemi", RTQ__JOIN_LEFTSEMI},
    {"rightsemi", RTQ__JOIN_RIGHTSEMI},     {"leftanti", RTQ__JOIN_LEFTANTI},   {"anti", RTQ__JOIN_LEFTANTI},
    {"leftantisemi", RTQ__JOIN_LEFTANTI},   {"rightanti", RTQ__JOIN_RIGHTANTI}, {"rightantisemi", RTQ__JOIN_RIGHTANTI},
};

static uint8_t join_kind(rtq__binder *b, const rtq__ast *ast, bool lookup)
{
    const rtq__ast *at = ast;
    const char *name = rtq__bind_parameter(&ast->op->params, "kind", &at);
    if (!name)
        return lookup ? RTQ__JOIN_LEFTOUTER : RTQ__JOIN_INNERUNIQUE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0 &&
            (!lookup || kinds[i].kind == RTQ__JOIN_INNER || kinds[i].kind == RTQ__JOIN_LEFTOUTER))
            return kinds[i].kind;
    rtq__bind_error(b, at, "there is no %s of kind '%s'", lookup ? "lookup" : "join", name);
    rtq__diag_hint(
        b->diag,
        lookup ? "leftouter or inner"
               : "innerunique, inner, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti");
    return RTQ__JOIN_INNER;
}

/* ---- conditions ---- */

/* A column named once has one type; of two that are compared, an int and a long go together. */
static void add_key(rtq__binder *b, key_list *keys, rtq__expr *left, rtq__expr *right, bool common, const rtq__ast *at)
{
    if (rtq__expr_is_broken(left) || rtq__expr_is_broken(right)) {
        keys->broken = true;
        return;
    }
    rtq__vcol *right_col = RTQ__BEXPR(right)->vcol;
    if (left->kind == RTQ_DYNAMIC || right->kind == RTQ_DYNAMIC) {
        rtq__bind_error(b, at, "a key of a join cannot be a dynamic value");
        rtq__diag_hint(b->diag, "extend both sides with tostring() or the like of it, and join on that");
        keys->broken = true;
        return;
    }
    if (left->kind != right->kind) {
        rtq__expr *to_right = right->kind == RTQ_UNKNOWN || (right->kind == RTQ_INT && left->kind != RTQ_UNKNOWN)
                                  ? NULL
                                  : rtq__bind_convert(b, left, right->kind);
        rtq__expr *to_left = to_right || left->kind == RTQ_UNKNOWN ? NULL : rtq__bind_convert(b, right, left->kind);
        bool promotes = (left->kind == RTQ_INT || left->kind == RTQ_LONG) &&
                        (right->kind == RTQ_INT || right->kind == RTQ_LONG);
        bool unknown = left->kind == RTQ_UNKNOWN || right->kind == RTQ_UNKNOWN;
        if (!((promotes && !common) || unknown) || !(to_right || to_left)) {
            rtq__bind_error(b, at, "the keys of a join must be of one type, and these are %s and %s",
                            rtq__kind_text(left->kind), rtq__kind_text(right->kind));
            if (promotes)
                rtq__diag_hint(b->diag, "`$left.%s == $right.%s` compares an int with a long", at->name.ptr,
                               at->name.ptr);
            keys->broken = true;
            return;
        }
        left = to_right ? to_right : left;
        right = to_left ? to_left : right;
    }
    *RTQ__BIND_PUSH(b, &b->work, keys->right_cols, keys->n, keys->cap_cols) = right_col;
    keys->n--;
    *RTQ__BIND_PUSH(b, &b->bound->arena, keys->left, keys->n, keys->cap_left) = left;
    keys->n--;
    *RTQ__BIND_PUSH(b, &b->bound->arena, keys->right, keys->n, keys->cap_right) = right;
}

static bool is_of_side(const rtq__ast *ast, const char *side)
{
    const rtq__ast *object = ast->kind == RTQ__AST_MEMBER  ? ast->member.object
                             : ast->kind == RTQ__AST_INDEX ? ast->index.object
                                                           : NULL;
    return object && object->kind == RTQ__AST_NAME && strcmp(object->name.ptr, side) == 0;
}

static void condition(rtq__binder *b, const rtq__ctx *both, key_list *keys, const rtq__ast *ast)
{
    if (ast->kind == RTQ__AST_BINARY && ast->binary.op == RTQ__OP_AND) {
        rtq__bind_enter(b, ast);
        condition(b, both, keys, ast->binary.left);
        condition(b, both, keys, ast->binary.right);
        rtq__bind_leave(b);
        return;
    }
    if (ast->kind == RTQ__AST_NAME) {
        rtq__expr *left = both->row->broken ? rtq__expr_broken(b)
                                            : rtq__tab_lookup(b, both->row, ast->name.ptr, true, ast);
        rtq__expr *right = both->right->broken ? rtq__expr_broken(b)
                                               : rtq__tab_lookup(b, both->right, ast->name.ptr, true, ast);
        if (!left || !right) {
            rtq__ctx side = {.row = left ? both->right : both->row};
            rtq__bind_unknown_name(b, &side, &ast->name, left ? "column on the right side" : "column on the left side");
            keys->broken = true;
        } else {
            add_key(b, keys, left, right, true, ast);
        }
        return;
    }
    bool equal = ast->kind == RTQ__AST_BINARY && ast->binary.op == RTQ__OP_EQ;
    if (equal && is_of_side(ast->binary.left, "$left") && is_of_side(ast->binary.right, "$right")) {
        rtq__expr *left = rtq__bind_expr(b, both, ast->binary.left);
        add_key(b, keys, left, rtq__bind_expr(b, both, ast->binary.right), false, ast);
        return;
    }
    rtq__bind_error(b, ast, "a condition of a join is the name of a column of both sides, or `$left.a == $right.b`");
    if (equal && is_of_side(ast->binary.left, "$right") && is_of_side(ast->binary.right, "$left"))
        rtq__diag_hint(b->diag, "`$left` stands on the left of `==`");
    keys->broken = true;
}

static void conditions(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *left, const rtq__tab *right,
                       const rtq__ast *ast, key_list *keys)
{
    rtq__ctx both = {.env = ctx->env, .row = left, .right = right};
    memset(keys, 0, sizeof *keys);
    for (const rtq__ast *item = ast->op->by.first; item; item = item->next)
        condition(b, &both, keys, item);
    if (ast->op->where) {
        rtq__bind_refuse(b, ast->op->where, "join ... where", "name the keys after `on`");
        keys->broken = true;
    } else if (ast->op->by.n == 0) {
        rtq__bind_error(b, ast, "the join needs its condition: `on column`, or `on $left.a == $right.b`");
        keys->broken = true;
    }
}

/* ---- columns ---- */

/* Names of both sides: the first column keeps its name, the later one gets a number that no other name has. */
static void add_unique(rtq__binder *b, rtq__tab *out, const rtq__tab *in, const key_list *leave_out)
{
    for (uint32_t i = 0; i < in->n; i++) {
        bool left_out = false;
        for (uint32_t k = 0; leave_out && k < leave_out->n; k++)
            left_out |= leave_out->right_cols[k] == in->cols[i].col;
        if (!left_out)
            rtq__tab_add(b, out, in->cols[i].name, in->cols[i].col);
    }
}

static void make_unique(rtq__binder *b, rtq__tab *tab)
{
    rtq__uniques names = {NULL, 0, 0};
    bool *later = rtq__bind_work(b, tab->n + 1, sizeof *later);
    for (uint32_t i = 0; i < tab->n; i++) {
        uint32_t before = names.n;
        rtq__unique_add(b, &names, tab->cols[i].name);
        later[i] = names.n == before;
    }
    for (uint32_t i = 0; i < tab->n; i++)
        if (later[i])
            tab->cols[i].name = rtq__unique_name(b, &names, tab->cols[i].name, NULL);
}

static const rtq__tab *joined(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *left, const rtq__ast *ast,
                              bool lookup)
{
    rtq__ctx alone = {.env = ctx->env};
    const rtq__tab *right = rtq__bind_table(b, &alone, ast->op->value);
    uint8_t kind = join_kind(b, ast, lookup);
    key_list keys;
    conditions(b, ctx, left, right, ast, &keys);
    bool has_left = kind != RTQ__JOIN_RIGHTSEMI && kind != RTQ__JOIN_RIGHTANTI;
    bool has_right = kind != RTQ__JOIN_LEFTSEMI && kind != RTQ__JOIN_LEFTANTI;
    bool broken = left->broken || right->broken || keys.broken;
    rtq__rel *rel = NULL;
    if (!broken) {
        rel = rtq__rel_new(b, RTQ__R_JOIN, ast, left->rel, right->rel);
        rel->u.join.kind = kind;
        rel->u.join.n_keys = keys.n;
        rel->u.join.left_keys = keys.left;
        rel->u.join.right_keys = keys.right;
    }
    rtq__tab *out = rtq__tab_new(b, rel);
    out->broken = left->broken || right->broken;
    if (!rel)
        out->broken = true;
    if (has_left)
        add_unique(b, out, left, NULL);
    if (has_right)
        add_unique(b, out, right, lookup ? &keys : NULL);
    make_unique(b, out);
    const rtq__tab *l = has_left && left->open ? left : NULL, *r = has_right && right->open ? right : NULL;
    if (l && r) {
        out->open = rtq__open_pair(b, l, r);
    } else if (l || r) {
        out->open = l ? l->open : r->open;
        out->excluded = l ? l->excluded : r->excluded;
        out->n_excluded = out->cap_excluded = l ? l->n_excluded : r->n_excluded;
    }
    out->hidden = has_left ? left->hidden : right->hidden;
    out->n_hidden = has_left ? left->n_hidden : right->n_hidden;
    return out;
}

const rtq__tab *rtq__bind_join(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    return joined(b, ctx, in, ast, false);
}

const rtq__tab *rtq__bind_lookup(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    return joined(b, ctx, in, ast, true);
}
