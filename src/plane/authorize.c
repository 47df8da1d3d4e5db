// Policy before every handler: works out what a call needs (action, resource, condition keys) from the service's table and asks identity/.
#include "plane/internal.h"

#include <assert.h>

void require_told(Requirements *all, Str action, Str resource, Str told, Doc *context) {
    vec_add(&all->list, Requirement, ((Requirement){.action = action, .resource = resource, .told = told, .context = context}));
}

void require(Requirements *all, Str action, Str resource, Doc *context) { require_told(all, action, resource, STR_NONE, context); }

static void add_tag(Arena *arena, Doc *context, Str prefix, const Doc *tag) {
    doc_put(context, str_cat(arena, prefix, doc_text(tag, "Key")), doc_of_str(arena, doc_str(doc_get(tag, "Value"), STR(""))));
}

void context_add_resource_tags(Arena *arena, Doc *context, const char *service, const Doc *tags) {
    Str own = str_cat(arena, str_of(service), STR(":ResourceTag/"));
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        add_tag(arena, context, STR("aws:ResourceTag/"), tag);
        add_tag(arena, context, own, tag);
    }
}

void context_add_request_tags(Arena *arena, Doc *context, const Doc *tags) {
    Doc *keys = doc_list(arena);
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        add_tag(arena, context, STR("aws:RequestTag/"), tag);
        doc_push_str(arena, keys, doc_text(tag, "Key"));
    }
    if (doc_count(keys)) doc_set(context, "aws:TagKeys", keys);
}

void require_pass_role(Requirements *all, Str role_arn, const char *service_host) {
    if (!role_arn.len) return;
    Doc *context = doc_map(all->arena);
    doc_set_str(all->arena, context, "iam:PassedToService", str_of(service_host));
    require(all, STR("iam:PassRole"), role_arn, context);
}

// "pipeline.name" within the input; STR_NONE when a part is absent or no text.
static Str member_at(const Doc *input, Str path) {
    const Doc *at = input;
    while (path.at && at) at = doc_get_str_key(at, str_cut(&path, '.'));
    return doc_str(at, STR_NONE);
}

// What stands in braces: a path, alternatives by bars, or one of the call's own.
static Str braced(const Call *call, Str names) {
    if (str_is(names, "region")) return call->where.region;
    if (str_is(names, "account")) return call->where.account;
    Str value = STR_NONE;
    while (!value.at && names.at) value = member_at(call->input, str_cut(&names, '|'));
    return value;
}

Str expand_resource(const Call *call, const char *template) {
    if (!template) return STR("*");
    Arena *arena = call->arena;
    Str rest = str_of(template), resource = STR("");
    while (rest.len) {
        resource = str_cat(arena, resource, str_cut(&rest, '{'));
        if (!rest.at) break;
        Str value = braced(call, str_cut(&rest, '}'));
        if (!value.at) return STR("*");
        // A member may hold the whole ARN where a name would do.
        if (str_starts(value, STR("arn:")) && !str_is(resource, "")) return value;
        resource = str_cat(arena, resource, value);
    }
    return resource;
}

static void collect(Turn *turn, const Operation *operation, const Call *call, Requirements *all) {
    if (operation->requirements) {
        operation->requirements(turn, call, all);
        return;
    }
    const WireService *wire = wire_service_of(call->operation);
    Str action = str_of(operation->action);
    if (!action.at) action = str_cat(call->arena, str_of(registry_service(wire)->prefix), str_cat(call->arena, STR(":"), str_of(operation->name)));
    require(all, action, expand_resource(call, operation->resource), NULL);
}

static IdentityView view_of(const Turn *turn) {
    if (turn->turns) return (IdentityView){.directory = turn->turns->directory};
    return (IdentityView){.snapshot = plane_identity(turn->plane)};
}

typedef struct Asked {
    Turn *turn;
    const Call *call;
    const Requirement *what;
    Str owner;
} Asked;

// Condition keys of every request, of the service and of the requirement.
static Doc *context_of(void *from) {
    const Asked *asked = from;
    Turn *turn = asked->turn;
    const Call *call = asked->call;
    Arena *arena = turn->arena;
    Doc *context = asked->what->context ? doc_copy(arena, asked->what->context) : doc_map(arena);
    doc_set_str(arena, context, "aws:RequestedRegion", turn->where.region);
    doc_set_bool(arena, context, "aws:ViaAWSService", call && call->internal && call->principal.access_key_id.at); // a service, for who called it
    if (!call) return context;
    doc_set_str(arena, context, "aws:SourceIp", call->source_ip);
    doc_set_str(arena, context, "aws:UserAgent", call->user_agent);
    doc_set_str(arena, context, "aws:SecureTransport", call->tls ? STR("true") : STR("false"));
    const Service *service = registry_service(wire_service_of(call->operation));
    if (service->context) service->context(turn, call, asked->what, asked->owner, context);
    return context;
}

static bool is_allowed(Turn *turn, const Call *call, const Principal *principal, const Requirement *what, const Doc *resource_policy, Str owner,
                       Error *e) {
    Asked asked = {turn, call, what, owner};
    ConditionKeys keys = {.make = context_of, .from = &asked};
    AuthorizationRequest request = {
        .arena = turn->arena,
        .principal = principal,
        .action = what->action,
        .resource = what->resource,
        .told = what->told,
        .resource_account = owner,
        .asked = call ? str_of(registry_service(wire_service_of(call->operation))->prefix) : STR_NONE,
        .resource_policy = str_is(what->action, "iam:PassRole") ? NULL : resource_policy,
        .keys = &keys,
        .now_ms = turn->now_ms,
    };
    return identity_authorize(view_of(turn), &request, e);
}

bool authorize_call(Turn *turn, const Operation *operation, const Call *call, Error *e) {
    const Service *service = registry_service(wire_service_of(call->operation));
    Str owner = STR_NONE;
    const Doc *resource_policy = service->resource_policy ? service->resource_policy(turn, call, &owner) : NULL;
    bool own = !owner.at || str_eq(owner, call->principal.account);
    if (call->principal.kind == PRINCIPAL_ROOT && own && !resource_policy) return true; // nothing can forbid it
    Requirements all = {turn->arena, vec_of(turn->arena, Requirement)};
    collect(turn, operation, call, &all);
    bool allowed = true;
    for (size_t i = 0; i < all.list.len && allowed; i++)
        allowed = is_allowed(turn, call, &call->principal, vec_at(&all.list, i), resource_policy, owner, e);
    if (!allowed && service->is_there) service->is_there(turn, call, e);
    return allowed;
}

// Of a service's own actions, the policy of what the call addresses counts as it does before the handler.
bool turn_allowed(Turn *turn, const Principal *principal, const Requirement *what, Error *e) {
    Str owner = STR_NONE;
    const Doc *resource_policy = NULL;
    const Service *service = turn->call ? registry_service(wire_service_of(turn->call->operation)) : NULL;
    bool own = service && str_starts(what->action, str_cat(turn->arena, str_of(service->prefix), STR(":")));
    if (own && service->resource_policy) resource_policy = service->resource_policy(turn, turn->call, &owner);
    return is_allowed(turn, turn->call, principal, what, resource_policy, owner, e);
}

bool turn_role_trusts(Turn *turn, Str role_arn, const char *service_host, Str source_arn, Error *e) {
    return identity_role_trusts(view_of(turn), turn->arena, role_arn, str_of(service_host), source_arn, e);
}

Directory *turn_directory(Turn *turn) {
    assert(turn->turns);
    turn->turns->changed = true;
    return turn->turns->directory;
}
