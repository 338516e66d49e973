#include "cli/funnel.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/operator.h"
#include "store/reach.h"

#define FUNNEL_CONF "conf/kheya.yaml"
#define FUNNEL_LINE "%-32s %-10s %9s %9s %6s\n"

static const char funnel_usage[] =
    "usage: kheya funnel [-c FILE | --database CONNINFO] [--by script|link|union] [--since DAY] [--until DAY] [--json]\n"
    "On which screens dialogues are left, the worst first: how often it came up, and how often nobody went on from it.\n"
    "From the sums of 400 days, to which kheyad adds every few seconds; who is still there counts as left.\n"
    "  -b, --by script|link|union  what the counts are told by (default script); by union none under 10\n"
    "  -s, --since DAY             dialogues that began from this day on, like 2026-11-01\n"
    "  -u, --until DAY             and on this day at the latest\n"
    "  -j, --json                  an object with a list of rows\n"
    "  -c, --config FILE           the daemon's configuration (default " FUNNEL_CONF ")\n"
    "  -d, --database CONNINFO     libpq connection string, instead\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

static const char *const funnel_keys[REACH_PLACES] = { [REACH_SCRIPT] = "script", [REACH_LINK] = "link", [REACH_UNION] = "union" };

struct funnel_args {
    const char *conf, *conninfo, *since, *until;
    int by;
    bool json, help;
    json_t *rows;
};

static void funnel_add(struct funnel_args *a, const struct reach_funnel_row *r)
{
    json_t *left = r->left != NULL ? json_integer(strtoll(r->left, NULL, 10)) : json_null();

    json_array_append_new(a->rows, json_pack("{s:s, s:s, s:I, s:o}", "screen", r->screen, funnel_keys[a->by], r->key,
                                             "came", (json_int_t)strtoll(r->came, NULL, 10), "left", left));
}

static void funnel_row(void *arg, const struct reach_funnel_row *r)
{
    struct funnel_args *a = arg;
    char percent[16] = "";

    if (a->json) {
        funnel_add(a, r);
        return;
    }
    if (r->left != NULL)
        snprintf(percent, sizeof percent, "%.0f%%", strtod(r->left, NULL) * 100 / strtod(r->came, NULL));
    printf(FUNNEL_LINE, r->screen, r->key, r->came, r->left != NULL ? r->left : "few", percent);
}

static int funnel_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct funnel_args *a = arg;
    char err[512] = "";

    (void)conf;
    a->rows = json_array();
    if (!a->json)
        printf(FUNNEL_LINE, "screen", funnel_keys[a->by], "came", "left", "");
    if (!reach_funnel(conninfo, a->since, a->until, (enum reach_kind)a->by, funnel_row, a, err, sizeof err)) {
        fprintf(stderr, "kheya funnel: %s\n", err);
        json_decref(a->rows);
        return 1;
    }
    if (a->json) {
        json_t *all = json_pack("{s:s, s:s, s:O}", "schema", "kheya-funnel-1", "by", funnel_keys[a->by], "rows", a->rows);

        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(all);
    }
    json_decref(a->rows);
    return 0;
}

static int funnel_by(const char *word)
{
    int by = REACH_PLACES - 1;

    while (by >= 0 && strcmp(funnel_keys[by], word) != 0)
        by--;
    return by;
}

static bool funnel_options(struct funnel_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "by", required_argument, NULL, 'b' },     { "since", required_argument, NULL, 's' },
        { "until", required_argument, NULL, 'u' },  { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:b:s:u:jh", options, NULL)) != -1) {
        switch (o) {
        case 'c': a->conf = optarg; break;
        case 'd': a->conninfo = optarg; break;
        case 'b': a->by = funnel_by(optarg); break;
        case 's': a->since = optarg; break;
        case 'u': a->until = optarg; break;
        case 'j': a->json = true; break;
        case 'h': a->help = true; break;
        default: return false;
        }
    }
    return optind == argc && a->by >= 0;
}

int funnel_main(int argc, char **argv)
{
    struct funnel_args a = { .conf = FUNNEL_CONF, .since = "", .until = "", .by = REACH_SCRIPT };

    if (!funnel_options(&a, argc, argv) || a.help) {
        fputs(funnel_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, funnel_run, &a);
}
