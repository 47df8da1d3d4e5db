// The one shell of a build: commands run in it one after the other and find what earlier ones left (folder, variables, functions).
//
// A command that ends the shell itself (`exit`, `set -e`, a syntax error, a signal) ends only its own command: the next one gets a new shell
// with the exported variables and the folder that the last one had. Commands read /dev/null, and write where this process writes.
#pragma once

#include "base/error.h"

typedef struct Shell Shell;

typedef struct ShellSpec {
    Str program; // "sh" or "bash"
    Str folder; // where it begins
    const char *const *environment; // ends with NULL; must outlive the Shell
} ShellSpec;

typedef struct ShellResult {
    int status; // exit status; 128 + signal when a signal ended the shell
    int signal; // 0: none
} ShellResult;

bool shell_open(Arena *arena, const ShellSpec *spec, Shell **out, Error *e);
void shell_close(Shell *shell); // lets its EXIT trap run; accepts NULL

// Fails only when no shell can be started or `user` does not exist (code "COMMAND_EXECUTION_ERROR"). `user` STR_NONE: as this process.
bool shell_run(Shell *shell, Str user, Str command, ShellResult *out, Error *e);
// Forgets all that commands left: the next command gets a shell as it was at the beginning (buildspec version 0.1).
void shell_forget(Shell *shell);
bool shell_export(Shell *shell, Str name, Str value);
// What a text means inside double quotes: $NAME, $(command).
bool shell_expand(Shell *shell, Arena *arena, Str text, Str *out, Error *e);
// The value of a variable; false when it is not set or is no name.
bool shell_variable(Shell *shell, Arena *arena, Str name, Str *out);
