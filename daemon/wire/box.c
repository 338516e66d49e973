/*
 * The octets of Kannel 1.4.5's box protocol.  One table per message type says
 * which fields follow each other; encode and decode both walk it, so they
 * cannot disagree.  Whatever does not fit the table exactly is BAD: a peer of
 * another version is refused rather than guessed at.
 */
#include "wire/box.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define BOX_UUID_LEN 36             /* BOX_UUID_SIZE without the NUL */
#define BOX_ADDRESS_MAX 20          /* longer ones are acknowledged by bearerbox, then dropped */
#define BOX_NULL UINT32_MAX         /* length -1 on the wire */

enum box_kind { BOX_INT = 0, BOX_STR, BOX_UUID, BOX_KINDS };

struct box_field {
    enum box_kind kind;
    size_t offset;
};

#define BOX_AT(kind, member) { kind, offsetof(struct box_msg, u.member) }

static const struct box_field box_heartbeat_fields[] = {
    BOX_AT(BOX_INT, heartbeat.load),
};

static const struct box_field box_admin_fields[] = {
    BOX_AT(BOX_INT, admin.command),
    BOX_AT(BOX_STR, admin.boxc_id),
};

static const struct box_field box_sms_fields[] = {
    BOX_AT(BOX_STR, sms.sender),
    BOX_AT(BOX_STR, sms.receiver),
    BOX_AT(BOX_STR, sms.udhdata),
    BOX_AT(BOX_STR, sms.msgdata),
    BOX_AT(BOX_INT, sms.time),
    BOX_AT(BOX_STR, sms.smsc_id),
    BOX_AT(BOX_STR, sms.smsc_number),
    BOX_AT(BOX_STR, sms.foreign_id),
    BOX_AT(BOX_STR, sms.service),
    BOX_AT(BOX_STR, sms.account),
    BOX_AT(BOX_UUID, sms.id),
    BOX_AT(BOX_INT, sms.sms_type),
    BOX_AT(BOX_INT, sms.mclass),
    BOX_AT(BOX_INT, sms.mwi),
    BOX_AT(BOX_INT, sms.coding),
    BOX_AT(BOX_INT, sms.compress),
    BOX_AT(BOX_INT, sms.validity),
    BOX_AT(BOX_INT, sms.deferred),
    BOX_AT(BOX_INT, sms.dlr_mask),
    BOX_AT(BOX_STR, sms.dlr_url),
    BOX_AT(BOX_INT, sms.pid),
    BOX_AT(BOX_INT, sms.alt_dcs),
    BOX_AT(BOX_INT, sms.rpi),
    BOX_AT(BOX_STR, sms.charset),
    BOX_AT(BOX_STR, sms.boxc_id),
    BOX_AT(BOX_STR, sms.binfo),
    BOX_AT(BOX_INT, sms.msg_left),
    BOX_AT(BOX_INT, sms.priority),
    BOX_AT(BOX_INT, sms.resend_try),
    BOX_AT(BOX_INT, sms.resend_time),
    BOX_AT(BOX_STR, sms.meta_data),
};

static const struct box_field box_ack_fields[] = {
    BOX_AT(BOX_INT, ack.nack),
    BOX_AT(BOX_INT, ack.time),
    BOX_AT(BOX_UUID, ack.id),
};

#define BOX_TABLE(t) { t, sizeof t / sizeof t[0] }

static const struct box_layout {
    const struct box_field *fields;     /* NULL: a type we do not speak */
    size_t count;
} box_layouts[BOX_TYPES] = {
    [BOX_HEARTBEAT] = BOX_TABLE(box_heartbeat_fields),
    [BOX_ADMIN] = BOX_TABLE(box_admin_fields),
    [BOX_SMS] = BOX_TABLE(box_sms_fields),
    [BOX_ACK] = BOX_TABLE(box_ack_fields),
    [BOX_WDP] = { NULL, 0 },
};

void box_sms_init(struct box_sms *sms)
{
    memset(sms, 0, sizeof *sms);
    sms->time = sms->sms_type = sms->mclass = sms->mwi = sms->coding = sms->compress = sms->validity = -1;
    sms->deferred = sms->dlr_mask = sms->pid = sms->alt_dcs = sms->rpi = sms->msg_left = sms->priority = -1;
    sms->resend_try = sms->resend_time = -1;
}

/* --- decode --------------------------------------------------------------- */

static struct box_str box_read_str(struct rd *r)
{
    uint32_t len = rd_u32(r);
    struct box_str s = { NULL, 0 };

    /* any other negative length is far above what is left, so it is bad */
    if (r->bad || len == BOX_NULL)
        return s;
    s.p = (const char *)rd_bytes(r, len);
    s.len = s.p != NULL ? len : 0;
    return s;
}

static void box_read_uuid(struct rd *r, char *to)
{
    struct box_str s = box_read_str(r);
    uint8_t id[16];

    if (s.p == NULL || !box_uuid_parse(id, s.p, s.len)) {
        r->bad = true;
        return;
    }
    memcpy(to, s.p, BOX_UUID_LEN);
    to[BOX_UUID_LEN] = '\0';
}

static void box_read_field(struct rd *r, const struct box_field *f, struct box_msg *out)
{
    char *to = (char *)out + f->offset;
    struct box_str s;
    int32_t i;

    switch (f->kind) {
    case BOX_INT:
        i = (int32_t)rd_u32(r);
        memcpy(to, &i, sizeof i);
        return;
    case BOX_STR:
        s = box_read_str(r);
        memcpy(to, &s, sizeof s);
        return;
    case BOX_UUID:
        box_read_uuid(r, to);
        return;
    case BOX_KINDS:
        break;
    }
    assert(false);
}

enum box_status box_decode(const void *p, size_t n, struct box_msg *out, size_t *used)
{
    struct rd r = rd_of(p, n);
    uint32_t len = rd_u32(&r);
    const uint8_t *body;
    uint32_t type;

    if (r.bad)
        return BOX_MORE;
    if (len > BOX_FRAME_MAX)
        return BOX_BAD;
    body = rd_bytes(&r, len);
    if (body == NULL)
        return BOX_MORE;
    r = rd_of(body, len);
    type = rd_u32(&r);
    if (r.bad || type >= BOX_TYPES || box_layouts[type].fields == NULL)
        return BOX_BAD;
    out->type = (enum box_type)type;
    for (size_t i = 0; i < box_layouts[type].count && !r.bad; i++)
        box_read_field(&r, &box_layouts[type].fields[i], out);
    if (r.bad || rd_left(&r) != 0)
        return BOX_BAD;
    *used = (size_t)len + 4;
    return BOX_OK;
}

/* --- encode --------------------------------------------------------------- */

static bool box_uuid_is_text(const char *id)
{
    uint8_t bytes[16];

    return memchr(id, '\0', BOX_UUID_SIZE) == id + BOX_UUID_LEN && box_uuid_parse(bytes, id, BOX_UUID_LEN);
}

/* Octets of the fields of m; a NULL string takes its length alone. */
static size_t box_size(const struct box_msg *m)
{
    const struct box_layout *layout = &box_layouts[m->type];
    size_t size = 4;

    for (size_t i = 0; i < layout->count; i++) {
        struct box_str s;

        size += 4;
        if (layout->fields[i].kind == BOX_UUID) {
            size += BOX_UUID_LEN;
        } else if (layout->fields[i].kind == BOX_STR) {
            memcpy(&s, (const char *)m + layout->fields[i].offset, sizeof s);
            /* so that the sum cannot wrap, however wrong the lengths are */
            if (s.p != NULL)
                size += s.len <= BOX_FRAME_MAX ? s.len : BOX_FRAME_MAX + 1;
        }
    }
    return size;
}

static void box_write_str(struct buf *out, struct box_str s)
{
    wr_u32(out, s.p != NULL ? (uint32_t)s.len : BOX_NULL);
    if (s.p != NULL)
        buf_add(out, s.p, s.len);
}

static void box_write_field(struct buf *out, const struct box_field *f, const struct box_msg *m)
{
    const char *from = (const char *)m + f->offset;
    struct box_str s;
    int32_t i;

    switch (f->kind) {
    case BOX_INT:
        memcpy(&i, from, sizeof i);
        wr_u32(out, (uint32_t)i);
        return;
    case BOX_STR:
        memcpy(&s, from, sizeof s);
        box_write_str(out, s);
        return;
    case BOX_UUID:
        box_write_str(out, (struct box_str){ from, BOX_UUID_LEN });
        return;
    case BOX_KINDS:
        break;
    }
    assert(false);
}

static bool box_meta_is_sound(struct box_str meta);

/* bearerbox panics on an sms without msgdata or receiver, and again at each
 * start while its store holds it; acknowledges and drops one with a long
 * address; and loses every TLV when meta_data does not parse. */
static bool box_is_fit(const struct box_msg *m)
{
    const struct box_sms *sms = &m->u.sms;

    switch (m->type) {
    case BOX_HEARTBEAT:
    case BOX_ADMIN:
        return true;
    case BOX_ACK:
        return box_uuid_is_text(m->u.ack.id);
    case BOX_SMS:
        return sms->msgdata.p != NULL && sms->receiver.p != NULL && sms->receiver.len > 0 &&
               sms->receiver.len <= BOX_ADDRESS_MAX && (sms->sender.p == NULL || sms->sender.len <= BOX_ADDRESS_MAX) &&
               box_uuid_is_text(sms->id) && box_meta_is_sound(sms->meta_data);
    case BOX_WDP:
    case BOX_TYPES:
        break;
    }
    return false;
}

bool box_encode(struct buf *out, const struct box_msg *m)
{
    size_t size;

    if (out->full || !box_is_fit(m))
        return false;
    size = box_size(m);
    if (size > BOX_FRAME_MAX || size + 4 > out->max - out->len)
        return false;
    wr_u32(out, (uint32_t)size);
    wr_u32(out, (uint32_t)m->type);
    for (size_t i = 0; i < box_layouts[m->type].count; i++)
        box_write_field(out, &box_layouts[m->type].fields[i], m);
    return true;
}

/* --- UUIDs ---------------------------------------------------------------- */

static int box_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 4122 3: 8-4-4-4-12 hexadecimal digits. */
static bool box_uuid_is_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

bool box_uuid_parse(uint8_t out[16], const char *text, size_t n)
{
    size_t bytes = 0;
    size_t at = 0;

    if (n != BOX_UUID_LEN)
        return false;
    while (at < n) {
        int high, low;

        if (box_uuid_is_dash(at)) {
            if (text[at++] != '-')
                return false;
            continue;
        }
        high = box_hex(text[at]);
        low = box_hex(text[at + 1]);
        if (high < 0 || low < 0)
            return false;
        out[bytes++] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    return true;
}

void box_uuid_print(char out[BOX_UUID_SIZE], const uint8_t id[16])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (box_uuid_is_dash(at))
            out[at++] = '-';
        out[at++] = hex[id[i] >> 4];
        out[at++] = hex[id[i] & 15];
    }
    out[at] = '\0';
}

/* --- meta_data ------------------------------------------------------------ */

/* A walk over "?group?key=value&key=value&?group?...": one pair per step. */
struct box_meta {
    struct box_str rest, group, key, value;
    bool bad;
};

static struct box_str box_meta_until(struct box_str *rest, char stop)
{
    const char *end = rest->len > 0 ? memchr(rest->p, stop, rest->len) : NULL;
    struct box_str head = { NULL, 0 };

    if (end == NULL)
        return head;
    head.p = rest->p;
    head.len = (size_t)(end - rest->p);
    rest->p += head.len + 1;
    rest->len -= head.len + 1;
    return head;
}

/* False at the end, or where it does not follow the grammar (m->bad). */
static bool box_meta_next(struct box_meta *m)
{
    while (m->rest.len > 0 && m->rest.p[0] == '?') {
        m->rest.p++;
        m->rest.len--;
        m->group = box_meta_until(&m->rest, '?');
        if (m->group.p == NULL)
            m->bad = true;
        if (m->bad)
            return false;
    }
    if (m->rest.len == 0)
        return false;
    m->key = box_meta_until(&m->rest, '=');
    m->value = box_meta_until(&m->rest, '&');
    m->bad = m->group.p == NULL || m->key.p == NULL || m->value.p == NULL;
    return !m->bad;
}

static bool box_meta_undo(struct buf *out, struct box_str v)
{
    for (size_t i = 0; i < v.len; i++) {
        int high, low;

        if (v.p[i] != '%') {
            buf_addc(out, v.p[i] == '+' ? ' ' : v.p[i]);
            continue;
        }
        if (v.len - i < 3)
            return false;
        high = box_hex(v.p[i + 1]);
        low = box_hex(v.p[i + 2]);
        if (high < 0 || low < 0)
            return false;
        buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

static bool box_str_is(struct box_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

bool box_meta_get(struct buf *out, struct box_str meta, const char *group, const char *key)
{
    struct box_meta m = { meta, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, false };
    size_t mark = out->len;

    if (meta.p == NULL)
        return false;
    while (box_meta_next(&m)) {
        if (!box_str_is(m.group, group) || !box_str_is(m.key, key))
            continue;
        if (box_meta_undo(out, m.value))
            return true;
        buf_cut(out, mark);
        return false;
    }
    return false;
}

static bool box_meta_escapes_are_sound(struct box_str v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.p[i] == '?' ||
            (v.p[i] == '%' && (v.len - i < 3 || box_hex(v.p[i + 1]) < 0 || box_hex(v.p[i + 2]) < 0)))
            return false;
    return true;
}

static bool box_meta_is_sound(struct box_str meta)
{
    struct box_meta m = { meta, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, false };

    if (meta.p == NULL || meta.len == 0)
        return true;
    while (box_meta_next(&m))
        if (m.key.len == 0 || !box_meta_escapes_are_sound(m.key) || !box_meta_escapes_are_sound(m.value))
            return false;
    return !m.bad;
}

void box_meta_add(struct buf *out, const char *key, const void *value, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *v = value;

    buf_adds(out, key);
    buf_addc(out, '=');
    for (size_t i = 0; i < n; i++) {
        const char escaped[3] = { '%', hex[v[i] >> 4], hex[v[i] & 15] };

        if ((v[i] >= '0' && v[i] <= '9') || (v[i] >= 'A' && v[i] <= 'Z') || (v[i] >= 'a' && v[i] <= 'z'))
            buf_addc(out, (char)v[i]);
        else
            buf_add(out, escaped, sizeof escaped);
    }
    buf_addc(out, '&');
}
