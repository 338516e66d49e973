#include "base/outbox.h"

#include <string.h>

#include "base/clock.h"
#include "base/gsm.h"

#define OUTBOX_MINUTE INT64_C(60000)
#define OUTBOX_HOUR (60 * OUTBOX_MINUTE)
#define OUTBOX_DAY_MINUTES (24 * 60)
#define OUTBOX_ZONE (6 * 60)            /* minutes east of UTC: Bangladesh, all year */

const struct outbox_rule outbox_rules[OUTBOX_CLASSES] = {
    /*                            rank  expiry              quiet  capped pushed seg. char. */
    [OUTBOX_OTP] = { "otp",           0, 5 * OUTBOX_MINUTE,  false, false, true,  3, 0 },
    [OUTBOX_EMERGENCY] = { "emergency", 1, 6 * OUTBOX_HOUR,  false, false, true,  3, 0 },
    [OUTBOX_TRANSACTIONAL] = { "transactional", OUTBOX_ASKED_RANK, 48 * OUTBOX_HOUR, false, false, false, 3, 0 },
    [OUTBOX_GOV_INFO] = { "gov_info", 3, 48 * OUTBOX_HOUR,   true,  true,  false, 0, 200 },
    [OUTBOX_SERVICE_INFO] = { "service_info", 4, 48 * OUTBOX_HOUR, true, true, false, 3, 0 },
};

enum outbox_class outbox_class_of(const char *name)
{
    int i = 0;

    while (i < OUTBOX_CLASSES && strcmp(outbox_rules[i].name, name) != 0)
        i++;
    return (enum outbox_class)i;
}

static const struct outbox_rule *outbox_rank(int rank)
{
    int i = 0;

    while (i < OUTBOX_CLASSES - 1 && outbox_rules[i].rank != rank)
        i++;
    return &outbox_rules[i];
}

int64_t outbox_rank_expiry(int rank)
{
    return outbox_rank(rank)->expiry_ms;
}

bool outbox_rank_is_quiet(int rank)
{
    return outbox_rank(rank)->quiet;
}

bool outbox_rank_is_capped(int rank)
{
    return outbox_rank(rank)->capped;
}

/* --- quiet hours ------------------------------------------------------------ */

static const char *outbox_digits(const char *s, int max, int *out)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return NULL;
    *out = (s[0] - '0') * 10 + (s[1] - '0');
    return *out <= max ? s + 2 : NULL;
}

/* "06:00", and 24:00 for the end of the day. */
static const char *outbox_time(const char *s, int16_t *minutes)
{
    int hour, minute;

    s = outbox_digits(s, 24, &hour);
    if (s == NULL || *s != ':')
        return NULL;
    s = outbox_digits(s + 1, 59, &minute);
    if (s == NULL || hour * 60 + minute > OUTBOX_DAY_MINUTES)
        return NULL;
    *minutes = (int16_t)((hour * 60 + minute) % OUTBOX_DAY_MINUTES);
    return s;
}

static const char *outbox_span(const char *s, struct outbox_span *span)
{
    s = outbox_time(s, &span->from);
    if (s == NULL || *s != '-')
        return NULL;
    s = outbox_time(s + 1, &span->to);
    return s != NULL && span->from != span->to ? s : NULL;
}

bool outbox_hours_parse(struct outbox_hours *h, const char *text)
{
    h->count = 0;
    while (*text != '\0') {
        if (h->count == OUTBOX_SPANS_MAX)
            return false;
        text = outbox_span(text, &h->spans[h->count]);
        if (text == NULL)
            return false;
        h->count++;
        if (*text == ',')
            text += 1 + strspn(text + 1, " ");
        else if (*text != '\0')
            return false;
    }
    return true;
}

/* Minutes from one time of the day to the next moment of another. */
static int outbox_until(int from, int to)
{
    return (to - from + OUTBOX_DAY_MINUTES) % OUTBOX_DAY_MINUTES;
}

int64_t outbox_awake(const struct outbox_hours *h, int64_t now)
{
    /* one span may end inside another: each is left once at most */
    for (int round = 0; round <= h->count; round++) {
        int64_t local = now + OUTBOX_ZONE * OUTBOX_MINUTE;
        int minute = (int)(local / OUTBOX_MINUTE % OUTBOX_DAY_MINUTES);
        int wait = 0;

        for (int i = 0; i < h->count && wait == 0; i++) {
            const struct outbox_span *s = &h->spans[i];

            if (outbox_until(s->from, minute) < outbox_until(s->from, s->to))
                wait = outbox_until(minute, s->to);
        }
        if (wait == 0)
            return now;
        now += wait * OUTBOX_MINUTE - local % OUTBOX_MINUTE;
    }
    return now;
}

int32_t outbox_day(int64_t now)
{
    return clock_day(now, OUTBOX_ZONE);
}

int64_t outbox_tomorrow(const struct outbox_hours *h, int64_t now)
{
    int64_t midnight = ((int64_t)outbox_day(now) + 1) * OUTBOX_DAY_MINUTES - OUTBOX_ZONE;

    return outbox_awake(h, midnight * OUTBOX_MINUTE);
}

/* --- tries --------------------------------------------------------------------- */

int64_t outbox_retry(int tries)
{
    static const int minutes[] = { 1, 5, 15, 60 };

    if (tries < 1 || tries > (int)(sizeof minutes / sizeof minutes[0]))
        return -1;
    return minutes[tries - 1] * OUTBOX_MINUTE;
}

/* --- the words of a message ------------------------------------------------------ */

bool outbox_is_bengali(const char *text, size_t n)
{
    bool bengali = false;
    uint32_t cp;
    int step;

    for (; n > 0 && (step = gsm_utf8_next(text, n, &cp)) > 0; text += step, n -= (size_t)step) {
        if ((cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z'))
            return false;
        bengali |= cp >= 0x980 && cp <= 0x9ff;
    }
    return bengali;
}

/* 0..9 of an ASCII or a Bengali digit, else -1. */
static int outbox_digit(uint32_t cp)
{
    if (cp >= '0' && cp <= '9')
        return (int)(cp - '0');
    return cp >= 0x9e6 && cp <= 0x9ef ? (int)(cp - 0x9e6) : -1;
}

/* A number of one or two digits, 1 .. max, at *s; not the head of a longer one. */
static bool outbox_number(const char **s, const char *end, int max)
{
    const char *p = *s;
    int value = 0;
    int digits = 0;
    uint32_t cp;
    int step;

    while (p < end && (step = gsm_utf8_next(p, (size_t)(end - p), &cp)) > 0 && outbox_digit(cp) >= 0 && digits < 3) {
        value = value * 10 + outbox_digit(cp);
        digits++;
        p += step;
    }
    if (digits < 1 || digits > 2 || value < 1 || value > max)
        return false;
    *s = p;
    return true;
}

/* Month names as people write them, and the short forms of the filter day. */
static const char *const outbox_months[] = {
    "জানু", "ফেব্রু", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "আগষ্ট", "সেপ্টে", "অক্টো", "নভে", "ডিসে",
};

/* "২৬ মে", "26/05", "২৬-০৫-২০২৬" at s. */
static bool outbox_date_at(const char *s, const char *end)
{
    const char *rest;

    if (!outbox_number(&s, end, 31) || s >= end)
        return false;
    if (*s == '/' || *s == '-' || *s == '.') {
        rest = s + 1;
        return outbox_number(&rest, end, 12);
    }
    rest = s + (*s == ' ');
    for (size_t i = 0; i < sizeof outbox_months / sizeof outbox_months[0]; i++) {
        size_t n = strlen(outbox_months[i]);

        if ((size_t)(end - rest) >= n && memcmp(rest, outbox_months[i], n) == 0)
            return true;
    }
    return false;
}

bool outbox_has_date(const char *text, size_t n)
{
    const char *end = text + n;
    bool inside = false;                /* a number: what follows its first digit is no date */
    uint32_t cp;
    int step;

    for (; text < end && (step = gsm_utf8_next(text, (size_t)(end - text), &cp)) > 0; text += step) {
        bool digit = outbox_digit(cp) >= 0;

        if (digit && !inside && outbox_date_at(text, end))
            return true;
        inside = digit;
    }
    return false;
}

static int outbox_characters(const char *text, size_t n)
{
    int count = 0;
    uint32_t cp;
    int step;

    for (; n > 0 && (step = gsm_utf8_next(text, n, &cp)) > 0; text += step, n -= (size_t)step)
        count++;
    return count;
}

const char *outbox_fault(enum outbox_class class, const char *text, const char *approval)
{
    size_t n = strlen(text);

    if (class != OUTBOX_GOV_INFO)
        return NULL;
    if (!outbox_is_bengali(text, n))
        return "gov_info: in Bengali letters only";
    if (outbox_characters(text, n) > outbox_rules[class].characters)
        return "gov_info: more than 200 characters";
    if (!outbox_has_date(text, n))
        return "gov_info: without the date of the campaign";
    if (approval[0] == '\0')
        return "gov_info: without the reference of its approval";
    return NULL;
}
