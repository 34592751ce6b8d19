/* rules_text.h - lists of rules as ua-parser's files write them: a small part of YAML.
 *     section:
 *       - key: 'value'        # first entry of a rule
 *         other: "value"
 * Anything else is refused with its line. */
#ifndef RTQ__RULES_TEXT_H
#define RTQ__RULES_TEXT_H
#include "base/buf.h"

typedef struct rtq__rules_text {
    const char *pos, *end;
    uint32_t line;
    bool first;                  /* the entry begins a rule */
    const char *section, *key;   /* of the entry */
    size_t section_len, key_len; /* neither is terminated */
    rtq__buf value;              /* of the entry, unescaped */
    const char *why;             /* after RTQ_ERR_DATA */
} rtq__rules_text;
void rtq__rules_text_init(rtq__rules_text *t, rtq__mem *mem, const char *text, size_t len);
void rtq__rules_text_free(rtq__rules_text *t);
int rtq__rules_text_next(rtq__rules_text *t); /* RTQ_OK: an entry; RTQ_END, RTQ_ERR_DATA, RTQ_ERR_NOMEM */

#endif
