/*
 * smpp.h - SMPP 3.4 PDUs to structs and back.  Pure, strict, bounded.
 *
 * The telco's own codec: it shares nothing with the daemon, so that an error
 * in one is not repeated in the other.  Which fields a PDU has is a table,
 * used by both directions.
 */
#ifndef SMPP_H
#define SMPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMPP_HEADER 16
#define SMPP_PDU_MAX 69632              /* a message_payload of 65,535 octets and all else */
#define SMPP_SHORT_MESSAGE_MAX 254      /* SMPP 3.4 5.2.22 */
#define SMPP_TLV_MAX 24

/* SMPP 3.4 5.1.2.1 */
enum smpp_command {
    SMPP_BIND_RECEIVER = 0x01,
    SMPP_BIND_TRANSMITTER = 0x02,
    SMPP_SUBMIT_SM = 0x04,
    SMPP_DELIVER_SM = 0x05,
    SMPP_UNBIND = 0x06,
    SMPP_BIND_TRANSCEIVER = 0x09,
    SMPP_ENQUIRE_LINK = 0x15,
    SMPP_DATA_SM = 0x103,
};
#define SMPP_RESP 0x80000000u
#define SMPP_GENERIC_NACK 0x80000000u

/* SMPP 3.4 5.1.3: those that this server says itself. */
enum smpp_status {
    SMPP_ROK = 0x00,
    SMPP_RINVMSGLEN = 0x01,
    SMPP_RINVCMDLEN = 0x02,
    SMPP_RINVCMDID = 0x03,
    SMPP_RINVBNDSTS = 0x04,
    SMPP_RALYBND = 0x05,
    SMPP_RSYSERR = 0x08,
    SMPP_RINVSRCADR = 0x0a,
    SMPP_RINVDSTADR = 0x0b,
    SMPP_RBINDFAIL = 0x0d,
    SMPP_RINVPASWD = 0x0e,
    SMPP_RINVSYSID = 0x0f,
    SMPP_RINVSERTYP = 0x15,
    SMPP_RINVESMCLASS = 0x43,
    SMPP_RSUBMITFAIL = 0x45,
    SMPP_RTHROTTLED = 0x58,
    SMPP_RX_T_APPN = 0x64,
    SMPP_RX_P_APPN = 0x65,
    SMPP_RX_R_APPN = 0x66,
    SMPP_RDELIVERYFAILURE = 0xfe,
    SMPP_RINVOPTPARSTREAM = 0xc0,
    SMPP_RINVPARLEN = 0xc2,
    SMPP_RMISSINGOPTPARAM = 0xc3,
    SMPP_RINVOPTPARAMVAL = 0xc4,
};

/* SMPP 3.4 5.3.2 */
enum smpp_tag {
    SMPP_TAG_RECEIPTED_MESSAGE_ID = 0x001e,
    SMPP_TAG_USER_MESSAGE_REFERENCE = 0x0204,
    SMPP_TAG_SAR_MSG_REF_NUM = 0x020c,
    SMPP_TAG_SAR_TOTAL_SEGMENTS = 0x020e,
    SMPP_TAG_SAR_SEGMENT_SEQNUM = 0x020f,
    SMPP_TAG_SC_INTERFACE_VERSION = 0x0210,
    SMPP_TAG_MESSAGE_PAYLOAD = 0x0424,
    SMPP_TAG_MESSAGE_STATE = 0x0427,
    SMPP_TAG_USSD_SERVICE_OP = 0x0501,
    SMPP_TAG_ITS_SESSION_INFO = 0x1383,
};

struct smpp_tlv {
    uint16_t tag;
    uint16_t len;
    const uint8_t *value;
};

struct smpp_addr {
    uint8_t ton, npi;
    char addr[65];                      /* SMPP 3.4 5.2.8: 21 with the NUL, 65 in data_sm */
};

/* One PDU.  text and the TLVs' values are borrowed: from the octets given to
 * smpp_decode(), or from the caller of smpp_encode(). */
struct smpp_pdu {
    uint32_t command, status, sequence;

    char system_id[16], password[9], system_type[13], address_range[41];
    uint8_t interface_version, addr_ton, addr_npi;

    char service_type[6];
    struct smpp_addr source, dest;
    uint8_t esm_class, protocol_id, priority, registered, replace, data_coding, default_msg;
    char schedule[17], validity[17];
    const uint8_t *text;                /* short_message */
    size_t text_len;                    /* <= SMPP_SHORT_MESSAGE_MAX */
    char message_id[66];

    size_t tlv_count;
    struct smpp_tlv tlv[SMPP_TLV_MAX];
};

enum smpp_result {
    SMPP_OK = 0,
    SMPP_MORE,                          /* a prefix of a PDU */
    SMPP_BAD_LENGTH,                    /* the frame cannot be: answer generic_nack and close */
    SMPP_UNKNOWN,                       /* command_id: answer generic_nack, go on behind the frame */
    SMPP_BAD_BODY,                      /* answer with *status, go on behind the frame */
};

/* Length of the first PDU in n octets, judged by its header alone. */
enum smpp_result smpp_frame(const uint8_t *p, size_t n, size_t *len) __attribute__((warn_unused_result));

/* Decode exactly one PDU of len octets.  The header fields are set with any
 * result but MORE; *status names what is wrong with BAD_BODY. */
enum smpp_result smpp_decode(const uint8_t *p, size_t len, struct smpp_pdu *pdu, uint32_t *status)
    __attribute__((warn_unused_result));

/* Octets written, 0 when they do not fit or the struct cannot be said. */
size_t smpp_encode(const struct smpp_pdu *pdu, uint8_t *out, size_t size) __attribute__((warn_unused_result));

const struct smpp_tlv *smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag);
/* Append; false when the table is full.  value is borrowed. */
bool smpp_tlv_add(struct smpp_pdu *pdu, uint16_t tag, const void *value, size_t len);
/* An integer TLV of 1, 2 or 4 octets; false when absent or of another length. */
bool smpp_tlv_uint(const struct smpp_pdu *pdu, uint16_t tag, size_t len, uint32_t *value);

/* Names for logs; never NULL. */
const char *smpp_command_name(uint32_t command);
const char *smpp_tag_name(uint16_t tag);
const char *smpp_status_name(uint32_t status);

#endif
