// store_commits: how much of the disk's and SQLite's own speed the store's interface leaves.
//
// usage: store_commits FOLDER [SECONDS=3]
// In turns, on the same disk: bare SQLite (a prepared statement) and store_put, both committing 32 updates of random 1 KiB rows at a time, of
// 50,000. Prints one JSON line: rows a second of both and their ratio. Each row's bytes differ every time (an update to the same bytes writes no page).
#include "base/ids.h"
#include "os/files.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 50000, ROW_BYTES = 1024, ROWS_A_COMMIT = 32, KEY_BYTES = 16, ROUNDS = 4 };

static const StoreTable TABLE = {.name = "bench", .large_rows = true};
static const StoreTable *const TABLES[] = {&TABLE};

typedef struct Bench {
    Store *store;
    sqlite3 *bare;
    sqlite3_stmt *update;
    IdSource ids;
    char row[ROW_BYTES], key[KEY_BYTES + 1];
} Bench;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(bool done, const char *what) {
    if (done) return;
    fprintf(stderr, "store_commits: %s\n", what);
    exit(2);
}

static void next_row(Bench *bench, uint64_t number) {
    for (size_t i = 0; i + 8 <= ROW_BYTES; i += 8) {
        uint64_t word = id_u64(&bench->ids);
        memcpy(bench->row + i, &word, 8);
    }
    snprintf(bench->key, sizeof bench->key, "%016llu", (unsigned long long)number);
}

static void put_with_store(Bench *bench, uint64_t number) {
    next_row(bench, number);
    store_put(bench->store, &TABLE, (Str){bench->key, KEY_BYTES}, (Str){bench->row, ROW_BYTES});
}

static void put_bare(Bench *bench, uint64_t number) {
    next_row(bench, number);
    sqlite3_bind_blob(bench->update, 1, bench->key, KEY_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(bench->update, 2, bench->row, ROW_BYTES, SQLITE_STATIC);
    must(sqlite3_step(bench->update) == SQLITE_DONE, sqlite3_errmsg(bench->bare));
    sqlite3_reset(bench->update);
}

static void run_bare(const Bench *bench, const char *sql) {
    must(sqlite3_exec(bench->bare, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(bench->bare));
}

static void commit_store(Bench *bench, size_t count, uint64_t (*choose)(Bench *bench, size_t i)) {
    store_begin(bench->store);
    for (size_t i = 0; i < count; i++) put_with_store(bench, choose(bench, i));
    must(store_commit(bench->store, NULL), "a commit failed");
}

static void commit_bare(Bench *bench, size_t count, uint64_t (*choose)(Bench *bench, size_t i)) {
    run_bare(bench, "BEGIN");
    for (size_t i = 0; i < count; i++) put_bare(bench, choose(bench, i));
    run_bare(bench, "COMMIT");
}

static uint64_t in_order(Bench *bench, size_t i) { return i; }
static uint64_t at_random(Bench *bench, size_t i) { return id_u64(&bench->ids) % ROWS; }

typedef void Commit(Bench *bench, size_t count, uint64_t (*choose)(Bench *bench, size_t i));

// Rows a second.
static double measure(Bench *bench, Commit *commit, double seconds) {
    double start = now_seconds(), end = start + seconds, now;
    size_t rows = 0;
    do {
        commit(bench, ROWS_A_COMMIT, at_random);
        rows += ROWS_A_COMMIT;
        now = now_seconds();
    } while (now < end);
    return (double)rows / (now - start);
}

static void open_both(Bench *bench, Str folder) {
    AUTO_ARENA arena = arena_new();
    Error e;
    must(folder_make(folder, 0700, &e) && store_open(folder, STORE_WRITER, TABLES, 1, &bench->store, &e), "cannot open a store there");
    must(sqlite3_open(str_c(arena, path_join(arena, folder, STR("bare.db"))), &bench->bare) == SQLITE_OK, "cannot open a database there");
    run_bare(bench, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;"
                    "CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)");
    const char *sql = "INSERT INTO bench (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    must(sqlite3_prepare_v2(bench->bare, sql, -1, &bench->update, NULL) == SQLITE_OK, sqlite3_errmsg(bench->bare));
    id_source_seed(&bench->ids, 1, 2);
    commit_bare(bench, ROWS, in_order);
    commit_store(bench, ROWS, in_order);
}

int main(int argc, char **argv) {
    double seconds = 3, bare = 0, store = 0;
    if (argc < 2 || (argc > 2 && !str_to_double(str_of(argv[2]), &seconds))) {
        fprintf(stderr, "usage: store_commits FOLDER [SECONDS]\n");
        return 2;
    }
    Bench bench = {0};
    open_both(&bench, str_of(argv[1]));
    for (int round = 0; round < ROUNDS; round++) {
        bare += measure(&bench, commit_bare, seconds / ROUNDS) / ROUNDS;
        store += measure(&bench, commit_store, seconds / ROUNDS) / ROUNDS;
    }
    printf("{\"bareRowsPerSecond\":%.0f,\"storeRowsPerSecond\":%.0f,\"ratio\":%.2f}\n", bare, store, store / bare);
    sqlite3_finalize(bench.update);
    sqlite3_close(bench.bare);
    store_close(bench.store);
    return 0;
}
