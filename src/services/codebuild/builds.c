// Handlers about builds. A build is put together by assemble.c and then lives in its machine.
#include "services/codebuild/codebuild.h"

enum { TOKEN_LIFE_MS = 5 * 60 * 1000, MOST_QUEUED = 300 }; // AWS: five times the builds that an account may run at once, which is 60

static const DocumentIndex INDEXES[] = {{"project", "projectName"}, {"token", "$idempotency"}, {NULL, NULL}};
extern const MachineType BUILD_MACHINE;
const DocumentType CODEBUILD_BUILD = {.name = "codebuild.build", .indexes = INDEXES, .machine = &BUILD_MACHINE};

static Outcome reply_build(Turn *turn, const Call *call, Str id, Doc **out) {
    Doc *build;
    *out = doc_map(call->arena);
    if (turn_get(turn, &CODEBUILD_BUILD, id, &build)) doc_set(*out, "build", build);
    return OUTCOME_DONE;
}

static Str name_of(Str name_or_arn) {
    return str_starts(name_or_arn, STR("arn:")) ? str_from(name_or_arn, (size_t)str_rfind_char(name_or_arn, '/') + 1) : name_or_arn;
}

static Doc *builds_of(Turn *turn, Str project) {
    return turn_scan(turn, &CODEBUILD_BUILD, (DocumentScan){.prefix = str_cat(turn_arena(turn), project, STR(":"))});
}

// ---- Starting ----

static bool check_room(Turn *turn, const Doc *project, Error *e) {
    int64_t limit = doc_number(project, "concurrentBuildLimit", 0), active = 0;
    Doc *queue = NULL;
    if (turn_get(turn, &CODEBUILD_QUEUE, STR("queue"), &queue) && doc_count(doc_get(queue, "waiting")) >= MOST_QUEUED)
        return fail(e, "AccountLimitExceededException", "Cannot have more than %d builds in queue for the account", MOST_QUEUED);
    if (!limit) return true;
    for (const Doc *build = doc_first(builds_of(turn, doc_text(project, "name"))); build; build = build->next)
        active += !doc_flag(build, "buildComplete", false);
    return active < limit || fail(e, "AccountLimitExceededException", "Cannot have more than %lld active builds for the project", (long long)limit);
}

static Outcome launch(Turn *turn, const Call *call, Doc *project, Doc *build, Doc **out, Error *e) {
    Doc *data = doc_map(call->arena), *asks = doc_map(call->arena), *queue;
    Str id = doc_text(build, "id");
    CALL_TRY(check_build(turn, build, is_from_pipeline(call) || doc_get(build, "$sourceLocation"), e));
    CALL_TRY(check_room(turn, project, e));
    doc_set_int(call->arena, project, "$builds", doc_number(build, "buildNumber", 1));
    turn_put(turn, &CODEBUILD_PROJECT, doc_text(project, "name"), project);
    credential_put(turn, build);
    doc_set(data, "build", build);
    turn_send(turn, &CODEBUILD_BUILD, id, STR("start"), data);
    doc_set_str(call->arena, asks, "build", id);
    turn_send(turn, &CODEBUILD_QUEUE, STR("queue"), turn_get(turn, &CODEBUILD_QUEUE, STR("queue"), &queue) ? STR("ask") : STR("start"), asks);
    return reply_build(turn, call, id, out);
}

static bool find_project(Turn *turn, const Call *call, Str name, const char *complaint, Doc **project, Error *e) {
    name = name_of(name);
    if (turn_get(turn, &CODEBUILD_PROJECT, name, project)) return true;
    Str arn = codebuild_arn(call->arena, call->where, "project", name);
    Str message = str_replace(call->arena, str_of(complaint), STR("@"), arn);
    return fail(e, "ResourceNotFoundException", "%.*s", STR_ARG(message));
}

// The build that an equal request with the same token started within five minutes, if any.
static bool find_repeated(Turn *turn, const Call *call, Doc **earlier, Error *e) {
    Str token = doc_text(call->input, "idempotencyToken");
    *earlier = NULL;
    if (!token.len) return true;
    for (Doc *build = doc_first(turn_find(turn, &CODEBUILD_BUILD, "token", token)); build; build = build->next) {
        if (doc_number(build, "startTime", 0) + TOKEN_LIFE_MS <= call->now_ms) continue;
        if (!doc_equal(doc_get(build, "$request"), call->input))
            return invalid_input(e, "The parameters do not match those of the earlier request with the same idempotency token");
        *earlier = build;
    }
    return true;
}

Outcome start_build(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *project, *earlier;
    CALL_TRY(find_project(turn, call, doc_text(call->input, "projectName"), "Project cannot be found: @", &project, e));
    CALL_TRY(check_overrides(call->input, e));
    CALL_TRY(find_repeated(turn, call, &earlier, e));
    if (earlier) return reply_build(turn, call, doc_text(earlier, "id"), out);
    return launch(turn, call, project, build_of_project(turn, call, project), out, e);
}

// ---- Finding ----

// PROJECT:UUID, or the ARN of it.
static bool read_id(Str given, Str *id, Error *e) {
    *id = name_of(given);
    return str_find_char(*id, ':') > 0 || invalid_input(e, "Invalid build ID provided");
}

static bool find_build(Turn *turn, Str given, Doc **build, Error *e) {
    Str id;
    TRY(read_id(given, &id, e));
    return turn_get(turn, &CODEBUILD_BUILD, id, build) || fail(e, "ResourceNotFoundException", "Build %.*s does not exist", STR_ARG(given));
}

Outcome stop_build(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *build;
    CALL_TRY(find_build(turn, doc_text(call->input, "id"), &build, e));
    Str id = doc_text(build, "id");
    if (!doc_flag(build, "buildComplete", false)) turn_send(turn, &CODEBUILD_BUILD, id, STR("stop"), NULL);
    return reply_build(turn, call, id, out);
}

// With what the first build had, overrides and all.
Outcome retry_build(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *build, *project, *earlier;
    CALL_TRY(find_build(turn, doc_str(doc_get(call->input, "id"), STR("")), &build, e));
    CALL_TRY(find_project(turn, call, doc_text(build, "projectName"), "Project cannot be found: @", &project, e));
    CALL_TRY(find_repeated(turn, call, &earlier, e));
    if (earlier) return reply_build(turn, call, doc_text(earlier, "id"), out);
    return launch(turn, call, project, build_again(turn, call, build, project), out, e);
}

Outcome batch_get_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena), *build;
    CALL_TRY(may_act_on_each(turn, call, doc_get(call->input, "ids"), "project", e));
    for (const Doc *id = doc_first(doc_get(call->input, "ids")); id; id = id->next) {
        Str text;
        CALL_TRY(read_id(doc_str(id, STR("")), &text, e));
        if (turn_get(turn, &CODEBUILD_BUILD, text, &build)) {
            doc_push(found, build);
        } else {
            doc_push_str(arena, missing, doc_str(id, STR("")));
        }
    }
    doc_set(reply, "builds", found);
    doc_set(reply, "buildsNotFound", missing);
    *out = reply;
    return OUTCOME_DONE;
}

// A build that was interrupted is complete before its job is dead; its machine is needed until then.
static bool is_over(const Doc *build) { return doc_flag(build, "buildComplete", false) && str_is(doc_text(build, "$stage"), "over"); }

Outcome batch_delete_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *deleted = doc_list(arena), *kept = doc_list(arena), *build;
    CALL_TRY(may_act_on_each(turn, call, doc_get(call->input, "ids"), "project", e));
    for (const Doc *id = doc_first(doc_get(call->input, "ids")); id; id = id->next) {
        Str text;
        CALL_TRY(read_id(doc_str(id, STR("")), &text, e));
        bool there = turn_get(turn, &CODEBUILD_BUILD, text, &build);
        if (there && is_over(build)) {
            turn_delete(turn, &CODEBUILD_BUILD, text);
            doc_push_str(arena, deleted, doc_text(build, "arn"));
            continue;
        }
        Doc *problem = doc_map(arena);
        doc_set_str(arena, problem, "id", codebuild_arn(arena, call->where, "build", text));
        doc_set_str(arena, problem, "statusCode", there ? STR("BUILD_IN_PROGRESS") : STR("BUILD_NOT_FOUND"));
        doc_push(kept, problem);
    }
    doc_set(reply, "buildsDeleted", deleted);
    doc_set(reply, "buildsNotDeleted", kept);
    *out = reply;
    return OUTCOME_DONE;
}

// ---- Lists: newest first unless asked otherwise ----

static Outcome list_ids(const Call *call, Doc *builds, Doc **out, Error *e) {
    bool ascending = str_is(doc_text(call->input, "sortOrder"), "ASCENDING");
    return list_documents(call, &(Listing){.docs = builds, .order = ORDER_STARTED, .ascending = ascending, .shows = "id", .as = "ids"}, out, e);
}

Outcome list_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list_ids(call, turn_scan(turn, &CODEBUILD_BUILD, (DocumentScan){.prefix = STR("")}), out, e);
}

Outcome list_builds_for_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *project;
    Str name = doc_text(call->input, "projectName");
    CALL_TRY(find_project(turn, call, name, "The provided project @ does not exist", &project, e));
    return list_ids(call, builds_of(turn, doc_text(project, "name")), out, e);
}
