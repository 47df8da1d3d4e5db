#include "formats/paths.h"

#include "unit.h"

static void paths_are_normalised(void **state) {
    static const char *const pairs[][2] = {
        {"", "."},
        {".", "."},
        {"./a//b/", "a/b"},
        {"a/../b", "b"},
        {"../a/..", ".."},
        {"/..", "/"},
        {"/a/./b/../c", "/a/c"},
        {"a/..", "."},
        {"../../x", "../../x"},
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_string_equal(str_c(arena, path_normalise(arena, str_of(pairs[i][0]))), pairs[i][1]);
}

static void paths_are_joined_and_taken_apart(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_string_equal(str_c(arena, path_resolve(arena, STR("a"), STR("b"))), "a/b");
    assert_string_equal(str_c(arena, path_resolve(arena, STR("a/"), STR("/b"))), "/b");
    assert_string_equal(str_c(arena, path_dir(STR("a/b/"))), "a");
    assert_string_equal(str_c(arena, path_dir(STR("/a"))), "/");
    assert_string_equal(str_c(arena, path_dir(STR("a"))), ".");
    assert_string_equal(str_c(arena, path_base(STR("a/b/"))), "b");
    assert_string_equal(str_c(arena, path_base(STR("/"))), "/");
    assert_string_equal(str_c(arena, path_extension(STR("x/y.tar.gz"))), ".gz");
    assert_string_equal(str_c(arena, path_extension(STR(".profile"))), "");
}

static void what_leaves_its_folder_is_known(void **state) {
    static const char *const bad[] = {"", "/etc/passwd", "..", "a/../../b", "a/..", "../x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(path_is_contained(str_of(bad[i])));
    assert_false(path_is_contained((Str){"a\0b", 3}));
    assert_true(path_is_contained(STR("a/b/..c")));
    AUTO_ARENA arena = arena_new();
    assert_true(path_is_inside(arena, STR("/srv/app"), STR("/srv/app/x/../y")));
    assert_true(path_is_inside(arena, STR("/srv/app/"), STR("/srv/app")));
    assert_false(path_is_inside(arena, STR("/srv/app"), STR("/srv/application")));
    assert_false(path_is_inside(arena, STR("/srv/app"), STR("/srv/app/../other")));
    assert_true(path_is_inside(arena, STR("/"), STR("/x")));
    assert_false(path_is_inside(arena, STR("/"), STR("x")));
    assert_true(path_is_inside(arena, STR("."), STR("x/y")));
    assert_false(path_is_inside(arena, STR("."), STR("../y")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_normalised),
        cmocka_unit_test(paths_are_joined_and_taken_apart),
        cmocka_unit_test(what_leaves_its_folder_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
