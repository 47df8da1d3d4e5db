// AppSpec: the application specification of CodeDeploy's server platform as a value (CodeDeploy user guide, "AppSpec file structure").
//
// Behaves as the CodeDeploy agent does, scalars included: YAML 1.1 makes `mode: 0644` the number 420, which is then taken for a mode or
// refused, as on AWS. Errors have code "AppSpecValidation" and a message in the agent's words where it has them, else "FILE:LINE: …". Refused
// by name: os windows, acls, context (SELinux), scripts for events that are the agent's own. Unknown events are the installer's to refuse.
#pragma once

#include "services/common/spec.h"

typedef enum FileExists { FILE_EXISTS_DISALLOW, FILE_EXISTS_OVERWRITE, FILE_EXISTS_RETAIN, FILE_EXISTS_UNSAID } FileExists;

typedef struct AppSpecFile {
    Str source; // relative to the revision, "/" is all of it
    Str destination; // absolute folder
    uint32_t line;
} AppSpecFile;

typedef struct AppSpecPermission {
    Str object, pattern; // pattern "**" unless said
    StrList except;
    bool for_files, for_folders;
    Str owner, group; // STR_NONE: left as they are
    int mode; // 0 to 07777; -1: left as it is
    uint32_t line;
} AppSpecPermission;

typedef struct AppSpecScript {
    Str location, run_as; // run_as STR_NONE: the agent's user
    int64_t timeout_seconds;
    uint32_t line;
} AppSpecScript;

typedef struct AppSpecHook {
    Str event; // "BeforeInstall"
    const AppSpecScript *scripts;
    size_t count;
} AppSpecHook;

typedef struct AppSpec {
    FileExists file_exists;
    const AppSpecFile *files;
    size_t file_count;
    const AppSpecPermission *permissions;
    size_t permission_count;
    const AppSpecHook *hooks;
    size_t hook_count;
    Str unknown_events; // `"Bogus", "Other"`: hooks of no lifecycle event
} AppSpec;

bool appspec_parse(Arena *arena, Str name, Str text, AppSpec *out, Error *e);
const AppSpecHook *appspec_hook(const AppSpec *spec, Str event); // NULL: no scripts

// Whether a permission concerns what lies at `path` below its object (`path` relative to the object): with pattern "**" everything, with any
// other only what lies directly in it, '*' standing for any characters; what `except` names is left out.
bool appspec_permission_concerns(const AppSpecPermission *permission, Str path);
