#include "formats/junit.h"

#include "unit.h"

static JunitReport parsed(Arena *arena, const char *text) {
    JunitReport report = {0};
    Error e = {0};
    if (!junit_parse(arena, str_of(text), &report, &e)) fail_msg("%s", e.message);
    return report;
}

static void assert_case(const JunitCase *test, const char *suite, const char *prefix, const char *name, const char *status) {
    assert_true(str_is(test->suite, suite));
    assert_true(str_is(test->prefix, prefix));
    assert_true(str_is(test->name, name));
    assert_true(str_is(test_status_name(test->status), status));
}

static void a_report_of_pytest_is_read(void **state) {
    AUTO_ARENA arena = arena_new();
    JunitReport report = parsed(arena, "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites><testsuite name=\"pytest\" errors=\"1\" failures=\"1\" "
                                       "skipped=\"1\" tests=\"4\" time=\"0.123\">"
                                       "<testcase classname=\"tests.test_a\" name=\"test_ok\" time=\"0.001\" />"
                                       "<testcase classname=\"tests.test_a\" name=\"test_bad\" time=\"0.002\"><failure message=\"assert 1 == 2\">def "
                                       "test_bad():\n&gt; assert 1 == 2\nE assert 1 == 2</failure></testcase>"
                                       "<testcase classname=\"tests.test_a\" name=\"test_setup\" time=\"0\"><error message=\"failed on setup with "
                                       "&quot;x&quot;\">trace</error></testcase>"
                                       "<testcase classname=\"tests.test_a\" name=\"test_skip\" time=\"0\"><skipped type=\"pytest.skip\" "
                                       "message=\"later\">t.py:3: later</skipped></testcase>"
                                       "</testsuite></testsuites>");
    assert_int_equal(report.count, 4);
    assert_case(&report.cases[0], "pytest", "tests.test_a", "test_ok", "SUCCEEDED");
    assert_int_equal(report.cases[0].duration_ns, 1000000);
    assert_true(str_is_none(report.cases[0].message));
    assert_case(&report.cases[1], "pytest", "tests.test_a", "test_bad", "FAILED");
    assert_true(str_starts(report.cases[1].message, STR("def test_bad")));
    assert_case(&report.cases[2], "pytest", "tests.test_a", "test_setup", "ERROR");
    assert_true(str_is(report.cases[2].message, "failed on setup with \"x\"\ntrace"));
    assert_case(&report.cases[3], "pytest", "tests.test_a", "test_skip", "SKIPPED");
    assert_int_equal(report.duration_ns, 3000000);
    assert_int_equal(report.by_status[TEST_FAILED], 1);
}

static void a_report_of_surefire_has_one_suite_as_its_root(void **state) {
    AUTO_ARENA arena = arena_new();
    JunitReport report = parsed(
        arena, "<testsuite xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" name=\"com.x.AppTest\" time=\"1,002.5\"><properties><property "
               "name=\"a\" value=\"b\"/></properties>"
               "<testcase name=\"works\" classname=\"com.x.AppTest\" time=\"1,002.5\"><flakyFailure message=\"once\">t</flakyFailure></testcase>"
               "<testcase name=\"ignored\" classname=\"com.x.AppTest\"><skipped/></testcase></testsuite>");
    assert_case(&report.cases[0], "com.x.AppTest", "com.x.AppTest", "works", "SUCCEEDED");
    assert_int_equal(report.cases[0].duration_ns, 1002500000000);
    assert_case(&report.cases[1], "com.x.AppTest", "com.x.AppTest", "ignored", "SKIPPED");
    assert_true(str_is(report.cases[1].message, ""));
}

static void nested_suites_and_absent_classnames_are_read(void **state) {
    AUTO_ARENA arena = arena_new();
    JunitReport report = parsed(arena, "<testsuites name=\"jest tests\"><testsuite name=\"outer\"><testsuite name=\"inner\"><testcase "
                                       "name=\"a\"/></testsuite><testcase name=\"b\" classname=\"c\">"
                                       "<failure>Error: expected 1</failure></testcase></testsuite></testsuites>");
    assert_case(&report.cases[0], "inner", "inner", "a", "SUCCEEDED");
    assert_case(&report.cases[1], "outer", "c", "b", "FAILED");
    assert_true(str_is(report.cases[1].message, "Error: expected 1"));
}

static void gtest_says_in_an_attribute_what_did_not_run(void **state) {
    AUTO_ARENA arena = arena_new();
    JunitReport report = parsed(
        arena, "<testsuites><testsuite name=\"S\"><testcase name=\"D\" status=\"notrun\" classname=\"S\" time=\"0\"/></testsuite></testsuites>");
    assert_case(&report.cases[0], "S", "S", "D", "SKIPPED");
}

static void what_is_no_report_is_refused(void **state) {
    AUTO_ARENA arena = arena_new();
    JunitReport report;
    Error e = {0};
    assert_false(junit_parse(arena, STR("<coverage/>"), &report, &e));
    assert_non_null(strstr(e.message, "not <coverage>"));
    assert_false(junit_parse(arena, STR("{}"), &report, &e));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_of_pytest_is_read),
        cmocka_unit_test(a_report_of_surefire_has_one_suite_as_its_root),
        cmocka_unit_test(nested_suites_and_absent_classnames_are_read),
        cmocka_unit_test(gtest_says_in_an_attribute_what_did_not_run),
        cmocka_unit_test(what_is_no_report_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
