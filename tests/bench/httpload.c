/*
 * httpload - plays an aggregator: dialogues over HTTP, one per kept connection.
 *
 *   httpload --port N --script FILE [--path /ussd/web] [--open N] [--warm MS] [--measure MS] [--repeat N]
 *            [--first N] [--numbers N] [--constant] [--watch NAME=PID] [--tree NAME=PID]
 *
 * Form POSTs as africastalking sends them: sessionId phoneNumber networkCode
 * serviceCode text, text being all inputs so far joined by '*'.  A step is a
 * request until its whole answer is here.  --constant: the server knows one
 * page only, so pages are not compared.  One JSON line per repetition.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "measure.h"

#define ANSWER_MAX 4096
#define EVENTS_MAX 512

struct conn {
    int fd;
    int step;
    long number;
    uint64_t session;
    int64_t sent;                       /* us; 0: nothing under way */
    size_t len;
    char answer[ANSWER_MAX];
};

enum error { NO_REPLY = 0, CLOSED, BAD_STATUS, BAD_HTTP, WRONG_PREFIX, WRONG_TEXT, ERRORS };
static const char *const error_names[ERRORS] = {
    "no_reply", "closed", "bad_status", "bad_http", "wrong_prefix", "wrong_text",
};

static struct {
    struct script script;
    struct watches watches;
    const char *path;
    int port, open;
    long first, numbers, next;
    bool constant;
    int epoll;
    struct conn *conns;
    char joined[SCRIPT_STEPS_MAX][512];     /* by step: text, form-encoded */
    uint64_t session;
    uint32_t salt;
    int64_t now;
    bool measuring, draining;
    int active;
    long ended;
    struct hist hist;
    uint64_t errors[ERRORS];
} h;

static void complain(enum error e, const char *text, size_t n)
{
    if (h.errors[e]++ == 0)
        fprintf(stderr, "httpload: %s: '%.*s'\n", error_names[e], (int)(n < 400 ? n : 400), text);
}

/* Unreserved characters as they are (RFC 3986 2.3), the rest escaped. */
static void encode(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);

    for (; *text != '\0' && n + 4 < size; text++) {
        bool plain = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z');

        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", plain ? *text : (unsigned char)*text);
    }
}

static void prepare(void)
{
    for (int i = 1; i < h.script.count; i++) {
        memcpy(h.joined[i], h.joined[i - 1], sizeof h.joined[i]);
        encode(h.joined[i], sizeof h.joined[i], i > 1 ? "*" : "");
        encode(h.joined[i], sizeof h.joined[i], h.script.steps[i].input);
    }
}

static void send_step(struct conn *c)
{
    char body[1024], request[2048];
    int n, m;
    ssize_t done;

    n = snprintf(body, sizeof body,
                 "sessionId=ATUid_%08" PRIx32 "%012" PRIx64
                 "&phoneNumber=%%2B8801%09ld&networkCode=47001&serviceCode=%%2A333%%23&text=%s",
                 h.salt, c->session, MEASURE_NUMBER_BASE + h.first + c->number, h.joined[c->step]);
    m = snprintf(request, sizeof request,
                 "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 h.path, h.port, n, body);
    c->sent = h.now;
    c->len = 0;
    done = send(c->fd, request, (size_t)m, MSG_NOSIGNAL);
    if (done != m)
        measure_die("httpload: send: %s", done < 0 ? strerror(errno) : "short");
}

static void begin(struct conn *c)
{
    c->sent = 0;
    if (h.draining)
        return;
    c->step = 0;
    c->number = h.next;
    h.next = (h.next + 1) % h.numbers;
    c->session = ++h.session;
    h.active++;
    send_step(c);
}

static void end(struct conn *c)
{
    h.active--;
    h.ended++;
    begin(c);
}

static void on_page(struct conn *c, const char *page, size_t n)
{
    bool last = c->step == h.script.count - 1;
    bool good = true;

    if (h.measuring)
        hist_add(&h.hist, h.now - c->sent);
    if (!h.constant && (n < 4 || memcmp(page, last ? "END " : "CON ", 4) != 0)) {
        complain(WRONG_PREFIX, page, n);
        good = false;
    } else if (!h.constant && !script_sees(&h.script, c->step, page, n)) {
        complain(WRONG_TEXT, page, n);
        good = false;
    }
    if (last || !good) {
        end(c);
        return;
    }
    c->step++;
    send_step(c);
}

/* A whole answer with its length told is here: hand over its page. */
static bool parse(struct conn *c)
{
    char *body, *field;
    size_t head, length;

    c->answer[c->len] = '\0';
    body = strstr(c->answer, "\r\n\r\n");
    if (body == NULL)
        return c->len + 1 < sizeof c->answer;
    head = (size_t)(body - c->answer) + 4;
    field = strcasestr(c->answer, "\r\ncontent-length:");
    if (field == NULL || field > body)
        return false;
    length = strtoul(field + 17, NULL, 10);
    if (length > sizeof c->answer - 1 - head)
        return false;
    if (c->len < head + length)
        return true;
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0) {
        complain(BAD_STATUS, c->answer, c->len);
        end(c);
        return true;
    }
    on_page(c, c->answer + head, length);
    return true;
}

static void on_readable(struct conn *c)
{
    ssize_t n = recv(c->fd, c->answer + c->len, sizeof c->answer - 1 - c->len, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        measure_die("httpload: the server has closed a connection: %s", n < 0 ? strerror(errno) : "end of file");
    c->len += (size_t)n;
    if (!parse(c)) {
        complain(BAD_HTTP, c->answer, c->len);
        measure_die("httpload: not an answer with Content-Length");
    }
}

static void expire(void)
{
    for (int i = 0; i < h.open; i++)
        if (h.conns[i].sent != 0 && h.now - h.conns[i].sent > MEASURE_PATIENCE_US) {
            complain(NO_REPLY, h.joined[h.conns[i].step], strlen(h.joined[h.conns[i].step]));
            measure_die("httpload: no answer in five seconds");
        }
}

static void turn(int ms)
{
    static int64_t looked;
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(h.epoll, events, EVENTS_MAX, ms);

    h.now = clock_mono_us();
    for (int i = 0; i < n; i++)
        on_readable(events[i].data.ptr);
    if (h.now - looked > 250000) {
        looked = h.now;
        expire();
    }
}

static void connect_all(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)h.port) };
    const int on = 1;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h.epoll = epoll_create1(EPOLL_CLOEXEC);
    h.conns = xcalloc((size_t)h.open, sizeof *h.conns);
    for (int i = 0; i < h.open; i++) {
        struct conn *c = &h.conns[i];
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&a, sizeof a) < 0 ||
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
            fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(h.epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
            measure_die("httpload: connection %d of %d: %s", i + 1, h.open, strerror(errno));
    }
}

static int64_t own_cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void print(int64_t us, int64_t cpu)
{
    uint64_t errors = 0;

    printf("{\"open\":%d,\"steps\":%" PRIu64 ",\"dialogues\":%ld,\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%" PRIu64
           ",\"p99_us\":%" PRIu64 ",\"max_us\":%" PRId64 ",\"self_us\":%" PRId64,
           h.open, h.hist.count, h.ended, (double)us / 1e6, (double)h.hist.count * 1e6 / (double)us,
           hist_quantile(&h.hist, 0.5), hist_quantile(&h.hist, 0.99), h.hist.max, cpu);
    watch_print(&h.watches);
    for (int i = 0; i < ERRORS; i++)
        errors += h.errors[i];
    printf(",\"errors\":%" PRIu64, errors);
    for (int i = 0; i < ERRORS; i++)
        if (h.errors[i] > 0)
            printf(",\"%s\":%" PRIu64, error_names[i], h.errors[i]);
    printf("}\n");
    fflush(stdout);
}

static void run(int64_t warm_us, int64_t measure_us, int repeat)
{
    int64_t from, cpu;

    h.now = clock_mono_us();
    for (int i = 0; i < h.open; i++)
        begin(&h.conns[i]);
    from = h.now;
    while (h.now - from < warm_us)
        turn(1);
    for (int i = 0; i < repeat; i++) {
        memset(&h.hist, 0, sizeof h.hist);
        memset(h.errors, 0, sizeof h.errors);
        h.ended = 0;
        watch_begin(&h.watches);
        cpu = own_cpu();
        from = h.now = clock_mono_us();
        h.measuring = true;
        while (h.now - from < measure_us)
            turn(1);
        h.measuring = false;
        print(h.now - from, own_cpu() - cpu);
    }
    h.draining = true;
    while (h.active > 0)
        turn(100);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "port", required_argument, NULL, 'p' },    { "script", required_argument, NULL, 's' },
        { "path", required_argument, NULL, 'u' },    { "open", required_argument, NULL, 'o' },
        { "warm", required_argument, NULL, 'a' },    { "measure", required_argument, NULL, 'm' },
        { "repeat", required_argument, NULL, 'r' },  { "first", required_argument, NULL, 'f' },
        { "numbers", required_argument, NULL, 'n' }, { "constant", no_argument, NULL, 'c' },
        { "watch", required_argument, NULL, 'w' },   { "tree", required_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    const char *script = NULL;
    long warm = 500, measure = 2000, repeat = 1;
    int opt;

    h.path = "/ussd/web";
    h.open = 64;
    h.numbers = 65536;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'p': h.port = (int)measure_long("--port", optarg, 1, 65535); break;
        case 's': script = optarg; break;
        case 'u': h.path = optarg; break;
        case 'o': h.open = (int)measure_long("--open", optarg, 1, 60000); break;
        case 'a': warm = measure_long("--warm", optarg, 0, 600000); break;
        case 'm': measure = measure_long("--measure", optarg, 1, 600000); break;
        case 'r': repeat = measure_long("--repeat", optarg, 1, 1000); break;
        case 'f': h.first = measure_long("--first", optarg, 0, MEASURE_NUMBERS_MAX); break;
        case 'n': h.numbers = measure_long("--numbers", optarg, 1, MEASURE_NUMBERS_MAX); break;
        case 'c': h.constant = true; break;
        case 'w': watch_add(&h.watches, optarg, false); break;
        case 't': watch_add(&h.watches, optarg, true); break;
        default: return 2;
        }
    }
    if (script == NULL || h.port == 0 || h.open > h.numbers)
        measure_die("usage: httpload --port N --script FILE [--path PATH] [--open N] [--warm MS] [--measure MS] ...");
    script_read(&h.script, script);
    prepare();
    h.salt = (uint32_t)clock_now() ^ (uint32_t)getpid() << 16;
    measure_raise_files();
    connect_all();
    run(warm * 1000, measure * 1000, (int)repeat);
    return 0;
}
