#include "base/ids.h"
#include "unit.h"

static void the_same_seed_gives_the_same_ids(void **state) {
    AUTO_ARENA arena = arena_new();
    IdSource one, two, other;
    id_source_seed(&one, 1, 2);
    id_source_seed(&two, 1, 2);
    id_source_seed(&other, 1, 3);
    Str first = id_uuid(&one, arena);
    assert_true(str_eq(first, id_uuid(&two, arena)));
    assert_false(str_eq(first, id_uuid(&one, arena)));
    assert_false(str_eq(first, id_uuid(&other, arena)));
}

static void a_uuid_has_its_form_and_version(void **state) {
    AUTO_ARENA arena = arena_new();
    IdSource source;
    id_source_seed_random(&source);
    for (int i = 0; i < 100; i++) {
        Str id = id_uuid(&source, arena);
        assert_int_equal(id.len, 36);
        for (size_t at = 0; at < id.len; at++) assert_int_equal(id.at[at] == '-', at == 8 || at == 13 || at == 18 || at == 23);
        assert_int_equal(id.at[14], '4');
        assert_non_null(strchr("89ab", id.at[19]));
    }
}

static void an_id_takes_its_characters_from_the_alphabet(void **state) {
    AUTO_ARENA arena = arena_new();
    IdSource source;
    id_source_seed_random(&source);
    bool seen[256] = {0};
    for (int i = 0; i < 200; i++) {
        Str id = id_chars(&source, arena, ID_UPPER_DIGITS, 9);
        assert_int_equal(id.len, 9);
        for (size_t at = 0; at < id.len; at++) seen[(unsigned char)id.at[at]] = true;
    }
    for (int c = 0; c < 256; c++) assert_int_equal(seen[c], str_find_char(ID_UPPER_DIGITS, (char)c) >= 0);
    assert_int_equal(id_hex(&source, arena, 17).len, 17);
}

static void random_bytes_are_not_the_same_twice(void **state) {
    uint8_t one[32] = {0}, two[32] = {0};
    random_bytes(one, sizeof one);
    random_bytes(two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_ids),
        cmocka_unit_test(a_uuid_has_its_form_and_version),
        cmocka_unit_test(an_id_takes_its_characters_from_the_alphabet),
        cmocka_unit_test(random_bytes_are_not_the_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
