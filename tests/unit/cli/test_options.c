#include "cli/verb.h"
#include "unit.h"

static const Verb UP = {.name = "up"}, STATUS = {.name = "status"};
const Verb *const VERBS[] = {&UP, &STATUS, NULL};

typedef struct Given {
    const char *port, *follow;
} Given;

static bool take(int *argc, char **argv, Given *given, Error *e) {
    const Option options[] = {{"--port", true, &given->port}, {"--follow", false, &given->follow}};
    return options_take(options, 2, argc, argv, e);
}

#define ARGV(...) \
    { (char *)(uintptr_t) "verb", __VA_ARGS__, NULL }
#define WORD(text) (char *)(uintptr_t)(text)

static void options_leave_the_operands_behind(void **state) {
    Error e = {0};
    Given given = {0};
    char *argv[] = ARGV(WORD("one"), WORD("--port"), WORD("4567"), WORD("two"), WORD("--follow"));
    int argc = 6;
    assert_true(take(&argc, argv, &given, &e));
    assert_string_equal(given.port, "4567");
    assert_string_equal(given.follow, "--follow");
    assert_int_equal(argc, 3);
    assert_string_equal(argv[1], "one");
    assert_string_equal(argv[2], "two");
}

static void a_value_may_stand_behind_an_equals_sign_and_be_empty(void **state) {
    Error e = {0};
    Given given = {0};
    char *argv[] = ARGV(WORD("--port="));
    int argc = 2;
    assert_true(take(&argc, argv, &given, &e));
    assert_string_equal(given.port, "");
}

static void behind_two_hyphens_everything_is_an_operand(void **state) {
    Error e = {0};
    Given given = {0};
    char *argv[] = ARGV(WORD("--"), WORD("--port"), WORD("-"));
    int argc = 4;
    assert_true(take(&argc, argv, &given, &e));
    assert_null(given.port);
    assert_int_equal(argc, 3);
    assert_string_equal(argv[1], "--port");
}

static void refused(const char *word, const char *next, const char *message) {
    Error e = {0};
    Given given = {0};
    char *argv[] = ARGV(WORD(word), WORD(next));
    int argc = next ? 3 : 2;
    assert_false(take(&argc, argv, &given, &e));
    assert_string_equal(e.message, message);
}

static void a_mistake_is_told_with_what_would_do(void **state) {
    refused("--prot", NULL, "unknown option --prot (did you mean \"--port\"?)");
    refused("--zebra", NULL, "unknown option --zebra; options are --port, --follow");
    refused("--port", NULL, "--port needs a value");
    refused("--follow=yes", NULL, "--follow takes no value");
}

static void a_number_outside_its_bounds_leaves_the_output_alone(void **state) {
    Error e = {0};
    int64_t port = 1;
    assert_true(option_int("--port", "65535", 0, 65535, &port, &e));
    assert_int_equal(port, 65535);
    assert_false(option_int("--port", "65536", 0, 65535, &port, &e));
    assert_false(option_int("--port", "80x", 0, 65535, &port, &e));
    assert_int_equal(port, 65535);
    assert_string_equal(e.message, "--port takes a whole number from 0 to 65535, not \"80x\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_leave_the_operands_behind),
        cmocka_unit_test(a_value_may_stand_behind_an_equals_sign_and_be_empty),
        cmocka_unit_test(behind_two_hyphens_everything_is_an_operand),
        cmocka_unit_test(a_mistake_is_told_with_what_would_do),
        cmocka_unit_test(a_number_outside_its_bounds_leaves_the_output_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
