// What the files of the HTTP server share. Nobody else includes it.
//
// Who does what: server.c listeners, limits, time-outs, end. connection.c bytes from the socket to the parser, the states of a connection. head.c from the
// parser's pieces to an HttpRequest. intake.c, spool.c where bodies go. outgoing.c bytes to the socket. reply.c replies. send_file.c bodies out of files.
// tls.c the layer between socket and parser. refusals.c what the server answers by itself.
//
// A connection:
//            ┌───────────────────────────── reply has left, keep-alive ──────────────────────────────┐
//            ▼                                                                                       │
//        CONN_HEAD ── head whole ──► CONN_BODY ── body whole ──► CONN_OWNER ── the owner answers ────┘
//            │ bad, late                 │ bad, late, refused        │ no keep-alive
//            └───────────────────────────┴───────────────────────────┴──► CONN_LINGER ── client closed, or LIMIT_HTTP_LINGER_MS ──► CONN_CLOSED
//
// The buffer: [0 … head_at) done with, [head_at … start) the current request (its slices point here, so it moves only while its head is being read),
// [start … end) read but not parsed. During a body the part behind the head (body_at) is used again and again.
//
// A connection is freed when nothing holds it: the open socket, an exchange, each piece of work on the pool and each write hold it once.
#pragma once

#include "base/limits.h"
#include "base/list.h"
#include "http/server.h"

#include <llhttp.h>

enum {
    BUFFER_FIRST_BYTES = 16 * 1024,
    BUFFER_LARGEST_BYTES = LIMIT_HTTP_HEAD_BYTES + BUFFER_FIRST_BYTES,
    BUFFER_LEAST_ROOM_BYTES = 1024, // for the next read
    BUFFER_LEAST_BODY_ROOM_BYTES = 8 * 1024, // behind a head, when a body follows
    BLOCK_BYTES = 256 * 1024, // of spools and of files on their way out
    SCRATCH_BYTES = 64 * 1024,
    BUFFERS_KEPT = 64, // idle connections hold no buffer; this many are kept for the next ones
    EXCHANGES_KEPT = 64,
    HEADERS_FIRST = 24,
};

typedef struct Connection Connection;
typedef struct Exchange Exchange;
typedef struct Spool Spool;
typedef struct SendFile SendFile;
typedef struct Tls Tls;

typedef enum IntakeWay { INTAKE_NONE, INTAKE_IN_BUFFER, INTAKE_COLLECT, INTAKE_SPOOL, INTAKE_STREAM } IntakeWay;

typedef struct Intake {
    HttpIntake how;
    IntakeWay way;
    int64_t taken; // bytes of the body so far, as they came
    char *at; // IN_BUFFER: in the connection's buffer; COLLECT: on the heap; SPOOL: the block being filled
    size_t len, room;
    Spool *spool;
    bool paused; // stream: by the owner; spool: the disk is behind
    bool bad; // the filter said so
} Intake;

struct Exchange {
    HttpExchange public;
    Connection *connection;
    Exchange *next_free;
    Intake intake;
    SendFile *file; // a reply's body on its way out of a file
    size_t headers_room;
    bool in_value; // head: the parser is in a header's value
    bool timed; // head: its deadline runs
    bool told; // on_head or on_request was called: on_gone is owed
    bool owned; // the owner must end it
    bool body_done, reply_begun, reply_ended;
    bool chunked; // the streamed reply
    bool muted; // the streamed reply has no body on the wire (HEAD, 204, 304)
    bool wants_writable;
};

typedef enum ConnectionState { CONN_HEAD, CONN_BODY, CONN_OWNER, CONN_LINGER, CONN_CLOSED } ConnectionState;

typedef enum ParserEvent { PARSER_HEAD = 1, PARSER_MESSAGE = 2 } ParserEvent;

struct Connection {
    uv_tcp_t tcp; // first: libuv's handle is the connection
    HttpServer *server;
    Link link; // in server->connections
    Str listener;
    char peer[48];
    size_t peer_len;
    llhttp_t parser;
    unsigned events; // of ParserEvent, since the parser last returned
    ConnectionState state;
    char *buffer;
    size_t room, head_at, body_at, start, end;
    Exchange *exchange; // the one being read or answered
    Tls *tls;
    int64_t deadline_ms; // 0: none
    int64_t moved_bytes; // of a body since the deadline was last put off
    size_t waiting_seen; // bytes waiting to be written at the last look
    int64_t line_bytes; // chunk lines and trailers since the last piece of a body
    unsigned holds, writes;
    bool begun; // the first byte has been looked at
    bool advancing;
    bool reading;
    bool keep_alive; // of the current request and reply
    bool half_closed, broken; // the client sends no more; nothing can be sent either
};

typedef struct Listener {
    uv_tcp_t tcp; // first
    HttpServer *server;
    Link link;
    Str name;
} Listener;

struct HttpServer {
    Loop *loop;
    HttpOwner owner;
    HttpServerOptions options;
    List listeners, connections;
    HttpServerCounts counts;
    size_t listener_count; // with those that are being closed
    LoopTimer *sweep, *grace;
    LoopFunction *shutdown_done;
    void *shutdown_context;
    Arena *names; // of listeners; connections keep them longer than listeners live
    bool sweeping, shutting, freed;
    Exchange *free_exchanges;
    char *free_buffers[BUFFERS_KEPT];
    size_t free_exchange_count, free_buffer_count;
    char *scratch; // TLS records, and what is read only to be dropped
    char *cipher; // one TLS write
    char date[32]; // "Date: …" changes once a second
    int64_t date_s;
};

// server.c
char *server_take_buffer(HttpServer *server);
void server_give_buffer(HttpServer *server, char *buffer, size_t room);
Exchange *server_take_exchange(HttpServer *server, Connection *connection);
void server_give_exchange(HttpServer *server, Exchange *exchange);
char *server_scratch(HttpServer *server);
void server_connection_gone(HttpServer *server); // one less
void server_free_when_empty(HttpServer *server);
void server_sweep_soon(HttpServer *server);

// connection.c
void connection_open(HttpServer *server, Listener *listener);
void connection_advance(Connection *connection); // parses what is there and lets things happen
void connection_read_when_wanted(Connection *connection);
void connection_exchange_done(Connection *connection); // the reply has left, or cannot
void connection_linger(Connection *connection); // sends no more, lets the client read
void connection_close(Connection *connection); // at once
void connection_hold(Connection *connection);
void connection_release(Connection *connection);
void connection_plain_bytes(Connection *connection, size_t len); // `len` bytes were put where connection_room said
bool connection_room(Connection *connection, uv_buf_t *room); // where the next bytes go; false: there is no room now
void connection_client_gone(Connection *connection, bool broken);
void connection_set_deadline(Connection *connection, int64_t ms); // from now; 0: none

// head.c
extern const llhttp_settings_t HEAD_CALLBACKS;
void head_begin(Exchange *exchange);
void head_rebase(Exchange *exchange, ptrdiff_t by); // the buffer has moved
int head_finish(Connection *connection); // the request is filled in: 0, or the status of the refusal
void refuse_parse_error(Connection *connection, llhttp_errno_t error, Str message); // message: from where the message began or parsing stopped
void refuse(Connection *connection, int status, const char *why);
const char *status_reason(int status);

// intake.c
bool intake_begin(Connection *connection); // asks the owner; false: refused, or over before it began
bool intake_piece(Exchange *exchange, const char *at, size_t len);
void intake_end(Exchange *exchange); // the whole body has come: the request is delivered, now or when it is on disk
bool intake_direct_room(Connection *connection, uv_buf_t *room);
void intake_done(Exchange *exchange); // gives back what it holds
bool intake_is_paused(const Exchange *exchange);
void exchange_deliver(Exchange *exchange); // on_request

// spool.c
bool spool_begin(Exchange *exchange);
void spool_block_full(Exchange *exchange); // takes the block that is being filled, or pauses
void spool_end(Exchange *exchange);
void spool_done(Exchange *exchange);
bool spool_is_busy(const Exchange *exchange);
void spool_abandon(Exchange *exchange); // the client has gone: told when the block is written
char *block_take(void);
void block_give(char *block);

// outgoing.c
// Sends now what the socket takes and keeps the rest. `lasting`: the bytes live until the exchange ends; else the rest is copied. Up to 4 pieces.
void outgoing_send(Connection *connection, const uv_buf_t *pieces, unsigned count, bool lasting);
void outgoing_raw(Connection *connection, const uv_buf_t *pieces, unsigned count, bool lasting); // below TLS
size_t outgoing_waiting_bytes(const Connection *connection); // in libuv's queue
size_t outgoing_untaken_bytes(const Connection *connection); // and in the kernel: what the client has not acknowledged

// reply.c
void reply_progress(Connection *connection); // something was written: goes on, ends the exchange when all has left
void exchange_client_gone(Exchange *exchange);

// send_file.c
bool send_file_open(Exchange *exchange, const Body *body);
void send_file_go_on(Exchange *exchange);
void send_file_done(Exchange *exchange);

// tls.c
bool tls_begin(Connection *connection, Str first); // the bytes that have come already
void tls_bytes(Connection *connection, const char *at, size_t len); // from the socket
void tls_drain(Connection *connection); // decrypts what waits, as far as there is room
void tls_send(Connection *connection, const uv_buf_t *pieces, unsigned count);
void tls_say_goodbye(Connection *connection);
void tls_free(Tls *tls);
