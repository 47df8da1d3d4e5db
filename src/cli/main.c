// rehearse: finds the verb and runs it. Exit status: 0 succeeded, 1 failed, 2 could not run, 130 interrupted.
#include "cli/verb.h"

#include <stdio.h>

static const Verb *find(const char *name) {
    for (const Verb *const *verb = VERBS; *verb; verb++) {
        if (strcmp((*verb)->name, name) == 0) return *verb;
    }
    return NULL;
}

static bool wants_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--version") == 0) {
        puts("rehearse " REHEARSE_VERSION);
        return EXIT_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    const Verb *verb = find(name);
    if (!verb) return unknown_verb(name);
    if (argc > 2 && wants_help(argc - 1, argv + 1)) return print_help(verb);
    return verb->run(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
}
