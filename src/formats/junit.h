// JUnit XML reports, as pytest, surefire, gradle, jest-junit, go-junit-report, gtest and others write them, to flat test cases.
//
// Status, prefix and duration as CodeBuild's DescribeTestCases names them (API reference: TestCase). The prefix is the case's classname;
// the suite is the name of the innermost <testsuite> around it. Of several outcomes of one case, error counts before failure before skipped;
// attempts that a later one made good (flakyFailure, flakyError, rerunFailure beside a success) do not count.
// Errors: code "bad-xml" (see xml.h) or "bad-junit" when the root is neither <testsuites> nor <testsuite>.
#pragma once

#include "base/error.h"

typedef enum TestStatus { TEST_SUCCEEDED, TEST_FAILED, TEST_ERROR, TEST_SKIPPED, TEST_STATUSES } TestStatus;

typedef struct JunitCase {
    Str suite, prefix, name;
    Str message; // the outcome's message attribute and text; STR_NONE when it succeeded
    Str file; // where the reporter says so; else STR_NONE
    int64_t line; // 0: unknown
    TestStatus status;
    int64_t duration_ns;
} JunitCase;

typedef struct JunitReport {
    const JunitCase *cases; // in the order of the report
    size_t count;
    size_t by_status[TEST_STATUSES];
    int64_t duration_ns; // sum over the cases
} JunitReport;

bool junit_parse(Arena *arena, Str text, JunitReport *out, Error *e);
Str test_status_name(TestStatus status); // "SUCCEEDED"
