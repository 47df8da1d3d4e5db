// Projects: what a build is made of.
#include "services/codebuild/codebuild.h"

#include <stdio.h>

enum { DEFAULT_TIMEOUT_MINUTES = 60, DEFAULT_QUEUED_MINUTES = 480, LIST_PAGE = 100, MOST_NAMES = 100 };

const DocumentType CODEBUILD_PROJECT = {.name = "codebuild.project"};

bool invalid_input(Error *e, const char *format, ...) {
    char message[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail(e, "InvalidInputException", "%s", message);
}

Str codebuild_arn(Arena *arena, Partition where, const char *kind, Str id) {
    return str_format(arena, "arn:aws:codebuild:%.*s:%.*s:%s/%.*s", STR_ARG(where.region), STR_ARG(where.account), kind, STR_ARG(id));
}

// ---- Checks ----

static bool is_one_of(Str text, const char *const *list) {
    for (; *list; list++) {
        if (str_is(text, *list)) return true;
    }
    return false;
}

bool check_source(const Doc *source, bool inside_pipeline, Error *e) {
    static const char *const BUILT[] = {"CODEPIPELINE", "CODECOMMIT", "S3", "NO_SOURCE", NULL};
    Str type = doc_text(source, "type"), location = doc_text(source, "location");
    if (!type.at) return invalid_input(e, "Project source type is required");
    if (!is_one_of(type, BUILT))
        return fail(e, "NotImplemented", "Source type %.*s is not built; CODEPIPELINE, CODECOMMIT, S3 and NO_SOURCE are.", STR_ARG(type));
    bool placed = str_is(type, "CODECOMMIT") || str_is(type, "S3");
    if (placed && !location.len) return invalid_input(e, "Invalid project source: location is required for source type %.*s", STR_ARG(type));
    if (str_is(type, "NO_SOURCE") && !doc_text(source, "buildspec").len) {
        return invalid_input(e, "Project source buildspec is required when using NO_SOURCE source type");
    }
    return !str_is(type, "NO_SOURCE") || !location.len ||
           invalid_input(e, "Invalid project source: location must be empty for source type NO_SOURCE");
}

bool check_environment(const Doc *environment, Error *e) {
    static const char *const LINUX[] = {"LINUX_CONTAINER", "LINUX_EC2", NULL};
    Str type = doc_text(environment, "type");
    if (!is_one_of(type, LINUX)) return fail(e, "NotImplemented", "Environment type %.*s is not built; LINUX_CONTAINER is.", STR_ARG(type));
    if (!doc_text(environment, "image").len) return invalid_input(e, "Project environment image is required");
    for (const Doc *variable = doc_first(doc_get(environment, "environmentVariables")); variable; variable = variable->next) {
        Str kind = doc_text(variable, "type"), name = doc_text(variable, "name");
        if (!kind.at || str_is(kind, "PLAINTEXT")) continue;
        return fail(e, "NotImplemented", "Environment variable %.*s is of type %.*s, which is not built; PLAINTEXT is.", STR_ARG(name),
                    STR_ARG(kind));
    }
    return true;
}

bool check_artifacts(const Doc *artifacts, const Doc *source, Error *e) {
    Str type = doc_text(artifacts, "type");
    bool in_pipeline = str_is(doc_text(source, "type"), "CODEPIPELINE");
    if (!type.at) return invalid_input(e, "Project artifacts type is required");
    if (in_pipeline != str_is(type, "CODEPIPELINE")) {
        return invalid_input(e, "Invalid artifacts: artifact type %.*s should be configured with source type %s", STR_ARG(type),
                             in_pipeline ? "CODEPIPELINE only" : "other than CODEPIPELINE");
    }
    return !str_is(type, "S3") || doc_text(artifacts, "location").len ||
           invalid_input(e, "Invalid artifacts: location is required for artifact type S3");
}

static bool refuse_unbuilt(const Doc *input, Error *e) {
    static const char *const REFUSED[] = {"vpcConfig", "fileSystemLocations", "buildBatchConfig", "resourceAccessRole", "secondarySources", NULL};
    for (const char *const *member = REFUSED; *member; member++) {
        if (doc_count(doc_get(input, *member))) return fail(e, "NotImplemented", "Projects with %s are not built.", *member);
    }
    Str cache = doc_text(doc_get(input, "cache"), "type");
    if (cache.at && !str_is(cache, "NO_CACHE"))
        return fail(e, "NotImplemented", "Project cache of type %.*s is not built; NO_CACHE is.", STR_ARG(cache));
    Str s3_logs = doc_text(doc_get(doc_get(input, "logsConfig"), "s3Logs"), "status");
    if (str_is(s3_logs, "ENABLED")) return fail(e, "NotImplemented", "Build logs in S3 are not built; CloudWatch Logs are.");
    return !doc_flag(input, "badgeEnabled", false) || fail(e, "NotImplemented", "Build badges are not built.");
}

static bool check_project(Turn *turn, const Doc *project, Error *e) {
    Str role = doc_text(project, "serviceRole");
    TRY(refuse_unbuilt(project, e));
    TRY(check_source(doc_get(project, "source"), false, e));
    TRY(check_artifacts(doc_get(project, "artifacts"), doc_get(project, "source"), e));
    TRY(check_environment(doc_get(project, "environment"), e));
    if (!str_starts(role, STR("arn:"))) return invalid_input(e, "Invalid service role: Service role account ID does not match caller's account");
    Error untrusted = {0};
    if (turn_role_trusts(turn, role, CODEBUILD_HOST, &untrusted)) return true;
    return invalid_input(
        e, "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The provided service role exists, 2) The "
           "role name is case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured.");
}

void project_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str arn = codebuild_arn(call->arena, call->where, "project", doc_text(call->input, "name"));
    require(all, str_format(call->arena, "codebuild:%.*s", STR_ARG(wire_str(call->operation->name))), arn, NULL);
    require_pass_role(all, doc_text(call->input, "serviceRole"), CODEBUILD_HOST);
}

// ---- Handlers ----

static void fill_defaults(Arena *arena, Doc *project) {
    if (!doc_get(project, "timeoutInMinutes")) doc_set_int(arena, project, "timeoutInMinutes", DEFAULT_TIMEOUT_MINUTES);
    if (!doc_get(project, "queuedTimeoutInMinutes")) doc_set_int(arena, project, "queuedTimeoutInMinutes", DEFAULT_QUEUED_MINUTES);
    if (!doc_get(project, "tags")) doc_set(project, "tags", doc_list(arena));
    Doc *cache = doc_map(arena), *badge = doc_map(arena);
    doc_set_str(arena, cache, "type", STR("NO_CACHE"));
    if (!doc_get(project, "cache")) doc_set(project, "cache", cache);
    doc_set_bool(arena, badge, "badgeEnabled", false);
    doc_set(project, "badge", badge);
    if (!doc_get(project, "encryptionKey")) doc_set_str(arena, project, "encryptionKey", doc_text(project, "$key"));
    if (!doc_get(project, "projectVisibility")) doc_set_str(arena, project, "projectVisibility", STR("PRIVATE"));
}

static Outcome reply_with(const Call *call, const char *member, const Doc *doc, Doc **out) {
    *out = doc_map(call->arena);
    doc_set(*out, member, doc_copy(call->arena, doc));
    return OUTCOME_DONE;
}

Outcome create_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "name");
    Doc *project = doc_copy(arena, call->input);
    CALL_TRY(check_project(turn, project, e));
    doc_set_str(arena, project, "arn", codebuild_arn(arena, call->where, "project", name));
    doc_set_time(arena, project, "created", call->now_ms);
    doc_set_time(arena, project, "lastModified", call->now_ms);
    doc_set_str(arena, project, "$key",
                str_format(arena, "arn:aws:kms:%.*s:%.*s:alias/aws/s3", STR_ARG(call->where.region), STR_ARG(call->where.account)));
    fill_defaults(arena, project);
    if (!turn_insert(turn, &CODEBUILD_PROJECT, name, project)) {
        return call_fail(e, "ResourceAlreadyExistsException", "Project already exists: %.*s", STR_ARG(doc_text(project, "arn")));
    }
    return reply_with(call, "project", project, out);
}

Outcome update_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "name");
    Doc *project;
    if (!turn_get(turn, &CODEBUILD_PROJECT, name, &project)) {
        return call_fail(e, "ResourceNotFoundException", "Project cannot be found: %.*s",
                         STR_ARG(codebuild_arn(arena, call->where, "project", name)));
    }
    for (const Doc *member = doc_first(call->input); member; member = member->next) doc_put(project, member->key, doc_copy(arena, member));
    CALL_TRY(check_project(turn, project, e));
    doc_set_time(arena, project, "lastModified", call->now_ms);
    turn_put(turn, &CODEBUILD_PROJECT, name, project);
    return reply_with(call, "project", project, out);
}

Outcome delete_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    turn_delete(turn, &CODEBUILD_PROJECT, doc_text(call->input, "name")); // absent is well, as on AWS
    return OUTCOME_DONE;
}

static Str name_of(Str name_or_arn) {
    return str_starts(name_or_arn, STR("arn:")) ? str_from(name_or_arn, (size_t)str_rfind_char(name_or_arn, '/') + 1) : name_or_arn;
}

Outcome batch_get_projects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena), *project;
    for (const Doc *name = doc_first(doc_get(call->input, "names")); name; name = name->next) {
        if (turn_get(turn, &CODEBUILD_PROJECT, name_of(doc_str(name, STR(""))), &project)) {
            doc_push(found, project);
        } else {
            doc_push_str(arena, missing, doc_str(name, STR("")));
        }
    }
    doc_set(reply, "projects", found);
    doc_set(reply, "projectsNotFound", missing);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome list_projects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *projects, *names = doc_list(arena), *reply = doc_map(arena);
    Str next;
    Page page = {.token = doc_text(call->input, "nextToken"), .most = LIST_PAGE};
    page.scan.reverse = str_is(doc_text(call->input, "sortOrder"), "DESCENDING");
    CALL_TRY(turn_page(turn, &CODEBUILD_PROJECT, page, &projects, &next, e) || invalid_input(e, "Invalid next token"));
    for (const Doc *project = doc_first(projects); project; project = project->next) doc_push_str(arena, names, doc_text(project, "name"));
    doc_set(reply, "projects", names);
    doc_set_str(arena, reply, "nextToken", next);
    *out = reply;
    return OUTCOME_DONE;
}

// Builds run on this machine, whatever image they name; these are the names that AWS gives.
Outcome list_curated_environment_images(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const NAMES[] = {"aws/codebuild/amazonlinux-x86_64-standard:5.0", "aws/codebuild/standard:7.0", NULL};
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *platforms = doc_list(arena), *platform = doc_map(arena), *languages = doc_list(arena), *language = doc_map(arena),
        *images = doc_list(arena);
    for (const char *const *name = NAMES; *name; name++) {
        Doc *image = doc_map(arena);
        doc_set_str(arena, image, "name", str_of(*name));
        doc_push(images, image);
    }
    doc_set_str(arena, language, "language", STR("STANDARD"));
    doc_set(language, "images", images);
    doc_push(languages, language);
    doc_set_str(arena, platform, "platform", STR("AMAZON_LINUX_2"));
    doc_set(platform, "languages", languages);
    doc_push(platforms, platform);
    doc_set(reply, "platforms", platforms);
    *out = reply;
    return OUTCOME_DONE;
}
