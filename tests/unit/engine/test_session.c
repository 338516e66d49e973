#include "engine/session.h"

#include "base/sealed.h"
#include "rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char menu_yaml[] =
    "language: 1\n"
    "code: [\"*333#\"]\n"
    "name: T\n"
    "languages: {en: {name: English, sms: true}, bn: {name: Bangla, sms: true}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose, copied: Copied,\n"
    "  too_many: Stop, busy: Busy, continue: 'Go on?', 'yes': Ja, new: New, bye: Bye, no_code: None,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "records: {r: {no: whole, name: text(20)}}\n"
    "queries: {q: {sql: SELECT 1, returns: list of r}}\n"
    "screens:\n"
    "  main: {text: Main, options: {1: {text: A, goto: a}, 2: {text: L, goto: pick}}}\n"
    "  a: {text: A, input: {into: x, type: 'word(20)'}, goto: b}\n"
    "  b: {text: B, input: {into: n, type: 'whole'}, goto: c}\n"
    "  c: {text: C, options: {1: {text: End, goto: end}}}\n"
    "  pick: {text: Pick, list: {query: q, into: it, option: '{it.name}', goto: c, empty: c}}\n"
    "  end: {text: End, end: true}\n";

/* The same tree after an edit: b is gone, x has become a number. */
static const char other_yaml[] =
    "language: 1\n"
    "code: [\"*333#\"]\n"
    "name: T\n"
    "languages: {bn: {name: Bangla, sms: true}, en: {name: English, sms: true}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose, copied: Copied,\n"
    "  too_many: Stop, busy: Busy, continue: 'Go on?', 'yes': Ja, new: New, bye: Bye, no_code: None,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "screens:\n"
    "  c: {text: C, input: {into: n, type: 'whole'}, goto: end}\n"
    "  a: {text: A, input: {into: x, type: 'whole'}, goto: c}\n"
    "  main: {text: Main, options: {1: {text: A, goto: a}}}\n"
    "  end: {text: End, end: true}\n";

/* --- the table ---------------------------------------------------------------- */

static void test_open_and_find(void **state)
{
    struct session_table *t = session_table_new(3);
    struct session *a = session_open(t, "8801711000001", "*333#");
    struct session *b = session_open(t, "8801711000001", "*16123#");
    struct session *c = session_open(t, "8801711000002", "*333#");

    (void)state;
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(session_open(t, "8801711000001", "*333#"), a);
    assert_null(session_open(t, "8801711000003", "*333#"));     /* full */
    assert_ptr_equal(session_open(t, "8801711000002", "*333#"), c);
    assert_ptr_equal(a->code, c->code);                         /* interned */
    assert_int_equal(session_table_count(t), 3);
    assert_ptr_equal(session_find(t, b->id), b);
    assert_ptr_equal(session_find_key(t, "8801711000001", "*16123#"), b);
    assert_null(session_find_key(t, "8801711000003", "*333#"));
    assert_null(session_find(t, 0));
    assert_null(session_find(t, UINT64_MAX));
    assert_int_equal(a->state, SESSION_NEW);
    assert_int_equal(a->screen, MENU_NONE);
    session_table_free(t);
}

/* Across a gap an id finds nothing once its session has gone, even when another
 * has its place. */
static void test_forget(void **state)
{
    struct session_table *t = session_table_new(1);
    struct session *a = session_open(t, "8801711000001", "*333#");
    uint64_t old = a->id;
    struct session *b;

    (void)state;
    session_forget(t, a);
    assert_int_equal(a->state, SESSION_GONE);                   /* still there until the turn ends */
    assert_null(session_find(t, old));
    assert_null(session_find_key(t, "8801711000001", "*333#"));
    b = session_open(t, "8801711000001", "*333#");
    assert_non_null(b);
    assert_int_equal((uint32_t)b->id, (uint32_t)old);
    assert_null(session_find(t, old));
    session_reap(t);
    assert_ptr_equal(session_find(t, b->id), b);
    session_table_free(t);
}

static void count_one(void *arg, struct session *s)
{
    (void)s;
    ++*(int *)arg;
}

/* Many open, in any order gone: all that remain are found by both keys. */
static void test_many(void **state)
{
    enum { MANY = 20000 };
    struct session_table *t = session_table_new(MANY);
    uint64_t *ids = calloc(MANY, sizeof *ids);
    char msisdn[EVENT_MSISDN_MAX];
    int count = 0;

    (void)state;
    assert_non_null(ids);
    for (int i = 0; i < MANY; i++) {
        snprintf(msisdn, sizeof msisdn, "88017%08d", i);
        ids[i] = session_open(t, msisdn, "*333#")->id;
    }
    for (int i = 0; i < MANY; i += 3)
        session_forget(t, session_find(t, ids[i]));
    session_reap(t);
    for (int i = 0; i < MANY; i++) {
        struct session *s = session_find(t, ids[i]);

        snprintf(msisdn, sizeof msisdn, "88017%08d", i);
        assert_ptr_equal(session_find_key(t, msisdn, "*333#"), s);
        assert_int_equal(s == NULL, i % 3 == 0);
    }
    session_each(t, count_one, &count);
    assert_int_equal(count, session_table_count(t));
    free(ids);
    session_table_free(t);
}

/* Does a move end the process? */
static bool enter_dies(enum session_state from, enum session_state to)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct session s;

        (void)!freopen("/dev/null", "w", stderr);
        memset(&s, 0, sizeof s);
        s.state = from;
        signal(SIGABRT, SIG_DFL);
        session_enter(&s, to);
        _exit(s.state == to ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* The moves of session.h, and no other. */
static void test_states(void **state)
{
    static const char good[SESSION_STATES][SESSION_STATES + 1] = {
        /*                   NLRRWG */
        [SESSION_NEW]     = "-x---x",
        [SESSION_LOADING] = "--x--x",
        [SESSION_READY]   = "---x-x",
        [SESSION_RUNNING] = "--x-xx",
        [SESSION_WRITING] = "--x--x",
        [SESSION_GONE]    = "------",
    };

    (void)state;
    for (int from = 0; from < SESSION_STATES; from++)
        for (int to = 0; to < SESSION_STATES; to++)
            assert_int_equal(enter_dies((enum session_state)from, (enum session_state)to), good[from][to] == '-');
}

/* --- timers ------------------------------------------------------------------- */

struct expiry {
    struct session_table *t;
    int count;
    char last[EVENT_MSISDN_MAX];
    struct session *also;               /* forgotten beside the one that expires */
};

static void expire_forget(void *arg, struct session *s)
{
    struct expiry *e = arg;

    assert_int_equal(s->timer.deadline, 0);
    e->count++;
    memcpy(e->last, s->msisdn, sizeof e->last);
    session_forget(e->t, s);
    if (e->also != NULL && e->also != s) {
        session_forget(e->t, e->also);
        e->also = NULL;
    }
}

static int expire(struct expiry *e, int64_t now, int max)
{
    int before = e->count;

    session_expire(e->t, now, max, expire_forget, e);
    session_reap(e->t);
    return e->count - before;
}

static void test_timer(void **state)
{
    struct expiry e = { .t = session_table_new(100) };
    int64_t now = 1000000;
    struct session *a = session_open(e.t, "1", "*333#");
    struct session *b = session_open(e.t, "2", "*333#");
    struct session *c = session_open(e.t, "3", "*333#");

    (void)state;
    assert_int_equal(expire(&e, now, 10), 0);
    session_timer_set(e.t, a, now + 1000);
    session_timer_set(e.t, b, now + 1001);
    session_timer_set(e.t, c, now + 3600000);           /* many rounds of the wheel */
    assert_int_equal(expire(&e, now + 999, 10), 0);
    assert_int_equal(expire(&e, now + 1000, 10), 1);
    assert_string_equal(e.last, "1");
    session_timer_set(e.t, b, now + 5000);              /* again before it runs out */
    assert_int_equal(expire(&e, now + 4999, 10), 0);
    assert_int_equal(expire(&e, now + 5000, 10), 1);
    for (int64_t at = now + 5000; at < now + 3600000; at += 200000)
        assert_int_equal(expire(&e, at, 10), 0);
    session_timer_set(e.t, c, 0);
    assert_int_equal(expire(&e, now + 7200000, 10), 0);
    session_timer_set(e.t, c, now);                     /* long past: due at once */
    assert_int_equal(expire(&e, now + 7200001, 10), 1);
    session_table_free(e.t);
}

/* At most max at a time, and none is lost. */
static void test_timer_max(void **state)
{
    struct expiry e = { .t = session_table_new(100) };
    char msisdn[16];
    int total = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(msisdn, sizeof msisdn, "%d", i);
        session_timer_set(e.t, session_open(e.t, msisdn, "*333#"), 10000 + i * 37);
    }
    for (int i = 0; i < 15; i++) {
        int n = expire(&e, 20000, 7);

        assert_in_range(n, 0, 7);
        total += n;
    }
    assert_int_equal(total, 100);
    session_table_free(e.t);
}

/* The one that is called may forget another that is due as well. */
static void test_timer_forgets_other(void **state)
{
    struct expiry e = { .t = session_table_new(4) };
    struct session *a = session_open(e.t, "1", "*333#");
    struct session *b = session_open(e.t, "2", "*333#");

    (void)state;
    session_timer_set(e.t, a, 5000);
    session_timer_set(e.t, b, 5000);
    e.also = b;
    assert_int_equal(expire(&e, 6000, 10), 1);
    assert_int_equal(session_table_count(e.t), 0);
    session_table_free(e.t);
}

/* A long sleep of the process: everything due is found. */
static void test_timer_jump(void **state)
{
    struct expiry e = { .t = session_table_new(2000) };
    char msisdn[16];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        snprintf(msisdn, sizeof msisdn, "%d", i);
        session_timer_set(e.t, session_open(e.t, msisdn, "*333#"), 1000 + i * 200);
    }
    assert_int_equal(expire(&e, INT64_C(10000000000), 10000), 2000);
    session_table_free(e.t);
}

/* --- values ------------------------------------------------------------------- */

static struct session *values_session(struct session_table **t)
{
    *t = session_table_new(1);
    return session_open(*t, "1", "*333#");
}

static void check_value(const struct session *s, int var, const char *want)
{
    size_t len = 99;
    const char *p = session_get(s, var, &len);

    if (want == NULL) {
        assert_null(p);
        return;
    }
    assert_non_null(p);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(p, want, len);
}

static void test_values(void **state)
{
    struct session_table *t;
    struct session *s = values_session(&t);

    (void)state;
    check_value(s, 7, NULL);
    assert_true(session_set(s, 7, "abc", 3));
    assert_true(session_set(s, 300, "", 0));
    assert_true(session_set(s, 8, "x", 1));
    check_value(s, 7, "abc");
    check_value(s, 300, "");
    assert_true(session_set(s, 7, "de", 2));            /* shorter */
    assert_true(session_set(s, 8, "y", 1));             /* as long */
    check_value(s, 7, "de");
    check_value(s, 8, "y");
    assert_true(session_set(s, 300, NULL, 0));
    check_value(s, 300, NULL);
    check_value(s, 7, "de");
    session_unset_all(s);
    check_value(s, 7, NULL);
    session_table_free(t);
}

/* What does not fit is refused, and the old value stands. */
static void test_values_full(void **state)
{
    static char big[SESSION_VALUES_MAX];
    struct session_table *t;
    struct session *s = values_session(&t);

    (void)state;
    memset(big, 'a', sizeof big);
    assert_true(session_set(s, 1, "one", 3));
    assert_false(session_set(s, 2, big, sizeof big));
    check_value(s, 1, "one");
    check_value(s, 2, NULL);
    assert_false(session_set(s, 1, big, sizeof big - 3));
    check_value(s, 1, "one");
    assert_true(session_set(s, 1, big, sizeof big - 4));        /* exactly full */
    assert_false(session_set(s, 2, "x", 1));
    assert_true(session_set(s, 1, "two", 3));
    assert_true(session_set(s, 2, "x", 1));
    check_value(s, 1, "two");
    session_table_free(t);
}

/* Against a plain array, at random. */
static void test_values_random(void **state)
{
    char model[20][12] = { "" };
    bool has[20] = { false };
    struct session_table *t;
    struct session *s = values_session(&t);

    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        int var = rand() % 20;
        int len = rand() % 10;

        has[var] = rand() % 4 > 0;
        for (int k = 0; k < len; k++)
            model[var][k] = (char)('a' + rand() % 26);
        model[var][len] = '\0';
        if (has[var])
            assert_true(session_set(s, var, model[var], (size_t)len));
        else
            session_unset(s, var);
        for (int k = 0; k < 20; k++)
            check_value(s, k, has[k] ? model[k] : NULL);
    }
    session_table_free(t);
}

/* --- durable form --------------------------------------------------------------- */

/* A session with something in every field. */
static void fill(struct session *s, const struct menu *m)
{
    session_clear(s);
    s->menu = m;
    s->turn = 9;
    s->mode = SESSION_ASKS_RESUME;
    s->screen = menu_screen_find(m, "b");
    s->page = 2;
    s->tries = 1;
    s->remark = SESSION_COPIED;
    s->lang = menu_lang_find(m, "bn");
    s->lang_known = s->typed = s->opened = s->unseen = s->reply_end = true;
    s->stack[0] = menu_screen_find(m, "main");
    s->stack[1] = menu_screen_find(m, "a");
    s->depth = 2;
    assert_true(session_set(s, menu_var_find(m, "x", 1), "hello", 5));
    assert_true(session_set(s, menu_var_find(m, "n", 1), "42", 2));
    buf_adds(&s->path, "1*22");
    s->ref.len = 3;
    memcpy(s->ref.bytes, "ref", 3);
    s->event_count = 2;
    memset(s->events[0].bytes, 0xa5, EVENT_ID_SIZE);
    memset(s->events[1].bytes, 0x5a, EVENT_ID_SIZE);
    s->at = INT64_C(1767225600000);
    s->seen = s->at + 17;
    s->began = s->at - 60000;
    s->ended = s->at - 1;
    s->answer_hash = UINT64_C(0x1234567890abcdef);
    s->joined_len = 77;
    buf_adds(&s->reply, "Page\nঅভিযোগ");
}

static void check_filled(const struct session *s, const struct menu *m)
{
    assert_int_equal(s->mode, SESSION_ASKS_RESUME);
    assert_int_equal(s->screen, menu_screen_find(m, "b"));
    assert_int_equal(s->page, 2);
    assert_int_equal(s->tries, 1);
    assert_int_equal(s->remark, SESSION_COPIED);
    assert_int_equal(s->lang, menu_lang_find(m, "bn"));
    assert_true(s->lang_known && s->typed && s->opened && s->unseen && s->reply_end);
    assert_int_equal(s->depth, 2);
    assert_int_equal(s->stack[0], menu_screen_find(m, "main"));
    assert_int_equal(s->stack[1], menu_screen_find(m, "a"));
    check_value(s, menu_var_find(m, "x", 1), "hello");
    check_value(s, menu_var_find(m, "n", 1), "42");
    assert_string_equal(buf_str(&s->path), "1*22");
    assert_int_equal(s->ref.len, 3);
    assert_memory_equal(s->ref.bytes, "ref", 3);
    assert_int_equal(s->event_count, 2);
    assert_int_equal(s->events[0].bytes[0], 0xa5);
    assert_int_equal(s->events[1].bytes[15], 0x5a);
    assert_true(s->at == INT64_C(1767225600000) && s->seen == s->at + 17);
    assert_true(s->began == s->at - 60000 && s->ended == s->at - 1);
    assert_true(s->answer_hash == UINT64_C(0x1234567890abcdef));
    assert_int_equal(s->joined_len, 77);
    assert_string_equal(buf_str(&s->reply), "Page\nঅভিযোগ");
}

/* What she said stands sealed in the row, opens in no other row and under no other key. */
static void test_sealed(void **state)
{
    static const unsigned char key[SEALED_KEY_SIZE] = "one", other_key[SEALED_KEY_SIZE] = "other";
    struct menu *m = rig_menu(menu_yaml);
    struct session_table *t;
    struct session *s = values_session(&t), *other;
    struct buf plain, out;
    size_t same;

    (void)state;
    buf_init(&plain, SESSION_STATE_MAX);
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    assert_true(session_encode(s, &plain));
    s->seal = key;
    assert_true(session_encode(s, &out));
    assert_int_equal(out.data[0], 4);
    assert_memory_not_equal(plain.data + plain.len / 2, out.data + plain.len / 2, 16);
    session_clear(s);
    assert_true(session_decode(s, m, out.data, out.len));
    check_filled(s, m);
    assert_true(session_decode(s, m, plain.data, plain.len));   /* a row from before */
    check_filled(s, m);
    s->seal = other_key;
    assert_false(session_decode(s, m, out.data, out.len));
    s->seal = NULL;
    assert_false(session_decode(s, m, out.data, out.len));
    s->seal = key;
    for (same = 1; plain.data[same] == out.data[same]; same++)
        continue;                       /* up to the length of what is sealed, or its number of values */
    for (size_t at = same + 2; at < same + 60; at++) {
        out.data[at] = (char)(out.data[at] ^ 1);
        assert_false(session_decode(s, m, out.data, out.len));
        out.data[at] = (char)(out.data[at] ^ 1);
    }
    session_table_seal(t, key);
    session_forget(t, s);
    session_reap(t);
    other = session_open(t, "2", "*333#");
    assert_ptr_equal(other->seal, key);
    assert_false(session_decode(other, m, out.data, out.len));
    buf_fini(&plain);
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
}

static void test_round_trip(void **state)
{
    struct menu *m = rig_menu(menu_yaml);
    struct session_table *t;
    struct session *s = values_session(&t);
    struct buf out;

    (void)state;
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    assert_true(session_encode(s, &out));
    session_clear(s);
    assert_true(session_decode(s, m, out.data, out.len));
    check_filled(s, m);
    assert_ptr_equal(s->menu, m);
    assert_true(session_decode(s, m, out.data, out.len));       /* over a used one: the same */
    check_filled(s, m);
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
}

/* Cut anywhere, or with a byte too many: refused, and the session is empty. */
static void test_truncated(void **state)
{
    struct menu *m = rig_menu(menu_yaml);
    struct session_table *t;
    struct session *s = values_session(&t);
    struct buf out;

    (void)state;
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    assert_true(session_encode(s, &out));
    for (size_t n = 0; n < out.len; n++) {
        char *exact = malloc(n > 0 ? n : 1);    /* so that a read beyond it is seen */

        assert_non_null(exact);
        memcpy(exact, out.data, n);
        assert_false(session_decode(s, m, exact, n));
        assert_int_equal(s->screen, MENU_NONE);
        assert_int_equal(s->event_count, 0);
        assert_int_equal(s->reply.len, 0);
        free(exact);
    }
    buf_addc(&out, '\0');
    assert_false(session_decode(s, m, out.data, out.len));
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
}

/* A wrong byte anywhere is refused or harmless: what was read can be written
 * again, and all of it is in its bounds. */
static void test_flipped(void **state)
{
    struct menu *m = rig_menu(menu_yaml);
    struct session_table *t;
    struct session *s = values_session(&t);
    struct buf good, bad, out;

    (void)state;
    buf_init(&good, SESSION_STATE_MAX);
    buf_init(&bad, SESSION_STATE_MAX);
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    assert_true(session_encode(s, &good));
    for (size_t at = 0; at < good.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            buf_clear(&bad);
            buf_add(&bad, good.data, good.len);
            bad.data[at] = (char)(bad.data[at] ^ 1 << bit);
            if (!session_decode(s, m, bad.data, bad.len))
                continue;
            assert_in_range(s->depth, 0, SESSION_STACK_MAX);
            assert_in_range(s->event_count, 0, SESSION_EVENTS);
            assert_true(s->screen == MENU_NONE || m->screens[s->screen].text != NULL);
            buf_clear(&out);
            assert_true(session_encode(s, &out));
        }
    buf_fini(&good);
    buf_fini(&bad);
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
}

/* Its generation is gone: no place and no values, but who she is, her language,
 * what came before and the last page. */
static void test_other_generation(void **state)
{
    struct menu *m = rig_menu(menu_yaml);
    struct menu *other = rig_menu(other_yaml);
    struct session_table *t;
    struct session *s = values_session(&t);
    struct buf out;

    (void)state;
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    assert_true(session_encode(s, &out));
    assert_true(session_decode(s, other, out.data, out.len));
    assert_int_equal(s->mode, SESSION_AT_SCREEN);
    assert_int_equal(s->screen, MENU_NONE);
    assert_int_equal(s->depth, 0);
    assert_int_equal(s->page, 0);
    assert_int_equal(s->values.packed.len, 0);
    assert_int_equal(s->lang, menu_lang_find(other, "bn"));
    assert_true(s->lang_known);
    assert_int_equal(s->event_count, 2);
    assert_string_equal(buf_str(&s->reply), "Page\nঅভিযোগ");
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
    menu_free(other);
}

/* A dialogue that is over is so under any menus; the page that nobody confirmed stays. */
static void test_ended_elsewhere(void **state)
{
    struct menu *m = rig_menu(menu_yaml);
    struct menu *other = rig_menu(other_yaml);
    struct session_table *t;
    struct session *s = values_session(&t);
    struct buf out;

    (void)state;
    buf_init(&out, SESSION_STATE_MAX);
    fill(s, m);
    s->mode = SESSION_ENDED;
    assert_true(session_encode(s, &out));
    assert_true(session_decode(s, other, out.data, out.len));
    assert_int_equal(s->mode, SESSION_ENDED);
    assert_true(s->unseen && s->reply_end);
    assert_string_equal(buf_str(&s->reply), "Page\nঅভিযোগ");
    buf_fini(&out);
    session_table_free(t);
    menu_free(m);
    menu_free(other);
}

/* Memory beyond the variables: a session with a page in Bangla, at most 1 KB. */
static void test_memory(void **state)
{
    size_t tables = sizeof(struct session *) * 2 + sizeof(uint32_t);    /* slot, bucket, free list */
    size_t page = 256;                                  /* 70 units of three octets, in a buffer */
    size_t heap = 2 * 16;                               /* what malloc adds to the two blocks */

    (void)state;
    print_message("%zu octets a session beside its variables\n", sizeof(struct session) + page + tables + heap);
    assert_true(sizeof(struct session) + page + tables + heap <= 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_find),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_timer_max),
        cmocka_unit_test(test_timer_forgets_other),
        cmocka_unit_test(test_timer_jump),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_full),
        cmocka_unit_test(test_values_random),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_other_generation),
        cmocka_unit_test(test_ended_elsewhere),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
