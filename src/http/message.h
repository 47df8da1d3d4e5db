// HTTP messages as the rest of the program sees them: plain values in an arena, no sockets.
//
// Who may use it: every room from http upward. Who owns what: all slices live in the arena of the request or reply.
// A body is inline (bytes) or lies in a file (path); never both. `size` holds for both.
#pragma once

#include "base/str.h"

typedef struct Body {
    Str bytes; // inline; STR_NONE when in a file
    Str path; // file; STR_NONE when inline
    int64_t offset, size; // the part of the file that counts; for inline bodies offset is 0 and size is bytes.len
} Body;

static inline Body body_of(Str bytes) { return (Body){.bytes = bytes, .size = (int64_t)bytes.len}; }

typedef struct HttpHeader {
    Str name, value; // name as it came or as it shall go; compare without case
} HttpHeader;

typedef struct HttpRequest {
    Arena *arena;
    Str method; // "GET"
    Str target; // as sent: path and query, not decoded
    Str path, query; // `target` cut at '?', not decoded; query is STR_NONE when there is no '?'
    const HttpHeader *headers;
    size_t header_count;
    Body body;
    Str peer; // "127.0.0.1"
    Str listener; // name of the listener that took the connection: "api", or what a service called its own
    bool tls;
} HttpRequest;

typedef struct HttpReply {
    int status;
    const HttpHeader *headers; // Content-Length, Date, Connection are the server's to add
    size_t header_count;
    Body body;
    bool head_only; // answer to HEAD: body.size is announced, nothing is sent
} HttpReply;

Str http_header(const HttpRequest *request, const char *name); // first of that name, STR_NONE when absent
