/*
 * conf.h - settings of the telco: flags, a file of "name value" lines, and one
 * account per system_id that may bind.
 *
 * One table of account settings serves the flags (which set the default of all
 * accounts), `--account` and the control API.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNTS_MAX 8
#define PREFIXES_MAX 8
#define POLICIES_MAX 64

enum account_kind { ACCOUNT_USSD = 0, ACCOUNT_SMS, ACCOUNT_KINDS };

/* What names a dialogue: its_session_info, user_message_reference, nothing. */
enum account_session { SESSION_ITS = 0, SESSION_UMR, SESSION_NONE, SESSION_NAMES };

/* destination_addr of a deliver_sm: "*333#", all that was dialled, or "333". */
enum account_address { ADDRESS_CODE = 0, ADDRESS_DIALLED, ADDRESS_SHORT, ADDRESSES };

enum account_long { LONG_UDH = 0, LONG_PAYLOAD, LONGS };

enum receipt_state { RECEIPT_DELIVRD = 0, RECEIPT_EXPIRED, RECEIPT_UNDELIV, RECEIPTS };

struct account_conf {
    char name[16];                      /* system_id */
    char password[9];
    char code[24];                      /* "*333#" */
    char short_code[21];                /* "333": SMS, and address=short */
    char prefixes[64];                  /* of subscribers' numbers, '/' between; "" = the rest */
    int kind;
    int session;
    int end_bit;
    int address;
    int dcs;                            /* data_coding of GSM 7-bit text that we send */
    int septets, units;                 /* limits of a page */
    int idle_ms;                        /* how long a person may think */
    int reply_ms;                       /* how long the application may */
    int total_ms;
    int abort_op;                       /* ussd_service_op that tells the application, -1 = it is not told */
    int push;                           /* network-initiated dialogues allowed */
    int binds;
    int window;                         /* deliver_sm outstanding per bind */
    int queue;                          /* deliver_sm waiting for a bind or its window */
    int resp_ms;                        /* how long a deliver_sm_resp may take */
    int resend;                         /* times an unanswered USSD deliver_sm is sent again */
    int sms_long;
    int receipt_ms;
    int receipt;
};

struct policy_conf {
    int kind;                           /* enum violation */
    bool refuse;
    uint32_t status;
};

struct conf {
    int port, sms_port;                 /* 0 = any; sms_port -1 = none */
    char control_host[64];
    int control_port;
    int phones_max;
    int events_max;
    size_t account_count;
    struct account_conf accounts[ACCOUNTS_MAX];
    size_t policy_count;
    struct policy_conf policies[POLICIES_MAX];
};

/* False: *error is a line for the user.  argv[0] is skipped. */
bool conf_args(struct conf *c, int argc, char **argv, char *error, size_t size) __attribute__((warn_unused_result));

/* Set one setting of an account. */
bool conf_account_set(struct account_conf *a, const char *name, const char *value, char *error, size_t size)
    __attribute__((warn_unused_result));

/* "127.0.0.1:8334"; the host must be a loopback address. */
bool conf_host_port(const char *s, char *host, size_t size, int *port) __attribute__((warn_unused_result));
/* "200ms", "30s", "2m", "30" (seconds); false when it is none or above an hour. */
bool conf_duration(const char *s, int *ms) __attribute__((warn_unused_result));
bool conf_int(const char *s, long min, long max, int *value) __attribute__((warn_unused_result));

/* The settings as lines for --help. */
void conf_help(void);

#endif
