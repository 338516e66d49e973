#include "menu/said.h"

#include <stdbool.h>
#include <string.h>

#include "menu/template.h"

/* What stands between a reply and the officer's own words. */
static const char *said_between(const char *s, size_t n)
{
    static const char danda[] = "\xe0\xa5\xa4";
    bool ends = n > 0 && strchr(".!?", s[n - 1]) != NULL;

    ends |= n >= sizeof danda - 1 && memcmp(s + n - (sizeof danda - 1), danda, sizeof danda - 1) == 0;
    return ends ? " " : ". ";
}

const struct menu_state *said_state(const struct menu_service *s, const char *name, size_t n)
{
    for (int i = 0; s != NULL && i < s->state_count; i++)
        if (strlen(s->states[i].name) == n && memcmp(s->states[i].name, name, n) == 0)
            return &s->states[i];
    return NULL;
}

const struct menu_reply *said_reply(const struct menu_state *s, int number)
{
    for (int i = 0; s != NULL && i < s->reply_count; i++)
        if (s->replies[i].number == number)
            return &s->replies[i];
    return NULL;
}

const char *said_words(const struct menu_text *t, int lang, size_t *n, struct gsm_cost *cost)
{
    const struct template *words = t != NULL ? template_of(t, lang) : NULL;

    return words != NULL ? template_constant(words, n, cost) : NULL;
}

void said_note(const struct menu_reply *r, int lang, const char *note, struct buf *out)
{
    struct gsm_cost cost;
    size_t n = 0;
    const char *words = said_words(r->text, lang, &n, &cost);

    if (words == NULL)
        return;
    buf_add(out, words, n);
    if (note[0] != '\0')
        buf_addf(out, "%s%s", said_between(words, n), note);
}

/* Octets of a note that are this reply in some language; 0: it is another. */
static size_t said_begins(const struct menu *m, const struct menu_reply *r, const char *note, size_t n)
{
    for (int lang = 0; lang < m->lang_count; lang++) {
        struct gsm_cost cost;
        size_t len = 0;
        const char *words = said_words(r->text, lang, &len, &cost);

        if (words != NULL && len > 0 && len <= n && memcmp(words, note, len) == 0 &&
            (len == n || note[len] == said_between(words, len)[0]))
            return len;
    }
    return 0;
}

static void said_add(const char *s, size_t n, int *most, struct buf *out)
{
    size_t len = 0;

    for (; len < n; len++)
        if (((unsigned char)s[len] & 0xc0) != 0x80 && (*most)-- <= 0)
            break;
    buf_add(out, s, len);
}

void said_print(const struct menu *m, const struct menu_state *s, int lang, const char *note, size_t n, int most,
                struct buf *out)
{
    const struct menu_reply *is = NULL;
    size_t longest = 0;

    for (int i = 0; s != NULL && i < s->reply_count; i++) {
        size_t len = said_begins(m, &s->replies[i], note, n);

        if (len > longest) {
            longest = len;
            is = &s->replies[i];
        }
    }
    if (is != NULL) {
        struct gsm_cost cost;
        size_t len = 0;
        const char *words = said_words(is->text, lang, &len, &cost);

        if (words == NULL)
            longest = 0;
        else
            said_add(words, len, &most, out);
    }
    said_add(note + longest, n - longest, &most, out);
}
