// Service: what a folder of services/ offers to the plane, as const tables.
//
// Adding an operation is one function and one line. Everything here is read-only and shared by both threads.
#pragma once

#include "base/vec.h"
#include "engine/machine.h"
#include "plane/call.h"

typedef struct Turn Turn; // plane/turn.h

typedef Outcome CallHandler(Turn *turn, const Call *call, Doc **out, Error *e);
// What the head of a streaming upload alone can refuse, asked before a long body is taken in, on the loop as OP_READ is. The handler checks all of it again.
typedef bool HeadCheck(Turn *turn, const Call *call, Error *e);

// One permission that a call needs. Action "s3:GetObject", resource an ARN or "*". `context` holds service condition keys ("s3:prefix" → text or list).
typedef struct Requirement {
    Str action, resource;
    Doc *context; // may be NULL
    Str told; // the resource as a refusal names it ("role web"); STR_NONE: as it is
} Requirement;

typedef struct Requirements {
    Arena *arena;
    Vec list; // Requirement
} Requirements;
void require(Requirements *all, Str action, Str resource, Doc *context);
void require_told(Requirements *all, Str action, Str resource, Str told, Doc *context);
// Condition keys of tags, a list of {Key, Value}: aws:ResourceTag/KEY and SERVICE:ResourceTag/KEY; aws:RequestTag/KEY and the list aws:TagKeys.
void context_add_resource_tags(Arena *arena, Doc *context, const char *service, const Doc *tags);
void context_add_request_tags(Arena *arena, Doc *context, const Doc *tags);
void require_pass_role(Requirements *all, Str role_arn, const char *service_host); // nothing when role_arn is STR_NONE

enum {
    OP_LOCAL = 1, // neither parks nor streams: turn_call may run it
    OP_READ = 2, // a bounded point read: runs on the loop, on a read-only connection; must not write nor send
    OP_ANONYMOUS = 4 // may be called unsigned; policy still decides
};

typedef struct Operation {
    const char *name; // as the model spells it: "StartPipelineExecution"
    CallHandler *handle;
    // Resource ARN for the policy check, with members of the input in braces and {region}, {account}: "arn:aws:codepipeline:{region}:{account}:{name}".
    // A path goes down by dots, alternatives by bars: {pipeline.name|name}. NULL: "*". A member that is absent gives "*" as the whole resource.
    const char *resource;
    unsigned flags;
    const char *action; // NULL: the service's prefix and the operation's name
    // Instead of resource and action, where they depend on more than the input's members, or several permissions are needed (PassRole):
    void (*requirements)(Turn *turn, const Call *call, Requirements *all);
    HeadCheck *check; // NULL: none
} Operation;

// Resource-based policy of what the call addresses, as JSON; NULL when there is none. `owner_account` is whose resource it is.
typedef Doc *ResourcePolicy(Turn *turn, const Call *call, Str *owner_account);

// Which events of the bus a service itself reacts to: `handle` runs in a turn of the event's partition, as part of the transaction that delivers it.
typedef struct Subscription {
    const char *source, *detail_type; // "aws.codecommit", "CodeCommit Repository State Change"; NULL: any
    void (*handle)(Turn *turn, const Doc *event); // the whole EventBridge event
} Subscription;

// A path of HTTP that is no modelled operation (git, metadata, credentials): served on the loop. plane/endpoint.h gives what it may do.
typedef struct Endpoint {
    const char *listener; // "api" or the name of another listener
    const char *path_prefix; // "/v1/repos/"
    const struct EndpointType *type; // plane/endpoint.h
} Endpoint;

typedef struct Service {
    const char *name; // botocore's folder: "codepipeline", "stepfunctions"
    const char *prefix; // of IAM actions: "codepipeline", "states"
    const Operation *operations; // ends with a NULL name
    const DocumentType *const *documents; // ends with NULL; machines among them
    const StoreTable *const *tables; // ends with NULL; NULL: none of its own
    const Subscription *subscriptions; // ends with a NULL handle
    const Endpoint *endpoints; // ends with a NULL path
    ResourcePolicy *resource_policy;
    // Asked when a call is denied: false with an error of its own for what is not there at all, where the service tells that to everybody. NULL: it does not.
    bool (*is_there)(Turn *turn, const Call *call, Error *e);
    // Condition keys that a requirement does not bring along since they cost something to find; asked when a policy has conditions. NULL: none. `owner_account`: of
    // what the call addresses.
    void (*context)(Turn *turn, const Call *call, const Requirement *what, Str owner_account, Doc *context);
    const struct EffectType *const *effects; // of its own, besides the plane's (plane/effects.h); ends with NULL; NULL: none
    bool dry_runs; // its requests may carry DryRun: what would have succeeded is undone, and told as the error DryRunOperation
    void (*start)(Turn *turn); // once at start of the plane and after a reset: built-in resources, reconciliation with the world outside
} Service;

extern const Service *const SERVICES[]; // services/services.c; ends with NULL
