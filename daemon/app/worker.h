/*
 * worker.h - what may wait, a disk for one, done by a thread of its own, one thing
 * after the other.
 *
 * A job belongs to the thread from worker_push() until its done() is called, in
 * the loop.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stddef.h>
#include <sys/queue.h>

struct event_base;
struct worker;

struct worker_job {
    STAILQ_ENTRY(worker_job) next;
    void (*work)(struct worker_job *job);       /* in the thread: sees nothing of the loop's */
    void (*done)(struct worker_job *job);       /* in the loop: the job is the caller's again */
    void (*drop)(struct worker_job *job);       /* instead of done(): the worker ends */
};

/* NULL with the reason in err. */
struct worker *worker_new(struct event_base *base, char *err, size_t err_size);

/* Ends after the job under way; drops the others. */
void worker_free(struct worker *w);

void worker_push(struct worker *w, struct worker_job *job);

#endif
