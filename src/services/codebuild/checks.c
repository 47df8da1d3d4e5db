// What projects and builds may ask for: AWS's own complaints, and by its name each thing that is not built.
#include "services/codebuild/codebuild.h"

#include <stdio.h>

bool invalid_input(Error *e, const char *format, ...) {
    char message[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail(e, "InvalidInputException", "%s", message);
}

static bool is_one_of(Str text, const char *const *list) {
    for (; *list; list++) {
        if (str_is(text, *list)) return true;
    }
    return false;
}

// Present, and saying something: an empty list, map or string asks for nothing, nor does false.
static bool asks(const Doc *member) {
    if (!member) return false;
    if (doc_is(member, DOC_LIST) || doc_is(member, DOC_MAP)) return doc_count(member) > 0;
    return doc_is(member, DOC_BOOL) ? doc_bool(member, false) : doc_str(member, STR("x")).len > 0;
}

static bool refuse(const Doc *section, const char *what, const char *const *members, Error *e) {
    for (; *members; members++) {
        if (asks(doc_get(section, *members))) return fail(e, "NotImplemented", "%s with %s are not built.", what, *members);
    }
    return true;
}

// ---- Source ----

static bool check_location(Str type, Str location, Error *e) {
    if (str_is(type, "NO_SOURCE")) return !location.len || invalid_input(e, "Invalid input: source location must be empty for source type NO_SOURCE");
    if (!str_is(type, "CODEPIPELINE") && !location.len) return invalid_input(e, "Project source location is required");
    if (str_is(type, "S3")) {
        Str key = str_strip_prefix(location, STR("arn:aws:s3:::")), bucket = str_cut(&key, '/');
        if (!bucket.len || !key.len) return invalid_input(e, "Invalid project source: location must be a valid S3 source");
        if (str_ends(key, STR("/"))) return fail(e, "NotImplemented", "Sources that are folders in S3 are not built; a zip file is.");
    }
    return !str_is(type, "CODECOMMIT") || str_contains(location, STR("/v1/repos/")) ||
           invalid_input(e, "Invalid project source: location must be a valid CodeCommit source");
}

// As AWS spells the types of sources in sentences.
static const char *source_word(Str type) { return str_is(type, "S3") ? "S3 source" : str_is(type, "CODEPIPELINE") ? "CodePipeline source" : NULL; }

static bool check_submodules(const Doc *source, Error *e) {
    const Doc *config = doc_get(source, "gitSubmodulesConfig");
    const char *other = source_word(doc_text(source, "type"));
    if (config && other) return invalid_input(e, "Git submodules config is not supported for %s", other);
    bool fetches = str_is(doc_text(source, "type"), "CODECOMMIT") && doc_flag(config, "fetchSubmodules", false);
    return !fetches || fail(e, "NotImplemented", "Sources with gitSubmodulesConfig are not built.");
}

static bool check_source(const Doc *source, Error *e) {
    static const char *const BUILT[] = {"CODEPIPELINE", "CODECOMMIT", "S3", "NO_SOURCE", NULL};
    static const char *const REFUSED[] = {"auth", "buildStatusConfig", NULL};
    Str type = doc_text(source, "type");
    if (!is_one_of(type, BUILT))
        return fail(e, "NotImplemented", "Source type %.*s is not built; CODEPIPELINE, CODECOMMIT, S3 and NO_SOURCE are.", STR_ARG(type));
    TRY(refuse(source, "Sources", REFUSED, e));
    TRY(check_submodules(source, e));
    if (doc_get(source, "reportBuildStatus")) return invalid_input(e, "Source type %.*s does not support ReportBuildStatus", STR_ARG(type));
    if (str_is(type, "NO_SOURCE") && !doc_text(source, "buildspec").len)
        return invalid_input(e, "Project source buildspec is required when using NO_SOURCE source type");
    if (str_starts(doc_str(doc_get(source, "buildspec"), STR("")), STR("arn:")))
        return fail(e, "NotImplemented", "Buildspecs in S3 are not built; a buildspec is a file of the source, or given as text.");
    return check_location(type, doc_str(doc_get(source, "location"), STR("")), e);
}

// ---- Environment ----

static bool check_variable(const Doc *variable, Error *e) {
    Str kind = doc_text(variable, "type"), name = doc_text(variable, "name");
    if (str_starts(name, STR("CODEBUILD_"))) return invalid_input(e, "No user environment variables can start with CODEBUILD_");
    for (const Doc *other = variable->next; other; other = other->next) {
        if (str_eq(doc_text(other, "name"), name)) return invalid_input(e, "EnvironmentVariable name cannot be duplicated");
    }
    if (!kind.at || str_is(kind, "PLAINTEXT")) return true;
    return fail(e, "NotImplemented", "Environment variable %.*s is of type %.*s, which is not built; PLAINTEXT is.", STR_ARG(name), STR_ARG(kind));
}

static bool check_image(const Doc *environment, Error *e) {
    bool curated = str_starts(doc_text(environment, "image"), STR("aws/codebuild/"));
    return !curated || !str_is(doc_text(environment, "imagePullCredentialsType"), "SERVICE_ROLE") ||
           invalid_input(e, "Invalid input: cannot use a CodeBuild curated image with imagePullCredentialsType SERVICE_ROLE");
}

static bool check_environment(const Doc *environment, Error *e) {
    static const char *const REFUSED[] = {"certificate", "fleet", "registryCredential", "computeConfiguration", "dockerServer", "hostKernel", NULL};
    Str type = doc_text(environment, "type"), compute = doc_text(environment, "computeType");
    if (!str_is(type, "LINUX_CONTAINER")) return fail(e, "NotImplemented", "Environment type %.*s is not built; LINUX_CONTAINER is.", STR_ARG(type));
    if (str_starts(compute, STR("BUILD_LAMBDA_"))) return invalid_input(e, "Invalid compute type provided");
    if (!str_starts(compute, STR("BUILD_GENERAL1_")))
        return fail(e, "NotImplemented", "Compute type %.*s is not built; BUILD_GENERAL1_SMALL and its larger ones are.", STR_ARG(compute));
    TRY(refuse(environment, "Environments", REFUSED, e));
    TRY(check_image(environment, e));
    if (doc_flag(environment, "privilegedMode", false))
        return fail(e, "NotImplemented", "Environments with privilegedMode are not built: there is no Docker daemon in a build.");
    const Doc *variable = doc_first(doc_get(environment, "environmentVariables"));
    for (; variable; variable = variable->next) TRY(check_variable(variable, e));
    return true;
}

// ---- Artifacts ----

static bool check_place(const Doc *artifacts, Error *e) {
    Str type = doc_text(artifacts, "type");
    bool is_s3 = str_is(type, "S3"), none = str_is(type, "NO_ARTIFACTS"), has_location = doc_text(artifacts, "location").len > 0;
    if (doc_text(artifacts, "bucketOwnerAccess").len) return fail(e, "NotImplemented", "Artifacts with bucketOwnerAccess are not built.");
    if (is_s3 && !has_location) return invalid_input(e, "Invalid artifacts: location is required");
    if (none && doc_text(artifacts, "name").len)
        return invalid_input(e, "Invalid artifacts: artifact type NO_ARTIFACTS should have null output name");
    if (none && has_location) return invalid_input(e, "Invalid artifacts: artifact type NO_ARTIFACTS should have null location");
    return !none || !doc_get(artifacts, "encryptionDisabled") ||
           invalid_input(e, "Invalid artifacts: artifact type NO_ARTIFACTS should have null encryptionDisabled");
}

static bool check_artifacts(const Doc *artifacts, const Doc *source, Error *e) {
    bool from_pipeline = str_is(doc_text(source, "type"), "CODEPIPELINE"), to_pipeline = str_is(doc_text(artifacts, "type"), "CODEPIPELINE");
    if (from_pipeline != to_pipeline)
        return invalid_input(e, "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE");
    return check_place(artifacts, e);
}

static bool has_identifier_behind(const Doc *artifacts, Str identifier) {
    for (const Doc *other = artifacts->next; other; other = other->next) {
        if (str_eq(doc_text(other, "artifactIdentifier"), identifier)) return true;
    }
    return false;
}

static bool check_secondary_artifacts(const Doc *all, Error *e) {
    for (const Doc *one = doc_first(all); one; one = one->next) {
        Str identifier = doc_text(one, "artifactIdentifier"), type = doc_text(one, "type");
        if (!str_is(type, "S3")) return invalid_input(e, "Invalid input: artifactType %.*s is not allowed for secondaryArtifacts", STR_ARG(type));
        if (!identifier.len) return invalid_input(e, "Invalid input: artifactIdentifier is required for secondary artifacts");
        if (has_identifier_behind(one, identifier)) return invalid_input(e, "Invalid input: artifactIdentifier cannot be duplicated");
        TRY(check_place(one, e));
    }
    return true;
}

// ---- The rest ----

static bool check_logs(const Doc *config, Error *e) {
    const Doc *s3 = doc_get(config, "s3Logs");
    if (!str_is(doc_text(s3, "status"), "ENABLED")) return true;
    if (!doc_text(s3, "location").len) return invalid_input(e, "Invalid logsConfig: s3Logs location must be provided if status is 'ENABLED'");
    return fail(e, "NotImplemented", "Build logs in S3 are not built; CloudWatch Logs are.");
}

static bool check_cache(const Doc *cache, Error *e) {
    Str type = doc_text(cache, "type");
    if (str_is(type, "S3") && !doc_text(cache, "location").len)
        return invalid_input(e, "Invalid cache: location must be a valid S3 bucket, followed by slash and the prefix");
    return !type.at || str_is(type, "NO_CACHE") || fail(e, "NotImplemented", "Project cache of type %.*s is not built; NO_CACHE is.", STR_ARG(type));
}

static bool check_limits(const Doc *project, Error *e) {
    const Doc *builds = doc_get(project, "concurrentBuildLimit");
    if (doc_number(project, "autoRetryLimit", 0) > 0) return fail(e, "NotImplemented", "Projects with autoRetryLimit are not built.");
    return !builds || doc_int(builds, 0) >= 1 || invalid_input(e, "Project level concurrent builds limit should be greater than 0");
}

static bool check_badge(const Doc *project, Error *e) {
    Str type = doc_text(doc_get(project, "source"), "type");
    const char *source = str_is(type, "NO_SOURCE") ? "projects with no source" : source_word(type);
    if (!doc_flag(project, "badgeEnabled", false)) return true;
    return source ? invalid_input(e, "Build badges are not supported for %s", source)
                  : fail(e, "NotImplemented", "Projects with badgeEnabled are not built.");
}

static bool check_key(Turn *turn, Str key, Error *e) {
    Str rest = str_strip_prefix(key, STR("arn:aws:kms:"));
    return rest.len == key.len || str_eq(str_cut(&rest, ':'), turn_where(turn).region) ||
           invalid_input(e, "Invalid encryption key: region does not match current region");
}

static bool check_role(Turn *turn, Str role, Str project, Error *e) {
    Error untrusted = {0};
    Str account = str_strip_prefix(role, STR("arn:aws:iam::"));
    if (account.len == role.len) return invalid_input(e, "Invalid service role");
    if (!str_eq(str_cut(&account, ':'), turn_where(turn).account))
        return invalid_input(e, "Invalid service role: Service role account ID does not match caller's account");
    if (turn_role_trusts(turn, role, CODEBUILD_HOST, codebuild_arn(turn_arena(turn), turn_where(turn), "project", project), &untrusted)) return true;
    return invalid_input(
        e, "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The provided service role exists, 2) The "
           "role name is case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured.");
}

bool check_project(Turn *turn, const Doc *project, Error *e) {
    static const char *const REFUSED[] = {
        "vpcConfig", "fileSystemLocations", "buildBatchConfig", "resourceAccessRole", "secondarySources", "secondarySourceVersions", NULL};
    TRY(refuse(project, "Projects", REFUSED, e));
    TRY(check_source(doc_get(project, "source"), e));
    TRY(check_artifacts(doc_get(project, "artifacts"), doc_get(project, "source"), e));
    TRY(check_secondary_artifacts(doc_get(project, "secondaryArtifacts"), e));
    TRY(check_environment(doc_get(project, "environment"), e));
    TRY(check_cache(doc_get(project, "cache"), e));
    TRY(check_logs(doc_get(project, "logsConfig"), e));
    TRY(check_limits(project, e));
    TRY(check_badge(project, e));
    TRY(check_key(turn, doc_text(project, "encryptionKey"), e));
    return check_role(turn, doc_text(project, "serviceRole"), doc_text(project, "name"), e);
}

// A build as it will run. `from_pipeline`: its source and artifacts are a pipeline's, which says itself where they are.
bool check_build(Turn *turn, const Doc *build, bool from_pipeline, Error *e) {
    static const char *const REFUSED[] = {"secondarySources", "secondarySourceVersions", NULL};
    const Doc *source = doc_get(build, "source"), *artifacts = doc_get(build, "$artifacts");
    if (!from_pipeline && str_is(doc_text(artifacts, "type"), "CODEPIPELINE"))
        return invalid_input(e, "ArtifactsOverride must be set when using artifacts type CodePipelines");
    TRY(refuse(build, "Builds", REFUSED, e));
    TRY(check_source(source, e));
    if (!from_pipeline) TRY(check_artifacts(artifacts, source, e));
    if (!from_pipeline) TRY(check_secondary_artifacts(doc_get(build, "$secondaryArtifacts"), e));
    TRY(check_environment(doc_get(build, "environment"), e));
    TRY(check_cache(doc_get(build, "cache"), e));
    TRY(check_logs(doc_get(build, "$logsConfig"), e));
    TRY(check_key(turn, doc_text(build, "encryptionKey"), e));
    return check_role(turn, doc_text(build, "serviceRole"), doc_text(build, "projectName"), e);
}

bool check_overrides(const Doc *input, Error *e) {
    static const char *const REFUSED[] = {"sourceAuthOverride",
                                          "fleetOverride",
                                          "registryCredentialOverride",
                                          "certificateOverride",
                                          "debugSessionEnabled",
                                          "buildStatusConfigOverride",
                                          "hostKernelOverride",
                                          "secondarySourcesOverride",
                                          "secondarySourcesVersionOverride",
                                          NULL};
    TRY(refuse(input, "Builds", REFUSED, e));
    return doc_number(input, "autoRetryLimitOverride", 0) == 0 || fail(e, "NotImplemented", "Builds with autoRetryLimitOverride are not built.");
}
