#include "engine/verdict.h"

#include <string.h>

#include "engine/desk.h"
#include "menu/said.h"

/* Moves that are no answer "yes": OK passes them over. */
static const char *const verdict_against[] = {
    "need_info", "rejected", "returned", "withdrawn", "expired", "appealed", "stopped", "failed",
    "no", "duplicate",
};

static bool verdict_is_against(const char *state)
{
    for (size_t i = 0; i < sizeof verdict_against / sizeof verdict_against[0]; i++)
        if (strcmp(verdict_against[i], state) == 0)
            return true;
    return false;
}

const struct menu_service *verdict_service(const struct menu *m, const char *name)
{
    for (int i = 0; i < m->service_count; i++)
        if (strcmp(m->services[i].name, name) == 0)
            return &m->services[i];
    return NULL;
}

static bool verdict_means(enum officer_verb verb, const char *state)
{
    switch (verb) {
    case OFFICER_NEED:
        return strcmp(state, "need_info") == 0;
    case OFFICER_NO:
        return strcmp(state, "rejected") == 0 || strcmp(state, "no") == 0;
    case OFFICER_OK:
        return !verdict_is_against(state);
    case OFFICER_NOTHING:
    case OFFICER_SHOW:
    case OFFICER_FORWARD:
    case OFFICER_CONFIRM:
    case OFFICER_CODE:
    case OFFICER_LIST:
    case OFFICER_VERBS:
        break;
    }
    return false;
}

const char *verdict_state(const struct menu *m, const struct casefile *f, enum officer_verb verb)
{
    const char *moves[DESK_MOVES_MAX];
    int n = desk_moves(m, f, DESK_OFFICER, moves);

    for (int i = 0; i < n; i++)
        if (verdict_means(verb, moves[i]))
            return moves[i];
    return NULL;
}

const struct menu_state *verdict_replies(const struct menu *m, const struct casefile *f, enum officer_verb verb)
{
    const struct menu_service *s = verdict_service(m, f->service);
    const char *to = verdict_state(m, f, verb);

    return s != NULL && to != NULL ? said_state(s, to, strlen(to)) : NULL;
}

void verdict_waiting(const struct menu *m, struct verdict_waiting *w)
{
    w->count = 0;
    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *s = &m->services[i];

        for (int k = 0; k < s->state_count && w->count < VERDICT_WAITING_MAX; k++) {
            unsigned may = 0;

            for (int j = 0; j < s->states[k].to_count; j++)
                may |= s->states[k].may[j];
            if ((may & MENU_BY_OFFICER) == 0)
                continue;
            w->services[w->count] = s->name;
            w->states[w->count++] = s->states[k].name;
        }
    }
}
