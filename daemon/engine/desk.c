#include "engine/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm.h"
#include "engine/notice.h"
#include "menu/said.h"

#define DESK_MEM_MAX (256u * 1024)

static const char *const desk_actors[DESK_ACTORS] = {
    [DESK_CITIZEN] = "citizen", [DESK_AGENT] = "agent", [DESK_OFFICER] = "officer", [DESK_AGENCY] = "agency",
    [DESK_CLOCK] = "clock", [DESK_PROVIDER] = "provider", [DESK_OPERATOR] = "operator",
};

/* What 'by' of the menus means: an officer's moves are his office's, whichever
 * way they come. */
static const unsigned desk_bys[DESK_ACTORS] = {
    [DESK_CITIZEN] = MENU_BY_CITIZEN, [DESK_AGENT] = MENU_BY_AGENT, [DESK_OFFICER] = MENU_BY_OFFICER,
    [DESK_AGENCY] = MENU_BY_OFFICER, [DESK_CLOCK] = MENU_BY_CLOCK, [DESK_PROVIDER] = MENU_BY_PROVIDER,
    [DESK_OPERATOR] = MENU_BY_OFFICER,
};

static const char *const desk_outcomes[DESK_OUTCOMES] = {
    [DESK_DONE] = "done", [DESK_REPEATED] = "repeated", [DESK_NO_CASE] = "no_case", [DESK_NO_STATE] = "no_state",
    [DESK_NOT_NOW] = "not_now", [DESK_NOT_YOURS] = "not_yours", [DESK_NO_FIELD] = "no_field",
    [DESK_NO_REPLY] = "no_reply", [DESK_BAD_ORDER] = "bad_order", [DESK_NO_MENUS] = "no_menus", [DESK_AWAY] = "away",
};

const char *desk_actor_name(enum desk_actor a)
{
    return desk_actors[a];
}

const char *desk_outcome_name(enum desk_outcome o)
{
    return desk_outcomes[o];
}

void desk_plan_init(struct desk_plan *p)
{
    memset(p, 0, sizeof *p);
    buf_init(&p->mem, DESK_MEM_MAX);
    buf_init(&p->said, 2 * CASEFILE_NOTE_MAX);
}

void desk_plan_fini(struct desk_plan *p)
{
    buf_fini(&p->mem);
    buf_fini(&p->said);
}

/* --- what an order must have --------------------------------------------------------- */

static const char *desk_str(const char *s)
{
    return s != NULL ? s : "";
}

static bool desk_is_text(const char *s, size_t max)
{
    size_t n = strlen(desk_str(s));

    return n <= max && gsm_utf8_valid(desk_str(s), n);
}

static int desk_units(const char *s)
{
    size_t left = strlen(desk_str(s));
    int units = 0, n;
    uint32_t cp;

    for (s = desk_str(s); left > 0 && (n = gsm_utf8_next(s, left, &cp)) > 0; s += n, left -= (size_t)n)
        units += cp >= 0x10000 ? 2 : 1;
    return units;
}

static bool desk_is_note(const char *s)
{
    return desk_is_text(s, CASEFILE_NOTE_MAX) && desk_units(s) <= CASEFILE_NOTE_UNITS;
}

enum desk_outcome desk_looks_right(const struct desk_order *o)
{
    size_t key = strlen(desk_str(o->key));
    bool something = desk_str(o->to)[0] != '\0' || desk_str(o->note)[0] != '\0' || o->field_count > 0;

    if (key == 0 || !desk_is_text(o->key, CASEFILE_KEY_MAX) || !something || o->field_count > DESK_FIELDS_MAX ||
        !desk_is_note(o->note) || !desk_is_text(o->actor, CASEFILE_ACTOR_MAX))
        return DESK_BAD_ORDER;
    return DESK_DONE;
}

/* --- where a case stands ---------------------------------------------------------------- */

static const struct menu_service *desk_service(const struct menu *m, const struct casefile *f)
{
    for (int i = 0; i < m->service_count; i++)
        if (strcmp(m->services[i].name, f->service) == 0)
            return &m->services[i];
    return NULL;
}

static int desk_state(const struct menu_service *s, const char *name)
{
    for (int i = 0; i < s->state_count; i++)
        if (strcmp(s->states[i].name, name) == 0)
            return i;
    return MENU_NONE;
}

bool desk_knows(const struct menu *m, const struct casefile *f)
{
    const struct menu_service *s = desk_service(m, f);

    return s != NULL && desk_state(s, f->state) != MENU_NONE;
}

int desk_moves(const struct menu *m, const struct casefile *f, enum desk_actor kind, const char *moves[DESK_MOVES_MAX])
{
    const struct menu_service *s = desk_service(m, f);
    int at = s != NULL ? desk_state(s, f->state) : MENU_NONE;
    int n = 0;

    for (int i = 0; at != MENU_NONE && i < s->states[at].to_count && n < DESK_MOVES_MAX; i++)
        if ((s->states[at].may[i] & desk_bys[kind]) != 0)
            moves[n++] = s->states[s->states[at].to[i]].name;
    return n;
}

/* --- the decision ------------------------------------------------------------------------- */

bool desk_is_his(const struct casefile *f, const struct desk_order *o)
{
    if (o->agency != NULL && strcmp(o->agency, f->agency) != 0)
        return false;
    return o->msisdn == NULL || strcmp(o->msisdn, f->msisdn) == 0 ||
           (f->contact[0] != '\0' && strcmp(o->msisdn, f->contact) == 0);
}

/* May the order's actor move it from state at to state to? */
static enum desk_outcome desk_may(const struct menu_state *at, int to, enum desk_actor kind)
{
    for (int i = 0; i < at->to_count; i++)
        if (at->to[i] == to)
            return (at->may[i] & desk_bys[kind]) != 0 ? DESK_DONE : DESK_NOT_YOURS;
    return DESK_NOT_NOW;
}

static enum desk_outcome desk_judge(const struct menu_service *s, const struct casefile *f, const struct desk_order *o)
{
    int at = desk_state(s, f->state);
    int to;

    if (o->from != NULL && strcmp(o->from, f->state) != 0)
        return DESK_NOT_NOW;
    if (desk_str(o->to)[0] == '\0')
        return DESK_DONE;
    to = desk_state(s, o->to);
    if (to == MENU_NONE)
        return DESK_NO_STATE;
    return desk_may(&s->states[at], to, o->kind);
}

/* --- the plan -------------------------------------------------------------------------------- */

static const char *desk_keep(struct desk_plan *p, size_t at)
{
    buf_addc(&p->mem, '\0');
    return buf_str(&p->mem) + at;
}

static enum desk_outcome desk_plan_fields(const struct menu_service *s, const struct desk_order *o, struct desk_plan *p,
                                          struct desk_answer *a)
{
    const char *before = "{";

    for (int i = 0; i < o->field_count; i++) {
        const struct desk_field *given = &o->fields[i];

        if (!notice_field_fits(s, given->name, given->value)) {
            a->field = given->name;
            return DESK_NO_FIELD;
        }
        buf_adds(&p->mem, before);
        notice_add_json(&p->mem, given->name);
        buf_adds(&p->mem, ": ");
        notice_add_json(&p->mem, given->value);
        before = ", ";
    }
    buf_adds(&p->mem, before[0] == '{' ? "{}" : "}");
    return DESK_DONE;
}

/* The note, with what its number stands for before it. */
static enum desk_outcome desk_plan_note(const struct menu *m, const struct menu_service *s, const struct casefile *f,
                                        const struct desk_order *o, struct desk_plan *p, struct desk_answer *a)
{
    const char *to = desk_str(o->to);
    const struct menu_state *state = said_state(s, to, strlen(to));
    const struct menu_reply *reply = said_reply(state, o->reply);

    a->replies = state;
    if (reply == NULL)
        return DESK_NO_REPLY;
    buf_clear(&p->said);
    said_note(reply, notice_lang(m, f->lang), desk_str(o->note), &p->said);
    p->note = buf_str(&p->said);
    return p->said.full || !desk_is_note(p->note) ? DESK_BAD_ORDER : DESK_DONE;
}

/* Acts of those who act for an office, or over one, are told in the audit. */
static bool desk_is_audited(enum desk_actor kind)
{
    switch (kind) {
    case DESK_OFFICER:
    case DESK_AGENCY:
    case DESK_OPERATOR:
    case DESK_AGENT:
        return true;
    case DESK_CITIZEN:
    case DESK_CLOCK:
    case DESK_PROVIDER:
    case DESK_ACTORS:
        break;
    }
    return false;
}

static void desk_plan_audit(const struct casefile *f, const struct desk_order *o, struct desk_plan *p)
{
    const char *pairs[][2] = { { "by", p->actor }, { "from", f->state }, { "to", p->state }, { "note", p->note },
                               { "key", o->key } };
    char number[24];

    snprintf(number, sizeof number, "%" PRId64, f->number);
    buf_adds(&p->mem, "{\"case\": ");
    notice_add_json(&p->mem, number);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        buf_adds(&p->mem, ", ");
        notice_add_json(&p->mem, pairs[i][0]);
        buf_adds(&p->mem, ": ");
        notice_add_json(&p->mem, pairs[i][1]);
    }
    buf_addc(&p->mem, '}');
}

enum desk_outcome desk_decide(const struct menu *m, const struct casefile *f, const struct desk_order *o,
                              struct desk_plan *p, struct desk_answer *a)
{
    const struct menu_service *s = desk_service(m, f);
    bool moves = desk_str(o->to)[0] != '\0';
    size_t fields_at = 0, audit_at;
    enum desk_outcome r;

    buf_clear(&p->mem);
    p->notice_count = 0;
    if (!desk_is_his(f, o))
        return DESK_NO_CASE;
    r = desk_judge(s, f, o);
    if (r == DESK_NOT_NOW || r == DESK_NOT_YOURS)
        a->move_count = desk_moves(m, f, o->kind, a->moves);
    if (r != DESK_DONE)
        return r;
    r = desk_plan_fields(s, o, p, a);
    if (r != DESK_DONE)
        return r;
    (void)desk_keep(p, fields_at);
    p->state = moves ? o->to : f->state;
    p->note = desk_str(o->note);
    if (o->reply != 0)
        r = desk_plan_note(m, s, f, o, p, a);
    if (r != DESK_DONE)
        return r;
    p->actor = desk_str(o->actor);
    p->ends = s->states[desk_state(s, p->state)].to_count == 0;
    p->audit = !desk_is_audited(o->kind) ? "" : moves ? "case_moved" : "case_noted";
    audit_at = p->mem.len;
    desk_plan_audit(f, o, p);
    (void)desk_keep(p, audit_at);
    if (moves || o->sms != NULL)
        notice_plan(m, s, f, o, p);
    p->fields = buf_str(&p->mem) + fields_at;   /* mem has stopped moving */
    p->audit_fields = buf_str(&p->mem) + audit_at;
    return DESK_DONE;
}
