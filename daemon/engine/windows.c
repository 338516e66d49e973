#include "engine/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct windows_row {
    char *service, *place;
    int32_t opens, closes;
};

struct windows {
    struct windows_row *rows;
    int count, cap;
};

struct windows *windows_new(void)
{
    return xcalloc(1, sizeof(struct windows));
}

void windows_free(struct windows *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < w->count; i++) {
        free(w->rows[i].service);
        free(w->rows[i].place);
    }
    free(w->rows);
    free(w);
}

void windows_add(struct windows *w, const char *service, const char *place, int32_t opens, int32_t closes)
{
    if (w->count == w->cap) {
        w->cap = w->cap > 0 ? 2 * w->cap : 64;
        w->rows = xrealloc(w->rows, (size_t)w->cap * sizeof *w->rows);
    }
    w->rows[w->count++] = (struct windows_row){ xstrdup(service), xstrdup(place), opens, closes };
}

static int windows_compare(const struct windows_row *r, const char *service, const char *place)
{
    int d = strcmp(r->service, service);

    return d != 0 ? d : strcmp(r->place, place);
}

/* The first row that is not before it. */
static int windows_first(const struct windows *w, const char *service, const char *place)
{
    int low = 0, high = w->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (windows_compare(&w->rows[middle], service, place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Has it windows?  *open: one of them is open. */
static bool windows_look(const struct windows *w, const char *service, const char *place, int32_t today, bool *open)
{
    int first = windows_first(w, service, place), i = first;

    *open = false;
    for (; i < w->count && windows_compare(&w->rows[i], service, place) == 0; i++)
        *open |= today >= w->rows[i].opens && today <= w->rows[i].closes;
    return i > first;
}

bool windows_is_open(const struct windows *w, const struct menu_service *s, const char *place, int32_t today)
{
    bool open;

    if (!s->windowed)
        return true;
    if (w != NULL && place[0] != '\0' && windows_look(w, s->name, place, today, &open))
        return open;
    if (w != NULL && windows_look(w, s->name, "", today, &open))
        return open;
    return today >= s->from && today <= s->to;
}

void windows_each_place(const struct windows *w, const struct menu_service *s, void (*fn)(void *arg, const char *place),
                        void *arg)
{
    for (int i = windows_first(w, s->name, ""); i < w->count && strcmp(w->rows[i].service, s->name) == 0; i++)
        if (w->rows[i].place[0] != '\0' && (i == 0 || windows_compare(&w->rows[i - 1], s->name, w->rows[i].place) != 0))
            fn(arg, w->rows[i].place);
}
