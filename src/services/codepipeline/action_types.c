// ListActionTypes and GetActionType: what providers.c holds.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"

static Doc *id_of(Arena *arena, const Provider *provider) {
    Doc *id = doc_map(arena);
    doc_set_str(arena, id, "category", str_of(provider->category));
    doc_set_str(arena, id, "owner", STR("AWS"));
    doc_set_str(arena, id, "provider", str_of(provider->name));
    doc_set_str(arena, id, "version", STR("1"));
    return id;
}

static Doc *count_of(Arena *arena, ArtifactCount count) {
    Doc *details = doc_map(arena);
    doc_set_int(arena, details, "minimumCount", count.least);
    doc_set_int(arena, details, "maximumCount", count.most);
    return details;
}

static Doc *property_of(Arena *arena, const ConfigurationKey *key, bool as_declaration) {
    Doc *property = doc_map(arena);
    doc_set_str(arena, property, "name", str_of(key->name));
    doc_set_bool(arena, property, as_declaration ? "optional" : "required", as_declaration ? !key->required : key->required);
    doc_set_bool(arena, property, "key", key->required);
    doc_set_bool(arena, property, as_declaration ? "noEcho" : "secret", false);
    doc_set_bool(arena, property, "queryable", false);
    doc_set_str(arena, property, "description", str_of(key->description));
    if (!as_declaration) doc_set_str(arena, property, "type", STR("String"));
    return property;
}

static Doc *properties_of(Arena *arena, const Provider *provider, bool as_declaration) {
    Doc *properties = doc_list(arena);
    for (const ConfigurationKey *key = provider->keys; key->name; key++) {
        if (!key->refused) doc_push(properties, property_of(arena, key, as_declaration));
    }
    return properties;
}

// Templates name members of the configuration as {Config:NAME}.
static Str template_of(Arena *arena, const char *url) {
    Str rest = str_of(url), template = STR("");
    while (rest.len) {
        template = str_cat(arena, template, str_cut(&rest, '{'));
        if (!rest.at) break;
        Str name = str_cut(&rest, '}');
        template = str_format(arena, "%.*s{%s%.*s}", STR_ARG(template), str_is(name, "region") ? "" : "Config:", STR_ARG(name));
    }
    return template;
}

static Doc *settings_of(Arena *arena, const Provider *provider) {
    Doc *settings = doc_map(arena);
    if (provider->entity_url) doc_set_str(arena, settings, "entityUrlTemplate", template_of(arena, provider->entity_url));
    return settings;
}

static Doc *type_of(Arena *arena, const Provider *provider) {
    Doc *type = doc_map(arena);
    doc_set(type, "id", id_of(arena, provider));
    doc_set(type, "settings", settings_of(arena, provider));
    doc_set(type, "actionConfigurationProperties", properties_of(arena, provider, false));
    doc_set(type, "inputArtifactDetails", count_of(arena, provider->inputs));
    doc_set(type, "outputArtifactDetails", count_of(arena, provider->outputs));
    return type;
}

Outcome list_action_types(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)turn;
    if (doc_get(call->input, "nextToken"))
        return call_fail(e, "InvalidNextTokenException", "The next token is not valid."); // one page holds them all
    Str owner = doc_text(call->input, "actionOwnerFilter");
    Doc *types = doc_list(call->arena);
    for (const Provider *provider = PROVIDERS; provider->category && (!owner.len || str_is(owner, "AWS")); provider++) {
        doc_push(types, type_of(call->arena, provider));
    }
    *out = doc_map(call->arena);
    doc_set(*out, "actionTypes", types);
    return OUTCOME_DONE;
}

Outcome get_action_type(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)turn;
    Arena *arena = call->arena;
    const Provider *provider = provider_of(call->input);
    Str category = doc_text(call->input, "category"), owner = doc_text(call->input, "owner"), name = doc_text(call->input, "provider"),
        version = doc_text(call->input, "version");
    if (!provider) {
        return call_fail(e, "ActionTypeNotFoundException",
                         "ActionType (Category: '%.*s', Owner: '%.*s', Provider: '%.*s', Version: '%.*s') is not available", STR_ARG(category),
                         STR_ARG(owner), STR_ARG(name), STR_ARG(version));
    }
    Doc *type = doc_map(arena), *executor = doc_map(arena);
    doc_set(executor, "configuration", doc_map(arena));
    doc_set_str(arena, executor, "type", STR("JobWorker"));
    doc_set(type, "executor", executor);
    doc_set(type, "id", id_of(arena, provider));
    doc_set(type, "inputArtifactDetails", count_of(arena, provider->inputs));
    doc_set(type, "outputArtifactDetails", count_of(arena, provider->outputs));
    doc_set(type, "properties", properties_of(arena, provider, true));
    *out = doc_map(arena);
    doc_set(*out, "actionType", type);
    return OUTCOME_DONE;
}
