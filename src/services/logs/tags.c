// Tags of log groups, by both generations of the API: TagLogGroup by name, TagResource by ARN.
#include "services/logs/logs.h"

static bool tagged_group(Turn *turn, const Call *call, LogGroup *out, Error *e) {
    Str arn = doc_text(call->input, "resourceArn");
    if (!arn.at) return logs_group_need(turn, call, out, e);
    Str name = logs_identified_name(arn), own = logs_group_arn(call->arena, call->where, name);
    if (!str_eq(str_strip_suffix(arn, STR(":*")), own) || !logs_group_get(turn, name, out))
        return fail(e, "ResourceNotFoundException", "The specified resource does not exist.");
    return true;
}

static void save_tags(Turn *turn, const LogGroup *group, Doc *tags) {
    doc_set(group->doc, "tags", doc_count(tags) ? tags : NULL);
    turn_put(turn, &LOGS_GROUP, group->name, group->doc);
}

static Doc *tags_of(Arena *arena, const LogGroup *group) {
    const Doc *tags = doc_get(group->doc, "tags");
    return tags ? doc_copy(arena, tags) : doc_map(arena);
}

bool logs_check_tags(const Doc *tags, Error *e) {
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        bool reserved = tag->key.len >= 4 && str_eq_nocase(str_sub(tag->key, 0, 4), STR("aws:"));
        if (reserved) return fail(e, "InvalidParameterException", "aws: prefixed tag key names are not allowed for external use.");
    }
    return true;
}

static Outcome add_tags(Turn *turn, const Call *call, const char *too_many, Error *e) {
    LogGroup group;
    CALL_TRY(tagged_group(turn, call, &group, e));
    CALL_TRY(logs_check_tags(doc_get(call->input, "tags"), e));
    Doc *tags = tags_of(call->arena, &group);
    for (const Doc *tag = doc_first(doc_get(call->input, "tags")); tag; tag = tag->next) doc_put(tags, tag->key, doc_copy(call->arena, tag));
    if (doc_count(tags) > LOGS_TAGS_MOST) return call_fail(e, too_many, "A resource can have no more than %d tags.", LOGS_TAGS_MOST);
    save_tags(turn, &group, tags);
    return OUTCOME_DONE;
}

static Outcome remove_tags(Turn *turn, const Call *call, const char *member, Error *e) {
    LogGroup group;
    CALL_TRY(tagged_group(turn, call, &group, e));
    Doc *tags = tags_of(call->arena, &group);
    for (const Doc *key = doc_first(doc_get(call->input, member)); key; key = key->next) doc_put(tags, doc_str(key, STR("")), NULL);
    save_tags(turn, &group, tags);
    return OUTCOME_DONE;
}

static Outcome list_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    CALL_TRY(tagged_group(turn, call, &group, e));
    *out = doc_map(call->arena);
    doc_set(*out, "tags", tags_of(call->arena, &group));
    return OUTCOME_DONE;
}

Outcome logs_tag_group(Turn *turn, const Call *call, Doc **out, Error *e) { return add_tags(turn, call, "InvalidParameterException", e); }
Outcome logs_tag_resource(Turn *turn, const Call *call, Doc **out, Error *e) { return add_tags(turn, call, "TooManyTagsException", e); }
Outcome logs_untag_group(Turn *turn, const Call *call, Doc **out, Error *e) { return remove_tags(turn, call, "tags", e); }
Outcome logs_untag_resource(Turn *turn, const Call *call, Doc **out, Error *e) { return remove_tags(turn, call, "tagKeys", e); }
Outcome logs_list_group_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return list_tags(turn, call, out, e); }
Outcome logs_list_resource_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return list_tags(turn, call, out, e); }
