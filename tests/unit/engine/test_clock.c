#include "engine/clock.h"
#include "unit.h"

static void plane_time_goes_on_from_where_it_is_when_the_mode_changes(void **state) {
    Clock clock;
    clock_init(&clock, 1000);
    clock_set_mode(&clock, CLOCK_SCALED, 60, 2000);
    assert_int_equal(clock_now(&clock, 2000), 2000);
    assert_int_equal(clock_now(&clock, 3000), 2000 + 60000);
    clock_set_mode(&clock, CLOCK_HELD, 1, 3000);
    assert_int_equal(clock_now(&clock, 900000), 62000);
    clock_set_mode(&clock, CLOCK_REAL, 1, 900000);
    assert_int_equal(clock_now(&clock, 900001), 62001);
}

static void the_clock_never_goes_backward(void **state) {
    Clock clock;
    clock_init(&clock, 1000);
    clock_advance_to(&clock, 5000, 1100);
    clock_advance_to(&clock, 4000, 1100);
    assert_int_equal(clock_now(&clock, 1100), 5000);
    assert_int_equal(clock_now(&clock, 500), 5000); // real time was set back
}

static void durations_are_sums_of_numbers_with_units(void **state) {
    int64_t ms;
    assert_true(clock_parse_duration(STR("1h30m"), &ms, NULL) && ms == 5400000);
    assert_true(clock_parse_duration(STR("7d"), &ms, NULL) && ms == 604800000);
    assert_true(clock_parse_duration(STR("250ms"), &ms, NULL) && ms == 250);
}

static void what_is_no_duration_is_refused(void **state) {
    static const char *const wrong[] = {"", "5", "h", "1h30", "-1h", "1 h", "1y", "99999999999d", "1.5h"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms = 7;
        Error e = {0};
        assert_false(clock_parse_duration(str_of(wrong[i]), &ms, &e));
        assert_int_equal(ms, 7);
        assert_string_equal(e.code, "bad-duration");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plane_time_goes_on_from_where_it_is_when_the_mode_changes),
        cmocka_unit_test(the_clock_never_goes_backward),
        cmocka_unit_test(durations_are_sums_of_numbers_with_units),
        cmocka_unit_test(what_is_no_duration_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
