// Client: AWS API calls to the control plane of this machine, blocking, over its loopback address.
//
// Whoever runs a verb makes one; nothing is kept between calls. Credentials: what `rehearse env` exported (AWS_ENDPOINT_URL is set then), else a key that
// nobody issued, which is the root of the plane's default account. A real account's keys are never used against the plane.
// Errors are the service's own (code and message), or "unreachable" with what to do about it.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "identity/sigv4.h"

typedef struct Client {
    Str host; // "127.0.0.1"
    uint16_t port;
    Str authority; // "127.0.0.1:4566"
    Str url; // "http://127.0.0.1:4566"
    Str region;
    Str access_key, secret, token;
    Str option; // what a command in a hint needs to reach this plane: " --port 7101", or "" where the bare command reaches it
    Str keeps; // and to start it again: " --data FOLDER", or "" where it is the default or not known
} Client;

enum { CLIENT_DEFAULT_PORT = 4566 };

// `port` is the value of --port or NULL: then AWS_ENDPOINT_URL, then 4566.
bool client_init(Arena *arena, const char *port, Client *out, Error *e);
// The folder of the plane that answered, for the hints.
void client_keeps(Client *client, Arena *arena, Str data);
Str client_word(Arena *arena, Str path); // as a word of a shell
// One operation, by botocore's name of the service. `input` may be NULL: nothing to say.
bool client_call(const Client *client, Arena *arena, const char *service, const char *operation, const Doc *input, Doc **out, Error *e);
// A page of the plane itself: client_page(client, arena, "POST", "/_rehearse/clock", body, &out, e). `body` may be NULL.
bool client_page(const Client *client, Arena *arena, const char *method, const char *path, const Doc *body, Doc **out, Error *e);
// Does a control plane answer? False with "unreachable", or with "port-taken" when another program does.
bool client_health(const Client *client, Arena *arena, Doc **out, Error *e);
