// The door to the decoders: refuses what no decoder can read, then hands over to the protocol's.
#include "wire/decode.h"

#include "wire/codec.h"
#include "wire/evidence.h"

static WireTimeFormat default_time_format(WireProtocol protocol) {
    bool json = protocol == WIRE_JSON_1_0 || protocol == WIRE_JSON_1_1 || protocol == WIRE_REST_JSON || protocol == WIRE_RPC_V2_CBOR;
    return json ? WIRE_TIME_UNIX : WIRE_TIME_ISO8601;
}

// Where Content-Encoding is the input's own member (PutObject), it describes an object and not this body.
static bool refuse_compressed(const WireRoute *route, const HttpRequest *request, Error *e) {
    Str encoding = http_header(request, "content-encoding");
    const WireShape *input = wire_input(route->operation);
    if (encoding.len == 0 || (input && wire_member_outside(input, WIRE_IN_HEADER, STR("content-encoding")))) return true;
    if (str_eq_nocase(encoding, STR("identity")) || str_contains(encoding, STR("aws-chunked"))) return true;
    fail(e, "UnsupportedContentEncoding",
         "The content encoding %.*s of request bodies is not supported. SDKs send the body as it is with disable_request_compression or "
         "AWS_DISABLE_REQUEST_COMPRESSION=true.",
         STR_ARG(encoding));
    if (e) e->http_status = 415;
    return false;
}

static bool refuse_unreadable(const WireRoute *route, const HttpRequest *request, Error *e) {
    if (route->operation->flags & WIRE_STREAM_IN) return true;
    if (!str_is_none(request->body.path)) {
        fail(e, "RequestEntityTooLarge", "The request body is larger than the operation %.*s allows.", STR_ARG(wire_str(route->operation->name)));
        if (e) e->http_status = 413;
        return false;
    }
    return refuse_compressed(route, request, e);
}

static bool decode_into(const Codec *codec, const WireShape *shape, const HttpRequest *request, Doc *into) {
    Str body = request->body.bytes;
    switch (codec->route->protocol) {
    case WIRE_JSON_1_0:
    case WIRE_JSON_1_1: return json_decode_body(codec, shape, body, into);
    case WIRE_QUERY:
    case WIRE_EC2: {
        bool in_body = request_is_form(request) && !str_is_none(query_parameter(body, STR("Action")));
        return query_decode(codec, shape, in_body ? body : request->query, into);
    }
    case WIRE_REST_JSON:
    case WIRE_REST_XML: return rest_decode(codec, shape, request, into);
    case WIRE_RPC_V2_CBOR: return cbor_decode_body(codec, shape, body, into);
    case WIRE_PROTOCOL_COUNT: break;
    }
    return fail(codec->e, "InternalFailure", "unknown protocol");
}

bool wire_decode(Arena *arena, const WireRoute *route, const HttpRequest *request, Doc **input, Error *e) {
    TRY(refuse_unreadable(route, request, e));
    Codec codec = {.arena = arena, .route = route, .time_format = default_time_format(route->protocol), .e = e};
    const WireShape *shape = wire_input(route->operation);
    Doc *into = doc_map(arena);
    if (shape) TRY(decode_into(&codec, shape, request, into));
    *input = into;
    return true;
}
