#include "store/harness.h"
#include "store/remembered.h"

static const Str KEY_TESTED = STR_INIT("the key");

static void expect(Store *store, Arena *arena, const char *value) {
    Str found = STR_NONE;
    bool there = store_get(store, &DOCUMENT_TABLE, KEY_TESTED, arena, &found);
    assert_int_equal(there, value != NULL);
    if (value) assert_true(str_is(found, value));
}

static void a_row_counts_only_at_its_moment_and_under_its_key(void **state) {
    Remembered *all = remembered_new();
    Str value;
    assert_false(remembered_get(all, 1, STR("a"), &value));
    remembered_put(all, 1, STR("a"), STR("value"));
    assert_true(remembered_get(all, 1, STR("a"), &value) && str_is(value, "value"));
    assert_false(remembered_get(all, 2, STR("a"), &value));
    assert_false(remembered_get(all, 1, STR("b"), &value));
    remembered_free(all);
}

static void a_row_that_is_too_long_is_not_kept(void **state) {
    static char bytes[REMEMBERED_BYTES];
    Remembered *all = remembered_new();
    Str value;
    remembered_put(all, 1, STR("a"), (Str){bytes, sizeof bytes});
    assert_false(remembered_get(all, 1, STR("a"), &value));
    remembered_free(all);
}

static void rows_that_share_a_slot_take_its_place_in_turn(void **state) {
    AUTO_ARENA arena = arena_new();
    Remembered *all = remembered_new();
    for (int i = 0; i < 10 * REMEMBERED_ROWS; i++) {
        Str key = str_format(arena, "key %d", i), value;
        remembered_put(all, 1, key, key);
        assert_true(remembered_get(all, 1, key, &value) && str_eq(value, key));
    }
    remembered_free(all);
}

static void what_is_written_after_a_read_is_read_next(void **state) {
    STORE_TESTED(stored);
    expect(stored.store, stored.arena, NULL);
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("first"));
    expect(stored.store, stored.arena, "first");
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("second"));
    expect(stored.store, stored.arena, "second");
    store_delete(stored.store, &DOCUMENT_TABLE, KEY_TESTED);
    expect(stored.store, stored.arena, NULL);
}

static void what_is_taken_back_after_a_read_is_read_as_it_was(void **state) {
    STORE_TESTED(stored);
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("first"));
    store_savepoint(stored.store);
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("second"));
    expect(stored.store, stored.arena, "second");
    store_undo(stored.store);
    expect(stored.store, stored.arena, "first");
}

static void a_reader_sees_in_its_next_transaction_what_another_connection_committed(void **state) {
    STORE_TESTED(stored);
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("first"));
    stored_commit(&stored);
    Store *reader = stored_open(stored.folder, STORE_READER);
    store_begin(reader);
    expect(reader, stored.arena, "first");
    store_put(stored.store, &DOCUMENT_TABLE, KEY_TESTED, STR("second"));
    stored_commit(&stored);
    expect(reader, stored.arena, "first");
    store_rollback(reader);
    store_begin(reader);
    expect(reader, stored.arena, "second");
    store_close(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_counts_only_at_its_moment_and_under_its_key),
        cmocka_unit_test(a_row_that_is_too_long_is_not_kept),
        cmocka_unit_test(rows_that_share_a_slot_take_its_place_in_turn),
        cmocka_unit_test(what_is_written_after_a_read_is_read_next),
        cmocka_unit_test(what_is_taken_back_after_a_read_is_read_as_it_was),
        cmocka_unit_test(a_reader_sees_in_its_next_transaction_what_another_connection_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
