/*
 * issue_examples.c - of every code a mistake that earns it, and its cure.
 *
 * Each is a file of a small tree, whose menu leads to the example's screen tea;
 * lines that all begin with # only tell.  tests/manual/run plays them: the
 * mistake must earn the code, the cure no error.
 */
#include <assert.h>
#include <stddef.h>

#include "menu/issue.h"

#define TEA "screens:\n  tea: "
#define SERVICE "services:\n  fair: {number: 7, title: Tea fair, fields: {category: word(12)},\n    "
#define READY TEA "{text: Tea, end: yes}\n  ready: {text: \"{cups} cups, {note}\", end: yes}\n" \
    "types:\n  cups: {whole: 1..9}\n  note: {text: 20}\n"
#define MONEY "providers:\n  rocket: {kind: mock, title: Rocket}\n" \
    "receipts:\n  confirmed: {en: \"Paid, {trx}\", bn: \"দেওয়া হয়েছে, {trx}\"}\n"
#define CASES TEA "{text: My fairs, list: {cases: fair, into: c, option: \"{c.text}\", goto: main}}\n"
#define CASE_NO TEA "{text: Its number, input: {into: my, type: case_no}, goto: find}\n  find: "
#define SMS "sms:\n  tea: {class: service_info, text: {en: Tea is ready., "
#define KNOWN "records:\n  known: {tea: text(20)}\nqueries:\n  known: {behind: pin, sql: SELECT tea FROM svc.known($1)," \
    " args: [citizen.msisdn], returns: known}\n"
#define GOV "sms:\n  tea: {class: gov_info, "

static const struct issue_example issue_examples[ISSUE_COUNT] = {
    [ISSUE_FOLDER] = { "# kheya check menu\n# and the folder is called menus\n", "# kheya check menus\n" },
    [ISSUE_SIZE] = { "# all screens of the country in one file of 5 MiB\n", "# a file for each service\n" },
    [ISSUE_UTF8] = { "# a file saved as Windows-1252 or UTF-16\n", "# the same file saved as UTF-8\n" },
    [ISSUE_YAML] = { TEA "{text: Which: tea or coffee?, end: yes}\n",
                     TEA "{text: \"Which: tea or coffee?\", end: yes}\n" },
    [ISSUE_TAB] = { "screens:\n\ttea: {text: Tea, end: yes}\n", TEA "{text: Tea, end: yes}\n" },
    [ISSUE_TWICE] = { TEA "{text: Tea, text: Coffee, end: yes}\n", TEA "{text: \"Tea\\nCoffee\", end: yes}\n" },
    [ISSUE_ALIAS] = { TEA "{text: *hot, end: yes}\n",
                      TEA "{text: &hot Careful! Hot., options: {1: {text: Milk, goto: milk}}}\n"
                          "  milk: {text: *hot, end: yes}\n" },
    [ISSUE_NESTING] = { "# [[[[[[ ... 65 lists, one in the other\n", "# at most 64; no construct needs more than 12\n" },
    [ISSUE_ONE_DOCUMENT] = { TEA "{text: !str Tea, end: yes}\n", TEA "{text: Tea, end: yes}\n" },
    [ISSUE_UNKNOWN_KEY] = { TEA "{txt: Tea, end: yes}\n", TEA "{text: Tea, end: yes}\n" },
    [ISSUE_MISSING_KEY] = { TEA "{text: Tea, options: {1: {text: Milk}}}\n",
                            TEA "{text: Tea, options: {1: {text: Milk, goto: main}}}\n" },
    [ISSUE_SHAPE] = { TEA "{text: [Tea, Coffee], end: yes}\n", TEA "{text: \"Tea\\nCoffee\", end: yes}\n" },
    [ISSUE_VALUE] = { TEA "{text: Tea, end: maybe}\n", TEA "{text: Tea, end: yes}\n" },
    [ISSUE_SCREEN] = { TEA "{text: Tea, set: {citizen.lang: bn}, goto: main}\n",
                       TEA "{text: Tea, options: {1: {text: Bangla, set: {citizen.lang: bn}, goto: main}}}\n" },
    [ISSUE_PATTERN_TIME] = { "types:\n  seats: {pattern: '([0-9]+,?)+', width: 20}\n",
                             "types:\n  seats: {pattern: '[0-9]+(,[0-9]+)*', width: 20}\n" },
    [ISSUE_TOO_LONG] = { TEA "{text: Tea, options: {1: {text: A pot of the strongest black tea that grows in the hills\n"
                             "    of Sylhet with the milk of a buffalo and three spoons of cane sugar and some ginger\n"
                             "    and cardamom brought to your boat, goto: main}, 2: {text: Milk, goto: main}}}\n",
                         TEA "{text: Tea, options: {1: {text: A pot of tea, goto: main}, 2: {text: Milk, goto: main}}}\n" },
    [ISSUE_SENTENCE] = { "# words:\n#   bye: {en: a letter of three pages, ...}\n", "# words:\n#   bye: {en: Thank you., ...}\n" },
    [ISSUE_PAGES] = { "# a screen that tells a whole law\n", "# what it means for her, and where to ask\n" },
    [ISSUE_FIRST_PAGE] = { "# a main menu of nine lines with a greeting of two\n", "# the menu, with a short title\n" },
    [ISSUE_OPTION_ANSWER] = { TEA "{text: How many cups?, input: {into: cups, type: whole}, goto: drink,\n"
                                  "    options: {1: {text: None, set: {cups: 0}, goto: drink}}}\n"
                                  "  drink: {text: \"{cups} cups\", end: yes}\n",
                              "types:\n  cups: {whole: 2..99}\n" TEA
                                  "{text: How many cups?, input: {into: cups}, goto: drink,\n"
                                  "    options: {1: {text: One, goto: one}}}\n"
                                  "  drink: {text: \"{cups} cups\", end: yes}\n  one: {text: One cup, end: yes}\n" },
    [ISSUE_NO_SCREEN] = { TEA "{text: Tea, options: {1: {text: Milk, goto: mian}}}\n",
                          TEA "{text: Tea, options: {1: {text: Milk, goto: main}}}\n" },
    [ISSUE_NO_TYPE] = { "types:\n  cups: whle\n", "types:\n  cups: {whole: 1..9}\n" },
    [ISSUE_NO_RECORD] = { "queries:\n  tea: {sql: SELECT cups FROM svc.tea(), returns: tea}\n",
                          "records:\n  tea: {cups: whole}\n"
                          "queries:\n  tea: {sql: SELECT cups FROM svc.tea(), returns: tea}\n" },
    [ISSUE_NO_QUERY] = { TEA "{query: last_paiment, into: pay, none: main, goto: paid}\n",
                         TEA "{query: last_payment, into: pay, none: main, goto: paid}\n" },
    [ISSUE_NO_SERVICE] = { TEA "{submit: complain, with: {category: \"'tea'\"}, goto: main}\n",
                           TEA "{submit: complaint, with: {category: \"'tea'\"}, goto: main}\n" },
    [ISSUE_NO_SMS] = { TEA "{sms: recieved, goto: main}\n", TEA "{sms: received, goto: main}\n" },
    [ISSUE_NO_VARIABLE] = { TEA "{set: {cups: 2}, goto: drink}\n  drink: {text: \"{cup} cups\", end: yes}\n",
                            TEA "{set: {cups: 2}, goto: drink}\n  drink: {text: \"{cups} cups\", end: yes}\n" },
    [ISSUE_NO_LANGUAGE] = { TEA "{text: {en: Tea, bn: চা, bn-Latn: Cha, fr: Thé}, end: yes}\n",
                            TEA "{text: {en: Tea, bn: চা, bn-Latn: Cha}, end: yes}\n" },
    [ISSUE_DEFINED_TWICE] = { "# another file has a type nid4 too\ntypes:\n  nid4: {pattern: '[0-9]{4}', width: 4}\n",
                              "# take the other file's, or name this one anew\n"
                              "types:\n  card4: {pattern: '[0-9]{4}', width: 4}\n" },
    [ISSUE_BAD_NAME] = { TEA "{goto: tea-room}\n  tea-room: {text: Tea, end: yes}\n",
                         TEA "{goto: tea_room}\n  tea_room: {text: Tea, end: yes}\n" },
    [ISSUE_OWN_NAME] = { TEA "{set: {session.code: \"'tea'\"}, goto: main}\n",
                         TEA "{set: {drink: \"'tea'\"}, goto: main}\n" },
    [ISSUE_NO_FIELD] = { TEA "{submit: complaint, with: {catgory: \"'tea'\"}, goto: main}\n",
                         TEA "{submit: complaint, with: {category: \"'tea'\"}, goto: main}\n" },
    [ISSUE_CALL_VALUE] = { TEA "{call: {to: cups, into: wanted}, goto: made}\n"
                               "  cups: {text: How many?, input: {into: n, type: whole}, goto: back}\n"
                               "  back: {return: }\n  made: {text: \"{wanted} cups\", end: yes}\n",
                           TEA "{call: {to: cups, into: wanted}, goto: made}\n"
                               "  cups: {text: How many?, input: {into: n, type: whole}, goto: back}\n"
                               "  back: {return: n}\n  made: {text: \"{wanted} cups\", end: yes}\n" },
    [ISSUE_NO_RETURN] = { TEA "{call: {to: milk}, goto: main}\n  milk: {text: Milk, end: yes}\n",
                          TEA "{call: {to: milk}, goto: main}\n"
                              "  milk: {text: Milk?, options: {1: {text: \"Yes\", goto: back}}}\n  back: {return: }\n" },
    [ISSUE_NO_CALL] = { TEA "{goto: milk}\n"
                            "  milk: {text: Milk?, options: {1: {text: \"Yes\", goto: back}}}\n  back: {return: }\n",
                        TEA "{call: {to: milk}, goto: main}\n"
                            "  milk: {text: Milk?, options: {1: {text: \"Yes\", goto: back}}}\n  back: {return: }\n" },
    [ISSUE_CALLS_DEEP] = { TEA "{call: {to: a}, goto: main}\n"
                               "  a: {do: [{call: {to: b}}, {return: }]}\n  b: {do: [{call: {to: c}}, {return: }]}\n"
                               "  c: {do: [{call: {to: d}}, {return: }]}\n  d: {do: [{call: {to: e}}, {return: }]}\n"
                               "  e: {do: [{call: {to: f}}, {return: }]}\n  f: {do: [{call: {to: g}}, {return: }]}\n"
                               "  g: {do: [{call: {to: h}}, {return: }]}\n  h: {do: [{call: {to: i}}, {return: }]}\n"
                               "  i: {return: }\n",
                           TEA "{do: [{call: {to: a}}, {call: {to: b}}], goto: main}\n"
                               "  a: {return: }\n  b: {return: }\n" },
    [ISSUE_RETURN_LAST] = { TEA "{call: {to: milk}, goto: main}\n  milk: {do: [{return: }, {set: {cups: 2}}]}\n",
                            TEA "{call: {to: milk}, goto: more}\n  milk: {do: [{set: {cups: 2}}, {return: }]}\n"
                                "  more: {text: \"{cups} cups\", end: yes}\n" },
    [ISSUE_CALLS_SIZE] = { "# thousands of called dialogues, each of which goes on to all the others\n",
                           "# called dialogues that return\n" },
    [ISSUE_CONSENT] = { TEA "{consent: {to: citizen.msisdn}, goto: main}\n",
                        "sms:\n  tea: {class: otp, text: {en: \"Tea code {consent.code}\", bn: \"চা কোড {consent.code}\"}}\n"
                        TEA "{consent: {to: citizen.msisdn, sms: tea}, goto: ask}\n"
                            "  ask: {text: The code?, input: {into: told, type: word(4)}, goto: check}\n"
                            "  check: {consent: {check: told}, wrong: ask, expired: main, goto: main}\n" },
    [ISSUE_CODE] = { "sms:\n  tea: {class: gov_info, text: {en: \"Tea code {consent.code}\", bn: \"চা কোড {consent.code}\"}}\n"
                     TEA "{consent: {to: citizen.msisdn, sms: tea}, goto: main}\n",
                     "sms:\n  tea: {class: otp, text: {en: \"Tea code {consent.code}\", bn: \"চা কোড {consent.code}\"}}\n"
                     TEA "{consent: {to: citizen.msisdn, sms: tea}, goto: main}\n" },
    [ISSUE_AUDIT] = { "types:\n  nid: {pattern: '[0-9]{10}', width: 10, sensitive: yes}\n" TEA
                      "{text: Whose?, input: {into: nid}, goto: note}\n"
                      "  note: {audit: {event: tea, with: {nid: nid}}, goto: main}\n",
                      "types:\n  cups: {whole: 1..9}\n" TEA "{text: How many?, input: {into: cups}, goto: note}\n"
                      "  note: {audit: {event: tea, with: {cups: cups}}, goto: main}\n" },
    [ISSUE_NO_BACKEND] = { TEA "{hook: kitchen, path: /tea, goto: main}\n",
                           TEA "{hook: kitchen, path: /tea, goto: main}\nbackends:\n"
                               "  kitchen: {kind: http, url: \"http://10.0.0.1:8400\", key: keys/kitchen}\n" },
    [ISSUE_BACKEND] = { TEA "{hook: kitchen, path: /tea, goto: main}\nbackends:\n"
                            "  kitchen: {kind: http, url: \"10.0.0.1:8400\", key: keys/kitchen}\n",
                        TEA "{hook: kitchen, path: /tea, goto: main}\nbackends:\n"
                            "  kitchen: {kind: http, url: \"http://10.0.0.1:8400\", key: keys/kitchen}\n" },
    [ISSUE_HOOK] = { TEA "{hook: kitchen, path: tea?cups=2, goto: main}\nbackends:\n  kitchen: {kind: mock}\n",
                     TEA "{hook: kitchen, path: /tea, with: {cups: 2}, goto: main}\n"
                         "backends:\n  kitchen: {kind: mock}\n" },
    [ISSUE_MOCK] = { TEA "{hook: kitchen, path: /tea, goto: main}\n"
                         "backends:\n  kitchen: {kind: mock, answers: {/tea: hot}}\n",
                     TEA "{hook: kitchen, path: /tea, goto: main}\n"
                         "backends:\n  kitchen: {kind: mock, answers: {/tea: '{\"state\": \"hot\"}'}}\n" },
    [ISSUE_NO_STATE] = { SERVICE "states: {submitted: [answered]}, notify: {anwsered: received}}\n",
                         SERVICE "states: {submitted: [answered]}, notify: {answered: received}}\n" },
    [ISSUE_STATES] = { SERVICE "states: {submitted: [answered], appealed: [answered]}}\n",
                       SERVICE "states: {submitted: [answered], answered: [closed, appealed], appealed: [closed]}}\n" },
    [ISSUE_SERVICE_FIELD] = { "services:\n  fair: {number: 7, title: Tea fair, fields: {contact: word(11)}}\n",
                              "services:\n  fair: {number: 7, title: Tea fair, fields: {contact: msisdn}}\n" },
    [ISSUE_OVERDUE] = { SERVICE "overdue: [{after: 3, to: uno, text: The UNO knows}]}\n",
                        SERVICE "within: {days: 30}, overdue: [{after: 3, to: uno, text: The UNO knows}]}\n" },
    [ISSUE_EXPIRES] = { SERVICE "states: {submitted: {to: [closed], expires: {days: 30, to: expired}}}}\n",
                        SERVICE "states: {submitted: {to: [closed, expired], expires: {days: 30, to: expired}}}}\n" },
    [ISSUE_REPLIES] = { SERVICE "states: {submitted: {to: [closed], by: citizen}}, replies: {closed: {1: Come to the office}}}\n",
                        SERVICE "states: {submitted: {to: [closed], by: officer}}, replies: {closed: {1: Come to the office}}}\n" },
    [ISSUE_WAITLIST] = { SERVICE "window: listed}\n" TEA "{waitlist: fair, goto: main}\n",
                         SERVICE "window: {opened: opens}}\nsms:\n  opens: {class: service_info, text: {en: The fair is open., bn: মেলা খোলা।}}\n"
                         TEA "{waitlist: fair, goto: main}\n" },
    [ISSUE_OPENED] = { SERVICE "window: {opened: opens}}\nsms:\n  opens: {class: service_info, text: {en: \"Open, {citizen.msisdn}\", bn: মেলা খোলা।}}\n"
                       TEA "{waitlist: fair, goto: main}\n",
                       SERVICE "window: {opened: opens}}\nsms:\n  opens: {class: service_info, text: {en: Open., bn: মেলা খোলা।}}\n"
                       TEA "{waitlist: fair, goto: main}\n" },
    [ISSUE_DUE] = { TEA "{text: Tea, end: yes}\nsms:\n  harvest: {class: service_info, due: harvest, text: {en: \"Tea of {today|day}\", bn: চা তৈরি}}\n",
                    TEA "{text: Tea, end: yes}\nsms:\n  harvest: {class: service_info, due: harvest, text: {en: The tea is ripe., bn: চা তৈরি}}\n" },
    [ISSUE_WINDOW] = { SERVICE "window: {from: 2026-11-01, to: 2026-11-31}}\n",
                       SERVICE "window: {from: 2026-10-01, to: 2026-11-30}}\n" TEA
                           "{submit: fair, with: {category: \"'tea'\"}, closed: main, goto: main}\n" },
    [ISSUE_CLOSED] = { SERVICE "window: {from: 2026-11-01}}\n" TEA
                           "{submit: fair, with: {category: \"'tea'\"}, goto: main}\n",
                       SERVICE "window: {from: 2026-11-01}}\n" TEA
                           "{submit: fair, with: {category: \"'tea'\"}, closed: later, goto: main}\n"
                           "  later: {text: The fair begins in November., end: yes}\n" },
    [ISSUE_NO_MEANING] = { SERVICE "states: {submitted: [received], received: []}, backend: dss}\n"
                               "backends:\n  dss: {kind: mock, states: {NEW: recieved}}\n" TEA
                               "{submit: fair, with: {category: \"'tea'\"}, goto: main}\n",
                           SERVICE "states: {submitted: [received], received: []}, backend: dss}\n"
                               "backends:\n  dss: {kind: mock, states: {NEW: received}}\n" TEA
                               "{submit: fair, with: {category: \"'tea'\"}, goto: main}\n" },
    [ISSUE_LAST_FOUR] = { "types:\n  nid: {pattern: '[0-9]{10}', width: 10, sensitive: yes}\n"
                              "services:\n  fair: {number: 7, title: Tea fair, fields: {nid: nid}}\n" TEA
                              "{text: Whose?, input: {into: nid}, goto: send}\n"
                              "  send: {submit: fair, with: {nid: nid}, goto: main}\n",
                          "types:\n  nid: {pattern: '[0-9]{10}', width: 10, sensitive: yes, store: last4}\n"
                              "services:\n  fair: {number: 7, title: Tea fair, fields: {nid: nid}}\n" TEA
                              "{text: Whose?, input: {into: nid}, goto: send}\n"
                              "  send: {submit: fair, with: {nid: nid}, goto: main}\n" },
    [ISSUE_STORE] = { "types:\n  day: {date: DDMMYYYY, store: last4}\n", "types:\n  day: {date: DDMMYYYY, store: none}\n" },
    [ISSUE_WORD_TWICE] = { TEA "{text: Tea, end: yes}\nkeywords: {TEA: {goto: tea}, CUP: {words: Tea, goto: tea}}\n",
                           TEA "{text: Tea, end: yes}\nkeywords: {TEA: {words: CUP, goto: tea}}\n" },
    [ISSUE_WORD] = { TEA "{text: Tea, end: yes}\nkeywords: {green tea: {goto: tea}}\n",
                     TEA "{text: Tea, end: yes}\nkeywords: {GREENTEA: {goto: tea}}\n" },
    [ISSUE_FILL] = { READY "keywords: {TEA: {fills: [note, cups], goto: ready}}\n",
                     READY "keywords: {TEA: {fills: [cups, note], goto: ready}}\n" },
    [ISSUE_SQL] = { "# sql: SELECT state FORM svc.last_payment($1)\n", "# sql: SELECT state FROM svc.last_payment($1)\n" },
    [ISSUE_SQL_DENIED] = { "# sql: SELECT taka FROM svc.payment\n", "# sql: SELECT taka FROM svc.last_payment($1)\n" },
    [ISSUE_SQL_ARGUMENTS] = { "# sql: SELECT taka FROM svc.price() /* of $1 */\n# args: [kind]\n",
                              "# sql: SELECT taka FROM svc.price($1)\n# args: [kind]\n" },
    [ISSUE_SQL_ARGUMENT] = { "# args: [kind], a choice, where the function takes a date\n", "# args: [born]\n" },
    [ISSUE_SQL_COLUMN] = { "# records: payment: {taka: whole}\n# sql: SELECT amount FROM svc.last_payment($1)\n",
                           "# sql: SELECT amount AS taka FROM svc.last_payment($1)\n" },
    [ISSUE_SQL_TYPE] = { "# records: payment: {taka: whole}\n# sql: SELECT 10.5 AS taka\n",
                         "# sql: SELECT round(10.5)::integer AS taka\n" },
    [ISSUE_SQL_MORE] = { "# records: payment: {taka: whole}\n# sql: SELECT taka, sent FROM svc.last_payment($1)\n",
                         "# sql: SELECT taka FROM svc.last_payment($1)\n" },
    [ISSUE_EXPRESSION] = { TEA "{goto: [{when: citizen.known = yes, to: milk}, {to: main}]}\n"
                               "  milk: {text: Milk, end: yes}\n",
                           TEA "{goto: [{when: citizen.known == yes, to: milk}, {to: main}]}\n"
                               "  milk: {text: Milk, end: yes}\n" },
    [ISSUE_TWO_TYPES] = { TEA "{text: How many cups?, input: {into: cups, type: whole}, goto: sort}\n"
                              "  sort: {text: Which tea?, input: {into: cups, type: word(9)}, goto: main}\n",
                          TEA "{text: How many cups?, input: {into: cups, type: whole}, goto: sort}\n"
                              "  sort: {text: Which tea?, input: {into: sort, type: word(9)}, goto: main}\n" },
    [ISSUE_UNTYPED] = { TEA "{text: How many cups?, input: {into: cups}, goto: main}\n",
                        TEA "{text: How many cups?, input: {into: cups, type: whole}, goto: main}\n" },
    [ISSUE_PATTERN] = { "types:\n  seat: {pattern: '[0-9', width: 3}\n",
                        "types:\n  seat: {pattern: '[0-9]{1,3}', width: 3}\n" },
    [ISSUE_EXAMPLE] = { "types:\n  seat: {pattern: '[0-9]{2}', width: 2, example: \"123\"}\n",
                        "types:\n  seat: {pattern: '[0-9]{2}', width: 2, example: \"12\"}\n" },
    [ISSUE_NUMBER] = { TEA "{text: Tea, options: {0: {text: Milk, goto: main}}}\n",
                       TEA "{text: Tea, options: {1: {text: Milk, goto: main}}}\n" },
    [ISSUE_BRANCH] = { TEA "{goto: [{to: main}, {when: citizen.known, to: milk}]}\n  milk: {text: Milk, end: yes}\n",
                       TEA "{goto: [{when: citizen.known, to: milk}, {to: main}]}\n"
                           "  milk: {text: Milk, end: yes}\n" },
    [ISSUE_ROWS] = { TEA "{text: Tea, list: {query: last_payment, into: p, option: \"{p.taka}\", goto: main}}\n",
                     "# a query with returns: list of payment\n"
                     TEA "{text: Tea, list: {query: my_payments, into: p, option: \"{p.taka}\", goto: main}}\n" },
    [ISSUE_ARGUMENTS] = { "queries:\n"
                          "  tea: {sql: 'SELECT taka FROM svc.tea($1, $2)', args: [citizen.msisdn], returns: payment}\n",
                          "queries:\n"
                          "  tea: {sql: 'SELECT taka FROM svc.tea($1)', args: [citizen.msisdn], returns: payment}\n" },
    [ISSUE_CASE_TEXT] = { SERVICE "states: {submitted: [answered]}, texts: {submitted: Kept safe}}\n" CASES,
                          SERVICE "states: {submitted: [answered]}, texts: {submitted: Kept safe, answered: Ready}}\n" CASES },
    [ISSUE_MOVE_STATE] = { SERVICE "states: {submitted: {to: [gone], by: [citizen]}}}\n" CASE_NO "{move: {case: my, to: goone}, none: main, refused: main, goto: main}\n",
                           SERVICE "states: {submitted: {to: [gone], by: [citizen]}}}\n" CASE_NO "{move: {case: my, to: gone}, none: main, refused: main, goto: main}\n" },
    [ISSUE_MOVE_NOBODY] = { SERVICE "states: {submitted: [gone]}}\n" CASE_NO "{move: {case: my, to: gone}, none: main, refused: main, goto: main}\n",
                            SERVICE "states: {submitted: {to: [gone], by: [citizen, officer]}}}\n" CASE_NO "{move: {case: my, to: gone}, none: main, refused: main, goto: main}\n" },
    [ISSUE_CASE_KEY] = { SERVICE "texts: {submitted: Kept safe}}\n" CASE_NO "{case: my, of: fair, with: {cups: \"'tea'\"}, into: c, none: main, goto: main}\n",
                         SERVICE "texts: {submitted: Kept safe}}\n" CASE_NO "{case: my, of: fair, with: {category: \"'tea'\"}, into: c, none: main, goto: main}\n" },
    [ISSUE_LIST_OF] = { SERVICE "texts: {submitted: Kept safe}}\n" TEA
                            "{text: Tea, list: {cases: fair, query: my_payments, into: c, option: \"{c.no}\", goto: main}}\n",
                        SERVICE "texts: {submitted: Kept safe}}\n" TEA
                            "{text: Tea, list: {cases: fair, into: c, option: \"{c.no}\", goto: main}}\n" },
    [ISSUE_NO_TEXT] = { TEA "{text: {en: Tea, bn: চা}, end: yes}\n",
                        TEA "{text: {en: Tea, bn: চা, bn-Latn: Cha}, end: yes}\n" },
    [ISSUE_TEXT] = { TEA "{text: \"{citizen.msisdn|musk}\", end: yes}\n",
                     TEA "{text: \"{citizen.msisdn|mask}\", end: yes}\n" },
    [ISSUE_SMS_LANGUAGE] = { SMS "bn: চা হয়েছে।, bn-Latn: Cha hoyeche.}}\n", SMS "bn: চা হয়েছে।}}\n" },
    [ISSUE_SMS_SCRIPT] = { SMS "bn: Cha hoyeche.}}\n", SMS "bn: চা হয়েছে।}}\n" },
    [ISSUE_WORDS] = { "words:\n  months: Jan Feb Mar\n",
                      "words:\n  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec\n" },
    [ISSUE_UNREACHABLE] = { TEA "{text: Tea, end: yes}\n  milk: {text: Milk, end: yes}\n",
                            TEA "{text: Tea, options: {1: {text: Milk, goto: milk}}}\n"
                                "  milk: {text: Milk, end: yes}\n" },
    [ISSUE_NO_END] = { TEA "{text: Tea, options: {1: {text: Again, goto: again}}}\n"
                           "  again: {text: Again?, options: {1: {text: Tea, goto: tea}}}\n",
                       TEA "{text: Tea, options: {1: {text: Again, goto: again}}}\n"
                           "  again: {text: Again?, options: {1: {text: Tea, goto: tea}, 2: {text: No, goto: bye}}}\n"
                           "  bye: {text: Good bye., end: yes}\n" },
    [ISSUE_CIRCLE] = { TEA "{set: {drink: \"'tea'\"}, goto: ask}\n"
                           "  ask: {goto: [{when: citizen.known, to: main}, {to: tea}]}\n",
                       TEA "{set: {drink: \"'tea'\"}, goto: ask}\n"
                           "  ask: {text: \"Tea, or {drink}?\", options: {1: {text: Tea, goto: tea}, 2: {text: No, goto: main}}}\n" },
    [ISSUE_TOO_SILENT] = { "# 61 screens with 'set' and 'goto', each of which leads to the next\n",
                           "# all that is set in one 'set', or under one 'do'\n" },
    [ISSUE_FAR] = { TEA "{text: Tea, options: {1: {text: On, goto: a3}}}\n"
                    "  a3: {text: On, options: {1: {text: On, goto: a4}}}\n"
                    "  a4: {text: On, options: {1: {text: On, goto: a5}}}\n"
                    "  a5: {text: On, options: {1: {text: On, goto: a6}}}\n"
                    "  a6: {text: On, options: {1: {text: On, goto: a7}}}\n"
                    "  a7: {text: On, options: {1: {text: On, goto: a8}}}\n"
                    "  a8: {text: On, end: yes}\n",
                    "# fewer questions; or a page that shows what was answered and ends\n" TEA "{text: Tea, end: yes}\n" },
    [ISSUE_SLOW] = { TEA "{text: Tea, options: {1: {text: On, goto: a3}}}\n"
                    "  a3: {text: On, options: {1: {text: On, goto: a4}}}\n"
                    "  a4: {text: On, options: {1: {text: On, goto: a5}}}\n"
                    "  a5: {text: On, options: {1: {text: On, goto: a6}}}\n"
                    "  a6: {text: On, options: {1: {text: On, goto: a7}}}\n"
                    "  a7: {text: On, options: {1: {text: On, goto: a8}}}\n"
                    "  a8: {text: On, options: {1: {text: On, goto: a9}}}\n"
                    "  a9: {text: On, options: {1: {text: On, goto: a10}}}\n"
                    "  a10: {text: On, options: {1: {text: On, goto: a11}}}\n"
                    "  a11: {text: On, options: {1: {text: On, goto: a12}}}\n"
                    "  a12: {text: On, end: yes}\n",
                     "# fewer questions; or two services instead of one\n" TEA "{text: Tea, end: yes}\n" },
    [ISSUE_UNSET] = { TEA "{text: Tea, options: {1: {text: How many, goto: ask}, 2: {text: Two, goto: drink}}}\n"
                          "  ask: {text: How many cups?, input: {into: cups, type: whole}, goto: drink}\n"
                          "  drink: {text: \"{cups} cups\", end: yes}\n",
                      TEA "{text: Tea, options: {1: {text: How many, goto: ask}, 2: {text: Two, set: {cups: 2}, goto: drink}}}\n"
                          "  ask: {text: How many cups?, input: {into: cups, type: whole}, goto: drink}\n"
                          "  drink: {text: \"{cups} cups\", end: yes}\n" },
    [ISSUE_SENSITIVE] = { "types:\n  card: {pattern: '[0-9]{10}', width: 10, sensitive: yes}\n" TEA
                              "{text: Card?, input: {into: card}, goto: note}\n"
                              "  note: {set: {copy: \"'none'\"}, goto: keep}\n"
                              "  keep: {set: {copy: card}, goto: told}\n"
                              "  told: {text: \"{copy}\", end: yes}\n",
                          "types:\n  card: {pattern: '[0-9]{10}', width: 10, sensitive: yes}\n" TEA
                              "{text: Card?, input: {into: card}, goto: told}\n"
                              "  told: {text: \"{card|last4}\", end: yes}\n" },
    [ISSUE_CALLS_ROUND] = { TEA "{call: {to: ask}, goto: main}\n"
                                "  ask: {text: Tea?, options: {1: {text: Again, goto: again}, 2: {text: \"Yes\", goto: yes_}}}\n"
                                "  again: {call: {to: ask}, goto: yes_}\n  yes_: {return: }\n",
                            TEA "{call: {to: ask}, goto: main}\n"
                                "  ask: {text: Tea?, options: {1: {text: Again, goto: ask}, 2: {text: \"Yes\", goto: yes_}}}\n"
                                "  yes_: {return: }\n" },
    [ISSUE_PIN_VALUE] = { TEA "{text: Your PIN, input: {into: mine, type: word(4)}, goto: check}\n"
                              "  check: {pin: {check: mine}, wrong: tea, none: main, goto: main}\n",
                          TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                              "  check: {pin: {check: mine}, wrong: tea, none: main, goto: main}\n" },
    [ISSUE_PIN_EXIT] = { TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                             "  check: {pin: {check: mine}, wrong: tea, goto: main}\n",
                         TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                             "  check: {pin: {check: mine}, wrong: tea, none: main, goto: main}\n" },
    [ISSUE_NO_PROVIDER] = { MONEY "types:\n  wallet: {choice: {rocket: Rocket, cash: Cash}}\n" TEA
                                "{text: Pay by, input: {into: wallet}, goto: pay}\n"
                                "  pay: {pay: {by: wallet, taka: 20}, again: main, refused: main, goto: main}\n",
                            MONEY "types:\n  wallet: {choice: {rocket: Rocket}}\n" TEA
                                "{text: Pay by, input: {into: wallet}, goto: pay}\n"
                                "  pay: {pay: {by: wallet, taka: 20}, again: main, refused: main, goto: main}\n" },
    [ISSUE_PROVIDER] = { "providers:\n  rocket: {kind: mock, title: Rocket, url: \"http://127.0.0.1:8500\"}\n",
                         "providers:\n  rocket: {kind: http, title: Rocket, url: \"http://127.0.0.1:8500\", key: keys/rocket}\n" },
    [ISSUE_PAY] = { MONEY TEA "{pay: {by: rocket}, again: main, refused: main, goto: main}\n",
                    MONEY TEA "{pay: {by: rocket, taka: 20}, again: main, refused: main, goto: main}\n" },
    [ISSUE_PAY_FEE] = { MONEY SERVICE "fee: {official: 20}}\n" TEA
                            "{submit: fair, with: {category: \"'tea'\"}, into: case, goto: pay}\n"
                            "  pay: {pay: {by: rocket, fee: fair, for: case.no}, again: main, refused: main, goto: main}\n",
                        MONEY SERVICE "fee: {official: 20, paid: received},\n"
                            "    states: {fee_due: {to: [received], by: [provider]}}}\n" TEA
                            "{submit: fair, with: {category: \"'tea'\"}, into: case, goto: pay}\n"
                            "  pay: {pay: {by: rocket, fee: fair, for: case.no}, again: main, refused: main, goto: main}\n" },
    [ISSUE_RECEIPT] = { "providers:\n  rocket: {kind: mock, title: Rocket}\n" TEA
                            "{pay: {by: rocket, taka: 20}, again: main, refused: main, goto: main}\n",
                        MONEY TEA "{pay: {by: rocket, taka: 20}, again: main, refused: main, goto: main}\n" },
    [ISSUE_BEHIND_PIN] = { KNOWN TEA "{query: known, into: k, none: main, goto: main}\n",
                           KNOWN TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                                     "  check: {pin: {check: mine}, wrong: tea, none: main, goto: look}\n"
                                     "  look: {query: known, into: k, none: main, goto: main}\n" },
    [ISSUE_PIN] = { TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                        "  check: {pin: {check: mine, set: mine}, wrong: tea, goto: main}\n",
                    TEA "{text: Your PIN, input: {into: mine, type: pin(4)}, goto: check}\n"
                        "  check: {pin: {set: mine}, wrong: tea, goto: main}\n" },
    [ISSUE_NEVER] = { TEA "{text: How many cups?, input: {into: cups, type: cups}, goto: sort}\n"
                          "  sort: {goto: [{when: cups > 9, to: main}, {to: drink}]}\n"
                          "  drink: {text: \"{cups} cups\", end: yes}\ntypes:\n  cups: {whole: 1..9}\n",
                      TEA "{text: How many cups?, input: {into: cups, type: cups}, goto: sort}\n"
                          "  sort: {goto: [{when: cups > 4, to: main}, {to: drink}]}\n"
                          "  drink: {text: \"{cups} cups\", end: yes}\ntypes:\n  cups: {whole: 1..9}\n" },
    [ISSUE_ALWAYS] = { TEA "{text: How many cups?, input: {into: cups, type: cups}, goto: sort}\n"
                           "  sort: {goto: [{when: cups > 0, to: drink}, {to: main}]}\n"
                           "  drink: {text: \"{cups} cups\", end: yes}\ntypes:\n  cups: {whole: 1..9}\n",
                       TEA "{text: How many cups?, input: {into: cups, type: cups}, goto: drink}\n"
                           "  drink: {text: \"{cups} cups\", end: yes}\ntypes:\n  cups: {whole: 1..9}\n" },
    [ISSUE_NO_OPTION] = { TEA "{text: Tea, options: {1: {text: As always, when: citizen.known, goto: main}}}\n",
                          TEA "{text: Tea, options: {1: {text: As always, when: citizen.known, goto: main}, 2: {text: New, "
                              "goto: main}}}\n" },
    [ISSUE_SUBMITTED] = { TEA "{submit: complaint, with: {category: \"'tea'\"}, into: case, goto: done}\n"
                              "  done: {text: \"Done. {case.no}\"}\n",
                          TEA "{submit: complaint, with: {category: \"'tea'\"}, into: case, goto: done}\n"
                              "  done: {text: \"Done. {case.no}\", end: yes}\n" },
    [ISSUE_SMS_LENGTH] = { GOV "approval: BTRC/17, text: \"চা ২৬ মে: {alert.text} {alert.text}\"}\n",
                           GOV "approval: BTRC/17, text: \"চা ২৬ মে: {alert.text}\"}\n" },
    [ISSUE_GOV_SCRIPT] = { GOV "approval: BTRC/17, text: \"Tea: ২৬ মে\"}\n", GOV "approval: BTRC/17, text: \"চা ২৬ মে\"}\n" },
    [ISSUE_GOV_DATE] = { GOV "approval: BTRC/17, text: \"চা আজ\"}\n", GOV "approval: BTRC/17, text: \"চা {today|day}\"}\n" },
    [ISSUE_GOV_APPROVAL] = { GOV "text: \"চা ২৬ মে\"}\n", GOV "approval: BTRC/17, text: \"চা ২৬ মে\"}\n" },
    [ISSUE_ASKS] = { SMS "bn: \"চা হয়েছে। পিন পাঠান।\"}}\n", SMS "bn: \"চা হয়েছে। পিন কাউকে বলবেন না।\"}}\n" },
    [ISSUE_ONE_LETTER] = { TEA "{text: \"Tea – 10 taka\", end: yes}\n", TEA "{text: \"Tea - 10 taka\", end: yes}\n" },
    [ISSUE_UNUSED] = { SMS "bn: চা হয়েছে।}}\n", SMS "bn: চা হয়েছে।}}\n" TEA "{sms: tea, goto: main}\n" },
    [ISSUE_UNREAD] = { TEA "{set: {cups: 2}, goto: drink}\n  drink: {text: Two cups, end: yes}\n",
                       TEA "{set: {cups: 2}, goto: drink}\n  drink: {text: \"{cups} cups\", end: yes}\n" },
};

const struct issue_example *issue_example(enum issue_code code)
{
    assert(code < ISSUE_COUNT);
    return &issue_examples[code];
}
