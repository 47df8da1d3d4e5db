#include "services/s3/s3.h"
#include "unit.h"

static void ranges_of_a_header(void **state) {
    static const struct {
        const char *header;
        int64_t offset, size; // offset -1: not satisfiable; -2: as if none were given
    } cases[] = {
        {"bytes=0-0", 0, 1},
        {"bytes=0-", 0, 10},
        {"bytes=9-", 9, 1},
        {"bytes=5-99", 5, 5},
        {"bytes=-1", 9, 1},
        {"bytes=-10", 0, 10},
        {"bytes=-11", 0, 10},
        {"bytes=10-", -1, 0},
        {"bytes=-0", -1, 0},
        {"bytes=3-2", -2, 0},
        {"bytes=a-b", -2, 0},
        {"bytes=-", -2, 0},
        {"bytes=1-2,4-5", -2, 0},
        {"bits=0-1", -2, 0},
        {"bytes=--1", -2, 0},
        {"bytes= 1 - 2 ", 1, 2},
        {"bytes=0-99999999999999999999", -2, 0},
    };
    AUTO_ARENA arena = arena_new();
    Call call = {.arena = arena};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ByteRange range;
        bool ok = range_of_header(&call, str_of(cases[i].header), 10, &range, NULL);
        if (ok != (cases[i].offset != -1)) fail_msg("%s: satisfiable or not", cases[i].header);
        if (!ok) continue;
        if (range.partial != (cases[i].offset >= 0)) fail_msg("%s: partial or not", cases[i].header);
        if (range.partial && (range.offset != cases[i].offset || range.size != cases[i].size)) fail_msg("%s: wrong part", cases[i].header);
    }
}

static void nothing_of_an_empty_object_can_be_had(void **state) {
    AUTO_ARENA arena = arena_new();
    Call call = {.arena = arena};
    ByteRange range;
    assert_false(range_of_header(&call, STR("bytes=0-0"), 0, &range, NULL));
    assert_false(range_of_header(&call, STR("bytes=-1"), 0, &range, NULL));
    assert_true(range_of_header(&call, STR_NONE, 0, &range, NULL) && !range.partial && range.size == 0);
}

static void ranges_of_copies_are_exact(void **state) {
    AUTO_ARENA arena = arena_new();
    Call call = {.arena = arena};
    ByteRange range;
    assert_true(range_of_copy(&call, STR("bytes=2-9"), 10, &range, NULL) && range.offset == 2 && range.size == 8);
    assert_false(range_of_copy(&call, STR("bytes=2-10"), 10, &range, NULL));
    assert_false(range_of_copy(&call, STR("bytes=2-"), 10, &range, NULL));
    assert_false(range_of_copy(&call, STR("2-9"), 10, &range, NULL));
}

static void etags_match_in_every_spelling(void **state) {
    assert_true(etag_matches(STR("\"abc\""), STR("abc")) && etag_matches(STR("abc"), STR("abc")) && etag_matches(STR("*"), STR("abc")));
    assert_true(etag_matches(STR("\"x\", W/\"abc\""), STR("abc")));
    assert_false(etag_matches(STR("\"ab\""), STR("abc")) || etag_matches(STR(""), STR("abc")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_a_header),
        cmocka_unit_test(nothing_of_an_empty_object_can_be_had),
        cmocka_unit_test(ranges_of_copies_are_exact),
        cmocka_unit_test(etags_match_in_every_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
