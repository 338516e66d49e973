#include "engine/docket.h"

#include <jansson.h>
#include <string.h>

#include "engine/notice.h"
#include "engine/verdict.h"
#include "menu/said.h"

void docket_state(const struct menu *m, const struct casefile *f, const struct casefile_event *e, const char *lang,
                  struct buf *out)
{
    const struct menu_service *s = verdict_service(m, f->service);
    const char *state = e != NULL ? e->state : f->state;
    const char *note = e != NULL ? e->note : "";
    const struct menu_state *at = said_state(s, state, strlen(state));
    struct notice_case c = { .menu = m, .service = s, .file = f, .at = e != NULL ? e->at : f->changed };
    struct buf said;

    if (at == NULL || at->text == NULL) {
        buf_adds(out, state);
        return;
    }
    buf_init(&said, 4 * CASEFILE_NOTE_MAX);
    said_print(m, at, notice_lang(m, lang), note, strlen(note), CASEFILE_NOTE_MAX, &said);
    c.note = buf_str(&said);
    notice_print(&c, at->text, notice_lang(m, lang), out);
    buf_fini(&said);
}

/* A value as she reads it: of a choice its name. */
static void docket_add_value(const struct notice_case *c, const struct menu_type *t, const char *value, int lang,
                             struct buf *out)
{
    for (int i = 0; t->kind == MENU_TYPE_CHOICE && i < t->choice_count; i++)
        if (strcmp(t->choices[i].code, value) == 0 && t->choices[i].name != NULL) {
            notice_print(c, t->choices[i].name, lang, out);
            return;
        }
    buf_adds(out, value);
}

void docket_print(const struct menu *m, const struct casefile *f, const char *lang, struct buf *out)
{
    const struct menu_service *s = verdict_service(m, f->service);
    const struct notice_case c = { .menu = m, .service = s, .file = f, .at = f->changed };
    int l = notice_lang(m, lang);
    json_t *fields = json_loads(f->fields, 0, NULL);

    if (s != NULL && s->title != NULL) {
        notice_print(&c, s->title, l, out);
        buf_addc(out, '\n');
    }
    docket_state(m, f, NULL, lang, out);
    for (int i = 0; s != NULL && i < s->field_count; i++) {
        const struct menu_type *t = s->fields[i].type;
        const char *value = json_string_value(json_object_get(fields, s->fields[i].name));

        if (value == NULL || value[0] == '\0' || t->sensitive || t->store != MENU_STORE_WHOLE)
            continue;
        buf_addc(out, '\n');
        docket_add_value(&c, t, value, l, out);
    }
    json_decref(fields);
}
