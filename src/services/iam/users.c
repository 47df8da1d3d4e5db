#include "services/iam/iam.h"

static Doc *reply_with(Turn *turn, const Kind *kind, const Doc *doc, View how) {
    Doc *reply = doc_map(turn_arena(turn));
    doc_set(reply, kind->shape, iam_view(turn, kind, doc, how));
    return reply;
}

Outcome iam_create_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *user;
    CALL_TRY(iam_create(turn, call, &IAM_KIND_USER, &user, e));
    CALL_TRY(iam_set_boundary(turn, call, user, e));
    iam_save(turn, &IAM_KIND_USER, user);
    *out = reply_with(turn, &IAM_KIND_USER, user, VIEW_MADE);
    return OUTCOME_DONE;
}

// Who has no user is shown the account's root, which has neither name nor path.
static Doc *root_view(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Str account = turn_where(turn).account;
    Doc *reply = doc_map(arena), *user = doc_map(arena);
    doc_set_str(arena, user, "UserId", account);
    doc_set_str(arena, user, "Arn", str_format(arena, "arn:aws:iam::%.*s:root", STR_ARG(account)));
    doc_set_time(arena, user, "CreateDate", 0);
    doc_set(reply, "User", user);
    return reply;
}

Outcome iam_get_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *user;
    if (!doc_get(call->input, "UserName") && call->principal.kind == PRINCIPAL_ROOT) {
        *out = root_view(turn);
        return OUTCOME_DONE;
    }
    CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    *out = reply_with(turn, kind, user, VIEW_WHOLE);
    return OUTCOME_DONE;
}

Outcome iam_list_users(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *items = doc_list(turn_arena(turn));
    const Doc *all = document_scan(turn_store(turn), iam_where(turn), &IAM_USER, (DocumentScan){0}, turn_arena(turn));
    for (const Doc *user = doc_first(all); user; user = user->next) {
        if (iam_has_path_prefix(call, doc_text(user, "Path"))) doc_push(items, iam_view(turn, &IAM_KIND_USER, user, VIEW_LISTED));
    }
    CALL_TRY(iam_page(call, items, "UserName", "Users", out, e));
    return OUTCOME_DONE;
}

// Access keys name their user by id: they move with it.
static void rename_keys(Turn *turn, Str old_id, Str new_id) {
    Doc *keys = document_find(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, "user", old_id, turn_arena(turn));
    for (Doc *key = doc_first(keys), *next; key; key = next) {
        next = key->next;
        Str id = doc_text(key, "$id");
        doc_put(key, STR("$id"), NULL);
        doc_put(key, STR("user"), doc_of_str(turn_arena(turn), new_id));
        document_put(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id, key);
        iam_touch(turn, &IAM_ACCESS_KEY, id);
    }
}

static bool rename_entity(Turn *turn, const Call *call, const Kind *kind, const char *new_name_member, Doc *doc, Error *e) {
    Arena *arena = turn_arena(turn);
    Str old = doc_text(doc, kind->name), name = doc_text(call->input, new_name_member), path = doc_text(call->input, "NewPath");
    if (!name.at) name = old;
    if (!path.at) path = doc_text(doc, "Path");
    bool moves = !str_eq(iam_id(arena, name), iam_id(arena, old));
    if (moves && document_exists(turn_store(turn), iam_where(turn), kind->type, iam_id(arena, name))) {
        return fail(e, "EntityAlreadyExists", "%s with name %.*s already exists.", kind->title, STR_ARG(name));
    }
    if (moves) iam_remove(turn, kind, doc);
    doc_put(doc, str_of(kind->name), doc_of_str(arena, name));
    doc_put(doc, STR("Path"), doc_of_str(arena, path));
    doc_put(doc, STR("Arn"), doc_of_str(arena, iam_arn(arena, turn_where(turn).account, kind->segment, path, name)));
    iam_save(turn, kind, doc);
    if (moves && kind == &IAM_KIND_USER) rename_keys(turn, iam_id(arena, old), iam_id(arena, name));
    return true;
}

Outcome iam_update_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *user;
    CALL_TRY(iam_find(turn, &IAM_KIND_USER, doc_text(call->input, "UserName"), &user, e));
    CALL_TRY(rename_entity(turn, call, &IAM_KIND_USER, "NewUserName", user, e));
    return OUTCOME_DONE;
}

// Users name their groups by id.
static void rename_in_users(Turn *turn, Str old_id, Str new_id) {
    Arena *arena = turn_arena(turn);
    Doc *users = document_find(turn_store(turn), iam_where(turn), &IAM_USER, "group", old_id, arena);
    for (Doc *user = doc_first(users), *next; user; user = next) {
        next = user->next;
        doc_put(user, STR("$id"), NULL);
        for (Doc *group = doc_first(doc_get(user, "groups")); group; group = group->next) {
            if (str_eq(doc_str(group, STR("")), old_id)) group->as.text = new_id;
        }
        iam_save(turn, &IAM_KIND_USER, user);
    }
}

Outcome iam_update_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    Str old = doc_text(call->input, "GroupName"), name = doc_text(call->input, "NewGroupName");
    CALL_TRY(iam_find(turn, &IAM_KIND_GROUP, old, &group, e));
    CALL_TRY(rename_entity(turn, call, &IAM_KIND_GROUP, "NewGroupName", group, e));
    if (name.at) rename_in_users(turn, iam_id(turn_arena(turn), old), iam_id(turn_arena(turn), name));
    return OUTCOME_DONE;
}

Outcome iam_delete_user(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *user;
    CALL_TRY(iam_find(turn, &IAM_KIND_USER, doc_text(call->input, "UserName"), &user, e));
    Str id = iam_id(turn_arena(turn), doc_text(user, "UserName"));
    const Doc *keys = document_find(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, "user", id, turn_arena(turn));
    if (doc_count(doc_get(user, "attached"))) return call_fail(e, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
    if (doc_count(doc_get(user, "inline"))) return call_fail(e, "DeleteConflict", "Cannot delete entity, must delete policies first.");
    if (doc_count(keys)) return call_fail(e, "DeleteConflict", "Cannot delete entity, must delete access keys first.");
    if (doc_count(doc_get(user, "groups"))) return call_fail(e, "DeleteConflict", "Cannot delete entity, must remove users from group first.");
    iam_remove(turn, &IAM_KIND_USER, user);
    return OUTCOME_DONE;
}
