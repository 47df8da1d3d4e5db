// What a machine refused, as a person reads it: the cause, and the one command that mends it.
#include "sandbox/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *step;
    int error;
    Refusal refusal;
} refusals[] = {
    // error 0: any
    {"clone",
     EPERM,
     {"this machine forbids user namespaces to this process (it is in a chroot, kernel.unprivileged_userns_clone is 0, or a container filters its "
      "calls)",
      "sudo sysctl kernel.unprivileged_userns_clone=1; in a container: run it with --security-opt seccomp=unconfined; instead of chroot: "
      "systemd-nspawn"}},
    {"clone", ENOSPC, {"user.max_user_namespaces is 0 or used up", "sudo sysctl user.max_user_namespaces=15000"}},
    {"clone", EACCES, {"this machine's security module forbids user namespaces", "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}},
    {"setgroups",
     0,
     {"AppArmor takes the rights of unprivileged user namespaces away", "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}},
    {"gid_map", 0, {"AppArmor takes the rights of unprivileged user namespaces away", "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}},
    {"uid_map", 0, {"AppArmor takes the rights of unprivileged user namespaces away", "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}},
    {"identity", 0, {"this rung is for ordinary users: as root, root inside would be root outside", "run rehearse as an ordinary user"}},
    {"rung-A", 0, {"rung A needs a server that runs as root", "sudo rehearse up"}},
    {"newuidmap", ENOENT, {"the helpers newuidmap and newgidmap are not installed", "sudo apt-get install uidmap"}},
    {"newuidmap",
     0,
     {"the helper refused the ids of /etc/subuid and /etc/subgid", "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER"}},
    {"subuid", 0, {"the user has no subordinate ids", "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER"}},
    {"unshare", EPERM, {"the server is root without CAP_SYS_ADMIN (a container)", "run the container with --privileged"}},
    {"idmap",
     EINVAL,
     {"the file system below this folder cannot shift ids (needs kernel 5.19 and ext4, xfs, btrfs …)",
      "run rehearse as an ordinary user, or on a machine of its own"}},
    {"mkdir",
     EINVAL,
     {"this root is one of a user namespace (a rootless container) that lacks the ids of sandboxes, 100000 to 165535",
      "run rehearse outside of it, as an ordinary user"}},
    {"idmap", EPERM, {"the server is root without CAP_SYS_ADMIN (a container)", "run the container with --privileged"}},
    {"open_tree", ENOSYS, {"the kernel is older than 5.12", "upgrade the kernel"}},
    {"overlay",
     EINVAL,
     {"a mount point lies below this folder, or the data folder is on a file system that cannot be an upper layer (overlay, NFS)",
      "rehearse up --data FOLDER with a folder on ext4 or xfs; unmount what is mounted below"}},
    {"overlay",
     ELOOP,
     {"the user's cache folder and the data folder lie below this folder, which sandboxes show",
      "XDG_CACHE_HOME=FOLDER rehearse up, with a folder elsewhere"}},
    {"overlay", EPERM, {"the kernel is older than 5.11 and keeps overlays from ordinary users", "upgrade the kernel, or: sudo rehearse up"}},
    {"overlay", ENODEV, {"the kernel's overlay module is not loaded", "sudo modprobe overlay"}},
    {"proc", EPERM, {"a container hides parts of /proc", "run the container with --security-opt systempaths=unconfined"}},
    {"bind", EPERM, {"AppArmor takes the rights of unprivileged user namespaces away", "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}},
    {"bridge", EOPNOTSUPP, {"the kernel's bridge module is not loaded", "sudo modprobe bridge"}},
    {"cable", EOPNOTSUPP, {"the kernel's veth module is not loaded", "sudo modprobe veth"}},
    {"network", EOPNOTSUPP, {"the kernel's veth module is not loaded", "sudo modprobe veth"}},
    {"port", EACCES, {"ports below 1024 need a privilege: instances are shown on 8000 + port", "sudo sysctl net.ipv4.ip_unprivileged_port_start=80"}},
    {"cgroup",
     0,
     {"no control group can be made here: each process is bounded, and all of them together are looked at once a second",
      "systemd-run --user --scope -p Delegate=yes rehearse up"}},
    {"seccomp", 0, {"the kernel has no system call filters", "use a kernel with CONFIG_SECCOMP_FILTER"}},
    {"skeleton", ENOSPC, {"there is no room for copies of the host's folders", "XDG_CACHE_HOME=FOLDER rehearse up, with a folder that has 200 MB"}},
    {"skeleton",
     EDQUOT,
     {"the quota leaves no room for copies of the host's folders", "XDG_CACHE_HOME=FOLDER rehearse up, with a folder that has 200 MB"}},
    {"", ENOSPC, {"the disk is full", "df -h"}},
};

static int parse(const char *report, char step[32], Str *detail) {
    Str rest = str_trim(str_of(report)), word = str_cut(&rest, ' ');
    snprintf(step, 32, "%.*s", STR_ARG(word));
    int64_t error = 0;
    str_to_int(str_cut(&rest, ' '), &error);
    *detail = rest;
    return (int)error;
}

Refusal refusal_of(const char *report) {
    char step[32];
    Str detail;
    int error = parse(report, step, &detail);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        bool same_step = !*refusals[i].step || strcmp(step, refusals[i].step) == 0;
        if (same_step && (refusals[i].error == 0 || refusals[i].error == error)) return refusals[i].refusal;
    }
    return (Refusal){strerror(error), "rehearse doctor"};
}

void refusal_text(const char *report, char *out, size_t room) {
    char step[32];
    Str detail;
    int error = parse(report, step, &detail);
    Refusal refusal = refusal_of(report);
    snprintf(out, room, "%s %.*s: %s: %s. Try: %s", step, STR_ARG(detail), strerror(error), refusal.cause, refusal.remedy);
}
