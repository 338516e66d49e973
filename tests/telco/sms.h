/*
 * sms.h - the SMS centre: messages to phones, their parts and receipts, and
 * messages from phones.
 */
#ifndef SMS_H
#define SMS_H

#include <stdbool.h>
#include <stdint.h>

#include "smpp.h"

struct account;
struct phone;
struct telco;

/* A submit_sm on an SMS bind: the status to answer with, and the message's id. */
uint32_t sms_submit(struct telco *t, struct account *a, const struct smpp_pdu *pdu, const char *id);

/* A person sends text to a number; false: *error says why. */
bool sms_send(struct telco *t, struct phone *p, const char *to, const char *text, const char **error);

#endif
