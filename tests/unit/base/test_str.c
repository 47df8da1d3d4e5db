#include "base/str.h"
#include "unit.h"

static void cut_takes_all_when_there_is_no_separator(void **state) {
    Str rest = STR("name");
    assert_true(str_is(str_cut(&rest, '='), "name"));
    assert_true(str_is_none(rest));
}

static void cut_stops_at_the_first_separator(void **state) {
    Str rest = STR("a=b=c");
    assert_true(str_is(str_cut(&rest, '='), "a"));
    assert_true(str_is(rest, "b=c"));
}

static void numbers_out_of_range_leave_the_output_alone(void **state) {
    int64_t value = 7;
    assert_false(str_to_int(STR("9223372036854775808"), &value));
    assert_false(str_to_int(STR("12x"), &value));
    assert_int_equal(value, 7);
    assert_true(str_to_int(STR("-42"), &value));
    assert_int_equal(value, -42);
}

static void base64_comes_back_as_it_went(void **state) {
    AUTO_ARENA arena = arena_new();
    static const char bytes[] = {0, 1, (char)0xff, 'a', 'b'};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        Str back;
        assert_true(str_unbase64(arena, str_base64(arena, (Str){bytes, len}), &back));
        assert_true(str_eq(back, (Str){bytes, len}));
    }
}

static void what_is_no_utf8_is_replaced_byte_by_byte(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_true(str_is(str_as_utf8(arena, STR("caf\xC3\xA9")), "caf\xC3\xA9"));
    assert_true(str_is(str_as_utf8(arena, STR("a\xFF\xFE z")), "a\xEF\xBF\xBD\xEF\xBF\xBD z"));
    assert_true(str_is(str_as_utf8(arena, STR("\xC3")), "\xEF\xBF\xBD"));
    assert_true(str_is_utf8(str_as_utf8(arena, STR("\xED\xA0\x80"))));
}

static void uri_encoding_follows_sigv4(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_true(str_is(str_uri_encode(arena, STR("a b/c~\xc3\xa9"), true), "a%20b/c~%C3%A9"));
    assert_true(str_is(str_uri_encode(arena, STR("a/b"), false), "a%2Fb"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_takes_all_when_there_is_no_separator),
        cmocka_unit_test(cut_stops_at_the_first_separator),
        cmocka_unit_test(numbers_out_of_range_leave_the_output_alone),
        cmocka_unit_test(base64_comes_back_as_it_went),
        cmocka_unit_test(uri_encoding_follows_sigv4),
        cmocka_unit_test(what_is_no_utf8_is_replaced_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
