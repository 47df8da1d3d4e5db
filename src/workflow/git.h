// Git: commands in the repository that keeps an application's revisions, and questions to the developer's own.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "os/process.h"

typedef struct Git {
    Arena *arena;
    Str repository, folder; // where it keeps, what it looks at
    Error *e;
    Str *unasked; // gets the developer's repository when it belongs to another user: git answers no question about it then
} Git;

// Runs git with `words` (ends with NULL), which speaks English. A status other than 0 is no failure.
bool git_capture(const Git *git, const char *const *words, ProcessResult *result);
// A status other than 0 is a failure with git's own words, unless `status` wants it. `output` (may be NULL) is trimmed.
bool git_run(const Git *git, const char *const *words, Str *output, int *status);
#define GIT(git, output, status, ...) git_run((git), (const char *const[]){__VA_ARGS__, NULL}, (output), (status))

// What the repository says that the developer keeps the folder in; false: there is none, or it does not know.
bool git_ask_own(const Git *git, const char *const *words, Str *output);
#define GIT_OWN(git, output, ...) git_ask_own((git), (const char *const[]){__VA_ARGS__, NULL}, (output))
