// Which resource a call of IAM is about: the ARN with the path that the entity has, or shall have.
#include "services/iam/iam.h"

static Str entity_arn(Turn *turn, const Call *call, const Kind *kind, Str name) {
    Arena *arena = turn_arena(turn);
    Doc *doc;
    if (document_get(turn_store(turn), iam_where(turn), kind->type, iam_id(arena, name), arena, &doc)) return doc_text(doc, "Arn");
    return iam_arn(arena, turn_where(turn).account, kind->segment, iam_path(call), name);
}

// Listings are about all there is under a path: arn:aws:iam::ACCOUNT:user/
static Str listed(Turn *turn, const Call *call) {
    static const struct {
        const char *operation, *segment;
    } lists[] = {{"ListUsers", "user"},
                 {"ListRoles", "role"},
                 {"ListGroups", "group"},
                 {"ListPolicies", "policy"},
                 {"ListInstanceProfiles", "instance-profile"}};
    Str operation = wire_str(call->operation->name), prefix = doc_text(call->input, "PathPrefix");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!str_is(operation, lists[i].operation)) continue;
        return iam_arn(turn_arena(turn), turn_where(turn).account, lists[i].segment, prefix.len ? prefix : STR("/"), STR(""));
    }
    return STR_NONE;
}

static Str resource_of(Turn *turn, const Call *call) {
    static const char *const arns[] = {"PolicyArn", "PolicySourceArn"};
    const Kind *kind = iam_kind_of(call);
    bool named = wire_member(wire_input(call->operation), str_of(kind->name)) != NULL;
    Str name = named ? iam_name(turn, call, kind) : STR_NONE, all = listed(turn, call);
    if (all.at) return all;
    if (name.at) return entity_arn(turn, call, kind, name);
    for (size_t i = 0; i < 2; i++) {
        if (doc_get(call->input, arns[i])) return doc_text(call->input, arns[i]);
    }
    Str policy = doc_text(call->input, "PolicyName");
    return policy.at ? iam_arn(turn_arena(turn), turn_where(turn).account, "policy", iam_path(call), policy) : STR("*");
}

// The condition keys of IAM, and those of tags.
static Doc *context_of(Turn *turn, const Call *call) {
    Arena *arena = turn_arena(turn);
    Doc *context = doc_map(arena), *keys = doc_list(arena);
    doc_set_str(arena, context, "iam:PolicyARN", doc_text(call->input, "PolicyArn"));
    doc_set_str(arena, context, "iam:PermissionsBoundary", doc_text(call->input, "PermissionsBoundary"));
    doc_set_str(arena, context, "iam:AWSServiceName", doc_text(call->input, "AWSServiceName"));
    for (const Doc *tag = doc_first(doc_get(call->input, "Tags")); tag; tag = tag->next) {
        doc_put(context, str_cat(arena, STR("aws:RequestTag/"), doc_text(tag, "Key")), doc_of_str(arena, doc_text(tag, "Value")));
        doc_push_str(arena, keys, doc_text(tag, "Key"));
    }
    if (doc_count(keys)) doc_set(context, "aws:TagKeys", keys);
    return context;
}

void iam_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str operation = wire_str(call->operation->name);
    require(all, str_cat(turn_arena(turn), STR("iam:"), operation), resource_of(turn, call), context_of(turn, call));
    // The role goes to whoever starts an instance with the profile.
    if (!str_is(operation, "AddRoleToInstanceProfile")) return;
    require_pass_role(all, entity_arn(turn, call, &IAM_KIND_ROLE, doc_text(call->input, "RoleName")), "ec2.amazonaws.com");
}
