#include "formats/json.h"

#include "base/limits.h"
#include "unit.h"

static Doc *parsed(Arena *arena, const char *text) {
    Doc *doc = NULL;
    Error e = {0};
    if (!json_parse(arena, str_of(text), &doc, &e)) fail_msg("%s", e.message);
    return doc;
}

static void assert_round(const char *text, const char *written) {
    AUTO_ARENA arena = arena_new();
    assert_string_equal(str_c(arena, json_write(arena, parsed(arena, text))), written);
}

static void assert_refused(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = NULL;
    Error e = {0};
    assert_false(json_parse(arena, str_of(text), &doc, &e));
    assert_null(doc);
    assert_string_equal(e.code, "bad-json");
    if (!strstr(e.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
}

static void what_is_read_is_written_again(void **state) {
    assert_round("{ \"a\": [1, -2, 3.5, true, false, null, \"x\"] }", "{\"a\":[1,-2,3.5,true,false,null,\"x\"]}");
    assert_round("\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\"", "\"\xc3\xa9\xf0\x9f\x98\x80\\n\\\"\\\\\"");
    assert_round("[]", "[]");
    assert_round("{}", "{}");
}

static void control_characters_are_escaped(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_string_equal(str_c(arena, json_write(arena, doc_of_str(arena, STR("\x01\t\x1f\x7f")))), "\"\\u0001\\t\\u001f\x7f\"");
}

static void integers_beyond_int64_become_reals(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(doc_int(parsed(arena, "-9223372036854775808"), 0), INT64_MIN);
    assert_int_equal(parsed(arena, "9223372036854775808")->kind, DOC_REAL);
    assert_int_equal(parsed(arena, "123456789012345678901234567890")->kind, DOC_REAL);
}

static void the_last_of_two_equal_names_counts(void **state) {
    assert_round("{\"a\":1,\"b\":2,\"a\":[3]}", "{\"a\":[3],\"b\":2}");
    AUTO_ARENA arena = arena_new();
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    buf_add_char(&text, '{');
    for (int i = 0; i < 2000; i++) buf_addf(&text, "%s\"k%d\":%d", i ? "," : "", i % 1000, i);
    buf_add_char(&text, '}');
    Doc *doc = NULL;
    assert_true(json_parse(arena, buf_str(&text), &doc, NULL));
    assert_int_equal(doc_count(doc), 1000);
    assert_int_equal(doc_number(doc, "k7", 0), 1007);
}

static void mistakes_are_told_with_line_and_column(void **state) {
    assert_refused("{\n  \"a\": tru\n}", "2:8");
    assert_refused("", "");
    assert_refused("[1,]", "1:3");
    assert_refused("{\"a\":1} x", "1:9");
}

static void nesting_has_a_limit(void **state) {
    char text[2 * LIMIT_DOC_DEPTH + 20] = {0};
    memset(text, '[', LIMIT_DOC_DEPTH + 5);
    memset(text + LIMIT_DOC_DEPTH + 5, ']', LIMIT_DOC_DEPTH + 5);
    assert_refused(text, "nested deeper");
}

static void times_and_bytes_are_written_as_aws_does(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *list = doc_list(arena);
    doc_push(list, doc_of_time(arena, 1700000000000));
    doc_push(list, doc_of_time(arena, 1700000000045));
    doc_push(list, doc_of_time(arena, -1500));
    doc_push(list, doc_of_blob(arena, STR("hello")));
    doc_push(list, doc_of_real(arena, 0.1));
    doc_push(list, doc_of_real(arena, 2));
    doc_push(list, doc_of_int(arena, INT64_MIN));
    assert_string_equal(str_c(arena, json_write(arena, list)), "[1700000000,1700000000.045,-1.500,\"aGVsbG8=\",0.1,2.0,-9223372036854775808]");
}

static void pretty_text_has_two_spaces(void **state) {
    AUTO_ARENA arena = arena_new();
    Str text = json_write_pretty(arena, parsed(arena, "{\"a\":[1,{}],\"b\":[]}"));
    assert_string_equal(str_c(arena, text), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_again),           cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(integers_beyond_int64_become_reals),      cmocka_unit_test(the_last_of_two_equal_names_counts),
        cmocka_unit_test(mistakes_are_told_with_line_and_column),  cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(times_and_bytes_are_written_as_aws_does), cmocka_unit_test(pretty_text_has_two_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
