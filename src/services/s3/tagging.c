// Tags of objects and buckets: limits and forms. Kept as pairs name → value.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

enum { OBJECT_TAGS = 10, TAG_NAME_CHARS = 128, TAG_VALUE_CHARS = 256 };

static size_t characters(Str text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}

static bool has_strange_character(Str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!plain && (c == 0 || !strchr(" +-=._:/@", c))) return true;
    }
    return false;
}

static bool tag_check(const Call *call, Str name, Str value, bool of_object, Error *e) {
    const char *message = NULL;
    bool bad_value = characters(value) > TAG_VALUE_CHARS || has_strange_character(value);
    if (str_starts(name, STR("aws:")))
        message = of_object ? "Your TagKey cannot be prefixed with aws:" : "System tags cannot be added/updated by requester";
    else if (!name.len || characters(name) > TAG_NAME_CHARS || has_strange_character(name))
        message = "The TagKey you have provided is invalid";
    else if (bad_value)
        message = "The TagValue you have provided is invalid";
    if (!message) return true;
    s3_fail(call, e, 400, "InvalidTag", message, "TagKey", name);
    if (bad_value && str_starts(str_of(message), STR("The TagValue"))) s3_error_tell(call, e, "TagValue", value);
    return false;
}

bool s3_tags_check(const Call *call, const Doc *map, size_t most, Error *e) {
    if (doc_count(map) > most) {
        Str message = str_format(call->arena, "%s tags cannot be greater than %zu", most == OBJECT_TAGS ? "Object" : "Bucket", most);
        return s3_fail(call, e, 400, "BadRequest", message.at, NULL, STR_NONE);
    }
    for (const Doc *tag = doc_first(map); tag; tag = tag->next) TRY(tag_check(call, tag->key, doc_str(tag, STR("")), most == OBJECT_TAGS, e));
    return true;
}

bool s3_tags_from_set(const Call *call, const Doc *tag_set, size_t most, Doc **map, Error *e) {
    Doc *tags = doc_map(call->arena);
    if (!tag_set && most == OBJECT_TAGS) return fail_malformed_xml(call, e);
    for (const Doc *tag = doc_first(tag_set); tag; tag = tag->next) {
        Str name = doc_text(tag, "Key");
        if (!name.at || !doc_get(tag, "Value")) return fail_malformed_xml(call, e);
        if (doc_get_str_key(tags, name)) return s3_fail(call, e, 400, "InvalidTag", "Cannot provide multiple Tags with the same key", "TagKey", name);
        doc_add(tags, name, doc_of_str(call->arena, doc_str(doc_get(tag, "Value"), STR(""))));
    }
    TRY(s3_tags_check(call, tags, most, e));
    *map = tags;
    return true;
}

// "name=value&name2=value2", percent-encoded
bool s3_tags_from_header(const Call *call, Str header, Doc **map, Error *e) {
    Doc *tags = doc_map(call->arena);
    while (header.len) {
        Str value = str_cut(&header, '&');
        if (!value.len) continue;
        Str name = str_cut(&value, '=');
        bool decoded = str_uri_decode(call->arena, name, true, &name) && (!value.at || str_uri_decode(call->arena, value, true, &value));
        if (!decoded || !name.len || doc_get_str_key(tags, name)) {
            const char *message =
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
            return s3_bad_argument(call, "x-amz-tagging", doc_text(call->input, "Tagging"), message, e);
        }
        doc_add(tags, name, doc_of_str(call->arena, value.at ? value : STR("")));
    }
    TRY(s3_tags_check(call, tags, OBJECT_TAGS, e));
    *map = tags;
    return true;
}

Doc *s3_tags_to_set(Arena *arena, const Doc *map) {
    Doc *set = doc_list(arena);
    for (const Doc *pair = doc_first(map); pair; pair = pair->next) {
        Doc *tag = doc_map(arena);
        doc_set_str(arena, tag, "Key", pair->key);
        doc_set_str(arena, tag, "Value", doc_str(pair, STR("")));
        doc_push(set, tag);
    }
    return set;
}

static Doc *answer(Turn *turn, const Call *call, const ObjectRow *row) {
    Doc *out = doc_map(call->arena);
    doc_set_str(call->arena, out, "VersionId", bucket_versions_shown(turn, doc_text(call->input, "Bucket"), row));
    return out;
}

// Of a key that is missing, S3 tells the bucket and the key here, and the key alone everywhere else.
static bool object_for_tags(Turn *turn, const Call *call, ObjectRow *out, Error *e) {
    if (object_for_read(turn, call, out, e)) return true;
    if (!e || strcmp(e->code, "NoSuchKey") != 0) return false;
    Str bucket = doc_text(call->input, "Bucket"), key = doc_text(call->input, "Key");
    s3_error_tell(call, e, "Key", str_format(call->arena, "%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)));
    return false;
}

Outcome get_object_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    CALL_TRY(object_for_tags(turn, call, &row, e));
    *out = answer(turn, call, &row);
    doc_set(*out, "TagSet", s3_tags_to_set(call->arena, pairs_map(call->arena, row.tags)));
    return OUTCOME_DONE;
}

Outcome put_object_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    Doc *tags;
    CALL_TRY(object_for_read(turn, call, &row, e));
    CALL_TRY(s3_tags_from_set(call, doc_get(doc_get(call->input, "Tagging"), "TagSet"), OBJECT_TAGS, &tags, e));
    row.tags = pairs_pack(call->arena, tags);
    object_change(turn, doc_text(call->input, "Bucket"), doc_text(call->input, "Key"), &row);
    *out = answer(turn, call, &row);
    return OUTCOME_DONE;
}

Outcome delete_object_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    CALL_TRY(object_for_read(turn, call, &row, e));
    row.tags = STR_NONE;
    object_change(turn, doc_text(call->input, "Bucket"), doc_text(call->input, "Key"), &row);
    *out = answer(turn, call, &row);
    return OUTCOME_DONE;
}
