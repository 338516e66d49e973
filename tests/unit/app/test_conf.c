/* conf: every key by the table, every error with its place, all in one pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/conf.h"
#include "base/log.h"

#define LEAST "database: x\nlinks: {gp: {kind: kannel}}\n"

static char path[64];

static bool load(struct conf *c, const char *text, struct buf *errors)
{
    FILE *f;
    bool ok;

    snprintf(path, sizeof path, "/tmp/kheya-conf-%ld.yaml", (long)getpid());
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    buf_init(errors, 1 << 16);
    ok = conf_load(c, path, errors);
    unlink(path);
    return ok;
}

static void test_defaults(void **state)
{
    struct conf c;
    struct buf errors;

    (void)state;
    assert_true(load(&c, LEAST, &errors));
    assert_string_equal(buf_str(&errors), "");
    assert_string_equal(c.database, "x");
    assert_string_equal(c.menus, "menus");
    assert_string_equal(c.http_address, "127.0.0.1:8333");
    assert_int_equal(c.log_level, LOG_LEVEL_INFO);
    assert_int_equal(c.hold_ms, 1500);
    assert_int_equal(c.link_count, 1);
    assert_int_equal(c.links[0].kind, CONF_LINK_KANNEL);
    assert_string_equal(c.links[0].address, "127.0.0.1:13001");
    assert_int_equal(c.links[0].profile_count, 1);
    assert_string_equal(c.links[0].profiles[0].smsc_id, "");
    assert_int_equal(c.links[0].profiles[0].limits.septets, 160);
    assert_int_equal(c.links[0].profiles[0].limits.idle_ms, 30000);
    assert_int_equal(c.links[0].profiles[0].begin.n, 1);
    assert_int_equal(c.links[0].profiles[0].answer.op[0], 18);
    assert_int_equal(c.links[0].profiles[0].send_end, 17);
    conf_free(&c);
    buf_fini(&errors);
}

static void test_smsc_overrides_link(void **state)
{
    static const char text[] =
        "database: x\n"
        "http: {address: \"\"}\n"
        "limits: {sessions: 50, hold: 2s}\n"
        "log: {level: debug}\n"
        "links:\n"
        "  gp:\n"
        "    kind: kannel\n"
        "    address: 127.0.0.1:14001\n"
        "    ussd: {septets: 182, units: 80, idle: 20s, total: 2m}\n"
        "    smsc:\n"
        "      u1: {units: 70, session: user_message_reference, answer: [18]}\n"
        "      u2: {end_bit: yes, session_mask: fffe, abort: [129, 32]}\n"
        "      s1: {channel: sms, sender: GOV}\n"
        "  web: {kind: http, septets: 140}\n";
    struct conf c;
    struct buf errors;
    const struct conf_link *gp;

    (void)state;
    assert_true(load(&c, text, &errors));
    assert_int_equal(c.sessions, 50);
    assert_int_equal(c.hold_ms, 2000);
    assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
    gp = &c.links[0];
    assert_int_equal(gp->profile_count, 3);
    assert_string_equal(gp->profiles[0].smsc_id, "u1");
    assert_int_equal(gp->profiles[0].limits.septets, 182);
    assert_int_equal(gp->profiles[0].limits.units, 70);
    assert_int_equal(gp->profiles[0].limits.total_ms, 120000);
    assert_int_equal(gp->profiles[0].session, PROFILE_SESSION_UMR);
    assert_int_equal(gp->profiles[0].answer.n, 1);
    assert_true(gp->profiles[1].end_bit);
    assert_int_equal(gp->profiles[1].session_mask, 0xfffe);
    assert_int_equal(gp->profiles[1].abort.op[1], 32);
    assert_int_equal(gp->profiles[2].channel, PROFILE_SMS);
    assert_string_equal(gp->ways[2].sender, "GOV");
    assert_int_equal(c.links[1].kind, CONF_LINK_HTTP);
    assert_int_equal(c.links[1].profiles[0].limits.septets, 140);
    conf_free(&c);
    buf_fini(&errors);
}

/* What is wrong, and what the line must say; %s is the file. */
static const struct {
    const char *text, *want;
} wrong[] = {
    { "", ":1:1: error: is empty" },
    { "database: x\n", ":1:1: error: links is missing" },
    { "links: {gp: {kind: kannel}}\n", ":1:1: error: database is missing" },
    { LEAST "colour: red\n", ":3:1: error: unknown key 'colour'" },
    { LEAST "limits: {sesions: 5}\n", ":3:10: error: unknown key 'sesions'" },
    { LEAST "limits: {sessions: many}\n", ":3:20: error: sessions: expected a whole number from 10 to 5000000" },
    { LEAST "limits: {sessions: 5}\n", ":3:20: error: sessions: expected a whole number from 10 to 5000000" },
    { LEAST "limits: {hold: 30}\n", ":3:16: error: hold: expected a time from 0ms to 10s, written as" },
    { LEAST "limits: 7\n", ":3:9: error: limits: expected keys and values" },
    { LEAST "log: {level: loud}\n", ":3:14: error: level: expected one of err warn info debug" },
    { LEAST "database: y\n", ":3:1: error: " },
    { "database: x\nlinks: {a: {kind: pigeon}}\n", ":2:19: error: kind: expected one of kannel http" },
    { "database: x\nlinks: {a: {}}\n", "error: kind is missing" },
    { "database: x\nlinks: {a: {kind: kannel, ussd: {septets: 183}}}\n", "septets: expected a whole number from 20 to 182" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {u: {begin: 1}}}}\n", "begin: expected a list of at most 8 numbers" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {u: {begin: [1, 256]}}}}\n", "begin: expected a list" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {u: {sender: G}}}}\n", "sender: on channel sms only" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {u: {rate: 5}}}}\n", "rate: on channel sms only" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {s: {channel: sms, sms: s}}}}\n", "sms: on channel ussd only" },
    { "database: x\nlinks: {a: {kind: kannel, smsc: {u: {sms: s}}}}\n", "smsc u: sms: no smsc id 's' with channel sms" },
    { "database: x\nlinks: {a/b: {kind: kannel}}\n", "links: a name has 1 to 63 characters and no /" },
    { LEAST "messages: {quiet: night}\n", "quiet: expected hours like 00:00-06:00" },
    { LEAST "messages: {cap: -1}\n", "cap: expected a whole number from 0 to 1000" },
    { LEAST "messages: {prefix: 1}\n", "unknown key 'prefix'" },
    { LEAST "messages: {prefixes: {88017: gp}}\n", "prefixes: expected a link that has an smsc id with channel sms" },
    { LEAST "messages: {prefixes: {+88: gp}}\n", "prefixes: '+88': expected the first digits of numbers" },
    { "database: x\nlinks: {a: {kind: http, smsc: {}}}\n", "unknown key 'smsc'" },
    { "database: [x]\nlinks: {a: {kind: http}}\n", "database: expected a text" },
    { "database: x\n\tlinks: {}\n", ":2:1: error: " },
};

static void test_messages(void **state)
{
    struct conf c;
    struct buf errors;

    (void)state;
    assert_true(load(&c, LEAST, &errors));
    assert_int_equal(c.quiet.count, 1);
    assert_int_equal(c.quiet.spans[0].to, 6 * 60);
    assert_int_equal(c.day_cap, 3);
    assert_int_equal(c.prefix_count, 0);
    conf_free(&c);
    buf_fini(&errors);
    assert_true(load(&c, "database: x\n"
                         "messages: {quiet: '', cap: 0, prefixes: {88017: gp, '88018': gp/s2}}\n"
                         "links: {gp: {kind: kannel, smsc: {u1: {sms: s2}, s1: {channel: sms},"
                         " s2: {channel: sms, rate: 7}}}}\n", &errors));
    assert_string_equal(buf_str(&errors), "");
    assert_int_equal(c.quiet.count, 0);
    assert_int_equal(c.day_cap, 0);
    assert_int_equal(c.prefix_count, 2);
    assert_string_equal(c.prefixes[1].digits, "88018");
    assert_string_equal(c.prefixes[1].lane, "gp/s2");
    assert_string_equal(c.links[0].ways[0].sms, "s2");
    assert_int_equal(c.links[0].ways[1].rate, 100);
    assert_int_equal(c.links[0].ways[2].rate, 7);
    conf_free(&c);
    buf_fini(&errors);
}

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct conf c;
        struct buf errors;

        assert_false(load(&c, wrong[i].text, &errors));
        if (strstr(buf_str(&errors), wrong[i].want) == NULL || strstr(buf_str(&errors), path) == NULL)
            fail_msg("case %zu: wanted '%s' in '%s'", i, wrong[i].want, buf_str(&errors));
        conf_free(&c);
        buf_fini(&errors);
    }
}

static void test_all_errors_in_one_pass(void **state)
{
    struct conf c;
    struct buf errors;
    int lines = 0;

    (void)state;
    assert_false(load(&c, "one: 1\nlimits: {batch: 0, hold: x}\nlinks: {a: {kind: q, b: 1}}\n", &errors));
    for (const char *s = buf_str(&errors); (s = strchr(s, '\n')) != NULL; s++)
        lines++;
    assert_int_equal(lines, 6);         /* one, database, batch, hold, kind, b */
    conf_free(&c);
    buf_fini(&errors);
}

static void test_no_file(void **state)
{
    struct conf c;
    struct buf errors;

    (void)state;
    buf_init(&errors, 4096);
    assert_false(conf_load(&c, "/nonexistent/kheya.yaml", &errors));
    assert_non_null(strstr(buf_str(&errors), "/nonexistent/kheya.yaml:1:1: error: cannot be read: No such file"));
    conf_free(&c);
    buf_fini(&errors);
}

/* The shipped sample is true. */
static void test_sample(void **state)
{
    struct conf c;
    struct buf errors;

    (void)state;
    buf_init(&errors, 1 << 16);
    if (!conf_load(&c, "conf/kheya.yaml", &errors))
        fail_msg("%s", buf_str(&errors));
    conf_free(&c);
    buf_fini(&errors);
}

/* Every key of the table stands in the manual. */
static void test_manual_names_every_key(void **state)
{
    char page[64 * 1024];
    struct buf out;
    size_t n;
    int keys = 0;
    FILE *f = fopen("conf/kheya.yaml.5", "r");

    (void)state;
    assert_non_null(f);
    n = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    page[n] = '\0';
    buf_init(&out, 1 << 16);
    conf_help(&out);
    for (char *save, *line = strtok_r(out.data, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char want[128];

        if (strncmp(line, "    ", 4) == 0 || strstr(line, " KEY:") != NULL)
            continue;
        line += strspn(line, " ");
        snprintf(want, sizeof want, ".B %s\n", line);
        if (strstr(page, want) == NULL)
            fail_msg("conf/kheya.yaml.5 lacks %s", line);
        keys++;
    }
    assert_true(keys > 30);
    buf_fini(&out);
}

/* Keys of agencies: defaults, rights as a list or one name, and what is wrong with them. */
static void test_api(void **state)
{
    static const char good[] = LEAST
        "api:\n"
        "  dss: {key: keys/dss}\n"
        "  dss-2: {agency: dss, key: keys/dss-2, rights: [read, phones]}\n"
        "  up: {key: keys/up, rights: events}\n"
        "limits: {api: 8, api_window: 30s}\n";
    static const struct { const char *text, *says; } bad[] = {
        { "api: {dss: {}}\n", ":3:12: error: key is missing" },
        { "api: {dss: {key: k, rights: [write]}}\n", "rights: expected some of read events phones" },
        { "api: {dss: {key: k, rights: []}}\n", "rights: expected some of" },
        { "api: {dss: {key: k, colour: red}}\n", "unknown key 'colour'" },
        { "api: {d s: {key: k}}\n", "api: the name of a key is" },
        { "api: {a23456789012345678901234567890123: {key: k}}\n", "api: the name of a key is" },
        { "api: {dss: x}\n", "dss: expected keys and values" },
        { "limits: {api: 1}\n", "api: expected a whole number from 2 to 1000" },
        { "limits: {api_window: 2h}\n", "api_window: expected a time" },
    };
    struct conf c;
    struct buf errors;

    (void)state;
    assert_true(load(&c, LEAST, &errors));
    assert_int_equal(c.api_count, 0);
    assert_int_equal(c.api, 64);
    assert_int_equal(c.api_window_ms, 300000);
    conf_free(&c);
    buf_fini(&errors);
    assert_true(load(&c, good, &errors));
    assert_int_equal(c.api_count, 3);
    assert_string_equal(c.apis[0].name, "dss");
    assert_string_equal(c.apis[0].agency, "dss");
    assert_string_equal(c.apis[0].key, "keys/dss");
    assert_int_equal(c.apis[0].rights, 1u << API_READ | 1u << API_EVENTS);
    assert_string_equal(c.apis[1].agency, "dss");
    assert_int_equal(c.apis[1].rights, 1u << API_READ | 1u << API_PHONES);
    assert_int_equal(c.apis[2].rights, 1u << API_EVENTS);
    assert_int_equal(c.api, 8);
    assert_int_equal(c.api_window_ms, 30000);
    conf_free(&c);
    buf_fini(&errors);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];

        (void)snprintf(text, sizeof text, LEAST "%s", bad[i].text);
        assert_false(load(&c, text, &errors));
        if (strstr(buf_str(&errors), bad[i].says) == NULL)
            fail_msg("%s: %s", bad[i].text, buf_str(&errors));
        conf_free(&c);
        buf_fini(&errors);
    }
    buf_init(&errors, 1 << 16);
    conf_help(&errors);
    for (int r = 0; r < API_RIGHTS; r++)
        assert_non_null(strstr(strstr(buf_str(&errors), "api.NAME.rights"), api_right_name((enum api_right)r)));
    buf_fini(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_smsc_overrides_link),
        cmocka_unit_test(test_messages), cmocka_unit_test(test_errors),        cmocka_unit_test(test_all_errors_in_one_pass),
        cmocka_unit_test(test_no_file),       cmocka_unit_test(test_sample),
        cmocka_unit_test(test_manual_names_every_key), cmocka_unit_test(test_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
