// Tags of pipelines.
#include "services/codepipeline/codepipeline.h"

enum { MOST_TAGS = 50 };

// "arn:aws:codepipeline:REGION:ACCOUNT:NAME"
static bool find_by_arn(Turn *turn, const Doc *input, Str *name, Doc **summary, Error *e) {
    Str arn = doc_text(input, "resourceArn");
    Str prefix = pipeline_arn(turn_arena(turn), turn_where(turn), STR(""));
    if (!str_starts(arn, prefix) || arn.len == prefix.len) return fail(e, "InvalidArnException", "The resource ARN is not valid: %.*s", STR_ARG(arn));
    *name = str_from(arn, prefix.len);
    if (turn_get(turn, &PIPELINE, *name, summary)) return true;
    return fail(e, "ResourceNotFoundException", "The resource %.*s does not exist.", STR_ARG(arn));
}

static size_t count_key(const Doc *tags, Str key) {
    size_t count = 0;
    for (const Doc *one = doc_first(tags); one; one = one->next) count += str_eq(doc_text(one, "key"), key);
    return count;
}

bool pipeline_check_tags(const Doc *tags, Error *e) {
    for (const Doc *one = doc_first(tags); one; one = one->next) {
        Str key = doc_text(one, "key");
        if (str_starts(key, STR("aws:"))) return fail(e, "InvalidTagsException", "Tag keys that start with aws: are reserved: %.*s", STR_ARG(key));
        if (count_key(tags, key) > 1) return fail(e, "InvalidTagsException", "Tag keys must be unique: %.*s", STR_ARG(key));
    }
    return doc_count(tags) <= MOST_TAGS || fail(e, "TooManyTagsException", "A pipeline can have up to %d tags.", MOST_TAGS);
}

static bool is_text_in(const Doc *list, Str text) {
    for (const Doc *one = doc_first(list); one; one = one->next) {
        if (str_eq(doc_str(one, STR_NONE), text)) return true;
    }
    return false;
}

Outcome list_pipeline_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name;
    Doc *summary;
    CALL_TRY(find_by_arn(turn, call->input, &name, &summary, e));
    if (doc_get(call->input, "nextToken"))
        return call_fail(e, "InvalidNextTokenException", "The next token is not valid."); // one page holds them all
    *out = doc_map(call->arena);
    doc_set(*out, "tags", doc_copy(call->arena, doc_get(summary, "tags")));
    return OUTCOME_DONE;
}

Outcome tag_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)out;
    Str name;
    Doc *summary, *tags = doc_list(call->arena);
    const Doc *given = doc_get(call->input, "tags");
    CALL_TRY(find_by_arn(turn, call->input, &name, &summary, e));
    CALL_TRY(pipeline_check_tags(given, e));
    for (const Doc *one = doc_first(doc_get(summary, "tags")); one; one = one->next) {
        if (!count_key(given, doc_text(one, "key"))) doc_push(tags, doc_copy(call->arena, one));
    }
    for (const Doc *one = doc_first(given); one; one = one->next) doc_push(tags, doc_copy(call->arena, one));
    CALL_TRY(pipeline_check_tags(tags, e));
    doc_set(summary, "tags", tags);
    turn_put(turn, &PIPELINE, name, summary);
    return OUTCOME_DONE;
}

Outcome untag_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)out;
    Str name;
    Doc *summary, *tags = doc_list(call->arena);
    CALL_TRY(find_by_arn(turn, call->input, &name, &summary, e));
    for (const Doc *one = doc_first(doc_get(summary, "tags")); one; one = one->next) {
        if (!is_text_in(doc_get(call->input, "tagKeys"), doc_text(one, "key"))) doc_push(tags, doc_copy(call->arena, one));
    }
    doc_set(summary, "tags", tags);
    turn_put(turn, &PIPELINE, name, summary);
    return OUTCOME_DONE;
}
