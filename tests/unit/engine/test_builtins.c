/* engine/flow: what the menus know of agents and warnings. */
#include "engine/flow.h"

#include "rig.h"

static const char menu_yaml[] =
    "language: 1\n"
    "code: '*333#'\n"
    "name: T\n"
    "languages: {en: {name: English}, bn: {name: Bangla}, la: {name: Latin, sms: no, shows: bn}, fr: {name: French}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: 'Call {helpline}', busy: 'Busy {helpline}', continue: 'Go on?', 'yes': Ja, new: New, bye: Bye,\n"
    "  no_code: No code, months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "screens:\n"
    "  main: {goto: [{when: alert.on, to: warned}, {when: citizen.is_agent, to: agent}, {to: plain}]}\n"
    "  warned: {text: 'Warning: {alert.text}'}\n"
    "  agent: {text: '{agent.name} of {agent.centre}'}\n"
    "  plain: {text: Plain, end: yes}\n";

static void begins(const char *shown, const char *want)
{
    if (strncmp(shown, want, strlen(want)) != 0)
        fail_msg("shown:\n%s\nwanted:\n%s", shown, want);
}

/* In her language, else in the one it shows, else in any that there is. */
static void test_alert(void **state)
{
    static const struct flow_alert_text all[] = { { "bn", "Jhor" }, { "en", "Storm" } };
    static const struct {
        int from, count;
        const char *lang, *want;
    } rows[] = {
        { 0, 2, "en", "Warning: Storm" }, { 0, 2, "bn", "Warning: Jhor" }, { 0, 2, "la", "Warning: Jhor" },
        { 0, 2, "fr", "Warning: Jhor" },  { 1, 1, "la", "Warning: Storm" }, { 0, 1, "en", "Warning: Jhor" },
        { 0, 0, "en", "Plain" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct flow_alert alert = { .texts = all + rows[i].from, .count = rows[i].count };
        struct rig r;

        rig_init(&r, rig_menu(menu_yaml));
        snprintf(r.citizen_lang, sizeof r.citizen_lang, "%s", rows[i].lang);
        rig_load(&r);
        r.alert = &alert;
        begins(rig_dial(&r, "*333#"), rows[i].want);
        rig_fini(&r);
    }
}

static void test_agent(void **state)
{
    struct rig r;
    struct event ev;

    (void)state;
    rig_init(&r, rig_menu(menu_yaml));
    begins(rig_dial(&r, "*333#"), "Plain");
    session_set_agent(r.s, "Rahima", "Kukri Mukri");
    r.ref++;
    ev = rig_event(&r, EVENT_BEGIN, "*333#");
    assert_int_equal(rig_run(&r, &ev), FLOW_REPLY);
    begins(buf_str(&r.s->reply), "Rahima of Kukri Mukri");
    session_set_agent(r.s, "A", "");            /* again, and shorter */
    assert_string_equal(session_agent_centre(r.s), "");
    session_clear(r.s);
    assert_null(r.s->agent);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_alert), cmocka_unit_test(test_agent) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
