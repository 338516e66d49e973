#include "engine/notice.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/desk.h"
#include "engine/flow_step.h"
#include "menu/expr.h"
#include "menu/template.h"

/* What the scope of a text reads. */
struct notice_values {
    const struct notice_case *c;
    json_t *kept, *laid;                /* fields of the case, and those laid over them; NULL none */
    char number[24], at[16], due[16];
};

/* --- values ------------------------------------------------------------------------- */

static void notice_date(const struct menu *m, int64_t ms, char out[16])
{
    const struct clock_date d = clock_date_of(clock_day(ms, m->utc_offset_min));

    snprintf(out, 16, "%04d-%02d-%02d", d.year % 10000, d.month % 100, d.day % 100);
}

static const char *notice_field(const struct notice_values *v, const char *name)
{
    const char *s = json_string_value(json_object_get(v->laid, name));

    return s != NULL ? s : json_string_value(json_object_get(v->kept, name));
}

static const char *notice_value(const struct notice_values *v, const char *name)
{
    if (strcmp(name, "case.no") == 0)
        return v->number;
    if (strcmp(name, "at") == 0)
        return v->at;
    if (strcmp(name, "due") == 0)
        return v->c->file->due != 0 ? v->due : NULL;
    if (strcmp(name, "note") == 0)
        return v->c->note;
    return notice_field(v, name);
}

static const char *notice_get(const void *arg, int i, size_t *len)
{
    const struct notice_values *v = arg;
    const char *name = menu_tells(v->c->menu, i);
    const char *s = NULL;

    if (name != NULL)
        s = notice_value(v, name);
    else if (v->c->dialogue != NULL)
        return v->c->dialogue->get(v->c->dialogue->arg, i, len);
    *len = s != NULL ? strlen(s) : 0;
    return s;
}

void notice_print(const struct notice_case *c, const struct menu_text *text, int lang, struct buf *out)
{
    struct notice_values v = { .c = c };
    struct expr_scope scope = { .menu = c->menu, .lang = lang, .today = clock_day(c->at, c->menu->utc_offset_min),
                                      .get = notice_get, .arg = &v };

    snprintf(v.number, sizeof v.number, "%" PRId64, c->file->number);
    notice_date(c->menu, c->at, v.at);
    notice_date(c->menu, c->file->due, v.due);
    v.kept = json_loads(c->file->fields, 0, NULL);
    v.laid = c->fields != NULL ? json_loads(c->fields, 0, NULL) : NULL;
    template_print(template_of(text, lang), &scope, out);
    json_decref(v.kept);
    json_decref(v.laid);
}

int notice_lang(const struct menu *m, const char *lang)
{
    int i = menu_lang_find(m, lang);

    if (i < 0)
        i = 0;
    return m->langs[i].sms ? i : m->langs[i].shows;
}

bool notice_field_fits(const struct menu_service *s, const char *name, const char *value)
{
    struct buf canonical;
    bool fits = false;

    buf_init(&canonical, CASEFILE_NOTE_MAX);
    for (int i = 0; i < s->field_count && !fits; i++)
        fits = strcmp(s->fields[i].name, name) == 0 && s->fields[i].type->store == MENU_STORE_WHOLE &&
               menu_type_import(s->fields[i].type, value, &canonical);
    buf_fini(&canonical);
    return fits;
}

void notice_add_json(struct buf *out, const char *s)
{
    flow_add_json(out, s, strlen(s));
}

/* --- messages ------------------------------------------------------------------------- */

static const char *notice_keep(struct buf *mem, size_t at)
{
    buf_addc(mem, '\0');
    return buf_str(mem) + at;
}

struct notice_places {                  /* in mem, which moves while it grows */
    size_t cause, text;
};

static struct notice_places notice_add(const struct notice_case *c, const struct menu_sms *sms, int lang, struct buf *mem)
{
    struct notice_places at = { .cause = mem->len };

    buf_addf(mem, "case/%" PRId64 "/%d/%s", c->file->number, c->file->seq + 1, sms->name);
    (void)notice_keep(mem, at.cause);
    at.text = mem->len;
    notice_print(c, sms->text, lang, mem);
    (void)notice_keep(mem, at.text);
    return at;
}

/* The i-th template that an order may send: those of the state it moves to, then
 * its own; NULL: not this one. */
static const struct menu_sms *notice_sms(const struct menu *m, const struct menu_service *s, const struct desk_order *o,
                                         const char *state, int i)
{
    bool moves = o->to != NULL && o->to[0] != '\0';

    if (i < s->notify_count)
        return moves && strcmp(s->notify[i].state, state) == 0 ? &m->sms[s->notify[i].sms] : NULL;
    for (int k = 0; o->sms != NULL && k < m->sms_count; k++)
        if (strcmp(m->sms[k].name, o->sms) == 0)
            return &m->sms[k];
    return NULL;
}

/* p->fields is not set yet: it stands at the beginning of mem. */
void notice_plan(const struct menu *m, const struct menu_service *s, const struct casefile *f,
                 const struct desk_order *o, struct desk_plan *p)
{
    struct notice_places at[DESK_NOTICES_MAX] = { { 0 } };
    int lang = notice_lang(m, f->lang);

    for (int i = 0; i <= s->notify_count && p->notice_count < DESK_NOTICES_MAX; i++) {
        const struct menu_sms *sms = notice_sms(m, s, o, p->state, i);
        struct notice_case c = { .menu = m, .service = s, .file = f, .at = o->at, .note = p->note };
        struct buf fields;

        if (sms == NULL || f->quiet == CASEFILE_SILENT)
            continue;
        buf_init(&fields, 64 * 1024);
        buf_adds(&fields, buf_str(&p->mem));
        c.fields = buf_str(&fields);
        at[p->notice_count] = notice_add(&c, sms, lang, &p->mem);
        buf_fini(&fields);
        p->notices[p->notice_count++] = (struct desk_notice){
            .receiver = f->contact[0] != '\0' ? f->contact : f->msisdn, .lang = m->langs[lang].id, .class = sms->class,
            .approval = sms->approval, .due = o->at,
        };
    }
    for (int i = 0; i < p->notice_count; i++) {
        p->notices[i].cause = buf_str(&p->mem) + at[i].cause;
        p->notices[i].text = buf_str(&p->mem) + at[i].text;
    }
}
