/*
 * The durable form of a session, from any bytes; then a few steps from there.
 *
 * First octet: bit 0 set: the bytes claim to be of our own menu generation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine_menu.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* What was read can be written, and reads back the same. */
static void check_again(struct fuzz_engine *e)
{
    struct buf first, second;

    buf_init(&first, 4 * SESSION_STATE_MAX);
    buf_init(&second, 4 * SESSION_STATE_MAX);
    if (session_encode(e->s, &first)) {
        check(session_decode(e->s, e->menu, first.data, first.len));
        check(session_encode(e->s, &second));
        check(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    }
    buf_fini(&first);
    buf_fini(&second);
}

static void check_bounds(const struct session *s)
{
    check(s->depth >= 0 && s->depth <= SESSION_STACK_MAX);
    check(s->event_count >= 0 && s->event_count <= SESSION_EVENTS);
    check(s->screen == MENU_NONE || s->menu->screens[s->screen].text != NULL);
    check(s->lang >= 0 && s->lang < s->menu->lang_count);
    check(s->ref.len <= EVENT_REF_MAX);
    check(s->frame_count >= 0 && s->frame_count <= MENU_CALLS_MAX);
    for (int i = 0; i < s->frame_count; i++)
        check(s->frames[i].behind >= (i > 0 ? s->frames[i - 1].behind : -1) && s->frames[i].behind <= s->depth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const answers[] = { "1", "9", "2", "7306", "0", "*", "1" };
    struct fuzz_engine *e = fuzz_engine();
    uint8_t *bytes;

    if (n == 0)
        return 0;
    bytes = malloc(n);
    check(bytes != NULL);
    memcpy(bytes, data, n);
    if ((data[0] & 1) != 0 && n >= 10)
        for (int i = 0; i < 8; i++)     /* behind the version */
            bytes[2 + i] = (uint8_t)((uint64_t)e->menu->generation >> (56 - 8 * i));
    if (session_decode(e->s, e->menu, bytes + 1, n - 1)) {
        check_bounds(e->s);
        check_again(e);
        e->now = e->s->at > 0 && e->s->at < INT64_C(4000000000000) ? e->s->at : e->now;
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
            fuzz_send(e, EVENT_ANSWER, answers[i], strlen(answers[i]), false);
            check_bounds(e->s);
        }
        fuzz_send(e, EVENT_BEGIN, "*333#", 5, false);
        check_bounds(e->s);
    } else {
        check(e->s->screen == MENU_NONE && e->s->event_count == 0 && e->s->values.packed.len == 0);
    }
    free(bytes);
    return 0;
}
