// Requests of ours in each protocol: JSON and XML bodies come from the encoders of replies, which walk any structure; forms and paths are made here.
#include "wire/request.h"

#include "base/limits.h"
#include "formats/xml.h"
#include "wire/codec.h"
#include "wire/tables.h"
#include "wire/writer.h"

#include <ctype.h>

typedef struct Form {
    const Writer *writer;
    bool ec2;
} Form;

static void write_pairs(const Form *form, Str key, const WireMember *member, const Doc *doc);

static void write_pair(const Form *form, Str key, Str value) {
    Arena *arena = form->writer->arena;
    buf_addf(form->writer->buf, "&%.*s=", STR_ARG(key));
    buf_add(form->writer->buf, str_uri_encode(arena, value, false));
}

static Str below(const Form *form, Str key, Str name) {
    return key.len ? str_format(form->writer->arena, "%.*s.%.*s", STR_ARG(key), STR_ARG(name)) : name;
}

static void write_structure(const Form *form, Str key, const WireShape *shape, const Doc *doc) {
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (member) write_pairs(form, below(form, key, wire_str(member->query_name)), member, child);
    }
}

// ec2: Name.1; query: Names.member.1, or flattened Name.1
static void write_list(const Form *form, Str key, const WireMember *member, const Doc *doc) {
    const WireMember *item = wire_item(wire_shape_of(member));
    bool flattened = form->ec2 || member->flags & WIRE_MEMBER_FLATTENED || wire_shape_of(member)->flags & WIRE_FLATTENED;
    if (!flattened) key = below(form, key, item->wire_name ? wire_str(item->wire_name) : STR("member"));
    int number = 0;
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        write_pairs(form, str_format(form->writer->arena, "%.*s.%d", STR_ARG(key), ++number), item, child);
    }
}

static void write_map(const Form *form, Str key, const WireMember *member, const Doc *doc) {
    Arena *arena = form->writer->arena;
    int number = 0;
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        Str entry = str_format(arena, "%.*s.entry.%d", STR_ARG(key), ++number);
        write_pair(form, str_cat(arena, entry, STR(".key")), child->key);
        write_pairs(form, str_cat(arena, entry, STR(".value")), wire_value(wire_shape_of(member)), child);
    }
}

static void write_pairs(const Form *form, Str key, const WireMember *member, const Doc *doc) {
    switch ((WireKind)wire_shape_of(member)->kind) {
    case WIRE_STRUCTURE: write_structure(form, key, wire_shape_of(member), doc); break;
    case WIRE_LIST: write_list(form, key, member, doc); break;
    case WIRE_MAP: write_map(form, key, member, doc); break;
    default: write_pair(form, key, scalar_to_text(form->writer, member, doc, WIRE_TIME_ISO8601)); break;
    }
}

static void write_form(const Writer *writer, const WireOperation *operation, const Doc *input) {
    const WireService *service = wire_service_of(operation);
    buf_addf(writer->buf, "Action=%.*s", STR_ARG(wire_str(operation->name)));
    buf_addf(writer->buf, "&Version=%.*s", STR_ARG(wire_str(service->api_version)));
    Form form = {writer, writer->context->route->protocol == WIRE_EC2};
    if (operation->input) write_structure(&form, STR(""), wire_input(operation), input);
}

// ---- REST ----

// A part of the template: "{Bucket}" or "{Key+}" becomes the member's value, anything else stands for itself.
static bool expand_part(Arena *arena, const WireOperation *operation, const Doc *input, Str part, Str *out, Error *e) {
    *out = part;
    if (part.len < 3 || part.at[0] != '{') return true;
    bool greedy = part.at[part.len - 2] == '+';
    Str label = str_sub(part, 1, part.len - (greedy ? 2 : 1));
    const WireMember *member = wire_member_outside(wire_input(operation), WIRE_IN_URI, label);
    Str value = member ? doc_str(doc_get_str_key(input, wire_str(member->name)), STR_NONE) : STR_NONE;
    if (!value.len) return fail(e, "bad-input", "%.*s needs %.*s", STR_ARG(wire_str(operation->name)), STR_ARG(label));
    *out = str_uri_encode(arena, value, greedy);
    return true;
}

static bool expand_path(Arena *arena, const WireOperation *operation, const Doc *input, Str *out, Error *e) {
    Str template = str_from(wire_str(operation->uri), 1), path = STR("");
    while (template.len) {
        Str part = str_cut(&template, '/'), value;
        TRY(expand_part(arena, operation, input, part, &value, e));
        path = str_format(arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(value));
    }
    *out = path.len ? path : STR("/");
    return true;
}

// What of the template stands in the query ("?versioning"). Conditions that a member fills are left to it.
static void add_conditions(Buf *query, const WireOperation *operation) {
    const WireService *service = wire_service_of(operation);
    const WireShape *input = wire_input(operation);
    for (uint32_t i = 0; i < service->rule_count; i++) {
        const WireRule *rule = &WIRE_RULES[service->first_rule + i];
        if (&WIRE_OPERATIONS[rule->operation] != operation) continue;
        for (uint32_t j = 0; j < rule->condition_count; j++) {
            const WireCondition *condition = &WIRE_CONDITIONS[rule->first_condition + j];
            Str name = wire_str(condition->name);
            if (condition->kind != CONDITION_QUERY || (input && wire_member_outside(input, WIRE_IN_QUERY, name))) continue;
            buf_addf(query, "%s%.*s=%.*s", query->len ? "&" : "", STR_ARG(name), STR_ARG(wire_str(condition->value)));
        }
        return;
    }
}

static void add_outside(Writer *writer, Buf *query, const WireShape *shape, const Doc *input) {
    for (const Doc *child = doc_first(input); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member || (member->location != WIRE_IN_QUERY && member->location != WIRE_IN_HEADER)) continue;
        Str name = wire_str(member->wire_name), value = scalar_to_text(writer, member, child, WIRE_TIME_RFC822);
        if (member->location == WIRE_IN_HEADER) {
            vec_add(&writer->headers, HttpHeader, ((HttpHeader){name, value}));
        } else {
            Str encoded = str_uri_encode(writer->arena, value, false);
            buf_addf(query, "%s%.*s=%.*s", query->len ? "&" : "", STR_ARG(name), STR_ARG(encoded));
        }
    }
}

static void write_rest_body(const Writer *writer, const WireShape *shape, const Doc *input) {
    if (!shape->payload) return;
    const WireMember *payload = wire_member_at(shape, shape->payload - 1U);
    const Doc *value = doc_get_str_key(input, wire_str(payload->name));
    if (doc_is_absent(value) || wire_shape_of(payload)->kind != WIRE_STRUCTURE) return;
    Str root = wire_str(payload->wire_name);
    xml_open_ns(writer->buf, root, wire_str(payload->xml_namespace));
    xml_encode_members(writer, wire_shape_of(payload), value);
    xml_close(writer->buf, root);
}

static bool write_rest(Writer *writer, const WireOperation *operation, const Doc *input, HttpRequest *out, Error *e) {
    TRY(expand_path(writer->arena, operation, input, &out->path, e));
    AUTO_BUF query;
    buf_init(&query, LIMIT_HTTP_TARGET_BYTES);
    add_conditions(&query, operation);
    if (operation->input) add_outside(writer, &query, wire_input(operation), input);
    if (operation->input) write_rest_body(writer, wire_input(operation), input);
    if (query.len) out->query = str_copy(writer->arena, buf_str(&query));
    return true;
}

// ---- All ----

static Str content_type(WireProtocol protocol) {
    if (protocol == WIRE_JSON_1_0) return STR("application/x-amz-json-1.0");
    if (protocol == WIRE_JSON_1_1) return STR("application/x-amz-json-1.1");
    return protocol == WIRE_REST_XML ? STR("application/xml") : STR("application/x-www-form-urlencoded; charset=utf-8");
}

static Str target_header(Arena *arena, const WireOperation *operation) {
    Str prefix = wire_str(wire_service_of(operation)->target_prefix), name = wire_str(operation->name);
    return str_format(arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(name));
}

WireProtocol wire_client_protocol(const WireService *service) {
    static const WireProtocol SPOKEN[] = {WIRE_JSON_1_1, WIRE_JSON_1_0, WIRE_QUERY, WIRE_EC2, WIRE_REST_XML};
    for (size_t i = 0; i < sizeof SPOKEN / sizeof *SPOKEN; i++) {
        if (wire_accepts(service, SPOKEN[i])) return SPOKEN[i];
    }
    return WIRE_PROTOCOL_COUNT;
}

static bool write_request(Writer *writer, const WireOperation *operation, const Doc *input, HttpRequest *out, Error *e) {
    switch (writer->context->route->protocol) {
    case WIRE_JSON_1_0:
    case WIRE_JSON_1_1:
        vec_add(&writer->headers, HttpHeader, ((HttpHeader){STR("X-Amz-Target"), target_header(writer->arena, operation)}));
        if (!operation->input) buf_add(writer->buf, STR("{}"));
        if (operation->input) json_encode(writer, wire_input(operation), input);
        return true;
    case WIRE_QUERY:
    case WIRE_EC2: write_form(writer, operation, input); return true;
    case WIRE_REST_XML: return write_rest(writer, operation, input, out, e);
    default: return fail(e, "bad-protocol", "requests to %.*s cannot be written", STR_ARG(wire_str(writer->context->route->service->name)));
    }
}

bool wire_request(Arena *arena, const WireOperation *operation, const Doc *input, Str host, HttpRequest *out, Error *e) {
    WireProtocol protocol = wire_client_protocol(wire_service_of(operation));
    AUTO_BUF body;
    buf_init(&body, LIMIT_HTTP_BODY_IN_MEMORY_BYTES);
    WireRoute route = wire_route_to(operation);
    route.protocol = protocol;
    WireContext context = {.arena = arena, .route = &route};
    bool json = protocol == WIRE_JSON_1_0 || protocol == WIRE_JSON_1_1;
    Writer writer = {&context, arena, &body, vec_of(arena, HttpHeader), json ? WIRE_TIME_UNIX : WIRE_TIME_ISO8601};
    HttpRequest request = {.arena = arena, .method = wire_str(operation->method), .path = STR("/")};
    vec_add(&writer.headers, HttpHeader, ((HttpHeader){STR("Host"), host}));
    TRY(write_request(&writer, operation, input, &request, e));
    if (body.overflow) return fail(e, "too-large", "the input of %.*s is too large", STR_ARG(wire_str(operation->name)));
    if (body.len) vec_add(&writer.headers, HttpHeader, ((HttpHeader){STR("Content-Type"), content_type(protocol)}));
    request.target = request.query.len ? str_format(arena, "%.*s?%.*s", STR_ARG(request.path), STR_ARG(request.query)) : request.path;
    request.headers = writer.headers.at;
    request.header_count = writer.headers.len;
    request.body = body_of(str_copy(arena, buf_str(&body)));
    *out = request;
    return true;
}
