/* queue.c - batches between a run and whoever takes them. */
#include "exec/handles.h"

struct rtq__queue {
    rtq__mem *mem;
    rtq__mutex lock;
    rtq_batch **ring;
    size_t cap, head, n;
    unsigned n_streams; /* queries attached now */
    bool was_attached;
    void (*wake)(void *ctx);
    void *wake_ctx;
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
    if (full) /* only the run puts, so it cannot become full in between */
        return RTQ_AGAIN;
    if ((rc = rtq_batch_retain(&kept, batch)) < 0)
        return rc;
    rtq__mutex_lock(&q->lock);
    q->ring[(q->head + q->n++) % q->cap] = kept;
    rtq__mutex_unlock(&q->lock);
    return RTQ_OK;
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
        if (q->wake)
            q->wake(q->wake_ctx);
    } else {
        rc = q->was_attached && q->n_streams == 0 ? RTQ_END : RTQ_AGAIN;
    }
    rtq__mutex_unlock(&q->lock);
    return rc;
}

void rtq__queue_attach(rtq__queue *q, void (*wake)(void *ctx), void *ctx)
{
    rtq__mutex_lock(&q->lock);
    if (wake) {
        q->wake = wake;
        q->wake_ctx = ctx;
        q->n_streams++;
        q->was_attached = true;
    } else if (q->n_streams && --q->n_streams == 0) { /* several queries may share a queue */
        q->wake = NULL;
    }
    rtq__mutex_unlock(&q->lock);
}
