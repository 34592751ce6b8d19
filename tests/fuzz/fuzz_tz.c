/* fuzz_tz.c - TZif data: any bytes are refused or give offsets, and local times come back. */
#include <stdlib.h>
#include "base/time.h"
#include "fn/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const int64_t times[] = {
        0, 1, RTQ_UNIX_EPOCH, RTQ_UNIX_EPOCH - 1, INT64_C(637134336000000000), RTQ__TICKS_MAX};
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 1 << 26);
    rtq__tz *tz = NULL;
    if (mem && rtq__tz_parse(&tz, mem, (const char *)data, len) == RTQ_OK) {
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
            int64_t local = rtq__tz_to_local(tz, times[i]), utc = rtq__tz_to_utc(tz, times[i]);
            if (local < times[i] - 14 * RTQ__TICKS_DAY || utc > times[i] + 14 * RTQ__TICKS_DAY)
                abort();
        }
        rtq__tz_free(mem, tz);
    }
    if (mem)
        rtq__mem_unref(mem);
    return 0;
}
