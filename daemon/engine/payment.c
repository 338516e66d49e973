#include "engine/payment.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PAYMENT_FIRST_WAIT 32           /* part of the time to approve: after it the first try is repeated */
#define PAYMENT_WAIT_MIN 100            /* ms */
#define PAYMENT_WAIT_MAX (60 * 60 * 1000)

static const char *const payment_names[PAYMENT_STATES] = {
    [PAYMENT_QUOTED] = "quoted", [PAYMENT_REQUESTED] = "requested", [PAYMENT_APPROVED] = "approved",
    [PAYMENT_FAILED] = "failed", [PAYMENT_CONFIRMED] = "confirmed", [PAYMENT_REFUNDED] = "refunded",
};

const char *payment_state_name(enum payment_state state)
{
    return payment_names[state];
}

enum payment_state payment_state_find(const char *name)
{
    int i = 0;

    while (i < PAYMENT_STATES && strcmp(payment_names[i], name) != 0)
        i++;
    return (enum payment_state)i;
}

bool payment_is_open(enum payment_state state)
{
    return state < PAYMENT_FAILED;
}

/* --- news --------------------------------------------------------------------------------- */

#define PAYMENT_BIT(debt) (1u << (debt))

/* What each step owes, once it is reached or passed.  A refund tells of a confirmation that was never heard of. */
static const struct {
    enum payment_state step;
    unsigned owes;
} payment_debts[] = {
    { PAYMENT_CONFIRMED, PAYMENT_BIT(PAYMENT_OWES_RECEIPT) | PAYMENT_BIT(PAYMENT_OWES_CASE) },
    { PAYMENT_REFUNDED, PAYMENT_BIT(PAYMENT_OWES_BACK) | PAYMENT_BIT(PAYMENT_OWES_CASE_BACK) },
};

static void payment_climb(struct payment *p, enum payment_state to)
{
    if (to == PAYMENT_FAILED)
        p->owes |= PAYMENT_BIT(PAYMENT_OWES_FAILED);
    for (size_t i = 0; i < sizeof payment_debts / sizeof payment_debts[0]; i++) {
        if (p->state < payment_debts[i].step && to >= payment_debts[i].step)
            p->owes |= payment_debts[i].owes;
    }
    /* she would read "nothing was taken" behind her receipt */
    if (to > PAYMENT_FAILED)
        payment_clear_debt(p, PAYMENT_OWES_FAILED);
    p->state = to;
    p->tries = 0;
}

/* A refund may have a number of its own: it says nothing of the payment's. */
static bool payment_is_other_trx(const struct payment *p, const struct payment_news *news)
{
    return news->state == PAYMENT_CONFIRMED && p->state >= PAYMENT_CONFIRMED && news->trx[0] != '\0' &&
           p->trx[0] != '\0' && strcmp(news->trx, p->trx) != 0;
}

/* The refund was told of before the payment: its number comes late. */
static bool payment_lacks_trx(const struct payment *p, const struct payment_news *news)
{
    return news->state == PAYMENT_CONFIRMED && p->state == PAYMENT_REFUNDED && p->trx[0] == '\0' &&
           news->trx[0] != '\0';
}

enum payment_verdict payment_take(struct payment *p, const struct payment_news *news)
{
    bool climbs = news->state > p->state;

    assert(news->state < PAYMENT_STATES && strlen(news->trx) <= PAYMENT_TRX_MAX &&
           strlen(news->reason) <= PAYMENT_REASON_MAX);
    if (news->taka != 0 && news->taka != p->taka)
        return PAYMENT_OTHER_TAKA;
    if (payment_is_other_trx(p, news))
        return PAYMENT_OTHER_TRX;
    if (!climbs && !payment_lacks_trx(p, news))
        return PAYMENT_KNOWN;
    if (news->trx[0] != '\0' && news->state == PAYMENT_CONFIRMED)
        (void)snprintf(p->trx, sizeof p->trx, "%s", news->trx);
    if (!climbs)
        return PAYMENT_MOVED;
    payment_climb(p, news->state);
    (void)snprintf(p->reason, sizeof p->reason, "%s", news->state == PAYMENT_FAILED ? news->reason : "");
    return PAYMENT_MOVED;
}

/* --- what is to be done --------------------------------------------------------------------- */

enum payment_debt payment_debt(const struct payment *p)
{
    int i = 0;

    while (i < PAYMENT_DEBTS && (p->owes & PAYMENT_BIT(i)) == 0)
        i++;
    return (enum payment_debt)i;
}

void payment_clear_debt(struct payment *p, enum payment_debt debt)
{
    p->owes &= ~PAYMENT_BIT(debt);
}

void payment_owe(struct payment *p, enum payment_debt debt)
{
    p->owes |= PAYMENT_BIT(debt);
}

bool payment_may_refund(const struct payment *p)
{
    return p->state == PAYMENT_CONFIRMED;
}

enum payment_task payment_next(const struct payment *p, int64_t now)
{
    if (p->owes != 0)
        return PAYMENT_PAY_DEBT;
    switch (p->state) {
    case PAYMENT_QUOTED:
        return now >= p->expires ? PAYMENT_EXPIRE : PAYMENT_ASK;
    case PAYMENT_REQUESTED:
    case PAYMENT_APPROVED:
        return PAYMENT_ASK_STATUS;
    case PAYMENT_CONFIRMED:
        return p->part > 0 ? PAYMENT_ASK_PART : p->refund ? PAYMENT_ASK_REFUND : PAYMENT_REST;
    case PAYMENT_FAILED:
    case PAYMENT_REFUNDED:
        return PAYMENT_REST;
    case PAYMENT_STATES:
        break;
    }
    assert(false);
    return PAYMENT_REST;
}

/* After so many tries: a part of the time that she has to approve, doubled with each try. */
static int64_t payment_wait(const struct payment *p, int tries)
{
    int64_t wait = (p->expires - p->created) / PAYMENT_FIRST_WAIT;

    wait = wait < PAYMENT_WAIT_MIN ? PAYMENT_WAIT_MIN : wait;
    for (int i = 1; i < tries && wait < PAYMENT_WAIT_MAX; i++)
        wait *= 2;
    return wait < PAYMENT_WAIT_MAX ? wait : PAYMENT_WAIT_MAX;
}

int64_t payment_due(const struct payment *p, int64_t now)
{
    enum payment_task task = payment_next(p, now);
    bool unhurried = task == PAYMENT_ASK_STATUS;        /* its call comes first, nearly always */
    int64_t due;

    if (task == PAYMENT_REST)
        return 0;
    if (p->tries == 0 && !unhurried)
        return now;
    due = now + payment_wait(p, p->tries + unhurried);
    if (payment_is_open(p->state) && now < p->expires && due > p->expires)
        due = p->expires;
    return due;
}

bool payment_is_over(const struct payment *p, bool answered, int64_t now)
{
    int64_t patience = answered ? 0 : p->expires - p->created;

    return p->state < PAYMENT_APPROVED && now >= p->expires + patience;
}

/* --- references ------------------------------------------------------------------------------ */

#define PAYMENT_REF_BUCKET 4            /* digits; then hexadecimal ones */

void payment_ref(char ref[PAYMENT_REF_SIZE], int16_t bucket, const char *key)
{
    int n = snprintf(ref, PAYMENT_REF_SIZE, "%04d%.16s", bucket, key);

    assert(bucket >= 0 && n == PAYMENT_REF_SIZE - 1);
}

bool payment_ref_bucket(const char *ref, int16_t *bucket)
{
    int n = 0;

    if (strlen(ref) != PAYMENT_REF_SIZE - 1 || strspn(ref, "0123456789") < PAYMENT_REF_BUCKET ||
        strspn(ref, "0123456789abcdef") != PAYMENT_REF_SIZE - 1)
        return false;
    for (int i = 0; i < PAYMENT_REF_BUCKET; i++)
        n = 10 * n + (ref[i] - '0');
    *bucket = (int16_t)n;
    return true;
}
