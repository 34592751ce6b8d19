/* kql_corpus.h - queries of ../shared/conformance, and reproducible mutations of them. */
#ifndef KQL_CORPUS_H
#define KQL_CORPUS_H
#include <stddef.h>
#include <stdint.h>

typedef struct kql_entry {
    char *id, *text;
    size_t len;
} kql_entry;
typedef struct kql_corpus {
    kql_entry *entries;
    size_t n;
} kql_corpus;

/* The files that kql_corpus_read() takes, without directory; ends with NULL. */
extern const char *const kql_corpus_files[];
/* 0: read; -1: the file is not there. Aborts on a broken file. */
int kql_corpus_read(kql_corpus *out, const char *dir, const char *file);
void kql_corpus_free(kql_corpus *corpus);

/* The query itself for seed 0, else the query with one to three random edits of its tokens: deleted, doubled, swapped,
 * replaced by another one of the text or by a common one, or cut off. The same on every machine. malloc'ed,
 * NUL-terminated. */
char *kql_mutate(const kql_entry *entry, uint64_t seed, size_t *len);

#endif
