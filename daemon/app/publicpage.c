#include "app/publicpage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "menu/model.h"
#include "menu/template.h"

#define PUBLICPAGE_ROWS 40              /* of one plot */
#define PUBLICPAGE_BAR 320              /* units of the longest bar */
#define PUBLICPAGE_LEFT 170             /* units for the names */
#define PUBLICPAGE_LINE 24

enum publicpage_word { WORD_TITLE = 0, WORD_LEAD, WORD_CASES, WORD_VISITS, WORD_HOURS, WORD_TAKA, WORD_SERVICE, WORD_UPAZILA, WORD_DAY,
                       WORD_SCOPE, WORD_SELF, WORD_ASSISTED, WORD_FEW, WORD_NONE, WORD_OTHER, WORD_AT, WORD_UNKNOWN, WORD_GOOD,
                       WORD_NOT_GOOD, WORDS };

static const char *const publicpage_words[WORDS][PUBLICPAGE_LANGS] = {
    [WORD_TITLE] = { "333: what citizens were spared", "333: নাগরিকের কী বাঁচল" },
    [WORD_LEAD] = { "Finished services only, never page views. Visits, time and cost are three figures and are not added.",
                    "শুধু শেষ হওয়া কাজ, পাতা দেখা নয়। যাওয়া, সময় ও খরচ তিনটি আলাদা হিসাব, যোগ হয় না।" },
    [WORD_CASES] = { "services finished", "কাজ শেষ" },
    [WORD_VISITS] = { "visits to offices spared", "অফিসে যাওয়া বেঁচেছে" },
    [WORD_HOURS] = { "hours spared", "ঘণ্টা বেঁচেছে" },
    [WORD_TAKA] = { "taka spared (fees, travel; no wages)", "টাকা বেঁচেছে (ফি ও ভাড়া, মজুরি নয়)" },
    [WORD_SERVICE] = { "By service", "সেবা অনুযায়ী" },
    [WORD_UPAZILA] = { "By upazila (BBS code)", "উপজেলা অনুযায়ী (বিবিএস কোড)" },
    [WORD_DAY] = { "By day, the last 30", "দিন অনুযায়ী, শেষ 30 দিন" },
    [WORD_SCOPE] = { "Alone, or with a Digital Centre", "নিজে, বা ডিজিটাল সেন্টারে" },
    [WORD_SELF] = { "alone", "নিজে" },
    [WORD_ASSISTED] = { "at a centre", "সেন্টারে" },
    [WORD_FEW] = { "Fewer than 10 are not shown.", "10টির কম হলে দেখানো হয় না।" },
    [WORD_NONE] = { "Nothing to show yet.", "এখনো দেখানোর কিছু নেই।" },
    [WORD_OTHER] = { "<a href=\"/public/bn\" lang=\"bn\">বাংলা</a>", "<a href=\"/public\" lang=\"en\">English</a>" },
    [WORD_AT] = { "As of", "সময়" },
    [WORD_GOOD] = { "Said good to the answer", "উত্তর ভালো বলেছেন" },
    [WORD_NOT_GOOD] = { "Said not good to the answer", "উত্তর ভালো নয় বলেছেন" },
    [WORD_UNKNOWN] = { "unknown", "অজানা" },
};

static const char publicpage_style[] =
    "body{font:18px/1.5 sans-serif;max-width:44rem;margin:1rem auto;padding:0 1rem;color:#111;background:#fff}"
    "dl{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}dl div{border:1px solid #666;padding:.5rem}"
    "dt{font-size:.85rem}dd{margin:0;font-size:1.5rem;font-weight:bold}"
    "svg{width:100%;height:auto}svg text{font-size:14px}rect{fill:#0a5}h2{font-size:1.1rem;margin-bottom:0}";

static void publicpage_escape(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '&': buf_adds(out, "&amp;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        case '_': buf_addc(out, ' '); break;
        default: buf_addc(out, *text);
        }
    }
}

/* A cell's name in her language. */
static const char *publicpage_name(const char *key, enum publicpage_lang lang)
{
    static const struct {
        const char *key;
        enum publicpage_word word;
    } known[] = { { "self", WORD_SELF }, { "assisted", WORD_ASSISTED }, { "unknown", WORD_UNKNOWN } };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].key, key) == 0)
            return publicpage_words[known[i].word][lang];
    return key;
}

/* A service's title in her language, when it is the same for everybody. */
static const char *publicpage_title(const struct menu *menu, const char *key, enum publicpage_lang lang)
{
    int service = menu != NULL ? menu_service_find(menu, key) : MENU_NONE;
    int in = menu != NULL ? menu_lang_find(menu, lang == PUBLICPAGE_BN ? "bn" : "en") : MENU_NONE;
    const struct menu_text *title = service >= 0 ? menu->services[service].title : NULL;
    const struct template *t = title != NULL && in >= 0 ? template_of(title, in) : NULL;

    struct gsm_cost cost;
    size_t n;

    return t != NULL && template_is_constant(t) ? template_constant(t, &n, &cost) : publicpage_name(key, lang);
}

static void publicpage_figure(struct buf *out, const json_t *all, const char *key, int64_t per, const char *word)
{
    const json_t *value = json_object_get(all, key);

    if (json_is_integer(value))
        buf_addf(out, "<div><dt>%s</dt><dd>%" PRId64 "</dd></div>\n", word, (int64_t)json_integer_value(value) / per);
}

static int64_t publicpage_most(const json_t *rows)
{
    int64_t most = 1;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        int64_t n = json_integer_value(json_object_get(json_array_get(rows, i), "cases"));

        most = n > most ? n : most;
    }
    return most;
}

/* The newest or last rows where there are too many. */
static void publicpage_plot(struct buf *out, const json_t *rows, const struct menu *menu, const char *title, enum publicpage_lang lang)
{
    size_t count = json_array_size(rows), first = count > PUBLICPAGE_ROWS ? count - PUBLICPAGE_ROWS : 0;
    int64_t most = publicpage_most(rows);
    int y = 0;

    buf_addf(out, "<h2>%s</h2>\n", title);
    if (count == 0) {
        buf_addf(out, "<p>%s</p>\n", publicpage_words[WORD_NONE][lang]);
        return;
    }
    buf_addf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s: %s\">\n", PUBLICPAGE_LEFT + PUBLICPAGE_BAR + 80,
             (int)(count - first) * PUBLICPAGE_LINE, title, publicpage_words[WORD_CASES][lang]);
    for (size_t i = first; i < count; i++, y += PUBLICPAGE_LINE) {
        const json_t *row = json_array_get(rows, i);
        const char *key = json_string_value(json_object_get(row, "key"));
        int64_t n = json_integer_value(json_object_get(row, "cases"));
        int wide = (int)(n * PUBLICPAGE_BAR / most);

        buf_addf(out, "<text x=\"0\" y=\"%d\">", y + 17);
        publicpage_escape(out, publicpage_title(menu, key != NULL ? key : "", lang));
        buf_addf(out, "</text><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"18\"/><text x=\"%d\" y=\"%d\">%" PRId64 "</text>\n",
                 PUBLICPAGE_LEFT, y + 3, wide > 0 ? wide : 1, PUBLICPAGE_LEFT + wide + 6, y + 17, n);
    }
    buf_adds(out, "</svg>\n");
}

void publicpage_write(const json_t *all, const struct menu *menu, enum publicpage_lang lang, struct buf *out)
{
    static const struct {
        const char *by;
        enum publicpage_word title;
    } plots[] = { { "service", WORD_SERVICE }, { "day", WORD_DAY }, { "upazila", WORD_UPAZILA }, { "scope", WORD_SCOPE },
                  { "good", WORD_GOOD }, { "not_good", WORD_NOT_GOOD } };
    const json_t *tables = json_object_get(all, "tables");
    const char *at = json_string_value(json_object_get(all, "at"));

    buf_addf(out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
             "<title>%s</title><style>%s</style></head><body>\n<p>%s</p><h1>%s</h1>\n<p>%s</p>\n<dl>\n", lang == PUBLICPAGE_BN ? "bn" : "en",
             publicpage_words[WORD_TITLE][lang], publicpage_style, publicpage_words[WORD_OTHER][lang], publicpage_words[WORD_TITLE][lang],
             publicpage_words[WORD_LEAD][lang]);
    publicpage_figure(out, all, "cases", 1, publicpage_words[WORD_CASES][lang]);
    publicpage_figure(out, all, "visits", 1, publicpage_words[WORD_VISITS][lang]);
    publicpage_figure(out, all, "minutes", 60, publicpage_words[WORD_HOURS][lang]);
    publicpage_figure(out, all, "taka", 1, publicpage_words[WORD_TAKA][lang]);
    buf_adds(out, "</dl>\n");
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++)
        publicpage_plot(out, json_object_get(tables, plots[i].by), menu,
                        publicpage_words[plots[i].title][lang], lang);
    buf_addf(out, "<p>%s <a href=\"/public.json\">JSON</a></p>\n<p>%s ", publicpage_words[WORD_FEW][lang], publicpage_words[WORD_AT][lang]);
    publicpage_escape(out, at != NULL ? at : "");
    buf_adds(out, "</p>\n</body></html>\n");
}
