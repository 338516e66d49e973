#include "cli/alert.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm.h"
#include "cli/operator.h"
#include "store/warnings.h"

#define ALERT_CONF "conf/kheya.yaml"
#define ALERT_SEPTETS 160               /* one page of the usual link: it is shown without the database, which has one */
#define ALERT_UNITS 70
#define ALERT_CHARACTERS 120            /* as the database and the menus say */
#define ALERT_SIGNAL_MAX 11
#define ALERT_DAYS_MAX 60
#define ALERT_HASH 8                    /* digits of the hash that an approver writes, at least */

static const char alert_usage[] =
    "usage: kheya alert [-c FILE] [--database CONNINFO] set PLACE --signal N --bn TEXT [OPTION ...]\n"
    "       kheya alert ... approve ID HASH\n"
    "       kheya alert ... clear PLACE\n"
    "       kheya alert ... list\n"
    "PLACE is a union (6 digits), an upazila (4), a district (2), or country.  A warning that is set waits till another\n"
    "operator approves it, who writes how its hash begins (8 digits).\n"
    "  -s, --signal N           1 to 11, as on the sea and the rivers\n"
    "      --bn TEXT            its page in Bengali letters, at most 70 characters; required\n"
    "      --latn TEXT          in Latin letters, and\n"
    "      --en TEXT            in English, at most 120; else the one in Bengali letters\n"
    "  -u, --until TIME         its end, like '2026-05-27 18:00' of Bangladesh; else until it is cleared\n"
    "  -D, --days N             so many more days for the open cases of the place, once; up to 60\n"
    "  -f, --free               nobody pays a fee there\n"
    "  -c, --config FILE        the daemon's configuration (default " ALERT_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    OPERATOR_SELF
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct alert_args {
    const char *conf, *conninfo, *until, *signal, *days;
    const char *bn, *latn, *en;
    const char *words[3];
    int word_count;
    bool help, free;
    struct warning w;
};

static bool alert_failed(const char *what, const char *more)
{
    fprintf(stderr, "kheya alert: %s%s%s\n", what, more, operator_hint(what));
    return false;
}

/* --- what is given --------------------------------------------------------------------- */

static bool alert_number(const char *text, int from, int to, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);

    *out = (int)v;
    return *text != '\0' && *end == '\0' && v >= from && v <= to;
}

static bool alert_place(struct alert_args *a)
{
    const char *place = a->words[1];
    size_t n = strlen(place);

    if (strcmp(place, "country") == 0) {
        a->w.place = "";
        return true;
    }
    a->w.place = place;
    return (n == 2 || n == 4 || n == 6) && strspn(place, "0123456789") == n ? true
        : alert_failed("a place is a union of 6 digits, an upazila of 4, a district of 2, or country", "");
}

static size_t alert_characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static bool alert_text(struct alert_args *a, const char *lang, const char *text)
{
    struct gsm_cost cost = gsm_cost(text, strlen(text));
    bool fits = cost.septets >= 0 ? cost.septets <= ALERT_SEPTETS : cost.units <= ALERT_UNITS;

    if (!gsm_utf8_valid(text, strlen(text)) || text[0] == '\0')
        return alert_failed("a text is empty or no UTF-8: ", lang);
    if (!fits || alert_characters(text) > ALERT_CHARACTERS)
        return alert_failed("a text does not fit on one page (120 characters, 70 with Bengali letters): ", lang);
    a->w.langs[a->w.lang_count] = lang;
    a->w.texts[a->w.lang_count++] = text;
    return true;
}

static bool alert_read(struct alert_args *a)
{
    if (!alert_place(a))
        return false;
    if (a->signal == NULL || !alert_number(a->signal, 1, ALERT_SIGNAL_MAX, &a->w.signal))
        return alert_failed("--signal is a number from 1 to 11", "");
    if (a->days != NULL && !alert_number(a->days, 0, ALERT_DAYS_MAX, &a->w.days))
        return alert_failed("--days is a number from 0 to 60", "");
    if (a->bn == NULL)
        return alert_failed("--bn is required: most people read Bengali letters", "");
    a->w.ends = a->until != NULL ? a->until : "";
    a->w.free = a->free;
    return alert_text(a, "bn", a->bn) && (a->latn == NULL || alert_text(a, "bn-Latn", a->latn)) &&
           (a->en == NULL || alert_text(a, "en", a->en));
}

/* --- commands ---------------------------------------------------------------------------- */

static const char *alert_where(const char *place)
{
    return place[0] != '\0' ? place : "country";
}

static bool alert_set(struct alert_args *a, const char *conninfo)
{
    char err[512] = "", zoned[64] = "", hash[WARNINGS_HASH_SIZE];
    int64_t id;

    if (!alert_read(a))
        return false;
    if (a->w.ends[0] != '\0') {
        snprintf(zoned, sizeof zoned, "%.40s Asia/Dhaka", a->w.ends);
        a->w.ends = zoned;
    }
    if (!warnings_propose(conninfo, &a->w, &id, hash, err, sizeof err))
        return alert_failed(err, "");
    printf("alert %" PRId64 ": signal %d for %s waits for a second operator: kheya alert approve %" PRId64 " %.*s\n", id,
           a->w.signal, alert_where(a->w.place), id, ALERT_HASH, hash);
    return true;
}

static bool alert_approve(struct alert_args *a, const char *conninfo)
{
    char err[512] = "";
    int64_t cases;

    if (strspn(a->words[1], "0123456789") != strlen(a->words[1]) || strlen(a->words[1]) > 15)
        return alert_failed("no number of a warning: ", a->words[1]);
    if (strlen(a->words[2]) < ALERT_HASH)
        return alert_failed("write at least 8 digits of the hash that set and list print", "");
    if (!warnings_approve(conninfo, a->words[1], a->words[2], &cases, err, sizeof err))
        return alert_failed(err, "");
    printf("alert %s is on; %" PRId64 " cases have more days by it\n", a->words[1], cases);
    return true;
}

static bool alert_clear(struct alert_args *a, const char *conninfo)
{
    char err[512] = "";

    if (!alert_place(a))
        return false;
    if (!warnings_clear(conninfo, a->w.place, err, sizeof err))
        return alert_failed(err[0] != '\0' ? err : "no warning is on there", "");
    printf("cleared: %s\n", alert_where(a->w.place));
    return true;
}

static void alert_print(void *arg, const struct warning_row *r)
{
    (void)arg;
    printf("%-6s %-5s %-8s %6s  %-16s  %-16s  %4s  %-4s  %-12s  %-12s  %.*s  %.*s\n", r->id, r->state, alert_where(r->place),
           r->signal, r->since, r->ends, r->days, r->free, r->set_by, r->approved_by[0] != '\0' ? r->approved_by : "-", ALERT_HASH,
           r->hash, (int)strcspn(r->text, "\n"), r->text);
}

static bool alert_list(struct alert_args *a, const char *conninfo)
{
    char err[512] = "";

    (void)a;
    printf("%-6s %-5s %-8s %6s  %-16s  %-16s  %4s  %-4s  %-12s  %-12s  %-*s  %s\n", "id", "state", "place", "signal", "since",
           "until", "days", "fees", "set by", "approved by", ALERT_HASH, "hash", "text");
    return warnings_list(conninfo, alert_print, NULL, err, sizeof err) || alert_failed(err, "");
}

/* --- words -------------------------------------------------------------------------------- */

enum { ALERT_BN = 1000, ALERT_LATN, ALERT_EN };

static bool alert_option(struct alert_args *a, int o)
{
    switch (o) {
    case 'c': a->conf = optarg; return true;
    case 'd': a->conninfo = optarg; return true;
    case 's': a->signal = optarg; return true;
    case 'u': a->until = optarg; return true;
    case 'D': a->days = optarg; return true;
    case 'f': a->free = true; return true;
    case 'h': a->help = true; return true;
    case ALERT_BN: a->bn = optarg; return true;
    case ALERT_LATN: a->latn = optarg; return true;
    case ALERT_EN: a->en = optarg; return true;
    default: return false;
    }
}

static bool alert_options(struct alert_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "signal", required_argument, NULL, 's' }, { "until", required_argument, NULL, 'u' },
        { "days", required_argument, NULL, 'D' },   { "free", no_argument, NULL, 'f' },
        { "bn", required_argument, NULL, ALERT_BN }, { "latn", required_argument, NULL, ALERT_LATN },
        { "en", required_argument, NULL, ALERT_EN }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:s:u:D:fh", options, NULL)) != -1)
        if (!alert_option(a, o))
            return false;
    a->word_count = argc - optind;
    for (int i = 0; i < a->word_count && i < 3; i++)
        a->words[i] = argv[optind + i];
    return a->word_count <= 3;
}

typedef bool alert_command_fn(struct alert_args *a, const char *conninfo);

static alert_command_fn *alert_command(const struct alert_args *a)
{
    static const struct {
        const char *name;
        int words;
        alert_command_fn *run;
    } commands[] = { { "set", 2, alert_set }, { "approve", 3, alert_approve }, { "clear", 2, alert_clear },
                   { "list", 1, alert_list } };

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (a->word_count == commands[i].words && strcmp(commands[i].name, a->words[0]) == 0)
            return commands[i].run;
    return NULL;
}

static int alert_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct alert_args *a = arg;

    (void)conf;
    return alert_command(a)(a, conninfo) ? 0 : 1;
}

int alert_main(int argc, char **argv)
{
    struct alert_args a = { .conf = NULL };
    bool read = alert_options(&a, argc, argv);

    if (!read || a.help || alert_command(&a) == NULL) {
        fputs(alert_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run_self(a.conf, ALERT_CONF, a.conninfo, alert_run, &a);
}
