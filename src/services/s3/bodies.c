// Where an object's bytes lie: in its row, in a table, or in a file of the data folder, by size.
#include "services/s3/s3.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BODY_ID_DIGITS = 32 };

void body_keep_bytes(Turn *turn, Str bytes, ObjectRow *row) {
    row->size = (int64_t)bytes.len;
    row->body = (BodyRef){.place = BODY_IN_ROW, .at = bytes};
    if (bytes.len <= ROW_BODY_BYTES) return;
    row->body = (BodyRef){.place = BODY_IN_TABLE, .at = id_hex(turn_ids(turn), turn_arena(turn), BODY_ID_DIGITS)};
    store_put(turn_store(turn), &S3_BODIES, row->body.at, bytes);
}

void body_keep(Turn *turn, const Call *call, ObjectRow *row) {
    if (!call->body.path.at) {
        body_keep_bytes(turn, call->body.bytes.at ? call->body.bytes : STR(""), row);
        return;
    }
    row->size = call->body.size;
    row->body = (BodyRef){.place = BODY_IN_FILE, .at = turn_keep_body(turn, call), .offset = call->body.offset};
}

void body_drop(Turn *turn, const ObjectRow *row) {
    if (row->body.place == BODY_IN_TABLE) store_delete(turn_store(turn), &S3_BODIES, row->body.at);
    if (row->body.place == BODY_IN_FILE && row->body.at.len) turn_delete_file(turn, row->body.at);
}

static Str absolute(Turn *turn, Str path) { return str_format(turn_arena(turn), "%.*s/%.*s", STR_ARG(turn_data_folder(turn)), STR_ARG(path)); }

bool body_read(Turn *turn, const ObjectRow *row, Body *out, Error *e) {
    Str bytes = row->body.at.at ? row->body.at : STR("");
    if (row->body.place == BODY_IN_FILE) {
        *out = (Body){.path = absolute(turn, row->body.at), .offset = row->body.offset, .size = row->size};
        return true;
    }
    if (row->body.place == BODY_IN_TABLE && !store_get(turn_store(turn), &S3_BODIES, row->body.at, turn_arena(turn), &bytes))
        return fail(e, "InternalError", "The body of an object is missing in the database.");
    *out = body_of(bytes);
    return true;
}

Body body_part(Body whole, int64_t offset, int64_t size) {
    if (whole.path.at) return (Body){.path = whole.path, .offset = whole.offset + offset, .size = size};
    return body_of(str_sub(whole.bytes, (size_t)offset, (size_t)(offset + size)));
}

// The folder's entries are durable only when the folder itself is synced.
static bool sync_folder(Turn *turn, Str file) {
    Str folder = str_sub(file, 0, (size_t)str_rfind_char(file, '/'));
    int fd = open(str_c(turn_arena(turn), folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

// A file's bytes never change: a copy is a second name of the same file.
static bool link_file(Turn *turn, Str path, Str *out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str folder = str_sub(path, 0, (size_t)(str_rfind_char(path, '/') + 1));
    Str copy = str_cat(arena, folder, id_hex(turn_ids(turn), arena, BODY_ID_DIGITS));
    Str from = absolute(turn, path), to = absolute(turn, copy);
    if (link(str_c(arena, from), str_c(arena, to)) != 0 || !sync_folder(turn, to)) return fail_errno(e, errno, "copying an object's file");
    *out = copy;
    return true;
}

bool body_share(Turn *turn, const ObjectRow *from, ObjectRow *row, Error *e) {
    Body body;
    if (from->body.place == BODY_IN_FILE) {
        BodyRef ref = from->body;
        TRY(link_file(turn, from->body.at, &ref.at, e));
        row->size = from->size;
        row->body = ref;
        return true;
    }
    TRY(body_read(turn, from, &body, e));
    body_keep_bytes(turn, body.bytes, row);
    return true;
}
