// Tags of applications and deployment groups.
#include "services/codedeploy/codedeploy.h"

enum { MOST_TAGS = 50, MOST_IN_KEY = 128, MOST_IN_VALUE = 256 };

typedef struct Tagged {
    const DocumentType *type;
    Str id;
    Doc *doc;
} Tagged;

// "arn:aws:codedeploy:REGION:ACCOUNT:application:NAME" or "…:deploymentgroup:APP/GROUP"
static bool find_tagged(Turn *turn, const Call *call, Tagged *out, Error *e) {
    Str arn = doc_text(call->input, "ResourceArn"), application = codedeploy_arn(call->arena, call->where, "application", STR(""));
    Str group = codedeploy_arn(call->arena, call->where, "deploymentgroup", STR(""));
    if (!arn.len) return fail(e, "ResourceArnRequiredException", "The ARN of a resource is required.");
    bool is_group = str_starts(arn, group);
    if (!is_group && !str_starts(arn, application)) {
        bool ours = str_starts(arn, STR("arn:aws:codedeploy:"));
        return fail(e, ours ? "ArnNotSupportedException" : "InvalidArnException", "The specified ARN is not supported: %.*s", STR_ARG(arn));
    }
    Tagged tagged = {is_group ? &CODEDEPLOY_GROUP : &CODEDEPLOY_APPLICATION, str_from(arn, is_group ? group.len : application.len), NULL};
    if (!turn_get(turn, tagged.type, tagged.id, &tagged.doc)) {
        return fail(e, is_group ? "DeploymentGroupDoesNotExistException" : "ApplicationDoesNotExistException", "No %s found for name: %.*s",
                    is_group ? "Deployment Group" : "application", STR_ARG(tagged.id));
    }
    *out = tagged;
    return true;
}

static size_t characters(Str text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}

bool check_tags_to_add(const Doc *tags, Error *e) {
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        Str key = doc_str(doc_get(tag, "Key"), STR("")), value = doc_str(doc_get(tag, "Value"), STR(""));
        if (!key.len || characters(key) > MOST_IN_KEY || characters(value) > MOST_IN_VALUE)
            return fail(e, "InvalidTagsToAddException", "The key of a tag has 1 to %d characters, its value up to %d.", MOST_IN_KEY, MOST_IN_VALUE);
        if (str_starts(key, STR("aws:"))) return fail(e, "InvalidTagsToAddException", "Keys of tags cannot begin with aws: %.*s", STR_ARG(key));
    }
    return doc_count(tags) <= MOST_TAGS || fail(e, "InvalidTagsToAddException", "A resource can have up to %d tags.", MOST_TAGS);
}

static bool has_key(const Doc *tags, Str key) {
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        if (str_eq(doc_text(tag, "Key"), key)) return true;
    }
    return false;
}

static bool names_key(const Doc *keys, Str key) {
    for (const Doc *one = doc_first(keys); one; one = one->next) {
        if (str_eq(doc_str(one, STR("")), key)) return true;
    }
    return false;
}

// The old tags without those of `replaced` and `removed`.
static Doc *kept_tags(Arena *arena, const Doc *old, const Doc *replaced, const Doc *removed) {
    Doc *tags = doc_list(arena);
    for (const Doc *tag = doc_first(old); tag; tag = tag->next) {
        Str key = doc_text(tag, "Key");
        if (!has_key(replaced, key) && !names_key(removed, key)) doc_push(tags, doc_copy(arena, tag));
    }
    return tags;
}

Outcome list_codedeploy_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Tagged tagged;
    CALL_TRY(find_tagged(turn, call, &tagged, e));
    *out = doc_map(call->arena);
    doc_set(*out, "Tags", kept_tags(call->arena, doc_get(tagged.doc, "$tags"), NULL, NULL));
    return OUTCOME_DONE;
}

Outcome tag_codedeploy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Tagged tagged;
    const Doc *given = doc_get(call->input, "Tags");
    CALL_TRY(find_tagged(turn, call, &tagged, e));
    if (!doc_count(given)) return call_fail(e, "TagRequiredException", "A tag was not specified.");
    Doc *tags = kept_tags(call->arena, doc_get(tagged.doc, "$tags"), given, NULL);
    for (const Doc *tag = doc_first(given); tag; tag = tag->next) doc_push(tags, doc_copy(call->arena, tag));
    CALL_TRY(check_tags_to_add(tags, e));
    doc_set(tagged.doc, "$tags", tags);
    turn_put(turn, tagged.type, tagged.id, tagged.doc);
    return OUTCOME_DONE;
}

Outcome untag_codedeploy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Tagged tagged;
    CALL_TRY(find_tagged(turn, call, &tagged, e));
    if (!doc_count(doc_get(call->input, "TagKeys"))) return call_fail(e, "TagRequiredException", "The key of a tag was not specified.");
    doc_set(tagged.doc, "$tags", kept_tags(call->arena, doc_get(tagged.doc, "$tags"), NULL, doc_get(call->input, "TagKeys")));
    turn_put(turn, tagged.type, tagged.id, tagged.doc);
    return OUTCOME_DONE;
}
