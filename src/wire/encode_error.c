// A failure in each protocol's shape. What a handler calls it may be the shape's name ("NoSuchEntityException") or the code on the wire ("NoSuchEntity").
#include "wire/encode.h"

#include "base/limits.h"
#include "formats/cbor.h"
#include "formats/json.h"
#include "formats/xml.h"
#include "wire/writer.h"

// An error as it will be told.
typedef struct Fault {
    const WireShape *shape; // NULL: the model has none of this code
    Str name, code; // of the shape; on the wire of the XML protocols
    Str message;
    const Doc *extra;
    int status;
} Fault;

static int status_of_shape(const WireShape *shape, WireProtocol protocol, Str code) {
    if (shape->status) return shape->status;
    if (shape->flags & WIRE_SERVER_FAULT) return 500;
    return status_of_code(protocol, code);
}

static int status_of_error(const Error *error, const WireShape *shape, WireProtocol protocol, Str code) {
    if (error->http_status) return error->http_status;
    return shape ? status_of_shape(shape, protocol, code) : status_of_code(protocol, code);
}

int wire_error_status(const WireService *service, const Error *error) {
    const WireShape *shape = wire_error_shape(service, str_of(error->code));
    Str code = shape ? wire_str(shape->error_code ? shape->error_code : shape->name) : str_of(error->code);
    return status_of_error(error, shape, (WireProtocol)service->protocol, code);
}

// Messages repeat what was asked for; of bytes that are no UTF-8 nothing must get into JSON or XML.
static Str fit_to_tell(Arena *arena, Str text) {
    if (str_is_utf8(text)) return text;
    char *copy = arena_copy(arena, text.at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)copy[i] >= 0x80) copy[i] = '?';
    }
    return (Str){copy, text.len};
}

static Fault fault_of(const WireContext *context, const Error *error) {
    const WireRoute *route = context->route;
    Fault fault = {.name = str_of(error->code), .code = str_of(error->code), .extra = error->extra};
    fault.message = fit_to_tell(context->arena, str_of(error->message));
    if (route->service) fault.shape = wire_error_shape(route->service, fault.name);
    if (fault.shape) {
        fault.name = wire_str(fault.shape->name);
        fault.code = fault.shape->error_code ? wire_str(fault.shape->error_code) : fault.name;
    }
    fault.status = status_of_error(error, fault.shape, route->protocol, fault.code);
    return fault;
}

static const char *fault_type(const Fault *fault) { return fault->status >= 500 ? "Receiver" : "Sender"; }

// DynamoDB says where a name comes from; the others leave it out.
static Str json_type(Arena *arena, const WireRoute *route, const Fault *fault) {
    if (!route->service || !str_starts(wire_str(route->service->name), STR("dynamodb"))) return fault->name;
    if (fault->shape) return str_cat(arena, STR("com.amazonaws.dynamodb.v20120810#"), fault->name);
    bool validation = str_is(fault->name, "ValidationException");
    return str_cat(arena, validation ? STR("com.amazon.coral.validate#") : STR("com.amazon.coral.service#"), fault->name);
}

static Str message_member(const Fault *fault) {
    for (size_t i = 0; fault->shape && i < fault->shape->member_count; i++) {
        const WireMember *member = wire_member_at(fault->shape, i);
        if (str_eq_nocase(wire_str(member->name), STR("message"))) return wire_str(member->wire_name);
    }
    return STR("message");
}

static void json_error_members(Writer *writer, const Fault *fault) {
    Str name = message_member(fault);
    json_write_string(writer->buf, name);
    buf_add_char(writer->buf, ':');
    json_write_string(writer->buf, fault->message);
    if (fault->shape) json_encode_members(writer, fault->shape, fault->extra, false);
    buf_add_char(writer->buf, '}');
}

static void encode_json_error(Writer *writer, const Fault *fault) {
    buf_add(writer->buf, STR("{\"__type\":"));
    json_write_string(writer->buf, json_type(writer->arena, writer->context->route, fault));
    buf_add_char(writer->buf, ',');
    json_error_members(writer, fault);
}

static void encode_rest_json_error(Writer *writer, const Fault *fault) {
    int status = fault->status;
    writer_header(writer, "x-amzn-ErrorType", str_copy(writer->arena, fault->name)); // the error may be gone before the reply is sent
    if (fault->shape) rest_encode_headers(writer, fault->shape, fault->extra, &status);
    buf_add_char(writer->buf, '{');
    json_error_members(writer, fault);
}

static void encode_cbor_error(Writer *writer, const Fault *fault) {
    Doc *map = doc_map(writer->arena);
    doc_set_str(writer->arena, map, "__type", fault->name);
    doc_put(map, message_member(fault), doc_of_str(writer->arena, fault->message));
    for (const Doc *child = doc_first(fault->extra); child; child = child->next) doc_put(map, child->key, doc_copy(writer->arena, child));
    writer_header(writer, "smithy-protocol", STR("rpc-v2-cbor"));
    cbor_write_to(writer->buf, map);
}

static void encode_query_error(Writer *writer, const Fault *fault) {
    const WireRoute *route = writer->context->route;
    xml_open_ns(writer->buf, STR("ErrorResponse"), route->service ? wire_str(route->service->xml_namespace) : STR_NONE);
    xml_open(writer->buf, STR("Error"));
    xml_element(writer->buf, STR("Type"), str_of(fault_type(fault)));
    xml_element(writer->buf, STR("Code"), fault->code);
    xml_element(writer->buf, STR("Message"), fault->message);
    if (fault->shape) xml_encode_members(writer, fault->shape, fault->extra);
    xml_close(writer->buf, STR("Error"));
    xml_element(writer->buf, STR("RequestId"), writer->context->request_id);
    xml_close(writer->buf, STR("ErrorResponse"));
}

static void encode_ec2_error(Writer *writer, const Fault *fault) {
    xml_declaration(writer->buf);
    buf_add(writer->buf, STR("<Response><Errors><Error>"));
    xml_element(writer->buf, STR("Code"), fault->code);
    xml_element(writer->buf, STR("Message"), fault->message);
    buf_add(writer->buf, STR("</Error></Errors>"));
    xml_element(writer->buf, STR("RequestID"), writer->context->request_id);
    buf_add(writer->buf, STR("</Response>"));
}

static Str label(const WireRoute *route, const char *name) {
    for (size_t i = 0; i < route->label_count; i++) {
        if (str_is(route->labels[i].name, name)) return route->labels[i].value;
    }
    return STR_NONE;
}

static bool is_header(const Doc *member) { return str_starts(member->key, STR("$")); }

// What S3 tells besides: the bucket or the key that is missing, and what the handler put in. Members that begin with '$' are headers, not elements.
static void encode_s3_members(Writer *writer, const Fault *fault) {
    const WireRoute *route = writer->context->route;
    Str bucket = label(route, "Bucket"), key = label(route, "Key");
    str_uri_decode(writer->arena, key, false, &key);
    if (str_is(fault->code, "NoSuchKey") && key.len && !doc_get(fault->extra, "Key")) xml_element(writer->buf, STR("Key"), key);
    if (str_starts(fault->code, STR("NoSuchBucket")) && bucket.len && !doc_get(fault->extra, "BucketName"))
        xml_element(writer->buf, STR("BucketName"), bucket);
    for (const Doc *child = doc_first(fault->extra); child; child = child->next) {
        if (is_header(child)) continue;
        if (child->kind == DOC_STR) xml_element(writer->buf, child->key, fit_to_tell(writer->arena, child->as.text));
        if (child->kind == DOC_INT) xml_element(writer->buf, child->key, str_format(writer->arena, "%lld", (long long)child->as.integer));
    }
}

// A 304 or a delete marker's 404 has headers of the operation's reply: the map "Headers" of the extra members, by the output's names. Other headers
// stand among the extra members by their own name: "$Allow".
static void encode_s3_headers(Writer *writer, const Fault *fault) {
    const WireOperation *operation = writer->context->route->operation;
    int status = fault->status;
    for (const Doc *child = doc_first(fault->extra); child; child = child->next)
        if (is_header(child)) writer_header(writer, str_from(child->key, 1).at, doc_str(child, STR_NONE));
    if (operation && wire_output(operation)) rest_encode_headers(writer, wire_output(operation), doc_get(fault->extra, "Headers"), &status);
}

static void encode_s3_error(Writer *writer, const Fault *fault) {
    encode_s3_headers(writer, fault);
    xml_declaration(writer->buf);
    xml_open(writer->buf, STR("Error"));
    xml_element(writer->buf, STR("Code"), fault->code);
    xml_element(writer->buf, STR("Message"), fault->message);
    encode_s3_members(writer, fault);
    xml_element(writer->buf, STR("RequestId"), writer->context->request_id);
    xml_element(writer->buf, STR("HostId"), str_base64(writer->arena, writer->context->request_id));
    xml_close(writer->buf, STR("Error"));
}

// The code that clients of the query protocol know it by, for services that have left that protocol.
static void add_query_code(Writer *writer, const Fault *fault) {
    const WireService *service = writer->context->route->service;
    if (!service || !service->query_compatible) return;
    Str code = query_code(service, fault->name, fault->code);
    writer_header(writer, "x-amzn-query-error", str_format(writer->arena, "%.*s;%s", STR_ARG(code), fault_type(fault)));
}

static Str encode_error_body(Writer *writer, const Fault *fault) {
    switch (writer->context->route->protocol) {
    case WIRE_JSON_1_0:
    case WIRE_JSON_1_1:
        add_query_code(writer, fault);
        encode_json_error(writer, fault);
        return writer->context->route->protocol == WIRE_JSON_1_0 ? STR("application/x-amz-json-1.0") : STR("application/x-amz-json-1.1");
    case WIRE_RPC_V2_CBOR:
        add_query_code(writer, fault);
        encode_cbor_error(writer, fault);
        return STR("application/cbor");
    case WIRE_QUERY: encode_query_error(writer, fault); return STR("text/xml");
    case WIRE_EC2: encode_ec2_error(writer, fault); return STR("text/xml;charset=UTF-8");
    case WIRE_REST_XML: encode_s3_error(writer, fault); return STR("application/xml");
    case WIRE_REST_JSON:
    case WIRE_PROTOCOL_COUNT: break;
    }
    encode_rest_json_error(writer, fault);
    return STR("application/json");
}

void wire_encode_error(const WireContext *context, const Error *error, HttpReply *out) {
    AUTO_BUF buf;
    buf_init(&buf, LIMIT_WIRE_REPLY_BYTES);
    Fault fault = fault_of(context, error);
    bool text_times = context->route->protocol == WIRE_QUERY || context->route->protocol == WIRE_REST_XML;
    Writer writer = {context, context->arena, &buf, vec_of(context->arena, HttpHeader), text_times ? WIRE_TIME_ISO8601 : WIRE_TIME_UNIX};
    writer_request_id(&writer);
    Str type = encode_error_body(&writer, &fault);
    bool silent = fault.status == 304 || (context->request && str_is(context->request->method, "HEAD"));
    if (fault.status != 304) writer_header(&writer, "Content-Type", type);
    Body body = body_of(silent ? STR("") : str_copy(context->arena, buf_str(&buf)));
    writer_checksum(&writer, body.bytes);
    *out = (HttpReply){.status = fault.status, .headers = writer.headers.at, .header_count = writer.headers.len, .body = body};
}

bool wire_fail_not_implemented(const WireOperation *operation, Error *e) {
    Str service = wire_str(wire_service_of(operation)->name), name = wire_str(operation->name);
    fail(e, "NotImplemented", "%.*s:%.*s is modelled but not built.", STR_ARG(service), STR_ARG(name));
    if (e) e->http_status = 501;
    return false;
}
