// rehearse-keeper: the keeper of a sandbox, process 1 inside, and, called by another name, the small tools inside.
//
//   rehearse-keeper run FOLDER          starts the keeper of a sandbox folder; ends when its socket listens
//   rehearse-keeper network FOLDER      starts the holder of the instances' network
//   rehearse-keeper probe WHAT FOLDER PLACE   tries a rung (A, B, C, D) with skeleton layers in PLACE, "network", "port" or "limits" in FOLDER;
//                                       prints how, "ok", or "STEP ERRNO DETAIL"
//   rehearse-keeper remove FOLDER       removes a sandbox folder, whoever owns what is in it; ends at once, works on in the background
//   rehearse-keeper skeleton LAYER DATA begins to make the skeleton layer of rungs B and C, in the background, and removes old ones beside it
#include "sandbox_keeper.h"
#include "tools.h"

#include <stdio.h>
#include <string.h>

static int network_verb(int argc, char **argv) { return network_main(argv[2]); }
static int keeper_verb(int argc, char **argv) { return keeper_main(argv[2]); }
static int remove_verb(int argc, char **argv) { return remove_main(argv[2]); }
static int skeleton_verb(int argc, char **argv) { return skeleton_main(argv[2], argv[3]); }
static int probe_verb(int argc, char **argv) { return probe_main(argv[2], argv[3], argv[4]); }

static const struct {
    const char *name;
    int arguments;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"run", 1, keeper_verb}, {"network", 1, network_verb}, {"probe", 3, probe_verb}, {"remove", 1, remove_verb}, {"skeleton", 2, skeleton_verb},
};

int main(int argc, char **argv) {
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    ToolMain tool = tool_find(name);
    if (tool) return tool(argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0 && argc == 2 + verbs[i].arguments) return verbs[i].run(argc, argv);
    fprintf(stderr, "usage: rehearse-keeper run|network|remove FOLDER | skeleton LAYER DATA | probe WHAT FOLDER PLACE\n");
    return 2;
}
