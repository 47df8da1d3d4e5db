#include "services/dynamodb/decimal.h"
#include "unit.h"

static Decimal number(const char *text) {
    Decimal out;
    Error e;
    if (!decimal_parse(str_of(text), &out, &e)) fail_msg("%s: %s", text, e.message);
    return out;
}

static void numbers_are_shown_in_one_form(void **state) {
    static const char *const cases[][2] = {
        {"0", "0"},      {"-0.00", "0"},      {"1", "1"},       {"+1.50", "1.5"},       {"-10", "-10"},
        {"1e3", "1000"}, {"12E-4", "0.0012"}, {"000.5", "0.5"}, {"100.001", "100.001"},
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Decimal parsed = number(cases[i][0]);
        assert_string_equal(str_c(arena, decimal_text(arena, &parsed)), cases[i][1]);
    }
}

static void what_is_no_number_is_refused(void **state) {
    static const char *const cases[] = {"", "-", ".", "1.2.3", "1e", "e1", "1e+-1", "0x1", " 1", "1 ", "NaN", "1e1000000", "1e126", "1e-131"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Decimal out;
        if (decimal_parse(str_of(cases[i]), &out, NULL)) fail_msg("'%s' was taken for a number", cases[i]);
    }
}

static void more_than_38_digits_are_refused(void **state) {
    Decimal out;
    Error e = {0};
    assert_true(decimal_parse(STR("12345678901234567890123456789012345678"), &out, &e));
    assert_true(decimal_parse(STR("123456789012345678901234567890123456780000"), &out, &e));
    assert_false(decimal_parse(STR("123456789012345678901234567890123456789"), &out, &e));
    assert_string_equal(e.code, "ValidationException");
}

static void sums(void **state) {
    static const char *const cases[][3] = {
        {"1", "2", "3"},
        {"0.1", "0.2", "0.3"},
        {"999", "1", "1000"},
        {"5", "-5", "0"},
        {"-5", "3", "-2"},
        {"3", "-5", "-2"},
        {"1e20", "1", "100000000000000000001"},
        {"0", "-7.25", "-7.25"},
        {"-1.5", "-1.5", "-3"},
        {"1000", "-0.001", "999.999"},
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Decimal a = number(cases[i][0]), b = number(cases[i][1]), sum;
        assert_true(decimal_add(&a, &b, &sum, NULL));
        assert_string_equal(str_c(arena, decimal_text(arena, &sum)), cases[i][2]);
    }
}

static void a_sum_that_needs_more_digits_is_refused(void **state) {
    Decimal a = number("1e100"), b = number("1"), most = number("9.9e125"), sum;
    assert_false(decimal_add(&a, &b, &sum, NULL));
    assert_false(decimal_add(&most, &most, &sum, NULL));
}

static void keys_are_in_the_order_of_numbers(void **state) {
    static const char *const ordered[] = {
        "-9.99e125", "-1e10", "-123", "-122.9", "-12", "-1.23", "-1.2", "-1", "-0.5", "-1e-130", "0",
        "1e-130",    "0.05",  "0.5",  "0.51",   "1",   "1.01",  "2",    "10", "99.9", "100",     "1e125",
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 1; i < sizeof ordered / sizeof *ordered; i++) {
        Decimal a = number(ordered[i - 1]), b = number(ordered[i]);
        Str low = decimal_key(arena, &a), high = decimal_key(arena, &b);
        if (str_cmp(low, high) >= 0 || decimal_cmp(&a, &b) >= 0) fail_msg("%s is not below %s", ordered[i - 1], ordered[i]);
        assert_null(memchr(low.at, 0, low.len));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_shown_in_one_form),           cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(more_than_38_digits_are_refused),         cmocka_unit_test(sums),
        cmocka_unit_test(a_sum_that_needs_more_digits_is_refused), cmocka_unit_test(keys_are_in_the_order_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
