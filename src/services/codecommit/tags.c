// Tags of repositories.
#include "services/codecommit/codecommit.h"

enum { MOST_TAGS = 50, KEY_MAX_BYTES = 128, VALUE_MAX_BYTES = 256 };

static bool check_key(Str key, const char *code, Error *e) {
    if (str_starts(key, STR("aws:")))
        return fail(e, "InvalidSystemTagUsageException", "The tag key %.*s is not valid: names that begin with aws: are reserved.", STR_ARG(key));
    return (key.len && key.len <= KEY_MAX_BYTES) || fail(e, code, "A tag key has 1 to %d characters: %.*s", KEY_MAX_BYTES, STR_ARG(key));
}

bool codecommit_check_tags(const Doc *tags, Error *e) {
    if (doc_count(tags) > MOST_TAGS) return fail(e, "TooManyTagsException", "A repository can have at most %d tags.", MOST_TAGS);
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        TRY(check_key(tag->key, "InvalidTagsMapException", e));
        if (doc_str(tag, STR("")).len > VALUE_MAX_BYTES)
            return fail(e, "InvalidTagsMapException", "The value of tag %.*s has more than %d characters.", STR_ARG(tag->key), VALUE_MAX_BYTES);
    }
    return true;
}

static bool by_arn(Turn *turn, const Call *call, Doc **repository, Error *e) {
    Str arn = doc_text(call->input, "resourceArn");
    if (!arn.len) return fail(e, "ResourceArnRequiredException", "A resource ARN is required.");
    Str prefix = repository_arn(call->arena, call->where, STR(""));
    if (!str_starts(arn, prefix) || arn.len == prefix.len)
        return fail(e, "InvalidResourceArnException", "The resource ARN is not valid: %.*s", STR_ARG(arn));
    return repository_find(turn, str_from(arn, prefix.len), repository, e);
}

Outcome codecommit_tag(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *added = doc_get(call->input, "tags");
    Doc *repository;
    if (!added) return call_fail(e, "TagsMapRequiredException", "A map of tags is required.");
    CALL_TRY(codecommit_check_tags(added, e));
    CALL_TRY(by_arn(turn, call, &repository, e));
    Doc *tags = doc_get(repository, "$tags");
    for (const Doc *tag = doc_first(added); tag; tag = tag->next) doc_put(tags, tag->key, doc_copy(call->arena, tag));
    CALL_TRY(codecommit_check_tags(tags, e));
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
    return OUTCOME_DONE;
}

Outcome codecommit_untag(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *keys = doc_get(call->input, "tagKeys");
    Doc *repository;
    if (!doc_count(keys)) return call_fail(e, "TagKeysListRequiredException", "At least one tag key is required.");
    for (const Doc *key = doc_first(keys); key; key = key->next) CALL_TRY(check_key(doc_str(key, STR("")), "InvalidTagKeysListException", e));
    CALL_TRY(by_arn(turn, call, &repository, e));
    for (const Doc *key = doc_first(keys); key; key = key->next) doc_put(doc_get(repository, "$tags"), doc_str(key, STR("")), NULL);
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
    return OUTCOME_DONE;
}

// All tags fit one page: a token that we never gave is not known.
Outcome codecommit_list_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(by_arn(turn, call, &repository, e));
    if (doc_text(call->input, "nextToken").len) return call_fail(e, "InvalidContinuationTokenException", "The continuation token is not valid.");
    *out = doc_map(call->arena);
    doc_set(*out, "tags", doc_copy(call->arena, doc_get(repository, "$tags")));
    return OUTCOME_DONE;
}
