#define PCRE2_CODE_UNIT_WIDTH 8

#include "menu/pattern.h"

#include <assert.h>
#include <pcre2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/gsm.h"

/*
 * In how many ways can an answer fit a pattern?
 *
 * The pattern becomes an automaton whose states are its positions: the
 * characters and classes in it, repeats written out (Glushkov 1961).  The
 * number of ways doubles again and again exactly when some loop of it can be
 * gone round in two ways with the same characters (Weber and Seidl 1991).  Two
 * ways are a pair of positions walked together by characters that both take:
 * such a loop is a circle of pairs that begins at (p, p) and parts on the way.
 * A repeat inside a repeat that gives the same step twice, as in (a*)*, counts
 * as two ways by itself.
 *
 * What this takes for more than it is, it refuses; never the other way round,
 * but for characters in scripts of which none is tried (pattern_tried).
 */

#define WAYS_POSITIONS 512              /* >= PATTERN_SIZE_MAX */
#define WAYS_SETS (WAYS_POSITIONS / 64)
#define WAYS_ATOMS PATTERN_MAX
#define WAYS_TRIED 640                  /* characters */
#define WAYS_FEW 4                      /* copies of something of varying length that are written out */
#define WAYS_STEPS 4000000              /* pairs and their exits looked at */
#define WAYS_PARSED 20000               /* atoms read, copies too */
#define WAYS_PARSE_COST 100             /* steps that one of them counts as */
#define WAYS_TRY_COST 10                /* and one character tried on one of them */
#define WAYS_DEPTH 100

struct ways_set {
    uint64_t bits[WAYS_SETS];
};

/* A piece of the pattern. */
struct ways_piece {
    struct ways_set first, last;
    bool nullable;
    bool varies;                        /* matches of different lengths */
    int size;                           /* characters, repeats written out */
};

struct ways_atom {
    size_t at, len;                     /* in the pattern */
    uint64_t takes[WAYS_TRIED / 64];    /* of the characters tried */
};

struct pattern_ways {
    const char *s;
    size_t n, i;
    struct pattern_error *err;
    enum pattern_fault fault;
    struct ways_set *follow;            /* by position */
    int atom[WAYS_POSITIONS];           /* by position */
    int count;
    struct ways_atom *atoms;
    int atom_count;
    bool looped;                        /* there is a repeat without end */
    bool caseless, looking;
    int parsed, depth;
    long steps;
    long *judged;                       /* of all patterns */
};

/* --- sets ---------------------------------------------------------------------------- */

static void ways_put(struct ways_set *s, int i)
{
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static void ways_join(struct ways_set *s, const struct ways_set *with)
{
    for (int i = 0; i < WAYS_SETS; i++)
        s->bits[i] |= with->bits[i];
}

/* The first member at or behind i; WAYS_POSITIONS when there is none. */
static int ways_next(const struct ways_set *s, int i)
{
    while (i < WAYS_POSITIONS) {
        uint64_t left = s->bits[i / 64] >> (i % 64);

        if (left != 0)
            return i + __builtin_ctzll(left);
        i = (i / 64 + 1) * 64;
    }
    return WAYS_POSITIONS;
}

/* --- what is wrong --------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5)))
static void ways_fail(struct pattern_ways *w, enum pattern_fault fault, size_t at, const char *fmt, ...)
{
    va_list ap;

    if (w->fault != PATTERN_GOOD)
        return;
    w->fault = fault;
    w->err->at = at;
    va_start(ap, fmt);
    vsnprintf(w->err->text, sizeof w->err->text, fmt, ap);
    va_end(ap);
    w->i = w->n;                        /* the end of all reading */
}

/* Steps of all patterns together. */
static void ways_spend(struct pattern_ways *w, long steps)
{
    *w->judged += steps;
    if (*w->judged > PATTERN_JUDGED_MAX)
        ways_fail(w, PATTERN_BROKEN, 0, "the patterns of this tree are too many and too tangled to be judged");
}

static void ways_exponential(struct pattern_ways *w, size_t at)
{
    ways_fail(w, PATTERN_EXPONENTIAL, at,
              "a repeat in which the same characters fit in more and more ways; give the repeats inside it a "
              "separator, or take them out");
}

/* --- pieces to bigger pieces -------------------------------------------------------------- */

static void ways_edges(struct pattern_ways *w, const struct ways_set *from, const struct ways_set *to, size_t at)
{
    for (int p = ways_next(from, 0); p < WAYS_POSITIONS; p = ways_next(from, p + 1)) {
        for (int i = 0; i < WAYS_SETS; i++) {
            /* only a repeat around a repeat makes a step that is there already */
            if ((w->follow[p].bits[i] & to->bits[i]) != 0)
                ways_exponential(w, at);
        }
        ways_join(&w->follow[p], to);
    }
}

static struct ways_piece ways_concat(struct pattern_ways *w, const struct ways_piece *a, const struct ways_piece *b)
{
    struct ways_piece r = { .first = a->first, .last = b->last, .nullable = a->nullable && b->nullable,
                            .varies = a->varies || b->varies, .size = a->size + b->size };

    ways_edges(w, &a->last, &b->first, w->i);
    if (a->nullable)
        ways_join(&r.first, &b->first);
    if (b->nullable)
        ways_join(&r.last, &a->last);
    return r;
}

static void ways_either(struct ways_piece *a, const struct ways_piece *b)
{
    a->varies = a->varies || b->varies || a->size != b->size;
    ways_join(&a->first, &b->first);
    ways_join(&a->last, &b->last);
    a->nullable |= b->nullable;
    a->size = a->size > b->size ? a->size : b->size;
}

static void ways_optional(struct ways_piece *a)
{
    a->nullable = true;
    a->varies |= a->size > 0;
}

static void ways_loop(struct pattern_ways *w, struct ways_piece *a, size_t at)
{
    ways_edges(w, &a->last, &a->first, at);
    a->varies = true;
    w->looped = true;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct ways_piece ways_alternatives(struct pattern_ways *w);

static int ways_peek(const struct pattern_ways *w, size_t ahead)
{
    return w->i + ahead < w->n ? (unsigned char)w->s[w->i + ahead] : -1;
}

static bool ways_starts(const struct pattern_ways *w, const char *with)
{
    size_t len = strlen(with);

    return w->i < w->n && w->n - w->i >= len && memcmp(w->s + w->i, with, len) == 0;
}

static void ways_skip_to(struct pattern_ways *w, char end)
{
    while (w->i < w->n && w->s[w->i] != end)
        w->i++;
    w->i += w->i < w->n;
}

static int ways_atom_of(struct pattern_ways *w, size_t at, size_t len)
{
    for (int i = 0; i < w->atom_count; i++) {
        if (w->atoms[i].len == len && memcmp(w->s + w->atoms[i].at, w->s + at, len) == 0)
            return i;
    }
    assert(w->atom_count < WAYS_ATOMS); /* each has an octet of its own */
    w->atoms[w->atom_count].at = at;
    w->atoms[w->atom_count].len = len;
    return w->atom_count++;
}

static void ways_too_big(struct pattern_ways *w, size_t at)
{
    ways_fail(w, PATTERN_BROKEN, at, "with its repeats written out it has more than %d characters", PATTERN_SIZE_MAX);
}

/* A position for the characters from at on. */
static struct ways_piece ways_position(struct pattern_ways *w, size_t at)
{
    struct ways_piece r = { .size = 1 };

    if (w->count == PATTERN_SIZE_MAX) {
        ways_too_big(w, at);
        return r;
    }
    w->atom[w->count] = ways_atom_of(w, at, w->i - at);
    ways_put(&r.first, w->count);
    ways_put(&r.last, w->count);
    w->count++;
    return r;
}

static struct ways_piece ways_nothing(void)
{
    return (struct ways_piece){ .nullable = true };
}

/* Past "x{41}", "p{L}", "d" behind a backslash. */
static void ways_escape(struct pattern_ways *w)
{
    char c = w->s[w->i++];

    if (strchr("xopPN", c) != NULL && ways_peek(w, 0) == '{')
        ways_skip_to(w, '}');
    else if (c == 'x')
        for (int k = 0; k < 2 && ways_peek(w, 0) >= 0 && strchr("0123456789abcdefABCDEF", ways_peek(w, 0)) != NULL; k++)
            w->i++;
    else if (c == '0')
        for (int k = 0; k < 2 && ways_peek(w, 0) >= '0' && ways_peek(w, 0) <= '7'; k++)
            w->i++;
    else if (c == 'p' || c == 'P' || c == 'c')
        w->i++;
    while (w->i < w->n && ((unsigned char)w->s[w->i] & 0xc0) == 0x80)
        w->i++;
}

static struct ways_piece ways_backslash(struct pattern_ways *w)
{
    size_t at = w->i++;
    int c = ways_peek(w, 0);

    if ((c >= '1' && c <= '9') || c == 'g' || c == 'k')
        ways_fail(w, PATTERN_BROKEN, at, "no back references: what they match is not matched in bounded time");
    else if (c == 'K' || c == 'X' || c == 'R' || c == 'Q' || c == 'E')
        ways_fail(w, PATTERN_BROKEN, at, "'\\%c' cannot stand in a pattern here", c);
    if (w->fault != PATTERN_GOOD || c < 0)
        return ways_nothing();
    if (strchr("bBAzZG", c) != NULL) {
        w->i++;
        return ways_nothing();
    }
    ways_escape(w);
    return ways_position(w, at);
}

/* Past "[^]a-z[:digit:]\]]". */
static struct ways_piece ways_class(struct pattern_ways *w)
{
    size_t at = w->i++;

    w->i += ways_peek(w, 0) == '^';
    w->i += ways_peek(w, 0) == ']';
    while (w->i < w->n && w->s[w->i] != ']') {
        if (ways_starts(w, "[:")) {
            while (w->i < w->n && !ways_starts(w, ":]"))
                w->i++;
            w->i += 2;
        } else {
            if (ways_starts(w, "\\Q")) {
                ways_fail(w, PATTERN_BROKEN, w->i, "'\\Q' cannot stand in a pattern here");
                break;
            }
            w->i += w->s[w->i] == '\\' ? 2 : 1;
        }
    }
    w->i = w->i < w->n ? w->i + 1 : w->n;
    return ways_position(w, at);
}

/* "(?i)", "(?i-s:" and the like; true when a group follows. */
static bool ways_flags(struct pattern_ways *w, size_t at)
{
    while (w->i < w->n && w->s[w->i] != ')' && w->s[w->i] != ':') {
        if (strchr("imsnJU-^", w->s[w->i]) == NULL) {
            ways_fail(w, PATTERN_BROKEN, at, "recursion, conditions, calls and the flag x cannot stand in a pattern here");
            return false;
        }
        w->caseless |= w->s[w->i] == 'i';
        w->i++;
    }
    return w->i < w->n && w->s[w->i++] == ':';
}

enum ways_group { WAYS_PLAIN = 0, WAYS_LOOK, WAYS_EMPTY, WAYS_GROUPS };

/* Past what stands between "(?" and the group's own pattern. */
static enum ways_group ways_group(struct pattern_ways *w)
{
    static const char *const looks[] = { "=", "!", "<=", "<!" };
    size_t at = w->i - 1;

    if (ways_peek(w, 0) == '*')
        ways_fail(w, PATTERN_BROKEN, at, "'(*' cannot stand in a pattern here");
    if (ways_peek(w, 0) != '?')
        return WAYS_PLAIN;
    w->i++;
    for (size_t k = 0; k < sizeof looks / sizeof looks[0]; k++) {
        if (ways_starts(w, looks[k])) {
            w->i += strlen(looks[k]);
            return WAYS_LOOK;
        }
    }
    if (ways_peek(w, 0) == '#') {
        ways_skip_to(w, ')');
        return WAYS_EMPTY;
    }
    if (ways_peek(w, 0) == '>' || ways_peek(w, 0) == '|') {
        w->i++;
        return WAYS_PLAIN;
    }
    if (ways_peek(w, 0) == '<' || ways_peek(w, 0) == '\'' || ways_starts(w, "P<")) {
        char end = ways_peek(w, 0) == '\'' ? '\'' : '>';

        w->i += ways_peek(w, 0) == 'P' ? 2 : 1;
        ways_skip_to(w, end);
        return WAYS_PLAIN;
    }
    return ways_flags(w, at) ? WAYS_PLAIN : WAYS_EMPTY;
}

static struct ways_piece ways_parentheses(struct pattern_ways *w)
{
    size_t at = w->i++;
    enum ways_group group = ways_group(w);
    struct ways_piece r;
    bool looking = w->looking;

    if (group == WAYS_EMPTY || w->fault != PATTERN_GOOD)
        return ways_nothing();
    if (group == WAYS_LOOK && looking)
        ways_fail(w, PATTERN_BROKEN, at, "a look ahead inside another");
    if (w->depth == WAYS_DEPTH)
        ways_fail(w, PATTERN_BROKEN, at, "groups are nested more than %d deep", WAYS_DEPTH);
    if (w->fault != PATTERN_GOOD)
        return ways_nothing();
    w->looking = looking || group == WAYS_LOOK;
    w->depth++;
    r = ways_alternatives(w);
    w->depth--;
    w->looking = looking;
    w->i += w->i < w->n;                /* ')' */
    return group == WAYS_LOOK ? ways_nothing() : r;
}

static struct ways_piece ways_one(struct pattern_ways *w)
{
    size_t at = w->i;
    int c = ways_peek(w, 0);

    if (++w->parsed > WAYS_PARSED)
        ways_fail(w, PATTERN_BROKEN, at, "too many repeats inside repeats");
    ways_spend(w, WAYS_PARSE_COST);
    if (w->fault != PATTERN_GOOD)
        return ways_nothing();
    if (c == '(')
        return ways_parentheses(w);
    if (c == '[')
        return ways_class(w);
    if (c == '\\')
        return ways_backslash(w);
    do
        w->i++;
    while (w->i < w->n && ((unsigned char)w->s[w->i] & 0xc0) == 0x80);
    return c == '^' || c == '$' ? ways_nothing() : ways_position(w, at);
}

/* --- repeats -------------------------------------------------------------------------------- */

struct ways_times {
    int min, max;                       /* max -1: without end */
};

static int ways_number(struct pattern_ways *w)
{
    int v = 0;

    while (ways_peek(w, 0) >= '0' && ways_peek(w, 0) <= '9' && v < 100000)
        v = v * 10 + (w->s[w->i++] - '0');
    return v;
}

/* "{2}", "{2,}", "{2,5}"; else nothing is taken: a brace by itself is a character. */
static bool ways_braces(struct pattern_ways *w, struct ways_times *t)
{
    size_t start = w->i++;

    if (ways_peek(w, 0) >= '0' && ways_peek(w, 0) <= '9') {
        t->min = ways_number(w);
        t->max = t->min;
        if (ways_peek(w, 0) == ',') {
            w->i++;
            t->max = ways_peek(w, 0) == '}' ? -1 : ways_number(w);
        }
        if (ways_peek(w, 0) == '}') {
            w->i++;
            return true;
        }
    }
    w->i = start;
    return false;
}

static bool ways_repeat(struct pattern_ways *w, struct ways_times *t)
{
    int c = ways_peek(w, 0);

    *t = (struct ways_times){ c == '+', c == '?' ? 1 : -1 };
    if (c == '{') {
        if (!ways_braces(w, t))
            return false;
    } else if (c == '*' || c == '+' || c == '?') {
        w->i++;
    } else {
        return false;
    }
    if (ways_peek(w, 0) == '?' || ways_peek(w, 0) == '+')
        w->i++;                         /* lazy and possessive go the same ways */
    return true;
}

/* What begins at start once more, and the copies behind it. */
static struct ways_piece ways_copies(struct pattern_ways *w, size_t start, int left, struct ways_times t)
{
    struct ways_piece r, rest;

    w->i = start;
    r = ways_one(w);
    if (left > 1 && w->fault == PATTERN_GOOD) {
        rest = ways_copies(w, start, left - 1, (struct ways_times){ t.min - 1, t.max - 1 });
        if (t.min <= 1)
            ways_optional(&rest);
        r = ways_concat(w, &r, &rest);
    }
    return r;
}

static struct ways_piece ways_times(struct pattern_ways *w, struct ways_piece r, size_t start, struct ways_times t)
{
    /* many copies of what varies are as bad as copies without end */
    bool loops = t.max < 0 || (r.varies && t.max > WAYS_FEW);
    int64_t size = (int64_t)r.size * (t.max > 0 ? t.max : t.min > 0 ? t.min : 1);

    if (size > PATTERN_SIZE_MAX)
        ways_too_big(w, start);
    if (size > PATTERN_SIZE_MAX || r.size == 0)
        return r;
    if (t.max == 0)
        return ways_nothing();
    if (loops)
        ways_loop(w, &r, start);
    else if (t.max > 1)
        r = ways_copies(w, start, t.max, t);
    if (t.min == 0)
        ways_optional(&r);
    r.varies |= t.min != t.max;
    r.size = (int)size;
    return r;
}

static struct ways_piece ways_repeated(struct pattern_ways *w)
{
    size_t start = w->i, end;
    struct ways_piece r = ways_one(w);
    struct ways_times t;

    if (w->fault != PATTERN_GOOD || !ways_repeat(w, &t))
        return r;
    end = w->i;
    r = ways_times(w, r, start, t);
    w->i = w->fault == PATTERN_GOOD ? end : w->n;
    return r;
}

static struct ways_piece ways_sequence(struct pattern_ways *w)
{
    struct ways_piece r = ways_nothing();

    while (w->i < w->n && w->s[w->i] != '|' && w->s[w->i] != ')') {
        struct ways_piece next = ways_repeated(w);

        r = ways_concat(w, &r, &next);
    }
    return r;
}

static struct ways_piece ways_alternatives(struct pattern_ways *w)
{
    struct ways_piece r = ways_sequence(w);

    while (ways_peek(w, 0) == '|') {
        struct ways_piece other;

        w->i++;
        other = ways_sequence(w);
        ways_either(&r, &other);
    }
    return r;
}

/* --- which characters two positions share ---------------------------------------------------- */

struct ways_tried {
    struct buf text;                    /* UTF-8 */
    size_t at[WAYS_TRIED + 1];
    int count;
};

static void ways_try(struct ways_tried *t, uint32_t cp)
{
    if (t->count == WAYS_TRIED || (cp >= 0xd800 && cp < 0xe000) || cp > 0x10ffff)
        return;
    gsm_utf8_add(&t->text, cp);
    t->at[++t->count] = t->text.len;
}

/* All of Latin and Bengali, the characters of the pattern and their neighbours,
 * and some of other scripts. */
static void ways_try_all(struct ways_tried *t, const char *s, size_t n)
{
    static const uint32_t others[] = { '\n', '\t', 0x3b1, 0x416, 0x5d0, 0x627, 0x915, 0x964, 0xe01, 0x200c, 0x200d,
                                       0x2013, 0x2019, 0x20ac, 0x3042, 0x4e2d, 0xac00, 0xff11, 0x1f600 };
    uint32_t cp;
    int step;

    for (uint32_t c = 0x20; c < 0x7f; c++)
        ways_try(t, c);
    for (uint32_t c = 0xa0; c < 0x100; c++)
        ways_try(t, c);
    for (uint32_t c = 0x980; c < 0xa00; c++)
        ways_try(t, c);
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        ways_try(t, others[k]);
    for (; n > 0 && (step = gsm_utf8_next(s, n, &cp)) > 0; s += step, n -= (size_t)step) {
        if (cp < 0x80)
            continue;
        ways_try(t, cp - 1);
        ways_try(t, cp);
        ways_try(t, cp + 1);
    }
}

/* PCRE says what an atom takes. */
static void ways_take(const struct pattern_ways *w, const struct ways_tried *t, struct ways_atom *atom)
{
    PCRE2_SIZE at;
    int number;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(w->s + atom->at), atom->len,
                                     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
                                         (w->caseless ? PCRE2_CASELESS : 0), &number, &at, NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);

    if (match == NULL)
        abort();                        /* out of memory, base/alloc.h */
    for (int i = 0; i < t->count; i++) {
        /* what cannot be read alone takes everything */
        if (code == NULL || pcre2_match(code, (PCRE2_SPTR)t->text.data + t->at[i], t->at[i + 1] - t->at[i], 0, 0,
                                        match, NULL) >= 0)
            atom->takes[i / 64] |= UINT64_C(1) << (i % 64);
    }
    pcre2_match_data_free(match);
    pcre2_code_free(code);
}

static void ways_take_all(struct pattern_ways *w)
{
    struct ways_tried *t = xcalloc(1, sizeof *t);

    buf_init(&t->text, 4 * WAYS_TRIED);
    ways_try_all(t, w->s, w->n);
    ways_spend(w, (long)w->atom_count * t->count * WAYS_TRY_COST);
    for (int i = 0; i < w->atom_count && w->fault == PATTERN_GOOD; i++)
        ways_take(w, t, &w->atoms[i]);
    buf_fini(&t->text);
    free(t);
}

static bool ways_share(const struct pattern_ways *w, int p, int q)
{
    const struct ways_atom *a = &w->atoms[w->atom[p]], *b = &w->atoms[w->atom[q]];

    for (size_t i = 0; i < sizeof a->takes / sizeof a->takes[0]; i++) {
        if ((a->takes[i] & b->takes[i]) != 0)
            return true;
    }
    return false;
}

/* --- circles of pairs ------------------------------------------------------------------------- */

/* Tarjan 1972, without recursion. */
struct ways_pair {
    int number, low;                    /* number 0: not seen */
    bool open;                          /* on the stack of its component */
};

struct ways_visit {
    int p, q;                           /* the pair */
    int a, b;                           /* its exit that is looked at */
};

struct ways_circles {
    struct pattern_ways *w;
    struct ways_pair *pairs;            /* count x count */
    struct ways_visit *visits;
    int *open;
    int visit_count, open_count, number;
};

static int ways_pair_at(const struct ways_circles *c, int p, int q)
{
    return p * c->w->count + q;
}

static void ways_enter(struct ways_circles *c, int p, int q)
{
    const struct ways_set *follow = c->w->follow;
    struct ways_pair *pair = &c->pairs[ways_pair_at(c, p, q)];

    pair->number = pair->low = ++c->number;
    pair->open = true;
    c->open[c->open_count++] = ways_pair_at(c, p, q);
    c->visits[c->visit_count++] = (struct ways_visit){ p, q, ways_next(&follow[p], 0), ways_next(&follow[q], 0) };
}

/* The component of a pair is whole: does it hold a pair of one, and one of two? */
static void ways_close(struct ways_circles *c, int root)
{
    bool same = false, parted = false;
    int at, where = 0;

    do {
        at = c->open[--c->open_count];
        c->pairs[at].open = false;
        if (at / c->w->count == at % c->w->count) {
            same = true;
            where = at / c->w->count;
        } else {
            parted = true;
        }
    } while (at != root);
    if (same && parted)
        ways_exponential(c->w, c->w->atoms[c->w->atom[where]].at);
}

/* One exit of the pair on top, or its end. */
static void ways_step(struct ways_circles *c)
{
    const struct ways_set *follow = c->w->follow;
    struct ways_visit *v = &c->visits[c->visit_count - 1];
    int here = ways_pair_at(c, v->p, v->q), a = v->a, b = v->b;

    if (a < WAYS_POSITIONS && b < WAYS_POSITIONS) {
        int there = ways_pair_at(c, a, b);

        v->b = ways_next(&follow[v->q], b + 1);
        if (v->b == WAYS_POSITIONS) {
            v->a = ways_next(&follow[v->p], a + 1);
            v->b = ways_next(&follow[v->q], 0);
        }
        if (!ways_share(c->w, a, b))
            return;
        if (c->pairs[there].number == 0)
            ways_enter(c, a, b);
        else if (c->pairs[there].open && c->pairs[there].number < c->pairs[here].low)
            c->pairs[here].low = c->pairs[there].number;
        return;
    }
    c->visit_count--;
    if (c->visit_count > 0) {
        const struct ways_visit *from = &c->visits[c->visit_count - 1];
        struct ways_pair *above = &c->pairs[ways_pair_at(c, from->p, from->q)];

        above->low = c->pairs[here].low < above->low ? c->pairs[here].low : above->low;
    }
    if (c->pairs[here].low == c->pairs[here].number)
        ways_close(c, here);
}

static void ways_circles(struct pattern_ways *w)
{
    size_t pairs = (size_t)w->count * (size_t)w->count;
    struct ways_circles c = { .w = w, .pairs = xcalloc(pairs + 1, sizeof *c.pairs),
                              .visits = xcalloc(pairs + 1, sizeof *c.visits),
                              .open = xcalloc(pairs + 1, sizeof *c.open) };

    for (int p = 0; p < w->count && w->fault == PATTERN_GOOD; p++) {
        if (c.pairs[ways_pair_at(&c, p, p)].number == 0)
            ways_enter(&c, p, p);
        while (c.visit_count > 0 && w->fault == PATTERN_GOOD) {
            if (++w->steps > WAYS_STEPS)
                ways_fail(w, PATTERN_BROKEN, 0, "it has too many repeats to be judged");
            ways_step(&c);
        }
    }
    ways_spend(w, w->steps);
    free(c.pairs);
    free(c.visits);
    free(c.open);
}

/* --- the whole ---------------------------------------------------------------------------------- */

enum pattern_fault pattern_ways(const char *s, size_t n, long *judged, struct pattern_error *err)
{
    struct pattern_ways *w = xcalloc(1, sizeof *w);
    enum pattern_fault fault;

    w->s = s;
    w->n = n;
    w->err = err;
    w->judged = judged;
    w->follow = xcalloc(WAYS_POSITIONS, sizeof *w->follow);
    w->atoms = xcalloc(WAYS_ATOMS, sizeof *w->atoms);
    (void)ways_alternatives(w);
    if (w->fault == PATTERN_GOOD && w->looped) {
        ways_take_all(w);
        ways_circles(w);
    }
    fault = w->fault;
    free(w->follow);
    free(w->atoms);
    free(w);
    return fault;
}
