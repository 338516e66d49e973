/*
 * smpp.c - the PDU codec: one table of fields per command, one reader and one
 * writer that cannot overrun.
 */
#include "smpp.h"

#include <string.h>

enum field_kind {
    FIELD_END = 0,
    FIELD_U8,
    FIELD_CSTR,                         /* C-octet string, max octets with the NUL */
    FIELD_TEXT,                         /* sm_length and short_message */
};

struct field {
    enum field_kind kind;
    size_t offset;
    size_t max;
};

#define U8(member) { FIELD_U8, offsetof(struct smpp_pdu, member), 1 }
#define CSTR(member, max) { FIELD_CSTR, offsetof(struct smpp_pdu, member), max }
#define END { FIELD_END, 0, 0 }

static const struct field fields_none[] = { END };

static const struct field fields_bind[] = {
    CSTR(system_id, 16), CSTR(password, 9), CSTR(system_type, 13), U8(interface_version),
    U8(addr_ton),        U8(addr_npi),      CSTR(address_range, 41), END,
};

static const struct field fields_bind_resp[] = { CSTR(system_id, 16), END };

static const struct field fields_sm[] = {
    CSTR(service_type, 6), U8(source.ton),    U8(source.npi),      CSTR(source.addr, 21), U8(dest.ton),
    U8(dest.npi),          CSTR(dest.addr, 21), U8(esm_class),     U8(protocol_id),       U8(priority),
    CSTR(schedule, 17),    CSTR(validity, 17), U8(registered),     U8(replace),           U8(data_coding),
    U8(default_msg),       { FIELD_TEXT, 0, 0 }, END,
};

static const struct field fields_data_sm[] = {
    CSTR(service_type, 6), U8(source.ton), U8(source.npi),  CSTR(source.addr, 65), U8(dest.ton),
    U8(dest.npi),          CSTR(dest.addr, 65), U8(esm_class), U8(registered),     U8(data_coding), END,
};

static const struct field fields_id[] = { CSTR(message_id, 65), END };

struct layout {
    uint32_t command;
    const char *name;
    const struct field *fields;
};

static const struct layout layouts[] = {
    { SMPP_SUBMIT_SM, "submit_sm", fields_sm },
    { SMPP_DELIVER_SM | SMPP_RESP, "deliver_sm_resp", fields_id },
    { SMPP_DELIVER_SM, "deliver_sm", fields_sm },
    { SMPP_SUBMIT_SM | SMPP_RESP, "submit_sm_resp", fields_id },
    { SMPP_ENQUIRE_LINK, "enquire_link", fields_none },
    { SMPP_ENQUIRE_LINK | SMPP_RESP, "enquire_link_resp", fields_none },
    { SMPP_BIND_RECEIVER, "bind_receiver", fields_bind },
    { SMPP_BIND_RECEIVER | SMPP_RESP, "bind_receiver_resp", fields_bind_resp },
    { SMPP_BIND_TRANSMITTER, "bind_transmitter", fields_bind },
    { SMPP_BIND_TRANSMITTER | SMPP_RESP, "bind_transmitter_resp", fields_bind_resp },
    { SMPP_BIND_TRANSCEIVER, "bind_transceiver", fields_bind },
    { SMPP_BIND_TRANSCEIVER | SMPP_RESP, "bind_transceiver_resp", fields_bind_resp },
    { SMPP_UNBIND, "unbind", fields_none },
    { SMPP_UNBIND | SMPP_RESP, "unbind_resp", fields_none },
    { SMPP_DATA_SM, "data_sm", fields_data_sm },
    { SMPP_DATA_SM | SMPP_RESP, "data_sm_resp", fields_id },
    { SMPP_GENERIC_NACK, "generic_nack", fields_none },
};

static const struct layout *layout_find(uint32_t command)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].command == command)
            return &layouts[i];
    return NULL;
}

/* Reader: bad is sticky, reads after it give zeros. */
struct reader {
    const uint8_t *p;
    size_t left;
    bool bad;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *p = r->p;

    if (r->bad || r->left < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    r->left -= n;
    return p;
}

static uint8_t take_u8(struct reader *r)
{
    const uint8_t *p = take(r, 1);

    return p ? p[0] : 0;
}

static uint16_t take_u16(struct reader *r)
{
    const uint8_t *p = take(r, 2);

    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static void take_cstr(struct reader *r, char *out, size_t max)
{
    size_t window = r->left < max ? r->left : max;
    const uint8_t *end = window > 0 && !r->bad ? memchr(r->p, 0, window) : NULL;
    const uint8_t *p;
    size_t len;

    out[0] = '\0';
    if (!end) {
        r->bad = true;
        return;
    }
    len = (size_t)(end - r->p) + 1;
    p = take(r, len);
    if (p)
        memcpy(out, p, len);
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum smpp_result smpp_frame(const uint8_t *p, size_t n, size_t *len)
{
    uint32_t length;

    *len = 0;
    if (n < 4)
        return SMPP_MORE;
    length = get_u32(p);
    if (length < SMPP_HEADER || length > SMPP_PDU_MAX)
        return SMPP_BAD_LENGTH;
    *len = length;
    return n < length ? SMPP_MORE : SMPP_OK;
}

static void decode_text(struct reader *r, struct smpp_pdu *pdu)
{
    size_t len = take_u8(r);

    if (len > SMPP_SHORT_MESSAGE_MAX)
        r->bad = true;
    pdu->text = take(r, len);
    pdu->text_len = pdu->text ? len : 0;
}

static void decode_fields(struct reader *r, const struct field *f, struct smpp_pdu *pdu)
{
    char *base = (char *)pdu;

    for (; f->kind != FIELD_END; f++) {
        if (f->kind == FIELD_CSTR)
            take_cstr(r, base + f->offset, f->max);
        else if (f->kind == FIELD_U8)
            *(uint8_t *)(base + f->offset) = take_u8(r);
        else
            decode_text(r, pdu);
    }
}

static bool decode_tlvs(struct reader *r, struct smpp_pdu *pdu)
{
    while (r->left > 0 && !r->bad) {
        uint16_t tag = take_u16(r), len = take_u16(r);
        const uint8_t *value = take(r, len);

        if (r->bad || !smpp_tlv_add(pdu, tag, value, len))
            return false;
    }
    return !r->bad;
}

enum smpp_result smpp_decode(const uint8_t *p, size_t len, struct smpp_pdu *pdu, uint32_t *status)
{
    const struct layout *l;
    struct reader r;
    size_t framed;
    enum smpp_result res = smpp_frame(p, len, &framed);

    *status = SMPP_RINVCMDLEN;
    memset(pdu, 0, offsetof(struct smpp_pdu, tlv));
    if (res == SMPP_OK && framed != len)
        res = SMPP_BAD_LENGTH;
    if (res == SMPP_MORE || len < SMPP_HEADER)
        return res;
    pdu->command = get_u32(p + 4);
    pdu->status = get_u32(p + 8);
    pdu->sequence = get_u32(p + 12);
    if (res != SMPP_OK)
        return res;
    l = layout_find(pdu->command);
    if (!l) {
        *status = SMPP_RINVCMDID;
        return SMPP_UNKNOWN;
    }
    r = (struct reader){ p + SMPP_HEADER, len - SMPP_HEADER, false };
    /* SMPP 3.4 4.4.2: a response with an error has no body */
    if (r.left == 0 && (pdu->command & SMPP_RESP) && pdu->status != SMPP_ROK)
        return SMPP_OK;
    decode_fields(&r, l->fields, pdu);
    if (r.bad)
        return SMPP_BAD_BODY;
    if (!decode_tlvs(&r, pdu)) {
        *status = SMPP_RINVOPTPARSTREAM;
        return SMPP_BAD_BODY;
    }
    return SMPP_OK;
}

/* Writer: bad is sticky. */
struct writer {
    uint8_t *p;
    size_t n, size;
    bool bad;
};

static void put(struct writer *w, const void *p, size_t n)
{
    if (w->bad || w->size - w->n < n) {
        w->bad = true;
        return;
    }
    if (n > 0)
        memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void put_u8(struct writer *w, uint8_t v)
{
    put(w, &v, 1);
}

static void put_u16(struct writer *w, uint16_t v)
{
    uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

    put(w, b, 2);
}

static void put_u32(struct writer *w, uint32_t v)
{
    uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

    put(w, b, 4);
}

static void put_cstr(struct writer *w, const char *s, size_t max)
{
    size_t len = strnlen(s, max);

    if (len == max)
        w->bad = true;
    else
        put(w, s, len + 1);
}

static void encode_fields(struct writer *w, const struct field *f, const struct smpp_pdu *pdu)
{
    const char *base = (const char *)pdu;

    for (; f->kind != FIELD_END; f++) {
        if (f->kind == FIELD_CSTR) {
            put_cstr(w, base + f->offset, f->max);
        } else if (f->kind == FIELD_U8) {
            put(w, base + f->offset, 1);
        } else {
            if (pdu->text_len > SMPP_SHORT_MESSAGE_MAX)
                w->bad = true;
            put_u8(w, (uint8_t)pdu->text_len);
            put(w, pdu->text, pdu->text_len);
        }
    }
}

size_t smpp_encode(const struct smpp_pdu *pdu, uint8_t *out, size_t size)
{
    const struct layout *l = layout_find(pdu->command);
    struct writer w = { out, 0, size < SMPP_PDU_MAX ? size : SMPP_PDU_MAX, !l };
    struct writer head;

    put_u32(&w, 0);
    put_u32(&w, pdu->command);
    put_u32(&w, pdu->status);
    put_u32(&w, pdu->sequence);
    if (l && !((pdu->command & SMPP_RESP) && pdu->status != SMPP_ROK)) {
        encode_fields(&w, l->fields, pdu);
        for (size_t i = 0; i < pdu->tlv_count; i++) {
            put_u16(&w, pdu->tlv[i].tag);
            put_u16(&w, pdu->tlv[i].len);
            put(&w, pdu->tlv[i].value, pdu->tlv[i].len);
        }
    }
    if (w.bad)
        return 0;
    head = (struct writer){ out, 0, 4, false };
    put_u32(&head, (uint32_t)w.n);
    return w.n;
}

const struct smpp_tlv *smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag)
{
    for (size_t i = 0; i < pdu->tlv_count; i++)
        if (pdu->tlv[i].tag == tag)
            return &pdu->tlv[i];
    return NULL;
}

bool smpp_tlv_add(struct smpp_pdu *pdu, uint16_t tag, const void *value, size_t len)
{
    if (pdu->tlv_count == SMPP_TLV_MAX || len > UINT16_MAX)
        return false;
    pdu->tlv[pdu->tlv_count++] = (struct smpp_tlv){ tag, (uint16_t)len, value };
    return true;
}

bool smpp_tlv_uint(const struct smpp_pdu *pdu, uint16_t tag, size_t len, uint32_t *value)
{
    const struct smpp_tlv *t = smpp_tlv_find(pdu, tag);

    *value = 0;
    if (!t || t->len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        *value = *value << 8 | t->value[i];
    return true;
}

const char *smpp_command_name(uint32_t command)
{
    const struct layout *l = layout_find(command);

    return l ? l->name : "unknown";
}

struct name {
    uint32_t value;
    const char *name;
};

static const char *name_find(const struct name *names, size_t n, uint32_t value)
{
    for (size_t i = 0; i < n; i++)
        if (names[i].value == value)
            return names[i].name;
    return "unknown";
}

const char *smpp_tag_name(uint16_t tag)
{
    static const struct name names[] = {
        { SMPP_TAG_RECEIPTED_MESSAGE_ID, "receipted_message_id" },
        { SMPP_TAG_USER_MESSAGE_REFERENCE, "user_message_reference" },
        { SMPP_TAG_SAR_MSG_REF_NUM, "sar_msg_ref_num" },
        { SMPP_TAG_SAR_TOTAL_SEGMENTS, "sar_total_segments" },
        { SMPP_TAG_SAR_SEGMENT_SEQNUM, "sar_segment_seqnum" },
        { SMPP_TAG_SC_INTERFACE_VERSION, "sc_interface_version" },
        { SMPP_TAG_MESSAGE_PAYLOAD, "message_payload" },
        { SMPP_TAG_MESSAGE_STATE, "message_state" },
        { SMPP_TAG_USSD_SERVICE_OP, "ussd_service_op" },
        { SMPP_TAG_ITS_SESSION_INFO, "its_session_info" },
    };

    return name_find(names, sizeof(names) / sizeof(names[0]), tag);
}

const char *smpp_status_name(uint32_t status)
{
    static const struct name names[] = {
        { SMPP_ROK, "ESME_ROK" },
        { SMPP_RINVMSGLEN, "ESME_RINVMSGLEN" },
        { SMPP_RINVCMDLEN, "ESME_RINVCMDLEN" },
        { SMPP_RINVCMDID, "ESME_RINVCMDID" },
        { SMPP_RINVBNDSTS, "ESME_RINVBNDSTS" },
        { SMPP_RALYBND, "ESME_RALYBND" },
        { SMPP_RSYSERR, "ESME_RSYSERR" },
        { SMPP_RINVSRCADR, "ESME_RINVSRCADR" },
        { SMPP_RINVDSTADR, "ESME_RINVDSTADR" },
        { SMPP_RBINDFAIL, "ESME_RBINDFAIL" },
        { SMPP_RINVPASWD, "ESME_RINVPASWD" },
        { SMPP_RINVSYSID, "ESME_RINVSYSID" },
        { SMPP_RINVSERTYP, "ESME_RINVSERTYP" },
        { SMPP_RINVESMCLASS, "ESME_RINVESMCLASS" },
        { SMPP_RSUBMITFAIL, "ESME_RSUBMITFAIL" },
        { SMPP_RTHROTTLED, "ESME_RTHROTTLED" },
        { SMPP_RX_T_APPN, "ESME_RX_T_APPN" },
        { SMPP_RX_R_APPN, "ESME_RX_R_APPN" },
        { SMPP_RDELIVERYFAILURE, "ESME_RDELIVERYFAILURE" },
        { SMPP_RX_P_APPN, "ESME_RX_P_APPN" },
        { SMPP_RINVOPTPARSTREAM, "ESME_RINVOPTPARSTREAM" },
        { SMPP_RINVPARLEN, "ESME_RINVPARLEN" },
        { SMPP_RMISSINGOPTPARAM, "ESME_RMISSINGOPTPARAM" },
        { SMPP_RINVOPTPARAMVAL, "ESME_RINVOPTPARAMVAL" },
    };

    return name_find(names, sizeof(names) / sizeof(names[0]), status);
}
