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
 * makes the hash, it is written, she is told.  A hash with another salt is of before
 * numbers had their own: it is compared by itself, and replaced when it was good.  A job belongs to the thread
 * between pins_push() and pins_pop(), and to the loop otherwise.
 */
#define PINS_MAX 64                     /* jobs: at 100 ms each, as long as she waits for a page */
#define PINS_HERS 4                     /* persons on one number: kheya.set_pin() knows it too */
#define PINS_LIST (PINS_HERS * (crypto_pwhash_STRBYTES + 8))
#define PINS_OF 48                      /* a keyed number (base/keyed.h) and its NUL */
#define PINS_HASH_TAIL 44               /* octets of a hash behind its salt */
#define PINS_KEYED 32                   /* octets of the keyed hash that argon2id is made of */

struct pins_job {
    TAILQ_ENTRY(pins_job) link;         /* of the loop's list */
    STAILQ_ENTRY(pins_job) next;        /* of what the thread has to do, or has done */
    uint64_t ticket, waiter;
    bool sets, replaces, locked;
    char msisdn[EVENT_MSISDN_MAX];
    char key[FLOW_KEY_SIZE];
    char typed[2 * PINS_KEYED + 1];     /* keyed hash of what she typed, in hexadecimal */
    unsigned char salt[crypto_pwhash_SALTBYTES];        /* the number's */
    char of[PINS_OF];
    int person;                         /* sets: who may be replaced; else whose it is */
    char hers[PINS_LIST];               /* those to compare with, "1:HASH 2:HASH" */
    char old[crypto_pwhash_STRBYTES];   /* the one that was the same */
    char hash[crypto_pwhash_STRBYTES];  /* of what she typed, with the number's salt */
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

/* As crypto_pwhash_str() writes it, with a salt of our choice.  False: no memory for it. */
static bool pins_hash(struct pins_job *j)
{
    unsigned char raw[32];
    char salt[32], text[64];
    const int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    bool good = crypto_pwhash(raw, sizeof raw, j->typed, strlen(j->typed), j->salt, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) == 0;
    int n;

    (void)sodium_bin2base64(salt, sizeof salt, j->salt, sizeof j->salt, variant);
    (void)sodium_bin2base64(text, sizeof text, raw, sizeof raw, variant);
    n = snprintf(j->hash, sizeof j->hash, "$argon2id$v=19$m=%u,t=%u,p=1$%s$%s", crypto_pwhash_MEMLIMIT_INTERACTIVE / 1024U,
                 (unsigned)crypto_pwhash_OPSLIMIT_INTERACTIVE, salt, text);
    sodium_memzero(raw, sizeof raw);
    return good && n > PINS_HASH_TAIL && (size_t)n < sizeof j->hash;
}

/* Is it this one?  Every one is looked at, whatever came before. */
static bool pins_same(const struct pins_job *j, const char *hash)
{
    size_t n = strlen(j->hash);

    if (strlen(hash) == n && memcmp(hash, j->hash, n - PINS_HASH_TAIL) == 0)
        return sodium_memcmp(hash, j->hash, n) == 0;
    return crypto_pwhash_str_verify(hash, j->typed, strlen(j->typed)) == 0;
}

static void pins_compare(struct pins_job *j)
{
    char *rest = NULL;

    for (char *p = strtok_r(j->hers, " ", &rest); p != NULL; p = strtok_r(NULL, " ", &rest)) {
        const char *hash = strchr(p, ':');
        bool same = hash != NULL && strlen(hash + 1) < sizeof j->old && pins_same(j, hash + 1);

        if (!same || j->good)
            continue;
        j->good = true;
        j->person = (int)strtol(p, NULL, 10);
        (void)snprintf(j->old, sizeof j->old, "%s", hash + 1);
    }
}

static void pins_work(struct pins_job *j)
{
    bool made = pins_hash(j);

    if (j->sets)
        j->good = made;
    else if (made)
        pins_compare(j);
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

static void pins_tell(struct pins *p, struct pins_job *j, const struct pins_told *told)
{
    uint64_t waiter = j->waiter;

    pins_drop(p, j);                    /* first: the callback may ask again */
    p->fn(p->arg, waiter, told);
}

static void pins_answer(struct pins *p, struct pins_job *j, enum flow_pin pin)
{
    pins_tell(p, j, &(struct pins_told){ .pin = pin });
}

static void pins_store(struct pins *p, const struct pins_job *j, enum store_pin_step step)
{
    store_pin(p->store, j->ticket, &(struct store_pin){
        .step = step, .msisdn = j->msisdn, .attempt = j->key,
        .hash = step == STORE_PIN_GOOD ? j->old : step == STORE_PIN_SET ? j->hash : NULL,
        .fresh = step == STORE_PIN_GOOD ? j->hash : NULL, .of = j->of, .replaces = j->replaces, .person = j->person });
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

/* The number's own, and no other's: who has no secret cannot prepare for it. */
static void pins_salt(const struct pins *p, struct pins_job *j)
{
    static const unsigned char what[] = "salt";
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, p->pepper, sizeof p->pepper, sizeof j->salt);
    (void)crypto_generichash_update(&state, what, sizeof what);
    (void)crypto_generichash_update(&state, (const unsigned char *)j->msisdn, strlen(j->msisdn) + 1);
    (void)crypto_generichash_final(&state, j->salt, sizeof j->salt);
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
    j->person = q->person;
    (void)snprintf(j->of, sizeof j->of, "%s", q->of != NULL ? q->of : "");
    pins_key(p, j, q->pin);
    pins_salt(p, j);
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
    } else if (strlen(row->hash) >= sizeof j->hers) {
        pins_answer(p, j, FLOW_PIN_FAILED);
    } else {
        memcpy(j->hers, row->hash, strlen(row->hash) + 1);
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
    else if (row->there && row->hash != NULL)
        pins_tell(p, j, &(struct pins_told){ FLOW_PIN_GOOD, row->person, row->shared });
    else                                /* checked: another one was set meanwhile */
        pins_answer(p, j, j->sets && row->locked ? FLOW_PIN_LOCKED : FLOW_PIN_WRONG);
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
