// Server: HTTP/1.1 on the loop: connections, parsing, bodies in and out, limits and time-outs. Says nothing about what requests mean.
//
// Who may use it: rooms from http upward; everything on the loop's thread. TLS and plain HTTP share a port: the first byte decides.
//
// Life of an exchange (one request and its reply):
//     on_head     only when a body follows: how shall it be taken in (HttpIntake)?          request.body is empty
//     on_request  the request is whole; from here on the exchange is the owner's             (memory, spool, or no body at all)
//     on_body     instead of on_request for HTTP_INTO_STREAM: the body piece by piece; the exchange is the owner's from on_head on
//     http_reply, or http_reply_begin, http_reply_write …, http_reply_end, or http_abort: ends it; the exchange is gone when that returns
// It may be answered at once in the callback or at any later time. Requests of one connection come one after the other: the next one is
// delivered when the reply is under way, so answers are in order.
// on_gone tells that the client has left. The owner of an exchange must still end it (replies then go nowhere). Before it is the owner's, that is after
// on_head and before on_request, on_gone is itself the end of the exchange. on_gone is not called for requests whose on_head or on_request never was.
//
// Memory: request slices, and what a reply points to, live in request.arena (or are static) until the exchange and the write of its reply are done: who
// answers puts the reply's headers and bytes into request.arena. Another thread may use the arena and the request while the owner waits for it.
#pragma once

#include "base/error.h"
#include "http/certificates.h"
#include "http/message.h"
#include "os/loop.h"

typedef struct HttpServer HttpServer;

typedef struct HttpExchange {
    HttpRequest request;
    void *data; // the owner's, NULL at first
} HttpExchange;

// Sees (checksums) and may change (aws-chunked) the pieces of a body before they are stored: changes `bytes` in place, and `*len` when they get fewer.
// Runs on a thread of the pool for what goes to a file, on the loop's for what stays in memory; never twice at a time. False: the body is bad. It is
// then not read further, on_request comes with an empty body (the filter's context knows why), and the connection closes after the reply.
typedef bool HttpFilter(void *context, char *bytes, size_t *len);

typedef enum HttpIntakeKind {
    HTTP_INTO_MEMORY, // all of it in body.bytes
    HTTP_INTO_SPOOL, // up to LIMIT_HTTP_INLINE_BODY_BYTES in body.bytes; larger ones in a new file in `folder`, synced: body.path
    HTTP_INTO_STREAM, // to on_body, with back-pressure
    HTTP_REFUSE // not at all: `refusal` is the reply; the connection closes after it
} HttpIntakeKind;

typedef struct HttpIntake {
    HttpIntakeKind kind; // preset: HTTP_INTO_MEMORY
    int64_t max_bytes; // preset: LIMIT_HTTP_BODY_IN_MEMORY_BYTES; a longer body is answered 413 by the server
    Str folder; // of the spool; must exist, on the file system where the file shall end up
    HttpFilter *filter; // memory and spool; NULL: none
    void *filter_context;
    const HttpReply *refusal;
} HttpIntake;

typedef struct HttpOwner {
    void (*on_head)(void *context, HttpExchange *exchange, HttpIntake *intake); // NULL: presets for all
    void (*on_request)(void *context, HttpExchange *exchange);
    void (*on_body)(void *context, HttpExchange *exchange, Str piece, bool last); // the last piece may be empty; slices are valid during the call
    void (*on_writable)(void *context, HttpExchange *exchange); // http_reply_write said wait: now it may go on
    void (*on_gone)(void *context, HttpExchange *exchange);
    void *context;
} HttpOwner;

// A spool file that the owner does not rename is deleted when the exchange ends.

// Time-outs and bounds; presets are those of base/limits.h. Zero members mean the preset.
typedef struct HttpServerOptions {
    Certificates *certificates; // NULL: no TLS; stays the caller's
    int64_t head_ms, idle_ms, stall_ms; // a whole head; between requests; a body or reply that does not move
    size_t connections;
} HttpServerOptions;

HttpServer *http_server_new(Loop *loop, const HttpOwner *owner, const HttpServerOptions *options); // options may be NULL
// Stops listening and keep-alive, lets exchanges end for up to `grace_ms`, then closes what is left; calls `done` (may be NULL) at the end.
void http_server_shutdown(HttpServer *server, int64_t grace_ms, LoopFunction *done, void *context);
void http_server_free(
    HttpServer *server); // closes at once what is still open; exchanges that the owner still has get on_gone first and must be ended in it

// Listeners. `name` shows up in HttpRequest.listener and is copied. Port 0 takes a free one; `*port` (may be NULL) tells which.
bool http_listen(HttpServer *server, Str name, const char *address, uint16_t port, uint16_t *bound, Error *e); // code "address-in-use" when taken
bool http_listen_fd(HttpServer *server, Str name, int fd, Error *e); // a bound TCP socket, listening or not; becomes the server's when it succeeds
void http_unlisten(HttpServer *server, Str name); // its connections stay

// Answers. Content-Length, Date, Connection, Transfer-Encoding are added. Body: bytes, or a part of a file, read off the loop. HEAD: set head_only, or leave it: no body is sent for HEAD.
// For 204 and 304, no body nor length is sent. Bytes that would break a header's line (CR, LF, NUL) become spaces.
// False only when the body's file cannot be opened or is shorter than said: nothing was sent, and the exchange is still the owner's.
bool http_reply(HttpExchange *exchange, const HttpReply *reply);
// In pieces: head->body.size is the whole size, or -1 when not known yet (chunked). Pieces are copied or sent before it returns.
void http_reply_begin(HttpExchange *exchange, const HttpReply *head);
bool http_reply_write(HttpExchange *exchange, Str piece); // false: much is waiting; go on at on_writable
void http_reply_end(HttpExchange *exchange);
void http_abort(HttpExchange *exchange); // closes the connection: the client sees that the reply is not whole

// HTTP_INTO_STREAM: on_body stops and goes on; what has arrived by then may still come once.
void http_body_pause(HttpExchange *exchange);
void http_body_resume(HttpExchange *exchange);
bool http_is_gone(const HttpExchange *exchange); // the client has left: no need to work for it

typedef struct HttpServerCounts {
    size_t connections, exchanges; // open now
    uint64_t requests, refused; // since the start; refused: answered by the server itself, bad or too large
} HttpServerCounts;
HttpServerCounts http_server_counts(const HttpServer *server);
