#include "engine/flow_step.h"

#include <string.h>

/*
 * The tape lets an operator run what citizens did against other menus.  It
 * holds which way they went, never what is theirs: an option's number, an
 * answer that is a short code of the menu's own kinds, the codes and numbers
 * that a query answered.  Whatever may name a person or be a secret is
 * withheld, and only whether it fitted is kept: anything typed at a secret
 * screen, sensitive values, phone and case numbers, PINs, codes of a consent,
 * free text, what did not fit, and every value of seven digits or more; of a
 * pattern's, of four or more that she typed: a PIN may be typed at a wrong place.
 */

#define TAPE_FACTS_MAX 4096             /* octets of a step's facts; more is told as cut */
#define TAPE_DIGITS_MAX 6               /* of a value that may be kept */
#define TAPE_PATTERN_MAX 3              /* of one that she typed and a pattern took: a PIN might be typed there */
#define TAPE_NUMBER_MAX 3               /* octets of an option's or row's number; a PIN has more */

void flow_tape_init(struct flow_tape *t)
{
    buf_init(&t->typed, EVENT_TEXT_MAX);
    buf_init(&t->facts, 2 * TAPE_FACTS_MAX);
    buf_init(&t->cell, SESSION_VALUES_MAX);
}

void flow_tape_fini(struct flow_tape *t)
{
    buf_fini(&t->typed);
    buf_fini(&t->facts);
    buf_fini(&t->cell);
}

/* --- what may be kept ------------------------------------------------------------------ */

static bool flow_tape_is_short(const char *p, size_t n, int max)
{
    int digits = 0;

    for (size_t i = 0; i < n; i++)
        digits += p[i] >= '0' && p[i] <= '9';
    return digits <= max;
}

/* A value that she typed. */
static bool flow_tape_keeps_typed(const struct menu_type *t, const char *p, size_t n)
{
    switch (t->kind) {
    case MENU_TYPE_PATTERN:
        return !t->sensitive && flow_tape_is_short(p, n, TAPE_PATTERN_MAX);
    case MENU_TYPE_WHOLE:
    case MENU_TYPE_YESNO:
    case MENU_TYPE_CHOICE:
        return !t->sensitive && flow_tape_is_short(p, n, TAPE_DIGITS_MAX);
    case MENU_TYPE_TOLD:
    case MENU_TYPE_TEXT:
    case MENU_TYPE_WORD:
    case MENU_TYPE_DATE:
    case MENU_TYPE_MSISDN:
    case MENU_TYPE_CASE_NO:
    case MENU_TYPE_PIN:
    case MENU_TYPE_KINDS:
        break;
    }
    return false;
}

/* One that a query answered: its words are codes, its dates those of payments. */
static bool flow_tape_keeps_cell(const struct menu_type *t, const char *p, size_t n)
{
    switch (t->kind) {
    case MENU_TYPE_DATE:
        return !t->sensitive && !t->past;
    case MENU_TYPE_WORD:
    case MENU_TYPE_WHOLE:
    case MENU_TYPE_YESNO:
    case MENU_TYPE_PATTERN:
    case MENU_TYPE_CHOICE:
        return !t->sensitive && flow_tape_is_short(p, n, TAPE_DIGITS_MAX);
    case MENU_TYPE_TOLD:
    case MENU_TYPE_TEXT:
    case MENU_TYPE_MSISDN:
    case MENU_TYPE_CASE_NO:
    case MENU_TYPE_PIN:
    case MENU_TYPE_KINDS:
        break;
    }
    return false;
}

/* --- what she typed ----------------------------------------------------------------------- */

/* A dialogue by text messages is not taped: a replay has no words for it. */
static bool flow_tape_takes(const struct flow *f)
{
    return f->env->tape && !f->env->limits->texts;
}

void flow_tape_begin(struct flow *f, enum flow_tape_kind kind)
{
    struct flow_tape *t = &f->out->tape;

    t->on = flow_tape_takes(f);
    t->kind = kind;
    t->how = kind == FLOW_TAPE_DIAL ? FLOW_TAPE_TYPED : FLOW_TAPE_MISFIT;
    buf_clear(&t->typed);
    buf_clear(&t->facts);
}

void flow_tape_fresh(struct flow *f)
{
    struct flow_tape *t = &f->out->tape;
    struct session *s = f->s;

    s->dialogue = flow_tape_takes(f) ? f->env->dice : 0;
    s->steps = 0;
    flow_tape_begin(f, FLOW_TAPE_DIAL);
    if (!t->on)
        return;
    buf_addf(&t->facts, "{\"lang\": \"%s\", \"known\": %s, \"agent\": %s, \"alert\": %s", s->menu->langs[s->lang].id,
             s->lang_known ? "true" : "false", s->agent != NULL ? "true" : "false",
             f->env->alert != NULL && f->env->alert->count > 0 ? "true" : "false");
    buf_addc(&t->facts, '}');
}

void flow_tape_say(struct flow *f, enum flow_tape_how how, const char *p, size_t n)
{
    struct flow_tape *t = &f->out->tape;

    if (!t->on || (t->kind != FLOW_TAPE_ANSWER && how != FLOW_TAPE_MOVED))
        return;
    t->how = how;
    buf_clear(&t->typed);
    if (how == FLOW_TAPE_TYPED)
        buf_add(&t->typed, p, n);
}

/* A number as options have them; not a PIN that she typed at the wrong place. */
void flow_tape_number(struct flow *f, const char *p, size_t n)
{
    bool keeps = n <= TAPE_NUMBER_MAX && strspn(p, "0123456789") >= n;

    flow_tape_say(f, keeps ? FLOW_TAPE_TYPED : FLOW_TAPE_MISFIT, p, n);
}

void flow_tape_part(struct flow *f, const char *p, size_t n)
{
    struct flow_tape *t = &f->out->tape;

    if (!t->on || t->kind != FLOW_TAPE_DIAL)
        return;
    if (t->typed.len > 0)
        buf_addc(&t->typed, '*');
    buf_add(&t->typed, p, n);
}

void flow_tape_answer(struct flow *f, const struct menu_screen *screen, const char *p, size_t n, enum flow_fit fit)
{
    bool fits = fit == FLOW_FITS || fit == FLOW_CHOSE;
    bool asks = screen->input.var != MENU_NONE && fit != FLOW_CHOSE;
    bool keeps = !screen->secret && (!asks || (fits && !screen->input.is_code &&
                                               flow_tape_keeps_typed(screen->input.type, p, n)));

    if (f->out->tape.kind == FLOW_TAPE_DIAL && fits)
        flow_tape_part(f, keeps ? p : FLOW_TAPE_WITHHELD, keeps ? n : strlen(FLOW_TAPE_WITHHELD));
    else if (asks)
        flow_tape_say(f, !fits ? FLOW_TAPE_MISFIT : keeps ? FLOW_TAPE_TYPED : FLOW_TAPE_FITTED, p, n);
    else if (keeps)
        flow_tape_number(f, p, n);
}

/* --- what the database answered --------------------------------------------------------------- */

static void flow_tape_add(struct buf *out, const char *p)
{
    flow_add_json(out, p, strlen(p));
}

/* False: a cell does not fit its column. */
static bool flow_tape_row(struct flow_tape *t, const struct menu_record *record, const struct flow_rows *rows, int row)
{
    const char *before = "{";

    for (int i = 0; i < record->field_count; i++) {
        const struct menu_field *field = &record->fields[i];
        const char *cell = rows->cell(rows->arg, row, field->name);

        buf_clear(&t->cell);
        if (cell != NULL && !menu_type_import(field->type, cell, &t->cell)) {
            if (!field->type->inward)
                return false;
            cell = NULL;                /* as the step took it */
        }
        buf_adds(&t->facts, before);
        flow_tape_add(&t->facts, field->name);
        buf_adds(&t->facts, ": ");
        if (cell == NULL)
            buf_adds(&t->facts, "null");
        else if (flow_tape_keeps_cell(field->type, buf_str(&t->cell), t->cell.len))
            flow_add_json(&t->facts, buf_str(&t->cell), t->cell.len);
        else
            flow_tape_add(&t->facts, FLOW_TAPE_WITHHELD);
        before = ", ";
    }
    buf_adds(&t->facts, before[0] == '{' ? "{}" : "}");
    return true;
}

void flow_tape_rows(struct flow *f, const struct flow_tape_asked *asked, const struct flow_rows *rows)
{
    struct flow_tape *t = &f->out->tape;
    bool failed = rows->failed;
    size_t start, at;

    if (!t->on)
        return;
    if (t->facts.len > 0)
        buf_adds(&t->facts, ", ");
    start = t->facts.len;
    buf_addf(&t->facts, "{\"%s\": ", asked->what);
    flow_tape_add(&t->facts, asked->name);
    at = t->facts.len;
    buf_adds(&t->facts, ", \"rows\": [");
    for (int i = 0; !failed && i < rows->count && t->facts.len <= TAPE_FACTS_MAX; i++) {
        buf_adds(&t->facts, i > 0 ? ", " : "");
        failed = !flow_tape_row(t, asked->returns, rows, i);
    }
    buf_adds(&t->facts, "]}");
    if (failed || t->facts.full || t->facts.len > TAPE_FACTS_MAX) {
        const char *why = failed ? ", \"failed\": true}" : ", \"cut\": true}";

        buf_cut(&t->facts, at);
        buf_adds(&t->facts, why);
        if (t->facts.len > TAPE_FACTS_MAX + 512)        /* so many questions in one step: the first ones are told */
            buf_cut(&t->facts, start >= 2 ? start - 2 : 0);
    }
}

void flow_tape_no_number(struct flow *f)
{
    struct buf *facts = &f->out->tape.facts;

    if (f->out->tape.on && facts->len <= TAPE_FACTS_MAX)
        buf_addf(facts, "%s{\"number\": false}", facts->len > 0 ? ", " : "");
}

void flow_tape_fact(struct flow *f, const char *name, const char *value)
{
    struct buf *facts = &f->out->tape.facts;

    if (f->out->tape.on && facts->len <= TAPE_FACTS_MAX)
        buf_addf(facts, "%s{\"%s\": \"%s\"}", facts->len > 0 ? ", " : "", name, value);
}

void flow_tape_end(struct flow *f)
{
    struct session *s = f->s;
    struct flow_tape *t = &f->out->tape;

    t->on = t->on && s->dialogue != 0;
    if (s->dialogue != 0 && s->steps < UINT16_MAX)
        s->steps++;
}
