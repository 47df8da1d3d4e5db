// The machine: which rung, the data folder's sandboxes, and the network of instances.
#include "sandbox/internal.h"

#include "base/ids.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool sandbox_id_is_sane(Str id) {
    if (id.len == 0 || id.len >= SANDBOX_ID_BYTES || id.at[0] == '.') return false;
    for (size_t i = 0; i < id.len; i++)
        if (!isalnum((unsigned char)id.at[i]) && !strchr("-_.:", id.at[i])) return false;
    return true;
}

const char *sandbox_rung_text(SandboxRung rung) {
    switch (rung) {
    case SANDBOX_RUNG_A: return "own files, users, processes and network";
    case SANDBOX_RUNG_B: return "own files, users, processes and network, without root";
    case SANDBOX_RUNG_C: return "own files, processes and network, one user";
    case SANDBOX_RUNG_D: break;
    }
    return "not isolated";
}

// ---- Probing ----

// `report`: "" when it works, else what the keeper's step_report says. `how` (may be NULL): what it said when it works.
static bool probe_one(const char *program, const char *folder, const char *layers, const char *what, char report[512], char how[64], Error *e) {
    AUTO_BUF output;
    int status;
    buf_init(&output, 4096);
    TRY(program_run(program, (const char *[]){"probe", what, folder, layers, NULL}, &output, &status, e));
    Str line = str_trim(buf_str(&output));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        Str first = str_cut(&line, '\n');
        if (how) snprintf(how, 64, "%.*s", STR_ARG(first));
        line = STR("");
    } else if (line.len == 0)
        line = STR("probe 0 it died");
    snprintf(report, 512, "%.*s", STR_ARG(line));
    return true;
}

static void add_finding(Arena *arena, Vec *findings, const char *subject, const char *report, const char *how) {
    SandboxFinding *finding = vec_push(findings);
    finding->subject = subject;
    finding->how = strcmp(how, "ok") == 0 ? STR("works") : str_copy(arena, str_of(how));
    finding->works = !*report;
    if (finding->works) return;
    Refusal refusal = refusal_of(report);
    finding->step = str_copy(arena, str_of(report));
    finding->cause = str_of(refusal.cause);
    finding->remedy = str_of(refusal.remedy);
}

bool sandbox_probe(Str program, Str scratch_folder, Arena *arena, Vec *findings, Error *e) {
    static const struct {
        const char *subject, *argument;
    } probes[] = {{"rung A", "A"},        {"rung B", "B"},     {"rung C", "C"},     {"rung D", "D"},
                  {"network", "network"}, {"port 80", "port"}, {"limits", "limits"}};
    const char *path = str_c(arena, program), *folder = str_c(arena, scratch_folder);
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        char report[512], how[64] = "";
        TRY(probe_one(path, folder, folder, probes[i].argument, report, how, e));
        add_finding(arena, findings, probes[i].subject, report, how);
    }
    return true;
}

// With the user's skeleton layers; where these are on what bears no overlay, or beside what they should cover, with some in the data folder.
static bool probe_rung(SandboxHost *host, const char *rung, char report[512], Error *e) {
    host->rung = (SandboxRung)*rung;
    TRY(probe_one(host->program, host->data, host->skeletons, rung, report, NULL, e));
    if (!*report || strcmp(host->skeletons, host->data) == 0 || !strchr("BC", *rung)) return true;
    TRY(probe_one(host->program, host->data, host->data, rung, report, NULL, e));
    if (!*report) snprintf(host->skeletons, sizeof host->skeletons, "%s", host->data);
    return true;
}

static bool choose_rung(SandboxHost *host, Error *e) {
    static const char *const order[] = {"A", "B", "C", "D"};
    const char *forced = getenv("REHEARSE_RUNG");
    char report[512] = "";
    snprintf(host->refusal, sizeof host->refusal, "REHEARSE_RUNG=D asks for no isolation");
    if (forced && *forced) {
        if (strlen(forced) != 1 || !strchr("ABCD", *forced)) return fail(e, "sandbox", "REHEARSE_RUNG is \"%s\"; rungs are A, B, C, D", forced);
        TRY(probe_rung(host, forced, report, e));
        if (!*report) return true;
        char text[1024];
        refusal_text(report, text, sizeof text);
        return fail(e, "sandbox-refused", "rung %s: %s", forced, text);
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        TRY(probe_rung(host, order[i], report, e));
        if (!*report) return true;
        bool for_others = strncmp(report, "identity ", 9) == 0; // to root, rungs B and C only say that: what keeps it from rung A is the reason
        if (!for_others) refusal_text(report, host->refusal, sizeof host->refusal);
    }
    char text[1024];
    refusal_text(report, text, sizeof text);
    return fail(e, "sandbox-refused", "no process can be started: %s", text);
}

// ---- The host ----

static void start_removal(const char *program, const char *folder) { program_run_well(program, (const char *[]){"remove", folder, NULL}, NULL); }

bool folder_discard(const SandboxHost *host, const char *folder, Error *e) {
    char gone[SANDBOX_PATH_BYTES];
    uint64_t unique;
    random_bytes(&unique, sizeof unique);
    snprintf(gone, sizeof gone, "%s/sandboxes/.gone-%016llx", host->data, (unsigned long long)unique);
    if (rename(folder, gone)) return errno == ENOENT || fail_errno(e, errno, "%s", folder);
    int socket = socket_to(gone, "keeper.sock");
    if (socket < 0) return true;
    socket_send(socket, STR("kill"));
    close(socket);
    return true;
}

static void each_folder(const SandboxHost *host, const char *prefix, void (*visit)(const SandboxHost *host, const char *path)) {
    char folder[SANDBOX_PATH_BYTES], path[SANDBOX_PATH_BYTES + 256];
    snprintf(folder, sizeof folder, "%s/sandboxes", host->data);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        visit(host, path);
    }
    if (dir) closedir(dir);
}

static void discard(const SandboxHost *host, const char *path) { folder_discard(host, path, NULL); }
static void remove_again(const SandboxHost *host, const char *path) { start_removal(host->program, path); }

static void remove_gone(const SandboxHost *host, const char *path) { // under another name, so that it is begun once
    char taken[SANDBOX_PATH_BYTES + 256];
    snprintf(taken, sizeof taken, "%s/sandboxes/.removing-%s", host->data, strstr(path, ".gone-") + strlen(".gone-"));
    if (rename(path, taken) == 0) start_removal(host->program, taken);
}

void sandbox_host_tidy(SandboxHost *host) { each_folder(host, ".gone-", remove_gone); }

bool sandbox_host_open(Str data_folder, Str program, SandboxHost **out, Error *e) {
    char path[SANDBOX_PATH_BYTES];
    SandboxHost host = {0};
    if (data_folder.len >= sizeof host.data - 64 || program.len >= sizeof host.program)
        return fail(e, "sandbox", "the data folder's path is too long");
    snprintf(path, sizeof path, "%.*s", STR_ARG(data_folder));
    mkdir(path, 0755);
    char *real = realpath(path, NULL);
    if (!real) return fail_errno(e, errno, "%s", path);
    snprintf(host.data, sizeof host.data, "%s", real);
    free(real);
    snprintf(host.program, sizeof host.program, "%.*s", STR_ARG(program));
    if (access(host.program, X_OK)) return fail_errno(e, errno, "%s", host.program);
    snprintf(path, sizeof path, "%s/sandboxes", host.data);
    if (mkdir(path, 0755) && errno != EEXIST) return fail_errno(e, errno, "%s", path);
    skeleton_find_place(&host);
    TRY(choose_rung(&host, e) && skeleton_begin(&host, e));
    TRY(clock_open(&host, e));
    each_folder(&host, ".spare-", discard); // of an earlier server, as is what it was making and removing
    each_folder(&host, ".new-", remove_again);
    each_folder(&host, ".removing-", remove_again);
    sandbox_host_tidy(&host);
    buf_init(&host.usual, SANDBOX_SPEC_BYTES);
    *out = malloc(sizeof host);
    if (!*out) abort();
    **out = host;
    return true;
}

void sandbox_host_close(SandboxHost *host) {
    if (!host) return;
    spare_drop(host);
    sandbox_host_tidy(host);
    buf_done(&host->usual);
    clock_close(host);
    free(host);
}

SandboxRung sandbox_host_rung(const SandboxHost *host) { return host->rung; }
bool sandbox_host_has_network(const SandboxHost *host) { return host->network; }

bool sandbox_list(const SandboxHost *host, Arena *arena, Vec *names, Error *e) {
    char folder[SANDBOX_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s/sandboxes", host->data);
    DIR *dir = opendir(folder);
    if (!dir) return fail_errno(e, errno, "%s", folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') vec_add(names, Str, str_copy(arena, str_of(entry->d_name)));
    closedir(dir);
    return true;
}

// ---- The network ----

static bool network_folder(const SandboxHost *host, char out[SANDBOX_PATH_BYTES], Error *e) {
    snprintf(out, SANDBOX_PATH_BYTES, "%s/network", host->data);
    return mkdir(out, 0755) == 0 || errno == EEXIST || fail_errno(e, errno, "%s", out);
}

bool sandbox_network_open(SandboxHost *host, Error *e) {
    char folder[SANDBOX_PATH_BYTES], path[SANDBOX_PATH_BYTES + 16], report[512] = "", text[1024];
    if (host->rung == SANDBOX_RUNG_D) return fail(e, "sandbox-refused", "rung D: instances use the host's network");
    TRY(network_folder(host, folder, e));
    int socket = socket_to(folder, "network.sock");
    if (socket >= 0) close(socket);
    if (socket >= 0 || program_run_well(host->program, (const char *[]){"network", folder, NULL}, NULL)) return host->network = true;
    snprintf(path, sizeof path, "%s/network.state", folder);
    file_read_small(path, report, sizeof report);
    refusal_text(report, text, sizeof text);
    return fail(e, "sandbox-refused", "the network of instances: %s", text);
}

bool sandbox_network_listen(SandboxHost *host, Str address, uint16_t port, int *listening_fd, Error *e) {
    char folder[SANDBOX_PATH_BYTES], request[64];
    AUTO_BUF reply;
    buf_init(&reply, SANDBOX_MESSAGE_BYTES);
    TRY(network_folder(host, folder, e));
    snprintf(request, sizeof request, "listen %.*s %d", STR_ARG(address), port);
    int fd = -1;
    TRY(socket_ask(folder, "network.sock", str_of(request), &reply, &fd, e));
    if (fd >= 0) {
        *listening_fd = fd;
        return true;
    }
    int64_t error = 0;
    str_to_int(str_strip_prefix(buf_str(&reply), STR("error ")), &error);
    return fail_errno(e, (int)error, "%.*s:%d in the network of instances", STR_ARG(address), port);
}

void sandbox_network_stop(SandboxHost *host) {
    char folder[SANDBOX_PATH_BYTES];
    AUTO_BUF reply;
    buf_init(&reply, SANDBOX_MESSAGE_BYTES);
    if (network_folder(host, folder, NULL)) socket_ask(folder, "network.sock", STR("stop"), &reply, NULL, NULL);
    host->network = false;
}

bool sandbox_destroy(SandboxHost *host, Str name, Error *e) {
    char folder[SANDBOX_PATH_BYTES];
    if (!sandbox_id_is_sane(name)) return fail(e, "sandbox", "\"%.*s\" is no name of a sandbox", STR_ARG(name));
    snprintf(folder, sizeof folder, "%s/sandboxes/%.*s", host->data, STR_ARG(name));
    return folder_discard(host, folder, e);
}
