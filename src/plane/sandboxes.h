// Effects on sandboxes and jobs: how machines (builds, instances, deployments) act on sandbox/. See plane/effects.h for what an effect is.
//
// Arguments and events, by name. Every last event has "final": true and "ok"; when not ok, "reason" says why in one sentence.
//
// sandbox.create  {name, kind: "build" | "instance", hostname, address, publicAddress, limits: {memoryBytes, processes, fileBytes, openFiles, outputBytes},
//                  binds: [{host, inside}], files: [{host, inside, mode, user}], env: ["NAME=value"], hosts: ["10.0.0.6 name"]}
//                 → final when its process 1 takes jobs, or it could not start. Held back while too many builds run is the service's affair.
// sandbox.start   {name}              an instance that was stopped, or lost with the machine → final
// sandbox.stop    {name, graceMs}     → final when no process is left
// sandbox.destroy {name}              → final
// sandbox.ports   {name, ports: [80]} the whole list → final {ports: [{port, hostPort, reason}]}; hostPort 0: refused
// sandbox.watch   {name}              → final when it has stopped, whoever stopped it: {state: "ENDED" | "BROKEN" | "LOST", rebooted, reason}. Does not hold the clock.
// job.run         {sandbox, job, argv: [], env: [], cwd, user, timeoutMs, files: [{to, text | body: {bytes | path, offset, size}, mode}]}
//                 `job` is unique in the sandbox; `to` is relative to the exchange folder ($REHEARSE_EXCHANGE inside), filled before the job starts.
//                 → {what: "started"}, any number of {what: "output", chunks: [{ms, text}]} and {what: "control", records: [JSON values, one a line]}, in order,
//                   each exactly once; final {what: "exited", exitCode, signal, timedOut, startedMs, endedMs, reason}. ok is false when the job was lost.
// job.signal      {sandbox, job, signal: "TERM" | "KILL"}  → final; the job's own end comes as job.run's event
// file.read       {path, mostBytes}   → final {text}: a file on the host that a job left
// helper.run      {arguments: ["pack", …], folder}  rehearse-helper on the host → final {result: its JSON}
//
// A bind's or file's `host` may begin with "@program/": a program that lies beside this one (rehearse-build-agent).
//
// Where a job left files: DATA/sandboxes/NAME/exchange/… (sandbox_exchange_path), which may be the body of a call (PutObject).
#pragma once

#include "plane/effects.h"

Str program_beside(Arena *arena, const char *name); // path of a program that lies beside this one ("rehearse-helper")
Str program_path(Arena *arena, Str path); // of "@program/NAME" the same; any other path is itself
Str sandbox_exchange_path(Arena *arena, Str data_folder, Str sandbox, Str relative); // absolute

extern const EffectType SANDBOX_CREATE, SANDBOX_START, SANDBOX_STOP, SANDBOX_DESTROY, SANDBOX_PORTS, SANDBOX_WATCH, JOB_RUN, JOB_SIGNAL, HELPER_RUN,
    FILE_READ;
