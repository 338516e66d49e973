/*
 * main.c - the telco: an SMPP server that plays the USSD centre and the SMS
 * centre, and the handsets behind them.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "centre.h"
#include "conf.h"
#include "control.h"
#include "fault.h"
#include "handset.h"
#include "load.h"
#include "phone.h"
#include "report.h"
#include "selfcheck.h"
#include "telco.h"

static void help(void)
{
    printf("usage: telco [--port 2775] [--sms-port P] [--control 127.0.0.1:8334] [--config FILE] [--SETTING VALUE ...]\n"
           "       telco phone  [--control HOST:PORT] [--msisdn N]      a handset in this terminal\n"
           "       telco script [--control HOST:PORT] FILE|-            scripted handsets\n"
           "       telco load   [--control HOST:PORT] --script FILE ... thousands of handsets\n"
           "       telco selfcheck                                      proves its own codec\n"
           "\n"
           "Ports 0 are chosen; the first line on stdout names them. All listen on loopback.\n"
           "  --account NAME:PASSWORD:KIND[,SETTING=VALUE...]   may bind; standard: ussd:secret:ussd and sms:secret:sms\n"
           "  --on VIOLATION=accept|refuse[:STATUS]             what to do about it\n"
           "  --phones N     bound of the table of phones (200000)\n"
           "  --events N     PDUs remembered (20000)\n"
           "\n"
           "Settings of accounts (here, of all; in --account, of one; POST /account while it runs):\n");
    conf_help();
    printf("\nControl API (JSON):\n");
    control_help();
    printf("\nFaults (POST /fault):\n");
    fault_help();
}

static void on_change(void *arg, struct phone *p)
{
    struct telco *t = arg;

    control_changed(t->control, p);
    if (p->load)
        load_changed(t, p);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static int serve(struct telco *t)
{
    struct event *term, *interrupt;
    char error[300];

    t->report = report_new((size_t)t->conf.events_max);
    for (size_t i = 0; i < t->conf.policy_count; i++)
        report_policy(t->report, (enum violation)t->conf.policies[i].kind, t->conf.policies[i].refuse,
                      t->conf.policies[i].status);
    t->handsets = handsets_new(t->base, t->conf.phones_max);
    t->centre = centre_new(t, error, sizeof(error));
    t->control = t->centre ? control_new(t, error, sizeof(error)) : NULL;
    if (!t->control) {
        fprintf(stderr, "telco: %s\n", error);
        return 2;
    }
    handsets_on_change(t->handsets, on_change, t);
    term = evsignal_new(t->base, SIGTERM, on_signal, t->base);
    interrupt = evsignal_new(t->base, SIGINT, on_signal, t->base);
    event_add(term, NULL);
    event_add(interrupt, NULL);
    printf("telco ready smpp=127.0.0.1:%d sms=127.0.0.1:%d control=%s:%d\n", centre_port(t->centre),
           centre_sms_port(t->centre) > 0 ? centre_sms_port(t->centre) : centre_port(t->centre), t->conf.control_host,
           control_port(t->control));
    fflush(stdout);
    event_base_dispatch(t->base);
    event_free(term);
    event_free(interrupt);
    return 0;
}

static int server_main(int argc, char **argv)
{
    struct telco t = { 0 };
    char error[300];
    int status;

    if (!conf_args(&t.conf, argc, argv, error, sizeof(error))) {
        fprintf(stderr, "telco: %s\n", error);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    t.base = event_base_new();
    if (!t.base)
        return 2;
    status = serve(&t);
    if (t.centre)
        load_stop(&t);
    control_free(t.control);
    centre_free(t.centre);
    handsets_free(t.handsets);
    report_free(t.report);
    event_base_free(t.base);
    return status;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        { "phone", phone_main },
        { "script", play_main },
        { "load", load_main },
        { "selfcheck", selfcheck_main },
    };

    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        help();
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return server_main(argc, argv);
}
