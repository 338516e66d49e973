/*
 * phone.c - a handset in the terminal: what is typed goes to the phone, what
 * the phone shows is printed as it comes (a long poll beside stdin).
 */
#include "phone.h"

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "conf.h"

struct terminal {
    struct client client;
    char msisdn[24];
    char number[24];                    /* where SMS go */
    json_int_t seq;
    json_int_t sms_seen;
    bool begun;                         /* a screen was read */
    bool asked;
    bool prompted;                      /* the cursor stands behind a prompt */
    bool over;
};

static const char *text_of(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s ? s : "";
}

static json_int_t int_of(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static void print_lines(FILE *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        fprintf(out, "  | %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

void phone_print(FILE *out, const json_t *s)
{
    const char *state = text_of(s, "state");
    bool gsm = strcmp(text_of(s, "coding"), "gsm7") == 0;

    if (strcmp(state, "idle") == 0 || strcmp(state, "waiting") == 0) {
        fprintf(out, "  (%s)\n", strcmp(state, "idle") == 0 ? "idle" : "USSD code running...");
        return;
    }
    fprintf(out, "  +-- %s ------------------------------\n", text_of(s, "msisdn"));
    print_lines(out, text_of(s, "text"));
    if (strcmp(state, "failed") == 0)
        fprintf(out, "  +-- from the network; the dialogue is over\n");
    else
        fprintf(out, "  +-- %d/%d %s%s\n", (int)int_of(s, gsm ? "septets" : "units"), (int)int_of(s, "limit"),
                gsm ? "septets" : "units", json_is_true(json_object_get(s, "more")) ? "" : ", the dialogue is over");
}

void phone_print_sms(FILE *out, const json_t *m)
{
    fprintf(out, "  +-- SMS from %s (%d part%s) ---------\n", text_of(m, "from"), (int)int_of(m, "segments"),
            int_of(m, "segments") == 1 ? "" : "s");
    print_lines(out, text_of(m, "text"));
    fprintf(out, "  +--\n");
}

static void prompt(struct terminal *t)
{
    t->prompted = true;
    printf("%s", t->asked ? "answer> " : "> ");
    fflush(stdout);
}

static void take_screen(struct terminal *t, const json_t *s)
{
    size_t i;
    json_t *m;

    if (t->prompted && int_of(s, "seq") != t->seq)
        printf("\n");
    t->prompted = false;
    json_array_foreach(json_object_get(s, "sms"), i, m) {
        if (int_of(m, "number") > t->sms_seen) {
            phone_print_sms(stdout, m);
            t->sms_seen = int_of(m, "number");
        }
    }
    if (t->sms_seen > int_of(s, "sms_total"))
        t->sms_seen = 0;                /* the telco was reset */
    t->asked = json_is_true(json_object_get(s, "more"));
    if (int_of(s, "seq") != t->seq || !t->begun) {
        t->seq = int_of(s, "seq");
        t->begun = true;
        if (strcmp(text_of(s, "state"), "waiting") == 0)
            return;                     /* its screen is about to come */
        phone_print(stdout, s);
        prompt(t);
    }
}

/* false: told why. */
static bool post(struct terminal *t, const char *path, const char *name, const char *value)
{
    json_t *body = json_pack("{s:s}", "msisdn", t->msisdn), *answer;
    bool ok;

    if (name)
        json_object_set_new(body, name, json_string(value));
    if (strcmp(path, "/sms") == 0)
        json_object_set_new(body, "to", json_string(t->number));
    answer = client_call(&t->client, path, body, 10000);
    ok = !client_error(answer);
    if (!ok)
        printf("  %s\n", client_error(answer));
    json_decref(answer);
    return ok;
}

static void help(void)
{
    printf("  *333#          dial (while nothing is asked)\n"
           "  anything else  the answer to the screen\n"
           "  /dial CODE     dial, whatever the phone does\n"
           "  /answer TEXT   answer with what would look like a command, or with nothing\n"
           "  /cancel        end the dialogue\n"
           "  /sms TEXT      send a message to the service\n"
           "  /inbox         the messages that came\n"
           "  /help  /quit\n");
}

static void inbox(struct terminal *t)
{
    char path[80];
    json_t *answer, *m;
    size_t i;

    snprintf(path, sizeof(path), "/sms?msisdn=%s", t->msisdn);
    answer = client_call(&t->client, path, NULL, 10000);
    if (client_error(answer))
        printf("  %s\n", client_error(answer));
    else if (json_array_size(json_object_get(answer, "sms")) == 0)
        printf("  (no messages)\n");
    json_array_foreach(json_object_get(answer, "sms"), i, m) {
        phone_print_sms(stdout, m);
    }
    json_decref(answer);
}

static const char *after(const char *line, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(line, word, n) != 0 || (line[n] != '\0' && line[n] != ' '))
        return NULL;
    return line + n + (line[n] == ' ');
}

/* true: the phone changes, its screen comes by the poll. */
static bool command(struct terminal *t, const char *line)
{
    const char *rest;

    if ((rest = after(line, "/dial")))
        return post(t, "/dial", "code", rest);
    if ((rest = after(line, "/answer")))
        return post(t, "/type", "text", rest);
    if (after(line, "/cancel"))
        return post(t, "/cancel", NULL, NULL);
    if ((rest = after(line, "/sms")))
        printf("%s", post(t, "/sms", "text", rest) ? "  (sent)\n" : "");
    else if (after(line, "/inbox"))
        inbox(t);
    else if (after(line, "/quit"))
        t->over = true;
    else
        help();
    return false;
}

static void take_line(struct terminal *t, char *line)
{
    bool comes = false;

    t->prompted = false;
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '/')
        comes = command(t, line);
    else if (line[0] == '\0')
        printf("%s", t->asked ? "" : "  dial something like *333#, or /help\n");
    else if (t->asked)
        comes = post(t, "/type", "text", line);
    else
        comes = post(t, "/dial", "code", line);
    if (!comes && !t->over)
        prompt(t);
}

static int ask_screen(struct terminal *t, int wait_ms)
{
    char path[160];

    snprintf(path, sizeof(path), "/screen?msisdn=%s&wait=%d&after=%lld", t->msisdn, wait_ms, (long long)t->seq);
    return client_open(&t->client, path);
}

static void run(struct terminal *t)
{
    int fd = ask_screen(t, 0);
    char *answer = NULL, line[4096];
    size_t n = 0;

    setvbuf(stdin, NULL, _IONBF, 0);    /* poll must see what fgets has not taken */
    while (!t->over && fd >= 0) {
        struct pollfd p[2] = { { .fd = 0, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

        if (poll(p, 2, -1) < 0)
            break;
        if (p[1].revents && client_more(fd, &answer, &n) != 1) {
            json_t *s = client_json(answer, n);

            close(fd);
            if (s && !client_error(s))
                take_screen(t, s);
            else if (s)
                printf("  %s\n", client_error(s));
            json_decref(s);
            free(answer);
            answer = NULL;
            n = 0;
            fd = s ? ask_screen(t, 30000) : -1;
        }
        if (p[0].revents) {
            if (!fgets(line, sizeof(line), stdin))
                t->over = true;
            else
                take_line(t, line);
        }
    }
    free(answer);
    if (fd >= 0)
        close(fd);
    printf("\n%s", t->over ? "" : "  the telco has gone\n");
}

int phone_main(int argc, char **argv)
{
    struct terminal t = { .client = { "127.0.0.1", 8334 }, .msisdn = "8801711000001", .number = "333" };

    for (int i = 1; i < argc; i += 2) {
        bool ok = i + 1 < argc;

        if (ok && strcmp(argv[i], "--control") == 0)
            ok = conf_host_port(argv[i + 1], t.client.host, sizeof(t.client.host), &t.client.port);
        else if (ok && strcmp(argv[i], "--msisdn") == 0)
            ok = snprintf(t.msisdn, sizeof(t.msisdn), "%s", argv[i + 1]) < 16 &&
                 strspn(t.msisdn, "0123456789") == strlen(t.msisdn);
        else if (ok && strcmp(argv[i], "--sms") == 0)
            ok = snprintf(t.number, sizeof(t.number), "%s", argv[i + 1]) < (int)sizeof(t.number);
        else
            ok = false;
        if (!ok) {
            fprintf(stderr, "usage: telco phone [--control 127.0.0.1:8334] [--msisdn DIGITS] [--sms 333]\n");
            return 2;
        }
    }
    printf("  phone %s: dial *333#, /help for more\n", t.msisdn);
    run(&t);
    return t.over ? 0 : 1;
}
