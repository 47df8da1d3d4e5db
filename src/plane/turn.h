// Turn: what a handler may do to the world. Handlers are plain synchronous C; they never touch the loop, a socket or a process.
//
// All writes go to the turn's transaction, inside the call's savepoint: an error undoes them. Everything that leaves the database is a command
// in the outbox of the same transaction. On the loop (OP_READ) only the reading functions may be used; the others assert.
#pragma once

#include "identity/directory.h"
#include "plane/service.h"
#include "plane/stream.h"

Store *turn_store(Turn *turn); // for a service's own tables
Arena *turn_arena(Turn *turn); // of the current call
int64_t turn_now(const Turn *turn); // plane time, the same during one call
int64_t turn_wall(const Turn *turn); // real time: signatures, presigned expiry
IdSource *turn_ids(Turn *turn);
Str turn_data_folder(const Turn *turn); // absolute
uint16_t turn_port(const Turn *turn); // of the plane's API
// A service's own memory for one call, from the policy check to the handler's end; NULL at first. What lies there must not outlive a write that it tells of.
void **turn_memo(Turn *turn);
int turn_address_block(const Turn *turn); // the plane's public addresses are 127.77.BLOCK.N

// Documents of the call's partition (or another: the _in forms).
bool turn_get(Turn *turn, const DocumentType *type, Str id, Doc **out);
void turn_put(Turn *turn, const DocumentType *type, Str id, const Doc *doc);
bool turn_insert(Turn *turn, const DocumentType *type, Str id, const Doc *doc);
bool turn_delete(Turn *turn, const DocumentType *type, Str id);
Doc *turn_scan(Turn *turn, const DocumentType *type, DocumentScan scan);
Doc *turn_find(Turn *turn, const DocumentType *type, const char *index, Str value);
Partition turn_where(const Turn *turn);
void turn_enter(Turn *turn, Partition where); // start hooks only: goes on in another partition

// Pages: reads maxResults/nextToken-like members, scans, cuts to the page; the token is opaque and checked. `items` gets the documents (with "$id").
typedef struct Page {
    DocumentScan scan; // prefix; after and limit are filled from the token
    Str token; // from the input
    int64_t size, most; // wanted and allowed
} Page;
bool turn_page(Turn *turn, const DocumentType *type, Page page, Doc **items, Str *next_token, Error *e); // fails with code "InvalidNextToken"

// Runs a machine's step at once, inside the transaction. False when there is no such machine (and kind is not "start").
bool turn_send(Turn *turn, const DocumentType *type, Str id, Str kind, Doc *data);

// Runs another operation inside the same transaction, authorised as `principal`. Only OP_LOCAL; depth up to LIMIT_CALL_DEPTH.
bool turn_call(Turn *turn, Principal principal, const char *service, const char *operation, Doc *input, Doc **out, Error *e);
// Is this principal allowed to? For checks that depend on what the handler finds. Sets AWS's AccessDenied error.
bool turn_allowed(Turn *turn, const Principal *principal, const Requirement *what, Error *e);

// May a service assume this role, for that resource of its own? Looks at existence and trust policy. For operations that take a service role.
bool turn_role_trusts(Turn *turn, Str role_arn, const char *service_host, Str source_arn, Error *e);
Directory *turn_directory(Turn *turn); // for iam and sts: what identity/ keeps

// Commands of a handler: as machines give them, but without an answer.
void turn_command_call(Turn *turn, Principal principal, const char *service, const char *operation, Doc *input, const Body *body);
void turn_effect(Turn *turn, const char *effect, Doc *arguments);
void turn_publish(Turn *turn, const char *source, const char *detail_type, Doc *detail, Doc *resources);
void turn_delete_file(Turn *turn,
                      Str path); // or a folder with all in it; of the data folder, relative to it, after the commit; of a blob: one reference less

// The call waits: it runs again from its input when `key` is woken or at the deadline (real time for TIMER_OUTER waits, else plane time).
Outcome turn_park(Turn *turn, Str key, TimerKind kind, int64_t deadline_ms);
void turn_wake(Turn *turn, Str key);

// The body of the reply of an operation with a streaming output (GetObject): bytes or a part of a file.
void turn_reply_body(Turn *turn, Body body);
// The reply of an operation whose output is an event stream: *out, {"sessionStart": {…}}, is its first event. `state` lies in the call's arena.
void turn_stream(Turn *turn, const StreamType *type, void *state);
bool turn_is_followed(const Turn *turn); // is a stream open? Else nobody would hear what turn_tell says
void turn_tell(Turn *turn, const StreamType *type, const Doc *news); // to all open streams of the type, after the commit, in the order of commits
// Moves the call's spooled body into the data folder's blobs; returns the blob's path relative to the data folder. The commit makes it ours.
Str turn_keep_body(Turn *turn, const Call *call);

// `TRY` inside a handler.
#define CALL_TRY(call)                     \
    do {                                   \
        if (!(call)) return OUTCOME_ERROR; \
    } while (0)
#define call_fail(...) (fail(__VA_ARGS__), OUTCOME_ERROR)
