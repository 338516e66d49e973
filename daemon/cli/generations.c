#include "cli/generations.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/operator.h"
#include "store/store.h"

#define GENERATIONS_CONF "conf/kheya.yaml"

static const char generations_usage[] =
    "usage: kheya generations [-c FILE | --database CONNINFO] [--sessions] [retire ID]\n"
    "Lists the menu generations that the database keeps, the current one first.\n"
    "retire ID: dialogues of that one go on under the current one from their next\n"
    "keypress, at the same screen if it asks the same, else at an earlier one.\n"
    "  -c, --config FILE        the daemon's configuration (default " GENERATIONS_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -s, --sessions           count the open dialogues of each; reads the whole table\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct generations_args {
    const char *conf, *conninfo;
    bool count, retire, help;
    int64_t id;
};

static const char *generations_time(int64_t ms, char text[32])
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm;

    if (ms == 0 || localtime_r(&at, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M", &tm) == 0)
        return "-";
    return text;
}

static void generations_print(void *arg, const struct store_kept *kept)
{
    char published[32];
    char retired[32];

    (void)arg;
    printf("%016" PRIx64 "  %-16s  %-7s  %-16s", (uint64_t)kept->id, generations_time(kept->published, published),
           kept->current ? "current" : kept->retired != 0 ? "retired" : "ends", generations_time(kept->retired, retired));
    if (kept->sessions >= 0)
        printf("  %8" PRId64, kept->sessions);
    putchar('\n');
}

static int generations_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct generations_args *a = arg;
    char err[512] = "";

    (void)conf;
    if (a->retire && store_generation_retire(conninfo, a->id, err, sizeof err)) {
        printf("%016" PRIx64 " is retired\n", (uint64_t)a->id);
        return 0;
    }
    if (!a->retire) {
        printf("%-16s  %-16s  %-7s  %-16s%s\n", "generation", "published", "state", "retired",
               a->count ? "  dialogues" : "");
        if (store_generations(conninfo, a->count, generations_print, NULL, err, sizeof err))
            return 0;
    }
    fprintf(stderr, "kheya generations: %s\n", err);
    return 1;
}

/* "retire 0123456789abcdef" behind the options. */
static bool generations_order(struct generations_args *a, int count, char **words)
{
    char *end;

    if (count == 0)
        return true;
    if (count != 2 || strcmp(words[0], "retire") != 0 || strlen(words[1]) != 16)
        return false;
    a->retire = true;
    a->id = (int64_t)strtoull(words[1], &end, 16);
    return *end == '\0';
}

static bool generations_options(struct generations_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "sessions", no_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:sh", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            a->conf = optarg;
            break;
        case 'd':
            a->conninfo = optarg;
            break;
        case 's':
            a->count = true;
            break;
        case 'h':
            a->help = true;
            return true;
        default:
            return false;
        }
    }
    return generations_order(a, argc - optind, argv + optind);
}

int generations_main(int argc, char **argv)
{
    struct generations_args a = { .conf = GENERATIONS_CONF };

    if (!generations_options(&a, argc, argv) || a.help) {
        fputs(generations_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, generations_run, &a);
}
