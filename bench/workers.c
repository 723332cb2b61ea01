#include "workers.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define KEPT_BYTES (256 << 20)
#define MAPPED_FROM_BYTES (32 << 20)

/** What the threads of a call share. */
struct crew {
    void (*work)(void *context);
    void *context;
};

double weir_thread_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/** A replication takes and gives back the same few megabytes as the one before. Handed back to the
 *  system each time, they would be cleared and mapped page by page, a tenth of all the work, in
 *  which the threads wait for each other. */
static void keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
#endif
}

static void *begin(void *context) {
    const struct crew *crew = context;
    crew->work(crew->context);
    return NULL;
}

void weir_workers_run(uint32_t threads, void (*work)(void *context), void *context) {
    struct crew crew = {work, context};
    pthread_t *others = threads > 1 ? calloc(threads, sizeof *others) : NULL;
    uint32_t started = 0;
    keep_memory();
    while (others && started + 1 < threads &&
           pthread_create(&others[started], NULL, begin, &crew) == 0) {
        started++;
    }
    work(context);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(others[i], NULL);
    }
    free(others);
}

/** Pieces of work, and who takes them. */
struct pieces {
    bool (*piece)(void *context, size_t index);
    void *context;
    pthread_mutex_t lock;
    size_t next, count;
    bool failed;
};

static void work_through(void *context) {
    struct pieces *pieces = context;
    pthread_mutex_lock(&pieces->lock);
    while (!pieces->failed && pieces->next < pieces->count) {
        const size_t index = pieces->next++;
        pthread_mutex_unlock(&pieces->lock);
        const bool ok = pieces->piece(pieces->context, index);
        pthread_mutex_lock(&pieces->lock);
        pieces->failed = pieces->failed || !ok;
    }
    pthread_mutex_unlock(&pieces->lock);
}

bool weir_workers_each(uint32_t threads, size_t count, bool (*piece)(void *context, size_t index),
                       void *context) {
    struct pieces pieces = {.piece = piece, .context = context, .count = count};
    pthread_mutex_init(&pieces.lock, NULL);
    weir_workers_run(count < threads ? (uint32_t)count : threads, work_through, &pieces);
    pthread_mutex_destroy(&pieces.lock);
    return !pieces.failed;
}
