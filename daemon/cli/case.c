#include "cli/case.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/keyed.h"
#include "base/log.h"
#include "cli/clerk.h"
#include "cli/operator.h"
#include "engine/verdict.h"
#include "menu/said.h"

#define CASE_CONF "conf/kheya.yaml"
#define CASE_WORDS_MAX 3
#define CASE_LIMIT 100
#define CASE_LIMIT_MAX 10000

static const char case_usage[] =
    "usage: kheya case [-c FILE | --database CONNINFO] [OPTION ...] COMMAND\n"
    "  list                 cases, those first that have stood longest\n"
    "  show NUMBER          one case, and what may become of it\n"
    "  history NUMBER       what happened to it\n"
    "  move NUMBER STATE    to another state, as its service allows\n"
    "  note NUMBER          note something of it (--note)\n"
    "Options:\n"
    "  -c, --config FILE        the daemon's configuration (default " CASE_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "  -a, --agency NAME        list: of this agency alone; move, note: no other's case\n"
    "  -s, --state STATE        list: in this state\n"
    "  -S, --service NAME       list: of this service\n"
    "  -m, --msisdn NUMBER      list: opened from this number\n"
    "  -o, --overdue            list: whose answer was due before now\n"
    "  -l, --limit N            list: at most so many, up to 10000 (default 100)\n"
    "  -n, --note TEXT          in her words: she may read it\n"
    "  -r, --reply N            move: what its service numbers so, before the note (show lists them)\n"
    "  -b, --by NAME            who you are, for the history (default: your login)\n"
    "  -k, --key KEY            the same key twice is done once\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

struct case_args {
    const char *conf, *conninfo;
    const char *note, *by, *key;
    int reply;                          /* 0 none */
    const char *agency, *state, *service;
    char msisdn[EVENT_MSISDN_MAX];      /* "": any */
    bool overdue;
    int limit;
    bool help;
    char *words[CASE_WORDS_MAX];
    int word_count;
};

/* --- the number --------------------------------------------------------------------- */

static int64_t case_number_said(const char *text)
{
    int64_t number = operator_case(text);

    if (number == 0)
        fprintf(stderr, "kheya case: '%s' is no case number: ten digits, of which one may be wrong\n", text);
    return number;
}

/* --- what there is ----------------------------------------------------------------------- */

static const char *case_time(int64_t ms, char text[32])
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm;

    if (ms == 0 || localtime_r(&at, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M", &tm) == 0)
        return "-";
    return text;
}

static void case_print_line(void *arg, const struct casefile *f)
{
    char changed[32], due[32], mask[LOG_MASK_SIZE];

    ++*(int *)arg;
    printf("%" PRId64 "  %-14s  %-20s  %-12s  %-16s  %-16s  %s\n", f->number, f->state, f->service, f->agency,
           case_time(f->changed, changed), case_time(f->due, due), log_mask(mask, f->msisdn));
}

static int case_list(struct clerk *c, const struct case_args *a)
{
    const struct store_case_filter filter = {
        .agency = a->agency, .service = a->service, .state = a->state, .msisdn = a->msisdn,
        .due_before = a->overdue ? clock_now() : 0, .max = a->limit,
    };
    int count = 0;

    printf("%-10s  %-14s  %-20s  %-12s  %-16s  %-16s  %s\n", "number", "state", "service", "agency", "since", "due", "from");
    if (!store_desk_list(clerk_desk(c), &filter, case_print_line, &count)) {
        fprintf(stderr, "kheya case: %s\n", clerk_error(c));
        return 1;
    }
    if (count == a->limit)
        fprintf(stderr, "kheya case: there may be more; --limit shows them\n");
    return 0;
}

static void case_print_event(void *arg, const struct casefile_event *e)
{
    char at[32];

    ++*(int *)arg;
    printf("%3d  %-16s  %-14s  %s%s%s%s%s\n", e->seq, case_time(e->at, at), e->state, e->kind,
           e->actor[0] != '\0' ? " " : "", e->actor, e->note[0] != '\0' ? ": " : "", e->note);
}

static int case_history(struct clerk *c, int64_t number)
{
    int count = 0;

    if (!store_desk_history(clerk_desk(c), number, case_print_event, &count))
        fprintf(stderr, "kheya case: %s\n", clerk_error(c));
    else if (count == 0)
        fprintf(stderr, "kheya case: there is no case %" PRId64 "\n", number);
    return count > 0 ? 0 : 1;
}

/* What may be said with a move there, in the first language. */
static void case_print_replies(FILE *to, const struct menu_state *s)
{
    for (int i = 0; s != NULL && i < s->reply_count; i++) {
        struct gsm_cost cost;
        size_t n = 0;
        const char *words = said_words(s->replies[i].text, 0, &n, &cost);

        fprintf(to, "  %s %d: %.*s\n", s->name, s->replies[i].number, (int)n, words != NULL ? words : "");
    }
}

static void case_print_next(struct clerk *c, const struct casefile *f)
{
    const struct menu *m = clerk_menu(c, f);
    const char *moves[DESK_MOVES_MAX];
    int count = m != NULL ? desk_moves(m, f, DESK_OPERATOR, moves) : 0;

    for (int i = 0; i < count; i++)
        printf("%s%s", i == 0 ? "may become  " : ", ", moves[i]);
    if (count > 0)
        putchar('\n');
    for (int i = 0; i < count; i++)
        case_print_replies(stdout, said_state(verdict_service(m, f->service), moves[i], strlen(moves[i])));
}

/* Nobody at a desk has a use for hashes. */
static void case_fields(const char *fields)
{
    struct buf text;

    buf_init(&text, strlen(fields) + 1);
    keyed_hide(fields, &text);
    printf("fields      %s\n", buf_str(&text));
    buf_fini(&text);
}

static int case_show(struct clerk *c, int64_t number)
{
    static const char *const quiet[CASEFILE_QUIETS] = { "plain", "discreet", "none" };
    char text[32], mask[LOG_MASK_SIZE];
    struct store_case_answer r;
    const struct casefile *f;

    store_desk_read(clerk_desk(c), number, "", &r);
    if (r.lost || r.file == NULL) {
        if (r.lost)
            fprintf(stderr, "kheya case: %s\n", clerk_error(c));
        else
            fprintf(stderr, "kheya case: there is no case %" PRId64 "\n", number);
        return 1;
    }
    f = r.file;
    printf("case        %" PRId64 "\nservice     %s\nagency      %s\nstate       %s, event %d\n", f->number, f->service,
           f->agency, f->state, f->seq);
    printf("since       %s\n", case_time(f->changed, text));
    printf("opened      %s, %s, %s\n", case_time(f->created, text), f->channel, f->actor);
    printf("due         %s\n", case_time(f->due, text));
    printf("from        %s\n", log_mask(mask, f->msisdn));
    if (f->contact[0] != '\0')
        printf("contact     %s\n", log_mask(mask, f->contact));
    printf("messages    %s, %s\n", quiet[f->quiet < CASEFILE_QUIETS ? f->quiet : 0], f->lang[0] != '\0' ? f->lang : "-");
    if (f->place[0] != '\0')
        printf("place       %s\n", f->place);
    case_fields(f->fields);
    case_print_next(c, f);
    return 0;
}

/* --- one order -------------------------------------------------------------------------- */

static void case_draw_key(char key[40])
{
    unsigned char dice[12] = { 0 };
    char *p = key + snprintf(key, 40, "desk/");

    if (getrandom(dice, sizeof dice, 0) != (ssize_t)sizeof dice)
        memcpy(dice, &(int64_t){ clock_mono_us() }, sizeof(int64_t));
    for (size_t i = 0; i < sizeof dice; i++)
        p += snprintf(p, 3, "%02x", dice[i]);
}

static void case_print_moves(const struct desk_answer *a)
{
    fprintf(stderr, a->move_count > 0 ? "; it can become" : "; nothing follows");
    for (int i = 0; i < a->move_count; i++)
        fprintf(stderr, "%s%s", i == 0 ? " " : i == a->move_count - 1 ? " or " : ", ", a->moves[i]);
    fputc('\n', stderr);
}

static int case_say(const struct clerk *c, const struct desk_order *o, const struct desk_answer *a)
{
    const char *to = o->to != NULL ? o->to : "";

    switch (a->outcome) {
    case DESK_DONE:
        printf("%" PRId64 ": %s\n", o->number, a->file->state);
        return 0;
    case DESK_REPEATED:
        printf("%" PRId64 ": done before, as event %d: %s\n", o->number, a->event.seq, a->event.state);
        return 0;
    case DESK_NO_CASE:
        fprintf(stderr, "kheya case: there is no case %" PRId64 "\n", o->number);
        return 1;
    case DESK_NO_STATE:
        fprintf(stderr, "kheya case: '%s' is no state of service %s\n", to, a->file->service);
        return 1;
    case DESK_NOT_NOW:
        fprintf(stderr, "kheya case: case %" PRId64 " is %s and cannot become %s", o->number, a->file->state, to);
        case_print_moves(a);
        return 1;
    case DESK_NOT_YOURS:
        fprintf(stderr, "kheya case: case %" PRId64 " is %s, and it is not the office that makes it %s", o->number,
                a->file->state, to);
        case_print_moves(a);
        return 1;
    case DESK_NO_FIELD:
        fprintf(stderr, "kheya case: field '%s' is not one of service %s, or the value does not fit it\n", a->field,
                a->file->service);
        return 1;
    case DESK_NO_REPLY:
        fprintf(stderr, "kheya case: state %s of service %s has no reply of this number\n", to, a->file->service);
        case_print_replies(stderr, a->replies);
        return 1;
    case DESK_BAD_ORDER:
        fprintf(stderr, "kheya case: a note has at most %d characters, a key %d octets and a name %d, all in UTF-8\n",
                CASEFILE_NOTE_UNITS, CASEFILE_KEY_MAX, CASEFILE_ACTOR_MAX);
        return 1;
    case DESK_NO_MENUS:
        fprintf(stderr, "kheya case: no menus that the database keeps know service %s with state %s\n", a->file->service,
                a->file->state);
        return 1;
    case DESK_AWAY:
        fprintf(stderr, "kheya case: %s\n", clerk_error(c));
        return 1;
    case DESK_OUTCOMES:
        break;
    }
    return 1;
}

static int case_order(struct clerk *c, const struct case_args *args, const char *to)
{
    char key[40];
    struct desk_answer a;
    struct desk_order o = {
        .number = case_number_said(args->words[1]), .key = args->key, .kind = DESK_OPERATOR,
        .actor = args->by != NULL ? args->by : operator_login(), .to = to, .note = args->note,
        .reply = args->reply, .at = clock_now(),
        .agency = args->agency[0] != '\0' ? args->agency : NULL,
    };

    if (o.number == 0)
        return 1;
    if (o.key == NULL) {
        case_draw_key(key);
        o.key = key;
    }
    clerk_order(c, &o, &a);
    return case_say(c, &o, &a);
}

/* --- the command ------------------------------------------------------------------------ */

static bool case_is(const struct case_args *a, const char *word, int count)
{
    return a->word_count == count && strcmp(a->words[0], word) == 0;
}

static bool case_understands(const struct case_args *a)
{
    if (a->reply != 0 && !case_is(a, "move", 3))
        return false;
    return case_is(a, "move", 3) || (case_is(a, "note", 2) && a->note != NULL) || case_is(a, "list", 1) ||
           case_is(a, "show", 2) || case_is(a, "history", 2);
}

static int case_do(struct clerk *c, const struct case_args *a)
{
    int64_t number;

    if (case_is(a, "list", 1))
        return case_list(c, a);
    if (case_is(a, "move", 3) || case_is(a, "note", 2))
        return case_order(c, a, case_is(a, "move", 3) ? a->words[2] : NULL);
    number = case_number_said(a->words[1]);
    if (number == 0)
        return 1;
    return case_is(a, "show", 2) ? case_show(c, number) : case_history(c, number);
}

static int case_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct case_args *a = arg;
    char err[512] = "";
    struct clerk *c = clerk_open(conninfo, err, sizeof err);
    int status;

    (void)conf;
    if (c == NULL) {
        fprintf(stderr, "kheya case: %s\n", err);
        return 1;
    }
    status = case_do(c, a);
    clerk_close(c);
    return status;
}

static bool case_options(struct case_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "reply", required_argument, NULL, 'r' },
        { "note", required_argument, NULL, 'n' },   { "by", required_argument, NULL, 'b' },
        { "key", required_argument, NULL, 'k' },    { "agency", required_argument, NULL, 'a' },
        { "state", required_argument, NULL, 's' },  { "service", required_argument, NULL, 'S' },
        { "msisdn", required_argument, NULL, 'm' }, { "overdue", no_argument, NULL, 'o' },
        { "limit", required_argument, NULL, 'l' },  { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:n:r:b:k:a:s:S:m:ol:h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            a->conf = optarg;
            break;
        case 'd':
            a->conninfo = optarg;
            break;
        case 'n':
            a->note = optarg;
            break;
        case 'r':
            a->reply = (int)strtol(optarg, NULL, 10);
            if (a->reply < 1)
                return false;
            break;
        case 'b':
            a->by = optarg;
            break;
        case 'k':
            a->key = optarg;
            break;
        case 'a':
            a->agency = optarg;
            break;
        case 's':
            a->state = optarg;
            break;
        case 'S':
            a->service = optarg;
            break;
        case 'm':
            if (!operator_msisdn(optarg, a->msisdn))
                return false;
            break;
        case 'o':
            a->overdue = true;
            break;
        case 'l':
            a->limit = (int)strtol(optarg, NULL, 10);
            if (a->limit < 1 || a->limit > CASE_LIMIT_MAX)
                return false;
            break;
        case 'h':
            a->help = true;
            return true;
        default:
            return false;
        }
    }
    a->word_count = argc - optind;
    for (int i = 0; i < a->word_count && i < CASE_WORDS_MAX; i++)
        a->words[i] = argv[optind + i];
    return a->word_count > 0 && a->word_count <= CASE_WORDS_MAX && case_understands(a);
}

int case_main(int argc, char **argv)
{
    struct case_args a = { .conf = CASE_CONF, .agency = "", .state = "", .service = "", .limit = CASE_LIMIT };

    if (!case_options(&a, argc, argv) || a.help) {
        fputs(case_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, case_run, &a);
}
