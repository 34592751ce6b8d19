/* evtx_gen.c - writes the generated event logs to a folder: evtx-gen FOLDER [NAME] (tests/data/evtx_*.evtx come from it);
 * evtx-gen -f FOLDER: inputs of the fuzz target (tests/fuzz/corpus/evtx). */
#include "evtx_gen.h"
#include <stdio.h>
#include <string.h>

/* Two bytes that pick demand and order, then the chunk without its header. */
static int write_fuzz(const char *folder)
{
    for (uint32_t i = 0; eg_case_name(i); i++) {
        char path[4096];
        eg g;
        eg_case(&g, i);
        uint32_t used;
        memcpy(&used, g.bytes + 4096 + 48, 4);
        if (used < 512 || used > 65536)
            used = 600;
        snprintf(path, sizeof path, "%s/%s", folder, eg_case_name(i));
        FILE *f = fopen(path, "wb");
        unsigned char pick[2] = {(unsigned char)(i * 29), (unsigned char)(i * 53 + 3)};
        bool ok = f && fwrite(pick, 1, 2, f) == 2 && fwrite(g.bytes + 4096 + 512, 1, used - 512, f) == used - 512;
        if (!f || fclose(f) != 0 || !ok)
            return fprintf(stderr, "cannot write %s\n", path), 1;
        eg_free(&g);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "-f") == 0)
        return write_fuzz(argv[2]);
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
