#include "menu/check_trust.h"

#include "menu/expr.h"

/* --- the audit ---------------------------------------------------------------------------- */

struct check_told {
    const struct menu *m;
    int sensitive;                      /* variable; MENU_NONE none */
};

static void check_told_var(void *arg, int var)
{
    struct check_told *c = arg;
    const struct menu_type *type = c->m->vars[var].type;

    if (type->sensitive || type->kind == MENU_TYPE_PIN)
        c->sensitive = var;
}

static void check_audit(const struct menu *m, const struct menu_action *a, struct menu_issues *issues)
{
    for (int i = 0; i < a->told_count; i++) {
        struct check_told c = { m, MENU_NONE };

        expr_reads(a->told[i].value, check_told_var, &c);
        if (c.sensitive != MENU_NONE)
            issue_add(issues, ISSUE_AUDIT, a->told[i].pos,
                      "'%s' tells the audit '%s', which is sensitive; the audit is kept for ever", a->told[i].name,
                      m->vars[c.sensitive].name);
    }
}

/* --- the whole ---------------------------------------------------------------------------- */

void check_trust(const struct menu *m, struct menu_issues *issues)
{
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        for (int k = 0; k < s->action_count; k++) {
            if (s->actions[k].kind == MENU_AUDIT)
                check_audit(m, &s->actions[k], issues);
        }
    }
}
