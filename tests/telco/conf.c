/*
 * conf.c - flags, file and account settings by two tables.
 */
#include "conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define SPECS_MAX 64

enum kind { KIND_TEXT = 0, KIND_INT, KIND_DURATION, KIND_WORD };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    long min, max;                      /* of KIND_TEXT: max octets with the NUL */
    const char *const *words;           /* KIND_WORD: their index is the value */
    const char *initial;
    const char *help;
};

static const char *const words_kind[] = { "ussd", "sms", NULL };
static const char *const words_session[] = { "its", "umr", "none", NULL };
static const char *const words_address[] = { "code", "dialled", "short", NULL };
static const char *const words_bool[] = { "off", "on", NULL };
static const char *const words_long[] = { "udh", "payload", NULL };
static const char *const words_receipt[] = { "DELIVRD", "EXPIRED", "UNDELIV", NULL };

#define A(member) offsetof(struct account_conf, member)

static const struct setting settings[] = {
    { "name", KIND_TEXT, A(name), 1, 16, NULL, "", "system_id" },
    { "password", KIND_TEXT, A(password), 0, 9, NULL, "secret", "of the bind" },
    { "kind", KIND_WORD, A(kind), 0, 0, words_kind, "ussd", "USSD centre or SMS centre" },
    { "code", KIND_TEXT, A(code), 1, 24, NULL, "*333#", "service code a person dials" },
    { "short", KIND_TEXT, A(short_code), 1, 21, NULL, "333", "number for SMS and for address=short" },
    { "prefix", KIND_TEXT, A(prefixes), 0, 64, NULL, "", "subscribers of this account, 88017/88013; empty = all others" },
    { "session", KIND_WORD, A(session), 0, 0, words_session, "its", "TLV that names a dialogue" },
    { "end-bit", KIND_WORD, A(end_bit), 0, 0, words_bool, "off", "last bit of its_session_info ends the dialogue" },
    { "address", KIND_WORD, A(address), 0, 0, words_address, "code", "destination: *333#, all that was dialled, 333" },
    { "dcs", KIND_INT, A(dcs), 0, 255, NULL, "15", "data_coding of the GSM 7-bit text we send on USSD" },
    { "septets", KIND_INT, A(septets), 1, 182, NULL, "182", "longest GSM 7-bit page" },
    { "units", KIND_INT, A(units), 1, 80, NULL, "80", "longest UCS2 page" },
    { "idle", KIND_DURATION, A(idle_ms), 1, 3600000, NULL, "30s", "the person may think so long" },
    { "reply", KIND_DURATION, A(reply_ms), 1, 3600000, NULL, "30s", "the application may take so long" },
    { "total", KIND_DURATION, A(total_ms), 1, 3600000, NULL, "150s", "a dialogue may last so long" },
    { "abort", KIND_INT, A(abort_op), -1, 255, NULL, "129", "operation that tells of an abort, -1 = silence" },
    { "push", KIND_WORD, A(push), 0, 0, words_bool, "off", "the application may start a dialogue" },
    { "binds", KIND_INT, A(binds), 1, 64, NULL, "16", "binds at once" },
    { "window", KIND_INT, A(window), 1, 1000, NULL, "100", "deliver_sm outstanding per bind" },
    { "queue", KIND_INT, A(queue), 0, 1000000, NULL, "100000", "deliver_sm waiting" },
    { "resp", KIND_DURATION, A(resp_ms), 1, 3600000, NULL, "10s", "deliver_sm_resp is due within" },
    { "resend", KIND_INT, A(resend), 0, 10, NULL, "0", "times an unanswered USSD deliver_sm is sent again" },
    { "long", KIND_WORD, A(sms_long), 0, 0, words_long, "udh", "how a long SMS of a person is sent" },
    { "receipt-delay", KIND_DURATION, A(receipt_ms), 0, 3600000, NULL, "200ms", "delivery report after" },
    { "receipt", KIND_WORD, A(receipt), 0, 0, words_receipt, "DELIVRD", "what it says" },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

bool conf_int(const char *s, long min, long max, int *value)
{
    char *end;
    long v;

    errno = 0;
    v = strtol(s, &end, 10);
    if (errno != 0 || end == s || *end != '\0' || v < min || v > max)
        return false;
    *value = (int)v;
    return true;
}

bool conf_duration(const char *s, int *ms)
{
    static const struct {
        const char *name;
        long ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "", 1000 } };
    char *end;
    long v;

    errno = 0;
    v = strtol(s, &end, 10);
    if (errno != 0 || end == s || v < 0 || v > 3600000)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].name) == 0 && v * units[i].ms <= 3600000) {
            *ms = (int)(v * units[i].ms);
            return true;
        }
    return false;
}

bool conf_host_port(const char *s, char *host, size_t size, int *port)
{
    const char *colon = strrchr(s, ':');
    size_t n = colon ? (size_t)(colon - s) : 0;

    if (!colon || n == 0 || n >= size || !conf_int(colon + 1, 0, 65535, port))
        return false;
    memcpy(host, s, n);
    host[n] = '\0';
    if (strcmp(host, "localhost") == 0)
        snprintf(host, size, "127.0.0.1");
    return strncmp(host, "127.", 4) == 0;
}

static void say_expected(const struct setting *s, const char *value, char *error, size_t size)
{
    int n = snprintf(error, size, "%s: '%.40s' is not ", s->name, value);

    if (n < 0 || (size_t)n >= size)
        return;
    error += n;
    size -= (size_t)n;
    if (s->kind == KIND_TEXT)
        snprintf(error, size, "%ld to %ld octets", s->min, s->max - 1);
    else if (s->kind == KIND_INT)
        snprintf(error, size, "a number from %ld to %ld", s->min, s->max);
    else if (s->kind == KIND_DURATION)
        snprintf(error, size, "a duration like 200ms or 30s, at most an hour");
    else
        snprintf(error, size, "one of %s %s %s", s->words[0], s->words[1], s->words[2] ? s->words[2] : "");
}

static bool set_value(const struct setting *s, struct account_conf *a, const char *value)
{
    void *at = (char *)a + s->offset;
    size_t len = strlen(value);

    if (s->kind == KIND_TEXT) {
        if (len < (size_t)s->min || len >= (size_t)s->max)
            return false;
        memcpy(at, value, len + 1);
        return true;
    }
    if (s->kind == KIND_INT)
        return conf_int(value, s->min, s->max, at);
    if (s->kind == KIND_DURATION)
        return conf_duration(value, at) && *(int *)at >= s->min;
    for (int i = 0; s->words[i]; i++)
        if (strcmp(s->words[i], value) == 0) {
            *(int *)at = i;
            return true;
        }
    return false;
}

bool conf_account_set(struct account_conf *a, const char *name, const char *value, char *error, size_t size)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        struct account_conf changed = *a;

        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (!set_value(&settings[i], &changed, value)) {
            say_expected(&settings[i], value, error, size);
            return false;
        }
        *a = changed;
        return true;
    }
    snprintf(error, size, "unknown setting '%.40s'", name);
    return false;
}

/* While reading: accounts are built last, so that the order of flags does not matter. */
struct specs {
    struct account_conf initial;
    size_t count;
    char *spec[SPECS_MAX];
};

/* system_id:password:kind, then settings as name=value, commas between. */
static bool build_account(struct account_conf *a, char *spec, char *error, size_t size)
{
    static const char *const leading[] = { "name", "password", "kind" };
    char *comma, *part = spec;

    for (size_t k = 0; part; part = comma, k++) {
        char *eq = strchr(part, '=');

        comma = strchr(part, ',');
        if (comma)
            *comma++ = '\0';
        if (k == 0 && (!eq || strchr(part, ':'))) {
            char *next = part;

            for (size_t i = 0; i < 3 && next; i++) {
                char *here = next;

                next = strchr(here, ':');
                if (next)
                    *next++ = '\0';
                if (!conf_account_set(a, leading[i], here, error, size))
                    return false;
            }
            continue;
        }
        if (!eq) {
            snprintf(error, size, "account: '%.40s' is not name=value", part);
            return false;
        }
        *eq = '\0';
        if (!conf_account_set(a, part, eq + 1, error, size))
            return false;
    }
    if (a->name[0] == '\0') {
        snprintf(error, size, "account: no name");
        return false;
    }
    return true;
}

static bool add_policy(struct conf *c, const char *value, char *error, size_t size)
{
    char name[32], action[16] = "";
    int status = 0;
    int n = sscanf(value, "%31[a-z_]=%15[a-z]:%i", name, action, &status);
    enum violation v = n >= 2 ? report_violation_find(name) : VIOLATIONS;

    if (v == VIOLATIONS || (strcmp(action, "accept") != 0 && strcmp(action, "refuse") != 0) ||
        c->policy_count == POLICIES_MAX) {
        snprintf(error, size, "on: '%.60s' is not VIOLATION=accept or VIOLATION=refuse[:STATUS]", value);
        return false;
    }
    c->policies[c->policy_count++] = (struct policy_conf){ (int)v, strcmp(action, "refuse") == 0, (uint32_t)status };
    return true;
}

static bool read_file(struct conf *c, struct specs *specs, const char *path, int depth, char *error, size_t size);

static bool set_global(struct conf *c, struct specs *specs, const char *name, const char *value, int depth,
                       char *error, size_t size)
{
    bool ok;

    if (strcmp(name, "on") == 0)
        return add_policy(c, value, error, size);
    if (strcmp(name, "config") == 0)
        return read_file(c, specs, value, depth + 1, error, size);
    if (strcmp(name, "account") == 0) {
        if (specs->count == ACCOUNTS_MAX) {
            snprintf(error, size, "account: more than %d", ACCOUNTS_MAX);
            return false;
        }
        specs->spec[specs->count] = strdup(value);
        return specs->spec[specs->count++] != NULL;
    }
    if (strcmp(name, "port") == 0)
        ok = conf_int(value, 0, 65535, &c->port);
    else if (strcmp(name, "sms-port") == 0)
        ok = conf_int(value, -1, 65535, &c->sms_port);
    else if (strcmp(name, "control") == 0)
        ok = conf_host_port(value, c->control_host, sizeof(c->control_host), &c->control_port);
    else if (strcmp(name, "phones") == 0)
        ok = conf_int(value, 1, 1000000, &c->phones_max);
    else if (strcmp(name, "events") == 0)
        ok = conf_int(value, 0, 1000000, &c->events_max);
    else
        return conf_account_set(&specs->initial, name, value, error, size);
    if (!ok)
        snprintf(error, size, "%s: '%.60s' is not a number in range or a loopback HOST:PORT", name, value);
    return ok;
}

static bool read_file(struct conf *c, struct specs *specs, const char *path, int depth, char *error, size_t size)
{
    char line[512], *value;
    FILE *f = depth < 4 ? fopen(path, "re") : NULL;
    int number = 0;
    bool ok = true;

    if (!f) {
        snprintf(error, size, "%.200s: %s", path, depth < 4 ? strerror(errno) : "files nest too deep");
        return false;
    }
    while (ok && fgets(line, sizeof(line), f)) {
        char why[200];

        number++;
        line[strcspn(line, "\r\n")] = '\0';
        value = line + strspn(line, " \t");
        if (*value == '\0' || *value == '#')
            continue;
        memmove(line, value, strlen(value) + 1);
        value = line + strcspn(line, " \t");
        if (*value != '\0')
            *value++ = '\0';
        value += strspn(value, " \t");
        ok = set_global(c, specs, line, value, depth, why, sizeof(why));
        if (!ok)
            snprintf(error, size, "%.200s:%d: %s", path, number, why);
    }
    fclose(f);
    return ok;
}

static bool build_accounts(struct conf *c, struct specs *specs, char *error, size_t size)
{
    static const char *const standard[] = { "ussd:secret:ussd", "sms:secret:sms" };

    if (specs->count == 0)
        for (size_t i = 0; i < 2; i++)
            specs->spec[specs->count++] = strdup(standard[i]);
    for (size_t i = 0; i < specs->count; i++) {
        struct account_conf *a = &c->accounts[i];

        *a = specs->initial;
        if (!specs->spec[i] || !build_account(a, specs->spec[i], error, size))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->accounts[k].name, a->name) == 0) {
                snprintf(error, size, "account: '%s' twice", a->name);
                return false;
            }
        c->account_count++;
    }
    return true;
}

bool conf_args(struct conf *c, int argc, char **argv, char *error, size_t size)
{
    struct specs specs = { .count = 0 };
    bool ok = true;

    memset(c, 0, sizeof(*c));
    c->port = 2775;
    c->sms_port = -1;
    snprintf(c->control_host, sizeof(c->control_host), "127.0.0.1");
    c->control_port = 8334;
    c->phones_max = 200000;
    c->events_max = 20000;
    for (size_t i = 1; i < SETTINGS; i++)   /* [0] is the name, which has no default */
        ok = ok && conf_account_set(&specs.initial, settings[i].name, settings[i].initial, error, size);
    for (int i = 1; ok && i < argc; i += 2) {
        if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) {
            snprintf(error, size, "'%.60s': expected --SETTING VALUE (telco --help)", argv[i]);
            ok = false;
            break;
        }
        ok = set_global(c, &specs, argv[i] + 2, argv[i + 1], 0, error, size);
    }
    ok = ok && build_accounts(c, &specs, error, size);
    for (size_t i = 0; i < specs.count; i++)
        free(specs.spec[i]);
    return ok;
}

void conf_help(void)
{
    for (size_t i = 1; i < SETTINGS; i++)
        printf("  --%-14s %-8s %s\n", settings[i].name, settings[i].initial, settings[i].help);
}
