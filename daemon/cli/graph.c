#include "cli/graph.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cluster.h"
#include "cli/load.h"
#include "menu/expr.h"
#include "menu/ways.h"

#define GRAPH_LABEL_MAX (1u << 20)
#define GRAPH_TEXT_SHOWN 34             /* characters of a text, and of a condition */

static const char graph_usage[] =
    "usage: kheya graph MENUDIR [--lang L]\n"
    "Prints the tree as Graphviz DOT:  kheya graph menus --lang en | dot -Tsvg > menus.svg\n"
    "  --lang L   texts in this language; else the first\n"
    "A box is a screen with its first line; one with a double border ends the dialogue,\n"
    "a rounded one shows nothing and acts.  An arrow is what she types, or the condition;\n"
    "a dashed one is the way of a question that finds nothing (none, empty) or cannot be\n"
    "asked (fail), or into a dialogue that returns (call).  Blue flags are what she dials.  A frame is a file.\n"
    "Exit status: 0 printed, 1 the menus have errors, 2 used wrongly.\n";

struct graph {
    const struct menu *menu;
    int lang;
    struct buf label;
    struct ways_exit *exits;            /* of the screen at hand */
    int exit_count, exit_cap;
};

/* --- labels ------------------------------------------------------------------------------- */

/* In DOT's quotes: a quote and a backslash are escaped, a line ends with \l or \n. */
static void graph_put(const char *s, size_t n, const char *newline)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n')
            fputs(newline, stdout);
        else if (s[i] == '"' || s[i] == '\\')
            printf("\\%c", s[i]);
        else
            putchar(s[i]);
    }
}

/* Octets of the first line, and of as many characters as a box is wide. */
static size_t graph_shown(const char *s, size_t len)
{
    size_t n = 0;

    for (int characters = 0; n < len && s[n] != '\n'; n++) {
        characters += ((unsigned char)s[n] & 0xc0) != 0x80;
        if (characters > GRAPH_TEXT_SHOWN)
            return cluster_floor(s, len, n);
    }
    return n;
}

static void graph_cut(struct buf *label, size_t start)
{
    size_t len = label->len - start;
    size_t n = graph_shown(buf_str(label) + start, len);

    if (n == len)
        return;
    buf_cut(label, start + n);
    buf_adds(label, "...");
}

static void graph_add_text(struct graph *g, const struct menu_text *text)
{
    size_t start = g->label.len;
    const struct template *t = template_of(text, g->lang);

    if (t != NULL)
        template_source(t, g->menu, &g->label);
    graph_cut(&g->label, start);
}

static void graph_add_expr(struct graph *g, const struct expr *e)
{
    size_t start = g->label.len;

    expr_source(e, &g->label);
    graph_cut(&g->label, start);
}

static void graph_add_sets(struct graph *g, const struct menu_action *a)
{
    for (int i = 0; i < a->set_count; i++) {
        buf_addf(&g->label, "%s%s = ", i > 0 ? "\n" : "", g->menu->vars[a->sets[i].var].name);
        graph_add_expr(g, a->sets[i].value);
    }
}

static void graph_add_action(struct graph *g, const struct menu_action *a)
{
    const struct menu *m = g->menu;

    buf_addc(&g->label, '\n');
    switch (a->kind) {
    case MENU_QUERY:
        buf_addf(&g->label, "query %s", m->queries[a->query].name);
        break;
    case MENU_SUBMIT:
        buf_addf(&g->label, "submit %s", m->services[a->service].name);
        break;
    case MENU_SMS:
        buf_addf(&g->label, "sms %s", m->sms[a->sms].name);
        break;
    case MENU_HOOK:
        buf_addf(&g->label, "hook %s%s", m->backends[a->backend].name, a->path);
        break;
    case MENU_SET:
        graph_add_sets(g, a);
        break;
    case MENU_CALL:
        buf_addf(&g->label, "call %s", m->screens[a->call].name);
        break;
    case MENU_RETURN:
        buf_adds(&g->label, "return ");
        if (a->value != NULL)
            graph_add_expr(g, a->value);
        break;
    case MENU_AUDIT:
        buf_addf(&g->label, "audit %s", a->event);
        break;
    case MENU_CONSENT:
        buf_addf(&g->label, "consent, sms %s", m->sms[a->sms].name);
        break;
    case MENU_CONSENT_CHECK:
        buf_adds(&g->label, "consent check");
        break;
    case MENU_PIN_CHECK:
        buf_adds(&g->label, "pin check");
        break;
    case MENU_PIN_SET:
        buf_adds(&g->label, "pin set");
        break;
    case MENU_WAITLIST:
        buf_addf(&g->label, "waitlist %s", m->services[a->service].name);
        break;
    case MENU_PAY:
        if (a->pay->provider != MENU_NONE)
            buf_addf(&g->label, "pay by %s, ", m->providers[a->pay->provider].name);
        else
            buf_adds(&g->label, "pay, ");
        if (a->pay->fee != MENU_NONE)
            buf_addf(&g->label, "fee of %s", m->services[a->pay->fee].name);
        else
            buf_adds(&g->label, "taka");
        break;
    case MENU_MOVE:
        buf_addf(&g->label, "move to %s", a->state);
        break;
    case MENU_ACTIONS:
        break;
    }
}

/* --- nodes -------------------------------------------------------------------------------- */

/* Length of the prefix that all screens of a file have: "allowance" of
 * "allowance.start"; 0 in the root file. */
static size_t graph_prefix(const struct menu_screen *s)
{
    const char *dot = strrchr(s->name, '.');

    return dot != NULL ? (size_t)(dot - s->name) : 0;
}

static const char *graph_style(const struct graph *g, int screen)
{
    const struct menu_screen *s = &g->menu->screens[screen];

    if (screen == g->menu->start)
        return ", penwidth=2, fillcolor=\"#fff3bf\"";
    if (s->text == NULL)
        return ", style=\"rounded,filled\", fillcolor=\"#f1f3f5\", fontcolor=gray30";
    return s->end ? ", peripheries=2" : "";
}

static void graph_node(struct graph *g, int screen)
{
    const struct menu_screen *s = &g->menu->screens[screen];

    buf_clear(&g->label);
    buf_adds(&g->label, s->name);
    for (int i = 0; i < s->action_count; i++)
        graph_add_action(g, &s->actions[i]);
    if (s->text != NULL) {
        buf_addc(&g->label, '\n');
        graph_add_text(g, s->text);
    }
    if (s->input.var != MENU_NONE)
        buf_addf(&g->label, "\n(asks for %s)", s->input.type->name);
    if (s->list.query != MENU_NONE)
        buf_addf(&g->label, "\n(list of %s)", g->menu->queries[s->list.query].name);
    printf("    s%d [label=\"", screen);
    graph_put(buf_str(&g->label), g->label.len, "\\n");
    printf("\"%s%s];\n", graph_style(g, screen), s->secret ? ", color=red" : "");
}

/* The screens of one file in a frame, where more than the root file is there. */
static void graph_file(struct graph *g, int first)
{
    const struct menu_screen *s = &g->menu->screens[first];
    size_t len = graph_prefix(s);

    if (len > 0) {
        printf("  subgraph cluster%d {\n    label=\"", first);
        graph_put(s->name, len, "");
        puts("\"; style=rounded; color=gray70; fontcolor=gray40;");
    }
    for (int i = first; i < g->menu->screen_count; i++) {
        const struct menu_screen *other = &g->menu->screens[i];

        if (graph_prefix(other) == len && memcmp(other->name, s->name, len) == 0)
            graph_node(g, i);
    }
    if (len > 0)
        puts("  }");
}

static void graph_nodes(struct graph *g)
{
    for (int i = 0; i < g->menu->screen_count; i++) {
        const struct menu_screen *s = &g->menu->screens[i];
        size_t len = graph_prefix(s);
        bool drawn = false;

        for (int k = 0; k < i && !drawn; k++) {
            const struct menu_screen *before = &g->menu->screens[k];

            drawn = graph_prefix(before) == len && memcmp(before->name, s->name, len) == 0;
        }
        if (!drawn)
            graph_file(g, i);
    }
}

/* --- edges -------------------------------------------------------------------------------- */

static bool graph_is_aside(enum ways_why why)
{
    return why != WAYS_GOTO && why != WAYS_OPTION && why != WAYS_ANSWER && why != WAYS_ROW;
}

static void graph_add_when(struct graph *g, const struct expr *when)
{
    if (g->label.len > 0 && g->label.data[g->label.len - 1] != '\n')
        buf_addc(&g->label, ' ');
    buf_addc(&g->label, '[');
    graph_add_expr(g, when);
    buf_addc(&g->label, ']');
}

static void graph_add_exit(struct graph *g, const struct ways_exit *e)
{
    if (graph_is_aside(e->why))
        ways_print(e, &g->label);
    if (e->option != NULL) {
        buf_addf(&g->label, "%d ", e->option->number);
        graph_add_text(g, e->option->text);
    }
    if (e->option != NULL && e->option->when != NULL)
        graph_add_when(g, e->option->when);
    if (e->when != NULL)
        graph_add_when(g, e->when);
    else if (e->branches > 1)
        buf_adds(&g->label, e->option != NULL ? " [else]" : "[else]");
}

static bool graph_is_same_arrow(const struct ways_exit *a, const struct ways_exit *b)
{
    return a->to == b->to && graph_is_aside(a->why) == graph_is_aside(b->why);
}

/* All exits that lead to the same screen in the same manner are one arrow. */
static void graph_arrow(struct graph *g, int from, int first)
{
    const struct ways_exit *exit = &g->exits[first];
    bool aside = graph_is_aside(exit->why);

    buf_clear(&g->label);
    for (int i = first; i < g->exit_count; i++) {
        if (!graph_is_same_arrow(exit, &g->exits[i]))
            continue;
        graph_add_exit(g, &g->exits[i]);
        buf_addc(&g->label, '\n');
    }
    printf("  s%d -> s%d [label=\"", from, exit->to);
    if (g->label.len > 1)               /* a way without a condition has no words */
        graph_put(buf_str(&g->label), g->label.len, "\\l");
    printf("\"%s];\n", aside ? ", style=dashed, color=gray50, fontcolor=gray40" : "");
}

static void graph_on_exit(void *arg, const struct ways_exit *exit)
{
    struct graph *g = arg;

    if (g->exit_count == g->exit_cap) {
        g->exit_cap = g->exit_cap > 0 ? g->exit_cap * 2 : 64;
        g->exits = xrealloc(g->exits, (size_t)g->exit_cap * sizeof *g->exits);
    }
    g->exits[g->exit_count++] = *exit;
}

static void graph_arrows(struct graph *g, int from)
{
    g->exit_count = 0;
    ways_exits(g->menu, from, graph_on_exit, g);
    for (int i = 0; i < g->exit_count; i++) {
        bool drawn = false;

        for (int k = 0; k < i && !drawn; k++)
            drawn = graph_is_same_arrow(&g->exits[k], &g->exits[i]);
        if (!drawn)
            graph_arrow(g, from, i);
    }
}

/* --- what she dials ------------------------------------------------------------------------- */

/* "*333#" and "1*1" to *333*1*1# */
static void graph_add_dialled(struct graph *g, const char *code, const char *path)
{
    size_t n = strcspn(code, "#");

    buf_add(&g->label, code, n);
    if (path[0] != '\0')
        buf_addf(&g->label, "*%s", path);
    buf_adds(&g->label, code + n);
}

static void graph_dialled(struct graph *g, int number, int to, const char *path, const char *more)
{
    buf_clear(&g->label);
    for (int i = 0; i < g->menu->code_count; i++) {
        if (i > 0)
            buf_addc(&g->label, '\n');
        graph_add_dialled(g, g->menu->codes[i], path);
    }
    buf_adds(&g->label, more);
    printf("  e%d [shape=cds, style=filled, fillcolor=\"#d0ebff\", label=\"", number);
    graph_put(buf_str(&g->label), g->label.len, "\\n");
    printf("\"];\n  e%d -> s%d;\n", number, to);
}

/* A text message that begins with a word. */
static void graph_keyword(struct graph *g, int number, const struct menu_keyword *k)
{
    buf_clear(&g->label);
    buf_addf(&g->label, "SMS %s", k->word);
    for (int i = 0; i < k->fill_count; i++)
        buf_addf(&g->label, " {%s}", g->menu->vars[k->fills[i]].name);
    printf("  e%d [shape=cds, style=filled, fillcolor=\"#d0ebff\", label=\"", number);
    graph_put(buf_str(&g->label), g->label.len, "\\n");
    printf("\"];\n  e%d -> s%d;\n", number, k->to);
}

static void graph_entries(struct graph *g)
{
    const struct menu *m = g->menu;

    graph_dialled(g, 0, m->start, "", "");
    if (m->first != MENU_NONE)
        graph_dialled(g, 1, m->first, "", "\nthe first time");
    if (m->alert != MENU_NONE)
        graph_dialled(g, 2, m->alert, "", "\nwhere there is a warning");
    for (int i = 0; i < m->shortcut_count; i++)
        graph_dialled(g, i + 3, m->shortcuts[i].to, m->shortcuts[i].path, "");
    for (int i = 0; i < m->keyword_count; i++)
        graph_keyword(g, i + 3 + m->shortcut_count, &m->keywords[i]);
}

static void graph_print(const struct menu *m, int lang)
{
    struct graph g = { .menu = m, .lang = lang };

    buf_init(&g.label, GRAPH_LABEL_MAX);
    puts("digraph menus {\n"
         "  graph [rankdir=LR, newrank=true, ranksep=0.6, nodesep=0.12, fontname=\"sans-serif\"];\n"
         "  node [shape=box, style=filled, fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n"
         "  edge [fontname=\"sans-serif\", fontsize=9];");
    graph_entries(&g);
    graph_nodes(&g);
    for (int i = 0; i < m->screen_count; i++)
        graph_arrows(&g, i);
    puts("}");
    free(g.exits);
    buf_fini(&g.label);
}

/* --- the command ------------------------------------------------------------------------ */

static int graph_folder(const char *dir, const char *lang)
{
    struct menu *m = load_menus(dir, stderr);
    int index = m == NULL ? MENU_NONE : lang != NULL ? menu_lang_find(m, lang) : 0;
    int status = m == NULL ? 1 : index == MENU_NONE ? 2 : 0;

    if (status == 0)
        graph_print(m, index);
    else if (status == 2)
        fprintf(stderr, "kheya graph: %s has no language '%s'\n", dir, lang);
    menu_free(m);
    return status;
}

int graph_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "lang", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *lang = NULL;
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "l:h", options, NULL)) != -1) {
        if (c != 'l') {
            fputs(graph_usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
        lang = optarg;
    }
    if (optind + 1 != argc) {
        fputs(graph_usage, stderr);
        return 2;
    }
    return graph_folder(argv[optind], lang);
}
