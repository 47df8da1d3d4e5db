#include "base/buf.h"
#include "unit.h"

static void what_passes_the_maximum_is_left_out_and_told(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 8);
    buf_add(&buf, STR("1234"));
    buf_add(&buf, STR("56789"));
    assert_true(buf.overflow);
    assert_true(buf.len <= 8);
    assert_true(str_starts(buf_str(&buf), STR("1234")));
    assert_null(buf_reserve(&buf, 9));
}

static void the_maximum_itself_fits(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 8);
    buf_add(&buf, STR("12345678"));
    assert_false(buf.overflow);
    assert_int_equal(buf.len, 8);
}

static void formatted_text_of_any_length_is_whole(void **state) {
    AUTO_BUF buf;
    char wide[2000];
    for (size_t i = 0; i < sizeof wide - 1; i++) wide[i] = 'x';
    wide[sizeof wide - 1] = 0;
    buf_init(&buf, 1 << 20);
    buf_addf(&buf, "%d-%s-%s", 7, wide, "end");
    assert_int_equal(buf.len, 2 + 1999 + 4);
    assert_true(str_ends(buf_str(&buf), STR("x-end")));
}

static void bytes_leave_from_the_front(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 64);
    buf_add(&buf, STR("line one\nline"));
    buf_drop(&buf, strlen("line one\n"));
    buf_add_char(&buf, '!');
    assert_true(str_is(buf_str(&buf), "line!"));
    buf_drop(&buf, 5);
    assert_int_equal(buf.len, 0);
}

static void a_buffer_that_was_never_written_is_empty(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 64);
    assert_int_equal(buf_str(&buf).len, 0);
    assert_non_null(buf_str(&buf).at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_the_maximum_is_left_out_and_told), cmocka_unit_test(the_maximum_itself_fits),
        cmocka_unit_test(formatted_text_of_any_length_is_whole),        cmocka_unit_test(bytes_leave_from_the_front),
        cmocka_unit_test(a_buffer_that_was_never_written_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
