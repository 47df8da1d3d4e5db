// What pipelines hear from the bus: changes of their sources, ends of builds and deployments.
//
// A source action with PollForSourceChanges ("true" in any case, or absent) watches its branch or object: the event that says it changed begins an execution, as
// AWS's polling does within a minute.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/structure.h"
#include "services/codepipeline/triggers.h"

// ---- Sources ----

bool pipeline_source_polls(const Doc *action) {
    Str poll = doc_text(doc_get(action, "configuration"), "PollForSourceChanges");
    return str_is(doc_text(doc_get(action, "actionTypeId"), "category"), "Source") && (!poll.len || str_eq_nocase(poll, STR("true")));
}

static Str watch_of(Arena *arena, const Doc *action) {
    const Doc *configuration = doc_get(action, "configuration");
    if (!pipeline_source_polls(action)) return STR_NONE;
    bool codecommit = str_is(doc_text(doc_get(action, "actionTypeId"), "provider"), "CodeCommit");
    Str where = doc_text(configuration, codecommit ? "RepositoryName" : "S3Bucket"),
        what = doc_text(configuration, codecommit ? "BranchName" : "S3ObjectKey");
    return str_format(arena, "%s/%.*s/%.*s", codecommit ? "codecommit" : "s3", STR_ARG(where), STR_ARG(what));
}

Doc *pipeline_watches(Arena *arena, const Doc *structure) {
    Doc *watches = doc_list(arena);
    for (ActionPlace at = {0}; action_next(structure, &at);) {
        Str watch = watch_of(arena, at.action);
        if (watch.at) doc_push_str(arena, watches, watch);
    }
    return watches;
}

static Str source_name(Turn *turn, const Doc *summary, Str watch) {
    Doc *structure = NULL;
    find_pipeline_structure(turn, doc_text(summary, "name"), doc_number(summary, "version", 1), &structure);
    for (ActionPlace at = {0}; action_next(structure, &at);) {
        if (str_eq(watch_of(turn_arena(turn), at.action), watch)) return doc_text(at.action, "name");
    }
    return STR_NONE;
}

static bool is_full(Turn *turn, const Doc *summary) {
    Doc *run = NULL;
    find_pipeline_run(turn, doc_text(summary, "name"), &run);
    return !str_is(doc_text(summary, "executionMode"), "SUPERSEDED") && doc_count(doc_get(run, "executions")) >= MOST_PARALLEL;
}

// `version` of an object: polling need not find it again.
static void source_changed(Turn *turn, Str watch, Str version) {
    Arena *arena = turn_arena(turn);
    for (const Doc *one = doc_first(turn_find(turn, &PIPELINE, "watch", watch)); one; one = one->next) {
        if (is_full(turn, one)) continue;
        Doc *request = doc_map(arena), *see = doc_map(arena);
        Str action = source_name(turn, one, watch);
        doc_set_str(arena, see, "action", action);
        doc_set_str(arena, see, "version", version);
        if (version.at) doc_set(request, "see", see);
        trigger_execution(turn, doc_text(one, "name"), "PollForSourceChanges", action, request);
    }
}

void pipeline_heard_codecommit(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Str kind = doc_text(detail, "event"), repository = doc_text(detail, "repositoryName"), branch = doc_text(detail, "referenceName");
    bool changed = str_is(kind, "referenceUpdated") || str_is(kind, "referenceCreated");
    if (!changed || !str_is(doc_text(detail, "referenceType"), "branch")) return;
    source_changed(turn, str_format(turn_arena(turn), "codecommit/%.*s/%.*s", STR_ARG(repository), STR_ARG(branch)), STR_NONE);
}

void pipeline_heard_s3(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail"), *object = doc_get(detail, "object");
    Str bucket = doc_text(doc_get(detail, "bucket"), "name"), key = doc_text(object, "key");
    source_changed(turn, str_format(turn_arena(turn), "s3/%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)), doc_text(object, "version-id"));
}

// ---- Ends of what runs elsewhere ----

static void tell_ended(Turn *turn, Str external) {
    for (const Doc *one = doc_first(turn_find(turn, &PIPELINE_RUN, "external", external)); one; one = one->next) {
        Doc *data = doc_map(turn_arena(turn));
        doc_set_str(turn_arena(turn), data, "external", external);
        turn_send(turn, &PIPELINE_RUN, doc_text(one, "$id"), STR("ended"), data);
    }
}

void pipeline_heard_codebuild(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Str arn = doc_text(detail, "build-id");
    ptrdiff_t at = str_find(arn, STR(":build/"));
    if (at < 0 || str_is(doc_text(detail, "build-status"), "IN_PROGRESS")) return;
    tell_ended(turn, str_cat(turn_arena(turn), STR("codebuild/"), str_from(arn, (size_t)at + sizeof ":build/" - 1)));
}

void pipeline_heard_codedeploy(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Str state = doc_text(detail, "state");
    if (!str_is(state, "SUCCESS") && !str_is(state, "FAILURE") && !str_is(state, "STOP") && !str_is(state, "STOPPED")) return;
    tell_ended(turn, str_cat(turn_arena(turn), STR("codedeploy/"), doc_text(detail, "deploymentId")));
}

// ---- Permissions that belong to no operation ----

void pipeline_heard_permission_check(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Arena *arena = turn_arena(turn);
    Principal principal;
    if (!principal_from_doc(doc_get(detail, "principal"), &principal)) return;
    Requirement what = {.action = doc_text(detail, "action"), .resource = doc_text(detail, "resource")};
    Doc *data = doc_map(arena), *error = doc_map(arena);
    Error e = {0};
    bool allowed = turn_allowed(turn, &principal, &what, &e);
    doc_set_str(arena, data, "tag", doc_text(detail, "tag"));
    doc_set_bool(arena, data, "ok", allowed);
    doc_set_str(arena, error, "code", str_copy(arena, str_of(e.code)));
    doc_set_str(arena, error, "message", str_copy(arena, str_of(e.message)));
    if (!allowed) doc_set(data, "error", error);
    turn_send(turn, &PIPELINE_RUN, doc_text(detail, "pipeline"), STR("checked"), data);
}
