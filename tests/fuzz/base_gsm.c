/*
 * base_gsm: any octets as UTF-8, as UTF-16BE and as GSM; what comes out is well
 * formed, normal, counted as it is carried, and broken only between letters.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cluster.h"
#include "base/gsm.h"

#define FUZZ_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && memcmp(buf_str(a), buf_str(b), a->len) == 0;
}

/* A well-formed text: out to both codings and back. */
static void carry(const struct buf *text, struct buf *wire, struct buf *back)
{
    const char *s = buf_str(text);
    struct gsm_cost cost = gsm_cost(s, text->len);
    int segments = gsm_sms_segments(s, text->len);

    must(gsm_utf8_valid(s, text->len));
    buf_clear(wire);
    buf_clear(back);
    must(gsm_to_utf16be(wire, s, text->len));
    must(wire->len == 2 * (size_t)cost.units);
    must(gsm_from_utf16be(back, buf_str(wire), wire->len) && same(back, text));
    buf_clear(wire);
    buf_clear(back);
    must(gsm_to_gsm(wire, s, text->len) == (cost.septets >= 0));
    if (cost.septets >= 0) {
        must(wire->len == (size_t)cost.septets);
        must(gsm_from_gsm(back, buf_str(wire), wire->len) && same(back, text));
        must(cost.septets <= 160 ? segments == (text->len > 0) : segments * 153 >= cost.septets);
    } else {
        must(cost.units <= 70 ? segments == 1 : segments * 67 >= cost.units);
    }
}

static void break_everywhere(const struct buf *text)
{
    const char *s = buf_str(text);
    size_t last = 0;

    for (size_t at = 0; at <= text->len && at < 300; at++) {
        size_t floor = cluster_floor(s, text->len, at);

        must(floor <= at && floor >= last);
        must(gsm_utf8_valid(s, floor));
        last = floor;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    struct buf text;
    struct buf answer;
    struct buf wire;
    struct buf back;

    if (size > FUZZ_MAX)
        return 0;
    buf_init(&text, 16 * FUZZ_MAX);
    buf_init(&answer, 16 * FUZZ_MAX);
    buf_init(&wire, 16 * FUZZ_MAX);
    buf_init(&back, 16 * FUZZ_MAX);

    gsm_normalise(&text, s, size);
    gsm_normalise(&back, buf_str(&text), text.len);
    must(same(&back, &text));
    carry(&text, &wire, &back);
    break_everywhere(&text);

    gsm_answer(&answer, s, size);
    buf_clear(&back);
    gsm_answer(&back, buf_str(&answer), answer.len);
    must(same(&back, &answer) && strstr(buf_str(&answer), "  ") == NULL && strchr(buf_str(&answer), '\n') == NULL);
    carry(&answer, &wire, &back);
    buf_clear(&back);
    gsm_bengali_digits(&back, buf_str(&answer), answer.len);
    buf_clear(&text);
    gsm_answer(&text, buf_str(&back), back.len);
    must(same(&text, &answer));

    buf_clear(&text);
    if (gsm_from_utf16be(&text, data, size))
        carry(&text, &wire, &back);
    else
        must(text.len == 0);
    buf_clear(&text);
    if (gsm_from_gsm(&text, data, size))
        carry(&text, &wire, &back);
    else
        must(text.len == 0);
    must(!text.full && !answer.full && !wire.full && !back.full);
    buf_fini(&text);
    buf_fini(&answer);
    buf_fini(&wire);
    buf_fini(&back);
    return 0;
}
