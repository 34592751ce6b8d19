/* tz.h - time zones in the TZif format of the zoneinfo database (RFC 9636): offsets by binary search, after the last transition by
 * the rule in the footer. */
#ifndef RTQ__TZ_H
#define RTQ__TZ_H
#include "base/buf.h"

typedef struct rtq__tz rtq__tz; /* immutable, one allocation */

int rtq__tz_parse(rtq__tz **out, rtq__mem *mem, const char *ptr, size_t len); /* RTQ_OK, NOMEM, DATA */
void rtq__tz_free(rtq__mem *mem, rtq__tz *tz);
int64_t rtq__tz_to_local(const rtq__tz *tz, int64_t utc_ticks);
/* A local time that occurs twice is the first one; one that is skipped is read with the offset after the gap. */
int64_t rtq__tz_to_utc(const rtq__tz *tz, int64_t local_ticks);

/* From the system's database. RTQ_ERR_IO: no such zone or no database; names with odd characters are no zones. */
int rtq__tz_load(rtq__tz **out, rtq__mem *mem, const char *name, size_t len);
/* Names of all zones, each ended by '\n'. RTQ_ERR_IO: no database. */
int rtq__tz_names(rtq__buf *out);

#endif
