/*
 * A dialogue of any events: u8 kind and flags, u8 length, that many octets, and
 * so on.  Every page can be sent, and every step can be written and read back.
 */
#include "base/gsm.h"
#include "engine_menu.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* One event; the octets taken. */
static size_t play(struct fuzz_engine *e, const uint8_t *p, size_t n)
{
    static struct buf state;
    size_t len = n > 1 ? p[1] : 0;
    struct buf text;
    enum flow_result r;

    if (n < 2)
        return n;
    if (len > n - 2)
        len = n - 2;
    e->random += p[0];
    if ((p[0] & 0x80) != 0)
        e->ref++;
    buf_init(&text, 4096);
    buf_init(&state, SESSION_STATE_MAX);
    gsm_normalise(&text, (const char *)p + 2, len);     /* bearers give well-formed text */
    r = fuzz_send(e, (enum event_kind)((p[0] & 0x7f) % 8 == 0 ? p[0] / 8 % EVENT_KINDS : EVENT_ANSWER), buf_str(&text),
                  text.len, (p[0] & 0x78) == 0x78);
    if (r == FLOW_REPLY) {
        check(gsm_utf8_valid(e->s->reply.data, e->s->reply.len));
        check(session_encode(e->s, &state));
        check(session_decode(e->s, e->menu, state.data, state.len));
    }
    buf_fini(&text);
    buf_fini(&state);
    return len + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_engine *e = fuzz_engine();

    for (size_t at = 0; at < n;)
        at += play(e, data + at, n - at);
    return 0;
}
