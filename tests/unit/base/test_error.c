#include "base/error.h"
#include "unit.h"

#undef fail // here it is base/error.h's, not cmocka's
#define fail(...) fail_returned((fail)(__VA_ARGS__))

#include <errno.h>

static bool inner(Error *e) { return fail(e, "bad-thing", "%s is %d", "it", 7); }

static bool outer(Error *e) { return inner(e) || fail_within(e, "stage \"%s\"", "Build"); }

static void a_failure_says_what_and_where(void **state) {
    Error e = {0};
    assert_false(outer(&e));
    assert_true(error_is(&e, "bad-thing"));
    assert_string_equal(e.message, "stage \"Build\": it is 7");
}

static void the_systems_reason_stands_behind(void **state) {
    Error e = {0};
    assert_false(fail_errno(&e, ENOENT, "%s", "/no/file"));
    assert_true(error_is(&e, "system"));
    assert_string_equal(e.message, "/no/file: No such file or directory");
}

static void a_message_of_any_length_is_cut_and_terminated(void **state) {
    Error e = {0};
    char text[2 * ERROR_MESSAGE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_false(fail(&e, "long", "%s", text));
    assert_int_equal(strlen(e.message), ERROR_MESSAGE_BYTES - 1);
    assert_false(fail_within(&e, "context"));
    assert_true(strncmp(e.message, "context: xxx", 12) == 0);
    assert_in_range(strlen(e.message), 1000, ERROR_MESSAGE_BYTES - 1);
}

static void who_does_not_ask_is_not_told(void **state) { assert_false(outer(NULL)); }

static void a_cleared_error_is_none(void **state) {
    Error e = {0};
    assert_false(inner(&e));
    error_clear(&e);
    assert_true(error_is(&e, "") && e.message[0] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_says_what_and_where),
        cmocka_unit_test(the_systems_reason_stands_behind),
        cmocka_unit_test(a_message_of_any_length_is_cut_and_terminated),
        cmocka_unit_test(who_does_not_ask_is_not_told),
        cmocka_unit_test(a_cleared_error_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
