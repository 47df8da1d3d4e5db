// Response: a reply being read, for both clients. Bytes go in as they come; headers and body come out when it is whole, or lines as they come.
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "http/client.h"

#include <llhttp.h>

typedef struct Response {
    llhttp_t parser;
    Arena *arena; // of headers
    Vec headers;
    Str name; // of the header whose value comes
    Buf text; // a name or value in pieces
    Buf body;
    size_t head_bytes;
    bool head_only; // the request was HEAD
    bool head_done, done;
} Response;

void response_init(Response *response, Arena *arena, bool head_only, size_t max_bytes);
void response_done(Response *response);
bool response_feed(Response *response, Str bytes, Error *e); // codes "bad-reply", "too-large"
bool response_end(Response *response, Error *e); // the connection has ended: whole, or an error
HttpResult response_result(const Response *response); // body: valid until response_done

// What a call says on the wire, and where it goes.
typedef struct CallTarget {
    Str host, authority, path; // authority: host and port as in the URL
    uint16_t port;
    bool tls;
} CallTarget;
bool call_target(Str url, CallTarget *out, Error *e);
void call_write_head(const HttpCall *call, const CallTarget *target, Buf *out);
int64_t call_timeout_ms(const HttpCall *call);
size_t call_max_bytes(const HttpCall *call);
