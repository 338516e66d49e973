/*
 * apikeys.h - the keys of the ministry API: whose they are, what they may do,
 * and their secrets, out of files.
 */
#ifndef APIKEYS_H
#define APIKEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/conf.h"
#include "wire/api.h"

#define APIKEYS_SECRET_MAX 1024         /* octets */

struct apikeys;

struct apikey {
    const struct conf_api *conf;        /* its name, its agency */
    unsigned char secret[APIKEYS_SECRET_MAX];
    size_t len;
    bool ready;                         /* its file is read */
    int under_way;                      /* requests */
};

/* conf is borrowed for life. */
struct apikeys *apikeys_new(const struct conf *conf);
void apikeys_free(struct apikeys *k);

/* Can the files of all of them be read?  False: err says which cannot, and why. */
bool apikeys_check(const struct conf *conf, char *err, size_t err_size) __attribute__((warn_unused_result));

/* Read the files again when they are next needed. */
void apikeys_renew(struct apikeys *k);

/* By its name, with its secret; NULL: there is none, or (logged) its file cannot
 * be read. */
struct apikey *apikeys_find(struct apikeys *k, const char *name);

bool apikey_may(const struct apikey *key, enum api_right right);

#endif
