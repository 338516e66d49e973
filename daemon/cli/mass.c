#include "cli/mass.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "base/outbox.h"
#include "cli/operator.h"
#include "store/masses.h"

#define MASS_CONF "conf/kheya.yaml"
#define MASS_UNIONS_MAX (500 * 8)       /* octets of the list */
#define MASS_RATE 100                   /* segments a second, where no configuration says */
#define MASS_HASH 8                     /* digits of the hash that an approver writes, at least */
#define MASS_LANES 64

static const char mass_usage[] =
    "usage: kheya mass [-c FILE] [--database CONNINFO] COMMAND\n"
    "  propose --class emergency|gov_info --unions CODE,CODE --bn TEXT [--en TEXT] [--approval REF]\n"
    "  estimate ID         people, segments and minutes at the links' rates\n"
    "  approve ID HASH     the second key: another operator, who writes how the hash of what he read begins (8 digits)\n"
    "  start ID            pause ID            resume ID           cancel ID\n"
    "  show [ID]           the text, its hash, how far it is\n"
    "A code is a union's 6 digits, an upazila's 4 or a district's 2.\n"
    "  -c, --config FILE        the daemon's configuration (default " MASS_CONF "): the database, the links' rates\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    OPERATOR_SELF
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct mass_args {
    const char *conf, *conninfo, *unions;
    struct mass m;
    const char *words[3];
    int word_count;
    bool help;
    const struct conf *read;            /* NULL: none */
};

static bool mass_failed(const char *what, const char *more)
{
    fprintf(stderr, "kheya mass: %s%s%s\n", what, more, operator_hint(what));
    return false;
}

/* --- propose ---------------------------------------------------------------------------- */

/* "092544,0918" to "{092544,0918}". */
static bool mass_unions(const char *list, struct buf *out)
{
    buf_addc(out, '{');
    for (const char *at = list;; at++) {
        size_t n = strspn(at, "0123456789");

        if (n != 2 && n != 4 && n != 6)
            return mass_failed("--unions is a list of codes of 6, 4 or 2 digits, with commas: ", list);
        buf_add(out, at, n);
        at += n;
        if (*at == '\0')
            break;
        if (*at != ',')
            return mass_failed("--unions is a list of codes of 6, 4 or 2 digits, with commas: ", list);
        buf_addc(out, ',');
    }
    buf_addc(out, '}');
    return !out->full ? true : mass_failed("too many unions", "");
}

static bool mass_text(const struct mass *m, enum outbox_class class, const char *lang, const char *text)
{
    size_t n = strlen(text);
    const char *fault = outbox_fault(class, text, m->approval);

    if (!gsm_utf8_valid(text, n))
        return mass_failed("a text is no UTF-8: ", lang);
    if (fault != NULL)
        return mass_failed(fault, "");
    if (outbox_rules[class].segments > 0 && gsm_sms_segments(text, n) > outbox_rules[class].segments)
        return mass_failed("a text has more than 3 segments: ", lang);
    if (strcmp(lang, "bn") == 0 && !outbox_is_bengali(text, n) && gsm_cost(text, n).septets >= 0)
        return mass_failed("Bangla goes out in Bengali letters", "");
    return true;
}

static bool mass_read(const struct mass_args *a)
{
    enum outbox_class class = a->m.class != NULL ? outbox_class_of(a->m.class) : OUTBOX_CLASSES;

    if (class != OUTBOX_EMERGENCY && class != OUTBOX_GOV_INFO)
        return mass_failed("--class is emergency or gov_info", "");
    if (a->unions == NULL || a->m.bn[0] == '\0')
        return mass_failed("--unions and --bn are required", "");
    if (class == OUTBOX_GOV_INFO && a->m.en[0] != '\0')
        return mass_failed("gov_info goes out in Bengali letters in every language: no --en", "");
    return mass_text(&a->m, class, "bn", a->m.bn) && (a->m.en[0] == '\0' || mass_text(&a->m, class, "en", a->m.en));
}

static void mass_print(void *arg, const struct mass_row *r)
{
    *(int *)arg += 1;
    printf("mass %s: %s, %s\n  unions    %s\n  bn        %s\n", r->id, r->class, r->state, r->unions, r->bn);
    if (r->en[0] != '\0')
        printf("  en        %s\n", r->en);
    if (r->approval[0] != '\0')
        printf("  approval  %s\n", r->approval);
    printf("  hash      %s\n  proposed  %s\n  approved  %s\n", r->hash, r->proposed_by, r->approved_by[0] != '\0' ? r->approved_by : "-");
    printf("  people    %" PRId64 ", %" PRId64 " of them first\n  queued    %" PRId64 "\n  sent      %" PRId64 "\n  failed    %" PRId64 "\n",
           r->people, r->first, r->fed, r->sent, r->failed);
}

static bool mass_show_one(const char *conninfo, const char *id)
{
    char err[512] = "";
    int found = 0;

    if (!masses_show(conninfo, id, mass_print, &found, err, sizeof err))
        return mass_failed(err, "");
    return found > 0 || id[0] == '\0' || mass_failed("there is none of this number: ", id);
}

static bool mass_propose(struct mass_args *a, const char *conninfo)
{
    char err[512] = "", number[24];
    struct buf unions;
    int64_t id;
    bool ok;

    if (!mass_read(a))
        return false;
    buf_init(&unions, MASS_UNIONS_MAX);
    ok = mass_unions(a->unions, &unions);
    a->m.unions = buf_str(&unions);
    if (ok && !masses_propose(conninfo, &a->m, &id, err, sizeof err))
        ok = mass_failed(err, "");
    buf_fini(&unions);
    if (!ok)
        return false;
    snprintf(number, sizeof number, "%" PRId64, id);
    return mass_show_one(conninfo, number);
}

static bool mass_show(struct mass_args *a, const char *conninfo)
{
    return mass_show_one(conninfo, a->word_count > 1 ? a->words[1] : "");
}

/* --- estimate ----------------------------------------------------------------------------- */

struct mass_sum {
    const struct conf *conf;
    int bn, en;                         /* segments of each text */
    int64_t people, segments;
    struct mass_lane {
        char name[CONF_LANE_SIZE];
        int64_t segments;
    } lanes[MASS_LANES];
    int lane_count;
};

static void mass_texts(void *arg, const struct mass_row *r)
{
    struct mass_sum *sum = arg;

    sum->bn = gsm_sms_segments(r->bn, strlen(r->bn));
    sum->en = r->en[0] != '\0' ? gsm_sms_segments(r->en, strlen(r->en)) : sum->bn;
}

/* The lane of the longest prefix; "" the first. */
static const char *mass_lane_of(const struct conf *c, const char *digits)
{
    const char *lane = "";
    size_t longest = 0;

    for (int i = 0; c != NULL && i < c->prefix_count; i++) {
        size_t n = strlen(c->prefixes[i].digits);

        if (n > longest && strncmp(digits, c->prefixes[i].digits, n < 5 ? n : 5) == 0) {
            longest = n;
            lane = c->prefixes[i].lane;
        }
    }
    return lane;
}

static void mass_share(void *arg, const struct mass_share *r)
{
    struct mass_sum *sum = arg;
    const char *name = r->lane[0] != '\0' ? r->lane : mass_lane_of(sum->conf, r->digits);
    int64_t segments = r->people * (r->en ? sum->en : sum->bn);
    int i = 0;

    sum->people += r->people;
    sum->segments += segments;
    while (i < sum->lane_count && strcmp(sum->lanes[i].name, name) != 0)
        i++;
    if (i == MASS_LANES)
        i = MASS_LANES - 1;             /* more than there are links: with the last */
    if (i == sum->lane_count)
        snprintf(sum->lanes[sum->lane_count++].name, CONF_LANE_SIZE, "%s", name);
    sum->lanes[i].segments += segments;
}

/* Segments a second of "LINK" or "LINK/SMSC"; that of the first way for messages otherwise. */
static int mass_rate(const struct conf *c, const char *lane)
{
    int first = 0;

    for (int i = 0; c != NULL && i < c->link_count; i++) {
        const struct conf_link *l = &c->links[i];
        size_t n = strlen(l->name);

        for (int k = 0; k < l->profile_count; k++) {
            const struct conf_way *w = &l->ways[k];

            if (w->sender == NULL || w->sender[0] == '\0' || w->rate == 0)
                continue;
            if (strncmp(lane, l->name, n) == 0 && (lane[n] == '\0' || lane[n] == '/'))
                return w->rate;
            first = first == 0 ? w->rate : first;
        }
    }
    return first > 0 ? first : MASS_RATE;
}

static bool mass_estimate(struct mass_args *a, const char *conninfo)
{
    struct mass_sum sum = { .conf = a->read };
    char err[512] = "";
    int64_t longest = 0;

    if (!masses_show(conninfo, a->words[1], mass_texts, &sum, err, sizeof err) ||
        !masses_shares(conninfo, a->words[1], mass_share, &sum, err, sizeof err))
        return mass_failed(err, "");
    if (sum.bn == 0)
        return mass_failed("there is none of this number: ", a->words[1]);
    for (int i = 0; i < sum.lane_count; i++) {
        int rate = mass_rate(sum.conf, sum.lanes[i].name);
        int64_t minutes = (sum.lanes[i].segments + (int64_t)rate * 60 - 1) / ((int64_t)rate * 60);

        printf("lane %-20s %9" PRId64 " segments at %d a second: %" PRId64 " minutes\n",
               sum.lanes[i].name[0] != '\0' ? sum.lanes[i].name : "(by number)", sum.lanes[i].segments, rate, minutes);
        longest = minutes > longest ? minutes : longest;
    }
    printf("%" PRId64 " people, %" PRId64 " segments, %" PRId64 " minutes\n", sum.people, sum.segments, longest);
    return true;
}

/* --- keys ------------------------------------------------------------------------------------ */

static bool mass_do(struct mass_args *a, const char *conninfo, enum masses_act act, const char *hash)
{
    char err[512] = "";
    int64_t back = 0;

    if (strspn(a->words[1], "0123456789") != strlen(a->words[1]) || strlen(a->words[1]) > 15)
        return mass_failed("no number of a mass message: ", a->words[1]);
    if (!masses_do(conninfo, act, a->words[1], hash, &back, err, sizeof err)) {
        if (strstr(err, "mass_two_keys") != NULL)
            return mass_failed("who proposed it cannot approve it: a second operator must", "");
        return mass_failed(err[0] != '\0' ? err : "it does not stand so that this can be done (see: show), or the hash is another",
                           "");
    }
    printf("mass %s: %s\n", a->words[1], a->words[0]);
    if (back > 0)
        printf("%" PRId64 " messages that waited were called back\n", back);
    return true;
}

static bool mass_approve(struct mass_args *a, const char *conninfo)
{
    if (strlen(a->words[2]) < MASS_HASH)
        return mass_failed("write at least 8 digits of the hash that show prints", "");
    return mass_do(a, conninfo, MASSES_APPROVE, a->words[2]);
}

static bool mass_start(struct mass_args *a, const char *conninfo)
{
    return mass_do(a, conninfo, MASSES_START, "");
}

static bool mass_pause(struct mass_args *a, const char *conninfo)
{
    return mass_do(a, conninfo, MASSES_PAUSE, "");
}

static bool mass_resume(struct mass_args *a, const char *conninfo)
{
    return mass_do(a, conninfo, MASSES_RESUME, "");
}

static bool mass_cancel(struct mass_args *a, const char *conninfo)
{
    return mass_do(a, conninfo, MASSES_CANCEL, "");
}

/* --- words ------------------------------------------------------------------------------------ */

typedef bool mass_command_fn(struct mass_args *a, const char *conninfo);

static mass_command_fn *mass_command(const struct mass_args *a)
{
    static const struct {
        const char *name;
        int least, most;                /* words, with the name */
        mass_command_fn *run;
    } commands[] = {
        { "propose", 1, 1, mass_propose }, { "estimate", 2, 2, mass_estimate }, { "approve", 3, 3, mass_approve },
        { "start", 2, 2, mass_start },     { "pause", 2, 2, mass_pause },       { "resume", 2, 2, mass_resume },
        { "cancel", 2, 2, mass_cancel },   { "show", 1, 2, mass_show },
    };

    for (size_t i = 0; a->word_count > 0 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, a->words[0]) == 0)
            return a->word_count >= commands[i].least && a->word_count <= commands[i].most ? commands[i].run : NULL;
    return NULL;
}

enum { MASS_CLASS = 1000, MASS_UNIONS, MASS_BN, MASS_EN, MASS_APPROVAL };

static bool mass_option(struct mass_args *a, int o)
{
    switch (o) {
    case 'c': a->conf = optarg; return true;
    case 'd': a->conninfo = optarg; return true;
    case 'h': a->help = true; return true;
    case MASS_CLASS: a->m.class = optarg; return true;
    case MASS_UNIONS: a->unions = optarg; return true;
    case MASS_BN: a->m.bn = optarg; return true;
    case MASS_EN: a->m.en = optarg; return true;
    case MASS_APPROVAL: a->m.approval = optarg; return true;
    default: return false;
    }
}

static bool mass_options(struct mass_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },        { "database", required_argument, NULL, 'd' },
        { "class", required_argument, NULL, MASS_CLASS },  { "unions", required_argument, NULL, MASS_UNIONS },
        { "bn", required_argument, NULL, MASS_BN },        { "en", required_argument, NULL, MASS_EN },
        { "approval", required_argument, NULL, MASS_APPROVAL }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:h", options, NULL)) != -1)
        if (!mass_option(a, o))
            return false;
    a->word_count = argc - optind;
    for (int i = 0; i < a->word_count && i < 3; i++)
        a->words[i] = argv[optind + i];
    return a->word_count <= 3;
}

static int mass_run(void *arg, const char *conninfo, const struct conf *conf)
{
    struct mass_args *a = arg;

    a->read = conf;
    return mass_command(a)(a, conninfo) ? 0 : 1;
}

int mass_main(int argc, char **argv)
{
    struct mass_args a = { .m = { .bn = "", .en = "", .approval = "" } };
    bool read = mass_options(&a, argc, argv);

    if (!read || a.help || mass_command(&a) == NULL) {
        fputs(mass_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run_self(a.conf, MASS_CONF, a.conninfo, mass_run, &a);
}
