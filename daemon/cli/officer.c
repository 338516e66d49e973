#include "cli/officer.h"

#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/conf.h"
#include "app/secret.h"
#include "base/clock.h"
#include "cli/operator.h"
#include "engine/rolling.h"
#include "store/officers.h"

#define OFFICER_CONF "conf/kheya.yaml"
#define OFFICER_CODES_DEFAULT 50
#define OFFICER_CODES_MAX 500
#define OFFICER_IN_LINE 5

static const char officer_usage[] =
    "usage: kheya officer [-c FILE | --database CONNINFO] add NUMBER [OPTION ...]\n"
    "       kheya officer ... list [AGENCY]\n"
    "       kheya officer ... lock NUMBER | unlock NUMBER\n"
    "       kheya officer ... code NUMBER [--count N] [--new] [--secret FILE]\n"
    "Officers answer cases by text message: 333 8123056783 OK CODE.  add makes one, or\n"
    "changes what is given; lock stops her, unlock forgets wrong codes too; code prints\n"
    "her numbered codes from the next one on, to be handed over on paper.\n"
    "  -c, --config FILE        the daemon's configuration (default " OFFICER_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -n, --name NAME          for add; a new one needs it and --agency\n"
    "  -a, --agency NAME        whose cases she answers\n"
    "  -o, --office NAME        where she sits; -r, --rank NAME: what she is\n"
    "  -p, --place DIGITS       only cases whose place begins so: 0925 (default: all)\n"
    "  -k, --desk N             colleagues forward to it by FWD N (default: the first free)\n"
    "  -x, --next N             the desk that FWD without a number means\n"
    "  -l, --lang bn|en         of what she is told (default bn)\n"
    "  -m, --codes list|sms|time  from paper (default), each with the message before, or\n"
    "                           from an authenticator; a change makes the old ones void\n"
    "      --count N            so many codes (default 50)\n"
    "      --new                of a new secret: the old ones are void\n"
    "      --secret FILE        the daemon's setting 'secret', where there is no -c\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

enum officer_option { OFFICER_COUNT = 1000, OFFICER_NEW, OFFICER_SECRET };

struct officer_args {
    const char *conf, *conninfo, *secret;
    struct store_officer_new officer;
    int count;
    bool renew, help;
    char *words[2];
    int word_count;
    char msisdn[EVENT_MSISDN_MAX];
    const char *by;
};

/* --- values ---------------------------------------------------------------------------- */

static bool officer_small(const char *text, int max, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);

    *out = (int)v;
    return *text != '\0' && *end == '\0' && v >= 1 && v <= max;
}

static const char *officer_codes_name(enum store_codes codes)
{
    static const char *const names[STORE_CODES] = { "list", "sms", "time" };

    return names[codes];
}

/* --- list ------------------------------------------------------------------------------- */

static void officer_print(void *arg, const struct store_officer *o)
{
    const char *state = !o->active ? "locked" : o->locked_until > clock_now() ? "codes" : "active";

    (void)arg;
    printf("%-10s %4d %4d  %-6s  %-13s  %-6s  %-4s  %s%s%s%s%s\n", o->agency, o->desk, o->next, o->place[0] != '\0' ? o->place : "all",
           o->msisdn, state, officer_codes_name(o->codes), o->name, o->rank[0] != '\0' ? ", " : "", o->rank,
           o->office[0] != '\0' ? ", " : "", o->office);
}

static int officer_list(const struct officer_args *a, const char *conninfo)
{
    char err[512] = "";

    printf("%-10s %4s %4s  %-6s  %-13s  %-6s  %-4s  %s\n", "agency", "desk", "next", "place", "number", "state", "code", "name");
    if (store_officer_list(conninfo, a->word_count > 1 ? a->words[1] : "", officer_print, NULL, err, sizeof err))
        return 0;
    fprintf(stderr, "kheya officer: %s\n", err);
    return 1;
}

/* --- code ------------------------------------------------------------------------------- */

struct officer_paper {
    const struct officer_args *args;
    const unsigned char *key;
};

static void officer_print_list(const struct store_officer *o, const unsigned char *secret, int count)
{
    printf("%s, %s: codes %" PRId64 " to %" PRId64 ", each good once.  The last word of a message: 333 8123056783 OK %s\n",
           o->name, o->agency, o->counter, o->counter + count - 1, "CODE");
    for (int i = 0; i < count; i++) {
        char code[ROLLING_DIGITS + 1];

        rolling_code(secret, o->counter + i, code);
        printf("%5" PRId64 "  %s%s", o->counter + i, code, i % OFFICER_IN_LINE == OFFICER_IN_LINE - 1 || i == count - 1 ? "\n" : "  ");
    }
}

/* RFC 4648 6: base 32, as authenticators read a secret. */
static void officer_print_time(const struct store_officer *o, const unsigned char *secret)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned bits = 0;
    int have = 0;

    printf("For %s's authenticator, once:\notpauth://totp/Kheya:%d?secret=", o->name, o->id);
    for (size_t i = 0; i < ROLLING_SECRET_SIZE; i++) {
        bits = bits << 8 | secret[i];
        for (have += 8; have >= 5; have -= 5)
            putchar(alphabet[bits >> (have - 5) & 31]);
        bits &= (1u << have) - 1;
    }
    if (have > 0)
        putchar(alphabet[bits << (5 - have) & 31]);
    printf("&issuer=Kheya&algorithm=SHA256&digits=%d&period=%d\n", ROLLING_DIGITS, ROLLING_STEP_MS / 1000);
}

static void officer_print_codes(void *arg, const struct store_officer *o)
{
    const struct officer_paper *p = arg;
    unsigned char secret[ROLLING_SECRET_SIZE];

    rolling_secret(p->key, o->msisdn, o->epoch, secret);
    switch (o->codes) {
    case STORE_CODES_LIST:
        officer_print_list(o, secret, p->args->count);
        break;
    case STORE_CODES_SMS:
        officer_print_list(o, secret, 1);
        break;
    case STORE_CODES_TIME:
        officer_print_time(o, secret);
        break;
    case STORE_CODES:
        abort();
    }
    sodium_memzero(secret, sizeof secret);
}

static int officer_codes(const struct officer_args *a, const char *conninfo, const char *secret)
{
    unsigned char key[SECRET_SIZE];
    struct officer_paper paper = { a, key };
    char err[512] = "";
    bool ok;

    if (secret == NULL || secret[0] == '\0') {
        fputs("kheya officer: codes are made of the daemon's secret: name its file by the setting 'secret' or --secret\n", stderr);
        return 1;
    }
    ok = secret_read(secret, "officer", key, err, sizeof err) &&
         store_officer_codes(conninfo, a->msisdn, a->renew, a->by, officer_print_codes, &paper, err, sizeof err);
    sodium_memzero(key, sizeof key);
    if (!ok)
        fprintf(stderr, "kheya officer: %s\n", err);
    return ok ? 0 : 1;
}

/* --- add, lock ---------------------------------------------------------------------------- */

static int officer_add(const struct officer_args *a, const char *conninfo)
{
    char err[512] = "";
    int desk = 0;

    if (store_officer_add(conninfo, &a->officer, a->by, &desk, err, sizeof err)) {
        printf("%s: desk %d\n", a->msisdn, desk);
        return 0;
    }
    if (strstr(err, "officer_name_check") != NULL || strstr(err, "officer_agency_check") != NULL)
        snprintf(err, sizeof err, "a new officer needs --name of at most 30 characters, and --agency");
    else if (strstr(err, "officer_agency_desk_key") != NULL)
        snprintf(err, sizeof err, "desk %d of this agency is another officer's", a->officer.desk);
    else if (strstr(err, "check constraint") != NULL)
        snprintf(err, sizeof err, "an office has at most 30 characters, a rank 20, a place 6 digits");
    fprintf(stderr, "kheya officer: %s\n", err);
    return 1;
}

static int officer_lock(const struct officer_args *a, const char *conninfo, bool lock)
{
    char err[512] = "";

    if (store_officer_lock(conninfo, a->msisdn, lock, a->by, err, sizeof err)) {
        printf("%s is %s\n", a->msisdn, lock ? "locked" : "active");
        return 0;
    }
    fprintf(stderr, "kheya officer: %s\n", err);
    return 1;
}

/* --- the command --------------------------------------------------------------------------- */

static int officer_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct officer_args *a = arg;
    const char *secret = a->secret != NULL || conf == NULL ? a->secret : conf->secret;
    const char *what = a->words[0];

    if (strcmp(what, "list") == 0)
        return officer_list(a, conninfo);
    if (strcmp(what, "add") == 0)
        return officer_add(a, conninfo);
    if (strcmp(what, "code") == 0 || strcmp(what, "codes") == 0)
        return officer_codes(a, conninfo, secret);
    return officer_lock(a, conninfo, strcmp(what, "lock") == 0);
}

/* The word, and the number behind it. */
static bool officer_understands(struct officer_args *a)
{
    static const char *const words[] = { "add", "lock", "unlock", "code", "codes" };

    if (a->word_count > 0 && strcmp(a->words[0], "list") == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && a->word_count == 2; i++)
        if (strcmp(a->words[0], words[i]) == 0) {
            a->officer.msisdn = a->msisdn;
            if (operator_mobile(a->words[1], a->msisdn))
                return true;
            fprintf(stderr, "kheya officer: '%s' is no mobile number: 01711000301\n", a->words[1]);
            return false;
        }
    return false;
}

static bool officer_value(struct officer_args *a, int o, const char *value)
{
    switch (o) {
    case 'k':
        return officer_small(value, 999, &a->officer.desk);
    case 'x':
        return officer_small(value, 999, &a->officer.next);
    case OFFICER_COUNT:
        return officer_small(value, OFFICER_CODES_MAX, &a->count);
    case 'l':
        a->officer.lang = value;
        return strcmp(value, "bn") == 0 || strcmp(value, "en") == 0;
    case 'm':
        a->officer.codes = value;
        return strcmp(value, "list") == 0 || strcmp(value, "sms") == 0 || strcmp(value, "time") == 0;
    default:
        return false;
    }
}

static bool officer_options(struct officer_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "name", required_argument, NULL, 'n' },   { "agency", required_argument, NULL, 'a' },
        { "office", required_argument, NULL, 'o' }, { "rank", required_argument, NULL, 'r' },
        { "place", required_argument, NULL, 'p' },  { "desk", required_argument, NULL, 'k' },
        { "next", required_argument, NULL, 'x' },   { "lang", required_argument, NULL, 'l' },
        { "codes", required_argument, NULL, 'm' },  { "count", required_argument, NULL, OFFICER_COUNT },
        { "new", no_argument, NULL, OFFICER_NEW },  { "secret", required_argument, NULL, OFFICER_SECRET },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:n:a:o:r:p:k:x:l:m:h", options, NULL)) != -1) {
        const char **text = o == 'c' ? &a->conf : o == 'd' ? &a->conninfo : o == 'n' ? &a->officer.name
                          : o == 'a' ? &a->officer.agency : o == 'o' ? &a->officer.office : o == 'r' ? &a->officer.rank
                          : o == 'p' ? &a->officer.place : o == OFFICER_SECRET ? &a->secret : NULL;

        if (o == 'h') {
            a->help = true;
            return true;
        }
        if (text != NULL)
            *text = optarg;
        else if (o == OFFICER_NEW)
            a->renew = true;
        else if (!officer_value(a, o, optarg))
            return false;
    }
    a->word_count = argc - optind;
    if (a->word_count < 1 || a->word_count > 2)
        return false;
    for (int i = 0; i < a->word_count; i++)
        a->words[i] = argv[optind + i];
    return officer_understands(a);
}

int officer_main(int argc, char **argv)
{
    struct officer_args a = { .conf = OFFICER_CONF, .count = OFFICER_CODES_DEFAULT, .by = operator_login() };

    if (!officer_options(&a, argc, argv) || a.help) {
        fputs(officer_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, officer_run, &a);
}
