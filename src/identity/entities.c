// Users and roles from their documents: policies resolved and compiled.
#include "identity/managed_policies.h"
#include "identity/snapshot.h"

#include "base/log.h"
#include "base/vec.h"

static const DocumentIndex user_indexes[] = {{"group", "groups"}, {"attached", "attached"}, {NULL, NULL}};
static const DocumentIndex role_indexes[] = {{"attached", "attached"}, {NULL, NULL}};
static const DocumentIndex group_indexes[] = {{"attached", "attached"}, {NULL, NULL}};
static const DocumentIndex key_indexes[] = {{"user", "user"}, {NULL, NULL}};
static const DocumentIndex profile_indexes[] = {{"role", "role"}, {NULL, NULL}};

const DocumentType IAM_USER = {"iam.user", user_indexes, NULL};
const DocumentType IAM_ROLE = {"iam.role", role_indexes, NULL};
const DocumentType IAM_GROUP = {"iam.group", group_indexes, NULL};
const DocumentType IAM_POLICY = {"iam.policy", NULL, NULL};
const DocumentType IAM_ACCESS_KEY = {"iam.access-key", key_indexes, NULL};
const DocumentType IAM_INSTANCE_PROFILE = {"iam.instance-profile", profile_indexes, NULL};
const DocumentType IAM_PLANE = {"iam.plane", NULL, NULL};

typedef struct Loader {
    Store *store;
    Arena *arena; // of the entity
    Str account;
    Vec policies; // const Policy *
    Vec depends; // Str
} Loader;

Str depend_key(Arena *arena, const char *kind, Str account, Str id) {
    char room[ENTITY_KEY_MAX];
    return str_copy(arena, entity_key(room, kind, account, id));
}

static const Policy *compile(Loader *loader, Str text, PolicyKind kind) {
    const Policy *policy = NULL;
    Error e = {0};
    // It was checked when it was put. A document of an older program that cannot be read allows nothing.
    if (!policy_parse(loader->arena, str_copy(loader->arena, text), kind, &policy, &e)) log_warn("a stored policy is unreadable: %s", e.message);
    return policy;
}

static void add_policy(Loader *loader, const Policy *policy) {
    if (policy) vec_add(&loader->policies, const Policy *, policy);
}

// The text of the default version of a managed policy; STR_NONE when there is no such policy.
static Str managed_text(Loader *loader, Str arn) {
    const ManagedPolicy *built_in = managed_policy_find(arn);
    if (built_in) return str_of(built_in->document);
    Str rest = arn;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    Str account = str_cut(&rest, ':'), id = str_lower(loader->arena, str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1)));
    vec_add(&loader->depends, Str, depend_key(loader->arena, "policy", account, id));
    Doc *document;
    if (!document_get(loader->store, (Partition){account, GLOBAL_REGION}, &IAM_POLICY, id, loader->arena, &document)) return STR_NONE;
    Str version = doc_text(document, "DefaultVersionId");
    for (const Doc *at = doc_first(doc_get(document, "versions")); at; at = at->next) {
        if (str_eq(doc_text(at, "VersionId"), version)) return doc_text(at, "Document");
    }
    return STR_NONE;
}

// NULL: there is no such policy, or it cannot be read.
static const Policy *managed(Loader *loader, Str arn) {
    Str text = managed_text(loader, arn);
    const Policy *policy = text.at ? compile(loader, text, POLICY_IDENTITY) : NULL;
    return policy ? policy_named(loader->arena, policy, arn) : NULL;
}

static void add_policies_of(Loader *loader, const Doc *document) {
    for (const Doc *at = doc_first(doc_get(document, "inline")); at; at = at->next)
        add_policy(loader, compile(loader, doc_str(at, STR("")), POLICY_IDENTITY));
    for (const Doc *at = doc_first(doc_get(document, "attached")); at; at = at->next) add_policy(loader, managed(loader, doc_str(at, STR(""))));
}

static void add_groups(Loader *loader, const Doc *user) {
    for (const Doc *at = doc_first(doc_get(user, "groups")); at; at = at->next) {
        Str id = doc_str(at, STR(""));
        vec_add(&loader->depends, Str, depend_key(loader->arena, "group", loader->account, id));
        Doc *group;
        if (document_get(loader->store, (Partition){loader->account, GLOBAL_REGION}, &IAM_GROUP, id, loader->arena, &group))
            add_policies_of(loader, group);
    }
}

// [{"Key": k, "Value": v}] as the API has it to {k: v}.
static const Doc *tags_of(Arena *arena, const Doc *list) {
    Doc *map = doc_map(arena);
    for (const Doc *at = doc_first(list); at; at = at->next) doc_put(map, doc_text(at, "Key"), doc_of_str(arena, doc_text(at, "Value")));
    return map;
}

Entity *entity_load(Store *store, bool is_role, Str account, Str id) {
    Arena *arena = arena_new();
    Doc *document;
    if (!document_get(store, (Partition){account, GLOBAL_REGION}, is_role ? &IAM_ROLE : &IAM_USER, id, arena, &document)) {
        arena_free(arena);
        return NULL;
    }
    Loader loader = {.store = store, .arena = arena, .account = account, .policies = vec_of(arena, const Policy *), .depends = vec_of(arena, Str)};
    Entity *entity = arena_new_of(arena, Entity);
    *entity = (Entity){.arena = arena,
                       .is_role = is_role,
                       .account = str_copy(arena, account),
                       .arn = doc_text(document, "Arn"),
                       .id = doc_text(document, is_role ? "RoleId" : "UserId"),
                       .name = doc_text(document, is_role ? "RoleName" : "UserName"),
                       .tags = tags_of(arena, doc_get(document, "Tags")),
                       .max_session_s = doc_number(document, "MaxSessionDuration", 3600)};
    atomic_init(&entity->references, 1);
    add_policies_of(&loader, document);
    if (!is_role) add_groups(&loader, document);
    Str boundary = doc_text(document, "PermissionsBoundary");
    if (boundary.at) {
        entity->boundary = managed(&loader, boundary);
        entity->boundary_missing = !entity->boundary;
    }
    if (is_role) entity->trust = compile(&loader, doc_text(document, "AssumeRolePolicyDocument"), POLICY_TRUST);
    entity->policies = loader.policies.at;
    entity->policy_count = loader.policies.len;
    entity->depends = loader.depends.at;
    entity->depend_count = loader.depends.len;
    return entity;
}

AccessKey *access_key_load(Store *store, Str account, Str id) {
    Arena *arena = arena_new();
    Doc *document;
    if (!document_get(store, (Partition){account, GLOBAL_REGION}, &IAM_ACCESS_KEY, id, arena, &document)) {
        arena_free(arena);
        return NULL;
    }
    AccessKey *key = arena_new_of(arena, AccessKey);
    *key = (AccessKey){.arena = arena,
                       .id = str_copy(arena, id),
                       .secret = doc_text(document, "secret"),
                       .account = str_copy(arena, account),
                       .user = doc_text(document, "user"),
                       .active = str_is(doc_text(document, "Status"), "Active")};
    atomic_init(&key->references, 1);
    return key;
}
