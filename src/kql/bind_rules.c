/* bind_rules.c - what arguments have to be beyond the types of a signature: arrays or bags, a part of a date, a column. */
#include "kql/bind_private.h"

enum {
    ARRAY = 1u << 24, /* a dynamic value that may be an array */
    BAG = 1u << 25,
    WHOLE = 1u << RTQ_INT | 1u << RTQ_LONG,
    NUMBER = WHOLE | 1u << RTQ_REAL | 1u << RTQ_DECIMAL,
    TEXT = 1u << RTQ_STRING,
    SUMMABLE = NUMBER | 1u << RTQ_DATETIME | 1u << RTQ_TIMESPAN,
    PLAIN = SUMMABLE | TEXT | 1u << RTQ_BOOL | 1u << RTQ_GUID, /* anything that is not dynamic */
    ALL = 255,
};

/* Arguments first to last of a function (a star: of all whose name begins so), the first line that fits. */
typedef struct rule {
    const char *name;
    uint8_t first, last;
    uint32_t takes;
    const char *what;
} rule;

static const rule rules[] = {
    {"array_iff", 1, 2, 0, NULL},
    {"array_iif", 1, 2, 0, NULL},
    {"array_index_of", 1, 1, 0, NULL},
    {"array_shift_*", 2, 2, 0, NULL},
    {"array_strcat", 1, 1, 0, NULL},
    {"array_*", 0, ALL, ARRAY | PLAIN, "an array"}, /* and the numbers that some take */
    {"arraylength", 0, 0, ARRAY, "an array"},
    {"bag_remove_keys", 1, 1, ARRAY, "an array"},
    {"bag_has_key", 0, 0, BAG, "a bag"},
    {"bag_keys", 0, 0, BAG, "a bag"},
    {"bag_merge", 0, ALL, BAG, "a bag"},
    {"bag_remove_keys", 0, 0, BAG, "a bag"},
    {"bag_set_key", 0, 0, BAG, "a bag"},
    {"bag_zip", 0, 1, ARRAY, "an array"},
    {"buildschema", 0, 0, BAG, "a bag"},
    {"has_any_index", 1, 1, ARRAY, "an array"},
    {"hash", 0, 0, PLAIN, "a value that is not dynamic"},
    {"hash_*", 0, ALL, PLAIN, "a value that is not dynamic"},
    {"has_any_ipv4*", 1, ALL, TEXT | ARRAY, "a string or an array of strings"},
    {"dcount_hll", 0, 0, ARRAY, "a sketch"},
    {"hll_merge", 0, ALL, ARRAY, "a sketch"},
    {"hll", 0, 0, (PLAIN | ARRAY | BAG) & ~(1u << RTQ_BOOL | 1u << RTQ_REAL), "a value that is neither bool nor real"},
    {"hll_if", 0, 0, (PLAIN | ARRAY | BAG) & ~(1u << RTQ_BOOL | 1u << RTQ_REAL),
     "a value that is neither bool nor real"},
    {"ipv4_is_in_any_range", 1, ALL, TEXT | ARRAY, "a string or an array of strings"},
    {"ipv6_is_in_any_range", 1, ALL, TEXT | ARRAY, "a string or an array of strings"},
    {"jaccard_index", 0, ALL, ARRAY, "an array"},
    {"make_bag*", 0, 0, BAG, "a bag"},
    {"make_dictionary", 0, 0, BAG, "a bag"},
    {"make_string", 0, ALL, WHOLE | ARRAY, "a whole number or an array of whole numbers"},
    {"merge_tdigest", 0, ALL, ARRAY, "a sketch"},
    {"percentile_tdigest", 0, 0, ARRAY, "a sketch"},
    {"percentiles_array", 1, ALL, NUMBER | ARRAY, "a number or an array of numbers"},
    {"percentiles_array_tdigest", 0, 0, ARRAY, "a sketch"},
    {"percentiles_array_tdigest", 1, ALL, NUMBER | ARRAY, "a number or an array of numbers"},
    {"percentilesw_array", 2, ALL, NUMBER | ARRAY, "a number or an array of numbers"},
    {"percentrank_tdigest", 0, 0, ARRAY, "a sketch"},
    {"rank_tdigest", 0, 0, ARRAY, "a sketch"},
    {"replace_strings", 1, 2, ARRAY, "an array"},
    {"row_rank_*", 0, 0, PLAIN, "a value that is not dynamic"},
    {"series_add", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_cosine_similarity", 1, 1, ARRAY, "an array"},
    {"series_divide", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_dot_product", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_equals", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_fir", 1, 1, ARRAY, "an array"},
    {"series_iir", 1, 2, ARRAY, "an array"},
    {"series_pearson_correlation", 1, 1, ARRAY, "an array"},
    {"series_fill_linear", 2, 2, 0, NULL},
    {"series_fill_*", 1, ALL, NUMBER, "a number"},
    {"series_greater*", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_less*", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_multiply", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_not_equals", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_pow", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_subtract", 0, 1, ARRAY | NUMBER, "an array or a number"},
    {"series_*", 0, 0, ARRAY, "an array"},
    {"set_has_element", 1, 1, 0, NULL},
    {"set_*", 0, ALL, ARRAY, "an array"},
    {"strcat_array", 0, 0, ARRAY, "an array"},
    {"tdigest_merge", 0, ALL, ARRAY, "a sketch"},
    {"tdigest", 0, 0, SUMMABLE, "a number, timespan or datetime"},
    {"treepath", 0, 0, BAG, "a bag"},
    {"unicode_codepoints_to_string", 0, ALL, WHOLE | ARRAY, "a whole number or an array of whole numbers"},
    {"zip", 0, ALL, ARRAY, "an array"},
};

/* Texts that are one of a few words. */
typedef struct choice {
    const char *name;
    uint8_t arg;
    bool nocase;
    const char *words;
} choice;

static const char date_parts[] = "year quarter month week day hour minute second millisecond microsecond nanosecond";
static const char time_parts[] = "year quarter month week_of_year day dayofyear hour minute second millisecond "
                                 "microsecond nanosecond";
static const choice choices[] = {
    {"countof", 2, false, "normal regex"},  {"datepart", 0, true, time_parts},
    {"datetime_add", 0, true, date_parts},  {"datetime_diff", 0, true, date_parts},
    {"datetime_part", 0, true, time_parts},
};

static bool name_fits(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);
    return pattern[len - 1] == '*' ? strncmp(pattern, name, len - 1) == 0 : strcmp(pattern, name) == 0;
}

uint8_t rtq__shape_of_cell(const rtq__cell *cell)
{
    if (cell->kind != RTQ_DYNAMIC || cell->is_null)
        return RTQ__SHAPE_ANY;
    return rtq__dyn_is_array(&cell->u.y) ? RTQ__SHAPE_ARRAY
           : rtq__dyn_is_bag(&cell->u.y) ? RTQ__SHAPE_BAG
                                         : RTQ__SHAPE_SCALAR;
}

uint8_t rtq__shape_of_call(const char *name, rtq__expr *const *args, uint32_t n_args)
{
    static const char *const arrays[] = {
        "bag_keys",
        "extract_all",
        "extractall",
        "ipv4_range_to_cidr_list",
        "make_list*",
        "make_set*",
        "makelist",
        "makeset",
        "pack_array",
        "parse_command_line",
        "parse_csv",
        "range",
        "repeat",
        "set_union",
        "set_intersect",
        "set_difference",
        "split",
        "to_utf8",
        "treepath",
        "unicode_codepoints_from_string",
        "base64_decode_toarray",
        "zip",
        "percentiles_array",
        "percentilesw_array",
    };
    static const char *const bags[] = {
        "bag_merge",   "bag_pack*",  "bag_remove_keys",  "bag_set_key", "bag_zip",
        "buildschema", "make_bag*",  "make_dictionary",  "pack",        "pack_dictionary",
        "parse_path",  "parse_url*", "parse_user_agent", "parse_xml",   "parseurl*",
    };
    static const char *const same[] = {"array_reverse", "array_rotate_*", "array_shift_*",
                                       "array_slice",   "array_sort_*",   "array_split"};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (name_fits(arrays[i], name))
            return RTQ__SHAPE_ARRAY;
    for (size_t i = 0; i < sizeof bags / sizeof *bags; i++)
        if (name_fits(bags[i], name))
            return RTQ__SHAPE_BAG;
    for (size_t i = 0; n_args && i < sizeof same / sizeof *same; i++)
        if (name_fits(same[i], name))
            return RTQ__BEXPR(args[0])->shape;
    return RTQ__SHAPE_ANY;
}

static const char *shown(const rtq__expr *e)
{
    switch (RTQ__BEXPR(e)->shape) {
    case RTQ__SHAPE_ARRAY: return "an array";
    case RTQ__SHAPE_BAG: return "a bag";
    case RTQ__SHAPE_SCALAR: return "a dynamic value";
    default: return rtq__kind_text(e->kind);
    }
}

static bool takes(uint32_t mask, const rtq__expr *e)
{
    if (e->kind == RTQ_UNKNOWN)
        return true;
    if (e->kind != RTQ_DYNAMIC)
        return (mask & 1u << e->kind) != 0;
    switch (RTQ__BEXPR(e)->shape) {
    case RTQ__SHAPE_ARRAY: return (mask & ARRAY) != 0;
    case RTQ__SHAPE_BAG: return (mask & BAG) != 0;
    case RTQ__SHAPE_SCALAR: return (mask & (ARRAY | BAG)) == (ARRAY | BAG);
    default: return (mask & (ARRAY | BAG)) != 0;
    }
}

static bool check_rule(rtq__binder *b, const char *name, uint32_t i, const rtq__expr *e)
{
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        if (i < rules[r].first || i > rules[r].last || !name_fits(rules[r].name, name))
            continue;
        if (!rules[r].what || takes(rules[r].takes, e))
            return true;
        rtq__bind_error_at(b, e->begin, e->end, "argument %u of %s() must be %s, not %s", i + 1, name, rules[r].what,
                           shown(e));
        return false;
    }
    return true;
}

static bool check_choice(rtq__binder *b, const char *name, uint32_t i, rtq__expr *e)
{
    rtq__cell cell;
    for (size_t c = 0; c < sizeof choices / sizeof *choices; c++) {
        if (choices[c].arg != i || strcmp(choices[c].name, name) != 0 || e->kind != RTQ_STRING ||
            !RTQ__BEXPR(e)->constant || !rtq__expr_constant(b, e, &cell) || cell.is_null)
            continue;
        const char *list = "";
        for (const char *word = choices[c].words; *word;) {
            size_t len = strcspn(word, " ");
            if (choices[c].nocase ? rtq__equal_nocase(word, len, cell.u.s, cell.len)
                                  : cell.len == len && memcmp(word, cell.u.s, len) == 0)
                return true;
            list = rtq__bind_namef(b, "%s%s%.*s", list, *list ? ", " : "", (int)len, word);
            word += len + (word[len] == ' ');
        }
        rtq__bind_error_at(b, e->begin, e->end, "%s() does not know '%.*s'", name, (int)cell.len, cell.u.s);
        rtq__diag_hint(b->diag, "it knows %s", list);
        return false;
    }
    return true;
}

bool rtq__bind_rules(rtq__binder *b, const rtq__rows *rows, const rtq__sig *sig, rtq__expr *const *args,
                     uint32_t n_args)
{
    for (uint32_t i = 0; i < n_args; i++) {
        const rtq__sig_param *param = rtq__sig_param_at(sig, i, n_args);
        if (param->kind == RTQ_STRING && !param->text && args[i]->kind == RTQ_DYNAMIC && RTQ__BEXPR(args[i])->shape) {
            rtq__bind_error_at(b, args[i]->begin, args[i]->end, "argument %u of %s() must be a string, not %s", i + 1,
                               rows->name, shown(args[i]));
            rtq__diag_hint(b->diag, "tostring() makes text of it");
            return false;
        }
        if (!check_rule(b, rows->name, i, args[i]) || !check_choice(b, rows->name, i, args[i]))
            return false;
    }
    return true;
}
