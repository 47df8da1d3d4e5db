// A build before it starts: what the project says, what StartBuild says instead, and what AWS answers for the rest. Or what an earlier build had.
#include "services/codebuild/codebuild.h"

static const struct {
    const char *override, *section, *member; // section NULL: of the build itself
} OVERRIDES[] = {
    {"sourceTypeOverride", "source", "type"},
    {"sourceLocationOverride", "source", "location"},
    {"buildspecOverride", "source", "buildspec"},
    {"gitCloneDepthOverride", "source", "gitCloneDepth"},
    {"gitSubmodulesConfigOverride", "source", "gitSubmodulesConfig"},
    {"insecureSslOverride", "source", "insecureSsl"},
    {"reportBuildStatusOverride", "source", "reportBuildStatus"},
    {"environmentTypeOverride", "environment", "type"},
    {"imageOverride", "environment", "image"},
    {"computeTypeOverride", "environment", "computeType"},
    {"privilegedModeOverride", "environment", "privilegedMode"},
    {"imagePullCredentialsTypeOverride", "environment", "imagePullCredentialsType"},
    {"serviceRoleOverride", NULL, "serviceRole"},
    {"timeoutInMinutesOverride", NULL, "timeoutInMinutes"},
    {"queuedTimeoutInMinutesOverride", NULL, "queuedTimeoutInMinutes"},
    {"encryptionKeyOverride", NULL, "encryptionKey"},
    {"cacheOverride", NULL, "cache"},
    {"artifactsOverride", NULL, "$artifacts"},
    {"secondaryArtifactsOverride", NULL, "$secondaryArtifacts"},
    {"logsConfigOverride", NULL, "$logsConfig"},
    {"sourceVersion", NULL, "sourceVersion"},
};

static const struct {
    const char *of_project, *of_build;
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
             {"cache", "cache"},
             {"$sourceLocation", "$sourceLocation"},
             {"$revision", "$revision"}};

static void take(Arena *arena, const Doc *from, bool is_project, Doc *build) {
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        const Doc *member = doc_get(from, is_project ? TAKEN[i].of_project : TAKEN[i].of_build);
        if (member) doc_set(build, TAKEN[i].of_build, doc_copy(arena, member));
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
    for (const Doc *one = doc_first(given); one; one = one->next) {
        Doc *same = NULL;
        for (Doc *old = doc_first(variables); old && !same; old = old->next) {
            if (str_eq(doc_text(old, "name"), doc_text(one, "name"))) same = old;
        }
        if (!same) doc_push(variables, same = doc_map(arena));
        for (const Doc *member = doc_first(one); member; member = member->next) doc_put(same, member->key, doc_copy(arena, member));
    }
}

// A source that another type takes the place of leaves nothing of its own behind.
static void change_source(const Doc *input, Doc *source) {
    Str type = doc_text(input, "sourceTypeOverride");
    if (!type.at || str_eq(type, doc_text(source, "type"))) return;
    if (!doc_get(input, "sourceLocationOverride")) doc_set(source, "location", NULL);
    doc_set(source, "gitSubmodulesConfig", NULL);
}

bool is_from_pipeline(const Call *call) {
    return call->internal && str_is(doc_text(call->input, "sourceTypeOverride"), "CODEPIPELINE") &&
           doc_text(call->input, "sourceLocationOverride").len;
}

// A pipeline says where its artifact lies and which revision it holds; AWS shows them as the source's version and its resolved version.
static void take_pipeline_source(Arena *arena, Doc *build) {
    Doc *source = doc_get(build, "source");
    Str location = str_copy(arena, doc_text(source, "location")), revision = doc_text(build, "sourceVersion");
    doc_set_str(arena, build, "$sourceLocation", location);
    if (revision.len) doc_set_str(arena, build, "$revision", str_copy(arena, revision));
    doc_set_str(arena, build, "sourceVersion", str_cat(arena, STR("arn:aws:s3:::"), location));
    doc_set(source, "location", NULL);
}

// Who asked: a user's name, a role with its session, or the pipeline for builds that a pipeline starts. Its name begins the key of the source:
// "bucket/pipeline/artifact/random".
static Str initiator_of(const Call *call) {
    const Principal *who = &call->principal;
    if (is_from_pipeline(call)) {
        Str key = doc_text(call->input, "sourceLocationOverride");
        str_cut(&key, '/');
        return str_cat(call->arena, STR("codepipeline/"), str_cut(&key, '/'));
    }
    if (who->kind == PRINCIPAL_ROOT) return STR("root");
    Str role = str_from(who->role_arn, (size_t)str_rfind_char(who->role_arn, '/') + 1);
    return who->kind == PRINCIPAL_ROLE_SESSION ? str_format(call->arena, "%.*s/%.*s", STR_ARG(role), STR_ARG(who->name)) : who->name;
}

static void name_logs(Arena *arena, Partition where, Doc *build) {
    const Doc *config = doc_get(doc_get(build, "$logsConfig"), "cloudWatchLogs");
    Doc *logs = doc_map(arena), *cloudwatch = config ? doc_copy(arena, config) : doc_map(arena), *s3 = doc_map(arena);
    Str id = doc_text(build, "id"), project = str_cut(&id, ':');
    bool off = str_is(doc_text(config, "status"), "DISABLED");
    doc_set_str(arena, cloudwatch, "status", off ? STR("DISABLED") : STR("ENABLED"));
    doc_set_str(arena, s3, "status", STR("DISABLED"));
    doc_set_bool(arena, s3, "encryptionDisabled", false);
    if (!off) {
        Str group = doc_text(config, "groupName"), stream = doc_text(config, "streamName");
        doc_set_str(arena, build, "$logGroup", group.len ? group : str_cat(arena, STR("/aws/codebuild/"), project));
        doc_set_str(arena, build, "$logStream", stream.len ? str_format(arena, "%.*s/%.*s", STR_ARG(stream), STR_ARG(id)) : id);
    }
    doc_set(build, "logs", logs);
    log_view(arena, where, logs, STR("null"), STR("null"));
    doc_set(logs, "cloudWatchLogs", cloudwatch);
    doc_set(logs, "s3Logs", s3);
}

// The members that no project and no override gives.
static Doc *begun(Turn *turn, const Call *call, Str project, int64_t number) {
    Arena *arena = call->arena;
    Doc *build = doc_map(arena);
    Str id = str_format(arena, "%.*s:%.*s", STR_ARG(project), STR_ARG(id_uuid(turn_ids(turn), arena)));
    doc_set_str(arena, build, "id", id);
    doc_set_str(arena, build, "arn", codebuild_arn(arena, call->where, "build", id));
    doc_set_int(arena, build, "buildNumber", number);
    doc_set_time(arena, build, "startTime", call->now_ms);
    doc_set_str(arena, build, "buildStatus", STR("IN_PROGRESS"));
    doc_set_bool(arena, build, "buildComplete", false);
    doc_set_str(arena, build, "projectName", project);
    doc_set_str(arena, build, "initiator", initiator_of(call));
    doc_set(build, "phases", doc_list(arena));
    doc_set(build, "secondarySources", doc_list(arena));
    doc_set(build, "secondarySourceVersions", doc_list(arena));
    doc_set_int(arena, build, "$port", turn_port(turn));
    doc_set_str(arena, build, "$data", turn_data_folder(turn));
    doc_set_str(arena, build, "$idempotency", doc_text(call->input, "idempotencyToken"));
    doc_set(build, "$request", doc_copy(arena, call->input));
    return build;
}

static void fill(Arena *arena, Partition where, Doc *build) {
    Doc *artifacts = doc_get(build, "$artifacts"), *secondary = doc_list(arena);
    fill_environment(arena, doc_get(build, "environment"));
    fill_artifacts(arena, artifacts, doc_text(build, "projectName"));
    doc_set(build, "artifacts", artifact_view(arena, build, artifacts));
    for (Doc *one = doc_first(doc_get(build, "$secondaryArtifacts")); one; one = one->next) {
        fill_artifacts(arena, one, doc_text(one, "artifactIdentifier"));
        doc_push(secondary, artifact_view(arena, build, one));
    }
    doc_set(build, "secondaryArtifacts", secondary);
    name_logs(arena, where, build);
}

Doc *build_of_project(Turn *turn, const Call *call, const Doc *project) {
    Doc *build = begun(turn, call, doc_text(project, "name"), doc_number(project, "$builds", 0) + 1);
    take(call->arena, project, true, build);
    change_source(call->input, doc_get(build, "source"));
    take_overrides(call->arena, call->input, build);
    take_variables(call->arena, doc_get(call->input, "environmentVariablesOverride"), doc_get(build, "environment"));
    if (is_from_pipeline(call)) take_pipeline_source(call->arena, build);
    fill(call->arena, call->where, build);
    return build;
}

Doc *build_again(Turn *turn, const Call *call, const Doc *earlier, const Doc *project) {
    Doc *build = begun(turn, call, doc_text(project, "name"), doc_number(project, "$builds", 0) + 1);
    take(call->arena, earlier, false, build);
    fill(call->arena, call->where, build);
    return build;
}
