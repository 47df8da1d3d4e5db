#include "base/doc.h"
#include "unit.h"

static Doc *person(Arena *arena) {
    Doc *map = doc_map(arena), *names = doc_list(arena);
    doc_push_str(arena, names, STR("Grace"));
    doc_push_str(arena, names, STR("Hopper"));
    doc_set(map, "names", names);
    doc_set_int(arena, map, "born", 1906);
    doc_set_bool(arena, map, "admiral", true);
    return map;
}

static void reading_what_is_not_there_gives_the_default(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *map = person(arena);
    assert_int_equal(doc_int(doc_get(doc_get(map, "no"), "such"), 60), 60);
    assert_true(str_is_none(doc_text(map, "born"))); // of another kind
    assert_true(str_is_none(doc_text(NULL, "x")));
    assert_null(doc_first(doc_get(map, "born")));
    assert_int_equal(doc_count(NULL), 0);
}

static void putting_again_replaces_and_putting_nothing_removes(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *map = person(arena);
    doc_set_int(arena, map, "born", 1907);
    assert_int_equal(doc_count(map), 3);
    assert_int_equal(doc_number(map, "born", 0), 1907);
    doc_set(map, "born", NULL);
    assert_int_equal(doc_count(map), 2);
    assert_null(doc_get(map, "born"));
    doc_set(map, "admiral", NULL); // the last one
    doc_set_int(arena, map, "after", 1);
    assert_int_equal(doc_count(map), 2);
    assert_true(str_is(doc_first(map)->next->key, "after"));
}

static void a_string_that_is_none_adds_nothing(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *map = doc_map(arena);
    doc_set_str(arena, map, "absent", STR_NONE);
    doc_set_str(arena, map, "empty", STR(""));
    assert_int_equal(doc_count(map), 1);
}

static void a_copy_shares_nothing(void **state) {
    AUTO_ARENA arena = arena_new();
    Arena *other = arena_new();
    Doc *copy = doc_copy(arena, person(other));
    arena_free(other);
    assert_true(doc_equal(copy, person(arena)));
    assert_null(doc_copy(arena, NULL));
}

static void maps_are_equal_in_any_order_and_lists_are_not(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *one = doc_map(arena), *two = doc_map(arena), *ab = doc_list(arena), *ba = doc_list(arena);
    doc_set_int(arena, one, "a", 1);
    doc_set_int(arena, one, "b", 2);
    doc_set_int(arena, two, "b", 2);
    doc_set_int(arena, two, "a", 1);
    assert_true(doc_equal(one, two));
    doc_set_int(arena, two, "c", 3);
    assert_false(doc_equal(one, two));
    doc_push_str(arena, ab, STR("a"));
    doc_push_str(arena, ab, STR("b"));
    doc_push_str(arena, ba, STR("b"));
    doc_push_str(arena, ba, STR("a"));
    assert_false(doc_equal(ab, ba));
}

static void a_list_is_asked_for_one_of_its_texts(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *list = doc_list(arena);
    doc_push_str(arena, list, STR("Name"));
    doc_push(list, doc_of_int(arena, 1));
    assert_true(doc_has_text(list, STR("Name")));
    assert_false(doc_has_text(list, STR("name")));
    assert_true(doc_has_text_nocase(list, STR("nAME")));
    assert_false(doc_has_text_nocase(list, STR("Nam")));
    assert_false(doc_has_text(NULL, STR("Name")));
}

static void whole_reals_read_as_integers_and_others_do_not(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(doc_int(doc_of_real(arena, 3.0), -1), 3);
    assert_int_equal(doc_int(doc_of_real(arena, 3.5), -1), -1);
    assert_int_equal(doc_int(doc_of_real(arena, 1e300), -1), -1);
    assert_int_equal(doc_int(doc_of_time(arena, 1234), -1), 1234);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_what_is_not_there_gives_the_default),
        cmocka_unit_test(putting_again_replaces_and_putting_nothing_removes),
        cmocka_unit_test(a_string_that_is_none_adds_nothing),
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(maps_are_equal_in_any_order_and_lists_are_not),
        cmocka_unit_test(a_list_is_asked_for_one_of_its_texts),
        cmocka_unit_test(whole_reals_read_as_integers_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
