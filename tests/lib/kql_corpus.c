/* kql_corpus.c - reads the corpora, and mutates queries the same way on every machine. */
#include "kql_corpus.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const kql_corpus_files[] = {"real-queries-dev.jsonl",         "kql-docs-dev.jsonl",
                                        "kql-docs-run-dev.jsonl",         "kql-emulator-dev.jsonl",
                                        "kql-emulator-rejects-dev.jsonl", NULL};

static void *need(void *ptr)
{
    if (!ptr)
        abort();
    return ptr;
}

int kql_corpus_read(kql_corpus *out, const char *dir, const char *file)
{
    char path[512], *line = NULL;
    size_t cap = 0, room = 0;
    *out = (kql_corpus){NULL, 0};
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    FILE *in = fopen(path, "r");
    if (!in)
        return -1;
    while (getline(&line, &cap, in) > 0) {
        struct json_object *object = need(json_tokener_parse(line)), *id = NULL, *query = NULL;
        if (json_object_object_get_ex(object, "id", &id) && json_object_object_get_ex(object, "query", &query)) {
            if (out->n == room) {
                room = room ? 2 * room : 256;
                out->entries = need(realloc(out->entries, room * sizeof(*out->entries)));
            }
            kql_entry *entry = &out->entries[out->n++];
            entry->id = need(strdup(json_object_get_string(id)));
            entry->len = (size_t)json_object_get_string_len(query);
            entry->text = need(malloc(entry->len + 1));
            memcpy(entry->text, json_object_get_string(query), entry->len + 1);
        }
        json_object_put(object);
    }
    free(line);
    fclose(in);
    return 0;
}

void kql_corpus_free(kql_corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++) {
        free(corpus->entries[i].id);
        free(corpus->entries[i].text);
    }
    free(corpus->entries);
    *corpus = (kql_corpus){NULL, 0};
}

/* ---- mutation: with a tokeniser and a generator of its own, so that the verdicts on record stay valid ---- */

typedef struct piece {
    const char *ptr;
    size_t len;
    size_t gap; /* blanks and comments before it */
} piece;

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = (*state += UINT64_C(0x9E3779B97F4A7C15));
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static size_t gap_len(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        if (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n')
            i++;
        else if (len - i >= 2 && text[i] == '/' && text[i + 1] == '/')
            while (i < len && text[i] != '\n')
                i++;
        else
            break;
    }
    return i;
}

static size_t piece_len(const char *text, size_t len)
{
    static const char *const pairs[] = {"==", "!=", "=~", "!~", "<=", ">=", "<>", "..", "=>", "--"};
    size_t i = 0;
    if (is_word(text[0])) {
        while (i < len && is_word(text[i]))
            i++;
        return i;
    }
    if (text[0] == '"' || text[0] == '\'') {
        for (i = 1; i < len && text[i] != text[0] && text[i] != '\n'; i++)
            i += text[i] == '\\' && i + 1 < len;
        return i < len ? i + 1 : len;
    }
    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && len >= 2; i++)
        if (memcmp(text, pairs[i], 2) == 0)
            return 2;
    return 1;
}

static size_t split(piece *out, const char *text, size_t len)
{
    size_t n = 0;
    for (size_t at = 0; at < len;) {
        size_t gap = gap_len(text + at, len - at);
        if (at + gap >= len)
            break;
        size_t step = piece_len(text + at + gap, len - at - gap);
        if (step > len - at - gap)
            step = len - at - gap;
        out[n++] = (piece){text + at + gap, step, gap};
        at += gap + step;
    }
    return n;
}

static size_t edit(piece *pieces, size_t n, uint64_t *state)
{
    static const char *const common[] = {"|",
                                         "(",
                                         ")",
                                         "[",
                                         "]",
                                         ",",
                                         ";",
                                         ".",
                                         "=",
                                         "==",
                                         "*",
                                         "-",
                                         "{",
                                         "}",
                                         ":",
                                         "in",
                                         "and",
                                         "or",
                                         "by",
                                         "on",
                                         "where",
                                         "let",
                                         "count",
                                         "has",
                                         "!in",
                                         "between",
                                         "..",
                                         "1",
                                         "\"s\"",
                                         "x",
                                         "extend",
                                         "union",
                                         "kind",
                                         "asc",
                                         "with",
                                         "materialize",
                                         "project",
                                         "summarize",
                                         "datatable",
                                         "1h",
                                         "take",
                                         "join",
                                         "search",
                                         "contains",
                                         "as",
                                         "to",
                                         "typeof",
                                         "dynamic",
                                         "datetime",
                                         "range",
                                         "step",
                                         "from",
                                         "print",
                                         "+",
                                         "/",
                                         "%",
                                         "!has",
                                         "matches regex",
                                         "project-away",
                                         "<"};
    if (n == 0)
        return 0;
    size_t at = next_random(state) % n, other = next_random(state) % n;
    piece swap = pieces[at];
    switch (next_random(state) % 7) {
    case 0: /* delete */ memmove(&pieces[at], &pieces[at + 1], (n - at - 1) * sizeof(*pieces)); return n - 1;
    case 1: /* double */ memmove(&pieces[at + 1], &pieces[at], (n - at) * sizeof(*pieces)); return n + 1;
    case 2: /* swap with the next one */
        if (at + 1 < n) {
            pieces[at] = pieces[at + 1];
            pieces[at + 1] = swap;
        }
        return n;
    case 3: /* swap with any */
        pieces[at] = pieces[other];
        pieces[other] = swap;
        return n;
    case 4: /* replace by one of the text */
        pieces[at].ptr = pieces[other].ptr;
        pieces[at].len = pieces[other].len;
        return n;
    case 5: /* replace by a common one */
        pieces[at].ptr = common[other % (sizeof(common) / sizeof(common[0]))];
        pieces[at].len = strlen(pieces[at].ptr);
        return n;
    default: /* cut off */ return at;
    }
}

static char *join(const piece *pieces, size_t n, const kql_entry *entry, size_t *len)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += pieces[i].len + pieces[i].gap + 1;
    char *text = need(malloc(total + 1));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        int from_text = pieces[i].ptr >= entry->text && pieces[i].ptr < entry->text + entry->len;
        const char *gap = pieces[i].ptr - pieces[i].gap;
        if (from_text && gap >= entry->text && pieces[i].gap > 0) {
            memcpy(text + at, gap, pieces[i].gap);
            at += pieces[i].gap;
        } else if (at > 0 && is_word(text[at - 1]) && is_word(pieces[i].ptr[0])) {
            text[at++] = ' ';
        }
        memcpy(text + at, pieces[i].ptr, pieces[i].len);
        at += pieces[i].len;
    }
    text[at] = '\0';
    *len = at;
    return text;
}

char *kql_mutate(const kql_entry *entry, uint64_t seed, size_t *len)
{
    uint64_t state = seed * UINT64_C(1000003);
    for (const char *c = entry->id; *c; c++)
        state = state * 31 + (unsigned char)*c;
    piece *pieces = need(malloc((entry->len + 8) * sizeof(*pieces)));
    size_t n = split(pieces, entry->text, entry->len);
    char *text;
    if (seed == 0) {
        text = need(malloc(entry->len + 1));
        memcpy(text, entry->text, entry->len + 1);
        *len = entry->len;
    } else {
        for (uint64_t edits = 1 + next_random(&state) % 3; edits > 0; edits--)
            n = edit(pieces, n, &state);
        text = join(pieces, n, entry, len);
    }
    free(pieces);
    return text;
}
