#include "cli/savings.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/operator.h"
#include "store/savings.h"

#define SAVINGS_CONF "conf/kheya.yaml"
#define SAVINGS_LINE "%-24s %-8s %9s %9s %9s %11s\n"

static const char savings_usage[] =
    "usage: kheya savings [-c FILE | --database CONNINFO] [--since DAY] [--service NAME]\n"
    "What finished cases spared citizens, by service: visits to offices, hours, and taka.  The three are never added.\n"
    "  -s, --since DAY          finished (or opened again) from this day on, like 2026-11-01\n"
    "  -S, --service NAME       of this service alone\n"
    "  -c, --config FILE        the daemon's configuration (default " SAVINGS_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct savings_args {
    const char *conf, *conninfo, *since, *service;
    bool help;
    int64_t cases, visits, minutes, taka;
};

static void savings_print(void *arg, const struct savings_row *r)
{
    struct savings_args *a = arg;
    int64_t minutes = strtoll(r->minutes, NULL, 10);
    char hours[24];

    snprintf(hours, sizeof hours, "%.1f", (double)minutes / 60);
    printf(SAVINGS_LINE, r->service, r->scope, r->cases, r->visits, hours, r->taka);
    a->cases += strtoll(r->cases, NULL, 10);
    a->visits += strtoll(r->visits, NULL, 10);
    a->minutes += minutes;
    a->taka += strtoll(r->taka, NULL, 10);
}

static int savings_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct savings_args *a = arg;
    char err[512] = "";

    (void)conf;
    printf(SAVINGS_LINE, "service", "scope", "cases", "visits", "hours", "taka");
    if (!savings_list(conninfo, a->since, a->service, savings_print, a, err, sizeof err)) {
        fprintf(stderr, "kheya savings: %s\n", err);
        return 1;
    }
    printf("%-24s %-8s %9" PRId64 " %9" PRId64 " %9.1f %11" PRId64 "\n", "all", "", a->cases, a->visits, (double)a->minutes / 60, a->taka);
    return 0;
}

static bool savings_options(struct savings_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "since", required_argument, NULL, 's' },  { "service", required_argument, NULL, 'S' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:s:S:h", options, NULL)) != -1) {
        switch (o) {
        case 'c': a->conf = optarg; break;
        case 'd': a->conninfo = optarg; break;
        case 's': a->since = optarg; break;
        case 'S': a->service = optarg; break;
        case 'h': a->help = true; break;
        default: return false;
        }
    }
    return optind == argc;
}

int savings_main(int argc, char **argv)
{
    struct savings_args a = { .conf = SAVINGS_CONF, .since = "", .service = "" };

    if (!savings_options(&a, argc, argv) || a.help) {
        fputs(savings_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, savings_run, &a);
}
