// A success: status, headers and body in the protocol of the request.
#include "wire/encode.h"

#include "base/limits.h"
#include "formats/checksums.h"
#include "formats/xml.h"
#include "wire/writer.h"

void writer_header(Writer *writer, const char *name, Str value) {
    if (!str_is_none(value)) vec_add(&writer->headers, HttpHeader, ((HttpHeader){str_of(name), value}));
}

void writer_request_id(Writer *writer) {
    if (writer->context->route->protocol == WIRE_REST_XML) {
        writer_header(writer, "x-amz-request-id", writer->context->request_id);
        writer_header(writer, "x-amz-id-2", str_base64(writer->arena, writer->context->request_id));
        writer_header(writer, "Server", STR("AmazonS3"));
    } else {
        writer_header(writer, "x-amzn-RequestId", writer->context->request_id);
        if (wire_is_dynamodb(writer->context->route)) writer_header(writer, "Server", STR("Server"));
    }
}

// DynamoDB lets clients check what they receive; botocore and the older SDKs do.
void writer_checksum(Writer *writer, Str body) {
    if (!wire_is_dynamodb(writer->context->route)) return;
    writer_header(writer, "x-amz-crc32", str_format(writer->arena, "%lu", (unsigned long)crc32_update(0, body)));
}

static Str content_type(WireProtocol protocol) {
    static const Str TYPES[WIRE_PROTOCOL_COUNT] = {
        [WIRE_JSON_1_0] = STR_INIT("application/x-amz-json-1.0"),
        [WIRE_JSON_1_1] = STR_INIT("application/x-amz-json-1.1"),
        [WIRE_QUERY] = STR_INIT("text/xml"),
        [WIRE_EC2] = STR_INIT("text/xml;charset=UTF-8"),
        [WIRE_REST_JSON] = STR_INIT("application/json"),
        [WIRE_REST_XML] = STR_INIT("application/xml"),
        [WIRE_RPC_V2_CBOR] = STR_INIT("application/cbor"),
    };
    return TYPES[protocol];
}

// The model spells EC2's namespace without the slash that its replies have, and leaves S3's out.
static Str namespace_of(Arena *arena, const WireRoute *route) {
    Str uri = wire_str(route->service->xml_namespace);
    if (route->protocol == WIRE_EC2) return str_cat(arena, uri, STR("/"));
    return route->protocol == WIRE_REST_XML ? STR("http://s3.amazonaws.com/doc/2006-03-01/") : uri;
}

static void encode_query(const Writer *writer, const WireShape *shape, const Doc *output) {
    const WireRoute *route = writer->context->route;
    Str name = wire_str(route->operation->name);
    Str response = str_cat(writer->arena, name, STR("Response"));
    xml_open_ns(writer->buf, response, namespace_of(writer->arena, route));
    if (shape) {
        Str wrapper = wire_str(route->operation->result_wrapper);
        if (!wrapper.len) wrapper = str_cat(writer->arena, name, STR("Result"));
        xml_open(writer->buf, wrapper);
        xml_encode_members(writer, shape, output);
        xml_close(writer->buf, wrapper);
    }
    buf_add(writer->buf, STR("<ResponseMetadata>"));
    xml_element(writer->buf, STR("RequestId"), writer->context->request_id);
    buf_add(writer->buf, STR("</ResponseMetadata>"));
    xml_close(writer->buf, response);
}

static void encode_ec2(const Writer *writer, const WireShape *shape, const Doc *output) {
    const WireRoute *route = writer->context->route;
    Str response = str_cat(writer->arena, wire_str(route->operation->name), STR("Response"));
    xml_declaration(writer->buf);
    xml_open_ns(writer->buf, response, namespace_of(writer->arena, route));
    xml_element(writer->buf, STR("requestId"), writer->context->request_id);
    if (shape) {
        xml_encode_members(writer, shape, output);
    } else {
        xml_element(writer->buf, STR("return"), STR("true"));
    }
    xml_close(writer->buf, response);
}

// Root elements of S3's replies where they are not named as the shape is (S3 API Reference, "Response Syntax" of each operation).
static Str s3_root(const WireOperation *operation, const WireShape *shape) {
    static const struct {
        const char *operation, *root;
    } ROOTS[] = {
        {"CompleteMultipartUpload", "CompleteMultipartUploadResult"},
        {"CreateMultipartUpload", "InitiateMultipartUploadResult"},
        {"DeleteObjects", "DeleteResult"},
        {"GetBucketAccelerateConfiguration", "AccelerateConfiguration"},
        {"GetBucketAcl", "AccessControlPolicy"},
        {"GetBucketCors", "CORSConfiguration"},
        {"GetBucketLifecycle", "LifecycleConfiguration"},
        {"GetBucketLifecycleConfiguration", "LifecycleConfiguration"},
        {"GetBucketLocation", "LocationConstraint"},
        {"GetBucketLogging", "BucketLoggingStatus"},
        {"GetBucketNotificationConfiguration", "NotificationConfiguration"},
        {"GetBucketRequestPayment", "RequestPaymentConfiguration"},
        {"GetBucketTagging", "Tagging"},
        {"GetBucketVersioning", "VersioningConfiguration"},
        {"GetBucketWebsite", "WebsiteConfiguration"},
        {"GetObjectAcl", "AccessControlPolicy"},
        {"GetObjectAttributes", "GetObjectAttributesResponse"},
        {"GetObjectTagging", "Tagging"},
        {"ListBuckets", "ListAllMyBucketsResult"},
        {"ListMultipartUploads", "ListMultipartUploadsResult"},
        {"ListObjectVersions", "ListVersionsResult"},
        {"ListObjects", "ListBucketResult"},
        {"ListObjectsV2", "ListBucketResult"},
        {"ListParts", "ListPartsResult"},
    };
    for (size_t i = 0; i < sizeof ROOTS / sizeof *ROOTS; i++) {
        if (str_is(wire_str(operation->name), ROOTS[i].operation)) return str_of(ROOTS[i].root);
    }
    return wire_str(shape->name);
}

static void encode_rest_xml(const Writer *writer, const WireShape *shape, Str root, const Doc *doc) {
    const WireRoute *route = writer->context->route;
    xml_declaration(writer->buf);
    xml_open_of(writer, root, namespace_of(writer->arena, route), STR_NONE, shape, doc);
    if (str_is(wire_str(route->operation->name), "GetBucketLocation")) {
        xml_escape(writer->buf, doc_text(doc, "LocationConstraint")); // the one reply whose member is the root itself
    } else {
        xml_encode_members(writer, shape, doc);
    }
    xml_close(writer->buf, root);
}

static void encode_rest_body(const Writer *writer, const WireShape *shape, Str root, const Doc *doc) {
    if (writer->context->route->protocol == WIRE_REST_XML) {
        encode_rest_xml(writer, shape, root, doc);
    } else {
        json_encode(writer, shape, doc);
    }
}

// A payload member is the body: bytes, text, or a structure of its own.
static void encode_payload(Writer *writer, const WireMember *member, const Doc *output, Str *type) {
    const Doc *value = doc_get_str_key(output, wire_str(member->name));
    const WireShape *shape = wire_shape_of(member);
    if (doc_is_absent(value)) {
        *type = STR_NONE;
    } else if (shape->kind == WIRE_STRUCTURE) {
        encode_rest_body(writer, shape, wire_str(member->wire_name), value);
    } else {
        buf_add(writer->buf, doc_str(value, STR("")));
        *type = shape->kind == WIRE_BLOB ? STR("application/octet-stream") : STR("text/plain");
        if (str_starts(buf_str(writer->buf), STR("{"))) *type = STR("application/json");
    }
}

static void encode_rest(Writer *writer, const WireShape *shape, const Doc *output, Str *type, int *status) {
    if (!shape) {
        *type = STR_NONE;
        return;
    }
    rest_encode_headers(writer, shape, output, status);
    if (shape->payload) {
        encode_payload(writer, wire_member_at(shape, shape->payload - 1U), output, type);
    } else if (shape->body_count) {
        encode_rest_body(writer, shape, s3_root(writer->context->route->operation, shape), output);
    } else if (writer->context->route->protocol == WIRE_REST_XML) {
        *type = STR_NONE;
    } else {
        buf_add(writer->buf, STR("{}"));
    }
}

// Where S3 answers otherwise than its model says: without content.
static int s3_status(const WireOperation *operation, int status) {
    static const char *const EMPTY[] = {"PutBucketPolicy", "PutBucketTagging"};
    for (size_t i = 0; i < sizeof EMPTY / sizeof *EMPTY; i++)
        if (str_is(wire_str(operation->name), EMPTY[i])) return 204;
    return status;
}

static void encode_body(Writer *writer, const WireShape *shape, const Doc *output, Str *type, int *status) {
    switch (writer->context->route->protocol) {
    case WIRE_JSON_1_0:
    case WIRE_JSON_1_1:
        if (shape) json_encode(writer, shape, output);
        break;
    case WIRE_QUERY: encode_query(writer, shape, output); break;
    case WIRE_EC2: encode_ec2(writer, shape, output); break;
    case WIRE_REST_XML:
        if (!shape) *status = s3_status(writer->context->route->operation, *status);
        encode_rest(writer, shape, output, type, status);
        break;
    case WIRE_REST_JSON: encode_rest(writer, shape, output, type, status); break;
    case WIRE_RPC_V2_CBOR:
        writer_header(writer, "smithy-protocol", STR("rpc-v2-cbor"));
        cbor_encode(writer, shape, output);
        break;
    case WIRE_PROTOCOL_COUNT: break;
    }
}

static bool has_header(const Writer *writer, const char *name) {
    for (size_t i = 0; i < writer->headers.len; i++) {
        if (str_eq_nocase(vec_get(&writer->headers, HttpHeader, i).name, str_of(name))) return true;
    }
    return false;
}

static WireTimeFormat default_time_format(WireProtocol protocol) {
    return protocol == WIRE_QUERY || protocol == WIRE_EC2 || protocol == WIRE_REST_XML ? WIRE_TIME_ISO8601 : WIRE_TIME_UNIX;
}

static bool is_head(const WireContext *context) { return context->request && str_is(context->request->method, "HEAD"); }

// A HEAD announces the size that a GET would send: ContentLength of the output, which is no header of ours to write.
static void answer_head(const Doc *output, HttpReply *out) {
    out->head_only = true;
    out->body = (Body){.bytes = STR(""), .size = doc_number(output, "ContentLength", 0)};
}

void wire_encode(const WireContext *context, const Doc *output, const Body *stream, HttpReply *out) {
    const WireOperation *operation = context->route->operation;
    AUTO_BUF buf;
    buf_init(&buf, LIMIT_WIRE_REPLY_BYTES);
    WireProtocol protocol = context->route->protocol;
    Writer writer = {context, context->arena, &buf, vec_of(context->arena, HttpHeader), default_time_format(protocol)};
    int status = operation->status;
    Str type = content_type(protocol);
    writer_request_id(&writer);
    encode_body(&writer, wire_output(operation), output, &type, &status);
    if (buf.overflow) {
        Error error;
        fail(&error, "InternalFailure", "The reply of %.*s is too large.", STR_ARG(wire_str(operation->name)));
        error.http_status = 500;
        wire_encode_error(context, &error, out);
        return;
    }
    bool empty = status == 204 || status == 304;
    Body body = stream ? *stream : body_of(empty ? STR("") : str_copy(context->arena, buf_str(&buf)));
    if (!stream) writer_checksum(&writer, body.bytes);
    bool typed = stream || empty || !body.size || has_header(&writer, "content-type");
    if (!typed) writer_header(&writer, "Content-Type", type);
    *out = (HttpReply){.status = status, .headers = writer.headers.at, .header_count = writer.headers.len, .body = body};
    if (is_head(context)) answer_head(output, out);
}
