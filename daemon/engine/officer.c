#include "engine/officer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/damm.h"
#include "base/gsm.h"

/*
 * The message is cut into runs of digits and words; what stands between them says
 * only where one ends.  The first word must be one of the table: "do not OK
 * 8123056783" is no command.
 */

#define OFFICER_TEXT_MAX 1000           /* octets; what is longer is no command */
#define OFFICER_TOKENS 64               /* what stands behind the last one belongs to the note */
#define OFFICER_NUMBER_DIGITS 10
#define OFFICER_ARG_DIGITS 3
#define OFFICER_DIGITS_MAX 40

static const struct officer_verb_rule {
    const char *name;                   /* in the canonical form */
    bool has_case;                      /* needs a case number */
    bool has_arg;                       /* a small number may follow */
    const char *words[8];               /* small letters, composed; NULL ends */
} officer_verbs[OFFICER_VERBS] = {
    [OFFICER_NOTHING] = { "", false, false, { NULL } },
    [OFFICER_SHOW] = { "", true, false, { NULL } },
    [OFFICER_OK] = { "OK", true, false, { "ok", "okay", "yes", "ha", "ওকে", "হ্যাঁ", "ঠিক", NULL } },
    [OFFICER_NEED] = { "NEED", true, true, { "need", "lagbe", "chai", "লাগবে", "চাই", "দরকার", NULL } },
    [OFFICER_NO] = { "NO", true, true, { "no", "na", "না", "নো", "নয়", NULL } },
    [OFFICER_FORWARD] = { "FWD", true, true, { "fwd", "forward", "pathan", "পাঠান", "ফরোয়ার্ড", NULL } },
    [OFFICER_CONFIRM] = { "", false, false, { NULL } },
    [OFFICER_CODE] = { "CODE", false, false, { "code", "কোড", NULL } },
    [OFFICER_LIST] = { "LIST", false, false, { "list", "talika", "তালিকা", NULL } },
};

struct officer_token {
    const char *at;
    size_t len;
    bool digits;
};

struct officer_text {
    struct officer_token tokens[OFFICER_TOKENS];
    int count;
    const char *end;                    /* of the message */
};

const char *officer_verb_name(enum officer_verb verb)
{
    return officer_verbs[verb].name;
}

bool officer_has_reasons(enum officer_verb verb)
{
    return verb == OFFICER_NEED || verb == OFFICER_NO;
}

/* --- tokens ------------------------------------------------------------------------------ */

/* U+0964 and U+0965 end a Bengali sentence; U+2000 .. U+206F are marks, but for the joiners. */
static bool officer_is_mark(uint32_t c)
{
    if (c < 0x80)
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
    return c == 0x00a0 || c == 0x0964 || c == 0x0965 || (c >= 0x2000 && c <= 0x206f && c != 0x200c && c != 0x200d);
}

static void officer_cut(const char *s, size_t n, struct officer_text *t)
{
    struct officer_token *open = NULL;  /* that may grow */
    const char *end = s + n;
    uint32_t c;
    int len;

    t->count = 0;
    t->end = end;
    for (; s < end && (len = gsm_utf8_next(s, (size_t)(end - s), &c)) > 0; s += len) {
        bool digit = c >= '0' && c <= '9';

        if (officer_is_mark(c)) {
            open = NULL;
            continue;
        }
        if (open == NULL || open->digits != digit) {
            if (t->count == OFFICER_TOKENS)
                return;
            open = &t->tokens[t->count++];
            *open = (struct officer_token){ .at = s, .digits = digit };
        }
        open->len += (size_t)len;
    }
}

static enum officer_verb officer_verb_of(const struct officer_token *t)
{
    for (int v = 0; v < OFFICER_VERBS; v++)
        for (int i = 0; officer_verbs[v].words[i] != NULL; i++) {
            const char *word = officer_verbs[v].words[i];

            if (strlen(word) == t->len && strncasecmp(word, t->at, t->len) == 0)
                return (enum officer_verb)v;
        }
    return OFFICER_NOTHING;
}

/* --- runs of digits ---------------------------------------------------------------------- */

struct officer_digits {
    char text[OFFICER_DIGITS_MAX + 1];
    size_t len;                         /* one more than fits: too many */
};

static void officer_add_digits(struct officer_digits *d, const struct officer_token *t)
{
    if (d->len + t->len > OFFICER_DIGITS_MAX) {
        d->len = OFFICER_DIGITS_MAX + 1;
        return;
    }
    memcpy(d->text + d->len, t->at, t->len);
    d->len += t->len;
    d->text[d->len] = '\0';
}

/* Octets of a service code's digits at the beginning of d; 0: it begins with none. */
static size_t officer_code_at(const struct officer_digits *d, const char *const *codes, int code_count)
{
    size_t longest = 0;

    for (int i = 0; i < code_count; i++) {
        const char *s = codes[i] + strcspn(codes[i], "0123456789");
        size_t n = strspn(s, "0123456789");

        if (n > longest && n <= d->len && d->len <= OFFICER_DIGITS_MAX && memcmp(s, d->text, n) == 0)
            longest = n;
    }
    return longest;
}

static bool officer_take_number(const char *s, struct officer_command *out)
{
    if (s[0] == '0' || !damm_valid(s, OFFICER_NUMBER_DIGITS))
        return false;
    out->number = 0;
    for (int i = 0; i < OFFICER_NUMBER_DIGITS; i++)
        out->number = out->number * 10 + (s[i] - '0');
    return true;
}

static void officer_take_code(struct officer_command *out, const char *s)
{
    memcpy(out->code, s, OFFICER_CODE_DIGITS);
    out->code[OFFICER_CODE_DIGITS] = '\0';
}

/* A case number, with the service's own before it and a code behind it if they are there. */
static void officer_read_number(const struct officer_digits *d, size_t skip, struct officer_command *out)
{
    const char *s = d->text;
    size_t n = d->len;

    if (skip > 0 && (n - skip == OFFICER_NUMBER_DIGITS || n - skip == OFFICER_NUMBER_DIGITS + OFFICER_CODE_DIGITS)) {
        s += skip;
        n -= skip;
    }
    if (n != OFFICER_NUMBER_DIGITS && n != OFFICER_NUMBER_DIGITS + OFFICER_CODE_DIGITS)
        out->flaw = OFFICER_BAD_NUMBER;
    else if (!officer_take_number(s, out))
        out->flaw = OFFICER_BAD_NUMBER;
    else if (n > OFFICER_NUMBER_DIGITS)
        officer_take_code(out, s + OFFICER_NUMBER_DIGITS);
}

/* --- behind the word --------------------------------------------------------------------- */

static int officer_small(const char *s, size_t n)
{
    int v = 0;

    for (size_t i = 0; i < n; i++)
        v = v * 10 + (s[i] - '0');
    return v;
}

/* "2", "2 482913", "2 482 913", "482913", "2482913"; first: octets of the first run. */
static bool officer_read_values(const struct officer_digits *d, size_t first, struct officer_command *out)
{
    size_t arg = 0;
    size_t code = d->len;

    if (officer_verbs[out->verb].has_arg) {
        if (first <= OFFICER_ARG_DIGITS && (d->len == first || d->len == first + OFFICER_CODE_DIGITS))
            arg = first;
        else if (first == d->len && first > OFFICER_CODE_DIGITS && first <= OFFICER_CODE_DIGITS + OFFICER_ARG_DIGITS)
            arg = first - OFFICER_CODE_DIGITS;
        code = d->len - arg;
    }
    if (arg > 0)
        out->arg = officer_small(d->text, arg);
    if (code == 0)
        return true;
    if (code != OFFICER_CODE_DIGITS || out->code[0] != '\0')
        return false;
    officer_take_code(out, d->text + arg);
    return true;
}

/* The last run of digits of a note is a code if it may be one.  False: there was one before. */
static bool officer_code_behind(struct officer_text *t, int from, struct officer_command *out)
{
    const struct officer_token *last = &t->tokens[t->count - 1];

    if (t->count - 1 <= from || t->count == OFFICER_TOKENS || !last->digits || last->len != OFFICER_CODE_DIGITS)
        return true;
    if (out->code[0] != '\0')
        return false;
    officer_take_code(out, last->at);
    t->end = t->tokens[t->count - 2].at + t->tokens[t->count - 2].len;
    return true;
}

static bool officer_read_note(const struct officer_text *t, int from, struct officer_command *out)
{
    const char *s = t->tokens[from].at;
    size_t n = (size_t)(t->end - s);
    int chars = 0;

    if (n >= sizeof out->note)
        return false;
    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)s[i] & 0xc0) != 0x80;
    if (chars > OFFICER_NOTE_CHARS)
        return false;
    memcpy(out->note, s, n);
    out->note[n] = '\0';
    return true;
}

/* --- the whole --------------------------------------------------------------------------- */

/* Runs of digits from token i on, as long as d holds fewer than least. */
static int officer_gather(const struct officer_text *t, int i, size_t least, struct officer_digits *d)
{
    while (i < t->count && t->tokens[i].digits && d->len < least)
        officer_add_digits(d, &t->tokens[i++]);
    return i;
}

/* No word at all: a case number, or a code. */
static void officer_read_bare(const struct officer_digits *d, size_t skip, struct officer_command *out)
{
    size_t n = d->len - (d->len <= OFFICER_DIGITS_MAX ? skip : 0);

    if (d->len == OFFICER_CODE_DIGITS || n == OFFICER_CODE_DIGITS) {
        out->verb = OFFICER_CONFIRM;
        officer_take_code(out, d->text + d->len - OFFICER_CODE_DIGITS);
    } else if (d->len == OFFICER_NUMBER_DIGITS || n == OFFICER_NUMBER_DIGITS) {
        out->verb = OFFICER_SHOW;
        officer_read_number(d, skip, out);
    }
}

/* Everything behind the word at token i. */
static void officer_read_rest(struct officer_text *t, int i, struct officer_command *out)
{
    struct officer_digits values = { .len = 0 };
    enum officer_flaw flaw = OFFICER_FINE;
    size_t first = i < t->count && t->tokens[i].digits ? t->tokens[i].len : 0;

    i = officer_gather(t, i, SIZE_MAX, &values);
    if (!officer_read_values(&values, first, out) || (i < t->count && !officer_code_behind(t, i, out)))
        flaw = OFFICER_BAD_VALUE;
    else if (i < t->count && !officer_read_note(t, i, out))
        flaw = OFFICER_BAD_NOTE;
    if (out->flaw == OFFICER_FINE)
        out->flaw = flaw;
}

/* A case number behind the word, which may begin with the service's own. */
static int officer_gather_number(const struct officer_text *t, int i, const char *const *codes, int code_count,
                                 struct officer_digits *d, size_t *skip)
{
    d->len = 0;
    i = officer_gather(t, i, OFFICER_NUMBER_DIGITS, d);
    *skip = officer_code_at(d, codes, code_count);
    if (*skip > 0 && !(d->len == OFFICER_NUMBER_DIGITS && damm_valid(d->text, d->len)))
        i = officer_gather(t, i, OFFICER_NUMBER_DIGITS + *skip, d);
    return i;
}

/* A word that needs a case, before token i; before holds the digits in front of it. */
static void officer_read_case(struct officer_text *t, int i, struct officer_digits *before, size_t skip,
                              const char *const *codes, int code_count, struct officer_command *out)
{
    enum officer_verb verb = out->verb;

    if (before->len == skip)            /* none, or the service's own number only */
        i = officer_gather_number(t, i, codes, code_count, before, &skip);
    if (verb == OFFICER_OK && before->len == OFFICER_CODE_DIGITS && i == t->count) {
        out->verb = OFFICER_CONFIRM;
        officer_take_code(out, before->text);
        return;
    }
    if (before->len < OFFICER_CODE_DIGITS) {            /* "no", "ok thank you", "1 no" */
        out->verb = OFFICER_NOTHING;
        return;
    }
    officer_read_number(before, skip, out);
    officer_read_rest(t, i, out);
}

static void officer_read(struct officer_text *t, const char *const *codes, int code_count, struct officer_command *out)
{
    struct officer_digits before = { .len = 0 };
    int i = officer_gather(t, 0, SIZE_MAX, &before);
    size_t skip = officer_code_at(&before, codes, code_count);

    if (i == t->count) {
        officer_read_bare(&before, skip, out);
        return;
    }
    out->verb = officer_verb_of(&t->tokens[i]);
    if (officer_verbs[out->verb].has_case)
        officer_read_case(t, i + 1, &before, skip, codes, code_count, out);
    else if (before.len != skip || i + 1 != t->count)
        out->verb = OFFICER_NOTHING;    /* "list" is one word */
}

void officer_decode(const char *text, size_t n, const char *const *codes, int code_count, struct officer_command *out)
{
    struct officer_text t;
    struct buf answer;

    *out = (struct officer_command){ .arg = OFFICER_ARG_NONE };
    if (n > OFFICER_TEXT_MAX)
        return;
    buf_init(&answer, 4 * OFFICER_TEXT_MAX);
    gsm_answer(&answer, text, n);
    officer_cut(buf_str(&answer), answer.len, &t);
    if (t.count > 0)
        officer_read(&t, codes, code_count, out);
    if (out->verb == OFFICER_NOTHING)
        *out = (struct officer_command){ .arg = OFFICER_ARG_NONE };
    buf_fini(&answer);
}

void officer_form(const struct officer_command *c, char out[OFFICER_FORM_SIZE])
{
    int n = snprintf(out, OFFICER_FORM_SIZE, "%" PRId64 " %s", c->number, officer_verbs[c->verb].name);

    if (c->arg != OFFICER_ARG_NONE)
        n += snprintf(out + n, OFFICER_FORM_SIZE - (size_t)n, " %d", c->arg);
    if (c->note[0] != '\0')
        snprintf(out + n, OFFICER_FORM_SIZE - (size_t)n, " %s", c->note);
}
