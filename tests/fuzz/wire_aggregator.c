/* A form body of any content: an event that keeps what event.h promises, or an
 * error that is one line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "wire/aggregator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *error = NULL;
    struct event ev;
    struct buf mem;

    buf_init(&mem, 1u << 20);
    if (aggregator_event("africastalking", (const char *)data, size, &mem, &ev, &error)) {
        size_t digits = strlen(ev.msisdn);

        check(digits >= 7 && digits <= 15 && strspn(ev.msisdn, "0123456789") == digits);
        check(strlen(ev.text) == ev.text_len && ev.text_len > 0 && gsm_utf8_valid(ev.text, ev.text_len));
        check(strlen(ev.code) > 0 && strlen(ev.code) < EVENT_CODE_MAX);
        check(ev.ref.len > 0 && ev.ref.len <= EVENT_REF_MAX);
        check(ev.kind == EVENT_BEGIN ? !ev.joined && strcmp(ev.text, ev.code) == 0
                                     : ev.kind == EVENT_ANSWER && ev.joined);
    } else {
        check(error != NULL && error[0] != '\0' && strchr(error, '\n') == NULL && strlen(error) < 100);
    }
    buf_fini(&mem);
    return 0;
}
