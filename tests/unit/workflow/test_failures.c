#include "workflow/failures.h"

#include "unit.h"

typedef struct Case {
    const char *message, *place, *expected, *got;
} Case;

static void the_message_of_a_test_tells_where_and_what(void **state) {
    static const Case CASES[] = {
        {"AssertionError: assert 'http://h/dashboard' == 'http://h/register_user'\n  \n  - http://h/register_user\n  + http://h/dashboard\n"
         "\ndef test():\n>   assert x\n\ntests/test_integration.py:50: AssertionError",
         "tests/test_integration.py:50", "http://h/register_user", "http://h/dashboard"},
        {"AssertionError: assert 'http://h/dashboard' == 'http://...gister_user'\n  - http://h/register_user\n  + http://h/dashboard\n"
         "   +  where 'http://h/dashboard' = <Response [200]>.url",
         "", "http://h/register_user", "http://h/dashboard"},
        {"assert 3 == 4", "", "4", "3"},
        {"AssertionError: assert 'a == b' == 'c'", "", "c", "a == b"},
        {"AssertionError: 'x' != 'y'\nTraceback:\n  File \"tests/a.py\", line 7, in test_x", "tests/a.py:7", "y", "x"},
        {"KeyError: 'id'\ntests/a.py:9: in helper\n/usr/lib/python3/x.py:88: KeyError", "tests/a.py:9", "", ""},
        {"Expected values to be strictly equal:3 !== 4\nError [ERR_TEST_FAILURE]: Expected values to be strictly equal:\n\n3 !== 4\n\n"
         "    at AsyncResource.runInAsyncScope (node:async_hooks:206:9) {\n"
         "      at TestContext.<anonymous> (/codebuild/output/src/src/test/cart.test.js:4:30)\n      at Test.run (node:internal/x:79:25)\n"
         "    actual: 3,\n    expected: 4,\n    operator: 'strictEqual'\n",
         "test/cart.test.js:4", "4", "3"},
        {"Error: expect(received).toBe(expected) // Object.is equality\n\nExpected: \"a\"\nReceived: \"b\"\n"
         "    at Object.toBe (/codebuild/output/src/src/cart.test.js:5:20)\n    at run (/codebuild/output/src/src/node_modules/jest/x.js:1:2)",
         "cart.test.js:5", "a", "b"},
        {"AssertionError: expected 3 to equal 4\n    at Context.<anonymous> (file:///codebuild/x/test/a.mjs:9:1)", "/codebuild/x/test/a.mjs:9", "4",
         "3"},
        {"Failed\n    cart_test.go:12: Add(1, 2) = 3, want 4\n", "cart_test.go:12", "4", "3"},
        {"    cart_test.go:12: got \"a\", want \"b\"", "cart_test.go:12", "b", "a"},
        {"\tError Trace:\t/src/cart_test.go:11\n\tError:      \tNot equal: \n\t\texpected: 4\n\t\tactual  : 3", "", "4", "3"},
        {"org.opentest4j.AssertionFailedError: expected: <4> but was: <3>\n\tat org.junit.jupiter.api.AssertionUtils.fail(AssertionUtils.java:55)\n"
         "\tat shop.CartTest.adds(CartTest.java:9)\n\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)",
         "CartTest.java:9", "4", "3"},
        {"thread 'tests::adds' panicked at src/cart.rs:10:9:\nassertion `left == right` failed\n  left: 3\n right: 4", "src/cart.rs:10", "4", "3"},
        {"Expected: 4\n  Actual: 3", "", "4", "3"},
        {"something else", "", "", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        AUTO_ARENA arena = arena_new();
        Failure failure = failure_of_message(arena, STR("t"), str_of(CASES[i].message));
        if (!str_eq(failure.place, str_of(CASES[i].place))) fail_msg("%zu: place %.*s", i, STR_ARG(failure.place));
        if (!str_eq(failure.expected, str_of(CASES[i].expected))) fail_msg("%zu: expected %.*s", i, STR_ARG(failure.expected));
        if (!str_eq(failure.got, str_of(CASES[i].got))) fail_msg("%zu: got %.*s", i, STR_ARG(failure.got));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_message_of_a_test_tells_where_and_what)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
