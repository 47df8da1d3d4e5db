// Tries a rung, or something beside the rungs, for real: with the very code that makes sandboxes, in a scratch folder, in a child.
#include "netlink.h"
#include "sandbox_keeper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_probe_spec(char rung) {
    static const char *const tops[] = {"skeleton",      "skeleton/usr", "skeleton/etc",   "skeleton/opt",   "skeleton/var",   "skeleton/bin",
                                       "skeleton/sbin", "skeleton/lib", "skeleton/lib32", "skeleton/lib64", "skeleton/libx32"};
    char text[PATH_BYTES], folder[PATH_BYTES / 2];
    if (!getcwd(folder, sizeof folder)) return step_failed("getcwd", "probe");
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
        if (!make_folder(tops[i], 0755, geteuid())) return step_failed("mkdir", "%s", tops[i]);
    int length =
        snprintf(text, sizeof text, "rung=%c%ckind=build%cbare=1%cname=probe%chostname=probe%cskeleton=%s/skeleton", rung, 0, 0, 0, 0, 0, folder);
    int fd = open("spec", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, text, (size_t)length + 1);
    if (fd >= 0) close(fd);
    return good || step_failed("spec", "%s", folder);
}

static bool probe_rung(char rung) {
    if (rung == 'A' && geteuid() != 0) return errno = EPERM, step_failed("rung-A", "-");
    return write_probe_spec(rung) && keeper_try();
}

static bool probe_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f4dfffe)}; // 127.77.255.254
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 || step_failed("port", "80"));
    if (fd >= 0) close(fd);
    return good;
}

static bool probe_network(void) {
    Netlink netlink;
    if (!network_enter()) return false;
    int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (here < 0 || !netlink_open(&netlink)) return step_failed("netlink", "socket");
    bool good = link_add_cable(&netlink, "v1", "br0", "eth0", here) || step_failed("cable", "v1");
    netlink_close(&netlink);
    close(here);
    return good;
}

static bool probe_limits(void) {
    bool good = cgroup_make("probe", 1 << 30, 100);
    if (good) printf("cgroup v%d\n", cgroup_version());
    cgroup_remove();
    return good;
}

static bool probe(const char *what) {
    if (strcmp(what, "network") == 0) return probe_network();
    if (strcmp(what, "port") == 0) return probe_port();
    return strcmp(what, "limits") == 0 ? probe_limits() : probe_rung(*what);
}

static _Noreturn void probe_child(const char *what) {
    bool good = probe(what);
    puts(good ? "ok" : step_report());
    fflush(stdout);
    _exit(!good);
}

int probe_main(const char *what, const char *folder) {
    char scratch[PATH_BYTES + 32], real[PATH_BYTES];
    int status = 1;
    snprintf(scratch, sizeof scratch, "%s/.probe-%d", realpath(folder, real) ? real : folder, (int)getpid());
    if (mkdir(scratch, 0755) || chdir(scratch)) {
        step_failed("mkdir", "%s", scratch);
        puts(step_report());
        return 1;
    }
    pid_t child = fork();
    if (child == 0) probe_child(what);
    if (child > 0) waitpid(child, &status, 0);
    if (chdir("/") == 0) remove_folder(scratch);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
