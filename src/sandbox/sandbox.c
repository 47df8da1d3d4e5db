// Handles on sandboxes: made, found again, watched.
#include "sandbox/sandbox.h"

#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Handles ----

Sandbox *handle_new(const SandboxHost *host, Str name) {
    Sandbox *sandbox = calloc(1, sizeof *sandbox);
    if (!sandbox) abort();
    snprintf(sandbox->name, sizeof sandbox->name, "%.*s", STR_ARG(name));
    snprintf(sandbox->folder, sizeof sandbox->folder, "%s/sandboxes/%s", host->data, sandbox->name);
    snprintf(sandbox->exchange, sizeof sandbox->exchange, "%s/exchange", sandbox->folder);
    snprintf(sandbox->program, sizeof sandbox->program, "%s", host->program);
    sandbox->rung = host->rung;
    sandbox->epoll = epoll_create1(EPOLL_CLOEXEC);
    sandbox->socket = -1;
    return sandbox;
}

static bool handle_hold(Sandbox *sandbox, int socket) {
    struct epoll_event event = {.events = EPOLLIN};
    sandbox->socket = socket;
    return socket >= 0 && epoll_ctl(sandbox->epoll, EPOLL_CTL_ADD, socket, &event) == 0;
}

static bool handle_connect(Sandbox *sandbox) {
    if (sandbox->socket >= 0) return true;
    if (sandbox->said_stopped) return false; // until it is started again: a dying keeper may still take connections
    return handle_hold(sandbox, socket_to(sandbox->folder, "keeper.sock"));
}

void handle_adopt(Sandbox *sandbox, Sandbox *other) {
    int socket = other->socket;
    epoll_ctl(other->epoll, EPOLL_CTL_DEL, socket, NULL);
    other->socket = -1;
    handle_hold(sandbox, socket);
    sandbox_close(other);
}

static void handle_disconnect(Sandbox *sandbox) {
    if (sandbox->socket >= 0) close(sandbox->socket);
    sandbox->socket = -1;
}

void sandbox_close(Sandbox *sandbox) {
    if (!sandbox) return;
    handle_disconnect(sandbox);
    if (sandbox->epoll >= 0) close(sandbox->epoll);
    free(sandbox);
}

static bool run_keeper(Sandbox *sandbox, Error *e) {
    TRY(program_run_well(sandbox->program, (const char *[]){"run", sandbox->folder, NULL}, e));
    sandbox->said_stopped = false;
    handle_connect(sandbox); // when it has failed already, its state file says why
    return true;
}

// The rung a sandbox was made on, which stays.
static void read_rung(Sandbox *sandbox) {
    char path[SANDBOX_PATH_BYTES + 8], text[256];
    snprintf(path, sizeof path, "%s/spec", sandbox->folder);
    if (!file_read_small(path, text, sizeof text)) return;
    for (const char *at = text; at < text + sizeof text && *at; at += strlen(at) + 1)
        if (strncmp(at, "rung=", 5) == 0) sandbox->rung = (SandboxRung)at[5];
}

static bool has_file(const Sandbox *sandbox, const char *name) {
    char path[SANDBOX_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/%s", sandbox->folder, name);
    return access(path, F_OK) == 0;
}

bool sandbox_open(SandboxHost *host, Str name, Sandbox **out, Error *e) {
    if (!sandbox_id_is_sane(name)) return fail(e, "sandbox", "\"%.*s\" is no name of a sandbox", STR_ARG(name));
    Sandbox *sandbox = handle_new(host, name);
    if (!has_file(sandbox, "spec")) {
        sandbox_close(sandbox);
        return fail(e, "sandbox", "there is no sandbox \"%.*s\"", STR_ARG(name));
    }
    read_rung(sandbox);
    handle_connect(sandbox);
    *out = sandbox;
    return true;
}

// The folders that both sides see. Inside may write only where it owns: it must not be able to put links in the server's way.
static bool make_shared(const SandboxHost *host, const char *folder, Error *e) {
    static const char *const shared[] = {"jobs", "exchange", "exchange/out"};
    char path[SANDBOX_PATH_BYTES + 16];
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, shared[i]);
        if (mkdir(path, 0755) && errno != EEXIST) return fail_errno(e, errno, "%s", path);
    }
    return host->rung != SANDBOX_RUNG_A || chown(path, SANDBOX_FIRST_ID, SANDBOX_FIRST_ID) == 0 || fail_errno(e, errno, "%s", path);
}

// The folder appears whole: written beside, then renamed.
static bool make_folder(const SandboxHost *host, const Sandbox *sandbox, Str spec, Error *e) {
    char fresh[SANDBOX_PATH_BYTES], path[SANDBOX_PATH_BYTES + 16];
    snprintf(fresh, sizeof fresh, "%s/sandboxes/.new-%s", host->data, sandbox->name);
    if (mkdir(fresh, 0755) && errno != EEXIST) return fail_errno(e, errno, "%s", fresh);
    TRY(make_shared(host, fresh, e));
    snprintf(path, sizeof path, "%s/spec", fresh);
    TRY(file_place(AT_FDCWD, path, spec, e));
    return rename(fresh, sandbox->folder) == 0 || fail_errno(e, errno, "%s", sandbox->folder);
}

bool sandbox_make(const SandboxHost *host, Sandbox *sandbox, Str spec, Error *e) {
    return make_folder(host, sandbox, spec, e) && run_keeper(sandbox, e);
}

// Without isolation its deployments would overwrite /opt and /etc of this very machine, and nothing could answer on its addresses.
static bool refuse_instance(const SandboxHost *host, Error *e) {
    return fail(e, "sandbox-refused",
                "an instance needs files, a network and units of its own, and rung D (not isolated) has none of them; only builds run there. %s",
                host->refusal);
}

static bool create_fresh(SandboxHost *host, Sandbox *sandbox, const SandboxSpec *spec, Error *e) {
    AUTO_BUF text;
    buf_init(&text, SANDBOX_SPEC_BYTES);
    spec_write(host, spec, &text);
    if (text.overflow) return fail(e, "sandbox", "the specification of %s is too large", sandbox->name);
    return spare_claim(host, spec, buf_str(&text), sandbox) || sandbox_make(host, sandbox, buf_str(&text), e);
}

// Its command is delivered again: it may not have started yet.
static bool create_again(Sandbox *sandbox, Error *e) {
    read_rung(sandbox);
    if (!has_file(sandbox, "state")) return run_keeper(sandbox, e);
    handle_connect(sandbox);
    return true;
}

bool sandbox_create(SandboxHost *host, const SandboxSpec *spec, Sandbox **out, Error *e) {
    if (host->rung == SANDBOX_RUNG_D && spec->kind == SANDBOX_INSTANCE) return refuse_instance(host, e);
    if (!sandbox_id_is_sane(spec->name)) return fail(e, "sandbox", "\"%.*s\" is no name of a sandbox", STR_ARG(spec->name));
    Sandbox *sandbox = handle_new(host, spec->name);
    if (!(has_file(sandbox, "spec") ? create_again(sandbox, e) : create_fresh(host, sandbox, spec, e))) {
        sandbox_close(sandbox);
        return false;
    }
    *out = sandbox;
    return true;
}

bool sandbox_start(Sandbox *sandbox, Error *e) { return handle_connect(sandbox) || run_keeper(sandbox, e); }

Str sandbox_exchange(const Sandbox *sandbox) { return str_of(sandbox->exchange); }
Str sandbox_exchange_inside(const Sandbox *sandbox) {
    return sandbox->rung == SANDBOX_RUNG_D ? str_of(sandbox->exchange) : STR("/run/rehearse/exchange");
}

// ---- State ----

static SandboxState state_of(Str word, bool alive) {
    if (str_is(word, "ended")) return SANDBOX_ENDED;
    if (str_is(word, "broken")) return SANDBOX_BROKEN;
    if (!alive) return SANDBOX_LOST;
    return str_is(word, "running") ? SANDBOX_RUNNING : SANDBOX_STARTING;
}

void sandbox_status(Sandbox *sandbox, SandboxStatus *out) {
    char path[SANDBOX_PATH_BYTES + 8], text[1024] = "", reason[512], current[64] = "";
    int64_t keeper = 0;
    bool alive = handle_connect(sandbox); // first: what ends writes its state before its socket goes
    snprintf(path, sizeof path, "%s/state", sandbox->folder);
    file_read_small(path, text, sizeof text);
    Str rest = str_of(text), line = str_next_line(&rest), word = str_cut(&line, ' '), boot = str_cut(&line, ' ');
    str_to_int(line, &keeper);
    *out = (SandboxStatus){.state = state_of(word, alive), .keeper = alive ? (pid_t)keeper : 0};
    snprintf(reason, sizeof reason, "%.*s", STR_ARG(str_trim(rest)));
    if (out->state == SANDBOX_BROKEN)
        refusal_text(reason, out->reason, sizeof out->reason);
    else
        snprintf(out->reason, sizeof out->reason, "%s", reason);
    if (out->state != SANDBOX_LOST || !file_read_small("/proc/sys/kernel/random/boot_id", current, sizeof current)) return;
    out->machine_rebooted = boot.len && !str_eq(boot, str_trim(str_of(current)));
    snprintf(out->reason, sizeof out->reason, "%s", out->machine_rebooted ? "the machine was started anew" : "its keeper is gone");
}

bool sandbox_stop(Sandbox *sandbox, int64_t grace_ms, Error *e) {
    char text[64];
    if (!handle_connect(sandbox)) return true;
    snprintf(text, sizeof text, "stop %lld", (long long)(grace_ms > 0 ? grace_ms : 0));
    return socket_send(sandbox->socket, str_of(text)) || fail_errno(e, errno, "the keeper of %s", sandbox->name);
}

bool sandbox_ports(Sandbox *sandbox, const uint16_t *ports, size_t count, Error *e) {
    AUTO_BUF buf;
    buf_init(&buf, SANDBOX_MESSAGE_BYTES - 1);
    buf_add(&buf, STR("ports "));
    for (size_t i = 0; i < count; i++) buf_addf(&buf, "%s%d", i ? "," : "", ports[i]);
    if (buf.overflow) return fail(e, "sandbox", "%zu ports are too many", count);
    if (!handle_connect(sandbox)) return fail(e, "sandbox", "%s does not run", sandbox->name);
    return socket_send(sandbox->socket, buf_str(&buf)) || fail_errno(e, errno, "the keeper of %s", sandbox->name);
}

void sandbox_units(Sandbox *sandbox, Arena *arena, Vec *units) {
    enum { LIST_BYTES = 65536 };
    char path[SANDBOX_PATH_BYTES + 16], *text = arena_alloc(arena, LIST_BYTES);
    snprintf(path, sizeof path, "%s/inside/units", sandbox->folder);
    if (!handle_connect(sandbox) || !file_read_small(path, text, LIST_BYTES)) return;
    Str rest = str_of(text);
    for (Str line; !str_is_none(line = str_next_line(&rest));) {
        SandboxUnit *unit = vec_push(units);
        unit->name = str_cut(&line, ' ');
        unit->state = str_cut(&line, ' ');
        unit->sub_state = line;
    }
}

// ---- Events ----

int sandbox_fd(const Sandbox *sandbox) { return sandbox->epoll; }

static void port_event(Str rest, SandboxEvent *out) {
    int64_t port = 0, host_port = 0;
    str_to_int(str_cut(&rest, ' '), &port);
    str_to_int(str_cut(&rest, ' '), &host_port);
    out->port = (uint16_t)port;
    out->host_port = (uint16_t)host_port;
    snprintf(out->text, sizeof out->text, "%.*s", STR_ARG(rest));
}

static bool event_of(const char *text, SandboxEvent *out) {
    static const struct {
        const char *word;
        SandboxEventKind kind;
    } words[] = {{"ready", SANDBOX_READY},     {"started", SANDBOX_JOB_STARTED}, {"output", SANDBOX_JOB_OUTPUT}, {"control", SANDBOX_JOB_CONTROL},
                 {"exit", SANDBOX_JOB_EXITED}, {"resync", SANDBOX_RESYNC},       {"port", SANDBOX_PORT}};
    Str rest = str_of(text), word = str_cut(&rest, ' '), after = rest, id = str_cut(&after, ' ');
    *out = (SandboxEvent){0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_is(word, words[i].word)) continue;
        out->kind = words[i].kind;
        if (out->kind == SANDBOX_PORT)
            port_event(rest, out);
        else
            snprintf(out->job, sizeof out->job, "%.*s", STR_ARG(id));
        return true;
    }
    return false;
}

static bool stopped_event(Sandbox *sandbox, SandboxEvent *out) {
    SandboxStatus status;
    handle_disconnect(sandbox);
    if (sandbox->said_stopped) return false;
    sandbox->said_stopped = true;
    sandbox_status(sandbox, &status);
    *out = (SandboxEvent){.kind = SANDBOX_STOPPED};
    snprintf(out->text, sizeof out->text, "%s", status.reason);
    return true;
}

bool sandbox_next(Sandbox *sandbox, SandboxEvent *out) {
    char text[SANDBOX_MESSAGE_BYTES];
    while (sandbox->socket >= 0) {
        ssize_t got = recv(sandbox->socket, text, sizeof text - 1, MSG_DONTWAIT);
        if (got < 0 && errno == ECONNRESET) got = recv(sandbox->socket, text, sizeof text - 1, MSG_DONTWAIT); // what it said before is still there
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (got <= 0) return stopped_event(sandbox, out);
        text[got] = 0;
        if (strncmp(text, "stopped", 7) == 0) return stopped_event(sandbox, out);
        if (event_of(text, out)) return true;
    }
    return false;
}
