#include "services/s3/s3.h"
#include "unit.h"

static void good_names(void **state) {
    static const char *const names[] = {"abc", "my-bucket", "a.b.c",
                                        "123", "1.2.3",     "a23456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!bucket_name_is_valid(str_of(names[i]))) fail_msg("%s is a good name", names[i]);
}

static void bad_names(void **state) {
    static const char *const names[] = {
        "",
        "ab",
        "Abc",
        "a_b",
        "-ab",
        "ab-",
        ".ab",
        "ab.",
        "a..b",
        "1.2.3.4",
        "xn--abc",
        "sthree-abc",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "a b",
        "a234567890123456789012345678901234567890123456789012345678901234",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bucket_name_is_valid(str_of(names[i]))) fail_msg("'%s' is a bad name", names[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_names), cmocka_unit_test(bad_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
