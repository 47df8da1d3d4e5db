// rehearse help [VERB]
#include "cli/verb.h"

#include <stdio.h>

static int run(int argc, char **argv) {
    if (argc < 2) {
        puts("Rehearse performs a deployment before it happens.\n\nusage: rehearse VERB [OPTION...]\n");
        for (const Verb *const *verb = VERBS; *verb; verb++) printf("  %-12s %s\n", (*verb)->name, (*verb)->summary);
        puts("\nMore about one of them: rehearse help VERB");
        return EXIT_OK;
    }
    for (const Verb *const *verb = VERBS; *verb; verb++) {
        if (strcmp((*verb)->name, argv[1]) != 0) continue;
        fputs((*verb)->help, stdout);
        return EXIT_OK;
    }
    return unknown_verb(argv[1]);
}

const Verb VERB_HELP = {
    .name = "help",
    .summary = "what verbs there are, or how to use one",
    .help = "rehearse help run                  how to use `rehearse run`\n",
    .run = run,
};
