// rehearse up: the control plane, in the foreground, until SIGINT or SIGTERM.
#include "cli/verb.h"

#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/poison.h"
#include "os/files.h"
#include "os/loop.h"
#include "os/sockets.h"
#include "plane/handles.h"
#include "plane/plane.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_PORT = 4566 };

typedef struct Wishes {
    const char *port, *host, *data, *account, *region, *fast_forward, *strict, *crash_at, *crash_on, *verbose, *quiet;
} Wishes;

static bool account_ok(const char *account, Error *e) {
    bool digits = strlen(account) == 12 && strspn(account, "0123456789") == 12;
    return digits || fail(e, "usage", "--account takes 12 digits, not \"%s\"", account);
}

static bool region_ok(const char *region, Error *e) {
    bool good = *region && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(region);
    return good || fail(e, "usage", "--region takes a name like us-east-1, not \"%s\"", region);
}

static bool absolute_folder(Arena *arena, const char *path, Str *out, Error *e) {
    TRY(folder_make(str_of(path), 0700, e));
    char *real = realpath(path, NULL);
    if (!real) return fail_errno(e, errno, "%s", path);
    *out = str_copy(arena, str_of(real));
    free(real);
    return true;
}

static bool read_wishes(Arena *arena, const Wishes *wishes, PlaneOptions *options, Error *e) {
    int64_t port = DEFAULT_PORT, crash_at = 0;
    if (wishes->port) TRY(option_int("--port", wishes->port, 0, 65535, &port, e));
    if (wishes->crash_at) TRY(option_int("--crash-at", wishes->crash_at, 1, INT64_MAX, &crash_at, e));
    if (wishes->account) TRY(account_ok(wishes->account, e));
    if (wishes->region) TRY(region_ok(wishes->region, e));
    *options = (PlaneOptions){
        .host = str_of(wishes->host ? wishes->host : "127.0.0.1"),
        .port = (uint16_t)port,
        .account = str_of(wishes->account ? wishes->account : "000000000000"),
        .region = str_of(wishes->region ? wishes->region : "us-east-1"),
        .version = STR(REHEARSE_VERSION),
        .clock_mode = wishes->fast_forward ? CLOCK_JUMP : CLOCK_REAL,
        .clock_scale = 1,
        .strict = wishes->strict != NULL,
    };
    TRY(prepared_check(e));
    failpoint_arm(crash_at);
    poison_arm(str_of(wishes->crash_on));
    if (wishes->verbose) log_set_level(LOG_DEBUG);
    if (wishes->quiet) log_set_level(LOG_WARN);
    return absolute_folder(arena, wishes->data ? wishes->data : ".rehearse", &options->data, e);
}

static void stop(void *context) { loop_stop(context); }

// Who has the port, and how to take another.
static void tell_taken(uint16_t port, Error *e) {
    pid_t pid = 0;
    char name[64];
    unsigned next = port + 1U;
    if (!socket_listener_of(port, &pid, name, sizeof name)) {
        fail(e, "port-taken", "port %u is taken by another program. Stop it, or: rehearse up --port %u", (unsigned)port, next);
    } else {
        fail(e, "port-taken", "port %u is taken by process %d (%s). Stop it, or: rehearse up --port %u", (unsigned)port, (int)pid, name, next);
    }
}

static int serve(const PlaneOptions *options) {
    Error e = {0};
    Plane *plane = NULL;
    Loop *loop = loop_new();
    LoopSignal *interrupt = loop_signal_new(loop, SIGINT, stop, loop), *terminate = loop_signal_new(loop, SIGTERM, stop, loop);
    bool opened = plane_open(loop, options, &plane, &e);
    if (opened) {
        log_info("control plane at http://%.*s:%u, data in %.*s", STR_ARG(options->host), plane_port(plane), STR_ARG(options->data));
        loop_run(loop);
        log_info("stopping; builds and deployed applications go on");
    }
    plane_close(plane);
    loop_signal_free(interrupt);
    loop_signal_free(terminate);
    loop_free(loop);
    if (opened) return EXIT_OK;
    if (error_is(&e, "address-in-use")) tell_taken(options->port, &e);
    return cannot_run(&e);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Wishes wishes = {0};
    const Option options[] = {
        {"--port", true, &wishes.port},       {"--host", true, &wishes.host},         {"--data", true, &wishes.data},
        {"--account", true, &wishes.account}, {"--region", true, &wishes.region},     {"--fast-forward", false, &wishes.fast_forward},
        {"--strict", false, &wishes.strict},  {"--crash-at", true, &wishes.crash_at}, {"--crash-on", true, &wishes.crash_on},
        {"-v", false, &wishes.verbose},       {"-q", false, &wishes.quiet},
    };
    AUTO_ARENA arena = arena_new();
    PlaneOptions plane;
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (argc > 1) return fail(&e, "usage", "up takes no operand, but got \"%s\"", argv[1]), cannot_run(&e);
    if (!read_wishes(arena, &wishes, &plane, &e)) return cannot_run(&e);
    return serve(&plane);
}

const Verb VERB_UP = {
    .name = "up",
    .summary = "start the control plane",
    .help = "rehearse up                        serve on http://127.0.0.1:4566, keep everything in .rehearse\n"
            "rehearse up --fast-forward         waiting costs nothing: the clock jumps to the next event\n"
            "\n"
            "  --port N          port of the API (4566); 0 takes a free one\n"
            "  --host ADDRESS    address to listen on (127.0.0.1)\n"
            "  --data FOLDER     where everything is kept (.rehearse)\n"
            "  --account N       account of requests whose access key is not an account number (000000000000)\n"
            "  --region R        region of requests that name none (us-east-1)\n"
            "  --fast-forward    let the clock jump\n"
            "  --strict          refuse access keys that the plane did not issue\n"
            "  --crash-at N      end as by kill -9 at the N-th fail point (for tests)\n"
            "  --crash-on TEXT   crash while handling an event whose id holds TEXT (for tests)\n"
            "  -q, -v            say less, say more\n",
    .run = run,
};
