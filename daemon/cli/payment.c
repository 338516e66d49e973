#include "cli/payment.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/operator.h"
#include "cli/reconcile.h"
#include "engine/payment.h"
#include "store/ledger.h"

#define PAYMENT_CONF "conf/kheya.yaml"
#define PAYMENT_LIST_MAX 1000
#define PAYMENT_ACTOR_MAX 80
#define PAYMENT_KEY_MAX 64

static const char payment_usage[] =
    "usage: kheya payment [-c FILE | --database CONNINFO] [OPTION ...] list\n"
    "       kheya payment ... show REF\n"
    "       kheya payment ... refund REF\n"
    "       kheya payment ... --taka N --key KEY refund REF                a part of it\n"
    "       kheya payment ... reconcile --provider NAME STATEMENT.csv\n"
    "list: the newest first. show: one, and its history. refund: ask its provider to give it back, or a part of it;\n"
    "kheyad does it.\n"
    "reconcile: every difference between a provider's statement and the payments here. The first line of the file\n"
    "names its columns, in any order: time,trx,ref,kind,taka; kind is payment or refund, time is the country's.\n"
    "  -c, --config FILE        the daemon's configuration (default " PAYMENT_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -p, --provider NAME      of this provider\n"
    "  -s, --state STATE        list: quoted, requested, approved, failed, confirmed or refunded\n"
    "  -f, --for WHAT           list: what is paid, a case's number or a bill like 'BREB 1012345678901 11/2026'\n"
    "  -2, --twice              list: those alone that paid what another had paid: give them back\n"
    "      --from, --to DAY     reconcile: days that the statement is of, like 2026-11-25; those in it\n"
    "  -a, --apply              reconcile: take in what the provider has and we have not heard of\n"
    "  -t, --taka N             refund: so much of it, never more in all than was paid\n"
    "  -k, --key KEY            refund --taka: the same key twice is done once\n"
    "  -n, --note TEXT          refund: why\n"
    "  -b, --by NAME            who you are, for the history (default: your login)\n"
    "Exit status: 0 done and all agrees, 1 not, 2 used wrongly.\n";

enum payment_what { PAYMENT_LIST = 0, PAYMENT_SHOW, PAYMENT_REFUND, PAYMENT_RECONCILE, PAYMENT_WHATS };

static const struct payment_word {
    const char *name;
    int words;                          /* behind it */
} payment_words[PAYMENT_WHATS] = {
    [PAYMENT_LIST] = { "list", 0 }, [PAYMENT_SHOW] = { "show", 1 }, [PAYMENT_REFUND] = { "refund", 1 },
    [PAYMENT_RECONCILE] = { "reconcile", 1 },
};

struct payment_args {
    const char *conf, *conninfo;
    const char *provider, *state, *about, *note, *by, *taka, *key;
    const char *from, *to;
    bool apply, twice, help;
    enum payment_what what;
    const char *word;                   /* REF or the file */
};

/* --- looking -------------------------------------------------------------------------------- */

static const char *payment_time(int64_t ms, char text[32])
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm;

    if (ms == 0 || localtime_r(&at, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M", &tm) == 0)
        return "-";
    return text;
}

/* arg NULL: owes says nothing of another one. */
static void payment_print(void *arg, const struct store_payment *row)
{
    char at[32], mask[LOG_MASK_SIZE], parts[64] = "";

    if (row->asked > 0 && row->back == 0)
        (void)snprintf(parts, sizeof parts, "  (Tk %" PRId64 " of it given back, %" PRId64 " asked for)", row->given,
                       row->asked - row->given);
    printf("%s  %-16s  %-9s  %7" PRId64 "  %-10s  %-13s  %-12s  %s%s%s%s\n", row->ref, payment_time(row->created, at), row->state,
           row->taka, row->provider, log_mask(mask, row->msisdn), row->about[0] != '\0' ? row->about : "-", row->trx,
           arg != NULL && row->owes != 0 ? "  (paid twice)" : "",
           row->refund && row->back == 0 ? "  (refund asked for)" : "", parts);
}

static void payment_print_event(void *arg, const struct ledger_event *e)
{
    char at[32];

    (void)arg;
    printf("    %-16s  %-9s  %s%s%s\n", payment_time(e->at, at), e->state, e->actor, e->note[0] != '\0' ? ": " : "", e->note);
}

static int payment_fail(const char *what, const char *why)
{
    fprintf(stderr, "kheya payment: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
    return 1;
}

static int payment_list(const struct payment_args *a, struct ledger *l)
{
    const struct ledger_filter filter = { a->state, a->provider, a->about, PAYMENT_LIST_MAX, a->twice };
    bool listed = true;

    printf("%-20s  %-16s  %-9s  %7s  %-10s  %-13s  %-12s  %s\n", "ref", "asked", "state", "taka", "provider", "payer", "for",
           "trx");
    return ledger_list(l, &filter, payment_print, &listed) ? 0 : payment_fail(ledger_error(l), "");
}

static int payment_show(const struct payment_args *a, struct ledger *l)
{
    if (ledger_show(l, a->word, payment_print, payment_print_event, NULL))
        return 0;
    return payment_fail(ledger_error(l)[0] != '\0' ? ledger_error(l) : "no such payment", "");
}

/* --- giving back -------------------------------------------------------------------------------- */

/* What a row says, to be kept longer than it. */
struct payment_kept {
    char ref[PAYMENT_REF_SIZE], trx[PAYMENT_TRX_MAX + 1];
    struct store_payment row;
};

static void payment_keep(void *arg, const struct store_payment *row)
{
    struct payment_kept *k = arg;

    k->row = *row;
    (void)snprintf(k->ref, sizeof k->ref, "%s", row->ref);
    (void)snprintf(k->trx, sizeof k->trx, "%s", row->trx);
    k->row.ref = k->ref;
    k->row.trx = k->trx;
    k->row.state = payment_state_name(payment_state_find(row->state));
    k->row.reason = "";
    k->row.owes = 0;
}

static const char *payment_actor(const struct payment_args *a, char actor[PAYMENT_ACTOR_MAX])
{
    (void)snprintf(actor, PAYMENT_ACTOR_MAX, "operator %.60s", a->by != NULL ? a->by : operator_login());
    return actor;
}

static int payment_refund_part(const struct payment_args *a, struct ledger *l)
{
    char actor[PAYMENT_ACTOR_MAX];
    const struct ledger_part part = { .ref = a->word, .taka = strtoll(a->taka, NULL, 10), .key = a->key,
                                      .actor = payment_actor(a, actor), .note = a->note != NULL ? a->note : "" };
    struct ledger_asked asked;
    const char *o = asked.outcome;

    if (!ledger_ask_part(l, &part, &asked))
        return payment_fail(ledger_error(l), "");
    if (strcmp(o, "asked") == 0 || strcmp(o, "again") == 0) {
        printf("%s: Tk %" PRId64 " of it %s asked back, part %d; Tk %" PRId64 " left\n", part.ref, part.taka,
               strcmp(o, "asked") == 0 ? "is" : "was", asked.n, asked.rest);
        return 0;
    }
    if (strcmp(o, "other") == 0)
        fprintf(stderr, "kheya payment: %s: this key was used for Tk %" PRId64 "; nothing is done\n", part.ref, asked.rest);
    else if (strcmp(o, "much") == 0)
        fprintf(stderr, "kheya payment: %s: only Tk %" PRId64 " of it can be given back\n", part.ref, asked.rest);
    else if (strcmp(o, "whole") == 0)
        fprintf(stderr, "kheya payment: %s: all of it was asked back already\n", part.ref);
    else if (strcmp(o, "unpaid") == 0)
        fprintf(stderr, "kheya payment: %s: only what is confirmed, and not given back, can be given back\n", part.ref);
    else
        fputs("kheya payment: no such payment\n", stderr);
    return 1;
}

static int payment_refund(const struct payment_args *a, struct ledger *l)
{
    struct payment_kept k;
    struct payment p = { .taka = 0 };
    char actor[PAYMENT_ACTOR_MAX];
    bool there = false;

    memset(&k, 0, sizeof k);
    if (a->taka != NULL)
        return payment_refund_part(a, l);
    if (!ledger_show(l, a->word, payment_keep, NULL, &k))
        return payment_fail(ledger_error(l)[0] != '\0' ? ledger_error(l) : "no such payment", "");
    p.state = payment_state_find(k.row.state);
    if (p.state == PAYMENT_REFUNDED || k.row.refund) {
        printf("%s: %s\n", k.ref, p.state == PAYMENT_REFUNDED ? "refunded" : "its refund has been asked for");
        return 0;
    }
    if (!payment_may_refund(&p))
        return payment_fail(k.ref, "nothing was paid: it can be given back only when it is confirmed");
    if (k.row.asked > 0) {
        fprintf(stderr, "kheya payment: %s: Tk %" PRId64 " of it were asked back in parts; for the rest: --taka %" PRId64 " --key KEY\n",
                k.ref, k.row.asked, k.row.taka - k.row.asked);
        return 1;
    }
    k.row.refund = true;
    if (!ledger_write(l, &k.row, payment_actor(a, actor), a->note != NULL ? a->note : "refund asked for", &there))
        return payment_fail(ledger_error(l), "");
    if (!there)
        return payment_fail(k.ref, "it was changed meanwhile; try again");
    printf("%s: its refund is asked for\n", k.ref);
    return 0;
}

/* --- what is asked ---------------------------------------------------------------------------------- */

static int payment_reconcile(const struct payment_args *a, struct ledger *l)
{
    char actor[PAYMENT_ACTOR_MAX];
    const struct reconcile_args args = { a->word, a->provider, a->from, a->to, a->apply ? payment_actor(a, actor) : NULL };

    return reconcile_run(&args, l);
}

static int payment_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct payment_args *a = arg;
    static int (*const does[PAYMENT_WHATS])(const struct payment_args *a, struct ledger *l) = {
        [PAYMENT_LIST] = payment_list, [PAYMENT_SHOW] = payment_show, [PAYMENT_REFUND] = payment_refund,
        [PAYMENT_RECONCILE] = payment_reconcile,
    };
    char err[512] = "";
    struct ledger *l = ledger_open(conninfo, err, sizeof err);
    int status;

    (void)conf;
    if (l == NULL)
        return payment_fail(err, "");
    status = does[a->what](a, l);
    ledger_close(l);
    return status;
}

/* --taka and --key go together, with refund. */
static bool payment_is_part(const struct payment_args *a)
{
    if (a->what != PAYMENT_REFUND)
        return false;
    if (a->taka == NULL || a->key == NULL) {
        fputs("kheya payment: --taka needs --key, and --key --taka: the same key twice is done once\n", stderr);
        return false;
    }
    if (strlen(a->taka) == 0 || strlen(a->taka) > 8 || strspn(a->taka, "0123456789") != strlen(a->taka) || a->taka[0] == '0') {
        fprintf(stderr, "kheya payment: --taka '%.40s': a whole number above 0\n", a->taka);
        return false;
    }
    if (a->key[0] == '\0' || strlen(a->key) > PAYMENT_KEY_MAX) {
        fprintf(stderr, "kheya payment: --key: 1 to %d characters\n", PAYMENT_KEY_MAX);
        return false;
    }
    return true;
}

static bool payment_order(struct payment_args *a, int count, char **words)
{
    int16_t bucket;
    int64_t ms;
    int i = 0;

    while (count > 0 && i < PAYMENT_WHATS && strcmp(words[0], payment_words[i].name) != 0)
        i++;
    if (count == 0 || i == PAYMENT_WHATS || count != 1 + payment_words[i].words)
        return false;
    a->what = (enum payment_what)i;
    a->word = count > 1 ? words[1] : "";
    if ((a->what == PAYMENT_SHOW || a->what == PAYMENT_REFUND) && !payment_ref_bucket(a->word, &bucket)) {
        fprintf(stderr, "kheya payment: '%s' is no reference: 20 digits and letters, as list shows them\n", a->word);
        return false;
    }
    if (a->what == PAYMENT_RECONCILE && a->provider == NULL) {
        fputs("kheya payment: reconcile needs --provider\n", stderr);
        return false;
    }
    if ((a->taka != NULL || a->key != NULL) && !payment_is_part(a))
        return false;
    if (a->state != NULL && payment_state_find(a->state) == PAYMENT_STATES)
        return false;
    return (a->from == NULL || (strlen(a->from) == 10 && reconcile_day(a->from, &ms))) &&
           (a->to == NULL || (strlen(a->to) == 10 && reconcile_day(a->to, &ms)));
}

static bool payment_options(struct payment_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },   { "database", required_argument, NULL, 'd' },
        { "provider", required_argument, NULL, 'p' }, { "state", required_argument, NULL, 's' },
        { "for", required_argument, NULL, 'f' },      { "from", required_argument, NULL, 'F' },
        { "to", required_argument, NULL, 'T' },       { "apply", no_argument, NULL, 'a' },
        { "note", required_argument, NULL, 'n' },     { "by", required_argument, NULL, 'b' },
        { "twice", no_argument, NULL, '2' },          { "taka", required_argument, NULL, 't' },
        { "key", required_argument, NULL, 'k' },
        { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
    };
    const char **const takes[] = { &a->conf, &a->conninfo, &a->provider, &a->state, &a->about, &a->from, &a->to, &a->note,
                                   &a->by, &a->taka, &a->key };
    static const char letters[] = "cdpsfFTnbtk";
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:p:s:f:a2n:b:t:k:h", options, NULL)) != -1) {
        const char *letter = strchr(letters, o);

        if (o == 'h')
            a->help = true;
        else if (o == 'a')
            a->apply = true;
        else if (o == '2')
            a->twice = true;
        else if (letter != NULL)
            *takes[letter - letters] = optarg;
        else
            return false;
    }
    return a->help || payment_order(a, argc - optind, argv + optind);
}

int payment_main(int argc, char **argv)
{
    struct payment_args a = { .conf = PAYMENT_CONF };

    if (!payment_options(&a, argc, argv) || a.help) {
        fputs(payment_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, payment_run, &a);
}
