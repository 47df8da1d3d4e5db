#include "formats/junit.h"

#include "base/vec.h"
#include "formats/xml.h"

#include <math.h>

static const Str status_names[TEST_STATUSES] = {[TEST_SUCCEEDED] = STR_INIT("SUCCEEDED"),
                                                [TEST_FAILED] = STR_INIT("FAILED"),
                                                [TEST_ERROR] = STR_INIT("ERROR"),
                                                [TEST_SKIPPED] = STR_INIT("SKIPPED")};

Str test_status_name(TestStatus status) { return status_names[status]; }

// Seconds, with a fraction; surefire of some locales groups thousands by commas.
static int64_t duration_ns(Arena *arena, Str seconds) {
    double value;
    if (!str_to_double(str_replace(arena, str_trim(seconds), STR(","), STR("")), &value)) return 0;
    return value > 0 && value < 9e9 ? llround(value * 1e9) : 0;
}

// Reporters put the sentence into the attribute, the trace into the text, or either of them twice.
static Str message_of(Arena *arena, const XmlNode *outcome) {
    Str message = str_trim(xml_attribute(outcome, "message")), text = str_trim(outcome->text);
    if (text.len == 0) return message.len ? message : STR("");
    if (message.len == 0 || str_contains(text, message)) return text;
    return str_format(arena, "%.*s\n%.*s", STR_ARG(message), STR_ARG(text));
}

// Outcomes as children of <testcase>, the one that counts most first.
static const struct {
    const char *element;
    TestStatus status;
} outcomes[] = {{"error", TEST_ERROR}, {"failure", TEST_FAILED}, {"skipped", TEST_SKIPPED}};

static void read_outcome(Arena *arena, const XmlNode *node, JunitCase *test) {
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        const XmlNode *outcome = xml_child(node, outcomes[i].element);
        if (!outcome) continue;
        test->status = outcomes[i].status;
        test->message = message_of(arena, outcome);
        return;
    }
    // gtest says only here that a case did not run.
    Str status = xml_attribute(node, "status"), result = xml_attribute(node, "result");
    bool skipped = str_eq_nocase(status, STR("notrun")) || str_eq_nocase(status, STR("skipped")) || str_eq_nocase(result, STR("suppressed"));
    if (skipped) test->status = TEST_SKIPPED;
}

static void read_case(Arena *arena, const XmlNode *node, Str suite, Vec *cases) {
    JunitCase *test = vec_push(cases);
    test->suite = suite;
    test->name = xml_attribute(node, "name");
    if (str_is_none(test->name)) test->name = STR("");
    test->prefix = xml_attribute(node, "classname");
    if (str_is_none(test->prefix)) test->prefix = suite;
    test->file = xml_attribute(node, "file");
    str_to_int(xml_attribute(node, "line"), &test->line);
    test->duration_ns = duration_ns(arena, xml_attribute(node, "time"));
    read_outcome(arena, node, test);
}

static void read_suite(Arena *arena, const XmlNode *node, Str suite, Vec *cases) {
    for (const XmlNode *child = node->first; child; child = child->next) {
        if (str_is(child->name, "testcase")) read_case(arena, child, suite, cases);
        if (!str_is(child->name, "testsuite")) continue;
        Str name = xml_attribute(child, "name");
        read_suite(arena, child, str_is_none(name) ? suite : name, cases);
    }
}

bool junit_parse(Arena *arena, Str text, JunitReport *out, Error *e) {
    XmlNode *root;
    TRY(xml_parse(arena, text, &root, e));
    bool known = str_is(root->name, "testsuites") || str_is(root->name, "testsuite");
    if (!known)
        return fail(e, "bad-junit", "%u:%u: <testsuites> or <testsuite> was expected, not <%.*s>", root->line, root->column, STR_ARG(root->name));
    Str name = xml_attribute(root, "name");
    Vec cases = vec_of(arena, JunitCase);
    read_suite(arena, root, str_is_none(name) ? STR("") : name, &cases);
    *out = (JunitReport){.cases = cases.at, .count = cases.len};
    for (size_t i = 0; i < cases.len; i++) {
        out->by_status[out->cases[i].status]++;
        out->duration_ns += out->cases[i].duration_ns;
    }
    return true;
}
