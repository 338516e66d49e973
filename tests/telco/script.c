/*
 * script.c - lines to steps, by a table of words.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "text.h"

static const struct word {
    const char *name;
    bool text;                          /* must be followed by something */
} words[STEP_KINDS] = {
    [STEP_PHONE] = { "phone", true },   [STEP_DIAL] = { "dial", true },      [STEP_TYPE] = { "type", false },
    [STEP_SEE] = { "see", true },       [STEP_LIKE] = { "see ~", true },     [STEP_SMS] = { "sms ~", true },
    [STEP_SEND] = { "send", true },     [STEP_ASKS] = { "asks", false },     [STEP_ENDED] = { "ended", false },
    [STEP_FAILED] = { "failed", false }, [STEP_CANCEL] = { "cancel", false }, [STEP_WAIT] = { "wait", true },
};

/* As the .dlg files of menus/dialogs say it. */
static const struct {
    const char *name;
    enum step_kind kind;
} aliases[] = { { "ends", STEP_ENDED }, { "msisdn", STEP_PHONE } };

static char *copy(const char *p, size_t n)
{
    char *s = strndup(p, n);

    if (!s)
        abort();
    return s;
}

/* The word that begins the line, the longest one; its rest in *rest. */
static enum step_kind find_word(const char *line, const char **rest)
{
    enum step_kind best = STEP_KINDS;
    size_t best_len = 0;

    for (int k = 0; k < STEP_KINDS; k++) {
        size_t n = strlen(words[k].name);

        if (n > best_len && strncmp(line, words[k].name, n) == 0 && (line[n] == '\0' || line[n] == ' ')) {
            best = (enum step_kind)k;
            best_len = n;
        }
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        size_t n = strlen(aliases[i].name);

        if (strncmp(line, aliases[i].name, n) == 0 && (line[n] == '\0' || line[n] == ' ')) {
            best = aliases[i].kind;
            best_len = n;
        }
    }
    *rest = line + best_len;
    *rest += strspn(*rest, " ");
    return best;
}

static bool finish(struct step *s, char *error, size_t size)
{
    char *space;

    if (s->kind == STEP_WAIT && !conf_duration(s->text, &s->ms)) {
        snprintf(error, size, "line %d: wait: expected a duration like 2s", s->line);
        return false;
    }
    if (s->kind != STEP_SEND)
        return true;
    space = strchr(s->text, ' ');
    if (!space) {
        snprintf(error, size, "line %d: send: expected NUMBER TEXT", s->line);
        return false;
    }
    s->to = copy(s->text, (size_t)(space - s->text));
    space = copy(space + 1, strlen(space + 1));
    free(s->text);
    s->text = space;
    return true;
}

static void go_on(struct step *s, const char *line)
{
    size_t have = strlen(s->text), more = strlen(line);
    char *longer = realloc(s->text, have + more + 2);

    if (!longer)
        abort();
    longer[have] = '\n';
    memcpy(longer + have + 1, line, more + 1);
    s->text = longer;
}

static bool take_line(struct script *s, char *line, int number, char *error, size_t size)
{
    struct step step = { .line = number };
    const char *rest;
    char *note = strstr(line, "  # ");
    size_t n;

    if (note)
        *note = '\0';
    n = strlen(line);
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\r'))
        line[--n] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (line[0] == ' ') {
        if (s->count == 0 || s->steps[s->count - 1].kind != STEP_SEE) {
            snprintf(error, size, "line %d: nothing that it goes on", number);
            return false;
        }
        go_on(&s->steps[s->count - 1], line + strspn(line, " "));
        return true;
    }
    step.kind = find_word(line, &rest);
    if (step.kind == STEP_KINDS || (words[step.kind].text && *rest == '\0')) {
        snprintf(error, size, "line %d: '%.30s': expected phone, dial, type, see, sms ~, send, asks, ended, failed, "
                 "cancel or wait", number, line);
        return false;
    }
    if (s->count == SCRIPT_STEPS_MAX) {
        snprintf(error, size, "line %d: more than %d steps", number, SCRIPT_STEPS_MAX);
        return false;
    }
    step.text = copy(rest, strlen(rest));
    s->steps[s->count++] = step;
    return finish(&s->steps[s->count - 1], error, size);
}

bool script_parse(struct script *s, const char *source, char *error, size_t size)
{
    bool ok = true;

    *s = (struct script){ 0, calloc(SCRIPT_STEPS_MAX, sizeof(struct step)) };
    if (!s->steps)
        abort();
    if (!text_valid(source)) {
        snprintf(error, size, "not UTF-8");
        ok = false;
    }
    for (int number = 1; ok && *source; number++) {
        size_t n = strcspn(source, "\n");
        char *line = copy(source, n);

        for (char *c = line; (c = strchr(c, '\t')); )
            *c = ' ';
        ok = take_line(s, line, number, error, size);
        free(line);
        source += n + (source[n] == '\n');
    }
    if (ok && s->count == 0) {
        snprintf(error, size, "no steps");
        ok = false;
    }
    if (!ok)
        script_free(s);
    return ok;
}

void script_free(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->steps[i].text);
        free(s->steps[i].to);
    }
    free(s->steps);
    *s = (struct script){ 0, NULL };
}

const char *script_name(enum step_kind k)
{
    return k < STEP_KINDS ? words[k].name : "?";
}

bool script_sees(const char *screen, const char *want)
{
    size_t n = strlen(want);

    if (n >= 4 && strcmp(want + n - 4, "\n...") == 0)
        n -= 4;
    return strncmp(screen, want, n) == 0 && (screen[n] == '\0' || screen[n] == '\n');
}
