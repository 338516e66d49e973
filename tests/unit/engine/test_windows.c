/* windows: whose word counts, for the country and for a place. */
#include "rig.h"

#include "engine/windows.h"

static void count_place(void *arg, const char *place)
{
    char *list = arg;
    size_t n = strlen(list);

    snprintf(list + n, 64 - n, "%s ", place);
}

static void test_whose_word(void **state)
{
    const struct menu_service always = { .name = "b" };
    const struct menu_service menu = { .name = "b", .windowed = true, .from = 10, .to = 20 };
    const struct menu_service listed = { .name = "c", .windowed = true, .from = INT32_MAX, .to = INT32_MIN };
    struct windows *w = windows_new();
    char places[64] = "";

    (void)state;
    assert_true(windows_is_open(NULL, &always, "1", 5));
    assert_false(windows_is_open(NULL, &menu, "1", 9));
    assert_true(windows_is_open(NULL, &menu, "1", 10) && windows_is_open(NULL, &menu, "", 20));
    assert_false(windows_is_open(NULL, &listed, "", 15));
    windows_add(w, "a", "", 0, 100);
    windows_add(w, "b", "1", 30, 40);
    windows_add(w, "b", "1", 50, INT32_MAX);
    windows_add(w, "b", "2", INT32_MIN, 12);
    windows_add(w, "c", "", 30, 40);
    windows_add(w, "c", "1", 50, 60);
    windows_add(w, "cc", "1", 0, 100);
    assert_true(windows_is_open(w, &always, "1", 45));
    assert_true(windows_is_open(w, &menu, "", 15) && windows_is_open(w, &menu, "3", 15));
    assert_false(windows_is_open(w, &menu, "1", 15));
    assert_true(windows_is_open(w, &menu, "1", 40) && windows_is_open(w, &menu, "1", 1000));
    assert_false(windows_is_open(w, &menu, "1", 45));
    assert_true(windows_is_open(w, &menu, "2", 5));
    assert_false(windows_is_open(w, &menu, "2", 13));
    assert_true(windows_is_open(w, &listed, "", 35) && windows_is_open(w, &listed, "9", 30));
    assert_false(windows_is_open(w, &listed, "1", 35));
    assert_true(windows_is_open(w, &listed, "1", 50));
    assert_false(windows_is_open(w, &listed, "9", 50));
    windows_each_place(w, &menu, count_place, places);
    assert_string_equal(places, "1 2 ");
    places[0] = '\0';
    windows_each_place(w, &listed, count_place, places);
    assert_string_equal(places, "1 ");
    windows_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_whose_word) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
