/* kheya render: what it prints, and its exit status. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/render.h"

static const char menus[] =
    "language: 1\n"
    "code: ['*333#']\n"
    "name: Test\n"
    "languages: {en: {name: English, sms: true}, bn: {name: Bangla, sms: true}}\n"
    "keys: {back: '0', start: '00', more: '9', script: '*'}\n"
    "start: main\n"
    "helpline: '333'\n"
    "words:\n"
    "  {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose, copied: Copied,\n"
    "   too_many: 'Call {helpline}', busy: Busy, continue: 'Continue?', 'yes': 'Yes', new: New, bye: Bye,\n"
    "   no_code: No code, months: Jan Feb Mar Apr May June Jul Aug Sept Oct Nov Dec}\n"
    "types:\n"
    "  taka: {whole: 1..99999, width: 5}\n"
    "  nid4: {pattern: '[0-9]{4}', example: '4821', width: 4}\n"
    "  kind: {choice: {a: {en: Short, bn: Long name}, b: {en: Longest, bn: S}}}\n"
    "records:\n"
    "  payment: {taka: taka, sent: date, kind: kind, note: text(6), who: nid4}\n"
    "queries:\n"
    "  last: {sql: SELECT 1, args: [], returns: payment}\n"
    "  all: {sql: SELECT 1, args: [], returns: list of payment}\n"
    "screens:\n"
    "  main: {text: Title, options: {1: {text: One, goto: look}, 2: {text: Two, goto: rows}}}\n"
    "  look: {query: last, into: pay, none: none, fail: none, goto: paid}\n"
    "  paid: {text: 'Tk {pay.taka} {pay.sent|day} {pay.kind|name} {pay.note} {pay.who}', end: true}\n"
    "  none: {text: None, end: true}\n"
    "  rows: {text: Rows, list: {query: all, into: r, option: '{r.taka|money}', empty: none, fail: none, max: 3,\n"
    "         goto: paid_row}}\n"
    "  paid_row: {text: '{r.taka}', end: true}\n";

static char dir[] = "/tmp/kheya-test-render-XXXXXX";
static char file[sizeof dir + 20];
static char out[20000];
static char err[20000];

static int setup(void **state)
{
    FILE *f;

    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(file, sizeof file, "%s/kheya.yaml", dir);
    f = fopen(file, "w");
    if (f == NULL)
        return -1;
    fputs(menus, f);
    return fclose(f);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(file) | rmdir(dir);
}

static void read_back(int fd, int saved, int target, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    assert_true(n >= 0);
    text[n] = '\0';
    assert_true(dup2(saved, target) >= 0);
    close(saved);
    close(fd);
}

static int temporary(void)
{
    char name[] = "/tmp/kheya-test-out-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

/* Run with the words of line behind "render"; what it said is in out and err. */
static int run(const char *line)
{
    char copy[500];
    char command[] = "render";
    char *argv[20] = { command };
    int argc = 1;
    int out_fd = temporary();
    int err_fd = temporary();
    int saved_out = dup(STDOUT_FILENO);
    int saved_err = dup(STDERR_FILENO);
    char *rest = copy;
    int status;

    snprintf(copy, sizeof copy, "%s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        argv[argc++] = strcmp(word, "DIR") == 0 ? dir : word;
    fflush(stdout);
    assert_true(dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0);
    status = render_main(argc, argv);
    fflush(stdout);
    read_back(out_fd, saved_out, STDOUT_FILENO, out, sizeof out);
    read_back(err_fd, saved_err, STDERR_FILENO, err, sizeof err);
    return status;
}

static void test_pages(void **state)
{
    (void)state;
    assert_int_equal(run("DIR main --lang en"), 0);
    assert_string_equal(out, "--- main en, page 1, 24 of 160 septets\nTitle\n1 One\n2 Two\n0 Exit\n");
    assert_string_equal(err, "");
    assert_int_equal(run("DIR main"), 0);
    assert_non_null(strstr(out, "--- main en, page 1"));
    assert_non_null(strstr(out, "--- main bn, page 1"));
    assert_int_equal(run("DIR main --lang en --septets 21"), 0);
    assert_string_equal(out, "--- main en, page 1, 17 of 21 septets\nTitle\n1 One\n2 Two\n");
    assert_int_equal(run("DIR main --lang en --septets 20 --units 5"), 0);
    assert_int_equal(run("DIR main --lang en --septets 0"), 0);
    assert_string_equal(out, "--- main en, page 1, 24 septets\nTitle\n1 One\n2 Two\n0 Exit\n");
    assert_int_equal(run("DIR main --lang en --septets 16 --page 2"), 0);
    assert_string_equal(out, "--- main en, page 2, 11 of 16 septets\n1 One\n2 Two\n");
    assert_int_equal(run("DIR main --lang en --septets 3"), 1);
    assert_non_null(strstr(out, "DOES NOT FIT"));
}

static void test_values(void **state)
{
    (void)state;
    assert_int_equal(run("DIR paid --lang en"), 0);
    assert_string_equal(out, "--- paid en, page 1, 36 of 160 septets\nTk 99999 28 June Longest WWWWWW 9999\n");
    assert_int_equal(run("DIR paid --lang bn"), 0);
    assert_non_null(strstr(out, "\nTk 99999 28 June Long name WWWWWW 9999\n"));
    assert_int_equal(run("DIR paid --lang en --set pay.taka=7 --set pay.sent=02012026 --set pay.kind=a "
                         "--set pay.note=x --set pay.who=৪৮২২"), 0);
    assert_string_equal(out, "--- paid en, page 1, 23 of 160 septets\nTk 7 2 Jan Short x 4822\n");
    assert_int_equal(run("DIR rows --lang en"), 0);
    assert_string_equal(out, "--- rows en, page 1, 38 of 160 septets\nRows\n1 99,999\n2 99,999\n3 99,999\n0 Back\n");
}

static void test_link(void **state)
{
    static const char conf[] = "database: x\nlinks: {gp: {kind: kannel, smsc: {u1: {septets: 20}, s1: {channel: sms}}}}\n";
    char path[] = "/tmp/kheya-test-conf-XXXXXX";
    char line[200];
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, conf, sizeof conf - 1), sizeof conf - 1);
    close(fd);
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "DIR main --lang en -c %s --link %s", path, i == 0 ? "gp" : "u1");
        assert_int_equal(run(line), 0);
        assert_non_null(strstr(out, "17 of 20 septets"));
    }
    snprintf(line, sizeof line, "DIR main --lang en -c %s --link gp --septets 160", path);
    assert_int_equal(run(line), 0);
    assert_non_null(strstr(out, "24 of 160 septets"));
    snprintf(line, sizeof line, "DIR main -c %s --link s1", path);
    assert_int_equal(run(line), 1);
    assert_non_null(strstr(err, "has no link or SMSC id 's1'"));
    unlink(path);
}

static void test_wrong_use(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *says;
    } rows[] = {
        { "", 2, "usage: kheya render" },
        { "DIR", 2, "usage: kheya render" },
        { "DIR main more", 2, "usage: kheya render" },
        { "DIR main --what", 2, "usage: kheya render" },
        { "DIR main --septets", 2, "usage: kheya render" },
        { "DIR main --septets -1", 2, "usage: kheya render" },
        { "DIR main --units 1x", 2, "usage: kheya render" },
        { "DIR main --page 0", 2, "usage: kheya render" },
        { "DIR mian", 2, "kheya render: no screen 'mian'; did you mean 'main'?\n" },
        { "DIR look", 2, "kheya render: nothing is shown by screen 'look'\n" },
        { "DIR main --lang xx", 2, "kheya render: no language 'xx'\n" },
        { "DIR main --set taka", 2, "kheya render: --set wants VAR=VALUE, not 'taka'\n" },
        { "DIR main --set pay.tak=1", 2, "kheya render: no variable in 'pay.tak=1'; did you mean 'pay.taka'?\n" },
        { "DIR main --set pay.taka=x", 2, "kheya render: 'x' is no taka\n" },
        { "/nonexistent main", 1, "/nonexistent:1:1: error: " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(run(rows[i].line), rows[i].status);
        assert_string_equal(out, "");
        if (strstr(err, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].line, err);
    }
    assert_int_equal(run("--help"), 0);
    assert_non_null(strstr(out, "usage: kheya render"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages), cmocka_unit_test(test_values), cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_link),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
