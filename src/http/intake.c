// Where bodies go: into the buffer they came in, onto the heap, to a file, or to the owner piece by piece.
//
// Small bodies of known length stay in the connection's buffer. Others are read from the socket straight to where they belong when their length is known; of
// chunked ones the pieces are copied there.
#include "http/internal.h"

#include <stdlib.h>

static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";

static bool is_chunked(const Connection *connection) { return connection->parser.flags & F_CHUNKED; }

static bool expects_continue(const HttpRequest *request) { return str_eq_nocase(http_header(request, "Expect"), STR("100-continue")); }

static void ask_owner(Exchange *exchange) {
    HttpOwner *owner = &exchange->connection->server->owner;
    exchange->intake.how = (HttpIntake){.kind = HTTP_INTO_MEMORY, .max_bytes = LIMIT_HTTP_BODY_IN_MEMORY_BYTES};
    exchange->told = true;
    if (owner->on_head) owner->on_head(owner->context, &exchange->public, &exchange->intake.how);
}

static void choose_way(Exchange *exchange) {
    Connection *connection = exchange->connection;
    Intake *intake = &exchange->intake;
    uint64_t length = connection->parser.content_length;
    if (intake->how.kind == HTTP_INTO_STREAM)
        intake->way = INTAKE_STREAM;
    else if (is_chunked(connection))
        intake->way = INTAKE_COLLECT; // it may turn out to be large
    else if (length <= connection->room - connection->start)
        intake->way = INTAKE_IN_BUFFER;
    else if (intake->how.kind == HTTP_INTO_SPOOL && length > LIMIT_HTTP_INLINE_BODY_BYTES)
        intake->way = INTAKE_SPOOL;
    else
        intake->way = INTAKE_COLLECT;
}

static bool take_in(Exchange *exchange) {
    Connection *connection = exchange->connection;
    if (!is_chunked(connection) && connection->parser.content_length > (uint64_t)exchange->intake.how.max_bytes) {
        refuse(connection, 413, "the body is larger than this operation allows");
        return false;
    }
    choose_way(exchange);
    if (exchange->intake.way == INTAKE_SPOOL && !spool_begin(exchange)) return false;
    bool none_yet = connection->start == connection->end;
    if (none_yet && connection->parser.http_minor >= 1 && expects_continue(&exchange->public.request))
        outgoing_send(connection, &(uv_buf_t){(char *)CONTINUE, sizeof CONTINUE - 1}, 1, true);
    return true;
}

bool intake_begin(Connection *connection) {
    Exchange *exchange = connection->exchange;
    ask_owner(exchange);
    if (connection->state != CONN_BODY || connection->exchange != exchange) return false; // the owner has ended it
    switch (exchange->intake.how.kind) {
    case HTTP_REFUSE:
        exchange->owned = true;
        http_reply(&exchange->public, exchange->intake.how.refusal);
        return false;
    case HTTP_INTO_STREAM: exchange->owned = true; break;
    case HTTP_INTO_MEMORY:
    case HTTP_INTO_SPOOL: break;
    }
    return take_in(exchange);
}

bool intake_is_paused(const Exchange *exchange) { return exchange->intake.paused; }

// Pieces

static bool grow_heap(Intake *intake, size_t needed) {
    size_t room = intake->room ? intake->room : 32 * 1024;
    while (room < needed) room *= 2;
    char *larger = realloc(intake->at, room);
    if (!larger) abort();
    intake->at = larger;
    intake->room = room;
    return true;
}

static bool collect(Intake *intake, const char *at, size_t len) {
    if (intake->len + len > intake->room) grow_heap(intake, intake->len + len);
    if (at != intake->at + intake->len) memmove(intake->at + intake->len, at, len);
    intake->len += len;
    return true;
}

// The owner may end the exchange in on_body; what follows is then dropped.
static void stream(Exchange *exchange, Str piece, bool last) {
    HttpOwner *owner = &exchange->connection->server->owner;
    if (exchange->reply_ended || !exchange->told) return;
    owner->on_body(owner->context, &exchange->public, piece, last);
}

bool intake_piece(Exchange *exchange, const char *at, size_t len) {
    Intake *intake = &exchange->intake;
    intake->taken += (int64_t)len;
    if (intake->taken > intake->how.max_bytes) return false;
    if (intake->bad) return true;
    switch (intake->way) {
    case INTAKE_NONE: return true;
    case INTAKE_IN_BUFFER:
        if (!intake->at) intake->at = (char *)at;
        intake->len += len;
        return true;
    case INTAKE_COLLECT:
        if (intake->how.kind == HTTP_INTO_SPOOL && intake->taken > LIMIT_HTTP_INLINE_BODY_BYTES && !spool_begin(exchange)) return true;
        collect(intake, at, len);
        break;
    case INTAKE_SPOOL: collect(intake, at, len); break;
    case INTAKE_STREAM: stream(exchange, (Str){at, len}, false); return true;
    }
    if (intake->way == INTAKE_SPOOL && BLOCK_BYTES - intake->len < BUFFER_LARGEST_BYTES) spool_block_full(exchange);
    return true;
}

// Room for exactly what is missing of a body of known length, so that nothing of the next request is read along.
bool intake_direct_room(Connection *connection, uv_buf_t *room) {
    Intake *intake = &connection->exchange->intake;
    if (is_chunked(connection) || intake->bad || (intake->way != INTAKE_COLLECT && intake->way != INTAKE_SPOOL)) return false;
    uint64_t missing = connection->parser.content_length;
    if (!missing) return false;
    if (intake->way == INTAKE_COLLECT && intake->room == intake->len) {
        uint64_t all = intake->len + missing, twice = intake->len ? 2 * intake->len : BLOCK_BYTES;
        grow_heap(intake, all < twice ? all : twice);
    }
    uint64_t free_room = intake->room - intake->len;
    *room = uv_buf_init(intake->at + intake->len, (unsigned)(missing < free_room ? missing : free_room));
    return true;
}

// The end

void exchange_deliver(Exchange *exchange) {
    HttpOwner *owner = &exchange->connection->server->owner;
    exchange->told = exchange->owned = true;
    owner->on_request(owner->context, &exchange->public);
}

static void deliver_from_memory(Exchange *exchange) {
    Intake *intake = &exchange->intake;
    size_t len = intake->len;
    if (intake->how.filter && !intake->bad && !intake->how.filter(intake->how.filter_context, intake->at, &len)) intake->bad = true;
    if (!intake->bad)
        exchange->public.request.body = body_of((Str){intake->at, len});
    else
        exchange->connection->keep_alive = false;
    exchange_deliver(exchange);
}

void intake_end(Exchange *exchange) {
    switch (exchange->intake.way) {
    case INTAKE_NONE:
        exchange->public.request.body = body_of(STR(""));
        exchange_deliver(exchange);
        break;
    case INTAKE_IN_BUFFER:
    case INTAKE_COLLECT: deliver_from_memory(exchange); break;
    case INTAKE_SPOOL:
        if (!exchange->owned) spool_end(exchange); // else delivered already, as bad
        break;
    case INTAKE_STREAM: stream(exchange, STR(""), true); break;
    }
}

void intake_done(Exchange *exchange) {
    Intake *intake = &exchange->intake;
    if (intake->way == INTAKE_COLLECT) free(intake->at);
    spool_done(exchange);
}

void http_body_pause(HttpExchange *exchange) {
    Exchange *own = (Exchange *)exchange;
    own->intake.paused = true;
    connection_read_when_wanted(own->connection);
}

void http_body_resume(HttpExchange *exchange) {
    Exchange *own = (Exchange *)exchange;
    if (!own->intake.paused) return;
    own->intake.paused = false;
    Connection *connection = own->connection;
    if (connection->state == CONN_BODY) connection_advance(connection);
}
