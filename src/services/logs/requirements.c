// Which resource a call of Logs is about. AWS checks a group as log-group:NAME:log-stream: (so that a policy for log-group:NAME:* covers it), a stream with
// its name behind; tagging by ARN checks the group's ARN itself. See the Service Authorization Reference and "CloudWatch Logs resources and operations".
#include "services/logs/logs.h"

static Doc *tag_context(Turn *turn, const Call *call, const Str *group) {
    Arena *arena = call->arena;
    Doc *context = doc_map(arena), *keys = doc_list(arena), *named = doc_get(call->input, "tagKeys");
    const Doc *tags = doc_get(call->input, "tags");
    for (const Doc *tag = doc_is(tags, DOC_MAP) ? doc_first(tags) : NULL; tag; tag = tag->next) {
        doc_put(context, str_cat(arena, STR("aws:RequestTag/"), tag->key), doc_of_str(arena, doc_str(tag, STR(""))));
        doc_push_str(arena, keys, tag->key);
    }
    for (const Doc *key = doc_first(named ? named : doc_is(tags, DOC_LIST) ? tags : NULL); key; key = key->next)
        doc_push_str(arena, keys, doc_str(key, STR("")));
    if (doc_count(keys)) doc_set(context, "aws:TagKeys", keys);
    Doc *found = NULL;
    if (group->at) turn_get(turn, &LOGS_GROUP, *group, &found);
    for (const Doc *tag = doc_first(doc_get(found, "tags")); tag; tag = tag->next)
        doc_put(context, str_cat(arena, STR("aws:ResourceTag/"), tag->key), doc_of_str(arena, doc_str(tag, STR(""))));
    return context;
}

static Str called_group(const Call *call) {
    Str name = doc_text(call->input, "logGroupName"), identifier = doc_text(call->input, "logGroupIdentifier");
    return name.at ? name : identifier.at ? logs_identified_name(identifier) : STR_NONE;
}

static void require_of(Turn *turn, const Call *call, Str resource, Str group, Requirements *all) {
    Str action = str_cat(call->arena, STR("logs:"), wire_str(call->operation->name));
    require(all, action, resource, tag_context(turn, call, &group));
}

static void require_within(Turn *turn, const Call *call, Str group, Str stream, Requirements *all) {
    Str arn = logs_group_arn(call->arena, call->where, group.at ? group : STR(""));
    require_of(turn, call, str_format(call->arena, "%.*s:log-stream:%.*s", STR_ARG(arn), STR_ARG(stream)), group, all);
}

void logs_require_group(Turn *turn, const Call *call, Requirements *all) {
    require_within(turn, call, called_group(call), STR(""), all);
    bool tags_new = str_is(wire_str(call->operation->name), "CreateLogGroup") && doc_count(doc_get(call->input, "tags"));
    if (tags_new)
        require(all, STR("logs:TagResource"), logs_group_arn(call->arena, call->where, called_group(call)), tag_context(turn, call, &(Str){0}));
}

void logs_require_stream(Turn *turn, const Call *call, Requirements *all) {
    require_within(turn, call, called_group(call), doc_text(call->input, "logStreamName"), all);
}

void logs_require_followed(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *group = doc_first(doc_get(call->input, "logGroupIdentifiers")); group; group = group->next)
        require_within(turn, call, logs_identified_name(doc_str(group, STR(""))), STR(""), all);
}

void logs_require_tagged(Turn *turn, const Call *call, Requirements *all) {
    Str arn = doc_text(call->input, "resourceArn");
    require_of(turn, call, arn, logs_identified_name(arn), all);
}
