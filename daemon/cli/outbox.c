#include "cli/outbox.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/gsm.h"
#include "base/log.h"
#include "base/outbox.h"
#include "cli/operator.h"
#include "store/parcels.h"

#define OUTBOX_CONF "conf/kheya.yaml"
#define OUTBOX_WORDS_MAX 4
#define OUTBOX_LIMIT 20

static const char outbox_usage[] =
    "usage: kheya outbox [-c FILE | --database CONNINFO]                  what waits, by class and lane\n"
    "       kheya outbox ... [--state S] [--class C] [--to NUMBER] [--limit N] list\n"
    "       kheya outbox ... show ID|CAUSE                                 all that is known of one\n"
    "       kheya outbox ... drop ID                                       one that waits is not sent\n"
    "       kheya outbox ... [--key KEY] push NUMBER DIAL TEXT             open DIAL on her screen, else send TEXT\n"
    "       kheya outbox ... other NUMBER OTHER|none                       tried when NUMBER fails\n"
    "       kheya outbox ... discreet NUMBER yes|no                        others read her phone\n"
    "  -c, --config FILE        the daemon's configuration (default " OUTBOX_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -s, --state STATE        waiting taken accepted sent delivered undelivered failed\n"
    "  -C, --class CLASS        otp emergency transactional gov_info service_info\n"
    "  -t, --to NUMBER          the receiver\n"
    "  -l, --limit N            the newest N (default 20)\n"
    "  -k, --key KEY            push: the same key twice is done once\n"
    "Numbers are shown masked, codes never.\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct outbox_command;

struct outbox_args {
    const char *conf, *conninfo, *key;
    struct parcel_wanted wanted;
    char receiver[EVENT_MSISDN_MAX];
    bool help;
    char *words[OUTBOX_WORDS_MAX];
    int word_count;
    const struct outbox_command *command;
};

/* --- printing ------------------------------------------------------------------------- */

static const char *outbox_time(int64_t ms, char text[32])
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm;

    if (ms == 0 || localtime_r(&at, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return "-";
    return text;
}

static void outbox_print_sum(void *arg, const struct parcel_sum *sum)
{
    char oldest[32];

    (void)arg;
    printf("%-14s  %-12s  %9" PRId64 "  %9" PRId64 "  %s\n", sum->class, sum->state, sum->count, sum->segments,
           strcmp(sum->state, "waiting") == 0 ? outbox_time(sum->oldest, oldest) : "-");
}

static void outbox_print_lane(void *arg, const struct parcel_lane *lane)
{
    char seen[32];

    (void)arg;
    printf("%-28s  %9" PRId64 "  %s\n", lane->name[0] != '\0' ? lane->name : "(none yet)", lane->waiting,
           outbox_time(lane->seen, seen));
}

static void outbox_print_line(void *arg, const struct parcel *p)
{
    char due[32], mask[LOG_MASK_SIZE];

    (void)arg;
    printf("%-10" PRId64 "  %-19s  %-13s  %-11s  %-16s  %-10s  %5d  %s\n", p->id, outbox_time(p->due, due), p->class,
           p->state, log_mask(mask, p->receiver), p->link[0] != '\0' ? p->link : "-", p->tries, p->note);
}

static const char *const outbox_quiets[] = { "no", "discreet form", "not to be sent" };

/* "1 (70 units)"; of a code nothing is known, and its length says something of it. */
static void outbox_print_words(const char *name, const char *text)
{
    const struct gsm_cost cost = gsm_cost(text, strlen(text));

    printf("%-9s %d (%d %s)\n", name, gsm_sms_segments(text, strlen(text)), cost.septets >= 0 ? cost.septets : cost.units,
           cost.septets >= 0 ? "septets" : "units");
}

/* What it cost, once it was sent; and what its words cost, and those for a phone that others read. */
static void outbox_print_segments(const struct parcel *p)
{
    if (p->segments > 0)
        printf("segments  %d sent\n", p->segments);
    else
        printf("segments  none sent\n");
    if (strcmp(p->class, "otp") != 0 && p->text[0] != '\0')
        outbox_print_words("its words", p->text);
    if (p->discreet[0] != '\0')
        outbox_print_words("discreet", p->discreet);
}

static void outbox_print_all(void *arg, const struct parcel *p)
{
    char due[32], later[32], created[32], changed[32], mask[LOG_MASK_SIZE], other[LOG_MASK_SIZE];

    *(int *)arg += 1;
    printf("id        %" PRId64 "\ncause     %s\nclass     %s%s\nstate     %s%s%s%s\nreceiver  %s\n", p->id, p->cause,
           p->class, p->asked ? " (she asked for it)" : "", p->state, p->note[0] != '\0' ? " (" : "", p->note,
           p->note[0] != '\0' ? ")" : "", log_mask(mask, p->receiver));
    printf("link      %s\nlanguage  %s\ntries     %d\ncreated   %s\ndue       %s\nnot before %s\nchanged   %s\n",
           p->link[0] != '\0' ? p->link : "-", p->lang, p->tries, outbox_time(p->created, created),
           outbox_time(p->due, due), outbox_time(p->later, later), outbox_time(p->changed, changed));
    outbox_print_segments(p);
    printf("quiet     %s\nother     %s\n", p->quiet >= 0 && p->quiet < 3 ? outbox_quiets[p->quiet] : "?",
           p->other[0] != '\0' ? log_mask(other, p->other) : "-");
    if (p->whose[0] != '\0')
        printf("for       %s, who could not be told\n", log_mask(mask, p->whose));
    if (p->approval[0] != '\0')
        printf("approval  %s\n", p->approval);
    printf("text      %s\n", strcmp(p->class, "otp") == 0 ? "(a code)" : p->text);
}

/* --- commands ---------------------------------------------------------------------------- */

static bool outbox_failed(const char *err, const char *otherwise)
{
    fprintf(stderr, "kheya outbox: %s\n", err[0] != '\0' ? err : otherwise);
    return false;
}

static bool outbox_look(const struct outbox_args *a, const char *conninfo)
{
    char err[512] = "";

    (void)a;
    printf("%-14s  %-12s  %9s  %9s  %s\n", "class", "state", "messages", "segments", "oldest due");
    if (!parcels_sums(conninfo, outbox_print_sum, NULL, err, sizeof err))
        return outbox_failed(err, "");
    printf("\n%-28s  %9s  %s\n", "lane", "waiting", "last up");
    return parcels_lanes(conninfo, outbox_print_lane, NULL, err, sizeof err) || outbox_failed(err, "");
}

static bool outbox_list(const struct outbox_args *a, const char *conninfo)
{
    char err[512] = "";

    printf("%-10s  %-19s  %-13s  %-11s  %-16s  %-10s  %5s  %s\n", "id", "due", "class", "state", "receiver", "link",
           "tries", "note");
    return parcels_list(conninfo, &a->wanted, outbox_print_line, NULL, err, sizeof err) || outbox_failed(err, "");
}

/* A number from 1; 0 it is none. */
static int64_t outbox_id(const char *word)
{
    char *end;
    int64_t id = strtoll(word, &end, 10);

    return *end == '\0' && id > 0 ? id : 0;
}

static bool outbox_show(const struct outbox_args *a, const char *conninfo)
{
    int64_t id = outbox_id(a->words[1]);
    const struct parcel_wanted one = { "", "", "", id == 0 ? a->words[1] : "", id, 10 };
    char err[512] = "";
    int found = 0;

    if (!parcels_list(conninfo, &one, outbox_print_all, &found, err, sizeof err))
        return outbox_failed(err, "");
    return found > 0 || outbox_failed("", "there is no such message");
}

static bool outbox_drop(const struct outbox_args *a, const char *conninfo)
{
    int64_t id = outbox_id(a->words[1]);
    char err[512] = "";

    if (id == 0 || !parcels_drop(conninfo, id, operator_login(), err, sizeof err))
        return outbox_failed(err, "no message of that id waits");
    printf("message %" PRId64 " is not sent\n", id);
    return true;
}

static bool outbox_number(const char *word, char out[EVENT_MSISDN_MAX])
{
    if (operator_msisdn(word, out))
        return true;
    fprintf(stderr, "kheya outbox: '%.40s' is no phone number\n", word);
    return false;
}

static bool outbox_other(const struct outbox_args *a, const char *conninfo)
{
    char number[EVENT_MSISDN_MAX], other[EVENT_MSISDN_MAX] = "";
    char err[512] = "";

    if (!outbox_number(a->words[1], number) ||
        (strcmp(a->words[2], "none") != 0 && !outbox_number(a->words[2], other)))
        return false;
    if (strcmp(number, other) == 0)
        return outbox_failed("", "the other number is the same one");
    return parcels_set_other(conninfo, number, other, err, sizeof err) || outbox_failed(err, "not written");
}

static bool outbox_discreet(const struct outbox_args *a, const char *conninfo)
{
    bool yes = strcmp(a->words[2], "yes") == 0;
    char number[EVENT_MSISDN_MAX];
    char err[512] = "";

    if (!yes && strcmp(a->words[2], "no") != 0)
        return outbox_failed("", "discreet NUMBER yes, or no");
    return outbox_number(a->words[1], number) &&
           (parcels_set_discreet(conninfo, number, yes, err, sizeof err) || outbox_failed(err, "not written"));
}

/* "*333*8#" */
static bool outbox_is_dialled(const char *text)
{
    size_t n = strlen(text);

    return n >= 3 && n < EVENT_CODE_MAX * 2 && text[0] == '*' && text[n - 1] == '#' &&
           strspn(text, "0123456789*") == n - 1;
}

static bool outbox_push(const struct outbox_args *a, const char *conninfo)
{
    char number[EVENT_MSISDN_MAX], cause[128];
    const char *text = a->words[3];
    bool bengali = gsm_cost(text, strlen(text)).septets < 0;
    char err[512] = "";
    int n;

    if (!outbox_number(a->words[1], number))
        return false;
    if (!outbox_is_dialled(a->words[2]))
        return outbox_failed("", "expected what she could dial, like '*333*8#'");
    if (text[0] == '\0' || gsm_sms_segments(text, strlen(text)) > 3)
        return outbox_failed("", "the text is empty or longer than three segments");
    if (a->key != NULL)
        n = snprintf(cause, sizeof cause, "push/%s", a->key);
    else
        n = snprintf(cause, sizeof cause, "push/%s/%" PRId64, number, clock_now());
    if (n >= (int)sizeof cause)
        return outbox_failed("", "the key is too long");
    if (!parcels_push(conninfo, &(struct parcel_push){ number, a->words[2], text, bengali ? "bn" : "en", cause }, err, sizeof err))
        return outbox_failed(err, "that key was used before: nothing is done again");
    printf("%s\n", cause);
    return true;
}

static const struct outbox_command {
    const char *name;
    int words;                          /* behind it */
    bool (*run)(const struct outbox_args *a, const char *conninfo);
} outbox_commands[] = {
    { "list", 0, outbox_list },   { "show", 1, outbox_show },         { "drop", 1, outbox_drop },       { "push", 3, outbox_push },
    { "other", 2, outbox_other }, { "discreet", 2, outbox_discreet },
};

static const struct outbox_command outbox_all = { "", 0, outbox_look };

/* NULL: there is no such one, or it wants other words. */
static const struct outbox_command *outbox_command(const struct outbox_args *a)
{
    if (a->word_count == 0)
        return &outbox_all;
    for (size_t i = 0; i < sizeof outbox_commands / sizeof outbox_commands[0]; i++)
        if (strcmp(outbox_commands[i].name, a->words[0]) == 0)
            return a->word_count == outbox_commands[i].words + 1 ? &outbox_commands[i] : NULL;
    return NULL;
}

/* --- words -------------------------------------------------------------------------------- */

static bool outbox_limit(struct outbox_args *a, const char *text)
{
    char *end;
    long limit = strtol(text, &end, 10);

    a->wanted.limit = (int)limit;
    return *end == '\0' && limit > 0 && limit <= 100000;
}

static bool outbox_option(struct outbox_args *a, int o)
{
    switch (o) {
    case 'c':
        a->conf = optarg;
        return true;
    case 'd':
        a->conninfo = optarg;
        return true;
    case 's':
        a->wanted.state = optarg;
        return parcel_state_of(optarg) >= 0;
    case 'C':
        a->wanted.class = optarg;
        return outbox_class_of(optarg) != OUTBOX_CLASSES;
    case 't':
        a->wanted.receiver = a->receiver;
        return outbox_number(optarg, a->receiver);
    case 'k':
        a->key = optarg;
        return true;
    case 'l':
        return outbox_limit(a, optarg);
    case 'h':
        a->help = true;
        return true;
    default:
        return false;
    }
}

static bool outbox_options(struct outbox_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "state", required_argument, NULL, 's' },  { "class", required_argument, NULL, 'C' },
        { "to", required_argument, NULL, 't' },     { "limit", required_argument, NULL, 'l' },
        { "key", required_argument, NULL, 'k' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:s:C:t:l:k:h", options, NULL)) != -1)
        if (!outbox_option(a, o))
            return false;
    a->word_count = argc - optind;
    for (int i = 0; i < a->word_count && i < OUTBOX_WORDS_MAX; i++)
        a->words[i] = argv[optind + i];
    return a->word_count <= OUTBOX_WORDS_MAX;
}

static int outbox_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct outbox_args *a = arg;

    (void)conf;
    return a->command->run(a, conninfo) ? 0 : 1;
}

int outbox_main(int argc, char **argv)
{
    struct outbox_args a = { .conf = OUTBOX_CONF, .wanted = { "", "", "", "", 0, OUTBOX_LIMIT } };

    a.command = outbox_options(&a, argc, argv) ? outbox_command(&a) : NULL;
    if (a.command == NULL || a.help) {
        fputs(outbox_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, outbox_run, &a);
}
