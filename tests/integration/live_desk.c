/*
 * live_desk.c - kheyad's desk alone, against a real database: orders come on
 * standard input, outcomes go to standard output.
 *
 *   live_desk CONNINFO MENUDIR
 *
 * A line is NUMBER KEY KIND STATE NOTE with tabs between, STATE - for a note.
 * All lines that have come are under way at once; an answer is the line
 * KEY OUTCOME SEQ STATE.  Ends at the end of its input when all is answered.
 * tests/integration/test_desk.py runs several of them and kills some.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/desk.h"
#include "app/generations.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "store/store.h"

#define LIVE_LINE_MAX 4096
#define LIVE_WORDS 5

struct live {
    struct event_base *base;
    struct store *store;
    struct generations *generations;
    struct desk *desk;
    struct event *input;
    struct buf pending;                 /* the line that has not come whole */
    bool ended;                         /* no more input */
};

struct live_order {                     /* whom an answer is for */
    struct live *live;
    char key[CASEFILE_KEY_MAX + 1];
};

/* --- what the store tells --------------------------------------------------------- */

static void live_on_generation(void *arg, int64_t id, bool retired, const void *sources, size_t n, bool failed)
{
    struct live *l = arg;

    (void)retired;
    if (!failed)
        (void)generations_add(l->generations, id, sources, n);
    desk_on_generation(l->desk);
}

static void live_begin(struct live *l);

static void live_on_state(void *arg, bool up)
{
    if (up)
        live_begin(arg);
}

/* --- orders ---------------------------------------------------------------------------- */

static void live_settle(struct live *l)
{
    if (l->ended && desk_backlog(l->desk) == 0)
        event_base_loopbreak(l->base);
}

static void live_on_done(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct live_order *o = arg;
    struct live *l = o->live;

    (void)ticket;
    printf("%s\t%s\t%d\t%s\n", o->key, desk_outcome_name(a->outcome), a->event.seq,
           a->file != NULL ? a->file->state : "");
    fflush(stdout);
    free(o);
    live_settle(l);
}

static enum desk_actor live_kind(const char *name)
{
    for (int i = 0; i < DESK_ACTORS; i++)
        if (strcmp(desk_actor_name((enum desk_actor)i), name) == 0)
            return (enum desk_actor)i;
    fprintf(stderr, "live_desk: no actor '%s'\n", name);
    exit(2);
}

static void live_line(struct live *l, char *line)
{
    struct live_order *o = xcalloc(1, sizeof *o);
    char *words[LIVE_WORDS] = { NULL };
    struct desk_order order;

    for (int i = 0; i < LIVE_WORDS; i++) {
        words[i] = line != NULL ? strsep(&line, "\t") : NULL;
        if (words[i] == NULL) {
            fputs("live_desk: a line of five words is wanted\n", stderr);
            exit(2);
        }
    }
    o->live = l;
    snprintf(o->key, sizeof o->key, "%s", words[1]);
    order = (struct desk_order){
        .number = strtoll(words[0], NULL, 10), .key = words[1], .kind = live_kind(words[2]), .actor = "live",
        .to = strcmp(words[3], "-") != 0 ? words[3] : NULL, .note = words[4], .at = clock_now(),
    };
    desk_order(l->desk, &order, &(struct desk_done){ live_on_done, o, 0 });
}

static void live_on_input(evutil_socket_t fd, short what, void *arg)
{
    struct live *l = arg;
    char bytes[LIVE_LINE_MAX];
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)what;
    if (n <= 0) {
        l->ended = true;
        event_del(l->input);
        live_settle(l);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            buf_addc(&l->pending, bytes[i]);
            continue;
        }
        buf_addc(&l->pending, '\0');
        live_line(l, l->pending.data);
        buf_clear(&l->pending);
    }
    store_flush(l->store);
}

/* The database answers: orders may come. */
static void live_begin(struct live *l)
{
    if (l->input != NULL)
        return;
    l->input = event_new(l->base, STDIN_FILENO, EV_READ | EV_PERSIST, live_on_input, l);
    event_add(l->input, NULL);
}

/* What a turn asked for is sent at its end. */
static void live_on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct live *l = arg;

    (void)fd;
    (void)what;
    store_flush(l->store);
}

int main(int argc, char **argv)
{
    static const struct store_ops ops = { .state = live_on_state, .generation = live_on_generation };
    const struct timeval tick = { 0, 2000 };
    struct live l = { .base = event_base_new() };
    struct menu_issues issues;
    struct event *timer;
    struct menu *menu;

    if (argc != 3) {
        fputs("usage: live_desk CONNINFO MENUDIR\n", stderr);
        return 2;
    }
    menu = menu_load(argv[2], &issues);
    menu_issues_free(&issues);
    if (menu == NULL) {
        fprintf(stderr, "live_desk: %s has errors\n", argv[2]);
        return 2;
    }
    buf_init(&l.pending, LIVE_LINE_MAX);
    l.store = store_new(&(struct store_args){ .base = l.base, .conninfo = argv[1], .ops = &ops, .arg = &l });
    l.generations = generations_new(menu);
    l.desk = desk_new(&(struct desk_args){ l.base, l.store, l.generations });
    timer = event_new(l.base, -1, EV_PERSIST, live_on_tick, &l);
    event_add(timer, &tick);
    event_base_dispatch(l.base);
    event_free(timer);
    if (l.input != NULL)
        event_free(l.input);
    store_free(l.store);
    desk_free(l.desk);
    generations_free(l.generations);
    buf_fini(&l.pending);
    event_base_free(l.base);
    return 0;
}
