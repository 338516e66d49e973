#include "cli/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/damm.h"
#include "wire/profile.h"

#define OPERATOR_ERRORS_MAX (256u * 1024)

int operator_run(const char *path, const char *conninfo, operator_fn *fn, void *arg)
{
    struct conf conf;
    struct buf errors;
    int status = 2;

    if (conninfo != NULL)
        return fn(arg, conninfo, NULL);
    buf_init(&errors, OPERATOR_ERRORS_MAX);
    if (conf_load(&conf, path, &errors))
        status = fn(arg, conf.database, &conf);
    fputs(buf_str(&errors), stderr);
    buf_fini(&errors);
    conf_free(&conf);
    return status;
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
