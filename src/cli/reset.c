// rehearse reset: an empty plane, in milliseconds.
#include "cli/common.h"

#include "os/files.h"

#include <stdio.h>

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    Client client;
    Doc *health = NULL;
    const Option options[] = {COMMON_OPTIONS(common)};
    AUTO_ARENA arena = arena_new();
    bool good = options_take(options, sizeof options / sizeof *options, &argc, argv, &e) && common_operands(argc, argv, 0, 0, "no operand", &e) &&
                common_open(&common, arena, &client, &health, &e) && client_page(&client, arena, "POST", "/_rehearse/reset", NULL, NULL, &e);
    if (!good) return cannot_run(&e);
    // What `rehearse run` remembers of applications belongs to what is gone.
    tree_remove(path_join(arena, doc_text(health, "data"), STR("applications")), NULL);
    if (common.json) return common_print_json(arena, doc_map(arena));
    puts("The plane is empty: no resources, no instances, no history.");
    return EXIT_OK;
}

const Verb VERB_RESET = {
    .name = "reset",
    .summary = "empty the plane",
    .help = "rehearse reset                     removes every resource of every account, ends instances and builds\n"
            "                                   and sets the clock to real time, in the mode that the plane was started in\n"
            "\n" COMMON_HELP,
    .run = run,
};
