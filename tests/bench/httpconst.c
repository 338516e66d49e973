/*
 * httpconst - kheyad's HTTP listener with one constant page: what it can answer at most.
 *
 *   httpconst [--port N]
 *
 * Prints "port N"; serves POST /ussd/web until it is told to end.
 */
#include <event2/event.h>
#include <event2/http.h>
#include <getopt.h>
#include <signal.h>

#include "measure.h"
#include "wire/http.h"

static void on_request(void *arg, struct evhttp_request *req, const char *rest)
{
    static const char page[] = "CON 333 Govt services\n1 Allowance and money\n2 Passport\n3 Birth certificate\n"
                               "4 Complaint\n5 Land";

    (void)arg;
    (void)rest;
    http_answer(req, 200, "text/plain; charset=utf-8", page, sizeof page - 1);
}

int main(int argc, char **argv)
{
    struct http_args args = { .base = event_base_new() };
    char address[64] = "127.0.0.1:0";   /* any port */
    char err[256] = "";
    struct http *http;

    if (args.base == NULL || argc > 3 || (argc == 3 && strcmp(argv[1], "--port") != 0) || argc == 2)
        measure_die("usage: httpconst [--port N]");
    signal(SIGPIPE, SIG_IGN);
    measure_raise_files();
    if (argc == 3)
        snprintf(address, sizeof address, "127.0.0.1:%ld", measure_long("--port", argv[2], 1, 65535));
    args.address = address;
    http = http_new(&args, err, sizeof err);
    if (http == NULL)
        measure_die("httpconst: %s", err);
    http_route(http, "/ussd/web", EVHTTP_REQ_POST, on_request, NULL);
    printf("port %d\n", http_port(http));
    fflush(stdout);
    event_base_dispatch(args.base);
    return 0;
}
