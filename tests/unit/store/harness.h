// A store in a folder of its own, for tests that need one: STORE_TESTED(stored) opens it with a transaction begun, and takes it away at the end of the scope.
#pragma once

#include "engine/outbox.h"
#include "os/files.h"
#include "store/blobs.h"
#include "store/store.h"
#include "unit.h"

#include <stdlib.h>

static const StoreTable SMALL_ROWS = {.name = "small_rows"};
static const StoreTable LARGE_ROWS = {.name = "large_rows", .large_rows = true};
static const StoreTable *const TABLES_TESTED[] = {&SMALL_ROWS,   &LARGE_ROWS,  &DOCUMENT_TABLE,  &DOCUMENT_INDEX_TABLE, &BLOB_TABLE,
                                                  &OUTBOX_TABLE, &TIMER_TABLE, &TIMER_DUE_TABLE, &ENGINE_TABLE};

typedef struct Stored {
    Arena *arena;
    Str folder;
    Store *store;
} Stored;

static inline Store *stored_open(Str folder, StoreMode mode) {
    Store *store = NULL;
    Error e;
    if (!store_open(folder, mode, TABLES_TESTED, sizeof TABLES_TESTED / sizeof *TABLES_TESTED, &store, &e)) fail_msg("%s", e.message);
    return store;
}

static inline Stored stored_new(void) {
    static char name[] = "/tmp/rehearse-test-XXXXXX";
    memcpy(name + sizeof name - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(name));
    Stored stored = {.arena = arena_new()};
    stored.folder = str_copy(stored.arena, str_of(name));
    stored.store = stored_open(stored.folder, STORE_WRITER);
    store_begin(stored.store);
    return stored;
}

static inline void stored_commit(Stored *stored) {
    Error e;
    if (!store_commit(stored->store, &e)) fail_msg("%s", e.message);
    store_begin(stored->store);
}

// As after kill -9: what was not committed is gone.
static inline void stored_restart(Stored *stored) {
    store_close(stored->store);
    stored->store = stored_open(stored->folder, STORE_WRITER);
    store_begin(stored->store);
}

static inline void stored_free(const Stored *stored) {
    store_close(stored->store);
    tree_remove(stored->folder, NULL);
    arena_free(stored->arena);
}

#define STORE_TESTED(name) __attribute__((cleanup(stored_free))) Stored name = stored_new()
