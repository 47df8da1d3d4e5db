// The wire codecs behind a pipe, for tests/wire/*.py: one JSON command a line on standard input, one JSON answer a line on standard output.
//
// {"do": "decode", "method", "target", "headers": [[name, value] …], "body": base64}
//     → {"service", "operation", "protocol", "streams", "input": typed, "error": {"code", "message", "status"}}, what there is of it
// {"do": "encode", "service", "operation", "protocol", "method", "output": typed, "stream": base64}
// {"do": "fail", "service", "operation", "protocol", "method", "code", "message", "extra": typed}
//     → {"status", "headers": [[name, value] …], "body": base64, "head_only"}
// {"do": "validate", "service", "operation", "input": typed} → {} or {"error": …}
// Typed: JSON in which {"$blob": base64} and {"$time": milliseconds} stand for what JSON has no word for.
#include "base/log.h"
#include "formats/json.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/validate.h"

#include <stdio.h>
#include <stdlib.h>

static Doc *untyped(Arena *arena, const Doc *doc);

static Doc *children_to_typed(Arena *arena, const Doc *doc);

static Doc *to_typed(Arena *arena, const Doc *doc) {
    Doc *wrapped = doc_map(arena);
    switch (doc->kind) {
    case DOC_BLOB: doc_set_str(arena, wrapped, "$blob", str_base64(arena, doc->as.text)); return wrapped;
    case DOC_TIME: doc_set_int(arena, wrapped, "$time", doc->as.integer); return wrapped;
    case DOC_LIST:
    case DOC_MAP: return children_to_typed(arena, doc);
    default: return doc_copy(arena, doc);
    }
}

static Doc *children_to_typed(Arena *arena, const Doc *doc) {
    Doc *into = doc->kind == DOC_LIST ? doc_list(arena) : doc_map(arena);
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        if (doc->kind == DOC_LIST) {
            doc_push(into, to_typed(arena, child));
        } else {
            doc_add(into, child->key, to_typed(arena, child));
        }
    }
    return into;
}

static Doc *children_untyped(Arena *arena, const Doc *doc) {
    Doc *into = doc->kind == DOC_LIST ? doc_list(arena) : doc_map(arena);
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        if (doc->kind == DOC_LIST) {
            doc_push(into, untyped(arena, child));
        } else {
            doc_add(into, child->key, untyped(arena, child));
        }
    }
    return into;
}

static Doc *untyped(Arena *arena, const Doc *doc) {
    Str blob = doc_text(doc, "$blob");
    if (!str_is_none(blob)) {
        Str bytes = STR("");
        str_unbase64(arena, blob, &bytes);
        return doc_of_blob(arena, bytes);
    }
    const Doc *time = doc_get(doc, "$time");
    if (time) return doc_of_time(arena, doc_int(time, 0));
    return doc_is(doc, DOC_LIST) || doc_is(doc, DOC_MAP) ? children_untyped(arena, doc) : doc_copy(arena, doc);
}

static Str bytes_of(Arena *arena, const Doc *command, const char *name) {
    Str bytes = STR("");
    str_unbase64(arena, doc_str(doc_get(command, name), STR("")), &bytes);
    return bytes;
}

static HttpRequest request_of(Arena *arena, const Doc *command) {
    HttpRequest request = {.arena = arena, .method = doc_text(command, "method"), .target = doc_text(command, "target")};
    Str rest = request.target;
    request.path = str_cut(&rest, '?');
    request.query = rest;
    request.body = body_of(bytes_of(arena, command, "body"));
    const Doc *headers = doc_get(command, "headers");
    HttpHeader *all = arena_array(arena, HttpHeader, doc_count(headers) + 1);
    for (const Doc *header = doc_first(headers); header; header = header->next) {
        all[request.header_count++] = (HttpHeader){doc_str(doc_at(header, 0), STR("")), doc_str(doc_at(header, 1), STR(""))};
    }
    request.headers = all;
    return request;
}

static void set_error(Arena *arena, Doc *answer, const Error *e) {
    Doc *error = doc_map(arena);
    doc_set_str(arena, error, "code", str_copy(arena, str_of(e->code)));
    doc_set_str(arena, error, "message", str_copy(arena, str_of(e->message)));
    doc_set_int(arena, error, "status", e->http_status);
    doc_set(answer, "error", error);
}

static const char *const PROTOCOLS[WIRE_PROTOCOL_COUNT] = {"json-1.0", "json-1.1", "query", "ec2", "rest-json", "rest-xml", "cbor"};

static void do_decode(Arena *arena, const Doc *command, Doc *answer) {
    HttpRequest request = request_of(arena, command);
    WireRoute route;
    Error error;
    doc_set_bool(arena, answer, "streams", wire_body_streams(&request, &route));
    bool good = wire_route(&request, &route, &error);
    doc_set_str(arena, answer, "protocol", str_of(PROTOCOLS[route.protocol]));
    doc_set_str(arena, answer, "region", route.region);
    if (route.service) doc_set_str(arena, answer, "service", wire_str(route.service->name));
    if (route.operation) doc_set_str(arena, answer, "operation", wire_str(route.operation->name));
    Doc *input;
    good = good && wire_decode(arena, &route, &request, &input, &error);
    if (good) {
        doc_set(answer, "input", to_typed(arena, input));
    } else {
        set_error(arena, answer, &error);
    }
}

static WireRoute route_of(const Doc *command) {
    const WireService *service = wire_service(doc_text(command, "service"));
    const WireOperation *operation = service ? wire_operation(service, doc_text(command, "operation")) : NULL;
    if (!operation) {
        log_error("no such operation");
        exit(2);
    }
    WireRoute route = wire_route_to(operation);
    for (size_t i = 0; i < WIRE_PROTOCOL_COUNT; i++) {
        if (str_is(doc_text(command, "protocol"), PROTOCOLS[i])) route.protocol = (WireProtocol)i;
    }
    return route;
}

static void set_reply(Arena *arena, Doc *answer, const HttpReply *reply) {
    Doc *headers = doc_list(arena);
    for (size_t i = 0; i < reply->header_count; i++) {
        Doc *pair = doc_list(arena);
        doc_push_str(arena, pair, reply->headers[i].name);
        doc_push_str(arena, pair, reply->headers[i].value);
        doc_push(headers, pair);
    }
    doc_set_int(arena, answer, "status", reply->status);
    doc_set(answer, "headers", headers);
    doc_set_str(arena, answer, "body", str_base64(arena, reply->body.bytes));
    doc_set_int(arena, answer, "size", reply->body.size);
    doc_set_bool(arena, answer, "head_only", reply->head_only);
}

static void do_encode(Arena *arena, const Doc *command, Doc *answer) {
    WireRoute route = route_of(command);
    HttpRequest request = request_of(arena, command);
    WireContext context = {arena, &request, &route, STR("8b9c")};
    const Doc *output = doc_get(command, "output");
    Body stream = body_of(bytes_of(arena, command, "stream"));
    HttpReply reply;
    wire_encode(&context, output ? untyped(arena, output) : NULL, doc_get(command, "stream") ? &stream : NULL, &reply);
    set_reply(arena, answer, &reply);
}

static void do_fail(Arena *arena, const Doc *command, Doc *answer) {
    WireRoute route = route_of(command);
    HttpRequest request = request_of(arena, command);
    WireContext context = {arena, &request, &route, STR("8b9c")};
    Error error;
    fail(&error, str_c(arena, doc_text(command, "code")), "%.*s", STR_ARG(doc_text(command, "message")));
    if (doc_get(command, "extra")) error.extra = untyped(arena, doc_get(command, "extra"));
    if (doc_flag(command, "not_built", false)) wire_fail_not_implemented(route.operation, &error);
    HttpReply reply;
    wire_encode_error(&context, &error, &reply);
    set_reply(arena, answer, &reply);
}

static void do_validate(Arena *arena, const Doc *command, Doc *answer) {
    WireRoute route = route_of(command);
    Error error;
    if (!wire_validate(arena, route.operation, untyped(arena, doc_get(command, "input")), &error)) set_error(arena, answer, &error);
}

static void answer(Arena *arena, Str line) {
    Doc *command = NULL, *reply = doc_map(arena);
    if (!json_parse(arena, line, &command, NULL)) exit(2);
    Str verb = doc_text(command, "do");
    if (str_is(verb, "decode")) do_decode(arena, command, reply);
    if (str_is(verb, "encode")) do_encode(arena, command, reply);
    if (str_is(verb, "fail")) do_fail(arena, command, reply);
    if (str_is(verb, "validate")) do_validate(arena, command, reply);
    Str text = json_write(arena, reply);
    fwrite(text.at, 1, text.len, stdout);
    putchar('\n');
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    Arena *arena = arena_new();
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;) {
        answer(arena, (Str){line, (size_t)len});
        if (len < 65536 && fflush(stdout) != 0) break;
        arena_reset(arena);
    }
    free(line);
    arena_free(arena);
    return 0;
}
