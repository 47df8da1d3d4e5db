// rehearse-build-agent: what runs inside a build's sandbox, from the unpacked source to the collected artifacts.
//
// It reads JOBFOLDER/job.json, does the phases DOWNLOAD_SOURCE to UPLOAD_ARTIFACTS, prints the log as CodeBuild does to standard output, and
// tells what happened as JSON lines on descriptor 3 (see journal.h). It works on files only; whatever is a call of AWS's (fetching the source,
// storing artifacts and reports) is the server's. Exit status 0: the build succeeded. 1: it failed, and the records say how. 2: the job is wrong.
//
// job.json (all but sourceFolder optional; relative paths begin at the folder of job.json):
//   {"sourceFolder": "/codebuild/output/src1/src",                 CODEBUILD_SRC_DIR, made by the agent
//    "source": {"archive": "source.zip"} | {"folder": "source"},   absent: NO_SOURCE
//    "buildspec": {"text": "…"} | {"path": "ci/build.yml"},        a path is relative to the source; absent: buildspec.yml
//    "environment": {"NAME": "value"},                             wins over the buildspec's variables
//    "artifacts": {"packaging": "ZIP"|"NONE", "name": "…",         absent: NO_ARTIFACTS; a name wins over the buildspec's
//                  "secondary": {"ID": {"packaging": "…"}}},
//    "output": "out"}                                              where artifacts and reports go
#pragma once

#include "services/codebuild/agent/journal.h"
#include "services/codebuild/agent/shell.h"
#include "services/codebuild/buildspec.h"

typedef struct Job {
    Str source_folder;
    bool plain; // nothing isolates this build (rung D)
    Str archive, folder; // of the source, absolute; STR_NONE: not that way
    Str buildspec_text, buildspec_path; // at most one
    NamedTexts environment;
    bool wants_artifacts, as_folder; // as_folder: packaging NONE
    StrList secondary_folders; // identifiers of the secondary artifacts of packaging NONE
    Str artifact_name; // STR_NONE: the buildspec's
    Str base; // the folder of job.json
    Str output; // relative to it
} Job;

typedef struct Agent {
    Arena *arena;
    Job job;
    Buildspec spec;
    Journal journal;
    Shell *shell;
    bool succeeding;
} Agent;

bool job_read(Arena *arena, Str path, Job *out, Error *e);

// source.c: DOWNLOAD_SOURCE. Errors carry the phase context's status code.
bool download_source(Agent *agent, Error *e);
// phases.c: INSTALL to POST_BUILD. Opens agent->shell. Returns whether UPLOAD_ARTIFACTS is to be attempted.
bool run_phases(Agent *agent);
void tell_exported_variables(Agent *agent);
// artifacts.c, reports.c: UPLOAD_ARTIFACTS
bool collect_artifacts(Agent *agent, Error *e);
bool collect_reports(Agent *agent, Error *e);

// runtimes.c: checks runtime-versions and says in the log what this machine has instead. "YAML_FILE_ERROR" for what AWS does not have.
bool select_runtimes(Agent *agent, Error *e);
// The environment of the shell: this process's, then the buildspec's variables, then the job's, then what CodeBuild itself sets.
const char *const *build_environment(Agent *agent);

// found.c: files by the globs of a buildspec.
typedef struct Found {
    Str path; // absolute
    Str name; // relative to its base directory; its last part when paths are discarded
} Found;
typedef struct FindFiles {
    Str base_directory; // may be a glob; STR_NONE: the source folder
    StrList files, exclude;
    bool discard_paths;
} FindFiles;
// In order of names. `base_is_missing` tells that no folder matched the base directory. No match is no error. Fails when a folder cannot be read.
bool find_files(Agent *agent, const FindFiles *wanted, Vec *found, bool *base_is_missing, Error *e);

// command.c: runs a program to its end without a shell. `output` may be NULL; else what it printed, both streams, cut at 64 KiB.
bool run_command(Arena *arena, const char *const *argv, Str *output, Error *e);
