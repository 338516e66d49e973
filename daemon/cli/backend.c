#include "cli/backend.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/operator.h"
#include "engine/payment.h"
#include "store/stuck.h"

#define BACKEND_CONF "conf/kheya.yaml"

static const char backend_usage[] =
    "usage: kheya backend [-c FILE | --database CONNINFO] list\n"
    "       kheya backend ... show NAME\n"
    "       kheya backend ... retry NAME [CASE|REF]\n"
    "Cases, and payments of bills (REF), on their way to agencies' systems. list: how many of each back end. show: those\n"
    "that wait or were refused, and why. retry: send them now, those that were refused too.\n"
    "  -c, --config FILE        the daemon's configuration (default " BACKEND_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "Exit status: 0 good, 1 something was refused or cannot be done, 2 used wrongly.\n";

enum backend_what { BACKEND_DO_LIST = 0, BACKEND_DO_SHOW, BACKEND_DO_RETRY, BACKEND_DOS };

static const struct backend_word {
    const char *name;
    int least, most;                    /* words behind it */
} backend_words[BACKEND_DOS] = {
    [BACKEND_DO_LIST] = { "list", 0, 0 }, [BACKEND_DO_SHOW] = { "show", 1, 1 }, [BACKEND_DO_RETRY] = { "retry", 1, 2 },
};

struct backend_args {
    const char *conf, *conninfo;
    enum backend_what what;
    const char *name;
    int64_t number;
    const char *ref;
    bool help;
};

/* "12 s", "3 min", "5 h", "9 d" */
static void backend_age(int64_t ms, char out[32])
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" } };
    size_t i = 0;

    ms = ms > 0 ? ms : 0;
    while (i < 3 && ms < 2 * units[i].ms)
        i++;
    (void)snprintf(out, 32, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
}

static void backend_print(void *arg, const struct store_stuck *s)
{
    bool *refused = arg;
    char age[32] = "-";

    if (s->oldest > 0)
        backend_age(clock_now() - s->oldest, age);
    *refused = *refused || s->refused > 0;
    printf("%-20s %8" PRId64 " %8" PRId64 " %8s %8" PRId64 " %10" PRId64 "\n", s->backend, s->waiting, s->tried, age,
           s->refused, s->taken);
}

static void backend_print_case(void *arg, const struct store_stuck_case *c)
{
    bool *refused = arg;
    char age[32], next[32], what[24];

    backend_age(clock_now() - c->created, age);
    backend_age(c->due - clock_now(), next);
    *refused = *refused || c->refused;
    if (c->ref[0] != '\0')
        (void)snprintf(what, sizeof what, "%s", c->ref);
    else
        (void)snprintf(what, sizeof what, "%10" PRId64, c->number);
    printf("%s/%-3d %8s %6d  %-8s  %s\n", what, c->seq, age, c->tries, c->refused ? "refused" : next, c->note);
}

static int backend_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct backend_args *a = arg;
    char err[512] = "";
    bool refused = false, good = false;
    int64_t count = 0;

    (void)conf;
    switch (a->what) {
    case BACKEND_DO_LIST:
        printf("%-20s %8s %8s %8s %8s %10s\n", "back end", "waiting", "tried", "oldest", "refused", "taken");
        good = store_stuck_list(conninfo, backend_print, &refused, err, sizeof err);
        break;
    case BACKEND_DO_SHOW:
        printf("%-14s %8s %6s  %-8s  %s\n", "case/event", "age", "tries", "next in", "why");
        good = store_stuck_show(conninfo, a->name, backend_print_case, &refused, err, sizeof err);
        break;
    case BACKEND_DO_RETRY:
        good = store_stuck_retry(conninfo, a->name, a->number, a->ref, &count, err, sizeof err);
        if (good)
            printf("%" PRId64 " due now\n", count);
        refused = good && count == 0;
        break;
    case BACKEND_DOS:
        abort();
    }
    if (!good)
        fprintf(stderr, "kheya backend: %s\n", err);
    return good && !refused ? 0 : 1;
}

static bool backend_understands(struct backend_args *a, int count, char **words)
{
    int16_t bucket;
    int i = 0;

    while (i < BACKEND_DOS && (count == 0 || strcmp(words[0], backend_words[i].name) != 0))
        i++;
    if (i == BACKEND_DOS || count - 1 < backend_words[i].least || count - 1 > backend_words[i].most)
        return false;
    a->what = (enum backend_what)i;
    a->name = count > 1 ? words[1] : "";
    if (count < 3)
        return true;
    if (payment_ref_bucket(words[2], &bucket)) {
        a->ref = words[2];
        return true;
    }
    a->number = operator_case(words[2]);
    return a->number != 0;
}

static bool backend_options(struct backend_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:h", options, NULL)) != -1) {
        if (o == 'c')
            a->conf = optarg;
        else if (o == 'd')
            a->conninfo = optarg;
        else if (o == 'h')
            return a->help = true;
        else
            return false;
    }
    return backend_understands(a, argc - optind, argv + optind);
}

int backend_main(int argc, char **argv)
{
    struct backend_args a = { .conf = BACKEND_CONF, .ref = "" };

    if (!backend_options(&a, argc, argv) || a.help) {
        fputs(backend_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, backend_run, &a);
}
