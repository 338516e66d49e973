/* What a provider of payments says: whatever it is, what is taken keeps to its
 * bounds, and has no character that would break a message or a file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

static void check_code(const char *s, size_t size)
{
    check(memchr(s, '\0', size) != NULL);
    for (; *s != '\0'; s++)
        check(*s > ' ' && *s <= '~' && *s != '"' && *s != ',');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bill_news news;
    const char *why;
    char time[32];
    int64_t at;

    if (bill_read((const char *)data, size, &news, &why)) {
        check(why == NULL && news.state[0] != '\0');
        check_code(news.state, sizeof news.state);
        check_code(news.ref, sizeof news.ref);
        check_code(news.trx, sizeof news.trx);
        check(memchr(news.reason, '\0', sizeof news.reason) != NULL);
        for (const char *s = news.reason; *s != '\0'; s++)
            check((unsigned char)*s >= ' ');
        check(news.taka >= 0 && news.at >= 0);
    } else {
        check(why != NULL);
    }
    if (size < sizeof time) {
        memcpy(time, data, size);
        time[size] = '\0';
        check(!bill_time(time, &at) || at >= 0);
        check(!bill_is_signed("0123456789abcdef", 16, "1", "", 0, time));
    }
    return 0;
}
