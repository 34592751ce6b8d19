/* evtx_gen.c - writes the generated event logs to a folder: evtx-gen FOLDER [NAME] (tests/data/evtx_*.evtx come from it). */
#include "evtx_gen.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: evtx-gen FOLDER [NAME]\n"), 2;
    for (uint32_t i = 0; eg_case_name(i); i++) {
        char path[4096];
        eg g;
        if (argc > 2 && strcmp(argv[2], eg_case_name(i)) != 0)
            continue;
        eg_case(&g, i);
        snprintf(path, sizeof path, "%s/evtx_%s.evtx", argv[1], eg_case_name(i));
        FILE *f = fopen(path, "wb");
        bool ok = f && fwrite(g.bytes, 1, g.len, f) == g.len;
        if (!f || fclose(f) != 0 || !ok)
            return fprintf(stderr, "cannot write %s\n", path), 1;
        eg_free(&g);
    }
    return 0;
}
