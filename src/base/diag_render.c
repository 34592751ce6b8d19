/* diag_render.c - diagnostics as text for people: the line of the query with carets under the span. */
#include "base/buf.h"
#include "base/diag_private.h"
#include "base/text.h"

#define TAB_COLUMNS 4
#define SHOW_BEFORE 90u /* columns of a long line shown in front of the span */
#define SHOW_TOTAL 150u

/* Terminal columns of one code point as the renderer prints it. */
static unsigned columns_of(uint32_t cp)
{
    return cp == '\t' ? TAB_COLUMNS : rtq__is_visible(cp) ? rtq__visible_width(cp) : 1;
}

/* Appends the bytes [begin, end) of the line so that they take exactly the columns that columns_of() says. */
static void add_shown(rtq__buf *buf, const char *text, size_t begin, size_t end)
{
    while (begin < end) {
        uint32_t cp;
        size_t taken = rtq__utf8_next(&cp, text + begin, end - begin);
        char utf8[4];
        if (cp == '\t')
            rtq__buf_adds(buf, "    ");
        else if (!rtq__is_visible(cp))
            rtq__buf_addc(buf, '?');
        else
            rtq__buf_add(buf, utf8, rtq__utf8_put(utf8, cp));
        begin += taken;
    }
}

static unsigned count_columns(const char *text, size_t begin, size_t end)
{
    unsigned columns = 0;
    while (begin < end) {
        uint32_t cp;
        begin += rtq__utf8_next(&cp, text + begin, end - begin);
        columns += columns_of(cp);
    }
    return columns;
}

/* The end of at most `columns` columns of text from `begin` on. */
static size_t skip_columns(const char *text, size_t begin, size_t end, unsigned columns)
{
    unsigned used = 0;
    while (begin < end) {
        uint32_t cp;
        size_t taken = rtq__utf8_next(&cp, text + begin, end - begin);
        used += columns_of(cp);
        if (used > columns)
            break;
        begin += taken;
    }
    return begin;
}

static void render_source(rtq__buf *buf, const rtq__diag_note *note)
{
    rtq__diag_place place = rtq__diag_find_place(note->text, note->text_len, note->begin);
    size_t begin = note->begin < place.line_end ? note->begin : place.line_end;
    size_t end = note->end < place.line_end ? note->end : place.line_end;
    size_t show_begin = place.line_begin, show_end = place.line_end;
    if (begin < place.line_begin)
        begin = place.line_begin; /* the span begins inside the line end */
    if (end < begin)
        end = begin;
    unsigned before = count_columns(note->text, show_begin, begin);
    if (before > SHOW_BEFORE) {
        show_begin = skip_columns(note->text, show_begin, begin, before - SHOW_BEFORE);
        before = count_columns(note->text, show_begin, begin);
    }
    show_end = skip_columns(note->text, show_begin, show_end, SHOW_TOTAL);
    if (end > show_end)
        end = show_end;
    bool cut_front = show_begin > place.line_begin, cut_back = show_end < place.line_end;
    rtq__buf_addf(buf, "%5u | %s", place.line, cut_front ? "..." : "");
    add_shown(buf, note->text, show_begin, show_end);
    rtq__buf_addf(buf, "%s\n      | %*s^", cut_back ? "..." : "", (int)(before + (cut_front ? 3 : 0)), "");
    for (unsigned i = 1, n = count_columns(note->text, begin, end); i < n; i++)
        rtq__buf_addc(buf, '~');
    rtq__buf_addc(buf, '\n');
}

static void add_text(rtq__buf *buf, const char *text)
{
    rtq__buf_add_visible(buf, text, strlen(text), UINT32_MAX); /* it may quote the query, a name, a path */
}

int rtq_diag_render(rtq_blob **out, const rtq_diag *diag)
{
    static const char *const severities[] = {"", "error", "warning", "note", "because"};
    if (out == NULL || diag == NULL)
        return RTQ_ERR_ARG;
    rtq__buf buf;
    rtq__buf_init(&buf, diag->mem);
    for (size_t i = 0; i < diag->n_notes; i++) {
        const rtq__diag_note *note = &diag->notes[i];
        if (note->subject != NULL && strstr(note->message, note->subject) == NULL) {
            add_text(&buf, note->subject);
            rtq__buf_adds(&buf, ": ");
        }
        if (note->text != NULL) {
            rtq__diag_place place = rtq__diag_find_place(note->text, note->text_len, note->begin);
            rtq__buf_addf(&buf, "%u:%u: ", place.line, place.column);
        }
        rtq__buf_addf(&buf, "%s: ", severities[note->severity >= 1 && note->severity <= 4 ? note->severity : 0]);
        add_text(&buf, note->message);
        rtq__buf_addc(&buf, '\n');
        if (note->text != NULL)
            render_source(&buf, note);
        if (note->hint != NULL) {
            rtq__buf_adds(&buf, "      = hint: ");
            add_text(&buf, note->hint);
            rtq__buf_addc(&buf, '\n');
        }
    }
    int rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}
