// From a request to a call: which operation, who asks, what it says.
//
// Twice for a request whose body is a streaming payload (PutObject): by its head alone before the body is taken in, so that nobody fills the disk with what
// will be refused, and again with the body's digests and trailers when it is whole. Policy is asked at the head only where the body would be long or the client
// waits for a word ("Expect: 100-continue"): the turn asks in any case.
#include "plane/internal.h"

#include "base/limits.h"

static Str host_of(const Plane *plane, const HttpRequest *request) {
    Str host = http_header(request, "host");
    return host.at ? host : str_format(request->arena, "%.*s:%u", STR_ARG(plane->options.host), plane->port);
}

static void fill_call(Plane *plane, ApiWork *api) {
    const HttpRequest *request = &api->exchange->request;
    const Authentication *who = &api->who;
    Str region = who->region.len ? who->region : api->route.region.len ? api->route.region : plane->options.region;
    api->call.operation = api->route.operation;
    api->call.principal = who->principal;
    api->call.where = (Partition){who->principal.account.len ? who->principal.account : plane->options.account, region};
    api->call.region_told = who->region.len && who->principal.kind != PRINCIPAL_ANONYMOUS;
    api->call.source_ip = request->peer;
    api->call.user_agent = http_header(request, "user-agent");
    api->call.host = host_of(plane, request);
    api->call.signature = who->signature.scheme == SIGNATURE_NONE ? NULL : &who->signature;
    api->call.bucket_in_host = !str_is_none(api->route.bucket);
    api->call.tls = request->tls;
    api->call.body = request->body;
}

// Who asks, and whether what he asks for is built.
static bool identify(Plane *plane, ApiWork *api, bool head_only, Error *e) {
    const HttpRequest *request = &api->exchange->request;
    AuthenticationRules rules = plane_rules(plane);
    rules.head_only = head_only;
    TRY(identity_authenticate(plane_identity(plane), &rules, &api->route, request, &api->who, e));
    const Operation *operation = registry_operation(api->route.operation);
    if (!operation) {
        unsupported_note(plane, api->route.operation, http_header(request, "user-agent"));
        return wire_fail_not_implemented(api->route.operation, e);
    }
    bool anonymous = api->who.principal.kind == PRINCIPAL_ANONYMOUS;
    return !anonymous || operation->flags & OP_ANONYMOUS || identity_refuse_anonymous(&api->route, e);
}

static bool read_input(Plane *plane, ApiWork *api, Error *e) {
    const HttpRequest *request = &api->exchange->request;
    fill_call(plane, api);
    TRY(wire_decode(request->arena, &api->route, request, &api->call.input, e));
    return wire_validate(request->arena, api->route.operation, api->call.input, e);
}

typedef struct Permission {
    const ApiWork *api;
    Error *error;
    bool given;
} Permission;

static void ask_permission(Turn *turn, void *context) {
    Permission *permission = context;
    const Call *call = &permission->api->call;
    const Operation *operation = registry_operation(call->operation);
    turn->call = call;
    permission->given =
        authorize_call(turn, operation, call, permission->error) && (!operation->check || operation->check(turn, call, permission->error));
}

static bool body_is_long(const HttpRequest *request) {
    int64_t bytes;
    bool known = str_to_int(http_header(request, "content-length"), &bytes);
    return !known || bytes > LIMIT_HTTP_INLINE_BODY_BYTES;
}

bool admission_is_urgent(const HttpRequest *head) { return body_is_long(head) || http_header(head, "expect").at; }

// Requests of S3 have shorter ids than all others, those of DynamoDB longer ones that all end alike.
static void name_request(Plane *plane, ApiWork *api) {
    enum { S3_ID_CHARS = 16, DYNAMODB_ID_CHARS = 26 };
    Arena *arena = api->call.arena;
    if (api->route.protocol == WIRE_REST_XML) {
        api->call.request_id = id_chars(&plane->ids, arena, STR("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), S3_ID_CHARS);
    } else if (wire_is_dynamodb(&api->route)) {
        Str own = id_chars(&plane->ids, arena, STR("0123456789ABCDEFGHIJKLMNOPQRSTUV"), DYNAMODB_ID_CHARS);
        api->call.request_id = str_cat(arena, own, STR("VV4KQNSO5AEMVJF66Q9ASUAAJG"));
    }
}

bool admit_head(Plane *plane, ApiWork *api, Error *e) {
    api->has_head = true;
    name_request(plane, api);
    TRY(identify(plane, api, true, e));
    TRY(read_input(plane, api, e));
    if (!admission_is_urgent(&api->exchange->request)) return true;
    Permission permission = {.api = api, .error = e};
    return plane_read(plane, api->call.where, api->call.arena, ask_permission, &permission, e) && permission.given;
}

// What the body adds to a call that was admitted by its head.
static bool admit_body(ApiWork *api, Error *e) {
    const HttpRequest *request = &api->exchange->request;
    TRY(body_filter_check(api->filter, &api->route, &api->who.signature, e));
    api->call.body = request->body;
    api->call.digests = body_filter_digests(api->filter);
    body_filter_add_trailers(api->filter, api->call.operation, request->arena, api->call.input);
    return true;
}

bool admit(Plane *plane, ApiWork *api, Error *e) {
    if (api->has_head) return admit_body(api, e);
    const HttpRequest *request = &api->exchange->request;
    bool routed = wire_route(request, &api->route, e);
    name_request(plane, api);
    TRY(routed);
    TRY(identify(plane, api, false, e));
    TRY(body_sums_check(request, &api->route, e));
    return read_input(plane, api, e);
}
