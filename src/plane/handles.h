// Handles on sandboxes, on the loop: what sandboxes.c and jobs.c share.
//
// A handle is opened when an effect first names its sandbox, stays until the sandbox is destroyed or the plane closes, and turns the sandbox's notices into
// events of the effects that wait for them.
#pragma once

#include "plane/internal.h"
#include "plane/sandboxes.h"
#include "sandbox/sandbox.h"

typedef struct Handle {
    Plane *plane;
    Sandbox *sandbox;
    LoopPoll *poll;
    char name[SANDBOX_ID_BYTES];
    List waits; // Wait
    List jobs; // Job
    bool ready, stopped;
} Handle;

// An effect that waits for a notice of the sandbox.
typedef enum WaitFor { WAIT_READY, WAIT_STOPPED, WAIT_WATCH, WAIT_PORTS } WaitFor;

typedef struct Wait {
    Link link;
    WaitFor what;
    char effect_id[SANDBOX_ID_BYTES];
    size_t ports_left; // WAIT_PORTS
    Arena *arena; // of the ports
    Doc *ports;
} Wait;

Map *sandboxes_handles(Plane *plane); // name → Handle
void sandboxes_use_time(Plane *plane); // while a job is under way: for what can wait, and for the sandboxes of the next builds
SandboxHost *plane_sandbox_host(Plane *plane, Error *e); // opened at the first need; NULL: refused
bool sandboxes_open_network(Plane *plane, SandboxHost *host, Error *e);
Handle *handle_of(Plane *plane, Str name, Error *e); // opens it when need be; NULL: no such sandbox
void effect_end(Plane *plane, Str effect_id, const Error *failed); // a final event: ok, or the reason
Doc *effect_end_doc(Arena *arena, const Error *failed);

// prepared.c
typedef struct Prepared {
    Str wheels, venv; // folders on the host; STR_NONE: not there, or not needed
    bool led_aws; // `aws` is the distribution's own, led to the plane
} Prepared;
enum { PREPARED_MOST = 8 }; // of binds, files and settings each
bool prepared_check(Error *e); // what the environment chooses is there
void prepared_find(Arena *arena, Prepared *out);
Str prepared_aws(Arena *arena); // the AWS CLI that builds and instances have, by its path on the host; STR_NONE: they have none
void prepared_add(Arena *arena, const Prepared *prepared, SandboxSpec *spec); // the lists have room for PREPARED_MOST more

// jobs.c
void jobs_notice(Handle *handle, const SandboxEvent *event);
void jobs_look_again(Handle *handle); // all of them: notices were lost, or the sandbox has stopped
void jobs_done(Handle *handle);
