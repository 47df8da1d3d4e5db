#include "workflow/application.h"

#include "base/limits.h"
#include "formats/paths.h"
#include "formats/yaml.h"
#include "os/files.h"
#include "workflow/reader.h"

#include <ctype.h>

static const char FILE_NAME[] = "rehearse.yaml";
enum { NAME_MAX_CHARACTERS = 40, COUNT_MOST = 20 };

static const char *const KIND_NAMES[STAGE_KINDS] = {"source", "build", "deploy", "test", "approve"};
static const char *const DEFAULT_NAMES[STAGE_KINDS] = {"Source", "Build", "Deploy", "IntegrationTest", "Approval"};
static const char *const ROLE_NAMES[ROLES] = {"pipeline", "build", "deploy", "instance"};

const char *stage_kind_name(StageKind kind) { return KIND_NAMES[kind]; }
const char *role_name(Role role) { return ROLE_NAMES[role]; }

static Application application_of(Arena *arena) {
    return (Application){
        .stages = vec_of(arena, Stage),
        .instances = vec_of(arena, Instance),
        .tables = vec_of(arena, Table),
        .variables = vec_of(arena, Variable),
        .permissions = vec_of(arena, Permission),
    };
}

// ---- Stages ----

static bool set_kind(const Reader *reader, const Doc *node, Stage *stage, StageKind kind) {
    if (stage->kind != STAGE_KINDS) {
        return reader_fail(reader, node, "a stage does one thing, but this one has both %s and %s", KIND_NAMES[stage->kind], KIND_NAMES[kind]);
    }
    stage->kind = kind;
    return true;
}

// What git takes as the name of a branch (git help check-ref-format).
static bool is_branch(Str name) {
    static const char *const NOWHERE[] = {"..", "//", "/.", "@{", ".lock/"};
    bool good = !strchr("-/.", name.at[0]) && !strchr("/.", name.at[name.len - 1]) && !str_ends(name, STR(".lock"));
    for (size_t i = 0; i < sizeof NOWHERE / sizeof *NOWHERE; i++) good = good && !str_contains(name, str_of(NOWHERE[i]));
    for (size_t i = 0; i < name.len; i++) good = good && (unsigned char)name.at[i] > ' ' && !strchr("~^:?*[\\\x7f", name.at[i]);
    return good;
}

static bool read_branch(const Reader *reader, const Doc *node, void *into) {
    Str name;
    TRY(reader_text(reader, node, "branch", &name));
    if (!is_branch(name)) return reader_fail(reader, node, "\"%.*s\" cannot be the name of a branch of git", STR_ARG(name));
    ((Stage *)into)->branch = name;
    return true;
}

// A buildspec comes with the source.
static bool read_buildspec(const Reader *reader, const Doc *node, const char *what, Stage *stage) {
    TRY(reader_text(reader, node, what, &stage->buildspec));
    return path_is_contained(stage->buildspec) ||
           reader_fail(reader, node, "%s must be a file in the application's folder, not \"%.*s\"", what, STR_ARG(stage->buildspec));
}

static bool read_stage_name(const Reader *reader, const Doc *node, void *into) {
    return reader_name(reader, node, "the name of a stage", ".@_-", 100, &((Stage *)into)->name);
}

static bool read_source(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {{"branch", read_branch}, {NULL, NULL}};
    TRY(set_kind(reader, node, into, STAGE_SOURCE));
    return reader_map(reader, node, "source", KEYS, into);
}

static bool read_build(const Reader *reader, const Doc *node, void *into) {
    TRY(set_kind(reader, node, into, STAGE_BUILD));
    return read_buildspec(reader, node, "build", into);
}

static bool read_test(const Reader *reader, const Doc *node, void *into) {
    TRY(set_kind(reader, node, into, STAGE_TEST));
    return read_buildspec(reader, node, "test", into);
}

static bool read_deploy(const Reader *reader, const Doc *node, void *into) {
    TRY(set_kind(reader, node, into, STAGE_DEPLOY));
    TRY(reader_texts(reader, node, "deploy", &((Stage *)into)->targets));
    return ((Stage *)into)->targets.len || reader_fail(reader, node, "deploy names no instance");
}

static bool read_approve(const Reader *reader, const Doc *node, void *into) {
    Stage *stage = into;
    TRY(set_kind(reader, node, stage, STAGE_APPROVE));
    return node->kind == DOC_NULL || reader_text(reader, node, "approve", &stage->comment);
}

static bool read_stage(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {{"name", read_stage_name}, {"source", read_source},   {"build", read_build}, {"deploy", read_deploy},
                                     {"test", read_test},       {"approve", read_approve}, {NULL, NULL}};
    Stage *stage = into;
    *stage = (Stage){.kind = STAGE_KINDS, .branch = STR("main"), .targets = vec_of(reader->arena, Str), .line = node->line, .column = node->column};
    TRY(reader_map(reader, node, "a stage", KEYS, stage));
    if (stage->kind == STAGE_KINDS) return reader_fail(reader, node, "a stage needs one of source, build, deploy, test, approve");
    if (!stage->name.len) stage->name = str_of(DEFAULT_NAMES[stage->kind]);
    return true;
}

// ---- Instances ----

static bool read_instance_name(const Reader *reader, const Doc *node, void *into) {
    return reader_name(reader, node, "the name of an instance", " ._-", 100, &((Instance *)into)->name);
}

static bool read_count(const Reader *reader, const Doc *node, void *into) {
    return reader_int(reader, node, "count", 1, COUNT_MOST, &((Instance *)into)->count);
}

static bool read_port(const Reader *reader, const Doc *node, void *into) { return reader_int(reader, node, "a port", 1, 65535, into); }

static bool read_ports(const Reader *reader, const Doc *node, void *into) {
    return reader_list(reader, node, "ports", read_port, &((Instance *)into)->ports);
}

static bool read_instance(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {{"name", read_instance_name}, {"count", read_count}, {"ports", read_ports}, {NULL, NULL}};
    Instance *instance = into;
    *instance = (Instance){.count = 1, .ports = vec_of(reader->arena, int64_t)};
    TRY(reader_map(reader, node, "an instance", KEYS, instance));
    return instance->name.len || reader_fail(reader, node, "an instance needs a name: it becomes its tag Name");
}

// ---- Tables ----

static bool read_key_name(const Reader *reader, const Doc *node, void *into) {
    return reader_text(reader, node, "the name of a key", &((TableKey *)into)->name);
}

static bool read_key_type(const Reader *reader, const Doc *node, void *into) {
    Str type = STR_NONE;
    TRY(reader_text(reader, node, "the type of a key", &type));
    if (!str_is(type, "text") && !str_is(type, "number")) {
        return reader_fail(reader, node, "the type of a key is text or number, not \"%.*s\"", STR_ARG(type));
    }
    ((TableKey *)into)->type = str_is(type, "text") ? STR("S") : STR("N");
    return true;
}

static bool read_table_key(const Reader *reader, const Doc *node, TableKey *key) {
    static const ReaderKey KEYS[] = {{"name", read_key_name}, {"type", read_key_type}, {NULL, NULL}};
    key->type = STR("S");
    if (node->kind != DOC_MAP) return reader_text(reader, node, "a key", &key->name);
    TRY(reader_map(reader, node, "a key", KEYS, key));
    return key->name.len || reader_fail(reader, node, "a key needs a name");
}

static bool read_key(const Reader *reader, const Doc *node, void *into) { return read_table_key(reader, node, &((Table *)into)->key); }
static bool read_sort(const Reader *reader, const Doc *node, void *into) { return read_table_key(reader, node, &((Table *)into)->sort); }

static bool read_table_name(const Reader *reader, const Doc *node, void *into) {
    Table *table = into;
    TRY(reader_name(reader, node, "the name of a table", "._-", 255, &table->name));
    return table->name.len >= 3 || reader_fail(reader, node, "the name of a table has at least 3 characters");
}

static bool read_table(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {{"name", read_table_name}, {"key", read_key}, {"sort", read_sort}, {NULL, NULL}};
    Table *table = into;
    TRY(reader_map(reader, node, "a table", KEYS, table));
    if (!table->name.len || !table->key.name.len) return reader_fail(reader, node, "a table needs a name and a key");
    return !str_eq(table->key.name, table->sort.name) ||
           reader_fail(reader, doc_get(node, "sort"), "the sort key of table %.*s is its key, too", STR_ARG(table->name));
}

// ---- Permissions ----

// "service:Operation"; the operation may have * and ? in it.
static bool is_action(Str action) {
    Str operation = action, service = str_cut(&operation, ':');
    bool good = service.len && operation.len;
    for (size_t i = 0; i < service.len; i++) good = good && (isalnum((unsigned char)service.at[i]) || service.at[i] == '-');
    for (size_t i = 0; i < operation.len; i++) good = good && (isalnum((unsigned char)operation.at[i]) || strchr("*?", operation.at[i]));
    return good;
}

static bool is_resource(Str resource) { return str_is(resource, "*") || str_starts(resource, STR("arn:")); }

static bool read_actions(const Reader *reader, const Doc *node, void *into) {
    return reader_texts(reader, node, "an action", &((Permission *)into)->actions);
}

static bool read_resources(const Reader *reader, const Doc *node, void *into) {
    return reader_texts(reader, node, "a resource", &((Permission *)into)->resources);
}

static bool read_permission(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {{"actions", read_actions}, {"resources", read_resources}, {NULL, NULL}};
    Permission *permission = into;
    *permission = (Permission){.actions = vec_of(reader->arena, Str), .resources = vec_of(reader->arena, Str)};
    if (node->kind == DOC_MAP) TRY(reader_map(reader, node, "a permission", KEYS, permission));
    if (node->kind != DOC_MAP) TRY(reader_text(reader, node, "a permission", vec_push(&permission->actions)));
    if (!permission->actions.len) return reader_fail(reader, node, "a permission needs actions");
    for (size_t i = 0; i < permission->actions.len; i++) {
        Str action = vec_get(&permission->actions, Str, i);
        if (!is_action(action)) return reader_fail(reader, node, "\"%.*s\" is no action; write service:Operation", STR_ARG(action));
    }
    for (size_t i = 0; i < permission->resources.len; i++) {
        Str resource = vec_get(&permission->resources, Str, i);
        if (!is_resource(resource)) return reader_fail(reader, node, "\"%.*s\" is no resource; write an ARN, or *", STR_ARG(resource));
    }
    if (!permission->resources.len) vec_add(&permission->resources, Str, STR("*"));
    return true;
}

static bool read_permissions_of(const Reader *reader, const Doc *node, Vec *all, Role role) {
    size_t before = all->len;
    TRY(reader_list(reader, node, "the permissions of a role", read_permission, all));
    for (size_t i = before; i < all->len; i++) ((Permission *)vec_at(all, i))->role = role;
    return true;
}

static bool read_pipeline_role(const Reader *reader, const Doc *node, void *into) { return read_permissions_of(reader, node, into, ROLE_PIPELINE); }
static bool read_build_role(const Reader *reader, const Doc *node, void *into) { return read_permissions_of(reader, node, into, ROLE_BUILD); }
static bool read_deploy_role(const Reader *reader, const Doc *node, void *into) { return read_permissions_of(reader, node, into, ROLE_DEPLOY); }
static bool read_instance_role(const Reader *reader, const Doc *node, void *into) { return read_permissions_of(reader, node, into, ROLE_INSTANCE); }

// ---- The whole ----

static bool read_name(const Reader *reader, const Doc *node, void *into) {
    Application *application = into;
    TRY(reader_name(reader, node, "the name of the application", "-", NAME_MAX_CHARACTERS, &application->name));
    for (size_t i = 0; i < application->name.len; i++) {
        if (isupper((unsigned char)application->name.at[i]))
            return reader_fail(reader, node, "the name of the application has upper-case letters; buckets may not");
    }
    return true;
}

// As a shell can have it; names that begin with CODEBUILD_ are CodeBuild's own.
static bool check_variable(const Reader *reader, const Doc *member) {
    Str name = member->key;
    bool good = name.len && !isdigit((unsigned char)name.at[0]);
    for (size_t i = 0; i < name.len; i++) good = good && (isalnum((unsigned char)name.at[i]) || name.at[i] == '_');
    if (!good) {
        return reader_fail(reader, member, "\"%.*s\" cannot be the name of a variable; write letters, digits and _, not beginning with a digit",
                           STR_ARG(name));
    }
    return !str_starts(name, STR("CODEBUILD_")) ||
           reader_fail(reader, member, "\"%.*s\" cannot be the name of a variable: CodeBuild keeps CODEBUILD_ for its own", STR_ARG(name));
}

static bool read_variables(const Reader *reader, const Doc *node, void *into) {
    if (node->kind != DOC_MAP) return reader_fail(reader, node, "variables must be a map of names and values");
    for (const Doc *member = doc_first(node); member; member = member->next) {
        Variable *variable = vec_push(&((Application *)into)->variables);
        variable->name = member->key;
        TRY(check_variable(reader, member));
        TRY(reader_text(reader, member, "the value of a variable", &variable->value));
    }
    return true;
}

// Names are in the list's items as they stand in the file.
static bool check_names_differ(const Reader *reader, const Doc *list, const char *what) {
    for (const Doc *item = doc_first(list); item; item = item->next) {
        Str name = doc_text(item, "name");
        for (const Doc *before = doc_first(list); before != item; before = before->next) {
            if (str_eq(doc_text(before, "name"), name)) return reader_fail(reader, item, "two %s are named %.*s", what, STR_ARG(name));
        }
    }
    return true;
}

static bool read_instances(const Reader *reader, const Doc *node, void *into) {
    TRY(reader_list(reader, node, "instances", read_instance, &((Application *)into)->instances));
    return check_names_differ(reader, node, "instances");
}

static bool read_tables(const Reader *reader, const Doc *node, void *into) {
    TRY(reader_list(reader, node, "tables", read_table, &((Application *)into)->tables));
    return check_names_differ(reader, node, "tables");
}

static bool read_permissions(const Reader *reader, const Doc *node, void *into) {
    static const ReaderKey KEYS[] = {
        {"pipeline", read_pipeline_role}, {"build", read_build_role}, {"deploy", read_deploy_role}, {"instance", read_instance_role}, {NULL, NULL}};
    return reader_map(reader, node, "permissions", KEYS, &((Application *)into)->permissions);
}

static bool read_stages(const Reader *reader, const Doc *node, void *into) {
    return reader_list(reader, node, "stages", read_stage, &((Application *)into)->stages);
}

static const ReaderKey APPLICATION_KEYS[] = {
    {"application", read_name},
    {"variables", read_variables},
    {"instances", read_instances},
    {"tables", read_tables},
    {"permissions", read_permissions},
    {"stages", read_stages},
    {NULL, NULL},
};

// yaml_parse_texts says "LINE:COLUMN: what"; the file goes in front.
bool application_parse(Arena *arena, Str text, Application *out, Error *e) {
    Error why = {0};
    Doc *doc = NULL;
    if (!yaml_parse_texts(arena, text, &doc, &why)) {
        bool tab =
            str_contains(str_of(why.message), STR("cannot start any token")) && (str_contains(text, STR("\n\t")) || str_starts(text, STR("\t")));
        return fail(e, "bad-application", "%s:%s%s", FILE_NAME, why.message, tab ? "; YAML is indented with spaces, not with tabs" : "");
    }
    Application application = application_of(arena);
    Reader reader = {arena, FILE_NAME, e};
    if (doc->kind != DOC_NULL) TRY(reader_map(&reader, doc, "the application", APPLICATION_KEYS, &application));
    *out = application;
    return true;
}
