// What the parts of the load generator share: the kinds of requests, and requests made and signed before the measurement begins.
#pragma once

#include "identity/sigv4.h"

typedef struct LoadOptions {
    const char *host;
    int port, pid; // pid: of the server, whose processor time is read; 0: none
    double seconds;
    uint64_t requests; // 0: by time
    SigningIdentity identity; // service is filled in by each kind
    uint64_t seed;
} LoadOptions;

typedef struct LoadKind LoadKind; // what is asked: GetCallerIdentity, PutObject …

const LoadKind *load_kind(Str name); // NULL: there is none of that name

typedef struct LoadPool {
    Arena *arena;
    Str *requests; // whole messages, ready to be sent
    size_t count;
} LoadPool;

// Request i of a kind, signed now: key i modulo the number of keys, its body's bytes random. More requests than keys, so that no row is ever written
// with the bytes it has: an update to the same bytes would write no page.
LoadPool load_pool_make(const LoadKind *kind, const LoadOptions *options);
void load_pool_done(LoadPool *pool);
