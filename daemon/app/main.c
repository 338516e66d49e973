/*
 * kheyad - the daemon: options, checks, signals, the loop, readiness.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/apikeys.h"
#include "app/backends.h"
#include "app/conf.h"
#include "app/gateway.h"
#include "app/handover.h"
#include "app/publisher.h"
#include "app/secret.h"
#include "app/tills.h"
#include "base/clock.h"
#include "base/log.h"
#include "menu/model.h"
#include "wire/api.h"
#include "wire/http.h"

#define MAIN_DRAIN_MS 5000              /* a stop waits so long for steps under way */

enum main_exit { MAIN_OK = 0, MAIN_FOUND = 1, MAIN_REFUSED = 2 };

struct main {
    struct conf conf;
    struct menu *menu;
    struct event_base *base;
    struct http *http;
    struct gateway *gateway;
    struct admin *admin;
    struct publisher *publisher;
    struct event *signals[3];
    int pid_fd;
    int64_t stop_at;                    /* clock_mono() ms; 0 while serving */
    bool stop_now;
};

static void main_usage(FILE *to)
{
    fputs("usage: kheyad [-n] [-v] -c conf/kheya.yaml\n"
          "  -c FILE   configuration\n"
          "  -n        check configuration and menus, print 'ok', exit (1: something is wrong)\n"
          "  -v        log more\n"
          "  --keys    print every configuration key with its default\n"
          "  --api     print the paths, parameters, errors and bounds of the ministry API\n"
          "  --version --help\n"
          "SIGHUP reads the menus again.\n"
          "SIGTERM and SIGINT finish the steps under way, then stop; a second one stops at once.\n",
          to);
}

/* The file of the secret is read again where it is used: here only to say in time
 * that it cannot be. */
static bool main_check_secret(const struct conf *conf, const struct menu *menu)
{
    unsigned char key[SECRET_SIZE];
    char err[256];

    if (conf->secret[0] == '\0' && menu != NULL && (menu->pin != MENU_NONE || menu->keyed || handover_needs_secret(menu))) {
        fprintf(stderr, "kheyad: the menus %s: the setting 'secret' must name a file, made like this: "
                "head -c 32 /dev/urandom > secret; chmod 600 secret\n",
                menu->pin != MENU_NONE ? "ask for PINs" : menu->keyed ? "keep numbers of persons under a key" : "hand sensitive values to back ends");
        return false;
    }
    if (conf->secret[0] == '\0')
        return true;
    if (secret_read(conf->secret, "", key, err, sizeof err)) {
        sodium_memzero(key, sizeof key);
        return true;
    }
    fprintf(stderr, "kheyad: %s\n", err);
    return false;
}

static bool main_check_keys(const struct conf *conf, const struct menu *menu)
{
    char err[512];

    if ((menu == NULL || (backends_check(menu, conf->folder, err, sizeof err) &&
                          tills_check(menu, conf->folder, err, sizeof err))) && apikeys_check(conf, err, sizeof err))
        return true;
    fprintf(stderr, "kheyad: %s\n", err);
    return false;
}

/* Errors for people: "file:line:column: error: text", every one of them. */
static bool main_load(struct main *m, const char *path)
{
    struct conf_menu_links links;
    struct menu_issues issues;
    struct buf errors;

    buf_init(&errors, 256 * 1024);
    if (!conf_load(&m->conf, path, &errors)) {
        fputs(buf_str(&errors), stderr);
        buf_fini(&errors);
        return false;
    }
    buf_fini(&errors);
    conf_menu_links(&m->conf, &links);
    m->menu = menu_load_for(m->conf.menus, &links.links, &issues);
    for (int i = 0; i < issues.count; i++) {
        const struct menu_issue *e = &issues.list[i];

        if (m->menu == NULL || e->severity == MENU_ERROR)
            fprintf(stderr, "%s:%d:%d: %s: %s [%s]\n", e->pos.file, e->pos.line, e->pos.column,
                    e->severity == MENU_ERROR ? "error" : "warning", e->text, e->code);
    }
    menu_issues_free(&issues);
    return main_check_secret(&m->conf, m->menu) && main_check_keys(&m->conf, m->menu) && m->menu != NULL;
}

/* One daemon per pid file: the lock is the truth, the number is for people. */
static bool main_pid_lock(struct main *m)
{
    char text[32];
    int n;

    m->pid_fd = -1;
    if (m->conf.pid_file[0] == '\0')
        return true;
    m->pid_fd = open(m->conf.pid_file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (m->pid_fd < 0) {
        log_err("event=pid_file path=%s reason=\"%s\" next=exit", m->conf.pid_file, strerror(errno));
        return false;
    }
    if (flock(m->pid_fd, LOCK_EX | LOCK_NB) != 0) {
        log_err("event=pid_file path=%s reason=\"another kheyad holds it\" next=exit", m->conf.pid_file);
        return false;
    }
    n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(m->pid_fd, 0) != 0 || write(m->pid_fd, text, (size_t)n) != n)
        log_warn("event=pid_file path=%s reason=\"%s\" next=go_on", m->conf.pid_file, strerror(errno));
    return true;
}

/* sd_notify(3) by hand: one datagram, no library. */
static void main_notify(const char *what)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd;

    if (path == NULL || strlen(path) >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, strlen(path));
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (sendto(fd, what, strlen(what), MSG_NOSIGNAL, (const struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
        log_warn("event=notify reason=\"%s\"", strerror(errno));
    close(fd);
}

static void main_on_signal(evutil_socket_t sig, short what, void *arg)
{
    struct main *m = arg;

    (void)what;
    if (m->stop_at != 0) {
        m->stop_now = true;
        return;
    }
    log_info("event=stopping signal=%d", (int)sig);
    main_notify("STOPPING=1");
    m->stop_at = clock_mono() + MAIN_DRAIN_MS;
    gateway_drain(m->gateway);
}

/* SIGHUP: the menus again; what is wrong with them stands in the log. */
static void main_on_hangup(evutil_socket_t sig, short what, void *arg)
{
    struct main *m = arg;
    struct buf report;

    (void)sig;
    (void)what;
    buf_init(&report, 256 * 1024);
    if (!gateway_reload(m->gateway, &report))
        fputs(buf_str(&report), stderr);
    buf_fini(&report);
}

static bool main_open(struct main *m)
{
    static const int signals[] = { SIGTERM, SIGINT };
    char err[256] = "";

    m->base = event_base_new();
    if (m->conf.http_address[0] != '\0') {
        struct http_args http = { .base = m->base, .address = m->conf.http_address };

        m->http = http_new(&http, err, sizeof err);
        if (m->http == NULL) {
            log_err("event=http address=%s reason=\"%s\" next=exit", m->conf.http_address, err);
            return false;
        }
    }
    log_info("event=started version=%s screens=%d languages=%d links=%d http_port=%d generation=%016llx", KHEYA_VERSION,
             m->menu->screen_count, m->menu->lang_count, m->conf.link_count, m->http != NULL ? http_port(m->http) : 0,
             (unsigned long long)m->menu->generation);
    m->gateway = gateway_new(&(struct gateway_args){ m->base, &m->conf, m->menu, m->http }, err, sizeof err);
    m->menu = NULL;
    if (m->gateway == NULL) {
        log_err("event=gateway reason=\"%s\" next=exit", err);
        return false;
    }
    if (m->http != NULL)
        m->admin = admin_new(m->base, m->http, m->gateway, m->conf.http_handset);
    if (m->http != NULL &&
        (m->publisher = publisher_new(m->base, m->http, m->gateway, m->conf.database, err, sizeof err)) == NULL)
        log_warn("event=no_public_page error=\"%s\"", err);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        m->signals[i] = evsignal_new(m->base, signals[i], main_on_signal, m);
        event_add(m->signals[i], NULL);
    }
    m->signals[2] = evsignal_new(m->base, SIGHUP, main_on_hangup, m);
    event_add(m->signals[2], NULL);
    signal(SIGPIPE, SIG_IGN);
    return true;
}

static void main_loop(struct main *m)
{
    bool ready = false;

    while (!m->stop_now && (m->stop_at == 0 || (!gateway_is_idle(m->gateway) && clock_mono() < m->stop_at))) {
        if (event_base_loop(m->base, EVLOOP_ONCE) < 0)
            break;
        gateway_after_turn(m->gateway);
        if (!ready && gateway_is_ready(m->gateway)) {
            ready = true;
            log_info("event=ready");
            main_notify("READY=1");
        }
    }
    gateway_after_turn(m->gateway);
    log_info("event=stopped");
}

static void main_close(struct main *m)
{
    for (size_t i = 0; i < sizeof m->signals / sizeof m->signals[0]; i++)
        if (m->signals[i] != NULL)
            event_free(m->signals[i]);
    publisher_free(m->publisher);
    admin_free(m->admin);
    gateway_free(m->gateway);
    http_free(m->http);
    if (m->base != NULL)
        event_base_free(m->base);
    menu_free(m->menu);
    conf_free(&m->conf);
    if (m->pid_fd >= 0)
        close(m->pid_fd);
}

/* What people typed stands in memory: no core file has it, nor who traces us as the same user. */
static void main_keep_memory(void)
{
    static const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        log_warn("event=core_files_possible reason=\"%s\"", strerror(errno));
}

static int main_print(void (*help)(struct buf *out))
{
    struct buf out;

    buf_init(&out, 64 * 1024);
    help(&out);
    fputs(buf_str(&out), stdout);
    buf_fini(&out);
    return MAIN_OK;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { "keys", no_argument, NULL, 'k' },
        { "api", no_argument, NULL, 'a' },
        { NULL, 0, NULL, 0 },
    };
    struct main m = { .pid_fd = -1 };
    const char *path = NULL;
    bool check = false;
    bool verbose = false;
    int opt;
    int result = MAIN_REFUSED;

    while ((opt = getopt_long(argc, argv, "c:nvh", options, NULL)) != -1) {
        switch (opt) {
        case 'c':
            path = optarg;
            break;
        case 'n':
            check = true;
            break;
        case 'v':
            verbose = true;
            break;
        case 'k':
            return main_print(conf_help);
        case 'a':
            return main_print(api_help);
        case 'h':
            main_usage(stdout);
            return MAIN_OK;
        case 'V':
            puts("kheyad " KHEYA_VERSION);
            return MAIN_OK;
        default:
            main_usage(stderr);
            return MAIN_REFUSED;
        }
    }
    if (path == NULL || optind != argc) {
        main_usage(stderr);
        return MAIN_REFUSED;
    }
    if (!main_load(&m, path)) {
        main_close(&m);
        return check ? MAIN_FOUND : MAIN_REFUSED;
    }
    if (!check)
        main_keep_memory();
    log_set_level(verbose ? LOG_LEVEL_DEBUG : (enum log_level)m.conf.log_level);
    if (check) {
        puts("ok");
        result = MAIN_OK;
    } else if (main_pid_lock(&m) && main_open(&m)) {
        main_loop(&m);
        result = MAIN_OK;
    }
    main_close(&m);
    return result;
}
