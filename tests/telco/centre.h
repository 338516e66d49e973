/*
 * centre.h - the two centres as a peer sees them: listeners, accounts, binds,
 * and the way of every deliver_sm from an account to one of its binds.
 */
#ifndef CENTRE_H
#define CENTRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conf.h"
#include "fault.h"
#include "link.h"
#include "smpp.h"

struct phone;
struct telco;
struct json_t;

struct account {
    struct account_conf conf;
    struct fault fault;
    struct centre *centre;
    struct letter_list queue;           /* for a bind with room, oldest first */
    struct letter_list held;            /* each has its timer */
    struct letter *swap;                /* reorder: waits for a neighbour; also in held */
    int queued;
    unsigned turn;                      /* round robin over binds */
    uint16_t next_session;
    char (*owners)[16];                 /* number that had this session name last; 65,536 of them */
};

struct centre;

/* Listens on loopback; NULL with a line in error. */
struct centre *centre_new(struct telco *t, char *error, size_t size);
void centre_free(struct centre *c);
struct telco *centre_telco(struct centre *c);
int centre_port(const struct centre *c);
int centre_sms_port(const struct centre *c);

size_t centre_accounts(const struct centre *c);
struct account *centre_account(struct centre *c, size_t i);
struct account *centre_account_find(struct centre *c, const char *name);
/* The account of that kind that serves the subscriber: the longest prefix. */
struct account *centre_account_of(struct centre *c, enum account_kind kind, const char *msisdn);

/* At least one bind of the account may receive. */
bool centre_reachable(const struct account *a);
/* Send pdu to one of the account's binds, through its faults; false: cannot be
 * encoded, or the queue is full.  pdu's sequence is set later. */
bool centre_deliver(struct account *a, const struct smpp_pdu *pdu, enum letter_kind kind, const char *msisdn,
                    uint16_t session, int delay_ms);

/* Actions of the control API. */
void centre_unbind(struct account *a);
void centre_drop(struct account *a);
/* Forget letters and session names, clear faults; binds stay. */
void centre_reset(struct centre *c);
int centre_binds(struct centre *c);
struct json_t *centre_links_json(struct centre *c);
struct json_t *centre_accounts_json(struct centre *c);

/* For link.c. */
void centre_pdu(struct link *l, const struct smpp_pdu *pdu);
bool centre_silent(const struct link *l);
void centre_close(struct link *l);      /* when what was written has gone */
void centre_turn(struct centre *c);     /* after callbacks: free the dead, move the queues */

#endif
