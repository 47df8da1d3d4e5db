// Managed policies on users, roles and groups, and permissions boundaries.
#include "services/iam/iam.h"

enum { ATTACHED_MAX = 10 };

static Str policy_arn(const Call *call) { return doc_text(call->input, "PolicyArn"); }

static Doc *attached_without(Arena *arena, const Doc *doc, Str arn) {
    Doc *list = doc_list(arena);
    for (const Doc *at = doc_first(doc_get(doc, "attached")); at; at = at->next) {
        if (!str_eq(doc_str(at, STR("")), arn)) doc_push_str(arena, list, doc_str(at, STR("")));
    }
    return list;
}

Outcome iam_attach(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_check_arn(policy_arn(call), e));
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    if (!iam_policy_exists(turn, policy_arn(call))) {
        return call_fail(e, "NoSuchEntity", "Policy %.*s does not exist or is not attachable.", STR_ARG(policy_arn(call)));
    }
    Doc *attached = attached_without(arena, doc, policy_arn(call));
    if (doc_count(attached) >= ATTACHED_MAX)
        return call_fail(e, "LimitExceeded", "Cannot exceed quota for PoliciesPer%s: %d", kind->title, ATTACHED_MAX);
    doc_push_str(arena, attached, policy_arn(call));
    doc_put(doc, STR("attached"), attached);
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}

Outcome iam_detach(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_check_arn(policy_arn(call), e));
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    Doc *attached = attached_without(turn_arena(turn), doc, policy_arn(call));
    if (doc_count(attached) == doc_count(doc_get(doc, "attached"))) {
        return call_fail(e, "NoSuchEntity", "Policy %.*s was not found.", STR_ARG(policy_arn(call)));
    }
    doc_put(doc, STR("attached"), attached);
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}

// "arn:aws:iam::aws:policy/service-role/X" has the path "/service-role/" and the name "X".
static void split_policy_arn(Str arn, Str *path, Str *name) {
    Str rest = str_from(arn, (size_t)str_find_char(arn, '/'));
    size_t cut = (size_t)(str_rfind_char(rest, '/') + 1);
    *path = str_sub(rest, 0, cut);
    *name = str_from(rest, cut);
}

Outcome iam_list_attached(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc, *items = doc_list(arena);
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    for (const Doc *at = doc_first(doc_get(doc, "attached")); at; at = at->next) {
        Str arn = doc_str(at, STR("")), path, name;
        split_policy_arn(arn, &path, &name);
        if (!iam_has_path_prefix(call, path)) continue;
        Doc *item = doc_map(arena);
        doc_set_str(arena, item, "PolicyName", name);
        doc_set_str(arena, item, "PolicyArn", arn);
        doc_push(items, item);
    }
    CALL_TRY(iam_page(call, items, "PolicyArn", "AttachedPolicies", out, e));
    return OUTCOME_DONE;
}

Outcome iam_put_boundary(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    CALL_TRY(iam_set_boundary(turn, call, doc, e));
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}

Outcome iam_delete_boundary(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    if (!doc_get(doc, "PermissionsBoundary")) {
        return call_fail(e, "NoSuchEntity", "%s %.*s does not have a permissions boundary.", kind->title, STR_ARG(doc_text(doc, kind->name)));
    }
    doc_put(doc, STR("PermissionsBoundary"), NULL);
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}

static bool wants_kind(const Call *call, const Kind *kind) {
    Str filter = doc_text(call->input, "EntityFilter");
    return !filter.at || str_is(filter, kind->title);
}

static void add_holders(Turn *turn, const Call *call, const Kind *kind, const Doc *holders, Doc *items) {
    Arena *arena = turn_arena(turn);
    for (const Doc *at = doc_first(holders); at; at = at->next) {
        if (!wants_kind(call, kind) || !iam_has_path_prefix(call, doc_text(at, "Path"))) continue;
        Doc *item = doc_map(arena);
        doc_set_str(arena, item, kind->name, doc_text(at, kind->name));
        doc_set_str(arena, item, kind->id, doc_text(at, kind->id));
        doc_set_str(arena, item, "kind", str_of(kind->list));
        doc_set_str(arena, item, "key", doc_text(at, "Arn"));
        doc_push(items, item);
    }
}

// One page holds groups, users and roles: it is cut from all of them and told apart.
Outcome iam_list_entities(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Kind *const kinds[] = {&IAM_KIND_GROUP, &IAM_KIND_USER, &IAM_KIND_ROLE};
    Arena *arena = turn_arena(turn);
    Str usage = doc_text(call->input, "PolicyUsageFilter");
    Doc *policy, *items = doc_list(arena);
    CALL_TRY(iam_policy_find(turn, policy_arn(call), &policy, e));
    for (size_t i = 0; i < 3; i++) {
        const Doc *attached = document_find(turn_store(turn), iam_where(turn), kinds[i]->type, "attached", policy_arn(call), arena);
        if (!str_is(usage, "PermissionsBoundary")) add_holders(turn, call, kinds[i], attached, items);
        if (!str_is(usage, "PermissionsPolicy")) add_holders(turn, call, kinds[i], iam_bounded_by(turn, kinds[i], policy_arn(call)), items);
    }
    CALL_TRY(iam_page(call, items, "key", "all", out, e));
    for (size_t i = 0; i < 3; i++) {
        Doc *list = doc_list(arena);
        for (const Doc *item = doc_first(doc_get(*out, "all")); item; item = item->next)
            if (str_is(doc_text(item, "kind"), kinds[i]->list)) doc_push(list, doc_copy(arena, item));
        doc_put(*out, str_format(arena, "Policy%s", kinds[i]->list), list);
    }
    return OUTCOME_DONE;
}
