// Sandbox: builds and instances as processes of their own, which outlive the server.
//
// A sandbox is a folder DATA/sandboxes/NAME, a keeper process outside (one a folder, by flock; it survives `kill -9` of the server) and
// a process 1 inside. The server holds a handle (Sandbox) on it, asks for jobs, and reads what they left in files. Every question that
// matters is answered by files in the folder (specification, output, exit status), so a restarted server loses nothing; the keeper's
// socket only carries requests and notices. Threads: a handle belongs to one thread. Nothing here waits for a sandbox, except
// sandbox_host_open (a probe of about 50 ms) and starting a keeper (1 to 3 ms).
//
// The server's loop watches sandbox_fd() for readability and then calls sandbox_next() until it returns false. A job id is accepted
// once in the life of a sandbox folder: starting it again changes nothing and says SANDBOX_JOB_STARTED or SANDBOX_JOB_EXITED again, so
// commands may be delivered more than once. Times are milliseconds of the wall clock since 1970. Strings given are copied.
//
// Who owns what: the folder belongs to the sandbox; DATA/sandboxes/NAME/exchange is shared with what runs inside (see
// sandbox_exchange). Errors: code "sandbox" with a sentence, or "sandbox-refused" when the machine refused a step (text with remedy).
#pragma once

#include "base/error.h"
#include "base/vec.h"

#include <sys/types.h>

enum { SANDBOX_ID_BYTES = 128 }; // job ids and sandbox names: letters, digits, '-', '_', '.', ':'; not starting with '.'

// ---- The machine ----

typedef enum SandboxRung { SANDBOX_RUNG_A = 'A', SANDBOX_RUNG_B = 'B', SANDBOX_RUNG_C = 'C', SANDBOX_RUNG_D = 'D' } SandboxRung;

typedef struct SandboxFinding { // one rung, or one capability beside them
    const char *subject; // "rung A" … "network", "port 80", "limits"
    bool works;
    Str how; // when it does: "works", "cgroup v2"
    Str step, cause, remedy; // when it does not: what was tried, why it was refused, the one command that mends it
} SandboxFinding;

typedef struct SandboxHost SandboxHost; // this machine, this data folder: which rung, where the programs are

// `program`: path of rehearse-keeper. Makes DATA/sandboxes. The rung is the highest that works, or what REHEARSE_RUNG=A|B|C|D forces.
bool sandbox_host_open(Str data_folder, Str program, SandboxHost **out, Error *e);
void sandbox_host_close(SandboxHost *host); // accepts NULL; tidies up; sandboxes and the network live on
// What can wait until nobody does, each as long as the start of a keeper: makes sandboxes of builds like the last one ahead; removes what was destroyed.
void sandbox_host_prepare(SandboxHost *host);
void sandbox_host_tidy(SandboxHost *host);
SandboxRung sandbox_host_rung(const SandboxHost *host);
const char *sandbox_rung_text(SandboxRung rung); // "own files, processes and network" …; D: "not isolated"
// What sandboxes with plane_time see as the time, at once in all of them: `plane_ms` when the wall clock shows `real_ms`, and from there on `scale` times as fast
// (0: it stands still).
void sandbox_host_set_clock(SandboxHost *host, int64_t real_ms, int64_t plane_ms, double scale);
// Everything the machine allows or refuses, each rung tried in a child, for `rehearse doctor`. `findings`: Vec of SandboxFinding. Blocks.
bool sandbox_probe(Str program, Str scratch_folder, Arena *arena, Vec *findings, Error *e);

// ---- The private network of instances: 10.0.0.0/24 behind a holder process that outlives the server ----

// Starts the holder when it does not run. False with "sandbox-refused" where the machine allows no network, as on rung D.
bool sandbox_network_open(SandboxHost *host, Error *e);
bool sandbox_host_has_network(const SandboxHost *host);
// A listening, non-blocking TCP socket inside the network, for the server's loop to accept on: address "10.0.0.1" (the API) or
// "169.254.169.254" (metadata, port 80). The holder keeps it too: clients queue while no server runs. The peer's address names the caller.
bool sandbox_network_listen(SandboxHost *host, Str address, uint16_t port, int *listening_fd, Error *e);
void sandbox_network_stop(SandboxHost *host); // for `rehearse down --all` and tests: ends the holder; instances lose their network

// ---- Public addresses: 127.77.BLOCK.N, loopback addresses of the host; each data folder of the machine has a block of its own ----

typedef struct SandboxBlock {
    int number; // 0 to 255
    int claim; // a descriptor that keeps others off; -1: all are taken, so addresses are shared
} SandboxBlock;

// The data folder's block: the one it had, else the first free one from `preferred` on. One that somebody else took meanwhile is left to them.
void sandbox_block_claim(Str data_folder, int preferred, SandboxBlock *out);
void sandbox_block_keep(SandboxHost *host, const SandboxBlock *block); // by the network's holder, too: instances outlive the server

// ---- A sandbox ----

typedef enum SandboxKind {
    SANDBOX_BUILD, // the host's network; ends when its first job ends, and takes all its processes along
    SANDBOX_INSTANCE, // own network, runs enabled units at start, any number of jobs, until it is stopped
} SandboxKind;

typedef struct SandboxBind {
    Str host, inside;
} SandboxBind; // read-only; `inside` is made when absent
typedef struct SandboxFile {
    Str host, inside;
    unsigned mode;
    Str user;
} SandboxFile; // copied in at the first start; user "" = root

typedef struct SandboxLimits { // 0: no limit of ours
    int64_t memory_bytes; // all processes together, by a control group where there is one; else looked at each second, and each one's data segment
    int64_t processes; // per user inside, and together where there is a control group
    int64_t file_bytes; // largest file
    int64_t open_files;
    int64_t output_bytes; // kept of each job's output; what comes after is dropped with one line that says so
} SandboxLimits;

typedef struct SandboxSpec {
    Str name; // unique in the data folder, e.g. the build's or instance's id
    SandboxKind kind;
    Str hostname;
    Str address, public_address; // instances: "10.0.0.5", "127.77.0.5"
    SandboxLimits limits;
    bool plane_time; // its programs (other than static ones) see the time of sandbox_host_set_clock
    const SandboxBind *binds;
    size_t bind_count;
    const SandboxFile *files;
    size_t file_count;
    const Str *env; // "NAME=value", for every job and unit
    size_t env_count;
    const Str *hosts; // lines of /etc/hosts beside localhost and the own name: "10.0.0.6 ip-10-0-0-6"
    size_t host_count;
} SandboxSpec;

typedef enum SandboxState {
    SANDBOX_STARTING,
    SANDBOX_RUNNING,
    SANDBOX_ENDED, // a build whose job ended, or a stopped instance
    SANDBOX_BROKEN, // could not start: see reason
    SANDBOX_LOST, // its keeper is gone without a word: the machine was started anew, or somebody killed it
} SandboxState;

typedef struct SandboxStatus {
    SandboxState state;
    bool machine_rebooted; // with LOST
    char reason[512]; // with BROKEN: cause and remedy
    pid_t keeper;
} SandboxStatus;

typedef struct Sandbox Sandbox;

// Writes the folder and starts its keeper. When the folder exists (the command is delivered again): the same as sandbox_open, and a
// build that has not started yet is started. Jobs may be asked for at once; they begin when process 1 is ready. Rung D refuses instances.
bool sandbox_create(SandboxHost *host, const SandboxSpec *spec, Sandbox **out, Error *e);
// A sandbox made earlier, whether it runs or not: after a restart of the server, or to read what an ended one left.
bool sandbox_open(SandboxHost *host, Str name, Sandbox **out, Error *e);
// Starts an instance that is not running on its old layer (after a stop or a reboot of the machine). Nothing when it runs.
bool sandbox_start(Sandbox *sandbox, Error *e);
void sandbox_close(Sandbox *sandbox); // the handle only; accepts NULL
// Names of all sandboxes in the data folder, as Str.
bool sandbox_list(const SandboxHost *host, Arena *arena, Vec *names, Error *e);

void sandbox_status(Sandbox *sandbox, SandboxStatus *out);
// Ends a running sandbox: units stop in order and every process gets TERM; after `grace_ms` KILL. SANDBOX_STOPPED follows.
bool sandbox_stop(Sandbox *sandbox, int64_t grace_ms, Error *e);
// Kills what runs and puts the folder away, which sandbox_host_tidy and _close remove; the name is free at once. Also for a name that does not exist.
bool sandbox_destroy(SandboxHost *host, Str name, Error *e);

// The folder shared with the inside, as the server sees it and as jobs see it (rung D: the same path). The server writes there (mode 0644
// or 0755, as other users inside must read); jobs write only in its folder `out`, as root. Whatever is in `out` is not to be trusted: open
// it with O_NOFOLLOW. It is on disk and lives as long as the sandbox.
Str sandbox_exchange(const Sandbox *sandbox);
Str sandbox_exchange_inside(const Sandbox *sandbox); // also in the environment of jobs: REHEARSE_EXCHANGE

typedef struct SandboxUnit {
    Str name, state, sub_state;
} SandboxUnit; // "web.service", "active", "running": systemctl's words
// The units that process 1 has loaded, as SandboxUnit; none when the sandbox does not run.
void sandbox_units(Sandbox *sandbox, Arena *arena, Vec *units);

// ---- What happens ----

typedef enum SandboxEventKind {
    SANDBOX_READY, // process 1 takes jobs
    SANDBOX_STOPPED, // no process is left; state is ENDED, BROKEN or LOST (`text` says why). The last event; look at the jobs' status once more
    SANDBOX_JOB_STARTED,
    SANDBOX_JOB_OUTPUT, // more to read with sandbox_job_read
    SANDBOX_JOB_CONTROL, // more to read on the control stream
    SANDBOX_JOB_EXITED, // sandbox_job_status has the result; output is complete except from processes that stayed behind
    SANDBOX_PORT, // `port` answers on the public address as `host_port`; host_port 0: refused, `text` says why
    SANDBOX_RESYNC, // notices were lost (a slow reader): look at the jobs' status and output again
} SandboxEventKind;

typedef struct SandboxEvent {
    SandboxEventKind kind;
    char job[SANDBOX_ID_BYTES];
    char text[512];
    uint16_t port, host_port;
} SandboxEvent;

int sandbox_fd(const Sandbox *sandbox); // one fd for the whole life of the handle (an epoll fd): watch it for readability
bool sandbox_next(Sandbox *sandbox, SandboxEvent *out); // false: nothing more now

// ---- Jobs ----

typedef struct SandboxJob {
    Str id;
    const Str *argv; // argv[0] is found in PATH
    size_t argc;
    const Str *env; // added to the sandbox's own and to PATH, HOME, USER, LOGNAME, SHELL, LANG
    size_t env_count;
    Str cwd; // "": the user's home
    Str user; // runas: a name inside; "": root
    int64_t timeout_ms; // real time; 0: none. Then KILL to the whole tree, and timed_out
} SandboxJob;

typedef enum SandboxJobState { SANDBOX_JOB_UNKNOWN, SANDBOX_JOB_WAITING, SANDBOX_JOB_RUNNING, SANDBOX_JOB_ENDED, SANDBOX_JOB_LOST } SandboxJobState;

typedef struct SandboxJobStatus {
    SandboxJobState state; // LOST: the sandbox ended without a word about it
    int exit_code; // -1 when a signal ended it
    int signal;
    bool timed_out;
    char reason[256]; // why it could not be executed ("no such user", "No such file or directory"); exit_code is then 126 or 127
    int64_t started_ms, ended_ms;
} SandboxJobStatus;

typedef enum SandboxStream { SANDBOX_OUTPUT, SANDBOX_CONTROL } SandboxStream; // standard output and error together; fd 3
typedef struct SandboxChunk {
    int64_t ms;
    Str bytes;
} SandboxChunk; // what one read gave process 1: not necessarily whole lines

// stdin is /dev/null, stdout and stderr one stream, fd 3 the control stream (also named in REHEARSE_CONTROL_FD).
bool sandbox_job_start(Sandbox *sandbox, const SandboxJob *job, Error *e);
// `signal`: SIGTERM or SIGKILL, sent to every process the job started, also those that made themselves daemons.
bool sandbox_job_signal(Sandbox *sandbox, Str id, int signal, Error *e);
void sandbox_job_status(Sandbox *sandbox, Str id, SandboxJobStatus *out);
// Chunks from `*offset` (a position in the stream's file, 0 at first; keep it durably to go on after a restart), at most about `max_bytes`,
// appended to `chunks` (Vec of SandboxChunk in `arena`); `*offset` moves behind them. No chunk: nothing new.
bool sandbox_job_read(Sandbox *sandbox, Str id, SandboxStream stream, int64_t *offset, size_t max_bytes, Arena *arena, Vec *chunks, Error *e);

// ---- Ports that the security group admits ----

// The whole list; what is not in it is closed. Relayed by a process beside the keeper, so they go on answering while no server runs.
// One SANDBOX_PORT event each. Below 1024 without the privilege: 8000 + port.
bool sandbox_ports(Sandbox *sandbox, const uint16_t *ports, size_t count, Error *e);
