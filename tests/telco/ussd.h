/*
 * ussd.h - the USSD centre: dialogues of phones, their names and timers.
 *
 * ussd_service_op (SMPP 3.4 5.3.2.44): 1 PSSR indication (dialled), 2 USSR
 * request (a screen that asks), 3 USSN request (a screen that does not), 17
 * PSSR response (the last screen), 18 USSR confirm (an answer), 19 USSN
 * confirm; 129 tells the application of an abort where a telco does so.
 */
#ifndef USSD_H
#define USSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smpp.h"

struct account;
struct phone;
struct telco;

#define USSD_TEXT_MAX 20000             /* octets of UTF-8 that a person may type */

/* What a person does.  false: it cannot be done, *error says why.  What the
 * network refuses is no error: the phone shows it. */
bool ussd_dial(struct telco *t, struct phone *p, const char *code, const char **error);
bool ussd_type(struct telco *t, struct phone *p, const char *text, const char **error);
void ussd_cancel(struct telco *t, struct phone *p);

/* The network ends her dialogue. */
void ussd_abort(struct telco *t, struct phone *p, const char *words);

/* A submit_sm on an USSD bind; the status to answer with. */
uint32_t ussd_submit(struct telco *t, struct account *a, const struct smpp_pdu *pdu);
/* The application refused a keypress, or it could not be sent. */
void ussd_refused(struct telco *t, const char *msisdn, uint16_t session, uint32_t status);

#endif
