// Buildspec: the build specification of CodeBuild as a value (AWS CodeBuild user guide, "Build specification reference").
//
// Versions 0.2 and 0.1. Errors have code "YAML_FILE_ERROR", the phase context's status code on AWS, and a message "FILE:LINE: …", in AWS's
// words where AWS has them. Keys that AWS merely remarks on ("Found possible syntax errors in buildspec") become `remarks`. Refused by name:
// parameter-store, secrets-manager, proxy, batch, cache, on-failure RETRY, artifacts/s3-prefix, report formats other than JUNITXML.
#pragma once

#include "services/common/spec.h"

typedef enum BuildPhaseKind { PHASE_INSTALL, PHASE_PRE_BUILD, PHASE_BUILD, PHASE_POST_BUILD, BUILD_PHASES } BuildPhaseKind;

typedef struct NamedText {
    Str name, value;
    uint32_t line;
} NamedText;

typedef struct NamedTexts {
    const NamedText *at;
    size_t count;
} NamedTexts;

typedef struct BuildPhase {
    bool is_given;
    Str run_as; // STR_NONE: the buildspec's
    bool continue_on_failure; // on-failure: CONTINUE
    bool abort_on_failure; // on-failure: ABORT, said explicitly
    StrList commands, finally;
} BuildPhase;

typedef struct BuildArtifacts {
    Str identifier; // of secondary artifacts; STR_NONE for the main ones
    Str name; // before expansion by the shell; STR_NONE: the project's
    Str base_directory; // may be a glob; STR_NONE: the source folder
    StrList files, exclude;
    bool discard_paths, enable_symlinks;
} BuildArtifacts;

typedef struct BuildReport {
    Str group; // name or ARN of the report group
    StrList files;
    Str base_directory;
    bool discard_paths;
    Str format; // "JUNITXML"
} BuildReport;

typedef struct Buildspec {
    bool one_shell; // 0.2: all commands share one shell; 0.1: each has its own
    Str run_as; // STR_NONE: root
    Str shell; // "bash" or "sh"
    bool git_credential_helper;
    NamedTexts variables;
    StrList exported_variables;
    NamedTexts runtimes; // install/runtime-versions, as written
    BuildPhase phases[BUILD_PHASES];
    bool has_artifacts;
    BuildArtifacts artifacts;
    const BuildArtifacts *secondary;
    size_t secondary_count;
    const BuildReport *reports;
    size_t report_count;
    StrList remarks; // lines for the log
} Buildspec;

// `name` is the file's name in messages.
bool buildspec_parse(Arena *arena, Str name, Str text, Buildspec *out, Error *e);

Str build_phase_key(BuildPhaseKind kind); // "pre_build"
Str build_phase_name(BuildPhaseKind kind); // "PRE_BUILD"
