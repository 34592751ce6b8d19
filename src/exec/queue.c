/* queue.c - batches between a run and whoever takes them. */
#include "exec/handles.h"

typedef struct reader { /* a run whose queries put here: woken when there is room again */
    void (*wake)(void *ctx);
    void *ctx;
    size_t n_streams;
} reader;

struct rtq__queue {
    rtq__mem *mem;
    rtq__mutex lock;
    rtq_batch **ring;
    size_t cap, head, n;
    reader *runs;
    size_t n_runs, cap_runs;
    bool was_attached;
};

rtq__queue *rtq__queue_new(rtq__mem *mem, size_t max_batches)
{
    rtq__queue *q = rtq__calloc(mem, 1, sizeof *q);

    if (!q)
        return NULL;
    q->mem = mem;
    q->cap = max_batches;
    q->ring = rtq__calloc(mem, max_batches, sizeof *q->ring);
    if (!q->ring || rtq__mutex_init(&q->lock) != 0) {
        rtq__free(mem, q->ring);
        rtq__free(mem, q);
        return NULL;
    }
    return q;
}

void rtq__queue_free(rtq__queue *q)
{
    for (; q->n; q->n--, q->head = (q->head + 1) % q->cap)
        rtq_batch_free(q->ring[q->head]);
    rtq__mutex_destroy(&q->lock);
    rtq__free(q->mem, q->runs);
    rtq__free(q->mem, q->ring);
    rtq__free(q->mem, q);
}

int rtq__queue_put(rtq__queue *q, const rtq_batch *batch)
{
    rtq_batch *kept;
    bool full;
    int rc;

    rtq__mutex_lock(&q->lock);
    full = q->n == q->cap;
    rtq__mutex_unlock(&q->lock);
    if (full)
        return RTQ_AGAIN;
    if ((rc = rtq_batch_retain(&kept, batch)) < 0)
        return rc;
    rtq__mutex_lock(&q->lock);
    full = q->n == q->cap; /* another run may have been faster */
    if (!full)
        q->ring[(q->head + q->n++) % q->cap] = kept;
    rtq__mutex_unlock(&q->lock);
    if (full)
        rtq_batch_free(kept);
    return full ? RTQ_AGAIN : RTQ_OK;
}

int rtq__queue_take(rtq_batch **out, rtq__queue *q)
{
    int rc = RTQ_OK;

    *out = NULL;
    rtq__mutex_lock(&q->lock);
    if (q->n) {
        *out = q->ring[q->head];
        q->head = (q->head + 1) % q->cap;
        q->n--;
        for (size_t i = 0; i < q->n_runs; i++)
            q->runs[i].wake(q->runs[i].ctx);
    } else {
        rc = q->was_attached && q->n_runs == 0 ? RTQ_END : RTQ_AGAIN;
    }
    rtq__mutex_unlock(&q->lock);
    return rc;
}

int rtq__queue_attach(rtq__queue *q, void (*wake)(void *ctx), void *ctx)
{
    size_t i = 0;
    int rc = RTQ_OK;

    rtq__mutex_lock(&q->lock);
    while (i < q->n_runs && q->runs[i].ctx != ctx)
        i++;
    if (i == q->n_runs && (rc = rtq__grow(q->mem, &q->runs, &q->cap_runs, i + 1, sizeof *q->runs)) == RTQ_OK)
        q->runs[q->n_runs++] = (reader){wake, ctx, 0};
    if (rc == RTQ_OK) {
        q->runs[i].n_streams++;
        q->was_attached = true;
    }
    rtq__mutex_unlock(&q->lock);
    return rc;
}

void rtq__queue_detach(rtq__queue *q, const void *ctx)
{
    rtq__mutex_lock(&q->lock);
    for (size_t i = 0; i < q->n_runs; i++)
        if (q->runs[i].ctx == ctx && --q->runs[i].n_streams == 0) {
            q->runs[i] = q->runs[--q->n_runs];
            break;
        }
    rtq__mutex_unlock(&q->lock);
}
