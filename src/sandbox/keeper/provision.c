// What a sandbox has inside beyond the host's files: users, names, tools, and the files the server asks for.
// Every start: names and tools. The first start (no MARK yet): users, passwords, files. By process 1, as root in its new root.
#include "inside.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "/var/lib/rehearse/provisioned"
#define PROGRAM "/run/rehearse/keeper"
#define PRELOAD "/run/rehearse/preload.so"

static char name_servers[16384]; // the host's; empty: it has none

void provision_see_host(void) { read_text("/etc/resolv.conf", name_servers, sizeof name_servers); }

int provision_open_sources(const Plan *plan, int *sources, size_t room) {
    int count = 0;
    for (const char *at = NULL, *value; (at = fields_next(&plan->fields, at, &value));) {
        if (!field_is(at, "file") || (size_t)count == room) continue;
        sources[count] = open(value, O_RDONLY | O_CLOEXEC);
        if (sources[count] < 0) return step_failed("file", "%s", value), -1;
        count++;
    }
    return count;
}

static bool copy(int from, const char *to, mode_t mode, const char *user) {
    char bytes[16384], path[PATH_BYTES];
    snprintf(path, sizeof path, "%s", to);
    char *slash = strrchr(path, '/');
    if (slash && slash != path) {
        *slash = 0;
        make_folders(path, 0755);
    }
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return step_failed("file", "%s", to);
    ssize_t got;
    bool good = true;
    while (good && (got = read(from, bytes, sizeof bytes)) > 0) good = write_all(fd, bytes, (size_t)got);
    User owner;
    if (good && *user && user_find(user, &owner)) fchown(fd, owner.uid, owner.gid);
    good = good && fchmod(fd, mode) == 0;
    close(fd);
    return good || step_failed("file", "%s", to);
}

static bool place_files(const Plan *plan, const int *sources, size_t count) {
    size_t next = 0;
    int source = -1;
    const char *to = NULL;
    mode_t mode = 0644;
    for (const char *at = NULL, *value; (at = fields_next(&plan->fields, at, &value));) { // file, to, mode, user, in this order
        if (field_is(at, "bind")) source = -1;
        if (field_is(at, "file") && next < count) source = sources[next++];
        if (field_is(at, "to")) to = value;
        if (field_is(at, "mode")) mode = (mode_t)strtol(value, NULL, 8);
        if (source < 0 || !to || !field_is(at, "user")) continue;
        if (!copy(source, to, mode, value)) return false;
        source = -1;
    }
    return true;
}

static bool are_low_ports_refused(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f4dfffe)}; // 127.77.255.254
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) && errno == EACCES;
    if (fd >= 0) close(fd);
    return refused;
}

// Plane time for every dynamic program, also behind `su -` and `env -i`, and the way to low public ports (preload/public_ports.c). Apt must not find its lists out of date after a jump.
static void preload_library(const Plan *plan) {
    char text[4096];
    // In rung A the keeper may bind them, though process 1 may not.
    if (plan->rung != 'A' && !plan->own_network && are_low_ports_refused()) write_text("/run/rehearse/high-ports", "", 0644);
    ssize_t got = read_text("/etc/ld.so.preload", text, sizeof text - sizeof PRELOAD - 1);
    if (got < 0) text[got = 0] = 0;
    if (strstr(text, PRELOAD)) return;
    snprintf(text + got, sizeof text - (size_t)got, "%s" PRELOAD "\n", got && text[got - 1] != '\n' ? "\n" : "");
    unlink("/etc/ld.so.preload");
    write_text("/etc/ld.so.preload", text, 0644);
    write_text("/etc/apt/apt.conf.d/98rehearse", "Acquire::Check-Valid-Until \"false\";\n", 0644);
}

// Puts a line behind the first one (root), before what the host has: a number that is taken there names our user inside.
static void insert(const char *path, const char *line) {
    static char text[262144];
    ssize_t got = read_text(path, text, sizeof text);
    int fd = got < 0 ? -1 : open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0) return;
    size_t first = strcspn(text, "\n");
    if (text[first]) first++;
    write_all(fd, text, first);
    write_all(fd, line, strlen(line));
    write_all(fd, text + first, (size_t)got - first);
    close(fd);
}

static void copy_profile(const char *home, const char *user) {
    static const char *const skeleton[] = {".bashrc", ".profile", ".bash_logout"};
    for (size_t i = 0; i < sizeof skeleton / sizeof *skeleton; i++) {
        char from[64], to[128];
        snprintf(from, sizeof from, "/etc/skel/%s", skeleton[i]);
        snprintf(to, sizeof to, "%s/%s", home, skeleton[i]);
        int fd = open(from, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        copy(fd, to, 0644, user);
        close(fd);
    }
}

static void add_user(const char *name, unsigned id) {
    char line[256], home[64];
    User user;
    if (user_find(name, &user)) return;
    snprintf(home, sizeof home, "/home/%s", name);
    snprintf(line, sizeof line, "%s:x:%u:%u::%s:/bin/bash\n", name, id, id, home);
    insert("/etc/passwd", line);
    snprintf(line, sizeof line, "%s:x:%u:\n", name, id);
    insert("/etc/group", line);
    mkdir(home, 0755);
    chown(home, id, id);
    copy_profile(home, name);
}

// The host's password hashes must not be seen inside: new files with every account locked.
static void lock_accounts(const char *names, const char *path, const char *format) {
    char line[1024], entry[256];
    FILE *from = fopen(names, "re");
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    while (from && fd >= 0 && fgets(line, sizeof line, from)) {
        line[strcspn(line, ":\n")] = 0;
        snprintf(entry, sizeof entry, format, line);
        write_all(fd, entry, strlen(entry));
    }
    if (from) fclose(from);
    if (fd >= 0) close(fd);
}

static void empty_folder(const char *path) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder) closedir(folder);
}

// What the host starts at boot must not start in an instance.
static void forget_enabled(void) {
    DIR *folder = opendir("/etc/systemd/system");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[512];
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || (strcmp(dot, ".wants") != 0 && strcmp(dot, ".requires") != 0)) continue;
        snprintf(path, sizeof path, "/etc/systemd/system/%s", entry->d_name);
        empty_folder(path);
    }
    if (folder) closedir(folder);
}

static bool provision_first(const Plan *plan, const int *sources, size_t source_count) {
    char mark[] = MARK, policy[] = "/usr/sbin/policy-rc.d";
    if (access(MARK, F_OK) == 0) return true;
    if (plan->instance) {
        add_user("ec2-user", 1000);
        add_user("ubuntu", 1001);
    } else
        add_user("codebuild-user", 1000); // as AWS's build images have it
    if (plan->instance) forget_enabled();
    lock_accounts("/etc/passwd", "/etc/shadow", "%.200s:*:19000:0:99999:7:::\n");
    lock_accounts("/etc/group", "/etc/gshadow", "%.200s:*::\n");
    unlink(policy);
    write_text(policy, "#!/bin/sh\n# Packages must not start daemons by themselves: units do.\nexit 101\n", 0755);
    if (plan->rung == 'C') write_text("/etc/apt/apt.conf.d/99rehearse", "APT::Sandbox::User \"root\";\n", 0644);
    if (!place_files(plan, sources, source_count)) return false;
    *strrchr(mark, '/') = 0;
    make_folders(mark, 0755);
    return write_text(MARK, "", 0644) || step_failed("file", MARK);
}

// The host's file may be a link into its /run, or newer than the copy in a skeleton layer.
static void write_name_servers(const char *text) {
    char now[sizeof name_servers];
    if (read_text("/etc/resolv.conf", now, sizeof now) >= 0 && strcmp(now, text) == 0) return;
    unlink("/etc/resolv.conf");
    write_text("/etc/resolv.conf", text, 0644);
}

static void write_names(const Plan *plan) {
    char text[8192];
    int length = snprintf(text, sizeof text, "127.0.0.1 localhost\n%s %s\n", *plan->address ? plan->address : "127.0.1.1", plan->hostname);
    for (const char *at = NULL, *value; (at = fields_next(&plan->fields, at, &value));)
        if (field_is(at, "host") && (size_t)length < sizeof text) length += snprintf(text + length, sizeof text - (size_t)length, "%s\n", value);
    unlink("/etc/hosts");
    write_text("/etc/hosts", text, 0644);
    write_name_servers("# An instance has no name server: lookups fail at once.\n");
}

static bool is_elsewhere(const char *name) { // a real program of this name
    static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin"};
    char path[96];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        if (access(path, X_OK) == 0) return true;
    }
    return false;
}

static void link_tool(const char *folder, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    symlink(PROGRAM, path);
}

static void link_tools(const Plan *plan) {
    static const char *const where_missing[] = {"sudo", "yum", "dnf", "amazon-linux-extras", "chkconfig"};
    static const char *const of_instances[] = {"systemctl", "journalctl", "service"};
    for (size_t i = 0; i < sizeof where_missing / sizeof *where_missing; i++)
        if (!is_elsewhere(where_missing[i])) link_tool("/usr/local/sbin", where_missing[i]);
    link_tool("/usr/local/sbin", "docker");
    if (!plan->instance) return;
    for (size_t i = 0; i < sizeof of_instances / sizeof *of_instances; i++) {
        link_tool("/usr/local/sbin", of_instances[i]);
        link_tool(i == 2 ? "/usr/sbin" : "/usr/bin", of_instances[i]); // scripts also name them by path
    }
}

bool provision(const Plan *plan, const int *sources, size_t source_count) {
    if (plan->bare) return true;
    umask(022);
    if (sethostname(plan->hostname, strlen(plan->hostname))) return step_failed("sethostname", "%s", plan->hostname);
    mkdir("/run/lock", 01777);
    bool good = provision_first(plan, sources, source_count);
    for (size_t i = 0; i < source_count; i++) close(sources[i]);
    if (!good) return false;
    link_tools(plan);
    if (*plan->clock) preload_library(plan);
    if (plan->own_network)
        write_names(plan);
    else
        write_name_servers(name_servers);
    return true;
}
