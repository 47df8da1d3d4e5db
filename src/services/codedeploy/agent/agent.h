// rehearse-deploy-agent: what the CodeDeploy agent is to an instance. It runs inside the instance's sandbox, one process for some lifecycle events of
// one deployment, in order; the first that fails ends it.
//
// It reads JOB.json, works below ROOT as the CodeDeploy agent does, prints the scripts' log to standard output, and tells of each event by two JSON lines on
// descriptor 3:
//   {"type": "event", "event": "BeforeInstall", "what": "started", "ms"}
//   {"type": "event", "event": "BeforeInstall", "what": "ended", "ms", "ok", "errorCode", "scriptName", "message", "logTail"}
// Fetching the revision from S3 is the server's. Exit status 0: all events succeeded. 1: one failed, as told. 2: the job is wrong.
//
// JOB.json (relative paths begin at its folder):
//   {"deploymentId", "groupId", "events": ["ApplicationStop", …],
//    "bundle": "bundle", "bundleType": "zip"|"tar"|"tgz",   what DownloadBundle unpacks
//    "fileExists": "DISALLOW"|"OVERWRITE"|"RETAIN",         where the AppSpec says nothing; absent: DISALLOW
//    "environment": {"NAME": "value"},                      of scripts
//    "root": "/opt/codedeploy-agent/deployment-root"}       absent: this
//
// Below ROOT:
//   GROUP-ID/DEPLOYMENT-ID/deployment-archive               the revision
//   GROUP-ID/DEPLOYMENT-ID/logs/scripts.log
//   deployment-instructions/GROUP-ID_last_successful_install   the folder of the deployment whose scripts ApplicationStop runs
//   deployment-instructions/GROUP-ID-cleanup                what the last Install made, each path ended by NUL, in the order of making
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "services/codedeploy/appspec.h"

enum { LOG_TAIL_BYTES = 4096 };

typedef struct Agent {
    Arena *arena;
    const Doc *job;
    Str job_folder, root, group_id, deployment_id;
    Str deployment_folder, archive, instructions; // absolute
    int control; // where events are told; -1: nobody listens
    Str event, script; // under way
    Str log; // of the event, its last LOG_TAIL_BYTES
    int log_file; // scripts.log; -1: none
} Agent;

typedef bool EventWork(Agent *agent, Error *e); // errors have a diagnostics code ("ScriptFailed"), or another, which counts as "UnknownError"

bool agent_open(Arena *arena, Str job_path, Agent *out, Error *e);

// journal.c
void event_started(Agent *agent, Str event);
void event_ended(Agent *agent, const Error *problem); // `problem` NULL: it succeeded
void log_line(Agent *agent, const char *prefix, Str line); // to the event's log, scripts.log and standard output

// revision.c
EventWork download_bundle;
bool read_appspec(Agent *agent, Str deployment_folder, AppSpec *out, Error *e);
Str last_successful_folder(Agent *agent); // STR_NONE: there is none
bool remember_success(Agent *agent, Error *e);

// install.c, permissions.c
EventWork install;
typedef struct Installed {
    Str path; // absolute
    bool is_folder;
} Installed;
bool check_permissions(Agent *agent, const AppSpec *spec, const Vec *installed, Error *e); // before anything is made
bool set_permissions(Agent *agent, const AppSpec *spec, const Vec *installed, Error *e);

// hooks.c: the scripts of the event under way
EventWork run_hook, run_stop_hook;

// script.c: runs one script to its end, its output to the log. False: it ran too long, left its output open, or failed; `e` says which, in the agent's words.
bool run_script(Agent *agent, const AppSpecScript *script, Str path, Error *e);
