// rehearse-keeper: the keeper of a sandbox, process 1 inside, and, called by another name, the small tools inside.
//
//   rehearse-keeper run FOLDER          starts the keeper of a sandbox folder; ends when its socket listens
//   rehearse-keeper network FOLDER      starts the holder of the instances' network
//   rehearse-keeper probe WHAT FOLDER   tries a rung (A, B, C, D), "network", "port" or "limits" in FOLDER; prints how, "ok", or "STEP ERRNO DETAIL"
//   rehearse-keeper remove FOLDER       removes a sandbox folder, whoever owns what is in it; ends at once, works on in the background
//   rehearse-keeper skeleton FOLDER     begins to build the skeleton layer of rung C, in the background
#include "sandbox_keeper.h"
#include "tools.h"

#include <stdio.h>
#include <string.h>

static int skeleton_main(const char *folder) {
    daemon_ready(daemonize("/dev/null"), 0);
    return skeleton_build(folder);
}

static int network_verb(int argc, char **argv) { return network_main(argv[2]); }
static int keeper_verb(int argc, char **argv) { return keeper_main(argv[2]); }
static int remove_verb(int argc, char **argv) { return remove_main(argv[2]); }
static int skeleton_verb(int argc, char **argv) { return skeleton_main(argv[2]); }
static int probe_verb(int argc, char **argv) { return probe_main(argv[2], argv[3]); }

static const struct {
    const char *name;
    int arguments;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"run", 1, keeper_verb}, {"network", 1, network_verb}, {"probe", 2, probe_verb}, {"remove", 1, remove_verb}, {"skeleton", 1, skeleton_verb},
};

int main(int argc, char **argv) {
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    ToolMain tool = tool_find(name);
    if (tool) return tool(argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0 && argc == 2 + verbs[i].arguments) return verbs[i].run(argc, argv);
    fprintf(stderr, "usage: rehearse-keeper run|network|remove|skeleton FOLDER | probe WHAT FOLDER\n");
    return 2;
}
