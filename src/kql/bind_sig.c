/* bind_sig.c - signatures of function and aggregate rows, and the choice between overloads. */
#include "kql/bind_private.h"

enum {
    COST_PROMOTE = 8,  /* int to long, long to real … */
    COST_ANY = 4,      /* a parameter that takes everything */
    COST_UNKNOWN = 2,  /* unknown where other arguments decide the type */
    COST_CONVERT = 32, /* any other implicit conversion */
    NO_MATCH = 1 << 20,
};

static bool param_word(rtq__sig_param *out, const char *word, size_t len)
{
    *out = (rtq__sig_param){0, false, false, false};
    if (len > 6 && memcmp(word, "const ", 6) == 0) {
        out->constant = true;
        for (word += 6, len -= 6; len && *word == ' '; word++)
            len--;
    }
    if (len == 3 && memcmp(word, "any", 3) == 0)
        out->kind = RTQ__SIG_ANY;
    else if (len == 6 && memcmp(word, "common", 6) == 0)
        out->kind = RTQ__SIG_COMMON;
    else if (len == 6 && memcmp(word, "number", 6) == 0)
        out->number = true, out->kind = RTQ_REAL;
    else if (len == 4 && memcmp(word, "text", 4) == 0)
        out->text = true, out->kind = RTQ_STRING;
    else
        out->kind = (uint8_t)rtq__kind_parse(word, len);
    return out->kind != 0;
}

/* One comma-separated item, blanks, brackets and dots taken off. */
static bool param_item(rtq__sig *sig, const char *p, const char *end, bool *optional, bool *repeats)
{
    while (p < end && *p == ' ')
        p++;
    while (end > p && end[-1] == ' ')
        end--;
    *optional = p < end && *p == '[';
    if (*optional) {
        p++;
        if (end > p && end[-1] == ']')
            end--;
    }
    *repeats = end - p > 3 && memcmp(end - 3, "...", 3) == 0;
    if (*repeats)
        end -= 3;
    if (*optional && end > p && end[-1] == ']') /* [x]... */
        end--;
    return sig->n < RTQ__SIG_PARAMS && param_word(&sig->params[sig->n++], p, (size_t)(end - p));
}

bool rtq__sig_parse(rtq__sig *out, const char *args)
{
    memset(out, 0, sizeof *out);
    out->repeat = -1;
    const char *p = args ? args : "";
    bool any_optional = false;
    while (*p) {
        while (*p == ' ' || *p == ',')
            p++;
        if (!*p)
            break;
        bool optional = false, repeats = false;
        if (*p == '(') { /* (x, y)... */
            const char *close = strchr(p, ')');
            if (!close || strncmp(close, ")...", 4) != 0)
                return false;
            out->repeat = (int32_t)out->n;
            for (p++; p < close; p++) {
                const char *end = memchr(p, ',', (size_t)(close - p));
                end = end ? end : close;
                if (!param_item(out, p, end, &optional, &repeats))
                    return false;
                p = end;
            }
            out->repeat_len = out->n - (uint32_t)out->repeat;
            out->n_required = out->n;
            p = close + 4;
            continue;
        }
        const char *end = strchr(p, ',');
        end = end ? end : p + strlen(p);
        if (!param_item(out, p, end, &optional, &repeats))
            return false;
        if (repeats) {
            out->repeat = (int32_t)out->n - 1;
            out->repeat_len = 1;
        }
        any_optional |= optional;
        if (!any_optional)
            out->n_required = out->n;
        p = end;
    }
    return true;
}

/* Parameter of argument i of n_args. Parameters may follow a repeated group: case((bool, common)..., common). */
const rtq__sig_param *rtq__sig_param_at(const rtq__sig *sig, uint32_t i, uint32_t n_args)
{
    if (sig->repeat < 0 || i < (uint32_t)sig->repeat)
        return &sig->params[i];
    uint32_t from = (uint32_t)sig->repeat, after = sig->n - from - sig->repeat_len;
    if (after && i + after >= n_args)
        return &sig->params[sig->n - (n_args - i)];
    return &sig->params[from + (i - from) % sig->repeat_len];
}

bool rtq__sig_counts(const rtq__sig *sig, uint32_t n_args)
{
    if (n_args < sig->n_required)
        return false;
    if (sig->repeat < 0 || n_args <= (uint32_t)sig->repeat)
        return n_args <= sig->n;
    return (n_args - (sig->n - sig->repeat_len)) % sig->repeat_len == 0;
}

/* iff, iif and case give a dynamic value where their values have no type in common. */
static bool falls_back(const rtq__rows *rows)
{
    return strcmp(rows->name, "iff") == 0 || strcmp(rows->name, "iif") == 0 || strcmp(rows->name, "case") == 0;
}

/* Their values are of one type; int goes with long, but no real or decimal with an integer, which the binder of Microsoft
 * lets through and the service refuses. */
static bool mixes_no_numbers(const rtq__rows *rows)
{
    return strcmp(rows->name, "coalesce") == 0 || strcmp(rows->name, "min_of") == 0 ||
           strcmp(rows->name, "max_of") == 0;
}

static uint32_t common_of(const rtq__rows *rows, uint32_t a, uint32_t c)
{
    if (mixes_no_numbers(rows) && (a == RTQ_REAL || a == RTQ_DECIMAL || c == RTQ_REAL || c == RTQ_DECIMAL))
        return 0;
    if (falls_back(rows) && ((a == RTQ_DYNAMIC && c == RTQ_STRING) || (a == RTQ_STRING && c == RTQ_DYNAMIC)))
        return RTQ_STRING;
    return rtq__kind_common(a, c);
}

static uint32_t common_kind(const rtq__rows *rows, const rtq__sig *sig, rtq__expr *const *args, uint32_t n_args)
{
    uint32_t common = 0;
    for (uint32_t i = 0; i < n_args; i++) {
        if (rtq__sig_param_at(sig, i, n_args)->kind != RTQ__SIG_COMMON || args[i]->kind == RTQ_UNKNOWN)
            continue;
        common = !common || common == args[i]->kind ? args[i]->kind : common_of(rows, common, args[i]->kind);
        if (!common)
            return falls_back(rows) ? RTQ_DYNAMIC : 0;
    }
    return common ? common : RTQ_UNKNOWN; /* only unknown ones: stays so */
}

static uint32_t cost_of(uint32_t from, uint32_t to, bool decided)
{
    if (from == to || (from == RTQ_UNKNOWN && to == RTQ_DYNAMIC && !decided))
        return 0;
    if (from == RTQ_UNKNOWN && to == RTQ_DYNAMIC)
        return COST_UNKNOWN + 1; /* Port == 445: the text "445" is one too */
    if (from == RTQ_UNKNOWN)     /* nothing else decides: real before long, so that no fraction is lost */
        return decided              ? COST_UNKNOWN
               : to == RTQ_STRING   ? 5
               : to == RTQ_REAL     ? 6
               : to == RTQ_DATETIME ? 7
               : to == RTQ_LONG     ? 8
                                    : 9;
    if (!rtq__bind_conversion(from, to))
        return NO_MATCH;
    bool number = from == RTQ_INT || from == RTQ_LONG || from == RTQ_REAL;
    return number && to != RTQ_STRING && to != RTQ_DYNAMIC ? COST_PROMOTE + (to > from ? to - from : 0) : COST_CONVERT;
}

/* What it costs to call the row with these arguments; NO_MATCH and the first argument that does not fit. */
static uint32_t row_cost(const rtq__rows *rows, const rtq__sig *sig, rtq__expr *const *args, uint32_t n_args,
                         uint32_t *bad)
{
    uint32_t cost = 0, common = 0;
    bool decided = false;
    for (uint32_t i = 0; i < n_args; i++)
        decided |= args[i]->kind != RTQ_UNKNOWN && args[i]->kind != RTQ_DYNAMIC &&
                   rtq__sig_param_at(sig, i, n_args)->kind < RTQ__SIG_ANY;
    for (uint32_t i = 0; i < n_args; i++) {
        const rtq__sig_param *param = rtq__sig_param_at(sig, i, n_args);
        uint32_t kind = param->kind, one;
        if (kind == RTQ__SIG_ANY) {
            one = COST_ANY;
        } else {
            if (kind == RTQ__SIG_COMMON)
                kind = common ? common : (common = common_kind(rows, sig, args, n_args));
            one = !kind                                                    ? NO_MATCH
                  : kind == RTQ_UNKNOWN || (kind == RTQ_DYNAMIC && common) ? 0
                  : param->number && args[i]->kind == RTQ_DECIMAL          ? COST_CONVERT
                  : param->text && args[i]->kind != RTQ_STRING             ? COST_CONVERT
                                                                           : cost_of(args[i]->kind, kind, decided);
        }
        if (param->constant && !RTQ__BEXPR(args[i])->constant)
            one = NO_MATCH;
        if (one >= NO_MATCH) {
            *bad = i;
            return NO_MATCH + (n_args - i);
        }
        cost += one;
    }
    return cost;
}

static const char *bind_call_text(rtq__binder *b, rtq__expr *const *args, uint32_t n_args)
{
    const char *text = "(";
    for (uint32_t i = 0; i < n_args && i < 12; i++)
        text = rtq__bind_namef(b, "%s%s%s", text, i ? ", " : "", rtq__kind_text(args[i]->kind));
    return rtq__bind_namef(b, "%s%s)", text, n_args > 12 ? ", …" : "");
}

static const char *row_args(const rtq__rows *rows, uint32_t i)
{
    return rows->fns ? rows->fns[i].args : rows->aggs[i].args;
}
static const char *row_ret(const rtq__rows *rows, uint32_t i)
{
    return rows->fns ? rows->fns[i].ret : rows->aggs[i].ret;
}

static void report_count(rtq__binder *b, const rtq__rows *rows, uint32_t n_args, const rtq__ast *at)
{
    uint32_t low = UINT32_MAX, high = 0;
    for (uint32_t r = 0; r < rows->n; r++) {
        rtq__sig sig;
        rtq__sig_parse(&sig, row_args(rows, r));
        low = sig.n_required < low ? sig.n_required : low;
        high = sig.repeat >= 0 ? UINT32_MAX : sig.n > high ? sig.n : high;
    }
    if (high == UINT32_MAX)
        rtq__bind_error(b, at, "%s() takes at least %u argument%s, not %u", rows->name, low, low == 1 ? "" : "s",
                        n_args);
    else if (low == high)
        rtq__bind_error(b, at, "%s() takes %u argument%s, not %u", rows->name, low, low == 1 ? "" : "s", n_args);
    else
        rtq__bind_error(b, at, "%s() takes %u to %u arguments, not %u", rows->name, low, high, n_args);
}

static void report_types(rtq__binder *b, const rtq__rows *rows, uint32_t row, uint32_t bad, rtq__expr *const *args,
                         uint32_t n_args, const rtq__ast *at)
{
    rtq__sig sig;
    rtq__sig_parse(&sig, row_args(rows, row));
    const rtq__sig_param *param = rtq__sig_param_at(&sig, bad, n_args);
    const rtq__expr *arg = args[bad];
    if (param->constant && !RTQ__BEXPR(args[bad])->constant)
        rtq__bind_error_at(b, arg->begin, arg->end, "argument %u of %s() must be a constant", bad + 1, rows->name);
    else if (rows->n == 1 && param->kind < RTQ__SIG_ANY)
        rtq__bind_error_at(b, arg->begin, arg->end, "argument %u of %s() must be %s%s, not %s", bad + 1, rows->name,
                           param->number ? "a number" : "of type ", param->number ? "" : rtq__kind_text(param->kind),
                           rtq__kind_text(arg->kind));
    else
        rtq__bind_error(b, at, "%s() does not take arguments of the types %s", rows->name,
                        bind_call_text(b, args, n_args));
    const char *known = NULL;
    for (uint32_t r = 0; r < rows->n && r < 8; r++)
        known = known ? rtq__bind_namef(b, "%s; (%s)", known, row_args(rows, r))
                      : rtq__bind_namef(b, "(%s)", row_args(rows, r));
    rtq__diag_hint(b->diag, "it takes %s", known);
}

static uint32_t result_kind(rtq__binder *b, const rtq__rows *rows, uint32_t r, const rtq__sig *sig,
                            rtq__expr *const *args, uint32_t n_args, const rtq__ast *at)
{
    const char *ret = row_ret(rows, r);
    bool unknown = false;
    for (uint32_t i = 0; i < n_args; i++)
        unknown |= args[i]->kind == RTQ_UNKNOWN;
    if (strncmp(ret, "arg", 3) == 0 && ret[3] >= '0' && ret[3] <= '9') {
        uint32_t i = (uint32_t)(ret[3] - '0');
        return i < n_args ? args[i]->kind : RTQ_DYNAMIC;
    }
    if (strcmp(ret, "common") == 0)
        return common_kind(rows, sig, args, n_args);
    if (strcmp(ret, "custom") == 0) {
        uint8_t *kinds = rtq__bind_work(b, n_args, 1);
        for (uint32_t i = 0; i < n_args; i++)
            kinds[i] = args[i]->kind; /* sum(unknown) is not sum(dynamic) */
        size_t before = rtq__diag_errors(b->diag), begin = at ? at->begin : 0, end = at ? at->end : 0;
        uint32_t kind = rows->fns ? rows->fns[r].ret_fn(&rows->fns[r], kinds, n_args, b->diag, begin, end)
                                  : rows->aggs[r].ret_fn(&rows->aggs[r], kinds, n_args, b->diag, begin, end);
        if (!kind && rtq__diag_errors(b->diag) > before)
            b->n_errors++;
        else if (!kind)
            rtq__bind_error(b, at, "%s() does not take arguments of the types %s", rows->name,
                            bind_call_text(b, args, n_args));
        return kind == RTQ_DYNAMIC && unknown ? RTQ_UNKNOWN : kind;
    }
    uint32_t kind = rtq__kind_parse(ret, strlen(ret));
    return kind == RTQ_DYNAMIC && unknown && rows->fns && rows->fns[r].flags & RTQ__FN_OPERATOR ? RTQ_UNKNOWN : kind;
}

static bool convert_args(rtq__binder *b, const rtq__rows *rows, const rtq__sig *sig, rtq__expr **args, uint32_t n_args,
                         const rtq__ast *at)
{
    uint32_t common = common_kind(rows, sig, args, n_args);
    for (uint32_t i = 0; i < n_args; i++) {
        const rtq__sig_param *param = rtq__sig_param_at(sig, i, n_args);
        uint32_t kind = param->kind == RTQ__SIG_COMMON ? common : param->kind;
        if (kind != RTQ__SIG_ANY && kind != RTQ_UNKNOWN && !(args[i]->kind == RTQ_UNKNOWN && kind == RTQ_DYNAMIC))
            args[i] = param->kind == RTQ__SIG_COMMON || param->number || param->text
                          ? rtq__bind_cast(b, args[i], kind, at)
                          : rtq__bind_convert(b, args[i], kind);
        rtq__cell cell;
        if (param->constant && !rtq__expr_constant(b, args[i], &cell))
            return false;
    }
    return true;
}

int32_t rtq__bind_overload(rtq__binder *b, const rtq__rows *rows, rtq__expr **args, uint32_t n_args, uint32_t *kind,
                           const rtq__ast *at, bool quiet)
{
    rtq__sig sig, best_sig;
    uint32_t best = NO_MATCH, best_miss = UINT32_MAX, bad = 0, bad_row = 0;
    int32_t row = -1;
    bool counted = false;
    memset(&best_sig, 0, sizeof best_sig);
    for (uint32_t r = 0; r < rows->n; r++) {
        uint32_t miss = 0;
        if (!rtq__sig_parse(&sig, row_args(rows, r)) || !rtq__sig_counts(&sig, n_args))
            continue;
        counted = true;
        uint32_t cost = row_cost(rows, &sig, args, n_args, &miss);
        if (cost >= NO_MATCH && cost < best_miss)
            best_miss = cost, bad = miss, bad_row = r;
        if (cost >= best)
            continue;
        best = cost, row = (int32_t)r, best_sig = sig;
    }
    if (row < 0) {
        if (!quiet && !counted)
            report_count(b, rows, n_args, at);
        else if (!quiet)
            report_types(b, rows, bad_row, bad, args, n_args, at);
        return -1;
    }
    /* a function of the host has rules of its own */
    bool ruled = !rows->fns || !(rows->fns[row].flags & RTQ__FN_OPERATOR || rows->fns[row].user);
    if (ruled && !rtq__bind_rules(b, rows, &best_sig, args, n_args))
        return -1;
    *kind = result_kind(b, rows, (uint32_t)row, &best_sig, args, n_args, at);
    return *kind && convert_args(b, rows, &best_sig, args, n_args, at) ? row : -1;
}
