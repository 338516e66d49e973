#include "cli/cost.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/operator.h"
#include "store/reach.h"

#define COST_CONF "conf/kheya.yaml"
#define COST_LINE "%-12s %-12s %9s %11s %9s %9s %12s %12s\n"

static const char cost_usage[] =
    "usage: kheya cost [-c FILE | --database CONNINFO] [--since DAY] [--until DAY] [--json]\n"
    "Dials in blocks of 90 seconds, by link and class, and what they cost, to check an operator's bill.\n"
    "A transaction opened or moved a case or asked for a payment; all else is an enquiry.\n"
    "From the sums of 400 days, to which kheyad adds every few seconds. At most: she kept each page that asks until the\n"
    "network ended it. Prices are the configuration's (enquiry_poisha and transaction_poisha of a link): none with -d.\n"
    "  -s, --since DAY          dialogues that began from this day on, like 2026-11-01\n"
    "  -u, --until DAY          and on this day at the latest\n"
    "  -j, --json               an object with a list of rows\n"
    "  -c, --config FILE        the daemon's configuration (default " COST_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct cost_args {
    const char *conf, *conninfo, *since, *until;
    const struct conf *prices;          /* NULL: none are known */
    bool json, help, unpriced;          /* unpriced: a link has none */
    json_t *rows;
    double sums[6];
};

static void cost_print(const char *link, const char *class, const double v[6])
{
    char text[6][24];

    for (int i = 0; i < 6; i++)
        if (v[i] < 0)
            snprintf(text[i], sizeof text[i], "-");
        else
            snprintf(text[i], sizeof text[i], "%.*f", i < 4 ? 0 : 2, v[i]);
    printf(COST_LINE, link, class, text[0], text[1], text[2], text[3], text[4], text[5]);
}

/* Taka of a block; negative: the configuration knows no such link. */
static double cost_price(const struct cost_args *a, const char *link, bool transaction)
{
    for (int i = 0; a->prices != NULL && i < a->prices->link_count; i++) {
        const struct conf_link *l = &a->prices->links[i];

        if (strcmp(l->name, link) == 0)
            return (transaction ? l->transaction_poisha : l->enquiry_poisha) / 100.0;
    }
    return -1;
}

static json_t *cost_taka(double v)
{
    return v < 0 ? json_null() : json_real(v);
}

static void cost_row(void *arg, const struct reach_cost_row *r)
{
    struct cost_args *a = arg;
    bool transaction = r->transaction[0] == 't';
    const char *class = transaction ? "transaction" : "enquiry";
    double price = cost_price(a, r->link, transaction);
    double v[6] = { strtod(r->dials, NULL), strtod(r->seconds, NULL), strtod(r->blocks, NULL), strtod(r->blocks_most, NULL), -1, -1 };

    if (price >= 0) {
        v[4] = v[2] * price;
        v[5] = v[3] * price;
    } else {
        a->unpriced = true;
    }
    for (int i = 0; i < 6; i++)
        a->sums[i] += v[i];
    if (!a->json)
        cost_print(r->link, class, v);
    else
        json_array_append_new(a->rows, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "link", r->link, "class", class,
                                                 "dials", (json_int_t)v[0], "seconds", (json_int_t)v[1],
                                                 "blocks", (json_int_t)v[2], "blocks_most", (json_int_t)v[3],
                                                 "taka", cost_taka(v[4]), "taka_most", cost_taka(v[5])));
}

static int cost_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct cost_args *a = arg;
    char err[512] = "";

    a->prices = conf;
    a->rows = json_array();
    if (!a->json)
        printf(COST_LINE, "link", "class", "dials", "seconds", "blocks", "at most", "taka", "at most");
    if (!reach_cost(conninfo, a->since, a->until, cost_row, a, err, sizeof err)) {
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
        if (a->unpriced)
            a->sums[4] = a->sums[5] = -1;
        cost_print("all", "", a->sums);
    }
    json_decref(a->rows);
    return 0;
}

static bool cost_options(struct cost_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },      { "database", required_argument, NULL, 'd' },
        { "since", required_argument, NULL, 's' },       { "until", required_argument, NULL, 'u' },
        { "json", no_argument, NULL, 'j' },              { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:s:u:jh", options, NULL)) != -1) {
        switch (o) {
        case 'c': a->conf = optarg; break;
        case 'd': a->conninfo = optarg; break;
        case 's': a->since = optarg; break;
        case 'u': a->until = optarg; break;
        case 'j': a->json = true; break;
        case 'h': a->help = true; break;
        default: return false;
        }
    }
    return optind == argc;
}

int cost_main(int argc, char **argv)
{
    struct cost_args a = { .conf = COST_CONF, .since = "", .until = "" };

    if (!cost_options(&a, argc, argv) || a.help) {
        fputs(cost_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, cost_run, &a);
}
