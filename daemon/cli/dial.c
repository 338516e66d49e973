/*
 * dial.c - plays an aggregator: form POST to /ussd/LINK in the africastalking
 * dialect (text = all inputs so far, joined by '*'; "CON " or "END " comes
 * back), one blocking request a screen, on loopback only.
 *
 * With a script it takes the answers from there and compares what it sees.
 */
#include "cli/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "app/conf.h"
#include "base/buf.h"
#include "base/gsm.h"

#define DIAL_HTTP "127.0.0.1:8333"
#define DIAL_LINK "web"
#define DIAL_MSISDN "8801711000001"
#define DIAL_ANSWER_MAX (1u << 20)
#define DIAL_INPUT_MAX (64u << 10)      /* all inputs of a dialogue */
#define DIAL_SCRIPT_MAX (1u << 20)
#define DIAL_PATIENCE_S 15              /* for one screen */

static const char dial_help[] =
    "usage: kheya dial [OPTION]... '*333#'\n"
    "\n"
    "A handset in the terminal: dials CODE at a running kheyad by one of its HTTP\n"
    "links (style africastalking), prints each screen and asks for the answer.\n"
    "An empty line hangs up.\n"
    "\n"
    "  -c, --config FILE      take address and link from there (the first http link)\n"
    "      --http HOST:PORT   kheyad's HTTP listener, default " DIAL_HTTP "\n"
    "  -m, --msisdn N         who dials, default " DIAL_MSISDN "\n"
    "  -l, --link NAME        default " DIAL_LINK "\n"
    "  -s, --script FILE      a .dlg file (- for standard input): its `type` lines\n"
    "                         answer, its `see`, `see ~` and `ends` lines are compared\n"
    "\n"
    "Exit code: 0 good, 1 another screen than expected or no answer, 2 used wrongly.\n";

struct dial {
    char host[64];
    int port;
    const char *link;
    const char *msisdn;
    char code[EVENT_CODE_MAX];          /* "*333#" of "*333*1#" */
    char session[33];
    struct buf input;                   /* joined by '*' */
    bool fresh;                         /* nothing was input yet */
    struct buf answer;                  /* of kheyad, whole */
    const char *screen;                 /* in answer */
    bool open;                          /* the last screen asks */
};

/* --- one request ------------------------------------------------------------------- */

static void dial_add_encoded(struct buf *b, const char *s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

    for (; *s != '\0'; s++) {
        if (strchr(plain, *s) != NULL)
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", (unsigned char)*s);
    }
}

static bool dial_connect(const struct dial *d, int *fd)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)d->port) };
    struct timeval patience = { .tv_sec = DIAL_PATIENCE_S };
    struct sockaddr sa;

    if (inet_pton(AF_INET, d->host, &in.sin_addr) != 1)
        return false;
    memcpy(&sa, &in, sizeof sa);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return false;
    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(*fd, &sa, sizeof sa) == 0)
        return true;
    close(*fd);
    return false;
}

static bool dial_send(int fd, const struct buf *b)
{
    for (size_t at = 0; at < b->len;) {
        ssize_t n = send(fd, b->data + at, b->len - at, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* The answer ends with the connection: it was asked for "close". */
static bool dial_receive(int fd, struct buf *b)
{
    char chunk[4096];
    ssize_t n;

    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0)
        buf_add(b, chunk, (size_t)n);
    return n == 0 && !b->full;
}

static void dial_say_request(const struct dial *d, struct buf *out)
{
    struct buf form;

    buf_init(&form, 4 * DIAL_INPUT_MAX);
    buf_addf(&form, "sessionId=%s&phoneNumber=%%2B%s&networkCode=99999&serviceCode=", d->session, d->msisdn);
    dial_add_encoded(&form, d->code);
    buf_adds(&form, "&text=");
    dial_add_encoded(&form, buf_str(&d->input));
    buf_addf(out, "POST /ussd/%s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n",
             d->link, d->host, d->port, form.len);
    buf_add(out, buf_str(&form), form.len);
    buf_fini(&form);
}

/* "HTTP/1.1 200 OK ... CON text" to screen and open; false: told why. */
static bool dial_read_answer(struct dial *d)
{
    const char *all = buf_str(&d->answer), *body = strstr(all, "\r\n\r\n");
    long status = strncmp(all, "HTTP/1.", 7) == 0 && strlen(all) > 9 ? strtol(all + 9, NULL, 10) : 0;

    if (body == NULL || status == 0) {
        fprintf(stderr, "kheya dial: %s:%d does not speak HTTP\n", d->host, d->port);
        return false;
    }
    body += 4;
    if (status != 200 || (strncmp(body, "CON ", 4) != 0 && strncmp(body, "END ", 4) != 0)) {
        fprintf(stderr, "kheya dial: kheyad answers %ld: %.200s\n", status, body);
        return false;
    }
    d->open = body[0] == 'C';
    d->screen = body + 4;
    return true;
}

static bool dial_step(struct dial *d)
{
    struct buf request;
    bool ok;
    int fd;

    if (!dial_connect(d, &fd)) {
        fprintf(stderr, "kheya dial: %s:%d: %s\n", d->host, d->port, strerror(errno));
        return false;
    }
    buf_init(&request, 5 * DIAL_INPUT_MAX);
    buf_clear(&d->answer);
    dial_say_request(d, &request);
    ok = !request.full && !d->input.full && dial_send(fd, &request) && dial_receive(fd, &d->answer);
    buf_fini(&request);
    close(fd);
    if (!ok) {
        fprintf(stderr, "kheya dial: no answer from %s:%d within %d s\n", d->host, d->port, DIAL_PATIENCE_S);
        return false;
    }
    return dial_read_answer(d);
}

static bool dial_answer(struct dial *d, const char *text)
{
    if (!d->fresh)
        buf_addc(&d->input, '*');
    d->fresh = false;
    buf_adds(&d->input, text);
    return dial_step(d);
}

/* Octets of "*333" in "*333*1#"; 0 when it is no code. */
static size_t dial_base(const char *dialled)
{
    size_t n = strlen(dialled), base = n > 1 ? 1 + strcspn(dialled + 1, "*#") : 0;
    bool good = n >= 3 && (dialled[0] == '*' || dialled[0] == '#') && dialled[n - 1] == '#' &&
                base + 2 <= sizeof ((struct dial *)0)->code;

    if (!good)
        fprintf(stderr, "kheya dial: '%s' is no code like *333#\n", dialled);
    return good ? base : 0;
}

/* "*333*1*2#": the aggregator calls the service *333# with the input 1*2. */
static bool dial_code(struct dial *d, const char *dialled)
{
    size_t n = strlen(dialled), base = dial_base(dialled);
    uint8_t name[16];

    if (base == 0)
        return false;
    printf("  %s dials %s\n", d->msisdn, dialled);
    if (getrandom(name, sizeof name, 0) != sizeof name) {
        fprintf(stderr, "kheya dial: %s\n", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof name; i++)
        snprintf(d->session + 2 * i, 3, "%02x", name[i]);
    memcpy(d->code, dialled, base);
    d->code[base] = '#';
    d->code[base + 1] = '\0';
    buf_clear(&d->input);
    if (base + 1 < n)
        buf_add(&d->input, dialled + base + 1, n - base - 2);
    d->fresh = d->input.len == 0;
    return dial_step(d);
}

/* --- what a person sees -------------------------------------------------------------- */

static void dial_show(const struct dial *d)
{
    const char *s = d->screen;
    struct gsm_cost cost = gsm_cost(s, strlen(s));

    printf("  +------------------------------\n");
    while (*s != '\0') {
        size_t n = strcspn(s, "\n");

        printf("  | %.*s\n", (int)n, s);
        s += n + (s[n] == '\n' ? 1 : 0);
    }
    printf("  +-- %d %s%s\n", cost.septets >= 0 ? cost.septets : cost.units, cost.septets >= 0 ? "septets" : "units",
           d->open ? "" : ", the dialogue is over");
}

static int dial_talk(struct dial *d)
{
    char line[4096];

    dial_show(d);
    while (d->open) {
        printf("> ");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL || line[strcspn(line, "\r\n")] == line[0])
            break;
        line[strcspn(line, "\r\n")] = '\0';
        if (!dial_answer(d, line))
            return 1;
        dial_show(d);
    }
    return 0;
}

/* --- scripts --------------------------------------------------------------------------- */

struct dial_script {
    struct dial *dial;
    const char *path;
    const char *code;                   /* to dial, unless the script itself begins so; then NULL */
    int line;
    int see_line;                       /* of the `see` whose lines are being read; 0 none */
    struct buf see;
    bool wrong;                         /* used wrongly: exit 2 */
};

static bool dial_complain(const struct dial_script *s, int line, const char *what)
{
    printf("%s:%d: error: %s\n", s->path, line, what);
    return false;
}

/* Expected and shown, line by line; what differs is marked. */
static void dial_diff(const char *want, const char *have)
{
    while (*want != '\0' || *have != '\0') {
        size_t w = strcspn(want, "\n"), h = strcspn(have, "\n");

        if (w == h && strncmp(want, have, w) == 0) {
            printf("    %.*s\n", (int)w, want);
        } else {
            if (*want != '\0')
                printf("  - %.*s\n", (int)w, want);
            if (*have != '\0')
                printf("  + %.*s\n", (int)h, have);
        }
        want += w + (want[w] == '\n' ? 1 : 0);
        have += h + (have[h] == '\n' ? 1 : 0);
    }
}

/* The first lines of the screen are those of want. */
static bool dial_begins(const char *screen, const char *want)
{
    size_t n = strlen(want);

    if (n > 4 && strcmp(want + n - 4, "\n...") == 0)
        n -= 4;
    return strncmp(screen, want, n) == 0 && (screen[n] == '\0' || screen[n] == '\n');
}

/* A `see` is whole when another line begins. */
static bool dial_end_see(struct dial_script *s)
{
    int line = s->see_line;

    s->see_line = 0;
    if (line == 0 || dial_begins(s->dial->screen, buf_str(&s->see)))
        return true;
    dial_complain(s, line, "the screen is another one (- expected, + shown)");
    dial_diff(buf_str(&s->see), s->dial->screen);
    return false;
}

static bool dial_do_dial(struct dial_script *s, const char *rest)
{
    bool ok = dial_code(s->dial, rest);

    s->code = NULL;
    if (ok)
        dial_show(s->dial);
    return ok;
}

static bool dial_do_type(struct dial_script *s, const char *rest)
{
    if (!s->dial->open)
        return dial_complain(s, s->line, "nothing is asked");
    printf("> %s\n", rest);
    if (!dial_answer(s->dial, rest))
        return false;
    dial_show(s->dial);
    return true;
}

static bool dial_do_see(struct dial_script *s, const char *rest)
{
    if (rest[0] == '~' && rest[1] == ' ') {
        if (strstr(s->dial->screen, rest + 2) != NULL)
            return true;
        dial_complain(s, s->line, "the screen does not contain it");
        dial_diff(rest + 2, s->dial->screen);
        return false;
    }
    s->see_line = s->line;
    buf_clear(&s->see);
    buf_adds(&s->see, rest);
    return true;
}

static bool dial_do_ends(struct dial_script *s, const char *rest)
{
    (void)rest;
    return !s->dial->open || dial_complain(s, s->line, "the dialogue goes on");
}

static bool dial_do_wait(struct dial_script *s, const char *rest)
{
    char *unit;
    long n = strtol(rest, &unit, 10);
    struct timespec ts = { .tv_sec = n };

    if (n < 0 || n > 3600 || unit == rest || strcmp(unit, "s") != 0) {
        s->wrong = true;
        return dial_complain(s, s->line, "wait: expected seconds, like 5s");
    }
    nanosleep(&ts, NULL);
    return true;
}

static bool dial_line(struct dial_script *s, char *line)
{
    static const struct {
        const char *word;
        bool (*act)(struct dial_script *s, const char *rest);
    } words[] = {
        { "dial", dial_do_dial }, { "type", dial_do_type }, { "see", dial_do_see },
        { "ends", dial_do_ends }, { "ended", dial_do_ends }, { "wait", dial_do_wait },
    };
    size_t n = strlen(line), word;

    while (n > 0 && strchr(" \r\n", line[n - 1]) != NULL)
        line[--n] = '\0';
    if (line[0] == ' ' && s->see_line != 0) {
        buf_addc(&s->see, '\n');
        buf_adds(&s->see, line + strspn(line, " "));
        return true;
    }
    if (!dial_end_see(s))
        return false;
    if (line[0] == '\0' || line[0] == '#')
        return true;
    word = strcspn(line, " ");
    if (s->code != NULL && strncmp(line, "dial ", 5) != 0 && !dial_do_dial(s, s->code))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].word) == word && strncmp(words[i].word, line, word) == 0)
            return words[i].act(s, line + word + strspn(line + word, " "));
    s->wrong = true;
    return dial_complain(s, s->line, "expected dial, type, see, ends or wait (others are for kheya play only)");
}

static int dial_play(struct dial *d, const char *path, const char *code)
{
    struct dial_script s = { .dial = d, .path = path, .code = code };
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char line[4096];
    bool ok = true;

    if (f == NULL) {
        fprintf(stderr, "kheya dial: %s: %s\n", path, strerror(errno));
        return 2;
    }
    buf_init(&s.see, DIAL_SCRIPT_MAX);
    while (ok && fgets(line, sizeof line, f) != NULL) {
        s.line++;
        ok = dial_line(&s, line);
    }
    ok = ok && dial_end_see(&s);
    if (f != stdin)
        fclose(f);
    buf_fini(&s.see);
    printf("%s: %s\n", path, ok ? "ok" : "FAILED");
    return ok ? 0 : s.wrong ? 2 : 1;
}

/* --- the command line ------------------------------------------------------------------- */

struct dial_options {
    const char *config, *http, *link, *msisdn, *script, *code;
};

static bool dial_read_options(struct dial_options *o, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "http", required_argument, NULL, 'H' },
        { "msisdn", required_argument, NULL, 'm' }, { "link", required_argument, NULL, 'l' },
        { "script", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    optind = 0;                         /* GNU: begin anew */
    while ((c = getopt_long(argc, argv, "c:m:l:s:h", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->config = optarg;
            break;
        case 'H':
            o->http = optarg;
            break;
        case 'm':
            o->msisdn = optarg;
            break;
        case 'l':
            o->link = optarg;
            break;
        case 's':
            o->script = optarg;
            break;
        case 'h':
            fputs(dial_help, stdout);
            exit(0);
        default:
            return false;
        }
    }
    if (optind + 1 != argc)
        return false;
    o->code = argv[optind];
    return true;
}

static bool dial_set_address(struct dial *d, const char *address)
{
    const char *colon = strrchr(address, ':');
    char *end;
    long port = colon != NULL ? strtol(colon + 1, &end, 10) : 0;

    if (colon == NULL || port < 1 || port > 65535 || *end != '\0' || (size_t)(colon - address) >= sizeof d->host ||
        (strncmp(address, "127.", 4) != 0 && strncmp(address, "localhost:", 10) != 0)) {
        fprintf(stderr, "kheya dial: '%s' is no loopback address like " DIAL_HTTP "\n", address);
        return false;
    }
    snprintf(d->host, sizeof d->host, "%.*s", (int)(colon - address), address);
    if (strcmp(d->host, "localhost") == 0)
        snprintf(d->host, sizeof d->host, "127.0.0.1");
    d->port = (int)port;
    return true;
}

/* Address and link of the configuration; c must outlive the dialogue. */
static bool dial_use_config(struct dial *d, const struct dial_options *o, struct conf *c)
{
    struct buf errors;
    bool ok;

    buf_init(&errors, DIAL_ANSWER_MAX);
    ok = conf_load(c, o->config, &errors);
    if (!ok)
        fputs(buf_str(&errors), stderr);
    buf_fini(&errors);
    if (!ok)
        return false;
    for (int i = 0; i < c->link_count && o->link == NULL; i++)
        if (c->links[i].kind == CONF_LINK_HTTP) {
            d->link = c->links[i].name;
            break;
        }
    return dial_set_address(d, c->http_address);
}

static int dial_run(struct dial *d, const struct dial_options *o)
{
    if (strspn(d->msisdn, "0123456789") != strlen(d->msisdn) || strlen(d->msisdn) < 7 || strlen(d->msisdn) > 15) {
        fprintf(stderr, "kheya dial: '%s' is no number of 7 to 15 digits\n", d->msisdn);
        return 2;
    }
    if (dial_base(o->code) == 0)
        return 2;
    if (o->script != NULL)
        return dial_play(d, o->script, o->code);
    return dial_code(d, o->code) ? dial_talk(d) : 1;
}

int dial_main(int argc, char **argv)
{
    struct dial_options o = { 0 };
    struct conf c = { 0 };
    struct dial d = { .fresh = true };
    int status = 2;

    if (!dial_read_options(&o, argc, argv)) {
        fputs(dial_help, stderr);
        return 2;
    }
    d.link = o.link != NULL ? o.link : DIAL_LINK;
    d.msisdn = o.msisdn != NULL && o.msisdn[0] == '+' ? o.msisdn + 1 : o.msisdn != NULL ? o.msisdn : DIAL_MSISDN;
    buf_init(&d.input, DIAL_INPUT_MAX);
    buf_init(&d.answer, DIAL_ANSWER_MAX);
    if (dial_set_address(&d, o.http != NULL ? o.http : DIAL_HTTP) &&
        (o.config == NULL || o.http != NULL || dial_use_config(&d, &o, &c)))
        status = dial_run(&d, &o);
    buf_fini(&d.input);
    buf_fini(&d.answer);
    if (c.mem != NULL)
        conf_free(&c);
    return status;
}
