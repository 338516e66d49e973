#include "app/worker.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

STAILQ_HEAD(worker_jobs, worker_job);

struct worker {
    struct event *wake;
    int fd;                             /* eventfd: something was done */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;               /* of the four below */
    pthread_cond_t more;
    struct worker_jobs todo, done;
    bool stop;
};

static void *worker_thread(void *arg)
{
    struct worker *w = arg;
    const uint64_t one = 1;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        struct worker_job *j = STAILQ_FIRST(&w->todo);

        if (j == NULL) {
            (void)pthread_cond_wait(&w->more, &w->lock);
            continue;
        }
        STAILQ_REMOVE_HEAD(&w->todo, next);
        (void)pthread_mutex_unlock(&w->lock);
        j->work(j);
        (void)pthread_mutex_lock(&w->lock);
        STAILQ_INSERT_TAIL(&w->done, j, next);
        if (write(w->fd, &one, sizeof one) != sizeof one)
            abort();                    /* an eventfd takes eight octets until its counter is full */
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static struct worker_job *worker_pop(struct worker *w, struct worker_jobs *list)
{
    struct worker_job *j;

    (void)pthread_mutex_lock(&w->lock);
    j = STAILQ_FIRST(list);
    if (j != NULL)
        STAILQ_REMOVE_HEAD(list, next);
    (void)pthread_mutex_unlock(&w->lock);
    return j;
}

static void worker_on_done(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    struct worker_job *j;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof count) != sizeof count && errno != EAGAIN)
        log_err("event=worker reason=\"%s\"", strerror(errno));
    while ((j = worker_pop(w, &w->done)) != NULL)
        j->done(j);
}

/* Signals are the loop's. */
static bool worker_start(struct worker *w)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, NULL, worker_thread, w) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->started;
}

struct worker *worker_new(struct event_base *base, char *err, size_t err_size)
{
    struct worker *w = xcalloc(1, sizeof *w);

    STAILQ_INIT(&w->todo);
    STAILQ_INIT(&w->done);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->more, NULL);
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->fd < 0 || !worker_start(w)) {
        (void)snprintf(err, err_size, "the thread for files cannot be started");
        worker_free(w);
        return NULL;
    }
    w->wake = event_new(base, w->fd, EV_READ | EV_PERSIST, worker_on_done, w);
    assert(w->wake != NULL);
    event_add(w->wake, NULL);
    return w;
}

void worker_free(struct worker *w)
{
    struct worker_job *j;

    if (w == NULL)
        return;
    if (w->started) {
        (void)pthread_mutex_lock(&w->lock);
        w->stop = true;
        (void)pthread_cond_signal(&w->more);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(w->thread, NULL);
    }
    while ((j = worker_pop(w, &w->todo)) != NULL || (j = worker_pop(w, &w->done)) != NULL)
        j->drop(j);
    if (w->wake != NULL)
        event_free(w->wake);
    if (w->fd >= 0)
        close(w->fd);
    (void)pthread_cond_destroy(&w->more);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

void worker_push(struct worker *w, struct worker_job *job)
{
    (void)pthread_mutex_lock(&w->lock);
    STAILQ_INSERT_TAIL(&w->todo, job, next);
    (void)pthread_cond_signal(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
}
