#include "engine/poison.h"

#include "base/limits.h"
#include "base/log.h"
#include "engine/outbox.h"
#include "os/files.h"
#include "store/key.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ID_BYTES = 256, NOTE_MODE = 0600 };

static const int FATAL[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
enum { FATAL_COUNT = sizeof FATAL / sizeof *FATAL };
static struct sigaction before[FATAL_COUNT];

static _Thread_local char handled[ID_BYTES]; // on the thread that crashes: another thread's crash blames nobody
static _Thread_local size_t handled_bytes;
static char note_path[PATH_MAX];
static bool any_known;
static Str armed; // STR_NONE: nothing

void poison_arm(Str part) { armed = part; }

// ---- Crashing ----

// Only what is safe in a signal handler.
static void write_note(void) {
    if (!handled_bytes) return;
    int fd = open(note_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, NOTE_MODE);
    if (fd < 0) return;
    ssize_t written = write(fd, handled, handled_bytes);
    (void)written;
    close(fd);
}

// Whoever handled the signal before (the system, a sanitizer) gets it next: a fault repeats when we return, abort's signal does not.
static void on_fatal(int signal) {
    write_note();
    for (size_t i = 0; i < FATAL_COUNT; i++) sigaction(FATAL[i], &before[i], NULL);
    if (signal == SIGABRT) raise(signal);
}

static Str note_in(Arena *arena, Str data_folder) { return path_join(arena, data_folder, STR("crashed")); }

void poison_watch(Str data_folder) {
    AUTO_ARENA arena = arena_new();
    Str path = note_in(arena, data_folder);
    snprintf(note_path, sizeof note_path, "%.*s", STR_ARG(path));
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_NODEFER};
    for (size_t i = 0; i < FATAL_COUNT; i++) sigaction(FATAL[i], &action, &before[i]);
}

bool poison_enter(Str id) {
    if (handled_bytes) return false;
    size_t len = id.len < ID_BYTES ? id.len : ID_BYTES;
    memcpy(handled, id.at, len);
    handled_bytes = len;
    if (armed.len && str_contains(id, armed)) abort();
    return true;
}

void poison_leave(bool entered) {
    if (entered) handled_bytes = 0;
}

// ---- Remembering ----

// Ids are noted up to ID_BYTES: longer ones are known by their beginning.
static Str key_of(Arena *arena, Str id) { return KEY(arena, key_text(STR("poison")), key_text(str_sub(id, 0, ID_BYTES))); }

static uint64_t crashes_of(Store *store, Str id) {
    AUTO_ARENA arena = arena_new();
    Str value;
    uint64_t count = 0;
    if (store_get(store, &ENGINE_TABLE, key_of(arena, id), arena, &value)) key_take_number(&value, &count);
    return count;
}

static void count_crash(Store *store, Arena *arena, Str id) {
    uint64_t count = crashes_of(store, id) + 1;
    store_put(store, &ENGINE_TABLE, key_of(arena, id), KEY(arena, key_number(count)));
    log_warn("the server crashed while it handled %.*s (%llu times)%s", STR_ARG(id), (unsigned long long)count,
             count >= LIMIT_CRASHES_OF_AN_EVENT ? "; it is set aside" : "");
}

void poison_load(Store *store, Str data_folder) {
    AUTO_ARENA arena = arena_new();
    Str id;
    if (file_read(arena, note_in(arena, data_folder), ID_BYTES, &id, NULL) && id.len) count_crash(store, arena, id);
    any_known = doc_count(poison_list(store, arena)) > 0; // what crashed only once is handled like any other
}

void poison_settle(Str data_folder) {
    AUTO_ARENA arena = arena_new();
    file_remove(note_in(arena, data_folder), NULL);
}

bool poison_is(Store *store, Str id) { return any_known && crashes_of(store, id) >= LIMIT_CRASHES_OF_AN_EVENT; }

typedef struct Listing {
    Arena *arena;
    Doc *list;
} Listing;

static bool list_one(void *context, Str key, Str value) {
    Listing *listing = context;
    Str kind, id;
    uint64_t count;
    if (!key_take_text(listing->arena, &key, &kind) || !key_take_text(listing->arena, &key, &id) || !key_take_number(&value, &count)) return true;
    if (count < LIMIT_CRASHES_OF_AN_EVENT) return true;
    Doc *one = doc_map(listing->arena);
    doc_set_str(listing->arena, one, "id", id);
    doc_set_int(listing->arena, one, "crashes", (int64_t)count);
    doc_push(listing->list, one);
    return true;
}

Doc *poison_list(Store *store, Arena *arena) {
    Listing listing = {arena, doc_list(arena)};
    Str from = KEY(arena, key_text(STR("poison")));
    store_scan(store, &ENGINE_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, list_one, &listing);
    return listing.list;
}
