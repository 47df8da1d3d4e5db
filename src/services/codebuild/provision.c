// PROVISIONING: the log stream, the sources and the sandbox, at the same time; when all are there, the job. Sources are fetched as the build's role, by the
// server: the sandbox gets files.
//
// $source is the body that was fetched; $waits counts what is still to come.
#include "base/limits.h"
#include "formats/json.h"
#include "services/codebuild/codebuild.h"

#define SOURCE_FOLDER "/codebuild/output/src/src"
#define AGENT "/opt/codebuild/rehearse-build-agent"

static void wait_for(Step *step, int64_t more) { doc_set_int(step->arena, step->state, "$waits", doc_number(step->state, "$waits", 0) + more); }

// ---- Sources ----

typedef struct Source {
    Str type, location, version;
} Source;

static Source primary(const Step *step) {
    const Doc *source = doc_get(step->state, "source");
    Str location = doc_str(doc_get(step->state, "$sourceLocation"), doc_text(source, "location"));
    return (Source){doc_text(source, "type"), location, doc_text(step->state, "sourceVersion")};
}

static void fetch_s3(Step *step, const Source *source) {
    Arena *arena = step->arena;
    Str key = str_strip_prefix(source->location, STR("arn:aws:s3:::")), bucket = str_cut(&key, '/');
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", bucket);
    doc_set_str(arena, input, "Key", key);
    if (str_is(source->type, "S3") && source->version.len) doc_set_str(arena, input, "VersionId", source->version);
    step_call(step, build_principal(step), "s3", "GetObject", input, NULL, STR("source"));
    wait_for(step, 1);
}

static Str repository_of(Str location) { return str_strip_suffix(str_from(location, (size_t)str_rfind_char(location, '/') + 1), STR(".git")); }

// A build clones with GitPull, which is no API call: the question is asked first.
static void ask_for_pull(Step *step, const Source *source) {
    static const char *const ACTIONS[] = {"codecommit:GitPull", NULL};
    Str name = repository_of(source->location);
    ask_permission(
        step, ACTIONS,
        str_format(step->arena, "arn:aws:codecommit:%.*s:%.*s:%.*s", STR_ARG(step->where.region), STR_ARG(step->where.account), STR_ARG(name)),
        STR("pull"));
    wait_for(step, 1);
}

static void clone_source(Step *step) {
    Arena *arena = step->arena;
    const Doc *source = doc_get(step->state, "source");
    Doc *arguments = doc_map(arena);
    doc_set_str(arena, arguments, "account", step->where.account);
    doc_set_str(arena, arguments, "region", step->where.region);
    doc_set_str(arena, arguments, "repository", repository_of(doc_text(source, "location")));
    doc_set_str(arena, arguments, "version", doc_str(doc_get(step->state, "sourceVersion"), STR("")));
    doc_set_int(arena, arguments, "depth", doc_number(source, "gitCloneDepth", 0));
    doc_set_str(arena, arguments, "url", doc_text(source, "location"));
    doc_set_str(arena, arguments, "to", str_format(arena, "effects/source-%.*s.tar", STR_ARG(doc_text(step->state, "$uuid"))));
    step_effect(step, "git.clone", arguments, STR("clone"));
}

static void fetch_sources(Step *step) {
    Source source = primary(step);
    if (str_is(source.type, "S3") || str_is(source.type, "CODEPIPELINE")) fetch_s3(step, &source);
    if (str_is(source.type, "CODECOMMIT")) ask_for_pull(step, &source);
}

static void keep_source(Step *step, const Doc *body) { doc_set(step->state, "$source", body ? doc_copy(step->arena, body) : doc_map(step->arena)); }

// ---- The sandbox ----

static void add_bind(Arena *arena, Doc *binds, Str host, const char *inside) {
    Doc *one = doc_map(arena);
    doc_set_str(arena, one, "host", host);
    doc_set_str(arena, one, "inside", str_of(inside));
    doc_push(binds, one);
}

// CodeBuild User Guide, "Build environment compute modes and types".
static int64_t memory_bytes(Str compute_type) {
    static const struct {
        const char *type;
        int gib;
    } all[] = {{"SMALL", 4}, {"MEDIUM", 8}, {"LARGE", 16}, {"XLARGE", 72}, {"2XLARGE", 144}};
    Str size = str_strip_prefix(compute_type, STR("BUILD_GENERAL1_"));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_is(size, all[i].type)) return (int64_t)all[i].gib << 30;
    return 0;
}

static void create_sandbox(Step *step) {
    Arena *arena = step->arena;
    Doc *arguments = doc_map(arena), *limits = doc_map(arena), *binds = doc_list(arena);
    doc_set_str(arena, arguments, "name", doc_text(step->state, "$uuid"));
    doc_set_str(arena, arguments, "kind", STR("build"));
    doc_set_str(arena, arguments, "hostname", str_sub(doc_text(step->state, "$uuid"), 0, 12));
    doc_set_int(arena, limits, "memoryBytes", memory_bytes(doc_text(doc_get(step->state, "environment"), "computeType")));
    doc_set_int(arena, limits, "processes", LIMIT_BUILD_PROCESSES);
    doc_set_int(arena, limits, "outputBytes", LIMIT_JOB_OUTPUT_BYTES);
    doc_set(arguments, "limits", limits);
    add_bind(arena, binds, STR("@program/rehearse-build-agent"), AGENT);
    doc_set(arguments, "binds", binds);
    step_effect(step, "sandbox.create", arguments, STR("sandbox"));
    doc_set_bool(arena, step->state, "$sandbox", true);
    wait_for(step, 1);
}

// ---- The job ----

static void put_env(Arena *arena, Doc *env, const char *name, Str value) {
    if (value.at) doc_set_str(arena, env, name, value);
}

// As documented: a pipeline's source has no URL; S3's is s3://bucket/key, and its version the object's.
static void put_source(Arena *arena, Doc *env, const Doc *build) {
    const Doc *source = doc_get(build, "source");
    Str location = doc_text(source, "location"), version = doc_text(build, "sourceVersion");
    if (str_is(doc_text(source, "type"), "S3")) {
        location = str_cat(arena, STR("s3://"), str_strip_prefix(location, STR("arn:aws:s3:::")));
        if (!version.len) version = doc_text(build, "$objectVersion");
    }
    put_env(arena, env, "CODEBUILD_SOURCE_REPO_URL", location);
    put_env(arena, env, "CODEBUILD_SOURCE_VERSION", version);
    put_env(arena, env, "CODEBUILD_RESOLVED_SOURCE_VERSION", doc_text(build, "resolvedSourceVersion"));
}

static void put_access(const Step *step, Doc *env) {
    Arena *arena = step->arena;
    Str endpoint = str_format(arena, "http://127.0.0.1:%lld", (long long)doc_number(step->state, "$port", 0));
    put_env(arena, env, "AWS_REGION", step->where.region);
    put_env(arena, env, "AWS_DEFAULT_REGION", step->where.region);
    put_env(arena, env, "AWS_ENDPOINT_URL", endpoint);
    put_env(arena, env, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            str_format(arena, "%.*s/_rehearse/credentials/%.*s", STR_ARG(endpoint), STR_ARG(doc_text(step->state, "$token"))));
}

static Doc *environment(const Step *step) {
    Arena *arena = step->arena;
    const Doc *build = step->state;
    Doc *env = doc_map(arena);
    put_access(step, env);
    put_env(arena, env, "CODEBUILD_BUILD_ID", doc_text(build, "id"));
    put_env(arena, env, "CODEBUILD_BUILD_ARN", doc_text(build, "arn"));
    put_env(arena, env, "CODEBUILD_BUILD_NUMBER", str_format(arena, "%lld", (long long)doc_number(build, "buildNumber", 1)));
    put_env(arena, env, "CODEBUILD_BUILD_IMAGE", doc_text(doc_get(build, "environment"), "image"));
    put_env(arena, env, "CODEBUILD_INITIATOR", doc_text(build, "initiator"));
    put_env(arena, env, "CODEBUILD_KMS_KEY_ID", doc_text(build, "encryptionKey"));
    put_env(arena, env, "CODEBUILD_LOG_PATH", doc_text(build, "$logStream"));
    put_env(arena, env, "CODEBUILD_PROJECT_ARN", codebuild_arn(arena, step->where, "project", doc_text(build, "projectName")));
    put_source(arena, env, build);
    put_env(arena, env, "CODEBUILD_START_TIME", str_format(arena, "%lld", (long long)doc_number(build, "startTime", 0)));
    put_env(arena, env, "CODEBUILD_CI", STR("true"));
    for (const Doc *one = doc_first(doc_get(doc_get(build, "environment"), "environmentVariables")); one; one = one->next) {
        doc_put(env, doc_text(one, "name"), doc_copy(arena, doc_get(one, "value")));
    }
    return env;
}

static Doc *buildspec(const Step *step) {
    Arena *arena = step->arena;
    Str given = doc_text(doc_get(step->state, "source"), "buildspec");
    Doc *doc = doc_map(arena);
    // A text with lines, and what begins as a buildspec does, is the buildspec itself; all else is its path in the source.
    bool is_text = str_find_char(given, '\n') >= 0 || str_starts(given, STR("version")) || str_starts(given, STR("{"));
    doc_set_str(arena, doc, is_text ? "text" : "path", given.len ? given : STR_NONE);
    return doc;
}

static bool is_zipped(const Doc *wanted) {
    return !str_is(doc_text(wanted, "packaging"), "NONE") || str_is(doc_text(wanted, "type"), "CODEPIPELINE");
}

static void set_packaging(Arena *arena, Doc *out, const Doc *wanted) {
    doc_set_str(arena, out, "packaging", is_zipped(wanted) ? STR("ZIP") : STR("NONE"));
}

static Doc *artifacts(const Step *step) {
    Arena *arena = step->arena;
    const Doc *wanted = doc_get(step->state, "$artifacts"), *others = doc_get(step->state, "$secondaryArtifacts");
    Doc *doc = doc_map(arena), *secondary = doc_map(arena);
    if (str_is(doc_text(wanted, "type"), "NO_ARTIFACTS") && !doc_count(others)) return NULL;
    set_packaging(arena, doc, wanted);
    for (const Doc *one = doc_first(others); one; one = one->next) {
        Doc *packaging = doc_map(arena);
        set_packaging(arena, packaging, one);
        doc_put(secondary, doc_text(one, "artifactIdentifier"), packaging);
    }
    doc_set(doc, "secondary", secondary);
    return doc;
}

static void add_file(Arena *arena, Doc *files, const char *to, Str text, const Doc *body) {
    Doc *file = doc_map(arena);
    doc_set_str(arena, file, "to", str_of(to));
    if (body)
        doc_set(file, "body", doc_copy(arena, body));
    else
        doc_set_str(arena, file, "text", text);
    doc_push(files, file);
}

static void add_source(const Step *step, Doc *job, Doc *files) {
    const Doc *body = doc_get(step->state, "$source");
    Doc *source = doc_map(step->arena);
    if (!body) return;
    doc_set_str(step->arena, source, "archive", STR("source"));
    doc_set(job, "source", source);
    add_file(step->arena, files, "source", STR_NONE, body);
}

static void run_job(Step *step) {
    Arena *arena = step->arena;
    Doc *job = doc_map(arena), *files = doc_list(arena), *arguments = doc_map(arena), *argv = doc_list(arena);
    doc_set_str(arena, job, "sourceFolder", STR(SOURCE_FOLDER));
    add_source(step, job, files);
    doc_set(job, "buildspec", buildspec(step));
    doc_set(job, "environment", environment(step));
    doc_set(job, "artifacts", artifacts(step));
    doc_set_str(arena, job, "output", STR("out"));
    add_file(arena, files, "job.json", json_write(arena, job), NULL);
    doc_push_str(arena, argv, STR(AGENT));
    doc_set_str(arena, arguments, "sandbox", doc_text(step->state, "$uuid"));
    doc_set_str(arena, arguments, "job", STR("build"));
    doc_set(arguments, "argv", argv);
    doc_set(arguments, "files", files);
    step_effect(step, "job.run", arguments, STR("job"));
    doc_set(step->state, "$source", NULL);
    doc_set_str(arena, step->state, "$stage", STR("running"));
}

// ---- Events ----

static void one_came(Step *step) {
    wait_for(step, -1);
    if (doc_number(step->state, "$waits", 0) > 0) return;
    phase_end(step, "SUCCEEDED", "", STR_NONE);
    run_job(step);
}

void provision_begin(Step *step) {
    Str group = doc_text(step->state, "$logGroup");
    if (group.at) {
        log_open(step, group, doc_text(step->state, "$logStream"));
        wait_for(step, 1);
    }
    fetch_sources(step);
    create_sandbox(step);
}

static Str error_message(const Doc *data) { return doc_text(doc_get(data, "error"), "message"); }

static void on_log_stream(Step *step, const Doc *data) {
    Arena *arena = step->arena;
    Doc *logs = doc_get(step->state, "logs");
    bool there = str_is(doc_text(doc_get(data, "error"), "code"), "ResourceAlreadyExistsException");
    if (!doc_flag(data, "ok", false) && !there) {
        Str message = str_format(
            arena, "Service role %.*s does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build %.*s. Error message: %.*s",
            STR_ARG(doc_text(step->state, "serviceRole")), STR_ARG(doc_text(step->state, "arn")), STR_ARG(error_message(data)));
        build_fail(step, "FAILED", "ACCESS_DENIED", message);
        return;
    }
    doc_set_str(arena, logs, "groupName", doc_text(step->state, "$logGroup"));
    doc_set_str(arena, logs, "streamName", doc_text(step->state, "$logStream"));
    log_view(arena, step->where, logs, doc_text(step->state, "$logGroup"), doc_text(step->state, "$logStream"));
    one_came(step);
}

// Sources that cannot be had fail the build in DOWNLOAD_SOURCE, as on AWS.
static void source_failed(Step *step, Str message) {
    phase_end(step, "SUCCEEDED", "", STR_NONE);
    phase_begin(step, "DOWNLOAD_SOURCE");
    build_fail(step, "FAILED", "CLIENT_ERROR", message);
}

static Str of_primary_source(const Step *step, Str problem) {
    Str version = doc_str(doc_get(step->state, "sourceVersion"), STR("")), location = doc_text(doc_get(step->state, "source"), "location");
    bool of_s3 = str_is(doc_text(doc_get(step->state, "source"), "type"), "S3");
    if (!version.len && of_s3) version = str_cat(step->arena, STR("arn:aws:s3:::"), str_strip_prefix(location, STR("arn:aws:s3:::")));
    return str_format(step->arena, "%.*s for primary source and source version %.*s", STR_ARG(problem), STR_ARG(version));
}

static void on_source(Step *step, const Doc *data) {
    Arena *arena = step->arena;
    if (!doc_flag(data, "ok", false)) {
        Str key = str_strip_prefix(primary(step).location, STR("arn:aws:s3:::")), problem = codebuild_problem(arena, doc_get(data, "error"));
        str_cut(&key, '/');
        source_failed(step,
                      of_primary_source(step, str_format(arena, "error while downloading key %.*s, error: %.*s", STR_ARG(key), STR_ARG(problem))));
        return;
    }
    Str version = doc_text(doc_get(data, "output"), "VersionId"), revision = doc_text(step->state, "$revision");
    if (revision.len) doc_set_str(arena, step->state, "resolvedSourceVersion", str_copy(arena, revision));
    if (version.len && !str_is(version, "null")) doc_set_str(arena, step->state, "$objectVersion", str_copy(arena, version));
    keep_source(step, doc_get(data, "body"));
    one_came(step);
}

static void on_permission(Step *step, const Doc *data) {
    if (doc_flag(data, "ok", false))
        clone_source(step);
    else
        source_failed(step, doc_text(data, "message"));
}

static void on_clone(Step *step, const Doc *data) {
    Arena *arena = step->arena;
    if (!doc_flag(data, "ok", false)) {
        source_failed(step, of_primary_source(step, doc_text(data, "reason")));
        return;
    }
    Doc *body = doc_map(arena);
    doc_set_str(arena, step->state, "resolvedSourceVersion", str_copy(arena, doc_text(data, "commit")));
    doc_set_str(arena, step->state, "$archive", str_copy(arena, doc_text(data, "path")));
    doc_set_str(arena, body, "path", doc_text(data, "path"));
    doc_set_int(arena, body, "size", doc_number(data, "size", 0));
    keep_source(step, body);
    one_came(step);
}

static void on_sandbox(Step *step, const Doc *data) {
    if (doc_flag(data, "ok", false)) {
        one_came(step);
        return;
    }
    build_fail(step, "FAULT", "INTERNAL_SERVICE_ERROR", doc_text(data, "reason"));
}

bool provision_event(Step *step) {
    const Doc *data = step->event->data;
    Str tag = doc_text(data, "tag");
    if (str_is(step->event->kind, "permission")) return on_permission(step, data), true;
    if (str_is(tag, "log-stream")) return on_log_stream(step, data), true;
    if (str_is(tag, "source")) return on_source(step, data), true;
    if (str_is(tag, "clone")) return on_clone(step, data), true;
    if (str_is(tag, "sandbox")) return on_sandbox(step, data), true;
    return false;
}
