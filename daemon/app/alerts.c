#include "app/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

struct alerts {
    struct flow_alert now;
    struct flow_alert_text *texts;      /* now.texts */
    char **strings;                     /* lang and text of each; owned */
};

struct alerts *alerts_new(void)
{
    return xcalloc(1, sizeof(struct alerts));
}

static void alerts_clear(struct alerts *a)
{
    for (int i = 0; i < 2 * a->now.count; i++)
        free(a->strings[i]);
    free(a->strings);
    a->strings = NULL;
    free(a->texts);
    a->texts = NULL;
    a->now = (struct flow_alert){ .texts = NULL };
}

void alerts_free(struct alerts *a)
{
    if (a == NULL)
        return;
    alerts_clear(a);
    free(a);
}

static bool alerts_same(const struct alerts *a, const struct store_alert_text *texts, int count)
{
    if (count != a->now.count)
        return false;
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].lang, a->texts[i].lang) != 0 || strcmp(texts[i].text, a->texts[i].text) != 0)
            return false;
    return true;
}

void alerts_take(struct alerts *a, const struct store_alert_text *texts, int count)
{
    if (alerts_same(a, texts, count))
        return;
    alerts_clear(a);
    if (count > 0) {
        a->texts = xcalloc((size_t)count, sizeof *a->texts);
        a->strings = xcalloc(2 * (size_t)count, sizeof(char *));
    }
    for (int i = 0; i < count; i++) {
        a->strings[2 * i] = xstrdup(texts[i].lang);
        a->strings[2 * i + 1] = xstrdup(texts[i].text);
        a->texts[i] = (struct flow_alert_text){ a->strings[2 * i], a->strings[2 * i + 1] };
    }
    a->now = (struct flow_alert){ a->texts, count };
    log_info("alert=%s languages=%d event=changed", count > 0 ? "on" : "off", count);
}

const struct flow_alert *alerts_now(const struct alerts *a)
{
    return &a->now;
}
