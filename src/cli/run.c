// rehearse run: an application from source to integration test.
#include "cli/verb.h"

#include "workflow/run.h"

static int run(int argc, char **argv) {
    Error e = {0};
    const char *json = NULL, *quiet = NULL, *verbose = NULL, *no_colour = NULL;
    RunOptions wishes = {0};
    const Option options[] = {
        {"--retry", true, &wishes.retry},  {"--data", true, &wishes.data}, {"--port", true, &wishes.port},
        {"--json", false, &json},          {"-q", false, &quiet},          {"-v", false, &verbose},
        {"--no-color", false, &no_colour},
    };
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (argc > 2) return fail(&e, "usage", "run takes one folder, but got \"%s\" too", argv[2]), cannot_run(&e);
    wishes.folder = argc > 1 ? argv[1] : NULL;
    wishes.json = json;
    wishes.quiet = quiet;
    wishes.verbose = verbose;
    wishes.no_colour = no_colour;
    RunEnd end = RUN_FAILED;
    if (!run_rehearsal(&wishes, &end, &e)) return cannot_run(&e);
    return end == RUN_SUCCEEDED ? EXIT_OK : end == RUN_FAILED ? EXIT_FAILED : EXIT_INTERRUPTED;
}

const Verb VERB_RUN = {
    .name = "run",
    .summary = "rehearse an application: source, build, deploy, test",
    .help = "rehearse run examples/register-app    from its source to its integration tests\n"
            "rehearse run                          the application in this folder\n"
            "rehearse run --retry IntegrationTest  the failed actions of a stage once more\n"
            "\n"
            "  --retry STAGE     run what failed in a stage again, without a new revision\n"
            "  --data FOLDER     where a control plane that is started keeps everything (.rehearse)\n"
            "  --port N          of the control plane (4566); one is started when none answers there\n"
            "  --json            the result for programs\n"
            "  --no-color        no colours\n"
            "  -q, -v            say less, say more\n"
            "\n"
            "Exit status: 0 it succeeded, 1 it failed, 2 it could not run, 130 interrupted.\n",
    .run = run,
};
