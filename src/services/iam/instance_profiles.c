#include "services/iam/iam.h"

static bool find_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    return iam_find(turn, &IAM_KIND_PROFILE, doc_text(call->input, "InstanceProfileName"), out, e);
}

static Doc *reply_with(Turn *turn, const Doc *profile, View how) {
    Doc *reply = doc_map(turn_arena(turn));
    doc_set(reply, "InstanceProfile", iam_view(turn, &IAM_KIND_PROFILE, profile, how));
    return reply;
}

Outcome iam_create_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *profile;
    CALL_TRY(iam_create(turn, call, &IAM_KIND_PROFILE, &profile, e));
    iam_save(turn, &IAM_KIND_PROFILE, profile);
    *out = reply_with(turn, profile, VIEW_MADE);
    return OUTCOME_DONE;
}

Outcome iam_get_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *profile;
    CALL_TRY(find_profile(turn, call, &profile, e));
    *out = reply_with(turn, profile, VIEW_WHOLE);
    return OUTCOME_DONE;
}

static Outcome list(Turn *turn, const Call *call, const Doc *profiles, Doc **out, Error *e) {
    Doc *items = doc_list(turn_arena(turn));
    for (const Doc *profile = doc_first(profiles); profile; profile = profile->next) {
        if (iam_has_path_prefix(call, doc_text(profile, "Path"))) doc_push(items, iam_view(turn, &IAM_KIND_PROFILE, profile, VIEW_LISTED));
    }
    CALL_TRY(iam_page(call, items, "InstanceProfileName", "InstanceProfiles", out, e));
    return OUTCOME_DONE;
}

Outcome iam_list_profiles(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list(turn, call, document_scan(turn_store(turn), iam_where(turn), &IAM_INSTANCE_PROFILE, (DocumentScan){0}, turn_arena(turn)), out, e);
}

Outcome iam_list_profiles_of_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    Str id = iam_id(turn_arena(turn), doc_text(role, "RoleName"));
    return list(turn, call, document_find(turn_store(turn), iam_where(turn), &IAM_INSTANCE_PROFILE, "role", id, turn_arena(turn)), out, e);
}

Outcome iam_delete_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *profile;
    CALL_TRY(find_profile(turn, call, &profile, e));
    if (doc_get(profile, "role")) return call_fail(e, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    iam_remove(turn, &IAM_KIND_PROFILE, profile);
    return OUTCOME_DONE;
}

Outcome iam_add_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *profile, *role;
    CALL_TRY(find_profile(turn, call, &profile, e));
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    CALL_TRY(iam_check_own(role, e));
    if (doc_get(profile, "role")) return call_fail(e, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    doc_set_str(turn_arena(turn), profile, "role", iam_id(turn_arena(turn), doc_text(role, "RoleName")));
    iam_save(turn, &IAM_KIND_PROFILE, profile);
    return OUTCOME_DONE;
}

Outcome iam_remove_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "RoleName");
    Doc *profile, *role;
    CALL_TRY(find_profile(turn, call, &profile, e));
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, name, &role, e));
    CALL_TRY(iam_check_own(role, e));
    if (!str_eq(doc_text(profile, "role"), iam_id(turn_arena(turn), name))) {
        return call_fail(e, "NoSuchEntity", "Role %.*s in Instance Profile %.*s cannot be found.", STR_ARG(name),
                         STR_ARG(doc_text(profile, "InstanceProfileName")));
    }
    doc_put(profile, STR("role"), NULL);
    iam_save(turn, &IAM_KIND_PROFILE, profile);
    return OUTCOME_DONE;
}
