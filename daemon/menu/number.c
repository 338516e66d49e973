#include "menu/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "menu/template.h"

#define NUMBER_HUNDRED 100                  /* places in the list */
#define NUMBER_SCALES  3
#define NUMBER_PLACES  10

/* The scales of a language, the greatest first, behind the hundred. */
static const struct number_scale {
    int64_t unit;
    int word;
} number_scales[2][NUMBER_SCALES] = {
    { { 1000000000, 103 }, { 1000000, 102 }, { 1000, 101 } },
    { { 10000000, 103 }, { 100000, 102 }, { 1000, 101 } },
};

struct number {
    const char *list;                       /* the words, blanks between them */
    size_t len;
    const struct number_scale *scales;
    struct buf *out;
    size_t start;
};

static void number_word(const struct number *n, int word)
{
    const char *s = n->list;
    const char *end = n->list + n->len;

    while (s < end) {
        size_t skip = strspn(s, " \n");
        size_t len;

        s += skip;
        len = strcspn(s, " \n");
        if (word-- == 0) {
            if (n->out->len > n->start)
                buf_addc(n->out, ' ');
            buf_add(n->out, s, len);
            return;
        }
        s += len;
    }
}

/* At most three scales deep, and the greatest once more. */
static void number_part(const struct number *n, int64_t v)
{
    for (int i = 0; i < NUMBER_SCALES; i++) {
        if (v < n->scales[i].unit)
            continue;
        number_part(n, v / n->scales[i].unit);
        number_word(n, n->scales[i].word);
        v %= n->scales[i].unit;
        if (v == 0)
            return;
    }
    if (v >= 100) {
        number_word(n, (int)(v / 100));
        number_word(n, NUMBER_HUNDRED);
        v %= 100;
        if (v == 0)
            return;
    }
    number_word(n, (int)v);
}

void number_print(const struct expr_scope *scope, int64_t v, struct buf *out)
{
    const struct menu *m = scope->menu;
    const struct template *t = m->numbers != NULL ? template_of(m->numbers, scope->lang) : NULL;
    struct number n = { .scales = number_scales[m->langs[scope->lang].lakhs], .out = out, .start = out->len };

    n.list = t != NULL ? template_constant(t, &n.len, NULL) : NULL;
    if (n.list == NULL || v > NUMBER_WIDE || v < -NUMBER_WIDE) {
        buf_addf(out, "%" PRId64, v);
        return;
    }
    if (v < 0) {
        buf_addc(out, '-');
        n.start = out->len;
    }
    number_part(&n, v < 0 ? -v : v);
}

/* The number with ten or units k in every place of two digits and h hundreds in
 * every place of them, with at least so many digits. */
static int64_t number_of(bool lakhs, int digits, int k, int h)
{
    /* digits of each place, from the right: NUMBER_MOST has 15 */
    static const int widths[2][NUMBER_PLACES] = { { 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 }, { 2, 1, 2, 2, 2, 1, 2, 2, 2, 1 } };
    int64_t v = 0;
    int64_t unit = 1;

    for (int i = 0; digits > 0 && i < NUMBER_PLACES; i++) {
        v += unit * (widths[lakhs][i] == 2 ? k : h);
        unit *= widths[lakhs][i] == 2 ? 100 : 10;
        digits -= widths[lakhs][i];
    }
    return v;
}

void number_widest(const struct menu_type *t, bool lakhs, number_fn *fn, void *arg)
{
    int64_t most = -t->min > t->max ? -t->min : t->max;
    char text[32];
    int digits = snprintf(text, sizeof text, "%" PRId64, most);

    for (int k = 0; k < 100; k++) {
        for (int h = 1; h < 10; h++) {
            int n = snprintf(text, sizeof text, "%s%" PRId64, t->min < 0 ? "-" : "", number_of(lakhs, digits, k, h));

            fn(arg, text, (size_t)n);
        }
    }
}
