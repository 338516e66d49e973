/* parse_services.c - what can be submitted, to whom, and what becomes of it. */
#include "menu/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define PARSE_STATES_MAX 64

/* --- single keys ------------------------------------------------------------------------- */

static void parse_who(const struct yaml_node *who, struct menu_service *s)
{
    int count = who->kind == YAML_IS_LIST ? who->count : 1;

    s->who = 0;
    for (int i = 0; i < count; i++) {
        const struct yaml_node *word = who->kind == YAML_IS_LIST ? who->items[i] : who;

        s->who |= yaml_is(word, "agent") ? MENU_WHO_AGENT : MENU_WHO_CITIZEN;
    }
}

/* The states that it names are looked for when there are states: parse_fee_states(). */
static void parse_fee(struct parse *p, const struct yaml_node *map, struct keys_got *got, struct menu_service *s)
{
    if (!keys_read(map, KEYS_FEE, got, p->issues)) {
        memset(got, 0, sizeof *got);
        return;
    }
    if (got->at[FEE_OFFICIAL] != NULL)
        s->fee_official = (int)keys_whole(got->at[FEE_OFFICIAL]);
    if (got->at[FEE_CENTRE] != NULL)
        s->fee_centre = (int)keys_whole(got->at[FEE_CENTRE]);
}

static int32_t parse_day(struct parse *p, const struct yaml_node *n, int32_t otherwise)
{
    int32_t day;

    if (n == NULL)
        return otherwise;
    if (expr_date(n->text, n->len, &day))
        return day;
    issue_add(p->issues, ISSUE_WINDOW, n->pos, "'%s' is no day; write year, month and day, like 2026-11-25", n->text);
    return otherwise;
}

/* listed: closed, unless the database says it is open. */
static void parse_window(struct parse *p, const struct yaml_node *window, struct menu_service *s)
{
    struct keys_got got;
    bool listed = yaml_is(window, "listed");

    s->windowed = listed || window->kind == YAML_IS_MAP;
    s->from = listed ? INT32_MAX : INT32_MIN;
    s->to = listed ? INT32_MIN : INT32_MAX;
    if (window->kind != YAML_IS_MAP || !keys_read(window, KEYS_WINDOW, &got, p->issues))
        return;
    if (got.at[WINDOW_OPENED] != NULL)
        s->opened = parse_find(p, FILE_SMS, got.at[WINDOW_OPENED]);
    if (got.key[WINDOW_FROM] == NULL && got.key[WINDOW_TO] == NULL) {
        s->from = INT32_MAX;            /* a map with a message alone: listed */
        s->to = INT32_MIN;
        if (got.key[WINDOW_OPENED] == NULL)
            issue_add(p->issues, ISSUE_MISSING_KEY, window->pos,
                      "a window has 'from', 'to' or 'opened'; or write: always, or: listed");
        return;
    }
    s->from = parse_day(p, got.at[WINDOW_FROM], INT32_MIN);
    s->to = parse_day(p, got.at[WINDOW_TO], INT32_MAX);
    if (s->from > s->to)
        issue_add(p->issues, ISSUE_WINDOW, got.at[WINDOW_TO]->pos, "the window ends on %s, before it begins on %s",
                  got.at[WINDOW_TO]->text, got.at[WINDOW_FROM]->text);
}

static struct menu_span parse_span(struct parse *p, const struct yaml_node *map)
{
    struct menu_span span = { .days = 0 };
    struct keys_got got;

    if (!keys_read(map, KEYS_WITHIN, &got, p->issues))
        return span;
    if (got.at[WITHIN_DAYS] != NULL)
        span.days = (int)keys_whole(got.at[WITHIN_DAYS]);
    span.all = got.at[WITHIN_CALENDAR] != NULL && yaml_is(got.at[WITHIN_CALENDAR], "all");
    return span;
}

static void parse_within(struct parse *p, const struct yaml_node *map, struct menu_service *s)
{
    const struct menu_span span = parse_span(p, map);

    s->within_days = span.days;
    s->within_all = span.all;
}

/* --- states --------------------------------------------------------------------------------- */

/* The states of one service, while they are read. */
struct parse_states {
    struct parse *p;
    struct menu_state *list;
    int count;
    int written;                        /* of which so many have moves of their own */
    bool given;                         /* the service has the key */
    bool said;                          /* that they are too many */
};

static int parse_state_of(const struct parse_states *t, const char *name)
{
    for (int i = 0; i < t->count; i++) {
        if (strcmp(t->list[i].name, name) == 0)
            return i;
    }
    return MENU_NONE;
}

static const char *parse_state_near(const struct parse_states *t, const struct yaml_node *name, int count)
{
    struct names_best best = { .name = NULL };

    for (int i = 0; i < count; i++)
        names_consider(&best, name->text, name->len, t->list[i].name);
    return best.name;
}

static bool parse_state_name(struct parse_states *t, const struct yaml_node *name)
{
    if (keys_is_name(name->text, name->len))
        return true;
    issue_add(t->p->issues, ISSUE_BAD_NAME, name->pos, "state '%s': letters, digits and _, first a letter", name->text);
    return false;
}

static int parse_state_new(struct parse_states *t, const struct yaml_node *name)
{
    if (t->count == PARSE_STATES_MAX) {
        if (!t->said)
            issue_add(t->p->issues, ISSUE_SIZE, name->pos, "a service has at most %d states", PARSE_STATES_MAX);
        t->said = true;
        return MENU_NONE;
    }
    t->list[t->count] = (struct menu_state){ .name = name->text, .pos = name->pos, .expires_to = MENU_NONE };
    return t->count++;
}

/* A state that may follow.  One that is only named here is final, if it is not a
 * slip for another. */
static int parse_state_after(struct parse_states *t, const struct yaml_node *name)
{
    int i = parse_state_of(t, name->text);
    const char *nearest;

    if (i != MENU_NONE || !parse_state_name(t, name))
        return i;
    nearest = parse_state_near(t, name, t->written);
    if (nearest == NULL)
        return parse_state_new(t, name);
    issue_add(t->p->issues, ISSUE_NO_STATE, name->pos,
              "state '%s': no such state; did you mean '%s'? If it ends a case, add '%s: []'", name->text, nearest,
              name->text);
    return parse_state_new(t, name);
}

/* Who may make moves: words of keys.c, one or a list. */
static unsigned parse_by(const struct yaml_node *by)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {
        { "citizen", MENU_BY_CITIZEN }, { "agent", MENU_BY_AGENT }, { "officer", MENU_BY_OFFICER },
        { "clock", MENU_BY_CLOCK }, { "provider", MENU_BY_PROVIDER },
    };
    int count = by->kind == YAML_IS_LIST ? by->count : 1;
    unsigned bits = 0;

    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            bits |= yaml_is(by->kind == YAML_IS_LIST ? by->items[i] : by, words[k].word) ? words[k].bit : 0;
    }
    return bits;
}

/* {to: withdrawn, by: citizen} among the states that may follow; NULL and said. */
static const struct yaml_node *parse_state_move(struct parse_states *t, const struct yaml_node *map, unsigned *by)
{
    struct keys_got got;
    const struct yaml_node *to;

    if (!keys_read(map, KEYS_STATE, &got, t->p->issues) || got.at[STATE_TO] == NULL)
        return NULL;
    to = got.at[STATE_TO];
    if (got.at[STATE_BY] != NULL)
        *by = parse_by(got.at[STATE_BY]);
    if (to->kind == YAML_IS_SCALAR)
        return to;
    issue_add(t->p->issues, ISSUE_SHAPE, to->pos, "'to' is one state here, with its own 'by'");
    return NULL;
}

static void parse_state_to(struct parse_states *t, const struct yaml_node *list, unsigned bits, struct menu_state *s)
{
    bool one = list->kind == YAML_IS_SCALAR;
    int count = one ? 1 : list->count;
    unsigned *may;
    int *to;

    if (count > PARSE_STATES_MAX) {
        issue_add(t->p->issues, ISSUE_SIZE, list->pos, "a service has at most %d states", PARSE_STATES_MAX);
        t->said = true;
        return;
    }
    to = arena_alloc(t->p->arena, ((size_t)count + 1) * sizeof *to);
    may = arena_alloc(t->p->arena, ((size_t)count + 1) * sizeof *may);
    for (int i = 0; i < count; i++) {
        const struct yaml_node *name = one ? list : list->items[i];
        int state;

        unsigned by = bits;

        if (name->kind == YAML_IS_MAP)
            name = parse_state_move(t, name, &by);
        else if (name->kind != YAML_IS_SCALAR || name->len == 0) {
            issue_add(t->p->issues, ISSUE_SHAPE, name->pos,
                      "the states that may follow '%s' are names in a list, or maps of 'to' and 'by'", s->name);
            continue;
        }
        state = name != NULL ? parse_state_after(t, name) : MENU_NONE;
        if (state == MENU_NONE)
            continue;
        may[s->to_count] = by;
        to[s->to_count++] = state;
    }
    s->to = to;
    s->may = may;
}

/* Days count while an officer may move it, unless it says whose turn it is. */
static void parse_state_turn(const struct yaml_node *turn, struct menu_state *s)
{
    unsigned may = 0;

    for (int i = 0; i < s->to_count; i++)
        may |= s->may[i];
    s->hers = turn != NULL ? yaml_is(turn, "citizen") : (may & MENU_BY_OFFICER) == 0;
}

/* need_info: {to: [received, expired], expires: {days: 30, to: expired}}: that one
 * move is the clock's too. */
static void parse_state_expires(struct parse_states *t, const struct yaml_node *map, struct menu_state *s)
{
    struct keys_got got;
    unsigned *may;
    int to;

    if (!keys_read(map, KEYS_EXPIRES, &got, t->p->issues) || got.at[EXPIRES_DAYS] == NULL || got.at[EXPIRES_TO] == NULL)
        return;
    s->expires = (struct menu_span){ (int)keys_whole(got.at[EXPIRES_DAYS]),
                                     got.at[EXPIRES_CALENDAR] == NULL || yaml_is(got.at[EXPIRES_CALENDAR], "all") };
    to = parse_state_of(t, got.at[EXPIRES_TO]->text);
    may = arena_alloc(t->p->arena, ((size_t)s->to_count + 1) * sizeof *may);
    for (int i = 0; i < s->to_count; i++) {
        may[i] = s->may[i] | (s->to[i] == to ? MENU_BY_CLOCK : 0);
        s->expires_to = s->to[i] == to ? to : s->expires_to;
    }
    s->may = may;
    if (s->expires_to == MENU_NONE)
        issue_add(t->p->issues, ISSUE_EXPIRES, got.at[EXPIRES_TO]->pos,
                  "state '%s' does not expire into '%s': its 'to' has no such state", s->name, got.at[EXPIRES_TO]->text);
}

/* received: [answered]; received: {to: [answered, {to: withdrawn, by: citizen}], by: officer}. */
static void parse_state_moves(struct parse_states *t, const struct yaml_node *value, struct menu_state *s)
{
    unsigned by = MENU_BY_OFFICER;
    struct keys_got got;

    if (value->kind == YAML_IS_LIST) {
        parse_state_to(t, value, MENU_BY_OFFICER, s);
        parse_state_turn(NULL, s);
        return;
    }
    if (value->kind == YAML_IS_SCALAR) {
        issue_add(t->p->issues, ISSUE_SHAPE, value->pos,
                  "state '%s' takes a list of the states that may follow; [] where it ends a case", s->name);
        return;
    }
    if (!keys_read(value, KEYS_STATE, &got, t->p->issues))
        return;
    if (got.at[STATE_BY] != NULL)
        by = parse_by(got.at[STATE_BY]);
    if (got.at[STATE_TO] != NULL)
        parse_state_to(t, got.at[STATE_TO], by, s);
    parse_state_turn(got.at[STATE_TURN], s);
    if (got.at[STATE_WITHIN] != NULL)
        s->within = parse_span(t->p, got.at[STATE_WITHIN]);
    if (got.at[STATE_EXPIRES] != NULL)
        parse_state_expires(t, got.at[STATE_EXPIRES], s);
}

static bool parse_states(struct parse_states *t, const struct yaml_node *map)
{
    if (map->count == 0)
        issue_add(t->p->issues, ISSUE_SHAPE, map->pos, "'states' is empty");
    for (int i = 0; i < map->count && !t->said; i++) {
        if (parse_state_name(t, yaml_key(map, i)))
            (void)parse_state_new(t, yaml_key(map, i));
    }
    t->written = t->count;
    for (int i = 0; i < map->count && !t->said; i++) {
        int state = parse_state_of(t, yaml_key(map, i)->text);

        if (state != MENU_NONE)
            parse_state_moves(t, yaml_value(map, i), &t->list[state]);
    }
    return !t->said;
}

/* A state that another key of the service names; MENU_NONE and said. */
static int parse_state_find(const struct parse_states *t, const char *key, const struct yaml_node *name)
{
    int i = parse_state_of(t, name->text);
    const char *nearest;

    if (i != MENU_NONE)
        return i;
    nearest = parse_state_near(t, name, t->count);
    if (nearest != NULL)
        issue_add(t->p->issues, ISSUE_NO_STATE, name->pos, "%s '%s': no such state; did you mean '%s'?", key, name->text,
                  nearest);
    else if (!t->given)
        issue_add(t->p->issues, ISSUE_NO_STATE, name->pos,
                  "%s '%s': no such state: without 'states' there is only 'submitted'", key, name->text);
    else
        issue_add(t->p->issues, ISSUE_NO_STATE, name->pos, "%s '%s': no such state; 'states' lists them", key, name->text);
    return MENU_NONE;
}

/* --- what names states ------------------------------------------------------------------------- */

static void parse_texts(struct parse_states *t, const struct yaml_node *map)
{
    struct parse *p = t->p;
    struct parse_tells *tells = arena_alloc(p->arena, sizeof *tells);

    *tells = (struct parse_tells){ .states = true };
    for (int i = 0; i < map->count; i++) {
        int state = parse_state_find(t, "texts", yaml_key(map, i));
        const struct menu_text *text = parse_text(p, yaml_value(map, i), &(struct parse_text_args){ .tells = tells });

        if (state != MENU_NONE)
            t->list[state].text = text;
    }
}

/* 1: ..., 2: ...: in the order of their numbers. */
static void parse_replies_of(struct parse *p, const struct yaml_node *map, struct menu_state *s)
{
    struct menu_reply *replies;

    if (map->kind != YAML_IS_MAP || map->count == 0) {
        issue_add(p->issues, ISSUE_SHAPE, map->pos, "the replies of state '%s' are numbers and texts, like 1: Copy of the NID", s->name);
        return;
    }
    if (map->count > MENU_REPLIES_MAX) {
        issue_add(p->issues, ISSUE_SIZE, map->pos, "a state has at most %d replies", MENU_REPLIES_MAX);
        return;
    }
    replies = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *replies);
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i);
        const struct menu_text *text = parse_text(p, yaml_value(map, i), &(struct parse_text_args){ .constant = true });
        int n = key->len < 3 && key->len == strspn(key->text, "0123456789") ? (int)strtol(key->text, NULL, 10) : 0;

        if (n < 1 || key->text[0] == '0' || (s->reply_count > 0 && replies[s->reply_count - 1].number >= n))
            issue_add(p->issues, ISSUE_REPLIES, key->pos,
                      "reply '%s' of state '%s': numbers from 1 to 99, in their order", key->text, s->name);
        else
            replies[s->reply_count++] = (struct menu_reply){ n, text };
    }
    s->replies = replies;
    s->replies_pos = map->pos;
}

static void parse_replies(struct parse_states *t, const struct yaml_node *map)
{
    for (int i = 0; i < map->count; i++) {
        int state = parse_state_find(t, "replies", yaml_key(map, i));

        if (state != MENU_NONE)
            parse_replies_of(t->p, yaml_value(map, i), &t->list[state]);
    }
}

static void parse_fee_states(const struct parse_states *t, const struct keys_got *fee, struct menu_service *s)
{
    if (fee->at[FEE_PAID] != NULL)
        s->fee_paid = parse_state_find(t, "paid", fee->at[FEE_PAID]);
    if (fee->at[FEE_BACK] != NULL)
        s->fee_back = parse_state_find(t, "back", fee->at[FEE_BACK]);
}

static void parse_notify(struct parse_states *t, const struct yaml_node *map, struct menu_service *s)
{
    struct parse *p = t->p;
    struct menu_notify *notify = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *notify);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        (void)parse_state_find(t, "notify", key);
        notify[i].state = key->text;
        notify[i].sms = value != NULL ? parse_find(p, FILE_SMS, value) : MENU_NONE;
    }
    s->notify = notify;
    s->notify_count = map->count;
}

static void parse_effort(struct parse *p, const struct yaml_node *map, struct menu_effort *e)
{
    struct keys_got got;

    if (map == NULL || !keys_read(map, KEYS_EFFORT, &got, p->issues))
        return;
    e->visits = got.at[EFFORT_VISITS] != NULL ? keys_hundredths(got.at[EFFORT_VISITS]) : 0;
    e->hours = got.at[EFFORT_HOURS] != NULL ? keys_hundredths(got.at[EFFORT_HOURS]) : 0;
    e->taka = got.at[EFFORT_TAKA] != NULL ? keys_hundredths(got.at[EFFORT_TAKA]) : 0;
}

static void parse_saves(struct parse_states *t, const struct yaml_node *map, struct menu_service *s)
{
    struct keys_got got;

    if (!keys_read(map, KEYS_SAVES, &got, t->p->issues))
        return;
    if (got.at[SAVES_VERSION] != NULL)
        s->saves.version = (int)keys_whole(got.at[SAVES_VERSION]);
    if (got.at[SAVES_COUNTED] != NULL)
        s->saves.counted = parse_state_find(t, "counted", got.at[SAVES_COUNTED]);
    parse_effort(t->p, got.at[SAVES_BEFORE], &s->saves.before);
    parse_effort(t->p, got.at[SAVES_SELF], &s->saves.self);
    parse_effort(t->p, got.at[SAVES_ASSISTED], &s->saves.assisted);
}

/* Where 'states' could not be read, nothing is said of the names in other keys. */
static void parse_stated(struct parse *p, const struct keys_got *got, const struct keys_got *fee,
                         struct menu_service *s)
{
    static const struct yaml_node submitted = { .kind = YAML_IS_SCALAR, .text = "submitted", .len = 9, .pos = { "", 1, 1 } };
    struct menu_state list[PARSE_STATES_MAX];
    struct parse_states t = { .p = p, .list = list, .given = got->key[SERVICE_STATES] != NULL };
    int errors = p->issues->errors;

    if (t.given && (got->at[SERVICE_STATES] == NULL || !parse_states(&t, got->at[SERVICE_STATES])))
        return;
    s->stateless = p->issues->errors > errors;
    if (!t.given)
        (void)parse_state_new(&t, &submitted);
    t.list = (struct menu_state *)arena_alloc(p->arena, ((size_t)t.count + 1) * sizeof *t.list);
    memcpy(t.list, list, (size_t)t.count * sizeof *t.list);
    s->states = t.list;
    s->state_count = t.count;
    if (got->at[SERVICE_TEXTS] != NULL)
        parse_texts(&t, got->at[SERVICE_TEXTS]);
    if (got->at[SERVICE_REPLIES] != NULL)
        parse_replies(&t, got->at[SERVICE_REPLIES]);
    parse_fee_states(&t, fee, s);
    if (got->at[SERVICE_NOTIFY] != NULL)
        parse_notify(&t, got->at[SERVICE_NOTIFY], s);
    if (got->at[SERVICE_SAVES] != NULL)
        parse_saves(&t, got->at[SERVICE_SAVES], s);
}

/* --- services ------------------------------------------------------------------------------------ */

static void parse_service(struct parse *p, const struct keys_got *got, struct menu_service *s)
{
    struct keys_got fee = { .node = NULL };

    if (got->at[SERVICE_NUMBER] != NULL)
        s->number = (int)keys_whole(got->at[SERVICE_NUMBER]);
    if (got->at[SERVICE_AGENCY] != NULL)
        s->agency = got->at[SERVICE_AGENCY]->text;
    if (got->at[SERVICE_FIELDS] != NULL)
        s->field_count = parse_fields(p, got->at[SERVICE_FIELDS], &s->fields);
    if (got->at[SERVICE_WHO] != NULL)
        parse_who(got->at[SERVICE_WHO], s);
    if (got->at[SERVICE_FEE] != NULL)
        parse_fee(p, got->at[SERVICE_FEE], &fee, s);
    if (got->at[SERVICE_WINDOW] != NULL)
        parse_window(p, got->at[SERVICE_WINDOW], s);
    if (got->at[SERVICE_WITHIN] != NULL)
        parse_within(p, got->at[SERVICE_WITHIN], s);
    if (got->at[SERVICE_BACKEND] != NULL)
        s->backend = parse_find(p, FILE_BACKENDS, got->at[SERVICE_BACKEND]);
    parse_stated(p, got, &fee, s);
    if (got->at[SERVICE_OVERDUE] != NULL)
        parse_overdue(p, got->at[SERVICE_OVERDUE], s);
    s->title = parse_text(p, got->at[SERVICE_TITLE], &(struct parse_text_args){ .constant = true });
}

void parse_services(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_SERVICES];
    struct menu_service *services = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *services);

    for (int i = 0; i < defs->count; i++) {
        struct menu_service *s = &services[i];
        struct keys_got got;

        s->name = defs->list[i].name;
        s->pos = defs->list[i].key->pos;
        s->agency = "";
        s->who = MENU_WHO_CITIZEN | MENU_WHO_AGENT;
        s->from = INT32_MIN;
        s->to = INT32_MAX;
        s->backend = MENU_NONE;
        s->opened = MENU_NONE;
        s->fee_paid = MENU_NONE;
        s->fee_back = MENU_NONE;
        s->saves.counted = MENU_NONE;
        if (keys_read(defs->list[i].value, KEYS_SERVICE, &got, p->issues))
            parse_service(p, &got, s);
    }
    p->services = services;
    p->menu->services = services;
    p->menu->service_count = defs->count;
}
