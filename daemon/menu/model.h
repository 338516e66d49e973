/*
 * model.h - one menu generation: everything that one folder of YAML says.
 *
 * Immutable after parse; all of it lives in one arena, freed with
 * menu_free().  Indexes instead of pointers where a session keeps them.
 * Every value of a dialogue is canonical UTF-8 text under a variable whose
 * type is known here:
 *   whole "1950"   date "2026-10-12"   yesno "yes"/"no"   msisdn "8801..."
 *   case_no 10 digits   choice its code   text, word, patterns as typed
 *   told: what told.h says
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define MENU_LANGS_MAX 8
#define MENU_CALLS_MAX 8                /* calls within calls */
#define MENU_SILENT_MAX 60              /* screens in a row that show nothing: the checker refuses more */
#define MENU_NONE (-1)                  /* no screen, no variable, no query */

struct names;                           /* names.h */
struct expr;                            /* expr.h */
struct template;                        /* expr.h: text with {placeholders} */
struct yaml_node;                       /* yaml.h */

/* Where something stands in the operator's files. */
struct menu_pos {
    const char *file;                   /* as given on the command line, "menus/allowance.yaml" */
    int line, column;                   /* from 1 */
};

/* The same of something inside a value, found out when it is asked for: see
 * issue_where(). */
struct menu_place {
    const struct yaml_node *node;       /* NULL: not known */
    size_t at;                          /* octet of its text */
};

/* One text in every language; by_lang[i] is NULL only in a language that may
 * lack it (words of a display language inside SMS). */
struct menu_text {
    struct menu_pos pos;
    const struct template *by_lang[MENU_LANGS_MAX];
    struct {
        int line, column;
    } at[MENU_LANGS_MAX];               /* of each language, in pos.file */
};

struct menu_lang {
    const char *id;                     /* "bn", "bn-Latn", "en" */
    const char *name;                   /* as shown to the citizen */
    bool sms;                           /* may stand in an SMS */
    int shows;                          /* language of her SMS when sms is false */
    bool lakhs;                         /* money is grouped 1,00,000 */
};

/* --- types and variables -------------------------------------------------- */

enum menu_type_kind {
    MENU_TYPE_TEXT = 0,                 /* text(n): any characters, at most n */
    MENU_TYPE_WORD,                     /* word(n): no white space, at most n */
    MENU_TYPE_WHOLE,                    /* whole: min..max */
    MENU_TYPE_DATE,                     /* typed as DDMMYYYY (D-M-YYYY too), kept as YYYY-MM-DD */
    MENU_TYPE_MSISDN,                   /* 01[3-9]........ in all its spellings, kept as 8801... */
    MENU_TYPE_YESNO,                    /* 1/2 and the words of each language, kept as yes/no */
    MENU_TYPE_CASE_NO,                  /* 10 digits, the last a Damm digit; blanks and hyphens dropped */
    MENU_TYPE_PIN,                      /* pin(n): n digits, never shown, logged or kept */
    MENU_TYPE_PATTERN,                  /* an anchored regular expression */
    MENU_TYPE_CHOICE,                   /* one of named codes */
    MENU_TYPE_TOLD,                     /* states of a case, shown in the words of its service; see told.h */
    MENU_TYPE_KINDS,
};

enum menu_store {
    MENU_STORE_WHOLE = 0,
    MENU_STORE_LAST4,                   /* its last four characters */
    MENU_STORE_NONE,                    /* nothing */
    MENU_STORE_KEYED,                   /* base/keyed.h, which queries get too */
    MENU_STORES,
};

struct menu_choice {
    const char *code;
    const struct menu_text *name;
};

struct menu_type {
    const char *name;                   /* "nid4", or "text(40)" for a builtin */
    struct menu_pos pos;
    enum menu_type_kind kind;
    int64_t min, max;                   /* whole */
    int width;                          /* greatest number of characters when shown */
    const char *pattern;                /* source, for messages */
    void *regex;                        /* pcre2_code of a pattern; freed with the menu */
    const char *example;                /* shown in questions; refused as an answer; NULL none */
    struct menu_pos example_pos;
    bool sensitive;
    bool past, future;                  /* date */
    enum menu_store store;              /* what a case keeps of it */
    const struct menu_choice *choices;
    int choice_count;
    bool inward;                        /* a name of the program's: compared, never shown */
};

/* Variables are global to the tree; a record's fields are variables named
 * "into.field".  The first MENU_BUILTINS are the program's own. */
enum menu_builtin {
    MENU_VAR_MSISDN = 0,                /* citizen.msisdn */
    MENU_VAR_LANG,                      /* citizen.lang */
    MENU_VAR_KNOWN,                     /* citizen.known: yes once she has chosen a language */
    MENU_VAR_CODE,                      /* session.code */
    MENU_VAR_LINK,                      /* session.link */
    MENU_VAR_TODAY,                     /* today */
    MENU_VAR_IS_AGENT,                  /* citizen.is_agent: the number is an agent's of a digital centre */
    MENU_VAR_AGENT_NAME,                /* agent.name; unset where she is none */
    MENU_VAR_AGENT_CENTRE,              /* agent.centre */
    MENU_VAR_ALERT_ON,                  /* alert.on: there is a warning for where she lives */
    MENU_VAR_ALERT_TEXT,                /* alert.text, in her language; unset where there is none */
    MENU_VAR_ALERT_FREE,                /* alert.free: nobody pays a fee where she lives */
    MENU_VAR_PIN,                       /* session.pin: she has shown her PIN in this dialogue, a short while ago */
    MENU_VAR_SHARED,                    /* citizen.shared: several persons have a PIN on this number */
    MENU_VAR_PERSON,                    /* citizen.person: whose PIN was shown, as session.pin; 0: nobody's */
    MENU_VAR_CONSENT,                   /* consent.code: only while its message is written */
    MENU_BUILTINS,
};

struct menu_var {
    const char *name;
    const struct menu_type *type;
    struct menu_pos pos;                /* where it is first set */
};

struct menu_field {
    const char *name;
    const struct menu_type *type;
};

struct menu_record {
    const char *name;
    struct menu_pos pos;
    const struct menu_field *fields;
    int field_count;
};

struct menu_query {
    const char *name;
    struct menu_pos pos;
    const char *sql;
    const struct expr *const *args;
    int arg_count;
    const struct menu_record *returns;
    bool list;                          /* list of record */
    bool of_cases;                      /* the program's own, of her cases: parse_cases.c */
    int timeout_ms;                     /* default 2000 */
    int cache_ms;                       /* 0 = not kept */
    bool people;                        /* looks people up: limits.lookups */
    bool behind_pin;                    /* asked only of who has just shown her PIN */
};

/* An agency's system. */
enum menu_backend_kind {
    MENU_BACKEND_HTTP = 0,              /* asked over the web: hooks */
    MENU_BACKEND_CSV,                   /* files in a folder: submissions only */
    MENU_BACKEND_INTERNAL,              /* our own desk: submissions only */
    MENU_BACKEND_MOCK,                  /* answers from the menu itself, for trials */
    MENU_BACKEND_KINDS,
};

struct menu_mock {
    const char *path;
    const char *answer;                 /* a JSON object, "none" or "fail" */
    struct menu_pos pos;
};

/* A word of an agency for what becomes of a case, and the state that it means. */
struct menu_meaning {
    const char *word, *state;
    struct menu_pos pos;                /* of the state */
};

struct menu_backend {
    const char *name;
    struct menu_pos pos;
    enum menu_backend_kind kind;
    const char *url;                    /* http: without a slash at its end */
    const char *key;                    /* http: path of the file with the secret */
    const char *folder;                 /* csv */
    int timeout_ms;                     /* default 2000 */
    bool people;                        /* its hooks look people up */
    int breaker_fails, breaker_rest_ms; /* default 5, 30000 */
    const struct menu_mock *mocks;
    int mock_count;
    const char *cases;                  /* http, mock: where cases are sent; default "/cases" */
    const char *payments;               /* http, mock: where it is told of payments; default "/payments" */
    const struct menu_meaning *meanings;
    int meaning_count;                  /* 0: its words are our states */
    const char *taken;                  /* state of a case that it took without a word; NULL: it stays where it is */
    struct menu_pos taken_pos;
    int retry_first_ms, retry_longest_ms;       /* default 10 s, 1 h */
    int every_ms;                       /* csv: default 5 min */
    const char *poll;                   /* http: path where it is asked what became of its cases; NULL: never */
    int poll_ms;                        /* of one case so often; default 15 min */
};

/* What a mock answers at a path; NULL: nothing is said of it. */
const struct menu_mock *menu_mock_find(const struct menu_backend *b, const char *path);

/* The state that a word of the agency means, in capital or small letters; NULL: it
 * means none. */
const char *menu_backend_state(const struct menu_backend *b, const char *word);

/* Is it told of cases?  Our own desk has them already. */
bool menu_backend_takes_cases(const struct menu_backend *b);
/* Who takes money from citizens: a wallet, a bank. */
enum menu_provider_kind { MENU_PROVIDER_HTTP = 0, MENU_PROVIDER_MOCK, MENU_PROVIDER_KINDS };

/* What becomes of a payment at a mock. */
enum menu_mock_pay { MENU_MOCK_CONFIRMED = 0, MENU_MOCK_REFUSED, MENU_MOCK_LATE, MENU_MOCK_PAYS };

struct menu_provider {
    const char *name;
    struct menu_pos pos;
    enum menu_provider_kind kind;
    const struct menu_text *title;
    const char *url, *key;              /* http */
    int timeout_ms;                     /* default 2000 */
    int breaker_fails, breaker_rest_ms; /* default 5, 30000 */
    int64_t within_ms;                  /* her time to approve; default 15 min */
    enum menu_mock_pay answer;          /* mock */
};

/* Messages about a payment. */
enum menu_receipt { MENU_RECEIPT_CONFIRMED = 0, MENU_RECEIPT_BILLED, MENU_RECEIPT_FAILED, MENU_RECEIPT_REFUNDED, MENU_RECEIPT_PART,
                    MENU_RECEIPTS };

#define MENU_RECEIPT_CLASS "transactional"

/* What they may show: hidden variables. */
enum menu_paid {
    MENU_PAID_TAKA = 0,
    MENU_PAID_PROVIDER,                 /* a choice of all providers */
    MENU_PAID_SERVICE,                  /* a choice of all services; unset: a bill */
    MENU_PAID_ABOUT,                    /* number of the case, or what else is paid for */
    MENU_PAID_TRX,                      /* the provider's own number */
    MENU_PAID_REASON,                   /* why it failed */
    MENU_PAID_VARS,
};

struct menu_pay {
    struct menu_pos pos;
    int provider;                       /* MENU_NONE: the one that by says */
    const struct expr *by;
    int fee;                            /* service; MENU_NONE: taka says how much */
    const struct expr *taka;
    const struct expr *about;           /* NULL: nothing is said */
    int tells;                          /* back end that hears of it; MENU_NONE */
};

/* --- screens -------------------------------------------------------------- */

struct menu_goto {
    const struct expr *when;            /* NULL: always (the last of a list) */
    int to;                             /* screen index */
    struct menu_pos pos;
};

struct menu_gotos {
    const struct menu_goto *list;
    int count;                          /* 0: none */
};

struct menu_set {
    int var;
    const struct expr *value;
};

struct menu_option {
    int number;                         /* what she types; stable in every language */
    struct menu_pos pos;
    const struct menu_text *text;
    const struct expr *when;            /* NULL: always */
    const struct menu_set *sets;
    int set_count;
    struct menu_gotos go;
    bool new_page;                      /* "page: new": starts a page wherever the medium is short */
};

enum menu_action_kind {
    MENU_QUERY = 0,
    MENU_SUBMIT,
    MENU_SMS,
    MENU_SET,
    MENU_CALL,                          /* a dialogue inside the dialogue */
    MENU_RETURN,                        /* back to its caller; the last action of its screen */
    MENU_AUDIT,                         /* a row in the audit */
    MENU_CONSENT,                       /* a one-time code to another phone */
    MENU_CONSENT_CHECK,
    MENU_HOOK,
    MENU_PIN_CHECK,                     /* is it her PIN? */
    MENU_PIN_SET,
    MENU_WAITLIST,                      /* a number waits for a service to open */
    MENU_PAY,                           /* a provider is asked for money */
    MENU_MOVE,                          /* a case of hers goes to another state */
    MENU_ACTIONS,
};

/* A value that is told under a name. */
struct menu_told {
    const char *name;
    const struct expr *value;
    struct menu_pos pos;                /* of the name */
};

struct menu_action {
    enum menu_action_kind kind;
    struct menu_pos pos;
    int query;                          /* MENU_QUERY: index */
    const int *into;                    /* MENU_QUERY, MENU_HOOK: one variable per field of the record */
    int none, fail;                     /* likewise, and of a PIN or a move: screens; MENU_NONE: none leaves the values unset; fail = words.busy page */
    int service;                        /* MENU_SUBMIT: index */
    const struct menu_set *sets;        /* MENU_SET; MENU_SUBMIT: var = field index of the service; MENU_HOOK: of names */
    int set_count;
    int case_no;                        /* MENU_SUBMIT: variable "into.no", MENU_NONE when not wanted */
    int sms;                            /* MENU_SMS, MENU_CONSENT: template index */
    const struct expr *to;              /* MENU_SMS, MENU_CONSENT: receiver; MENU_MOVE: number of the case */
    int call;                           /* MENU_CALL: the first of the called screens */
    int var;                            /* MENU_CALL: variable that takes what they return; MENU_NONE */
    const struct expr *value;           /* MENU_RETURN: NULL none; MENU_CONSENT_CHECK: the code as she was told it;
                                         * of a PIN: what she typed; MENU_MOVE: her note, NULL none */
    int wrong, expired;                 /* MENU_CONSENT_CHECK: screens; of a PIN: wrong, MENU_NONE = fail */
    int locked;                         /* of a PIN: likewise */
    const struct expr *of;              /* MENU_PIN_SET: number of the person whose it is to be, keyed; NULL: not said */
    const char *state;                  /* MENU_MOVE: where it goes to */
    int closed;                         /* MENU_SUBMIT: screen while the service takes nothing from her */
    const char *event;                  /* MENU_AUDIT */
    const struct menu_told *told;       /* MENU_AUDIT */
    int told_count;
    int backend;                        /* MENU_HOOK: index */
    const char *path;                   /* MENU_HOOK: "/status" */
    const char *const *names;           /* MENU_HOOK: members of the request */
    const struct menu_record *returns;  /* MENU_HOOK: NULL when nothing is wanted */
    int64_t keep_ms;                    /* MENU_HOOK: so long its last answer counts when it is away; 0 never */
    const char *heard;                  /* MENU_HOOK, with keep_ms: date field of returns: the day of the answer */
    const struct expr *at;              /* MENU_WAITLIST: place; NULL: the country */
    const struct menu_pay *pay;         /* MENU_PAY */
    int again, refused, late;           /* MENU_PAY: screens; late: MENU_NONE = goes on; MENU_MOVE: refused */
};

struct menu_input {
    int var;                            /* MENU_NONE: no input */
    const struct menu_type *type;
    const struct menu_text *wrong;      /* NULL: words.wrong */
    const struct expr *when;            /* an answer is taken only when it holds; NULL: any of the type */
    bool has_when;                      /* though it may not have been read */
    struct menu_pos pos;
    bool is_code;                       /* the answer is a consent's code: on no tape */
};

struct menu_list {
    int query;                          /* MENU_NONE: no list */
    struct menu_pos pos;                /* of its name */
    const int *into;                    /* variables set by the choice */
    const struct menu_text *option;     /* text of one row, with its fields */
    int empty, fail;                    /* screens */
    int max;                            /* rows offered; default 20 */
    int rows;                           /* hidden variable that keeps the packed rows in the session */
};

struct menu_screen {
    const char *name;                   /* "allowance.ask_last4" */
    struct menu_pos pos;
    const struct menu_text *text;       /* NULL: shows nothing, acts and goes on */
    const struct menu_text *continued;  /* title of the pages after the first; NULL: none */
    const struct menu_option *options;  /* ascending as written in the file */
    int option_count;
    struct menu_input input;
    struct menu_list list;
    const struct menu_action *actions;
    int action_count;
    struct menu_gotos go;
    bool end;
    bool secret;                        /* never resumed into, never logged */
    bool hide_back;                     /* "back: hidden": 0 works, its hint is not shown */
};

/* --- services and messages -------------------------------------------------- */

/* Who may submit, as bits. */
#define MENU_WHO_CITIZEN 1u             /* everybody: an agent is a citizen too */
#define MENU_WHO_AGENT 2u               /* agents of digital centres */

/* Who may move a case on, as bits. */
#define MENU_BY_CITIZEN 1u              /* whose it is */
#define MENU_BY_AGENT 2u
#define MENU_BY_OFFICER 4u              /* its agency's officers and system, and operators */
#define MENU_BY_CLOCK 8u
#define MENU_BY_PROVIDER 16u

/* Days: working days, or all. */
struct menu_span {
    int days;                           /* 0: none */
    bool all;
};

/* What an office answers by a number: NEED 2, NO 3 (officer.h). */
#define MENU_REPLIES_MAX 12             /* of one state */
#define MENU_REPLY_UNITS 40             /* UTF-16 units: whole in a history (TOLD_SHORT), and leaves room for a note */
struct menu_reply {
    int number;                         /* 1 .. 99, ascending */
    const struct menu_text *text;       /* constant, in every language */
};

struct menu_state {
    const char *name;
    struct menu_pos pos;
    const int *to;                      /* states that may follow */
    int to_count;                       /* 0: final */
    const unsigned *may;                /* MENU_BY_*: who may make each of the moves of to */
    const struct menu_text *text;       /* in the citizen's words; NULL none */
    const struct menu_reply *replies;   /* why a case comes here: what is asked for, why it is refused */
    int reply_count;
    struct menu_pos replies_pos;
    bool hers;                          /* it is her turn: the days of a promise stand still */
    struct menu_span within;            /* a promise that begins here; none: the one before goes on */
    struct menu_span expires;           /* then the clock moves it */
    int expires_to;                     /* state; MENU_NONE */
};

/* One step of what happens when there is no answer in time. */
struct menu_overdue {
    struct menu_pos pos;
    int after;                          /* days after the last one of the promise, counted like it */
    const char *to;                     /* the office it is passed on to; "" none */
    const struct menu_text *text;       /* for the history; constant */
    int sms;                            /* template for her; MENU_NONE */
};

/* In hundredths. */
struct menu_effort {
    int64_t visits, hours, taka;
};

struct menu_saves {
    int version;                        /* 0: the service says nothing of it */
    int counted;                        /* state */
    struct menu_effort before, self, assisted;
};

struct menu_notify {
    const char *state;
    int sms;
};

struct menu_service {
    const char *name;
    struct menu_pos pos;
    int number;                         /* 1..9: first digit of its case numbers */
    const char *agency;
    const struct menu_text *title;
    const struct menu_field *fields;
    int field_count;
    const struct menu_notify *notify;
    int notify_count;
    unsigned who;                       /* MENU_WHO_* */
    int fee_official, fee_centre;       /* taka */
    int fee_paid, fee_back;             /* states of a case whose fee is paid, was given back; MENU_NONE: not said */
    int opened;                         /* template for those on its list; MENU_NONE: there is no list */
    bool windowed;                      /* open only from..to, both included, unless the database says otherwise */
    int32_t from, to;                   /* days, clock.h; INT32_MIN and INT32_MAX where there is no bound */
    int within_days;                    /* 0: nothing is promised */
    bool within_all;                    /* all days count, not working days alone */
    const struct menu_state *states;    /* the first is a new case's; none: "submitted" */
    int state_count;
    bool stateless;                     /* states that have an error: nothing is said of their ways */
    struct menu_saves saves;
    int backend;                        /* index; MENU_NONE */
    bool shown;                         /* some screen shows citizens their cases */
    const struct menu_overdue *overdue; /* ascending by their days */
    int overdue_count;
};

/* State of a new case. */
const char *menu_service_first(const struct menu_service *s);

/* May everybody submit it, at any time? */
bool menu_service_is_open(const struct menu_service *s);

struct menu_sms {
    const char *name;
    struct menu_pos pos;
    const char *class;                  /* otp emergency transactional gov_info service_info */
    const char *approval;               /* of gov_info: its reference; "" none */
    const char *due;                    /* what sends it on the database's word; NULL: a dialogue or a case does */
    const struct menu_text *text;
};

struct menu_shortcut {
    const char *path;                   /* "1*1" */
    int to;
};

#define MENU_FILLS_MAX 8
#define MENU_KEYWORD_MAX 60             /* octets: 20 characters of any script */

/* A word that begins a dialogue by text message: "VATA WDA 4821". */
struct menu_keyword {
    const char *word;                   /* as written, through gsm_answer() */
    struct menu_pos pos;
    const char *const *words;           /* others that mean the same */
    int word_count;
    const int *fills;                   /* variables that the words behind it set, in order */
    const struct menu_pos *fills_at;
    int fill_count;                     /* <= MENU_FILLS_MAX */
    int to;
    const struct menu_text *help;       /* how the message is written; NULL: put together from the fills */
};

/* The program's own sentences.  name in the file, placeholder allowed. */
#define MENU_WORDS(X) \
    X(BACK, back, "")                   /* after key 0 */ \
    X(EXIT, exit, "")                   /* after key 0 on the start screen */ \
    X(MORE, more, "")                   /* after key 9 */ \
    X(TRIES, tries, "n")                /* "{n} tries left" */ \
    X(WRONG, wrong, "")                 /* an answer that does not fit, where the input has no text of its own */ \
    X(CHOOSE, choose, "")               /* a number that is not offered */ \
    X(COPIED, copied, "")               /* she typed the example */ \
    X(TOO_MANY, too_many, "helpline")   /* three wrong answers: the end, with the help line */ \
    X(BUSY, busy, "helpline")           /* the database or a query is away */ \
    X(CONTINUE, continue, "")           /* "Continue?" after a drop */ \
    X(YES, yes, "")                     /* option 1 of it */ \
    X(NEW, new, "")                     /* option 2 of it */ \
    X(BYE, bye, "")                     /* after exit */ \
    X(NO_CODE, no_code, "")             /* line above the start screen: unknown sub-code */ \
    X(MONTHS, months, "")               /* twelve short month names, separated by blanks */ \
    X(DIAL, dial, "code")               /* a secret screen by text message: dial {code}; may be missing */ \
    X(OFTEN, often, "helpline")         /* people were looked up too often: the end; may be missing */

enum menu_word {
#define X(id, name, arg) MENU_WORD_##id,
    MENU_WORDS(X)
#undef X
    MENU_WORD_COUNT
};

struct menu {
    struct arena *arena;
    int64_t generation;                 /* first 8 octets of a BLAKE2b of all sources, never 0 */
    const char *sources;                /* all files: "path\0length\0bytes", for the database */
    size_t sources_len;

    const char *const *codes;           /* "*333#" */
    int code_count;
    const struct menu_text *name;
    struct menu_lang langs[MENU_LANGS_MAX];
    int lang_count;
    const char *key_back, *key_start, *key_more, *key_script;
    const struct menu_text *words[MENU_WORD_COUNT];
    int start;                          /* screen */
    int alert;                          /* screen for a number whose place is warned; MENU_NONE = start */
    int first;                          /* screen for a number whose language is unknown; MENU_NONE = start */
    const struct menu_shortcut *shortcuts;
    int shortcut_count;
    int64_t resume_ms;                  /* default 24 h */
    int64_t resume_agents_ms;           /* of an agent of a digital centre; default the same */
    int tries;                          /* default 3 */
    const char *helpline;
    const struct menu_text *numbers;    /* 0 to 99 in words, hundred and three scales; NULL: no words */
    bool keyed;                         /* a type has store: keyed: a secret is needed */
    int utc_offset_min;                 /* default 360: Asia/Dhaka */

    const struct menu_type *const *types;
    int type_count;
    const struct menu_var *vars;
    int var_count;
    const struct menu_record *records;
    int record_count;
    const struct menu_query *queries;
    int query_count;
    const struct menu_screen *screens;
    int screen_count;
    const struct names *screen_names, *var_names, *shortcut_names;      /* names.h */
    const struct menu_service *services;
    int service_count;
    const struct menu_sms *sms;
    int sms_count;
    int consent;                        /* hidden variable of the code that is out; MENU_NONE: nothing asks for one */
    int pin;                            /* hidden variable: till when a PIN may be replaced; MENU_NONE: none is asked */
    const struct menu_backend *backends;
    int backend_count;
    const struct menu_provider *providers;
    int provider_count;
    const struct menu_text *receipts[MENU_RECEIPTS];    /* NULL: nothing is sent */
    int paid[MENU_PAID_VARS];           /* hidden variables; MENU_NONE without receipts */
    const struct menu_keyword *keywords;
    int keyword_count;
    const struct names *keyword_names;  /* all words, ASCII letters small, to indexes */
};

void menu_free(struct menu *m);

/* Calls fn for every screen that one may go to from s: not for the screens that
 * it calls, which come back, and return to it. */
void menu_exits(const struct menu_screen *s, void (*fn)(void *arg, int to), void *arg);

/* Look up by name in O(1) or O(log n); MENU_NONE. */
int menu_screen_find(const struct menu *m, const char *name);
int menu_shortcut_find(const struct menu *m, const char *path, size_t len);
int menu_var_find(const struct menu *m, const char *name, size_t len);

/* A word of a text message, which has been through gsm_answer(). */
int menu_keyword_find(const struct menu *m, const char *word, size_t len);
int menu_lang_find(const struct menu *m, const char *id);
int menu_provider_find(const struct menu *m, const char *name);
int menu_service_find(const struct menu *m, const char *name);

/* Where a text stands in one language. */
struct menu_pos menu_text_pos(const struct menu_text *t, int lang);

/* Does a dialled string belong to this tree?  "*333*1*1#" answers true with
 * *code = "*333#" and *rest = "1*1" (rest_len octets, "" for the code itself).
 * The longest code wins.  "333" without star and hash is the code too. */
bool menu_code_match(const struct menu *m, const char *dialled, size_t n, const char **code, const char **rest,
                     size_t *rest_len);

/* --- values ---------------------------------------------------------------- */

/* What a text about a case shows is in variables of their own: "tells:case.no",
 * "tells:at", "tells:FIELD".  The part behind the colon; NULL: it is none of them. */
#define MENU_TELLS "tells:"
const char *menu_tells(const struct menu *m, int var);

/* A typed answer (after gsm_answer()) to canonical text appended to out.
 * False: it does not fit the type; out is unchanged. */
struct buf;
bool menu_type_accept(const struct menu_type *t, const char *s, size_t n, int32_t today, struct buf *out)
    __attribute__((warn_unused_result));

/* A cell from the database: is it a canonical value of the type?  Dates, wholes
 * and booleans are taken in PostgreSQL's text form (t/f to yes/no). */
bool menu_type_import(const struct menu_type *t, const char *s, struct buf *out)
    __attribute__((warn_unused_result));

/* --- loading ----------------------------------------------------------------- */

enum menu_severity { MENU_ERROR = 0, MENU_WARNING };

struct menu_issue {
    struct menu_pos pos;
    enum menu_severity severity;
    const char *code;                   /* "E103" */
    const char *text;                   /* "goto 'paidd': no such screen; did you mean 'paid'?" */
};

/* All errors of a folder in one pass, sorted by file, line, column. */
struct menu_issues {
    struct arena *arena;
    struct menu_issue *list;
    int count, cap;
    int errors;
    int dropped;                        /* beyond 1000 */
    struct menu_pos (*locate)(void *arg, const struct menu_place *place);      /* while menus are loaded */
    void *locate_arg;
};

/* What a page may hold on a link: the tree is proved to fit. */
struct menu_link {
    const char *name;
    int septets, units;                 /* 0: no limit */
};

struct menu_links {
    const struct menu_link *list;
    int count;
};

/* Load a folder.  NULL when there is an error; issues is filled either way and
 * must be freed by menu_issues_free().  Every page is proved to fit these links;
 * menu_load() takes one of 160 septets and 70 units, the usual limits. */
struct menu *menu_load_for(const char *dir, const struct menu_links *links, struct menu_issues *issues);
struct menu *menu_load(const char *dir, struct menu_issues *issues);
void menu_issues_free(struct menu_issues *issues);

/* The same from m->sources of an earlier load, for a generation that the
 * database kept, which fitted the links of its day; positions show the paths inside the folder. */
struct menu *menu_load_sources(const char *sources, size_t n, struct menu_issues *issues);

/* The same from memory, for fuzzers: one root file's text. */
struct menu *menu_load_text(const char *text, size_t n, struct menu_issues *issues);

#endif
