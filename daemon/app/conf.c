#include "app/conf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "menu/yaml.h"
#include "wire/signed.h"

#define CONF_ARENA_MAX (4u << 20)
#define CONF_FILE_MAX (256 * 1024)

enum conf_type {
    CONF_STRING = 0,                    /* const char * */
    CONF_NUMBER,                        /* int, min..max */
    CONF_TIME,                          /* int, ms; "800ms" "30s" "2m" "24h" */
    CONF_BOOL,                          /* bool */
    CONF_ENUM,                          /* int: index in values */
    CONF_OPS,                           /* struct profile_ops: list of 0..255 */
    CONF_OCTET,                         /* uint8_t */
    CONF_MASK,                          /* uint16_t, hexadecimal */
    CONF_TEXT,                          /* char[size] inside the struct */
    CONF_SET,                           /* unsigned: a bit for each name in values */
    CONF_HOURS,                         /* struct outbox_hours */
    CONF_TYPES,
};

struct conf_key {
    const char *name;
    enum conf_type type;
    size_t offset;
    int64_t min, max;                   /* number, time in ms; text: max = size */
    const char *fallback;               /* as written in the file; NULL: must be given */
    const char *const *values;          /* enum, set */
    const char *help;
};

static const char *const conf_levels[] = { "err", "warn", "info", "debug", NULL };
static const char *const conf_kinds[] = { "kannel", "http", NULL };
static const char *const conf_rights[] = { "read", "events", "phones", NULL };          /* by enum api_right */
static const char *const conf_channels[] = { "ussd", "sms", NULL };
static const char *const conf_pushes[] = { "none", "notice", "dialogue", NULL };
static const char *const conf_sessions[] = { "its_session_info", "user_message_reference", "msisdn", NULL };
static const int conf_level_of[] = { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#define MINUTE INT64_C(60000)
#define AT(struct_, field) offsetof(struct struct_, field)

static const struct conf_key conf_root_keys[] = {
    { "database", CONF_STRING, AT(conf, database), 0, 0, NULL, NULL,
      "libpq connection string; passwords come from PGPASSFILE or the environment" },
    { "menus", CONF_STRING, AT(conf, menus), 0, 0, "menus", NULL, "folder of the menu tree" },
    { "pid_file", CONF_STRING, AT(conf, pid_file), 0, 0, "", NULL, "locked while the daemon runs; empty: none" },
    { "state", CONF_STRING, AT(conf, state), 0, 0, "", NULL,
      "folder of this process alone, where it keeps the warnings that are on, for a start while the database is away; empty: none" },
    { "secret", CONF_STRING, AT(conf, secret), 0, 0, "", NULL,
      "file of 32 random octets, the same for all processes; consent codes, PINs and names of HTTP answers are hashed under it, "
      "sensitive values of cases encrypted; "
      "empty: one for each start, no PINs, and no such cases" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_http_keys[] = {
    { "address", CONF_STRING, AT(conf, http_address), 0, 0, "127.0.0.1:8333", NULL,
      "where HTTP is served; loopback, TLS is a reverse proxy's job; empty: nowhere" },
    { "handset", CONF_STRING, AT(conf, http_handset), 0, 0, "", NULL,
      "control address of a telco simulator for the /handset page; empty: no page" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_limit_keys[] = {
    { "sessions", CONF_NUMBER, AT(conf, sessions), 10, 5000000, "100000", NULL, "dialogues in memory" },
    { "hold", CONF_TIME, AT(conf, hold_ms), 0, 10000, "1500ms", NULL,
      "how long an event waits for a database that fell before the busy page is sent" },
    { "stall", CONF_TIME, AT(conf, stall_ms), 200, MINUTE, "3s", NULL,
      "a database that leaves a batch unanswered so long counts as fallen" },
    { "retire", CONF_TIME, AT(conf, retire_ms), 0, 480 * 60 * MINUTE, "72h", NULL,
      "so long after newer menus were published, dialogues of the old ones go on under them; 0s: by order only" },
    { "batch", CONF_NUMBER, AT(conf, batch_rows), 1, 4096, "512", NULL, "sessions written by one statement" },
    { "readers", CONF_NUMBER, AT(conf, readers), 1, 64, "4", NULL, "database connections for the menus' queries" },
    { "sms_in_flight", CONF_NUMBER, AT(conf, sms_in_flight), 1, 10000, "200", NULL,
      "messages of one sms channel handed to bearerbox that no SMSC has taken yet" },
    { "texts", CONF_NUMBER, AT(conf, texts_hour), 1, 10000, "30", NULL,
      "text messages of one number that are answered in an hour" },
    { "texts_fruitless", CONF_NUMBER, AT(conf, texts_fruitless), 1, 1000, "8", NULL,
      "text messages of one number that are answered in a day though they lead nowhere, one after the other: "
      "two machines that answer each other, however slowly, stop here" },
    { "lookups", CONF_NUMBER, AT(conf, lookups), 1, 100000, "30", NULL,
      "questions that look people up (people: yes, menus(5)) of one number in an hour; then she is told to wait" },
    { "lookups_agent", CONF_NUMBER, AT(conf, lookups_agent), 1, 100000, "200", NULL,
      "the same of an agent of a digital centre" },
    { "lookups_link", CONF_NUMBER, AT(conf, lookups_link), 1, 10000000, "90000", NULL,
      "the same of all numbers of one link, in a minute" },
    { "lookups_all", CONF_NUMBER, AT(conf, lookups_all), 1, 10000000, "150000", NULL,
      "the same of all numbers of this process, in a minute" },
    { "hooks", CONF_NUMBER, AT(conf, hooks), 2, 1000, "200", NULL,
      "requests to back ends in flight; one back end takes at most half of them" },
    { "refused_days", CONF_NUMBER, AT(conf, refused_days), 1, 3650, "30", NULL,
      "days that a letter which an agency's system refused for good is kept for kheya backend; then it is gone" },
    { "api", CONF_NUMBER, AT(conf, api), 2, 1000, "64", NULL,
      "requests of agencies' systems under way; one key takes at most half of them" },
    { "api_window", CONF_TIME, AT(conf, api_window_ms), 1000, 60 * MINUTE, "5m", NULL,
      "how far the time of an agency's signature may be from ours" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_message_keys[] = {
    { "quiet", CONF_HOURS, AT(conf, quiet), 0, 0, "00:00-06:00", NULL,
      "hours of Bangladesh in which no gov_info or service_info goes to those who did not ask for it; empty: none" },
    { "cap", CONF_NUMBER, AT(conf, day_cap), 0, 1000, "3", NULL,
      "so many of these to one number in a day, the rest waits for the next; 0: no limit" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_tape_keys[] = {
    { "keep", CONF_TIME, AT(conf, tape_ms), 0, 480 * 60 * MINUTE, "0s", NULL,
      "steps of dialogues, without secrets, are kept so long for kheya replay, funnel and cost; 0s: none are" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_officer_keys[] = {
    { "digest", CONF_NUMBER, AT(conf, officer_digest), -1, 23, "9", NULL,
      "hour of the day, on working days, at which officers are told what waits for them; -1: never" },
    { "texts", CONF_NUMBER, AT(conf, officer_texts), 1, 10000, "120", NULL,
      "commands by text message that one officer may give in an hour" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_log_keys[] = {
    { "level", CONF_ENUM, AT(conf, log_level), 0, 0, "info", conf_levels, "most talkative level that is logged" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_link_keys[] = {
    { "kind", CONF_ENUM, AT(conf_link, kind), 0, 0, NULL, conf_kinds, "a bearerbox, or an HTTP aggregator" },
    { "address", CONF_STRING, AT(conf_link, address), 0, 0, "127.0.0.1:13001", NULL,
      "kannel: numeric address and smsbox-port of the bearerbox" },
    { "box_id", CONF_STRING, AT(conf_link, box_id), 0, 0, "kheya", NULL,
      "kannel: our smsbox-id; bearerbox needs an smsbox-route for it" },
    { "style", CONF_STRING, AT(conf_link, style), 0, 0, "africastalking", NULL, "http: the aggregator's dialect" },
    { "enquiry_poisha", CONF_NUMBER, AT(conf_link, enquiry_poisha), 0, 100000, "40", NULL,
      "what a block of 90 s of an enquiry costs there, for kheya cost" },
    { "transaction_poisha", CONF_NUMBER, AT(conf_link, transaction_poisha), 0, 100000, "85", NULL,
      "and of a transaction, in which a case is opened or moved or a payment asked for" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_profile_keys[] = {
    { "channel", CONF_ENUM, AT(profile, channel), 0, 0, "ussd", conf_channels, "what this SMSC id carries" },
    { "septets", CONF_NUMBER, AT(profile, limits.septets), 20, 182, "160", NULL, "of a page in the GSM alphabet" },
    { "units", CONF_NUMBER, AT(profile, limits.units), 20, 80, "70", NULL, "of a page in UCS-2" },
    { "idle", CONF_TIME, AT(profile, limits.idle_ms), 1000, 10 * MINUTE, "30s", NULL,
      "the network ends a dialogue left unanswered so long" },
    { "total", CONF_TIME, AT(profile, limits.total_ms), 1000, 60 * MINUTE, "150s", NULL,
      "and any dialogue after so long" },
    { "resend_window", CONF_TIME, AT(profile, limits.resend_ms), 0, 5000, "800ms", NULL,
      "the same answer within it is the telco's own resend" },
    { "begin", CONF_OPS, AT(profile, begin), 0, 255, "[1]", NULL, "ussd_service_op of a new dialogue" },
    { "answer", CONF_OPS, AT(profile, answer), 0, 255, "[18, 2]", NULL, "ussd_service_op of an answer" },
    { "abort", CONF_OPS, AT(profile, abort), 0, 255, "[129]", NULL, "ussd_service_op of the network's release" },
    { "continue", CONF_OCTET, AT(profile, send_continue), 0, 255, "2", NULL, "sent with a page that asks" },
    { "end", CONF_OCTET, AT(profile, send_end), 0, 255, "17", NULL, "sent with the last page" },
    { "push", CONF_ENUM, AT(profile, push), 0, 0, "none", conf_pushes,
      "what this network lets us begin: notices (USSN), or dialogues (USSR) too" },
    { "notice", CONF_OCTET, AT(profile, send_notice), 0, 255, "3", NULL, "sent with a page that nobody asked for" },
    { "notified", CONF_OPS, AT(profile, notified), 0, 255, "[19]", NULL,
      "ussd_service_op that tells that a notice was shown; []: this network does not tell" },
    { "session", CONF_ENUM, AT(profile, session), 0, 0, "its_session_info", conf_sessions,
      "what names a dialogue" },
    { "end_bit", CONF_BOOL, AT(profile, end_bit), 0, 0, "no", NULL, "last bit of its_session_info ends the dialogue" },
    { "session_mask", CONF_MASK, AT(profile, session_mask), 0, 0xffff, "ffff", NULL,
      "bits of its_session_info that stay the same in a dialogue" },
    { "send_validity", CONF_BOOL, AT(profile, send_validity), 0, 0, "yes", NULL,
      "give pages an expiry; some gateways refuse validity_period" },
    { "data_coding", CONF_NUMBER, AT(profile, data_coding), -1, 255, "-1", NULL,
      "data_coding forced on GSM pages, often 15; -1: none" },
    { "accept_unmarked", CONF_BOOL, AT(profile, accept_unmarked), 0, 0, "no", NULL,
      "take messages without ussd_service_op" },
    { "code", CONF_TEXT, AT(profile, code), 0, EVENT_CODE_MAX, "", NULL, "code assumed when a message names none" },
    { "priority", CONF_NUMBER, AT(profile, priority), -1, 3, "-1", NULL, "of messages inside bearerbox; -1: its own" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

/* Keys of an SMSC id that are not its profile's. */
static const struct conf_key conf_way_keys[] = {
    { "sender", CONF_STRING, AT(conf_way, sender), 0, 0, "333", NULL, "sms: number or name that messages come from" },
    { "rate", CONF_NUMBER, AT(conf_way, rate), 0, 100000, "100", NULL, "sms: segments sent in a second; 0: no limit" },
    { "sms", CONF_STRING, AT(conf_way, sms), 0, 0, "", NULL,
      "ussd: the smsc id whose messages reach those who dial here; empty: the first with channel sms" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

static const struct conf_key conf_api_keys[] = {
    { "agency", CONF_STRING, AT(conf_api, agency), 0, 0, "", NULL,
      "whose cases it sees, as the services of the menus name it; empty: the key's own name" },
    { "key", CONF_STRING, AT(conf_api, key), 0, 0, NULL, NULL,
      "file of the secret that signs its requests, 16 octets or more, below the folder of this file" },
    { "rights", CONF_SET, AT(conf_api, rights), 0, 0, "read, events", conf_rights,
      "what it may do: read its cases, post events to them, see whole phone numbers" },
    { NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};

struct conf_reader {
    struct conf *conf;
    struct arena *arena;
    struct buf *errors;
    const char *path;
    bool failed;
};

__attribute__((format(printf, 3, 4)))
static void conf_error(struct conf_reader *r, const struct yaml_node *at, const char *fmt, ...)
{
    va_list ap;
    char text[512];

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_addf(r->errors, "%s:%d:%d: error: %s\n", r->path, at != NULL ? at->pos.line : 1,
             at != NULL ? at->pos.column : 1, text);
    r->failed = true;
}

/* --- values ------------------------------------------------------------------- */

static bool conf_number(const char *s, int64_t min, int64_t max, int base, int64_t *out)
{
    char *end;
    long long v;

    errno = 0;
    v = strtoll(s, &end, base);
    if (end == s || *end != '\0' || errno != 0 || v < min || v > max)
        return false;
    *out = v;
    return true;
}

static bool conf_time(const char *s, int64_t min, int64_t max, int64_t *out)
{
    static const struct { const char *name; int64_t ms; } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };
    char *end;
    long long v;

    errno = 0;
    v = strtoll(s, &end, 10);
    if (end == s || errno != 0 || v < 0 || v > INT32_MAX)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].name) == 0) {
            *out = v * units[i].ms;
            return *out >= min && *out <= max;
        }
    return false;
}

static bool conf_bool(const char *s, bool *out)
{
    *out = strcmp(s, "yes") == 0 || strcmp(s, "true") == 0;
    return *out || strcmp(s, "no") == 0 || strcmp(s, "false") == 0;
}

static int conf_value(const char *const *values, const char *s)
{
    for (int i = 0; values[i] != NULL; i++)
        if (strcmp(values[i], s) == 0)
            return i;
    return -1;
}

/* "[18, 2]" as a default, or the items of a sequence. */
static bool conf_ops(const char *const *items, int count, struct profile_ops *out)
{
    int64_t v;

    if (count > PROFILE_OPS)
        return false;
    out->n = 0;
    for (int i = 0; i < count; i++) {
        if (!conf_number(items[i], 0, 255, 0, &v))
            return false;
        out->op[out->n++] = (uint8_t)v;
    }
    return true;
}

/* "read, events" as a default, or the items of a sequence: names of values. */
static bool conf_bits(const char *const *values, const char *s, const char *const *items, int count, unsigned *out)
{
    char name[32];
    size_t n;

    *out = 0;
    for (int i = 0; items != NULL && i < count; i++) {
        int bit = conf_value(values, items[i]);

        if (bit < 0)
            return false;
        *out |= 1u << bit;
    }
    for (; items == NULL && *s != '\0'; s += n + strspn(s + n, ", ")) {
        n = strcspn(s, ", ");
        if (n >= sizeof name)
            return false;
        memcpy(name, s, n);
        name[n] = '\0';
        if (conf_value(values, name) < 0)
            return false;
        *out |= 1u << conf_value(values, name);
    }
    return *out != 0;
}

/* What a key wants, in words, for its error line. */
static void conf_expected(const struct conf_key *k, char *out, size_t n)
{
    size_t len;

    switch (k->type) {
    case CONF_STRING:
        snprintf(out, n, "a text");
        break;
    case CONF_NUMBER:
    case CONF_OCTET:
        snprintf(out, n, "a whole number from %" PRId64 " to %" PRId64, k->min, k->max);
        break;
    case CONF_TIME:
        snprintf(out, n, "a time from %" PRId64 "ms to %" PRId64 "s, written as 800ms, 30s, 2m, 24h or 7d", k->min,
                 k->max / 1000);
        break;
    case CONF_BOOL:
        snprintf(out, n, "yes or no");
        break;
    case CONF_ENUM:
    case CONF_SET:
        len = (size_t)snprintf(out, n, k->type == CONF_SET ? "some of" : "one of");
        for (int i = 0; k->values[i] != NULL && len < n; i++)
            len += (size_t)snprintf(out + len, n - len, " %s", k->values[i]);
        break;
    case CONF_OPS:
        snprintf(out, n, "a list of at most %d numbers from 0 to 255", PROFILE_OPS);
        break;
    case CONF_MASK:
        snprintf(out, n, "up to four hexadecimal digits");
        break;
    case CONF_HOURS:
        snprintf(out, n, "hours like 00:00-06:00, 13:00-13:30, at most %d, in quotes", OUTBOX_SPANS_MAX);
        break;
    case CONF_TEXT:
        snprintf(out, n, "a text of at most %" PRId64 " characters", k->max - 1);
        break;
    case CONF_TYPES:
        abort();
    }
}

/* Store one scalar (or the list in items) at k's place in base. */
static bool conf_store(struct conf_reader *r, const struct conf_key *k, void *base, const char *s,
                       const char *const *items, int count)
{
    char *at = (char *)base + k->offset;
    int64_t v = 0;
    bool ok = s != NULL;

    switch (k->type) {
    case CONF_STRING:
        if (ok)
            *(const char **)(void *)at = arena_strdup(r->arena, s);
        return ok;
    case CONF_NUMBER:
        ok = ok && conf_number(s, k->min, k->max, 10, &v);
        break;
    case CONF_TIME:
        ok = ok && conf_time(s, k->min, k->max, &v);
        break;
    case CONF_BOOL:
        return ok && conf_bool(s, (bool *)(void *)at);
    case CONF_ENUM:
        v = ok ? conf_value(k->values, s) : -1;
        ok = v >= 0;
        break;
    case CONF_OPS:
        return items != NULL && conf_ops(items, count, (struct profile_ops *)(void *)at);
    case CONF_OCTET:
        ok = ok && conf_number(s, k->min, k->max, 0, &v);
        if (ok)
            *(uint8_t *)(void *)at = (uint8_t)v;
        return ok;
    case CONF_MASK:
        ok = ok && conf_number(s, k->min, k->max, 16, &v);
        if (ok)
            *(uint16_t *)(void *)at = (uint16_t)v;
        return ok;
    case CONF_SET:
        return (items != NULL || ok) && conf_bits(k->values, s, items, count, (unsigned *)(void *)at);
    case CONF_HOURS:
        return ok && outbox_hours_parse((struct outbox_hours *)(void *)at, s);
    case CONF_TEXT:
        ok = ok && strlen(s) < (size_t)k->max;
        if (ok)
            memcpy(at, s, strlen(s) + 1);
        return ok;
    case CONF_TYPES:
        abort();
    }
    if (ok)
        *(int *)(void *)at = (int)v;
    return ok;
}

/* --- maps ----------------------------------------------------------------------- */

static const struct yaml_node *conf_get(const struct yaml_node *map, const char *name)
{
    for (int i = 0; i < map->count; i++)
        if (yaml_is(yaml_key(map, i), name))
            return yaml_value(map, i);
    return NULL;
}

static void conf_defaults(struct conf_reader *r, const struct conf_key *keys, void *base)
{
    static const char *const begin[] = { "1" };
    static const char *const answer[] = { "18", "2" };
    static const char *const abort_[] = { "129" };
    static const char *const notified[] = { "19" };

    for (const struct conf_key *k = keys; k->name != NULL; k++) {
        if (k->type == CONF_OPS) {
            const char *const *items = strcmp(k->name, "begin") == 0 ? begin
                                       : strcmp(k->name, "answer") == 0 ? answer
                                       : strcmp(k->name, "notified") == 0 ? notified : abort_;

            (void)conf_store(r, k, base, NULL, items, items == answer ? 2 : 1);
        } else if (k->fallback != NULL) {
            (void)conf_store(r, k, base, k->fallback, NULL, 0);
        }
    }
}

static const struct conf_key *conf_key_find(const struct conf_key *keys, const char *name)
{
    for (const struct conf_key *k = keys; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static void conf_set(struct conf_reader *r, const struct conf_key *k, void *base, const struct yaml_node *value)
{
    const char *items[PROFILE_OPS + 1];
    char expected[256];
    int count = 0;
    bool ok;

    if (value->kind == YAML_IS_LIST) {
        bool plain = true;

        for (int i = 0; i < value->count && count <= PROFILE_OPS; i++) {
            plain = plain && value->items[i]->kind == YAML_IS_SCALAR;
            items[count++] = plain ? value->items[i]->text : "";
        }
        ok = plain && conf_store(r, k, base, NULL, items, count);
    } else {
        ok = value->kind == YAML_IS_SCALAR && conf_store(r, k, base, value->text, NULL, 0);
    }
    if (!ok) {
        conf_expected(k, expected, sizeof expected);
        conf_error(r, value, "%s: expected %s", k->name, expected);
    }
}

/* Keys of map that are in none of the tables and not in extra. */
static void conf_unknown(struct conf_reader *r, const struct yaml_node *map, const struct conf_key *const *tables,
                         const char *const *extra)
{
    for (int i = 0; i < map->count; i++) {
        const char *name = yaml_key(map, i)->text;
        bool known = false;

        for (int t = 0; tables[t] != NULL && !known; t++)
            known = conf_key_find(tables[t], name) != NULL;
        for (int e = 0; extra[e] != NULL && !known; e++)
            known = strcmp(extra[e], name) == 0;
        if (!known)
            conf_error(r, yaml_key(map, i), "unknown key '%s'", name);
    }
}

/* Read the keys of one table from map (NULL: none is given). */
static void conf_read(struct conf_reader *r, const struct conf_key *keys, void *base, const struct yaml_node *map)
{
    for (const struct conf_key *k = keys; k->name != NULL; k++) {
        const struct yaml_node *value = map != NULL ? conf_get(map, k->name) : NULL;

        if (value != NULL)
            conf_set(r, k, base, value);
        else if (k->fallback == NULL)
            conf_error(r, map, "%s is missing: %s", k->name, k->help);
    }
}

static bool conf_is_map(struct conf_reader *r, const struct yaml_node *n, const char *name)
{
    if (n == NULL || n->kind == YAML_IS_MAP)
        return n != NULL;
    conf_error(r, n, "%s: expected keys and values", name);
    return false;
}

/* Keys of a profile that stand in the map of a link or of an SMSC id: all are optional there. */
static void conf_read_profile(struct conf_reader *r, struct profile *p, const struct yaml_node *map)
{
    for (const struct conf_key *k = conf_profile_keys; k->name != NULL; k++) {
        const struct yaml_node *value = conf_get(map, k->name);

        if (value != NULL)
            conf_set(r, k, p, value);
    }
}

/* Keys of way that the channel does not have. */
static void conf_check_way(struct conf_reader *r, const struct profile *p, const struct conf_way *way,
                           const struct yaml_node *map)
{
    static const struct { const char *key; enum profile_channel channel; } rows[] = {
        { "sender", PROFILE_SMS }, { "rate", PROFILE_SMS }, { "sms", PROFILE_USSD },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct yaml_node *at = conf_get(map, rows[i].key);

        if (at != NULL && p->channel != rows[i].channel)
            conf_error(r, at, "%s: on channel %s only", rows[i].key, conf_channels[rows[i].channel]);
    }
    if (strlen(way->sender) > 20)
        conf_error(r, conf_get(map, "sender"), "sender: expected a text of at most 20 characters");
}

static void conf_read_smsc(struct conf_reader *r, struct conf_link *link, const struct profile *model,
                           const struct yaml_node *key, const struct yaml_node *map)
{
    static const struct conf_key *const tables[] = { conf_profile_keys, conf_way_keys, NULL };
    static const char *const none[] = { NULL };
    struct conf_way *way;
    struct profile *p;

    if (!conf_is_map(r, map, key->text))
        return;
    if (link->profile_count == CONF_PROFILES_MAX || strlen(key->text) >= sizeof p->smsc_id) {
        conf_error(r, key, "smsc: at most %d ids of at most %zu characters", CONF_PROFILES_MAX,
                   sizeof p->smsc_id - 1);
        return;
    }
    p = &link->profiles[link->profile_count];
    way = &link->ways[link->profile_count++];
    *p = *model;
    memcpy(p->smsc_id, key->text, strlen(key->text) + 1);
    conf_unknown(r, map, tables, none);
    conf_read_profile(r, p, map);
    conf_defaults(r, conf_way_keys, way);
    conf_read(r, conf_way_keys, way, map);
    conf_check_way(r, p, way, map);
    if (p->channel == PROFILE_SMS) {
        p->limits.texts = true;
        p->limits.septets = EVENT_TEXT_SEPTETS;
        p->limits.units = EVENT_TEXT_UNITS;
    } else {
        way->sender = "";
    }
}

/* The index of an SMSC id that carries messages; -1 there is none. */
static int conf_sms_of(const struct conf_link *link, const char *id)
{
    for (int i = 0; i < link->profile_count; i++)
        if (link->profiles[i].channel == PROFILE_SMS && strcmp(link->profiles[i].smsc_id, id) == 0)
            return i;
    return -1;
}

static void conf_check_link(struct conf_reader *r, const struct conf_link *link, const struct yaml_node *smsc)
{
    for (int i = 0; i < link->profile_count; i++)
        if (link->ways[i].sms[0] != '\0' && conf_sms_of(link, link->ways[i].sms) < 0)
            conf_error(r, smsc, "smsc %s: sms: no smsc id '%s' with channel sms", link->profiles[i].smsc_id,
                       link->ways[i].sms);
}

static void conf_read_link(struct conf_reader *r, const struct yaml_node *key, const struct yaml_node *map)
{
    static const struct conf_key *const kannel_tables[] = { conf_link_keys, NULL };
    static const char *const kannel_extra[] = { "ussd", "smsc", NULL };
    static const struct conf_key *const http_tables[] = { conf_link_keys, conf_profile_keys, NULL };
    static const struct conf_key *const ussd_tables[] = { conf_profile_keys, NULL };
    static const char *const none[] = { NULL };
    struct conf *c = r->conf;
    const struct yaml_node *ussd;
    const struct yaml_node *smsc;
    struct conf_link *link;
    struct profile model;

    if (!conf_is_map(r, map, key->text))
        return;
    if (c->link_count == CONF_LINKS_MAX) {
        conf_error(r, key, "links: at most %d", CONF_LINKS_MAX);
        return;
    }
    if (key->len == 0 || key->len > CONF_LINK_NAME_MAX || strchr(key->text, '/') != NULL) {
        conf_error(r, key, "links: a name has 1 to %d characters and no /", CONF_LINK_NAME_MAX);
        return;
    }
    link = &c->links[c->link_count++];
    link->name = arena_strdup(r->arena, key->text);
    conf_defaults(r, conf_link_keys, link);
    conf_read(r, conf_link_keys, link, map);
    profile_init(&model);
    conf_defaults(r, conf_profile_keys, &model);
    if (link->kind == CONF_LINK_HTTP) {
        conf_unknown(r, map, http_tables, none);
        conf_read_profile(r, &model, map);
        link->ways[0] = (struct conf_way){ .sender = "", .sms = "" };
        link->profiles[link->profile_count++] = model;
        return;
    }
    conf_unknown(r, map, kannel_tables, kannel_extra);
    ussd = conf_get(map, "ussd");
    if (conf_is_map(r, ussd, "ussd")) {
        conf_unknown(r, ussd, ussd_tables, none);
        conf_read_profile(r, &model, ussd);
    }
    smsc = conf_get(map, "smsc");
    if (smsc == NULL) {                 /* no id is named: the link's profile takes all */
        conf_defaults(r, conf_way_keys, &link->ways[0]);
        link->ways[0].sender = "";
        link->profiles[link->profile_count++] = model;
        return;
    }
    if (!conf_is_map(r, smsc, "smsc"))
        return;
    for (int i = 0; i < smsc->count; i++)
        conf_read_smsc(r, link, &model, yaml_key(smsc, i), yaml_value(smsc, i));
    conf_check_link(r, link, smsc);
}

/* --- numbers by their first digits ------------------------------------------------ */

/* "gp", or "gp/sms2" for another of its SMSC ids than the first. */
static bool conf_is_lane(const struct conf *c, const char *name)
{
    size_t n = strcspn(name, "/");

    for (int i = 0; i < c->link_count; i++) {
        const struct conf_link *link = &c->links[i];
        bool sends = false;

        if (strlen(link->name) != n || memcmp(link->name, name, n) != 0)
            continue;
        if (name[n] == '/')
            return conf_sms_of(link, name + n + 1) >= 0;
        for (int k = 0; k < link->profile_count; k++)
            sends |= link->profiles[k].channel == PROFILE_SMS;
        return sends;
    }
    return false;
}

static void conf_read_prefix(struct conf_reader *r, const struct yaml_node *key, const struct yaml_node *value)
{
    struct conf *c = r->conf;

    if (c->prefix_count == CONF_PREFIXES_MAX) {
        conf_error(r, key, "prefixes: at most %d", CONF_PREFIXES_MAX);
        return;
    }
    if (key->len == 0 || key->len > 15 || strspn(key->text, "0123456789") != key->len) {
        conf_error(r, key, "prefixes: '%s': expected the first digits of numbers, like 88017", key->text);
        return;
    }
    if (value->kind != YAML_IS_SCALAR || !conf_is_lane(c, value->text)) {
        conf_error(r, value, "prefixes: expected a link that has an smsc id with channel sms, or LINK/SMSC");
        return;
    }
    c->prefixes[c->prefix_count++] = (struct store_prefix){ arena_strdup(r->arena, key->text),
                                                            arena_strdup(r->arena, value->text) };
}

static void conf_read_prefixes(struct conf_reader *r, const struct yaml_node *root)
{
    const struct yaml_node *map = conf_get(root, "messages");

    map = map != NULL && map->kind == YAML_IS_MAP ? conf_get(map, "prefixes") : NULL;
    if (!conf_is_map(r, map, "prefixes"))
        return;
    for (int i = 0; i < map->count; i++)
        conf_read_prefix(r, yaml_key(map, i), yaml_value(map, i));
}

static void conf_count_lanes(struct conf_reader *r, const struct yaml_node *links)
{
    int lanes = 0;

    for (int i = 0; i < r->conf->link_count; i++)
        for (int k = 0; k < r->conf->links[i].profile_count; k++)
            lanes += r->conf->links[i].profiles[k].channel == PROFILE_SMS;
    if (lanes > STORE_LANES_MAX)
        conf_error(r, links, "links: %d smsc ids with channel sms; at most %d", lanes, STORE_LANES_MAX);
}

/* A key of an agency's system: its name is sent in a header. */
static void conf_read_api(struct conf_reader *r, const struct yaml_node *key, const struct yaml_node *map)
{
    static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    static const struct conf_key *const tables[] = { conf_api_keys, NULL };
    static const char *const none[] = { NULL };
    struct conf *c = r->conf;
    struct conf_api *api;

    if (!conf_is_map(r, map, key->text))
        return;
    if (c->api_count == CONF_API_MAX) {
        conf_error(r, key, "api: at most %d keys", CONF_API_MAX);
        return;
    }
    if (strlen(key->text) > SIGNED_NAME_MAX || strspn(key->text, of) != strlen(key->text))
        conf_error(r, key, "api: the name of a key is at most %d letters, digits, '.', '_' or '-'", SIGNED_NAME_MAX);
    api = &c->apis[c->api_count++];
    api->name = arena_strdup(r->arena, key->text);
    api->key = "";
    conf_defaults(r, conf_api_keys, api);
    conf_unknown(r, map, tables, none);
    conf_read(r, conf_api_keys, api, map);
    if (api->agency[0] == '\0')
        api->agency = api->name;
    if (strlen(api->agency) > API_NAME_MAX)
        conf_error(r, map, "agency: expected a name of at most %d characters", API_NAME_MAX);
}

static const struct conf_section {
    const char *name;
    const struct conf_key *keys;
} conf_sections[] = {
    { "http", conf_http_keys },
    { "limits", conf_limit_keys },
    { "messages", conf_message_keys },
    { "tape", conf_tape_keys },
    { "officers", conf_officer_keys },
    { "log", conf_log_keys },
};

static void conf_read_root(struct conf_reader *r, const struct yaml_node *root)
{
    static const struct conf_key *const root_tables[] = { conf_root_keys, NULL };
    static const char *const root_extra[] = { "http", "limits", "messages", "tape", "officers", "log", "links", "api", NULL };
    const struct yaml_node *links;
    const struct yaml_node *apis;

    if (!conf_is_map(r, root, "file"))
        return;
    conf_unknown(r, root, root_tables, root_extra);
    conf_read(r, conf_root_keys, r->conf, root);
    for (size_t i = 0; i < sizeof conf_sections / sizeof conf_sections[0]; i++) {
        const struct conf_section *s = &conf_sections[i];
        const struct conf_key *const tables[] = { s->keys, NULL };
        const char *const extra[] = { s->keys == conf_message_keys ? "prefixes" : NULL, NULL };
        const struct yaml_node *map = conf_get(root, s->name);

        if (!conf_is_map(r, map, s->name))
            continue;
        conf_unknown(r, map, tables, extra);
        conf_read(r, s->keys, r->conf, map);
    }
    apis = conf_get(root, "api");
    if (conf_is_map(r, apis, "api"))
        for (int i = 0; i < apis->count; i++)
            conf_read_api(r, yaml_key(apis, i), yaml_value(apis, i));
    links = conf_get(root, "links");
    if (links == NULL)
        conf_error(r, root, "links is missing: name at least one way in");
    else if (conf_is_map(r, links, "links"))
        for (int i = 0; i < links->count; i++)
            conf_read_link(r, yaml_key(links, i), yaml_value(links, i));
    conf_read_prefixes(r, root);        /* they name links */
    conf_count_lanes(r, links);
}

/* The whole file, or NULL with an error line. */
static const struct yaml_node *conf_parse(struct conf_reader *r, struct menu_issues *issues)
{
    struct yaml_budget budget = { YAML_PARTS_MAX };
    struct yaml_file file = { .name = r->path };
    FILE *f = fopen(r->path, "re");
    char *data;

    if (f == NULL) {
        conf_error(r, NULL, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    data = xcalloc(1, CONF_FILE_MAX + 1);
    file.len = fread(data, 1, CONF_FILE_MAX + 1, f);
    file.data = data;
    if (ferror(f))
        conf_error(r, NULL, "cannot be read: %s", strerror(errno));
    else if (file.len > CONF_FILE_MAX)
        conf_error(r, NULL, "is larger than %d octets", CONF_FILE_MAX);
    fclose(f);
    if (!r->failed) {
        const struct yaml_node *root = yaml_read(r->arena, &file, &budget, issues);

        if (root == NULL && issues->count == 0)
            conf_error(r, NULL, "is empty");
        free(data);
        return root;
    }
    free(data);
    return NULL;
}

/* The folder of a path. */
static const char *conf_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? "." : slash == path ? "/" : arena_memdup0(arena, path, (size_t)(slash - path));
}

bool conf_load(struct conf *c, const char *path, struct buf *errors)
{
    struct conf_reader r = { .conf = c, .errors = errors, .path = path };
    struct menu_issues issues;
    const struct yaml_node *root;

    memset(c, 0, sizeof *c);
    r.arena = arena_new(CONF_ARENA_MAX);
    c->mem = r.arena;
    c->database = c->menus = c->pid_file = c->state = c->http_address = c->http_handset = "";
    c->folder = conf_folder(r.arena, path);
    conf_defaults(&r, conf_root_keys, c);
    for (size_t i = 0; i < sizeof conf_sections / sizeof conf_sections[0]; i++)
        conf_defaults(&r, conf_sections[i].keys, c);
    issues_init(&issues);
    root = conf_parse(&r, &issues);
    for (int i = 0; i < issues.count; i++) {
        buf_addf(errors, "%s:%d:%d: error: %s\n", path, issues.list[i].pos.line, issues.list[i].pos.column,
                 issues.list[i].text);
        r.failed = true;
    }
    menu_issues_free(&issues);
    if (root != NULL)
        conf_read_root(&r, root);
    c->log_level = conf_level_of[c->log_level];
    return !r.failed && root != NULL;
}

void conf_free(struct conf *c)
{
    arena_free(c->mem);
    memset(c, 0, sizeof *c);
}

const struct event_limits *conf_limits(const struct conf *c, const char *name)
{
    for (int i = 0; i < c->link_count; i++) {
        const struct conf_link *link = &c->links[i];

        for (int p = 0; p < link->profile_count; p++)
            if (link->profiles[p].channel == PROFILE_USSD &&
                (strcmp(link->name, name) == 0 || strcmp(link->profiles[p].smsc_id, name) == 0))
                return &link->profiles[p].limits;
    }
    return NULL;
}

void conf_menu_links(const struct conf *c, struct conf_menu_links *out)
{
    int n = 0;

    for (int i = 0; i < c->link_count; i++) {
        const struct conf_link *link = &c->links[i];

        for (int p = 0; p < link->profile_count; p++) {
            const struct profile *profile = &link->profiles[p];

            if (profile->channel == PROFILE_USSD)
                out->list[n++] = (struct menu_link){ p == 0 ? link->name : profile->smsc_id, profile->limits.septets,
                                                     profile->limits.units };
        }
    }
    out->links = (struct menu_links){ out->list, n };
}

/* --- help ------------------------------------------------------------------------- */

static void conf_help_table(struct buf *out, const char *prefix, const struct conf_key *keys)
{
    char expected[256];

    for (const struct conf_key *k = keys; k->name != NULL; k++) {
        conf_expected(k, expected, sizeof expected);
        buf_addf(out, "%s%s\n    %s\n    %s; ", prefix, k->name, k->help, expected);
        if (k->fallback == NULL)
            buf_adds(out, "must be given\n");
        else
            buf_addf(out, "default %s\n", k->fallback[0] != '\0' ? k->fallback : "empty");
    }
}

void conf_help(struct buf *out)
{
    conf_help_table(out, "", conf_root_keys);
    for (size_t i = 0; i < sizeof conf_sections / sizeof conf_sections[0]; i++) {
        char prefix[32];

        snprintf(prefix, sizeof prefix, "%s.", conf_sections[i].name);
        conf_help_table(out, prefix, conf_sections[i].keys);
    }
    conf_help_table(out, "links.NAME.", conf_link_keys);
    buf_adds(out, "links.NAME.ussd.KEY (kannel), links.NAME.KEY (http), links.NAME.smsc.ID.KEY (one SMSC id), KEY:\n");
    conf_help_table(out, "  ", conf_profile_keys);
    conf_help_table(out, "api.NAME.", conf_api_keys);
    conf_help_table(out, "links.NAME.smsc.ID.", conf_way_keys);
    buf_adds(out, "messages.prefixes.DIGITS\n"
                  "    where messages go to a number that never dialled in, by its first digits, the longest that fits\n"
                  "    a link, or LINK/SMSC; default none\n");
}
