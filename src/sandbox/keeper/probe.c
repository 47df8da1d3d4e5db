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

// A skeleton layer with nothing in it, made and held in the way of a real one.
static bool make_probe_layer(const char *layer) {
    static const char *const tops[] = {"", "usr", "etc", "opt", "var", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
    int lock = skeleton_lock_place(layer);
    if (lock < 0) return false;
    bool good = true;
    for (size_t i = 0; i < sizeof tops / sizeof *tops && good; i++) {
        char path[PATH_BYTES + 64];
        snprintf(path, sizeof path, "%s/%s", layer, tops[i]);
        good = make_folder(path, 0755, geteuid()) || step_failed("mkdir", "%s", path);
    }
    char whole[PATH_BYTES + 64];
    snprintf(whole, sizeof whole, "%s/" SKELETON_WHOLE, layer);
    good = good && (write_text(whole, "", 0644) || step_failed("mkdir", "%s", whole));
    close(lock);
    return good;
}

static bool write_probe_spec(char rung, const char *layer) {
    char text[PATH_BYTES + 256];
    int length = snprintf(text, sizeof text, "rung=%c%ckind=build%cbare=1%cname=probe%chostname=probe%cskeleton=%s", rung, 0, 0, 0, 0, 0, layer);
    int fd = open("spec", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, text, (size_t)length + 1);
    if (fd >= 0) close(fd);
    return good || step_failed("spec", "of the probe");
}

static bool probe_rung(char rung, const char *place) {
    char layer[PATH_BYTES + 48];
    snprintf(layer, sizeof layer, "%s/skeleton", place);
    if (rung == 'A' && geteuid() != 0) return errno = EPERM, step_failed("rung-A", "-");
    return (!strchr("BC", rung) || make_probe_layer(layer)) && write_probe_spec(rung, layer) && keeper_try();
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

static bool probe(const char *what, const char *place) {
    if (strcmp(what, "network") == 0) return probe_network();
    if (strcmp(what, "port") == 0) return probe_port();
    return strcmp(what, "limits") == 0 ? probe_limits() : probe_rung(*what, place);
}

static _Noreturn void probe_child(const char *what, const char *place) {
    bool good = probe(what, place);
    puts(good ? "ok" : step_report());
    fflush(stdout);
    _exit(!good);
}

static void scratch_in(const char *folder, char out[PATH_BYTES + 32]) {
    char real[PATH_BYTES];
    snprintf(out, PATH_BYTES + 32, "%s/.probe-%d", realpath(folder, real) ? real : folder, (int)getpid());
}

int probe_main(const char *what, const char *folder, const char *layers) {
    char scratch[PATH_BYTES + 32], place[PATH_BYTES + 32];
    int status = 1;
    scratch_in(folder, scratch);
    scratch_in(layers, place);
    if (mkdir(scratch, 0755) || chdir(scratch)) {
        step_failed("mkdir", "%s", scratch);
        puts(step_report());
        return 1;
    }
    pid_t child = fork();
    if (child == 0) probe_child(what, place);
    if (child > 0) waitpid(child, &status, 0);
    if (chdir("/") == 0) remove_folder(scratch);
    remove_folder(place);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
