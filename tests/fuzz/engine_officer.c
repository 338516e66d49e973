/*
 * Any message as an officer's command.  What is decoded keeps what officer.h
 * promises, and its form is read as the same command again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm.h"
#include "engine/officer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const codes[] = { "*333#", "*16321#" };

static void check(int good)
{
    if (!good)
        abort();
}

static void check_command(const struct officer_command *c)
{
    size_t code = strlen(c->code);

    check(c->verb < OFFICER_VERBS && c->flaw < OFFICER_FLAWS);
    check(code == 0 || code == OFFICER_CODE_DIGITS);
    check(strspn(c->code, "0123456789") == code);
    check(c->arg == OFFICER_ARG_NONE || (c->arg >= 0 && c->arg <= 999));
    check(c->number == 0 || (c->number >= 1000000000 && c->number <= 9999999999));
    check(gsm_utf8_valid(c->note, strlen(c->note)));
    if (c->verb == OFFICER_NOTHING)
        check(c->flaw == OFFICER_FINE && c->number == 0 && code == 0 && c->note[0] == '\0');
    if (c->verb == OFFICER_CONFIRM)
        check(code != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct officer_command c, again;
    char form[OFFICER_FORM_SIZE], second[OFFICER_FORM_SIZE];

    officer_decode((const char *)data, size, codes, 2, &c);
    check_command(&c);
    if (c.number == 0 || c.flaw != OFFICER_FINE)
        return 0;
    officer_form(&c, form);
    officer_decode(form, strlen(form), codes, 2, &again);
    check_command(&again);
    officer_form(&again, second);
    check(again.verb == c.verb && again.number == c.number && strcmp(form, second) == 0);
    return 0;
}
