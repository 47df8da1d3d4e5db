#include "formats/patterns.h"

#include "base/limits.h"
#include "unit.h"

static void groups_are_found(void **state) {
    PatternMatch match;
    assert_true(pattern_find(STR("(\\d+)-(x)?(\\d+)"), 0, STR("ab 12-34"), &match, NULL));
    assert_int_equal(match.count, 4);
    assert_true(str_is(match.groups[1], "12"));
    assert_true(str_is_none(match.groups[2]));
    assert_true(str_is(match.groups[3], "34"));
}

static void a_whole_match_takes_every_byte(void **state) {
    bool matches;
    assert_true(pattern_matches(STR("[a-z]+"), PATTERN_WHOLE, STR("abc"), &matches, NULL));
    assert_true(matches);
    assert_true(pattern_matches(STR("[a-z]+"), PATTERN_WHOLE, STR("abc\n"), &matches, NULL));
    assert_false(matches);
    assert_true(pattern_matches(STR("a|ab"), PATTERN_WHOLE, STR("ab"), &matches, NULL));
    assert_true(matches);
}

static void wrong_patterns_are_told(void **state) {
    Error e = {0};
    bool matches;
    assert_false(pattern_matches(STR("a(b"), 0, STR("x"), &matches, &e));
    assert_string_equal(e.code, "bad-pattern");
    assert_non_null(strstr(e.message, "character 4"));
}

static void hostile_patterns_end(void **state) {
    Error e = {0};
    bool matches;
    assert_false(pattern_matches(STR("(a+)+$"), 0, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), &matches, &e));
    assert_string_equal(e.code, "pattern-limit");
}

static void patterns_that_differ_behind_a_nul_are_two(void **state) {
    bool matches;
    assert_true(pattern_matches(STR("a\0b"), PATTERN_WHOLE, STR("a\0b"), &matches, NULL));
    assert_true(matches);
    assert_true(pattern_matches(STR("a\0c"), PATTERN_WHOLE, STR("a\0b"), &matches, NULL));
    assert_false(matches);
    pattern_cache_clear();
}

static void the_cache_forgets_when_full(void **state) {
    AUTO_ARENA arena = arena_new();
    for (int i = 0; i < 3 * LIMIT_PATTERN_CACHE; i++) {
        bool matches = false;
        assert_true(pattern_matches(str_format(arena, "x%d", i), PATTERN_WHOLE, str_format(arena, "x%d", i), &matches, NULL));
        assert_true(matches);
    }
    pattern_cache_clear();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found),
        cmocka_unit_test(a_whole_match_takes_every_byte),
        cmocka_unit_test(wrong_patterns_are_told),
        cmocka_unit_test(hostile_patterns_end),
        cmocka_unit_test(patterns_that_differ_behind_a_nul_are_two),
        cmocka_unit_test(the_cache_forgets_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
