#include "cli/replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/conf.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/operator.h"
#include "cli/replay_run.h"
#include "store/store.h"

#define REPLAY_CONF "conf/kheya.yaml"
#define REPLAY_KINDS_MAX 500            /* different ends, and reasons, that are told apart */
#define REPLAY_SINCE_MAX (400 * INT64_C(86400000))

static const char replay_usage[] =
    "usage: kheya replay --since 7d [-c FILE | --database CONNINFO] MENUDIR\n"
    "Runs the dialogues on the tape (tape.keep of the daemon's configuration) on the menus\n"
    "of MENUDIR: which of them would end elsewhere?\n"
    "  -s, --since AGE          dialogues begun so long ago at most: 30m, 24h, 7d\n"
    "  -c, --config FILE        the daemon's configuration (default " REPLAY_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead; then pages are of 160/70\n"
    "Exit status: 0 all end where they ended, 1 some do not or the menus have errors,\n"
    "2 used wrongly or the database cannot be read.\n";

/* So many dialogues ended so, or could not be followed for this reason. */
struct replay_kind {
    struct replay_end end;              /* of the first one */
    int64_t example;
    long count;
};

struct replay {
    struct replay_run *run;
    const struct conf *conf;            /* NULL: the limits of links are not known */
    int64_t dialogue;                   /* that is being run; 0: none */
    int32_t step;                       /* its last one */
    bool torn;                          /* its beginning, or a step in it, is not on the tape */
    long same, elsewhere, unfollowed, lacking, torn_count, others, steps;
    struct replay_kind kinds[REPLAY_KINDS_MAX];
    int kind_count;
};

/* --- counting ---------------------------------------------------------------------- */

static bool replay_is_kind(const struct replay_kind *k, const struct replay_end *end)
{
    if (k->end.outcome != end->outcome)
        return false;
    if (end->outcome != REPLAY_FOLLOWED)
        return strcmp(k->end.why, end->why) == 0;
    return strcmp(k->end.was, end->was) == 0 && strcmp(k->end.is, end->is) == 0;
}

static void replay_count(struct replay *r, const struct replay_end *end)
{
    struct replay_kind *k = r->kinds;

    while (k < r->kinds + r->kind_count && !replay_is_kind(k, end))
        k++;
    if (k == r->kinds + REPLAY_KINDS_MAX) {
        r->others++;
        return;
    }
    if (k == r->kinds + r->kind_count) {
        *k = (struct replay_kind){ *end, r->dialogue, 0 };
        r->kind_count++;
    }
    k->count++;
}

/* The dialogue is over. */
static void replay_close(struct replay *r)
{
    const struct replay_end *end = replay_run_end(r->run);

    if (r->dialogue == 0)
        return;
    if (r->torn) {
        r->torn_count++;
    } else if (end->outcome == REPLAY_FOLLOWED && strcmp(end->was, end->is) == 0) {
        r->same++;
    } else {
        r->elsewhere += end->outcome == REPLAY_FOLLOWED;
        r->unfollowed += end->outcome == REPLAY_ASKS_MORE;
        r->lacking += end->outcome == REPLAY_TAPE_LACKS;
        replay_count(r, end);
    }
    r->dialogue = 0;
}

static const struct event_limits *replay_limits(const struct replay *r, const char *link)
{
    static const struct event_limits usual = { .septets = 160, .units = 70 };
    const struct event_limits *limits = r->conf != NULL ? conf_limits(r->conf, link) : NULL;

    return limits != NULL ? limits : &usual;
}

static void replay_on_step(void *arg, const struct store_taped *taped)
{
    struct replay *r = arg;
    const struct store_tape *t = &taped->tape;
    const struct replay_step step = { taped->at, t->kind, t->how, t->state, t->typed, t->facts, taped->screen };

    if (t->dialogue != r->dialogue) {
        replay_close(r);
        r->dialogue = t->dialogue;
        r->step = 0;
        r->torn = false;
        replay_run_begin(r->run, replay_limits(r, t->link));
    }
    r->torn = r->torn || t->step != r->step + 1;
    r->step = t->step;
    r->steps++;
    if (!r->torn)
        replay_run_step(r->run, &step);
}

/* --- telling ------------------------------------------------------------------------------ */

static int replay_compare_kinds(const void *a, const void *b)
{
    const struct replay_kind *x = a;
    const struct replay_kind *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->end.was, y->end.was);
}

static void replay_print_kinds(const struct replay *r, enum replay_outcome outcome)
{
    for (int i = 0; i < r->kind_count; i++) {
        const struct replay_kind *k = &r->kinds[i];
        const struct replay_end *end = &k->end;

        if (end->outcome != outcome)
            continue;
        if (outcome != REPLAY_FOLLOWED)
            printf("  %8ld  %s, as %016" PRIx64 "\n", k->count, end->why, (uint64_t)k->example);
        else
            printf("  %8ld  %s -> %s, apart at %s after %s, as %016" PRIx64 "\n", k->count, end->was, end->is, end->apart,
                   end->key, (uint64_t)k->example);
    }
}

static void replay_print(struct replay *r)
{
    qsort(r->kinds, (size_t)r->kind_count, sizeof r->kinds[0], replay_compare_kinds);
    printf("%ld dialogues end where they ended\n", r->same);
    if (r->elsewhere > 0)
        printf("%ld end elsewhere:\n", r->elsewhere);
    replay_print_kinds(r, REPLAY_FOLLOWED);
    if (r->unfollowed > 0)
        printf("%ld cannot be followed on these menus:\n", r->unfollowed);
    replay_print_kinds(r, REPLAY_ASKS_MORE);
    if (r->lacking + r->torn_count > 0)
        printf("%ld are not on the tape whole:\n", r->lacking + r->torn_count);
    if (r->torn_count > 0)
        printf("  %8ld  in part on a process that kept no tape\n", r->torn_count);
    replay_print_kinds(r, REPLAY_TAPE_LACKS);
    if (r->others > 0)
        printf("%ld more end in other ways than these\n", r->others);
}

/* --- options --------------------------------------------------------------------------------- */

struct replay_args {
    const char *conf, *conninfo, *menus;
    int64_t since_ms;                   /* ago; 0: not given */
    bool help;
};

/* "7d"; 0: no such age. */
static int64_t replay_age(const char *s)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    char *end;
    long n = strtol(s, &end, 10);

    if (end == s || n <= 0 || n > 1000000)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0)
            return n * units[i].ms <= REPLAY_SINCE_MAX ? n * units[i].ms : 0;
    return 0;
}

static bool replay_options(struct replay_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "since", required_argument, NULL, 's' }, { "config", required_argument, NULL, 'c' },
        { "database", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "s:c:d:h", options, NULL)) != -1) {
        switch (o) {
        case 's':
            a->since_ms = replay_age(optarg);
            break;
        case 'c':
            a->conf = optarg;
            break;
        case 'd':
            a->conninfo = optarg;
            break;
        case 'h':
            a->help = true;
            return true;
        default:
            return false;
        }
    }
    a->menus = optind < argc ? argv[optind] : NULL;
    return optind + 1 == argc && a->since_ms > 0;
}

/* NULL, and its errors on stderr. */
static struct menu *replay_menus(const char *dir)
{
    struct menu_issues issues;
    struct menu *m = menu_load(dir, &issues);

    for (int i = 0; i < issues.count && m == NULL; i++) {
        const struct menu_issue *e = &issues.list[i];

        if (e->severity == MENU_ERROR)
            fprintf(stderr, "%s:%d:%d: error: %s [%s]\n", e->pos.file, e->pos.line, e->pos.column, e->text, e->code);
    }
    menu_issues_free(&issues);
    return m;
}

/* conf: NULL where only the database was named. */
static int replay_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct replay_args *a = arg;
    struct menu *m = replay_menus(a->menus);
    struct replay *r;
    char err[512];
    int status = 2;

    if (m == NULL)
        return 1;
    r = xcalloc(1, sizeof *r);
    r->conf = conf;
    r->run = replay_run_new(m);
    if (store_tape_read(conninfo, clock_now() - a->since_ms, replay_on_step, r, err, sizeof err)) {
        replay_close(r);
        replay_print(r);
        if (r->steps == 0)
            puts("the tape holds nothing of that time: is tape.keep set?");
        status = r->elsewhere + r->unfollowed > 0 ? 1 : 0;
    } else {
        fprintf(stderr, "kheya replay: %s\n", err);
    }
    replay_run_free(r->run);
    free(r);
    menu_free(m);
    return status;
}

int replay_main(int argc, char **argv)
{
    struct replay_args a = { .conf = REPLAY_CONF };

    if (!replay_options(&a, argc, argv) || a.help) {
        fputs(replay_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    log_set_level(LOG_LEVEL_ERR);
    return operator_run(a.conf, a.conninfo, replay_run, &a);
}
