/* import_windows.c - when services with a window are open, for the country and for single places. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/import.h"
#include "menu/keys.h"
#include "store/imports.h"

#define WINDOWS_MAX 50000               /* rows; the daemon keeps them all in memory */
#define WINDOWS_PLACE_MAX 30            /* characters, as the database says */

enum { WINDOWS_SERVICE = 0, WINDOWS_PLACE, WINDOWS_OPENS, WINDOWS_CLOSES };

struct windows_item {
    struct imports_window window;
    int line;
};

struct windows {
    struct windows_item *items;
    size_t count;
};

static void *windows_begin(const struct import_list *list)
{
    struct windows *w = xcalloc(1, sizeof *w);

    (void)list;
    w->items = xcalloc(WINDOWS_MAX, sizeof *w->items);
    return w;
}

static void windows_end(void *data)
{
    struct windows *w = data;

    for (size_t i = 0; i < w->count; i++) {
        free((char *)(uintptr_t)w->items[i].window.service);
        free((char *)(uintptr_t)w->items[i].window.place);
    }
    free(w->items);
    free(w);
}

/* A bound that is not there is no bound. */
static bool windows_day(struct import *im, const struct import_row *row, int column, int32_t none, int32_t *day)
{
    *day = none;
    return row->cells[column][0] == '\0' || import_day(im, row, column, day);
}

static bool windows_names(struct import *im, const struct import_row *row)
{
    const char *service = row->cells[WINDOWS_SERVICE], *place = row->cells[WINDOWS_PLACE];
    bool ok = keys_is_name(service, strlen(service));

    if (!ok)
        import_error(im, row, WINDOWS_SERVICE, "'%.70s' is no name of a service of the menus", service);
    if (strlen(place) <= WINDOWS_PLACE_MAX)
        return ok;
    import_error(im, row, WINDOWS_PLACE, "a place has at most %d letters", WINDOWS_PLACE_MAX);
    return false;
}

static void windows_row(void *data, struct import *im, const struct import_row *row)
{
    struct windows *w = data;
    int32_t opens, closes;
    bool ok = windows_names(im, row);

    ok = windows_day(im, row, WINDOWS_OPENS, INT32_MIN, &opens) && ok;
    ok = windows_day(im, row, WINDOWS_CLOSES, INT32_MAX, &closes) && ok;
    if (!ok)
        return;
    if (closes < opens) {
        import_error(im, row, WINDOWS_CLOSES, "the window closes on %s, before it opens on %s", row->cells[WINDOWS_CLOSES],
                     row->cells[WINDOWS_OPENS]);
        return;
    }
    if (w->count == WINDOWS_MAX) {
        import_error(im, row, WINDOWS_SERVICE, "more than %d windows", WINDOWS_MAX);
        return;
    }
    w->items[w->count++] = (struct windows_item){
        { xstrdup(row->cells[WINDOWS_SERVICE]), xstrdup(row->cells[WINDOWS_PLACE]), opens, closes }, row->line,
    };
}

static int windows_compare(const void *x, const void *y)
{
    const struct imports_window *a = &((const struct windows_item *)x)->window;
    const struct imports_window *b = &((const struct windows_item *)y)->window;
    int d = strcmp(a->service, b->service);

    if (d == 0)
        d = strcmp(a->place, b->place);
    return d != 0 ? d : a->opens < b->opens ? -1 : a->opens > b->opens;
}

static int windows_compare_lines(const void *x, const void *y)
{
    const struct windows_item *a = x, *b = y;
    int d = windows_compare(x, y);

    return d != 0 ? d : a->line < b->line ? -1 : a->line > b->line;
}

/* Two windows of one place that open on the same day would be one row of the table. */
static void windows_check(void *data, struct import *im)
{
    const struct windows *w = data;

    qsort(w->items, w->count, sizeof *w->items, windows_compare_lines);
    for (size_t i = 1; i < w->count; i++) {
        const struct import_row row = { .line = w->items[i].line, .columns = { 1, 1, 1, 1 } };

        if (windows_compare(&w->items[i - 1], &w->items[i]) == 0)
            import_error(im, &row, WINDOWS_SERVICE, "a window that opens on the same day stands on line %d already",
                         w->items[i - 1].line);
    }
}

static bool windows_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct windows *w = data;
    struct imports_window *list;
    struct imports_done done;
    bool ok;

    (void)im;
    if (w->count == 0) {
        snprintf(err, n, "no window is in the file");
        return false;
    }
    list = xcalloc(w->count, sizeof *list);
    for (size_t i = 0; i < w->count; i++)
        list[i] = w->items[i].window;
    ok = imports_windows(conninfo, list, w->count, &done, err, n);
    free(list);
    if (!ok)
        return false;
    printf("windows: %zu in the file: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n", w->count, done.added,
           done.changed, done.gone);
    return true;
}

const struct import_list import_windows = {
    .name = "windows",
    .help = "service, place, opens, closes: stands for the services in it",
    .columns = { [WINDOWS_SERVICE] = { "service", true }, [WINDOWS_PLACE] = { "place", true },
                 [WINDOWS_OPENS] = { "opens", true }, [WINDOWS_CLOSES] = { "closes", true } },
    .begin = windows_begin,
    .row = windows_row,
    .check = windows_check,
    .put = windows_put,
    .end = windows_end,
};
