#include "cli/reload.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/conf.h"

#define RELOAD_CONF "conf/kheya.yaml"
#define RELOAD_TIMEOUT_S 30

static const char reload_usage[] =
    "usage: kheya reload [-c FILE | --http HOST:PORT] [--retire-now]\n"
    "The running kheyad reads its menu folder again, whole.  With an error in it nothing\n"
    "changes.  Else new dialogues, of all processes on its database, run under the new\n"
    "menus within a second; running ones end under theirs, as long as limits.retire says.\n"
    "  --retire-now       they go on under the new menus from their next keypress\n"
    "  -c, --config FILE  the daemon's configuration (default " RELOAD_CONF ")\n"
    "  --http HOST:PORT   where it listens, instead\n"
    "Exit status: 0 published, 1 refused or not reached, 2 used wrongly.\n";

static void reload_on_answer(struct evhttp_request *req, void *arg)
{
    int *status = arg;
    int code = req != NULL ? evhttp_request_get_response_code(req) : 0;
    struct evbuffer *body;
    char text[4096];
    int n;

    if (code == 0) {
        fputs("kheya reload: kheyad does not answer\n", stderr);
        return;
    }
    *status = code == 200 ? 0 : 1;
    body = evhttp_request_get_input_buffer(req);
    while ((n = evbuffer_remove(body, text, sizeof text)) > 0)
        fwrite(text, 1, (size_t)n, code == 200 ? stdout : stderr);
}

static int reload_ask(const char *address, bool retire)
{
    struct event_base *base = event_base_new();
    struct evhttp_connection *connection;
    struct evhttp_request *req;
    char host[64];
    unsigned port;
    int status = 1;

    if (sscanf(address, "%63[^:]:%u", host, &port) != 2 || port == 0 || port > 65535) {
        fprintf(stderr, "kheya reload: '%s' is no address like 127.0.0.1:8333\n", address);
        event_base_free(base);
        return 2;
    }
    connection = evhttp_connection_base_new(base, NULL, host, (unsigned short)port);
    evhttp_connection_set_timeout(connection, RELOAD_TIMEOUT_S);
    req = evhttp_request_new(reload_on_answer, &status);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Host", host);
    evhttp_add_header(evhttp_request_get_output_headers(req), "X-Kheya", "reload");
    if (retire)
        evhttp_add_header(evhttp_request_get_output_headers(req), "X-Kheya-Retire", "now");
    evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
    if (evhttp_make_request(connection, req, EVHTTP_REQ_POST, "/admin/reload") == 0)
        event_base_dispatch(base);
    evhttp_connection_free(connection);
    event_base_free(base);
    return status;
}

int reload_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "http", required_argument, NULL, 'H' },
        { "retire-now", no_argument, NULL, 'R' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    const char *path = RELOAD_CONF;
    const char *address = NULL;
    bool retire = false;
    struct conf conf;
    struct buf errors;
    int status = 2;
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 'H':
            address = optarg;
            break;
        case 'R':
            retire = true;
            break;
        case 'h':
            fputs(reload_usage, stdout);
            return 0;
        default:
            fputs(reload_usage, stderr);
            return 2;
        }
    }
    if (optind != argc) {
        fputs(reload_usage, stderr);
        return 2;
    }
    if (address != NULL)
        return reload_ask(address, retire);
    buf_init(&errors, 256 * 1024);
    if (conf_load(&conf, path, &errors))
        status = reload_ask(conf.http_address, retire);
    fputs(buf_str(&errors), stderr);
    buf_fini(&errors);
    conf_free(&conf);
    return status;
}
