#include "app/tills.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/secret.h"
#include "base/alloc.h"
#include "base/log.h"

#define TILLS_PATH_MAX 4096

struct tills_entry {
    struct tills_entry *next;
    struct till till;
    char *name, *url, *key;             /* url and key "" for a mock */
    bool ready;                         /* its key is read */
};

struct tills {
    struct hook *hook;
    const char *folder;
    struct tills_entry *list;           /* the last that was asked for first */
};

/* --- keys -------------------------------------------------------------------------------- */

static size_t tills_key(const char *name, const char *folder, unsigned char key[HOOK_KEY_MAX], char *err, size_t err_size)
{
    char path[TILLS_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);

    if (n > 0 && (size_t)n < sizeof path)
        return secret_read_key(path, key, HOOK_KEY_MAX, err, err_size);
    (void)snprintf(err, err_size, "key '%s': its path is too long", name);
    return 0;
}

bool tills_check(const struct menu *m, const char *folder, char *err, size_t err_size)
{
    unsigned char key[HOOK_KEY_MAX];
    char why[512];
    bool ok = true;

    for (int i = 0; i < m->provider_count && ok; i++) {
        const struct menu_provider *v = &m->providers[i];

        if (v->kind != MENU_PROVIDER_HTTP)
            continue;
        ok = tills_key(v->key, folder, key, why, sizeof why) > 0;
        if (!ok)
            (void)snprintf(err, err_size, "provider '%s': %.400s", v->name, why);
    }
    sodium_memzero(key, sizeof key);
    return ok;
}

static void tills_ready(struct tills *t, struct tills_entry *e)
{
    struct till *till = &e->till;
    char why[512];

    if (e->ready || till->kind == MENU_PROVIDER_MOCK)
        return;
    till->secret_len = tills_key(e->key, t->folder, till->secret, why, sizeof why);
    if (till->secret_len == 0) {
        log_err("provider=%s event=no_key reason=\"%s\" next=wait", e->name, why);
        till->place = NULL;
        return;
    }
    till->place = till->place != NULL ? till->place : hook_place_new(t->hook, e->name, e->url);
    hook_place_key(till->place, till->secret, till->secret_len);
    e->ready = true;
}

/* --- life --------------------------------------------------------------------------------- */

struct tills *tills_new(struct hook *hook, const char *folder)
{
    struct tills *t = xcalloc(1, sizeof *t);

    t->hook = hook;
    t->folder = folder;
    return t;
}

void tills_free(struct tills *t)
{
    struct tills_entry *next;

    if (t == NULL)
        return;
    for (struct tills_entry *e = t->list; e != NULL; e = next) {
        next = e->next;
        sodium_memzero(e->till.secret, sizeof e->till.secret);
        free(e->name);
        free(e->url);
        free(e->key);
        free(e);
    }
    free(t);
}

void tills_renew(struct tills *t)
{
    for (struct tills_entry *e = t->list; e != NULL; e = e->next)
        e->ready = false;
}

/* --- finding --------------------------------------------------------------------------------- */

static bool tills_is(const struct tills_entry *e, const struct menu_provider *v)
{
    return strcmp(e->name, v->name) == 0 && e->till.kind == v->kind &&
           (v->kind == MENU_PROVIDER_MOCK || (strcmp(e->url, v->url) == 0 && strcmp(e->key, v->key) == 0));
}

static struct tills_entry *tills_new_entry(struct tills *t, const struct menu_provider *v)
{
    struct tills_entry *e = xcalloc(1, sizeof *e);

    e->name = xstrdup(v->name);
    e->url = xstrdup(v->kind == MENU_PROVIDER_HTTP ? v->url : "");
    e->key = xstrdup(v->kind == MENU_PROVIDER_HTTP ? v->key : "");
    e->till.name = e->name;
    e->till.kind = v->kind;
    e->next = t->list;
    t->list = e;
    return e;
}

const struct till *tills_of(struct tills *t, const struct menu_provider *v)
{
    struct tills_entry *e = t->list;

    while (e != NULL && !tills_is(e, v))
        e = e->next;
    if (e == NULL)
        e = tills_new_entry(t, v);
    e->till.answer = v->answer;
    e->till.timeout_ms = v->timeout_ms;
    e->till.breaker_fails = v->breaker_fails;
    e->till.breaker_rest_ms = v->breaker_rest_ms;
    tills_ready(t, e);
    return &e->till;
}

const struct till *tills_find(struct tills *t, const struct menu *m, const char *name)
{
    int i = menu_provider_find(m, name);
    struct tills_entry *e = t->list;

    if (i != MENU_NONE)
        return tills_of(t, &m->providers[i]);
    while (e != NULL && strcmp(e->name, name) != 0)
        e = e->next;
    if (e != NULL)
        tills_ready(t, e);
    return e != NULL ? &e->till : NULL;
}
