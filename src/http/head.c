// From the parser's pieces to a request. Slices point into the connection's buffer; the parser gives a piece for each read, and pieces of one thing lie
// side by side there, so a slice only grows.
#include "http/internal.h"

static Exchange *exchange_of(llhttp_t *parser) { return ((Connection *)parser->data)->exchange; }

static void grow(Str *slice, const char *at, size_t len) {
    if (!slice->at) slice->at = at;
    slice->len += len;
}

static int on_message_begin(llhttp_t *parser) {
    Connection *connection = parser->data;
    connection->exchange = server_take_exchange(connection->server, connection);
    head_begin(connection->exchange);
    return 0;
}

void head_begin(Exchange *exchange) {
    HttpRequest *request = &exchange->public.request;
    request->headers = arena_alloc(request->arena, HEADERS_FIRST * sizeof(HttpHeader));
    exchange->headers_room = HEADERS_FIRST;
}

static int on_url(llhttp_t *parser, const char *at, size_t len) {
    HttpRequest *request = &exchange_of(parser)->public.request;
    grow(&request->target, at, len);
    return request->target.len > LIMIT_HTTP_TARGET_BYTES ? HPE_USER : 0;
}

static HttpHeader *next_header(Exchange *exchange) {
    HttpRequest *request = &exchange->public.request;
    if (request->header_count == exchange->headers_room) {
        if (exchange->headers_room >= LIMIT_HTTP_HEADERS) return NULL;
        HttpHeader *more = arena_alloc(request->arena, LIMIT_HTTP_HEADERS * sizeof *more);
        memcpy(more, request->headers, request->header_count * sizeof *more);
        request->headers = more;
        exchange->headers_room = LIMIT_HTTP_HEADERS;
    }
    HttpHeader *header = (HttpHeader *)request->headers + request->header_count++;
    *header = (HttpHeader){0};
    return header;
}

static HttpHeader *last_header(Exchange *exchange) {
    return (HttpHeader *)exchange->public.request.headers + exchange->public.request.header_count - 1;
}

static int on_field(llhttp_t *parser, const char *at, size_t len) {
    if (parser->flags & F_TRAILING) return 0; // trailers are read over
    Exchange *exchange = exchange_of(parser);
    if (exchange->in_value || exchange->public.request.header_count == 0) {
        if (!next_header(exchange)) return HPE_USER;
        exchange->in_value = false;
    }
    grow(&last_header(exchange)->name, at, len);
    return 0;
}

static int on_field_complete(llhttp_t *parser) {
    exchange_of(parser)->in_value = true;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len) {
    if (!(parser->flags & F_TRAILING)) grow(&last_header(exchange_of(parser))->value, at, len);
    return 0;
}

// Without a body the message is complete at once, and one pause does for both.
static int on_headers_complete(llhttp_t *parser) {
    Connection *connection = parser->data;
    parser->upgrade = 0; // nothing is upgraded: the request is served as it stands
    connection->events |= PARSER_HEAD;
    return parser->content_length || (parser->flags & F_TRANSFER_ENCODING) ? HPE_PAUSED : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len) {
    Connection *connection = parser->data;
    connection->line_bytes = 0;
    if (!connection->exchange) return HPE_USER; // the owner of a stream has ended it
    return intake_piece(connection->exchange, at, len) ? 0 : HPE_USER;
}

static int on_message_complete(llhttp_t *parser) {
    Connection *connection = parser->data;
    connection->events |= PARSER_MESSAGE;
    return HPE_PAUSED;
}

const llhttp_settings_t HEAD_CALLBACKS = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static void move(Str *slice, ptrdiff_t by) {
    if (slice->at) slice->at += by;
}

void head_rebase(Exchange *exchange, ptrdiff_t by) {
    HttpRequest *request = &exchange->public.request;
    move(&request->target, by);
    for (size_t i = 0; i < request->header_count; i++) {
        move(&((HttpHeader *)request->headers)[i].name, by);
        move(&((HttpHeader *)request->headers)[i].value, by);
    }
}

// "http://host/path" is what clients send to proxies: the path counts, and Host says the rest.
static bool cut_target(HttpRequest *request) {
    Str target = request->target;
    if (target.len && target.at[0] != '/') {
        ptrdiff_t scheme = str_find(target, STR("://"));
        if (scheme > 0) {
            Str behind = str_from(target, (size_t)scheme + 3);
            ptrdiff_t slash = str_find_char(behind, '/');
            target = slash < 0 ? STR("/") : str_from(behind, (size_t)slash);
        } else if (!(str_eq(target, STR("*")) && str_eq(request->method, STR("OPTIONS")))) {
            return false;
        }
    }
    request->target = target;
    request->path = target;
    request->query = STR_NONE;
    ptrdiff_t mark = str_find_char(target, '?');
    if (mark >= 0) {
        request->path = str_sub(target, 0, (size_t)mark);
        request->query = str_from(target, (size_t)mark + 1);
    }
    return target.len > 0;
}

// Values keep the spaces behind them in the parser's pieces; an empty one has no piece.
static void tidy(HttpHeader *header) {
    Str *value = &header->value;
    if (!value->at) *value = STR("");
    while (value->len && (value->at[value->len - 1] == ' ' || value->at[value->len - 1] == '\t')) value->len--;
}

int head_finish(Connection *connection) {
    const llhttp_t *parser = &connection->parser;
    HttpRequest *request = &connection->exchange->public.request;
    if (parser->http_major != 1) return 505;
    if (parser->method == HTTP_CONNECT) return 501;
    size_t hosts = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        HttpHeader *header = (HttpHeader *)request->headers + i;
        tidy(header);
        if (header->name.len == 4 && str_eq_nocase(header->name, STR("Host"))) hosts++;
        if (header->name.len == 17 && str_eq_nocase(header->name, STR("Transfer-Encoding"))) {
            if (parser->http_minor == 0) return 400;
            if (!str_eq_nocase(header->value, STR("chunked"))) return 501;
        }
    }
    if (hosts > 1 || (hosts == 0 && parser->http_minor >= 1)) return 400;
    request->method = str_of(llhttp_method_name((llhttp_method_t)parser->method));
    if (!cut_target(request)) return 400;
    request->peer = (Str){connection->peer, connection->peer_len};
    request->listener = connection->listener;
    request->tls = connection->tls != NULL;
    connection->keep_alive = llhttp_should_keep_alive(parser) && !connection->server->shutting;
    return 0;
}
