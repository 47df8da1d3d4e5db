#include "services/logs/pattern.h"

#include "formats/patterns.h"
#include "unit.h"

static bool matches(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    LogPattern *pattern;
    Error e = {0};
    if (!log_pattern_parse(arena, str_of(text), &pattern, &e)) fail_msg("%s: %s", text, e.message);
    return log_pattern_matches(pattern, arena, str_of(message));
}

static void check(const char *text, const char *message, bool expected) {
    if (matches(text, message) != expected) fail_msg("%s %s %s", text, expected ? "should match" : "should not match", message);
}

#define YES(text, message) check(text, message, true)
#define NO(text, message) check(text, message, false)

static void refused(const char *text, const char *why) {
    AUTO_ARENA arena = arena_new();
    LogPattern *pattern;
    Error e = {0};
    if (log_pattern_parse(arena, str_of(text), &pattern, &e)) fail_msg("%s is accepted", text);
    assert_string_equal(e.code, "InvalidParameterException");
    if (!strstr(e.message, why)) fail_msg("%s: \"%s\" is not in \"%s\"", text, why, e.message);
}

static void an_empty_pattern_matches_everything(void **state) {
    YES("", "anything");
    YES("  ", "anything");
    YES("\" \"", "anything");
}

static void terms_are_parts_of_the_message_in_their_case(void **state) {
    YES("ERROR", "[ERROR 400] BAD REQUEST");
    YES("Exception", "[ERROR] InvalidQueryException");
    NO("ERROR", "an error");
    YES("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS");
    NO("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST");
}

static void phrases_stand_in_quotation_marks(void **state) {
    YES("\"INTERNAL SERVER ERROR\"", "[500] INTERNAL SERVER ERROR");
    NO("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR OF SERVER");
    YES("\"said \\\"no\\\"\"", "he said \"no\"");
    YES("\"[ERROR]\" Exception", "[ERROR] InvalidQueryException");
}

static void a_minus_excludes(void **state) {
    YES("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST");
    NO("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS");
    NO("ERROR -\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST");
    YES("-ERROR", "fine");
    YES("time-out", "a time-out happened");
}

static void optional_terms_count_among_themselves_only(void **state) {
    YES("?ERROR ?ARGUMENTS", "[ERROR 400] BAD REQUEST");
    YES("?ERROR ?ARGUMENTS", "ARGUMENTS");
    NO("?ERROR ?ARGUMENTS", "[INFO] fine");
    YES("?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED");
    NO("?ERROR ?ARGUMENTS REQUEST", "[ERROR] MISSING ARGUMENTS");
}

static void regular_expressions_stand_in_percent_signs(void **state) {
    YES("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST");
    YES("%^ERROR\\s[0-9]{3}$%", "ERROR 500");
    NO("%^ERROR\\s[0-9]{3}$%", "xERROR 500");
    YES("%^starting|^shutting down%", "shutting down now");
    NO("%10\\.10\\.0\\.1%", "10010,051");
    YES("%\\x28%", "a (b)");
    refused("%something!%", "'!' is not supported");
    refused("%(ab)+%", "'(' is not supported");
    refused("%[abc%", "no regular expression");
    refused("%abc", "not closed");
    refused("%%", "empty");
}

#define AUDIT "{\"EventType\": \"UserCreated\", \"PK\": {\"S\": \"USER#1.5\"}, \"SK\": {\"S\": \"USER#1.5\"}}"

static void json_patterns_look_into_objects(void **state) {
    const char *pattern = "{ ($.EventType = \"UserCreated\") && ($.SK.S = \"USER#1.5\") && ($.PK.S = \"USER#1.5\") }";
    YES(pattern, AUDIT);
    NO(pattern, "{\"EventType\": \"UserCreated\", \"PK\": {\"S\": \"USER#1.5\"}, \"SK\": {\"S\": \"USER#2\"}}");
    NO(pattern, "not JSON");
    NO(pattern, "[" AUDIT "]");
    NO("{ $.a NOT EXISTS }", "not JSON");
    YES("{$.EventType=UserCreated}", AUDIT);
    YES("{ $.EventType = \"User*\" }", AUDIT);
    YES("{ $.EventType != Group* }", AUDIT);
    YES("{ $.EventType = %Created$% }", AUDIT);
}

static void numbers_compare_as_numbers(void **state) {
    YES("{ $.n > 75 }", "{\"n\": 80}");
    NO("{ $.n > 75 }", "{\"n\": 75}");
    YES("{ $.n >= 75 }", "{\"n\": 75}");
    YES("{ $.n < 50 }", "{\"n\": 49.5}");
    YES("{ $.n <= -1 }", "{\"n\": -1.5}");
    YES("{ $.n = 1e+3 }", "{\"n\": 1000}");
    YES("{ $.n != 500 }", "{\"n\": 400}");
    YES("{ $.n = 4* }", "{\"n\": 404}");
    YES("{ $.n = \"3\" }", "{\"n\": 3}");
    NO("{ $.n > 1 }", "{\"n\": \"text\"}");
}

#define COMPOUND                                                                                                                    \
    "{\"user\": {\"id\": 1, \"email\": \"John.Stiles@example.com\"}, \"users\": [{\"id\": 2, \"email\": \"John.Doe@example.com\"}," \
    " {\"id\": 3, \"email\": \"Jane.Doe@example.com\"}], \"actions\": [\"GET\", \"PUT\", \"DELETE\"], \"cluster.name\": \"c\","     \
    " \"coordinates\": [[0, 1, 2], [4, 5, 6], [7, 8, 9]], \"nothing\": null, \"yes\": true}"

static void and_binds_closer_than_or(void **state) {
    YES("{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = \"no\" && $.actions[2] = \"no\" }", COMPOUND);
    NO("{ ($.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = \"no\") && $.actions[2] = \"no\" }", COMPOUND);
    NO("{ ($.user.id = 2 && $.users[0].email = \"no\") || $.actions[2] = \"GET\" }", COMPOUND);
    YES("{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }", COMPOUND);
}

static void selectors_reach_elements_and_odd_names(void **state) {
    YES("{ $.coordinates[1][2] = 6 }", COMPOUND);
    YES("{ $.users[*].id = 3 }", COMPOUND);
    YES("{ $.* = c }", COMPOUND);
    YES("{ $.['cluster.name'] = \"c\" }", COMPOUND);
    YES("{ $['cluster.name'] = \"c\" }", COMPOUND);
    NO("{ $.actions = \"GET\" }", COMPOUND);
    NO("{ $.absent != \"x\" }", COMPOUND);
    NO("{ $.yes = true }", COMPOUND);
    YES("{ $.yes IS TRUE }", COMPOUND);
    NO("{ $.yes IS FALSE }", COMPOUND);
    YES("{ $.nothing IS NULL }", COMPOUND);
    NO("{ $.absent IS NULL }", COMPOUND);
    YES("{ $.absent NOT EXISTS }", COMPOUND);
    NO("{ $.nothing NOT EXISTS }", COMPOUND);
}

#define ACCESS "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534"

static void fields_are_words_in_order(void **state) {
    YES("[ip, user, username, timestamp, request = *.html*, status = 4*, bytes]", ACCESS);
    YES("[ip, user, username, timestamp, request, status >= 400 && status < 500, bytes > 1000]", ACCESS);
    NO("[ip, user, username, timestamp, request, status = 410 || status = 500, bytes]", ACCESS);
    YES("[..., status = 404, bytes]", ACCESS);
    YES("[ip = %127\\.0\\.0\\.[1-3]%, ..., bytes]", ACCESS);
    YES("[w1=ERROR, w2]", "ERROR 09/25/2014 Failed to process");
    NO("[w1=ERROR]", "ERROR 09/25/2014 Failed to process");
    NO("[w1=ERROR, w2]", "ERROR");
    NO("[w1!=ERROR && w1!=WARNING, w2]", "WARNING it is");
    NO("[a, b, c, d, e, f, g, h]", ACCESS);
}

static void what_is_no_pattern_is_refused_with_the_reason(void **state) {
    refused("\"ERROR", "a quotation mark is not closed");
    refused("ERR{OR", "Invalid filter pattern: Invalid character(s) in term 'ERR{OR'");
    refused("\"\"", "Invalid filter pattern: Invalid character(s) in term '\"\"'");
    refused("{ $.v EXISTS }", "expected an operator");
    refused("{ $.v == 1 }", "is no value");
    refused("{ $.v IS NOT NULL }", "behind IS");
    refused("{ !($.v = 1) }", "expected a property selector");
    refused("{ $.v > \"Alpha\" }", "is no number");
    refused("{ $..v = 1 }", "expected a property's name");
    refused("{ $.v[-1] = 1 }", "selects no element");
    refused("{ $.v = 1", "expected an operator or }");
    refused("{ $.v = 1 } more", "behind the closing brace");
    refused("{ $.a[*].* = 1 }", "more than one wildcard");
    refused("{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.* = 1 }", "more than 3 wildcard selectors");
    refused("{ $.a = %x% || $.a = %y% || $.a = %z% }", "more than 2 regular expressions");
    refused("[..., a, ...]", "more than one ellipsis");
    refused("[a, b", "expected an operator");
    refused("[a = 1 b]", "expected , or ]");
}

static Doc *extracted(Arena *arena, const char *text, const char *message) {
    LogPattern *pattern;
    assert_true(log_pattern_parse(arena, str_of(text), &pattern, NULL));
    return log_pattern_extract(pattern, arena, str_of(message));
}

static void what_a_pattern_names_is_extracted(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *values = extracted(arena, "{ $.user.id = 1 && $.yes IS TRUE }", COMPOUND);
    assert_true(str_is(doc_text(values, "$.user.id"), "1"));
    assert_true(str_is(doc_text(values, "$.yes"), "true"));
    values = extracted(arena, "[ip, user, rest]", ACCESS);
    assert_true(str_is(doc_text(values, "$user"), "Prod"));
    assert_true(str_starts(doc_text(values, "$rest"), STR("frank [10/Oct")));
    assert_int_equal(doc_count(extracted(arena, "ERROR", "ERROR")), 0);
}

static int forget_patterns(void **state) {
    pattern_cache_clear();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_pattern_matches_everything),
        cmocka_unit_test(terms_are_parts_of_the_message_in_their_case),
        cmocka_unit_test(phrases_stand_in_quotation_marks),
        cmocka_unit_test(a_minus_excludes),
        cmocka_unit_test(optional_terms_count_among_themselves_only),
        cmocka_unit_test(regular_expressions_stand_in_percent_signs),
        cmocka_unit_test(json_patterns_look_into_objects),
        cmocka_unit_test(numbers_compare_as_numbers),
        cmocka_unit_test(and_binds_closer_than_or),
        cmocka_unit_test(selectors_reach_elements_and_odd_names),
        cmocka_unit_test(fields_are_words_in_order),
        cmocka_unit_test(what_is_no_pattern_is_refused_with_the_reason),
        cmocka_unit_test(what_a_pattern_names_is_extracted),
    };
    return cmocka_run_group_tests(tests, NULL, forget_patterns);
}
