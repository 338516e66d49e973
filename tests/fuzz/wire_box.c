/* Octets from a bearerbox: any stream of frames, and any meta_data.  What
 * decodes must encode to the same octets, or be refused as unfit to send. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

/* A prefix of a frame is never anything but MORE. */
static void check_prefixes(const uint8_t *p, size_t frame)
{
    struct box_msg m;
    size_t used;

    for (size_t n = 0; n < frame; n += 1 + frame / 16)
        check(box_decode(p, n, &m, &used) == BOX_MORE);
}

static void check_meta(struct buf *out, struct box_str meta)
{
    static const char *const keys[] = { "ussd_service_op", "its_session_info", "user_message_reference", "" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t mark = out->len;

        if (!box_meta_get(out, meta, "smpp", keys[i]))
            check(out->len == mark);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct box_msg m;
    struct buf out;
    size_t at = 0;
    size_t used = 0;

    buf_init(&out, 4u << 20);
    check_meta(&out, (struct box_str){ (const char *)data, size });
    while (box_decode(data + at, size - at, &m, &used) == BOX_OK) {
        check(used >= 8 && used <= size - at);
        check_prefixes(data + at, used);
        if (m.type == BOX_SMS)
            check_meta(&out, m.u.sms.meta_data);
        buf_clear(&out);
        if (box_encode(&out, &m))
            check(out.len == used && memcmp(out.data, data + at, used) == 0);
        else
            check(out.len == 0 && (m.type == BOX_SMS || used == BOX_FRAME_MAX + 4));
        at += used;
    }
    buf_fini(&out);
    return 0;
}
