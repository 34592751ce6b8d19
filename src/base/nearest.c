/* nearest.c - the name somebody probably meant: optimal string alignment distance, ASCII case ignored. */
#include "base/diag.h"

#define MAX_LEN 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b. Both at most MAX_LEN long. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][MAX_LEN + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        unsigned *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_len];
}

void rtq__nearest_init(rtq__nearest *nearest, const char *name, size_t len)
{
    /* A typo changes few letters: one in names of up to 3, a third of longer ones. */
    *nearest = (rtq__nearest){
        .name = name, .len = len, .best_distance = (len < 4 ? 1 : (unsigned)(len / 3 < 8 ? len / 3 : 8)) + 1};
}

void rtq__nearest_try(rtq__nearest *nearest, const char *candidate, size_t len)
{
    if (len == 0 || len > MAX_LEN || nearest->len == 0 || nearest->len > MAX_LEN)
        return;
    size_t apart = len > nearest->len ? len - nearest->len : nearest->len - len;
    if (apart >= nearest->best_distance)
        return;
    unsigned d = distance(nearest->name, nearest->len, candidate, len);
    if (d < nearest->best_distance && d < nearest->len) {
        nearest->best = candidate;
        nearest->best_len = len;
        nearest->best_distance = d;
    }
}

const char *rtq__nearest_get(const rtq__nearest *nearest)
{
    return nearest->best;
}
