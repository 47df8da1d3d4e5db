#include "services/dynamodb/values.h"

#include "formats/json.h"
#include "unit.h"

static Doc *value(Arena *arena, const char *text) {
    Doc *doc = NULL;
    assert_true(json_parse(arena, str_of(text), &doc, NULL));
    return doc;
}

static void numbers_are_equal_by_value(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *a = value(arena, "{\"N\":\"1.0\"}"), *b = value(arena, "{\"N\":\"1\"}");
    assert_true(value_check(arena, a, NULL) && value_check(arena, b, NULL));
    assert_true(value_equal(a, b));
}

static void sets_are_equal_in_any_order(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *a = value(arena, "{\"SS\":[\"x\",\"y\"]}"), *b = value(arena, "{\"SS\":[\"y\",\"x\"]}"), *c = value(arena, "{\"SS\":[\"y\",\"z\"]}");
    assert_true(value_equal(a, b));
    assert_false(value_equal(a, c));
}

static void lists_are_equal_in_order_only(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *a = value(arena, "{\"L\":[{\"S\":\"x\"},{\"S\":\"y\"}]}"), *b = value(arena, "{\"L\":[{\"S\":\"y\"},{\"S\":\"x\"}]}");
    assert_false(value_equal(a, b));
    assert_true(value_equal(a, a));
}

static void only_texts_numbers_and_bytes_have_an_order(void **state) {
    AUTO_ARENA arena = arena_new();
    int order = 0;
    assert_true(value_compare(value(arena, "{\"N\":\"9\"}"), value(arena, "{\"N\":\"10\"}"), &order));
    assert_true(order < 0);
    assert_true(value_compare(value(arena, "{\"S\":\"9\"}"), value(arena, "{\"S\":\"10\"}"), &order));
    assert_true(order > 0);
    assert_false(value_compare(value(arena, "{\"S\":\"9\"}"), value(arena, "{\"N\":\"10\"}"), &order));
    assert_false(value_compare(value(arena, "{\"BOOL\":true}"), value(arena, "{\"BOOL\":true}"), &order));
}

static void sizes_are_counted_as_the_guide_says(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(item_bytes(value(arena, "{\"id\":{\"S\":\"abc\"}}")), 5);
    assert_int_equal(item_bytes(value(arena, "{\"n\":{\"N\":\"1234\"}}")), 1 + 2 + 1);
    assert_int_equal(item_bytes(value(arena, "{\"l\":{\"L\":[{\"S\":\"a\"}]}}")), 1 + 3 + 1 + 1);
    assert_int_equal(item_bytes(value(arena, "{\"m\":{\"M\":{\"k\":{\"BOOL\":true}}}}")), 1 + 3 + 1 + 1 + 1);
}

static void bytes_are_bytes_again_after_a_stay_in_the_store(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *item = doc_map(arena), *list = doc_list(arena);
    doc_push(list, value_new(arena, VALUE_B, doc_of_blob(arena, STR("\0\xff"))));
    doc_add(item, STR("l"), value_new(arena, VALUE_L, list));
    Doc *read = item_read(arena, item_write(arena, item));
    const Doc *bytes = value_data(doc_at(value_data(doc_get(read, "l")), 0));
    assert_true(doc_is(bytes, DOC_BLOB));
    assert_true(str_eq(doc_str(bytes, STR("")), STR("\0\xff")));
}

static void nesting_is_bounded(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *deep = value_new(arena, VALUE_S, doc_of_str(arena, STR("x")));
    for (int i = 0; i <= VALUE_DEPTH; i++) {
        Doc *list = doc_list(arena);
        doc_push(list, deep);
        deep = value_new(arena, VALUE_L, list);
    }
    assert_false(value_check(arena, deep, NULL));
    assert_true(value_check(arena, doc_first(value_data(deep)), NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_equal_by_value),
        cmocka_unit_test(sets_are_equal_in_any_order),
        cmocka_unit_test(lists_are_equal_in_order_only),
        cmocka_unit_test(only_texts_numbers_and_bytes_have_an_order),
        cmocka_unit_test(sizes_are_counted_as_the_guide_says),
        cmocka_unit_test(bytes_are_bytes_again_after_a_stay_in_the_store),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
