/*
 * issue.h - what can be wrong with menus: the table of codes, and the list of
 * findings of one load.
 *
 * E1xx files and structure, E2xx names, E3xx types and expressions, E4xx
 * texts, W5xx warnings.  A code never changes its meaning; W501 has become E220,
 * and E114 (not supported yet) is not given again.
 */
#ifndef ISSUE_H
#define ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/model.h"

#define ISSUES_MAX 1000

#define ISSUE_CODES(X) \
    X(FOLDER, "E101", "The folder or one of its files cannot be read, or kheya.yaml is not there.") \
    X(SIZE, "E102", "A file is above 4 MiB, the folder above 16 MiB or 2000 files, or the tree has too many parts.") \
    X(UTF8, "E103", "The file is not well-formed UTF-8 text.") \
    X(YAML, "E104", "The file is not YAML: the line says what the reader stumbled over.") \
    X(TAB, "E105", "A tab stands where only blanks may indent a line.") \
    X(TWICE, "E106", "The same key stands twice in one map; only the first is taken.") \
    X(ALIAS, "E107", "An alias without its anchor, one that contains itself, or aliases that grow without measure.") \
    X(NESTING, "E108", "Maps and lists are nested more than 64 deep.") \
    X(ONE_DOCUMENT, "E109", "A file holds one YAML document, without tags like !name.") \
    X(UNKNOWN_KEY, "E110", "The key is not one that this place takes.") \
    X(MISSING_KEY, "E111", "A key that this place cannot do without is missing.") \
    X(SHAPE, "E112", "The value has the wrong form: a map, a list or a single value was asked for.") \
    X(VALUE, "E113", "The value is not one that this key takes.") \
    X(SCREEN, "E115", "The keys of a screen do not go together: a screen shows, or acts, or branches.") \
    X(PATTERN_TIME, "E120", "The pattern can take exponential time: an answer fits it in more and more ways.") \
    X(OPTION_ANSWER, "E121", "The number of an option beside an input is also an answer that the input takes.") \
    X(NO_SCREEN, "E201", "No screen has this name.") \
    X(NO_TYPE, "E202", "No type has this name.") \
    X(NO_RECORD, "E203", "No record has this name.") \
    X(NO_QUERY, "E204", "No query has this name.") \
    X(NO_SERVICE, "E205", "No service has this name.") \
    X(NO_SMS, "E206", "No SMS template has this name.") \
    X(NO_VARIABLE, "E207", "No screen sets a variable with this name.") \
    X(NO_LANGUAGE, "E208", "The root file lists no such language.") \
    X(DEFINED_TWICE, "E209", "The name is defined twice in the tree.") \
    X(BAD_NAME, "E210", "A name is letters, digits and _, and begins with a letter.") \
    X(OWN_NAME, "E211", "The name belongs to the program: it can be read but not set or defined.") \
    X(NO_FIELD, "E212", "The service has no such field.") \
    X(UNREACHABLE, "E220", "No way from the start, the first screen, a short cut or a keyword leads to this screen.") \
    X(NO_END, "E221", "From this screen no end can be reached: no page with 'end: yes' and none that only tells.") \
    X(CIRCLE, "E222", "Screens that show nothing lead to one another in a circle, which would never show a page.") \
    X(TOO_SILENT, "E223", "More screens in a row show nothing than the program passes in one step (60).") \
    X(UNSET, "E224", "On some way the value is read before it is set: she would see an empty place, or be led wrongly.") \
    X(SENSITIVE, "E225", "A sensitive value goes where it would be shown or logged, or a PIN is handed on or kept.") \
    X(CALLS_ROUND, "E226", "Called screens call themselves again, so that the calls would never end.") \
    X(CALL_VALUE, "E240", "A call wants a value, but a 'return' of the called screens gives none.") \
    X(NO_RETURN, "E241", "A call leads to screens none of which returns: what comes after it is never reached.") \
    X(NO_CALL, "E242", "A 'return' can be reached without a call: there is nobody to return to.") \
    X(CALLS_DEEP, "E243", "Calls within calls are more than 8 deep.") \
    X(RETURN_LAST, "E244", "A 'return' goes back to the caller: nothing can be done or gone to after it.") \
    X(CALLS_SIZE, "E245", "The calls of the tree reach so many screens that they cannot be checked.") \
    X(CONSENT, "E246", "A consent sends a code or checks one: its keys do not go together.") \
    X(CODE, "E247", "The code of a consent goes out in its own template of class otp, and stands nowhere else.") \
    X(AUDIT, "E248", "A sensitive value would be written into the audit, where it stays.") \
    X(NO_BACKEND, "E255", "No back end has this name.") \
    X(BACKEND, "E256", "The keys of a back end do not go with its kind, or one of them cannot be used.") \
    X(HOOK, "E257", "A hook cannot be asked like this: its back end's kind, its path, or what it sends or returns.") \
    X(MOCK, "E258", "What a mock answers is not none, fail or a JSON object that fits the record.") \
    X(PIN_VALUE, "E259", "What is checked or set as her PIN is a variable of a type pin, and nothing else.") \
    X(PIN_EXIT, "E260", "A check of a PIN says where a wrong one leads ('wrong') and where she goes who has none yet ('none').") \
    X(PIN, "E261", "A 'pin' checks one or sets one: {check: VARIABLE} or {set: VARIABLE}.") \
    X(NO_STATE, "E270", "The service has no such state.") \
    X(STATES, "E271", "A state of a service has no way in, or no way out: no case comes there, or none ever ends.") \
    X(WINDOW, "E272", "The window of a service has a day that is not in the calendar, or its end before its beginning.") \
    X(CLOSED, "E273", "A submit needs 'closed': its service is not always open, or not to everybody.") \
    X(STORE, "E274", "A form of 'store' that the values of this type do not have.") \
    X(SERVICE_FIELD, "E275", "A field whose name means something to the program has another type than that needs.") \
    X(REPLIES, "E276", "What an office answers by a number: no office moves a case to this state, a bad number, or a text that is too long or there twice.") \
    X(WORD_TWICE, "E280", "The word begins two keywords: a text message that begins with it could mean either.") \
    X(WORD, "E281", "No text message can begin with this word: it is empty, a number or a key, too long, or has blanks.") \
    X(FILL, "E282", "What a keyword fills cannot be told apart in a text message, or does not belong into one.") \
    X(SQL, "E290", "The database does not take the SQL of the query (kheya check --database).") \
    X(SQL_DENIED, "E291", "The role of the menus, kheya_menu, may not ask this: it calls functions of schema svc and nothing else.") \
    X(SQL_ARGUMENTS, "E292", "The arguments of the query are not as many as the database counts.") \
    X(SQL_ARGUMENT, "E293", "An argument has a type that the place of its $n does not take.") \
    X(SQL_COLUMN, "E294", "The query has no column for a field of its record.") \
    X(SQL_TYPE, "E295", "The type of a column does not fit the type of its field.") \
    X(SQL_MORE, "W296", "The query has a column that no field of its record takes.") \
    X(EXPRESSION, "E301", "An expression cannot be read, or its parts have types that do not go together.") \
    X(TWO_TYPES, "E302", "A variable is used with two different types.") \
    X(UNTYPED, "E303", "The type of a variable is neither given nor to be seen from what it is set to.") \
    X(PATTERN, "E304", "The pattern is not a regular expression that can be used.") \
    X(EXAMPLE, "E305", "The example does not fit its own type.") \
    X(NUMBER, "E306", "An option's number collides with one of the keys that work on every screen.") \
    X(BRANCH, "E307", "In a list of 'goto', every entry but the last has a 'when', and the last has none.") \
    X(ROWS, "E308", "A query of one row stands where a list is shown, or a list where one row is taken.") \
    X(ARGUMENTS, "E309", "The arguments of a query are not as many as its SQL uses.") \
    X(CASE_TEXT, "E310", "Cases of the service are shown to citizens, and one of its states has no text for them.") \
    X(MOVE_STATE, "E311", "No service has the state that a case is to be moved to.") \
    X(MOVE_NOBODY, "E312", "No service lets a citizen or an agent move a case to this state: no 'by' names them.") \
    X(CASE_KEY, "E313", "A second key of a case is a field that its services have, at most 4 of them.") \
    X(LIST_OF, "E314", "A list shows the rows of a query or her cases: one of the two.") \
    X(OVERDUE, "E320", "What is to happen after a promised day: there is no promise, or the steps are not in order.") \
    X(EXPIRES, "E321", "A state expires into one that may not follow it.") \
    X(WAITLIST, "E322", "Nobody waits for a service that sends no message when it opens.") \
    X(OPENED, "E323", "The message to those on a list goes out of no dialogue: it has no placeholders.") \
    X(DUE, "E324", "A message that is due goes out of no dialogue: no placeholders, a name of its own, transactional or service_info.") \
    X(NO_MEANING, "E330", "No service that hands cases to the back end has the state that its 'states' or 'taken' names.") \
    X(NO_PROVIDER, "E340", "No provider has this name.") \
    X(PROVIDER, "E341", "The keys of a provider do not go with its kind, or one of them cannot be used.") \
    X(PAY, "E342", "A payment needs a provider and one amount: a fee, or taka.") \
    X(PAY_FEE, "E343", "The fee cannot be asked for: the service has none, or says not what becomes of a case that is paid.") \
    X(RECEIPT, "E344", "Receipts are those of the states confirmed, failed and refunded; who pays gets the first.") \
    X(GOV_SCRIPT, "E350", "A message of class gov_info is in Bengali letters, whatever its reader's language.") \
    X(GOV_DATE, "E351", "A message of class gov_info has the date of its campaign in it.") \
    X(GOV_APPROVAL, "E352", "A message of class gov_info, and no other, has the reference of its approval.") \
    X(BEHIND_PIN, "E353", "What is known of a person is asked by her own number, and only behind her PIN on every way there.") \
    X(NO_TEXT, "E401", "A text is missing in a language.") \
    X(TEXT, "E402", "A {placeholder} cannot be read or may not stand in this text.") \
    X(SMS_LANGUAGE, "E403", "The language is for display only: its people get SMS in the language that it shows.") \
    X(SMS_SCRIPT, "E404", "Bangla in Latin letters may not go out as an SMS.") \
    X(WORDS, "E405", "A word of the program has not the form that it needs.") \
    X(TOO_LONG, "E410", "An option, a row of a list or a word is so long that no page of a link holds it.") \
    X(SENTENCE, "E411", "A sentence of the program stands on one page, and does not fit there.") \
    X(SMS_LENGTH, "E413", "A message can be longer than its class allows: 200 characters of gov_info, 3 segments of others.") \
    X(ASKS, "E414", "A text asks for a PIN, a password or the code of a bank or wallet: nobody may.") \
    X(UNUSED, "W502", "Nothing in the tree uses what is defined here.") \
    X(UNREAD, "W503", "A variable is set, but nothing reads it.") \
    X(FAR, "W510", "The shortest way to an end through this screen has more than 7 screens: many people give up.") \
    X(SLOW, "W511", "At 8 seconds a screen the way takes more than 90 seconds: networks cut such dialogues off.") \
    X(NEVER, "W512", "By all that its values can be in this tree, the condition can never hold.") \
    X(ALWAYS, "W513", "By all that its values can be in this tree, the condition always holds: the branches below are never taken.") \
    X(NO_OPTION, "W514", "All options have a condition, and it may be that none holds: then she can only go back.") \
    X(SUBMITTED, "W515", "The page after a submit does not end the dialogue: who goes back from it may submit again.") \
    X(PAGES, "W520", "The screen can have more than 4 pages: hardly anybody reads so far.") \
    X(ONE_LETTER, "W521", "Only one sign keeps the text out of the GSM alphabet: its page holds 70 units, not 160 septets.") \
    X(FIRST_PAGE, "W522", "The first page of a dialogue has more than 140 septets: some networks cut it there.") \
    X(LAST_FOUR, "W560", "A service takes a sensitive value and no back end takes its cases: the last four characters are kept.")

enum issue_code {
#define X(id, code, text) ISSUE_##id,
    ISSUE_CODES(X)
#undef X
    ISSUE_COUNT
};

/* "E103" to its code, in either case; ISSUE_COUNT when there is none. */
enum issue_code issue_find(const char *name);
const char *issue_name(enum issue_code code);
const char *issue_meaning(enum issue_code code);

/* A piece of a menu that earns the code, and the same put right.  Every code has
 * both: a new one needs its row in issue_examples.c. */
struct issue_example {
    const char *wrong, *right;
};
const struct issue_example *issue_example(enum issue_code code);

/* Before the first issue_add(); ended by menu_issues_free(). */
void issues_init(struct menu_issues *issues);

/* A finding; the text is copied.  Beyond ISSUES_MAX it is only counted. */
void issue_add(struct menu_issues *issues, enum issue_code code, struct menu_pos pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Where a place is; while menus are loaded. */
struct menu_pos issue_where(const struct menu_issues *issues, const struct menu_place *place);

/* By file, line and column; what one alias said twice is said once. */
void issues_sort(struct menu_issues *issues);

#endif
