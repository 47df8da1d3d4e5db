// Replies to requests of ours: the output, or the error that the service told.
#include "wire/request.h"

#include "formats/json.h"
#include "wire/codec.h"

static bool is_json(const WireOperation *operation) {
    WireProtocol protocol = wire_client_protocol(wire_service_of(operation));
    return protocol == WIRE_JSON_1_0 || protocol == WIRE_JSON_1_1;
}

// "com.amazonaws.x#NotFoundException" and "NotFoundException:http://…" both mean the name in the middle.
static bool fail_json(Arena *arena, int status, Str body, Error *e) {
    Doc *doc = NULL;
    if (!json_parse(arena, body, &doc, NULL)) return fail(e, "bad-reply", "the plane answered %d: %.*s", status, STR_ARG(str_sub(body, 0, 200)));
    Str code = doc_text(doc, "__type"), message = doc_text(doc, "message");
    ptrdiff_t hash = str_find_char(code, '#');
    if (hash >= 0) code = str_from(code, (size_t)hash + 1);
    code = str_cut(&code, ':');
    if (str_is_none(message)) message = doc_text(doc, "Message");
    return fail(e, str_c(arena, code.len ? code : STR("bad-reply")), "%.*s", STR_ARG(message));
}

// <Error><Code/><Message/></Error>, alone or within <ErrorResponse> or <Response><Errors>.
static bool fail_xml(Arena *arena, int status, Str body, Error *e) {
    XmlNode *root = NULL;
    if (!xml_parse(arena, body, &root, NULL)) return fail(e, "bad-reply", "the plane answered %d", status);
    const XmlNode *error = root;
    if (xml_child(error, "Errors")) error = xml_child(error, "Errors");
    if (xml_child(error, "Error")) error = xml_child(error, "Error");
    Str code = xml_text_of(error, "Code"), message = xml_text_of(error, "Message");
    return fail(e, str_c(arena, code.len ? code : STR("bad-reply")), "%.*s", STR_ARG(message));
}

static bool fail_reply(Arena *arena, const WireOperation *operation, int status, Str body, Error *e) {
    bool json = is_json(operation);
    if (json) fail_json(arena, status, body, e);
    if (!json) fail_xml(arena, status, body, e);
    if (e) e->http_status = status;
    return false;
}

static bool read_xml(const Codec *codec, const WireOperation *operation, Str body, Doc *into) {
    XmlNode *root = NULL;
    TRY(xml_parse(codec->arena, body, &root, codec->e));
    const XmlNode *node = root;
    Str wrapper = wire_str(operation->result_wrapper);
    if (wrapper.len) node = xml_child(root, str_c(codec->arena, wrapper));
    return !node || xml_decode_node(codec, wire_output(operation), node, into);
}

bool wire_reply(Arena *arena, const WireOperation *operation, int status, Str body, Doc **out, Error *e) {
    if (status >= 300) return fail_reply(arena, operation, status, body, e);
    WireRoute route = wire_route_to(operation);
    route.protocol = wire_client_protocol(route.service);
    bool json = is_json(operation);
    Codec codec = {.arena = arena, .route = &route, .time_format = json ? WIRE_TIME_UNIX : WIRE_TIME_ISO8601, .e = e};
    const WireShape *shape = wire_output(operation);
    Doc *into = doc_map(arena);
    if (shape && body.len && json) TRY(json_decode_body(&codec, shape, body, into));
    if (shape && body.len && !json) TRY(read_xml(&codec, operation, body, into));
    *out = into;
    return true;
}
