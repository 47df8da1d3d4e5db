// Store on SQLite: one file DATA/rehearse.db in WAL mode.
//
// synchronous=FULL: what store_commit acknowledged survives a power cut. Statements are prepared once a table and kept. Small rows lie in WITHOUT ROWID
// tables; rows that can exceed 1,000 bytes in rowid tables with a unique index, since a WITHOUT ROWID row that long spills to an overflow page (turns.md).
// Transactions start as BEGIN DEFERRED, so that a turn that only read costs no write. The first failure is remembered until the transaction ends.
#include "store/store.h"

#include "os/files.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { CACHE_KIB = 64 * 1024, AUTOCHECKPOINT_PAGES = 4000, BUSY_MS = 10000, SCAN_BATCH = 128, QUERY_BYTES = 256 };

typedef enum Query { GET, PUT, INSERT, DELETE, FORWARD, FORWARD_TO, BACKWARD, BACKWARD_TO, QUERIES } Query;

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

typedef struct TableStatements {
    const StoreTable *table;
    sqlite3_stmt *queries[QUERIES];
} TableStatements;

struct Store {
    sqlite3 *db;
    TableStatements *tables;
    size_t table_count;
    int depth; // of savepoints
    bool began, failed;
    Error error;
};

static void stick(Store *store) {
    if (store->failed) return;
    store->failed = true;
    fail(&store->error, "store", "%s", sqlite3_errmsg(store->db));
}

void store_break(Store *store, const char *why) {
    if (store->failed) return;
    store->failed = true;
    fail(&store->error, "store", "%s", why);
}

static void execute(Store *store, const char *sql) {
    if (!store->failed && sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) stick(store);
}

static sqlite3_stmt *statement(Store *store, const StoreTable *table, Query query) {
    TableStatements *of = NULL;
    for (size_t i = 0; i < store->table_count && !of; i++) {
        if (store->tables[i].table == table) of = &store->tables[i];
    }
    assert(of);
    if (of->queries[query]) return of->queries[query];
    char text[QUERY_BYTES];
    snprintf(text, sizeof text, "%s%s%s", QUERY_TEXTS[query].before, table->name, QUERY_TEXTS[query].after);
    if (sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT, &of->queries[query], NULL) != SQLITE_OK) stick(store);
    return of->queries[query];
}

// ---- Opening and closing ----

static bool run(Store *store, const char *sql, Error *e) {
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return fail(e, "store", "%s", sqlite3_errmsg(store->db));
}

static bool make_table(Store *store, const StoreTable *table, Error *e) {
    char sql[QUERY_BYTES];
    if (table->large_rows) {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)", table->name);
    } else {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", table->name);
    }
    return run(store, sql, e);
}

static bool set_up(Store *store, StoreMode mode, Error *e) {
    char sql[QUERY_BYTES];
    sqlite3_busy_timeout(store->db, BUSY_MS);
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY", CACHE_KIB);
    TRY(run(store, sql, e));
    if (mode == STORE_READER) return run(store, "PRAGMA query_only = ON", e);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = %d", AUTOCHECKPOINT_PAGES);
    TRY(run(store, sql, e));
    for (size_t i = 0; i < store->table_count; i++) TRY(make_table(store, store->tables[i].table, e));
    return true;
}

bool store_open(Str where, StoreMode mode, const StoreTable *const *tables, size_t table_count, Store **out, Error *e) {
    if (str_contains(where, STR("://"))) return fail(e, "store", "%.*s: this build stores in a folder only", STR_ARG(where));
    AUTO_ARENA arena = arena_new();
    Store *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->tables = calloc(table_count, sizeof *store->tables);
    if (!store->tables) abort();
    store->table_count = table_count;
    for (size_t i = 0; i < table_count; i++) store->tables[i].table = tables[i];
    const char *path = str_c(arena, path_join(arena, where, STR("rehearse.db")));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == STORE_WRITER ? SQLITE_OPEN_CREATE : 0);
    bool opened = sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK;
    if (!opened) fail(e, "store", "%s: %s", path, sqlite3_errmsg(store->db));
    if (!opened || !set_up(store, mode, e)) {
        store_close(store);
        return opened ? fail_within(e, "%s", path) : false;
    }
    *out = store;
    return true;
}

void store_close(Store *store) {
    if (!store) return;
    for (size_t i = 0; i < store->table_count; i++) {
        for (int query = 0; query < QUERIES; query++) sqlite3_finalize(store->tables[i].queries[query]);
    }
    sqlite3_close(store->db);
    free(store->tables);
    free(store);
}

// ---- Transactions ----

void store_begin(Store *store) {
    assert(!store->began);
    store->began = true;
    store->failed = false;
    store->depth = 0;
    execute(store, "BEGIN");
}

bool store_commit(Store *store, Error *e) {
    assert(store->began && store->depth == 0);
    execute(store, "COMMIT");
    store->began = false;
    if (!store->failed) return true;
    if (!sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (e) *e = store->error;
    return false;
}

void store_rollback(Store *store) {
    assert(store->began);
    if (!sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->began = false;
}

bool store_failed(const Store *store) { return store->failed; }

static void at_depth(Store *store, const char *verb) {
    char sql[QUERY_BYTES];
    snprintf(sql, sizeof sql, "%s s%d", verb, store->depth);
    execute(store, sql);
}

void store_savepoint(Store *store) {
    store->depth++;
    at_depth(store, "SAVEPOINT");
}

void store_release(Store *store) {
    at_depth(store, "RELEASE");
    store->depth--;
}

void store_undo(Store *store) {
    at_depth(store, "ROLLBACK TO");
    store_release(store);
}

// ---- Rows ----

static void bind_bytes(sqlite3_stmt *query, int place, Str bytes) { sqlite3_bind_blob64(query, place, bytes.at ? bytes.at : "", bytes.len, SQLITE_STATIC); }

static Str column(sqlite3_stmt *query, int place) {
    const char *at = sqlite3_column_blob(query, place);
    return (Str){at ? at : "", (size_t)sqlite3_column_bytes(query, place)};
}

bool store_get(Store *store, const StoreTable *table, Str key, Arena *arena, Str *value) {
    sqlite3_stmt *query = store->failed ? NULL : statement(store, table, GET);
    if (!query) return false;
    bind_bytes(query, 1, key);
    int status = sqlite3_step(query);
    if (status == SQLITE_ROW) *value = str_copy(arena, column(query, 0));
    if (status != SQLITE_ROW && status != SQLITE_DONE) stick(store);
    sqlite3_reset(query);
    return status == SQLITE_ROW;
}

// Runs a statement that writes; says whether a row changed.
static bool write_row(Store *store, const StoreTable *table, Query kind, Str key, Str value) {
    sqlite3_stmt *query = store->failed ? NULL : statement(store, table, kind);
    if (!query) return false;
    bind_bytes(query, 1, key);
    if (kind != DELETE) bind_bytes(query, 2, value);
    if (sqlite3_step(query) != SQLITE_DONE) stick(store);
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
    sqlite3_stmt *query = store->failed ? NULL : statement(store, table, kind);
    if (!query) return 0;
    size_t count = 0;
    int status;
    bind_bytes(query, 1, range->from);
    if (range->before.at) bind_bytes(query, 2, range->before);
    sqlite3_bind_int64(query, 3, (sqlite3_int64)most);
    while ((status = sqlite3_step(query)) == SQLITE_ROW) rows[count++] = (Row){str_copy(arena, column(query, 0)), str_copy(arena, column(query, 1))};
    if (status != SQLITE_DONE) stick(store);
    sqlite3_reset(query);
    return count;
}

// What is left of the range behind `last`.
static void go_on_behind(StoreRange *range, Str last, Arena *arena) {
    if (range->reverse) {
        range->before = str_copy(arena, last);
    } else {
        range->from = str_cat(arena, last, (Str){"", 1}); // the next key there can be
    }
}

void store_scan(Store *store, const StoreTable *table, StoreRange range, StoreVisit *each, void *context) {
    AUTO_ARENA bounds = arena_new();
    AUTO_ARENA batch = arena_new();
    size_t most = SCAN_BATCH < range.limit || range.limit == 0 ? SCAN_BATCH : range.limit, left = range.limit;
    for (;;) {
        arena_reset(batch);
        Row *rows = arena_array(batch, Row, most);
        size_t count = read_batch(store, table, &range, most, batch, rows);
        for (size_t i = 0; i < count; i++) {
            if (!each(context, rows[i].key, rows[i].value) || (range.limit && --left == 0)) return;
        }
        if (count < most) return;
        go_on_behind(&range, rows[count - 1].key, bounds);
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

void store_wipe(Store *store) {
    char sql[QUERY_BYTES];
    for (size_t i = 0; i < store->table_count; i++) {
        snprintf(sql, sizeof sql, "DELETE FROM %s", store->tables[i].table->name);
        execute(store, sql);
    }
}
