#include "services/iam/iam.h"

const Kind IAM_KIND_USER = {&IAM_USER, "UserName", "UserId", "AIDA", "user", "User", "User", "Users", 2048};
const Kind IAM_KIND_ROLE = {&IAM_ROLE, "RoleName", "RoleId", "AROA", "role", "Role", "Role", "Roles", 10240};
const Kind IAM_KIND_GROUP = {&IAM_GROUP, "GroupName", "GroupId", "AGPA", "group", "Group", "Group", "Groups", 5120};
const Kind IAM_KIND_PROFILE = {&IAM_INSTANCE_PROFILE, "InstanceProfileName", "InstanceProfileId", "AIPA", "instance-profile",
                               "Instance Profile",    "InstanceProfile",     "InstanceProfiles",  0};

const Kind *iam_kind_of(const Call *call) {
    static const Kind *const kinds[] = {&IAM_KIND_PROFILE, &IAM_KIND_GROUP, &IAM_KIND_ROLE};
    for (size_t i = 0; i < 3; i++) {
        if (doc_get(call->input, kinds[i]->name)) return kinds[i];
    }
    return &IAM_KIND_USER;
}

Partition iam_where(Turn *turn) { return (Partition){turn_where(turn).account, GLOBAL_REGION}; }
Str iam_id(Arena *arena, Str name) { return str_lower(arena, name); }
void iam_touch(Turn *turn, const DocumentType *type, Str id) { directory_touch(turn_directory(turn), type, turn_where(turn).account, id); }

Str iam_name(Turn *turn, const Call *call, const Kind *kind) {
    Str name = doc_text(call->input, kind->name);
    if (name.at || kind != &IAM_KIND_USER || call->principal.kind != PRINCIPAL_USER) return name;
    return call->principal.name;
}

bool iam_find(Turn *turn, const Kind *kind, Str name, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    if (name.len && document_get(turn_store(turn), iam_where(turn), kind->type, iam_id(arena, name), arena, out)) return true;
    if (kind == &IAM_KIND_PROFILE) return fail(e, "NoSuchEntity", "Instance Profile %.*s cannot be found.", STR_ARG(name));
    return fail(e, "NoSuchEntity", "The %s with name %.*s cannot be found.", kind->segment, STR_ARG(name));
}

// Whether the model knows that what this operation changes may be a service's.
static bool changes_roles(const Call *call) {
    for (size_t i = 0; i < call->operation->error_count; i++) {
        if (str_is(wire_str(wire_error_at(call->operation, i)->name), "UnmodifiableEntityException")) return true;
    }
    return false;
}

bool iam_find_called(Turn *turn, const Call *call, const Kind **kind, Doc **out, Error *e) {
    *kind = iam_kind_of(call);
    Str name = iam_name(turn, call, *kind);
    if (!name.at) return fail(e, "ValidationError", "Must specify userName when calling with non-User credentials");
    TRY(iam_find(turn, *kind, name, out, e));
    return *kind != &IAM_KIND_ROLE || !changes_roles(call) || iam_check_own(*out, e);
}

void iam_save(Turn *turn, const Kind *kind, const Doc *doc) {
    Str id = iam_id(turn_arena(turn), doc_text(doc, kind->name));
    document_put(turn_store(turn), iam_where(turn), kind->type, id, doc);
    iam_touch(turn, kind->type, id);
}

void iam_remove(Turn *turn, const Kind *kind, const Doc *doc) {
    Str id = iam_id(turn_arena(turn), doc_text(doc, kind->name));
    document_delete(turn_store(turn), iam_where(turn), kind->type, id);
    iam_touch(turn, kind->type, id);
}

Str iam_path(const Call *call) {
    Str path = doc_text(call->input, "Path");
    return path.len ? path : STR("/");
}

Str iam_arn(Arena *arena, Str account, const char *segment, Str path, Str name) {
    return str_format(arena, "arn:aws:iam::%.*s:%s%.*s%.*s", STR_ARG(account), segment, STR_ARG(path), STR_ARG(name));
}

static bool already_exists(const Kind *kind, Str name, Error *e) {
    if (kind == &IAM_KIND_PROFILE) return fail(e, "EntityAlreadyExists", "Instance Profile %.*s already exists.", STR_ARG(name));
    return fail(e, "EntityAlreadyExists", "%s with name %.*s already exists.", kind->title, STR_ARG(name));
}

bool iam_create(Turn *turn, const Call *call, const Kind *kind, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str name = doc_text(call->input, kind->name), path = iam_path(call);
    TRY(iam_check_tags(call, e));
    if (document_exists(turn_store(turn), iam_where(turn), kind->type, iam_id(arena, name))) return already_exists(kind, name, e);
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, kind->name, name);
    doc_set_str(arena, doc, "Path", path);
    doc_set_str(arena, doc, kind->id, str_cat(arena, str_of(kind->id_prefix), id_chars(turn_ids(turn), arena, ID_UPPER_ALNUM, 17)));
    doc_set_str(arena, doc, "Arn", iam_arn(arena, turn_where(turn).account, kind->segment, path, name));
    doc_set_int(arena, doc, "CreateDate", turn_now(turn));
    doc_set(doc, "Tags", iam_tags(arena, doc_get(call->input, "Tags")));
    *out = doc;
    return true;
}

void iam_show_date(Arena *arena, Doc *view, const char *member, const Doc *doc) {
    doc_set_time(arena, view, member, doc_number(doc, member, 0) / 1000 * 1000);
}

Doc *iam_boundary_view(Arena *arena, const Doc *doc) {
    Str boundary = doc_text(doc, "PermissionsBoundary");
    if (!boundary.at) return NULL;
    Doc *view = doc_map(arena);
    doc_set_str(arena, view, "PermissionsBoundaryType", STR("Policy"));
    doc_set_str(arena, view, "PermissionsBoundaryArn", boundary);
    return view;
}

static void add_text(Arena *arena, Doc *view, const Doc *doc, const char *member) { doc_set_str(arena, view, member, doc_text(doc, member)); }

static void add_role_parts(Arena *arena, Doc *view, const Doc *role, View how) {
    doc_set_str(arena, view, "AssumeRolePolicyDocument", str_uri_encode(arena, doc_text(role, "AssumeRolePolicyDocument"), false));
    if (how == VIEW_MADE) return;
    add_text(arena, view, role, "Description");
    doc_set_int(arena, view, "MaxSessionDuration", doc_number(role, "MaxSessionDuration", 3600));
    if (how == VIEW_WHOLE) doc_set(view, "RoleLastUsed", doc_map(arena));
}

static void add_profile_parts(Turn *turn, Doc *view, const Doc *profile) {
    Arena *arena = turn_arena(turn);
    Doc *roles = doc_list(arena), *role;
    bool has_role = doc_get(profile, "role") && document_get(turn_store(turn), iam_where(turn), &IAM_ROLE, doc_text(profile, "role"), arena, &role);
    if (has_role) {
        Doc *shown = iam_view(turn, &IAM_KIND_ROLE, role, VIEW_MADE);
        doc_set(shown, "Tags", NULL);
        doc_push(roles, shown);
    }
    doc_set(view, "Roles", roles);
}

// Tags are shown where there are some; of an instance profile that is looked at, also that there are none.
static bool shows_tags(const Kind *kind, const Doc *doc, View how) {
    if (kind == &IAM_KIND_GROUP || how == VIEW_LISTED) return false;
    return doc_count(doc_get(doc, "Tags")) || (kind == &IAM_KIND_PROFILE && how == VIEW_WHOLE);
}

Doc *iam_view(Turn *turn, const Kind *kind, const Doc *doc, View how) {
    Arena *arena = turn_arena(turn);
    Doc *view = doc_map(arena);
    const char *const members[] = {"Path", kind->name, kind->id, "Arn"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) add_text(arena, view, doc, members[i]);
    iam_show_date(arena, view, "CreateDate", doc);
    if (kind == &IAM_KIND_ROLE) add_role_parts(arena, view, doc, how);
    bool bounded = how == VIEW_WHOLE || (how == VIEW_MADE && kind == &IAM_KIND_USER);
    if (bounded) doc_set(view, "PermissionsBoundary", iam_boundary_view(arena, doc));
    if (shows_tags(kind, doc, how)) doc_set(view, "Tags", doc_get(doc, "Tags") ? doc_copy(arena, doc_get(doc, "Tags")) : doc_list(arena));
    if (kind == &IAM_KIND_PROFILE) add_profile_parts(turn, view, doc);
    return view;
}

bool iam_set_boundary(Turn *turn, const Call *call, Doc *doc, Error *e) {
    Str boundary = doc_text(call->input, "PermissionsBoundary");
    if (!boundary.at) return true;
    TRY(iam_check_arn(boundary, e));
    if (!iam_policy_exists(turn, boundary)) {
        return fail(e, "NoSuchEntity", "Scope ARN: %.*s does not exist or is not attachable.", STR_ARG(boundary));
    }
    doc_put(doc, STR("PermissionsBoundary"), doc_of_str(turn_arena(turn), boundary));
    return true;
}
