/*
 * api.h - what the system of an agency asks for at /api/v1, decoded.
 *
 * A request becomes one struct api_call, whole and within bounds, or one
 * problem in words.  Who asks, and whether he may, is for others to say (signed.h
 * and app/agencies.h).  The tables of paths, parameters and errors here are what
 * `kheyad --api` prints and daemon/openapi.yaml is held against.
 */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/casefile.h"

#define API_PREFIX "/api/v1/"
#define API_BODY_MAX 16384              /* octets */
#define API_NAME_MAX 64                 /* characters of a state's or service's name */
#define API_KEY_MAX 64                  /* of an Idempotency-Key */
#define API_NOTE_MAX CASEFILE_NOTE_UNITS        /* of a note, in UTF-16 units as an SMS counts them: what a case keeps */
#define API_FIELD_UNITS 160             /* of a field's value, likewise */
#define API_BY_MAX 40                   /* of an officer's name */
#define API_FIELDS_MAX 16               /* of an event */
#define API_LIMIT_MAX 100               /* rows of a page */
#define API_LIMIT 50
#define API_NO_TIME INT64_MIN

enum api_kind {
    API_LIST = 0,                       /* GET cases */
    API_CASE,                           /* GET cases/{number} */
    API_HISTORY,                        /* GET cases/{number}/events */
    API_POST,                           /* POST cases/{number}/events */
    API_SERVICES,                       /* GET services */
    API_KINDS,
};

/* What a key may do. */
enum api_right { API_READ = 0, API_EVENTS, API_PHONES, API_RIGHTS };
const char *api_right_name(enum api_right right);

enum api_error {
    API_NO_PATH = 0,
    API_BAD_METHOD,
    API_BAD_QUERY,
    API_BAD_NUMBER,
    API_BAD_BODY,
    API_NO_KEY,
    API_TOO_LONG,
    API_UNSIGNED,
    API_BAD_SIGNATURE,
    API_STALE,
    API_REPLAYED,
    API_NO_RIGHT,
    API_NO_CASE,
    API_NO_STATE,
    API_NO_FIELD,
    API_NOT_NOW,
    API_NOT_YOURS,
    API_KEY_REUSED,
    API_TOO_MANY,
    API_AWAY,
    API_ERRORS,
};

struct api_error_row {
    const char *code;                   /* "no_case": what programs look at */
    int status;                         /* of HTTP */
    const char *means;
};
const struct api_error_row *api_error_row(enum api_error e);

/* Where a page goes on: behind this case. */
enum api_order { API_BY_CREATION = 0, API_BY_CHANGE, API_ORDERS };
struct api_place {
    enum api_order order;
    int64_t at, number;                 /* of the last case of the page before */
    int64_t begun;                      /* when the first page was asked for */
};

struct api_call {
    enum api_kind kind;
    int64_t number;                     /* of a case; its check digit is right */
    /* list */
    char service[API_NAME_MAX + 1], state[API_NAME_MAX + 1];    /* "" any; state: of an event too, "" it stays */
    int64_t since;                      /* changed then or later; API_NO_TIME: whenever */
    bool goes_on;
    struct api_place place;             /* goes_on: from there */
    int limit;                          /* rows of a page */
    int after;                          /* history: events behind this seq */
    /* event */
    char key[API_KEY_MAX + 1];
    char from[API_NAME_MAX + 1];        /* only if it stands there; "" wherever */
    struct api_field {
        char name[API_NAME_MAX + 1];
        size_t at;                      /* its value, in values */
    } fields[API_FIELDS_MAX];
    int field_count;
    struct buf values;                  /* a NUL behind each */
    struct buf note, by;                /* in the normal form of gsm.h */
};

void api_call_init(struct api_call *c);
void api_call_fini(struct api_call *c);

struct api_request {
    const char *method;                 /* "GET" */
    const char *path;                   /* behind the prefix, as it came */
    const char *query;                  /* behind '?'; NULL: none */
    const char *key;                    /* header Idempotency-Key; NULL: none */
    const char *body;
    size_t len;
};

struct api_problem {
    enum api_error error;
    char text[320];                     /* one sentence for the person who reads it */
    const char *allow;                  /* API_BAD_METHOD: what may be asked there, "GET, POST" */
};

/* c has been through api_call_init() and is used once. */
bool api_read(struct api_call *c, const struct api_request *r, struct api_problem *p) __attribute__((warn_unused_result));

void api_fail(struct api_problem *p, enum api_error e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The target that asks for the page behind place; of events, for those behind c->after. */
void api_next(const struct api_call *c, const struct api_place *place, struct buf *out);
void api_next_events(const struct api_call *c, struct buf *out);

/* The tables as text. */
void api_help(struct buf *out);

#endif
