// Store: ordered tables of bytes, with transactions. What outlives the process lives here (and in blob files, see blobs.h).
//
// A table maps keys to values; keys are in memcmp order, built with store/key.h. The interface is as small as two engines (SQLite,
// PostgreSQL) can share: get, scan a key range, insert if absent, put, delete, savepoints. DML only.
//
// Failures: nothing but opening and committing reports one. An operation that fails (disk full, corruption) makes the transaction
// sticky-failed: reads find nothing from then on, writes do nothing, and store_commit returns false with the cause. Hence the callers between
// begin and commit stay plain, and nothing is acknowledged that was not written.
//
// Threads: a Store is one connection and belongs to one thread. A writer and any number of readers may be open on one data folder;
// a reader sees the last commit at the time of its store_begin.
#pragma once

#include "base/error.h"

typedef struct Store Store;

typedef struct StoreTable {
    const char *name; // [a-z0-9_]+, unique in the program
    bool large_rows; // rows can exceed 1,000 bytes: rowid table with a unique index instead of WITHOUT ROWID
    bool revisited; // the same few rows are read many times in one transaction: they are kept beside the connection (store/remembered.h)
} StoreTable;

typedef enum StoreMode { STORE_WRITER, STORE_READER } StoreMode;

// `where` is a folder (SQLite: where/rehearse.db) or a URL postgres://…. Tables are made when absent by the writer.
bool store_open(Str where, StoreMode mode, const StoreTable *const *tables, size_t table_count, Store **out, Error *e);
void store_close(Store *store); // accepts NULL; rolls back

void store_begin(Store *store);
bool store_commit(Store *store, Error *e); // durable when it returns true
void store_rollback(Store *store);
bool store_wrote(const Store *store); // the transaction changed at least one row
const Error *store_failure(const Store *store); // the sticky failure of the transaction, NULL: none. What was read since may be missing

// Savepoints nest; each is released or undone in reverse order of opening.
void store_savepoint(Store *store);
void store_release(Store *store);
void store_undo(Store *store);

// The value is copied into the arena. False when absent.
bool store_get(Store *store, const StoreTable *table, Str key, Arena *arena, Str *value);
void store_put(Store *store, const StoreTable *table, Str key, Str value);
bool store_insert(Store *store, const StoreTable *table, Str key, Str value); // false when the key is there already
bool store_delete(Store *store, const StoreTable *table, Str key); // false when absent

// Grows with each change of the table by this connection, and when changes are taken back: whoever remembers what he read learns whether it still holds.
// Never 0. What other connections write does not count.
uint64_t store_changes(Store *store, const StoreTable *table);

typedef struct StoreRange {
    Str from, before; // from <= key < before; `before` STR_NONE: to the end of the table
    bool reverse; // from the highest key downward
    size_t limit; // 0: no limit
} StoreRange;

// Calls `each` for the rows in order until it returns false; the slices live during that call only. `each` may write (to any table).
typedef bool StoreVisit(void *context, Str key, Str value);
void store_scan(Store *store, const StoreTable *table, StoreRange range, StoreVisit *each, void *context);
size_t store_delete_range(Store *store, const StoreTable *table, StoreRange range); // returns how many

void store_wipe(Store *store); // empties every table (rehearse reset), inside the transaction
void store_break(Store *store, const char *why); // makes the transaction fail: what belongs to it outside the database could not be written
