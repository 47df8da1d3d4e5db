// The inside of a Store on SQLite, shared by sqlite.c (opening, transactions) and sqlite_rows.c (rows, scans).
#pragma once

#include "store/remembered.h"
#include "store/store.h"

#include <sqlite3.h>

typedef enum Query { GET, PUT, INSERT, DELETE, FORWARD, FORWARD_TO, BACKWARD, BACKWARD_TO, QUERIES } Query;
typedef enum Verb { BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, UNDO, VERBS } Verb;

typedef struct TableStatements {
    const StoreTable *table;
    sqlite3_stmt *queries[QUERIES]; // prepared at first use
    uint64_t changes;
    Remembered *remembered; // of a revisited table
} TableStatements;

struct Store {
    sqlite3 *db;
    TableStatements *tables;
    size_t table_count;
    sqlite3_stmt *verbs[VERBS];
    int depth; // of savepoints
    bool began, failed;
    bool unmended; // a commit has failed, and its frames are still in the log
    uint64_t transactions; // begun so far
    uint64_t undone; // how often something was taken back: a change of every table
    int64_t changes_before; // rows ever changed by this connection when the transaction began
    Error error;
};

TableStatements *sqlite_table(Store *store, const StoreTable *table);
void sqlite_stick(Store *store); // remembers SQLite's last error as the transaction's, unless there is one
