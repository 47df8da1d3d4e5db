// Build/CodeBuild and Test/CodeBuild: a build whose source and artifacts are the action's artifacts in the store.
//
//     StartBuild ──▶ (event "CodeBuild Build State Change") ──▶ BatchGetBuilds ──▶ succeeded, or failed with the phase that failed
// The first input, or the one that PrimarySource names, is the source, the others are secondary sources by their names. One output is the build's artifact, several
// are its secondary artifacts by their names.
#include "services/codepipeline/providers.h"

#include "formats/json.h"

static Str location_of(Arena *arena, const Doc *artifact) {
    Str bucket = doc_text(artifact, "bucket"), key = doc_text(artifact, "key");
    return str_format(arena, "%.*s/%.*s", STR_ARG(bucket), STR_ARG(key));
}

// ---- Sources ----

static const Doc *primary_input(const Action *action) {
    Str named = action_setting(action, "PrimarySource");
    return named.len ? action_input_named(action, named) : action_input(action, 0);
}

static void add_secondary(Action *action, Doc *input, const Doc *artifact) {
    Arena *arena = action->step->arena;
    Doc *sources = doc_get(input, "secondarySourcesOverride"), *versions = doc_get(input, "secondarySourcesVersionOverride");
    if (!sources) {
        doc_set(input, "secondarySourcesOverride", sources = doc_list(arena));
        doc_set(input, "secondarySourcesVersionOverride", versions = doc_list(arena));
    }
    Doc *source = doc_map(arena), *version = doc_map(arena);
    doc_set_str(arena, source, "type", STR("S3"));
    doc_set_str(arena, source, "location", location_of(arena, artifact));
    doc_set_str(arena, source, "sourceIdentifier", doc_text(artifact, "name"));
    doc_push(sources, source);
    doc_set_str(arena, version, "sourceIdentifier", doc_text(artifact, "name"));
    doc_set_str(arena, version, "sourceVersion", doc_str(doc_get(artifact, "revision"), STR("")));
    doc_push(versions, version);
}

static bool add_sources(Action *action, Doc *input) {
    Arena *arena = action->step->arena;
    const Doc *primary = primary_input(action);
    if (!primary) {
        Str named = action_setting(action, "PrimarySource");
        action_fail(action, "ConfigurationError", "The primary source %.*s is not an input artifact of the action.", STR_ARG(named));
        return false;
    }
    doc_set_str(arena, input, "sourceTypeOverride", STR("CODEPIPELINE"));
    doc_set_str(arena, input, "sourceLocationOverride", location_of(arena, primary));
    doc_set_str(arena, input, "sourceVersion", doc_text(primary, "revision"));
    for (size_t i = 0; i < action_input_count(action); i++) {
        if (action_input(action, i) != primary) add_secondary(action, input, action_input(action, i));
    }
    return true;
}

// ---- Artifacts ----

// "pipeline/artifact/random": path and name apart.
static Doc *artifact_of(Action *action, Str name) {
    Arena *arena = action->step->arena;
    const Doc *output = action_output(action, name);
    Str key = doc_text(output, "key");
    size_t cut = (size_t)str_rfind_char(key, '/');
    Doc *artifact = doc_map(arena);
    doc_set_str(arena, artifact, "type", STR("CODEPIPELINE"));
    doc_set_str(arena, artifact, "location", doc_text(output, "bucket"));
    doc_set_str(arena, artifact, "path", str_sub(key, 0, cut));
    doc_set_str(arena, artifact, "name", str_from(key, cut + 1));
    doc_set_str(arena, artifact, "namespaceType", STR("NONE"));
    doc_set_str(arena, artifact, "packaging", STR("ZIP"));
    return artifact;
}

static void add_artifacts(Action *action, Doc *input) {
    Arena *arena = action->step->arena;
    bool one = action_output_name(action, 0).at && !action_output_name(action, 1).at;
    Doc *none = doc_map(arena), *secondary = doc_list(arena);
    doc_set_str(arena, none, "type", STR("NO_ARTIFACTS"));
    doc_set(input, "artifactsOverride", one ? artifact_of(action, action_output_name(action, 0)) : none);
    for (size_t i = 0; !one && action_output_name(action, i).at; i++) {
        Doc *artifact = artifact_of(action, action_output_name(action, i));
        doc_set_str(arena, artifact, "artifactIdentifier", action_output_name(action, i));
        doc_push(secondary, artifact);
    }
    if (doc_count(secondary)) doc_set(input, "secondaryArtifactsOverride", secondary);
}

// ---- Environment ----

static void add_variable(Arena *arena, Doc *variables, Str name, Str value, Str type) {
    Doc *variable = doc_map(arena);
    doc_set_str(arena, variable, "name", name);
    doc_set_str(arena, variable, "value", value);
    doc_set_str(arena, variable, "type", type);
    doc_push(variables, variable);
}

static bool add_environment(Action *action, Doc *input) {
    Arena *arena = action->step->arena;
    Doc *variables = doc_list(arena), *own = NULL;
    Str text = action_setting(action, "EnvironmentVariables");
    Error e = {0};
    if (text.len && (!json_parse(arena, text, &own, &e) || !doc_is(own, DOC_LIST))) {
        action_fail(action, "ConfigurationError", "The EnvironmentVariables of the action are not a JSON list: %s", e.message);
        return false;
    }
    for (const Doc *one = doc_first(own); one; one = one->next) {
        add_variable(arena, variables, doc_text(one, "name"), doc_text(one, "value"), doc_str(doc_get(one, "type"), STR("PLAINTEXT")));
    }
    doc_set(input, "environmentVariablesOverride", variables);
    return true;
}

void action_codebuild_start(Action *action) {
    Doc *input = doc_map(action->step->arena);
    doc_set_str(action->step->arena, input, "projectName", action_setting(action, "ProjectName"));
    if (!add_sources(action, input) || !add_environment(action, input)) return;
    add_artifacts(action, input);
    Str buildspec = action_setting(action, "BuildspecOverride");
    if (buildspec.len) doc_set_str(action->step->arena, input, "buildspecOverride", buildspec);
    doc_set_str(action->step->arena, input, "idempotencyToken", action_id_of(action));
    action_call(action, "codebuild", "StartBuild", input, NULL, "started");
}

// ---- Its end ----

static void on_started(Action *action, const Doc *reply) {
    Str id = doc_text(doc_get(doc_get(reply, "output"), "build"), "id"), region = action->step->where.region;
    Str url = str_format(action->step->arena, "https://console.aws.amazon.com/codebuild/home?region=%.*s#/builds/%.*s/view/new", STR_ARG(region),
                         STR_ARG(id));
    action_external(action, "codebuild", id, url);
}

static void on_ended(Action *action) {
    Doc *input = doc_map(action->step->arena), *ids = doc_list(action->step->arena);
    doc_push_str(action->step->arena, ids, doc_text(action->record, "externalExecutionId"));
    doc_set(input, "ids", ids);
    action_call(action, "codebuild", "BatchGetBuilds", input, NULL, "builds");
}

static const Doc *failed_phase(const Doc *build) {
    const Doc *found = NULL;
    for (const Doc *phase = doc_first(doc_get(build, "phases")); phase && !found; phase = phase->next) {
        Str status = doc_text(phase, "phaseStatus");
        if (status.len && !str_is(status, "SUCCEEDED") && !str_is(status, "IN_PROGRESS")) found = phase;
    }
    return found;
}

static void on_failed(Action *action, const Doc *build) {
    Str status = doc_text(build, "buildStatus");
    const Doc *phase = failed_phase(build), *context = doc_first(doc_get(phase, "contexts"));
    Str name = doc_text(phase, "phaseType"), code = doc_text(context, "statusCode"), message = doc_text(context, "message");
    if (phase && context) {
        action_fail(action, "JobFailed", "Build terminated with state: %.*s. Phase: %.*s, Code: %.*s, Message: %.*s", STR_ARG(status), STR_ARG(name),
                    STR_ARG(code), STR_ARG(message));
    } else {
        action_fail(action, "JobFailed", "Build terminated with state: %.*s", STR_ARG(status));
    }
}

static void on_succeeded(Action *action, const Doc *build) {
    for (const Doc *one = doc_first(doc_get(build, "exportedEnvironmentVariables")); one; one = one->next) {
        action_variable(action, str_c(action->step->arena, doc_text(one, "name")), doc_text(one, "value"));
    }
    action_succeed(action, STR_NONE);
}

static void on_builds(Action *action, const Doc *reply) {
    const Doc *build = doc_first(doc_get(doc_get(reply, "output"), "builds"));
    if (!build) {
        action_fail(action, "JobFailed", "The build does not exist any more.");
    } else if (str_is(doc_text(build, "buildStatus"), "SUCCEEDED")) {
        on_succeeded(action, build);
    } else if (!str_is(doc_text(build, "buildStatus"), "IN_PROGRESS")) {
        on_failed(action, build);
    }
}

void action_codebuild_heard(Action *action, Str what, const Doc *data) {
    bool ok = doc_flag(data, "ok", true);
    if (str_is(what, "ended")) {
        on_ended(action);
    } else if (!ok) {
        action_fail_call(action, data, "AWSCodeBuild", str_is(what, "started") ? "startBuild" : "batchGetBuilds", "JobFailed");
    } else if (str_is(what, "started")) {
        on_started(action, data);
    } else if (str_is(what, "builds")) {
        on_builds(action, data);
    }
}
