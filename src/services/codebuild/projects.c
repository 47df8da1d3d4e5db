// Projects: what a build is made of.
#include "services/codebuild/codebuild.h"

enum { DEFAULT_TIMEOUT_MINUTES = 60, DEFAULT_QUEUED_MINUTES = 480, NO_LIMIT = -1 };

const DocumentType CODEBUILD_PROJECT = {.name = "codebuild.project"};

Str codebuild_arn(Arena *arena, Partition where, const char *kind, Str id) {
    return str_format(arena, "arn:aws:codebuild:%.*s:%.*s:%s/%.*s", STR_ARG(where.region), STR_ARG(where.account), kind, STR_ARG(id));
}

void project_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str arn = codebuild_arn(call->arena, call->where, "project", doc_text(call->input, "name"));
    require(all, str_format(call->arena, "codebuild:%.*s", STR_ARG(wire_str(call->operation->name))), arn, NULL);
    require_pass_role(all, doc_text(call->input, "serviceRole"), CODEBUILD_HOST);
}

// ---- Handlers ----

static void default_str(Arena *arena, Doc *map, const char *member, Str value) {
    if (!doc_get(map, member)) doc_set_str(arena, map, member, value);
}

static void default_bool(Arena *arena, Doc *map, const char *member, bool value) {
    if (!doc_get(map, member)) doc_set_bool(arena, map, member, value);
}

static void default_int(Arena *arena, Doc *map, const char *member, int64_t value) {
    if (!doc_get(map, member)) doc_set_int(arena, map, member, value);
}

void fill_environment(Arena *arena, Doc *environment) {
    default_bool(arena, environment, "privilegedMode", false);
    default_str(arena, environment, "imagePullCredentialsType", STR("CODEBUILD"));
    if (!doc_get(environment, "environmentVariables")) doc_set(environment, "environmentVariables", doc_list(arena));
    for (Doc *one = doc_first(doc_get(environment, "environmentVariables")); one; one = one->next) default_str(arena, one, "type", STR("PLAINTEXT"));
}

void fill_artifacts(Arena *arena, Doc *artifacts, Str name) {
    if (str_is(doc_text(artifacts, "type"), "NO_ARTIFACTS")) return;
    default_str(arena, artifacts, "name", name);
    if (str_is(doc_text(artifacts, "type"), "S3")) default_str(arena, artifacts, "namespaceType", STR("NONE"));
    default_str(arena, artifacts, "packaging", STR("NONE"));
    default_bool(arena, artifacts, "encryptionDisabled", false);
}

static void fill_s3_logs(Arena *arena, Doc *config) {
    if (!config) return;
    Doc *s3 = doc_get(config, "s3Logs");
    if (!s3) doc_set(config, "s3Logs", s3 = doc_map(arena));
    default_str(arena, s3, "status", STR("DISABLED"));
    default_bool(arena, s3, "encryptionDisabled", false);
}

static Doc *map_of(Arena *arena, const char *member, Str value) {
    Doc *map = doc_map(arena);
    doc_set_str(arena, map, member, value);
    return map;
}

// What AWS answers for members that nobody gave.
static void fill_defaults(Arena *arena, Partition where, Doc *project) {
    Str name = doc_text(project, "name");
    Doc *badge = doc_map(arena);
    default_int(arena, project, "timeoutInMinutes", DEFAULT_TIMEOUT_MINUTES);
    default_int(arena, project, "queuedTimeoutInMinutes", DEFAULT_QUEUED_MINUTES);
    default_str(arena, project, "projectVisibility", STR("PRIVATE"));
    if (!doc_flag(doc_get(project, "artifacts"), "encryptionDisabled", false)) {
        default_str(arena, project, "encryptionKey",
                    str_format(arena, "arn:aws:kms:%.*s:%.*s:alias/aws/s3", STR_ARG(where.region), STR_ARG(where.account)));
    }
    if (!doc_get(project, "tags")) doc_set(project, "tags", doc_list(arena));
    if (!doc_get(project, "cache")) doc_set(project, "cache", map_of(arena, "type", STR("NO_CACHE")));
    doc_set_bool(arena, badge, "badgeEnabled", false);
    doc_set(project, "badge", badge);
    default_bool(arena, doc_get(project, "source"), "insecureSsl", false);
    fill_environment(arena, doc_get(project, "environment"));
    fill_artifacts(arena, doc_get(project, "artifacts"), name);
    for (Doc *one = doc_first(doc_get(project, "secondaryArtifacts")); one; one = one->next)
        fill_artifacts(arena, one, doc_text(one, "artifactIdentifier"));
    fill_s3_logs(arena, doc_get(project, "logsConfig"));
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
    fill_defaults(arena, call->where, project);
    if (!turn_insert(turn, &CODEBUILD_PROJECT, name, project)) {
        return call_fail(e, "ResourceAlreadyExistsException", "Project already exists: %.*s", STR_ARG(doc_text(project, "arn")));
    }
    reply_with(call, "project", project, out);
    if (!doc_get(call->input, "tags")) doc_set(doc_get(*out, "project"), "tags", NULL); // AWS: only what was given; every later answer has the list
    return OUTCOME_DONE;
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
    if (doc_number(project, "concurrentBuildLimit", 0) == NO_LIMIT) doc_set(project, "concurrentBuildLimit", NULL);
    CALL_TRY(check_project(turn, project, e));
    fill_defaults(arena, call->where, project);
    doc_set_time(arena, project, "lastModified", call->now_ms);
    turn_put(turn, &CODEBUILD_PROJECT, name, project);
    return reply_with(call, "project", project, out);
}

// Projects of this account and region may be named by their ARN.
static Str name_of(const Call *call, Str name_or_arn) {
    return str_strip_prefix(name_or_arn, codebuild_arn(call->arena, call->where, "project", STR("")));
}

Outcome delete_project(Turn *turn, const Call *call, Doc **out, Error *e) {
    turn_delete(turn, &CODEBUILD_PROJECT, name_of(call, doc_text(call->input, "name"))); // absent is well, as on AWS
    return OUTCOME_DONE;
}

Outcome batch_get_projects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena), *project;
    CALL_TRY(may_act_on_each(turn, call, doc_get(call->input, "names"), "project", e));
    for (const Doc *name = doc_first(doc_get(call->input, "names")); name; name = name->next) {
        if (turn_get(turn, &CODEBUILD_PROJECT, name_of(call, doc_str(name, STR(""))), &project)) {
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
    Doc *projects = turn_scan(turn, &CODEBUILD_PROJECT, (DocumentScan){.prefix = STR("")});
    bool ascending = !str_is(doc_text(call->input, "sortOrder"), "DESCENDING");
    Listing listing = {.docs = projects, .order = listing_order(call), .ascending = ascending, .shows = "name", .as = "projects"};
    return list_documents(call, &listing, out, e);
}

// Builds run on this machine, whatever image they name; these are names that AWS gives.
static const struct CuratedImage {
    const char *platform, *name, *version, *based_on;
} CURATED[] = {
    {"AMAZON_LINUX_2", "aws/codebuild/amazonlinux-x86_64-standard:5.0", "23.05.22", "Amazon Linux 2023 (x86_64)"},
    {"UBUNTU", "aws/codebuild/standard:7.0", "24.10.29", "Ubuntu 22.04"},
};

static Doc *platform_of(Arena *arena, const struct CuratedImage *image) {
    Doc *out = doc_map(arena), *languages = doc_list(arena), *language = doc_map(arena), *images = doc_list(arena), *one = doc_map(arena);
    Doc *versions = doc_list(arena);
    doc_push_str(arena, versions, str_format(arena, "%s-%s", image->name, image->version));
    doc_set_str(arena, one, "name", str_of(image->name));
    doc_set_str(arena, one, "description",
                str_format(arena, "AWS CodeBuild - Docker image based on %s with multiple language support", image->based_on));
    doc_set(one, "versions", versions);
    doc_push(images, one);
    doc_set_str(arena, language, "language", STR("STANDARD"));
    doc_set(language, "images", images);
    doc_push(languages, language);
    doc_set_str(arena, out, "platform", str_of(image->platform));
    doc_set(out, "languages", languages);
    return out;
}

Outcome list_curated_environment_images(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *platforms = doc_list(arena);
    for (size_t i = 0; i < sizeof CURATED / sizeof *CURATED; i++) doc_push(platforms, platform_of(arena, &CURATED[i]));
    *out = doc_map(arena);
    doc_set(*out, "platforms", platforms);
    return OUTCOME_DONE;
}
