// Shared by the files of this folder (the server's side). Layouts and messages: keeper/sandbox_keeper.h, keeper/keeper.c.
#pragma once

#include "base/buf.h"
#include "sandbox/preload/plane_clock.h"
#include "sandbox/sandbox.h"

#include <sys/stat.h>

enum { SANDBOX_SPARES = 2 }; // builds that begin at the same moment find one each
enum { SANDBOX_PATH_BYTES = 4096, SANDBOX_MESSAGE_BYTES = 1024, SANDBOX_FIRST_ID = 100000, SANDBOX_SPEC_BYTES = 4 * 1024 * 1024 };

struct SandboxHost {
    char data[SANDBOX_PATH_BYTES / 2], program[SANDBOX_PATH_BYTES / 2];
    char skeletons[SANDBOX_PATH_BYTES / 2]; // the folder of skeleton layers: the user's, or the data folder
    uint64_t state; // of the machine's packages, as it was at `state_ms` (0: not looked at yet)
    int64_t state_ms;
    struct stat layer; // the skeleton layer as it was last seen
    SandboxRung rung;
    char refusal[1024]; // rung D: why no higher one works
    bool network;
    PlaneClock *clock; // mapped: what sandboxes with plane time see
    Buf usual; // the specification of the last build but for its names; empty: there was none yet
    Sandbox *spares[SANDBOX_SPARES]; // made from it, oldest first; NULL behind them
};

struct Sandbox {
    char name[SANDBOX_ID_BYTES], folder[SANDBOX_PATH_BYTES], exchange[SANDBOX_PATH_BYTES + 16], program[SANDBOX_PATH_BYTES / 2];
    SandboxRung rung;
    int epoll, socket; // socket -1: no keeper
    bool said_stopped;
};

// programs.c: the keeper program, run to its end (which is when its daemon is ready, where it makes one)
bool program_run(const char *program, const char *const *arguments, Buf *output, int *status, Error *e); // output NULL: not wanted
bool program_run_well(const char *program, const char *const *arguments, Error *e); // false when it ends otherwise than with 0

// sockets.c
int socket_to(const char *folder, const char *name); // SEQPACKET, close-on-exec; however long the path; -1 with errno
bool socket_send(int socket, Str message); // does not block
bool socket_ask(const char *folder, const char *name, Str request, Buf *reply, int *fd, Error *e); // waits for one reply, at most 5 s
bool socket_give(const char *folder, const char *name, Str request, int fd, Buf *reply, Error *e); // the same, with a descriptor

// files.c
bool file_read_small(const char *path, char *out, size_t room); // terminated
bool file_place(int folder, const char *name, Str bytes, Error *e); // no link is followed; `folder` may be AT_FDCWD
void record_add(Buf *buf, const char *key, Str value); // "key=value\0"; a value is cut at a NUL
void record_add_number(Buf *buf, const char *key, int64_t value);

// clock.c
bool clock_open(SandboxHost *host, Error *e);
void clock_close(SandboxHost *host);

// refusals.c: "STEP ERRNO DETAIL" as cause and remedy
typedef struct Refusal {
    const char *cause, *remedy;
} Refusal;
Refusal refusal_of(const char *report);
void refusal_text(const char *report, char *out, size_t room); // one sentence with both

// specification.c
void spec_write(SandboxHost *host, const SandboxSpec *spec, Buf *buf);

// skeletons.c: the skeleton layers of rungs B and C
void skeleton_find_place(SandboxHost *host);
bool skeleton_begin(SandboxHost *host, Error *e); // one that fits is made, those that fit no longer are removed, in the background
void skeleton_specify(SandboxHost *host, Buf *spec); // the one that fits the host now
bool skeleton_is_same(SandboxHost *host); // as when it was last asked: nobody removed it, or anything at its top

// sandbox.c
Sandbox *handle_new(const SandboxHost *host, Str name);
void handle_adopt(Sandbox *sandbox, Sandbox *other); // takes over the connection to the keeper; closes `other`
bool sandbox_make(const SandboxHost *host, Sandbox *sandbox, Str spec, Error *e); // its folder, then its keeper

// spare.c: a build's sandbox made ahead
bool spare_claim(SandboxHost *host, const SandboxSpec *spec, Str text, Sandbox *into); // false: none fits. `text`: the whole specification
void spare_drop(SandboxHost *host);

// machine.c
bool sandbox_id_is_sane(Str id);
bool folder_discard(const SandboxHost *host, const char *folder, Error *e); // out of sight, its processes killed; removed when there is time
