// Inside the keeper program: what a sandbox is made of, and in which order.
//
//   keeper (keeper.c)      locks the folder, listens, makes process 1, passes messages between server and process 1, ends with it
//     stage 1 (mounts.c)   the new root with its overlays: by real root before the clone in rung A, by process 1 elsewhere
//     clone (namespaces.c) user, mount, process, IPC, host name, cgroup and (instances) network namespaces
//     stage 2 (mounts.c)   proc, sys, dev, pivot_root: always by process 1
//     first start (provision.c)  users, shims, files
//     process 1 (init.c)   jobs, units
//     relay (relay.c)      a sibling that carries admitted ports from the host's loopback into the instance's network
//
// Every path outside is relative to the sandbox's folder, which is the working directory: neither the length nor the permissions of what
// is above it matter.
//
//   FOLDER/  spec  state  keeper.lock  keeper.sock  keeper.log  ports
//            layer/root (the root directory)  layer/upper/X  layer/work/X  lower/X (mount points of idmapped clones)
//            exchange/  inside/units (what process 1 tells)  jobs/ID/{spec,started,output,control,exit}
#pragma once

#include "spec.h"
#include "util.h"

#include <sys/types.h>

typedef struct Plan { // the specification, read
    Fields fields;
    char rung; // 'A', 'B', 'C', 'D'
    bool instance, own_network;
    bool grouped; // its limits are those of a control group
    bool bare; // for the probe: nothing is written inside, as its skeleton layer is empty
    bool spare; // made ahead, and nobody's yet: ends when no server holds it
    uid_t first_id; // what 0 inside is outside, as the keeper sees it: FIRST_ID in A, else the own id; process 1 sees 0
    const char *name, *hostname, *address, *public_address, *network, *skeleton, *hide, *clock, *preload;
} Plan;

bool plan_read(Plan *out);

// namespaces.c
typedef struct Release {
    int fd;
} Release; // process 1 waits here until its maps are written
pid_t namespaces_clone(const Plan *plan, Release *release); // as fork; -1 with a step report
bool namespaces_map(const Plan *plan, pid_t child); // writes the maps of a child from outside
bool namespaces_await(const Plan *plan, const Release *release); // in the child; then it is root inside
int namespaces_user_fd(void); // a user namespace with the map of rung A, for idmapped mounts

// cgroup.c: limits of a whole sandbox, where the machine allows
bool cgroup_make(const char *name, int64_t memory,
                 int64_t processes); // by the keeper; 0: no limit of that kind. False: there is none, with a step report
bool cgroup_add(pid_t pid); // process 1, before it has children
int cgroup_version(void); // 1, 2; 0: none was made
int64_t cgroup_kills(void); // by process 1: how many processes the limit of memory has ended
void cgroup_remove(void); // when no process is left

// range.c: rung B
bool range_enter(void); // the caller becomes root of a user namespace with its user's subordinate ids
bool range_nested_map(const char *own_map, char *out, size_t room);

// mounts.c
bool mounts_stage1(const Plan *plan, int idmap); // idmap -1: by process 1
bool mounts_stage2(const Plan *plan);
void mounts_open_up(void); // when all is over: overlays leave folders that their own user may not remove

// provision.c: by process 1 in its new root
void provision_see_host(void); // before: remembers the host's name servers
bool provision(const Plan *plan, const int *sources, size_t source_count);
int provision_open_sources(const Plan *plan, int *sources, size_t room); // by the keeper, before: descriptors of the files to place

// init.c
_Noreturn void init_run(Plan *plan, int keeper);

// relay.c
int relay_start(const Plan *plan, pid_t init); // the socket to it: message "add PORT" with a listening socket, "remove PORT"; -1: failed

// network.c
bool network_inside(const Plan *plan); // by process 1: lo, eth0, routes
bool network_attach(const Plan *plan, pid_t init); // by the keeper: asks the holder for a cable
bool network_join_user(const Plan *plan); // rootless: the keeper enters the holder's user namespace
bool network_enter(void); // a new network namespace with the bridge, for the holder
int network_main(const char *folder);

// tree.c: processes found through /proc
// Signals every process that descends from `root`, is in its session, or carries `mark` in its environment (NULL: all but process 1, or,
// in rung D, all descendants of the caller). Returns how many.
int tree_signal(const Plan *plan, pid_t root, const char *mark, int signal);
void tree_kill(const Plan *plan, pid_t root, const char *mark); // KILL until none is left

// ids.c
bool seccomp_fake_ids(void); // rung C: chown, setuid … report success

// The rest of the program's verbs
int keeper_main(const char *folder);
bool keeper_try(void); // for the probe: makes the sandbox of the working directory, and ends it when process 1 is ready
int probe_main(const char *what, const char *folder, const char *layers);
int remove_main(const char *folder);
bool remove_folder(const char *folder);

// skeleton.c: the layer itself
#define SKELETON_FRESH ".new" // what the folder's name ends with while it is being made
#define SKELETON_WHOLE ".whole" // a file in it
bool skeleton_make(const char *folder, const char *place, const char *data); // beside it, then renamed; without what is in `place` and `data`
bool skeleton_own(const char *folder); // rung B: gives its files their owners, once

// skeletons.c: the layers of a user
// The layer that is wanted, or where there is none (any more) the one that fits the host now, made where it is missing: its path, and a descriptor that keeps it
// until it is closed. -1 with a step report.
int skeleton_hold(const char *wanted, const char *data, char used[PATH_BYTES]);
void skeleton_sweep(const char *layer); // removes what lies beside it, fits the host no longer and is held by nobody
void skeleton_place(const char *layer, char out[PATH_BYTES]); // its folder
int skeleton_lock_place(const char *layer); // locks its folder, made where it is missing; -1 with a step report
int skeleton_main(const char *layer, const char *data); // both, in the background
