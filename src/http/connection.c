// Bytes from the socket to the parser, and the states of a connection (see internal.h).
#include "http/internal.h"

#include <assert.h>
#include <stdlib.h>

void connection_hold(Connection *connection) { connection->holds++; }

__attribute__((unused)) static void free_connection(Connection *connection) {
    HttpServer *server = connection->server;
    server_give_buffer(server, connection->buffer, connection->room);
    tls_free(connection->tls);
    free(connection);
    server_connection_gone(server);
}

void connection_release(Connection *connection) {
    if (--connection->holds) return;
#ifndef __clang_analyzer__ // it does not follow counts, and would see a use of freed memory behind every release
    free_connection(connection);
#endif
}

void connection_set_deadline(Connection *connection, int64_t ms) {
    connection->deadline_ms = ms ? loop_now_ms(connection->server->loop) + ms : 0;
    connection->moved_bytes = 0;
}

// The buffer

static void rebase(Connection *connection, const char *old) {
    if (connection->exchange) head_rebase(connection->exchange, connection->buffer - old);
}

static void grow_buffer(Connection *connection) {
    char *old = connection->buffer;
    size_t room = connection->room * 2 < BUFFER_LARGEST_BYTES ? connection->room * 2 : BUFFER_LARGEST_BYTES;
    char *larger = malloc(room);
    if (!larger) abort();
    memcpy(larger, old, connection->end);
    connection->buffer = larger;
    rebase(connection, old);
    server_give_buffer(connection->server, old, connection->room);
    connection->room = room;
}

// Moves the message that is being read to the front.
static void compact_buffer(Connection *connection) {
    size_t by = connection->head_at;
    memmove(connection->buffer, connection->buffer + by, connection->end - by);
    if (connection->exchange) head_rebase(connection->exchange, -(ptrdiff_t)by);
    connection->head_at = 0;
    connection->start -= by;
    connection->end -= by;
}

static void make_room(Connection *connection) {
    if (!connection->buffer) {
        connection->buffer = server_take_buffer(connection->server);
        connection->room = BUFFER_FIRST_BYTES;
    }
    if (connection->state == CONN_HEAD && connection->room - connection->end < BUFFER_LEAST_ROOM_BYTES) {
        if (connection->head_at)
            compact_buffer(connection);
        else if (connection->room < BUFFER_LARGEST_BYTES)
            grow_buffer(connection);
    }
    if (connection->state == CONN_BODY && connection->start == connection->end && connection->exchange->intake.way != INTAKE_IN_BUFFER)
        connection->start = connection->end = connection->body_at;
}

bool connection_room(Connection *connection, uv_buf_t *room) {
    if (connection->state == CONN_LINGER) {
        *room = uv_buf_init(server_scratch(connection->server), SCRATCH_BYTES);
        return true;
    }
    if (connection->state == CONN_BODY && connection->start == connection->end && intake_direct_room(connection, room)) return true;
    make_room(connection);
    *room = uv_buf_init(connection->buffer + connection->end, (unsigned)(connection->room - connection->end));
    return room->len > 0;
}

// A connection between two requests holds no buffer.
static void rest(Connection *connection) {
    if (connection->state != CONN_HEAD || connection->exchange || connection->start != connection->end) return;
    server_give_buffer(connection->server, connection->buffer, connection->room);
    connection->buffer = NULL;
    connection->room = connection->head_at = connection->start = connection->end = 0;
}

// Parsing

static void head_arrived(Connection *connection, bool whole) {
    if (connection->start - connection->head_at > LIMIT_HTTP_HEAD_BYTES) {
        refuse(connection, 431, "the head is too large");
        return;
    }
    if (!whole && connection->room - connection->start < BUFFER_LEAST_BODY_ROOM_BYTES) grow_buffer(connection);
    int status = head_finish(connection);
    if (status) {
        refuse(connection, status, status == 400 ? "malformed request: Host, target or Transfer-Encoding" : "this is not supported");
        return;
    }
    connection->state = CONN_BODY;
    connection->body_at = connection->start;
    connection->server->counts.requests++;
    if (whole) return;
    connection->line_bytes = 0;
    connection_set_deadline(connection, connection->server->options.stall_ms);
    intake_begin(connection);
}

static void body_arrived(Connection *connection) {
    Exchange *exchange = connection->exchange;
    exchange->body_done = true;
    connection->state = CONN_OWNER;
    connection->deadline_ms = 0;
    connection->waiting_seen = 0;
    intake_end(exchange);
}

// Lets happen what the parser has found in the last piece.
static void happen(Connection *connection) {
    unsigned events = connection->events;
    connection->events = 0;
    if (events & PARSER_HEAD) head_arrived(connection, events & PARSER_MESSAGE);
    if (events & PARSER_MESSAGE && connection->state == CONN_BODY) body_arrived(connection);
}

// How many of the bytes belong to the current message; -1 when that is over for the connection.
static ptrdiff_t parse(Connection *connection, const char *at, size_t len) {
    llhttp_t *parser = &connection->parser;
    llhttp_errno_t error = llhttp_execute(parser, at, len);
    if (connection->state != CONN_HEAD && connection->state != CONN_BODY) return -1; // the owner of a stream has ended it
    if (error == HPE_OK) return (ptrdiff_t)len;
    ptrdiff_t used = llhttp_get_error_pos(parser) - at;
    if (error == HPE_PAUSED)
        llhttp_resume(parser);
    else if (error == HPE_PAUSED_UPGRADE)
        llhttp_resume_after_upgrade(parser);
    else {
        bool in_head = connection->state == CONN_HEAD;
        Str message = in_head ? (Str){connection->buffer + connection->head_at, connection->end - connection->head_at} : (Str){at, len};
        refuse_parse_error(connection, error, message);
        return -1;
    }
    return used;
}

// Bytes of a message that are not its body: an endless head, endless trailers.
static void check_sizes(Connection *connection) {
    const Exchange *exchange = connection->exchange;
    if (connection->state == CONN_HEAD && connection->start - connection->head_at > LIMIT_HTTP_HEAD_BYTES)
        refuse(connection, exchange && exchange->public.request.header_count ? 431 : 414, "the head is too large");
    else if (connection->state == CONN_BODY && connection->line_bytes > LIMIT_HTTP_CHUNK_LINE_BYTES)
        refuse(connection, 431, "chunk lines or trailers are too large");
}

static void parse_buffer(Connection *connection) {
    size_t len = connection->end - connection->start;
    connection->line_bytes += (int64_t)len; // a piece of a body sets it back
    ptrdiff_t used = parse(connection, connection->buffer + connection->start, len);
    if (used < 0) return;
    connection->start += (size_t)used;
    if (connection->events)
        happen(connection);
    else
        check_sizes(connection);
}

static bool can_parse(const Connection *connection) {
    if (connection->start == connection->end) return false;
    return connection->state == CONN_HEAD || (connection->state == CONN_BODY && !intake_is_paused(connection->exchange));
}

// The client has closed its side, and what it had sent is parsed: nothing more can become of it.
static void end_half_closed(Connection *connection) {
    if (connection->state == CONN_HEAD)
        connection_linger(connection);
    else if (connection->state == CONN_BODY && !intake_is_paused(connection->exchange))
        connection_client_gone(connection, true);
}

static void time_head(Connection *connection) {
    Exchange *exchange = connection->exchange;
    if (connection->state != CONN_HEAD || !exchange || exchange->timed) return;
    exchange->timed = true;
    connection_set_deadline(connection, connection->server->options.head_ms);
}

void connection_advance(Connection *connection) {
    if (connection->advancing) return;
    connection->advancing = true;
    connection_hold(connection);
    while (can_parse(connection)) parse_buffer(connection);
    connection->advancing = false;
    if (connection->half_closed) end_half_closed(connection);
    time_head(connection);
    rest(connection);
    connection_read_when_wanted(connection);
    if (connection->tls) tls_drain(connection);
    connection_release(connection);
}

// TLS shows itself by the first byte of its first record.
static bool begin(Connection *connection) {
    connection->begun = true;
    if (connection->buffer[0] != 0x16 || !connection->server->options.certificates) return true;
    Str first = {connection->buffer, connection->end};
    connection->end = 0;
    return tls_begin(connection, first);
}

static void put_off_deadline(Connection *connection, size_t len) {
    connection->moved_bytes += (int64_t)len;
    if (connection->state == CONN_BODY && connection->moved_bytes >= LIMIT_HTTP_STALL_BYTES)
        connection_set_deadline(connection, connection->server->options.stall_ms);
}

void connection_plain_bytes(Connection *connection, size_t len) {
    put_off_deadline(connection, len);
    uv_buf_t direct;
    if (connection->state == CONN_BODY && connection->start == connection->end && intake_direct_room(connection, &direct)) {
        if (parse(connection, direct.base, len) >= 0 && connection->events) happen(connection);
    } else {
        connection->end += len;
    }
    connection_advance(connection);
}

// The socket

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    (void)suggested;
    Connection *connection = (Connection *)handle;
    if (connection->tls)
        *room = uv_buf_init(server_scratch(connection->server), SCRATCH_BYTES);
    else if (!connection_room(connection, room))
        *room = uv_buf_init(NULL, 0);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *room) {
    Connection *connection = (Connection *)stream;
    if (len == 0) return;
    connection_hold(connection);
    if (len < 0) {
        if (len != UV_ENOBUFS) connection_client_gone(connection, len != UV_EOF);
    } else if (connection->state == CONN_LINGER) {
        // read only so that the client can write and then read
    } else if (connection->tls) {
        tls_bytes(connection, room->base, (size_t)len);
    } else if (connection->begun) {
        connection_plain_bytes(connection, (size_t)len);
    } else {
        connection->end += (size_t)len;
        if (begin(connection)) connection_advance(connection);
    }
    connection_release(connection);
}

static bool wants_to_read(const Connection *connection) {
    if (connection->half_closed || connection->state == CONN_CLOSED) return false;
    if (connection->state == CONN_BODY) return !intake_is_paused(connection->exchange);
    return connection->state != CONN_OWNER || !connection->buffer || connection->end < connection->room;
}

void connection_read_when_wanted(Connection *connection) {
    bool wanted = wants_to_read(connection);
    if (wanted == connection->reading || connection->state == CONN_CLOSED) return;
    connection->reading = wanted;
    if (wanted)
        uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_read);
    else
        uv_read_stop((uv_stream_t *)&connection->tcp);
}

// Beginning and end

static void note_peer(Connection *connection) {
    struct sockaddr_storage address;
    int len = sizeof address;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&address, &len) == 0)
        uv_ip_name((struct sockaddr *)&address, connection->peer, sizeof connection->peer);
    connection->peer_len = strlen(connection->peer);
}

void connection_open(HttpServer *server, Listener *listener) {
    Connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    connection->server = server;
    connection->listener = listener->name;
    connection->holds = 1;
    list_add(&server->connections, &connection->link);
    server->counts.connections++;
    uv_tcp_init(loop_uv(server->loop), &connection->tcp);
    if (uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)&connection->tcp) < 0) {
        connection_close(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    note_peer(connection);
    llhttp_init(&connection->parser, HTTP_REQUEST, &HEAD_CALLBACKS);
    connection->parser.data = connection;
    connection_set_deadline(connection, server->options.head_ms);
    server_sweep_soon(server);
    if (server->counts.connections > server->options.connections)
        refuse(connection, 503, "too many connections");
    else
        connection_read_when_wanted(connection);
}

static void on_closed(uv_handle_t *handle) { connection_release((Connection *)handle); }

void connection_close(Connection *connection) {
    if (connection->state == CONN_CLOSED) return;
    connection->state = CONN_CLOSED;
    connection->broken = true;
    list_remove(&connection->link);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

static void on_shut(uv_shutdown_t *request, int status) {
    Connection *connection = request->data;
    free(request);
    if (status < 0 && status != UV_ECANCELED) connection_close(connection);
    connection_release(connection);
}

void connection_linger(Connection *connection) {
    if (connection->state == CONN_LINGER || connection->state == CONN_CLOSED) return;
    if (connection->broken) {
        connection_close(connection);
        return;
    }
    connection->state = CONN_LINGER;
    connection_set_deadline(connection, LIMIT_HTTP_LINGER_MS);
    if (connection->tls) tls_say_goodbye(connection);
    uv_shutdown_t *request = malloc(sizeof *request);
    if (!request) abort();
    request->data = connection;
    connection_hold(connection);
    if (uv_shutdown(request, (uv_stream_t *)&connection->tcp, on_shut) < 0) {
        free(request);
        connection_close(connection);
        connection_release(connection);
    }
    if (connection->half_closed) connection->deadline_ms = 1; // nothing is to be read: closed at the next look, when all is written
    connection_read_when_wanted(connection);
}

void connection_client_gone(Connection *connection, bool broken) {
    if (connection->state == CONN_CLOSED) return;
    if (!broken && connection->state == CONN_OWNER) {
        connection->half_closed = true;
        connection_read_when_wanted(connection);
        exchange_client_gone(connection->exchange);
        return;
    }
    Exchange *exchange = connection->exchange;
    connection_hold(connection);
    connection_close(connection);
    if (exchange) exchange_client_gone(exchange);
    connection_release(connection);
}

// Also for connections that are closed: the exchange was what held them.
void connection_exchange_done(Connection *connection) {
    Exchange *exchange = connection->exchange;
    bool whole = exchange->body_done;
    connection->exchange = NULL;
    server_give_exchange(connection->server, exchange);
    if (connection->state == CONN_CLOSED || connection->state == CONN_LINGER) {
        // nothing more to do than to let go
    } else if (connection->broken) {
        connection_close(connection);
    } else if (!connection->keep_alive || !whole || connection->server->shutting) {
        connection_linger(connection);
    } else {
        connection->state = CONN_HEAD;
        connection->head_at = connection->start;
        connection_set_deadline(connection, connection->server->options.idle_ms);
        connection_advance(connection);
    }
    connection_release(connection);
}
