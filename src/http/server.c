// Listeners, limits, time-outs, and the end of a server.
#include "http/internal.h"
#include "os/files.h"
#include "os/sockets.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 1024, SWEEP_MOST_MS = 1000, SWEEP_LEAST_MS = 10 };

// Pools

char *server_take_buffer(HttpServer *server) {
    if (server->free_buffer_count) return server->free_buffers[--server->free_buffer_count];
    char *buffer = malloc(BUFFER_FIRST_BYTES);
    if (!buffer) abort();
    return buffer;
}

void server_give_buffer(HttpServer *server, char *buffer, size_t room) {
    if (room == BUFFER_FIRST_BYTES && server->free_buffer_count < BUFFERS_KEPT)
        server->free_buffers[server->free_buffer_count++] = buffer;
    else
        free(buffer);
}

char *server_scratch(HttpServer *server) {
    if (!server->scratch) server->scratch = malloc(SCRATCH_BYTES);
    if (!server->scratch) abort();
    return server->scratch;
}

Exchange *server_take_exchange(HttpServer *server, Connection *connection) {
    Exchange *exchange = server->free_exchanges;
    Arena *arena;
    if (exchange) {
        server->free_exchanges = exchange->next_free;
        server->free_exchange_count--;
        arena = exchange->public.request.arena;
    } else {
        exchange = malloc(sizeof *exchange);
        if (!exchange) abort();
        arena = arena_new();
    }
    *exchange = (Exchange){.connection = connection, .public.request.arena = arena};
    server->counts.exchanges++;
    connection_hold(connection);
    return exchange;
}

static void free_exchange(Exchange *exchange) {
    arena_free(exchange->public.request.arena);
    free(exchange);
}

void server_give_exchange(HttpServer *server, Exchange *exchange) {
    intake_done(exchange);
    send_file_done(exchange);
    server->counts.exchanges--;
    if (server->free_exchange_count >= EXCHANGES_KEPT) {
        free_exchange(exchange);
        return;
    }
    arena_reset(exchange->public.request.arena);
    exchange->next_free = server->free_exchanges;
    server->free_exchanges = exchange;
    server->free_exchange_count++;
}

// Time-outs: one look at all connections now and then; what a connection does only sets its deadline.

// A reply that the client does not take, seen by what the kernel still holds: a slow line moves a little between two looks.
static void look_at_waiting(Connection *connection, int64_t now) {
    size_t waiting = outgoing_waiting_bytes(connection) ? outgoing_untaken_bytes(connection) : 0;
    if (waiting && waiting != connection->waiting_seen) connection->deadline_ms = now + connection->server->options.stall_ms;
    if (!waiting) connection->deadline_ms = 0;
    connection->waiting_seen = waiting;
}

static void time_out(Connection *connection) {
    switch (connection->state) {
    case CONN_HEAD:
        if (connection->exchange)
            refuse(connection, 408, "the head took too long");
        else
            connection_close(connection);
        break;
    case CONN_BODY: refuse(connection, 408, "the body took too long"); break;
    case CONN_OWNER: connection_client_gone(connection, true); break;
    case CONN_LINGER: connection_client_gone(connection, true); break;
    case CONN_CLOSED: break;
    }
}

static void look_at(Connection *connection, int64_t now) {
    if (connection->state == CONN_OWNER) look_at_waiting(connection, now);
    if (connection->state == CONN_BODY && intake_is_paused(connection->exchange))
        connection_set_deadline(connection, connection->server->options.stall_ms);
    if (connection->deadline_ms && now >= connection->deadline_ms) time_out(connection);
}

static void sweep(void *context) {
    HttpServer *server = context;
    int64_t now = loop_now_ms(server->loop);
    LIST_EACH (&server->connections, link) look_at(LIST_ITEM(link, Connection, link), now);
    if (!list_is_empty(&server->connections)) return;
    loop_timer_stop(server->sweep);
    server->sweeping = false;
}

static int64_t sweep_interval(const HttpServerOptions *options) {
    int64_t least = options->head_ms;
    if (options->idle_ms < least) least = options->idle_ms;
    if (options->stall_ms < least) least = options->stall_ms;
    if (least / 4 < SWEEP_LEAST_MS) return SWEEP_LEAST_MS;
    return least / 4 < SWEEP_MOST_MS ? least / 4 : SWEEP_MOST_MS;
}

void server_sweep_soon(HttpServer *server) {
    if (server->sweeping || server->freed) return;
    server->sweeping = true;
    int64_t interval = sweep_interval(&server->options);
    loop_timer_start(server->sweep, interval, interval);
}

// Listeners

static void on_connection(uv_stream_t *stream, int status) {
    Listener *listener = (Listener *)stream;
    if (status == 0) connection_open(listener->server, listener);
}

static Listener *listener_new(HttpServer *server, Str name) {
    Listener *listener = calloc(1, sizeof *listener);
    if (!listener) abort();
    listener->name = str_copy(server->names, name);
    listener->server = server;
    uv_tcp_init(loop_uv(server->loop), &listener->tcp);
    list_add(&server->listeners, &listener->link);
    server->listener_count++;
    return listener;
}

static void on_listener_closed(uv_handle_t *handle) {
    Listener *listener = (Listener *)handle;
    HttpServer *server = listener->server;
    free(listener);
    server->listener_count--;
    server_free_when_empty(server);
}

static void close_listener(Listener *listener) {
    list_remove(&listener->link);
    uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
}

bool http_listen_fd(HttpServer *server, Str name, int fd, Error *e) {
    Listener *listener = listener_new(server, name);
    int status = uv_tcp_open(&listener->tcp, fd);
    if (status == 0) status = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    if (status == 0) return true;
    close_listener(listener);
    return fail_errno(e, -status, "listener %.*s", STR_ARG(name));
}

bool http_listen(HttpServer *server, Str name, const char *address, uint16_t port, uint16_t *bound, Error *e) {
    int fd = -1;
    uint16_t taken = 0;
    TRY(socket_listen(address, port, &fd, &taken, e));
    if (!http_listen_fd(server, name, fd, e)) {
        close(fd);
        return false;
    }
    if (bound) *bound = taken;
    return true;
}

void http_unlisten(HttpServer *server, Str name) {
    LIST_EACH (&server->listeners, link)
        if (str_eq(LIST_ITEM(link, Listener, link)->name, name)) close_listener(LIST_ITEM(link, Listener, link));
}

// Beginning and end

static HttpServerOptions with_presets(const HttpServerOptions *given) {
    HttpServerOptions options = given ? *given : (HttpServerOptions){0};
    if (!options.head_ms) options.head_ms = LIMIT_HTTP_HEAD_MS;
    if (!options.idle_ms) options.idle_ms = LIMIT_HTTP_IDLE_MS;
    if (!options.stall_ms) options.stall_ms = LIMIT_HTTP_STALL_MS;
    if (!options.connections) options.connections = LIMIT_HTTP_CONNECTIONS;
    return options;
}

HttpServer *http_server_new(Loop *loop, const HttpOwner *owner, const HttpServerOptions *options) {
    HttpServer *server = calloc(1, sizeof *server);
    if (!server) abort();
    server->loop = loop;
    server->owner = *owner;
    server->options = with_presets(options);
    fd_allow(2 * server->options.connections); // each may have a file open besides
    server->names = arena_new();
    list_init(&server->listeners);
    list_init(&server->connections);
    server->sweep = loop_timer_new(loop, sweep, server);
    return server;
}

static void tell_shutdown(HttpServer *server) {
    if (!server->shutting || server->counts.connections || server->listener_count) return;
    loop_timer_free(server->grace);
    server->grace = NULL;
    LoopFunction *done = server->shutdown_done;
    server->shutdown_done = NULL;
    if (done) done(server->shutdown_context);
}

static void free_server(HttpServer *server) {
    while (server->free_buffer_count) free(server->free_buffers[--server->free_buffer_count]);
    while (server->free_exchanges) {
        Exchange *next = server->free_exchanges->next_free;
        free_exchange(server->free_exchanges);
        server->free_exchanges = next;
    }
    arena_free(server->names);
    free(server->scratch);
    free(server->cipher);
    free(server);
}

void server_free_when_empty(HttpServer *server) {
    if (server->freed && !server->counts.connections && !server->listener_count)
        free_server(server);
    else
        tell_shutdown(server);
}

void server_connection_gone(HttpServer *server) {
    server->counts.connections--;
    server_free_when_empty(server);
}

static void close_all(HttpServer *server) {
    LIST_EACH (&server->connections, link) connection_client_gone(LIST_ITEM(link, Connection, link), true);
}

static void grace_is_over(void *context) {
    close_all(context);
    server_free_when_empty(context);
}

static void end_when_idle(Connection *connection) {
    if (connection->state == CONN_HEAD && !connection->exchange)
        connection_linger(connection);
    else
        connection->keep_alive = false;
}

void http_server_shutdown(HttpServer *server, int64_t grace_ms, LoopFunction *done, void *context) {
    if (server->shutting) return;
    server->shutting = true;
    server->shutdown_done = done;
    server->shutdown_context = context;
    LIST_EACH (&server->listeners, link) close_listener(LIST_ITEM(link, Listener, link));
    LIST_EACH (&server->connections, link) end_when_idle(LIST_ITEM(link, Connection, link));
    server->grace = loop_timer_new(server->loop, grace_is_over, server);
    bool empty = !server->counts.connections && !server->listener_count;
    loop_timer_start(server->grace, empty ? 0 : grace_ms, 0);
}

void http_server_free(HttpServer *server) {
    if (!server) return;
    server->shutdown_done = NULL;
    loop_timer_free(server->grace);
    loop_timer_free(server->sweep);
    server->grace = server->sweep = NULL;
    LIST_EACH (&server->listeners, link) close_listener(LIST_ITEM(link, Listener, link));
    close_all(server);
    server->freed = true;
    server_free_when_empty(server);
}

HttpServerCounts http_server_counts(const HttpServer *server) { return server->counts; }
