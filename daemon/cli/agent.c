#include "cli/agent.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/conf.h"
#include "base/log.h"
#include "cli/operator.h"
#include "store/agents.h"

#define AGENT_CONF "conf/kheya.yaml"
#define AGENT_ODDITIES "oddities"
#define AGENT_DAYS "7"
#define AGENT_DAYS_MAX 90

static const char agent_usage[] =
    "usage: kheya agent [-c FILE | --database CONNINFO] add NUMBER [OPTION ...]\n"
    "       kheya agent ... lock NUMBER | unlock NUMBER | new-pin NUMBER\n"
    "       kheya agent ... daybook NUMBER [DAY]\n"
    "       kheya agent ... oddities [DAYS]\n"
    "Agents serve citizens at a digital centre.  add makes one, or changes what is given;\n"
    "lock stops her at the next dial, unlock forgets wrong PINs too; new-pin forgets her PIN:\n"
    "she chooses another one.  daybook has the receipts of a day, 2026-11-26; today.\n"
    "oddities is what an auditor asks of agents, of the last DAYS days, 1 to 90; 7.\n"
    "  -c, --config FILE        the daemon's configuration (default " AGENT_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -n, --name NAME          for add; a new one needs it and --place\n"
    "  -p, --place CENTRE       the centre's code: 092544\n"
    "  -s, --sex f|m\n"
    "      --since DAY, --until DAY   days on which the account counts\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

enum agent_option { AGENT_SINCE = 1000, AGENT_UNTIL };

struct agent_args {
    const char *conf, *conninfo;
    struct agent_new agent;
    bool help;
    char *words[3];
    int word_count;
    char msisdn[EVENT_MSISDN_MAX];
    const char *by;
};

struct agent_sum {
    int count;
    long official, taka;
};

/* PostgreSQL's words for a day that is none. */
static bool agent_is_bad_day(const char *err)
{
    return strstr(err, "type date") != NULL || strstr(err, "date/time field") != NULL;
}

static int agent_says(bool ok, const char *what, const char *err)
{
    if (ok)
        printf("%s\n", what);
    else
        fprintf(stderr, "kheya agent: %s\n", err);
    return ok ? 0 : 1;
}

static void agent_print(void *arg, const struct agent_receipt *r)
{
    struct agent_sum *sum = arg;
    char masked[LOG_MASK_SIZE];

    printf("%s  %s  %-24s  %-13s  %5d  %5d\n", r->at, r->number, r->service, log_mask(masked, r->receiver), r->official,
           r->taka);
    sum->count++;
    sum->official += r->official;
    sum->taka += r->taka;
}

static int agent_daybook(const struct agent_args *a, const char *conninfo)
{
    struct agent_sum sum = { 0 };
    char err[512] = "";

    printf("%-5s  %-10s  %-24s  %-13s  %5s  %5s\n", "time", "case", "service", "receipt to", "govt", "taken");
    if (!agents_daybook(conninfo, a->msisdn, a->word_count > 2 ? a->words[2] : NULL, agent_print, &sum, err, sizeof err)) {
        fprintf(stderr, "kheya agent: %s\n", agent_is_bad_day(err) ? "a day is like 2026-11-26" : err);
        return 1;
    }
    printf("%d receipts, govt fee Tk %ld, centre fee Tk %ld\n", sum.count, sum.official, sum.taka);
    return 0;
}

static void agent_print_oddity(void *arg, const struct agent_oddity *o)
{
    int *count = arg;
    char masked[LOG_MASK_SIZE];

    printf("%s  %-13s  %-9s  %-24s  %-9s  %5s  %s\n", o->day, log_mask(masked, o->agent), o->place, o->name, o->kind, o->times, o->number);
    ++*count;
}

static int agent_oddities(const struct agent_args *a, const char *conninfo)
{
    const char *days = a->word_count > 1 ? a->words[1] : AGENT_DAYS;
    char err[512] = "";
    int count = 0;

    printf("%-10s  %-13s  %-9s  %-24s  %-9s  %5s  %s\n", "day", "agent", "centre", "name", "what", "times", "a case");
    if (!agents_oddities(conninfo, days, agent_print_oddity, &count, err, sizeof err)) {
        fprintf(stderr, "kheya agent: %s\n", err);
        return 1;
    }
    printf("%d rows\n", count);
    return 0;
}

static int agent_add(const struct agent_args *a, const char *conninfo)
{
    char err[512] = "";
    bool ok = agents_add(conninfo, &a->agent, a->by, err, sizeof err);

    if (!ok && (strstr(err, "agent_name_check") != NULL || strstr(err, "agent_centre_check") != NULL))
        snprintf(err, sizeof err, "a new agent needs --name of at most 30 characters, and --place, the code of a centre");
    else if (!ok && strstr(err, "agent_place_fkey") != NULL)
        snprintf(err, sizeof err, "there is no centre %s", a->agent.place);
    else if (!ok && agent_is_bad_day(err))
        snprintf(err, sizeof err, "a day is like 2026-11-26");
    return agent_says(ok, "kept", err);
}

static const struct agent_word {
    const char *word, *done;
    enum agent_act act;
} agent_words[] = {
    { "lock", "locked", AGENT_LOCK },
    { "unlock", "active", AGENT_UNLOCK },
    { "new-pin", "she has no PIN now: the next dial asks for one", AGENT_NEW_PIN },
};

static const struct agent_word *agent_word_of(const char *word)
{
    for (size_t i = 0; i < sizeof agent_words / sizeof agent_words[0]; i++)
        if (strcmp(agent_words[i].word, word) == 0)
            return &agent_words[i];
    return NULL;
}

static int agent_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct agent_args *a = arg;
    const struct agent_word *w = agent_word_of(a->words[0]);
    char err[512] = "";

    (void)conf;
    if (w != NULL)
        return agent_says(agents_act(conninfo, a->msisdn, w->act, a->by, err, sizeof err), w->done, err);
    if (strcmp(a->words[0], AGENT_ODDITIES) == 0)
        return agent_oddities(a, conninfo);
    return strcmp(a->words[0], "add") == 0 ? agent_add(a, conninfo) : agent_daybook(a, conninfo);
}

static bool agent_is_days(const char *word)
{
    char *end;
    long days = strtol(word, &end, 10);

    if (*end == '\0' && days >= 1 && days <= AGENT_DAYS_MAX)
        return true;
    fprintf(stderr, "kheya agent: '%s' is no number of days: 1 to %d\n", word, AGENT_DAYS_MAX);
    return false;
}

/* The word, the number behind it, and a day's where it may stand. */
static bool agent_understands(struct agent_args *a)
{
    bool daybook;

    if (a->word_count > 0 && strcmp(a->words[0], AGENT_ODDITIES) == 0)
        return a->word_count == 1 || (a->word_count == 2 && agent_is_days(a->words[1]));
    if (a->word_count < 2)
        return false;
    daybook = strcmp(a->words[0], "daybook") == 0;
    if ((!daybook && (a->word_count > 2 || (strcmp(a->words[0], "add") != 0 && agent_word_of(a->words[0]) == NULL))))
        return false;
    a->agent.msisdn = a->msisdn;
    if (operator_mobile(a->words[1], a->msisdn))
        return true;
    fprintf(stderr, "kheya agent: '%s' is no mobile number: 01711000301\n", a->words[1]);
    return false;
}

static bool agent_options(struct agent_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },        { "database", required_argument, NULL, 'd' },
        { "name", required_argument, NULL, 'n' },          { "place", required_argument, NULL, 'p' },
        { "sex", required_argument, NULL, 's' },           { "since", required_argument, NULL, AGENT_SINCE },
        { "until", required_argument, NULL, AGENT_UNTIL }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:n:p:s:h", options, NULL)) != -1) {
        const char **text = o == 'c' ? &a->conf : o == 'd' ? &a->conninfo : o == 'n' ? &a->agent.name
                          : o == 'p' ? &a->agent.place : o == 's' ? &a->agent.sex : o == AGENT_SINCE ? &a->agent.since
                          : o == AGENT_UNTIL ? &a->agent.until : NULL;

        if (o == 'h') {
            a->help = true;
            return true;
        }
        if (text == NULL)
            return false;
        *text = optarg;
    }
    if (a->agent.sex != NULL && strcmp(a->agent.sex, "f") != 0 && strcmp(a->agent.sex, "m") != 0)
        return false;
    a->word_count = argc - optind;
    if (a->word_count < 1 || a->word_count > 3)
        return false;
    for (int i = 0; i < a->word_count; i++)
        a->words[i] = argv[optind + i];
    return agent_understands(a);
}

int agent_main(int argc, char **argv)
{
    struct agent_args a = { .conf = AGENT_CONF, .by = operator_login() };

    if (!agent_options(&a, argc, argv) || a.help) {
        fputs(agent_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, agent_run, &a);
}
