#include "menu/check_asks.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "menu/expr.h"

#define ASKS_TEXT_MAX (64 * 1024)
#define ASKS_WORD_MAX 96                /* octets */

/* --- words -------------------------------------------------------------------------------- */

enum asks_role {
    ASKS_SECRET = 0,                    /* a PIN */
    ASKS_CODE,                          /* one only beside a provider's name: ours are told to the centre */
    ASKS_PROVIDER,                      /* a bank, a wallet */
    ASKS_TELL,                          /* hand it to somebody */
    ASKS_WRITE,                         /* or write it here */
    ASKS_NOT,                           /* never; or what happened: who asked, forgotten */
    ASKS_ROLES,
};

/* English, Bangla, Bangla in Latin letters.  No phrases: words in one sentence. */
static const char *const asks_words[ASKS_ROLES][40] = {
    [ASKS_SECRET] = { "pin", "otp", "password", "passcode", "pincode", "cvv", "পিন", "পিনকোড", "ওটিপি", "পাসওয়ার্ড" },
    [ASKS_CODE] = { "code", "কোড" },
    [ASKS_PROVIDER] = { "bkash", "nagad", "rocket", "upay", "mcash", "surecash", "cellfin", "mycash", "bank", "wallet", "card", "atm", "বিকাশ", "নগদ", "রকেট",
                        "উপায়", "ব্যাংক", "ব্যাঙ্ক", "ওয়ালেট", "কার্ড", "এটিএম" },
    [ASKS_TELL] = { "send", "give", "tell", "share", "reply", "say", "provide", "পাঠান", "বলুন", "বলেন", "জানান", "pathan",
                    "bolun", "janan" },
    [ASKS_WRITE] = { "write", "enter", "type", "put", "submit", "দিন", "দেন", "দাও", "লিখুন", "লেখুন", "din", "den",
                     "likhun", "likhen" },
    [ASKS_NOT] = { "never", "not", "no", "nobody", "don", "dont", "nor", "who", "asked", "asks", "forgot", "forgotten",
                   "না", "নয়", "নেই", "নাই", "কখনো", "কখনোই", "কে", "কেউ", "চেয়েছে", "চায়", "ভুলে", "na", "noy",
                   "nei", "nai", "kokhono", "ke", "keu", "cheyeche", "chay", "bhule" },
};

/* What may hang on a noun. */
static const char *const asks_endings[] = { "s", "er", "ti", "ta", "টি", "টা", "টির", "টাকে", "কে", "ের", "র", "ে", "তে" };

static bool asks_is(enum asks_role role, const char *known, const char *word)
{
    size_t n = strlen(known);

    if (strncasecmp(known, word, n) != 0)
        return false;
    if (word[n] == '\0')
        return true;
    for (size_t i = 0; role <= ASKS_PROVIDER && i < sizeof asks_endings / sizeof asks_endings[0]; i++)
        if (strcmp(asks_endings[i], word + n) == 0)
            return true;
    return false;
}

/* A provider of payments that the menus have, by its name or its title. */
static bool asks_is_ours(const struct menu *m, const char *word)
{
    for (int i = 0; i < m->provider_count; i++) {
        const struct menu_text *title = m->providers[i].title;

        if (asks_is(ASKS_PROVIDER, m->providers[i].name, word))
            return true;
        for (int k = 0; title != NULL && k < m->lang_count; k++) {
            size_t n;
            struct gsm_cost cost;
            const char *text = title->by_lang[k] != NULL ? template_constant(title->by_lang[k], &n, &cost) : NULL;

            if (text != NULL && n > 0 && asks_is(ASKS_PROVIDER, text, word))
                return true;
        }
    }
    return false;
}

/* Roles of a word, one bit each. */
static unsigned asks_roles(const struct menu *m, const char *word)
{
    unsigned roles = asks_is_ours(m, word) ? 1u << ASKS_PROVIDER : 0;

    for (enum asks_role r = ASKS_SECRET; r < ASKS_ROLES; r++)
        for (size_t i = 0; i < sizeof asks_words[r] / sizeof asks_words[r][0] && asks_words[r][i] != NULL; i++)
            roles |= asks_is(r, asks_words[r][i], word) ? 1u << r : 0;
    return roles;
}

static bool asks_has(unsigned roles, enum asks_role role)
{
    return (roles & 1u << role) != 0;
}

/* --- sentences ---------------------------------------------------------------------------- */

/* Where a text stands. */
enum asks_place {
    ASKS_SHOWN = 0,                     /* nothing can be answered here but a number of the list */
    ASKS_INPUT,                         /* above an answer */
    ASKS_OWN_PIN,                       /* above an answer of type pin: ours */
    ASKS_MESSAGE,
};

#define ASKS_SHORT 3                    /* words: "Your bKash PIN" */

struct asks_part {
    unsigned roles;
    int words;
};

/* Does a sentence, or what stands between its commas, ask for a secret here? */
static bool asks_for(const struct asks_part *p, enum asks_place place)
{
    bool provider = asks_has(p->roles, ASKS_PROVIDER);
    bool secret = asks_has(p->roles, ASKS_SECRET) || (provider && asks_has(p->roles, ASKS_CODE));
    bool tells = asks_has(p->roles, ASKS_TELL);
    bool writes = asks_has(p->roles, ASKS_WRITE);

    if (!secret || asks_has(p->roles, ASKS_NOT))
        return false;
    switch (place) {
    case ASKS_SHOWN:
        return tells;
    case ASKS_INPUT:
        return tells || writes || provider || p->words <= ASKS_SHORT;
    case ASKS_OWN_PIN:
        return provider;
    case ASKS_MESSAGE:
        return tells || writes;
    }
    return false;
}

struct asks_reader {
    const struct menu *m;
    enum asks_place place;
    struct asks_part clause, sentence;
    char word[ASKS_WORD_MAX];
    size_t len;
    bool number;                        /* the word before was one: "30 দিন" are days */
    bool clause_asks, asks;
};

static void asks_word_end(struct asks_reader *r)
{
    unsigned roles;
    bool number;

    if (r->len == 0)
        return;
    r->word[r->len] = '\0';
    number = strspn(r->word, "0123456789") == r->len;
    roles = asks_roles(r->m, r->word);
    if (r->number)
        roles &= ~(1u << ASKS_WRITE);
    r->clause.roles |= roles;
    r->sentence.roles |= roles;
    r->clause.words++;
    r->sentence.words++;
    r->number = number;
    r->len = 0;
}

static void asks_clause_end(struct asks_reader *r)
{
    asks_word_end(r);
    r->clause_asks |= asks_for(&r->clause, r->place);
    r->clause = (struct asks_part){ 0, 0 };
}

/* "Do not worry, send your PIN" asks by its second clause, "Send your name, PIN"
 * by the whole. */
static void asks_sentence_end(struct asks_reader *r)
{
    asks_clause_end(r);
    r->asks |= r->clause_asks || asks_for(&r->sentence, r->place);
    r->sentence = (struct asks_part){ 0, 0 };
    r->clause_asks = false;
}

/* Letters, digits and the signs of Bengali words; Bengali digits are digits. */
static bool asks_is_letter(uint32_t cp)
{
    return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
           (cp >= 0x980 && cp <= 0x9f1) || (cp >= 0xc0 && cp < 0x964) || cp == 0x200c || cp == 0x200d;
}

static void asks_letter(struct asks_reader *r, const char *s, size_t n, uint32_t cp)
{
    if (r->len + n >= sizeof r->word)
        return;                         /* none of ours is so long */
    if (cp >= 0x9e6 && cp <= 0x9ef) {
        r->word[r->len++] = (char)('0' + (cp - 0x9e6));
        return;
    }
    memcpy(r->word + r->len, s, n);
    r->len += n;
}

static bool asks_in(const struct menu *m, enum asks_place place, const char *s, size_t len)
{
    struct asks_reader r = { .m = m, .place = place };
    uint32_t cp;

    for (int n; len > 0 && (n = gsm_utf8_next(s, len, &cp)) > 0; s += n, len -= (size_t)n) {
        if (asks_is_letter(cp))
            asks_letter(&r, s, (size_t)n, cp);
        else if (cp == '.' || cp == '!' || cp == '?' || cp == '\n' || cp == 0x964)
            asks_sentence_end(&r);
        else if (cp == ',' || cp == ';')
            asks_clause_end(&r);
        else
            asks_word_end(&r);
    }
    asks_sentence_end(&r);
    return r.asks;
}

/* --- texts -------------------------------------------------------------------------------- */

struct asks {
    const struct menu *m;
    struct menu_issues *issues;
    struct buf text;
};

static const char *asks_unset(const void *arg, int var, size_t *len)
{
    (void)arg;
    (void)var;
    *len = 0;
    return NULL;
}

static void asks_text(struct asks *a, const struct menu_text *t, enum asks_place place)
{
    for (int k = 0; t != NULL && k < a->m->lang_count; k++) {
        const struct expr_scope scope = { .menu = a->m, .lang = k, .get = asks_unset };

        if (t->by_lang[k] == NULL || (k > 0 && t->by_lang[k] == t->by_lang[k - 1]))
            continue;
        buf_clear(&a->text);
        template_print(t->by_lang[k], &scope, &a->text);
        if (asks_in(a->m, place, buf_str(&a->text), a->text.len))
            issue_add(a->issues, ISSUE_ASKS, menu_text_pos(t, k),
                      "the text asks for a PIN or code in %s: no service may ask for that of a bank or wallet; "
                      "our own PIN is an input of type pin, without their names", a->m->langs[k].id);
    }
}

static enum asks_place asks_place_of(const struct menu_screen *s)
{
    if (s->input.var == MENU_NONE)
        return ASKS_SHOWN;
    return s->input.type != NULL && s->input.type->kind == MENU_TYPE_PIN ? ASKS_OWN_PIN : ASKS_INPUT;
}

static void asks_state(struct asks *a, const struct menu_state *s)
{
    asks_text(a, s->text, ASKS_SHOWN);
    for (int i = 0; i < s->reply_count; i++)
        asks_text(a, s->replies[i].text, ASKS_MESSAGE);
}

void check_asks(const struct menu *m, struct menu_issues *issues)
{
    struct asks a = { .m = m, .issues = issues };

    buf_init(&a.text, ASKS_TEXT_MAX);
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        asks_text(&a, s->text, asks_place_of(s));
        asks_text(&a, s->continued, asks_place_of(s));
        asks_text(&a, s->input.wrong, asks_place_of(s));
        asks_text(&a, s->list.option, ASKS_SHOWN);
        for (int k = 0; k < s->option_count; k++)
            asks_text(&a, s->options[k].text, ASKS_SHOWN);
    }
    for (int i = 0; i < m->service_count; i++) {
        for (int k = 0; k < m->services[i].state_count; k++)
            asks_state(&a, &m->services[i].states[k]);
    }
    for (int i = 0; i < m->sms_count; i++)
        asks_text(&a, m->sms[i].text, ASKS_MESSAGE);
    for (int i = 0; i < MENU_RECEIPTS; i++)
        asks_text(&a, m->receipts[i], ASKS_MESSAGE);
    for (int i = 0; i < m->keyword_count; i++)
        asks_text(&a, m->keywords[i].help, ASKS_MESSAGE);
    buf_fini(&a.text);
}
