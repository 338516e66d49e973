/*
 * play.c - scripts against a running telco, one phone after the other, and the
 * load command.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "conf.h"
#include "now.h"
#include "phone.h"
#include "script.h"

#define SOURCE_MAX (1u << 20)
#define WAIT_MS 20000

struct play {
    struct client client;
    char msisdn[24];
    json_t *screen;
    json_int_t sms_base;                /* messages before the script are not its */
    bool quiet;
};

static char *read_all(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = malloc(SOURCE_MAX + 1);
    size_t n;

    if (!text)
        abort();
    if (!f) {
        free(text);
        return NULL;
    }
    n = fread(text, 1, SOURCE_MAX, f);
    text[n] = '\0';
    if (f != stdin)
        fclose(f);
    return text;
}

static const char *state_of(const struct play *p)
{
    const char *s = json_string_value(json_object_get(p->screen, "state"));

    return s ? s : "";
}

static const char *shown(const struct play *p)
{
    const char *s = json_string_value(json_object_get(p->screen, "text"));

    return s ? s : "";
}

static bool complain(const struct step *s, const char *what)
{
    printf("line %d: %s %s: %s\n", s->line, script_name(s->kind), s->text, what);
    return false;
}

/* Take an answer that is a screen. */
static bool take(struct play *p, const struct step *s, json_t *answer)
{
    if (client_error(answer)) {
        complain(s, client_error(answer));
        json_decref(answer);
        return false;
    }
    json_decref(p->screen);
    p->screen = answer;
    if (!p->quiet)
        phone_print(stdout, answer);
    return true;
}

static json_t *body_of(const struct play *p, const char *name, const char *value)
{
    return json_pack("{s:s, s:i, s:s}", "msisdn", p->msisdn, "wait", WAIT_MS, name, value);
}

static json_t *get(const struct play *p, const char *path, json_int_t after, int wait_ms)
{
    char full[160];

    snprintf(full, sizeof(full), "%s?msisdn=%s&after=%lld&wait=%d", path, p->msisdn, (long long)after, wait_ms);
    return client_call(&p->client, full, NULL, wait_ms + 5000);
}

static bool use_phone(struct play *p, const struct step *s, const char *msisdn)
{
    json_t *answer;

    if (snprintf(p->msisdn, sizeof(p->msisdn), "%s", msisdn) >= 16 ||
        strspn(p->msisdn, "0123456789") != strlen(p->msisdn))
        return complain(s, "expected digits");
    answer = get(p, "/screen", 0, 0);
    if (client_error(answer)) {
        complain(s, client_error(answer));
        json_decref(answer);
        return false;
    }
    p->sms_base = json_integer_value(json_object_get(answer, "sms_total"));
    json_decref(p->screen);
    p->screen = answer;
    if (!p->quiet)
        printf("phone %s\n", p->msisdn);
    return true;
}

/* Expected and shown, line by line; what differs is marked. */
static void print_diff(const char *want, const char *have)
{
    while (*want || *have) {
        size_t w = strcspn(want, "\n"), h = strcspn(have, "\n");
        bool same = w == h && strncmp(want, have, w) == 0;

        if (same) {
            printf("    %.*s\n", (int)w, want);
        } else {
            if (*want)
                printf("  - %.*s\n", (int)w, want);
            if (*have)
                printf("  + %.*s\n", (int)h, have);
        }
        want += w + (want[w] == '\n');
        have += h + (have[h] == '\n');
    }
}

static bool look(const struct play *p, const struct step *s)
{
    if (s->kind == STEP_SEE ? script_sees(shown(p), s->text) : strstr(shown(p), s->text) != NULL)
        return true;
    printf("line %d: the phone (%s, %s) shows something else (- expected, + shown)\n", s->line, p->msisdn, state_of(p));
    print_diff(s->text, shown(p));
    return false;
}

static bool await_sms(struct play *p, const struct step *s)
{
    int64_t end = now_us() + (int64_t)WAIT_MS * 1000;
    json_int_t after = p->sms_base;
    json_t *answer, *m;
    size_t i;

    while (now_us() < end) {
        answer = get(p, "/sms", after, 1000);
        if (client_error(answer)) {
            complain(s, client_error(answer));
            json_decref(answer);
            return false;
        }
        json_array_foreach(json_object_get(answer, "sms"), i, m) {
            const char *text = json_string_value(json_object_get(m, "text"));

            if (!p->quiet)
                phone_print_sms(stdout, m);
            if (text && strstr(text, s->text)) {
                json_decref(answer);
                return true;
            }
        }
        after = json_integer_value(json_object_get(answer, "total"));
        json_decref(answer);
    }
    return complain(s, "no such message came");
}

static bool send_sms(struct play *p, const struct step *s)
{
    json_t *answer = client_call(&p->client, "/sms", json_pack("{s:s, s:s, s:s}", "msisdn", p->msisdn, "to", s->to, "text",
                                                               s->text), 10000);
    bool ok = !client_error(answer) || complain(s, client_error(answer));

    json_decref(answer);
    return ok;
}

static bool await_state(struct play *p, const struct step *s, const char *want)
{
    if (strcmp(state_of(p), want) == 0 && (strcmp(want, "shown") != 0 || json_is_true(json_object_get(p->screen, "more"))))
        return true;
    return complain(s, state_of(p));
}

/* The network may end a dialogue that shows a screen: wait for it. */
static bool await_failure(struct play *p, const struct step *s)
{
    json_int_t seq = json_integer_value(json_object_get(p->screen, "seq"));

    if (strcmp(state_of(p), "failed") != 0 && !take(p, s, get(p, "/screen", seq, WAIT_MS)))
        return false;
    return await_state(p, s, "failed");
}

static bool do_step(struct play *p, const struct step *s)
{
    struct timespec ts = { s->ms / 1000, s->ms % 1000 * 1000000L };

    if (!p->quiet && (s->kind == STEP_DIAL || s->kind == STEP_TYPE || s->kind == STEP_CANCEL || s->kind == STEP_SEND))
        printf("%s %s\n", script_name(s->kind), s->text);
    switch (s->kind) {
    case STEP_PHONE:
        return use_phone(p, s, s->text);
    case STEP_DIAL:
        return take(p, s, client_call(&p->client, "/dial", body_of(p, "code", s->text), WAIT_MS + 5000));
    case STEP_TYPE:
        return take(p, s, client_call(&p->client, "/type", body_of(p, "text", s->text), WAIT_MS + 5000));
    case STEP_CANCEL:
        return take(p, s, client_call(&p->client, "/cancel", body_of(p, "text", ""), 10000));
    case STEP_SEE:
    case STEP_LIKE:
        return look(p, s);
    case STEP_SMS:
        return await_sms(p, s);
    case STEP_SEND:
        return send_sms(p, s);
    case STEP_ASKS:
        return await_state(p, s, "shown");
    case STEP_ENDED:
        return await_state(p, s, "ended");
    case STEP_FAILED:
        return await_failure(p, s);
    case STEP_WAIT:
        nanosleep(&ts, NULL);
        return true;
    case STEP_KINDS:
        break;
    }
    return false;
}

int play_main(int argc, char **argv)
{
    struct play p = { .client = { "127.0.0.1", 8334 } };
    const char *path = NULL, *msisdn = "8801711000001";
    struct step first = { .kind = STEP_PHONE };
    struct script script;
    char error[200], *source;
    bool ok = true, used = true;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--control") == 0 && i + 1 < argc)
            used = used && conf_host_port(argv[++i], p.client.host, sizeof(p.client.host), &p.client.port);
        else if (strcmp(argv[i], "--msisdn") == 0 && i + 1 < argc)
            msisdn = argv[++i];
        else if (strcmp(argv[i], "--quiet") == 0)
            p.quiet = true;
        else if (!path && (argv[i][0] != '-' || argv[i][1] == '\0'))
            path = argv[i];
        else
            used = false;
    }
    source = used && path ? read_all(path) : NULL;
    if (!source) {
        fprintf(stderr, used && path ? "telco script: %s: cannot be read\n"
                : "usage: telco script [--control 127.0.0.1:8334] [--msisdn DIGITS] [--quiet] FILE|-\n", path);
        return 2;
    }
    if (!script_parse(&script, source, error, sizeof(error))) {
        fprintf(stderr, "telco script: %s: %s\n", path, error);
        free(source);
        return 2;
    }
    first.text = strdup(msisdn);
    ok = first.text && (script.steps[0].kind == STEP_PHONE || use_phone(&p, &first, msisdn));
    for (size_t i = 0; ok && i < script.count; i++)
        ok = do_step(&p, &script.steps[i]);
    printf("%s: %s\n", path, ok ? "ok" : "FAILED");
    free(first.text);
    json_decref(p.screen);
    script_free(&script);
    free(source);
    return ok ? 0 : 1;
}

static int run_load(const struct client *c, json_t *args)
{
    json_t *answer = client_call(c, "/load", args, 10000);
    const char *state;
    int status;

    while (!client_error(answer) && (state = json_string_value(json_object_get(answer, "state"))) &&
           strcmp(state, "done") != 0) {
        struct timespec ts = { 0, 300000000 };

        nanosleep(&ts, NULL);
        json_decref(answer);
        answer = client_call(c, "/load", NULL, 10000);
    }
    status = client_error(answer) || json_integer_value(json_object_get(answer, "failed")) > 0 ? 1 : 0;
    json_dumpf(answer, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(answer);
    return status;
}

int load_main(int argc, char **argv)
{
    static const char *const numbers[] = { "--phones", "--open", "--rate", "--seconds", "--warmup", "--think" };
    struct client c = { "127.0.0.1", 8334 };
    json_t *args = json_object();
    char *source = NULL;
    bool ok = true;

    for (int i = 1; ok && i < argc; i += 2) {
        bool known = false;
        int n;

        ok = i + 1 < argc;
        for (size_t k = 0; ok && k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            if (strcmp(argv[i], numbers[k]) != 0)
                continue;
            known = true;
            argv[i + 1][strcspn(argv[i + 1], "/")] = '\0';  /* 200/s */
            ok = conf_int(argv[i + 1], 0, 1000000, &n);
            json_object_set_new(args, numbers[k] + 2, json_integer(ok ? n : 0));
        }
        if (!ok || known)
            continue;
        if (strcmp(argv[i], "--control") == 0)
            ok = conf_host_port(argv[i + 1], c.host, sizeof(c.host), &c.port);
        else if (strcmp(argv[i], "--first") == 0)
            json_object_set_new(args, "first", json_string(argv[i + 1]));
        else if (strcmp(argv[i], "--script") == 0 && !source)
            ok = (source = read_all(argv[i + 1])) != NULL;
        else
            ok = false;
    }
    if (!ok || !source) {
        fprintf(stderr, "usage: telco load [--control 127.0.0.1:8334] --script FILE|- [--phones 1000] [--open N] [--rate N/s] "
                "[--seconds 10] [--warmup N] [--think MS] [--first 8801900000000]\n");
        free(source);
        json_decref(args);
        return 2;
    }
    json_object_set_new(args, "script", json_string(source));
    free(source);
    return run_load(&c, args);
}
