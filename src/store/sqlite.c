// Store on SQLite: one file DATA/rehearse.db in WAL mode. This file: opening and transactions.
//
// synchronous=FULL: what store_commit acknowledged survives a power cut. Statements are prepared once and kept. Small rows lie in WITHOUT ROWID
// tables; rows that can exceed 1,000 bytes in rowid tables with a unique index, since a WITHOUT ROWID row that long spills to an overflow page.
// A commit whose sync fails has written its frames to the log: a crash would bring back what was told to have failed. An empty commit is written over them.
// Transactions start as BEGIN DEFERRED, so that a turn that only read costs no write. The first failure is remembered until the transaction ends.
#include "store/sqlite.h"

#include "os/files.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// AUTOCHECKPOINT_PAGES: larger gives more throughput and a longer tail of commits (1000/4000/8000 pages: PUT p99 12/24/30 ms).
enum { FORMAT = 1, CACHE_KIB = 64 * 1024, AUTOCHECKPOINT_PAGES = 4000, WAL_KEPT_BYTES = 64 * 1024 * 1024, BUSY_MS = 10000, SQL_BYTES = 320 };

// A savepoint hides an outer one of its own name: one name is enough for all depths.
static const char *const VERB_TEXTS[VERBS] = {
    [BEGIN] = "BEGIN", [COMMIT] = "COMMIT", [ROLLBACK] = "ROLLBACK", [SAVEPOINT] = "SAVEPOINT s", [RELEASE] = "RELEASE s", [UNDO] = "ROLLBACK TO s"};

void store_break(Store *store, const char *why) {
    if (store->failed) return;
    store->failed = true;
    fail(&store->error, "store", "%s", why);
}

void sqlite_stick(Store *store) { store_break(store, sqlite3_errmsg(store->db)); }

TableStatements *sqlite_table(Store *store, const StoreTable *table) {
    for (size_t i = 0; i < store->table_count; i++) {
        if (store->tables[i].table == table) return &store->tables[i];
    }
    abort(); // a table that store_open was not told of
}

// ---- Opening and closing ----

static bool run(Store *store, const char *sql, Error *e) {
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return fail(e, "store", "%s", sqlite3_errmsg(store->db));
}

// The first column of the first row.
static bool ask(Store *store, const char *sql, char *answer, size_t room, Error *e) {
    sqlite3_stmt *query = NULL;
    bool answered = sqlite3_prepare_v2(store->db, sql, -1, &query, NULL) == SQLITE_OK && sqlite3_step(query) == SQLITE_ROW;
    if (answered) snprintf(answer, room, "%s", (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    return answered || fail(e, "store", "%s", sqlite3_errmsg(store->db));
}

static bool check_format(Store *store, Error *e) {
    char answer[32], sql[SQL_BYTES];
    int64_t format;
    TRY(ask(store, "PRAGMA user_version", answer, sizeof answer, e));
    if (!str_to_int(str_of(answer), &format) || format > FORMAT) {
        return fail(e, "store", "written by a newer version of rehearse (format %s; this one reads up to %d)", answer, FORMAT);
    }
    if (format == FORMAT) return true;
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", FORMAT);
    return run(store, sql, e);
}

static bool go_to_wal(Store *store, Error *e) {
    char mode[32], sql[SQL_BYTES];
    TRY(ask(store, "PRAGMA journal_mode = WAL", mode, sizeof mode, e));
    if (strcmp(mode, "wal") != 0) return fail(e, "store", "this file system does not allow a write-ahead log (journal mode is %s)", mode);
    snprintf(sql, sizeof sql, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d", AUTOCHECKPOINT_PAGES,
             WAL_KEPT_BYTES);
    return run(store, sql, e);
}

static bool make_table(Store *store, const StoreTable *table, Error *e) {
    char sql[SQL_BYTES];
    if (table->large_rows) {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)",
                 table->name);
    } else {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", table->name);
    }
    return run(store, sql, e);
}

static bool make_tables(Store *store, Error *e) {
    TRY(run(store, "BEGIN IMMEDIATE", e));
    TRY(run(store, "CREATE TABLE IF NOT EXISTS mended (id INTEGER PRIMARY KEY, times INTEGER NOT NULL)", e));
    for (size_t i = 0; i < store->table_count; i++) TRY(make_table(store, store->tables[i].table, e));
    return run(store, "COMMIT", e);
}

static bool set_up(Store *store, StoreMode mode, Error *e) {
    char sql[SQL_BYTES];
    sqlite3_busy_timeout(store->db, BUSY_MS);
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF", CACHE_KIB);
    TRY(run(store, sql, e));
    if (mode == STORE_READER) return run(store, "PRAGMA query_only = ON", e);
    return check_format(store, e) && go_to_wal(store, e) && make_tables(store, e);
}

// SQLite counts what it allocates under a lock of the whole process; nobody asks it.
static void configure_library(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static Store *new_store(const StoreTable *const *tables, size_t table_count) {
    Store *store = calloc(1, sizeof *store);
    TableStatements *statements = calloc(table_count ? table_count : 1, sizeof *statements);
    if (!store || !statements) abort();
    for (size_t i = 0; i < table_count; i++) {
        statements[i].table = tables[i];
        statements[i].remembered = tables[i]->revisited ? remembered_new() : NULL;
    }
    store->tables = statements;
    store->table_count = table_count;
    return store;
}

bool store_open(Str where, StoreMode mode, const StoreTable *const *tables, size_t table_count, Store **out, Error *e) {
    if (str_contains(where, STR("://"))) return fail(e, "store", "%.*s: this build stores in a folder only", STR_ARG(where));
    AUTO_ARENA arena = arena_new();
    const char *path = str_c(arena, path_join(arena, where, STR("rehearse.db")));
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_library);
    Store *store = new_store(tables, table_count);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == STORE_WRITER ? SQLITE_OPEN_CREATE : 0);
    bool opened = sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK;
    if (!opened) fail(e, "store", "%s", sqlite3_errmsg(store->db));
    if (opened && mode == STORE_WRITER && sqlite3_db_readonly(store->db, "main") == 1) { // what SQLite makes of a file that it may only read
        opened = false;
        fail(e, "store", "the database cannot be opened for writing");
    }
    if (!opened || !set_up(store, mode, e)) {
        store_close(store);
        return fail_within(e, "%s", path);
    }
    *out = store;
    return true;
}

void store_close(Store *store) {
    if (!store) return;
    for (size_t i = 0; i < store->table_count; i++) {
        for (int query = 0; query < QUERIES; query++) sqlite3_finalize(store->tables[i].queries[query]);
        remembered_free(store->tables[i].remembered);
    }
    for (int verb = 0; verb < VERBS; verb++) sqlite3_finalize(store->verbs[verb]);
    sqlite3_close(store->db);
    free(store->tables);
    free(store);
}

// ---- Transactions ----

static bool run_verb(Store *store, Verb verb) {
    sqlite3_stmt **query = &store->verbs[verb];
    if (!*query && sqlite3_prepare_v3(store->db, VERB_TEXTS[verb], -1, SQLITE_PREPARE_PERSISTENT, query, NULL) != SQLITE_OK) return false;
    bool done = sqlite3_step(*query) == SQLITE_DONE;
    sqlite3_reset(*query); // keeps the message of a failed step
    return done;
}

static void execute(Store *store, Verb verb) {
    if (!store->failed && !run_verb(store, verb)) sqlite_stick(store);
}

static void take_back(Store *store) {
    if (!sqlite3_get_autocommit(store->db)) run_verb(store, ROLLBACK);
    store->undone++;
    store->began = false;
}

// Writes over the frames of the failed commit. Until that goes well nothing else does.
static void mend(Store *store) {
    static const char SQL[] = "BEGIN IMMEDIATE; INSERT INTO mended VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET times = times + 1; COMMIT";
    store->unmended = !run(store, SQL, &store->error);
    if (store->unmended && !sqlite3_get_autocommit(store->db)) run_verb(store, ROLLBACK);
}

void store_begin(Store *store) {
    assert(!store->began);
    if (store->unmended) mend(store);
    store->began = true;
    store->transactions++;
    store->failed = store->unmended;
    store->depth = 0;
    store->changes_before = sqlite3_total_changes64(store->db);
    execute(store, BEGIN);
}

bool store_commit(Store *store, Error *e) {
    assert(store->began && store->depth == 0);
    bool failed_before = store->failed;
    execute(store, COMMIT);
    store->began = false;
    if (!store->failed) return true;
    take_back(store);
    if (e) *e = store->error;
    if (!failed_before) mend(store);
    return false;
}

void store_rollback(Store *store) {
    assert(store->began);
    take_back(store);
}

bool store_wrote(const Store *store) { return sqlite3_total_changes64(store->db) != store->changes_before; }

const Error *store_failure(const Store *store) { return store->failed ? &store->error : NULL; }
uint64_t store_changes(Store *store, const StoreTable *table) { return 1 + store->undone + sqlite_table(store, table)->changes; }

void store_savepoint(Store *store) {
    store->depth++;
    execute(store, SAVEPOINT);
}

void store_release(Store *store) {
    assert(store->depth > 0);
    execute(store, RELEASE);
    store->depth--;
}

void store_undo(Store *store) {
    execute(store, UNDO);
    store->undone++;
    store_release(store);
}

// Without a WHERE, SQLite gives a table's pages back without looking at its rows.
void store_wipe(Store *store) {
    store->undone++;
    char sql[SQL_BYTES];
    for (size_t i = 0; i < store->table_count && !store->failed; i++) {
        snprintf(sql, sizeof sql, "DELETE FROM %s", store->tables[i].table->name);
        if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) sqlite_stick(store);
    }
}
