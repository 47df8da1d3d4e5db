// Tags of instances and security groups.
#include "services/ec2/ec2.h"

static const DocumentType *type_of(Str id) {
    if (str_starts(id, STR("i-"))) return &EC2_INSTANCE;
    return str_starts(id, STR("sg-")) ? &EC2_SECURITY_GROUP : NULL;
}

static bool tagged_thing(Turn *turn, Str id, Doc **out, Error *e) {
    const DocumentType *type = type_of(id);
    if (type == &EC2_INSTANCE) TRY(check_id(id, "i-", "InvalidInstanceID.Malformed", e));
    if (type == &EC2_SECURITY_GROUP) TRY(check_id(id, "sg-", "InvalidGroupId.Malformed", e));
    if (type == &EC2_INSTANCE && turn_get(turn, type, id, out)) return true;
    if (type == &EC2_SECURITY_GROUP && group_get(turn, id, out)) return true;
    if (type == &EC2_INSTANCE) return fail(e, "InvalidInstanceID.NotFound", "The instance ID '%.*s' does not exist", STR_ARG(id));
    if (type) return no_such(e, "InvalidGroup.NotFound", "security group", id);
    return fail(e, "InvalidID", "The ID '%.*s' is not valid", STR_ARG(id));
}

enum { MOST_TAGS = 50, KEY_MAX_BYTES = 128, VALUE_MAX_BYTES = 256 };

static bool check_tag(const Doc *tag, Error *e) {
    Str key = doc_str(doc_get(tag, "Key"), STR("")), value = doc_str(doc_get(tag, "Value"), STR(""));
    if (!key.len) return fail(e, "InvalidParameterValue", "Tag key cannot be null or empty.");
    if (str_starts(key, STR("aws:"))) return fail(e, "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
    if (key.len > KEY_MAX_BYTES) return fail(e, "InvalidParameterValue", "Tag key exceeds the maximum length of %d characters", KEY_MAX_BYTES);
    return value.len <= VALUE_MAX_BYTES || fail(e, "InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", VALUE_MAX_BYTES);
}

bool specified_tags(Arena *arena, const Doc *input, const char *resource_type, Doc **tags, Error *e) {
    *tags = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(input, "TagSpecifications")); one; one = one->next) {
        Str type = doc_text(one, "ResourceType");
        if (!type.len) return fail(e, "MissingParameter", "Tag specification must have resource type");
        if (!str_is(type, resource_type)) return fail(e, "UnsupportedOperation", "TagSpecifications for %.*s are not built here.", STR_ARG(type));
        for (const Doc *tag = doc_first(doc_get(one, "Tags")); tag; tag = tag->next) {
            TRY(check_tag(tag, e));
            for (const Doc *old = doc_first(*tags); old; old = old->next) {
                if (str_eq(doc_text(old, "Key"), doc_text(tag, "Key")))
                    return fail(e, "InvalidParameterValue", "Duplicate tag key '%.*s' specified.", STR_ARG(doc_text(tag, "Key")));
            }
            doc_push(*tags, doc_copy(arena, tag));
        }
    }
    return doc_count(*tags) <= MOST_TAGS || fail(e, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
}

static void set_tag(Arena *arena, Doc *thing, const Doc *tag) {
    Doc *tags = doc_get(thing, "Tags");
    if (!tags) doc_set(thing, "Tags", tags = doc_list(arena));
    for (Doc *old = doc_first(tags); old; old = old->next) {
        if (!str_eq(doc_text(old, "Key"), doc_text(tag, "Key"))) continue;
        doc_set_str(arena, old, "Value", doc_str(doc_get(tag, "Value"), STR("")));
        return;
    }
    Doc *copy = doc_map(arena);
    doc_set_str(arena, copy, "Key", doc_text(tag, "Key"));
    doc_set_str(arena, copy, "Value", doc_str(doc_get(tag, "Value"), STR("")));
    doc_push(tags, copy);
}

static bool names_tag(const Doc *given, const Doc *tag) {
    if (!doc_count(given)) return true; // all of them
    for (const Doc *one = doc_first(given); one; one = one->next) {
        bool value = !doc_get(one, "Value") || str_eq(doc_text(one, "Value"), doc_text(tag, "Value"));
        if (str_eq(doc_text(one, "Key"), doc_text(tag, "Key")) && value) return true;
    }
    return false;
}

static void remove_tags(Arena *arena, Doc *thing, const Doc *given) {
    Doc *left = doc_list(arena);
    for (const Doc *tag = doc_first(doc_get(thing, "Tags")); tag; tag = tag->next) {
        if (!names_tag(given, tag)) doc_push(left, doc_copy(arena, tag));
    }
    doc_set(thing, "Tags", left);
}

static Outcome change_tags(Turn *turn, const Call *call, bool remove, Error *e) {
    Doc *thing;
    const Doc *tags = doc_get(call->input, "Tags");
    for (const Doc *id = doc_first(doc_get(call->input, "Resources")); id; id = id->next) {
        CALL_TRY(tagged_thing(turn, doc_str(id, STR("")), &thing, e));
        if (remove) remove_tags(call->arena, thing, tags);
        for (const Doc *tag = remove ? NULL : doc_first(tags); tag; tag = tag->next) {
            CALL_TRY(check_tag(tag, e));
            set_tag(call->arena, thing, tag);
        }
        if (!remove && doc_count(doc_get(thing, "Tags")) > MOST_TAGS)
            return call_fail(e, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
        turn_put(turn, type_of(doc_str(id, STR(""))), doc_str(id, STR("")), thing);
    }
    return OUTCOME_DONE;
}

Outcome create_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return change_tags(turn, call, false, e); }
Outcome delete_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return change_tags(turn, call, true, e); }

static bool add_tags_of(Turn *turn, const DocumentType *type, const char *kind, const Doc *filters, Doc *list, Error *e) {
    static const Filterable KNOWN[] = {
        {"resource-id", "ResourceId"}, {"resource-type", "ResourceType"}, {"key", "Key"}, {"value", "Value"}, {NULL, NULL}};
    Arena *arena = turn_arena(turn);
    Doc *things = turn_scan(turn, type, (DocumentScan){.prefix = STR("")});
    for (const Doc *thing = doc_first(things); thing; thing = thing->next) {
        for (const Doc *tag = doc_first(doc_get(thing, "Tags")); tag; tag = tag->next) {
            bool matches;
            Doc *view = doc_copy(arena, tag);
            doc_set_str(arena, view, "ResourceId", doc_text(thing, "$id"));
            doc_set_str(arena, view, "ResourceType", str_of(kind));
            doc_set_str(arena, view, "$place", str_format(arena, "%.*s/%.*s", STR_ARG(doc_text(thing, "$id")), STR_ARG(doc_text(tag, "Key"))));
            TRY(filters_match(turn, filters, KNOWN, view, &matches, e));
            if (matches) doc_push(list, view);
        }
    }
    return true;
}

Outcome describe_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *list = doc_list(call->arena);
    const Doc *filters = doc_get(call->input, "Filters");
    CALL_TRY(add_tags_of(turn, &EC2_INSTANCE, "instance", filters, list, e));
    CALL_TRY(add_tags_of(turn, &EC2_SECURITY_GROUP, "security-group", filters, list, e));
    CALL_TRY(page_reply(call, list, "Tags", (PageRule){5, 1000, "$place", NULL}, out, e));
    return OUTCOME_DONE;
}
