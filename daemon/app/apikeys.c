#include "app/apikeys.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/secret.h"
#include "base/alloc.h"
#include "base/log.h"

#define APIKEYS_PATH_MAX 4096

struct apikeys {
    const struct conf *conf;
    struct apikey *list;
    int count;
};

struct apikeys *apikeys_new(const struct conf *conf)
{
    struct apikeys *k = xcalloc(1, sizeof *k);

    k->conf = conf;
    k->count = conf->api_count;
    k->list = xcalloc((size_t)k->count + 1, sizeof *k->list);
    for (int i = 0; i < k->count; i++)
        k->list[i].conf = &conf->apis[i];
    return k;
}

void apikeys_free(struct apikeys *k)
{
    if (k == NULL)
        return;
    for (int i = 0; i < k->count; i++)
        sodium_memzero(k->list[i].secret, sizeof k->list[i].secret);
    free(k->list);
    free(k);
}

static size_t apikeys_read(const struct conf_api *api, const char *folder, unsigned char secret[APIKEYS_SECRET_MAX],
                           char *err, size_t err_size)
{
    char path[APIKEYS_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, api->key);

    if (n > 0 && (size_t)n < sizeof path)
        return secret_read_key(path, secret, APIKEYS_SECRET_MAX, err, err_size);
    (void)snprintf(err, err_size, "key '%.200s': its path is too long", api->key);
    return 0;
}

bool apikeys_check(const struct conf *conf, char *err, size_t err_size)
{
    unsigned char secret[APIKEYS_SECRET_MAX];
    char why[512];
    bool ok = true;

    for (int i = 0; i < conf->api_count && ok; i++) {
        ok = apikeys_read(&conf->apis[i], conf->folder, secret, why, sizeof why) > 0;
        if (!ok)
            (void)snprintf(err, err_size, "api '%s': %.400s", conf->apis[i].name, why);
    }
    sodium_memzero(secret, sizeof secret);
    return ok;
}

void apikeys_renew(struct apikeys *k)
{
    for (int i = 0; i < k->count; i++)
        k->list[i].ready = false;
}

struct apikey *apikeys_find(struct apikeys *k, const char *name)
{
    struct apikey *key = NULL;
    char why[512];

    for (int i = 0; i < k->count && key == NULL; i++)
        if (strcmp(k->list[i].conf->name, name) == 0)
            key = &k->list[i];
    if (key == NULL || key->ready)
        return key;
    key->len = apikeys_read(key->conf, k->conf->folder, key->secret, why, sizeof why);
    key->ready = key->len > 0;
    if (!key->ready)
        log_err("api=%s event=no_key reason=\"%s\" next=refuse", name, why);
    return key->ready ? key : NULL;
}

bool apikey_may(const struct apikey *key, enum api_right right)
{
    return (key->conf->rights & 1u << right) != 0;
}
