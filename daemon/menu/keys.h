/*
 * keys.h - which keys each map of the menu language takes, as tables.
 *
 * The tables drive reading, unknown and missing keys, and the manual.  A new
 * key is one row here and the function that takes its value.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/issue.h"
#include "menu/yaml.h"

enum keys_map {
    KEYS_FILE = 0,                      /* any file of the folder */
    KEYS_ROOT,                          /* kheya.yaml: its own keys, and those of any file */
    KEYS_LANGUAGE,
    KEYS_PAD,                           /* keys: what works on every screen */
    KEYS_WORDS,
    KEYS_TYPE,
    KEYS_QUERY,
    KEYS_ACTION,                        /* entry of do: */
    KEYS_SCREEN,                        /* its own keys, and those of one action */
    KEYS_OPTION,
    KEYS_INPUT,
    KEYS_LIST,
    KEYS_BRANCH,                        /* entry of a list of goto: */
    KEYS_SERVICE,
    KEYS_SMS,
    KEYS_CALL,
    KEYS_AUDIT,
    KEYS_CONSENT,
    KEYS_PIN,
    KEYS_MOVE,
    KEYS_BACKEND,
    KEYS_BREAKER,                       /* breaker: of a back end */
    KEYS_RETRY,                         /* retry: of a back end */
    KEYS_POLL,                          /* poll: of a back end */
    KEYS_FEE,                           /* parts of a service */
    KEYS_WINDOW,
    KEYS_WITHIN,
    KEYS_STATE,
    KEYS_EXPIRES,
    KEYS_OVERDUE,                       /* entry of overdue: */
    KEYS_SAVES,
    KEYS_EFFORT,
    KEYS_KEYWORD,
    KEYS_PROVIDER,
    KEYS_PAY,
    KEYS_MAPS,
};

/* What a key asks for. */
enum keys_value {
    KEYS_STRING = 0,                    /* a single value, not empty */
    KEYS_STRINGS,                       /* one, or a list of them */
    KEYS_TEXT,                          /* a string, or a map by language */
    KEYS_WHOLE,                         /* min..max */
    KEYS_DECIMAL,                       /* 2 or 0.25, min..max in hundredths */
    KEYS_BOOL,                          /* yes no true false on off */
    KEYS_DURATION,                      /* 500ms 2s 5m 24h 7d, min..max in ms */
    KEYS_CHOICE,                        /* one of words */
    KEYS_SOME,                          /* one of words, or a list of some */
    KEYS_CHOICE_OR_MAP,                 /* one of words, or a map with the keys of */
    KEYS_EXPRESSION,
    KEYS_EXPRESSIONS,                   /* a list of them */
    KEYS_MAYBE,                         /* an expression, or nothing at all */
    KEYS_TYPE_NAME,                     /* a type of the tree or a builtin: text(40) */
    KEYS_SCREEN_NAME,
    KEYS_BRANCHES,                      /* a screen's name, or a list of { when, to } */
    KEYS_ONE_MAP,                       /* a map with the keys of */
    KEYS_NAMED_MAPS,                    /* a map from names to maps with the keys of */
    KEYS_LIST_OF_MAPS,                  /* a list of maps with the keys of */
    KEYS_FREE_MAP,                      /* a map from names to single values */
    KEYS_TEXT_MAP,                      /* a map from names to texts */
    KEYS_TEXT_LISTS,                    /* a map from names to maps from numbers to texts */
    KEYS_MOVES,                         /* a name, or a list of names and of maps with the keys of */
    KEYS_LISTS,                         /* a map from names to KEYS_MOVES that are lists, or to maps with the keys of */
    KEYS_VALUES,
};

struct keys_row {
    const char *name;                   /* NULL behind the last row */
    enum keys_value value;
    bool required;
    enum keys_map of;
    int64_t min, max;
    const char *words;                  /* KEYS_CHOICE, KEYS_SOME, KEYS_CHOICE_OR_MAP: separated by blanks */
    const char *help;
};

/* Indexes of the rows; tables that include another one's rows begin with them. */
enum keys_file {
    FILE_TYPES = 0, FILE_RECORDS, FILE_QUERIES, FILE_SCREENS, FILE_SERVICES, FILE_SMS, FILE_BACKENDS,
    FILE_PROVIDERS, FILE_RECEIPTS, FILE_KEYWORDS,
    FILE_KEYS,
};
enum keys_root {
    ROOT_LANGUAGE = FILE_KEYS, ROOT_CODE, ROOT_NAME, ROOT_LANGUAGES, ROOT_PAD, ROOT_WORDS, ROOT_START, ROOT_FIRST, ROOT_ALERT,
    ROOT_SHORTCUTS, ROOT_RESUME, ROOT_RESUME_AGENTS, ROOT_TRIES, ROOT_HELPLINE, ROOT_UTC_OFFSET, ROOT_NUMBERS, ROOT_KEYS,
};
enum keys_language { LANGUAGE_NAME = 0, LANGUAGE_SMS, LANGUAGE_SHOWS, LANGUAGE_GROUPS, LANGUAGE_KEYS };
enum keys_pad { PAD_BACK = 0, PAD_START, PAD_MORE, PAD_SCRIPT, PAD_KEYS };
enum keys_type {
    TYPE_PATTERN = 0, TYPE_WHOLE, TYPE_DATE, TYPE_CHOICE, TYPE_MSISDN, TYPE_TEXT, TYPE_WORD, TYPE_PIN, TYPE_WIDTH,
    TYPE_EXAMPLE, TYPE_SENSITIVE, TYPE_PAST, TYPE_FUTURE, TYPE_STORE, TYPE_KEYS,
};
enum keys_query { QUERY_SQL = 0, QUERY_ARGS, QUERY_RETURNS, QUERY_TIMEOUT, QUERY_CACHE, QUERY_PEOPLE, QUERY_BEHIND, QUERY_KEYS };
enum keys_action {
    ACTION_QUERY = 0, ACTION_SUBMIT, ACTION_SMS, ACTION_SET, ACTION_INTO, ACTION_NONE, ACTION_FAIL, ACTION_WITH,
    ACTION_TO, ACTION_HOOK, ACTION_PATH, ACTION_RETURNS, ACTION_CALL, ACTION_RETURN, ACTION_PIN, ACTION_CONSENT,
    ACTION_AUDIT, ACTION_WRONG, ACTION_EXPIRED, ACTION_LOCKED, ACTION_CLOSED, ACTION_PAY, ACTION_AGAIN, ACTION_REFUSED, ACTION_LATE,
    ACTION_KEEP, ACTION_HEARD, ACTION_CASE, ACTION_OF, ACTION_MOVE, ACTION_WAITLIST, ACTION_PLACE, ACTION_KEYS,
};
enum keys_screen {
    SCREEN_TEXT = ACTION_KEYS, SCREEN_CONTINUED, SCREEN_OPTIONS, SCREEN_INPUT, SCREEN_LIST, SCREEN_END, SCREEN_GOTO,
    SCREEN_DO, SCREEN_SECRET, SCREEN_BACK, SCREEN_KEYS,
};
enum keys_option { OPTION_TEXT = 0, OPTION_GOTO, OPTION_WHEN, OPTION_SET, OPTION_PAGE, OPTION_KEYS };
enum keys_input { INPUT_INTO = 0, INPUT_TYPE, INPUT_WHEN, INPUT_WRONG, INPUT_KEYS };
enum keys_list {
    LIST_QUERY = 0, LIST_INTO, LIST_OPTION, LIST_GOTO, LIST_EMPTY, LIST_FAIL, LIST_MAX, LIST_CASES, LIST_KEYS,
};
enum keys_branch { BRANCH_WHEN = 0, BRANCH_TO, BRANCH_KEYS };
enum keys_service {
    SERVICE_NUMBER = 0, SERVICE_AGENCY, SERVICE_TITLE, SERVICE_FIELDS, SERVICE_NOTIFY, SERVICE_WHO, SERVICE_FEE,
    SERVICE_WINDOW, SERVICE_WITHIN, SERVICE_STATES, SERVICE_TEXTS, SERVICE_SAVES, SERVICE_BACKEND, SERVICE_OVERDUE,
    SERVICE_REPLIES, SERVICE_KEYS,
};
enum keys_sms { SMS_CLASS = 0, SMS_TEXT, SMS_APPROVAL, SMS_DUE, SMS_KEYS };
enum keys_call { CALL_TO = 0, CALL_INTO, CALL_KEYS };
enum keys_consent { CONSENT_TO = 0, CONSENT_SMS, CONSENT_CHECK, CONSENT_KEYS };
enum keys_pin { PIN_CHECK = 0, PIN_SET, PIN_OF, PIN_KEYS };
enum keys_move { MOVE_CASE = 0, MOVE_TO, MOVE_NOTE, MOVE_KEYS };
enum keys_audit { AUDIT_EVENT = 0, AUDIT_WITH, AUDIT_KEYS };
enum keys_backend {
    BACKEND_KIND = 0, BACKEND_URL, BACKEND_KEY, BACKEND_TIMEOUT, BACKEND_BREAKER, BACKEND_FOLDER, BACKEND_ANSWERS,
    BACKEND_CASES, BACKEND_STATES, BACKEND_TAKEN, BACKEND_RETRY, BACKEND_EVERY, BACKEND_PEOPLE, BACKEND_POLL,
    BACKEND_PAYMENTS, BACKEND_KEYS,
};
enum keys_breaker { BREAKER_FAILS = 0, BREAKER_REST, BREAKER_KEYS };
enum keys_retry { RETRY_FIRST = 0, RETRY_LONGEST, RETRY_KEYS };
enum keys_poll { POLL_PATH = 0, POLL_EVERY, POLL_KEYS };
enum keys_fee { FEE_OFFICIAL = 0, FEE_CENTRE, FEE_PAID, FEE_BACK, FEE_KEYS };
enum keys_window { WINDOW_FROM = 0, WINDOW_TO, WINDOW_OPENED, WINDOW_KEYS };
enum keys_within { WITHIN_DAYS = 0, WITHIN_CALENDAR, WITHIN_KEYS };
enum keys_state { STATE_TO = 0, STATE_BY, STATE_WITHIN, STATE_EXPIRES, STATE_TURN, STATE_KEYS };
enum keys_expires { EXPIRES_DAYS = 0, EXPIRES_CALENDAR, EXPIRES_TO, EXPIRES_KEYS };
enum keys_overdue { OVERDUE_AFTER = 0, OVERDUE_TO, OVERDUE_TEXT, OVERDUE_SMS, OVERDUE_KEYS };
enum keys_saves { SAVES_VERSION = 0, SAVES_COUNTED, SAVES_BEFORE, SAVES_SELF, SAVES_ASSISTED, SAVES_KEYS };
enum keys_keyword { KEYWORD_WORDS = 0, KEYWORD_FILLS, KEYWORD_GOTO, KEYWORD_HELP, KEYWORD_KEYS };
enum keys_provider {
    PROVIDER_KIND = 0, PROVIDER_TITLE, PROVIDER_WITHIN, PROVIDER_URL, PROVIDER_KEY, PROVIDER_TIMEOUT, PROVIDER_BREAKER,
    PROVIDER_ANSWER, PROVIDER_KEYS,
};
enum keys_pay { PAY_BY = 0, PAY_FEE, PAY_TAKA, PAY_FOR, PAY_TELLS, PAY_KEYS };
enum keys_effort { EFFORT_VISITS = 0, EFFORT_HOURS, EFFORT_TAKA, EFFORT_KEYS };

#define KEYS_MOST 48                    /* rows of the longest table, and more */

/* A table, for the reader, the manual and the schema. */
const struct keys_row *keys_table(enum keys_map map);
bool keys_has(enum keys_map map, const char *name);
const char *keys_title(enum keys_map map);      /* "screen" */

/* A map as read: values by row, NULL where a key is not there or was refused. */
struct keys_got {
    const struct yaml_node *node;       /* the map itself */
    const struct yaml_node *at[KEYS_MOST];
    const struct yaml_node *key[KEYS_MOST];     /* the keys, refused values too; NULL = not there */
};

/* False when the node is no map (said). */
bool keys_read(const struct yaml_node *node, enum keys_map map, struct keys_got *got, struct menu_issues *issues);

/* A name as records, variables, screens and the rest may have: letters, digits
 * and _, first a letter. */
bool keys_is_name(const char *s, size_t len);

/* Values that keys_read() let pass. */
int64_t keys_whole(const struct yaml_node *n);
bool keys_bool(const struct yaml_node *n);
int64_t keys_duration(const struct yaml_node *n);
int64_t keys_hundredths(const struct yaml_node *n);

/* Is it one of some words, separated by blanks? */
bool keys_is_word(const char *words, const struct yaml_node *n);

/* A whole number and nothing else?  Without plus, leading zeros or blanks. */
bool keys_parse_whole(const char *s, size_t len, int64_t *out);

#endif
