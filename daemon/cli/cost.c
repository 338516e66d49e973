#include "cli/cost.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/operator.h"
#include "store/reach.h"

#define COST_CONF "conf/kheya.yaml"
#define COST_LINE "%-12s %-12s %9s %11s %9s %9s %12s %12s\n"
#define COST_IDLE_MAX 600               /* seconds */
#define COST_PRICE_MAX 1000             /* taka a block */

static const char cost_usage[] =
    "usage: kheya cost [-c FILE | --database CONNINFO] [--since DAY] [--until DAY] [--enquiry TAKA] [--transaction TAKA]\n"
    "                  [--idle SECONDS] [--json]\n"
    "Dials in blocks of 90 seconds, by link and class, and what they cost, to check an operator's bill.\n"
    "A transaction opened or moved a case or asked for a payment; all else is an enquiry.\n"
    "From the tape: the configuration's tape.keep must keep it.\n"
    "  -s, --since DAY          dialogues that began from this day on, like 2026-11-01\n"
    "  -u, --until DAY          and on this day at the latest\n"
    "  -e, --enquiry TAKA       price of a block of an enquiry (default 0.40)\n"
    "  -t, --transaction TAKA   of a transaction (default 0.85)\n"
    "  -i, --idle SECONDS       so long a page that was left may have stood there (default 30): blocks and taka at most\n"
    "  -j, --json               an object with a list of rows\n"
    "  -c, --config FILE        the daemon's configuration (default " COST_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct cost_args {
    const char *conf, *conninfo, *since, *until;
    double price[2], idle;              /* price: of an enquiry's block, a transaction's */
    bool json, help;
    json_t *rows;
    double sums[6];
};

static void cost_print(const char *link, const char *class, const double v[6])
{
    char text[6][24];

    for (int i = 0; i < 6; i++)
        snprintf(text[i], sizeof text[i], "%.*f", i < 4 ? 0 : 2, v[i]);
    printf(COST_LINE, link, class, text[0], text[1], text[2], text[3], text[4], text[5]);
}

static void cost_row(void *arg, const struct reach_cost_row *r)
{
    struct cost_args *a = arg;
    bool transaction = r->transaction[0] == 't';
    const char *class = transaction ? "transaction" : "enquiry";
    double price = a->price[transaction];
    double v[6] = { strtod(r->dials, NULL), strtod(r->seconds, NULL), strtod(r->least, NULL), strtod(r->most, NULL), 0, 0 };

    v[4] = v[2] * price;
    v[5] = v[3] * price;
    for (int i = 0; i < 6; i++)
        a->sums[i] += v[i];
    if (!a->json)
        cost_print(r->link, class, v);
    else
        json_array_append_new(a->rows, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f}", "link", r->link, "class", class,
                                                 "dials", (json_int_t)v[0], "seconds", (json_int_t)v[1],
                                                 "blocks", (json_int_t)v[2], "blocks_most", (json_int_t)v[3],
                                                 "taka", v[4], "taka_most", v[5]));
}

static int cost_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct cost_args *a = arg;
    char err[512] = "";

    if (conf != NULL && conf->tape_ms == 0)
        fprintf(stderr, "kheya cost: tape.keep is 0s in the configuration: nothing is being counted\n");
    a->rows = json_array();
    if (!a->json)
        printf(COST_LINE, "link", "class", "dials", "seconds", "blocks", "at most", "taka", "at most");
    if (!reach_cost(conninfo, a->since, a->until, (int)a->idle, cost_row, a, err, sizeof err)) {
        fprintf(stderr, "kheya cost: %s\n", err);
        json_decref(a->rows);
        return 1;
    }
    if (a->json) {
        json_t *all = json_pack("{s:s, s:O}", "schema", "kheya-cost-1", "rows", a->rows);

        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(all);
    } else {
        cost_print("all", "", a->sums);
    }
    json_decref(a->rows);
    return 0;
}

static bool cost_number(const char *text, double max, double *to)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(v) || v < 0 || v > max)
        return false;
    *to = v;
    return true;
}

static bool cost_options(struct cost_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },      { "database", required_argument, NULL, 'd' },
        { "since", required_argument, NULL, 's' },       { "until", required_argument, NULL, 'u' },
        { "enquiry", required_argument, NULL, 'e' },     { "transaction", required_argument, NULL, 't' },
        { "idle", required_argument, NULL, 'i' },        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },              { NULL, 0, NULL, 0 },
    };
    bool good = true;
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:s:u:e:t:i:jh", options, NULL)) != -1) {
        switch (o) {
        case 'c': a->conf = optarg; break;
        case 'd': a->conninfo = optarg; break;
        case 's': a->since = optarg; break;
        case 'u': a->until = optarg; break;
        case 'e': good = good && cost_number(optarg, COST_PRICE_MAX, &a->price[0]); break;
        case 't': good = good && cost_number(optarg, COST_PRICE_MAX, &a->price[1]); break;
        case 'i': good = good && cost_number(optarg, COST_IDLE_MAX, &a->idle); break;
        case 'j': a->json = true; break;
        case 'h': a->help = true; break;
        default: return false;
        }
    }
    return good && optind == argc;
}

int cost_main(int argc, char **argv)
{
    struct cost_args a = { .conf = COST_CONF, .since = "", .until = "", .price = { 0.40, 0.85 }, .idle = 30 };

    if (!cost_options(&a, argc, argv) || a.help) {
        fputs(cost_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, cost_run, &a);
}
