#include "menu/render.h"

#include <limits.h>
#include <string.h>

#include "base/cluster.h"
#include "base/gsm.h"
#include "menu/render_rows.h"

/* Texts with values, of one screen; what is beyond is not shown. */
#define RENDER_SCRATCH 65536
#define RENDER_NOTICES 2                    /* notice, and title or error */
#define RENDER_PIECES_MAX (RENDER_OPTIONS_MAX + RENDER_NOTICES)

/* Added to the septets of what needs UCS-2, so that costs can be added and
 * taken away; far above any limit. */
#define RENDER_UCS2 (1 << 20)

struct render_cost {
    int septets;
    int units;
};

/* What is never broken while there is another place to break: a text (number 0)
 * at its spaces, an option not at all. */
struct render_piece {
    const char *text;
    int len;
    int number;
    bool new_page;
};

/* "9 More": key, a blank, word. */
struct render_hint {
    const char *key, *word;
    size_t len;
    struct render_cost cost;                /* with the blank or line end before it */
};

/* An octet of a piece. */
struct render_spot {
    int piece;
    int at;
};

/* One page: pieces from begin to end; the octets [0, cut) of the end piece. */
struct render_part {
    struct render_spot begin;
    struct render_spot next;                /* where the following page begins */
    int end;
    int cut;
    struct render_cost cost;
    bool continued;                         /* its head is the screen's continued */
    bool more;                              /* its hints; back is NULL when it is not shown */
    const struct render_hint *back;
    bool broken;                            /* ends inside a word or an option */
};

struct render {
    const struct render_args *args;
    int most;                               /* octets; a longer text fits no page */
    int count;
    struct render_piece pieces[RENDER_PIECES_MAX];
    struct render_cost sums[RENDER_PIECES_MAX + 1];     /* of the lines before a piece, with their line ends */
    struct render_piece continued;
    struct render_cost continued_cost;
    struct render_hint more, back, exit;
    bool has_back;
    struct buf scratch;
    char storage[RENDER_SCRATCH];
};

/* --- costs -------------------------------------------------------------------------- */

static struct render_cost render_plus(struct render_cost a, struct render_cost b)
{
    return (struct render_cost){ a.septets + b.septets, a.units + b.units };
}

static struct render_cost render_ascii(int chars)
{
    return (struct render_cost){ chars, chars };
}

static struct render_cost render_cost_of(struct gsm_cost c)
{
    return (struct render_cost){ c.septets < 0 ? RENDER_UCS2 : c.septets, c.units };
}

static struct render_cost render_text_cost(const char *s, int len)
{
    return render_cost_of(gsm_cost(s, (size_t)len));
}

static bool render_fits(const struct render *r, struct render_cost c)
{
    const struct event_limits *limits = r->args->limits;

    if (c.septets < RENDER_UCS2)
        return limits->septets <= 0 || c.septets <= limits->septets;
    return limits->units <= 0 || c.units <= limits->units;
}

static int render_digits(int number)
{
    int n = 1;

    for (; number >= 10; number /= 10)
        n++;
    return n;
}

/* --- collecting --------------------------------------------------------------------- */

/* Text of a template: its own when it is constant, else printed to the scratch. */
static struct gsm_cost render_print(struct render *r, const struct template *t, const struct expr_scope *scope,
                                    struct render_piece *piece)
{
    struct gsm_cost cost = { 0, 0 };
    size_t len = 0;

    if (t == NULL)
        return cost;
    piece->text = template_constant(t, &len, &cost);
    if (piece->text == NULL) {
        size_t start = r->scratch.len;

        template_print(t, scope, &r->scratch);
        piece->text = r->scratch.data + start;
        len = r->scratch.len - start;
        cost = gsm_cost(piece->text, len);
    }
    piece->len = (int)len;
    return cost;
}

static void render_add(struct render *r, const struct render_piece *piece, struct gsm_cost cost)
{
    struct render_cost line = render_plus(render_cost_of(cost), render_ascii(1));

    if (piece->number > 0)
        line = render_plus(line, render_ascii(render_digits(piece->number) + 1));
    r->pieces[r->count] = *piece;
    r->sums[r->count + 1] = render_plus(r->sums[r->count], line);
    r->count++;
}

static void render_add_text(struct render *r, const char *s)
{
    size_t len = strlen(s);
    struct render_piece piece = { s, (int)len, 0, false };

    if (len > 0)
        render_add(r, &piece, gsm_cost(s, len));
}

static void render_add_head(struct render *r)
{
    const struct render_args *a = r->args;
    struct render_piece title = { 0 };
    struct gsm_cost cost;

    if (a->notice != NULL)
        render_add_text(r, a->notice);
    if (a->error != NULL) {
        render_add_text(r, a->error);
        return;
    }
    cost = render_print(r, template_of(a->screen->text, a->scope->lang), a->scope, &title);
    if (title.len > 0)
        render_add(r, &title, cost);
}

static void render_add_options(struct render *r)
{
    const struct render_args *a = r->args;

    for (int i = 0; i < a->screen->option_count && r->count < RENDER_PIECES_MAX; i++) {
        const struct menu_option *o = &a->screen->options[i];
        struct render_piece piece = { "", 0, o->number, o->new_page };
        struct gsm_cost cost;

        if (o->when != NULL && !expr_true(o->when, a->scope))
            continue;
        cost = render_print(r, template_of(o->text, a->scope->lang), a->scope, &piece);
        render_add(r, &piece, cost);
    }
}

static void render_add_hint(struct render *r, struct render_hint *hint, const char *key, enum menu_word word)
{
    const struct expr_scope *scope = r->args->scope;
    struct render_piece piece = { "", 0, 0, false };
    struct gsm_cost cost = render_print(r, template_of(scope->menu->words[word], scope->lang), scope, &piece);

    cost = gsm_cost_add(cost, gsm_cost(key, strlen(key)));
    *hint = (struct render_hint){ key, piece.text, (size_t)piece.len,
                                  render_plus(render_cost_of(cost), render_ascii(piece.len > 0 ? 2 : 1)) };
}

static void render_add_hints(struct render *r)
{
    const struct render_args *a = r->args;
    const struct menu *m = a->scope->menu;

    r->has_back = !a->screen->end && !a->screen->hide_back;
    render_add_hint(r, &r->more, m->key_more, MENU_WORD_MORE);
    render_add_hint(r, &r->back, m->key_back, MENU_WORD_BACK);
    render_add_hint(r, &r->exit, m->key_back, a->at_start ? MENU_WORD_EXIT : MENU_WORD_BACK);
}

/* The back hint of the first page or of a later one. */
static const struct render_hint *render_back(const struct render *r, bool first)
{
    return !r->has_back ? NULL : first ? &r->exit : &r->back;
}

/* --- rows of a list ----------------------------------------------------------------- */

/* Variables of one row in front of the session's. */
struct render_row {
    const struct render_args *args;
    struct rd cells;                        /* at the row's first cell */
    int fields;
};

static const char *render_row_get(const void *arg, int var, size_t *len)
{
    const struct render_row *row = arg;
    const struct menu_list *list = &row->args->screen->list;

    for (int i = 0; i < row->fields; i++)
        if (list->into[i] == var) {
            struct rd rd = row->cells;

            return render_cells_skip(&rd, i) ? render_cell(&rd, len) : NULL;
        }
    return row->args->scope->get(row->args->scope->arg, var, len);
}

static void render_add_rows(struct render *r)
{
    const struct render_args *a = r->args;
    const struct menu *m = a->scope->menu;
    struct render_row row = { .args = a };
    struct expr_scope scope = *a->scope;
    int number = 0;

    if (a->screen->list.query == MENU_NONE || a->list_rows == NULL)
        return;
    row.cells = rd_of(a->list_rows, a->list_rows_len);
    row.fields = rd_u8(&row.cells);
    if (row.fields != m->queries[a->screen->list.query].returns->field_count)
        return;
    scope.get = render_row_get;
    scope.arg = &row;
    while (rd_left(&row.cells) > 0 && r->count < RENDER_PIECES_MAX) {
        struct render_piece piece = { "", 0, 0, false };
        struct rd next = row.cells;
        struct gsm_cost cost;

        if (!render_cells_skip(&next, row.fields))
            break;
        number = render_number_after(m, number);
        piece.number = number;
        cost = render_print(r, template_of(a->screen->list.option, scope.lang), &scope, &piece);
        render_add(r, &piece, cost);
        row.cells = next;
    }
}

/* --- pages -------------------------------------------------------------------------- */

/* Cost of a piece's line from octet at on, its line end included. */
static struct render_cost render_line(const struct render *r, int piece, int at)
{
    const struct render_piece *p = &r->pieces[piece];

    if (at == 0)
        return (struct render_cost){ r->sums[piece + 1].septets - r->sums[piece].septets,
                                     r->sums[piece + 1].units - r->sums[piece].units };
    /* a long text is not counted to its end anew for each of its pages */
    if (p->len - at > r->most)
        return (struct render_cost){ RENDER_UCS2, RENDER_UCS2 };
    return render_plus(render_text_cost(p->text + at, p->len - at), render_ascii(1));
}

/* Cost of all lines from a spot up to piece stop. */
static struct render_cost render_rest(const struct render *r, struct render_spot from, int stop)
{
    struct render_cost c = render_line(r, from.piece, from.at);

    c.septets += r->sums[stop].septets - r->sums[from.piece + 1].septets;
    c.units += r->sums[stop].units - r->sums[from.piece + 1].units;
    return c;
}

/* With the line of hints that a page has. */
static struct render_cost render_with_hints(const struct render *r, struct render_cost c, bool more,
                                            const struct render_hint *back)
{
    if (more)
        c = render_plus(c, r->more.cost);
    return back != NULL ? render_plus(c, back->cost) : c;
}

static bool render_is_blank(char c)
{
    return c == ' ' || c == '\n';
}

/* How much of a text fits behind what costs used: up to its last space, or when
 * there is none and anywhere is set, up to its last cluster.  0: nothing. */
static int render_split(const struct render *r, const char *s, int len, struct render_cost used, bool anywhere)
{
    int space = 0;
    int i = 0;

    while (i < len) {
        uint32_t cp = 0;
        int n = gsm_utf8_next(s + i, (size_t)(len - i), &cp);
        int septets = gsm_char_septets(cp);

        if (i > 0 && render_is_blank(s[i]) && !render_is_blank(s[i - 1]))
            space = i;
        used.septets += septets >= 0 ? septets : used.septets < RENDER_UCS2 ? RENDER_UCS2 : 0;
        used.units += cp >= 0x10000 ? 2 : 1;
        if (n <= 0 || !render_fits(r, used))
            break;
        i += n;
    }
    if (space > 0 || !anywhere)
        return space;
    return (int)cluster_floor(s, (size_t)len, (size_t)i);
}

/* The first cluster of a text, for a page on which nothing fits at all. */
static int render_first(const char *s, int len)
{
    int n = 1;

    while (n < len && cluster_floor(s, (size_t)len, (size_t)n) == 0)
        n++;
    return n < len ? (int)cluster_floor(s, (size_t)len, (size_t)n) : len;
}

/* The page ends at octet cut of piece i; blanks there are neither page's. */
static void render_end_inside(const struct render *r, struct render_part *p, int i, int from, int cut)
{
    const struct render_piece *piece = &r->pieces[i];
    int at = cut;

    p->cost = render_plus(p->cost, render_text_cost(piece->text + from, cut - from));
    p->cost = render_plus(p->cost, render_ascii(1));
    p->end = cut < piece->len ? i : i + 1;
    p->cut = cut < piece->len ? cut : 0;
    while (at < piece->len && render_is_blank(piece->text[at]))
        at++;
    p->next = at < piece->len ? (struct render_spot){ i, at } : (struct render_spot){ i + 1, 0 };
}

/* Nothing fits whole: break an option at a space, else a word at a cluster, each
 * if need be without the back hint, else go beyond the limit. */
static void render_force(const struct render *r, struct render_part *p, const struct render_hint *back)
{
    const struct render_piece *piece = &r->pieces[p->begin.piece];
    const char *s = piece->text + p->begin.at;
    int len = piece->len - p->begin.at;
    struct render_cost line;
    int taken = 0;

    if (piece->number > 0 && p->begin.at == 0)
        p->cost = render_plus(p->cost, render_ascii(render_digits(piece->number) + 1));
    line = render_plus(p->cost, render_ascii(1));
    for (int attempt = 0; attempt < 4 && taken == 0; attempt++) {
        p->back = attempt % 2 == 0 ? back : NULL;
        taken = render_split(r, s, len, render_with_hints(r, line, true, p->back), attempt >= 2);
    }
    if (taken == 0 && len > 0)
        taken = render_first(s, len);
    p->broken = true;
    render_end_inside(r, p, p->begin.piece, p->begin.at, p->begin.at + taken);
}

/* Pieces as long as they fit with the more hint; then part of a text.  False
 * when not even one does. */
static bool render_fill(const struct render *r, struct render_part *p)
{
    struct render_spot s = p->begin;
    struct render_cost line;
    int cut = 0;

    while (s.piece < r->count) {
        line = render_line(r, s.piece, s.at);
        if (!render_fits(r, render_with_hints(r, render_plus(p->cost, line), true, p->back)))
            break;
        p->cost = render_plus(p->cost, line);
        s = (struct render_spot){ s.piece + 1, 0 };
    }
    if (s.piece < r->count && r->pieces[s.piece].number == 0)
        cut = render_split(r, r->pieces[s.piece].text + s.at, r->pieces[s.piece].len - s.at,
                           render_with_hints(r, render_plus(p->cost, render_ascii(1)), true, p->back), false);
    p->next = s;
    p->end = s.piece;
    if (cut > 0)
        render_end_inside(r, p, s.piece, s.at, s.at + cut);
    return cut > 0 || s.piece > p->begin.piece;
}

/* The next piece that begins a page, behind a spot. */
static int render_stop(const struct render *r, struct render_spot from)
{
    int i = from.piece + 1;

    while (i < r->count && !r->pieces[i].new_page)
        i++;
    return i < r->count ? i : r->count;
}

/* Lay out the page that begins at a spot; true when it is the last.  Where
 * nothing fits, first the head and then the back hint give way. */
static bool render_lay(const struct render *r, struct render_spot begin, bool first, struct render_part *p)
{
    int stop = render_stop(r, begin);
    struct render_cost rest = render_rest(r, begin, stop);
    bool filled = false;

    for (int attempt = 0; attempt < 3 && !filled; attempt++) {
        /* the first line has no line end before it */
        *p = (struct render_part){ .begin = begin, .next = { stop, 0 }, .end = stop, .cost = render_ascii(-1),
                                   .continued = !first && r->continued.len > 0 && attempt == 0,
                                   .back = attempt < 2 ? render_back(r, first) : NULL, .more = stop < r->count };
        if (p->continued)
            p->cost = render_plus(p->cost, r->continued_cost);
        filled = render_fits(r, render_with_hints(r, render_plus(p->cost, rest), p->more, p->back));
        if (filled)
            p->cost = render_plus(p->cost, rest);
        else
            filled = render_fill(r, p);
    }
    if (!filled)
        render_force(r, p, render_back(r, first));
    p->more = p->next.piece < r->count;
    return !p->more;
}

/* The whole screen on one page, if need be without the back hint. */
static bool render_whole(const struct render *r, struct render_part *p)
{
    struct render_cost all = render_plus(r->sums[r->count], render_ascii(-1));

    *p = (struct render_part){ .end = r->count, .cost = all, .back = render_back(r, true) };
    if (render_fits(r, render_with_hints(r, all, false, p->back)))
        return true;
    p->back = NULL;
    return render_fits(r, all);
}

/* --- writing ------------------------------------------------------------------------ */

static void render_write_hint(struct buf *out, const struct render_hint *hint)
{
    buf_adds(out, hint->key);
    if (hint->len > 0) {
        buf_addc(out, ' ');
        buf_add(out, hint->word, hint->len);
    }
}

static void render_write_number(struct buf *out, int number)
{
    char text[16];
    size_t i = sizeof text;

    text[--i] = ' ';
    do
        text[--i] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    buf_add(out, text + i, sizeof text - i);
}

static void render_break(struct buf *out, size_t start)
{
    if (out->len > start)
        buf_addc(out, '\n');
}

static void render_write(const struct render *r, const struct render_part *p, struct buf *out)
{
    size_t start = out->len;

    if (p->continued)
        buf_add(out, r->continued.text, (size_t)r->continued.len);
    for (int i = p->begin.piece; i < r->count && (i < p->end || (i == p->end && p->cut > 0)); i++) {
        const struct render_piece *piece = &r->pieces[i];
        int from = i == p->begin.piece ? p->begin.at : 0;
        int to = i == p->end ? p->cut : piece->len;

        render_break(out, start);
        if (piece->number > 0 && from == 0)
            render_write_number(out, piece->number);
        buf_add(out, piece->text + from, (size_t)(to - from));
    }
    if (p->more || p->back != NULL)
        render_break(out, start);
    if (p->more)
        render_write_hint(out, &r->more);
    if (p->more && p->back != NULL)
        buf_addc(out, ' ');
    if (p->back != NULL)
        render_write_hint(out, p->back);
}

static void render_collect(struct render *r, const struct render_args *args)
{
    const struct event_limits *limits = args->limits;
    struct gsm_cost cost;

    r->args = args;
    r->most = INT_MAX;
    /* no character has more than four octets for each septet or unit */
    if (limits->septets > 0 && limits->units > 0 && limits->septets < RENDER_UCS2 && limits->units < RENDER_UCS2)
        r->most = 4 * (limits->septets > limits->units ? limits->septets : limits->units);
    r->count = 0;
    r->sums[0] = render_ascii(0);
    r->continued = (struct render_piece){ 0 };
    /* a buffer on the stack: max < cap, so it never grows */
    r->scratch = (struct buf){ r->storage, 0, sizeof r->storage, sizeof r->storage - 1, false };
    render_add_head(r);
    render_add_options(r);
    render_add_rows(r);
    render_add_hints(r);
    cost = render_print(r, template_of(args->screen->continued, args->scope->lang), args->scope, &r->continued);
    r->continued_cost = render_plus(render_cost_of(cost), render_ascii(1));
}

void render_page(const struct render_args *args, struct buf *out, struct render_page *page)
{
    struct render r;
    struct render_part part;
    struct render_cost cost;
    bool broken = false;
    int n = 0;

    render_collect(&r, args);
    if (!render_whole(&r, &part)) {
        bool last = render_lay(&r, (struct render_spot){ 0, 0 }, true, &part);

        while (!last && n < args->page) {
            broken = part.broken;
            last = render_lay(&r, part.next, false, &part);
            n++;
        }
    }
    render_write(&r, &part, out);
    cost = render_with_hints(&r, part.cost, part.more, part.back);
    /* an empty page has not even the line end that the first line lacks */
    if (cost.units < 0)
        cost = render_ascii(0);
    *page = (struct render_page){ .septets = cost.septets < RENDER_UCS2 ? cost.septets : -1, .units = cost.units,
                                  .page = n, .more = part.more,
                                  .fits = render_fits(&r, cost) && !part.broken && !broken && !r.scratch.full };
}

const struct menu_option *render_option(const struct render_args *args, int number)
{
    for (int i = 0; i < args->screen->option_count; i++) {
        const struct menu_option *o = &args->screen->options[i];

        if (o->number == number)
            return o->when == NULL || expr_true(o->when, args->scope) ? o : NULL;
    }
    return NULL;
}

void render_word(const struct expr_scope *scope, enum menu_word word, const char *value, struct buf *out)
{
    static const char *const names[MENU_WORD_COUNT] = {
#define X(id, name, arg) [MENU_WORD_##id] = arg,
        MENU_WORDS(X)
#undef X
    };
    struct expr_scope own = *scope;
    const struct template *t = template_of(scope->menu->words[word], scope->lang);

    own.word_name = names[word];
    own.word_value = value;
    if (t != NULL)
        template_print(t, &own, out);
}
