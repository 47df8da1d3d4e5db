#include "services/iam/iam.h"

enum { GROUPS_PER_USER = 10 };

static Doc *members_of(Turn *turn, Str group_id) {
    return document_find(turn_store(turn), iam_where(turn), &IAM_USER, "group", group_id, turn_arena(turn));
}

Outcome iam_create_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(iam_create(turn, call, &IAM_KIND_GROUP, &group, e));
    iam_save(turn, &IAM_KIND_GROUP, group);
    *out = doc_map(turn_arena(turn));
    doc_set(*out, "Group", iam_view(turn, &IAM_KIND_GROUP, group, VIEW_WHOLE));
    return OUTCOME_DONE;
}

Outcome iam_get_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *group, *users = doc_list(arena);
    CALL_TRY(iam_find(turn, &IAM_KIND_GROUP, doc_text(call->input, "GroupName"), &group, e));
    const Doc *members = members_of(turn, iam_id(arena, doc_text(group, "GroupName")));
    for (const Doc *user = doc_first(members); user; user = user->next) doc_push(users, iam_view(turn, &IAM_KIND_USER, user, VIEW_LISTED));
    *out = doc_map(arena);
    doc_set(*out, "Group", iam_view(turn, &IAM_KIND_GROUP, group, VIEW_WHOLE));
    CALL_TRY(iam_page(call, users, "UserName", "Users", out, e));
    return OUTCOME_DONE;
}

Outcome iam_list_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *items = doc_list(arena);
    const Doc *all = document_scan(turn_store(turn), iam_where(turn), &IAM_GROUP, (DocumentScan){0}, arena);
    for (const Doc *group = doc_first(all); group; group = group->next) {
        if (iam_has_path_prefix(call, doc_text(group, "Path"))) doc_push(items, iam_view(turn, &IAM_KIND_GROUP, group, VIEW_WHOLE));
    }
    CALL_TRY(iam_page(call, items, "GroupName", "Groups", out, e));
    return OUTCOME_DONE;
}

Outcome iam_delete_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(iam_find(turn, &IAM_KIND_GROUP, doc_text(call->input, "GroupName"), &group, e));
    if (doc_count(members_of(turn, iam_id(turn_arena(turn), doc_text(group, "GroupName"))))) {
        return call_fail(e, "DeleteConflict", "Cannot delete entity, must remove users from group first.");
    }
    if (doc_count(doc_get(group, "attached"))) return call_fail(e, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
    if (doc_count(doc_get(group, "inline"))) return call_fail(e, "DeleteConflict", "Cannot delete entity, must delete policies first.");
    iam_remove(turn, &IAM_KIND_GROUP, group);
    return OUTCOME_DONE;
}

// Both that the input names; the list of the user's groups without this one.
static bool find_both(Turn *turn, const Call *call, Doc **user, Str *group_id, Doc **others, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *group;
    TRY(iam_find(turn, &IAM_KIND_USER, doc_text(call->input, "UserName"), user, e));
    TRY(iam_find(turn, &IAM_KIND_GROUP, doc_text(call->input, "GroupName"), &group, e));
    *group_id = iam_id(arena, doc_text(group, "GroupName"));
    *others = doc_list(arena);
    for (const Doc *at = doc_first(doc_get(*user, "groups")); at; at = at->next) {
        if (!str_eq(doc_str(at, STR("")), *group_id)) doc_push_str(arena, *others, doc_str(at, STR("")));
    }
    return true;
}

Outcome iam_add_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *user, *groups;
    Str group_id;
    CALL_TRY(find_both(turn, call, &user, &group_id, &groups, e));
    if (doc_count(groups) >= GROUPS_PER_USER) return call_fail(e, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: %d", GROUPS_PER_USER);
    doc_push_str(turn_arena(turn), groups, group_id);
    doc_put(user, STR("groups"), groups);
    iam_save(turn, &IAM_KIND_USER, user);
    return OUTCOME_DONE;
}

Outcome iam_remove_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *user, *groups;
    Str group_id;
    CALL_TRY(find_both(turn, call, &user, &group_id, &groups, e));
    doc_put(user, STR("groups"), groups);
    iam_save(turn, &IAM_KIND_USER, user);
    return OUTCOME_DONE;
}

Outcome iam_list_groups_of_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *user, *items = doc_list(arena);
    CALL_TRY(iam_find(turn, &IAM_KIND_USER, doc_text(call->input, "UserName"), &user, e));
    for (const Doc *at = doc_first(doc_get(user, "groups")); at; at = at->next) {
        Doc *group;
        if (iam_find(turn, &IAM_KIND_GROUP, doc_str(at, STR("")), &group, NULL)) doc_push(items, iam_view(turn, &IAM_KIND_GROUP, group, VIEW_WHOLE));
    }
    CALL_TRY(iam_page(call, items, "GroupName", "Groups", out, e));
    return OUTCOME_DONE;
}
