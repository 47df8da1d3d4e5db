// Decoders of the protocols. Of the RPC ones the input is "service.Operation\nBODY": a name that is none stands for the operation that its hash picks.
#include "targets.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/request.h"
#include "wire/validate.h"

static const WireOperation *pick(Str name, WireProtocol protocol) {
    Str rest = name, service_name = str_cut(&rest, '.');
    const WireService *service = wire_service(service_name);
    const WireOperation *operation = service ? wire_operation(service, rest) : NULL;
    if (operation && wire_accepts(service, protocol)) return operation;
    size_t at = str_hash(name) % wire_service_count();
    while (!wire_accepts(wire_service_at(at), protocol)) at = (at + 1) % wire_service_count();
    return wire_operation_at(wire_service_at(at), str_hash(name) / 64 % wire_service_at(at)->operation_count);
}

// Decodes, validates, and answers: as success with what came in, and with the error if there was one.
static void serve(Arena *arena, const WireRoute *route, const HttpRequest *request) {
    Doc *input;
    Error e;
    HttpReply reply;
    WireContext context = {arena, request, route, STR("8b9c")};
    if (wire_decode(arena, route, request, &input, &e)) {
        wire_encode(&context, input, NULL, &reply);
        if (wire_validate(arena, route->operation, input, &e)) return;
    }
    wire_encode_error(&context, &e, &reply);
    assert(reply.status >= 400);
}

static void serve_rpc(Arena *arena, Str input, WireProtocol protocol, const char *content_type) {
    Str body = input, name = str_cut(&body, '\n');
    const WireOperation *operation = pick(name, protocol);
    WireRoute route = wire_route_to(operation);
    route.protocol = protocol;
    HttpHeader header = {STR("Content-Type"), str_of(content_type)};
    HttpRequest request = {
        .arena = arena, .method = STR("POST"), .target = STR("/"), .path = STR("/"), .query = STR_NONE, .headers = &header, .header_count = 1};
    request.body = body_of(body.at ? body : STR(""));
    serve(arena, &route, &request);
}

void fuzz_wire_json(Arena *arena, Str input) {
    serve_rpc(arena, input, str_hash(input) % 2 ? WIRE_JSON_1_0 : WIRE_JSON_1_1, "application/x-amz-json-1.1");
}
void fuzz_wire_query(Arena *arena, Str input) { serve_rpc(arena, input, WIRE_QUERY, "application/x-www-form-urlencoded"); }
void fuzz_wire_ec2(Arena *arena, Str input) { serve_rpc(arena, input, WIRE_EC2, "application/x-www-form-urlencoded"); }
void fuzz_wire_cbor(Arena *arena, Str input) { serve_rpc(arena, input, WIRE_RPC_V2_CBOR, "application/cbor"); }

// A whole request: which service, which operation, labels, query, headers, body. REST protocols, and every other's marks.
void fuzz_wire_rest(Arena *arena, Str input) {
    HttpRequest request = fuzz_request(arena, input);
    WireRoute route;
    Error e;
    wire_body_streams(&request, &route);
    if (wire_route(&request, &route, &e)) {
        serve(arena, &route, &request);
    } else {
        HttpReply reply;
        wire_encode_error(&(WireContext){arena, &request, &route, STR("8b9c")}, &e, &reply);
    }
}

// "service.Operation STATUS\nBODY": a reply as our own clients read it.
void fuzz_wire_reply(Arena *arena, Str input) {
    Str body = input, line = str_cut(&body, '\n'), status_text = line, name = str_cut(&status_text, ' ');
    int64_t status = 200;
    str_to_int(status_text, &status);
    static const WireProtocol protocols[] = {WIRE_JSON_1_1, WIRE_QUERY, WIRE_EC2, WIRE_REST_XML};
    const WireOperation *operation = NULL;
    for (size_t i = 0; i < 4 && !operation; i++) {
        const WireOperation *found = pick(name, protocols[(str_hash(name) + i) % 4]);
        if (wire_client_protocol(wire_service_of(found)) < WIRE_PROTOCOL_COUNT) operation = found;
    }
    if (!operation) return;
    Doc *output;
    Error e;
    wire_reply(arena, operation, status == 200 ? 200 : 400, body.at ? body : STR(""), &output, &e);
}
