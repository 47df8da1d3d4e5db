#include "store/key.h"
#include "unit.h"

static void text_parts_do_not_run_into_each_other(void **state) {
    AUTO_ARENA arena = arena_new();
    Str first = KEY(arena, key_text(STR("ab")), key_text(STR("c"))), second = KEY(arena, key_text(STR("a")), key_text(STR("bc")));
    assert_false(str_eq(first, second));
    assert_true(str_cmp(second, first) < 0);
}

static void a_shorter_text_comes_first_also_with_more_behind_it(void **state) {
    AUTO_ARENA arena = arena_new();
    Str a = KEY(arena, key_text(STR("a")), key_text(STR("zzz"))), ab = KEY(arena, key_text(STR("ab")), key_text(STR("")));
    Str nul = KEY(arena, key_text((Str){"a\0", 2}));
    assert_true(str_cmp(a, ab) < 0);
    assert_true(str_cmp(a, nul) < 0);
    assert_true(str_cmp(nul, ab) < 0);
}

static void numbers_are_in_order_across_their_sign(void **state) {
    AUTO_ARENA arena = arena_new();
    static const int64_t ordered[] = {INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX};
    for (size_t i = 1; i < sizeof ordered / sizeof *ordered; i++) {
        assert_true(str_cmp(KEY(arena, key_signed(ordered[i - 1])), KEY(arena, key_signed(ordered[i]))) < 0);
    }
    assert_true(str_cmp(KEY(arena, key_number(255)), KEY(arena, key_number(UINT64_MAX))) < 0);
}

static void parts_come_back_as_they_went_in(void **state) {
    AUTO_ARENA arena = arena_new();
    Str text = {"\0\x01\xff\0", 4}, rest = KEY(arena, key_text(text), key_number(7), key_signed(-7), key_text(STR(""))), back;
    uint64_t number;
    int64_t sign;
    assert_true(key_take_text(arena, &rest, &back) && str_eq(back, text));
    assert_true(key_take_number(&rest, &number) && number == 7);
    assert_true(key_take_signed(&rest, &sign) && sign == -7);
    assert_true(key_take_text(arena, &rest, &back) && back.len == 0);
    assert_false(key_take_text(arena, &rest, &back));
    assert_false(key_take_number(&rest, &number));
}

static void an_open_key_begins_all_that_continue_its_text(void **state) {
    AUTO_ARENA arena = arena_new();
    Str open = KEY_OPEN(arena, key_text(STR("p")), key_text(STR("ab")));
    assert_true(str_starts(KEY(arena, key_text(STR("p")), key_text(STR("abc"))), open));
    assert_true(str_starts(KEY(arena, key_text(STR("p")), key_text(STR("ab"))), open));
    assert_false(str_starts(KEY(arena, key_text(STR("p")), key_text(STR("a"))), open));
}

static void the_end_of_a_prefix_is_above_all_that_begin_with_it(void **state) {
    AUTO_ARENA arena = arena_new();
    Str prefix = {"a\xff\xff", 3}, end = key_after_prefix(arena, prefix);
    assert_true(str_is(end, "b"));
    assert_true(str_cmp((Str){"a\xff\xff\xff\xff", 5}, end) < 0);
    assert_true(str_is_none(key_after_prefix(arena, (Str){"\xff\xff", 2})));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_parts_do_not_run_into_each_other),         cmocka_unit_test(a_shorter_text_comes_first_also_with_more_behind_it),
        cmocka_unit_test(numbers_are_in_order_across_their_sign),        cmocka_unit_test(parts_come_back_as_they_went_in),
        cmocka_unit_test(an_open_key_begins_all_that_continue_its_text), cmocka_unit_test(the_end_of_a_prefix_is_above_all_that_begin_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
