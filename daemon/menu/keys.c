#include "menu/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "menu/names.h"

#define KEYS_HOUR (3600 * 1000LL)

/* --- the tables ----------------------------------------------------------------- */

#define FILE_ROWS \
    [FILE_TYPES] = { "types", KEYS_NAMED_MAPS, .of = KEYS_TYPE, .help = "types of values, by name" }, \
    [FILE_RECORDS] = { "records", KEYS_NAMED_MAPS, .of = KEYS_MAPS, \
                       .help = "records, by name: a map from field to type each" }, \
    [FILE_QUERIES] = { "queries", KEYS_NAMED_MAPS, .of = KEYS_QUERY, .help = "questions to the database, by name" }, \
    [FILE_SCREENS] = { "screens", KEYS_NAMED_MAPS, .of = KEYS_SCREEN, .help = "screens, by name" }, \
    [FILE_SERVICES] = { "services", KEYS_NAMED_MAPS, .of = KEYS_SERVICE, .help = "what can be submitted, by name" }, \
    [FILE_SMS] = { "sms", KEYS_NAMED_MAPS, .of = KEYS_SMS, .help = "templates of messages, by name" }, \
    [FILE_BACKENDS] = { "backends", KEYS_NAMED_MAPS, .of = KEYS_BACKEND, .help = "agencies' systems, by name" }, \
    [FILE_PROVIDERS] = { "providers", KEYS_NAMED_MAPS, .of = KEYS_PROVIDER, \
                         .help = "who takes money: wallets and banks, by name" }, \
    [FILE_RECEIPTS] = { "receipts", KEYS_TEXT_MAP, \
                        .help = "messages about a payment: confirmed, billed, failed, refunded, part" }, \
    [FILE_KEYWORDS] = { "keywords", KEYS_NAMED_MAPS, .of = KEYS_KEYWORD, \
                        .help = "words that drive screens by SMS" }

static const struct keys_row keys_file_rows[] = {
    FILE_ROWS,
    { .name = NULL },
};

static const struct keys_row keys_root_rows[] = {
    FILE_ROWS,
    [ROOT_LANGUAGE] = { "language", KEYS_WHOLE, .required = true, .min = 1, .max = 1,
                        .help = "version of the menu language: 1" },
    [ROOT_CODE] = { "code", KEYS_STRINGS, .required = true, .help = "codes that this tree answers: \"*333#\"" },
    [ROOT_NAME] = { "name", KEYS_TEXT, .required = true, .help = "name of the whole tree" },
    [ROOT_LANGUAGES] = { "languages", KEYS_NAMED_MAPS, .required = true, .of = KEYS_LANGUAGE,
                         .help = "languages in the order of choice; the first is the default" },
    [ROOT_PAD] = { "keys", KEYS_ONE_MAP, .of = KEYS_PAD, .help = "keys that work on every screen" },
    [ROOT_WORDS] = { "words", KEYS_ONE_MAP, .required = true, .of = KEYS_WORDS,
                     .help = "the program's own sentences, in every language" },
    [ROOT_START] = { "start", KEYS_SCREEN_NAME, .required = true, .help = "the first screen" },
    [ROOT_FIRST] = { "first", KEYS_SCREEN_NAME, .help = "the first screen for a number whose language is not known" },
    [ROOT_ALERT] = { "alert", KEYS_SCREEN_NAME, .help = "the first screen where there is a warning for her place" },
    [ROOT_SHORTCUTS] = { "shortcuts", KEYS_FREE_MAP, .help = "frozen sub-codes: \"1*1\": screen" },
    [ROOT_RESUME] = { "resume", KEYS_DURATION, .min = 60 * 1000, .max = 30 * 24 * KEYS_HOUR,
                      .help = "how long a dropped dialogue can be continued; 24h" },
    [ROOT_RESUME_AGENTS] = { "resume_agents", KEYS_DURATION, .min = 60 * 1000, .max = 30 * 24 * KEYS_HOUR,
                      .help = "how long an agent's dropped dialogue can be continued; resume" },
    [ROOT_TRIES] = { "tries", KEYS_WHOLE, .min = 1, .max = 9, .help = "wrong answers before the dialogue ends; 3" },
    [ROOT_HELPLINE] = { "helpline", KEYS_STRING, .required = true, .help = "number to call, {helpline} in words" },
    [ROOT_UTC_OFFSET] = { "utc_offset", KEYS_STRING, .help = "the country's clock; \"+06:00\"" },
    [ROOT_NUMBERS] = { "numbers", KEYS_TEXT, .help = "104 words of numbers, for the filter words" },
    [ROOT_KEYS] = { .name = NULL },
};

static const struct keys_row keys_language_rows[] = {
    [LANGUAGE_NAME] = { "name", KEYS_STRING, .required = true, .help = "as its readers write it" },
    [LANGUAGE_SMS] = { "sms", KEYS_BOOL, .help = "may it stand in an SMS; yes" },
    [LANGUAGE_SHOWS] = { "shows", KEYS_STRING, .help = "language of the SMS to those who read this one on screens" },
    [LANGUAGE_GROUPS] = { "groups", KEYS_CHOICE, .words = "thousand lakh", .help = "how money is grouped: 100,000 or 1,00,000" },
    [LANGUAGE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_pad_rows[] = {
    [PAD_BACK] = { "back", KEYS_STRING, .help = "one screen back; \"0\"" },
    [PAD_START] = { "start", KEYS_STRING, .help = "to the first screen; \"00\"" },
    [PAD_MORE] = { "more", KEYS_STRING, .help = "next page, where there is one; \"9\"" },
    [PAD_SCRIPT] = { "script", KEYS_STRING, .help = "the same page in the next language; \"*\"" },
    [PAD_KEYS] = { .name = NULL },
};

static const struct keys_row keys_word_rows[] = {
#define X(id, name, arg) [MENU_WORD_##id] = { #name, KEYS_TEXT, \
    .required = MENU_WORD_##id != MENU_WORD_DIAL && MENU_WORD_##id != MENU_WORD_OFTEN },
    MENU_WORDS(X)
#undef X
    [MENU_WORD_COUNT] = { .name = NULL },
};

static const struct keys_row keys_type_rows[] = {
    [TYPE_PATTERN] = { "pattern", KEYS_STRING, .help = "regular expression for the whole value; needs width" },
    [TYPE_WHOLE] = { "whole", KEYS_STRING, .help = "whole numbers from..to: 1..99" },
    [TYPE_DATE] = { "date", KEYS_CHOICE, .words = "DDMMYYYY", .help = "a date, typed day month year" },
    [TYPE_CHOICE] = { "choice", KEYS_TEXT_MAP, .help = "codes and their names" },
    [TYPE_MSISDN] = { "msisdn", KEYS_BOOL, .help = "a mobile number" },
    [TYPE_TEXT] = { "text", KEYS_WHOLE, .min = 1, .max = 1000, .help = "any text of at most so many characters" },
    [TYPE_WORD] = { "word", KEYS_WHOLE, .min = 1, .max = 1000, .help = "the same without blanks" },
    [TYPE_PIN] = { "pin", KEYS_WHOLE, .min = 4, .max = 8, .help = "so many digits, never shown or kept" },
    [TYPE_WIDTH] = { "width", KEYS_WHOLE, .min = 1, .max = 1000, .help = "greatest number of characters" },
    [TYPE_EXAMPLE] = { "example", KEYS_STRING, .help = "shown in questions, refused as an answer" },
    [TYPE_SENSITIVE] = { "sensitive", KEYS_BOOL, .help = "never logged, shown whole or kept after hand-over" },
    [TYPE_PAST] = { "past", KEYS_BOOL, .help = "date: today or before" },
    [TYPE_FUTURE] = { "future", KEYS_BOOL, .help = "date: today or after" },
    [TYPE_STORE] = { "store", KEYS_CHOICE, .words = "whole last4 none keyed",
                     .help = "what a case keeps of it: all, its last 4 characters, nothing, or its keyed hash; whole" },
    [TYPE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_query_rows[] = {
    [QUERY_SQL] = { "sql", KEYS_STRING, .required = true, .help = "one SELECT; $1 $2 ... are the args" },
    [QUERY_ARGS] = { "args", KEYS_EXPRESSIONS, .help = "values of $1 $2 ..." },
    [QUERY_RETURNS] = { "returns", KEYS_STRING, .required = true, .help = "a record, or: list of a record" },
    [QUERY_TIMEOUT] = { "timeout", KEYS_DURATION, .min = 10, .max = 60 * 1000, .help = "longest wait; 2s" },
    [QUERY_CACHE] = { "cache", KEYS_DURATION, .min = 1000, .max = 7 * 24 * KEYS_HOUR,
                      .help = "how long an answer may be given again" },
    [QUERY_PEOPLE] = { "people", KEYS_BOOL, .help = "it looks people up by what is typed: so many an hour; no" },
    [QUERY_BEHIND] = { "behind", KEYS_CHOICE, .words = "pin", .help = "pin: asked only of who has just shown her own PIN" },
    [QUERY_KEYS] = { .name = NULL },
};

#define ACTION_ROWS \
    [ACTION_QUERY] = { "query", KEYS_STRING, .help = "ask the database; needs into" }, \
    [ACTION_SUBMIT] = { "submit", KEYS_STRING, .help = "hand a service its fields, exactly once; needs with" }, \
    [ACTION_SMS] = { "sms", KEYS_STRING, .help = "send a message from a template" }, \
    [ACTION_SET] = { "set", KEYS_FREE_MAP, .help = "variables and what they become" }, \
    [ACTION_INTO] = { "into", KEYS_STRING, .help = "query, hook, case: variables into.field; submit: the number is into.no" }, \
    [ACTION_NONE] = { "none", KEYS_SCREEN_NAME, \
                      .help = "query, hook, case, move: where to go when nothing was found; pin: when she has none yet" }, \
    [ACTION_FAIL] = { "fail", KEYS_SCREEN_NAME, .help = "query, hook, pin, pay, case, move, waitlist: where to go after an error or time-out" }, \
    [ACTION_WITH] = { "with", KEYS_FREE_MAP, \
                      .help = "submit: the service's fields; hook: members of the request; case: a second key" }, \
    [ACTION_TO] = { "to", KEYS_EXPRESSION, .help = "sms, waitlist: the number; citizen.msisdn" }, \
    [ACTION_CALL] = { "call", KEYS_ONE_MAP, .of = KEYS_CALL, .help = "a dialogue inside the dialogue" }, \
    [ACTION_RETURN] = { "return", KEYS_MAYBE, .help = "end of a called dialogue, and its value" }, \
    [ACTION_HOOK] = { "hook", KEYS_STRING, .help = "web request to a back end; needs path" }, \
    [ACTION_PATH] = { "path", KEYS_STRING, .help = "hook: what it asks for, behind the back end's url" }, \
    [ACTION_RETURNS] = { "returns", KEYS_STRING, .help = "hook: the record that is answered; needs into" }, \
    [ACTION_PIN] = { "pin", KEYS_ONE_MAP, .of = KEYS_PIN, .help = "check or set her PIN" }, \
    [ACTION_CONSENT] = { "consent", KEYS_ONE_MAP, .of = KEYS_CONSENT, .help = "one-time code to another phone" }, \
    [ACTION_AUDIT] = { "audit", KEYS_ONE_MAP, .of = KEYS_AUDIT, .help = "a line in the audit" }, \
    [ACTION_WRONG] = { "wrong", KEYS_SCREEN_NAME, .help = "consent, pin: where to go after a wrong one" }, \
    [ACTION_EXPIRED] = { "expired", KEYS_SCREEN_NAME, .help = "consent: where to go when the code counts no more" }, \
    [ACTION_LOCKED] = { "locked", KEYS_SCREEN_NAME, .help = "pin: where to go after three wrong ones, for 24 hours" }, \
    [ACTION_CLOSED] = { "closed", KEYS_SCREEN_NAME, .help = "submit: where to go while the service takes nothing" }, \
    [ACTION_PAY] = { "pay", KEYS_ONE_MAP, .of = KEYS_PAY, .help = "ask a provider for money; needs again and refused" }, \
    [ACTION_AGAIN] = { "again", KEYS_SCREEN_NAME, .help = "pay: where to go when it is paid, or a request is out" }, \
    [ACTION_REFUSED] = { "refused", KEYS_SCREEN_NAME, .help = "pay: where to go when the provider refuses the request; move: when the case may not go there now" }, \
    [ACTION_LATE] = { "late", KEYS_SCREEN_NAME, .help = "pay: where to go when the provider has not answered yet" }, \
    [ACTION_KEEP] = { "keep", KEYS_DURATION, .min = 60 * 1000, .max = 366 * 24 * KEYS_HOUR, \
                      .help = "hook: so long the last answer counts when the back end is away; needs heard" }, \
    [ACTION_HEARD] = { "heard", KEYS_STRING, .help = "hook: field of the record, a date, that tells the day of the answer" }, \
    [ACTION_CASE] = { "case", KEYS_EXPRESSION, .help = "look up a case of hers by its number; needs into and none" }, \
    [ACTION_OF] = { "of", KEYS_STRINGS, .help = "case: services whose cases it finds, or all; all" }, \
    [ACTION_MOVE] = { "move", KEYS_ONE_MAP, .of = KEYS_MOVE, .help = "put a case of hers into another state, exactly once; needs none and refused" }, \
    [ACTION_WAITLIST] = { "waitlist", KEYS_STRING, .help = "put a number on the list of a service that is closed" }, \
    [ACTION_PLACE] = { "place", KEYS_EXPRESSION, .help = "waitlist: for this place; without it, for the country" }

static const struct keys_row keys_action_rows[] = {
    ACTION_ROWS,
    { .name = NULL },
};

static const struct keys_row keys_screen_rows[] = {
    ACTION_ROWS,
    [SCREEN_TEXT] = { "text", KEYS_TEXT, .help = "what it shows" },
    [SCREEN_CONTINUED] = { "continued", KEYS_TEXT, .help = "title of the pages after the first" },
    [SCREEN_OPTIONS] = { "options", KEYS_NAMED_MAPS, .of = KEYS_OPTION, .help = "choices by number, 1..999" },
    [SCREEN_INPUT] = { "input", KEYS_ONE_MAP, .of = KEYS_INPUT, .help = "asks for a value; needs goto" },
    [SCREEN_LIST] = { "list", KEYS_ONE_MAP, .of = KEYS_LIST, .help = "offers the rows of a query" },
    [SCREEN_END] = { "end", KEYS_BOOL, .help = "the dialogue ends with this screen" },
    [SCREEN_GOTO] = { "goto", KEYS_BRANCHES, .help = "the next screen, or a list of { when, to }" },
    [SCREEN_DO] = { "do", KEYS_LIST_OF_MAPS, .of = KEYS_ACTION, .help = "several actions in order" },
    [SCREEN_SECRET] = { "secret", KEYS_BOOL, .help = "never resumed into, its answer never logged" },
    [SCREEN_BACK] = { "back", KEYS_CHOICE, .words = "hidden", .help = "hidden: key back works, its hint is not shown" },
    [SCREEN_KEYS] = { .name = NULL },
};

static const struct keys_row keys_option_rows[] = {
    [OPTION_TEXT] = { "text", KEYS_TEXT, .required = true, .help = "what stands behind the number" },
    [OPTION_GOTO] = { "goto", KEYS_BRANCHES, .required = true, .help = "where it leads" },
    [OPTION_WHEN] = { "when", KEYS_EXPRESSION, .help = "offered only when this holds" },
    [OPTION_SET] = { "set", KEYS_FREE_MAP, .help = "variables and what they become when it is chosen" },
    [OPTION_PAGE] = { "page", KEYS_CHOICE, .words = "new", .help = "new: begins a page if all does not fit on one" },
    [OPTION_KEYS] = { .name = NULL },
};

static const struct keys_row keys_input_rows[] = {
    [INPUT_INTO] = { "into", KEYS_STRING, .required = true, .help = "variable that takes the answer" },
    [INPUT_TYPE] = { "type", KEYS_TYPE_NAME, .help = "its type; without it, the type of the variable's name" },
    [INPUT_WHEN] = { "when", KEYS_EXPRESSION, .help = "an answer is taken only when this holds of it" },
    [INPUT_WRONG] = { "wrong", KEYS_TEXT, .help = "shown instead of the question after an answer that does not fit" },
    [INPUT_KEYS] = { .name = NULL },
};

static const struct keys_row keys_list_rows[] = {
    [LIST_QUERY] = { "query", KEYS_STRING, .help = "a query that returns a list" },
    [LIST_INTO] = { "into", KEYS_STRING, .required = true, .help = "variables into.field take the chosen row" },
    [LIST_OPTION] = { "option", KEYS_TEXT, .required = true, .help = "text of one row, with its fields" },
    [LIST_GOTO] = { "goto", KEYS_BRANCHES, .required = true, .help = "where a choice leads" },
    [LIST_EMPTY] = { "empty", KEYS_SCREEN_NAME, .help = "where to go without rows" },
    [LIST_FAIL] = { "fail", KEYS_SCREEN_NAME, .help = "where to go after an error or time-out" },
    [LIST_MAX] = { "max", KEYS_WHOLE, .min = 1, .max = 99, .help = "greatest number of rows; 20" },
    [LIST_CASES] = { "cases", KEYS_STRINGS, .help = "her cases, instead of a query: services, or all" },
    [LIST_KEYS] = { .name = NULL },
};

static const struct keys_row keys_branch_rows[] = {
    [BRANCH_WHEN] = { "when", KEYS_EXPRESSION, .help = "taken when this holds; the last entry has none" },
    [BRANCH_TO] = { "to", KEYS_SCREEN_NAME, .required = true, .help = "the screen" },
    [BRANCH_KEYS] = { .name = NULL },
};

static const struct keys_row keys_service_rows[] = {
    [SERVICE_NUMBER] = { "number", KEYS_WHOLE, .required = true, .min = 1, .max = 9,
                         .help = "first digit of its case numbers" },
    [SERVICE_AGENCY] = { "agency", KEYS_STRING, .help = "who answers" },
    [SERVICE_TITLE] = { "title", KEYS_TEXT, .required = true, .help = "its name for citizens" },
    [SERVICE_FIELDS] = { "fields", KEYS_FREE_MAP, .required = true, .help = "what it takes: field and type" },
    [SERVICE_NOTIFY] = { "notify", KEYS_FREE_MAP, .help = "SMS template to send at a state" },
    [SERVICE_WHO] = { "who", KEYS_SOME, .words = "citizen agent", .help = "who may submit it; citizen: everybody" },
    [SERVICE_FEE] = { "fee", KEYS_ONE_MAP, .of = KEYS_FEE, .help = "what it costs, in taka" },
    [SERVICE_WINDOW] = { "window", KEYS_CHOICE_OR_MAP, .words = "always listed", .of = KEYS_WINDOW,
                         .help = "when it is open; always; listed: as the database says" },
    [SERVICE_WITHIN] = { "within", KEYS_ONE_MAP, .of = KEYS_WITHIN, .help = "time to an answer" },
    [SERVICE_STATES] = { "states", KEYS_LISTS, .of = KEYS_STATE, .help = "states of a case, and those that may follow each" },
    [SERVICE_TEXTS] = { "texts", KEYS_TEXT_MAP, .help = "states in the citizen's words" },
    [SERVICE_SAVES] = { "saves", KEYS_ONE_MAP, .of = KEYS_SAVES, .help = "visits, time and cost that a case saves" },
    [SERVICE_BACKEND] = { "backend", KEYS_STRING, .help = "the agency's system: a back end" },
    [SERVICE_OVERDUE] = { "overdue", KEYS_LIST_OF_MAPS, .of = KEYS_OVERDUE,
                          .help = "what happens when there is no answer in time, one step after the other" },
    [SERVICE_REPLIES] = { "replies", KEYS_TEXT_LISTS,
                          .help = "what an office answers by a number, at a state: NEED 2, NO 3" },
    [SERVICE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_sms_rows[] = {
    [SMS_CLASS] = { "class", KEYS_CHOICE, .required = true,
                    .words = "otp emergency transactional gov_info service_info", .help = "when it may be sent" },
    [SMS_TEXT] = { "text", KEYS_TEXT, .required = true, .help = "in every language that may stand in an SMS" },
    [SMS_APPROVAL] = { "approval", KEYS_STRING, .help = "gov_info: the reference under which it was approved" },
    [SMS_DUE] = { "due", KEYS_STRING, .help = "what the database finds due: it goes out of no dialogue" },
    [SMS_KEYS] = { .name = NULL },
};

static const struct keys_row keys_call_rows[] = {
    [CALL_TO] = { "to", KEYS_SCREEN_NAME, .required = true, .help = "the first of the called screens" },
    [CALL_INTO] = { "into", KEYS_STRING, .help = "variable that takes what they return" },
    [CALL_KEYS] = { .name = NULL },
};

static const struct keys_row keys_consent_rows[] = {
    [CONSENT_TO] = { "to", KEYS_EXPRESSION, .help = "number that gets a code" },
    [CONSENT_SMS] = { "sms", KEYS_STRING, .help = "template with {consent.code}; needs to" },
    [CONSENT_CHECK] = { "check", KEYS_EXPRESSION, .help = "variable with the code that she was told" },
    [CONSENT_KEYS] = { .name = NULL },
};

static const struct keys_row keys_pin_rows[] = {
    [PIN_CHECK] = { "check", KEYS_STRING, .help = "variable with the PIN that she typed" },
    [PIN_SET] = { "set", KEYS_STRING, .help = "variable with the PIN that she chose" },
    [PIN_OF] = { "of", KEYS_EXPRESSION, .help = "set: number of the person whose PIN it becomes, of a type with store: keyed; of several on one phone" },
    [PIN_KEYS] = { .name = NULL },
};

static const struct keys_row keys_move_rows[] = {
    [MOVE_CASE] = { "case", KEYS_EXPRESSION, .required = true, .help = "its number" },
    [MOVE_TO] = { "to", KEYS_STRING, .required = true, .help = "the state" },
    [MOVE_NOTE] = { "note", KEYS_EXPRESSION, .help = "what she says to it" },
    [MOVE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_audit_rows[] = {
    [AUDIT_EVENT] = { "event", KEYS_STRING, .required = true, .help = "what was done: a name" },
    [AUDIT_WITH] = { "with", KEYS_FREE_MAP, .help = "what else is to be known of it: names and values" },
    [AUDIT_KEYS] = { .name = NULL },
};

static const struct keys_row keys_backend_rows[] = {
    [BACKEND_KIND] = { "kind", KEYS_CHOICE, .required = true, .words = "http csv internal mock",
                       .help = "how it is reached" },
    [BACKEND_URL] = { "url", KEYS_STRING, .help = "http: its address, http:// or https://" },
    [BACKEND_KEY] = { "key", KEYS_STRING, .help = "http: file of the secret that signs requests" },
    [BACKEND_TIMEOUT] = { "timeout", KEYS_DURATION, .min = 50, .max = 60 * 1000, .help = "http: longest wait; 2s" },
    [BACKEND_BREAKER] = { "breaker", KEYS_ONE_MAP, .of = KEYS_BREAKER, .help = "http: when it is left alone" },
    [BACKEND_FOLDER] = { "folder", KEYS_STRING, .help = "csv: where files are written" },
    [BACKEND_ANSWERS] = { "answers", KEYS_FREE_MAP, .help = "mock: what is answered, by path" },
    [BACKEND_CASES] = { "cases", KEYS_STRING, .help = "http, mock: where cases are sent, behind the url; /cases" },
    [BACKEND_STATES] = { "states", KEYS_FREE_MAP, .help = "its words for what becomes of a case, and our states" },
    [BACKEND_TAKEN] = { "taken", KEYS_STRING, .help = "state of a case that it has taken without a word" },
    [BACKEND_RETRY] = { "retry", KEYS_ONE_MAP, .of = KEYS_RETRY, .help = "http: when a case is sent again" },
    [BACKEND_EVERY] = { "every", KEYS_DURATION, .min = 1000, .max = 24 * KEYS_HOUR,
                        .help = "csv: how often a file is written; 5m" },
    [BACKEND_PEOPLE] = { "people", KEYS_BOOL, .help = "http, mock: its hooks look people up by what is typed: so many an hour; no" },
    [BACKEND_POLL] = { "poll", KEYS_ONE_MAP, .of = KEYS_POLL, .help = "http: it is asked what became of the cases that it has" },
    [BACKEND_PAYMENTS] = { "payments", KEYS_STRING, .help = "http, mock: where it is told of payments ('tells' of pay), behind the url; /payments" },
    [BACKEND_KEYS] = { .name = NULL },
};

static const struct keys_row keys_breaker_rows[] = {
    [BREAKER_FAILS] = { "fails", KEYS_WHOLE, .min = 1, .max = 1000, .help = "failures in a row; 5" },
    [BREAKER_REST] = { "rest", KEYS_DURATION, .min = 100, .max = KEYS_HOUR, .help = "it is not asked for so long; 30s" },
    [BREAKER_KEYS] = { .name = NULL },
};

static const struct keys_row keys_poll_rows[] = {
    [POLL_PATH] = { "path", KEYS_STRING, .help = "where it is asked, behind the url; /status" },
    [POLL_EVERY] = { "every", KEYS_DURATION, .min = 1000, .max = 24 * KEYS_HOUR, .help = "of one case so often; 15m" },
    [POLL_KEYS] = { .name = NULL },
};

static const struct keys_row keys_retry_rows[] = {
    [RETRY_FIRST] = { "first", KEYS_DURATION, .min = 100, .max = KEYS_HOUR, .help = "after the first failure; 10s" },
    [RETRY_LONGEST] = { "longest", KEYS_DURATION, .min = 100, .max = 24 * KEYS_HOUR,
                        .help = "twice as long after each, and at most so long; 1h" },
    [RETRY_KEYS] = { .name = NULL },
};

#define KEYS_TAKA_MAX 1000000
#define KEYS_DAYS_MAX 3650
#define KEYS_EFFORT_MAX (1000000 * 100LL)

static const struct keys_row keys_fee_rows[] = {
    [FEE_OFFICIAL] = { "official", KEYS_WHOLE, .min = 0, .max = KEYS_TAKA_MAX, .help = "the state's own fee; 0" },
    [FEE_CENTRE] = { "centre", KEYS_WHOLE, .min = 0, .max = KEYS_TAKA_MAX, .help = "of a digital centre that helps; 0" },
    [FEE_PAID] = { "paid", KEYS_STRING, .help = "state that a case gets when the fee is paid; needed for pay" },
    [FEE_BACK] = { "back", KEYS_STRING, .help = "state that it gets when the fee was given back" },
    [FEE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_window_rows[] = {
    [WINDOW_FROM] = { "from", KEYS_STRING, .help = "first day, like 2026-11-01; without it, open until 'to'" },
    [WINDOW_TO] = { "to", KEYS_STRING, .help = "last day; without it, open since 'from'" },
    [WINDOW_OPENED] = { "opened", KEYS_STRING, .help = "template of a message to those on the list, when it opens" },
    [WINDOW_KEYS] = { .name = NULL },
};

static const struct keys_row keys_within_rows[] = {
    [WITHIN_DAYS] = { "days", KEYS_WHOLE, .required = true, .min = 1, .max = KEYS_DAYS_MAX, .help = "so many days" },
    [WITHIN_CALENDAR] = { "calendar", KEYS_CHOICE, .words = "working all", .help = "which days count; working" },
    [WITHIN_KEYS] = { .name = NULL },
};

static const struct keys_row keys_state_rows[] = {
    [STATE_TO] = { "to", KEYS_MOVES, .required = true, .of = KEYS_STATE, .help = "states that may follow; [] where none does" },
    [STATE_BY] = { "by", KEYS_SOME, .words = "citizen agent officer clock provider", .help = "who may make the move; officer" },
    [STATE_WITHIN] = { "within", KEYS_ONE_MAP, .of = KEYS_WITHIN, .help = "a time to an answer that begins with this state" },
    [STATE_EXPIRES] = { "expires", KEYS_ONE_MAP, .of = KEYS_EXPIRES, .help = "when nobody moves it, the clock does" },
    [STATE_TURN] = { "turn", KEYS_CHOICE, .words = "citizen office",
                     .help = "whose turn it is; the office's, where an officer may make a move" },
    [STATE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_expires_rows[] = {
    [EXPIRES_DAYS] = { "days", KEYS_WHOLE, .required = true, .min = 1, .max = KEYS_DAYS_MAX, .help = "after so many days" },
    [EXPIRES_CALENDAR] = { "calendar", KEYS_CHOICE, .words = "working all", .help = "which days count; all" },
    [EXPIRES_TO] = { "to", KEYS_STRING, .required = true, .help = "into this one of the states that may follow" },
    [EXPIRES_KEYS] = { .name = NULL },
};

static const struct keys_row keys_overdue_rows[] = {
    [OVERDUE_AFTER] = { "after", KEYS_WHOLE, .min = 0, .max = KEYS_DAYS_MAX,
                        .help = "so many days after the last day of the promise, counted like it; 0" },
    [OVERDUE_TO] = { "to", KEYS_STRING, .help = "the office that it is passed on to: a name, like uno" },
    [OVERDUE_TEXT] = { "text", KEYS_TEXT, .required = true, .help = "what the history of the case says of it" },
    [OVERDUE_SMS] = { "sms", KEYS_STRING, .help = "template of a message to her" },
    [OVERDUE_KEYS] = { .name = NULL },
};

static const struct keys_row keys_saves_rows[] = {
    [SAVES_VERSION] = { "version", KEYS_WHOLE, .required = true, .min = 1, .max = 1000000,
                        .help = "of these numbers: another one when they are measured anew" },
    [SAVES_COUNTED] = { "counted", KEYS_STRING, .required = true, .help = "state in which a case counts as saving" },
    [SAVES_BEFORE] = { "before", KEYS_ONE_MAP, .required = true, .of = KEYS_EFFORT, .help = "what it cost her without this" },
    [SAVES_SELF] = { "self", KEYS_ONE_MAP, .of = KEYS_EFFORT, .help = "what it costs her on her own phone" },
    [SAVES_ASSISTED] = { "assisted", KEYS_ONE_MAP, .of = KEYS_EFFORT, .help = "what it costs her at a centre" },
    [SAVES_KEYS] = { .name = NULL },
};

static const struct keys_row keys_effort_rows[] = {
    [EFFORT_VISITS] = { "visits", KEYS_DECIMAL, .min = 0, .max = KEYS_EFFORT_MAX, .help = "ways to an office; 0" },
    [EFFORT_HOURS] = { "hours", KEYS_DECIMAL, .min = 0, .max = KEYS_EFFORT_MAX, .help = "of her time; 0" },
    [EFFORT_TAKA] = { "taka", KEYS_DECIMAL, .min = 0, .max = KEYS_EFFORT_MAX, .help = "of her money; 0" },
    [EFFORT_KEYS] = { .name = NULL },
};

static const struct keys_row keys_keyword_rows[] = {
    [KEYWORD_WORDS] = { "words", KEYS_STRINGS, .help = "other words that mean the same" },
    [KEYWORD_FILLS] = { "fills", KEYS_STRINGS, .help = "variables that the words behind it set, in order" },
    [KEYWORD_GOTO] = { "goto", KEYS_SCREEN_NAME, .required = true, .help = "the screen that it leads to" },
    [KEYWORD_HELP] = { "help", KEYS_TEXT, .help = "how the message is written; in every language of SMS" },
    [KEYWORD_KEYS] = { .name = NULL },
};

static const struct keys_row keys_provider_rows[] = {
    [PROVIDER_KIND] = { "kind", KEYS_CHOICE, .required = true, .words = "http mock", .help = "how it is asked" },
    [PROVIDER_TITLE] = { "title", KEYS_TEXT, .required = true, .help = "its name for citizens" },
    [PROVIDER_WITHIN] = { "within", KEYS_DURATION, .min = 2000, .max = 7 * 24 * KEYS_HOUR,
                          .help = "her time to approve; 15m" },
    [PROVIDER_URL] = { "url", KEYS_STRING, .help = "http: its address" },
    [PROVIDER_KEY] = { "key", KEYS_STRING, .help = "http: file with the secret that it and we share" },
    [PROVIDER_TIMEOUT] = { "timeout", KEYS_DURATION, .min = 50, .max = 10 * 1000, .help = "http: longest wait; 2s" },
    [PROVIDER_BREAKER] = { "breaker", KEYS_ONE_MAP, .of = KEYS_BREAKER, .help = "http: when it is left alone" },
    [PROVIDER_ANSWER] = { "answer", KEYS_CHOICE, .words = "confirmed refused late",
                          .help = "mock: what becomes of a payment; confirmed" },
    [PROVIDER_KEYS] = { .name = NULL },
};

static const struct keys_row keys_pay_rows[] = {
    [PAY_BY] = { "by", KEYS_EXPRESSION, .required = true, .help = "a provider, or a choice whose codes are providers" },
    [PAY_FEE] = { "fee", KEYS_STRING, .help = "the official fee of this service; needs for" },
    [PAY_TAKA] = { "taka", KEYS_EXPRESSION, .help = "or an amount" },
    [PAY_FOR] = { "for", KEYS_EXPRESSION, .help = "what is paid: the case's number, or another one" },
    [PAY_TELLS] = { "tells", KEYS_STRING, .help = "the back end that is told when it is paid, and when it is given back; needs for" },
    [PAY_KEYS] = { .name = NULL },
};

static const struct {
    const char *title;
    const struct keys_row *rows;
} keys_maps[KEYS_MAPS] = {
    [KEYS_FILE] = { "file", keys_file_rows },         [KEYS_ROOT] = { "root file", keys_root_rows },
    [KEYS_LANGUAGE] = { "language", keys_language_rows }, [KEYS_PAD] = { "keys", keys_pad_rows },
    [KEYS_WORDS] = { "words", keys_word_rows },       [KEYS_TYPE] = { "type", keys_type_rows },
    [KEYS_QUERY] = { "query", keys_query_rows },      [KEYS_ACTION] = { "action", keys_action_rows },
    [KEYS_SCREEN] = { "screen", keys_screen_rows },   [KEYS_OPTION] = { "option", keys_option_rows },
    [KEYS_INPUT] = { "input", keys_input_rows },      [KEYS_LIST] = { "list", keys_list_rows },
    [KEYS_BRANCH] = { "entry of goto", keys_branch_rows }, [KEYS_SERVICE] = { "service", keys_service_rows },
    [KEYS_SMS] = { "template", keys_sms_rows },       [KEYS_CALL] = { "call", keys_call_rows },
    [KEYS_AUDIT] = { "audit", keys_audit_rows },     [KEYS_CONSENT] = { "consent", keys_consent_rows },
    [KEYS_PIN] = { "pin", keys_pin_rows },           [KEYS_MOVE] = { "move", keys_move_rows },
    [KEYS_BACKEND] = { "back end", keys_backend_rows }, [KEYS_BREAKER] = { "breaker", keys_breaker_rows },
    [KEYS_RETRY] = { "retry", keys_retry_rows },     [KEYS_POLL] = { "poll", keys_poll_rows },
    [KEYS_FEE] = { "fee", keys_fee_rows },           [KEYS_WINDOW] = { "window", keys_window_rows },
    [KEYS_WITHIN] = { "within", keys_within_rows },  [KEYS_STATE] = { "state", keys_state_rows },
    [KEYS_SAVES] = { "saves", keys_saves_rows },     [KEYS_EFFORT] = { "effort", keys_effort_rows },
    [KEYS_KEYWORD] = { "keyword", keys_keyword_rows },
    [KEYS_PROVIDER] = { "provider", keys_provider_rows }, [KEYS_PAY] = { "pay", keys_pay_rows },
    [KEYS_EXPIRES] = { "expiry", keys_expires_rows },
    [KEYS_OVERDUE] = { "overdue step", keys_overdue_rows },
};

const struct keys_row *keys_table(enum keys_map map)
{
    return keys_maps[map].rows;
}

const char *keys_title(enum keys_map map)
{
    return keys_maps[map].title;
}

/* --- values ----------------------------------------------------------------------- */

bool keys_is_name(const char *s, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    if (len == 0 || len > 64 || (*s >= '0' && *s <= '9') || *s == '_')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (memchr(letters, s[i], sizeof letters - 1) == NULL)
            return false;
    }
    return true;
}

bool keys_parse_whole(const char *s, size_t len, int64_t *out)
{
    size_t i = len > 0 && s[0] == '-' ? 1 : 0;
    int64_t v = 0;

    if (i == len || len - i > 15 || (s[i] == '0' && len > 1))
        return false;
    for (size_t k = i; k < len; k++) {
        if (s[k] < '0' || s[k] > '9')
            return false;
        v = v * 10 + (s[k] - '0');
    }
    *out = i == 1 ? -v : v;
    return true;
}

static bool keys_parse_bool(const char *s, bool *out)
{
    static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], s) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static bool keys_parse_duration(const char *s, size_t len, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", KEYS_HOUR }, { "d", 24 * KEYS_HOUR } };
    size_t digits = strspn(s, "0123456789");
    int64_t n;

    if (digits > 9 || digits == len || !keys_parse_whole(s, digits, &n))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].unit, s + digits) == 0) {
            *out = n * units[i].ms;
            return true;
        }
    }
    return false;
}

/* "2" and "0.25" to 200 and 25. */
static bool keys_parse_hundredths(const char *s, size_t len, int64_t *out)
{
    const char *dot = memchr(s, '.', len);
    size_t whole = dot != NULL ? (size_t)(dot - s) : len;
    size_t part = dot != NULL ? len - whole - 1 : 0;
    int64_t n, hundredths = 0;

    if (!keys_parse_whole(s, whole, &n) || (dot != NULL && (part < 1 || part > 2)))
        return false;
    for (size_t i = 0; i < 2; i++) {
        char c = i < part ? dot[i + 1] : '0';

        if (c < '0' || c > '9')
            return false;
        hundredths = hundredths * 10 + (c - '0');
    }
    *out = n * 100 + (*s == '-' ? -hundredths : hundredths);
    return *s != '-' || *out < 0;
}

bool keys_is_word(const char *words, const struct yaml_node *n)
{
    size_t len;

    for (const char *w = words; *w != '\0'; w += len + (w[len] == ' ')) {
        len = strcspn(w, " ");
        if (len == n->len && memcmp(w, n->text, len) == 0)
            return true;
    }
    return false;
}

int64_t keys_hundredths(const struct yaml_node *n)
{
    int64_t v = 0;

    (void)keys_parse_hundredths(n->text, n->len, &v);
    return v;
}

int64_t keys_whole(const struct yaml_node *n)
{
    int64_t v = 0;

    (void)keys_parse_whole(n->text, n->len, &v);
    return v;
}

bool keys_bool(const struct yaml_node *n)
{
    bool v = false;

    (void)keys_parse_bool(n->text, &v);
    return v;
}

int64_t keys_duration(const struct yaml_node *n)
{
    int64_t v = 0;

    (void)keys_parse_duration(n->text, n->len, &v);
    return v;
}

/* --- reading a map ---------------------------------------------------------------- */

struct keys_place {
    const struct yaml_node *node;       /* the value */
    const char *key;
    struct menu_issues *issues;
};

static bool keys_shape(const struct keys_place *p, const char *wanted)
{
    static const char *const kinds[YAML_KINDS] = { "a single value", "a list", "a map" };

    if (p->node->kind == YAML_IS_SCALAR && p->node->len == 0)
        issue_add(p->issues, ISSUE_SHAPE, p->node->pos, "'%s' is empty; it takes %s", p->key, wanted);
    else
        issue_add(p->issues, ISSUE_SHAPE, p->node->pos, "'%s' takes %s, not %s", p->key, wanted,
                  kinds[p->node->kind]);
    return false;
}

static bool keys_scalar(const struct keys_place *p, const char *wanted)
{
    return (p->node->kind == YAML_IS_SCALAR && p->node->len > 0) || keys_shape(p, wanted);
}

static bool keys_check_whole(const struct keys_place *p, const struct keys_row *row)
{
    int64_t v = 0;

    if (!keys_scalar(p, "a whole number"))
        return false;
    if (keys_parse_whole(p->node->text, p->node->len, &v) && v >= row->min && v <= row->max)
        return true;
    if (row->min == row->max)
        issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; this version reads %lld", p->key, p->node->text,
                  (long long)row->min);
    else
        issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes a whole number from %lld to %lld",
                  p->key, p->node->text, (long long)row->min, (long long)row->max);
    return false;
}

static bool keys_check_bool(const struct keys_place *p)
{
    bool v;

    if (!keys_scalar(p, "yes or no"))
        return false;
    if (keys_parse_bool(p->node->text, &v))
        return true;
    issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes yes or no", p->key, p->node->text);
    return false;
}

static bool keys_check_duration(const struct keys_place *p, const struct keys_row *row)
{
    int64_t v = 0;

    if (!keys_scalar(p, "a time like 2s or 24h"))
        return false;
    if (!keys_parse_duration(p->node->text, p->node->len, &v)) {
        issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes a time like 500ms, 2s, 5m, 24h or 7d",
                  p->key, p->node->text);
        return false;
    }
    if (v >= row->min && v <= row->max)
        return true;
    issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes %lld to %lld ms", p->key, p->node->text,
              (long long)row->min, (long long)row->max);
    return false;
}

static bool keys_check_choice(const struct keys_place *p, const struct keys_row *row)
{
    if (!keys_scalar(p, row->words))
        return false;
    if (keys_is_word(row->words, p->node))
        return true;
    issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes: %s", p->key, p->node->text, row->words);
    return false;
}

static bool keys_check_list(const struct keys_place *p, const char *wanted)
{
    struct keys_place item = *p;
    bool good = p->node->kind == YAML_IS_LIST || keys_shape(p, wanted);

    for (int i = 0; good && i < p->node->count; i++) {
        item.node = p->node->items[i];
        good = keys_scalar(&item, "single values in its list");
    }
    return good;
}

static bool keys_check_decimal(const struct keys_place *p, const struct keys_row *row)
{
    int64_t v = 0;

    if (!keys_scalar(p, "a number"))
        return false;
    if (keys_parse_hundredths(p->node->text, p->node->len, &v) && v >= row->min && v <= row->max)
        return true;
    issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes a number from %lld to %lld, like 2 or 0.25",
              p->key, p->node->text, (long long)row->min / 100, (long long)row->max / 100);
    return false;
}

static bool keys_check_some(const struct keys_place *p, const struct keys_row *row)
{
    struct keys_place item = *p;
    bool good = true;

    if (p->node->kind == YAML_IS_SCALAR)
        return keys_check_choice(p, row);
    if (p->node->kind == YAML_IS_MAP)
        return keys_shape(p, "a word or a list of some");
    if (p->node->count == 0) {
        issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is empty; it takes some of: %s", p->key, row->words);
        return false;
    }
    for (int i = 0; i < p->node->count; i++) {
        item.node = p->node->items[i];
        good &= keys_check_choice(&item, row);
    }
    return good;
}

static bool keys_check_word_or_map(const struct keys_place *p, const struct keys_row *row)
{
    if (!keys_scalar(p, "a word or a map"))
        return false;
    if (keys_is_word(row->words, p->node))
        return true;
    issue_add(p->issues, ISSUE_VALUE, p->node->pos, "'%s' is '%s'; it takes: %s, or a map", p->key, p->node->text,
              row->words);
    return false;
}

static bool keys_check_map(const struct keys_place *p, const char *wanted)
{
    return p->node->kind == YAML_IS_MAP || keys_shape(p, wanted);
}

static bool keys_check(const struct keys_place *p, const struct keys_row *row)
{
    switch (row->value) {
    case KEYS_STRING:
        return keys_scalar(p, "a single value");
    case KEYS_STRINGS:
        return p->node->kind == YAML_IS_SCALAR ? keys_scalar(p, "a value or a list of them")
                                               : keys_check_list(p, "a value or a list of them");
    case KEYS_MOVES:
        return p->node->kind == YAML_IS_LIST || keys_scalar(p, "a state or a list of them");
    case KEYS_TEXT:
        return p->node->kind != YAML_IS_LIST || keys_shape(p, "a text or a map from language to text");
    case KEYS_WHOLE:
        return keys_check_whole(p, row);
    case KEYS_BOOL:
        return keys_check_bool(p);
    case KEYS_DURATION:
        return keys_check_duration(p, row);
    case KEYS_CHOICE:
        return keys_check_choice(p, row);
    case KEYS_DECIMAL:
        return keys_check_decimal(p, row);
    case KEYS_SOME:
        return keys_check_some(p, row);
    case KEYS_CHOICE_OR_MAP:
        return p->node->kind == YAML_IS_MAP || keys_check_word_or_map(p, row);
    case KEYS_EXPRESSION:
        return keys_scalar(p, "an expression");
    case KEYS_MAYBE:
        return p->node->kind == YAML_IS_SCALAR || keys_shape(p, "an expression, or nothing");
    case KEYS_EXPRESSIONS:
        return keys_check_list(p, "a list of expressions");
    case KEYS_TYPE_NAME:
        return keys_scalar(p, "the name of a type");
    case KEYS_SCREEN_NAME:
        return keys_scalar(p, "the name of a screen");
    case KEYS_BRANCHES:
        return p->node->kind == YAML_IS_LIST || keys_scalar(p, "a screen, or a list of { when, to }");
    case KEYS_ONE_MAP:
        return keys_check_map(p, "a map");
    case KEYS_NAMED_MAPS:
        return keys_check_map(p, "a map by name");
    case KEYS_LIST_OF_MAPS:
        return p->node->kind == YAML_IS_LIST || keys_shape(p, "a list of maps");
    case KEYS_FREE_MAP:
    case KEYS_TEXT_MAP:
    case KEYS_TEXT_LISTS:
    case KEYS_LISTS:
        return keys_check_map(p, "a map by name");
    case KEYS_VALUES:
        break;
    }
    abort();
}

static int keys_row_of(const struct keys_row *rows, const char *name)
{
    for (int i = 0; rows[i].name != NULL; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return i;
    }
    return MENU_NONE;
}

bool keys_has(enum keys_map map, const char *name)
{
    return keys_row_of(keys_table(map), name) != MENU_NONE;
}

/* What was meant counts as there, so that it is not missed as well. */
static void keys_unknown(const struct yaml_node *key, enum keys_map map, struct keys_got *got,
                         struct menu_issues *issues)
{
    const struct keys_row *rows = keys_table(map);
    struct names_best best = { .name = NULL };

    for (const struct keys_row *row = rows; row->name != NULL; row++)
        names_consider(&best, key->text, key->len, row->name);
    if (best.name != NULL && got->key[keys_row_of(rows, best.name)] == NULL)
        got->key[keys_row_of(rows, best.name)] = key;
    if (strcmp(key->text, "<<") == 0)
        issue_add(issues, ISSUE_UNKNOWN_KEY, key->pos, "'<<': maps are not merged; write the keys out");
    else if (best.name != NULL)
        issue_add(issues, ISSUE_UNKNOWN_KEY, key->pos, "unknown key '%s' in %s; did you mean '%s'?", key->text,
                  keys_title(map), best.name);
    else
        issue_add(issues, ISSUE_UNKNOWN_KEY, key->pos, "unknown key '%s' in %s", key->text, keys_title(map));
}

static void keys_missing(const struct keys_got *got, enum keys_map map, struct menu_issues *issues)
{
    const struct keys_row *rows = keys_table(map);
    struct buf list;
    int missing = 0;

    buf_init(&list, 1024);
    for (int i = 0; rows[i].name != NULL; i++) {
        if (rows[i].required && got->key[i] == NULL)
            buf_addf(&list, "%s'%s'", missing++ > 0 ? ", " : "", rows[i].name);
    }
    if (missing > 0)
        issue_add(issues, ISSUE_MISSING_KEY, got->node->pos, "missing key%s %s in %s", missing > 1 ? "s" : "",
                  buf_str(&list), keys_title(map));
    buf_fini(&list);
}

bool keys_read(const struct yaml_node *node, enum keys_map map, struct keys_got *got, struct menu_issues *issues)
{
    const struct keys_row *rows = keys_table(map);

    *got = (struct keys_got){ .node = node };
    if (node->kind != YAML_IS_MAP) {
        issue_add(issues, ISSUE_SHAPE, node->pos, "%s: a map of its keys is wanted here", keys_title(map));
        return false;
    }
    for (int i = 0; i < node->count; i++) {
        const struct yaml_node *key = yaml_key(node, i);
        int row = keys_row_of(rows, key->text);

        if (row == MENU_NONE) {
            keys_unknown(key, map, got, issues);
            continue;
        }
        got->key[row] = key;
        if (keys_check(&(struct keys_place){ yaml_value(node, i), key->text, issues }, &rows[row]))
            got->at[row] = yaml_value(node, i);
    }
    keys_missing(got, map, issues);
    return true;
}
