// Which service, operation and protocol: route.h tells the order of the marks.
#include "wire/route.h"

#include "wire/evidence.h"
#include "wire/s3_refusals.h"

static bool is_rest(const WireService *service) { return service->protocol == WIRE_REST_JSON || service->protocol == WIRE_REST_XML; }

static WireProtocol json_version(const HttpRequest *request, const WireService *service) {
    Str type = http_header(request, "content-type");
    if (str_starts(type, STR("application/x-amz-json-1.1"))) return WIRE_JSON_1_1;
    if (str_starts(type, STR("application/x-amz-json-1.0"))) return WIRE_JSON_1_0;
    return service && service->protocol == WIRE_JSON_1_1 ? WIRE_JSON_1_1 : WIRE_JSON_1_0;
}

static WireProtocol query_protocol(const WireService *service) { return service->protocol == WIRE_EC2 ? WIRE_EC2 : WIRE_QUERY; }

static bool fail_unknown(const WireRoute *route, Str service_name, Error *e) {
    bool json = route->protocol == WIRE_JSON_1_0 || route->protocol == WIRE_JSON_1_1;
    if (!route->service) {
        fail(e, "NotImplemented", "%.*s is not a service that this plane has a model of.", STR_ARG(service_name));
        if (e) e->http_status = 501;
        return false;
    }
    Str asked = route->operation_name.len ? route->operation_name : STR("that the request would name");
    fail(e, "UnknownOperationException", "%.*s has no operation %.*s.", STR_ARG(wire_str(route->service->name)), STR_ARG(asked));
    if (e) e->http_status = json ? 400 : 404;
    return false;
}

// Only what stands behind the last dot counts: some SDKs leave "com.amazonaws." out of a prefix.
static Str last_word(Str dotted) { return str_from(dotted, (size_t)(str_rfind_char(dotted, '.') + 1)); }

static const WireService *service_of_target(Str prefix) {
    Str word = last_word(prefix);
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        if (service->target_prefix && str_eq(last_word(wire_str(service->target_prefix)), word)) return service;
    }
    return NULL;
}

static bool route_target(const HttpRequest *request, const Evidence *evidence, WireRoute *out, Error *e) {
    ptrdiff_t dot = str_rfind_char(evidence->target, '.');
    Str prefix = str_sub(evidence->target, 0, dot < 0 ? 0 : (size_t)dot);
    out->service = service_of_target(prefix);
    out->protocol = json_version(request, out->service);
    out->operation_name = last_word(evidence->target);
    if (out->service) out->operation = wire_operation(out->service, out->operation_name);
    return out->operation || fail_unknown(out, prefix, e);
}

// /service/GraniteServiceVersion20100801/operation/PutMetricData, maybe behind a prefix of the endpoint's.
static bool route_rpc(const HttpRequest *request, WireRoute *out, Error *e) {
    Str path = request->path;
    ptrdiff_t at = str_find(path, STR("/service/")), middle = str_find(path, STR("/operation/"));
    bool well_formed = at >= 0 && middle > at;
    Str service = well_formed ? str_sub(path, (size_t)at + strlen("/service/"), (size_t)middle) : path;
    if (well_formed) out->operation_name = str_from(path, (size_t)middle + strlen("/operation/"));
    out->protocol = WIRE_RPC_V2_CBOR;
    out->service = service_of_target(service);
    if (out->service && wire_accepts(out->service, WIRE_RPC_V2_CBOR)) out->operation = wire_operation(out->service, out->operation_name);
    return out->operation || fail_unknown(out, service, e);
}

static bool fail_unknown_path(const WireService *service, const HttpRequest *request, Str bucket, Error *e) {
    Str name = wire_str(service->name);
    if (str_eq(name, STR("s3"))) {
        return s3_fail_path(request, bucket, e);
    } else if (str_starts(name, STR("apigateway"))) {
        fail(e, "MissingAuthenticationTokenException", "Missing Authentication Token");
        if (e) e->http_status = 403;
    } else {
        fail(e, "UnknownOperationException", "%.*s has no operation at %.*s %.*s.", STR_ARG(name), STR_ARG(request->method), STR_ARG(request->path));
        if (e) e->http_status = 404;
    }
    return false;
}

static bool route_rest(const HttpRequest *request, const Evidence *evidence, const WireService *service, WireRoute *out) {
    out->service = service;
    out->protocol = (WireProtocol)service->protocol;
    Str path = request->path;
    if (service->protocol == WIRE_REST_XML && !str_is_none(evidence->bucket)) {
        out->bucket = evidence->bucket;
        path = str_format(request->arena, "/%.*s%.*s", STR_ARG(evidence->bucket), STR_ARG(request->path));
    }
    return match_rules(service, request, path, out);
}

// The parameters of a query-protocol request: a form's body, else the query.
static Str action_parameters(const HttpRequest *request) {
    bool in_body = request_is_form(request) && !str_is_none(query_parameter(request->body.bytes, STR("Action")));
    return in_body ? request->body.bytes : request->query;
}

static bool fail_unknown_action(const WireRoute *route, Str version, Error *e) {
    if (str_is_empty(route->operation_name)) return fail(e, "MissingAction", "The request is missing an action or a required parameter.");
    if (route->protocol == WIRE_EC2)
        return fail(e, "InvalidAction", "The action %.*s is not valid for this web service.", STR_ARG(route->operation_name));
    return fail(e, "InvalidAction", "Could not find operation %.*s for version %.*s", STR_ARG(route->operation_name), STR_ARG(version));
}

static bool is_candidate(const WireService *service, const Evidence *evidence) {
    if (!str_is_none(evidence->signing_name)) return str_eq(wire_str(service->signing_name), evidence->signing_name);
    return evidence->host_prefix.len && str_eq(wire_str(service->endpoint_prefix), evidence->host_prefix);
}

static bool speaks_query(const WireService *service) { return wire_accepts(service, WIRE_QUERY) || wire_accepts(service, WIRE_EC2); }

// `version` tells services apart that share a signing name; it is the only mark of a request without a signature.
static const WireService *service_of_action(const Evidence *evidence, Str action, Str version) {
    const WireService *found = NULL;
    bool anonymous = str_is_none(evidence->signing_name) && !evidence->host_prefix.len;
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        if (!speaks_query(service) || !(anonymous || is_candidate(service, evidence))) continue;
        bool same_version = str_eq(wire_str(service->api_version), version);
        if (anonymous ? same_version && wire_operation(service, action) : !found || same_version) found = service;
    }
    return found;
}

static bool route_action(const HttpRequest *request, const Evidence *evidence, WireRoute *out, Error *e) {
    Str parameters = action_parameters(request);
    out->operation_name = query_parameter(parameters, STR("Action"));
    Str version = query_parameter(parameters, STR("Version"));
    out->service = service_of_action(evidence, out->operation_name, version);
    out->protocol = out->service ? query_protocol(out->service) : WIRE_QUERY;
    // EC2 answers older versions with the same operations; elsewhere another version is another interface (elb and elbv2).
    bool right_version = out->service && (out->protocol == WIRE_EC2 || !version.len || str_eq(version, wire_str(out->service->api_version)));
    if (right_version) out->operation = wire_operation(out->service, out->operation_name);
    if (out->operation) return true;
    bool unheard_of = !out->service && !str_is_none(evidence->signing_name);
    return unheard_of ? fail_unknown(out, evidence->signing_name, e) : fail_unknown_action(out, version, e);
}

static bool has_action(const HttpRequest *request) { return !str_is_none(query_parameter(action_parameters(request), STR("Action"))); }

// The services that the signature or the host names; one of them at least has `quality`.
static const WireService *candidate_that(const Evidence *evidence, bool (*quality)(const WireService *)) {
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        if (is_candidate(service, evidence) && (!quality || quality(service))) return service;
    }
    return NULL;
}

static bool route_path(const HttpRequest *request, const Evidence *evidence, const WireService *first, WireRoute *out, Error *e) {
    const WireService *last = first;
    for (size_t i = (size_t)(first - wire_service_at(0)); i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        if (!is_rest(service) || !is_candidate(service, evidence)) continue;
        if (route_rest(request, evidence, service, out)) return service->protocol != WIRE_REST_XML || s3_request_fits(request, out, e);
        last = service;
    }
    return fail_unknown_path(last, request, evidence->bucket, e);
}

// Without a signature, paths that begin with a date are Lambda's and its like; S3's templates would fit everything.
static bool route_dated_path(const HttpRequest *request, const Evidence *evidence, WireRoute *out) {
    Str path = request->path;
    bool dated = path.len > 11 && path.at[1] == '2' && path.at[5] == '-' && path.at[8] == '-' && path.at[11] == '/';
    for (size_t i = 0; dated && i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        if (service->protocol == WIRE_REST_JSON && route_rest(request, evidence, service, out)) return true;
    }
    return false;
}

static bool route_unsigned(const HttpRequest *request, const Evidence *evidence, WireRoute *out, Error *e) {
    if (route_dated_path(request, evidence, out)) return true;
    const WireService *s3 = wire_service(STR("s3"));
    if (!s3) return fail_unknown(out, STR("s3"), e);
    return route_rest(request, evidence, s3, out) ? s3_request_fits(request, out, e) : fail_unknown_path(s3, request, evidence->bucket, e);
}

bool wire_route(const HttpRequest *request, WireRoute *out, Error *e) {
    Evidence evidence = evidence_of(request);
    *out = (WireRoute){.region = evidence.region, .protocol = WIRE_REST_JSON};
    if (evidence.target.len) return route_target(request, &evidence, out, e);
    if (!str_is_none(http_header(request, "smithy-protocol"))) return route_rpc(request, out, e);
    const WireService *rest = candidate_that(&evidence, is_rest);
    if (rest) return route_path(request, &evidence, rest, out, e);
    if (has_action(request) || candidate_that(&evidence, speaks_query)) return route_action(request, &evidence, out, e);
    out->service = candidate_that(&evidence, NULL);
    if (!out->service && str_is_none(evidence.signing_name)) return route_unsigned(request, &evidence, out, e);
    if (out->service) out->protocol = json_version(request, out->service);
    return fail_unknown(out, evidence.signing_name, e);
}

bool wire_body_streams(const HttpRequest *head, WireRoute *out) {
    if (!str_is_none(http_header(head, "x-amz-target")) || request_is_form(head)) return false;
    return wire_route(head, out, NULL) && out->operation && out->operation->flags & WIRE_STREAM_IN;
}

bool wire_is_dynamodb(const WireRoute *route) {
    return route->protocol == WIRE_JSON_1_0 && route->service && str_is(wire_str(route->service->name), "dynamodb");
}

WireRoute wire_route_to(const WireOperation *operation) {
    const WireService *service = wire_service_of(operation);
    return (WireRoute){
        .service = service, .operation = operation, .protocol = (WireProtocol)service->protocol, .operation_name = wire_str(operation->name)};
}
