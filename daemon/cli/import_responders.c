/* import_responders.c - who is told when somebody needs help, and who hears a warning first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/import.h"
#include "cli/operator.h"
#include "store/imports.h"

#define RESPONDERS_MAX 200000           /* rows; the country has some 80,000 volunteers */

enum { RESPONDERS_NUMBER = 0, RESPONDERS_ROLE, RESPONDERS_PLACE };

struct responders {
    struct imports_responder *items;
    size_t count;
};

static void *responders_begin(const struct import_list *list)
{
    struct responders *r = xcalloc(1, sizeof *r);

    (void)list;
    r->items = xcalloc(RESPONDERS_MAX, sizeof *r->items);
    return r;
}

static void responders_end(void *data)
{
    struct responders *r = data;

    free(r->items);
    free(r);
}

static bool responders_look(struct import *im, const struct import_row *row, struct imports_responder *r)
{
    static const char *const roles[] = { "uno", "volunteer", "chair" };
    const char *place = row->cells[RESPONDERS_PLACE];
    size_t n = strlen(place);
    int role = 0;
    bool ok = operator_msisdn(row->cells[RESPONDERS_NUMBER], r->msisdn);

    if (!ok)
        import_error(im, row, RESPONDERS_NUMBER, "expected a mobile number like 01711000191");
    while (role < 3 && strcmp(roles[role], row->cells[RESPONDERS_ROLE]) != 0)
        role++;
    if (role == 3)
        import_error(im, row, RESPONDERS_ROLE, "'%.20s': expected uno, volunteer or chair", row->cells[RESPONDERS_ROLE]);
    if ((n != 4 && n != 6) || strspn(place, "0123456789") != n) {
        import_error(im, row, RESPONDERS_PLACE, "'%.20s': expected an upazila of 4 digits or a union of 6", place);
        return false;
    }
    snprintf(r->role, sizeof r->role, "%s", role < 3 ? roles[role] : "");
    snprintf(r->place, sizeof r->place, "%s", place);
    return ok && role < 3;
}

static void responders_row(void *data, struct import *im, const struct import_row *row)
{
    struct responders *r = data;
    struct imports_responder one;

    if (!responders_look(im, row, &one))
        return;
    if (r->count == RESPONDERS_MAX)
        import_error(im, row, RESPONDERS_NUMBER, "more than %d rows", RESPONDERS_MAX);
    else
        r->items[r->count++] = one;
}

static bool responders_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    const struct responders *r = data;
    struct imports_done done;

    (void)im;
    if (r->count == 0) {
        snprintf(err, n, "nobody is in the file");
        return false;
    }
    if (!imports_responders(conninfo, r->items, r->count, &done, err, n))
        return false;
    printf("responders: %zu in the file: %" PRId64 " added, %" PRId64 " gone\n", r->count, done.added, done.gone);
    return true;
}

const struct import_list import_responders = {
    .name = "responders",
    .help = "number, role, place: all UNOs, volunteers and chairs",
    .columns = { [RESPONDERS_NUMBER] = { "number", true }, [RESPONDERS_ROLE] = { "role", true },
                 [RESPONDERS_PLACE] = { "place", true } },
    .begin = responders_begin,
    .row = responders_row,
    .put = responders_put,
    .end = responders_end,
};
