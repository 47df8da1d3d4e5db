#include "services/codedeploy/appspec.h"

#include "formats/yaml.h"

typedef struct Reader {
    SpecFile file;
    AppSpec *spec;
} Reader;

// In the words of the agent, which do not say where.
#define refuse(r, ...) fail((r)->file.e, (r)->file.code, __VA_ARGS__)

enum { DEFAULT_TIMEOUT_SECONDS = 3600, EVENT_SECONDS = 3600 };

static bool read_version(Reader *r, const Doc *root) {
    const Doc *node = doc_get(root, "version");
    if ((doc_is(node, DOC_REAL) || doc_is(node, DOC_INT)) && doc_real(node, 1) >= 0 && doc_real(node, 1) <= 0) return true;
    Str text = STR("");
    TRY(spec_text(&r->file, node, "version", &text));
    return refuse(r,
                  "The deployment failed because an invalid version value (%.*s) was entered in the application specification file. Make sure your "
                  "AppSpec file specifies \"0.0\" as the version, and then try again.",
                  STR_ARG(text));
}

static bool read_os(Reader *r, const Doc *root) {
    const Doc *node = doc_get(root, "os");
    Str os = STR("");
    TRY(spec_text(&r->file, node, "os", &os));
    if (str_is(os, "linux")) return true;
    if (str_is(os, "windows")) return spec_fail(&r->file, node, "os windows is not supported here; instances run Linux");
    return refuse(r,
                  "The deployment failed because the application specification file specifies an unsupported operating system (%.*s). Specify either "
                  "\"linux\" or \"windows\" in the os section of the AppSpec file, and then try again.",
                  STR_ARG(os));
}

// ---- files

static bool read_file(Reader *r, const Doc *node, AppSpecFile *out) {
    if (!doc_is(node, DOC_MAP)) return spec_fail(&r->file, node, "each of files is a map with source and destination");
    out->line = node->line;
    TRY(spec_text(&r->file, doc_get(node, "source"), "files/source", &out->source));
    TRY(spec_text(&r->file, doc_get(node, "destination"), "files/destination", &out->destination));
    if (str_is_none(out->source)) {
        return refuse(r, "The deployment failed because the application specification file specifies a destination file, but no source file. "
                         "Update the files section of the AppSpec file, and then try again.");
    }
    if (str_is_none(out->destination)) {
        return refuse(r,
                      "The deployment failed because the application specification file specifies only a source file (%.*s). Add the name of the "
                      "destination file to the files section of the AppSpec file, and then try again.",
                      STR_ARG(out->source));
    }
    return true;
}

static bool read_files(Reader *r, const Doc *list) {
    TRY(spec_is_list(&r->file, list, "files"));
    AppSpecFile *files = arena_array(r->file.arena, AppSpecFile, doc_count(list) + 1);
    for (const Doc *node = doc_first(list); node; node = node->next) TRY(read_file(r, node, &files[r->spec->file_count++]));
    r->spec->files = files;
    return true;
}

static bool read_file_exists(Reader *r, const Doc *node) {
    static const char *const words[] = {[FILE_EXISTS_DISALLOW] = "DISALLOW", [FILE_EXISTS_OVERWRITE] = "OVERWRITE", [FILE_EXISTS_RETAIN] = "RETAIN"};
    Str text = STR_NONE;
    r->spec->file_exists = FILE_EXISTS_UNSAID;
    TRY(spec_text(&r->file, node, "file_exists_behavior", &text));
    if (str_is_none(text)) return true;
    for (int i = 0; i < FILE_EXISTS_UNSAID; i++) {
        if (str_is(text, words[i])) r->spec->file_exists = (FileExists)i;
    }
    bool known = r->spec->file_exists != FILE_EXISTS_UNSAID;
    return known ||
           refuse(r,
                  "The deployment failed because an invalid option was specified for fileExistsBehavior: %.*s. Valid options include OVERWRITE, "
                  "RETAIN, and DISALLOW.",
                  STR_ARG(text));
}

// ---- permissions

static bool read_mode(Reader *r, const Doc *node, int *out) {
    Str mode = STR_NONE;
    *out = -1;
    TRY(spec_text(&r->file, node, "permissions/mode", &mode));
    if (str_is_none(mode)) return true;
    while (mode.len < 3) mode = str_cat(r->file.arena, STR("0"), mode);
    if (mode.len > 4) {
        return refuse(
            r,
            "The deployment failed because the length of a permissions mode (%.*s) in the application specification file is invalid. Permissions "
            "modes must be between one and four characters long. Update the permissions section of the AppSpec file, and then try again.",
            STR_ARG(mode));
    }
    int value = 0;
    for (size_t i = 0; i < mode.len; i++) {
        char c = mode.at[i];
        if (c >= '0' && c <= '7') {
            value = value * 8 + (c - '0');
            continue;
        }
        return refuse(
            r,
            "The deployment failed because the permissions mode (%.*s) in the application specification file contains an invalid character (%c). "
            "Update the permissions section of the AppSpec file, and then try again.",
            STR_ARG(mode), c);
    }
    *out = value;
    return true;
}

static bool read_types(Reader *r, const Doc *node, AppSpecPermission *out) {
    StrList types = {0};
    TRY(spec_texts(&r->file, node, "permissions/type", &types));
    out->for_files = out->for_folders = spec_is_absent(node);
    for (size_t i = 0; i < types.count; i++) {
        bool file = str_is(types.at[i], "file"), folder = str_is(types.at[i], "directory");
        out->for_files = out->for_files || file;
        out->for_folders = out->for_folders || folder;
        if (file || folder) continue;
        return refuse(r,
                      "The deployment failed because the application specification file specifies a permission for an object type not supported for "
                      "permissions (%.*s). Update the permissions section of the AppSpec file, and then try again.",
                      STR_ARG(types.at[i]));
    }
    return true;
}

static bool read_object(Reader *r, const Doc *node, AppSpecPermission *out) {
    Str object = STR("");
    TRY(spec_text(&r->file, doc_get(node, "object"), "permissions/object", &object));
    out->object = str_trim(object);
    if (out->object.len) return true;
    return refuse(r, "The deployment failed because a permission listed in the application specification file has no object value. Update the "
                     "permissions section of the AppSpec file, and then try again.");
}

static bool read_permission(Reader *r, const Doc *node, AppSpecPermission *out) {
    if (!doc_is(node, DOC_MAP)) return spec_fail(&r->file, node, "each of permissions is a map with object");
    out->line = node->line;
    out->pattern = STR("**");
    TRY(read_object(r, node, out));
    static const char *const refused[] = {"acls", "context"};
    for (int i = 0; i < 2; i++) {
        const Doc *member = doc_get(node, refused[i]);
        if (!spec_is_absent(member)) return spec_fail(&r->file, member, "permissions/%s is not supported here", refused[i]);
    }
    TRY(spec_text(&r->file, doc_get(node, "pattern"), "permissions/pattern", &out->pattern));
    TRY(spec_texts(&r->file, doc_get(node, "except"), "permissions/except", &out->except));
    TRY(spec_text(&r->file, doc_get(node, "owner"), "permissions/owner", &out->owner));
    TRY(spec_text(&r->file, doc_get(node, "group"), "permissions/group", &out->group));
    TRY(read_types(r, doc_get(node, "type"), out));
    return read_mode(r, doc_get(node, "mode"), &out->mode);
}

static bool read_permissions(Reader *r, const Doc *list) {
    TRY(spec_is_list(&r->file, list, "permissions"));
    AppSpecPermission *permissions = arena_array(r->file.arena, AppSpecPermission, doc_count(list) + 1);
    for (const Doc *node = doc_first(list); node; node = node->next) TRY(read_permission(r, node, &permissions[r->spec->permission_count++]));
    r->spec->permissions = permissions;
    return true;
}

// '*' stands for any characters. On a mismatch the latest star takes one more; an earlier one could reach nothing that it cannot.
static bool star_match(Str pattern, Str name) {
    Str behind_star = STR_NONE, taken = STR_NONE;
    while (name.len) {
        if (pattern.len && pattern.at[0] == '*') {
            behind_star = pattern = str_from(pattern, 1);
            taken = name;
        } else if (pattern.len && pattern.at[0] == name.at[0]) {
            pattern = str_from(pattern, 1);
            name = str_from(name, 1);
        } else if (!str_is_none(behind_star)) {
            pattern = behind_star;
            name = taken = str_from(taken, 1);
        } else {
            return false;
        }
    }
    while (pattern.len && pattern.at[0] == '*') pattern = str_from(pattern, 1);
    return pattern.len == 0;
}

bool appspec_permission_concerns(const AppSpecPermission *permission, Str path) {
    bool direct = str_find_char(path, '/') < 0;
    for (size_t i = 0; direct && i < permission->except.count; i++) {
        if (star_match(permission->except.at[i], path)) return false;
    }
    return str_is(permission->pattern, "**") || (direct && star_match(permission->pattern, path));
}

// ---- hooks

// Events that scripts can stand for in an in-place deployment without a load balancer, and those that belong to the agent or to a load balancer.
static const char *const scripted_events[] = {"ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService", NULL};
static const char *const reserved_events[] = {"Start", "DownloadBundle", "Install", "BlockTraffic", "AllowTraffic", "End", "TestTraffic", NULL};
static const char *const balancer_events[] = {"BeforeBlockTraffic", "AfterBlockTraffic", "BeforeAllowTraffic", "AfterAllowTraffic", NULL};

static bool read_timeout(Reader *r, const Doc *node, int64_t *out) {
    Str text = STR("3600");
    TRY(spec_text(&r->file, node, "hooks/timeout", &text));
    int64_t value = 0;
    str_to_int(text, &value);
    *out = value;
    if (value > 0) return true;
    return refuse(r, "The deployment failed because an invalid timeout value was provided for a script in the application specification file. "
                     "Make corrections in the hooks section of the AppSpec file, and then try again.");
}

static bool read_script(Reader *r, const Doc *node, AppSpecScript *out) {
    if (!doc_is(node, DOC_MAP)) return spec_fail(&r->file, node, "each script of a hook is a map with location");
    Str location = STR("");
    out->line = node->line;
    TRY(spec_text(&r->file, doc_get(node, "location"), "hooks/location", &location));
    out->location = str_trim(location);
    if (out->location.len == 0) {
        return refuse(r, "The deployment failed because the application specification file specifies a script with no location value. Specify "
                         "the location in the hooks section of the AppSpec file, and then try again.");
    }
    TRY(spec_text(&r->file, doc_get(node, "runas"), "hooks/runas", &out->run_as));
    if (!str_is_none(out->run_as)) out->run_as = str_trim(out->run_as);
    return read_timeout(r, doc_get(node, "timeout"), &out->timeout_seconds);
}

// The agent complains of unknown events, all of them, when it installs.
static void note_unknown_event(Reader *r, Str event) {
    Str before = r->spec->unknown_events, gap = before.len ? STR(", ") : STR("");
    r->spec->unknown_events = str_format(r->file.arena, "%.*s%.*s\"%.*s\"", STR_ARG(before), STR_ARG(gap), STR_ARG(event));
}

static bool check_event(Reader *r, const Doc *node) {
    if (spec_knows(reserved_events, node->key)) {
        return spec_fail(&r->file, node, "the lifecycle event %.*s is reserved for the CodeDeploy agent and cannot run scripts", STR_ARG(node->key));
    }
    if (!spec_knows(scripted_events, node->key) && !spec_knows(balancer_events, node->key)) note_unknown_event(r, node->key);
    return true;
}

static bool read_hook(Reader *r, const Doc *node, AppSpecHook *out) {
    TRY(check_event(r, node));
    TRY(spec_is_list(&r->file, node, str_c(r->file.arena, str_format(r->file.arena, "hooks/%.*s", STR_ARG(node->key)))));
    AppSpecScript *scripts = arena_array(r->file.arena, AppSpecScript, doc_count(node) + 1);
    int64_t total = 0;
    for (const Doc *item = doc_first(node); item; item = item->next) {
        TRY(read_script(r, item, &scripts[out->count]));
        total += doc_get(item, "timeout") ? scripts[out->count].timeout_seconds : 0;
        out->count++;
    }
    out->event = node->key;
    out->scripts = scripts;
    if (total <= EVENT_SECONDS) return true;
    return spec_fail(&r->file, node, "the timeouts of the scripts of %.*s add up to %lld seconds; an event may take %d", STR_ARG(node->key),
                     (long long)total, EVENT_SECONDS);
}

static bool read_hooks(Reader *r, const Doc *map) {
    TRY(spec_is_map(&r->file, map, "hooks"));
    AppSpecHook *hooks = arena_array(r->file.arena, AppSpecHook, doc_count(map) + 1);
    for (const Doc *node = doc_first(map); node; node = node->next) TRY(read_hook(r, node, &hooks[r->spec->hook_count++]));
    r->spec->hooks = hooks;
    return true;
}

const AppSpecHook *appspec_hook(const AppSpec *spec, Str event) {
    for (size_t i = 0; i < spec->hook_count; i++) {
        if (str_eq(spec->hooks[i].event, event)) return &spec->hooks[i];
    }
    return NULL;
}

static bool check_keys(Reader *r, const Doc *root) {
    static const char *const known[] = {"version", "os", "files", "file_exists_behavior", "permissions", "hooks", NULL};
    for (const Doc *member = doc_first(root); member; member = member->next) {
        if (spec_knows(known, member->key)) continue;
        Str hint = spec_suggestion(r->file.arena, known, member->key);
        return spec_fail(&r->file, member, "the section \"%.*s\" is unknown%.*s", STR_ARG(member->key), STR_ARG(hint));
    }
    return true;
}

bool appspec_parse(Arena *arena, Str name, Str text, AppSpec *out, Error *e) {
    Doc *root;
    Error problem = {0};
    if (!yaml_parse_as_ruby(arena, text, &root, &problem)) {
        if (error_is(&problem, YAML_SYNTAX)) return fail(e, "AppSpecValidation", "%s", problem.message);
        return fail(e, "AppSpecValidation", "%.*s:%s", STR_ARG(name), problem.message);
    }
    AppSpec spec = {0};
    Reader r = {.file = {arena, name, "AppSpecValidation", e}, .spec = &spec};
    if (root->kind == DOC_NULL) {
        return refuse(&r,
                      "The deployment failed because the application specification file was empty. Make sure your AppSpec file defines at minimum "
                      "the 'version' and 'os' properties.");
    }
    if (root->kind != DOC_MAP) return spec_fail(&r.file, root, "an AppSpec file is a map with version, os, files and hooks");
    TRY(check_keys(&r, root));
    TRY(read_version(&r, root));
    TRY(read_os(&r, root));
    TRY(read_hooks(&r, doc_get(root, "hooks")));
    TRY(read_files(&r, doc_get(root, "files")));
    TRY(read_file_exists(&r, doc_get(root, "file_exists_behavior")));
    TRY(read_permissions(&r, doc_get(root, "permissions")));
    *out = spec;
    return true;
}
