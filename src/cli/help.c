// rehearse help [VERB]
#include "cli/common.h"

#include <stdio.h>
#include <unistd.h>

enum { HELP_BYTES = 64 * 1024 };

int print_help(const Verb *verb) {
    AUTO_BUF text;
    buf_init(&text, HELP_BYTES);
    Look look = look_of(STDOUT_FILENO, true);
    buf_add(&text, str_of(verb->help));
    common_print_folded(&look, &text);
    return EXIT_OK;
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        puts("Rehearse performs a deployment before it happens.\n\nusage: rehearse VERB [OPTION...]\n");
        for (const Verb *const *verb = VERBS; *verb; verb++) printf("  %-12s %s\n", (*verb)->name, (*verb)->summary);
        puts("\nMore about one of them: rehearse help VERB");
        return EXIT_OK;
    }
    for (const Verb *const *verb = VERBS; *verb; verb++) {
        if (strcmp((*verb)->name, argv[1]) != 0) continue;
        return print_help(*verb);
    }
    return unknown_verb(argv[1]);
}

const Verb VERB_HELP = {
    .name = "help",
    .summary = "what verbs there are, or how to use one",
    .help = "rehearse help run                  how to use `rehearse run`\n",
    .run = run,
};
