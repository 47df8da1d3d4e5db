// CompleteMultipartUpload: the parts become one object.
//
// Large uploads are put together off both threads (assembly.h): the call parks until that is done and then runs again from here. So everything is checked
// twice, and what was put together counts only if the parts are still the same.
#include "services/s3/assembly.h"
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include "base/limits.h"

#include <inttypes.h>

enum { PART_LEAST_BYTES = 5 * 1024 * 1024, PARTS_MOST = 10000 };

typedef struct Plan {
    const Call *call;
    Bucket bucket;
    ObjectRow upload;
    Vec parts; // ObjectRow, in order
    Buf packed; // for the object's row
    Digest etags; // MD5 of the parts' MD5s
    Checksum composite;
    int64_t size;
} Plan;

static bool fail_part(const Call *call, int64_t number, Str etag, Error *e) {
    etag = str_strip_suffix(str_strip_prefix(etag, STR("\"")), STR("\""));
    const char *message =
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not "
        "match the part's entity tag.";
    s3_fail(call, e, 400, "InvalidPart", message, "UploadId", doc_text(call->input, "UploadId"));
    s3_error_tell(call, e, "PartNumber", str_format(call->arena, "%" PRId64, number));
    s3_error_tell(call, e, "ETag", etag);
    return false;
}

static bool fail_small(const Call *call, int64_t number, const ObjectRow *part, Error *e) {
    const char *message = "Your proposed upload is smaller than the minimum allowed size";
    s3_fail(call, e, 400, "EntityTooSmall", message, "ETag", part->etag);
    if (!e) return false;
    doc_set_int(call->arena, (Doc *)e->extra, "ProposedSize", part->size);
    doc_set_int(call->arena, (Doc *)e->extra, "MinSizeAllowed", PART_LEAST_BYTES);
    doc_set_int(call->arena, (Doc *)e->extra, "PartNumber", number);
    return false;
}

static bool part_checksum(const Plan *plan, const Doc *wanted, int64_t number, const ObjectRow *part, Error *e) {
    RowChecksum given;
    TRY(checksum_given(plan->call, wanted, &given, e));
    if (given.present && (!part->checksum.present || given.kind != part->checksum.kind || !str_eq(given.text, part->checksum.text)))
        return fail_part(plan->call, number, part->etag, e);
    if (given.present || !plan->upload.checksum.composite) return true;
    Str name = str_lower(plan->call->arena, checksum_name(plan->upload.checksum.kind));
    Str message = str_format(
        plan->call->arena,
        "The upload was created using a %.*s checksum. The complete request must include the checksum for each part. It was missing for part %" PRId64
        " in the request.",
        STR_ARG(name), number);
    return s3_fail(plan->call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
}

static void add_part(Plan *plan, int64_t number, const ObjectRow *part) {
    Arena *arena = plan->call->arena;
    Str md5 = STR(""), sum = STR("");
    bool summed = part->checksum.present;
    str_unhex(arena, part->etag, &md5);
    digest_update(&plan->etags, md5);
    if (summed && plan->upload.checksum.composite && str_unbase64(arena, part->checksum.text, &sum)) checksum_update(&plan->composite, sum);
    parts_add(&plan->packed, &(RowPart){.number = number, .size = part->size, .checksum = summed ? part->checksum.text : STR("")});
    vec_add(&plan->parts, ObjectRow, *part);
    plan->size += part->size;
}

static bool take_part(Turn *turn, Plan *plan, const Doc *wanted, int64_t number, Error *e) {
    const Call *call = plan->call;
    Str etag = doc_text(wanted, "ETag"), bytes;
    ObjectRow part;
    Str row_key = part_key(call->arena, plan->bucket.name, doc_text(call->input, "UploadId"), number);
    bool found = store_get(turn_store(turn), &S3_PARTS, row_key, call->arena, &bytes) && row_read(bytes, &part);
    if (!found || !etag.len || !etag_matches(etag, part.etag)) return fail_part(call, number, etag, e);
    TRY(part_checksum(plan, wanted, number, &part, e));
    if (wanted->next && part.size < PART_LEAST_BYTES) return fail_small(call, number, &part, e);
    add_part(plan, number, &part);
    return true;
}

static bool check_order(const Call *call, const Doc *parts, Error *e) {
    int64_t before = 0;
    if (!doc_get(call->input, "MultipartUpload"))
        return s3_fail(call, e, 400, "InvalidRequest", "You must specify at least one part", NULL, STR_NONE);
    if (!doc_count(parts) || doc_count(parts) > PARTS_MOST) return fail_malformed_xml(call, e);
    for (const Doc *part = doc_first(parts); part; part = part->next) {
        int64_t number = doc_number(part, "PartNumber", 0);
        if (number < 1) return s3_bad_argument(call, "PartNumber", str_format(call->arena, "%" PRId64, number), "PartNumber must be >= 1", e);
        if (number <= before) {
            const char *message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
            return s3_fail(call, e, 400, "InvalidPartOrder", message, "UploadId", doc_text(call->input, "UploadId"));
        }
        before = number;
    }
    return true;
}

static bool take_parts(Turn *turn, Plan *plan, Error *e) {
    const Doc *parts = doc_get(doc_get(plan->call->input, "MultipartUpload"), "Parts");
    TRY(check_order(plan->call, parts, e));
    for (const Doc *part = doc_first(parts); part; part = part->next) TRY(take_part(turn, plan, part, doc_number(part, "PartNumber", 0), e));
    return true;
}

static bool check_size(const Plan *plan, Error *e) {
    int64_t told = doc_number(plan->call->input, "MpuObjectSize", plan->size);
    if (told == plan->size) return true;
    Str message =
        str_format(plan->call->arena, "The provided 'x-amz-mp-object-size' header value %" PRId64 " does not match what was computed: %" PRId64, told,
                   plan->size);
    return s3_fail(plan->call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
}

static bool check_type(const Plan *plan, Error *e) {
    Str told = doc_text(plan->call->input, "ChecksumType"), made = plan->upload.checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT");
    if (!told.at) return true;
    TRY(checksum_type_is_known(plan->call, told, e));
    if (str_eq(told, made)) return true;
    Str message =
        str_format(plan->call->arena, "The upload was created using the %.*s checksum mode. The complete request must use the same checksum mode.",
                   STR_ARG(made));
    return s3_fail(plan->call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
}

static bool make_plan(Turn *turn, Plan *plan, Error *e) {
    static const char *const refused[] = {"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", NULL};
    const Call *call = plan->call;
    TRY(s3_refuse(call, refused, e));
    TRY(upload_need(turn, call, &plan->bucket, &plan->upload, e));
    TRY(conditions_of_complete(turn, call, plan->bucket.name, &plan->upload, e));
    TRY(check_type(plan, e));
    if (plan->upload.checksum.composite) checksum_init(&plan->composite, plan->upload.checksum.kind);
    TRY(take_parts(turn, plan, e));
    return check_size(plan, e);
}

// Of an upload that names no kind S3 computes a CRC64NVME over the whole.
static ChecksumKind whole_kind(const Plan *plan) { return plan->upload.checksum.present ? plan->upload.checksum.kind : CHECKSUM_CRC64NVME; }

static bool check_whole(const Plan *plan, const RowChecksum *real, Error *e) {
    RowChecksum given;
    TRY(checksum_given(plan->call, plan->call->input, &given, e));
    if (!given.present || (given.kind == real->kind && str_eq(given.text, real->text))) return true;
    Str message = str_format(plan->call->arena, "The %.*s you specified did not match the calculated checksum.", STR_ARG(checksum_name(given.kind)));
    return s3_fail(plan->call, e, 400, "BadDigest", message.at, NULL, STR_NONE);
}

// Small enough for the database: put together at once.
static bool assemble_bytes(Turn *turn, const Plan *plan, Assembled *out, Error *e) {
    AUTO_BUF all;
    Arena *arena = plan->call->arena;
    buf_init(&all, LIMIT_HTTP_INLINE_BODY_BYTES);
    for (size_t i = 0; i < plan->parts.len; i++) {
        Body body;
        TRY(body_read(turn, vec_at(&plan->parts, i), &body, e));
        buf_add(&all, body.bytes);
    }
    Body whole = body_of(str_copy(arena, buf_str(&all)));
    ObjectRow kept = {0};
    body_keep_bytes(turn, whole.bytes, &kept);
    *out = (Assembled){
        .state = ASSEMBLY_DONE, .body = kept.body, .md5 = md5_of_body(turn, whole), .checksum = checksum_of_body(turn, whole, whole_kind(plan))};
    return true;
}

static bool is_small(const Plan *plan) {
    for (size_t i = 0; i < plan->parts.len; i++)
        if (((const ObjectRow *)vec_at(&plan->parts, i))->body.place == BODY_IN_FILE) return false;
    return plan->size <= LIMIT_HTTP_INLINE_BODY_BYTES;
}

static RowChecksum final_checksum(Plan *plan, const Assembled *assembled) {
    RowChecksum checksum = {.present = true, .kind = whole_kind(plan), .composite = plan->upload.checksum.composite, .text = assembled->checksum};
    if (!checksum.composite) return checksum;
    Str sum = checksum_final_base64(&plan->composite, plan->call->arena);
    checksum.text = str_format(plan->call->arena, "%.*s-%zu", STR_ARG(sum), plan->parts.len);
    return checksum;
}

// The object's address in the style of the request. The key stands there as in a form: its slashes escaped, its spaces as plus signs.
static Str location(const Plan *plan) {
    const Call *call = plan->call;
    Arena *arena = call->arena;
    Str key = str_replace(arena, str_uri_encode(arena, doc_text(call->input, "Key"), false), STR("%20"), STR("+"));
    Str place = call->bucket_in_host ? STR("") : str_format(arena, "/%.*s", STR_ARG(plan->bucket.name));
    return str_format(arena, "%s://%.*s%.*s/%.*s", call->tls ? "https" : "http", STR_ARG(call->host), STR_ARG(place), STR_ARG(key));
}

static Doc *answer(const Plan *plan, const ObjectRow *row) {
    const Call *call = plan->call;
    Arena *arena = call->arena;
    Doc *out = doc_map(arena);
    doc_set_str(arena, out, "Location", location(plan));
    doc_set_str(arena, out, "Bucket", plan->bucket.name);
    doc_set_str(arena, out, "Key", doc_text(call->input, "Key"));
    doc_set_str(arena, out, "ETag", quoted_etag(arena, row->etag));
    doc_set_str(arena, out, "ServerSideEncryption", STR("AES256"));
    doc_set_str(arena, out, "VersionId", version_shown(&plan->bucket, row));
    checksum_show(arena, out, &row->checksum);
    return out;
}

static Outcome finish(Turn *turn, Plan *plan, const Assembled *assembled, Doc **out, Error *e) {
    const Call *call = plan->call;
    Arena *arena = call->arena;
    Str key = doc_text(call->input, "Key"), upload = doc_text(call->input, "UploadId");
    ObjectRow row = plan->upload;
    uint8_t md5[MD5_BYTES];
    digest_final(&plan->etags, md5);
    row.etag = str_format(arena, "%.*s-%zu", STR_ARG(str_hex(arena, digest_str(md5, sizeof md5))), plan->parts.len);
    row.checksum = final_checksum(plan, assembled);
    row.size = plan->size;
    row.body = assembled->body;
    row.initiator = STR_NONE;
    row.md5 = assembled->md5;
    row.parts = str_copy(arena, buf_str(&plan->packed));
    row.modified_ms = call->now_ms / 1000 * 1000;
    CALL_TRY(check_whole(plan, &row.checksum, e));
    object_store(turn, &plan->bucket, key, &row);
    assembly_drop(turn, upload, false);
    upload_drop(turn, plan->bucket.name, key, upload);
    event_created(turn, call, &plan->bucket, "CompleteMultipartUpload", key, &row);
    *out = answer(plan, &row);
    return OUTCOME_DONE;
}

static Outcome assemble(Turn *turn, Plan *plan, Doc **out, Error *e) {
    Assembled assembled;
    CALL_TRY(make_plan(turn, plan, e));
    if (is_small(plan))
        CALL_TRY(assemble_bytes(turn, plan, &assembled, e));
    else
        CALL_TRY(assembly_run(turn, doc_text(plan->call->input, "UploadId"), &plan->parts, whole_kind(plan), &assembled, e));
    if (assembled.state == ASSEMBLY_DONE) return finish(turn, plan, &assembled, out, e);
    return assembly_park(turn, plan->call, doc_text(plan->call->input, "UploadId"), e);
}

Outcome complete_multipart_upload(Turn *turn, const Call *call, Doc **out, Error *e) {
    Plan plan = {.call = call, .parts = vec_of(call->arena, ObjectRow)};
    digest_init(&plan.etags, DIGEST_MD5);
    buf_init(&plan.packed, ROW_MAX_BYTES);
    Outcome outcome = assemble(turn, &plan, out, e);
    digest_done(&plan.etags);
    checksum_done(&plan.composite);
    buf_done(&plan.packed);
    return outcome;
}
