/*
 * tills.h - the providers of payments that menus name: how each is asked, and the
 * key that it and we share.
 *
 * One that has gone from the menus is kept as it was last: payments may be out.
 */
#ifndef TILLS_H
#define TILLS_H

#include <stdbool.h>
#include <stddef.h>

#include "menu/model.h"
#include "wire/hook.h"

struct tills;

struct till {                           /* lives as long as the tills */
    const char *name;
    enum menu_provider_kind kind;
    enum menu_mock_pay answer;          /* of a mock */
    int timeout_ms, breaker_fails, breaker_rest_ms;
    struct hook_place *place;           /* NULL: a mock, or its key cannot be read */
    unsigned char secret[HOOK_KEY_MAX];
    size_t secret_len;
};

/* Can the keys of all providers of m be read?  False: err says which cannot, and why. */
bool tills_check(const struct menu *m, const char *folder, char *err, size_t err_size)
    __attribute__((warn_unused_result));

/* hook and folder are borrowed for life. */
struct tills *tills_new(struct hook *hook, const char *folder);
void tills_free(struct tills *t);

/* Read all keys again when they are next needed. */
void tills_renew(struct tills *t);

/* That of a provider of menus, as they say; by its name, from the current menus, or as it was last.  NULL: nobody
 * has this name. */
const struct till *tills_of(struct tills *t, const struct menu_provider *v);
const struct till *tills_find(struct tills *t, const struct menu *m, const char *name);

#endif
