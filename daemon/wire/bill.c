#include "wire/bill.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define BILL_TAKA_MAX 99999999
#define BILL_PART_MAX 32767
#define BILL_AT_MAX INT64_C(4102444800) /* the year 2100, in seconds */

/* --- what is sent --------------------------------------------------------------------------- */

/* RFC 8259 section 7. */
static void bill_string(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c < 0x20)
            buf_addf(out, "\\u%04x", c);
        else
            buf_addc(out, *s);
    }
    buf_addc(out, '"');
}

static void bill_member(struct buf *out, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    buf_addf(out, ", \"%s\": ", name);
    bill_string(out, value);
}

static void bill_begin(struct buf *out, const struct bill_ask *ask)
{
    buf_adds(out, "{\"ref\": ");
    bill_string(out, ask->ref);
}

void bill_print_payment(struct buf *out, const struct bill_ask *ask)
{
    bill_begin(out, ask);
    buf_addf(out, ", \"taka\": %" PRId64 ", \"within\": %d", ask->taka, ask->within_s);
    bill_member(out, "phone", ask->phone);
    bill_member(out, "about", ask->about);
    bill_member(out, "service", ask->service);
    buf_addc(out, '}');
}

void bill_print_status(struct buf *out, const struct bill_ask *ask)
{
    bill_begin(out, ask);
    buf_addc(out, '}');
}

void bill_print_refund(struct buf *out, const struct bill_ask *ask)
{
    bill_begin(out, ask);
    buf_addf(out, ", \"taka\": %" PRId64, ask->taka);
    if (ask->part > 0)
        buf_addf(out, ", \"part\": %d", ask->part);
    bill_member(out, "trx", ask->trx);
    buf_addc(out, '}');
}

/* --- what is told ---------------------------------------------------------------------------- */

/* A number of a transaction: printable ASCII without blanks, quotes and commas: it
 * goes into messages and files. */
static bool bill_is_code(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s > '~' || strchr("\",;\\{}", *s) != NULL)
            return false;
    }
    return true;
}

/* A member that is a short string.  NULL or missing: "". */
static bool bill_text(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *v = json_object_get(object, name);

    out[0] = '\0';
    if (v == NULL || json_is_null(v))
        return true;
    if (!json_is_string(v) || json_string_length(v) >= size || strlen(json_string_value(v)) != json_string_length(v) ||
        !bill_is_code(json_string_value(v)))
        return false;
    memcpy(out, json_string_value(v), json_string_length(v) + 1);
    return true;
}

/* In words: cut between characters, control characters as blanks. */
static bool bill_words(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *v = json_object_get(object, name);
    size_t n;

    out[0] = '\0';
    if (v == NULL || json_is_null(v))
        return true;
    if (!json_is_string(v))
        return false;
    n = json_string_length(v);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)json_string_value(v)[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(out, json_string_value(v), n);
    out[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
            out[i] = ' ';
    }
    return true;
}

static bool bill_whole(const json_t *object, const char *name, int64_t max, int64_t *out)
{
    const json_t *v = json_object_get(object, name);

    *out = 0;
    if (v == NULL || json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) <= 0 || json_integer_value(v) > max)
        return false;
    *out = json_integer_value(v);
    return true;
}

bool bill_read(const char *json, size_t n, struct bill_news *news, const char **why)
{
    json_t *o = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL);

    memset(news, 0, sizeof *news);
    *why = NULL;
    if (!json_is_object(o))
        *why = "no JSON object";
    else if (!bill_text(o, "state", news->state, sizeof news->state) || news->state[0] == '\0')
        *why = "state: a word";
    else if (!bill_text(o, "ref", news->ref, sizeof news->ref))
        *why = "ref: our reference";
    else if (!bill_text(o, "trx", news->trx, sizeof news->trx))
        *why = "trx: at most 40 letters and digits";
    else if (!bill_words(o, "reason", news->reason, sizeof news->reason))
        *why = "reason: a text";
    else if (!bill_whole(o, "taka", BILL_TAKA_MAX, &news->taka))
        *why = "taka: a whole number above 0";
    else if (!bill_whole(o, "part", BILL_PART_MAX, &news->part))
        *why = "part: the number of a part that is given back";
    else if (!bill_whole(o, "at", BILL_AT_MAX, &news->at))
        *why = "at: seconds since 1970";
    json_decref(o);
    news->at *= 1000;
    return *why == NULL;
}

/* --- signatures ------------------------------------------------------------------------------- */

bool bill_is_signed(const void *key, size_t key_len, const char *time, const char *body, size_t n, const char *signature)
{
    unsigned char want[crypto_auth_hmacsha256_BYTES], got[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t got_len = 0;

    if (strlen(signature) != 2 * sizeof got ||
        sodium_hex2bin(got, sizeof got, signature, 2 * sizeof got, NULL, &got_len, NULL) != 0 || got_len != sizeof got)
        return false;
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, strlen(time));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, n);
    crypto_auth_hmacsha256_final(&state, want);
    sodium_memzero(&state, sizeof state);
    return sodium_memcmp(want, got, sizeof want) == 0;
}

bool bill_time(const char *text, int64_t *ms)
{
    size_t n = strlen(text);

    *ms = 0;
    if (n == 0 || n > 12 || strspn(text, "0123456789") != n)
        return false;
    for (; *text != '\0'; text++)
        *ms = *ms * 10 + (*text - '0');
    *ms *= 1000;
    return true;
}
