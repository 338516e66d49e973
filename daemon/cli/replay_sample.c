#include "cli/replay_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/case.h"
#include "menu/told.h"

#define SAMPLE_WIDTH_MAX 64

static bool sample_try(const struct menu_type *t, const char *s, int32_t today, struct buf *out)
{
    struct buf value;
    bool fits;

    if (t->example != NULL && strcmp(t->example, s) == 0)
        return false;
    buf_init(&value, 4096);
    fits = menu_type_accept(t, s, strlen(s), today, &value);
    buf_fini(&value);
    if (!fits)
        return false;
    buf_clear(out);
    buf_adds(out, s);
    return true;
}

/* The example with one character changed: what a pattern takes is often near it. */
static bool sample_near_example(const struct menu_type *t, int32_t today, struct buf *out)
{
    static const char others[] = "0123456789abcxyzABCXYZ";
    char text[SAMPLE_WIDTH_MAX + 1];
    size_t n = t->example != NULL ? strlen(t->example) : 0;

    if (n == 0 || n > SAMPLE_WIDTH_MAX)
        return false;
    for (size_t i = n; i-- > 0;)
        for (const char *c = others; *c != '\0'; c++) {
            memcpy(text, t->example, n + 1);
            text[i] = *c;
            if (sample_try(t, text, today, out))
                return true;
        }
    return false;
}

/* One character again and again, in every length. */
static bool sample_repeated(const struct menu_type *t, int32_t today, struct buf *out)
{
    static const char tries[] = "1a0A57";
    char text[SAMPLE_WIDTH_MAX + 1];
    int width = t->width > 0 && t->width < SAMPLE_WIDTH_MAX ? t->width : SAMPLE_WIDTH_MAX;

    for (const char *c = tries; *c != '\0'; c++)
        for (int n = 1; n <= width; n++) {
            memset(text, *c, (size_t)n);
            text[n] = '\0';
            if (sample_try(t, text, today, out))
                return true;
        }
    return false;
}

bool replay_sample_typed(const struct menu_type *t, int32_t today, struct buf *out)
{
    static const char *const usual[] = { "1", "2", "01712345678", "01012001", "01012061", "01700000000", "Karim" };
    char text[32];

    if (t->kind == MENU_TYPE_CHOICE && t->choice_count > 0 && sample_try(t, t->choices[0].code, today, out))
        return true;
    if (t->kind == MENU_TYPE_WHOLE) {
        snprintf(text, sizeof text, "%" PRId64, t->min);
        if (sample_try(t, text, today, out))
            return true;
    }
    snprintf(text, sizeof text, "%" PRId64, case_number(8, 1));
    if (t->kind == MENU_TYPE_CASE_NO && sample_try(t, text, today, out))
        return true;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (sample_try(t, usual[i], today, out))
            return true;
    return sample_near_example(t, today, out) || sample_repeated(t, today, out);
}

bool replay_sample_cell(const struct menu_type *t, struct buf *out)
{
    char number[32];

    switch (t->kind) {
    case MENU_TYPE_TEXT:
    case MENU_TYPE_WORD:
        buf_clear(out);
        buf_adds(out, "x");
        return true;
    case MENU_TYPE_DATE:
        buf_clear(out);
        buf_adds(out, "2001-01-01");
        return true;
    case MENU_TYPE_CASE_NO:
        snprintf(number, sizeof number, "%" PRId64, case_number(8, 1));
        buf_clear(out);
        buf_adds(out, number);
        return true;
    case MENU_TYPE_MSISDN:
        buf_clear(out);
        buf_adds(out, "8801700000000");
        return true;
    case MENU_TYPE_YESNO:
        buf_clear(out);
        buf_adds(out, "no");
        return true;
    case MENU_TYPE_TOLD:
        snprintf(number, sizeof number, "%" PRId64, case_number(8, 1));
        buf_clear(out);
        told_begin(out, "x", number);
        told_add(out, &(struct told_entry){ "x", "2001-01-01", "", "" });
        return true;
    case MENU_TYPE_WHOLE:
    case MENU_TYPE_PIN:
    case MENU_TYPE_PATTERN:
    case MENU_TYPE_CHOICE:
    case MENU_TYPE_KINDS:
        break;
    }
    return replay_sample_typed(t, 0, out);
}
