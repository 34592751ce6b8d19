/* replay_main.c - runs a fuzz target without libFuzzer: over each file of the corpus given, its truncations and seeded mutations
 * of it. What once crashed is kept in the corpus and so never comes back unseen. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_FILE ((size_t)16 << 20)

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t random_below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n > 0 ? (size_t)(state >> 16) % n : 0;
}

/* The target gets a block of exactly this length, so that the sanitizer sees a read behind its end. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    if (copy == NULL)
        exit(2);
    if (len > 0)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void mutate(uint8_t *data, size_t len)
{
    for (size_t n = 1 + random_below(4); n > 0; n--) {
        size_t at = random_below(len);
        switch (random_below(4)) {
        case 0: data[at] ^= (uint8_t)(1u << random_below(8)); break;
        case 1: data[at] = (uint8_t)random_below(256); break;
        case 2: data[at] = (uint8_t) "\0\x01\x7F\x80\xFF\"{[\\n"[random_below(10)]; break;
        default: memmove(data + at, data + random_below(len), (len - at) < 8 ? 0 : random_below(8)); break;
        }
    }
}

static long n_mutations(void)
{
    const char *text = getenv("FUZZ_MUTATIONS");
    return text != NULL ? atol(text) : 100;
}

static void run_mutations(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + 8);
    if (copy == NULL)
        exit(2);
    long rounds = n_mutations();
    for (long i = 0; i < rounds && len > 0; i++) {
        run(data, random_below(len)); /* cut off */
        memcpy(copy, data, len);
        memset(copy + len, 0, 8);
        mutate(copy, len);
        run(copy, len);
    }
    free(copy);
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_FILE);
    if (file == NULL || data == NULL) {
        perror(path);
        return 1;
    }
    size_t len = fread(data, 1, MAX_FILE, file);
    fclose(file);
    printf("    %s\n", path); /* the last one printed is the one that crashed */
    fflush(stdout);
    run(data, len);
    run_mutations(data, len < 65536 ? len : 65536);
    free(data);
    return 0;
}

static int replay_directory(const char *path, size_t *n_files)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= replay_file(name);
        ++*n_files;
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    size_t n_files = 0;
    int failed = 0;
    run((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        failed |= replay_directory(argv[i], &n_files);
    printf("%s replay of %zu inputs\n", failed ? "not ok" : "ok", n_files);
    return failed;
}
