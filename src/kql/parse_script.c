/* parse_script.c - cuts a query file into its queries, by lines and brackets only, before any of them is parsed. */
#include "lex.h"
#include "parse.h"

/* What is known about the file up to a line. */
typedef struct cutter {
    const char *text;
    size_t len;
    rtq__arena *arena;
    rtq__script_piece *pieces;
    size_t n, cap;
    size_t header_begin, header_end; /* the last // block that nothing but the next query may follow */
    size_t begin, end;               /* of the piece being collected; end: after its last token */
    bool open_piece, in_header;
    uint32_t depth; /* open brackets in it */
    char last;      /* its last character that is no blank or comment */
} cutter;

static size_t line_end(const cutter *c, size_t pos)
{
    while (pos < c->len && c->text[pos] != '\n')
        pos++;
    return pos;
}

static size_t skip_spaces(const cutter *c, size_t pos, size_t end)
{
    while (pos < end && (c->text[pos] == ' ' || c->text[pos] == '\t' || c->text[pos] == '\r' || c->text[pos] == '\f'))
        pos++;
    return pos;
}

static bool starts_with(const cutter *c, size_t pos, size_t end, const char *word)
{
    size_t n = strlen(word);
    return end - pos >= n && memcmp(c->text + pos, word, n) == 0;
}

static bool is_function(const cutter *c, size_t pos, size_t end)
{
    static const char *const commands[] = {".create-or-alter", ".create", ".alter"};
    for (size_t i = 0; i < 3; i++) {
        if (!starts_with(c, pos, end, commands[i]))
            continue;
        size_t at = pos + strlen(commands[i]);
        size_t word = skip_spaces(c, at, end);
        if (word > at && starts_with(c, word, end, "function"))
            return true;
    }
    return false;
}

/* The first line of a // block that says something, without its slashes. */
static void set_name(const cutter *c, rtq__script_piece *piece)
{
    size_t pos = piece->header_begin;
    while (pos < piece->header_end) {
        size_t end = line_end(c, pos), at = skip_spaces(c, pos, end);
        while (at < end && c->text[at] == '/')
            at++;
        at = skip_spaces(c, at, end);
        size_t stop = end;
        while (stop > at && (unsigned char)c->text[stop - 1] <= ' ')
            stop--;
        if (stop > at) {
            piece->name = c->text + at;
            piece->name_len = stop - at;
            return;
        }
        pos = end + 1;
    }
}

static int finish_piece(cutter *c)
{
    if (!c->open_piece)
        return RTQ_OK;
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 16;
        rtq__script_piece *more = rtq__arena_alloc(c->arena, cap * sizeof(*more));
        if (!more)
            return RTQ_ERR_NOMEM;
        if (c->n > 0)
            memcpy(more, c->pieces, c->n * sizeof(*more));
        c->pieces = more;
        c->cap = cap;
    }
    rtq__script_piece *piece = &c->pieces[c->n++];
    *piece = (rtq__script_piece){.begin = c->begin, .end = c->end, .name = "", .name_len = 0};
    if (c->header_end > c->header_begin) {
        piece->header_begin = c->header_begin;
        piece->header_end = c->header_end;
        set_name(c, piece);
    }
    piece->is_function = is_function(c, c->begin, c->end);
    c->open_piece = false;
    c->header_begin = c->header_end = 0;
    c->depth = 0;
    c->last = '\0';
    return RTQ_OK;
}

/* Takes the tokens of a line, or of more when a multi-line string begins in it. Returns the end of the last line. */
static size_t take_line(cutter *c, size_t pos, size_t end)
{
    while (pos < end) {
        char ch = c->text[pos];
        if (ch == '/' && pos + 1 < end && c->text[pos + 1] == '/')
            break;
        size_t bad, n = 0;
        bool closed;
        if (ch == '"' || ch == '\'' || ch == '`' || ch == '~' || ch == '@')
            n = rtq__lex_string(c->text, c->len, pos, &closed, &bad);
        if (ch == '(' || ch == '[' || ch == '{')
            c->depth++;
        else if ((ch == ')' || ch == ']' || ch == '}') && c->depth > 0)
            c->depth--;
        pos += n > 0 ? n : 1;
        if (!strchr(" \t\r\n\f", ch) || ch == '\0') {
            c->last = ch;
            c->end = pos;
        }
        if (pos > end)
            end = line_end(c, pos);
    }
    return end;
}

/* Does the query go on at `next`, the text after a blank line? */
static bool goes_on(const cutter *c, size_t next)
{
    return next < c->len && (c->depth > 0 || c->last == ';' || c->last == '|' || c->text[next] == '|');
}

int rtq__parse_script(rtq__script_piece **out, size_t *n_out, rtq__arena *arena, const char *text, size_t len)
{
    cutter c = {.text = text, .len = len, .arena = arena};
    int code = RTQ_OK;
    for (size_t pos = 0; pos < len && code == RTQ_OK;) {
        if (pos == 0 && starts_with(&c, 0, len, "\xEF\xBB\xBF"))
            pos = 3;
        size_t end = line_end(&c, pos), at = skip_spaces(&c, pos, end);
        bool comment = starts_with(&c, at, end, "//");
        if (at == end) {
            size_t next = c.open_piece ? pos + rtq__lex_skip_blank(text, len, pos) : 0;
            c.in_header = false;
            if (c.open_piece && goes_on(&c, next)) {
                pos = next;
                continue;
            }
            code = finish_piece(&c);
        } else if (comment && !c.open_piece) {
            if (!c.in_header)
                c.header_begin = pos;
            c.in_header = true;
            c.header_end = end;
        } else if (!comment) {
            /* functions need no blank line between them */
            if (c.open_piece && c.depth == 0 && is_function(&c, at, end))
                code = finish_piece(&c);
            if (!c.open_piece)
                c.begin = at;
            c.open_piece = true;
            c.in_header = false;
            end = take_line(&c, at, end);
        }
        pos = end + 1;
    }
    if (code == RTQ_OK)
        code = finish_piece(&c);
    *out = c.pieces;
    *n_out = c.n;
    return code;
}
