// Endpoint: paths of HTTP that are no modelled operations: git over HTTP, instance metadata, container credentials, the plane's own pages.
//
// Served on the loop. What needs the database's writer goes through plane_in_turn; what needs a point read through plane_read.
#pragma once

#include "http/server.h"
#include "identity/directory.h"
#include "plane/plane.h"
#include "plane/service.h"

// Every member but on_request may be NULL (see http/server.h for when they are called). `exchange->data` is the endpoint's.
typedef struct EndpointType {
    void (*on_head)(Plane *plane, HttpExchange *exchange, HttpIntake *intake);
    void (*on_request)(Plane *plane, HttpExchange *exchange);
    void (*on_body)(Plane *plane, HttpExchange *exchange, Str piece, bool last);
    void (*on_writable)(Plane *plane, HttpExchange *exchange);
    void (*on_gone)(Plane *plane, HttpExchange *exchange);
} EndpointType;

Loop *plane_loop(Plane *plane);
HttpServer *plane_http(Plane *plane); // for further listeners (names of their own)
const IdentitySnapshot *plane_identity(const Plane *plane); // of the last commit; valid until the loop's next iteration
AuthenticationRules plane_rules(const Plane *plane);

// Runs `run` in a turn of the partition and then `done` on the loop, after the commit (`failed`: the commit failed, nothing happened). `run` uses the turn as a
// handler does, in a savepoint: false undoes its writes. The context must live until `done`.
typedef bool TurnFunction(Turn *turn, void *context);
typedef void TurnDone(Plane *plane, void *context, const Error *failed);
void plane_in_turn(Plane *plane, Partition where, TurnFunction *run, TurnDone *done, void *context);

// Runs `run` on the loop once, after `delay_ms`; not at all when the plane closes before. `context` lies in `arena`, which is freed then, and else is the caller's again.
void plane_later(Plane *plane, int64_t delay_ms, void (*run)(void *context), void *context, Arena *arena);

// A read-only turn on the last commit, at once. Memory: `arena`. False (InternalFailure): the data could not be read, and what `run` found or missed means nothing.
bool plane_read(Plane *plane, Partition where, Arena *arena, void (*run)(Turn *turn, void *context), void *context, Error *e);

// Short answers. The strings must live in the exchange's arena or be static.
void endpoint_reply(HttpExchange *exchange, int status, const char *content_type, Str body);
void endpoint_reply_json(HttpExchange *exchange, int status, const Doc *doc);
