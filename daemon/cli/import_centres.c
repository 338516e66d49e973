/* import_centres.c - digital centres, who serves there, and what it costs. */
#include <string.h>

#include "cli/import_table.h"

#define CENTRES_MAX 20000               /* rows; the country has some 4,500, and two agents each */
#define CENTRES_WIDE 20                 /* letters, as the database says */
#define CENTRES_AGENT_WIDE 30
#define CENTRES_TAKA 99999
#define CENTRES_SERVICES 99             /* numbers on the wall */

enum { CENTRES_CODE = 0, CENTRES_UNION, CENTRES_EN, CENTRES_BN, CENTRES_PHONE, CENTRES_OPENS, CENTRES_CLOSES, CENTRES_RAMP,
       CENTRES_POWER };

/* Hours that are not told are 09:00 and 17:00. */
static bool centres_look(struct import *im, const struct import_row *row)
{
    const char *opens = row->cells[CENTRES_OPENS], *closes = row->cells[CENTRES_CLOSES];
    bool ok = strcmp(opens[0] != '\0' ? opens : "09:00", closes[0] != '\0' ? closes : "17:00") < 0;

    if (!ok)
        import_error(im, row, CENTRES_CLOSES, "it closes before it opens");
    return ok;
}

static const struct table centres_table = {
    .list = TABLES_CENTRES,
    .cells = { [CENTRES_CODE] = { .kind = TABLE_CENTRE },
               [CENTRES_UNION] = { .kind = TABLE_DIGITS, .min = 6, .max = 6 },
               [CENTRES_EN] = { .kind = TABLE_TEXT, .min = 1, .max = CENTRES_WIDE },
               [CENTRES_BN] = { .kind = TABLE_TEXT, .min = 1, .max = CENTRES_WIDE },
               [CENTRES_PHONE] = { .kind = TABLE_MOBILE, .optional = true },
               [CENTRES_OPENS] = { .kind = TABLE_TIME, .optional = true },
               [CENTRES_CLOSES] = { .kind = TABLE_TIME, .optional = true },
               [CENTRES_RAMP] = { .kind = TABLE_WORD, .optional = true, .words = "yes no" },
               [CENTRES_POWER] = { .kind = TABLE_WORD, .optional = true, .words = "grid solar both" } },
    .keys = 1,
    .max = CENTRES_MAX,
    .none = "no centre is in the file",
    .look = centres_look,
};

const struct import_list import_centres = {
    .name = "centres",
    .help = "code, union, en, bn, phone, opens, closes, ramp, power: stands for the districts in it",
    .columns = { [CENTRES_CODE] = { "code", true }, [CENTRES_UNION] = { "union", true }, [CENTRES_EN] = { "en", true },
                 [CENTRES_BN] = { "bn", true }, [CENTRES_PHONE] = { "phone", true }, [CENTRES_OPENS] = { "opens", true },
                 [CENTRES_CLOSES] = { "closes", true }, [CENTRES_RAMP] = { "ramp", true }, [CENTRES_POWER] = { "power", true } },
    .table = &centres_table,
    TABLE_FUNCTIONS,
};

/* --- what a centre takes ------------------------------------------------------------------ */

static const struct table prices_table = {
    .list = TABLES_PRICES,
    .cells = { { .kind = TABLE_CENTRE }, { .kind = TABLE_NAME }, { .kind = TABLE_WHOLE, .max = CENTRES_TAKA } },
    .keys = 2,
    .max = CENTRES_MAX * 5,
    .none = "no price is in the file",
};

const struct import_list import_prices = {
    .name = "prices",
    .help = "centre, service, taka: stands for the centres in it",
    .columns = { { "centre", true }, { "service", true }, { "taka", true } },
    .table = &prices_table,
    TABLE_FUNCTIONS,
};

/* --- agents -------------------------------------------------------------------------------- */

enum { AGENTS_NUMBER = 0, AGENTS_NAME, AGENTS_CENTRE, AGENTS_SEX, AGENTS_SINCE, AGENTS_UNTIL };

static bool agents_look(struct import *im, const struct import_row *row)
{
    const char *since = row->cells[AGENTS_SINCE], *until = row->cells[AGENTS_UNTIL];
    bool ok = since[0] == '\0' || until[0] == '\0' || strcmp(since, until) <= 0;

    if (!ok)
        import_error(im, row, AGENTS_UNTIL, "it ends before it begins");
    return ok;
}

static const struct table agents_table = {
    .list = TABLES_AGENTS,
    .cells = { [AGENTS_NUMBER] = { .kind = TABLE_MOBILE },
               [AGENTS_NAME] = { .kind = TABLE_TEXT, .min = 1, .max = CENTRES_AGENT_WIDE },
               [AGENTS_CENTRE] = { .kind = TABLE_CENTRE },
               [AGENTS_SEX] = { .kind = TABLE_WORD, .optional = true, .words = "f m" },
               [AGENTS_SINCE] = { .kind = TABLE_DAY, .optional = true },
               [AGENTS_UNTIL] = { .kind = TABLE_DAY, .optional = true } },
    .keys = 1,
    .max = CENTRES_MAX,
    .none = "no agent is in the file",
    .look = agents_look,
};

const struct import_list import_agents = {
    .name = "agents",
    .help = "number, name, centre, sex, since, until: stands for the centres in it; others there are locked",
    .columns = { [AGENTS_NUMBER] = { "number", true }, [AGENTS_NAME] = { "name", true }, [AGENTS_CENTRE] = { "centre", true },
                 [AGENTS_SEX] = { "sex", true }, [AGENTS_SINCE] = { "since", true }, [AGENTS_UNTIL] = { "until", true } },
    .table = &agents_table,
    TABLE_FUNCTIONS,
};

/* --- fees ---------------------------------------------------------------------------------- */

enum { FEES_SERVICE = 0, FEES_OFFICIAL, FEES_CAP, FEES_OPTION };

static void fees_check(const struct table_rows *t, struct import *im)
{
    for (size_t i = 0; i < table_count(t); i++)
        for (size_t k = 0; k < i; k++)
            if (table_cell(t, i, FEES_OPTION)[0] != '\0' &&
                strcmp(table_cell(t, i, FEES_OPTION), table_cell(t, k, FEES_OPTION)) == 0)
                table_error(t, im, i, FEES_OPTION, "another service has this number on the wall");
}

static const struct table fees_table = {
    .list = TABLES_FEES,
    .cells = { [FEES_SERVICE] = { .kind = TABLE_NAME },
               [FEES_OFFICIAL] = { .kind = TABLE_WHOLE, .max = CENTRES_TAKA },
               [FEES_CAP] = { .kind = TABLE_WHOLE, .max = CENTRES_TAKA },
               [FEES_OPTION] = { .kind = TABLE_WHOLE, .optional = true, .min = 1, .max = CENTRES_SERVICES } },
    .keys = 1,
    .max = CENTRES_SERVICES * 2,
    .none = "no fee is in the file",
    .check = fees_check,
};

const struct import_list import_fees = {
    .name = "fees",
    .help = "service, official, cap, option: stands for all of them",
    .columns = { [FEES_SERVICE] = { "service", true }, [FEES_OFFICIAL] = { "official", true }, [FEES_CAP] = { "cap", true },
                 [FEES_OPTION] = { "option", true } },
    .table = &fees_table,
    TABLE_FUNCTIONS,
};
