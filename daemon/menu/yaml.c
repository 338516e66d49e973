#include "menu/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "menu/names.h"

#define YAML_STEP 2                     /* blanks by which a map is mostly indented */
#define YAML_FEW 8                      /* keys of a map that are compared one by one */

struct yaml_reader {
    struct arena *arena;
    const struct yaml_file *file;
    struct yaml_budget *budget;
    struct menu_issues *issues;
    yaml_parser_t parser;
    struct names *anchors;              /* name to index of anchored */
    const struct yaml_node **anchored;  /* NULL while its node is still open */
    int anchor_count, anchor_cap;
    const struct yaml_node **open;      /* children of the nodes being read */
    int open_count, open_cap;
    struct menu_pos quoted;             /* the last text in quotes */
    int quoted_end;                     /* its last line */
    bool failed;                        /* said so; stop */
};

bool yaml_is(const struct yaml_node *n, const char *text)
{
    return n->kind == YAML_IS_SCALAR && strcmp(n->text, text) == 0;
}

/* --- places ------------------------------------------------------------------- */

/* Past one line break, which may be CR, LF or both. */
static size_t yaml_past_break(const struct yaml_file *f, size_t i)
{
    return f->data[i] == '\r' && i + 1 < f->len && f->data[i + 1] == '\n' ? i + 2 : i + 1;
}

static bool yaml_is_break(const struct yaml_file *f, size_t i)
{
    return f->data[i] == '\n' || f->data[i] == '\r';
}

static bool yaml_is_blank(const struct yaml_file *f, size_t i)
{
    return f->data[i] == ' ' || f->data[i] == '\t';
}

/* Past one character. */
static size_t yaml_past(const struct yaml_file *f, size_t i)
{
    do
        i++;
    while (i < f->len && ((unsigned char)f->data[i] & 0xc0) == 0x80);
    return i;
}

/* Octets of the mark that some editors put in front of UTF-8. */
static size_t yaml_bom(const struct yaml_file *f)
{
    return f->len >= 3 && memcmp(f->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static size_t yaml_offset(const struct yaml_file *f, struct menu_pos pos)
{
    size_t i = yaml_bom(f);

    for (int line = 1; line < pos.line && i < f->len; line++) {
        const char *feed = memchr(f->data + i, '\n', f->len - i);
        size_t end = feed != NULL ? (size_t)(feed - f->data) : f->len;
        const char *cr = memchr(f->data + i, '\r', end - i);

        i = cr != NULL ? (size_t)(cr - f->data) : end;
        if (i < f->len)
            i = yaml_past_break(f, i);
    }
    for (int column = 1; column < pos.column && i < f->len; column++)
        i = yaml_past(f, i);
    return i;
}

/* The place of octet end, walked to from octet i at pos. */
static struct menu_pos yaml_walk(const struct yaml_file *f, struct menu_pos pos, size_t i, size_t end)
{
    while (i < end && i < f->len) {
        if (yaml_is_break(f, i)) {
            i = yaml_past_break(f, i);
            pos.line++;
            pos.column = 1;
        } else {
            i = yaml_past(f, i);
            pos.column++;
        }
    }
    return pos;
}

/* What "\x" in double quotes takes in the source and gives in octets of text
 * (YAML 1.1 5.6: escape sequences). */
static size_t yaml_escape(const struct yaml_file *f, size_t i, size_t *gives)
{
    static const struct {
        char letter;
        unsigned char takes, gives;
    } wide[] = { { 'N', 2, 2 }, { '_', 2, 2 }, { 'L', 2, 3 }, { 'P', 2, 3 } };
    char c = i + 1 < f->len ? f->data[i + 1] : '\0';
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    unsigned long cp = 0;

    *gives = 1;
    for (size_t k = 0; k < sizeof wide / sizeof wide[0]; k++) {
        if (wide[k].letter == c)
            *gives = wide[k].gives;
    }
    for (size_t k = 0; k < digits && i + 2 + k < f->len; k++) {
        const char hex[2] = { f->data[i + 2 + k], '\0' };

        cp = cp << 4 | strtoul(hex, NULL, 16);
    }
    if (digits > 0)
        *gives = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    return i + 2 + digits;
}

/* Past a fold of a flow scalar: a break and the blanks around it are one space,
 * a break more is a line feed each (YAML 1.1 4.2.5). */
static size_t yaml_fold(const struct yaml_file *f, size_t i, size_t *gives)
{
    size_t breaks = 0;

    while (i < f->len && (yaml_is_blank(f, i) || yaml_is_break(f, i))) {
        breaks += yaml_is_break(f, i);
        i = yaml_is_break(f, i) ? yaml_past_break(f, i) : i + 1;
    }
    *gives = breaks > 1 ? breaks - 1 : 1;
    return i;
}

static bool yaml_folds_here(const struct yaml_file *f, size_t i)
{
    while (i < f->len && yaml_is_blank(f, i))
        i++;
    return i < f->len && yaml_is_break(f, i);
}

static struct menu_pos yaml_at_flow(const struct yaml_file *f, const struct yaml_node *n, size_t at)
{
    size_t start = yaml_offset(f, n->pos);
    size_t i = n->style == YAML_IS_PLAIN ? start : start + 1;

    for (size_t got = 0; i < f->len;) {
        size_t gives = 1, next = i + 1;

        if (yaml_folds_here(f, i)) {
            next = yaml_fold(f, i, &gives);
        } else if (n->style == YAML_IS_DOUBLE && f->data[i] == '\\') {
            next = yaml_escape(f, i, &gives);
            if (i + 1 < f->len && yaml_is_break(f, i + 1)) {
                next = yaml_fold(f, i + 1, &gives);
                gives--;
            }
        } else if (n->style == YAML_IS_SINGLE && f->data[i] == '\'') {
            next = i + 2;
        }
        if (got + gives > at)
            break;
        got += gives;
        i = next;
    }
    return yaml_walk(f, n->pos, start, i);
}

/* A block scalar: the octets of each line behind its indent.  Exact for "|";
 * a ">" is counted the same way, which finds the line of its first paragraph. */
static struct menu_pos yaml_at_block(const struct yaml_file *f, const struct yaml_node *n, size_t at)
{
    struct menu_pos pos = { n->pos.file, n->pos.line + 1, 1 };
    size_t line = yaml_offset(f, pos), indent = 0, start, end;

    while (line + indent < f->len && f->data[line + indent] == ' ')
        indent++;
    for (; line < f->len; pos.line++) {
        start = line;
        while (start < f->len && start - line < indent && f->data[start] == ' ')
            start++;
        end = start;
        while (end < f->len && !yaml_is_break(f, end))
            end++;
        if (at <= end - start || end == f->len)
            return yaml_walk(f, pos, line, at <= end - start ? start + at : end);
        at -= end - start + 1;
        line = yaml_past_break(f, end);
    }
    return n->pos;
}

struct menu_pos yaml_at(const struct yaml_file *file, const struct yaml_node *scalar, size_t at)
{
    return scalar->style == YAML_IS_BLOCK ? yaml_at_block(file, scalar, at) : yaml_at_flow(file, scalar, at);
}

/* --- before libyaml ----------------------------------------------------------- */

static struct menu_pos yaml_pos(const struct yaml_reader *r, yaml_mark_t mark)
{
    return (struct menu_pos){ r->file->name, (int)mark.line + 1, (int)mark.column + 1 };
}

static bool yaml_check_utf8(const struct yaml_reader *r)
{
    const char *s = r->file->data;
    size_t left = r->file->len;
    struct menu_pos pos = { r->file->name, 1, 1 };
    uint32_t cp;
    int n;

    while (left > 0) {
        n = gsm_utf8_next(s, left, &cp);
        if (n <= 0) {
            issue_add(r->issues, ISSUE_UTF8, pos, "not UTF-8 text: byte 0x%02x", (unsigned char)*s);
            return false;
        }
        if (cp == '\n') {
            pos.line++;
            pos.column = 0;
        }
        pos.column++;
        s += n;
        left -= (size_t)n;
    }
    return true;
}

/* A tab in front of a line is what editors do by themselves: name every one. */
static bool yaml_check_tabs(const struct yaml_reader *r)
{
    const char *end = r->file->data + r->file->len, *next;
    int line = 1;
    bool clean = true;

    for (const char *s = r->file->data; s < end; s = next, line++) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        const char *c = s;

        next = stop != NULL ? stop + 1 : end;
        while (c < next && *c == ' ')
            c++;
        if (c < next && *c == '\t') {
            issue_add(r->issues, ISSUE_TAB, (struct menu_pos){ r->file->name, line, (int)(c - s) + 1 },
                      "a tab indents this line; use blanks");
            clean = false;
        }
    }
    return clean;
}

/* --- events to nodes ---------------------------------------------------------- */

/* A line of the file, walked from one to the next. */
struct yaml_line {
    size_t start;                       /* octet */
    int number;
    int column;                         /* in which its text begins, from 1; 0: blank, or a comment */
};

static void yaml_line_read(const struct yaml_file *f, struct yaml_line *l)
{
    size_t i = l->start;

    while (i < f->len && f->data[i] == ' ')
        i++;
    l->column = i == f->len || yaml_is_break(f, i) || f->data[i] == '#' ? 0 : (int)(i - l->start) + 1;
}

static struct yaml_line yaml_line(const struct yaml_file *f, int number)
{
    struct yaml_line l = { yaml_offset(f, (struct menu_pos){ f->name, number, 1 }), number, 0 };

    yaml_line_read(f, &l);
    return l;
}

static void yaml_line_down(const struct yaml_file *f, struct yaml_line *l)
{
    while (l->start < f->len && !yaml_is_break(f, l->start))
        l->start++;
    if (l->start < f->len)
        l->start = yaml_past_break(f, l->start);
    l->number++;
    yaml_line_read(f, l);
}

/* Not for the first. */
static void yaml_line_up(const struct yaml_file *f, struct yaml_line *l)
{
    l->start--;
    if (l->start > 0 && f->data[l->start] == '\n' && f->data[l->start - 1] == '\r')
        l->start--;
    while (l->start > yaml_bom(f) && !yaml_is_break(f, l->start - 1))
        l->start--;
    l->number--;
    yaml_line_read(f, l);
}

/* Does a line after first, up to last, begin where only something new may begin?
 * What was opened on the first line should have been closed before it. */
static bool yaml_leaves(const struct yaml_file *f, int first, int last)
{
    struct yaml_line l = yaml_line(f, first);
    int column = l.column;

    while (l.number < last) {
        char c;

        yaml_line_down(f, &l);
        if (l.start == f->len)
            return true;
        if (l.column == 0 || l.column > column)
            continue;
        c = f->data[l.start + (size_t)l.column - 1];
        if (c != '}' && c != ']')
            return true;
    }
    return false;
}

/* Lines of one map that begin in different columns: the one that is taken for
 * wrong, and the other. */
struct yaml_uneven {
    struct yaml_line wrong, other;      /* number 0: it is something else */
};

/* The lines of a map should begin as far behind their head as the head does behind its own. */
static struct yaml_uneven yaml_uneven(const struct yaml_file *f, int number)
{
    struct yaml_line here = yaml_line(f, number), first = { 0 }, l = here;
    int head = 0, step = 0;

    while (l.number > 1 && step == 0) {
        yaml_line_up(f, &l);
        if (l.column == 0)
            continue;
        if (head == 0 && l.column == here.column)
            break;
        if (head == 0 && l.column > here.column)
            first = l;
        else if (head == 0)
            head = l.column;
        else if (l.column < head)
            step = head - l.column;
    }
    if (first.number == 0 || head == 0)
        return (struct yaml_uneven){ .wrong.number = 0 };
    if (here.column == head + (step > 0 ? step : YAML_STEP))
        return (struct yaml_uneven){ first, here };
    return (struct yaml_uneven){ here, first };
}

/* What libyaml stumbles over is often only the end of what was left open above:
 * say that instead, where it begins.  False: it is not that. */
static bool yaml_left_open(struct yaml_reader *r, int line)
{
    const yaml_parser_t *p = &r->parser;
    const char *context = p->context != NULL ? p->context : "";
    struct menu_pos opened = yaml_pos(r, p->context_mark);
    struct yaml_uneven uneven;

    if (r->quoted.line < r->quoted_end && r->quoted_end == line && yaml_leaves(r->file, r->quoted.line, line)) {
        issue_add(r->issues, ISSUE_YAML, r->quoted,
                  "the text in quotes that begins here ends on line %d: is its closing quote missing?", line);
    } else if (strstr(context, "quoted scalar") != NULL && opened.line < line) {
        issue_add(r->issues, ISSUE_YAML, opened, "the text in quotes that begins here has no closing quote");
    } else if (strstr(context, "parsing a flow") != NULL && opened.line < line && yaml_leaves(r->file, opened.line, line)) {
        issue_add(r->issues, ISSUE_YAML, opened, "'%c' is not closed on this line nor below it",
                  r->file->data[yaml_offset(r->file, opened)]);
    } else if (strstr(context, "simple key") != NULL && opened.line < line) {
        issue_add(r->issues, ISSUE_YAML, opened, "a ':' is missing on this line, or it is too far to the left");
    } else if (strstr(context, "block mapping") != NULL && (uneven = yaml_uneven(r->file, line)).wrong.number > 0) {
        issue_add(r->issues, ISSUE_YAML,
                  (struct menu_pos){ r->file->name, uneven.wrong.number, uneven.wrong.column },
                  "this line begins in column %d, line %d of the same map in column %d", uneven.wrong.column,
                  uneven.other.number, uneven.other.column);
    } else {
        return false;
    }
    return true;
}

static void yaml_fail(struct yaml_reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "cannot be read";
    /* what two complaints of libyaml mostly mean */
    const char *hint = strstr(problem, "',' or") != NULL || strstr(problem, "not allowed in this context") != NULL
                           ? "; put a text with : , { } [ ] or # in quotes"
                           : "";
    struct menu_pos pos = yaml_pos(r, p->problem_mark);
    size_t at = yaml_offset(r->file, pos);

    r->failed = true;
    if (p->error == YAML_READER_ERROR) {
        pos = yaml_walk(r->file, (struct menu_pos){ r->file->name, 1, 1 }, yaml_bom(r->file),
                        yaml_bom(r->file) + p->problem_offset);
        issue_add(r->issues, ISSUE_YAML, pos, "not YAML: %s (U+%04X)", problem, (unsigned)p->problem_value);
    } else if (p->error == YAML_SCANNER_ERROR && at < r->file->len && r->file->data[at] == '\t') {
        issue_add(r->issues, ISSUE_TAB, pos, "a tab stands here; use blanks");
    } else if (yaml_left_open(r, pos.line)) {
        return;
    } else if (p->context != NULL && p->context_mark.line != p->problem_mark.line) {
        issue_add(r->issues, ISSUE_YAML, pos, "not YAML: %s, %s that begins on line %d%s", problem, p->context,
                  (int)p->context_mark.line + 1, hint);
    } else {
        issue_add(r->issues, ISSUE_YAML, pos, "not YAML: %s%s%s%s", problem, p->context != NULL ? ", " : "",
                  p->context != NULL ? p->context : "", hint);
    }
}

static bool yaml_next(struct yaml_reader *r, yaml_event_t *ev)
{
    if (r->failed)
        return false;
    if (yaml_parser_parse(&r->parser, ev) == 0) {
        yaml_fail(r);
        return false;
    }
    return true;
}

/* Count a node of so many parts against the folder's bound. */
static bool yaml_spend(struct yaml_reader *r, int parts, struct menu_pos pos, bool alias)
{
    if (parts <= r->budget->parts) {
        r->budget->parts -= parts;
        return true;
    }
    issue_add(r->issues, alias ? ISSUE_ALIAS : ISSUE_SIZE, pos, "the menus have more than %d parts%s", YAML_PARTS_MAX,
              alias ? " with this alias written out" : "");
    r->failed = true;
    return false;
}

static void yaml_push(struct yaml_reader *r, const struct yaml_node *n)
{
    if (r->open_count == r->open_cap) {
        r->open_cap = r->open_cap > 0 ? r->open_cap * 2 : 64;
        r->open = xrealloc(r->open, (size_t)r->open_cap * sizeof *r->open);
    }
    r->open[r->open_count++] = n;
}

/* Index of a new anchor, whose node is not complete yet; MENU_NONE without. */
static int yaml_anchor(struct yaml_reader *r, const yaml_char_t *anchor, struct menu_pos pos)
{
    const char *name;

    if (anchor == NULL)
        return MENU_NONE;
    if (r->anchor_count == r->anchor_cap) {
        r->anchor_cap = r->anchor_cap > 0 ? r->anchor_cap * 2 : 16;
        r->anchored = xrealloc(r->anchored, (size_t)r->anchor_cap * sizeof *r->anchored);
    }
    r->anchored[r->anchor_count] = NULL;
    name = arena_strdup(r->arena, (const char *)anchor);
    if (names_add(r->anchors, name, r->anchor_count) != MENU_NONE) {
        issue_add(r->issues, ISSUE_ALIAS, pos, "anchor '&%s' stands twice", name);
        r->failed = true;
        return MENU_NONE;
    }
    return r->anchor_count++;
}

static const struct yaml_node *yaml_alias(struct yaml_reader *r, const yaml_event_t *ev)
{
    const char *name = (const char *)ev->data.alias.anchor;
    int i = names_find(r->anchors, name, strlen(name));
    const struct yaml_node *n = i >= 0 ? r->anchored[i] : NULL;
    struct menu_pos pos = yaml_pos(r, ev->start_mark);

    if (n == NULL) {
        issue_add(r->issues, ISSUE_ALIAS, pos, i < 0 ? "alias '*%s': no such anchor" : "alias '*%s' contains itself",
                  name);
        r->failed = true;
        return NULL;
    }
    return yaml_spend(r, n->parts, pos, true) ? n : NULL;
}

static const struct yaml_node *yaml_node(struct yaml_reader *r, const yaml_event_t *ev, int depth);

/* Children up to the end event are on the open stack; false when it broke off. */
static bool yaml_children(struct yaml_reader *r, yaml_event_type_t end, int depth)
{
    yaml_event_t ev;
    bool done = false;

    while (!done && yaml_next(r, &ev)) {
        done = ev.type == end;
        if (!done) {
            const struct yaml_node *child = yaml_node(r, &ev, depth + 1);

            if (child != NULL)
                yaml_push(r, child);
        }
        yaml_event_delete(&ev);
    }
    return done && !r->failed;
}

/* Drop the pairs whose key stands already or is no scalar. */
static void yaml_unique(struct yaml_reader *r, struct yaml_node *map, const struct yaml_node **items)
{
    struct names *seen = map->count > YAML_FEW ? names_new(r->arena) : NULL;
    int kept = 0;

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = items[2 * i];
        int first = MENU_NONE;

        if (key->kind != YAML_IS_SCALAR) {
            issue_add(r->issues, ISSUE_SHAPE, key->pos, "a key is a single value, not a %s",
                      key->kind == YAML_IS_MAP ? "map" : "list");
            continue;
        }
        if (seen != NULL) {
            first = names_add(seen, key->text, kept);
        } else {
            for (int j = 0; j < kept && first == MENU_NONE; j++) {
                if (strcmp(items[2 * j]->text, key->text) == 0)
                    first = j;
            }
        }
        if (first != MENU_NONE) {
            issue_add(r->issues, ISSUE_TWICE, key->pos, "key '%s' stands twice; first on line %d", key->text,
                      items[2 * first]->pos.line);
            continue;
        }
        items[2 * kept] = key;
        items[2 * kept + 1] = items[2 * i + 1];
        kept++;
    }
    map->count = kept;
}

static void yaml_collection(struct yaml_reader *r, struct yaml_node *n, yaml_event_type_t end, int depth)
{
    int base = r->open_count, count;
    const struct yaml_node **items;

    if (depth == YAML_DEPTH_MAX) {
        issue_add(r->issues, ISSUE_NESTING, n->pos, "nested more than %d deep", YAML_DEPTH_MAX);
        r->failed = true;
        return;
    }
    if (!yaml_children(r, end, depth))
        return;
    count = r->open_count - base;
    items = arena_alloc(r->arena, (size_t)(count + 1) * sizeof *items);
    for (int i = 0; i < count; i++) {
        items[i] = r->open[base + i];
        n->parts += items[i]->parts;
    }
    r->open_count = base;
    n->items = items;
    n->count = n->kind == YAML_IS_MAP ? count / 2 : count;
    if (n->kind == YAML_IS_MAP)
        yaml_unique(r, n, items);
}

static const char *yaml_tag(const yaml_event_t *ev)
{
    const yaml_char_t *tag = NULL;

    if (ev->type == YAML_SCALAR_EVENT)
        tag = ev->data.scalar.tag;
    else if (ev->type == YAML_SEQUENCE_START_EVENT)
        tag = ev->data.sequence_start.tag;
    else if (ev->type == YAML_MAPPING_START_EVENT)
        tag = ev->data.mapping_start.tag;
    return (const char *)tag;
}

static void yaml_scalar(struct yaml_reader *r, struct yaml_node *n, const yaml_event_t *ev)
{
    yaml_scalar_style_t style = ev->data.scalar.style;

    n->len = ev->data.scalar.length;
    n->text = arena_memdup0(r->arena, ev->data.scalar.value, n->len);
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE)
        n->style = YAML_IS_SINGLE;
    else if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        n->style = YAML_IS_DOUBLE;
    else if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
        n->style = YAML_IS_BLOCK;
    if (n->style == YAML_IS_SINGLE || n->style == YAML_IS_DOUBLE) {
        r->quoted = n->pos;
        r->quoted_end = (int)ev->end_mark.line + 1;
    }
    if (strlen(n->text) != n->len) {
        issue_add(r->issues, ISSUE_VALUE, n->pos, "a NUL character stands in this value");
        r->failed = true;
    }
}

static const struct yaml_node *yaml_node(struct yaml_reader *r, const yaml_event_t *ev, int depth)
{
    struct menu_pos pos = yaml_pos(r, ev->start_mark);
    struct yaml_node *n;
    int anchor = MENU_NONE;

    if (ev->type == YAML_ALIAS_EVENT)
        return yaml_alias(r, ev);
    n = arena_alloc(r->arena, sizeof *n);
    n->pos = pos;
    n->parts = 1;
    if (yaml_tag(ev) != NULL)
        issue_add(r->issues, ISSUE_ONE_DOCUMENT, pos, "tag '%s': menus have no tags", yaml_tag(ev));
    if (ev->type == YAML_SCALAR_EVENT) {
        anchor = yaml_anchor(r, ev->data.scalar.anchor, pos);
        /* a long text shared by many aliases is many texts */
        n->parts += (int)(ev->data.scalar.length / 64);
        yaml_scalar(r, n, ev);
    } else if (ev->type == YAML_SEQUENCE_START_EVENT) {
        anchor = yaml_anchor(r, ev->data.sequence_start.anchor, pos);
        n->kind = YAML_IS_LIST;
        yaml_collection(r, n, YAML_SEQUENCE_END_EVENT, depth);
    } else {
        anchor = yaml_anchor(r, ev->data.mapping_start.anchor, pos);
        n->kind = YAML_IS_MAP;
        yaml_collection(r, n, YAML_MAPPING_END_EVENT, depth);
    }
    if (r->failed || !yaml_spend(r, n->kind == YAML_IS_SCALAR ? n->parts : 1, pos, false))
        return NULL;
    if (anchor >= 0)
        r->anchored[anchor] = n;
    return n;
}

/* --- the file ------------------------------------------------------------------- */

static const struct yaml_node *yaml_stream(struct yaml_reader *r)
{
    const struct yaml_node *root = NULL;
    yaml_event_t ev;
    bool done = false;
    int documents = 0;

    while (!done && yaml_next(r, &ev)) {
        done = ev.type == YAML_STREAM_END_EVENT;
        if (ev.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            issue_add(r->issues, ISSUE_ONE_DOCUMENT, yaml_pos(r, ev.start_mark), "a second document in one file");
            r->failed = true;
        } else if (!done && ev.type != YAML_STREAM_START_EVENT && ev.type != YAML_DOCUMENT_START_EVENT &&
                   ev.type != YAML_DOCUMENT_END_EVENT) {
            root = yaml_node(r, &ev, 0);
        }
        yaml_event_delete(&ev);
    }
    return r->failed ? NULL : root;
}

const struct yaml_node *yaml_read(struct arena *a, const struct yaml_file *file, struct yaml_budget *budget,
                                  struct menu_issues *issues)
{
    struct yaml_reader r = { .arena = a, .file = file, .budget = budget, .issues = issues };
    const struct yaml_node *root = NULL;

    if (file->len > YAML_FILE_MAX) {
        issue_add(issues, ISSUE_SIZE, (struct menu_pos){ file->name, 1, 1 }, "the file is above 4 MiB");
        return NULL;
    }
    if (!yaml_check_utf8(&r) || !yaml_check_tabs(&r))
        return NULL;
    r.anchors = names_new(a);
    if (yaml_parser_initialize(&r.parser) == 0)
        abort();                        /* out of memory, base/alloc.h */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)file->data + yaml_bom(file),
                                 file->len - yaml_bom(file));
    root = yaml_stream(&r);
    yaml_parser_delete(&r.parser);
    free(r.anchored);
    free(r.open);
    return root;
}
