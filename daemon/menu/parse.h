/*
 * parse.h - what the rooms that build a menu share: not for those who read one.
 *
 * Order of a load: every file to nodes (parse.c), names of everything in every
 * file, then types, records, queries, services, messages and screens (parse_*),
 * whose texts and expressions are put off until all variables are known
 * (parse_vars.c), then compiled (parse_text.c).  Everything goes on after a
 * mistake; what depends on a mistake is left without a word.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/expr.h"
#include "menu/issue.h"
#include "menu/keys.h"
#include "menu/model.h"
#include "menu/names.h"
#include "menu/yaml.h"

#define PARSE_ARGS_MAX 16               /* of a query */
#define PARSE_FIELDS_MAX 64             /* of a record or service */
#define PARSE_CODES_MAX 1000            /* of a choice */
#define PARSE_VARS_MAX 60000            /* a session keeps them by a 16-bit number */

struct parse_file {
    struct yaml_file source;
    const char *prefix;                 /* "allowance."; "" for the root file */
    struct keys_got got;                /* its keys; node NULL when it is broken or empty */
    bool broken;                        /* some of its definitions could not be read */
};

/* Something with a name: a type, a record, ... a screen. */
struct parse_def {
    const char *name;                   /* with the prefix, for a screen */
    const struct yaml_node *key, *value;
    const struct parse_file *file;
};

struct parse_defs {
    struct names *names;                /* to index in list */
    struct parse_def *list;             /* malloced */
    int count, cap;
};

struct parse_var {
    struct menu_var var;                /* type NULL: not known yet */
    struct menu_pos typed;              /* where the type comes from */
    bool broken;                        /* its definition has an error: say nothing about its users */
    bool excused;                       /* the error is said; nor about what it is set to */
    bool is_set;                        /* by an expression */
    bool waits;                         /* which reads a variable without a type */
    struct menu_type *guessed;          /* text type seen from what it is set to; grows */
};

/* A text or an expression to compile when all variables are known. */
struct parse_job {
    const struct yaml_node *node;
    const struct expr **expr;           /* where it goes; or */
    struct menu_text *text;             /* a text, in these languages */
    uint32_t langs;
    bool constant;                      /* no placeholders */
    const struct parse_tells *tells;    /* of a case; NULL: it tells of none */
    bool receipt;                       /* those of a receipt alone */
    const char *word;                   /* the one that a program's word may have; "" */
    int want;                           /* kind of an expression, -1 any */
    const struct menu_type *target;     /* of a variable or field; or NULL */
    int var;                            /* that takes the value; MENU_NONE */
};

/* A return, whose value is typed by the variables of the calls that it answers. */
struct parse_return {
    struct menu_action *action;
    const struct yaml_node *node;       /* the value; NULL none */
    int job;                            /* of the value */
};

struct parse {
    struct arena *arena;
    struct menu *menu;
    struct menu_issues *issues;
    struct parse_file *files;           /* in the arena */
    struct menu_screen *screens;        /* menu->screens, while they are made */
    struct menu_service *services;      /* likewise */
    int file_count;
    struct parse_file *root;
    struct parse_defs defs[FILE_KEYS];  /* by section: FILE_TYPES ... FILE_RECEIPTS */
    struct names *type_names;           /* of menu types, builtins that are used too */
    struct menu_type **types;           /* malloced */
    int type_count, type_cap;
    struct names *var_names;
    struct parse_var *vars;             /* malloced */
    int var_count, var_cap;
    int *tells;                         /* variables of texts about cases, in the arena */
    int tells_count;
    const struct parse_tells *telling;  /* of the text being compiled */
    struct names *keyword_names;        /* of all words that begin a keyword */
    struct menu_query *queries;         /* menu->queries, while they are made */
    int query_cap;
    const struct menu_type *left_type;  /* NULL before it is asked for */
    const struct menu_record *her_case, *her_cases;     /* what is known of one, and of one in a list */
    struct names *broken;               /* record variables whose query has an error: "pay" */
    struct parse_job *jobs;             /* malloced */
    int job_count, job_cap;
    struct parse_return *returns;       /* malloced */
    int return_count, return_cap;
    const struct yaml_node *compiled;   /* the job being compiled; NULL before */
    bool met_broken, met_unknown, met_untyped;  /* while an expression is read */
    long compared;                      /* names, to find the nearest */
    long judged;                        /* steps that the patterns of the tree took to judge */
    int rounds;                         /* over all jobs, to guess types */
    bool *spoilt;                       /* by screen, in the arena: it has an error */
    bool vars_lost;                     /* something that would set variables could not be read */
    int silent;                         /* errors not said, because of one that was */
};

/* Keys as bits. */
#define PARSE_BIT(key) (UINT64_C(1) << (key))

/* --- parse.c ---------------------------------------------------------------------- */

/* keys_read(), of a map that may set variables through these keys. */
bool parse_keys(struct parse *p, const struct yaml_node *node, enum keys_map map, uint64_t setting,
                struct keys_got *got);

/* May a name be missing only because the file that defines it is broken? */
bool parse_excused(struct parse *p);

/* May so many names more be compared to find the nearest?  A tree with thousands
 * of mistakes has other worries. */
bool parse_may_compare(struct parse *p, int names);

/* Index of a name in a section, or MENU_NONE and said. */
int parse_find(struct parse *p, enum keys_file section, const struct yaml_node *name);

/* A screen seen from a file: its own first, then the tree's. */
int parse_screen_find(struct parse *p, const struct parse_file *file, const struct yaml_node *name, const char *key);

/* Values of a free map are single values; NULL and said when one is not. */
const struct yaml_node *parse_entry(struct parse *p, const struct yaml_node *map, int i);

/* --- parse_root.c ------------------------------------------------------------------- */

void parse_languages(struct parse *p);
void parse_root(struct parse *p);

/* --- parse_types.c ------------------------------------------------------------------ */

void parse_types(struct parse *p);
void parse_records(struct parse *p);
/* A type by name, or text(40); NULL and said when there is none. */
const struct menu_type *parse_type(struct parse *p, const struct yaml_node *name);
/* One of the program's own that is known to exist. */
const struct menu_type *parse_builtin(struct parse *p, const char *name);
struct menu_type *parse_type_new(struct parse *p, const char *name, struct menu_pos pos, enum menu_type_kind kind);
/* choice of citizen.lang: the languages of the tree */
const struct menu_type *parse_lang_type(struct parse *p);
/* Widths and examples, when all texts are compiled. */
void parse_types_end(struct parse *p);

/* --- parse_data.c --------------------------------------------------------------------- */

void parse_queries(struct parse *p);
/* One more, of the program's own. */
int parse_query_add(struct parse *p, const struct menu_query *q);
/* A map from names to types; what is broken in it is left out. */
int parse_fields(struct parse *p, const struct yaml_node *map, const struct menu_field **out);
void parse_messages(struct parse *p);

/* --- parse_cases.c -------------------------------------------------------------------- */

/* A case of hers, and its way from state to state; when services are known. */
void parse_cases_begin(struct parse *p);
/* Days that are left for an answer. */
const struct menu_type *parse_left_type(struct parse *p);
void parse_case_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a);
void parse_move_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a);
/* The query of a list of her cases; MENU_NONE and said. */
int parse_cases_of(struct parse *p, const struct yaml_node *of, int max);

/* --- parse_services.c ----------------------------------------------------------------- */

void parse_services(struct parse *p);

/* --- parse_overdue.c ------------------------------------------------------------------- */

void parse_overdue(struct parse *p, const struct yaml_node *list, struct menu_service *s);

/* --- parse_backends.c ----------------------------------------------------------------- */

void parse_backends(struct parse *p);
void parse_hook_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a);

/* What names a file, an address: shared by back ends and providers.  NULL and said. */
const char *parse_url(struct parse *p, const struct yaml_node *url);
const char *parse_below(struct parse *p, const char *key, const struct yaml_node *path);
void parse_breaker(struct parse *p, const struct yaml_node *map, int *fails, int *rest_ms);

/* --- parse_pay.c ------------------------------------------------------------------------ */

void parse_providers(struct parse *p);
void parse_receipts(struct parse *p);
/* What the text of a receipt may show. */
struct expr_names parse_receipt_scope(struct parse *p);
void parse_pay_action(struct parse *p, const struct parse_file *file, const struct keys_got *got, struct menu_action *a);
/* When all expressions are compiled: who is asked, for how much, for what. */
void parse_pay_end(struct parse *p);

/* --- parse_keywords.c ----------------------------------------------------------------- */

void parse_keywords(struct parse *p);
/* What they fill, when the types of all variables are known. */
void parse_keywords_end(struct parse *p);

/* --- parse_vars.c --------------------------------------------------------------------- */

void parse_vars_begin(struct parse *p);
/* A variable of this name; type NULL: not known here.  MENU_NONE and said when
 * the name cannot be one. */
int parse_var(struct parse *p, const char *name, struct menu_pos pos, const struct menu_type *type);
/* One that no operator can name. */
int parse_var_hidden(struct parse *p, const char *name, struct menu_pos pos);
int parse_var_hidden_of(struct parse *p, const char *name, struct menu_pos pos, const struct menu_type *type);
void parse_var_broken(struct parse *p, int var);
/* Is it a name that may stand before the dot of a record's fields?  Said if not. */
bool parse_var_head(struct parse *p, const struct yaml_node *name);
/* Types of all variables, from their names and from what they are set to. */
void parse_vars_settle(struct parse *p);
struct expr_names parse_scope(struct parse *p);

/* --- parse_tells.c --------------------------------------------------------------------- */

#define PARSE_TELLS_MAX 512

/* What a text about a case may show: its number, what happened to it, and the
 * fields that all these services have. */
struct parse_tells {
    const struct menu_service *const *services;
    int count;
    bool tree;                          /* the variables of the tree too: a dialogue goes on */
    bool states;                        /* the words of a state, not a message: no fields */
};
struct expr_names parse_tells_scope(struct parse *p, const struct parse_tells *t);

/* Of the services that send this template at a state, or when they are late; NULL: none does.  When all
 * services are read. */
const struct parse_tells *parse_tells_of(struct parse *p, int sms);

/* --- parse_text.c --------------------------------------------------------------------- */

struct parse_text_args {
    bool may_be_empty;
    bool constant;
    bool sms;                           /* goes out as an SMS */
    const struct parse_tells *tells;    /* tells of a case; NULL */
    bool receipt;                       /* tells of a payment */
    const char *word;                   /* NULL: "" */
};

const struct menu_text *parse_text(struct parse *p, const struct yaml_node *node, const struct parse_text_args *args);
struct parse_job *parse_expr(struct parse *p, const struct yaml_node *node, const struct expr **slot);
/* Where octet number at of a scalar's text stands. */
struct menu_pos parse_at(const struct parse *p, const struct yaml_node *scalar, size_t at);
/* Run the jobs. */
void parse_compile(struct parse *p);
/* Warn of texts that one sign keeps out of the GSM alphabet. */
void parse_signs_found(struct parse *p);
/* Where a place of a compiled text or expression is. */
struct menu_pos parse_locate(void *arg, const struct menu_place *place);
/* The expression of a job, as it can be read now.  NULL with *err. */
const struct expr *parse_job_expr(struct parse *p, struct arena *arena, const struct parse_job *job,
                                  struct expr_error *err);

/* --- parse_choose.c ---------------------------------------------------------------------- */

/* Codes as options, and options beside inputs; when keys and types are known. */
void parse_chosen(struct parse *p);

/* --- parse_screens.c, parse_actions.c, parse_calls.c, parse_trust.c --------------------- */

void parse_screens(struct parse *p);
void parse_gotos(struct parse *p, const struct parse_file *file, const struct yaml_node *node, struct menu_gotos *out);
int parse_sets(struct parse *p, const struct yaml_node *map, const struct menu_set **out);
/* Values of returns get the types of the variables that their callers name. */
void parse_calls(struct parse *p);
/* The variables of a record: into.field each; NULL when the name cannot be one. */
const int *parse_into(struct parse *p, const struct yaml_node *into, int query);
const int *parse_into_record(struct parse *p, const struct yaml_node *into, const struct menu_record *r);
/* A screen that an action leads to; MENU_NONE when the key is not there. */
int parse_exit(struct parse *p, const struct parse_file *file, const struct keys_got *got, int key);

/* What an action takes and needs, by its key; NULL when key is none. */
struct parse_action {
    int key;
    uint64_t takes, needs;
    void (*parse)(struct parse *p, const struct parse_file *file, const struct keys_got *got, struct menu_action *a);
};
const struct parse_action *parse_action_of(const struct keys_got *got);
void parse_act(struct parse *p, const struct parse_file *file, const struct parse_action *action,
               const struct keys_got *got, struct menu_action *a);
void parse_do(struct parse *p, const struct parse_file *file, const struct yaml_node *list, struct menu_screen *s);
/* Say what does not go together. */
bool parse_fits(struct parse *p, const struct keys_got *got, enum keys_map map, int key, uint64_t takes,
                uint64_t needs);
void parse_call_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a);
/* When all expressions are compiled: which answers are a consent's code, and what
 * is taken for a PIN. */
void parse_trust_end(struct parse *p);
void parse_consent_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                          struct menu_action *a);
void parse_pin_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                      struct menu_action *a);
void parse_audit_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                        struct menu_action *a);
void parse_return_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                         struct menu_action *a);

#endif
