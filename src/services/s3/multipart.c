// Multipart uploads: beginning, taking parts, giving up. An upload is a row as an object's (headers, tags, kind of checksum), a part too (size, etag, body).
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include <inttypes.h>

enum { PART_NUMBER_MOST = 10000 };

static Str upload_key(Arena *arena, Str bucket, Str key, Str upload) { return KEY(arena, key_text(bucket), key_text(key), key_text(upload)); }

Str part_key(Arena *arena, Str bucket, Str upload, int64_t number) {
    return KEY(arena, key_text(bucket), key_text(upload), key_number((uint64_t)number));
}

// Ids begin with the time, so that a key's uploads are listed in the order in which they began.
static Str new_upload_id(Turn *turn, const Call *call) {
    return str_format(call->arena, "%013" PRIx64 "%.*s", (uint64_t)call->now_ms, STR_ARG(id_hex(turn_ids(turn), call->arena, 51)));
}

bool upload_exists(Turn *turn, Str bucket, Str key, Str upload) {
    Str bytes;
    return store_get(turn_store(turn), &S3_UPLOADS, upload_key(turn_arena(turn), bucket, key, upload), turn_arena(turn), &bytes);
}

bool upload_need(Turn *turn, const Call *call, Bucket *bucket, ObjectRow *out, Error *e) {
    Str key = doc_text(call->input, "Key"), upload = doc_text(call->input, "UploadId"), bytes;
    TRY(bucket_need(turn, call, bucket, e));
    bool found = store_get(turn_store(turn), &S3_UPLOADS, upload_key(call->arena, bucket->name, key, upload), call->arena, &bytes);
    if (!found || !row_read(bytes, out)) return fail_no_upload(call, upload, e);
    return true;
}

// Which kinds of checksum an upload can have, and what it has where the request leaves it open.
static bool upload_checksum(const Call *call, RowChecksum *out, Error *e) {
    Str type = doc_text(call->input, "ChecksumType");
    RowChecksum wanted;
    TRY(checksum_wanted(call, "ChecksumAlgorithm", &wanted, e));
    if (type.at && !wanted.present) {
        const char *message = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    }
    TRY(!type.at || checksum_type_is_known(call, type, e));
    bool hash = wanted.kind == CHECKSUM_SHA1 || wanted.kind == CHECKSUM_SHA256, whole_only = wanted.kind == CHECKSUM_CRC64NVME;
    wanted.composite = wanted.present && (type.at ? str_is(type, "COMPOSITE") : !whole_only);
    if (wanted.present && ((wanted.composite && whole_only) || (!wanted.composite && hash))) {
        Str name = str_lower(call->arena, checksum_name(wanted.kind));
        Str message =
            str_format(call->arena, "The %.*s checksum type cannot be used with the %.*s checksum algorithm.", STR_ARG(type), STR_ARG(name));
        return s3_fail(call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
    }
    *out = wanted;
    return true;
}

Outcome create_multipart_upload(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str key = doc_text(call->input, "Key"), upload = new_upload_id(turn, call);
    Bucket bucket;
    ObjectRow row = {0};
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(write_is_supported(turn, call, e));
    CALL_TRY(headers_read(call, &row, e));
    CALL_TRY(upload_checksum(call, &row.checksum, e));
    conditions_note(turn, bucket.name, key, &row);
    if (call->principal.kind != PRINCIPAL_ROOT) row.initiator = call->principal.arn;
    store_put(turn_store(turn), &S3_UPLOADS, upload_key(arena, bucket.name, key, upload), row_write(arena, &row));
    *out = doc_map(arena);
    doc_set_str(arena, *out, "Bucket", bucket.name);
    doc_set_str(arena, *out, "Key", key);
    doc_set_str(arena, *out, "UploadId", upload);
    doc_set_str(arena, *out, "ServerSideEncryption", STR("AES256"));
    if (!row.checksum.present) return OUTCOME_DONE;
    doc_set_str(arena, *out, "ChecksumAlgorithm", checksum_name(row.checksum.kind));
    doc_set_str(arena, *out, "ChecksumType", row.checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    return OUTCOME_DONE;
}

bool part_number_is_valid(const Call *call, int64_t number, Error *e) {
    if (number >= 1 && number <= PART_NUMBER_MOST) return true;
    Str text = str_format(call->arena, "%" PRId64, number);
    return s3_bad_argument(call, "partNumber", text, "Part number must be an integer between 1 and 10000, inclusive", e);
}

static bool part_number(const Call *call, int64_t *out, Error *e) {
    int64_t number = doc_number(call->input, "PartNumber", 0);
    TRY(part_number_is_valid(call, number, e));
    *out = number;
    return true;
}

static void put_part(Turn *turn, const Call *call, Str bucket, int64_t number, ObjectRow *row) {
    Str row_key = part_key(call->arena, bucket, doc_text(call->input, "UploadId"), number), bytes;
    ObjectRow old;
    if (store_get(turn_store(turn), &S3_PARTS, row_key, call->arena, &bytes) && row_read(bytes, &old)) body_drop(turn, &old);
    row->modified_ms = call->now_ms / 1000 * 1000;
    store_put(turn_store(turn), &S3_PARTS, row_key, row_write(call->arena, row));
}

static bool same_checksum(const Call *call, const ObjectRow *upload, Error *e) {
    RowChecksum given;
    TRY(checksum_given(call, call->input, &given, e));
    if (!upload->checksum.present || (given.present && given.kind == upload->checksum.kind)) return true;
    if (!given.present && !upload->checksum.composite) return true; // the parts of a whole need none
    Str expected = str_lower(call->arena, checksum_name(upload->checksum.kind));
    Str actual = given.present ? str_lower(call->arena, checksum_name(given.kind)) : STR("null");
    Str message = str_format(call->arena, "Checksum Type mismatch occurred, expected checksum Type: %.*s, actual checksum Type: %.*s",
                             STR_ARG(expected), STR_ARG(actual));
    return s3_fail(call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
}

typedef struct PartTarget {
    Bucket bucket;
    ObjectRow upload;
    int64_t number;
} PartTarget;

static bool part_target(Turn *turn, const Call *call, PartTarget *out, Error *e) {
    static const char *const refused[] = {"SSECustomerAlgorithm", "SSECustomerKey", NULL};
    TRY(s3_refuse(call, refused, e));
    TRY(upload_need(turn, call, &out->bucket, &out->upload, e));
    return part_number(call, &out->number, e);
}

bool check_upload_part(Turn *turn, const Call *call, Error *e) {
    PartTarget target;
    return part_target(turn, call, &target, e);
}

// What S3 says of a part that nobody summed: a CRC64NVME, which it does not keep.
static Doc *part_answer(Turn *turn, const Call *call, const ObjectRow *row) {
    RowChecksum sum = row->checksum;
    if (!sum.present) sum = checksum_default(turn, call);
    Doc *out = doc_map(call->arena);
    doc_set_str(call->arena, out, "ETag", quoted_etag(call->arena, row->etag));
    doc_set_str(call->arena, out, "ServerSideEncryption", STR("AES256"));
    doc_set_str(call->arena, out, checksum_member(sum.kind), sum.text);
    return out;
}

Outcome upload_part(Turn *turn, const Call *call, Doc **out, Error *e) {
    PartTarget target;
    ObjectRow row = {0};
    CALL_TRY(part_target(turn, call, &target, e));
    const ObjectRow *upload = &target.upload;
    CALL_TRY(same_checksum(call, upload, e));
    CALL_TRY(checksum_request(turn, call, upload->checksum.present ? &upload->checksum.kind : NULL, &row, e));
    body_keep(turn, call, &row);
    put_part(turn, call, target.bucket.name, target.number, &row);
    *out = part_answer(turn, call, &row);
    return OUTCOME_DONE;
}

// A part that is a stretch of an object: of a file it is one more reference and an offset, so that nothing is copied.
static bool copy_stretch(Turn *turn, const ObjectRow *from, const ByteRange *range, ObjectRow *row, Error *e) {
    Body body;
    if (from->body.place == BODY_IN_FILE) {
        TRY(body_share(turn, from, row, e));
        row->body.offset += range->offset;
        row->size = range->size;
        return true;
    }
    TRY(body_read(turn, from, &body, e));
    body_keep_bytes(turn, body_part(body, range->offset, range->size).bytes, row);
    return true;
}

static bool sum_part(Turn *turn, const ObjectRow *upload, ObjectRow *row, Error *e) {
    Body body;
    TRY(body_read(turn, row, &body, e));
    row->etag = str_hex(turn_arena(turn), md5_of_body(turn, body));
    if (!upload->checksum.present) return true;
    row->checksum = (RowChecksum){.present = true, .kind = upload->checksum.kind, .text = checksum_of_body(turn, body, upload->checksum.kind)};
    return true;
}

static Doc *copy_answer(const Call *call, const CopySource *source, const ObjectRow *from, const ObjectRow *row) {
    Arena *arena = call->arena;
    Doc *out = doc_map(arena), *result = doc_map(arena);
    doc_set_time(arena, result, "LastModified", row->modified_ms);
    doc_set_str(arena, result, "ETag", quoted_etag(arena, row->etag));
    if (row->checksum.present) doc_set_str(arena, result, checksum_member(row->checksum.kind), row->checksum.text);
    doc_set(out, "CopyPartResult", result);
    doc_set_str(arena, out, "CopySourceVersionId", source->version.at ? source->version : from->version);
    doc_set_str(arena, out, "ServerSideEncryption", STR("AES256"));
    return out;
}

Outcome upload_part_copy(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"SSECustomerAlgorithm", "SSECustomerKey", "CopySourceSSECustomerAlgorithm", NULL};
    Bucket bucket;
    CopySource source;
    ObjectRow upload, from, row = {0};
    ByteRange range;
    int64_t number;
    CALL_TRY(s3_refuse(call, refused, e));
    CALL_TRY(upload_need(turn, call, &bucket, &upload, e));
    CALL_TRY(part_number(call, &number, e));
    CALL_TRY(copy_source(call, &source, e));
    CALL_TRY(copy_source_read(turn, call, &source, &from, e));
    CALL_TRY(range_of_copy(call, doc_text(call->input, "CopySourceRange"), from.size, &range, e));
    CALL_TRY(copy_stretch(turn, &from, &range, &row, e));
    CALL_TRY(sum_part(turn, &upload, &row, e));
    put_part(turn, call, bucket.name, number, &row);
    *out = copy_answer(call, &source, &from, &row);
    return OUTCOME_DONE;
}

static bool drop_part(void *context, Str row_key, Str value) {
    ObjectRow row;
    if (row_read(value, &row)) body_drop(context, &row);
    return true;
}

void upload_drop(Turn *turn, Str bucket, Str key, Str upload) {
    Arena *arena = turn_arena(turn);
    Str prefix = KEY(arena, key_text(bucket), key_text(upload));
    StoreRange parts = {.from = prefix, .before = key_after_prefix(arena, prefix)};
    store_scan(turn_store(turn), &S3_PARTS, parts, drop_part, turn);
    store_delete_range(turn_store(turn), &S3_PARTS, parts);
    store_delete(turn_store(turn), &S3_UPLOADS, upload_key(arena, bucket, key, upload));
}

Outcome abort_multipart_upload(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"IfMatchInitiatedTime", NULL};
    Bucket bucket;
    ObjectRow upload;
    CALL_TRY(s3_refuse(call, refused, e));
    CALL_TRY(upload_need(turn, call, &bucket, &upload, e));
    assembly_drop(turn, doc_text(call->input, "UploadId"), true);
    upload_drop(turn, bucket.name, doc_text(call->input, "Key"), doc_text(call->input, "UploadId"));
    return OUTCOME_DONE;
}
