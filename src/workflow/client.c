#include "workflow/client.h"

#include "formats/json.h"
#include "http/client.h"
#include "os/sockets.h"
#include "wire/request.h"

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

static Str environment(const char *name, Str otherwise) {
    const char *value = getenv(name);
    return value && *value ? str_of(value) : otherwise;
}

// "http://127.0.0.1:4566/" to host and port.
static bool read_endpoint(Client *client, Str url, Error *e) {
    Str rest = str_strip_prefix(url, STR("http://"));
    if (rest.len == url.len) return fail(e, "usage", "AWS_ENDPOINT_URL is %.*s: verbs talk to http://HOST:PORT", STR_ARG(url));
    Str authority = str_cut(&rest, '/'), port = authority;
    int64_t number = CLIENT_DEFAULT_PORT;
    client->host = str_cut(&port, ':');
    if (port.len && (!str_to_int(port, &number) || number < 1 || number > 65535)) {
        return fail(e, "usage", "AWS_ENDPOINT_URL is %.*s: %.*s is no port", STR_ARG(url), STR_ARG(port));
    }
    client->port = (uint16_t)number;
    return true;
}

bool client_init(Arena *arena, const char *port, Client *out, Error *e) {
    Client client = {.host = STR("127.0.0.1"), .port = CLIENT_DEFAULT_PORT, .access_key = STR("test"), .secret = STR("test")};
    Str endpoint = environment("AWS_ENDPOINT_URL", STR_NONE);
    int64_t number = 0;
    if (!port && endpoint.len) TRY(read_endpoint(&client, endpoint, e));
    if (port && (!str_to_int(str_of(port), &number) || number < 1 || number > 65535)) {
        return fail(e, "usage", "--port takes a number from 1 to 65535, not \"%s\"", port);
    }
    Client bare = {.host = client.host, .port = client.port};
    if (port && endpoint.len && !read_endpoint(&bare, endpoint, NULL)) bare.port = 0;
    if (port) client.port = (uint16_t)number;
    bool reached = client.port == bare.port && str_eq(client.host, bare.host);
    client.option = reached ? STR("") : str_format(arena, " --port %u", (unsigned)client.port);
    client.keeps = STR("");
    if (endpoint.len) {
        client.access_key = environment("AWS_ACCESS_KEY_ID", client.access_key);
        client.secret = environment("AWS_SECRET_ACCESS_KEY", client.secret);
        client.token = environment("AWS_SESSION_TOKEN", STR_NONE);
    }
    client.region = environment("AWS_REGION", environment("AWS_DEFAULT_REGION", STR("us-east-1")));
    client.authority = str_format(arena, "%.*s:%u", STR_ARG(client.host), (unsigned)client.port);
    client.url = str_cat(arena, STR("http://"), client.authority);
    *out = client;
    return true;
}

Str client_word(Arena *arena, Str path) {
    bool plain = true;
    for (size_t i = 0; i < path.len; i++) plain = plain && (isalnum((unsigned char)path.at[i]) || strchr("/._-+,:@%", path.at[i]));
    if (plain) return path;
    Str inside = str_replace(arena, path, STR("'"), STR("'\\''"));
    return str_format(arena, "'%.*s'", STR_ARG(inside));
}

void client_keeps(Client *client, Arena *arena, Str data) {
    char *usual = realpath(".rehearse", NULL);
    Str word = client_word(arena, data);
    client->keeps = (usual && str_is(data, usual)) || !data.len ? STR("") : str_format(arena, " --data %.*s", STR_ARG(word));
    free(usual);
}

static bool fail_unreachable(const Client *client, Error *e) {
    return fail(e, "unreachable", "no control plane answers at %.*s. Start one: rehearse up --port %u%.*s", STR_ARG(client->url),
                (unsigned)client->port, STR_ARG(client->keeps));
}

// A reply may end in the middle because the server did.
static bool is_gone(const Client *client, Arena *arena) {
    HttpResult result;
    HttpCall call = {.url = str_cat(arena, client->url, STR("/_rehearse/health")), .method = STR("GET")};
    return !http_call(arena, &call, &result, NULL);
}

static bool exchange(const Client *client, Arena *arena, HttpCall *call, HttpResult *out, Error *e) {
    Error why = {0};
    if (http_call(arena, call, out, &why)) return true;
    if (error_is(&why, "unreachable") || is_gone(client, arena)) return fail_unreachable(client, e);
    if (e) *e = why;
    return false;
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static HttpCall signed_call(const Client *client, Arena *arena, const HttpRequest *request, Str signing_name) {
    SigningIdentity as = {client->access_key, client->secret, client->token, client->region, signing_name};
    HttpHeader *headers = arena_array(arena, HttpHeader, request->header_count + SIGNED_HEADERS_ADDED_MAX);
    memcpy(headers, request->headers, request->header_count * sizeof *headers);
    size_t added = sigv4_sign(arena, request, &as, wall_ms(), headers + request->header_count);
    return (HttpCall){
        .url = str_cat(arena, client->url, request->target),
        .method = request->method,
        .headers = headers,
        .header_count = request->header_count + added,
        .body = request->body.bytes,
    };
}

bool client_call(const Client *client, Arena *arena, const char *service_name, const char *operation_name, const Doc *input, Doc **out, Error *e) {
    const WireService *service = wire_service(str_of(service_name));
    const WireOperation *operation = service ? wire_operation(service, str_of(operation_name)) : NULL;
    if (!operation) return fail(e, "bad-operation", "there is no operation %s:%s", service_name, operation_name);
    HttpRequest request;
    HttpResult result;
    TRY(wire_request(arena, operation, input, client->authority, &request, e));
    HttpCall call = signed_call(client, arena, &request, wire_str(service->signing_name));
    TRY(exchange(client, arena, &call, &result, e));
    Doc *output = NULL;
    TRY(wire_reply(arena, operation, result.status, result.body, &output, e));
    if (out) *out = output;
    return true;
}

bool client_page(const Client *client, Arena *arena, const char *method, const char *path, const Doc *body, Doc **out, Error *e) {
    HttpHeader type = {STR("Content-Type"), STR("application/json")};
    HttpCall call = {.url = str_cat(arena, client->url, str_of(path)), .method = str_of(method)};
    if (body) {
        call.body = json_write(arena, body);
        call.headers = &type;
        call.header_count = 1;
    }
    HttpResult result;
    Doc *doc = NULL;
    TRY(exchange(client, arena, &call, &result, e));
    if (!json_parse(arena, result.body, &doc, NULL)) return fail(e, "bad-reply", "%.*s%s answered %d", STR_ARG(client->url), path, result.status);
    if (result.status >= 300)
        return fail(e, str_c(arena, doc_str(doc_get(doc, "code"), STR("bad-reply"))), "%.*s", STR_ARG(doc_text(doc, "message")));
    if (out) *out = doc;
    return true;
}

static bool fail_taken(const Client *client, Error *e) {
    pid_t pid = 0;
    char name[64];
    unsigned next = client->port + 1U;
    if (!str_is(client->host, "127.0.0.1") && !str_is(client->host, "localhost"))
        return fail(e, "port-taken", "what answers at %.*s is no control plane", STR_ARG(client->url));
    if (!socket_listener_of(client->port, &pid, name, sizeof name)) {
        return fail(e, "port-taken", "port %u is taken by another program. Stop it, or: --port %u", (unsigned)client->port, next);
    }
    return fail(e, "port-taken", "port %u is taken by process %d (%s). Stop it, or: --port %u", (unsigned)client->port, (int)pid, name, next);
}

bool client_health(const Client *client, Arena *arena, Doc **out, Error *e) {
    Error why = {0};
    Doc *health = NULL;
    if (!client_page(client, arena, "GET", "/_rehearse/health", NULL, &health, &why)) {
        return error_is(&why, "unreachable") ? fail_unreachable(client, e) : fail_taken(client, e);
    }
    if (str_is_none(doc_text(health, "version"))) return fail_taken(client, e);
    *out = health;
    return true;
}
