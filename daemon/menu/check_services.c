#include "menu/check_services.h"

#include <stdlib.h>

#include "base/alloc.h"

/* leads[i * count + k]: there is a way from state i to state k. */
static bool *check_leads(const struct menu_service *s)
{
    int n = s->state_count;
    bool *leads = xcalloc((size_t)n * (size_t)n, sizeof *leads);

    for (int i = 0; i < n; i++) {
        for (int k = 0; k < s->states[i].to_count; k++)
            leads[i * n + s->states[i].to[k]] = true;
    }
    for (int by = 0; by < n; by++) {
        for (int i = 0; i < n; i++) {
            for (int k = 0; leads[i * n + by] && k < n; k++)
                leads[i * n + k] |= leads[by * n + k];
        }
    }
    return leads;
}

/* No case comes to it; not only because none comes to another that leads here. */
static bool check_has_no_way_in(const struct menu_service *s, const bool *leads, int state)
{
    int n = s->state_count;

    if (state == 0 || leads[state])
        return false;
    for (int i = 1; i < n; i++) {
        if (leads[i * n + state] && !leads[state * n + i])
            return false;
    }
    return true;
}

/* It is no end and leads to none; not only because it leads to others like that. */
static bool check_has_no_way_out(const struct menu_service *s, const bool *leads, int state)
{
    int n = s->state_count;

    if (s->states[state].to_count == 0)
        return false;
    for (int i = 0; i < n; i++) {
        if (leads[state * n + i] && !leads[i * n + state])
            return false;
    }
    return true;
}

static void check_states(const struct menu_service *s, struct menu_issues *issues)
{
    bool *leads = check_leads(s);

    for (int i = 0; i < s->state_count; i++) {
        if (check_has_no_way_in(s, leads, i))
            issue_add(issues, ISSUE_STATES, s->states[i].pos,
                      "no case comes to state '%s': no way leads there from '%s', the first", s->states[i].name,
                      s->states[0].name);
        if (check_has_no_way_out(s, leads, i))
            issue_add(issues, ISSUE_STATES, s->states[i].pos,
                      "a case in state '%s' never ends: no way leads from there to a state with nothing after it",
                      s->states[i].name);
    }
    free(leads);
}

void check_services(const struct menu *m, struct menu_issues *issues)
{
    for (int i = 0; i < m->service_count; i++) {
        if (!m->services[i].stateless && m->services[i].state_count > 0)
            check_states(&m->services[i], issues);
    }
}
