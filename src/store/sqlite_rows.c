// Store on SQLite: rows and scans.
#include "store/sqlite.h"

#include <stdio.h>

enum { FIRST_BATCH = 8, LARGEST_BATCH = 256, QUERY_BYTES = 256 };

// The table's name stands between the two. A scan reads a batch and starts again behind it, so that the visitor may write.
static const struct {
    const char *before, *after;
} QUERY_TEXTS[QUERIES] = {
    [GET] = {"SELECT value FROM ", " WHERE key = ?1"},
    [PUT] = {"INSERT INTO ", " (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"},
    [INSERT] = {"INSERT INTO ", " (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING"},
    [DELETE] = {"DELETE FROM ", " WHERE key = ?1"},
    [FORWARD] = {"SELECT key, value FROM ", " WHERE key >= ?1 ORDER BY key LIMIT ?3"},
    [FORWARD_TO] = {"SELECT key, value FROM ", " WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3"},
    [BACKWARD] = {"SELECT key, value FROM ", " WHERE key >= ?1 ORDER BY key DESC LIMIT ?3"},
    [BACKWARD_TO] = {"SELECT key, value FROM ", " WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3"},
};

static sqlite3_stmt *prepare(Store *store, TableStatements *of, Query query) {
    char text[QUERY_BYTES];
    snprintf(text, sizeof text, "%s%s%s", QUERY_TEXTS[query].before, of->table->name, QUERY_TEXTS[query].after);
    if (sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT, &of->queries[query], NULL) != SQLITE_OK) sqlite_stick(store);
    return of->queries[query];
}

// NULL when the transaction has failed.
static sqlite3_stmt *statement(Store *store, TableStatements *of, Query query) {
    if (store->failed) return NULL;
    return of->queries[query] ? of->queries[query] : prepare(store, of, query);
}

static void bind_bytes(sqlite3_stmt *query, int place, Str bytes) {
    sqlite3_bind_blob64(query, place, bytes.at ? bytes.at : "", bytes.len, SQLITE_STATIC);
}

static Str column(sqlite3_stmt *query, int place) {
    const char *at = sqlite3_column_blob(query, place);
    return (Str){at ? at : "", (size_t)sqlite3_column_bytes(query, place)};
}

static bool read_row(Store *store, TableStatements *of, Str key, Arena *arena, Str *value) {
    sqlite3_stmt *query = statement(store, of, GET);
    if (!query) return false;
    bind_bytes(query, 1, key);
    int status = sqlite3_step(query);
    if (status == SQLITE_ROW) *value = str_copy(arena, column(query, 0));
    if (status != SQLITE_ROW && status != SQLITE_DONE) sqlite_stick(store);
    sqlite3_reset(query);
    return status == SQLITE_ROW;
}

// Each of the three only ever grows: no two states of the table, as this connection sees it, have the same sum.
static uint64_t moment(const Store *store, const TableStatements *of) { return store->transactions + store->undone + of->changes; }

bool store_get(Store *store, const StoreTable *table, Str key, Arena *arena, Str *value) {
    TableStatements *of = sqlite_table(store, table);
    if (!of->remembered || store->failed) return read_row(store, of, key, arena, value);
    Str known;
    if (remembered_get(of->remembered, moment(store, of), key, &known)) {
        *value = str_copy(arena, known);
        return true;
    }
    if (!read_row(store, of, key, arena, value)) return false;
    remembered_put(of->remembered, moment(store, of), key, *value);
    return true;
}

// Runs a statement that writes; says whether a row changed.
static bool write_row(Store *store, const StoreTable *table, Query kind, Str key, Str value) {
    TableStatements *of = sqlite_table(store, table);
    sqlite3_stmt *query = statement(store, of, kind);
    if (!query) return false;
    of->changes++;
    bind_bytes(query, 1, key);
    if (kind != DELETE) bind_bytes(query, 2, value);
    if (sqlite3_step(query) != SQLITE_DONE) sqlite_stick(store);
    sqlite3_reset(query);
    return !store->failed && sqlite3_changes(store->db) > 0;
}

void store_put(Store *store, const StoreTable *table, Str key, Str value) { write_row(store, table, PUT, key, value); }
bool store_insert(Store *store, const StoreTable *table, Str key, Str value) { return write_row(store, table, INSERT, key, value); }
bool store_delete(Store *store, const StoreTable *table, Str key) { return write_row(store, table, DELETE, key, STR_NONE); }

// ---- Scans ----

typedef struct Row {
    Str key, value;
} Row;

// Reads the next batch; returns how many rows it has.
static size_t read_batch(Store *store, const StoreTable *table, const StoreRange *range, size_t most, Arena *arena, Row *rows) {
    Query kind = range->reverse ? (range->before.at ? BACKWARD_TO : BACKWARD) : (range->before.at ? FORWARD_TO : FORWARD);
    sqlite3_stmt *query = statement(store, sqlite_table(store, table), kind);
    if (!query) return 0;
    size_t count = 0;
    int status;
    bind_bytes(query, 1, range->from);
    if (range->before.at) bind_bytes(query, 2, range->before);
    sqlite3_bind_int64(query, 3, (sqlite3_int64)most);
    while ((status = sqlite3_step(query)) == SQLITE_ROW) rows[count++] = (Row){str_copy(arena, column(query, 0)), str_copy(arena, column(query, 1))};
    if (status != SQLITE_DONE) sqlite_stick(store);
    sqlite3_reset(query);
    return count;
}

// What is left of the range behind `last`.
static void go_on_behind(StoreRange *range, Str last, Arena *arena) {
    arena_reset(arena);
    if (range->reverse) {
        range->before = str_copy(arena, last);
    } else {
        range->from = str_cat(arena, last, (Str){"", 1}); // the next key there can be
    }
}

static size_t batch_size(size_t before, size_t left) {
    size_t size = before ? before * 2 : FIRST_BATCH;
    if (size > LARGEST_BATCH) size = LARGEST_BATCH;
    return left && left < size ? left : size;
}

void store_scan(Store *store, const StoreTable *table, StoreRange range, StoreVisit *each, void *context) {
    AUTO_ARENA bound = arena_new();
    AUTO_ARENA batch = arena_new();
    for (size_t most = batch_size(0, range.limit);; most = batch_size(most, range.limit)) {
        arena_reset(batch);
        Row *rows = arena_alloc(batch, most * sizeof *rows);
        size_t count = read_batch(store, table, &range, most, batch, rows);
        for (size_t i = 0; i < count; i++) {
            if (!each(context, rows[i].key, rows[i].value) || (range.limit && --range.limit == 0)) return;
        }
        if (count < most) return;
        go_on_behind(&range, rows[count - 1].key, bound);
    }
}

typedef struct DeleteAll {
    Store *store;
    const StoreTable *table;
    size_t count;
} DeleteAll;

static bool delete_one(void *context, Str key, Str value) {
    DeleteAll *all = context;
    all->count += store_delete(all->store, all->table, key);
    return true;
}

size_t store_delete_range(Store *store, const StoreTable *table, StoreRange range) {
    DeleteAll all = {.store = store, .table = table};
    store_scan(store, table, range, delete_one, &all);
    return all.count;
}
