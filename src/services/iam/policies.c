// Managed policies: the customer's own, and AWS's (identity/managed_policies.h), which are shown as if they were documents.
#include "services/iam/iam.h"

#include "formats/json.h"
#include "identity/managed_policies.h"
#include "identity/policy.h"

enum { POLICY_MAX_BYTES = 6144, TRUST_MAX_BYTES = 2048 };
#define AWS_POLICY_DATE_MS 1423180800000 // February 2015, when managed policies came

static Str policy_id_of(Arena *arena, Str arn) { return iam_id(arena, str_from(arn, (size_t)(str_rfind_char(arn, '/') + 1))); }

static Doc *version_of(Arena *arena, Str id, Str text, int64_t created_ms) {
    Doc *version = doc_map(arena);
    doc_set_str(arena, version, "VersionId", id);
    doc_set_str(arena, version, "Document", text);
    doc_set_int(arena, version, "CreateDate", created_ms);
    return version;
}

static Doc *document_of(Arena *arena, Str name, Str path, Str arn, Str id, int64_t created_ms) {
    Doc *policy = doc_map(arena);
    doc_set_str(arena, policy, "PolicyName", name);
    doc_set_str(arena, policy, "Path", path);
    doc_set_str(arena, policy, "Arn", arn);
    doc_set_str(arena, policy, "PolicyId", id);
    doc_set_int(arena, policy, "CreateDate", created_ms);
    doc_set_int(arena, policy, "UpdateDate", created_ms);
    doc_set(policy, "versions", doc_list(arena));
    return policy;
}

static Doc *document_of_aws(Arena *arena, const ManagedPolicy *managed) {
    Doc *policy = document_of(arena, str_of(managed->name), str_of(managed->path), managed_policy_arn(arena, managed),
                              managed_policy_id(arena, managed), AWS_POLICY_DATE_MS);
    doc_set_str(arena, policy, "DefaultVersionId", str_of(managed->version));
    doc_push(doc_get(policy, "versions"), version_of(arena, str_of(managed->version), str_of(managed->document), AWS_POLICY_DATE_MS));
    return policy;
}

static bool find(Turn *turn, Str arn, Doc **out) {
    Arena *arena = turn_arena(turn);
    const ManagedPolicy *managed = managed_policy_find(arn);
    if (managed) {
        *out = document_of_aws(arena, managed);
        return true;
    }
    return document_get(turn_store(turn), iam_where(turn), &IAM_POLICY, policy_id_of(arena, arn), arena, out) && str_eq(doc_text(*out, "Arn"), arn);
}

bool iam_check_arn(Str arn, Error *e) { return str_starts(arn, STR("arn:")) || fail(e, "InvalidInput", "ARN %.*s is not valid.", STR_ARG(arn)); }

bool iam_policy_find(Turn *turn, Str arn, Doc **out, Error *e) {
    TRY(iam_check_arn(arn, e));
    return find(turn, arn, out) || fail(e, "NoSuchEntity", "Policy %.*s was not found.", STR_ARG(arn));
}

bool iam_policy_exists(Turn *turn, Str arn) {
    Doc *policy;
    return find(turn, arn, &policy);
}

size_t iam_policy_bytes(Str text) {
    size_t bytes = 0;
    for (size_t i = 0; i < text.len; i++) bytes += text.at[i] > ' ' || text.at[i] < 0;
    return bytes;
}

bool iam_check_document(Turn *turn, Str text, size_t max_bytes, const char *too_long, Error *e) {
    const Policy *policy;
    if (iam_policy_bytes(text) > max_bytes) return fail(e, "LimitExceeded", "%s: %zu", too_long, max_bytes);
    return policy_parse(turn_arena(turn), text, POLICY_IDENTITY, &policy, e);
}

// A user or role of this account that a trust policy names must be there.
static bool principal_exists(Turn *turn, Str arn) {
    Arena *arena = turn_arena(turn);
    Str rest = arn;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    if (!str_eq(str_cut(&rest, ':'), turn_where(turn).account)) return true;
    Str kind = str_cut(&rest, '/'), id = iam_id(arena, str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1)));
    if (str_is(kind, "role")) return document_exists(turn_store(turn), iam_where(turn), &IAM_ROLE, id);
    return !str_is(kind, "user") || document_exists(turn_store(turn), iam_where(turn), &IAM_USER, id);
}

static bool check_principals(Turn *turn, const Doc *statement, Error *e) {
    const Doc *named = doc_get(doc_get(statement, "Principal"), "AWS");
    const Doc *at = doc_is(named, DOC_LIST) ? doc_first(named) : named;
    for (; at; at = doc_is(named, DOC_LIST) ? at->next : NULL) {
        Str arn = doc_str(at, STR(""));
        if (!str_starts(arn, STR("arn:")) || principal_exists(turn, arn)) continue;
        return fail(e, "MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"%.*s\"", STR_ARG(arn));
    }
    return true;
}

bool iam_check_trust(Turn *turn, Str text, Error *e) {
    Arena *arena = turn_arena(turn);
    const Policy *policy;
    Doc *document;
    TRY(policy_parse(arena, text, POLICY_TRUST, &policy, e));
    if (iam_policy_bytes(text) > TRUST_MAX_BYTES) return fail(e, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: %d", TRUST_MAX_BYTES);
    TRY(json_parse(arena, text, &document, e));
    const Doc *statements = doc_get(document, "Statement");
    if (!doc_is(statements, DOC_LIST)) return check_principals(turn, statements, e);
    for (const Doc *at = doc_first(statements); at; at = at->next) TRY(check_principals(turn, at, e));
    return true;
}

static size_t attachment_count(Turn *turn, Str arn) {
    static const DocumentType *const types[] = {&IAM_USER, &IAM_ROLE, &IAM_GROUP};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) count += doc_count(document_find(turn_store(turn), iam_where(turn), types[i], "attached", arn, turn_arena(turn)));
    return count;
}

Doc *iam_bounded_by(Turn *turn, const Kind *kind, Str arn) {
    Doc *found = doc_list(turn_arena(turn));
    if (kind == &IAM_KIND_GROUP) return found; // groups have no boundary
    const Doc *all = document_scan(turn_store(turn), iam_where(turn), kind->type, (DocumentScan){0}, turn_arena(turn));
    for (const Doc *one = doc_first(all); one; one = one->next)
        if (str_eq(doc_text(one, "PermissionsBoundary"), arn)) doc_push(found, doc_copy(turn_arena(turn), one));
    return found;
}

static size_t boundary_count(Turn *turn, Str arn) {
    return doc_count(iam_bounded_by(turn, &IAM_KIND_USER, arn)) + doc_count(iam_bounded_by(turn, &IAM_KIND_ROLE, arn));
}

static Doc *policy_view(Turn *turn, const Doc *policy) {
    Arena *arena = turn_arena(turn);
    static const char *const texts[] = {"PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId"};
    Doc *view = doc_map(arena);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) doc_set_str(arena, view, texts[i], doc_text(policy, texts[i]));
    doc_set_int(arena, view, "AttachmentCount", (int64_t)attachment_count(turn, doc_text(policy, "Arn")));
    doc_set_int(arena, view, "PermissionsBoundaryUsageCount", (int64_t)boundary_count(turn, doc_text(policy, "Arn")));
    doc_set_bool(arena, view, "IsAttachable", true);
    iam_show_date(arena, view, "CreateDate", policy);
    iam_show_date(arena, view, "UpdateDate", policy);
    return view;
}

static void save(Turn *turn, const Doc *policy) {
    Str id = iam_id(turn_arena(turn), doc_text(policy, "PolicyName"));
    document_put(turn_store(turn), iam_where(turn), &IAM_POLICY, id, policy);
    iam_touch(turn, &IAM_POLICY, id);
}

Outcome iam_create_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str name = doc_text(call->input, "PolicyName"), path = iam_path(call), text = doc_text(call->input, "PolicyDocument");
    CALL_TRY(iam_check_tags(call, e));
    if (document_exists(turn_store(turn), iam_where(turn), &IAM_POLICY, iam_id(arena, name))) {
        return call_fail(e, "EntityAlreadyExists", "A policy called %.*s already exists. Duplicate names are not allowed.", STR_ARG(name));
    }
    CALL_TRY(iam_check_document(turn, text, POLICY_MAX_BYTES, "Cannot exceed quota for PolicySize", e));
    Str id = str_cat(arena, STR("ANPA"), id_chars(turn_ids(turn), arena, ID_UPPER_ALNUM, 17));
    Doc *policy = document_of(arena, name, path, iam_arn(arena, turn_where(turn).account, "policy", path, name), id, turn_now(turn));
    doc_set_str(arena, policy, "Description", doc_text(call->input, "Description"));
    doc_set_str(arena, policy, "DefaultVersionId", STR("v1"));
    doc_set_int(arena, policy, "last_version", 1);
    doc_set(policy, "Tags", iam_tags(arena, doc_get(call->input, "Tags")));
    doc_push(doc_get(policy, "versions"), version_of(arena, STR("v1"), text, turn_now(turn)));
    save(turn, policy);
    *out = doc_map(arena);
    Doc *view = policy_view(turn, policy);
    if (doc_count(doc_get(policy, "Tags"))) doc_set(view, "Tags", doc_copy(arena, doc_get(policy, "Tags")));
    doc_set(*out, "Policy", view);
    return OUTCOME_DONE;
}

Outcome iam_get_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *policy;
    CALL_TRY(iam_policy_find(turn, doc_text(call->input, "PolicyArn"), &policy, e));
    Doc *view = policy_view(turn, policy);
    doc_set_str(arena, view, "Description", doc_text(policy, "Description"));
    doc_set(view, "Tags", doc_get(policy, "Tags") ? doc_copy(arena, doc_get(policy, "Tags")) : doc_list(arena));
    *out = doc_map(arena);
    doc_set(*out, "Policy", view);
    return OUTCOME_DONE;
}

static void list_one(Turn *turn, const Call *call, const Doc *policy, Doc *items) {
    if (!iam_has_path_prefix(call, doc_text(policy, "Path"))) return;
    Doc *view = policy_view(turn, policy);
    bool bounds = str_is(doc_text(call->input, "PolicyUsageFilter"), "PermissionsBoundary");
    int64_t used = doc_number(view, bounds ? "PermissionsBoundaryUsageCount" : "AttachmentCount", 0);
    if (used || !(bounds || doc_flag(call->input, "OnlyAttached", false))) doc_push(items, view);
}

Outcome iam_list_policies(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str scope = doc_text(call->input, "Scope");
    Doc *items = doc_list(arena);
    if (!str_is(scope, "AWS")) {
        const Doc *own = document_scan(turn_store(turn), iam_where(turn), &IAM_POLICY, (DocumentScan){0}, arena);
        for (const Doc *policy = doc_first(own); policy; policy = policy->next) list_one(turn, call, policy, items);
    }
    for (size_t i = 0; i < managed_policy_count() && !str_is(scope, "Local"); i++)
        list_one(turn, call, document_of_aws(arena, managed_policy_at(i)), items);
    CALL_TRY(iam_page(call, items, "Arn", "Policies", out, e));
    return OUTCOME_DONE;
}

// Only the customer's own policies can be changed.
bool iam_policy_find_own(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str arn = doc_text(call->input, "PolicyArn");
    if (str_starts(arn, STR("arn:aws:iam::aws:"))) {
        return fail(e, "AccessDenied", "User: %.*s is not authorized to perform: iam:%.*s on resource: policy %.*s", STR_ARG(call->principal.arn),
                    STR_ARG(wire_str(call->operation->name)), STR_ARG(arn));
    }
    return iam_policy_find(turn, arn, out, e);
}

Outcome iam_delete_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *policy;
    CALL_TRY(iam_policy_find_own(turn, call, &policy, e));
    Str arn = doc_text(policy, "Arn");
    if (attachment_count(turn, arn) || boundary_count(turn, arn))
        return call_fail(e, "DeleteConflict", "Cannot delete a policy attached to entities.");
    if (doc_count(doc_get(policy, "versions")) > 1) {
        return call_fail(e, "DeleteConflict",
                         "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default "
                         "version is deleted with the "
                         "policy.");
    }
    Str id = iam_id(turn_arena(turn), doc_text(policy, "PolicyName"));
    document_delete(turn_store(turn), iam_where(turn), &IAM_POLICY, id);
    iam_touch(turn, &IAM_POLICY, id);
    return OUTCOME_DONE;
}

// ---- Versions ----

enum { VERSIONS_MAX = 5 };

static Doc *find_version(const Doc *policy, Str id) {
    for (Doc *at = doc_first(doc_get(policy, "versions")); at; at = at->next) {
        if (str_eq(doc_text(at, "VersionId"), id)) return at;
    }
    return NULL;
}

Str iam_policy_text(Turn *turn, Str arn) {
    Doc *policy;
    return find(turn, arn, &policy) ? doc_text(find_version(policy, doc_text(policy, "DefaultVersionId")), "Document") : STR_NONE;
}

static Doc *version_view(Arena *arena, const Doc *policy, const Doc *version, bool with_document) {
    Doc *view = doc_map(arena);
    Str id = doc_text(version, "VersionId");
    if (with_document) doc_set_str(arena, view, "Document", str_uri_encode(arena, doc_text(version, "Document"), false));
    doc_set_str(arena, view, "VersionId", id);
    doc_set_bool(arena, view, "IsDefaultVersion", str_eq(id, doc_text(policy, "DefaultVersionId")));
    iam_show_date(arena, view, "CreateDate", version);
    return view;
}

Outcome iam_create_version(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str text = doc_text(call->input, "PolicyDocument");
    Doc *policy;
    CALL_TRY(iam_policy_find_own(turn, call, &policy, e));
    CALL_TRY(iam_check_document(turn, text, POLICY_MAX_BYTES, "Cannot exceed quota for PolicySize", e));
    if (doc_count(doc_get(policy, "versions")) >= VERSIONS_MAX) {
        return call_fail(e, "LimitExceeded",
                         "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.",
                         VERSIONS_MAX);
    }
    int64_t number = doc_number(policy, "last_version", 1) + 1;
    Doc *version = version_of(arena, str_format(arena, "v%lld", (long long)number), text, turn_now(turn));
    doc_push(doc_get(policy, "versions"), version);
    doc_put(policy, STR("last_version"), doc_of_int(arena, number));
    doc_put(policy, STR("UpdateDate"), doc_of_int(arena, turn_now(turn)));
    if (doc_flag(call->input, "SetAsDefault", false)) doc_put(policy, STR("DefaultVersionId"), doc_of_str(arena, doc_text(version, "VersionId")));
    save(turn, policy);
    *out = doc_map(arena);
    doc_set(*out, "PolicyVersion", version_view(arena, policy, version, false));
    return OUTCOME_DONE;
}

static bool no_such_version(const Call *call, Error *e) {
    return fail(e, "NoSuchEntity", "Policy %.*s version %.*s does not exist or is not attachable.", STR_ARG(doc_text(call->input, "PolicyArn")),
                STR_ARG(doc_text(call->input, "VersionId")));
}

// The version that the input names.
static bool called_version(const Call *call, const Doc *policy, Doc **out, Error *e) {
    *out = find_version(policy, doc_text(call->input, "VersionId"));
    return *out || no_such_version(call, e);
}

// Of a policy that is not there IAM says that this version of it is not there.
static bool own_with_version(Turn *turn, const Call *call, Doc **policy, Doc **version, Error *e) {
    Error why = {0};
    if (iam_policy_find_own(turn, call, policy, &why)) return called_version(call, *policy, version, e);
    if (error_is(&why, "NoSuchEntity")) return no_such_version(call, e);
    if (e) *e = why;
    return false;
}

Outcome iam_get_version(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *policy, *version;
    Str arn = doc_text(call->input, "PolicyArn");
    CALL_TRY(iam_check_arn(arn, e));
    if (!find(turn, arn, &policy)) CALL_TRY(no_such_version(call, e));
    CALL_TRY(called_version(call, policy, &version, e));
    *out = doc_map(turn_arena(turn));
    doc_set(*out, "PolicyVersion", version_view(turn_arena(turn), policy, version, true));
    return OUTCOME_DONE;
}

static void push_newest_first(Arena *arena, const Doc *policy, const Doc *version, Doc *items) {
    if (!version) return;
    push_newest_first(arena, policy, version->next, items);
    doc_push(items, version_view(arena, policy, version, false));
}

Outcome iam_list_versions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *policy, *items = doc_list(arena);
    CALL_TRY(iam_policy_find(turn, doc_text(call->input, "PolicyArn"), &policy, e));
    push_newest_first(arena, policy, doc_first(doc_get(policy, "versions")), items);
    CALL_TRY(iam_page(call, items, "VersionId", "Versions", out, e));
    return OUTCOME_DONE;
}

Outcome iam_set_default_version(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *policy, *version;
    CALL_TRY(own_with_version(turn, call, &policy, &version, e));
    doc_put(policy, STR("DefaultVersionId"), doc_of_str(turn_arena(turn), doc_text(version, "VersionId")));
    save(turn, policy);
    return OUTCOME_DONE;
}

Outcome iam_delete_version(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *policy, *version, *left = doc_list(arena);
    CALL_TRY(own_with_version(turn, call, &policy, &version, e));
    if (str_eq(doc_text(version, "VersionId"), doc_text(policy, "DefaultVersionId"))) {
        return call_fail(e, "DeleteConflict", "Cannot delete the default version of a policy.");
    }
    for (const Doc *at = doc_first(doc_get(policy, "versions")); at; at = at->next) {
        if (at != version) doc_push(left, doc_copy(arena, at));
    }
    doc_put(policy, STR("versions"), left);
    save(turn, policy);
    return OUTCOME_DONE;
}
