// Replies: the head, bodies in memory, and replies in pieces. (Bodies out of files: send_file.c.)
//
// An exchange ends when its reply has ended and nothing of it waits to be written: its arena holds what is being written until then.
#include "http/internal.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum {
    JOIN_BYTES = 4096, // a body up to this is copied behind its head: one buffer is cheaper to write than two
    FIXED_LINES_BYTES = 256, // status line, Date, Content-Length, Connection
    STATUS_LINE_BYTES = 96,
};

static Exchange *private_of(const HttpExchange *public) { return (Exchange *)public; }

// The head

static Str date_line(HttpServer *server) {
    time_t now = time(NULL);
    if (now != server->date_s) {
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        server->date_s = now;
    }
    return (Str){server->date, 29};
}

static char *put(char *to, Str text) {
    memcpy(to, text.at, text.len);
    return to + text.len;
}

// What a line must not hold becomes a space: values come from users (metadata, response-content-disposition).
static char *put_line_text(char *to, Str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        to[i] = c == '\r' || c == '\n' || c == 0 ? ' ' : c;
    }
    return to + text.len;
}

static char *put_number(char *to, uint64_t number) {
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    return put(to, (Str){digits + at, sizeof digits - at});
}

static char *put_status_line(char *to, int status) {
    if (status == 200) return put(to, STR("HTTP/1.1 200 OK\r\n"));
    return to + snprintf(to, STATUS_LINE_BYTES, "HTTP/1.1 %d %s\r\n", status, status_reason(status));
}

static size_t head_room(const HttpReply *reply) {
    size_t room = FIXED_LINES_BYTES;
    for (size_t i = 0; i < reply->header_count; i++) room += reply->headers[i].name.len + reply->headers[i].value.len + 4;
    return room;
}

static bool has_no_body(int status) { return status == 204 || status == 304 || (status >= 100 && status < 200); }

static char *put_framing(char *to, const Exchange *exchange, const HttpReply *reply) {
    const Connection *connection = exchange->connection;
    if (exchange->chunked) {
        to = put(to, STR("Transfer-Encoding: chunked\r\n"));
    } else if (!has_no_body(reply->status) && reply->body.size >= 0) {
        to = put(to, STR("Content-Length: "));
        to = put_number(to, (uint64_t)reply->body.size);
        to = put(to, STR("\r\n"));
    }
    if (!connection->keep_alive) return put(to, STR("Connection: close\r\n"));
    return connection->parser.http_minor == 0 ? put(to, STR("Connection: keep-alive\r\n")) : to;
}

static char *put_head(char *to, Exchange *exchange, const HttpReply *reply) {
    to = put_status_line(to, reply->status);
    to = put(to, STR("Date: "));
    to = put(to, date_line(exchange->connection->server));
    to = put(to, STR("\r\n"));
    to = put_framing(to, exchange, reply);
    for (size_t i = 0; i < reply->header_count; i++) {
        to = put_line_text(to, reply->headers[i].name);
        to = put(to, STR(": "));
        to = put_line_text(to, reply->headers[i].value);
        to = put(to, STR("\r\n"));
    }
    return put(to, STR("\r\n"));
}

// A request whose body has not come whole cannot be followed by another one; a reply in pieces may still see the body to its end.
static void begin(Exchange *exchange, bool whole) {
    assert(exchange->owned && !exchange->reply_begun);
    exchange->reply_begun = true;
    if ((whole && !exchange->body_done) || exchange->connection->server->shutting) exchange->connection->keep_alive = false;
}

static bool is_muted(const Exchange *exchange, const HttpReply *reply) {
    return reply->head_only || has_no_body(reply->status) || str_eq(exchange->public.request.method, STR("HEAD"));
}

// The end

// A connection that lingers takes no reply any more: a refusal was its last word.
static bool can_send(const Connection *connection) {
    return !connection->broken && (connection->state == CONN_OWNER || connection->state == CONN_BODY);
}

void reply_progress(Connection *connection) {
    Exchange *exchange = connection->exchange;
    if (!exchange || !exchange->reply_begun) return;
    if (exchange->file) {
        send_file_go_on(exchange);
    } else if (exchange->reply_ended) {
        if (!connection->writes) connection_exchange_done(connection);
    } else if (exchange->wants_writable && outgoing_waiting_bytes(connection) <= LIMIT_HTTP_WAITING_BYTES / 2) {
        HttpOwner *owner = &connection->server->owner;
        exchange->wants_writable = false;
        if (owner->on_writable && can_send(connection)) owner->on_writable(owner->context, &exchange->public);
    }
}

static void end(Exchange *exchange) {
    exchange->reply_ended = true;
    exchange->told = false;
    reply_progress(exchange->connection);
}

// Tells the owner, once; what is not the owner's ends here. While a block of its body is being written it cannot.
void exchange_client_gone(Exchange *exchange) {
    Connection *connection = exchange->connection;
    HttpOwner *owner = &connection->server->owner;
    if (spool_is_busy(exchange)) {
        spool_abandon(exchange);
        return;
    }
    bool told = exchange->told, owned = exchange->owned;
    exchange->told = false;
    if (told && owner->on_gone) owner->on_gone(owner->context, &exchange->public);
    if (!owned) connection_exchange_done(connection);
}

bool http_is_gone(const HttpExchange *exchange) {
    const Connection *connection = private_of(exchange)->connection;
    return connection->half_closed || !can_send(connection);
}

// Whole replies

static void send_with_body(Exchange *exchange, const HttpReply *reply) {
    Str body = is_muted(exchange, reply) || !str_is_none(reply->body.path) ? STR("") : reply->body.bytes;
    bool join = body.len <= JOIN_BYTES;
    char *head = arena_alloc(exchange->public.request.arena, head_room(reply) + (join ? body.len : 0));
    char *to = put_head(head, exchange, reply);
    if (join && body.len) to = put(to, body);
    uv_buf_t pieces[] = {{head, (size_t)(to - head)}, {(char *)body.at, body.len}};
    outgoing_send(exchange->connection, pieces, join ? 1 : 2, true);
}

bool http_reply(HttpExchange *exchange, const HttpReply *reply) {
    Exchange *own = private_of(exchange);
    Connection *connection = own->connection;
    bool from_file = !str_is_none(reply->body.path) && !is_muted(own, reply) && can_send(connection);
    if (from_file && !send_file_open(own, &reply->body)) return false;
    begin(own, true);
    if (can_send(connection)) send_with_body(own, reply);
    end(own);
    return true;
}

// Replies in pieces

void http_reply_begin(HttpExchange *exchange, const HttpReply *head) {
    Exchange *own = private_of(exchange);
    Connection *connection = own->connection;
    begin(own, false);
    own->muted = is_muted(own, head);
    own->chunked = head->body.size < 0 && connection->parser.http_minor >= 1 && !has_no_body(head->status);
    if (head->body.size < 0 && !own->chunked) connection->keep_alive = false; // HTTP/1.0: the end of the connection is the end of the body
    if (!can_send(connection)) return;
    char *text = arena_alloc(exchange->request.arena, head_room(head));
    char *to = put_head(text, own, head);
    outgoing_send(connection, &(uv_buf_t){text, (size_t)(to - text)}, 1, true);
}

bool http_reply_write(HttpExchange *exchange, Str piece) {
    Exchange *own = private_of(exchange);
    Connection *connection = own->connection;
    if (own->muted || piece.len == 0 || !can_send(connection)) return true;
    uv_buf_t data = {(char *)piece.at, piece.len};
    if (own->chunked) {
        char size[24];
        int len = snprintf(size, sizeof size, "%zx\r\n", piece.len);
        outgoing_send(connection, (uv_buf_t[]){{size, (size_t)len}, data, {(char *)"\r\n", 2}}, 3, false);
    } else {
        outgoing_send(connection, &data, 1, false);
    }
    own->wants_writable = outgoing_waiting_bytes(connection) > LIMIT_HTTP_WAITING_BYTES;
    return !own->wants_writable;
}

void http_reply_end(HttpExchange *exchange) {
    Exchange *own = private_of(exchange);
    if (own->chunked && !own->muted && can_send(own->connection)) outgoing_send(own->connection, &(uv_buf_t){(char *)"0\r\n\r\n", 5}, 1, true);
    own->reply_begun = true; // also when the owner has nothing to say to a client that has gone
    end(own);
}

void http_abort(HttpExchange *exchange) {
    Exchange *own = private_of(exchange);
    Connection *connection = own->connection;
    connection_hold(connection);
    own->reply_begun = true;
    own->told = false;
    connection_close(connection);
    end(own);
    connection_release(connection);
}
