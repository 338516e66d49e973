#include "app/generations.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "app/apikeys.h"
#include "app/backends.h"
#include "app/conf.h"
#include "app/handover.h"
#include "app/tills.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine/session_move.h"

struct generation {
    struct generation *next;
    int64_t id;
    struct menu *menu;                  /* NULL: there is no such generation */
    bool used;                          /* marked since the last sweep */
    bool waits;                         /* read from the folder, not yet seen as current */
    bool retired;
    struct session_plan *plan;          /* retired: to the current one; NULL until needed */
};

struct generations {
    struct generation *list;            /* the newest first */
    struct generation *current;
};

static struct generation *generations_get(const struct generations *g, int64_t id)
{
    struct generation *e = g->list;

    while (e != NULL && e->id != id)
        e = e->next;
    return e;
}

static struct generation *generations_put(struct generations *g, int64_t id, struct menu *menu)
{
    struct generation *e = xcalloc(1, sizeof *e);

    e->id = id;
    e->menu = menu;
    e->used = true;                     /* whoever asked for it has not come back yet */
    e->next = g->list;
    g->list = e;
    return e;
}

struct generations *generations_new(struct menu *menu_take)
{
    struct generations *g = xcalloc(1, sizeof *g);

    g->current = generations_put(g, menu_take->generation, menu_take);
    return g;
}

static void generations_drop(struct generation *e)
{
    session_plan_free(e->plan);
    menu_free(e->menu);
    free(e);
}

void generations_free(struct generations *g)
{
    struct generation *next;

    if (g == NULL)
        return;
    for (struct generation *e = g->list; e != NULL; e = next) {
        next = e->next;
        generations_drop(e);
    }
    free(g);
}

const struct menu *generations_current(const struct generations *g)
{
    return g->current->menu;
}

const struct menu *generations_find(const struct generations *g, int64_t id, bool *missing)
{
    const struct generation *e = generations_get(g, id);

    *missing = e != NULL && e->menu == NULL;
    return e != NULL ? e->menu : NULL;
}

static void generations_report(const struct menu_issues *issues, struct buf *report)
{
    for (int i = 0; i < issues->count; i++) {
        const struct menu_issue *e = &issues->list[i];

        buf_addf(report, "%s:%d:%d: %s: %s [%s]\n", e->pos.file, e->pos.line, e->pos.column,
                 e->severity == MENU_ERROR ? "error" : "warning", e->text, e->code);
    }
}

const struct menu *generations_add(struct generations *g, int64_t id, const void *sources, size_t n)
{
    struct generation *e = generations_get(g, id);
    struct menu_issues issues;
    struct menu *menu = NULL;

    if (e != NULL)
        return e->menu;
    if (sources != NULL) {
        menu = menu_load_sources(sources, n, &issues);
        if (menu == NULL && issues.count > 0)
            log_err("generation=%016" PRIx64 " event=unreadable reason=\"%s\" next=ignored", (uint64_t)id,
                    issues.list[0].text);
        menu_issues_free(&issues);
    }
    if (menu != NULL && menu->generation != id) {
        log_err("generation=%016" PRIx64 " event=altered next=ignored", (uint64_t)id);
        menu_free(menu);
        menu = NULL;
    }
    return generations_put(g, id, menu)->menu;
}

/* What dialogues would find missing, an operator is told now. */
static bool generations_has_keys(const struct menu *menu, const struct conf *conf, struct buf *report)
{
    char err[512];

    if (menu->pin != MENU_NONE && conf->secret[0] == '\0') {
        buf_adds(report, "the menus ask for PINs: the setting 'secret' must name a file\n");
        return false;
    }
    if (menu->keyed && conf->secret[0] == '\0') {
        buf_adds(report, "the menus keep numbers of persons under a key: the setting 'secret' must name a file\n");
        return false;
    }
    if (handover_needs_secret(menu) && conf->secret[0] == '\0') {
        buf_adds(report, "the menus hand sensitive values to back ends: the setting 'secret' must name a file\n");
        return false;
    }
    if (backends_check(menu, conf->folder, err, sizeof err) && tills_check(menu, conf->folder, err, sizeof err) &&
        apikeys_check(conf, err, sizeof err))
        return true;
    buf_addf(report, "%s\n", err);
    return false;
}

const struct menu *generations_read(struct generations *g, const struct conf *conf, struct buf *report)
{
    struct conf_menu_links links;
    struct menu_issues issues;
    struct generation *e;
    struct menu *menu;

    conf_menu_links(conf, &links);
    menu = menu_load_for(conf->menus, &links.links, &issues);

    generations_report(&issues, report);
    menu_issues_free(&issues);
    if (menu != NULL && !generations_has_keys(menu, conf, report)) {
        menu_free(menu);
        menu = NULL;
    }
    if (menu == NULL)
        return NULL;
    e = generations_get(g, menu->generation);
    if (e == NULL) {
        e = generations_put(g, menu->generation, menu);
    } else if (e->menu == NULL) {
        e->menu = menu;
    } else {
        menu_free(menu);
    }
    e->waits = e != g->current;
    return e->menu;
}

void generations_adopt(struct generations *g, int64_t id)
{
    struct generation *e = generations_get(g, id);

    assert(e != NULL && e->menu != NULL);
    e->waits = false;
    g->current = e;
    for (e = g->list; e != NULL; e = e->next) {         /* they led to the one before */
        session_plan_free(e->plan);
        e->plan = NULL;
    }
}

bool generations_retire(struct generations *g, int64_t id, bool retired)
{
    struct generation *e = generations_get(g, id);

    if (e == NULL || e->retired == retired)
        return false;
    e->retired = retired;
    return true;
}

const struct session_plan *generations_plan(struct generations *g, const struct menu *menu)
{
    struct generation *e = g->list;

    while (e != NULL && (e->menu != menu || menu == NULL))
        e = e->next;
    if (e == NULL || !e->retired || e == g->current)
        return NULL;
    if (e->plan == NULL)
        e->plan = session_plan_new(e->menu, g->current->menu);
    return e->plan;
}

void generations_use(struct generations *g, const struct menu *menu)
{
    for (struct generation *e = g->list; e != NULL; e = e->next)
        if (e->menu == menu)
            e->used = true;
}

bool generations_sweep(struct generations *g)
{
    struct generation **at = &g->list;
    bool any = false;

    while (*at != NULL) {
        struct generation *e = *at;

        if (e == g->current || e->waits || e->used) {
            e->used = false;
            at = &e->next;
            continue;
        }
        *at = e->next;
        log_info("generation=%016" PRIx64 " event=freed", (uint64_t)e->id);
        generations_drop(e);
        any = true;
    }
    return any;
}

int generations_count(const struct generations *g)
{
    int n = 0;

    for (const struct generation *e = g->list; e != NULL; e = e->next)
        n++;
    return n;
}
