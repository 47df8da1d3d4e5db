// The small tools inside: sudo, and clear answers where a machine of AWS has a command that a sandbox cannot have.
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run(char *const *argv) {
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}

// sudo [-E] [-H] [-n] [-u USER] [-i] [NAME=value…] COMMAND…: jobs that may call it are root already, or become so by runas.
static int sudo_main(int argc, char **argv) {
    const char *user = NULL;
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && strcmp(argv[at], "--") != 0; at++)
        if (strcmp(argv[at], "-u") == 0 && at + 1 < argc) user = argv[++at];
    if (at < argc && strcmp(argv[at], "--") == 0) at++;
    for (; at < argc && strchr(argv[at], '=') && argv[at][0] != '/'; at++) putenv(argv[at]);
    if (at == argc) return fprintf(stderr, "usage: sudo [-u USER] COMMAND\n"), 1;
    if (!user || strcmp(user, "root") == 0) return run(argv + at);
    char **su = calloc((size_t)(argc - at) + 6, sizeof *su);
    if (!su) return 1;
    size_t n = 0;
    su[n++] = (char[]){"runuser"};
    su[n++] = (char[]){"-u"};
    su[n++] = strdup(user);
    su[n++] = (char[]){"--"};
    while (at < argc) su[n++] = argv[at++];
    return run(su);
}

// yum and dnf -y install X become apt-get: names of packages may differ, which apt then says.
static int yum_main(int argc, char **argv) {
    char **apt = calloc((size_t)argc + 3, sizeof *apt);
    if (!apt) return 1;
    size_t n = 0;
    apt[n++] = (char[]){"apt-get"};
    apt[n++] = (char[]){"-y"};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-y") != 0 && strcmp(argv[i], "-q") != 0 && strncmp(argv[i], "--", 2) != 0) apt[n++] = argv[i];
    if (access("/usr/bin/apt-get", X_OK) == 0) return run(apt);
    return fprintf(stderr, "%s: this sandbox shares the host's system, which has neither yum nor apt-get\n", argv[0]), 1;
}

static int extras_main(int argc, char **argv) {
    return fprintf(stderr, "amazon-linux-extras: not available: this sandbox shares the host's system; install the package by apt-get\n"), 1;
}

static int docker_main(int argc, char **argv) { return fprintf(stderr, "docker: not available: there is no container engine inside a sandbox\n"), 1; }

ToolMain tool_find(const char *name) {
    static const struct {
        const char *name;
        ToolMain run;
    } tools[] = {{"sudo", sudo_main},
                 {"yum", yum_main},
                 {"dnf", yum_main},
                 {"amazon-linux-extras", extras_main},
                 {"docker", docker_main},
                 {"systemctl", systemctl_main},
                 {"service", service_main},
                 {"chkconfig", chkconfig_main},
                 {"journalctl", journalctl_main}};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (strcmp(tools[i].name, name) == 0) return tools[i].run;
    return NULL;
}
