// Handlers about builds. A build is put together here (project, overrides, defaults) and then lives in its machine.
#include "services/codebuild/codebuild.h"

enum { LIST_PAGE = 100 };

static const DocumentIndex INDEXES[] = {{"project", "projectName"}, {"token", "$idempotency"}, {NULL, NULL}};
extern const MachineType BUILD_MACHINE;
const DocumentType CODEBUILD_BUILD = {.name = "codebuild.build", .indexes = INDEXES, .machine = &BUILD_MACHINE};

static const struct {
    const char *override, *section, *member; // section NULL: of the build itself
} OVERRIDES[] = {
    {"sourceTypeOverride", "source", "type"},
    {"sourceLocationOverride", "source", "location"},
    {"buildspecOverride", "source", "buildspec"},
    {"gitCloneDepthOverride", "source", "gitCloneDepth"},
    {"environmentTypeOverride", "environment", "type"},
    {"imageOverride", "environment", "image"},
    {"computeTypeOverride", "environment", "computeType"},
    {"privilegedModeOverride", "environment", "privilegedMode"},
    {"imagePullCredentialsTypeOverride", "environment", "imagePullCredentialsType"},
    {"serviceRoleOverride", NULL, "serviceRole"},
    {"timeoutInMinutesOverride", NULL, "timeoutInMinutes"},
    {"queuedTimeoutInMinutesOverride", NULL, "queuedTimeoutInMinutes"},
    {"encryptionKeyOverride", NULL, "encryptionKey"},
    {"artifactsOverride", NULL, "$artifacts"},
    {"secondaryArtifactsOverride", NULL, "$secondaryArtifacts"},
    {"secondarySourcesOverride", NULL, "secondarySources"},
    {"secondarySourcesVersionOverride", NULL, "secondarySourceVersions"},
    {"logsConfigOverride", NULL, "$logsConfig"},
    {"sourceVersion", NULL, "sourceVersion"},
};

static const struct {
    const char *from, *to;
} TAKEN[] = {{"source", "source"},
             {"environment", "environment"},
             {"serviceRole", "serviceRole"},
             {"timeoutInMinutes", "timeoutInMinutes"},
             {"queuedTimeoutInMinutes", "queuedTimeoutInMinutes"},
             {"encryptionKey", "encryptionKey"},
             {"artifacts", "$artifacts"},
             {"secondaryArtifacts", "$secondaryArtifacts"},
             {"logsConfig", "$logsConfig"},
             {"sourceVersion", "sourceVersion"},
             {"cache", "cache"}};

static void take_project(Arena *arena, const Doc *project, Doc *build) {
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        const Doc *member = doc_get(project, TAKEN[i].from);
        if (member) doc_set(build, TAKEN[i].to, doc_copy(arena, member));
    }
}

static void take_overrides(Arena *arena, const Doc *input, Doc *build) {
    for (size_t i = 0; i < sizeof OVERRIDES / sizeof *OVERRIDES; i++) {
        const Doc *value = doc_get(input, OVERRIDES[i].override);
        if (!value) continue;
        Doc *section = OVERRIDES[i].section ? doc_get(build, OVERRIDES[i].section) : build;
        doc_set(section, OVERRIDES[i].member, doc_copy(arena, value));
    }
}

static void take_variables(Arena *arena, const Doc *given, Doc *environment) {
    Doc *variables = doc_get(environment, "environmentVariables");
    if (!variables) doc_set(environment, "environmentVariables", variables = doc_list(arena));
    for (const Doc *one = doc_first(given); one; one = one->next) {
        Doc *same = NULL;
        for (Doc *old = doc_first(variables); old && !same; old = old->next) {
            if (str_eq(doc_text(old, "name"), doc_text(one, "name"))) same = old;
        }
        if (same) {
            doc_set(same, "value", doc_copy(arena, doc_get(one, "value")));
        } else {
            doc_push(variables, doc_copy(arena, one));
        }
    }
}

static bool refuse_overrides(const Doc *input, Error *e) {
    static const char *const REFUSED[] = {"sourceAuthOverride", "fleetOverride", "registryCredentialOverride", "certificateOverride", NULL};
    for (const char *const *member = REFUSED; *member; member++) {
        if (doc_get(input, *member)) return fail(e, "NotImplemented", "StartBuild with %s is not built.", *member);
    }
    if (doc_flag(input, "debugSessionEnabled", false)) return fail(e, "NotImplemented", "Debug sessions are not built.");
    Str cache = doc_text(doc_get(input, "cacheOverride"), "type");
    return !cache.at || str_is(cache, "NO_CACHE") ||
           fail(e, "NotImplemented", "Project cache of type %.*s is not built; NO_CACHE is.", STR_ARG(cache));
}

// Who asked: AWS shows the user's name, or the pipeline for builds that a pipeline starts. Its name begins the key of the source: "bucket/pipeline/artifact/random".
static Str initiator_of(const Call *call) {
    const Principal *who = &call->principal;
    if (call->internal && str_is(doc_text(call->input, "sourceTypeOverride"), "CODEPIPELINE")) {
        Str key = doc_text(call->input, "sourceLocationOverride");
        str_cut(&key, '/');
        return str_cat(call->arena, STR("codepipeline/"), str_cut(&key, '/'));
    }
    return who->kind == PRINCIPAL_ROOT ? STR("root") : who->name;
}

static void name_logs(Arena *arena, Partition where, Doc *build, Str project, Str uuid) {
    const Doc *config = doc_get(doc_get(build, "$logsConfig"), "cloudWatchLogs");
    Doc *logs = doc_map(arena), *view = doc_map(arena);
    bool off = str_is(doc_text(config, "status"), "DISABLED");
    doc_set_str(arena, view, "status", off ? STR("DISABLED") : STR("ENABLED"));
    doc_set(logs, "cloudWatchLogs", view);
    if (!off) {
        Str group = doc_text(config, "groupName"), stream = doc_text(config, "streamName");
        doc_set_str(arena, build, "$logGroup", group.len ? group : str_cat(arena, STR("/aws/codebuild/"), project));
        doc_set_str(arena, build, "$logStream", stream.len ? str_format(arena, "%.*s/%.*s", STR_ARG(stream), STR_ARG(uuid)) : uuid);
    }
    Str link = str_format(arena, "https://console.aws.amazon.com/cloudwatch/home?region=%.*s#logsV2:log-groups", STR_ARG(where.region));
    doc_set_str(arena, logs, "deepLink", link);
    doc_set(build, "logs", logs);
}

static Doc *new_build(Turn *turn, const Call *call, const Doc *project, Str uuid) {
    Arena *arena = call->arena;
    Doc *build = doc_map(arena);
    Str name = doc_text(project, "name"), id = str_format(arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(uuid));
    doc_set_str(arena, build, "id", id);
    doc_set_str(arena, build, "arn", codebuild_arn(arena, call->where, "build", id));
    doc_set_int(arena, build, "buildNumber", doc_number(project, "$builds", 0) + 1);
    doc_set_time(arena, build, "startTime", call->now_ms);
    doc_set_str(arena, build, "buildStatus", STR("IN_PROGRESS"));
    doc_set_bool(arena, build, "buildComplete", false);
    doc_set_str(arena, build, "projectName", name);
    doc_set_str(arena, build, "initiator", initiator_of(call));
    doc_set(build, "phases", doc_list(arena));
    doc_set_int(arena, build, "$port", turn_port(turn));
    doc_set_str(arena, build, "$data", turn_data_folder(turn));
    doc_set_str(arena, build, "$idempotency", doc_text(call->input, "idempotencyToken"));
    take_project(arena, project, build);
    take_overrides(arena, call->input, build);
    take_variables(arena, doc_get(call->input, "environmentVariablesOverride"), doc_get(build, "environment"));
    name_logs(arena, call->where, build, name, uuid);
    return build;
}

static bool check_build(Turn *turn, const Doc *build, Error *e) {
    const Doc *source = doc_get(build, "source");
    TRY(check_source(source, true, e));
    TRY(check_environment(doc_get(build, "environment"), e));
    if (str_is(doc_text(source, "type"), "CODEPIPELINE") && !doc_text(source, "location").len) {
        return invalid_input(e, "Build cannot be started outside of a pipeline: project source type is CODEPIPELINE");
    }
    if (doc_count(doc_get(build, "secondarySources"))) return fail(e, "NotImplemented", "Builds with secondary sources are not built.");
    return turn_role_trusts(turn, doc_text(build, "serviceRole"), CODEBUILD_HOST, e) ||
           invalid_input(e, "CodeBuild is not authorized to perform: sts:AssumeRole on %.*s", STR_ARG(doc_text(build, "serviceRole")));
}

static Outcome reply_build(Turn *turn, const Call *call, Str id, Doc **out) {
    Doc *build;
    *out = doc_map(call->arena);
    if (turn_get(turn, &CODEBUILD_BUILD, id, &build)) doc_set(*out, "build", build);
    return OUTCOME_DONE;
}

static Outcome launch(Turn *turn, const Call *call, Doc *project, Doc **out, Error *e) {
    Str uuid = id_uuid(turn_ids(turn), call->arena);
    Doc *build = new_build(turn, call, project, uuid), *data = doc_map(call->arena), *asks = doc_map(call->arena);
    Str id = doc_text(build, "id");
    CALL_TRY(check_build(turn, build, e));
    doc_set_int(call->arena, project, "$builds", doc_number(build, "buildNumber", 1));
    turn_put(turn, &CODEBUILD_PROJECT, doc_text(project, "name"), project);
    credential_put(turn, build);
    doc_set(data, "build", build);
    turn_send(turn, &CODEBUILD_BUILD, id, STR("start"), data);
    doc_set_str(call->arena, asks, "build", id);
    Doc *queue;
    turn_send(turn, &CODEBUILD_QUEUE, STR("queue"), turn_get(turn, &CODEBUILD_QUEUE, STR("queue"), &queue) ? STR("ask") : STR("start"), asks);
    return reply_build(turn, call, id, out);
}

static bool find_project(Turn *turn, const Call *call, Str name, Doc **project, Error *e) {
    if (str_starts(name, STR("arn:"))) name = str_from(name, (size_t)str_rfind_char(name, '/') + 1);
    return turn_get(turn, &CODEBUILD_PROJECT, name, project) ||
           fail(e, "ResourceNotFoundException", "Project cannot be found: %.*s", STR_ARG(codebuild_arn(call->arena, call->where, "project", name)));
}

Outcome start_build(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *project;
    Str token = doc_text(call->input, "idempotencyToken");
    CALL_TRY(find_project(turn, call, doc_text(call->input, "projectName"), &project, e));
    CALL_TRY(refuse_overrides(call->input, e));
    Doc *earlier = token.len ? doc_first(turn_find(turn, &CODEBUILD_BUILD, "token", token)) : NULL;
    if (earlier) return reply_build(turn, call, doc_text(earlier, "id"), out);
    return launch(turn, call, project, out, e);
}

// ---- Finding ----

static Str build_id(Str id_or_arn) {
    return str_starts(id_or_arn, STR("arn:")) ? str_from(id_or_arn, (size_t)str_rfind_char(id_or_arn, '/') + 1) : id_or_arn;
}

static bool find_build(Turn *turn, Str id, Doc **build, Error *e) {
    return turn_get(turn, &CODEBUILD_BUILD, build_id(id), build) || fail(e, "ResourceNotFoundException", "Build %.*s does not exist", STR_ARG(id));
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
    Arena *arena = call->arena;
    Doc *build, *project;
    CALL_TRY(find_build(turn, doc_text(call->input, "id"), &build, e));
    CALL_TRY(find_project(turn, call, doc_text(build, "projectName"), &project, e));
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        const Doc *member = doc_get(build, TAKEN[i].to);
        if (member) doc_set(project, TAKEN[i].from, doc_copy(arena, member));
    }
    Call again = *call;
    again.input = doc_map(arena);
    Doc *stored;
    CALL_TRY(find_project(turn, call, doc_text(build, "projectName"), &stored, e));
    Doc *reply = NULL;
    if (launch(turn, &again, project, &reply, e) != OUTCOME_DONE) return OUTCOME_ERROR;
    doc_set_int(arena, stored, "$builds", doc_number(stored, "$builds", 0) + 1);
    turn_put(turn, &CODEBUILD_PROJECT, doc_text(stored, "name"), stored);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome batch_get_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena), *build;
    for (const Doc *id = doc_first(doc_get(call->input, "ids")); id; id = id->next) {
        if (turn_get(turn, &CODEBUILD_BUILD, build_id(doc_str(id, STR(""))), &build)) {
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

Outcome batch_delete_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *deleted = doc_list(arena), *kept = doc_list(arena), *build;
    for (const Doc *id = doc_first(doc_get(call->input, "ids")); id; id = id->next) {
        Str text = build_id(doc_str(id, STR("")));
        bool there = turn_get(turn, &CODEBUILD_BUILD, text, &build);
        if (there && doc_flag(build, "buildComplete", false)) {
            turn_delete(turn, &CODEBUILD_BUILD, text);
            doc_push_str(arena, deleted, doc_text(build, "arn"));
            continue;
        }
        Doc *problem = doc_map(arena);
        doc_set_str(arena, problem, "id", doc_str(id, STR("")));
        doc_set_str(arena, problem, "statusCode", there ? STR("BUILD_IN_PROGRESS") : STR("BUILD_NOT_FOUND"));
        doc_push(kept, problem);
    }
    doc_set(reply, "buildsDeleted", deleted);
    doc_set(reply, "buildsNotDeleted", kept);
    *out = reply;
    return OUTCOME_DONE;
}

// ---- Lists: newest first unless asked otherwise. The token is the position in that order. ----

static bool is_later(const Doc *a, const Doc *b) {
    int64_t first = doc_number(a, "startTime", 0), second = doc_number(b, "startTime", 0);
    return first != second ? first > second : doc_number(a, "buildNumber", 0) > doc_number(b, "buildNumber", 0);
}

static const Doc **sorted(Arena *arena, const Doc *builds, bool ascending, size_t *count) {
    const Doc **all = arena_array(arena, const Doc *, doc_count(builds) + 1);
    *count = 0;
    for (const Doc *build = doc_first(builds); build; build = build->next) {
        size_t at = (*count)++;
        for (; at > 0 && is_later(build, all[at - 1]) != ascending; at--) all[at] = all[at - 1];
        all[at] = build;
    }
    return all;
}

static Outcome list_page(const Call *call, const Doc *builds, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *ids = doc_list(arena);
    int64_t from = 0;
    size_t count;
    Str token = doc_text(call->input, "nextToken");
    if (token.len && (!str_to_int(token, &from) || from < 0)) return invalid_input(e, "Invalid next token"), OUTCOME_ERROR;
    const Doc **all = sorted(arena, builds, str_is(doc_text(call->input, "sortOrder"), "ASCENDING"), &count);
    size_t at = (size_t)from;
    for (; at < count && ids->count < LIST_PAGE; at++) doc_push_str(arena, ids, doc_text(all[at], "id"));
    doc_set(reply, "ids", ids);
    if (at < count) doc_set_str(arena, reply, "nextToken", str_format(arena, "%zu", at));
    *out = reply;
    return OUTCOME_DONE;
}

Outcome list_builds(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list_page(call, turn_scan(turn, &CODEBUILD_BUILD, (DocumentScan){.prefix = STR("")}), out, e);
}

Outcome list_builds_for_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *project;
    CALL_TRY(find_project(turn, call, doc_text(call->input, "projectName"), &project, e));
    Str prefix = str_cat(call->arena, doc_text(project, "name"), STR(":"));
    return list_page(call, turn_scan(turn, &CODEBUILD_BUILD, (DocumentScan){.prefix = prefix}), out, e);
}
