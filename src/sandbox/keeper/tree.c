#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Process {
    pid_t pid, parent, session;
    bool chosen;
} Process;
typedef struct Processes {
    Process *at;
    size_t count;
} Processes;

static bool process_read(pid_t pid, Process *out) {
    char path[64], text[512], state[2];
    int64_t parent, group, session;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_text(path, text, sizeof text) <= 0) return false;
    const char *rest = strrchr(text, ')');
    if (!rest++ || !take_word(&rest, state, sizeof state) || strchr("ZX", *state)) return false;
    if (!take_number(&rest, &parent) || !take_number(&rest, &group) || !take_number(&rest, &session)) return false;
    *out = (Process){.pid = pid, .parent = (pid_t)parent, .session = (pid_t)session};
    return true;
}

static Processes processes_list(void) {
    Processes list = {0};
    size_t room = 0;
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        pid_t pid = (pid_t)number_at(entry->d_name);
        Process process;
        if (pid <= 1 || pid == getpid() || !process_read(pid, &process)) continue;
        if (list.count == room) list.at = realloc(list.at, (room = room ? 2 * room : 64) * sizeof *list.at);
        list.at[list.count++] = process;
    }
    if (folder) closedir(folder);
    return list;
}

static bool carries(pid_t pid, const char *mark) { // mark is among its first 128 KiB of environment
    char path[64];
    static char text[131072];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    ssize_t got = read_text(path, text, sizeof text);
    for (const char *at = text; got > 0 && at < text + got; at += strlen(at) + 1)
        if (strcmp(at, mark) == 0) return true;
    return false;
}

static bool descends(const Processes *list, const Process *process) {
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].chosen && list->at[i].pid == process->parent) return true;
    return false;
}

static void choose(Processes *list, const Plan *plan, pid_t root, const char *mark) {
    for (size_t i = 0; i < list->count; i++) {
        Process *process = &list->at[i];
        if (mark)
            process->chosen = (root > 0 && (process->pid == root || process->session == root)) || carries(process->pid, mark);
        else
            process->chosen = plan->rung != 'D' || process->parent == getpid();
    }
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < list->count; i++)
            if (!list->at[i].chosen && descends(list, &list->at[i])) list->at[i].chosen = more = true;
    }
}

int tree_signal(const Plan *plan, pid_t root, const char *mark, int signal) {
    Processes list = processes_list();
    int count = 0;
    choose(&list, plan, root, mark);
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].chosen && kill(list.at[i].pid, signal) == 0) count++;
    free(list.at);
    return count;
}

void tree_kill(const Plan *plan, pid_t root, const char *mark) {
    for (int round = 0; round < 100 && tree_signal(plan, root, mark, SIGKILL) > 0; round++) usleep(1000);
}

pid_t tree_first(const char *mark) {
    Processes list = processes_list();
    pid_t first = 0;
    for (size_t i = 0; i < list.count; i++)
        if ((first == 0 || list.at[i].pid < first) && carries(list.at[i].pid, mark)) first = list.at[i].pid;
    free(list.at);
    return first;
}

int tree_count(const Plan *plan) {
    Processes list = processes_list();
    int count = 0;
    choose(&list, plan, 0, NULL);
    for (size_t i = 0; i < list.count; i++) count += list.at[i].chosen;
    free(list.at);
    return count;
}

static int64_t private_bytes(pid_t pid) {
    char path[64], text[128];
    const char *rest = text;
    int64_t size, resident, shared;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (read_text(path, text, sizeof text) <= 0 || !take_number(&rest, &size) || !take_number(&rest, &resident) || !take_number(&rest, &shared))
        return 0;
    return (resident - shared) * sysconf(_SC_PAGESIZE);
}

const char *tree_bound_memory(const Plan *plan, int64_t limit) {
    static char name[32];
    Processes list = processes_list();
    int64_t sum = 0, most = 0;
    pid_t largest = 0;
    choose(&list, plan, 0, NULL);
    for (size_t i = 0; i < list.count; i++) {
        int64_t bytes = list.at[i].chosen ? private_bytes(list.at[i].pid) : 0;
        sum += bytes;
        if (bytes > most) most = bytes, largest = list.at[i].pid;
    }
    free(list.at);
    if (sum <= limit || !largest) return NULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)largest);
    if (read_text(path, name, sizeof name) <= 0) return NULL;
    name[strcspn(name, "\n")] = 0;
    return kill(largest, SIGKILL) == 0 ? name : NULL;
}
