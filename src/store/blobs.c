#include "store/blobs.h"

#include "base/ids.h"
#include "os/files.h"
#include "store/key.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const StoreTable BLOB_TABLE = {.name = "blobs"};

enum { NAME_BYTES = 16, FOLDER_MODE = 0700 };

static Str blobs_folder(Arena *arena, Str data) { return path_join(arena, data, STR("blobs")); }
static Str spool_folder(Arena *arena, Str data) { return path_join(arena, data, STR("spool")); }

// ---- At start ----

static bool empty_spool(Arena *arena, Str data, Error *e) {
    Str spool = spool_folder(arena, data), *names;
    size_t count;
    TRY(folder_make(spool, FOLDER_MODE, e));
    TRY(folder_list(arena, spool, &names, &count, e));
    for (size_t i = 0; i < count; i++) TRY(tree_remove(path_join(arena, spool, names[i]), e));
    return true;
}

static bool is_known(Store *store, Arena *arena, Str path) {
    Str value;
    return store_get(store, &BLOB_TABLE, KEY(arena, key_text(path)), arena, &value);
}

static bool remove_unknown(Store *store, Str data, Str folder_name, Error *e) {
    AUTO_ARENA arena = arena_new();
    Str folder = path_join(arena, blobs_folder(arena, data), folder_name), *names;
    size_t count;
    TRY(folder_list(arena, folder, &names, &count, e));
    for (size_t i = 0; i < count; i++) {
        Str path = str_format(arena, "blobs/%.*s/%.*s", STR_ARG(folder_name), STR_ARG(names[i]));
        bool known = is_known(store, arena, path);
        const Error *failed = store_failure(store);
        if (failed) return fail(e, failed->code, "%s", failed->message); // what could not be looked up may be known
        if (!known) TRY(tree_remove(path_join(arena, folder, names[i]), e));
    }
    return true;
}

bool blobs_open(Store *store, Str data, Error *e) {
    AUTO_ARENA arena = arena_new();
    Str folder = blobs_folder(arena, data), *names;
    size_t count;
    TRY(empty_spool(arena, data, e));
    TRY(folder_make(folder, FOLDER_MODE, e));
    TRY(folder_list(arena, folder, &names, &count, e));
    for (size_t i = 0; i < count; i++) TRY(remove_unknown(store, data, names[i], e));
    return folder_sync(folder, e); // a folder made just before a crash is relied on from now on
}

// ---- Keeping ----

static bool sync_file(Str path, Error *e) {
    AUTO_FD fd = -1;
    TRY(file_open(path, O_RDONLY, 0, &fd, e));
    if (fsync(fd) < 0) return fail_errno(e, errno, "fsync %.*s", STR_ARG(path));
    return true;
}

static bool make_folder(Arena *arena, Str data, Str folder, Error *e) {
    if (folder_exists(folder)) return true;
    return folder_make(folder, FOLDER_MODE, e) && folder_sync(blobs_folder(arena, data), e);
}

static bool bring_in(Arena *arena, Str data, Str file, Str blob, Error *e) {
    if (str_eq(path_parent(file), spool_folder(arena, data))) {
        TRY(file_link_or_copy(file, blob, e));
    } else {
        TRY(file_copy(file, blob, e));
    }
    return sync_file(blob, e) && folder_sync(path_parent(blob), e);
}

static Str new_path(Arena *arena) {
    unsigned char bytes[NAME_BYTES];
    random_bytes(bytes, sizeof bytes);
    Str name = str_hex(arena, (Str){(const char *)bytes, sizeof bytes});
    return str_format(arena, "blobs/%.2s/%.*s", name.at, STR_ARG(name));
}

static void put_row(Store *store, Arena *arena, Str path) { store_put(store, &BLOB_TABLE, KEY(arena, key_text(path)), KEY(arena, key_number(1))); }

bool blob_keep(Store *store, Str data, Str file, Arena *arena, Str *path, Error *e) {
    Str relative = new_path(arena);
    Str blob = path_join(arena, data, relative);
    TRY(make_folder(arena, data, path_parent(blob), e));
    TRY(bring_in(arena, data, file, blob, e));
    put_row(store, arena, relative);
    *path = relative;
    return true;
}

Str blob_reserve(Store *store, Arena *arena) {
    Str path = new_path(arena);
    put_row(store, arena, path);
    return path;
}

// ---- References ----

// Changes the count by one; returns what is left, -1 when there is no such blob.
static int64_t change_count(Store *store, Str path, int by) {
    AUTO_ARENA arena = arena_new();
    Str key = KEY(arena, key_text(path)), value;
    uint64_t count;
    if (!store_get(store, &BLOB_TABLE, key, arena, &value) || !key_take_number(&value, &count)) return -1;
    count += (uint64_t)by;
    if (count) {
        store_put(store, &BLOB_TABLE, key, KEY(arena, key_number(count)));
    } else {
        store_delete(store, &BLOB_TABLE, key);
    }
    return (int64_t)count;
}

void blob_share(Store *store, Str path) { change_count(store, path, 1); }
bool blob_forget(Store *store, Str path) { return change_count(store, path, -1) == 0; }

typedef struct Each {
    Arena *arena;
    void (*visit)(void *context, Str path);
    void *context;
} Each;

static bool visit_row(void *context, Str key, Str value) {
    const Each *each = context;
    Str path;
    if (key_take_text(each->arena, &key, &path)) each->visit(each->context, path);
    return true;
}

void blob_each(Store *store, Arena *arena, void (*visit)(void *context, Str path), void *context) {
    store_scan(store, &BLOB_TABLE, (StoreRange){.from = STR("")}, visit_row, &(Each){arena, visit, context});
}
