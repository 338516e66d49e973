#include "menu/calls.h"

#include <stdlib.h>

#include "base/alloc.h"

/* Some hundred times what the greatest trees need whose called dialogues return;
 * thousands of them that go on to one another come to an end here. */
#define CALLS_VISITS_MAX 4000000L

void calls_init(struct calls *c, const struct menu_screen *screens, int count, int start)
{
    *c = (struct calls){ .screens = screens, .count = count, .start = start, .left = CALLS_VISITS_MAX };
    c->seen = xcalloc((size_t)count + 1, sizeof *c->seen);
    c->todo = xcalloc((size_t)count + 1, sizeof *c->todo);
}

void calls_fini(struct calls *c)
{
    free(c->seen);
    free(c->todo);
}

void calls_begin(struct calls *c)
{
    c->walk++;
    c->todo_count = 0;
}

void calls_from(struct calls *c, int to)
{
    if (to == MENU_NONE || to == c->start || c->seen[to] == c->walk)
        return;
    c->seen[to] = c->walk;
    c->todo[c->todo_count++] = to;
}

static void calls_exit(void *arg, int to)
{
    calls_from(arg, to);
}

bool calls_run(struct calls *c, void (*fn)(void *arg, const struct menu_screen *s), void *arg)
{
    while (c->todo_count > 0) {
        const struct menu_screen *s = &c->screens[c->todo[--c->todo_count]];

        if (c->left-- <= 0)
            return false;
        fn(arg, s);
        menu_exits(s, calls_exit, c);
    }
    return true;
}

bool calls_walk(struct calls *c, int to, void (*fn)(void *arg, const struct menu_screen *s), void *arg)
{
    calls_begin(c);
    calls_from(c, to);
    return calls_run(c, fn, arg);
}
