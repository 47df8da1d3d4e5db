// Verb: one command of `rehearse`, one file each; verbs.c lists them all. Called by main.c only.
#pragma once

#include "base/error.h"

// What a verb's `run` returns is the exit status.
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_CANNOT_RUN = 2, EXIT_INTERRUPTED = 130 };

typedef struct Verb {
    const char *name; // "up"
    const char *summary; // one line for `rehearse help`
    const char *help; // an example first, then options
    int (*run)(int argc, char **argv); // argv[0] is the verb
} Verb;

extern const Verb *const VERBS[]; // ends with NULL

// Options, by a const table: { "--port", OPTION_VALUE, offsetof(…) } … Values are left as text; the verb reads them.
typedef struct Option {
    const char *name;
    bool takes_value;
    const char **value; // of a flag: set to its name
} Option;

// Takes options off `argv` in place ("--name value" and "--name=value"); what is left are the operands. Unknown options are errors that suggest a near one.
bool options_take(const Option *options, size_t count, int *argc, char **argv, Error *e);
bool option_int(const char *name, const char *text, int64_t least, int64_t most, int64_t *out, Error *e);
int print_help(const Verb *verb); // returns EXIT_OK
int unknown_verb(const char *name); // says so on standard error, with a near one; returns EXIT_CANNOT_RUN
int cannot_run(const Error *e); // says it on standard error, returns EXIT_CANNOT_RUN
