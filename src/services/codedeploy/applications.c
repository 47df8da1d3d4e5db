// Applications.
#include "services/codedeploy/codedeploy.h"

enum { LIST_PAGE = 100, BATCH = 100 };

const DocumentType CODEDEPLOY_APPLICATION = {.name = "codedeploy.application"};

bool find_application(Turn *turn, Str name, Doc **out, Error *e) {
    TRY(check_application_name(name, e));
    return turn_get(turn, &CODEDEPLOY_APPLICATION, name, out) ||
           fail(e, "ApplicationDoesNotExistException", "No application found for name: %.*s", STR_ARG(name));
}

static bool check_platform(Str platform, Error *e) {
    static const char *const OTHERS[] = {"Lambda", "ECS", "Kubernetes", NULL};
    if (!platform.at || str_is(platform, "Server")) return true;
    if (is_one_of(platform, OTHERS))
        return fail(e, "NotImplemented", "Applications of compute platform %.*s are not built; Server is.", STR_ARG(platform));
    return fail(e, "InvalidComputePlatformException", "ComputePlatform '%.*s' is not valid. Valid values are [Server, Lambda, ECS, Kubernetes]",
                STR_ARG(platform));
}

Outcome create_application(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "applicationName"), id = id_uuid(turn_ids(turn), arena);
    CALL_TRY(check_application_name(name, e));
    CALL_TRY(check_platform(doc_text(call->input, "computePlatform"), e));
    CALL_TRY(check_tags_to_add(doc_get(call->input, "tags"), e));
    Doc *application = doc_map(arena);
    doc_set_str(arena, application, "applicationId", id);
    doc_set_str(arena, application, "applicationName", name);
    doc_set_time(arena, application, "createTime", call->now_ms);
    doc_set_bool(arena, application, "linkedToGitHub", false);
    doc_set_str(arena, application, "computePlatform", STR("Server"));
    doc_set(application, "$tags", doc_copy(arena, doc_get(call->input, "tags")));
    if (!turn_insert(turn, &CODEDEPLOY_APPLICATION, name, application)) {
        return call_fail(e, "ApplicationAlreadyExistsException", "Application already exists with this name: %.*s", STR_ARG(name));
    }
    *out = doc_map(arena);
    doc_set_str(arena, *out, "applicationId", id);
    return OUTCOME_DONE;
}

Outcome get_application(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application;
    CALL_TRY(find_application(turn, doc_text(call->input, "applicationName"), &application, e));
    *out = doc_map(call->arena);
    doc_set(*out, "application", application);
    return OUTCOME_DONE;
}

Outcome batch_get_applications(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *found = doc_list(call->arena), *application;
    const Doc *names = doc_get(call->input, "applicationNames");
    CALL_TRY(check_batch(names, BATCH, "applications", e));
    for (const Doc *name = doc_first(names); name; name = name->next) {
        CALL_TRY(may_see(turn, call, "application", doc_str(name, STR("")), e));
        CALL_TRY(find_application(turn, doc_str(name, STR("")), &application, e));
        doc_push(found, application);
    }
    *out = doc_map(call->arena);
    doc_set(*out, "applicationsInfo", found);
    return OUTCOME_DONE;
}

Outcome list_applications(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *names = doc_list(call->arena);
    const Doc *all = turn_scan(turn, &CODEDEPLOY_APPLICATION, (DocumentScan){.prefix = STR("")});
    for (const Doc *one = doc_first(all); one; one = one->next) doc_push_str(call->arena, names, doc_text(one, "applicationName"));
    CALL_TRY(page_of(call, names, LIST_PAGE, "applications", out, e));
    return OUTCOME_DONE;
}

// Everything whose id begins with the application's name moves along.
static void move_children(Turn *turn, const DocumentType *type, Str old, Str name) {
    Arena *arena = turn_arena(turn);
    Doc *next;
    for (Doc *one = doc_first(turn_scan(turn, type, (DocumentScan){.prefix = str_cat(arena, old, STR("/"))})); one; one = next) {
        next = one->next;
        Str id = str_copy(arena, doc_text(one, "$id"));
        doc_set(one, "$id", NULL);
        if (name.at) {
            doc_set_str(arena, one, "applicationName", name);
            turn_put(turn, type, str_format(arena, "%.*s/%.*s", STR_ARG(name), STR_ARG(str_from(id, old.len + 1))), one);
        }
        turn_delete(turn, type, id);
    }
}

Outcome update_application(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application;
    Str old = doc_text(call->input, "applicationName"), name = doc_text(call->input, "newApplicationName");
    CALL_TRY(find_application(turn, old, &application, e));
    if (!name.at || str_eq(old, name)) return OUTCOME_DONE;
    CALL_TRY(check_application_name(name, e));
    doc_set_str(call->arena, application, "applicationName", name);
    if (!turn_insert(turn, &CODEDEPLOY_APPLICATION, name, application)) {
        return call_fail(e, "ApplicationAlreadyExistsException", "Application already exists with this name: %.*s", STR_ARG(name));
    }
    turn_delete(turn, &CODEDEPLOY_APPLICATION, old);
    move_children(turn, &CODEDEPLOY_GROUP, old, name);
    move_children(turn, &CODEDEPLOY_REVISION, old, name);
    return OUTCOME_DONE;
}

// With its groups and revisions; an absent one is well. Deployments stay on record.
Outcome delete_application(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "applicationName");
    CALL_TRY(check_application_name(name, e));
    if (!turn_delete(turn, &CODEDEPLOY_APPLICATION, name)) return OUTCOME_DONE;
    move_children(turn, &CODEDEPLOY_GROUP, name, STR_NONE);
    move_children(turn, &CODEDEPLOY_REVISION, name, STR_NONE);
    return OUTCOME_DONE;
}
