#include "services/iam/iam.h"

enum { KEYS_PER_USER = 2 };

static Doc *keys_of(Turn *turn, Str user_id) {
    return document_find(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, "user", user_id, turn_arena(turn));
}

static Doc *key_view(Turn *turn, const Doc *user, const Doc *key, Str id) {
    Arena *arena = turn_arena(turn);
    Doc *view = doc_map(arena);
    doc_set_str(arena, view, "UserName", doc_text(user, "UserName"));
    doc_set_str(arena, view, "AccessKeyId", id);
    doc_set_str(arena, view, "Status", doc_text(key, "Status"));
    iam_show_date(arena, view, "CreateDate", key);
    return view;
}

// An id that no key has yet: 19 of its bits are random.
static Str free_key_id(Turn *turn) {
    IdentityView view = {.directory = turn_directory(turn)};
    for (;;) {
        Str id = access_key_id_make(view, turn_arena(turn), turn_where(turn).account);
        if (!document_exists(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id)) return id;
    }
}

Outcome iam_create_access_key(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *user;
    CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    Str user_id = iam_id(arena, doc_text(user, "UserName"));
    if (doc_count(keys_of(turn, user_id)) >= KEYS_PER_USER)
        return call_fail(e, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", KEYS_PER_USER);
    Str id = free_key_id(turn);
    Doc *key = doc_map(arena);
    doc_set_str(arena, key, "user", user_id);
    doc_set_str(arena, key, "secret", access_key_secret_make(arena));
    doc_set_str(arena, key, "Status", STR("Active"));
    doc_set_int(arena, key, "CreateDate", turn_now(turn));
    document_put(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id, key);
    iam_touch(turn, &IAM_ACCESS_KEY, id);
    Doc *view = key_view(turn, user, key, id);
    doc_set_str(arena, view, "SecretAccessKey", doc_text(key, "secret"));
    *out = doc_map(arena);
    doc_set(*out, "AccessKey", view);
    return OUTCOME_DONE;
}

Outcome iam_list_access_keys(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *user, *items = doc_list(arena);
    CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    const Doc *keys = keys_of(turn, iam_id(arena, doc_text(user, "UserName")));
    for (const Doc *key = doc_first(keys); key; key = key->next) doc_push(items, key_view(turn, user, key, doc_text(key, "$id")));
    CALL_TRY(iam_page(call, items, "AccessKeyId", "AccessKeyMetadata", out, e));
    return OUTCOME_DONE;
}

// The key that the input names, of the user that it names or that calls.
static bool find_key(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str id = doc_text(call->input, "AccessKeyId");
    const Kind *kind;
    Doc *user;
    TRY(iam_find_called(turn, call, &kind, &user, e));
    bool found = document_get(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id, arena, out);
    if (found && str_eq(doc_text(*out, "user"), iam_id(arena, doc_text(user, "UserName")))) return true;
    return fail(e, "NoSuchEntity", "The Access Key with id %.*s cannot be found.", STR_ARG(id));
}

Outcome iam_update_access_key(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *key;
    Str id = doc_text(call->input, "AccessKeyId");
    CALL_TRY(find_key(turn, call, &key, e));
    doc_put(key, STR("Status"), doc_of_str(turn_arena(turn), doc_text(call->input, "Status")));
    document_put(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id, key);
    iam_touch(turn, &IAM_ACCESS_KEY, id);
    return OUTCOME_DONE;
}

Outcome iam_delete_access_key(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *key;
    Str id = doc_text(call->input, "AccessKeyId");
    CALL_TRY(find_key(turn, call, &key, e));
    document_delete(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id);
    iam_touch(turn, &IAM_ACCESS_KEY, id);
    return OUTCOME_DONE;
}

// Uses are not written down: that would cost a write for each call. AWS's own words for a key without a use.
Outcome iam_get_access_key_last_used(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *key, *user, *used = doc_map(arena);
    Str id = doc_text(call->input, "AccessKeyId");
    if (!document_get(turn_store(turn), iam_where(turn), &IAM_ACCESS_KEY, id, arena, &key)) {
        return call_fail(e, "AccessDenied", "User: %.*s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %.*s",
                         STR_ARG(call->principal.arn), STR_ARG(id));
    }
    CALL_TRY(iam_find(turn, &IAM_KIND_USER, doc_text(key, "user"), &user, e));
    doc_set_str(arena, used, "ServiceName", STR("N/A"));
    doc_set_str(arena, used, "Region", STR("N/A"));
    *out = doc_map(arena);
    doc_set_str(arena, *out, "UserName", doc_text(user, "UserName"));
    doc_set(*out, "AccessKeyLastUsed", used);
    return OUTCOME_DONE;
}
