// What rehearse.yaml leaves open is filled in from the files of the folder; then the whole is checked against them.
#include "workflow/application.h"

#include "base/limits.h"
#include "formats/yaml.h"
#include "os/files.h"
#include "services/common/spec.h"
#include "workflow/reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { WEB_PORT = 80 };

static bool has(Arena *arena, const Application *application, const char *name) {
    return file_exists(path_join(arena, application->folder, str_of(name)));
}

Str application_appspec(Arena *arena, const Application *application) {
    static const char *const NAMES[] = {"appspec.yml", "appspec.yaml"}; // CodeDeploy's agent takes both
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (has(arena, application, NAMES[i])) return str_of(NAMES[i]);
    }
    return STR_NONE;
}

// "My App!" becomes "my-app".
static Str name_of_folder(Arena *arena, Str folder) {
    Str base = path_name(folder);
    char *name = str_c(arena, base.len > 40 ? str_sub(base, 0, 40) : base);
    for (char *at = name; *at; at++) *at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';
    Str text = str_of(name);
    while (text.len && text.at[0] == '-') text = str_from(text, 1);
    while (str_ends(text, STR("-"))) text = str_sub(text, 0, text.len - 1);
    return text.len ? text : STR("application");
}

static Stage *add_stage(Application *application, Arena *arena, StageKind kind, const char *name) {
    Stage *stage = vec_push(&application->stages);
    *stage = (Stage){.name = str_of(name), .kind = kind, .branch = STR("main"), .targets = vec_of(arena, Str)};
    return stage;
}

static void add_standard_stages(Arena *arena, Application *application) {
    if (has(arena, application, "buildspec.yml")) add_stage(application, arena, STAGE_BUILD, "Build")->buildspec = STR("buildspec.yml");
    if (application_appspec(arena, application).len) {
        Stage *deploy = add_stage(application, arena, STAGE_DEPLOY, "Deploy");
        for (size_t i = 0; i < application->instances.len; i++) vec_add(&deploy->targets, Str, vec_get(&application->instances, Instance, i).name);
    }
    if (has(arena, application, "integration_buildspec.yml")) {
        add_stage(application, arena, STAGE_TEST, "IntegrationTest")->buildspec = STR("integration_buildspec.yml");
    }
}

// A pipeline begins with its source.
static void put_source_first(Arena *arena, Application *application) {
    if (application->stages.len && vec_get(&application->stages, Stage, 0).kind == STAGE_SOURCE) return;
    Vec named = application->stages;
    application->stages = vec_of(arena, Stage);
    add_stage(application, arena, STAGE_SOURCE, "Source");
    for (size_t i = 0; i < named.len; i++) vec_add(&application->stages, Stage, vec_get(&named, Stage, i));
}

static void add_standard_instance(Arena *arena, Application *application) {
    if (application->instances.len || !application_appspec(arena, application).len) return;
    Instance *instance = vec_push(&application->instances);
    *instance = (Instance){.name = application->name, .count = 1, .ports = vec_of(arena, int64_t)};
    vec_add(&instance->ports, int64_t, WEB_PORT);
}

// ---- Checks ----

typedef struct Check {
    Reader reader;
    const Application *application;
} Check;

static Doc stage_place(const Stage *stage) { return (Doc){.line = stage->line, .column = stage->column}; }

static bool names_instance(const Check *check, const Stage *stage, Str name) {
    const Vec *instances = &check->application->instances;
    const char *names[32] = {0};
    for (size_t i = 0; i < instances->len; i++) {
        Str known = vec_get(instances, Instance, i).name;
        if (str_eq(known, name)) return true;
        if (i < 31) names[i] = str_c(check->reader.arena, known);
    }
    Doc place = stage_place(stage);
    Str near = spec_suggestion(check->reader.arena, names, name);
    return reader_fail(&check->reader, &place, "stage %.*s deploys to \"%.*s\", but no instance has this name%.*s", STR_ARG(stage->name),
                       STR_ARG(name), STR_ARG(near));
}

static bool check_deploy(const Check *check, const Stage *stage) {
    Doc place = stage_place(stage);
    if (!application_appspec(check->reader.arena, check->application).len) {
        return reader_fail(&check->reader, &place, "stage %.*s deploys, but there is no appspec.yml in %.*s", STR_ARG(stage->name),
                           STR_ARG(check->application->folder));
    }
    for (size_t i = 0; i < stage->targets.len; i++) TRY(names_instance(check, stage, vec_get(&stage->targets, Str, i)));
    return true;
}

static bool check_build(const Check *check, Stage *stage) {
    Arena *arena = check->reader.arena;
    Str text = STR_NONE, path = path_join(arena, check->application->folder, stage->buildspec);
    Doc place = stage_place(stage), *spec = NULL;
    if (!file_exists(path))
        return reader_fail(&check->reader, &place, "stage %.*s builds by %.*s, which is not there", STR_ARG(stage->name), STR_ARG(stage->buildspec));
    TRY(file_read(arena, path, LIMIT_YAML_BYTES, &text, check->reader.e));
    // A buildspec that is no YAML fails in its build, with CodeBuild's own words.
    stage->has_artifacts = yaml_parse_texts(arena, text, &spec, NULL) && doc_is(doc_get(spec, "artifacts"), DOC_MAP);
    return true;
}

static bool check_stage(const Check *check, Stage *stage, size_t position) {
    Doc place = stage_place(stage);
    const Vec *stages = &check->application->stages;
    for (size_t i = 0; i < position; i++) {
        if (str_eq(vec_get(stages, Stage, i).name, stage->name))
            return reader_fail(&check->reader, &place, "two stages are named %.*s", STR_ARG(stage->name));
    }
    if (stage->kind == STAGE_SOURCE && position > 0)
        return reader_fail(&check->reader, &place, "stage %.*s: a source comes first", STR_ARG(stage->name));
    if (stage->kind == STAGE_BUILD || stage->kind == STAGE_TEST) return check_build(check, stage);
    return stage->kind != STAGE_DEPLOY || check_deploy(check, stage);
}

static bool check_all(Arena *arena, Application *application, Error *e) {
    Check check = {{arena, "rehearse.yaml", e}, application};
    for (size_t i = 0; i < application->stages.len; i++) TRY(check_stage(&check, vec_at(&application->stages, i), i));
    return true;
}

// A file that nobody reads because of its name is a mistake, not a wish for less.
static bool check_spelling(Arena *arena, const Application *application, const char *wrong, const char *right, Error *e) {
    if (!has(arena, application, wrong) || has(arena, application, right)) return true;
    return fail(e, "bad-application", "%.*s/%s is not read: its name must be %s", STR_ARG(application->folder), wrong, right);
}

static bool fail_empty(Arena *arena, const Application *application, Error *e) {
    if (has(arena, application, "rehearse.yaml")) {
        return fail(e, "bad-application",
                    "rehearse.yaml names no stages, and %.*s has no buildspec.yml, appspec.yml or integration_buildspec.yml to make them from",
                    STR_ARG(application->folder));
    }
    return fail(e, "bad-application",
                "%.*s has no buildspec.yml, appspec.yml or rehearse.yaml, so there is nothing to rehearse. An example: rehearse run "
                "examples/register-app",
                STR_ARG(application->folder));
}

static bool complete_stages(Arena *arena, Application *application, Error *e) {
    if (application->stages.len) return true;
    TRY(check_spelling(arena, application, "buildspec.yaml", "buildspec.yml", e));
    TRY(check_spelling(arena, application, "integration_buildspec.yaml", "integration_buildspec.yml", e));
    add_standard_stages(arena, application);
    return application->stages.len || fail_empty(arena, application, e);
}

static bool complete(Arena *arena, Application *application, Error *e) {
    if (!application->name.len) application->name = name_of_folder(arena, application->folder);
    TRY(check_spelling(arena, application, "rehearse.yml", "rehearse.yaml", e));
    add_standard_instance(arena, application);
    TRY(complete_stages(arena, application, e));
    put_source_first(arena, application);
    if (application->stages.len < 2) return fail(e, "bad-application", "rehearse.yaml: a pipeline needs a stage behind its source");
    return check_all(arena, application, e);
}

static bool absolute(Arena *arena, Str folder, Str *out, Error *e) {
    char *real = realpath(str_c(arena, folder), NULL);
    if (!real && errno == ENOENT)
        return fail(e, "usage", "there is no folder %.*s. What to rehearse is the folder of an application", STR_ARG(folder));
    if (!real) return fail_errno(e, errno, "%.*s", STR_ARG(folder));
    *out = str_copy(arena, str_of(real));
    free(real);
    return folder_exists(*out) || fail(e, "bad-application", "%.*s is no folder", STR_ARG(folder));
}

bool application_read(Arena *arena, Str folder, Application *out, Error *e) {
    Str real = STR_NONE, text = STR("");
    TRY(absolute(arena, folder, &real, e));
    Str path = path_join(arena, real, STR("rehearse.yaml"));
    if (file_exists(path)) TRY(file_read(arena, path, LIMIT_YAML_BYTES, &text, e));
    Application application;
    TRY(application_parse(arena, text, &application, e));
    application.folder = real;
    TRY(complete(arena, &application, e));
    *out = application;
    return true;
}
