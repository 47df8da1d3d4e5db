// Where an object's bytes lie: in its row, in a table, or in a file of the data folder, by size.
#include "services/s3/s3.h"

#include "store/blobs.h"

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

bool body_share(Turn *turn, const ObjectRow *from, ObjectRow *row, Error *e) {
    Body body;
    if (from->body.place == BODY_IN_FILE) {
        blob_share(turn_store(turn), from->body.at); // a blob's bytes never change
        row->size = from->size;
        row->body = from->body;
        return true;
    }
    TRY(body_read(turn, from, &body, e));
    body_keep_bytes(turn, body.bytes, row);
    return true;
}
