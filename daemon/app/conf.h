/*
 * conf.h - conf/kheya.yaml to a checked struct, by a table of keys.
 *
 * Every key is a row: name, type, range, default, unit, help.  Unknown,
 * duplicate or misplaced keys, wrong types and values out of range are errors
 * with file:line:column, all in one pass.  Secrets never stand in this file.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/outbox.h"
#include "menu/model.h"
#include "wire/api.h"
#include "store/store.h"
#include "wire/profile.h"

#define CONF_LINKS_MAX 32
#define CONF_PROFILES_MAX 16            /* per link */
#define CONF_API_MAX 64
#define CONF_LINK_NAME_MAX 63
#define CONF_LANE_SIZE 128              /* "LINK/SMSC" */

enum conf_link_kind { CONF_LINK_KANNEL = 0, CONF_LINK_HTTP, CONF_LINK_KINDS };

/* What an SMSC id has besides its profile. */
struct conf_way {
    const char *sender;                 /* sms: whom messages come from; "" on other channels */
    int rate;                           /* sms: segments a second, 0 no limit */
    const char *sms;                    /* ussd: the SMSC id whose messages reach those who dial here; "" the first */
};

/* Numbers that nobody has dialled in from yet, by their first digits. */
#define CONF_PREFIXES_MAX 64

struct conf_link {
    const char *name;
    int kind;                           /* enum conf_link_kind */
    const char *address;                /* kannel: bearerbox's smsbox port */
    const char *box_id;
    const char *style;                  /* http: dialect */
    int enquiry_poisha, transaction_poisha;     /* of a block of 90 s, as its operator bills it */
    struct profile profiles[CONF_PROFILES_MAX];     /* kannel: one per smsc id; [0] is the link's own */
    struct conf_way ways[CONF_PROFILES_MAX];
    int profile_count;
};

/* A key of /api/v1: the system of an agency. */
struct conf_api {
    const char *name;
    const char *agency;                 /* whose cases it sees */
    const char *key;                    /* file, below the folder of the configuration */
    unsigned rights;                    /* 1u << enum api_right */
};

struct conf {
    const char *database;               /* libpq conninfo */
    const char *menus;                  /* folder */
    const char *http_address;
    const char *http_handset;           /* control address of a telco simulator, "" none */
    const char *pid_file;               /* "" none */
    const char *state;                  /* folder, "" none */
    const char *secret;                 /* file, "" none */
    const char *folder;                 /* where the configuration lies: the keys of back ends are below it */
    int log_level;                      /* enum log_level */
    int sessions;                       /* dialogues in memory */
    int hold_ms;                        /* how long an event waits for a database that fell */
    int stall_ms;                       /* a database that answers nothing for so long has fallen */
    int retire_ms;                      /* menus are retired so long after others became current; 0: by order only */
    int batch_rows;
    int readers;
    int sms_in_flight;                  /* messages of one lane handed to bearerbox that no SMSC has yet */
    struct outbox_hours quiet;          /* when nothing is sent that nobody asked for */
    int day_cap;                        /* and so many of these go to one number in a day; 0 no limit */
    struct store_prefix prefixes[CONF_PREFIXES_MAX];
    int prefix_count;
    int hooks;                          /* requests to back ends in flight */
    int api;                            /* requests of agencies under way */
    int api_window_ms;                  /* how far the time of a signature may be from ours */
    int texts_hour;                     /* text messages of one number that are answered in an hour */
    int texts_fruitless;                /* and in a day that lead nowhere, one after the other */
    int refused_days;                   /* a letter that an agency refused for good is kept */
    int lookups, lookups_agent;         /* questions about people of one number, or agent, in an hour */
    int lookups_link, lookups_all;      /* and of one link, or all of this process, in a minute */
    int officer_texts;                  /* commands of one officer in an hour */
    int officer_digest;                 /* hour of the day; -1 none */
    int tape_ms;                        /* so long steps stay on the tape; 0: none are kept */
    struct conf_link links[CONF_LINKS_MAX];
    int link_count;
    struct conf_api apis[CONF_API_MAX];
    int api_count;
    void *mem;                          /* all strings */
};

/* Read path; relative paths in it are relative to the working directory.
 * False: errors, one per line "file:line:column: error: text", are in errors. */
bool conf_load(struct conf *c, const char *path, struct buf *errors) __attribute__((warn_unused_result));
void conf_free(struct conf *c);

/* Limits of a link's USSD pages, by the link's name or one of its SMSC ids; NULL
 * when there is none of that name. */
const struct event_limits *conf_limits(const struct conf *c, const char *name);

/* Limits of all USSD pages, for the proof that menus fit: by link, and by SMSC id
 * where one has its own.  Names live as long as c. */
#define CONF_MENU_LINKS_MAX (CONF_LINKS_MAX * CONF_PROFILES_MAX)
struct conf_menu_links {
    struct menu_links links;            /* of list */
    struct menu_link list[CONF_MENU_LINKS_MAX];
};
void conf_menu_links(const struct conf *c, struct conf_menu_links *out);

/* The key table as text, for `kheyad --keys` and the manual. */
void conf_help(struct buf *out);

#endif
