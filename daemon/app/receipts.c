#include "app/receipts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "menu/expr.h"
#include "menu/template.h"

struct receipts_scope {
    const struct menu *m;
    const char *values[MENU_PAID_VARS];
};

static const char *receipts_get(const void *arg, int var, size_t *len)
{
    const struct receipts_scope *s = arg;
    const char *text = NULL;

    for (int i = 0; i < MENU_PAID_VARS; i++)
        text = s->m->paid[i] == var ? s->values[i] : text;
    if (text != NULL && text[0] == '\0')
        text = NULL;
    *len = text != NULL ? strlen(text) : 0;
    return text;
}

/* A name that the menus do not have any more shows nothing. */
static const char *receipts_known(bool known, const char *name)
{
    return known ? name : "";
}

/* Hers, or what it shows where it may not stand in an SMS; where it is gone, the first. */
static int receipts_lang(const struct menu *m, const char *id)
{
    int lang = menu_lang_find(m, id);

    if (lang == MENU_NONE)
        lang = 0;
    return m->langs[lang].sms ? lang : m->langs[lang].shows;
}

static const struct receipts_kind {
    const char *cause;
    enum menu_receipt receipt;          /* MENU_RECEIPTS: not to her */
} receipts_kinds[PAYMENT_DEBTS] = {
    [PAYMENT_OWES_FAILED] = { "failed", MENU_RECEIPT_FAILED },
    [PAYMENT_OWES_RECEIPT] = { "confirmed", MENU_RECEIPT_CONFIRMED },
    [PAYMENT_OWES_CASE] = { "", MENU_RECEIPTS },
    [PAYMENT_OWES_BACK] = { "refunded", MENU_RECEIPT_REFUNDED },
    [PAYMENT_OWES_CASE_BACK] = { "", MENU_RECEIPTS },
    [PAYMENT_OWES_PART] = { "part", MENU_RECEIPT_PART },
};

/* A bill has words of its own, if there are any: no official set what it costs. */
static enum menu_receipt receipts_of(const struct menu *m, const struct receipt *r, enum payment_debt debt)
{
    enum menu_receipt receipt = receipts_kinds[debt].receipt;

    if (receipt == MENU_RECEIPT_CONFIRMED && r->service[0] == '\0' && m->receipts[MENU_RECEIPT_BILLED] != NULL)
        receipt = MENU_RECEIPT_BILLED;
    if (receipt == MENU_RECEIPT_PART && m->receipts[MENU_RECEIPT_PART] == NULL)
        receipt = MENU_RECEIPT_REFUNDED;
    return receipt;
}

bool receipts_print(const struct menu *m, const struct receipt *r, enum payment_debt debt, struct buf *out,
                    struct store_message *message)
{
    const struct receipts_kind *kind = &receipts_kinds[debt];
    enum menu_receipt receipt = receipts_of(m, r, debt);
    int lang = receipts_lang(m, r->lang);
    char taka[24];
    struct receipts_scope s = { .m = m };
    const struct expr_scope scope = { .menu = m, .lang = lang, .today = clock_day(clock_now(), m->utc_offset_min),
                                      .get = receipts_get, .arg = &s };
    size_t cause;

    if (receipt == MENU_RECEIPTS || m->receipts[receipt] == NULL)
        return false;
    (void)snprintf(taka, sizeof taka, "%" PRId64, r->taka);
    s.values[MENU_PAID_TAKA] = taka;
    s.values[MENU_PAID_PROVIDER] = receipts_known(menu_provider_find(m, r->provider) != MENU_NONE, r->provider);
    s.values[MENU_PAID_SERVICE] = receipts_known(menu_service_find(m, r->service) != MENU_NONE, r->service);
    s.values[MENU_PAID_ABOUT] = r->about;
    s.values[MENU_PAID_TRX] = r->trx;
    s.values[MENU_PAID_REASON] = r->reason;
    template_print(template_of(m->receipts[receipt], lang), &scope, out);
    buf_addc(out, '\0');
    cause = out->len;
    buf_addf(out, "pay/%s/%s", r->ref, kind->cause);
    if (r->part > 0)
        buf_addf(out, "/%d", r->part);
    *message = (struct store_message){ .cause = buf_str(out) + cause, .lang = m->langs[lang].id,
                                       .class = MENU_RECEIPT_CLASS, .text = buf_str(out) };
    return true;
}
