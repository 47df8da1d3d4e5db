// Client: HTTP/1.1 requests of ours: on the loop (health checks, HTTP effects, webhooks) and blocking (the command line to its own server).
//
// One connection a request; no redirects followed. Bodies of requests and replies are held in memory, up to a limit. Errors: "bad-url", "unreachable",
// "timeout", "bad-reply", "too-large", "tls".
#pragma once

#include "base/error.h"
#include "http/message.h"
#include "os/loop.h"

typedef struct HttpCall {
    Str url; // "http://host[:port][/path][?query]", or https; nothing is encoded
    Str method; // STR_NONE: GET
    const HttpHeader *headers; // Host (unless given here), Content-Length and Connection are added
    size_t header_count;
    Str body;
    int64_t timeout_ms; // for the whole of it; 0: 30 s
    size_t max_bytes; // of the reply's body; 0: LIMIT_HTTP_BODY_IN_MEMORY_BYTES
    Str authority; // https: a PEM file of authorities to trust instead of the system's; STR_NONE: the system's
} HttpCall;

typedef struct HttpResult {
    int status;
    const HttpHeader *headers;
    size_t header_count;
    Str body;
} HttpResult;

Str http_result_header(const HttpResult *result, const char *name); // first of that name, STR_NONE when absent

// On the loop. The call is copied. `done` comes once, never from within http_fetch, with a result (valid during the call) or an error, the other NULL.
typedef struct HttpFetch HttpFetch;
typedef void HttpFetched(void *context, const HttpResult *result, const Error *error);
HttpFetch *http_fetch(Loop *loop, const HttpCall *call, HttpFetched *done, void *context);
void http_fetch_cancel(HttpFetch *fetch); // `done` does not come; not after `done` has come

// Blocking, plain HTTP only. The result lives in the arena.
bool http_call(Arena *arena, const HttpCall *call, HttpResult *out, Error *e);

// Blocking: a reply whose lines are read as they come (events, logs). A status other than 200 fails with code "bad-reply" and the body as its message.
typedef struct HttpLines HttpLines;
bool http_lines_open(const HttpCall *call, HttpLines **out, Error *e); // timeout_ms: until the head of the reply has come
// The next line without its end, valid until the next call: STR_NONE at the end of the reply, and after `wait_ms` without one (*ended then says which).
bool http_lines_next(HttpLines *lines, int64_t wait_ms, Str *line, bool *ended, Error *e);
int http_lines_fd(const HttpLines *lines); // to poll beside other things; lines may also be waiting in memory
void http_lines_close(HttpLines *lines); // accepts NULL
