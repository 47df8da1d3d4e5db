// Real sandboxes for tests: each test runs on one rung, in a data folder of its own.
//
// A test program runs on the rung that its argument names: the lower ones in a child that became an ordinary user when the tests run as root. Where a
// rung is impossible, the refusal is checked instead (cause and remedy), and the program says so and ends as skipped: it never passes silently.
#pragma once

#include "sandbox/sandbox.h"

#include "../unit.h" // behind: cmocka has a macro named fail

typedef struct Place { // of one test
    char folder[256]; // the data folder
    char publics[16]; // "127.77.P": the network of this run's public addresses, as these are the machine's
    SandboxHost *host;
    Arena *arena;
} Place;

extern const char *keeper_program; // REHEARSE_KEEPER, or beside the build
extern char cache_folder[300]; // XDG_CACHE_HOME of the tests

// Runs `tests` on `rung`, "A" … "D". 0: all passed; 77: the rung is impossible here and was refused properly.
int run_on_rung(const char *rung, const char *title, const struct CMUnitTest *tests, size_t count);
#define RUN_ON_RUNG(rung, tests) run_on_rung(rung, #tests, tests, sizeof tests / sizeof *tests)

int place_setup(void **state); // cmocka's: *state becomes a Place
int place_teardown(void **state); // destroys its sandboxes, ends its network

Sandbox *make_build(Place *place, const char *name, SandboxLimits limits);
Sandbox *make_instance(Place *place, int number); // "i-N" at 10.0.0.N and PUBLICS.N
void start_job(Sandbox *sandbox, const char *id, const char *script, const char *user); // bash -c
// Waits up to a minute, for busy machines; fails the test when it does not come. `job` NULL: any.
SandboxEvent wait_event(Sandbox *sandbox, SandboxEventKind kind, const char *job);
SandboxJobStatus run_job(Sandbox *sandbox, const char *id, const char *script, const char *user); // starts and waits for its end
const char *output_of(Place *place, Sandbox *sandbox, const char *id, SandboxStream stream); // all of it, terminated
int64_t elapsed_ms(void); // monotonic
int run_program(const char *const *argv); // to its end; as waitpid's status
int connect_public(Place *place, int number, int port); // a socket connected to PUBLICS.number, or -1
const char *http_get(Place *place, int number, int port); // of PUBLICS.number: the whole reply to GET /, "" when refused; retries for 20 s
