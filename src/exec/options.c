/* options.c - options of sources and sinks: {key, value} pairs checked against a table, read back with fallbacks. */
#include "base/text.h"
#include "base/time.h"
#include "exec/source.h"

static const rtq__option_def *find_def(const rtq__option_def *defs, const char *key)
{
    for (; defs->key; defs++)
        if (strcmp(defs->key, key) == 0)
            return defs;
    return NULL;
}

static bool parse_bool(bool *out, const char *text)
{
    static const char *const yes[] = {"true", "1", "yes", "on"}, *const no[] = {"false", "0", "no", "off"};
    size_t len = strlen(text);
    for (size_t i = 0; i < 4; i++) {
        if (rtq__equal_nocase(text, len, yes[i], strlen(yes[i]))) {
            *out = true;
            return true;
        }
        if (rtq__equal_nocase(text, len, no[i], strlen(no[i]))) {
            *out = false;
            return true;
        }
    }
    return false;
}

/* Is `text` one of "a|b|c"? Tells the nearest when asked to. */
static bool is_choice(const char *choices, const char *text, rtq__nearest *nearest)
{
    size_t len = strlen(text);
    while (*choices) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, text, n) == 0)
            return true;
        if (nearest)
            rtq__nearest_try(nearest, choices, n);
        choices += n + (choices[n] == '|');
    }
    return false;
}

static int check_choice(const rtq__option_def *def, const char *value, rtq_diag *diag)
{
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, value, strlen(value));
    if (is_choice(def->choices, value, &nearest))
        return RTQ_OK;
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "option %s: '%s' is not one of %s", def->key, value,
                  def->choices);
    rtq__diag_subject(diag, def->key);
    if (rtq__nearest_get(&nearest))
        rtq__diag_hint(diag, "did you mean '%.*s'?", (int)nearest.best_len, nearest.best);
    return RTQ_ERR_ARG;
}

static int check_value(const rtq__option_def *def, const char *value, rtq_diag *diag)
{
    const char *expected = NULL;
    int64_t number;
    bool flag;
    switch (def->type) {
    case RTQ__OPT_NUMBER:
        if (!rtq__parse_long(&number, value, strlen(value)))
            expected = "a whole number";
        break;
    case RTQ__OPT_BOOL:
        if (!parse_bool(&flag, value))
            expected = "true or false";
        break;
    case RTQ__OPT_TIMESPAN:
        if (!rtq__parse_timespan(&number, value, strlen(value)))
            expected = "a timespan such as 10s, 5m or 1.02:03:04";
        break;
    case RTQ__OPT_PATH:
        if (!*value)
            expected = "a path";
        break;
    case RTQ__OPT_CHOICE: return check_choice(def, value, diag);
    default: break;
    }
    if (!expected)
        return RTQ_OK;
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "option %s: '%s' is not %s", def->key, value, expected);
    rtq__diag_subject(diag, def->key);
    return RTQ_ERR_ARG;
}

static int unknown_key(const rtq__option_def *defs, const char *key, const char *kind, rtq_diag *diag)
{
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, key, strlen(key));
    for (; defs->key; defs++)
        rtq__nearest_try(&nearest, defs->key, strlen(defs->key));
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "%s has no option '%s'", kind, key);
    rtq__diag_subject(diag, key);
    if (rtq__nearest_get(&nearest))
        rtq__diag_hint(diag, "did you mean '%.*s'?", (int)nearest.best_len, nearest.best);
    return RTQ_ERR_ARG;
}

int rtq__options_check(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *kind,
                       rtq_diag *diag)
{
    int rc = RTQ_OK;
    for (size_t i = 0; i < n; i++) {
        if (!options[i].key || !options[i].value) {
            rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "%s: option %zu has no %s", kind, i,
                               options[i].key ? "value" : "key");
            continue;
        }
        const rtq__option_def *def = find_def(defs, options[i].key);
        if (!def) {
            rc = unknown_key(defs, options[i].key, kind, diag);
            continue;
        }
        if (check_value(def, options[i].value, diag) != RTQ_OK)
            rc = RTQ_ERR_ARG;
        for (size_t k = 0; k < i && !def->repeats; k++) {
            if (!options[k].key || strcmp(options[k].key, def->key) != 0)
                continue;
            rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "%s: option %s is given twice", kind, def->key);
            rtq__diag_subject(diag, def->key);
            break;
        }
    }
    for (const rtq__option_def *def = defs; def->key; def++) {
        if (!def->required)
            continue;
        bool given = false;
        for (size_t i = 0; i < n && !given; i++)
            given = options[i].key && strcmp(options[i].key, def->key) == 0;
        if (!given) {
            rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "%s needs the option %s (%s)", kind, def->key,
                               def->doc);
            rtq__diag_subject(diag, def->key);
        }
    }
    return rc;
}

const char *rtq__option_get(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (options[i].key && strcmp(options[i].key, key) == 0)
            return options[i].value;
    const rtq__option_def *def = find_def(defs, key);
    return def ? def->fallback : NULL;
}

/* Numbers, and timespans in ticks; 0 when there is neither value nor fallback. */
int64_t rtq__option_number(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *key)
{
    const char *text = rtq__option_get(defs, options, n, key);
    const rtq__option_def *def = find_def(defs, key);
    int64_t value = 0;
    if (!text || !def)
        return 0;
    bool ok = def->type == RTQ__OPT_TIMESPAN ? rtq__parse_timespan(&value, text, strlen(text))
                                             : rtq__parse_long(&value, text, strlen(text));
    return ok ? value : 0;
}

bool rtq__option_bool(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *key)
{
    const char *text = rtq__option_get(defs, options, n, key);
    bool value = false;
    return text && parse_bool(&value, text) && value;
}
