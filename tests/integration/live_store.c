/*
 * live_store.c - the store floor against a real PostgreSQL that is killed,
 * stopped, locked and lied to.
 *
 * tests/integration/run_live_store starts the cluster and sets
 *   KHEYA_TEST_DIR       folder of the cluster, as scripts/dev-db takes it
 *   KHEYA_TEST_DATABASE  connection string of its superuser
 *   KHEYA_TEST_DAEMON    connection string of kheya_daemon
 * Without them every test fails: nothing is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/outbox.h"
#include "base/stats.h"
#include "store/answers.h"
#include "store/batch.h"
#include "store/sessions.h"
#include "store/store.h"

extern char **environ;

#define LIVE_TICKETS 120000
#define LIVE_NONE    (-1)

/* --- what a store told us ------------------------------------------------------- */

struct live_loaded {
    int32_t turn;
    bool open;
    bool failed;
    int64_t generation;
    int64_t at;
    char screen[32];
    char state[64];
    char lang[16];
    char link[16];
    char agent[64];
};

struct live_message {
    int64_t id;
    int16_t bucket;
    int tries;
    char text[32];
};

struct live {
    struct event_base *base;
    struct store *store;
    bool up;
    int downs;
    bool inside;                        /* a request function is running: no answer may come */
    int expected;                       /* answers still owed */
    int8_t *outcomes;                   /* by ticket: enum store_outcome or LIVE_NONE */
    struct live_loaded *loads;          /* by ticket modulo 4096 */
    int rows;                           /* of the last answered question; LIVE_NONE failed */
    char cell[256];                     /* its first cell of column v */
    char reason[256];
    int asked, refused;                 /* questions answered with rows, without */
    int64_t first;                      /* of the last lease */
    int leased;
    struct live_message *messages;
    int message_count;
    char alert[256];                    /* as last told: "bn=...;en=...;" */
    int alerts;                         /* times told */
    int pins;                           /* answers to store_pin() */
    char pin[64];                       /* the last: "hash locked", "- locked", "none", "failed" */
};

static struct event_base *live_base;

static void live_on_state(void *arg, bool up)
{
    struct live *l = arg;

    assert_false(l->inside);
    l->up = up;
    l->downs += !up;
}

static void live_answered(struct live *l)
{
    assert_false(l->inside);
    assert_true(l->expected > 0);
    l->expected--;
}

static void live_on_loaded(void *arg, uint64_t ticket, const struct store_session *s, bool failed)
{
    struct live *l = arg;
    struct live_loaded *to = &l->loads[ticket % 4096];

    live_answered(l);
    memset(to, 0, sizeof *to);
    to->failed = failed;
    assert_int_equal(failed, s == NULL);
    if (s == NULL)
        return;
    to->turn = s->turn;
    to->open = s->open;
    to->generation = s->generation;
    to->at = s->at;
    snprintf(to->screen, sizeof to->screen, "%s", s->screen);
    snprintf(to->lang, sizeof to->lang, "%s", s->lang);
    snprintf(to->link, sizeof to->link, "%s", s->citizen_link);
    snprintf(to->agent, sizeof to->agent, "%s/%s", s->agent_name != NULL ? s->agent_name : "",
             s->agent_name != NULL ? s->agent_centre : "");
    assert_true(s->state_len < sizeof to->state);
    memcpy(to->state, s->state, s->state_len);
}

static void live_on_written(void *arg, uint64_t ticket, enum store_outcome outcome)
{
    struct live *l = arg;

    live_answered(l);
    assert_int_equal(l->outcomes[ticket], LIVE_NONE);       /* exactly once */
    l->outcomes[ticket] = (int8_t)outcome;
}

static void live_on_question(void *arg, uint64_t ticket, const struct store_rows *rows, const char *reason)
{
    struct live *l = arg;
    const char *cell = rows != NULL && store_rows_count(rows) > 0 ? store_rows_cell(rows, 0, "v") : NULL;

    (void)ticket;
    live_answered(l);
    l->rows = rows != NULL ? store_rows_count(rows) : LIVE_NONE;
    snprintf(l->cell, sizeof l->cell, "%s", cell != NULL ? cell : "(null)");
    snprintf(l->reason, sizeof l->reason, "%s", reason);
    l->asked += rows != NULL;
    l->refused += rows == NULL;
}

static void live_on_leased(void *arg, uint64_t ticket, int64_t first, int count)
{
    struct live *l = arg;

    (void)ticket;
    live_answered(l);
    l->first = first;
    l->leased = count;
}

static void live_on_outgoing(void *arg, const struct store_outgoing *m)
{
    struct live *l = arg;
    struct live_message *to = &l->messages[l->message_count++];

    assert_true(l->message_count < LIVE_TICKETS);
    *to = (struct live_message){ .id = m->id, .bucket = m->bucket, .tries = m->tries };
    snprintf(to->text, sizeof to->text, "%s", m->text);
}

static void live_on_alert(void *arg, const struct store_alert_text *texts, int count)
{
    struct live *l = arg;

    l->alert[0] = '\0';
    for (int i = 0; i < count; i++)
        snprintf(l->alert + strlen(l->alert), sizeof l->alert - strlen(l->alert), "%s=%s;", texts[i].lang,
                 texts[i].text);
    l->alerts++;
}

static void live_on_pin(void *arg, uint64_t ticket, const struct store_pin_row *row)
{
    struct live *l = arg;

    (void)ticket;
    assert_false(l->inside);
    if (row == NULL || !row->there)
        snprintf(l->pin, sizeof l->pin, "%s", row == NULL ? "failed" : "none");
    else
        snprintf(l->pin, sizeof l->pin, "%s%s", row->hash != NULL ? row->hash : "-", row->locked ? " locked" : "");
    l->pins++;
}

static const struct store_ops live_ops = {
    .state = live_on_state,
    .loaded = live_on_loaded,
    .written = live_on_written,
    .answered = live_on_question,
    .leased = live_on_leased,
    .outgoing = live_on_outgoing,
    .alert = live_on_alert,
    .pin = live_on_pin,
};

static const char *live_env(const char *name)
{
    const char *v = getenv(name);

    if (v == NULL)
        fail_msg("%s is not set: run tests/integration/run_live_store", name);
    return v;
}

static const char *live_sql_dir(void)
{
    const char *dir = getenv("KHEYA_TEST_SQL");

    return dir != NULL ? dir : "sql";
}

static struct live *live_new_with(struct store_args args)
{
    struct live *l = xcalloc(1, sizeof *l);

    l->base = live_base;
    l->outcomes = xcalloc(LIVE_TICKETS, 1);
    memset(l->outcomes, LIVE_NONE, LIVE_TICKETS);
    l->loads = xcalloc(4096, sizeof *l->loads);
    l->messages = xcalloc(LIVE_TICKETS, sizeof *l->messages);
    args.base = live_base;
    if (args.conninfo == NULL)
        args.conninfo = live_env("KHEYA_TEST_DAEMON");
    args.ops = &live_ops;
    args.arg = l;
    l->store = store_new(&args);
    return l;
}

static void live_free(struct live *l)
{
    store_free(l->store);
    free(l->outcomes);
    free(l->loads);
    free(l->messages);
    free(l);
}

/* Turn the loop until the condition holds; fail after ms. */
#define live_until(ms, condition)                                                           \
    do {                                                                                    \
        int64_t live_end = clock_mono() + (ms);                                             \
                                                                                            \
        while (!(condition)) {                                                              \
            struct timeval live_tv = { 0, 10000 };                                          \
                                                                                            \
            if (clock_mono() > live_end)                                                    \
                fail_msg("%s:%d: not within %d ms: %s", __FILE__, __LINE__, (ms), #condition); \
            event_base_loopexit(live_base, &live_tv);                                       \
            event_base_loop(live_base, EVLOOP_ONCE);                                        \
        }                                                                                   \
    } while (0)

static struct live *live_new(void)
{
    struct live *l = live_new_with((struct store_args){ 0 });

    live_until(10000, l->up);
    return l;
}

/* --- the other side: plain SQL, and the cluster's processes --------------------------- */

static PGconn *live_admin(void)
{
    PGconn *c = PQconnectdb(live_env("KHEYA_TEST_DATABASE"));

    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

/* The first cell as a number, 0 without rows. */
static long live_sql(const char *sql)
{
    PGconn *c = live_admin();
    PGresult *r = PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, 0);
    long v = 0;

    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    if (PQntuples(r) > 0 && PQnfields(r) > 0)
        v = strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    PQfinish(c);
    return v;
}

static bool live_hurt;                  /* a test did something to the cluster */

static int live_dev_db(const char *verb)
{
    char dir[4096];
    char word[16];
    char program[] = "scripts/dev-db";
    char *argv[] = { program, word, dir, NULL };
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    int status;

    snprintf(dir, sizeof dir, "%s", live_env("KHEYA_TEST_DIR"));
    snprintf(word, sizeof word, "%s", verb);
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawn(&pid, program, &quiet, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    live_hurt = true;
    return status;
}

static int live_setup(void **state)
{
    (void)state;
    live_base = event_base_new();
    assert_non_null(live_base);
    live_sql("TRUNCATE kheya.session, kheya.citizen, kheya.case_file, kheya.case_event, kheya.outbox,"
             " kheya.outbox_day, kheya.lane,"
             " kheya.generation, kheya.agent, kheya.alert, kheya.alert_text, kheya.audit, kheya.audit_wait, kheya.audit_seal, kheya.audit_sealed,"
             " kheya.pin, kheya.person");
    live_sql("UPDATE kheya.case_series SET next = 0");
    return 0;
}

static int live_teardown(void **state)
{
    (void)state;
    event_base_free(live_base);
    if (live_hurt) {                    /* also when the test failed half-way */
        live_dev_db("resume");
        live_dev_db("start");
        live_hurt = false;
    }
    return 0;
}

/* --- requests ------------------------------------------------------------------------------ */

static const char *live_msisdn(int i)
{
    static char text[4][24];
    static int k;

    k = (k + 1) % 4;
    snprintf(text[k], sizeof text[k], "88017%08d", i);
    return text[k];
}

static struct store_step live_step(const char *msisdn, int32_t turn)
{
    return (struct store_step){
        .msisdn = msisdn,
        .code = "*333#",
        .turn = turn,
        .open = true,
        .generation = 7,
        .at = 1764000000000,
        .screen = "main",
        .state = "answers",
        .state_len = 7,
    };
}

static void live_write(struct live *l, uint64_t ticket, struct store_step step)
{
    l->outcomes[ticket] = LIVE_NONE;
    l->expected++;
    l->inside = true;
    store_write(l->store, ticket, &step);
    l->inside = false;
}

static void live_load(struct live *l, uint64_t ticket, const char *msisdn)
{
    l->expected++;
    l->inside = true;
    store_load(l->store, ticket, msisdn, "*333#");
    l->inside = false;
}

static void live_ask(struct live *l, const char *name, const char *sql, int timeout_ms)
{
    struct store_question q = { .name = name, .sql = sql, .timeout_ms = timeout_ms, .max_rows = 5 };

    l->expected++;
    l->inside = true;
    store_ask(l->store, 1, &q);
    l->inside = false;
}

static void live_flush(struct live *l)
{
    l->inside = true;
    store_flush(l->store);
    l->inside = false;
}

static void live_settle(struct live *l)
{
    live_flush(l);
    live_until(20000, l->expected == 0);
    assert_int_equal(store_backlog(l->store), 0);
}

static int live_count(const struct live *l, int from, int to, int outcome)
{
    int n = 0;

    for (int i = from; i < to; i++)
        n += l->outcomes[i] == outcome;
    return n;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void test_step_and_load(void **state)
{
    struct live *l = live_new();
    struct store_step s = live_step("8801711111111", 1);

    (void)state;
    live_load(l, 1, "8801711111111");
    live_settle(l);
    assert_false(l->loads[1].failed);
    assert_int_equal(l->loads[1].turn, 0);
    assert_string_equal(l->loads[1].lang, "");

    s.lang = "bn";
    s.citizen_link = "gp";
    live_write(l, 2, s);
    live_settle(l);
    assert_int_equal(l->outcomes[2], STORE_WRITTEN);

    s = live_step("8801711111111", 2);
    s.open = false;
    s.generation = -3;
    s.screen = "পর্দা";
    s.state = "a\0b";
    s.state_len = 3;
    live_write(l, 3, s);
    live_settle(l);
    assert_int_equal(l->outcomes[3], STORE_WRITTEN);

    live_load(l, 4, "8801711111111");
    live_load(l, 5, "8801722222222");
    live_load(l, 6, "8801711111111");
    live_settle(l);
    for (int i = 4; i <= 6; i += 2) {
        assert_int_equal(l->loads[i].turn, 2);
        assert_false(l->loads[i].open);
        assert_int_equal(l->loads[i].generation, -3);
        assert_int_equal(l->loads[i].at, 1764000000000);
        assert_string_equal(l->loads[i].screen, "পর্দা");
        assert_memory_equal(l->loads[i].state, "a\0b", 4);
        assert_string_equal(l->loads[i].lang, "bn");
        assert_string_equal(l->loads[i].link, "gp");
    }
    assert_int_equal(l->loads[5].turn, 0);
    live_free(l);
}

/* Who is an agent comes with the session's row, and where there is none. */
static void test_agents(void **state)
{
    struct live *l = live_new();

    (void)state;
    live_sql("INSERT INTO kheya.agent (msisdn, name, centre, active) VALUES ('8801711000001', 'Rahima', 'Kukri', true),"
             " ('8801711000002', 'Karim', 'Dhania', false)");
    live_load(l, 1, "8801711000001");
    live_load(l, 2, "8801711000002");
    live_load(l, 3, "8801711000003");
    live_settle(l);
    assert_string_equal(l->loads[1].agent, "Rahima/Kukri");
    assert_int_equal(l->loads[1].turn, 0);
    assert_string_equal(l->loads[2].agent, "/");
    assert_string_equal(l->loads[3].agent, "/");
    /* SQL's own bucket is the daemon's */
    for (int i = 0; i < 300; i++) {
        char sql[128];

        snprintf(sql, sizeof sql, "SELECT kheya.bucket('%s')", live_msisdn(i * 7919));
        assert_int_equal(live_sql(sql), store_bucket(live_msisdn(i * 7919)));
    }
    live_free(l);
}

static void live_alert(struct live *l, const char *want)
{
    int before = l->alerts;

    store_alert(l->store);
    live_flush(l);
    live_until(10000, l->alerts > before);
    assert_string_equal(l->alert, want);
}

/* The newest active one that says something. */
static void test_alert(void **state)
{
    struct live *l = live_new();

    (void)state;
    live_alert(l, "");
    live_sql("WITH a AS (INSERT INTO kheya.alert DEFAULT VALUES RETURNING id)"
             " INSERT INTO kheya.alert_text SELECT id, lang, text FROM a, (VALUES ('en', 'Storm'), ('bn', 'ঝড়')) t(lang, text)");
    live_alert(l, "bn=ঝড়;en=Storm;");
    live_sql("INSERT INTO kheya.alert DEFAULT VALUES");
    live_alert(l, "bn=ঝড়;en=Storm;");
    live_sql("WITH a AS (INSERT INTO kheya.alert DEFAULT VALUES RETURNING id)"
             " INSERT INTO kheya.alert_text SELECT id, 'en', 'Flood' FROM a");
    live_alert(l, "en=Flood;");
    live_sql("UPDATE kheya.alert SET active = false WHERE id = (SELECT max(id) FROM kheya.alert)");
    live_alert(l, "bn=ঝড়;en=Storm;");
    live_sql("UPDATE kheya.alert SET active = false");
    live_alert(l, "");
    live_free(l);
}

static void live_pin(struct live *l, struct store_pin pin, const char *want)
{
    int before = l->pins;

    pin.msisdn = pin.msisdn != NULL ? pin.msisdn : "8801711111111";
    l->inside = true;
    store_pin(l->store, 1, &pin);
    l->inside = false;
    store_flush(l->store);
    live_until(10000, l->pins > before);
    if (strcmp(l->pin, want) != 0)
        fail_msg("'%s', not '%s'", l->pin, want);
}

#define LIVE_TRY(key, want) live_pin(l, (struct store_pin){ .step = STORE_PIN_TRY, .attempt = key }, want)
#define LIVE_SET(key, is, over, want) \
    live_pin(l, (struct store_pin){ .step = STORE_PIN_SET, .attempt = key, .hash = is, .replaces = over, .person = over ? 1 : 0 }, want)
#define LIVE_GOOD(is, want) live_pin(l, (struct store_pin){ .step = STORE_PIN_GOOD, .attempt = "x", .hash = is, .fresh = is, .person = 1 }, want)

/* As the role of the daemon: tries count once each, the third locks, who is locked
 * out is not compared, and nobody's PIN is replaced without leave. */
static void test_pins(void **state)
{
    struct live *l = live_new();
    const char *one = "$argon2id$1", *two = "$argon2id$2";
    const char *one_list = "1:$argon2id$1", *two_list = "1:$argon2id$2";

    (void)state;
    LIVE_TRY("a", "none");
    LIVE_SET("b", one, false, one);
    LIVE_SET("b", one, false, one);     /* the same keypress again */
    LIVE_SET("c", two, false, "-");
    LIVE_TRY("d", one_list);
    LIVE_TRY("d", one_list);
    LIVE_TRY("e", one_list);
    LIVE_GOOD(two, "none");             /* another one than hers */
    LIVE_GOOD(one, one);
    LIVE_TRY("f", one_list);
    LIVE_TRY("g", one_list);
    LIVE_TRY("h", "1:$argon2id$1 locked");
    LIVE_TRY("h", "1:$argon2id$1 locked");
    LIVE_TRY("i", "- locked");
    LIVE_SET("j", two, true, "- locked");
    live_pin(l, (struct store_pin){ .step = STORE_PIN_TRY, .attempt = "k", .msisdn = "8801722222222" }, "none");
    live_sql("UPDATE kheya.pin SET locked_until = now() - interval '1 s'");
    LIVE_TRY("l", one_list);
    LIVE_TRY("m", one_list);
    LIVE_SET("n", two, true, two);
    LIVE_TRY("o", two_list);
    LIVE_TRY("p", two_list);
    LIVE_TRY("q", "1:$argon2id$2 locked");
    LIVE_GOOD(two, two);                /* the third was the right one */
    LIVE_TRY("r", two_list);
    live_free(l);
}

static void test_stale_turns_are_lost(void **state)
{
    struct live *l = live_new();

    (void)state;
    live_write(l, 1, live_step("8801711111111", 1));
    live_settle(l);
    live_write(l, 2, live_step("8801711111111", 1));        /* a row is there */
    live_settle(l);
    live_write(l, 3, live_step("8801711111111", 3));        /* a turn was left out */
    live_settle(l);
    live_write(l, 4, live_step("8801711111111", 2));
    live_write(l, 5, live_step("8801722222222", 1));
    live_settle(l);
    live_write(l, 6, live_step("8801711111111", 2));        /* again, beside a good one */
    live_write(l, 7, live_step("8801722222222", 2));
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    assert_int_equal(l->outcomes[2], STORE_LOST);
    assert_int_equal(l->outcomes[3], STORE_LOST);
    assert_int_equal(l->outcomes[4], STORE_WRITTEN);
    assert_int_equal(l->outcomes[5], STORE_WRITTEN);
    assert_int_equal(l->outcomes[6], STORE_LOST);
    assert_int_equal(l->outcomes[7], STORE_WRITTEN);
    assert_int_equal(live_sql("SELECT turn FROM kheya.session WHERE msisdn = '8801711111111'"), 2);
    live_free(l);
}

/* Two processes, the same turns of the same sessions: each turn has one winner. */
static void test_two_stores_one_winner(void **state)
{
    struct live *a = live_new();
    struct live *b = live_new();

    (void)state;
    for (int turn = 1; turn <= 5; turn++) {
        for (int i = 0; i < 400; i++) {
            live_write(a, (uint64_t)i, live_step(live_msisdn(i), turn));
            live_write(b, (uint64_t)i, live_step(live_msisdn(399 - i), turn));
        }
        live_flush(a);
        live_flush(b);
        live_until(20000, a->expected == 0 && b->expected == 0);
        for (int i = 0; i < 400; i++) {
            int won = (a->outcomes[i] == STORE_WRITTEN) + (b->outcomes[399 - i] == STORE_WRITTEN);
            int lost = (a->outcomes[i] == STORE_LOST) + (b->outcomes[399 - i] == STORE_LOST);

            assert_int_equal(won, 1);
            assert_int_equal(lost, 1);
        }
    }
    live_free(a);
    live_free(b);
}

/* The next turn of a subscriber given before the first is answered goes after it. */
static void test_same_subscriber_in_one_turn(void **state)
{
    struct live *l = live_new();

    (void)state;
    for (int turn = 1; turn <= 6; turn++)
        live_write(l, (uint64_t)turn, live_step("8801711111111", turn));
    live_until(20000, (live_flush(l), l->expected == 0));
    for (int turn = 1; turn <= 6; turn++)
        assert_true(l->outcomes[turn] == STORE_WRITTEN || l->outcomes[turn] == STORE_LOST);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    /* two batches are in flight at once: the guard, not the order, is what is promised */
    assert_int_equal(live_sql("SELECT turn FROM kheya.session"), live_count(l, 1, 7, STORE_WRITTEN));
    live_free(l);
}

static void test_two_codes_of_one_subscriber(void **state)
{
    struct live *l = live_new();
    struct store_step s = live_step("8801711111111", 1);
    struct store_step t = live_step("8801711111111", 1);

    (void)state;
    t.code = "*16333#";
    s.lang = t.lang = "en";
    s.citizen_link = t.citizen_link = "gp";
    live_write(l, 1, s);
    live_write(l, 2, t);
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    assert_int_equal(l->outcomes[2], STORE_WRITTEN);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.session"), 2);
    live_free(l);
}

/* Are these written within some ms?  Works while the clock stands. */
static bool live_answers(struct live *l, int from, int to, int ms)
{
    for (int i = 0; i < ms && live_count(l, from, to, STORE_WRITTEN) < to - from; i++) {
        struct timeval tv = { 0, 1000 };

        event_base_loopexit(live_base, &tv);
        event_base_loop(live_base, EVLOOP_ONCE);
    }
    return live_count(l, from, to, STORE_WRITTEN) == to - from;
}

static void live_write_row(struct live *l, int i)
{
    live_write(l, (uint64_t)i, live_step(live_msisdn(i), 1));
    live_flush(l);
}

/* A small batch that follows another waits for thirty-two rows or six milliseconds. */
static void test_small_batches_wait(void **state)
{
    struct live *l = live_new();
    int64_t batches;

    (void)state;
    clock_fake_set(clock_mono());
    clock_fake_add(6);                  /* whatever the store wrote at its start is long ago */
    live_write_row(l, 0);
    assert_true(live_answers(l, 0, 1, 5000));
    batches = (int64_t)stats_get(batches);
    live_write_row(l, 1);
    assert_false(live_answers(l, 1, 2, 30));
    for (int i = 2; i <= 32; i++)
        live_write_row(l, i);
    assert_true(live_answers(l, 1, 33, 5000));
    assert_int_equal(stats_get(batches), batches + 1);
    live_write_row(l, 33);
    clock_fake_add(6);
    assert_true(live_answers(l, 33, 34, 5000));
    assert_int_equal(stats_get(batches), batches + 2);
    clock_fake_end();
    live_free(l);
}

/* Only the bad row pays. */
static void test_bad_rows_pay_alone(void **state)
{
    struct live *l = live_new();
    uint64_t refused = stats_get(rows_refused);
    struct store_case bad_case = { .number = 8100000001, .service = "complaint", .agency = "dss", .fields = "{\"a\": ",
                            .state = "submitted" };

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct store_step s = live_step(live_msisdn(i), 1);

        if (i == 137)
            s.screen = "\xff\xfe";      /* not UTF-8 */
        if (i == 205) {
            s.cases = &bad_case;        /* not JSON */
            s.case_count = 1;
        }
        live_write(l, (uint64_t)i, s);
    }
    live_settle(l);
    assert_int_equal(live_count(l, 0, 300, STORE_WRITTEN), 298);
    assert_int_equal(l->outcomes[137], STORE_REFUSED);
    assert_int_equal(l->outcomes[205], STORE_REFUSED);
    assert_int_equal(stats_get(rows_refused) - refused, 2);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.session"), 298);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_file"), 0);
    assert_true(l->up);
    live_free(l);
}

static void test_too_large_is_refused(void **state)
{
    struct live *l = live_new();
    struct store_step s = live_step("8801711111111", 1);
    char *huge = xcalloc(1, 2u << 20);

    (void)state;
    s.state = huge;
    s.state_len = 2u << 20;
    live_write(l, 1, s);
    live_write(l, 2, live_step("8801722222222", 1));
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_REFUSED);
    assert_int_equal(l->outcomes[2], STORE_WRITTEN);
    free(huge);
    live_free(l);
}

/* --- what a step opens and causes ---------------------------------------------------------- */

static void test_lost_step_opens_nothing(void **state)
{
    struct live *l = live_new();
    struct store_case c = { .number = 8100000001, .service = "complaint", .agency = "dss", .fields = "{\"trouble\": \"late\"}",
                            .state = "submitted" };
    struct store_message m = { "case:1:submitted", "8801711111111", "", "bn", "transactional", "১", 5, NULL, 0 };
    struct store_audit a[2] = { { "agent", "asked", "{\"for\": \"x\"}" }, { "agent", "agreed", "{}" } };
    struct store_step s = live_step("8801711111111", 1);

    (void)state;
    s.cases = &c;
    s.case_count = 1;
    s.messages = &m;
    s.message_count = 1;
    s.audits = a;
    s.audit_count = 2;
    s.lang = "bn";
    s.citizen_link = "gp";
    live_write(l, 1, s);
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_file WHERE number = 8100000001 AND state = 'submitted'"
                              " AND fields ->> 'trouble' = 'late' AND code = '*333#' AND turn = 1"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_event WHERE number = 8100000001 AND seq = 1"), 1);

    assert_int_equal(live_sql("SELECT count(*) FROM kheya.audit WHERE msisdn = '8801711111111' AND turn = 1"
                              " AND actor = 'agent' AND (seq, event, fields ->> 'for') IN ((0, 'asked', 'x'))"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.audit"), 2);

    c.number = 8100000002;              /* computed again from the old turn, with a new number */
    m.cause = "case:2:submitted";
    s.citizen_link = "robi";
    live_write(l, 2, s);
    live_settle(l);
    assert_int_equal(l->outcomes[2], STORE_LOST);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_file"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.audit"), 2);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.citizen WHERE link = 'gp'"), 1);
    /* the daemon may add to the audit, not change it */
    assert_int_equal(live_sql("SELECT (has_table_privilege('kheya_daemon', 'kheya.audit', 'UPDATE')"
                              " OR has_table_privilege('kheya_daemon', 'kheya.audit', 'DELETE'))::integer"), 0);
    live_free(l);
}

static void test_same_cause_is_one_message(void **state)
{
    struct live *l = live_new();
    struct store_message m[2] = { { "receipt:9", "8801711111111", "gp", "bn", "transactional", "one", 5, NULL, 0 },
                                  { "receipt:9", "8801711111111", "gp", "bn", "transactional", "two", 5, NULL, 0 } };
    struct store_step s = live_step("8801711111111", 1);

    (void)state;
    s.messages = m;
    s.message_count = 2;
    live_write(l, 1, s);
    live_settle(l);
    s.turn = 2;
    live_write(l, 2, s);
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    assert_int_equal(l->outcomes[2], STORE_WRITTEN);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE text = 'one'"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox"), 1);
    live_free(l);
}

/* 500 steps of one turn, some lost, some with cases and messages: each has its own. */
static void test_full_batch_keeps_apart(void **state)
{
    struct live *l = live_new();
    char causes[500][32];

    (void)state;
    for (int i = 0; i < 500; i += 5)
        live_write(l, (uint64_t)i, live_step(live_msisdn(i), 1));
    live_settle(l);
    for (int i = 0; i < 500; i++) {
        struct store_case c = { .number = 8100000000 + i, .service = "complaint", .agency = "dss", .fields = "{}",
                            .state = "submitted" };
        struct store_message m = { causes[i], live_msisdn(i), "", "bn", "transactional", "text", 5, NULL, 0 };
        struct store_step s = live_step(live_msisdn(i), 1);

        snprintf(causes[i], sizeof causes[i], "case:%d", i);
        if (i % 2 == 0) {
            s.cases = &c;
            s.case_count = 1;
        }
        if (i % 3 == 0) {
            s.messages = &m;
            s.message_count = 1;
        }
        live_write(l, 1000 + (uint64_t)i, s);
    }
    live_settle(l);
    assert_int_equal(live_count(l, 1000, 1500, STORE_LOST), 100);
    assert_int_equal(live_count(l, 1000, 1500, STORE_WRITTEN), 400);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_file"), 200);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox"), 133);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.case_file"
                              " WHERE msisdn <> '88017' || lpad((number - 8100000000)::text, 8, '0')"
                              " OR (number - 8100000000) % 5 = 0"), 0);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE receiver <> '88017' ||"
                              " lpad(substr(cause, 6), 8, '0')"), 0);
    live_free(l);
}

/* --- faults ------------------------------------------------------------------------------------- */

/* Nothing stands: every request is answered, and not from within. */
static void test_database_away(void **state)
{
    struct live *l = live_new_with((struct store_args){ .conninfo = "host=/nonexistent port=1 dbname=none" });

    (void)state;
    live_write(l, 1, live_step("8801711111111", 1));
    live_load(l, 2, "8801711111111");
    live_ask(l, "one", "SELECT 1 AS v", 5000);
    l->expected++;
    store_lease(l->store, 3, 8, 10);
    store_outbox_take(l->store, &(struct store_taking){ .lanes = { { "gp", 10, true } }, .lane_count = 1, .fallback = "gp" });
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_UNKNOWN);
    assert_true(l->loads[2].failed);
    assert_int_equal(l->rows, LIVE_NONE);
    assert_string_equal(l->reason, "database away");
    assert_int_equal(l->first, -1);
    assert_false(store_is_up(l->store));
    assert_false(l->up);
    live_free(l);
}

/* Write turn after turn of 300 sessions while the server is killed with -9; what
 * was answered WRITTEN is there, what was UNKNOWN is there or not, nothing else. */
static void test_kill_mid_batch(void **state)
{
    struct live *l = live_new_with((struct store_args){ .batch_max = 50 });
    int32_t turns[300] = { 0 };
    int unknown = 0;

    (void)state;
    live_until(10000, l->up);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 300; i++)
            live_write(l, (uint64_t)i, live_step(live_msisdn(i), turns[i] + 1));
        live_flush(l);
        if (round % 4 == 3) {
            /* some of the six batches have committed, some are under way, some wait */
            live_until(20000, l->expected < 300);
            assert_int_equal(live_dev_db("kill"), 0);
        }
        live_until(20000, l->expected == 0);
        unknown += live_count(l, 0, 300, STORE_UNKNOWN);
        for (int i = 0; i < 300; i++) {
            assert_true(l->outcomes[i] == STORE_WRITTEN || l->outcomes[i] == STORE_UNKNOWN);
            turns[i] += l->outcomes[i] == STORE_WRITTEN;
        }
        if (round % 4 != 3)
            continue;
        live_until(20000, !l->up);
        assert_int_equal(live_dev_db("start"), 0);
        live_until(20000, l->up);
        for (int i = 0; i < 300; i++)
            live_load(l, (uint64_t)i, live_msisdn(i));
        live_settle(l);
        for (int i = 0; i < 300; i++) {
            int32_t real = l->loads[i].turn;

            assert_false(l->loads[i].failed);
            assert_true(real == turns[i] || (l->outcomes[i] == STORE_UNKNOWN && real == turns[i] + 1));
            turns[i] = real;
        }
    }
    assert_int_equal(l->downs, 3);
    assert_true(unknown > 0);
    live_free(l);
}

static void test_stopped_server(void **state)
{
    struct live *l = live_new_with((struct store_args){ .stall_ms = 400 });
    int64_t began;

    (void)state;
    live_until(10000, l->up);
    live_write(l, 1, live_step("8801711111111", 1));
    live_settle(l);
    assert_int_equal(live_dev_db("pause"), 0);
    began = clock_mono();
    live_write(l, 2, live_step("8801711111111", 2));
    live_load(l, 3, "8801711111111");
    live_ask(l, "one", "SELECT 1 AS v", 200);
    live_flush(l);
    live_until(5000, l->expected == 0);
    assert_true(clock_mono() - began < 2000);
    assert_int_equal(l->outcomes[2], STORE_UNKNOWN);
    assert_true(l->loads[3].failed);
    assert_int_equal(l->rows, LIVE_NONE);
    live_until(5000, !l->up);
    live_write(l, 4, live_step("8801711111111", 2));
    live_until(5000, l->expected == 0);
    assert_int_equal(l->outcomes[4], STORE_UNKNOWN);
    assert_int_equal(live_dev_db("resume"), 0);
    live_until(20000, l->up);
    live_load(l, 5, "8801711111111");
    live_settle(l);
    assert_true(l->loads[5].turn == 1 || l->loads[5].turn == 2);
    live_write(l, 6, live_step("8801711111111", l->loads[5].turn + 1));
    live_settle(l);
    /* the statement that was stopped may have committed in between */
    assert_true(l->outcomes[6] == STORE_WRITTEN || l->outcomes[6] == STORE_LOST);
    live_free(l);
}

/* An orderly stop: 57P01 on every connection. */
static void test_stop_and_start(void **state)
{
    struct live *l = live_new();

    (void)state;
    assert_int_equal(live_dev_db("stop"), 0);
    live_until(10000, !l->up);
    live_load(l, 1, "8801711111111");
    live_settle(l);
    assert_true(l->loads[1].failed);
    assert_int_equal(live_dev_db("start"), 0);
    live_until(20000, l->up);
    live_load(l, 1, "8801711111111");
    live_settle(l);
    assert_false(l->loads[1].failed);
    live_free(l);
}

/* A table locked by someone else: statement_timeout or our own timer, and then all goes on. */
static void test_locked_table(void **state)
{
    struct live *l = live_new_with((struct store_args){ .stall_ms = 300 });
    PGconn *c = live_admin();

    (void)state;
    live_until(10000, l->up);
    PQclear(PQexecParams(c, "BEGIN", 0, NULL, NULL, NULL, NULL, 0));
    PQclear(PQexecParams(c, "LOCK TABLE kheya.session IN ACCESS EXCLUSIVE MODE", 0, NULL, NULL, NULL, NULL, 0));
    live_write(l, 1, live_step("8801711111111", 1));
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_UNKNOWN);
    PQfinish(c);
    live_until(10000, l->up);
    live_write(l, 2, live_step("8801711111111", 1));
    live_settle(l);
    assert_int_equal(l->outcomes[2], STORE_WRITTEN);
    live_free(l);
}

/* Backends killed one by one: the other writer goes on, so the store stays up or comes back. */
static void test_terminated_backends(void **state)
{
    struct live *l = live_new();
    int turn = 0;

    (void)state;
    for (int round = 0; round < 10; round++) {
        live_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kheya_daemon'"
                 " ORDER BY random() LIMIT 1");
        live_write(l, 1, live_step("8801711111111", turn + 1));
        live_settle(l);
        if (l->outcomes[1] == STORE_UNKNOWN) {
            live_until(10000, store_is_up(l->store));
            live_load(l, 2, "8801711111111");
            live_settle(l);
            if (!l->loads[2].failed)
                turn = l->loads[2].turn;
        } else {
            assert_int_equal(l->outcomes[1], STORE_WRITTEN);
            turn++;
        }
    }
    assert_int_equal(live_sql("SELECT turn FROM kheya.session"), turn);
    live_free(l);
}

/* An errand that may not be done (its table is not for us any more) fails alone: the steps that fly on the same
 * connections are written, and the connections stay. */
static void test_errand_fails_alone(void **state)
{
    static const char pids[] = "SELECT sum(pid) FROM pg_stat_activity WHERE usename = 'kheya_daemon'";
    struct live *l = live_new();
    long before = live_sql(pids);

    (void)state;
    live_sql("REVOKE DELETE ON kheya.backend_answer FROM kheya_daemon");
    for (int i = 0; i < 40; i++) {
        store_answer_sweep(l->store, clock_now());
        live_write(l, 1 + (uint64_t)i, live_step(live_msisdn(i), 1));
        live_flush(l);
    }
    live_settle(l);
    live_sql("GRANT DELETE ON kheya.backend_answer TO kheya_daemon");
    assert_int_equal(live_count(l, 1, 41, STORE_WRITTEN), 40);
    assert_int_equal(l->downs, 0);
    assert_int_equal(live_sql(pids), before);
    live_free(l);
}

static void live_begin(PGconn *c, const char *sql)
{
    PQclear(PQexecParams(c, "BEGIN", 0, NULL, NULL, NULL, NULL, 0));
    PQclear(PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, 0));
}

/* Someone locks two rows in the other order: our statement is the one that finds
 * the deadlock and is undone.  It is sent again, and everything is written. */
static void test_deadlock_is_sent_again(void **state)
{
    static const char waits[] = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kheya_daemon'"
                                " AND wait_event_type = 'Lock'";
    struct live *l = live_new();
    PGconn *c = live_admin();
    const char *first = "8801700000011";
    const char *last = "8801700000007";
    char sql[128];

    (void)state;
    assert_true(store_bucket(first) < store_bucket(last));
    live_write(l, 1, live_step(first, 1));
    live_write(l, 2, live_step(last, 1));
    live_settle(l);
    snprintf(sql, sizeof sql, "UPDATE kheya.session SET screen = '' WHERE msisdn = '%s'", last);
    live_begin(c, sql);
    live_write(l, 3, live_step(last, 2));
    live_write(l, 4, live_step(first, 2));
    live_flush(l);
    live_until(3000, live_sql(waits) == 1);
    snprintf(sql, sizeof sql, "UPDATE kheya.session SET screen = '' WHERE msisdn = '%s'", first);
    assert_int_equal(PQsendQuery(c, sql), 1);
    live_until(4000, (PQconsumeInput(c), !PQisBusy(c)));    /* it has our first row: we were undone */
    for (PGresult *r; (r = PQgetResult(c)) != NULL;)
        PQclear(r);
    PQclear(PQexecParams(c, "COMMIT", 0, NULL, NULL, NULL, NULL, 0));
    PQfinish(c);
    live_settle(l);
    assert_int_equal(l->outcomes[3], STORE_WRITTEN);
    assert_int_equal(l->outcomes[4], STORE_WRITTEN);
    assert_int_equal(l->downs, 0);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.session WHERE turn = 2"), 2);
    live_free(l);
}

/* The first host of the list takes connections and says nothing, as one that
 * hangs: after one attempt the second is asked first. */
static void test_hanging_host_is_passed_over(void **state)
{
    char dir[] = "/tmp/kheya-hang.XXXXXX";
    struct sockaddr_un hang = { .sun_family = AF_UNIX };
    const char *real = strstr(live_env("KHEYA_TEST_DAEMON"), "host=") + strlen("host=");
    char conninfo[1024];
    struct live *l;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(hang.sun_path, sizeof hang.sun_path, "%s/.s.PGSQL.5432", dir);
    assert_int_equal(bind(fd, (const struct sockaddr *)&hang, sizeof hang), 0);
    assert_int_equal(listen(fd, 64), 0);
    snprintf(conninfo, sizeof conninfo, "host=%s,%s", dir, real);
    l = live_new_with((struct store_args){ .conninfo = conninfo, .stall_ms = 300, .writers = 1, .readers = 1 });
    live_until(5000, l->up);
    live_write(l, 1, live_step("8801711111111", 1));
    live_settle(l);
    assert_int_equal(l->outcomes[1], STORE_WRITTEN);
    live_free(l);
    close(fd);
    unlink(hang.sun_path);
    rmdir(dir);
}

/* Lines of stderr while the store meets a database of another version. */
static void test_version_mismatch(void **state)
{
    struct live *l;
    int64_t end;
    int saved = dup(STDERR_FILENO);
    FILE *log = tmpfile();
    char line[512];
    int lines = 0;

    (void)state;
    assert_non_null(log);
    live_sql("INSERT INTO kheya.version (version, name) VALUES (900, 'future')");
    fflush(stderr);
    dup2(fileno(log), STDERR_FILENO);
    l = live_new_with((struct store_args){ .retry_min_ms = 10, .retry_max_ms = 100 });
    live_load(l, 1, "8801711111111");
    end = clock_mono() + 1000;
    live_until(5000, clock_mono() > end);
    assert_false(l->up);
    assert_true(l->loads[1].failed);
    dup2(saved, STDERR_FILENO);
    rewind(log);
    while (fgets(line, sizeof line, log) != NULL) {
        lines++;
        assert_non_null(strstr(line, "the database has version 900, newer than this program's"));
    }
    assert_int_equal(lines, 1);
    live_sql("DELETE FROM kheya.version WHERE version = 900");
    live_until(10000, l->up);
    fclose(log);
    close(saved);
    live_free(l);
}

/* --- questions ----------------------------------------------------------------------------------- */

static void test_question_rows(void **state)
{
    static const char *const args[] = { "7", NULL, "x" };
    struct store_question q = { "args", "SELECT $1::int + 1 AS v, $2::text AS n, $3 AS x -- end", args, 3, 2000, 5 };
    struct live *l = live_new();

    (void)state;
    l->expected++;
    store_ask(l->store, 1, &q);
    live_settle(l);
    assert_int_equal(l->rows, 1);
    assert_string_equal(l->cell, "8");
    live_ask(l, "many", "SELECT g AS v FROM generate_series(1, 1000000) g;", 2000);
    live_settle(l);
    assert_int_equal(l->rows, 5);
    live_ask(l, "none", "SELECT 1 AS v WHERE false", 2000);
    live_settle(l);
    assert_int_equal(l->rows, 0);
    live_ask(l, "wrong", "SELECT nothing FROM nowhere", 2000);
    live_settle(l);
    assert_int_equal(l->rows, LIVE_NONE);
    assert_non_null(strstr(l->reason, "42P01"));
    live_ask(l, "wrong", "SELECT nothing FROM nowhere", 2000);      /* again on the same names */
    live_settle(l);
    assert_int_equal(l->rows, LIVE_NONE);
    live_ask(l, "late", "SELECT 1 / (g - 1) AS v FROM generate_series(1, 2) g", 2000);
    live_settle(l);
    assert_int_equal(l->rows, LIVE_NONE);
    live_ask(l, "secret", "SELECT '4821x'::int AS v", 2000);
    live_settle(l);
    assert_int_equal(l->rows, LIVE_NONE);
    assert_null(strstr(l->reason, "4821"));
    assert_true(l->up);
    live_free(l);
}

/* As an operator's query may be: it sees nothing of ours and changes nothing. */
static void test_question_rights(void **state)
{
    static const char *const wrong[] = {
        "SELECT msisdn AS v FROM kheya.session",
        "SELECT version AS v FROM kheya.version",
        "SELECT next AS v FROM kheya.case_series",
        "SELECT nextval('kheya.outbox_id_seq') AS v",
        "WITH x AS (DELETE FROM kheya.session RETURNING msisdn) SELECT msisdn AS v FROM x",
        "SELECT 1 AS v; DROP SCHEMA kheya CASCADE",
        "SELECT 1 AS v) AS q; DROP SCHEMA kheya CASCADE; --",
        "SELECT set_config('role', 'none', false) AS v",
        "RESET ROLE",
        "SELECT query_to_xml('RESET ROLE', false, false, '')::text AS v",
        "SELECT query_to_xml('SELECT msisdn FROM kheya.session', false, false, '')::text AS v",
    };
    struct live *l = live_new();
    char name[16];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(name, sizeof name, "wrong%zu", i);
        live_ask(l, name, wrong[i], 2000);
        live_settle(l);
        if (l->rows != LIVE_NONE)
            fail_msg("allowed: %s", wrong[i]);
    }
    live_ask(l, "who", "SELECT current_user AS v", 2000);
    live_settle(l);
    assert_string_equal(l->cell, "kheya_menu");
    assert_int_equal(live_sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'kheya'"), 1);
    live_free(l);
}

/* A view that changes under a prepared question: one answer may fail, the next is right. */
static void test_question_after_change(void **state)
{
    struct live *l = live_new_with((struct store_args){ .readers = 1 });

    (void)state;
    live_until(10000, l->up);
    live_sql("CREATE OR REPLACE VIEW svc.live AS SELECT 1 AS v");
    live_sql("GRANT SELECT ON svc.live TO kheya_menu");
    live_ask(l, "view", "SELECT * FROM svc.live", 2000);
    live_settle(l);
    assert_string_equal(l->cell, "1");
    live_sql("DROP VIEW svc.live");
    live_ask(l, "view", "SELECT * FROM svc.live", 2000);
    live_settle(l);
    assert_int_equal(l->rows, LIVE_NONE);
    live_sql("CREATE VIEW svc.live AS SELECT 'two'::text AS v, 3 AS w");
    live_sql("GRANT SELECT ON svc.live TO kheya_menu");
    live_ask(l, "view", "SELECT * FROM svc.live", 2000);
    live_settle(l);
    live_ask(l, "view", "SELECT * FROM svc.live", 2000);
    live_settle(l);
    assert_string_equal(l->cell, "two");
    live_sql("DROP VIEW svc.live");
    live_free(l);
}

/* One that sleeps is answered at its deadline; the others do not wait for it. */
static void test_slow_question(void **state)
{
    struct live *l = live_new();
    int64_t began = clock_mono();

    (void)state;
    live_ask(l, "slow", "SELECT pg_sleep(5)::text AS v", 600);
    live_flush(l);
    for (int i = 0; i < 200; i++) {
        live_ask(l, "quick", "SELECT 1 AS v", 500);
        live_flush(l);
    }
    live_until(400, l->asked == 200);
    assert_int_equal(l->refused, 0);
    live_until(2000, l->refused == 1);
    assert_string_equal(l->reason, "timed out");
    assert_true(clock_mono() - began < 900);
    live_until(1000, store_backlog(l->store) == 0);
    live_free(l);
}

/* All readers busy with sleepers: those behind are answered by their deadline,
 * and afterwards the readers serve again. */
static void test_all_readers_slow(void **state)
{
    struct live *l = live_new();

    (void)state;
    for (int i = 0; i < 4; i++)
        live_ask(l, "slow", "SELECT pg_sleep(3)::text AS v", 500);
    live_flush(l);
    live_until(5000, (live_flush(l), store_backlog(l->store) == 4));
    for (int i = 0; i < 30; i++)
        live_ask(l, "quick", "SELECT 1 AS v", 300);
    live_flush(l);
    live_until(2000, l->expected == 0);
    live_until(3000, store_backlog(l->store) == 0);
    l->asked = 0;
    for (int i = 0; i < 30; i++)
        live_ask(l, "quick", "SELECT 1 AS v", 1000);
    live_settle(l);
    assert_int_equal(l->asked, 30);
    live_free(l);
}

/* More statements than a connection keeps, and more questions than may wait. */
static void test_many_questions(void **state)
{
    struct live *l = live_new();
    char name[16];

    (void)state;
    for (int i = 0; i < 9000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        live_ask(l, name, "SELECT 1 AS v", 10000);
    }
    live_settle(l);
    assert_int_equal(l->asked, 9000);
    assert_true(live_sql("SELECT 1") == 1);
    l->asked = 0;
    for (int i = 0; i < 10500; i++)
        live_ask(l, "same", "SELECT 1 AS v", 10000);
    live_settle(l);
    assert_int_equal(l->asked, 10000);
    assert_int_equal(l->refused, 500);
    assert_true(l->up);
    live_free(l);
}

/* --- messages --------------------------------------------------------------------------------------- */

static void live_put_messages(int n)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
             " SELECT g %% 1024, 'c' || g, '88017', '', 'bn', 'transactional', 't' || g,"
             " (extract(epoch FROM now()) * 1000)::bigint - 100000 + g, 0, 0"
             " FROM generate_series(1, %d) g", n);
    live_sql(sql);
}

/* What waits for lane gp. */
static void live_take(struct live *l, int max)
{
    const struct store_taking what = {
        .lanes = { { "gp", max, true } }, .lane_count = 1, .fallback = "gp", .cap = 3, .tomorrow = clock_now() + 3600000,
    };

    store_outbox_take(l->store, &what);
    live_flush(l);
}

static void live_mark(struct live *l, int16_t bucket, int64_t id, enum store_sms_state state, const char *note,
                      int64_t later)
{
    store_outbox_mark(l->store, &(struct store_mark){ .bucket = bucket, .id = id, .state = (int)state, .note = note,
                                                      .later = later });
}

static void test_outbox_two_takers(void **state)
{
    struct live *a = live_new();
    struct live *b = live_new();
    int8_t *seen = xcalloc(2001, 1);

    (void)state;
    live_put_messages(2000);
    live_until(20000, (live_take(a, 50), live_take(b, 50), a->message_count + b->message_count >= 2000));
    assert_int_equal(a->message_count + b->message_count, 2000);
    assert_true(a->message_count > 0 && b->message_count > 0);
    for (int k = 0; k < 2; k++) {
        struct live *l = k == 0 ? a : b;

        for (int i = 0; i < l->message_count; i++) {
            long n = strtol(l->messages[i].text + 1, NULL, 10);

            assert_int_equal(seen[n]++, 0);
            assert_int_equal(l->messages[i].tries, 1);
            live_mark(l, l->messages[i].bucket, l->messages[i].id, STORE_SMS_ACCEPTED, NULL, 0);
        }
    }
    live_until(10000, (live_flush(a), live_flush(b),
                       live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 2 AND tries = 1") == 2000));
    live_take(a, 50);
    live_take(b, 50);
    live_ask(a, "after", "SELECT 1 AS v", 1000);
    live_settle(a);
    assert_int_equal(a->message_count + b->message_count, 2000);
    free(seen);
    live_free(a);
    live_free(b);
}

static void test_outbox_order_and_due(void **state)
{
    struct live *l = live_new();

    (void)state;
    live_put_messages(20);
    live_sql("UPDATE kheya.outbox SET due = 9000000000000 WHERE cause = 'c3'");
    live_take(l, 10);
    live_until(5000, l->message_count == 10);
    for (int i = 1; i < 10; i++)
        assert_true(strtol(l->messages[i - 1].text + 1, NULL, 10) < strtol(l->messages[i].text + 1, NULL, 10));
    live_take(l, 100);
    live_until(5000, l->message_count == 19);
    live_free(l);
}

/* A taker that died: its messages come back when the lease ends. */
static void test_outbox_lease_ends(void **state)
{
    struct live *a = live_new();
    struct live *b = live_new();

    (void)state;
    live_put_messages(10);
    live_take(a, 10);
    live_until(5000, a->message_count == 10);
    live_take(b, 10);
    live_ask(b, "after", "SELECT 1 AS v", 1000);
    live_settle(b);
    assert_int_equal(b->message_count, 0);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 1 AND lease_until BETWEEN"
                              " extract(epoch FROM now()) * 1000 + 5000 AND extract(epoch FROM now()) * 1000 + 16000"),
                     10);
    live_sql("UPDATE kheya.outbox SET lease_until = 1");
    live_take(b, 10);
    live_until(5000, b->message_count == 10);
    assert_int_equal(b->messages[0].tries, 2);

    /* a gives back what is b's by now, and b's stays b's; what bearerbox took from a counts */
    live_mark(a, a->messages[0].bucket, a->messages[0].id, STORE_SMS_WAITING, "", 5);
    live_mark(a, a->messages[1].bucket, a->messages[1].id, STORE_SMS_ACCEPTED, "", 5);
    live_until(5000, (live_flush(a), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 2") == 1));
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 1"), 9);

    live_mark(b, b->messages[0].bucket, b->messages[0].id, STORE_SMS_WAITING, "box full", 77);
    live_until(5000, (live_flush(b), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 0 AND later = 77"
                                              " AND note = 'box full'") == 1));
    live_free(a);
    live_free(b);
}

static void test_outbox_states_move_forward(void **state)
{
    struct live *l = live_new();
    const struct live_message *m;

    (void)state;
    live_put_messages(3);
    live_take(l, 10);
    live_until(5000, l->message_count == 3);
    m = l->messages;
    live_mark(l, m[0].bucket, m[0].id, STORE_SMS_ACCEPTED, "", 0);
    live_mark(l, m[0].bucket, m[0].id, STORE_SMS_DELIVERED, "done", 0);    /* in one statement */
    live_mark(l, m[1].bucket, m[1].id, STORE_SMS_UNDELIVERED, "\xff bad text of a telco", 0);
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state IN (4, 5)") == 2));
    live_mark(l, m[0].bucket, m[0].id, STORE_SMS_SENT, "late", 0);
    live_mark(l, m[1].bucket, m[1].id, STORE_SMS_WAITING, "late", 0);
    live_mark(l, m[2].bucket, m[2].id, STORE_SMS_FAILED, "refused", 0);
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 6"
                                              " AND note = 'refused'") == 1));
    assert_int_equal(live_sql("SELECT state FROM kheya.outbox WHERE cause = 'c1'"), 4);
    assert_int_equal(live_sql("SELECT state FROM kheya.outbox WHERE cause = 'c2'"), 5);
    live_free(l);
}

/* A one-time code is not readable once bearerbox has it, it failed, or its time is over; other messages stay. */
static void test_outbox_codes(void **state)
{
    struct live *l = live_new();
    const struct live_message *m;

    (void)state;
    live_sql("INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
             " SELECT 1, 'o' || i, '88017', 'gp', 'bn', CASE WHEN i = 4 THEN 'gov_info' ELSE 'otp' END, 'code ' || i, i, n, n"
             " FROM generate_series(1, 4) i, (SELECT (extract(epoch FROM now()) * 1000)::bigint AS n) t");
    live_sql("INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
             " SELECT 1, 'old' || i, '88017', 'gp', 'bn', CASE WHEN i = 1 THEN 'otp' ELSE 'gov_info' END, 'code ' || i, i,"
             " n, n FROM generate_series(1, 2) i, (SELECT (extract(epoch FROM now()) * 1000)::bigint - 301000 AS n) t");
    live_take(l, 10);
    live_until(5000, l->message_count == 5);        /* not the old code */
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause = 'old1' AND state = 6 AND text = ''"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE text <> ''"), 5);
    m = l->messages;
    for (int i = 0; i < 5; i++) {
        enum store_sms_state to = strcmp(m[i].text, "code 1") == 0 ? STORE_SMS_ACCEPTED :
                                  strcmp(m[i].text, "code 2") == 0 ? STORE_SMS_FAILED :
                                  strcmp(m[i].text, "code 3") == 0 ? STORE_SMS_WAITING : STORE_SMS_DELIVERED;

        live_mark(l, m[i].bucket, m[i].id, to, "", clock_now() + 60000);
    }
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 1") == 0));
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause IN ('o1', 'old1') AND text = ''"), 2);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause = 'o3' AND text = 'code 3' AND state = 0"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause IN ('o4') AND text = 'code 4'"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE class = 'otp' AND state > 1 AND text <> ''"), 0);
    live_free(l);
}

#define LIVE_NOW "(extract(epoch FROM now()) * 1000)::bigint"

static void live_message(const char *cause, const char *receiver, const char *link, const char *class, int64_t age,
                         const char *more)
{
    char sql[768];

    snprintf(sql, sizeof sql,
             "INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
             " SELECT 1, '%s', '%s', '%s', 'bn', '%s', '%s', n, n, n FROM (SELECT " LIVE_NOW " - %lld AS n) t",
             cause, receiver, link, class, cause, (long long)age);
    live_sql(sql);
    if (more != NULL) {
        snprintf(sql, sizeof sql, "UPDATE kheya.outbox SET %s WHERE cause = '%s'", more, cause);
        live_sql(sql);
    }
}

static void live_take_as(struct live *l, const struct store_taking *what)
{
    int before = l->message_count;

    store_outbox_take(l->store, what);
    live_flush(l);
    /* a take that brings nothing is told by the one behind it */
    live_sql("SELECT 1");
    for (int i = 0; i < 40 && l->message_count == before; i++) {
        struct timeval tv = { 0, 5000 };

        event_base_loopexit(live_base, &tv);
        event_base_loop(live_base, 0);
    }
}

static const char *live_taken(struct live *l, char out[256])
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < l->message_count; i++)
        n += (size_t)snprintf(out + n, 256 - n, "%s%s", i > 0 ? " " : "", l->messages[i].text);
    l->message_count = 0;
    return out;
}

/* The table of ranks in SQL is that of base/outbox. */
static void test_outbox_ranks(void **state)
{
    char sql[256];

    (void)state;
    for (int i = 0; i < OUTBOX_CLASSES; i++) {
        live_message(outbox_rules[i].name, "88017", "gp", outbox_rules[i].name, 0, NULL);
        snprintf(sql, sizeof sql, "SELECT rank FROM kheya.outbox WHERE cause = '%s'", outbox_rules[i].name);
        assert_int_equal(live_sql(sql), outbox_rules[i].rank);
    }
    live_sql("UPDATE kheya.outbox SET asked = true");
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE rank = 2"), 3);
    assert_int_equal(live_sql("SELECT max(rank) FROM kheya.outbox"), OUTBOX_ASKED_RANK);
}

/* Who waits longest goes first only among those of a rank; a lane that has no room keeps what is its own. */
static void test_outbox_priority(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 2, true }, { "robi", 9, true } }, .lane_count = 2, .fallback = "gp" };
    char text[256];

    (void)state;
    live_message("idea", "88017", "gp", "service_info", 9000, NULL);
    live_message("case", "88017", "gp", "transactional", 5000, NULL);
    live_message("answer", "88017", "gp", "service_info", 8000, "asked = true");
    live_message("storm", "88017", "gp", "emergency", 2000, NULL);
    live_message("code", "88017", "gp", "otp", 1000, NULL);
    live_message("other", "88018", "robi", "service_info", 0, NULL);
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "code storm other");
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "answer case");
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "idea");
    live_free(l);
}

/* In the quiet hours nothing goes that nobody asked for, and it goes when they are over. */
static void test_outbox_quiet_hours(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 9, true } }, .lane_count = 1, .fallback = "gp", .quiet_now = true };
    char text[256];

    (void)state;
    live_message("idea", "88017", "", "service_info", 4000, NULL);
    live_message("news", "88017", "", "gov_info", 3000, NULL);
    live_message("answer", "88017", "", "service_info", 2000, "asked = true");
    live_message("storm", "88017", "", "emergency", 1000, NULL);
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "storm answer");
    what.quiet_now = false;
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "news idea");
    live_free(l);
}

/* Three a day to one number, counted over processes; the fourth waits for tomorrow, or until it is too old. */
static void test_outbox_cap(void **state)
{
    struct live *a = live_new();
    struct live *b = live_new();
    struct store_taking what = { .lanes = { { "gp", 2, true } }, .lane_count = 1, .fallback = "gp", .cap = 3,
                                 .tomorrow = clock_now() + 3600000 };
    char text[256];

    (void)state;
    for (int i = 1; i <= 5; i++) {
        char cause[16];

        snprintf(cause, sizeof cause, "i%d", i);
        live_message(cause, "8801711111111", "gp", i % 2 ? "service_info" : "gov_info", 10000 - i, NULL);
    }
    live_sql("UPDATE kheya.outbox SET class = 'gov_info'");
    live_message("her", "8801722222222", "gp", "service_info", 0, NULL);
    live_message("case", "8801711111111", "gp", "transactional", 0, NULL);
    live_take_as(a, &what);
    assert_string_equal(live_taken(a, text), "case i1");
    live_take_as(b, &what);
    assert_string_equal(live_taken(b, text), "i2 i3");
    live_take_as(a, &what);
    assert_string_equal(live_taken(a, text), "");
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause IN ('i4', 'i5') AND state = 0"
                              " AND later > " LIVE_NOW " + 3000000 AND note = 'enough for today' AND tries = 0"), 2);
    live_take_as(a, &what);
    assert_string_equal(live_taken(a, text), "her");
    /* the next day */
    live_sql("UPDATE kheya.outbox_day SET day = day - 1");
    live_sql("UPDATE kheya.outbox SET later = 1 WHERE state = 0");
    live_take_as(a, &what);
    assert_string_equal(live_taken(a, text), "i4 i5");
    live_free(a);
    live_free(b);
}

/* What was given back untried is not counted again, nor as a try. */
static void test_outbox_untried(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 9, true } }, .lane_count = 1, .fallback = "gp", .cap = 1,
                                 .tomorrow = clock_now() + 3600000 };

    (void)state;
    live_message("idea", "88017", "gp", "service_info", 0, NULL);
    for (int i = 0; i < 3; i++) {
        live_take_as(l, &what);
        assert_int_equal(l->message_count, i + 1);
        assert_int_equal(l->messages[i].tries, i == 0 ? 1 : 2);
        store_outbox_mark(l->store, &(struct store_mark){ .bucket = 1, .id = l->messages[i].id, .note = "later",
                                                          .state = STORE_SMS_WAITING, .later = 1, .untried = i > 0 });
        live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 0") == 1));
    }
    assert_int_equal(live_sql("SELECT tries FROM kheya.outbox"), 1);
    live_free(l);
}

/* By class: five minutes, six hours, two days after it was due; also where no lane is up. */
static void test_outbox_expiry(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 9, true } }, .lane_count = 1, .fallback = "gp" };
    struct store_taking down = { .lanes = { { "gp", 0, false } }, .lane_count = 1, .fallback = "" };
    char text[256];

    (void)state;
    live_message("code", "88017", "gp", "otp", 301000, NULL);
    live_message("storm", "88017", "gp", "emergency", 6 * 3600000 + 1000, NULL);
    live_message("case", "88017", "gp", "transactional", 48 * 3600000LL + 1000, "later = due + 172000000");
    live_message("old", "88017", "gp", "transactional", 6 * 3600000 + 1000, NULL);
    live_message("soon", "88017", "gp", "transactional", 50 * 3600000LL, "due = " LIVE_NOW " - 1");      /* due long after */
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "old soon");
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 6 AND note = 'expired'"), 3);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE class = 'otp' AND text <> ''"), 0);
    live_free(l);

    l = live_new();
    live_message("code2", "88017", "gp", "otp", 301000, NULL);
    live_message("storm2", "88017", "", "emergency", 6 * 3600000 + 1000, NULL);
    live_message("later", "88017", "gp", "transactional", 0, NULL);
    live_take_as(l, &down);
    live_until(5000, live_sql("SELECT count(*) FROM kheya.outbox WHERE cause LIKE '%2' AND state = 6") == 2);
    assert_int_equal(l->message_count, 0);
    live_free(l);
}

/* Where she dialled in last, whatever her number begins with; else by prefix, the longest; else any. */
static void test_outbox_routes(void **state)
{
    static const struct store_prefix prefixes[] = { { "88018", "robi" }, { "880181", "gp" }, { "88019", "gone" } };
    struct live *l = live_new();
    struct store_taking what = {
        .lanes = { { "gp", 9, true }, { "robi", 9, true } }, .lane_count = 2, .fallback = "gp",
        .prefixes = prefixes, .prefix_count = 3,
    };
    char text[256];

    (void)state;
    live_sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES"
             " (kheya.bucket('8801700000001'), '8801700000001', 'bn', 'robi', 0),"
             " (kheya.bucket('8801700000002'), '8801700000002', 'bn', 'web', 0)");
    live_message("ported", "8801700000001", "", "transactional", 5000, NULL);
    live_message("web", "8801700000002", "", "transactional", 4000, NULL);
    live_message("prefix", "8801800000000", "", "transactional", 3000, NULL);
    live_message("longer", "8801810000000", "", "transactional", 2000, NULL);
    live_message("nowhere", "8801900000000", "", "transactional", 1000, NULL);
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "ported web prefix longer nowhere");
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE link = 'robi' AND cause IN ('ported', 'prefix')"), 2);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE link = 'gp'"), 3);
    live_free(l);
}

/* A lane that no process has any more: what waits for it is given another.  One
 * that is down for a minute keeps what can wait. */
static void test_outbox_strays(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 9, true }, { "down", 0, false } }, .lane_count = 2, .fallback = "gp" };
    char text[256];

    (void)state;
    live_sql("INSERT INTO kheya.lane SELECT 'down', " LIVE_NOW " - 61000");
    live_sql("INSERT INTO kheya.lane SELECT 'elsewhere', " LIVE_NOW " - 1000");
    live_message("renamed", "88017", "former", "transactional", 3000, NULL);
    live_message("wait", "88017", "down", "transactional", 2000, NULL);
    live_message("code", "88017", "down", "otp", 1000, NULL);
    live_message("theirs", "88017", "elsewhere", "otp", 1000, NULL);
    live_take_as(l, &what);
    assert_string_equal(live_taken(l, text), "code renamed");
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 0 AND link IN ('down', 'elsewhere')"), 2);
    live_free(l);
}

/* What failed goes to the other number, once; a code does not, nor what must not be sent at all. */
static void test_outbox_other_number(void **state)
{
    struct live *l = live_new();
    struct store_taking what = { .lanes = { { "gp", 9, true } }, .lane_count = 1, .fallback = "gp" };

    (void)state;
    live_sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen, other) VALUES"
             " (kheya.bucket('8801700000001'), '8801700000001', 'bn', 'gp', 0, '8801700000009')");
    live_message("hers", "8801700000001", "gp", "transactional", 0, NULL);
    live_message("case", "8801700000002", "gp", "transactional", 0, "other = '8801700000008'");
    live_message("code", "8801700000001", "gp", "otp", 0, NULL);
    live_message("unsafe", "8801700000001", "gp", "transactional", 0, "quiet = 2");
    live_message("none", "8801700000003", "gp", "transactional", 0, NULL);
    live_take_as(l, &what);
    assert_int_equal(l->message_count, 5);
    for (int i = 0; i < 5; i++)
        live_mark(l, 1, l->messages[i].id, i % 2 ? STORE_SMS_FAILED : STORE_SMS_UNDELIVERED, "gone", 0);
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state >= 5") == 5));
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 0"), 2);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause = 'hers/other' AND receiver = '8801700000009'"
                              " AND text = 'hers' AND link = '' AND whose = '8801700000001'"), 1);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox WHERE cause = 'case/other' AND receiver = '8801700000008'"), 1);
    l->message_count = 0;
    live_take_as(l, &what);
    assert_int_equal(l->message_count, 2);
    for (int i = 0; i < 2; i++)
        live_mark(l, 1, l->messages[i].id, STORE_SMS_FAILED, "gone too", 0);
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 6") >= 4));
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.outbox"), 7);
    live_free(l);
}

/* What became of a message outlives the fall of the database. */
static void test_marks_survive(void **state)
{
    struct live *l = live_new();

    (void)state;
    live_put_messages(100);
    live_take(l, 100);
    live_until(5000, l->message_count == 100);
    assert_int_equal(live_dev_db("kill"), 0);
    for (int i = 0; i < 100; i++)
        live_mark(l, l->messages[i].bucket, l->messages[i].id, STORE_SMS_ACCEPTED, "", 0);
    store_publish(l->store, &(struct store_generation){ 42, "sources", 7, 1000 }, false);
    live_flush(l);
    live_until(10000, !l->up);
    live_flush(l);
    assert_int_equal(live_dev_db("start"), 0);
    live_until(20000, l->up);
    live_until(5000, (live_flush(l), live_sql("SELECT count(*) FROM kheya.outbox WHERE state = 2") == 100));
    live_until(5000, live_sql("SELECT count(*) FROM kheya.generation WHERE id = 42 AND sources = 'sources'") == 1);
    live_free(l);
}

/* --- numbers --------------------------------------------------------------------------------------------- */

static void test_leases(void **state)
{
    struct live *a = live_new();
    struct live *b = live_new();
    int64_t next = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct live *l = i % 2 == 0 ? a : b;

        l->expected++;
        store_lease(l->store, 1, 8, 100);
        live_settle(l);
        assert_int_equal(l->first, next);
        assert_int_equal(l->leased, 100);
        next += 100;
    }
    live_sql("UPDATE kheya.case_series SET next = 99999950 WHERE series = 8");
    a->expected++;
    store_lease(a->store, 1, 8, 100);
    live_settle(a);
    assert_int_equal(a->first, -1);
    a->expected++;
    store_lease(a->store, 1, 8, 50);
    live_settle(a);
    assert_int_equal(a->first, 99999950);
    live_free(a);
    live_free(b);
}

static void test_generation_is_kept_once(void **state)
{
    struct live *l = live_new();

    (void)state;
    store_publish(l->store, &(struct store_generation){ 7, "a\0b", 3, 1000 }, false);
    live_flush(l);
    live_until(5000, live_sql("SELECT count(*) FROM kheya.generation WHERE sources = '\\x610062'") == 1);
    store_publish(l->store, &(struct store_generation){ 7, "other", 5, 1000 }, false);
    live_ask(l, "after", "SELECT 1 AS v", 1000);
    live_settle(l);
    live_load(l, 1, "8801711111111");
    live_settle(l);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.generation"), 1);
    live_free(l);
}

/* --- speed ------------------------------------------------------------------------------------------------ */

#define SPEED_STEPS 100000
#define SPEED_OPEN  1024

struct speed {
    struct live *live;
    int32_t turns[SPEED_OPEN];
    int sent;
    int written;
    bool taped;
};

static void speed_send(struct speed *s, int i)
{
    struct store_step step = live_step(live_msisdn(i), s->turns[i] + 1);
    static const char state[200] = "some two hundred octets of answers";
    struct store_tape tape = {
        .link = "gp", .lang = "bn", .kind = 1, .typed = "1",
        .facts = "{\"query\": \"last_payment\", \"rows\": [{\"state\": \"paid\", \"taka\": \"1950\"}]}",
    };

    step.state = state;
    step.state_len = sizeof state;
    tape.dialogue = store_tape_name(s->turns[i] / 8 * 8000, (uint32_t)i * 2654435761u);
    tape.step = s->turns[i] + 1;
    step.tape = s->taped ? &tape : NULL;
    s->sent++;
    store_write(s->live->store, (uint64_t)i, &step);
}

static void speed_on_written(void *arg, uint64_t ticket, enum store_outcome outcome)
{
    struct speed *s = arg;

    assert_int_equal(outcome, STORE_WRITTEN);
    s->written++;
    s->turns[ticket]++;
    if (s->sent < SPEED_STEPS)
        speed_send(s, (int)ticket);
}

static void speed_on_state(void *arg, bool up)
{
    struct speed *s = arg;

    s->live->up = up;
}

/* As the gateway does: requests as answers come, one flush a turn. */
static double speed_store(struct speed *s)
{
    static const struct store_ops ops = {
        .state = speed_on_state,
        .loaded = live_on_loaded,
        .written = speed_on_written,
        .answered = live_on_question,
        .leased = live_on_leased,
        .outgoing = live_on_outgoing,
    };
    struct store_args args = { .base = live_base, .conninfo = live_env("KHEYA_TEST_DAEMON"), .ops = &ops, .arg = s };
    struct live l = { .base = live_base };
    int64_t began;
    double took;

    s->live = &l;
    l.store = store_new(&args);
    live_until(10000, l.up);
    began = clock_mono_us();
    for (int i = 0; i < SPEED_OPEN; i++)
        speed_send(s, i);
    while (s->written < SPEED_STEPS) {
        store_flush(l.store);
        event_base_loop(live_base, EVLOOP_ONCE);
    }
    took = (double)(clock_mono_us() - began) / 1e6;
    store_free(l.store);
    return SPEED_STEPS / took;
}

/* The same rows by the same statement, two connections, nothing else. */
struct speed_lane {
    PGconn *conn;
    struct batch *batch;
    int first;
    int32_t turn;
};

static void speed_lane_send(struct speed_lane *l)
{
    static const char state[200] = "some two hundred octets of answers";
    struct pg_params p = { 0 };

    batch_clear(l->batch);
    l->turn++;
    for (int i = 0; i < SPEED_OPEN / 2; i++) {
        struct store_step step = live_step(live_msisdn(l->first + i), l->turn);

        step.state = state;
        step.state_len = sizeof state;
        assert_true(batch_add(l->batch, 0, &step));
    }
    batch_seal(l->batch);
    assert_int_equal(batch_params(l->batch, (struct batch_range){ 0, SPEED_OPEN / 2 }, &p), BATCH_STEPS);
    assert_int_equal(PQsendQueryPrepared(l->conn, "step", p.count, p.values, p.lengths, p.formats, 1), 1);
}

/* True when its statement has committed. */
static bool speed_lane_take(struct speed_lane *l)
{
    PGresult *r;

    assert_int_equal(PQconsumeInput(l->conn), 1);
    if (PQisBusy(l->conn))
        return false;
    r = PQgetResult(l->conn);
    assert_int_equal(PQntuples(r), SPEED_OPEN / 2);
    PQclear(r);
    assert_null(PQgetResult(l->conn));
    return true;
}

static double speed_raw(void)
{
    struct speed_lane lanes[2];
    int64_t began;
    int steps = 0;

    for (int k = 0; k < 2; k++) {
        lanes[k] = (struct speed_lane){ live_admin(), batch_new(SPEED_OPEN / 2), k * SPEED_OPEN / 2, 0 };
        PQclear(PQexecParams(lanes[k].conn, "SET plan_cache_mode = force_generic_plan", 0, NULL, NULL, NULL, NULL, 0));
        PQclear(PQprepare(lanes[k].conn, "step", sessions_sql(SESSIONS_WRITE_STEPS), 0, NULL));
    }
    began = clock_mono_us();
    for (int k = 0; k < 2; k++)
        speed_lane_send(&lanes[k]);
    while (steps < SPEED_STEPS) {
        struct pollfd fds[2] = { { PQsocket(lanes[0].conn), POLLIN, 0 }, { PQsocket(lanes[1].conn), POLLIN, 0 } };

        assert_true(poll(fds, 2, 10000) > 0);
        for (int k = 0; k < 2; k++)
            if (fds[k].revents != 0 && speed_lane_take(&lanes[k])) {
                steps += SPEED_OPEN / 2;
                speed_lane_send(&lanes[k]);
            }
    }
    began = clock_mono_us() - began;
    for (int k = 0; k < 2; k++) {
        PQfinish(lanes[k].conn);
        batch_free(lanes[k].batch);
    }
    return steps / ((double)began / 1e6);
}

/* Printed, not asserted: another load on the machine would make it a coin toss. */
static void test_hundred_thousand_steps(void **state)
{
    struct speed *s = xcalloc(1, sizeof *s);
    double raw;
    double ours;

    (void)state;
    raw = speed_raw();                  /* warms up */
    live_sql("TRUNCATE kheya.session");
    raw = speed_raw();
    live_sql("TRUNCATE kheya.session");
    ours = speed_store(s);
    printf("%d steps, %d open: store %.0f/s, the statement alone %.0f/s: %.0f %%\n", SPEED_STEPS, SPEED_OPEN, ours, raw,
           100 * ours / raw);
    assert_int_equal(live_sql("SELECT sum(turn) FROM kheya.session"), SPEED_STEPS);
    free(s);
}

/* Printed likewise: what the tape adds to a step. */
static void test_tape_costs(void **state)
{
    double rates[2];

    (void)state;
    for (int taped = 0; taped < 2; taped++) {
        struct speed *s = xcalloc(1, sizeof *s);

        live_sql("TRUNCATE kheya.session, kheya.tape");
        s->taped = taped > 0;
        rates[taped] = speed_store(s);
        free(s);
    }
    printf("%d steps: %.0f/s, with the tape %.0f/s: %.2f times as long\n", SPEED_STEPS, rates[0], rates[1],
           rates[0] / rates[1]);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.tape"), SPEED_STEPS);
    assert_int_equal(live_sql("SELECT count(*) FROM kheya.tape WHERE bucket IS NULL"), 0);
}

/* --- migrations ------------------------------------------------------------------------------------------ */

/* A database of the cluster, made anew. */
static void live_new_database(const char *name, char *conninfo, size_t n)
{
    char sql[128];
    const char *given = live_env("KHEYA_TEST_DATABASE");
    const char *at = strstr(given, " dbname=kheya ");

    assert_non_null(at);
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", name);
    live_sql(sql);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    live_sql(sql);
    snprintf(conninfo, n, "%.*s dbname=%s %s", (int)(at - given), given, name, at + strlen(" dbname=kheya "));
}

static void live_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A migration that does nothing. */
static const char *live_migration(int version)
{
    static char name[32];

    snprintf(name, sizeof name, "%04d_nothing.sql", version);
    return name;
}

static void test_migrate_refuses(void **state)
{
    static const char first[] = "CREATE SCHEMA kheya;\n"
                                "CREATE TABLE kheya.version (version integer, name text);\n";
    char conninfo[1024];
    char dir[] = "/tmp/kheya-migrate.XXXXXX";
    char err[512];
    char path[256];
    int from;
    int to;

    (void)state;
    assert_non_null(mkdtemp(dir));
    live_new_database("migrations", conninfo, sizeof conninfo);

    assert_int_equal(store_migrate("host=/nonexistent dbname=x", dir, &from, &to, err, sizeof err),
                     STORE_MIGRATE_FAILED);
    assert_int_equal(store_migrate(conninfo, "/nonexistent", &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    assert_string_equal(err, "/nonexistent: No such file or directory");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    live_file(dir, "0002_two.sql", "SELECT 1;\n-- ক\nSELECT 'ক' FROM\n  nowhere;\n");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    assert_non_null(strstr(err, "version 1 is missing"));

    /* the first goes in, the second fails on its line and leaves nothing */
    live_file(dir, "0001_one.sql", first);
    for (int v = 3; v <= STORE_SCHEMA_VERSION; v++)
        live_file(dir, live_migration(v), "SELECT 1;\n");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    assert_int_equal(from, 0);
    assert_int_equal(to, 1);
    assert_non_null(strstr(err, "0002_two.sql:4: relation \"nowhere\" does not exist"));
    live_file(dir, "0002_two.sql", "CREATE TABLE kheya.t (i integer);\nCOMMIT;\n");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    assert_non_null(strstr(err, "ends its transaction"));
    live_file(dir, "0002_two.sql", "CREATE TABLE kheya.u (i integer);\n");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATED);
    assert_int_equal(from, 1);
    assert_int_equal(to, STORE_SCHEMA_VERSION);
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATED);
    assert_int_equal(from, STORE_SCHEMA_VERSION);

    live_file(dir, live_migration(STORE_SCHEMA_VERSION + 1), "SELECT 1;\n");
    assert_int_equal(store_migrate(conninfo, dir, &from, &to, err, sizeof err), STORE_MIGRATE_FAILED);
    for (int v = 1; v <= STORE_SCHEMA_VERSION + 1; v++) {
        snprintf(path, sizeof path, "%s/%s", dir, v == 1 ? "0001_one.sql" : v == 2 ? "0002_two.sql" : live_migration(v));
        unlink(path);
    }
    rmdir(dir);
}

/* The migrations of the tree, on a new database and again on the same. */
static void test_migrate_tree(void **state)
{
    char conninfo[1024];
    char err[512];
    int from;
    int to;

    (void)state;
    live_new_database("fresh", conninfo, sizeof conninfo);
    if (store_migrate(conninfo, live_sql_dir(), &from, &to, err, sizeof err) != STORE_MIGRATED)
        fail_msg("%s", err);
    assert_int_equal(from, 0);
    assert_int_equal(to, STORE_SCHEMA_VERSION);
    assert_int_equal(store_migrate(conninfo, live_sql_dir(), &from, &to, err, sizeof err), STORE_MIGRATED);
    assert_int_equal(from, STORE_SCHEMA_VERSION);
    live_sql("INSERT INTO kheya.version (version, name) VALUES (900, 'future')");
    assert_int_equal(store_migrate(live_env("KHEYA_TEST_DATABASE"), live_sql_dir(), &from, &to, err, sizeof err),
                     STORE_MIGRATE_NEWER);
    assert_non_null(strstr(err, "newer than this program's"));
    live_sql("DELETE FROM kheya.version WHERE version = 900");
}

/* The database that all the tests use. */
static int live_group_setup(void **state)
{
    char err[512];
    int from;
    int to;

    (void)state;
    if (store_migrate(live_env("KHEYA_TEST_DATABASE"), live_sql_dir(), &from, &to, err, sizeof err) != STORE_MIGRATED) {
        fprintf(stderr, "live_store: %s\n", err);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define LIVE(f) cmocka_unit_test_setup_teardown(f, live_setup, live_teardown)
        LIVE(test_step_and_load),
        LIVE(test_agents),
        LIVE(test_alert),
        LIVE(test_pins),
        LIVE(test_stale_turns_are_lost),
        LIVE(test_two_stores_one_winner),
        LIVE(test_same_subscriber_in_one_turn),
        LIVE(test_two_codes_of_one_subscriber),
        LIVE(test_small_batches_wait),
        LIVE(test_bad_rows_pay_alone),
        LIVE(test_too_large_is_refused),
        LIVE(test_lost_step_opens_nothing),
        LIVE(test_same_cause_is_one_message),
        LIVE(test_full_batch_keeps_apart),
        LIVE(test_database_away),
        LIVE(test_kill_mid_batch),
        LIVE(test_stopped_server),
        LIVE(test_stop_and_start),
        LIVE(test_locked_table),
        LIVE(test_terminated_backends),
        LIVE(test_errand_fails_alone),
        LIVE(test_deadlock_is_sent_again),
        LIVE(test_hanging_host_is_passed_over),
        LIVE(test_version_mismatch),
        LIVE(test_question_rows),
        LIVE(test_question_rights),
        LIVE(test_question_after_change),
        LIVE(test_slow_question),
        LIVE(test_all_readers_slow),
        LIVE(test_many_questions),
        LIVE(test_outbox_two_takers),
        LIVE(test_outbox_order_and_due),
        LIVE(test_outbox_lease_ends),
        LIVE(test_outbox_states_move_forward),
        LIVE(test_outbox_codes),
        LIVE(test_outbox_ranks),
        LIVE(test_outbox_priority),
        LIVE(test_outbox_quiet_hours),
        LIVE(test_outbox_cap),
        LIVE(test_outbox_untried),
        LIVE(test_outbox_expiry),
        LIVE(test_outbox_routes),
        LIVE(test_outbox_strays),
        LIVE(test_outbox_other_number),
        LIVE(test_marks_survive),
        LIVE(test_leases),
        LIVE(test_generation_is_kept_once),
        LIVE(test_hundred_thousand_steps),
        LIVE(test_tape_costs),
        LIVE(test_migrate_refuses),
        LIVE(test_migrate_tree),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, live_group_setup, NULL);
}
