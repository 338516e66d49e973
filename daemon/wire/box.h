/*
 * box.h - Kannel's box messages to structs and back; pure bytes, no socket.
 *
 * Frame: u32 length (big endian, not counting itself), then an i32 type and
 * its fields.  Integers are i32, -1 = undefined; a string is an i32 length
 * (-1 = NULL) and octets; a UUID is a string of 36 characters.  The fields of
 * each type stand in one table that encode and decode share.
 */
#ifndef BOX_H
#define BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define BOX_FRAME_MAX (1u << 20)    /* a longer frame is BAD */
#define BOX_UUID_SIZE 37            /* text form, NUL included */

enum box_type {
    BOX_HEARTBEAT = 0,
    BOX_ADMIN = 1,
    BOX_SMS = 2,
    BOX_ACK = 3,
    BOX_WDP = 4,                    /* wapbox only: decoded as BAD */
    BOX_TYPES,
};

enum box_status {
    BOX_OK = 0,
    BOX_MORE,                       /* the frame is not there yet */
    BOX_BAD,                        /* it never will be: close the connection */
};

enum box_admin {
    BOX_ADMIN_SHUTDOWN = 0,
    BOX_ADMIN_SUSPEND = 1,
    BOX_ADMIN_RESUME = 2,
    BOX_ADMIN_IDENTIFY = 3,
    BOX_ADMIN_RESTART = 4,
};

enum box_nack {
    BOX_ACK_SUCCESS = 0,
    BOX_ACK_FAILED = 1,
    BOX_ACK_FAILED_TMP = 2,
    BOX_ACK_BUFFERED = 3,
};

enum box_sms_type {
    BOX_SMS_MO = 0,
    BOX_SMS_MT_REPLY = 1,
    BOX_SMS_MT_PUSH = 2,
    BOX_SMS_REPORT_MO = 3,
    BOX_SMS_REPORT_MT = 4,
};

/* Octets borrowed from the frame (decode) or from the caller (encode).
 * p NULL: the field is NULL on the wire. */
struct box_str {
    const char *p;
    size_t len;
};

struct box_sms {
    struct box_str sender, receiver, udhdata, msgdata;
    int32_t time;
    struct box_str smsc_id, smsc_number, foreign_id, service, account;
    char id[BOX_UUID_SIZE];
    int32_t sms_type, mclass, mwi, coding, compress, validity, deferred, dlr_mask;
    struct box_str dlr_url;
    int32_t pid, alt_dcs, rpi;
    struct box_str charset, boxc_id, binfo;
    int32_t msg_left, priority, resend_try, resend_time;
    struct box_str meta_data;
};

struct box_msg {
    enum box_type type;
    union {
        struct { int32_t load; } heartbeat;
        struct { int32_t command; struct box_str boxc_id; } admin;
        struct box_sms sms;
        struct { int32_t nack, time; char id[BOX_UUID_SIZE]; } ack;
    } u;
};

/* All integers undefined (-1), all strings NULL. */
void box_sms_init(struct box_sms *sms);

/* Decode the frame at the start of p; *used is its whole length when BOX_OK. */
enum box_status box_decode(const void *p, size_t n, struct box_msg *out, size_t *used)
    __attribute__((warn_unused_result));

/* Append the frame of m to out.  False, and nothing appended, for a message
 * known to kill bearerbox or to be lost in it (KANNEL notes in daemon/README.md): sms without
 * msgdata, receiver or id; sender or receiver above 20 octets; a frame above
 * BOX_FRAME_MAX. */
bool box_encode(struct buf *out, const struct box_msg *m) __attribute__((warn_unused_result));

/* UUID text (lower or upper case) to 16 bytes and back. */
bool box_uuid_parse(uint8_t out[16], const char *text, size_t n) __attribute__((warn_unused_result));
void box_uuid_print(char out[BOX_UUID_SIZE], const uint8_t id[16]);

/* One value of one group of meta_data "?group?key=value&...?group2?...", with
 * %XX and '+' undone, appended to out.  False when it is not there. */
bool box_meta_get(struct buf *out, struct box_str meta, const char *group, const char *key);

/* Append "key=value&" with value escaped; the caller wrote "?group?" before. */
void box_meta_add(struct buf *out, const char *key, const void *value, size_t n);

#endif
