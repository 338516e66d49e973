#include "app/pins.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "app/secret.h"
#include "base/alloc.h"
#include "base/log.h"

/*
 * A check: the try is counted (STORE_PIN_TRY), then the thread compares, then a
 * good one is made known (STORE_PIN_GOOD), then she is told.  A set: the thread
 * makes the hash, it is written, she is told.  A job belongs to the thread
 * between pins_push() and pins_pop(), and to the loop otherwise.
 */
#define PINS_MAX 64                     /* jobs: at 100 ms each, as long as she waits for a page */
#define PINS_KEYED 32                   /* octets of the keyed hash that argon2id is made of */

struct pins_job {
    TAILQ_ENTRY(pins_job) link;         /* of the loop's list */
    STAILQ_ENTRY(pins_job) next;        /* of what the thread has to do, or has done */
    uint64_t ticket, waiter;
    bool sets, replaces, locked;
    char msisdn[EVENT_MSISDN_MAX];
    char key[FLOW_KEY_SIZE];
    char typed[2 * PINS_KEYED + 1];     /* keyed hash of what she typed, in hexadecimal */
    char hash[crypto_pwhash_STRBYTES];
    bool good;                          /* the thread: it is the same, or a hash was made */
};
TAILQ_HEAD(pins_list, pins_job);
STAILQ_HEAD(pins_queue, pins_job);

struct pins {
    struct store *store;
    pins_fn *fn;
    void *arg;
    bool ready;                         /* there is a secret */
    bool complained;
    unsigned char pepper[SECRET_SIZE];
    struct pins_list jobs;
    int job_count;
    uint64_t tickets;
    struct event *wake;
    int fd;                             /* eventfd: something was done */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;               /* of the three below */
    pthread_cond_t more;
    struct pins_queue todo, done;
    bool stop;
};

/* --- the thread ------------------------------------------------------------------------- */

static void pins_work(struct pins_job *j)
{
    size_t n = strlen(j->typed);

    if (j->sets)
        j->good = crypto_pwhash_str(j->hash, j->typed, n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                    crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
    else
        j->good = crypto_pwhash_str_verify(j->hash, j->typed, n) == 0;
}

static void *pins_thread(void *arg)
{
    struct pins *p = arg;
    const uint64_t one = 1;

    (void)pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct pins_job *j = STAILQ_FIRST(&p->todo);

        if (j == NULL) {
            (void)pthread_cond_wait(&p->more, &p->lock);
            continue;
        }
        STAILQ_REMOVE_HEAD(&p->todo, next);
        (void)pthread_mutex_unlock(&p->lock);
        pins_work(j);
        (void)pthread_mutex_lock(&p->lock);
        STAILQ_INSERT_TAIL(&p->done, j, next);
        if (write(p->fd, &one, sizeof one) != sizeof one)
            abort();                    /* an eventfd takes eight octets until its counter is full */
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void pins_push(struct pins *p, struct pins_job *j)
{
    (void)pthread_mutex_lock(&p->lock);
    STAILQ_INSERT_TAIL(&p->todo, j, next);
    (void)pthread_cond_signal(&p->more);
    (void)pthread_mutex_unlock(&p->lock);
}

static struct pins_job *pins_pop(struct pins *p)
{
    struct pins_job *j;

    (void)pthread_mutex_lock(&p->lock);
    j = STAILQ_FIRST(&p->done);
    if (j != NULL)
        STAILQ_REMOVE_HEAD(&p->done, next);
    (void)pthread_mutex_unlock(&p->lock);
    return j;
}

/* --- jobs ------------------------------------------------------------------------------- */

static void pins_drop(struct pins *p, struct pins_job *j)
{
    TAILQ_REMOVE(&p->jobs, j, link);
    p->job_count--;
    sodium_memzero(j, sizeof *j);
    free(j);
}

static void pins_answer(struct pins *p, struct pins_job *j, enum flow_pin pin)
{
    uint64_t waiter = j->waiter;

    pins_drop(p, j);                    /* first: the callback may ask again */
    p->fn(p->arg, waiter, pin);
}

static void pins_store(struct pins *p, const struct pins_job *j, enum store_pin_step step)
{
    store_pin(p->store, j->ticket, &(struct store_pin){
        .step = step, .msisdn = j->msisdn, .attempt = j->key, .hash = step != STORE_PIN_TRY ? j->hash : NULL,
        .replaces = j->replaces });
}

/* The number is part of it, so that equal PINs do not look alike to who has the
 * secret either; each part with its NUL. */
static void pins_key(const struct pins *p, struct pins_job *j, const char *pin)
{
    unsigned char hash[PINS_KEYED];
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, p->pepper, sizeof p->pepper, sizeof hash);
    (void)crypto_generichash_update(&state, (const unsigned char *)j->msisdn, strlen(j->msisdn) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)pin, strlen(pin) + 1);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    (void)sodium_bin2hex(j->typed, sizeof j->typed, hash, sizeof hash);
    sodium_memzero(hash, sizeof hash);
    sodium_memzero(&state, sizeof state);
}

bool pins_ask(struct pins *p, uint64_t waiter, const char *msisdn, const struct flow_question *q)
{
    struct pins_job *j;

    if (!p->ready && !p->complained) {
        p->complained = true;
        log_err("event=no_secret reason=\"the menus ask for PINs and the setting 'secret' names no file\" next=\"each fails\"");
    }
    if (!p->ready || p->job_count == PINS_MAX)
        return false;
    j = xcalloc(1, sizeof *j);
    j->ticket = ++p->tickets;
    j->waiter = waiter;
    j->sets = q->sets;
    j->replaces = q->replaces;
    (void)snprintf(j->msisdn, sizeof j->msisdn, "%s", msisdn);
    memcpy(j->key, q->key, sizeof j->key);
    pins_key(p, j, q->pin);
    TAILQ_INSERT_TAIL(&p->jobs, j, link);
    p->job_count++;
    if (j->sets)
        pins_push(p, j);
    else
        pins_store(p, j, STORE_PIN_TRY);
    return true;
}

static void pins_on_done(evutil_socket_t fd, short what, void *arg)
{
    struct pins *p = arg;
    struct pins_job *j;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof count) != sizeof count && errno != EAGAIN)
        log_err("event=pins reason=\"%s\"", strerror(errno));
    while ((j = pins_pop(p)) != NULL) {
        if (j->good)
            pins_store(p, j, j->sets ? STORE_PIN_SET : STORE_PIN_GOOD);
        else if (j->sets)
            pins_answer(p, j, FLOW_PIN_FAILED);         /* no memory for it */
        else
            pins_answer(p, j, j->locked ? FLOW_PIN_LOCKED : FLOW_PIN_WRONG);
    }
}

/* A try is counted: compare, unless there is nothing to compare with. */
static void pins_tried(struct pins *p, struct pins_job *j, const struct store_pin_row *row)
{
    if (!row->there) {
        pins_answer(p, j, FLOW_PIN_NONE);
    } else if (row->hash == NULL) {
        pins_answer(p, j, FLOW_PIN_LOCKED);
    } else if (strlen(row->hash) >= sizeof j->hash) {
        pins_answer(p, j, FLOW_PIN_FAILED);
    } else {
        memcpy(j->hash, row->hash, strlen(row->hash) + 1);
        j->locked = row->locked;
        pins_push(p, j);
    }
}

void pins_stored(struct pins *p, uint64_t ticket, const struct store_pin_row *row)
{
    struct pins_job *j;

    TAILQ_FOREACH(j, &p->jobs, link)
        if (j->ticket == ticket)
            break;
    if (j == NULL)
        return;
    if (row == NULL)
        pins_answer(p, j, FLOW_PIN_FAILED);
    else if (!j->sets && !j->good)
        pins_tried(p, j, row);
    else if (!j->sets)
        pins_answer(p, j, row->there ? FLOW_PIN_GOOD : FLOW_PIN_WRONG); /* another one was set meanwhile */
    else
        pins_answer(p, j, row->hash != NULL ? FLOW_PIN_GOOD : row->locked ? FLOW_PIN_LOCKED : FLOW_PIN_WRONG);
}

/* --- life -------------------------------------------------------------------------------- */

/* The thread takes no signals: they are the loop's. */
static bool pins_start(struct pins *p)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    p->started = pthread_create(&p->thread, NULL, pins_thread, p) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->started;
}

struct pins *pins_new(const struct pins_args *args, char *err, size_t err_size)
{
    struct pins *p = xcalloc(1, sizeof *p);

    p->store = args->store;
    p->fn = args->fn;
    p->arg = args->arg;
    TAILQ_INIT(&p->jobs);
    STAILQ_INIT(&p->todo);
    STAILQ_INIT(&p->done);
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->more, NULL);
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->ready = args->secret[0] != '\0';
    if (p->ready && !secret_read(args->secret, "pin", p->pepper, err, err_size)) {
        pins_free(p);
        return NULL;
    }
    if (p->fd < 0 || !pins_start(p)) {
        (void)snprintf(err, err_size, "the thread for PINs cannot be started");
        pins_free(p);
        return NULL;
    }
    p->wake = event_new(args->base, p->fd, EV_READ | EV_PERSIST, pins_on_done, p);
    assert(p->wake != NULL);
    event_add(p->wake, NULL);
    return p;
}

void pins_free(struct pins *p)
{
    struct pins_job *j;

    if (p == NULL)
        return;
    if (p->started) {
        (void)pthread_mutex_lock(&p->lock);
        p->stop = true;
        (void)pthread_cond_signal(&p->more);
        (void)pthread_mutex_unlock(&p->lock);
        (void)pthread_join(p->thread, NULL);
    }
    if (p->wake != NULL)
        event_free(p->wake);
    if (p->fd >= 0)
        close(p->fd);
    while ((j = TAILQ_FIRST(&p->jobs)) != NULL)
        pins_drop(p, j);
    (void)pthread_mutex_destroy(&p->lock);
    (void)pthread_cond_destroy(&p->more);
    sodium_memzero(p->pepper, sizeof p->pepper);
    free(p);
}
