// Each action by itself: its type, configuration, number of artifacts, region, role, time-out.
#include "services/codepipeline/providers.h"
#include "services/codepipeline/structure.h"

#define INVALID "InvalidActionDeclarationException"

static Str region_word(Arena *arena, Str region) { return str_replace(arena, str_upper(arena, region), STR("-"), STR("_")); }

static bool refuse_type(Arena *arena, Partition where, const Doc *pipeline, const Doc *action, Error *e) {
    const Doc *type = doc_get(action, "actionTypeId");
    bool commands = str_is(doc_text(type, "category"), "Compute") && str_is(doc_text(type, "provider"), "Commands");
    if (commands && !str_is(doc_text(pipeline, "pipelineType"), "V2")) return fail(e, INVALID, "Commands Action can only be used with V2 pipelines.");
    Str name = doc_text(action, "name"), category = doc_text(type, "category"), provider = doc_text(type, "provider"),
        owner = doc_text(type, "owner"), version = doc_text(type, "version"), region = region_word(arena, where.region);
    return fail(e, INVALID,
                "ActionType (Category: '%.*s', Provider: '%.*s', Owner: '%.*s', Version: '%.*s') in action '%.*s' is not available in region '%.*s'",
                STR_ARG(category), STR_ARG(provider), STR_ARG(owner), STR_ARG(version), STR_ARG(name), STR_ARG(region));
}

static bool check_name(const ActionPlace *at, Error *e) {
    Str name = doc_text(at->action, "name"), stage = doc_text(at->stage, "name");
    for (const Doc *other = at->action->next; other; other = other->next) {
        if (!str_eq(name, doc_text(other, "name"))) continue;
        return fail(e, INVALID, "Action name '%.*s' is used more than once in stage '%.*s'", STR_ARG(name), STR_ARG(stage));
    }
    return true;
}

// ---- Configuration ----

static bool check_value(const Doc *action, const ConfigurationKey *key, Str value, Error *e) {
    Str name = doc_text(action, "name");
    if (key->refused) return fail(e, INVALID, "Action '%.*s' sets %s: %s.", STR_ARG(name), key->name, key->refused);
    if (!key->only || str_eq_nocase(value, str_of(key->only))) return true;
    return fail(e, INVALID, "Action '%.*s' sets %s to %.*s: only %s is supported.", STR_ARG(name), key->name, STR_ARG(value), key->only);
}

static bool check_configuration(const Provider *provider, const Doc *action, Error *e) {
    Str name = doc_text(action, "name");
    const Doc *configuration = doc_get(action, "configuration");
    for (const Doc *one = doc_first(configuration); one; one = one->next) {
        const ConfigurationKey *key = provider_key(provider, one->key);
        if (!key) {
            return fail(e, INVALID, "Action configuration for action '%.*s' contains unknown configuration '%.*s'", STR_ARG(name), STR_ARG(one->key));
        }
        TRY(check_value(action, key, doc_str(one, STR("")), e));
    }
    for (const ConfigurationKey *key = provider->keys; key->name; key++) {
        if (!key->required || doc_text(configuration, key->name).len) continue;
        return fail(e, INVALID, "Action configuration for action '%.*s' is missing required configuration '%s'", STR_ARG(name), key->name);
    }
    return true;
}

// ---- Artifacts ----

static bool check_count(const Doc *action, const char *member, const char *word, ArtifactCount allowed, Error *e) {
    size_t count = doc_count(doc_get(action, member));
    Str name = doc_text(action, "name");
    if (count < allowed.least) {
        return fail(e, INVALID, "Action %.*s declares %zu %s artifacts which is less than the minimum count (%u)", STR_ARG(name), count, word,
                    allowed.least);
    }
    if (count <= allowed.most) return true;
    return fail(e, INVALID, "Action %.*s declares %zu %s artifacts which is more than the maximum count (%u)", STR_ARG(name), count, word,
                allowed.most);
}

static bool names_primary(const Doc *action, Error *e) {
    Str name = doc_text(action, "name"), primary = doc_text(doc_get(action, "configuration"), "PrimarySource");
    if (doc_count(doc_get(action, "inputArtifacts")) < 2 || primary.len) return true;
    return fail(e, INVALID,
                "Action configuration for action '%.*s' is missing required configuration 'PrimarySource', as it has several input artifacts",
                STR_ARG(name));
}

static bool check_artifacts(const Provider *provider, const Doc *action, Error *e) {
    TRY(check_count(action, "inputArtifacts", "input", provider->inputs, e));
    TRY(check_count(action, "outputArtifacts", "output", provider->outputs, e));
    for (const Doc *output = doc_first(doc_get(action, "outputArtifacts")); output; output = output->next) {
        Str name = doc_text(action, "name");
        if (doc_get(output, "files"))
            return fail(e, INVALID, "Action '%.*s' names files of an output artifact: only Commands actions have these.", STR_ARG(name));
    }
    return !str_is(str_of(provider->name), "CodeBuild") || names_primary(action, e);
}

// ---- The rest ----

static bool check_members(const Provider *provider, const Doc *action, Error *e) {
    static const char *const REFUSED[] = {"commands", "outputVariables", "environmentVariables"};
    Str name = doc_text(action, "name");
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        if (doc_get(action, REFUSED[i]))
            return fail(e, INVALID, "Action '%.*s' sets %s: only Commands actions have these.", STR_ARG(name), REFUSED[i]);
    }
    if (!doc_get(action, "timeoutInMinutes") || str_is(str_of(provider->category), "Approval")) return true;
    return fail(e, INVALID, "Action '%.*s' sets timeoutInMinutes: only manual approval actions have one.", STR_ARG(name));
}

static bool check_place(Partition where, const Doc *pipeline, const Doc *action, Error *e) {
    Str name = doc_text(action, "name"), region = doc_text(action, "region"), role = doc_text(action, "roleArn");
    if (region.len && !str_eq(region, where.region)) {
        return fail(e, INVALID, "Action '%.*s' is in region %.*s: cross-region actions are not supported.", STR_ARG(name), STR_ARG(region));
    }
    Str own = doc_text(pipeline, "roleArn");
    if (!role.len || str_contains(role, str_sub(own, 0, str_find(own, STR(":role/")) > 0 ? (size_t)str_find(own, STR(":role/")) : 0))) return true;
    return fail(e, INVALID, "Action '%.*s' has the role %.*s of another account: cross-account actions are not supported.", STR_ARG(name),
                STR_ARG(role));
}

bool structure_check_action(Arena *arena, Partition where, const Doc *pipeline, const ActionPlace *at, Error *e) {
    const Doc *action = at->action;
    const Provider *provider = provider_of(doc_get(action, "actionTypeId"));
    TRY(check_name(at, e));
    if (!provider) return refuse_type(arena, where, pipeline, action, e);
    TRY(check_configuration(provider, action, e));
    TRY(check_artifacts(provider, action, e));
    TRY(check_members(provider, action, e));
    return check_place(where, pipeline, action, e);
}
