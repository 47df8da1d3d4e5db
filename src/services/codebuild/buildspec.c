#include "services/codebuild/buildspec.h"

#include "formats/yaml.h"
#include "services/common/log_words.h"

#include <stdio.h>

static const Str phase_keys[BUILD_PHASES] = {STR_INIT("install"), STR_INIT("pre_build"), STR_INIT("build"), STR_INIT("post_build")};
static const Str phase_names[BUILD_PHASES] = {STR_INIT("INSTALL"), STR_INIT("PRE_BUILD"), STR_INIT("BUILD"), STR_INIT("POST_BUILD")};

Str build_phase_key(BuildPhaseKind kind) { return phase_keys[kind]; }
Str build_phase_name(BuildPhaseKind kind) { return phase_names[kind]; }

typedef struct Reader {
    SpecFile file;
    Buildspec *spec;
    Vec remarks; // Str
} Reader;

// ---- keys: those that are known, those that are known and refused, all others are remarked on as AWS does

typedef struct Keys {
    const char *section; // as the remark names it; NULL: the top
    const char *const *known;
    const char *const *refused; // NULL: none
} Keys;

static const char *const top_known[] = {"version", "run-as", "env", "phases", "artifacts", "reports", NULL};
static const char *const top_refused[] = {"proxy", "batch", "cache", NULL};
static const char *const env_known[] = {"shell", "variables", "exported-variables", "git-credential-helper", NULL};
static const char *const env_refused[] = {"parameter-store", "secrets-manager", NULL};
static const char *const phase_known[] = {"run-as", "on-failure", "runtime-versions", "commands", "finally", NULL};
static const char *const artifact_known[] = {
    "files", "name", "base-directory", "discard-paths", "exclude-paths", "enable-symlinks", "secondary-artifacts", NULL};
static const char *const artifact_refused[] = {"s3-prefix", NULL};
static const char *const report_known[] = {"files", "base-directory", "discard-paths", "file-format", NULL};

static void remark(Reader *r, Str line) { vec_add(&r->remarks, Str, line); }

static void remark_unknown(Reader *r, const Keys *keys, const Doc *member, bool *begun) {
    if (!*begun) {
        remark(r, STR(REMARKS_BEGIN));
        remark(r, str_format(r->file.arena, REMARKS_SECTION "%s", keys->section ? keys->section : "buildspec"));
        remark(r, STR("    The following keys cannot be identified:"));
    }
    *begun = true;
    Str hint = spec_suggestion(r->file.arena, keys->known, member->key);
    remark(r, str_format(r->file.arena, REMARKS_KEY "%.*s%.*s", STR_ARG(member->key), STR_ARG(hint)));
}

static bool check_keys(Reader *r, const Doc *map, const Keys *keys) {
    bool begun = false;
    for (const Doc *member = doc_first(map); member; member = member->next) {
        if (keys->refused && spec_knows(keys->refused, member->key)) {
            const char *section = keys->section ? keys->section : "", *slash = keys->section ? "/" : "";
            return spec_fail(&r->file, member, "%s%s%.*s is not supported here", section, slash, STR_ARG(member->key));
        }
        if (!spec_knows(keys->known, member->key)) remark_unknown(r, keys, member, &begun);
    }
    return true;
}

// ---- env

static bool read_pairs(Reader *r, const Doc *map, const char *what, NamedTexts *out) {
    TRY(spec_is_map(&r->file, map, what));
    NamedText *pairs = arena_array(r->file.arena, NamedText, doc_count(map) + 1);
    size_t count = 0;
    for (const Doc *member = doc_first(map); member; member = member->next) {
        NamedText *pair = &pairs[count++];
        *pair = (NamedText){.name = member->key, .value = STR(""), .line = member->line};
        const char *place = str_c(r->file.arena, str_format(r->file.arena, "%s/%.*s", what, STR_ARG(member->key)));
        TRY(spec_text(&r->file, member, place, &pair->value));
    }
    *out = (NamedTexts){pairs, count};
    return true;
}

static bool read_shell(Reader *r, const Doc *node) {
    static const char *const bash[] = {"bash", "/bin/bash", NULL};
    static const char *const sh[] = {"sh", "/bin/sh", NULL};
    Str shell = STR("sh");
    TRY(spec_text(&r->file, node, "env/shell", &shell));
    bool is_bash = spec_knows(bash, shell);
    if (!is_bash && !spec_knows(sh, shell))
        return spec_fail(&r->file, node, "env/shell \"%.*s\" is unknown; shells are bash and /bin/sh", STR_ARG(shell));
    r->spec->shell = is_bash ? STR("bash") : STR("sh");
    return true;
}

static bool read_env(Reader *r, const Doc *env) {
    static const Keys keys = {"env", env_known, env_refused};
    TRY(spec_is_map(&r->file, env, "env"));
    TRY(check_keys(r, env, &keys));
    TRY(read_shell(r, doc_get(env, "shell")));
    TRY(read_pairs(r, doc_get(env, "variables"), "env/variables", &r->spec->variables));
    TRY(spec_texts(&r->file, doc_get(env, "exported-variables"), "env/exported-variables", &r->spec->exported_variables));
    return spec_flag(&r->file, doc_get(env, "git-credential-helper"), "env/git-credential-helper", &r->spec->git_credential_helper);
}

// Version 0.1 has its variables at environment_variables/plaintext.
static bool read_old_variables(Reader *r, const Doc *section) {
    TRY(spec_is_map(&r->file, section, "environment_variables"));
    return read_pairs(r, doc_get(section, "plaintext"), "environment_variables/plaintext", &r->spec->variables);
}

// ---- phases

static bool read_commands(Reader *r, const Doc *list, const char *what, StrList *out) {
    size_t i = 0;
    for (const Doc *item = doc_first(list); item; item = item->next, i++) {
        if (item->kind != DOC_MAP && item->kind != DOC_LIST) continue;
        return fail(r->file.e, r->file.code,
                    "Expected %s[%zu] to be of string type: found subkeys instead at line %u, value of the key tag on line %u might be empty", what,
                    i, item->line, item->line - 1);
    }
    return spec_texts(&r->file, list, what, out);
}

static bool read_on_failure(Reader *r, const Doc *node, BuildPhase *phase) {
    Str value = STR_NONE;
    TRY(spec_text(&r->file, node, "on-failure", &value));
    if (str_is_none(value)) return true;
    if (str_starts(value, STR("RETRY"))) return spec_fail(&r->file, node, "on-failure %.*s is not supported here", STR_ARG(value));
    phase->continue_on_failure = str_is(value, "CONTINUE");
    phase->abort_on_failure = str_is(value, "ABORT");
    bool known = phase->continue_on_failure || phase->abort_on_failure;
    return known || spec_fail(&r->file, node, "on-failure \"%.*s\" is unknown; it is ABORT or CONTINUE", STR_ARG(value));
}

static bool read_phase(Reader *r, const Doc *node, BuildPhaseKind kind) {
    BuildPhase *phase = &r->spec->phases[kind];
    char section[32];
    snprintf(section, sizeof section, "phases/%.*s", STR_ARG(phase_keys[kind]));
    Keys keys = {section, phase_known, NULL};
    TRY(spec_is_map(&r->file, node, section));
    TRY(check_keys(r, node, &keys));
    phase->is_given = true;
    TRY(spec_text(&r->file, doc_get(node, "run-as"), "run-as", &phase->run_as));
    TRY(read_on_failure(r, doc_get(node, "on-failure"), phase));
    const Doc *runtimes = doc_get(node, "runtime-versions");
    if (runtimes && kind != PHASE_INSTALL) return spec_fail(&r->file, runtimes, "runtime-versions can stand in the install phase only");
    if (runtimes) TRY(read_pairs(r, runtimes, "runtime-versions", &r->spec->runtimes));
    TRY(read_commands(r, doc_get(node, "commands"), "Commands", &phase->commands));
    return read_commands(r, doc_get(node, "finally"), "Finally", &phase->finally);
}

static bool unknown_phase(Reader *r, const Doc *node) {
    Str name = str_upper(r->file.arena, node->key);
    return fail(r->file.e, r->file.code, "Invalid buildspec phase name: %.*s. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD", STR_ARG(name));
}

static bool read_phases(Reader *r, const Doc *phases, const Doc *root) {
    if (spec_is_absent(phases))
        return spec_fail(&r->file, phases ? phases : root,
                         "phases is missing; a buildspec needs at least one of install, pre_build, build, post_build");
    TRY(spec_is_map(&r->file, phases, "phases"));
    for (const Doc *node = doc_first(phases); node; node = node->next) {
        int kind = 0;
        while (kind < BUILD_PHASES && !str_eq(node->key, phase_keys[kind])) kind++;
        TRY(kind < BUILD_PHASES ? read_phase(r, node, (BuildPhaseKind)kind) : unknown_phase(r, node));
    }
    return true;
}

// ---- artifacts

static bool read_artifact_set(Reader *r, const Doc *node, const char *section, BuildArtifacts *out) {
    Keys keys = {section, artifact_known, artifact_refused};
    TRY(spec_is_map(&r->file, node, section));
    TRY(check_keys(r, node, &keys));
    TRY(spec_texts(&r->file, doc_get(node, "files"), "artifacts/files", &out->files));
    TRY(spec_texts(&r->file, doc_get(node, "exclude-paths"), "artifacts/exclude-paths", &out->exclude));
    TRY(spec_text(&r->file, doc_get(node, "name"), "artifacts/name", &out->name));
    TRY(spec_text(&r->file, doc_get(node, "base-directory"), "artifacts/base-directory", &out->base_directory));
    TRY(spec_flag(&r->file, doc_get(node, "discard-paths"), "artifacts/discard-paths", &out->discard_paths));
    return spec_flag(&r->file, doc_get(node, "enable-symlinks"), "artifacts/enable-symlinks", &out->enable_symlinks);
}

static bool read_secondary(Reader *r, const Doc *node) {
    TRY(spec_is_map(&r->file, node, "artifacts/secondary-artifacts"));
    BuildArtifacts *sets = arena_array(r->file.arena, BuildArtifacts, doc_count(node) + 1);
    size_t count = 0;
    for (const Doc *member = doc_first(node); member; member = member->next) {
        sets[count].identifier = member->key;
        TRY(read_artifact_set(r, member, "artifacts/secondary-artifacts", &sets[count]));
        if (sets[count].files.count == 0) return spec_fail(&r->file, member, "secondary artifact \"%.*s\" has no files", STR_ARG(member->key));
        count++;
    }
    r->spec->secondary = sets;
    r->spec->secondary_count = count;
    return true;
}

static bool read_artifacts(Reader *r, const Doc *node) {
    if (spec_is_absent(node)) return true;
    TRY(read_artifact_set(r, node, "artifacts", &r->spec->artifacts));
    TRY(read_secondary(r, doc_get(node, "secondary-artifacts")));
    r->spec->has_artifacts = r->spec->artifacts.files.count > 0;
    return r->spec->has_artifacts || r->spec->secondary_count > 0 || spec_fail(&r->file, node, "artifacts has no files");
}

// ---- reports

static bool read_format(Reader *r, const Doc *node, Str *out) {
    static const char *const refused[] = {"CUCUMBERJSON", "NUNITXML",     "NUNIT3XML", "TESTNGXML", "VISUALSTUDIOTRX",
                                          "CLOVERXML",    "COBERTURAXML", "JACOCOXML", "SIMPLECOV", NULL};
    *out = STR("JUNITXML");
    TRY(spec_text(&r->file, node, "reports/file-format", out));
    *out = str_upper(r->file.arena, *out);
    if (spec_knows(refused, *out)) return spec_fail(&r->file, node, "report format %.*s is not supported here; JUNITXML is", STR_ARG(*out));
    return str_is(*out, "JUNITXML") || spec_fail(&r->file, node, "report format \"%.*s\" is unknown", STR_ARG(*out));
}

static bool read_report(Reader *r, const Doc *node, BuildReport *out) {
    static const Keys keys = {"reports", report_known, NULL};
    TRY(spec_is_map(&r->file, node, "reports"));
    TRY(check_keys(r, node, &keys));
    out->group = node->key;
    TRY(spec_texts(&r->file, doc_get(node, "files"), "reports/files", &out->files));
    if (out->files.count == 0) return spec_fail(&r->file, node, "report \"%.*s\" has no files", STR_ARG(node->key));
    TRY(spec_text(&r->file, doc_get(node, "base-directory"), "reports/base-directory", &out->base_directory));
    TRY(spec_flag(&r->file, doc_get(node, "discard-paths"), "reports/discard-paths", &out->discard_paths));
    return read_format(r, doc_get(node, "file-format"), &out->format);
}

static bool read_reports(Reader *r, const Doc *node) {
    TRY(spec_is_map(&r->file, node, "reports"));
    BuildReport *reports = arena_array(r->file.arena, BuildReport, doc_count(node) + 1);
    for (const Doc *member = doc_first(node); member; member = member->next) TRY(read_report(r, member, &reports[r->spec->report_count++]));
    r->spec->reports = reports;
    return true;
}

// ---- the whole

static bool read_version(Reader *r, const Doc *root) {
    const Doc *node = doc_get(root, "version");
    Str text = STR_NONE;
    double version = 0;
    TRY(spec_text(&r->file, node, "version", &text));
    if (str_is_none(text)) return spec_fail(&r->file, root, "version is missing; versions are 0.1 and 0.2");
    bool is_number = str_to_double(text, &version);
    r->spec->one_shell = is_number && version > 0.19 && version < 0.21;
    bool old = is_number && version > 0.09 && version < 0.11;
    return r->spec->one_shell || old || spec_fail(&r->file, node, "version \"%.*s\" is unknown; versions are 0.1 and 0.2", STR_ARG(text));
}

static bool read_all(Reader *r, const Doc *root) {
    static const Keys keys = {NULL, top_known, top_refused};
    static const char *const old_known[] = {"version", "environment_variables", "phases", "artifacts", NULL};
    static const Keys old_keys = {NULL, old_known, top_refused};
    if (root->kind != DOC_MAP) return spec_fail(&r->file, root, "a buildspec is a map with version and phases");
    TRY(read_version(r, root));
    TRY(check_keys(r, root, r->spec->one_shell ? &keys : &old_keys));
    TRY(spec_text(&r->file, doc_get(root, "run-as"), "run-as", &r->spec->run_as));
    TRY(read_env(r, doc_get(root, "env")));
    if (!r->spec->one_shell) TRY(read_old_variables(r, doc_get(root, "environment_variables")));
    TRY(read_phases(r, doc_get(root, "phases"), root));
    TRY(read_artifacts(r, doc_get(root, "artifacts")));
    return read_reports(r, doc_get(root, "reports"));
}

bool buildspec_parse(Arena *arena, Str name, Str text, Buildspec *out, Error *e) {
    Doc *root;
    Error problem = {0};
    if (!yaml_parse_texts_as_go(arena, text, &root, &problem)) {
        bool syntax = strcmp(problem.code, YAML_SYNTAX) == 0;
        return syntax ? fail(e, "YAML_FILE_ERROR", "%s", problem.message) : fail(e, "YAML_FILE_ERROR", "%.*s:%s", STR_ARG(name), problem.message);
    }
    Buildspec spec = {.shell = STR("sh")};
    Reader r = {.file = {arena, name, "YAML_FILE_ERROR", e}, .spec = &spec, .remarks = vec_of(arena, Str)};
    TRY(read_all(&r, root));
    spec.remarks = (StrList){r.remarks.at, r.remarks.len};
    *out = spec;
    return true;
}
