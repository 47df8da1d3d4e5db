// Which resource a call of IAM is about: the ARN with the path that the entity has, or shall have. A refusal names what is there already by kind and name, as
// IAM does, which has not looked at its path yet: "role web", "policy arn:…".
#include "services/iam/iam.h"

typedef struct Subject {
    Str arn, told; // told STR_NONE: by its ARN
    const Doc *tags; // of what is there already
} Subject;

static Subject entity_subject(Turn *turn, const Call *call, const Kind *kind, Str name) {
    Arena *arena = turn_arena(turn);
    Doc *doc;
    if (document_get(turn_store(turn), iam_where(turn), kind->type, iam_id(arena, name), arena, &doc))
        return (Subject){.arn = doc_text(doc, "Arn"), .tags = doc_get(doc, "Tags")};
    return (Subject){.arn = iam_arn(arena, turn_where(turn).account, kind->segment, iam_path(call), name)};
}

// Of a user that the request does not name, those about keys say "null" before the name.
static Str told_entity(const Call *call, const Kind *kind, Str name) {
    Str operation = wire_str(call->operation->name);
    bool own_key = kind == &IAM_KIND_USER && !doc_get(call->input, kind->name) && str_contains(operation, STR("AccessKey"));
    const char *what = kind == &IAM_KIND_PROFILE ? "instance profile" : kind->segment;
    return str_format(call->arena, "%s %s%.*s", what, own_key ? "null" : "", STR_ARG(name));
}

// Listings are about all there is under a path: arn:aws:iam::ACCOUNT:user/
static bool listed(Turn *turn, const Call *call, Subject *out) {
    static const struct {
        const char *operation, *segment;
    } lists[] = {{"ListUsers", "user"},
                 {"ListRoles", "role"},
                 {"ListGroups", "group"},
                 {"ListPolicies", "policy"},
                 {"ListInstanceProfiles", "instance-profile"}};
    Str operation = wire_str(call->operation->name), prefix = doc_text(call->input, "PathPrefix");
    if (!prefix.len) prefix = STR("/");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!str_is(operation, lists[i].operation)) continue;
        *out = (Subject){.arn = iam_arn(turn_arena(turn), turn_where(turn).account, lists[i].segment, prefix, STR(""))};
        if (str_is(operation, "ListPolicies")) out->told = str_cat(turn_arena(turn), STR("policy path "), prefix);
        return true;
    }
    return false;
}

static Subject policy_subject(Turn *turn, const Call *call) {
    Arena *arena = turn_arena(turn);
    Str arn = doc_text(call->input, "PolicyArn"), name = doc_text(call->input, "PolicyName");
    Doc *policy = NULL;
    if (arn.at) {
        const Doc *tags = iam_policy_find(turn, arn, &policy, NULL) ? doc_get(policy, "Tags") : NULL;
        return (Subject){.arn = arn, .told = str_cat(arena, STR("policy "), arn), .tags = tags};
    }
    if (!name.at) return (Subject){.arn = STR("*")};
    return (Subject){.arn = iam_arn(arena, turn_where(turn).account, "policy", iam_path(call), name), .told = str_cat(arena, STR("policy "), name)};
}

static Subject subject_of(Turn *turn, const Call *call) {
    const Kind *kind = iam_kind_of(call);
    Str operation = wire_str(call->operation->name), source = doc_text(call->input, "PolicySourceArn");
    Str provider = doc_text(call->input, "OpenIDConnectProviderArn");
    if (!provider.at) provider = doc_text(call->input, "SAMLProviderArn");
    bool named = wire_member(wire_input(call->operation), str_of(kind->name)) != NULL;
    Str name = named ? iam_name(turn, call, kind) : STR_NONE, linked = iam_linked_arn(turn, doc_text(call->input, "AWSServiceName"));
    Subject subject;
    if (listed(turn, call, &subject)) return subject;
    if (linked.at) return (Subject){.arn = linked};
    if (source.at) return (Subject){.arn = source};
    if (provider.at) return (Subject){.arn = provider};
    if (!name.at) return policy_subject(turn, call);
    subject = entity_subject(turn, call, kind, name);
    bool is_new = str_eq(operation, str_cat(turn_arena(turn), STR("Create"), str_of(kind->shape)));
    if (!is_new) subject.told = told_entity(call, kind, name);
    return subject;
}

// The condition keys of IAM, and those of tags.
static Doc *context_of(Turn *turn, const Call *call, const Doc *tags) {
    Arena *arena = turn_arena(turn);
    Doc *context = doc_map(arena), *untagged = doc_get(call->input, "TagKeys");
    doc_set_str(arena, context, "iam:PolicyARN", doc_text(call->input, "PolicyArn"));
    doc_set_str(arena, context, "iam:PermissionsBoundary", doc_text(call->input, "PermissionsBoundary"));
    doc_set_str(arena, context, "iam:AWSServiceName", doc_text(call->input, "AWSServiceName"));
    context_add_request_tags(arena, context, doc_get(call->input, "Tags"));
    if (doc_count(untagged)) doc_set(context, "aws:TagKeys", doc_copy(arena, untagged));
    context_add_resource_tags(arena, context, "iam", tags);
    return context;
}

// What is made with tags must be allowed to be tagged: iam:CreateRole and iam:TagRole.
static void require_tags(Turn *turn, const Call *call, Subject subject, Requirements *all) {
    Str what = str_strip_prefix(wire_str(call->operation->name), STR("Create"));
    bool creates = what.len < wire_str(call->operation->name).len;
    if (!creates || !doc_count(doc_get(call->input, "Tags"))) return;
    require(all, str_cat(turn_arena(turn), STR("iam:Tag"), what), subject.arn, context_of(turn, call, NULL));
}

void iam_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str operation = wire_str(call->operation->name);
    Subject subject = subject_of(turn, call);
    require_told(all, str_cat(turn_arena(turn), STR("iam:"), operation), subject.arn, subject.told, context_of(turn, call, subject.tags));
    require_tags(turn, call, subject, all);
    // The role goes to whoever starts an instance with the profile.
    if (!str_is(operation, "AddRoleToInstanceProfile")) return;
    require_pass_role(all, entity_subject(turn, call, &IAM_KIND_ROLE, doc_text(call->input, "RoleName")).arn, "ec2.amazonaws.com");
}
