#include "http/response.h"

#include "base/limits.h"

// The parser's callbacks

static Response *of(llhttp_t *parser) { return parser->data; }

static int add_text(llhttp_t *parser, const char *at, size_t len) {
    Response *response = of(parser);
    response->head_bytes += len;
    buf_add(&response->text, (Str){at, len});
    return response->head_bytes > LIMIT_HTTP_HEAD_BYTES ? HPE_USER : 0;
}

static Str take_text(Response *response) {
    Str text = str_copy(response->arena, str_trim(buf_str(&response->text)));
    buf_clear(&response->text);
    return text;
}

static int on_field_complete(llhttp_t *parser) {
    of(parser)->name = take_text(of(parser));
    return 0;
}

static int on_value_complete(llhttp_t *parser) {
    Response *response = of(parser);
    Str value = take_text(response);
    if (parser->flags & F_TRAILING) return 0;
    if (response->headers.len >= LIMIT_HTTP_HEADERS) return HPE_USER;
    vec_add(&response->headers, HttpHeader, ((HttpHeader){response->name, value}));
    return 0;
}

static bool is_interim(const llhttp_t *parser) { return parser->status_code >= 100 && parser->status_code < 200; }

static int on_headers_complete(llhttp_t *parser) {
    Response *response = of(parser);
    parser->upgrade = 0;
    response->head_done = !is_interim(parser);
    return response->head_only ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len) {
    Response *response = of(parser);
    buf_add(&response->body, (Str){at, len});
    return response->body.overflow ? HPE_USER : 0;
}

static int on_message_complete(llhttp_t *parser) {
    Response *response = of(parser);
    if (!is_interim(parser)) {
        response->done = true;
        return HPE_PAUSED;
    }
    response->headers.len = 0;
    return 0;
}

static const llhttp_settings_t CALLBACKS = {
    .on_header_field = add_text,
    .on_header_field_complete = on_field_complete,
    .on_header_value = add_text,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void response_init(Response *response, Arena *arena, bool head_only, size_t max_bytes) {
    *response = (Response){.arena = arena, .head_only = head_only, .headers = vec_of(arena, HttpHeader)};
    buf_init(&response->text, LIMIT_HTTP_HEAD_BYTES);
    buf_init(&response->body, max_bytes);
    llhttp_init(&response->parser, HTTP_RESPONSE, &CALLBACKS);
    response->parser.data = response;
}

void response_done(Response *response) {
    buf_done(&response->text);
    buf_done(&response->body);
}

bool response_feed(Response *response, Str bytes, Error *e) {
    if (response->done) return true; // what follows belongs to nobody
    llhttp_errno_t error = llhttp_execute(&response->parser, bytes.at, bytes.len);
    if (error == HPE_OK || (error == HPE_PAUSED && response->done)) return true;
    if (response->body.overflow) return fail(e, "too-large", "the reply's body is larger than %zu bytes", response->body.max);
    if (error == HPE_USER) return fail(e, "too-large", "the reply's head is too large");
    return fail(e, "bad-reply", "not an HTTP reply: %s", llhttp_get_error_reason(&response->parser));
}

// A body without a length ends with the connection.
bool response_end(Response *response, Error *e) {
    if (response->done) return true;
    llhttp_errno_t error = llhttp_finish(&response->parser);
    if (response->done && (error == HPE_OK || error == HPE_PAUSED)) return true;
    return fail(e, "bad-reply", "the connection ended before the reply did");
}

HttpResult response_result(const Response *response) {
    return (HttpResult){response->parser.status_code, response->headers.at, response->headers.len, buf_str(&response->body)};
}

Str http_result_header(const HttpResult *result, const char *name) {
    HttpRequest view = {.headers = result->headers, .header_count = result->header_count};
    return http_header(&view, name);
}

// Calls

static bool split_authority(Str authority, CallTarget *target) {
    ptrdiff_t bracket = str_find_char(authority, ']');
    Str port_text = STR_NONE;
    if (bracket > 0 && authority.at[0] == '[') { // [::1]:80
        target->host = str_sub(authority, 1, (size_t)bracket);
        Str rest = str_from(authority, (size_t)bracket + 1);
        if (rest.len && rest.at[0] != ':') return false;
        if (rest.len) port_text = str_from(rest, 1);
    } else {
        ptrdiff_t colon = str_rfind_char(authority, ':');
        target->host = colon < 0 ? authority : str_sub(authority, 0, (size_t)colon);
        if (colon >= 0) port_text = str_from(authority, (size_t)colon + 1);
    }
    int64_t port = target->tls ? 443 : 80;
    if (!str_is_none(port_text) && (!str_to_int(port_text, &port) || port < 1 || port > 65535)) return false;
    target->port = (uint16_t)port;
    return target->host.len > 0 && target->host.len < 254;
}

static bool is_clean(Str text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f) return false;
    return true;
}

bool call_target(Str url, CallTarget *out, Error *e) {
    CallTarget target = {.tls = str_starts(url, STR("https://"))};
    Str rest = str_strip_prefix(url, target.tls ? STR("https://") : STR("http://"));
    if (rest.len == url.len || !is_clean(url)) return fail(e, "bad-url", "not a URL of http or https: %.*s", STR_ARG(url));
    size_t end = 0;
    while (end < rest.len && !strchr("/?#", rest.at[end])) end++;
    target.authority = str_sub(rest, 0, end);
    target.path = str_from(rest, end);
    ptrdiff_t mark = str_find_char(target.path, '#');
    if (mark >= 0) target.path = str_sub(target.path, 0, (size_t)mark);
    if (str_find_char(target.authority, '@') >= 0 || !split_authority(target.authority, &target))
        return fail(e, "bad-url", "no host in: %.*s", STR_ARG(url));
    *out = target;
    return true;
}

static void write_header(Buf *out, Str name, Str value) {
    buf_add(out, name);
    buf_add(out, STR(": "));
    for (size_t i = 0; i < value.len; i++) buf_add_char(out, value.at[i] == '\r' || value.at[i] == '\n' || value.at[i] == 0 ? ' ' : value.at[i]);
    buf_add(out, STR("\r\n"));
}

void call_write_head(const HttpCall *call, const CallTarget *target, Buf *out) {
    bool has_host = false;
    Str method = str_is_none(call->method) ? STR("GET") : call->method;
    const char *slash = target->path.len && target->path.at[0] == '/' ? "" : "/";
    buf_addf(out, "%.*s %s%.*s HTTP/1.1\r\n", STR_ARG(method), slash, STR_ARG(target->path));
    for (size_t i = 0; i < call->header_count; i++) {
        has_host = has_host || str_eq_nocase(call->headers[i].name, STR("Host"));
        write_header(out, call->headers[i].name, call->headers[i].value);
    }
    if (!has_host) write_header(out, STR("Host"), target->authority);
    if (call->body.len || !(str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")))) buf_addf(out, "Content-Length: %zu\r\n", call->body.len);
    buf_add(out, STR("Connection: close\r\n\r\n"));
}

int64_t call_timeout_ms(const HttpCall *call) { return call->timeout_ms ? call->timeout_ms : LIMIT_HTTP_CALL_MS; }

size_t call_max_bytes(const HttpCall *call) { return call->max_bytes ? call->max_bytes : LIMIT_HTTP_BODY_IN_MEMORY_BYTES; }
