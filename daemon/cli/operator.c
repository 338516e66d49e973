#include "cli/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/damm.h"
#include "wire/profile.h"

#define OPERATOR_ERRORS_MAX (256u * 1024)
#define OPERATOR_CONNINFO_MAX 4096

/* fn with the configuration at path, and with conninfo, or what database() makes of the configuration's. */
static int operator_configured(const char *path, const char *conninfo, char *(*database)(const char *conninfo), operator_fn *fn,
                               void *arg)
{
    struct conf conf;
    struct buf errors;
    char *made = NULL;
    int status = 2;

    buf_init(&errors, OPERATOR_ERRORS_MAX);
    if (conf_load(&conf, path, &errors)) {
        if (conninfo == NULL && database != NULL)
            conninfo = made = database(conf.database);
        status = fn(arg, conninfo != NULL ? conninfo : conf.database, &conf);
    }
    fputs(buf_str(&errors), stderr);
    buf_fini(&errors);
    conf_free(&conf);
    free(made);
    return status;
}

/* Connections say who sits at the keyboard: the audit keeps it. */
static void operator_sign(void)
{
    char name[64];

    (void)snprintf(name, sizeof name, "kheya %.50s", operator_login());
    (void)setenv("PGAPPNAME", name, 1);
}

int operator_run(const char *path, const char *conninfo, operator_fn *fn, void *arg)
{
    operator_sign();
    return conninfo != NULL ? fn(arg, conninfo, NULL) : operator_configured(path, NULL, NULL, fn, arg);
}

/* " name='value'", as libpq reads it. */
static void operator_part(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, " %s='", name);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *c);
    }
    buf_addc(out, '\'');
}

/* conninfo without whose it is; the caller frees it.  What libpq cannot read stays, for it to tell. */
static char *operator_nobody(const char *conninfo)
{
    PQconninfoOption *parts = PQconninfoParse(conninfo, NULL);
    struct buf out;
    char *made;

    if (parts == NULL)
        return xstrdup(conninfo);
    buf_init(&out, OPERATOR_CONNINFO_MAX);
    for (const PQconninfoOption *p = parts; p->keyword != NULL; p++)
        if (p->val != NULL && strcmp(p->keyword, "user") != 0 && strcmp(p->keyword, "password") != 0 &&
            strcmp(p->keyword, "passfile") != 0)
            operator_part(&out, p->keyword, p->val);
    PQconninfoFree(parts);
    made = xstrdup(buf_str(&out));
    buf_fini(&out);
    return made;
}

int operator_run_self(const char *path, const char *usual, const char *conninfo, operator_fn *fn, void *arg)
{
    operator_sign();
    if (path == NULL && conninfo != NULL)
        return fn(arg, conninfo, NULL);
    return operator_configured(path != NULL ? path : usual, conninfo, operator_nobody, fn, arg);
}

const char *operator_hint(const char *error)
{
    return strstr(error, "permission denied") != NULL
        ? "; this is for members of kheya_operator: log in as yourself (--database 'dbname=kheya user=...')" : "";
}

const char *operator_login(void)
{
    const char *name = getenv("SUDO_USER");

    if (name == NULL || name[0] == '\0')
        name = getlogin();
    if (name == NULL || name[0] == '\0')
        name = getenv("USER");
    return name != NULL ? name : "";
}

/* text without blanks and hyphens; false: longer than fits. */
static bool operator_bare(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (const char *s = text; *s != '\0'; s++) {
        if (*s == ' ' || *s == '-')
            continue;
        if (n + 1 == size)
            return false;
        out[n++] = *s;
    }
    out[n] = '\0';
    return true;
}

int64_t operator_case(const char *text)
{
    char digits[11];

    if (!operator_bare(text, digits, sizeof digits) || strspn(digits, "0123456789") != 10 || !damm_valid(digits, 10))
        return 0;
    return strtoll(digits, NULL, 10);
}

bool operator_msisdn(const char *text, char out[EVENT_MSISDN_MAX])
{
    char digits[EVENT_MSISDN_MAX];

    return operator_bare(text, digits, sizeof digits) && profile_msisdn(out, digits, strlen(digits));
}

bool operator_mobile(const char *text, char out[EVENT_MSISDN_MAX])
{
    return operator_msisdn(text, out) && strlen(out) == 13 && strncmp(out, "8801", 4) == 0 && out[4] >= '3';
}
