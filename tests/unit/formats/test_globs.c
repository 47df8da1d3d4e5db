#include "formats/globs.h"

#include "unit.h"

typedef struct Case {
    const char *pattern, *path;
    bool matches;
} Case;

static void check(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool matches = glob_match(str_of(cases[i].pattern), str_of(cases[i].path));
        if (matches != cases[i].matches) fail_msg("\"%s\" and \"%s\": %d", cases[i].pattern, cases[i].path, matches);
    }
}
#define CHECK(cases) check(cases, sizeof cases / sizeof cases[0])

static void stars_stay_within_a_part(void **state) {
    static const Case cases[] = {
        {"*.jar", "a.jar", true},
        {"*.jar", "x/a.jar", false},
        {"target/*.jar", "target/a.jar", true},
        {"a*b*c", "aXXbYYc", true},
        {"a*b*c", "aXXbYY", false},
        {"*", "", true},
        {"*", ".hidden", true},
        {"a/*", "a/b/c", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    CHECK(cases);
}

static void two_stars_cross_parts(void **state) {
    static const Case cases[] = {
        {"**/*", "a", true},
        {"**/*", "a/b/c", true},
        {"**", "a/b", true},
        {"a/**", "a/b/c", true},
        {"a/**", "a", true},
        {"a/**", "b/c", false},
        {"a/**/z", "a/z", true},
        {"a/**/z", "a/b/c/z", true},
        {"a/**/z", "a/b/c/y", false},
        {"**/x/**/y", "a/x/b/x/c/y", true},
        {"**/x/y", "x/x/y", true},
        {"**/test_*.py", "tests/unit/test_a.py", true},
        {"**/test_*.py", "tests/unit/b.py", false},
        {"a**b", "axxb", true},
        {"a**b", "a/b", false},
        {"**/a/*/b", "a/a/b/a/x/b", true},
    };
    CHECK(cases);
}

static void sets_and_escapes_are_known(void **state) {
    static const Case cases[] = {
        {"[abc].txt", "b.txt", true}, {"[a-c].txt", "d.txt", false}, {"[!a-c].txt", "d.txt", true},
        {"[]].txt", "].txt", true},   {"[a.txt", "[a.txt", true},    {"\\*", "*", true},
        {"\\*", "a", false},          {"[a-]", "-", true},           {"x[0-9][0-9]", "x42", true},
    };
    CHECK(cases);
    assert_true(glob_is_literal(STR("a/b.c")));
    assert_false(glob_is_literal(STR("a/*.c")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_stay_within_a_part),
        cmocka_unit_test(two_stars_cross_parts),
        cmocka_unit_test(sets_and_escapes_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
