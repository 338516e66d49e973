#include "cli/render.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/conf.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/gsm.h"
#include "cli/load.h"
#include "menu/names.h"
#include "menu/render.h"
#include "menu/widest.h"

#define RENDER_SAMPLE_MAX 4096              /* characters of one value */
#define RENDER_PAGE_MAX 65536               /* octets */

#define RENDER_CONF "conf/kheya.yaml"

static const char render_usage[] =
    "usage: kheya render MENUDIR SCREEN [--lang L] [--link K [-c FILE]] [--septets N] [--units N] [--page N] [--set VAR=VALUE]...\n"
    "Prints every page of a screen with what it costs.  Values that are not set\n"
    "are shown at the greatest width of their type.\n"
    "  --lang L          one language; else all, one after the other\n"
    "  --link K          limits of this link, or SMSC id, of the configuration\n"
    "  -c FILE           the configuration (default " RENDER_CONF ")\n"
    "  --septets N       limit of a GSM 7-bit page (default the link's, or 160; 0 none)\n"
    "  --units N         limit of a UCS-2 page (default the link's, or 70; 0 none)\n"
    "  --page N          only this page, from 1\n"
    "  --set VAR=VALUE   the value of a variable, as a citizen would type it\n"
    "Exit status: 0 every page fits, 1 one does not or the menus have errors, 2 used wrongly.\n";

struct render_command {
    const char *dir, *screen_name, *lang;
    const char *link, *conf;
    struct event_limits limits;             /* -1 where the link's is taken */
    int page;                               /* from 1; 0 all */
    char **sets;                            /* "var=value", in argv */
    int set_count;

    struct menu *menu;
    const struct menu_screen *screen;
    int32_t today;
    char **given;                           /* per variable; NULL not given */
    char **values;                          /* per variable, for the language shown */
};

/* --- values --------------------------------------------------------------------------- */

/* Every variable of the tree: as given, else what it is in a real session, else
 * the widest. */
static void render_values(struct render_command *c, const struct expr_scope *scope)
{
    const char *const own[MENU_BUILTINS] = {
        [MENU_VAR_MSISDN] = "8801712345678", [MENU_VAR_LANG] = c->menu->langs[scope->lang].id,
        [MENU_VAR_KNOWN] = "yes", [MENU_VAR_CODE] = c->menu->code_count > 0 ? c->menu->codes[0] : "",
    };

    for (int i = 0; i < c->menu->var_count; i++) {
        struct buf value;

        free(c->values[i]);
        buf_init(&value, RENDER_SAMPLE_MAX);
        if (c->given[i] != NULL)
            buf_adds(&value, c->given[i]);
        else if (i < MENU_BUILTINS && own[i] != NULL)
            buf_adds(&value, own[i]);
        else if (c->menu->vars[i].type != NULL)
            widest_value(c->menu->vars[i].type, scope, &value);
        c->values[i] = xstrdup(buf_str(&value));
        buf_fini(&value);
    }
}

static const char *render_get(const void *arg, int var, size_t *len)
{
    const struct render_command *c = arg;

    if (c->values[var] == NULL)
        return NULL;
    *len = strlen(c->values[var]);
    return c->values[var];
}

/* As many rows as the screen may offer, all the same. */
static void render_rows(const struct render_command *c, struct buf *out)
{
    const struct menu_list *list = &c->screen->list;
    const char *cells[UINT8_MAX];
    int fields;

    if (list->query == MENU_NONE)
        return;
    fields = c->menu->queries[list->query].returns->field_count;
    for (int i = 0; i < fields && i < UINT8_MAX; i++)
        cells[i] = c->values[list->into[i]];
    render_rows_begin(out, fields);
    for (int i = 0; i < list->max && i < RENDER_OPTIONS_MAX; i++)
        render_rows_add(out, cells, fields);
}

/* --- pages ------------------------------------------------------------------------------ */

static void render_print_cost(const struct render_page *page, const struct event_limits *limits)
{
    bool gsm = page->septets >= 0;
    int limit = gsm ? limits->septets : limits->units;

    printf("%d", gsm ? page->septets : page->units);
    if (limit > 0)
        printf(" of %d", limit);
    printf(" %s%s", gsm ? "septets" : "units", page->fits ? "" : ": DOES NOT FIT");
}

/* True when all pages fit. */
static bool render_language(struct render_command *c, int lang)
{
    struct expr_scope scope = { .menu = c->menu, .lang = lang, .today = c->today, .get = render_get, .arg = c };
    struct render_args args = { .scope = &scope, .screen = c->screen, .limits = &c->limits,
                                .at_start = c->screen == &c->menu->screens[c->menu->start] };
    struct render_page page = { .more = true };
    struct buf rows;
    bool fits = true;

    render_values(c, &scope);
    buf_init(&rows, RENDER_PAGE_MAX);
    render_rows(c, &rows);
    args.list_rows = rows.len > 0 ? buf_str(&rows) : NULL;
    args.list_rows_len = rows.len;
    for (args.page = 0; page.more; args.page++) {
        struct buf out;

        buf_init(&out, RENDER_PAGE_MAX);
        render_page(&args, &out, &page);
        fits &= page.fits;
        if (c->page == 0 || c->page == args.page + 1) {
            printf("--- %s %s, page %d, ", c->screen->name, c->menu->langs[lang].id, args.page + 1);
            render_print_cost(&page, &c->limits);
            printf("\n%s\n", buf_str(&out));
        }
        buf_fini(&out);
    }
    buf_fini(&rows);
    return fits;
}

/* --- the command ------------------------------------------------------------------------ */

static int render_wrong(const char *what, const char *name, const char *near)
{
    fprintf(stderr, "kheya render: %s '%s'", what, name);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    return 2;
}

/* "var=value": typed by a citizen, or as the database gives it. */
static int render_set(struct render_command *c, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    int var = equals != NULL ? menu_var_find(c->menu, text, len) : MENU_NONE;
    const struct menu_type *type;
    struct buf typed;
    struct buf value;
    bool good;

    if (equals == NULL)
        return render_wrong("--set wants VAR=VALUE, not", text, NULL);
    if (var == MENU_NONE)
        return render_wrong("no variable in", text, names_nearest(c->menu->var_names, text, len));
    type = c->menu->vars[var].type;
    buf_init(&typed, RENDER_SAMPLE_MAX);
    buf_init(&value, RENDER_SAMPLE_MAX);
    gsm_answer(&typed, equals + 1, strlen(equals + 1));
    good = type == NULL || menu_type_import(type, buf_str(&typed), &value) ||
           menu_type_accept(type, buf_str(&typed), typed.len, c->today, &value);
    if (good) {
        free(c->given[var]);
        c->given[var] = xstrdup(buf_str(&value));
    }
    buf_fini(&typed);
    buf_fini(&value);
    if (!good)
        fprintf(stderr, "kheya render: '%s' is no %s\n", equals + 1, type->name);
    return good ? 0 : 2;
}

static int render_run(struct render_command *c)
{
    const struct menu *m = c->menu;
    int screen = menu_screen_find(m, c->screen_name);
    int lang = c->lang != NULL ? menu_lang_find(m, c->lang) : 0;
    bool fits = true;
    int status = 0;

    if (screen == MENU_NONE)
        return render_wrong("no screen", c->screen_name,
                            names_nearest(m->screen_names, c->screen_name, strlen(c->screen_name)));
    if (lang == MENU_NONE)
        return render_wrong("no language", c->lang, NULL);
    c->screen = &m->screens[screen];
    if (c->screen->text == NULL)
        return render_wrong("nothing is shown by screen", c->screen_name, NULL);
    c->today = clock_day(clock_now(), m->utc_offset_min);
    for (int i = 0; i < c->set_count && status == 0; i++)
        status = render_set(c, c->sets[i]);
    if (status != 0)
        return status;
    for (int i = 0; i < m->lang_count; i++)
        if (c->lang == NULL || i == lang)
            fits &= render_language(c, i);
    return fits ? 0 : 1;
}

/* A number of an option; false when it is none. */
static bool render_number(const char *s, int min, int *value)
{
    char *end;
    long v;

    errno = 0;
    v = strtol(s, &end, 10);
    if (errno != 0 || end == s || *end != '\0' || v < min || v > 100000)
        return false;
    *value = (int)v;
    return true;
}

/* 0 to go on; else the exit status plus one. */
static int render_options(struct render_command *c, int argc, char **argv)
{
    static const struct option options[] = {
        { "lang", required_argument, NULL, 'l' },  { "septets", required_argument, NULL, 's' },
        { "units", required_argument, NULL, 'u' }, { "page", required_argument, NULL, 'p' },
        { "set", required_argument, NULL, 'v' },   { "help", no_argument, NULL, 'h' },
        { "link", required_argument, NULL, 'k' },  { "config", required_argument, NULL, 'c' },
        { NULL, 0, NULL, 0 },
    };
    bool good = true;
    int o;

    optind = 1;
    while (good && (o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(render_usage, stdout);
            return 1;
        }
        if (o == 'l')
            c->lang = optarg;
        else if (o == 'k')
            c->link = optarg;
        else if (o == 'c')
            c->conf = optarg;
        else if (o == 'v')
            c->sets[c->set_count++] = optarg;
        else
            good = o != '?' && render_number(optarg, o == 'p' ? 1 : 0, o == 's' ? &c->limits.septets :
                                             o == 'u' ? &c->limits.units : &c->page);
    }
    if (!good || optind + 2 != argc) {
        fputs(render_usage, stderr);
        return 3;
    }
    c->dir = argv[optind];
    c->screen_name = argv[optind + 1];
    return 0;
}

/* The limits that no option gave: the link's, or the usual ones. */
static bool render_link(struct render_command *c)
{
    const struct event_limits *limits = NULL;
    struct event_limits usual = { .septets = 160, .units = 70 };
    struct conf conf;
    struct buf errors;
    bool ok = true;

    memset(&conf, 0, sizeof conf);
    buf_init(&errors, 256 * 1024);
    if (c->link != NULL) {
        ok = conf_load(&conf, c->conf, &errors);
        fputs(buf_str(&errors), stderr);
        limits = ok ? conf_limits(&conf, c->link) : NULL;
        if (ok && limits == NULL)
            fprintf(stderr, "kheya render: %s has no link or SMSC id '%s'\n", c->conf, c->link);
        ok = limits != NULL;
    }
    if (limits == NULL)
        limits = &usual;
    if (c->limits.septets < 0)
        c->limits.septets = limits->septets;
    if (c->limits.units < 0)
        c->limits.units = limits->units;
    buf_fini(&errors);
    conf_free(&conf);
    return ok;
}

int render_main(int argc, char **argv)
{
    struct render_command c = { .conf = RENDER_CONF, .limits = { .septets = -1, .units = -1 } };
    int status;

    c.sets = xcalloc((size_t)argc, sizeof *c.sets);
    status = render_options(&c, argc, argv) - 1;
    if (status >= 0)
        goto out;
    status = 1;
    if (!render_link(&c) || (c.menu = load_menus(c.dir, stderr)) == NULL)
        goto out;
    c.given = xcalloc((size_t)c.menu->var_count, sizeof *c.given);
    c.values = xcalloc((size_t)c.menu->var_count, sizeof *c.values);
    status = render_run(&c);
    for (int i = 0; i < c.menu->var_count; i++) {
        free(c.given[i]);
        free(c.values[i]);
    }
out:
    free(c.given);
    free(c.values);
    free(c.sets);
    menu_free(c.menu);
    return status;
}
