#include "store/harness.h"

#include <signal.h>
#include <sys/resource.h>

enum { MANY = 1000 };

static Str get(const Stored *stored, const StoreTable *table, Str key) {
    Str value = STR_NONE;
    store_get(stored->store, table, key, stored->arena, &value);
    return value;
}

static Str numbered(const Stored *stored, int i) { return str_format(stored->arena, "k%04d", i); }

static void fill(const Stored *stored, const StoreTable *table) {
    for (int i = 0; i < MANY; i++) store_put(stored->store, table, numbered(stored, i), STR("v"));
}

typedef struct Seen {
    Stored *stored;
    const StoreTable *table;
    Str first, last;
    size_t count, stop_after;
    bool remove;
} Seen;

static bool see(void *context, Str key, Str value) {
    Seen *seen = context;
    Str copy = str_copy(seen->stored->arena, key);
    if (!seen->count++) seen->first = copy;
    seen->last = copy;
    if (seen->remove) store_delete(seen->stored->store, seen->table, key);
    return seen->count != seen->stop_after;
}

static void what_is_committed_is_there_after_a_restart_and_the_rest_is_not(void **state) {
    STORE_TESTED(stored);
    store_put(stored.store, &SMALL_ROWS, STR("kept"), STR("1"));
    store_put(stored.store, &LARGE_ROWS, STR("kept"), STR(""));
    stored_commit(&stored);
    store_put(stored.store, &SMALL_ROWS, STR("kept"), STR("2"));
    store_put(stored.store, &SMALL_ROWS, STR("lost"), STR("2"));
    stored_restart(&stored);
    assert_true(str_is(get(&stored, &SMALL_ROWS, STR("kept")), "1"));
    assert_false(str_is_none(get(&stored, &LARGE_ROWS, STR("kept"))));
    assert_true(str_is_none(get(&stored, &SMALL_ROWS, STR("lost"))));
}

static void insert_leaves_what_is_there(void **state) {
    STORE_TESTED(stored);
    const StoreTable *tables[] = {&SMALL_ROWS, &LARGE_ROWS};
    for (size_t i = 0; i < 2; i++) {
        assert_true(store_insert(stored.store, tables[i], STR("k"), STR("first")));
        assert_false(store_insert(stored.store, tables[i], STR("k"), STR("second")));
        assert_true(str_is(get(&stored, tables[i], STR("k")), "first"));
        assert_true(store_delete(stored.store, tables[i], STR("k")));
        assert_false(store_delete(stored.store, tables[i], STR("k")));
    }
}

static void savepoints_nest(void **state) {
    STORE_TESTED(stored);
    store_savepoint(stored.store);
    store_put(stored.store, &SMALL_ROWS, STR("outer"), STR("1"));
    store_savepoint(stored.store);
    store_put(stored.store, &SMALL_ROWS, STR("inner"), STR("1"));
    store_put(stored.store, &SMALL_ROWS, STR("outer"), STR("2"));
    store_undo(stored.store);
    assert_true(str_is(get(&stored, &SMALL_ROWS, STR("outer")), "1"));
    store_release(stored.store);
    stored_commit(&stored);
    assert_true(str_is(get(&stored, &SMALL_ROWS, STR("outer")), "1"));
    assert_true(str_is_none(get(&stored, &SMALL_ROWS, STR("inner"))));
}

static void a_scan_visits_a_range_in_both_directions(void **state) {
    STORE_TESTED(stored);
    fill(&stored, &LARGE_ROWS);
    Seen up = {.stored = &stored}, down = {.stored = &stored}, few = {.stored = &stored}, stopped = {.stored = &stored, .stop_after = 300};
    StoreRange range = {.from = STR("k0100"), .before = STR("k0900")}, back = range, limited = range;
    back.reverse = limited.reverse = true;
    limited.limit = 500;
    store_scan(stored.store, &LARGE_ROWS, range, see, &up);
    store_scan(stored.store, &LARGE_ROWS, back, see, &down);
    store_scan(stored.store, &LARGE_ROWS, limited, see, &few);
    store_scan(stored.store, &LARGE_ROWS, (StoreRange){.from = STR("")}, see, &stopped);
    assert_int_equal(up.count, 800);
    assert_true(str_is(up.first, "k0100") && str_is(up.last, "k0899"));
    assert_int_equal(down.count, 800);
    assert_true(str_is(down.first, "k0899") && str_is(down.last, "k0100"));
    assert_int_equal(few.count, 500);
    assert_true(str_is(few.last, "k0400"));
    assert_int_equal(stopped.count, 300);
}

static void a_visitor_may_delete_what_it_is_shown(void **state) {
    STORE_TESTED(stored);
    fill(&stored, &SMALL_ROWS);
    Seen seen = {.stored = &stored, .table = &SMALL_ROWS, .remove = true};
    store_scan(stored.store, &SMALL_ROWS, (StoreRange){.from = STR("")}, see, &seen);
    assert_int_equal(seen.count, MANY);
    assert_int_equal(store_delete_range(stored.store, &SMALL_ROWS, (StoreRange){.from = STR("")}), 0);
}

static void delete_range_says_how_many(void **state) {
    STORE_TESTED(stored);
    fill(&stored, &SMALL_ROWS);
    StoreRange range = {.from = STR("k0010"), .before = STR("k0020")};
    assert_int_equal(store_delete_range(stored.store, &SMALL_ROWS, range), 10);
    assert_int_equal(store_delete_range(stored.store, &SMALL_ROWS, range), 0);
}

static void a_reader_sees_the_last_commit_while_the_writer_writes(void **state) {
    STORE_TESTED(stored);
    store_put(stored.store, &SMALL_ROWS, STR("k"), STR("1"));
    stored_commit(&stored);
    Stored reader = {.arena = stored.arena, .store = stored_open(stored.folder, STORE_READER)};
    store_put(stored.store, &SMALL_ROWS, STR("k"), STR("2"));
    store_begin(reader.store);
    assert_true(str_is(get(&reader, &SMALL_ROWS, STR("k")), "1"));
    stored_commit(&stored);
    assert_true(str_is(get(&reader, &SMALL_ROWS, STR("k")), "1"));
    store_rollback(reader.store);
    store_begin(reader.store);
    assert_true(str_is(get(&reader, &SMALL_ROWS, STR("k")), "2"));
    store_put(reader.store, &SMALL_ROWS, STR("k"), STR("3"));
    assert_non_null(store_failure(reader.store)); // a reader may not write
    store_close(reader.store);
}

static void wiping_empties_every_table(void **state) {
    STORE_TESTED(stored);
    fill(&stored, &SMALL_ROWS);
    fill(&stored, &LARGE_ROWS);
    store_wipe(stored.store);
    stored_commit(&stored);
    assert_true(str_is_none(get(&stored, &SMALL_ROWS, STR("k0001"))));
    assert_true(str_is_none(get(&stored, &LARGE_ROWS, STR("k0001"))));
}

static void a_broken_transaction_finds_and_writes_nothing_until_it_ends(void **state) {
    STORE_TESTED(stored);
    Error e = {0};
    store_put(stored.store, &SMALL_ROWS, STR("k"), STR("1"));
    stored_commit(&stored);
    store_savepoint(stored.store);
    store_break(stored.store, "the folder is on fire");
    store_put(stored.store, &SMALL_ROWS, STR("k"), STR("2"));
    assert_true(str_is_none(get(&stored, &SMALL_ROWS, STR("k"))));
    store_release(stored.store);
    assert_false(store_commit(stored.store, &e));
    assert_string_equal(e.message, "the folder is on fire");
    store_begin(stored.store);
    assert_null(store_failure(stored.store));
    assert_true(str_is(get(&stored, &SMALL_ROWS, STR("k")), "1"));
}

// A limit on the size of files stands for a full disk.
static void a_full_disk_fails_the_commit_and_loses_nothing(void **state) {
    STORE_TESTED(stored);
    store_put(stored.store, &LARGE_ROWS, STR("k"), STR("1"));
    stored_commit(&stored);
    struct rlimit all, little;
    getrlimit(RLIMIT_FSIZE, &all);
    signal(SIGXFSZ, SIG_IGN);
    little = (struct rlimit){.rlim_cur = 1024 * 1024, .rlim_max = all.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    Str heavy = {arena_zalloc(stored.arena, 4 * 1024 * 1024), 4 * 1024 * 1024};
    store_put(stored.store, &LARGE_ROWS, STR("k"), heavy);
    Error e = {0};
    assert_false(store_commit(stored.store, &e));
    assert_true(e.message[0]);
    setrlimit(RLIMIT_FSIZE, &all);
    store_begin(stored.store);
    assert_true(str_is(get(&stored, &LARGE_ROWS, STR("k")), "1"));
    store_put(stored.store, &LARGE_ROWS, STR("k"), heavy);
    stored_commit(&stored);
    assert_int_equal(get(&stored, &LARGE_ROWS, STR("k")).len, heavy.len);
}

static void a_file_that_is_no_database_is_refused(void **state) {
    STORE_TESTED(stored);
    Str folder = path_join(stored.arena, stored.folder, STR("other")),
        text = STR("This is no database at all, but a text of more than a hundred bytes, "
                   "which is what SQLite reads first of every file that it opens.");
    Store *store = NULL;
    Error e = {0};
    assert_true(folder_make(folder, 0700, NULL));
    assert_true(file_write(path_join(stored.arena, folder, STR("rehearse.db")), text, 0600, NULL));
    assert_false(store_open(folder, STORE_WRITER, TABLES_TESTED, 1, &store, &e));
    assert_non_null(strstr(e.message, "rehearse.db"));
    assert_null(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed_is_there_after_a_restart_and_the_rest_is_not),
        cmocka_unit_test(insert_leaves_what_is_there),
        cmocka_unit_test(savepoints_nest),
        cmocka_unit_test(a_scan_visits_a_range_in_both_directions),
        cmocka_unit_test(a_visitor_may_delete_what_it_is_shown),
        cmocka_unit_test(delete_range_says_how_many),
        cmocka_unit_test(a_reader_sees_the_last_commit_while_the_writer_writes),
        cmocka_unit_test(wiping_empties_every_table),
        cmocka_unit_test(a_broken_transaction_finds_and_writes_nothing_until_it_ends),
        cmocka_unit_test(a_full_disk_fails_the_commit_and_loses_nothing),
        cmocka_unit_test(a_file_that_is_no_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
