#include "cli/play_script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/gsm.h"

#define SCRIPT_FILE_MAX (1024 * 1024)
#define SCRIPT_STEPS_MAX 10000
#define SCRIPT_LINE_MAX 8192

static const struct script_verb {
    const char *word;
    const char *text;
} script_verbs[PLAY_VERB_COUNT] = {
#define X(id, word, text) [PLAY_##id] = { word, text },
    PLAY_VERBS(X)
#undef X
};

/* A file that is being read. */
struct script_reader {
    struct play_script *script;
    int line;
    int blanks;                         /* empty lines since the last one of the step */
    struct buf text;                    /* of the last step */
    bool open;                          /* there is a last step, and it may go on */
    bool skip;                          /* the last line was no step: what goes on with it is not looked at */
    int errors;
};

void play_script_error(const struct play_script *s, int line, const char *fmt, ...)
{
    va_list ap;

    printf("%s:%d: error: ", s->file, line);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static bool script_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Length without blanks and the carriage return at the end. */
static size_t script_trim(const char *p, size_t n)
{
    while (n > 0 && (script_is_blank(p[n - 1]) || p[n - 1] == '\r'))
        n--;
    return n;
}

/* The text of the last step is whole. */
static void script_close(struct script_reader *r)
{
    struct play_step *step;
    struct buf normal;
    const char *want;

    if (!r->open)
        return;
    r->open = false;
    r->blanks = 0;
    step = &r->script->steps[r->script->count - 1];
    want = script_verbs[step->verb].text;
    buf_init(&normal, 4 * SCRIPT_LINE_MAX);
    gsm_normalise(&normal, buf_str(&r->text), r->text.len);
    step->text = arena_memdup0(r->script->arena, buf_str(&normal), normal.len);
    buf_fini(&normal);
    if (want[0] == '\0' && step->text[0] != '\0') {
        play_script_error(r->script, step->line, "'%s' stands alone", script_verbs[step->verb].word);
        r->errors++;
    } else if (want[0] != '\0' && want[0] != '~' && step->text[0] == '\0') {
        play_script_error(r->script, step->line, "'%s' needs %s", script_verbs[step->verb].word, want);
        r->errors++;
    }
}

static void script_go_on(struct script_reader *r, const char *p, size_t n)
{
    if (r->skip)
        return;
    if (!r->open) {
        play_script_error(r->script, r->line, "an indented line goes on with the step before it, and there is none");
        r->errors++;
        return;
    }
    for (; r->blanks > 0; r->blanks--)
        buf_addc(&r->text, '\n');
    if (r->text.len > 0)
        buf_addc(&r->text, '\n');
    buf_add(&r->text, p, n);
}

static void script_begin(struct script_reader *r, const char *p, size_t n)
{
    size_t word = 0;
    struct play_step *step;
    int verb = 0;

    while (word < n && !script_is_blank(p[word]))
        word++;
    while (verb < PLAY_VERB_COUNT &&
           (strlen(script_verbs[verb].word) != word || memcmp(script_verbs[verb].word, p, word) != 0))
        verb++;
    if (verb == PLAY_VERB_COUNT || r->script->count == SCRIPT_STEPS_MAX) {
        play_script_error(r->script, r->line,
                          verb == PLAY_VERB_COUNT ? "'%.*s': no such step" : "too many steps: '%.*s'", (int)word, p);
        r->errors++;
        r->skip = true;
        return;
    }
    r->skip = false;
    step = &r->script->steps[r->script->count++];
    *step = (struct play_step){ .verb = (enum play_verb)verb, .line = r->line };
    while (word < n && script_is_blank(p[word]))
        word++;
    buf_clear(&r->text);
    buf_add(&r->text, p + word, n - word);
    r->open = true;
}

static void script_line(struct script_reader *r, const char *p, size_t n)
{
    size_t start = 0;

    n = script_trim(p, n);
    if (n == 0) {
        r->blanks++;
        return;
    }
    if (p[0] == '#')
        return;
    while (script_is_blank(p[start]))
        start++;
    if (start > 0) {
        script_go_on(r, p + start, n - start);
        return;
    }
    script_close(r);
    script_begin(r, p, n);
}

static void script_lines(struct script_reader *r, const char *p, size_t n)
{
    while (n > 0) {
        const char *end = memchr(p, '\n', n);
        size_t len = end != NULL ? (size_t)(end - p) : n;

        r->line++;
        if (len > SCRIPT_LINE_MAX || !gsm_utf8_valid(p, len)) {
            play_script_error(r->script, r->line, len > SCRIPT_LINE_MAX ? "the line is too long" : "not UTF-8");
            r->errors++;
        } else {
            script_line(r, p, len);
        }
        p += len + (end != NULL);
        n -= len + (end != NULL);
    }
    script_close(r);
}

static bool script_slurp(const char *file, struct buf *out)
{
    FILE *f = fopen(file, "r");
    bool good;

    if (f == NULL)
        return false;
    for (;;) {
        char part[4096];
        size_t n = fread(part, 1, sizeof part, f);

        buf_add(out, part, n);
        if (n < sizeof part || out->full)
            break;
    }
    good = ferror(f) == 0;
    if (out->full) {
        errno = EFBIG;
        good = false;
    }
    fclose(f);
    return good;
}

enum play_read play_script_read(struct play_script *s, const char *file)
{
    struct script_reader r = { .script = s };
    struct buf data;
    bool there;

    *s = (struct play_script){ .file = file, .arena = arena_new(64 * SCRIPT_FILE_MAX) };
    buf_init(&data, SCRIPT_FILE_MAX);
    there = script_slurp(file, &data);
    if (there) {
        s->steps = arena_alloc(s->arena, SCRIPT_STEPS_MAX * sizeof *s->steps);
        buf_init(&r.text, 4 * SCRIPT_LINE_MAX);
        script_lines(&r, buf_str(&data), data.len);
        buf_fini(&r.text);
    } else {
        fprintf(stderr, "kheya play: %s: %s\n", file, strerror(errno));
    }
    buf_fini(&data);
    if (!there)
        return PLAY_NO_FILE;
    return r.errors == 0 ? PLAY_READ : PLAY_BAD_FILE;
}

void play_script_free(struct play_script *s)
{
    arena_free(s->arena);
    s->arena = NULL;
}
