// Tags of instances, of what is made with them, of security groups and their rules, of images and of the default network.
#include "services/ec2/ec2.h"

// What can have tags, and what EC2 knows besides and nobody has made here. Volumes and network interfaces are parts of instances, and rules of groups, which keep their
// tags. Public images are tagged for the account alone.
typedef struct Tagged {
    const char *prefix, *kind, *member; // "vol-", "volume", "$volumeTags"
    const DocumentType *type; // NULL: nobody has made one
    const char *absent, *what, *end; // how EC2 says that it is not there
    bool (*get)(Turn *turn, Str id, Doc **out); // NULL: turn_get
    PartId *id_in; // a part with an id that follows from the document's; NULL: it is none
    bool is_rule;
} Tagged;

static bool image_get(Turn *turn, Str id, Doc **out) {
    if (!image_doc(turn_arena(turn), turn_where(turn), id)) return false;
    if (!turn_get(turn, &EC2_IMAGE, id, out)) *out = doc_map(turn_arena(turn));
    return true;
}

static const Tagged TAGGED[] = {
    {"i-", "instance", "Tags", &EC2_INSTANCE, "InvalidInstanceID.NotFound", "instance ID", ""},
    {"vol-", "volume", "$volumeTags", &EC2_INSTANCE, "InvalidVolume.NotFound", "volume", ".", .id_in = volume_of},
    {"eni-", "network-interface", "$interfaceTags", &EC2_INSTANCE, "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", "",
     .id_in = interface_of},
    {"sg-", "security-group", "Tags", &EC2_SECURITY_GROUP, "InvalidGroup.NotFound", "security group", "", .get = group_get},
    {"sgr-", "security-group-rule", "Tags", &EC2_SECURITY_GROUP, "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", "",
     .is_rule = true},
    {"vpc-", "vpc", "Tags", &EC2_NETWORK, "InvalidVpcID.NotFound", "vpc ID", "", .get = network_get},
    {"subnet-", "subnet", "Tags", &EC2_NETWORK, "InvalidSubnetID.NotFound", "subnet ID", "", .get = network_get},
    {"rtb-", "route-table", "Tags", &EC2_NETWORK, "InvalidRouteTableID.NotFound", "routeTable ID", "", .get = network_get},
    {"acl-", "network-acl", "Tags", &EC2_NETWORK, "InvalidNetworkAclID.NotFound", "networkAcl ID", "", .get = network_get},
    {"igw-", "internet-gateway", "Tags", &EC2_NETWORK, "InvalidInternetGatewayID.NotFound", "internetGateway ID", "", .get = network_get},
    {"dopt-", "dhcp-options", "Tags", &EC2_NETWORK, "InvalidDhcpOptionID.NotFound", "dhcpOption ID", "", .get = network_get},
    {"ami-", "image", "Tags", &EC2_IMAGE, "InvalidAMIID.NotFound", "image ID", "", .get = image_get},
    {"snap-", "*", NULL, NULL, "InvalidSnapshot.NotFound", "snapshot", "."},
    {"eipalloc-", "*", NULL, NULL, "InvalidAllocationID.NotFound", "allocation ID", ""},
    {"pcx-", "*", NULL, NULL, "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID", ""},
};
enum { TAGGED_COUNT = sizeof TAGGED / sizeof *TAGGED };

// Where the tags of a thing stand: in its document, or in a part of that of another.
typedef struct Holder {
    const Tagged *kind;
    Doc *document, *part;
    Str id; // of the document
} Holder;

static const Tagged *kind_of(Str id) {
    for (size_t i = 0; i < TAGGED_COUNT; i++)
        if (str_starts(id, str_of(TAGGED[i].prefix))) return &TAGGED[i];
    return NULL;
}

bool part_owner(Turn *turn, PartId *id_in, Str id, Doc **out) {
    Doc *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    for (Doc *instance = doc_first(all); instance; instance = instance->next) {
        if (instance_is(instance, "terminated") || !str_eq(id_in(turn_arena(turn), doc_text(instance, "InstanceId")), id)) continue;
        return turn_get(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), out);
    }
    return false;
}

static bool find_thing(Turn *turn, const Tagged *kind, Str id, Holder *out) {
    *out = (Holder){.kind = kind, .id = id};
    bool found = kind->id_in     ? part_owner(turn, kind->id_in, id, &out->document)
                 : kind->is_rule ? rule_get(turn, id, &out->document, &out->part)
                 : kind->get     ? kind->get(turn, id, &out->document)
                                 : kind->type && turn_get(turn, kind->type, id, &out->document);
    if (found && kind->id_in) out->id = doc_text(out->document, "InstanceId");
    if (found && kind->is_rule) out->id = doc_text(out->document, "GroupId");
    if (!out->part) out->part = out->document;
    return found;
}

static bool find_holder(Turn *turn, Str id, Holder *out, Error *e) {
    const Tagged *kind = kind_of(id);
    if (!kind || !check_id(id, kind->prefix, "InvalidID", NULL)) return fail(e, "InvalidID", "The ID '%.*s' is not valid", STR_ARG(id));
    return find_thing(turn, kind, id, out) || fail(e, kind->absent, "The %s '%.*s' does not exist%s", kind->what, STR_ARG(id), kind->end);
}

const char *tagged_kind(Str id) {
    const Tagged *kind = kind_of(id);
    return kind ? kind->kind : "*";
}

const Doc *tags_of(Turn *turn, Str id) {
    Holder holder;
    return find_holder(turn, id, &holder, NULL) ? doc_get(holder.part, holder.kind->member) : NULL;
}

enum { MOST_TAGS = 50, KEY_MAX_BYTES = 128, VALUE_MAX_BYTES = 256 };

static bool check_tag(const Doc *tag, Error *e) {
    Str key = doc_str(doc_get(tag, "Key"), STR("")), value = doc_str(doc_get(tag, "Value"), STR(""));
    if (!key.len) return fail(e, "InvalidParameterValue", "Tag key cannot be null or empty.");
    if (str_starts(key, STR("aws:"))) return fail(e, "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
    if (key.len > KEY_MAX_BYTES) return fail(e, "InvalidParameterValue", "Tag key exceeds the maximum length of %d characters", KEY_MAX_BYTES);
    return value.len <= VALUE_MAX_BYTES || fail(e, "InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", VALUE_MAX_BYTES);
}

static bool is_one_of(Str text, const char *const *names) {
    for (; *names; names++) {
        if (str_is(text, *names)) return true;
    }
    return false;
}

bool specified_tags(Arena *arena, const Doc *input, const char *resource_type, Doc **tags, Error *e) {
    const char *const ALLOWED[] = {resource_type, NULL};
    return specified_tags_of(arena, input, resource_type, ALLOWED, tags, e);
}

bool specified_tags_of(Arena *arena, const Doc *input, const char *resource_type, const char *const *allowed, Doc **tags, Error *e) {
    *tags = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(input, "TagSpecifications")); one; one = one->next) {
        Str type = doc_text(one, "ResourceType");
        if (!type.len) return fail(e, "MissingParameter", "Tag specification must have resource type");
        if (!is_one_of(type, allowed)) return fail(e, "UnsupportedOperation", "TagSpecifications for %.*s are not built here.", STR_ARG(type));
        if (!str_is(type, resource_type)) continue;
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

static void set_tag(Arena *arena, Doc *thing, const char *member, const Doc *tag) {
    Doc *tags = doc_get(thing, member);
    if (!tags) doc_set(thing, member, tags = doc_list(arena));
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

static void remove_tags(Arena *arena, Doc *thing, const char *member, const Doc *given) {
    Doc *left = doc_list(arena);
    for (const Doc *tag = doc_first(doc_get(thing, member)); tag; tag = tag->next) {
        if (!names_tag(given, tag)) doc_push(left, doc_copy(arena, tag));
    }
    doc_set(thing, member, left);
}

static bool change_tags_of(Turn *turn, Str id, const Doc *tags, bool remove, Error *e) {
    Arena *arena = turn_arena(turn);
    Holder holder;
    TRY(find_holder(turn, id, &holder, e));
    const char *member = holder.kind->member;
    if (remove) remove_tags(arena, holder.part, member, tags);
    for (const Doc *tag = remove ? NULL : doc_first(tags); tag; tag = tag->next) {
        TRY(check_tag(tag, e));
        set_tag(arena, holder.part, member, tag);
    }
    if (!remove && doc_count(doc_get(holder.part, member)) > MOST_TAGS)
        return fail(e, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
    turn_put(turn, holder.kind->type, holder.id, holder.document);
    return true;
}

static Outcome change_tags(Turn *turn, const Call *call, bool remove, Error *e) {
    for (const Doc *id = doc_first(doc_get(call->input, "Resources")); id; id = id->next)
        CALL_TRY(change_tags_of(turn, doc_str(id, STR("")), doc_get(call->input, "Tags"), remove, e));
    return OUTCOME_DONE;
}

Outcome create_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return change_tags(turn, call, false, e); }
Outcome delete_tags(Turn *turn, const Call *call, Doc **out, Error *e) { return change_tags(turn, call, true, e); }

typedef struct Shown {
    Turn *turn;
    const Doc *filters;
    Doc *list;
} Shown;

static bool show_tags(const Shown *shown, const char *kind, Str id, const Doc *tags, Error *e) {
    static const Filterable KNOWN[] = {
        {"resource-id", "ResourceId"}, {"resource-type", "ResourceType"}, {"key", "Key"}, {"value", "Value"}, {NULL, NULL}};
    Arena *arena = turn_arena(shown->turn);
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        bool matches;
        Doc *view = doc_copy(arena, tag), *own = doc_list(arena);
        doc_push(own, doc_copy(arena, tag));
        doc_set(view, "Tags", own); // where the filter tag:KEY looks; the model has no such member
        doc_set_str(arena, view, "ResourceId", id);
        doc_set_str(arena, view, "ResourceType", str_of(kind));
        doc_set_str(arena, view, "$place", str_format(arena, "%.*s/%.*s", STR_ARG(id), STR_ARG(doc_text(tag, "Key"))));
        TRY(filters_match(shown->turn, shown->filters, KNOWN, view, &matches, e));
        if (matches) doc_push(shown->list, view);
    }
    return true;
}

static bool show_tags_of(const Shown *shown, const Tagged *kind, Error *e) {
    bool whole = !kind->is_rule && !kind->id_in;
    Doc *things = turn_scan(shown->turn, kind->type, (DocumentScan){.prefix = whole ? str_of(kind->prefix) : STR("")});
    for (const Doc *thing = doc_first(things); thing; thing = thing->next) {
        for (const Doc *rule = kind->is_rule ? doc_first(doc_get(thing, "$rules")) : NULL; rule; rule = rule->next)
            TRY(show_tags(shown, kind->kind, doc_text(rule, "SecurityGroupRuleId"), doc_get(rule, kind->member), e));
        if (kind->is_rule) continue;
        Str own = doc_text(thing, "$id");
        TRY(show_tags(shown, kind->kind, kind->id_in ? kind->id_in(turn_arena(shown->turn), own) : own, doc_get(thing, kind->member), e));
    }
    return true;
}

Outcome describe_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *list = doc_list(call->arena);
    Shown shown = {turn, doc_get(call->input, "Filters"), list};
    for (size_t i = 0; i < TAGGED_COUNT; i++)
        if (TAGGED[i].type) CALL_TRY(show_tags_of(&shown, &TAGGED[i], e));
    CALL_TRY(page_reply(call, list, "Tags", (PageRule){5, 1000, "$place", NULL}, out, e));
    return OUTCOME_DONE;
}
