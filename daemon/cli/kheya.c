/*
 * kheya - the operator's command: finds the sub-command and steps aside.
 */
#include <stdio.h>
#include <string.h>

#include "cli/agent.h"
#include "cli/alert.h"
#include "cli/audit.h"
#include "cli/backend.h"
#include "cli/case.h"
#include "cli/check.h"
#include "cli/cost.h"
#include "cli/dial.h"
#include "cli/diff.h"
#include "cli/explain.h"
#include "cli/export.h"
#include "cli/funnel.h"
#include "cli/generations.h"
#include "cli/graph.h"
#include "cli/import.h"
#include "cli/keyed.h"
#include "cli/mass.h"
#include "cli/migrate.h"
#include "cli/new.h"
#include "cli/officer.h"
#include "cli/outbox.h"
#include "cli/payment.h"
#include "cli/play.h"
#include "cli/reload.h"
#include "cli/render.h"
#include "cli/replay.h"
#include "cli/savings.h"
#include "cli/schema.h"

static const struct command {
    const char *name;
    int (*main)(int argc, char **argv); /* argv[0] is the command's name */
    const char *help;
} commands[] = {
    { "agent", agent_main, "who serves at a digital centre, her PIN, and her day book" },
    { "alert", alert_main, "a storm's warning for a union, a district or the country" },
    { "audit", audit_main, "is the audit as it was written; the hash that a day ended with" },
    { "backend", backend_main, "cases on their way to agencies' systems: what waits, why, send it now" },
    { "case", case_main, "cases on the desk: list them, show one, move it on" },
    { "check", check_main, "every error and warning of a menu folder, in one pass" },
    { "cost", cost_main, "dialogues in 90-second blocks, by link and class, to check an operator's bill" },
    { "dial", dial_main, "a handset in the terminal, against a running kheyad" },
    { "diff", diff_main, "what changes for citizens from one menu folder to another" },
    { "explain", explain_main, "what a code of kheya check means, with a mistake and its cure" },
    { "export", export_main, "a list out of the database, as import takes it" },
    { "funnel", funnel_main, "where dialogues are left, by script, link or union" },
    { "generations", generations_main, "which menus dialogues run under; retire old ones" },
    { "graph", graph_main, "the tree of a menu folder, for Graphviz" },
    { "import", import_main, "lists into the database: places, centres, agents, fees, holidays, shelters" },
    { "keyed", keyed_main, "numbers of persons as cases keep them: hashed under the secret, with their last four" },
    { "mass", mass_main, "one message to all people of some unions, by two keys" },
    { "migrate", migrate_main, "bring a database to this version" },
    { "new", new_main, "a small tree of menus to begin with" },
    { "officer", officer_main, "who may answer cases by text message, and her codes" },
    { "outbox", outbox_main, "messages that wait, and what became of the others" },
    { "payment", payment_main, "payments: look, compare with a statement, give one back" },
    { "play", play_main, "run scripted dialogues on the engine" },
    { "reload", reload_main, "the running kheyad reads its menus again" },
    { "render", render_main, "the pages of one screen with their counts" },
    { "replay", replay_main, "recorded dialogues against a draft: which would end elsewhere" },
    { "savings", savings_main, "visits, hours and taka that finished cases spared citizens" },
    { "schema", schema_main, "the menu language as a JSON Schema, for editors" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *to)
{
    fputs("usage: kheya COMMAND [--help] ...\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].help);
    fputs("Exit status: 0 good, 1 found something wrong, 2 used wrongly.\n", to);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("kheya " KHEYA_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].main(argc - 1, argv + 1);
    fprintf(stderr, "kheya: no command '%s'\n", argv[1]);
    usage(stderr);
    return 2;
}
