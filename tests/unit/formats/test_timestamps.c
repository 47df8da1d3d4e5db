#include "formats/timestamps.h"

#include "unit.h"

typedef bool (*Parser)(Str, int64_t *);

static void assert_time(Parser parse, const char *text, int64_t expected) {
    int64_t ms = -1;
    if (!parse(str_of(text), &ms)) fail_msg("refused: %s", text);
    if (ms != expected) fail_msg("%s: %lld, expected %lld", text, (long long)ms, (long long)expected);
}

static void assert_no_time(Parser parse, const char *text) {
    int64_t ms = 42;
    if (parse(str_of(text), &ms)) fail_msg("accepted: %s", text);
    assert_int_equal(ms, 42);
}

static const int64_t moment = 1767323045000; // 2026-01-02T03:04:05Z

static void iso8601_is_read_in_all_its_forms(void **state) {
    static const char *const same[] = {
        "2026-01-02T03:04:05Z", "2026-01-02t03:04:05z",      "2026-01-02 03:04:05Z",     "2026-01-02T03:04:05",    "2026-01-02T03:04:05.000Z",
        "20260102T030405Z",     "2026-01-02T04:04:05+01:00", "2026-01-02T04:04:05+0100", "2026-01-01T22:04:05-05", "2026-01-02T03:04:05.000000+00:00",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) assert_time(time_parse_iso8601, same[i], moment);
    assert_time(time_parse_iso8601, "2026-01-02T03:04:05.678901234Z", moment + 678);
    assert_time(time_parse_iso8601, "2026-01-02T03:04:05.6Z", moment + 600);
    assert_time(time_parse_iso8601, "2026-01-02T03:04Z", moment - 5000);
    assert_time(time_parse_iso8601, "1970-01-01", 0);
    assert_time(time_parse_iso8601, "1969-12-31T23:59:59.999Z", -1);
    assert_time(time_parse_iso8601, "2024-02-29T24:00:00Z", 1709251200000);
}

static void what_is_no_date_is_refused(void **state) {
    static const char *const wrong[] = {
        "", "2026-13-01", "2026-02-29", "2026-01-02T25:00:00Z", "2026-01-02T03:04:05Zx", "2026-01-02T03:60:05Z", "02 Jan 2026", "2026-1-2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) assert_no_time(time_parse_iso8601, wrong[i]);
    assert_no_time(time_parse_http, "Fri, 32 Jan 2026 03:04:05 GMT");
    assert_no_time(time_parse_http, "Fri, 02 Jan 2026 03:04:05 XYZ");
    assert_no_time(time_parse_epoch, "12abc");
    assert_no_time(time_parse_epoch, "1e300");
    assert_no_time(time_parse_epoch, "nan");
}

static void http_dates_are_read_in_their_three_forms(void **state) {
    assert_time(time_parse_http, "Fri, 02 Jan 2026 03:04:05 GMT", moment);
    assert_time(time_parse_http, "Friday, 02-Jan-26 03:04:05 GMT", moment);
    assert_time(time_parse_http, "Fri Jan  2 03:04:05 2026", moment);
    assert_time(time_parse_http, "2 Jan 2026 03:04:05 +0000", moment);
    assert_time(time_parse_http, "Thu, 1 Jan 26 22:04:05 EST", moment);
    assert_time(time_parse_http, "Fri, 02 Jan 2026 03:04:05.250 GMT", moment + 250);
}

static void epochs_may_have_fractions_and_exponents(void **state) {
    assert_time(time_parse_epoch, "1767323045", moment);
    assert_time(time_parse_epoch, "1767323045.678", moment + 678);
    assert_time(time_parse_epoch, "1.767323045E9", moment);
    assert_time(time_parse_any, "1767323045", moment);
    assert_time(time_parse_any, "Fri, 02 Jan 2026 03:04:05 GMT", moment);
}

static void moments_are_written(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_string_equal(str_c(arena, time_iso8601(arena, moment)), "2026-01-02T03:04:05Z");
    assert_string_equal(str_c(arena, time_iso8601(arena, moment + 70)), "2026-01-02T03:04:05.070Z");
    assert_string_equal(str_c(arena, time_iso8601_ms(arena, moment)), "2026-01-02T03:04:05.000Z");
    assert_string_equal(str_c(arena, time_iso8601_basic(arena, moment)), "20260102T030405Z");
    assert_string_equal(str_c(arena, time_http(arena, moment)), "Fri, 02 Jan 2026 03:04:05 GMT");
    assert_string_equal(str_c(arena, time_iso8601(arena, -1)), "1969-12-31T23:59:59.999Z");
}

static void splitting_and_joining_are_inverse(void **state) {
    for (int64_t ms = -6000000000000; ms < 6000000000000; ms += 7777777777) {
        TimeParts parts = time_split(ms);
        assert_int_equal(time_join(&parts), ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso8601_is_read_in_all_its_forms),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(http_dates_are_read_in_their_three_forms),
        cmocka_unit_test(epochs_may_have_fractions_and_exponents),
        cmocka_unit_test(moments_are_written),
        cmocka_unit_test(splitting_and_joining_are_inverse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
