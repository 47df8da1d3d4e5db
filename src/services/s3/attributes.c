// GetObjectAttributes: what is asked for, and nothing else.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

enum { PARTS_A_PAGE = 1000 };

static bool wants(const Call *call, const char *attribute) {
    for (const Doc *name = doc_first(doc_get(call->input, "ObjectAttributes")); name; name = name->next)
        if (str_is(doc_str(name, STR_NONE), attribute)) return true;
    return false;
}

static bool check_attributes(const Call *call, Error *e) {
    static const char *const known[] = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize", NULL};
    const Doc *asked = doc_get(call->input, "ObjectAttributes");
    const char *message = "Invalid attribute name specified.";
    if (!doc_count(asked)) {
        message = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    }
    for (const Doc *name = doc_first(asked); name; name = name->next) {
        const char *const *match = known;
        while (*match && !str_is(doc_str(name, STR_NONE), *match)) match++;
        if (!*match) return s3_bad_argument(call, "x-amz-object-attributes", doc_str(name, STR_NONE), message, e);
    }
    return true;
}

static Doc *checksum_doc(Arena *arena, const RowChecksum *checksum) {
    RowChecksum plain = *checksum;
    Str parts = plain.text;
    if (plain.composite) plain.text = str_cut(&parts, '-'); // here the number of parts stands elsewhere
    Doc *doc = doc_map(arena);
    checksum_show(arena, doc, &plain);
    return doc;
}

static Doc *part_doc(Arena *arena, const RowPart *part, ChecksumKind kind) {
    Doc *doc = doc_map(arena);
    doc_set_int(arena, doc, "PartNumber", part->number);
    doc_set_int(arena, doc, "Size", part->size);
    doc_set_str(arena, doc, checksum_member(kind), part->checksum);
    return doc;
}

// The parts one by one only where each has a checksum, as S3 does.
static void list_object_parts(const Call *call, const ObjectRow *row, Doc *parts) {
    Arena *arena = call->arena;
    int64_t after = doc_number(call->input, "PartNumberMarker", 0), most = doc_number(call->input, "MaxParts", PARTS_A_PAGE), last = 0;
    Doc *list = doc_list(arena);
    bool truncated = false;
    RowPart part;
    if (most < 1) most = PARTS_A_PAGE;
    for (Str rest = row->parts; parts_next(&rest, &part);) {
        if (part.number <= after) continue;
        truncated = (int64_t)doc_count(list) >= most;
        if (truncated) break;
        doc_push(list, part_doc(arena, &part, row->checksum.kind));
        last = part.number;
    }
    doc_set_int(arena, parts, "PartNumberMarker", after);
    doc_set_int(arena, parts, "NextPartNumberMarker", last);
    doc_set_int(arena, parts, "MaxParts", most);
    doc_set_bool(arena, parts, "IsTruncated", truncated);
    doc_set(parts, "Parts", list);
}

static Doc *parts_doc(const Call *call, const ObjectRow *row) {
    Doc *parts = doc_map(call->arena);
    doc_set_int(call->arena, parts, "TotalPartsCount", (int64_t)parts_count(row->parts));
    if (row->checksum.present && row->checksum.composite) list_object_parts(call, row, parts);
    return parts;
}

Outcome get_object_attributes(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    Arena *arena = call->arena;
    CALL_TRY(object_for_read(turn, call, &row, e));
    CALL_TRY(check_attributes(call, e));
    CALL_TRY(no_key_is_given(call, e));
    *out = doc_map(arena);
    doc_set_time(arena, *out, "LastModified", row.modified_ms);
    doc_set_str(arena, *out, "VersionId", bucket_versions_shown(turn, doc_text(call->input, "Bucket"), &row));
    if (wants(call, "ETag")) doc_set_str(arena, *out, "ETag", row.etag);
    if (wants(call, "Checksum") && row.checksum.present) doc_set(*out, "Checksum", checksum_doc(arena, &row.checksum));
    if (wants(call, "ObjectParts") && row.parts.at) doc_set(*out, "ObjectParts", parts_doc(call, &row));
    if (wants(call, "StorageClass"))
        doc_set_str(arena, *out, "StorageClass", row.texts[TEXT_STORAGE_CLASS].at ? row.texts[TEXT_STORAGE_CLASS] : STR("STANDARD"));
    if (wants(call, "ObjectSize")) doc_set_int(arena, *out, "ObjectSize", row.size);
    return OUTCOME_DONE;
}
