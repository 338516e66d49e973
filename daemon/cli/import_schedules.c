/* import_schedules.c - on which days people are reminded of what they wished to be reminded of. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/import.h"
#include "store/imports.h"

#define SCHEDULES_MAX 200               /* rows */
#define SCHEDULES_FIRST (-30)           /* days, as the database says */
#define SCHEDULES_LAST 3650
#define SCHEDULES_SOURCE_MAX 80         /* octets here, characters there */

enum { SCHEDULES_KIND = 0, SCHEDULES_DAYS, SCHEDULES_SOURCE };

struct schedules_item {
    struct imports_schedule schedule;
    int line;
};

struct schedules {
    struct schedules_item *items;
    size_t count;
};

static void *schedules_begin(const struct import_list *list)
{
    struct schedules *s = xcalloc(1, sizeof *s);

    (void)list;
    s->items = xcalloc(SCHEDULES_MAX, sizeof *s->items);
    return s;
}

static void schedules_end(void *data)
{
    struct schedules *s = data;

    free(s->items);
    free(s);
}

static bool schedules_look(struct import *im, const struct import_row *row, struct imports_schedule *out)
{
    static const char *const kinds[] = { "birth", "vaccine", "hearing" };
    const char *days = row->cells[SCHEDULES_DAYS], *source = row->cells[SCHEDULES_SOURCE];
    size_t digits = strspn(days + (days[0] == '-'), "0123456789"), kind = 0;
    bool ok = true;

    while (kind < 3 && strcmp(kinds[kind], row->cells[SCHEDULES_KIND]) != 0)
        kind++;
    if (kind == 3) {
        import_error(im, row, SCHEDULES_KIND, "'%.20s': expected birth, vaccine or hearing", row->cells[SCHEDULES_KIND]);
        ok = false;
    }
    out->days = (int)strtol(days, NULL, 10);
    if (digits == 0 || digits > 4 || days[digits + (days[0] == '-')] != '\0' || out->days < SCHEDULES_FIRST ||
        out->days > SCHEDULES_LAST) {
        import_error(im, row, SCHEDULES_DAYS, "'%.20s': expected days after the day, %d to %d", days, SCHEDULES_FIRST,
                     SCHEDULES_LAST);
        ok = false;
    }
    if (source[0] == '\0' || strlen(source) > SCHEDULES_SOURCE_MAX) {
        import_error(im, row, SCHEDULES_SOURCE, "expected where it is written, 1 to %d letters", SCHEDULES_SOURCE_MAX);
        return false;
    }
    snprintf(out->kind, sizeof out->kind, "%s", kind < 3 ? kinds[kind] : "");
    snprintf(out->source, sizeof out->source, "%s", source);
    return ok;
}

static void schedules_row(void *data, struct import *im, const struct import_row *row)
{
    struct schedules *s = data;
    struct schedules_item item = { .line = row->line };

    if (!schedules_look(im, row, &item.schedule))
        return;
    for (size_t i = 0; i < s->count; i++) {
        const struct imports_schedule *other = &s->items[i].schedule;

        if (other->days == item.schedule.days && strcmp(other->kind, item.schedule.kind) == 0) {
            import_error(im, row, SCHEDULES_DAYS, "the same day stands on line %d already", s->items[i].line);
            return;
        }
    }
    if (s->count == SCHEDULES_MAX) {
        import_error(im, row, SCHEDULES_KIND, "more than %d days", SCHEDULES_MAX);
        return;
    }
    s->items[s->count++] = item;
}

static bool schedules_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct schedules *s = data;
    struct imports_schedule *list;
    struct imports_done done;
    bool ok;

    (void)im;
    if (s->count == 0) {
        snprintf(err, n, "no day is in the file");
        return false;
    }
    list = xcalloc(s->count, sizeof *list);
    for (size_t i = 0; i < s->count; i++)
        list[i] = s->items[i].schedule;
    ok = imports_schedules(conninfo, list, s->count, &done, err, n);
    free(list);
    if (!ok)
        return false;
    printf("schedules: %zu in the file: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n", s->count, done.added,
           done.changed, done.gone);
    return true;
}

const struct import_list import_schedules = {
    .name = "schedules",
    .help = "kind, days, source: stands for the kinds in it",
    .columns = { [SCHEDULES_KIND] = { "kind", true }, [SCHEDULES_DAYS] = { "days", true },
                 [SCHEDULES_SOURCE] = { "source", true } },
    .begin = schedules_begin,
    .row = schedules_row,
    .put = schedules_put,
    .end = schedules_end,
};
