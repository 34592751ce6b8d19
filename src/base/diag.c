/* diag.c - collecting diagnostics and reading them back. */
#include "base/buf.h"
#include "base/diag_private.h"
#include <stdarg.h>
#include <stdio.h>

#define MAX_NOTES 256 /* a hostile text must not fill memory with complaints about it */

rtq_diag *rtq__diag_begin(rtq_diag **diag, rtq__mem *mem)
{
    if (diag == NULL)
        return NULL;
    rtq_diag *d = *diag;
    if (d == NULL) {
        d = mem != NULL ? rtq__calloc(mem, 1, sizeof *d) : NULL;
        if (d == NULL)
            return NULL;
        d->mem = rtq__mem_ref(mem);
        rtq__arena_init(&d->arena, d->mem, 1024);
        *diag = d;
        return d;
    }
    rtq__arena_reset(&d->arena);
    d->n_notes = d->n_errors = 0;
    d->text = NULL;
    d->text_len = 0;
    return d;
}

void rtq__diag_set_text(rtq_diag *diag, const char *text, size_t len)
{
    if (diag == NULL)
        return;
    diag->text = rtq__arena_strndup(&diag->arena, text, len);
    diag->text_len = diag->text != NULL ? len : 0;
}

void rtq__diag_within(rtq_diag *diag, const char *text, size_t len, size_t begin)
{
    const char *old = diag != NULL ? diag->text : NULL;

    if (old == NULL || diag->text_len > len - begin || memcmp(old, text + begin, diag->text_len) != 0)
        return; /* they are about something else: a table declaration */
    rtq__diag_set_text(diag, text, len);
    for (size_t i = 0; i < diag->n_notes && diag->text != NULL; i++)
        if (diag->notes[i].text == old) {
            diag->notes[i].text = diag->text;
            diag->notes[i].text_len = len;
            diag->notes[i].begin += begin;
            diag->notes[i].end += begin;
        }
}

/* printf into the diag's arena; out of memory: a fixed text, so that a code never comes without any message. */
static const char *format_text(rtq_diag *diag, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len >= 0 ? rtq__arena_alloc(&diag->arena, (size_t)len + 1) : NULL;
    if (text == NULL)
        return "(out of memory)";
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

int rtq__diag_add(rtq_diag *diag, int code, int severity, size_t begin, size_t end, const char *format, ...)
{
    if (diag == NULL)
        return code;
    if (severity == RTQ__SEV_ERROR)
        diag->n_errors++;
    if (diag->n_notes >= MAX_NOTES ||
        rtq__grow(diag->mem, &diag->notes, &diag->cap_notes, diag->n_notes + 1, sizeof *diag->notes) != RTQ_OK)
        return code;
    va_list args;
    va_start(args, format);
    const char *message = format_text(diag, format, args);
    va_end(args);
    diag->notes[diag->n_notes++] = (rtq__diag_note){
        .code = code,
        .severity = severity,
        .begin = begin,
        .end = end < begin ? begin : end,
        .text = begin == 0 && end == 0 ? NULL : diag->text,
        .text_len = diag->text_len,
        .message = message,
    };
    return code;
}

void rtq__diag_hint(rtq_diag *diag, const char *format, ...)
{
    if (diag == NULL || diag->n_notes == 0)
        return;
    va_list args;
    va_start(args, format);
    diag->notes[diag->n_notes - 1].hint = format_text(diag, format, args);
    va_end(args);
}

void rtq__diag_subject(rtq_diag *diag, const char *subject)
{
    if (diag == NULL || diag->n_notes == 0 || subject == NULL)
        return;
    diag->notes[diag->n_notes - 1].subject = rtq__arena_strndup(&diag->arena, subject, strlen(subject));
}

size_t rtq__diag_errors(const rtq_diag *diag)
{
    return diag != NULL ? diag->n_errors : 0;
}

rtq__diag_place rtq__diag_find_place(const char *text, size_t len, size_t begin)
{
    rtq__diag_place place = {.line = 1, .column = 1};
    if (begin > len)
        begin = len;
    for (size_t i = 0; i < begin; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
            place.line_begin = i + 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    const char *newline = memchr(text + begin, '\n', len - begin);
    place.line_end = newline != NULL ? (size_t)(newline - text) : len;
    if (place.line_end > begin && text[place.line_end - 1] == '\r')
        place.line_end--;
    return place;
}

size_t rtq_diag_count(const rtq_diag *diag)
{
    return diag != NULL ? diag->n_notes : 0;
}

int rtq_diag_get(rtq_diag_item *out, const rtq_diag *diag, size_t index)
{
    if (out == NULL || out->size < sizeof out->size)
        return RTQ_ERR_ARG;
    if (diag == NULL || index >= diag->n_notes)
        return RTQ_END;
    const rtq__diag_note *note = &diag->notes[index];
    rtq_diag_item item = {
        .size = rtq__struct_len(out->size, sizeof item),
        .code = note->code,
        .severity = note->severity,
        .begin = note->begin,
        .end = note->end,
        .message = note->message,
        .hint = note->hint,
        .subject = note->subject,
    };
    if (note->text != NULL) {
        rtq__diag_place place = rtq__diag_find_place(note->text, note->text_len, note->begin);
        item.line = place.line;
        item.column = place.column;
    }
    memcpy(out, &item, item.size);
    return RTQ_OK;
}

void rtq_diag_free(rtq_diag *diag)
{
    if (diag == NULL)
        return;
    rtq__mem *mem = diag->mem;
    rtq__arena_free(&diag->arena);
    rtq__free(mem, diag->notes);
    rtq__free(mem, diag);
    rtq__mem_unref(mem);
}
