// The sandboxes of the next builds, made ahead: builds of one server differ in their names only, and making a sandbox takes several times as long as all else
// between two actions of a pipeline.
//
// A spare is a folder .spare-X with a keeper and a process 1 that waits. To claim it is to write the specification with the build's names, to tell them to the
// keeper, and to rename the folder; from then on nothing tells it from any other sandbox. Its keeper ends it when no server is connected; what a killed server
// left is discarded at the next start. So no spare outlives a crash, and whatever is not a spare has an owner.
#include "sandbox/internal.h"

#include "base/ids.h"

#include <fcntl.h>
#include <stdio.h>

#define ANYBODY STR("spare")

static void forget_names(SandboxHost *host, const SandboxSpec *spec, Buf *out) {
    SandboxSpec nameless = *spec;
    nameless.name = nameless.hostname = ANYBODY;
    buf_init(out, SANDBOX_SPEC_BYTES);
    spec_write(host, &nameless, out);
}

// Remembers what builds want. True when it is what the last one wanted.
static bool is_usual(SandboxHost *host, const SandboxSpec *spec) {
    Buf wanted;
    forget_names(host, spec, &wanted);
    bool same = str_eq(buf_str(&host->usual), buf_str(&wanted));
    buf_done(&host->usual);
    host->usual = wanted;
    return same;
}

static bool is_alive(Sandbox *spare) {
    SandboxStatus status;
    sandbox_status(spare, &status);
    return status.state == SANDBOX_STARTING || status.state == SANDBOX_RUNNING;
}

static bool give_names(const Sandbox *spare, const SandboxSpec *spec, Str text) {
    char path[SANDBOX_PATH_BYTES + 8], claim[SANDBOX_MESSAGE_BYTES];
    Str hostname = spec->hostname.len ? spec->hostname : spec->name;
    snprintf(path, sizeof path, "%s/spec", spare->folder);
    snprintf(claim, sizeof claim, "claim %.*s %.*s", STR_ARG(spec->name), STR_ARG(hostname));
    return file_place(AT_FDCWD, path, text, NULL) && socket_send(spare->socket, str_of(claim));
}

static Sandbox *take_oldest(SandboxHost *host) {
    Sandbox *oldest = host->spares[0];
    memmove(host->spares, host->spares + 1, sizeof host->spares - sizeof *host->spares);
    host->spares[SANDBOX_SPARES - 1] = NULL;
    return oldest;
}

static void discard(const SandboxHost *host, Sandbox *spare) {
    folder_discard(host, spare->folder, NULL);
    sandbox_close(spare);
}

bool spare_claim(SandboxHost *host, const SandboxSpec *spec, Str text, Sandbox *into) {
    if (spec->kind != SANDBOX_BUILD || host->rung == SANDBOX_RUNG_D) return false; // rung D knows its folder by name
    bool usual = is_usual(host, spec), same_layer = skeleton_is_same(host);
    if (!usual || !same_layer) spare_drop(host);
    for (Sandbox *spare; (spare = take_oldest(host));) {
        if (is_alive(spare) && give_names(spare, spec, text) && rename(spare->folder, into->folder) == 0) {
            handle_adopt(into, spare);
            return true;
        }
        discard(host, spare);
    }
    return false;
}

static Sandbox *make(SandboxHost *host) {
    char name[SANDBOX_ID_BYTES];
    uint64_t unique;
    AUTO_BUF text;
    random_bytes(&unique, sizeof unique);
    snprintf(name, sizeof name, ".spare-%016llx", (unsigned long long)unique);
    buf_init(&text, SANDBOX_SPEC_BYTES);
    buf_add(&text, buf_str(&host->usual));
    record_add(&text, "spare", STR("1"));
    Sandbox *spare = handle_new(host, str_of(name));
    if (sandbox_make(host, spare, buf_str(&text), NULL)) return spare;
    discard(host, spare); // whoever needs a sandbox next will say why it cannot be made
    return NULL;
}

void sandbox_host_prepare(SandboxHost *host) {
    bool made = host->usual.len > 0;
    if (!skeleton_is_same(host)) spare_drop(host);
    for (size_t i = 0; i < SANDBOX_SPARES && made; i++) {
        if (!host->spares[i]) host->spares[i] = make(host);
        made = host->spares[i];
    }
}

void spare_drop(SandboxHost *host) {
    for (Sandbox *spare; (spare = take_oldest(host));) discard(host, spare);
}
