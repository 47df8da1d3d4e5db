// Effects on sandboxes (plane/sandboxes.h): creates, starts, stops, destroys and watches them for machines.
#include "plane/sandboxes.h"

#include "base/log.h"
#include "os/files.h"
#include "plane/handles.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIDY_MS = 300 }; // after something was destroyed: what follows it comes first

typedef struct Sandboxes {
    SandboxHost *host; // NULL until the first sandbox is asked for: the probe takes 50 ms
    LoopTimer *tidy;
    bool untidy; // something was destroyed
    Map *handles; // name → Handle
    Str keeper; // its path
    Prepared prepared;
} Sandboxes;

Str sandbox_exchange_path(Arena *arena, Str data_folder, Str sandbox, Str relative) {
    return str_format(arena, "%.*s/sandboxes/%.*s/exchange/%.*s", STR_ARG(data_folder), STR_ARG(sandbox), STR_ARG(relative));
}

Str program_beside(Arena *arena, const char *name) {
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    Str folder = str_copy(arena, len > 0 ? path_parent((Str){self, (size_t)len}) : STR("."));
    Str beside = path_join(arena, folder, str_of(name)), installed = path_join(arena, folder, str_format(arena, "../libexec/rehearse/%s", name));
    return !file_exists(beside) && file_exists(installed) ? installed : beside;
}

Str program_path(Arena *arena, Str path) {
    Str program = str_strip_prefix(path, STR("@program/"));
    return program.len == path.len ? path : program_beside(arena, str_c(arena, program));
}

// Instances of an earlier server are waiting on the network for their metadata and the API.
static bool resume_network(Plane *plane, Error *e) {
    AUTO_ARENA arena = arena_new();
    if (!folder_exists(path_join(arena, plane->options.data, STR("network")))) return true;
    SandboxHost *host = plane_sandbox_host(plane, e);
    return host && sandboxes_open_network(plane, host, e);
}

static void tidy(void *context) {
    Sandboxes *all = context;
    if (all->untidy) sandbox_host_tidy(all->host);
    all->untidy = false;
}

static void tidy_later(Sandboxes *all) {
    if (!all->untidy) loop_timer_start(all->tidy, TIDY_MS, 0);
    all->untidy = true;
}

void sandboxes_use_time(Plane *plane) {
    sandbox_host_prepare(plane->sandboxes->host);
    tidy(plane->sandboxes);
}

bool sandboxes_open(Plane *plane, Error *e) {
    Sandboxes *all = calloc(1, sizeof *all);
    if (!all) abort();
    plane->sandboxes = all;
    all->handles = map_new();
    all->keeper = program_beside(plane->arena, "rehearse-keeper");
    all->tidy = loop_timer_new(plane->loop, tidy, all);
    prepared_find(plane->arena, &all->prepared);
    return resume_network(plane, e);
}

Map *sandboxes_handles(Plane *plane) { return plane->sandboxes->handles; }

SandboxHost *plane_sandbox_host(Plane *plane, Error *e) {
    Sandboxes *all = plane->sandboxes;
    if (all->host) return all->host;
    if (!sandbox_host_open(plane->options.data, all->keeper, &all->host, e)) return NULL;
    sandboxes_set_clock(plane);
    return all->host;
}

void sandboxes_set_clock(Plane *plane) {
    Sandboxes *all = plane->sandboxes;
    if (!all || !all->host || !plane->snapshot) return;
    const Clock *clock = &plane->snapshot->clock;
    double scale = clock->mode == CLOCK_HELD ? 0 : clock->mode == CLOCK_SCALED ? clock->scale : 1;
    sandbox_host_set_clock(all->host, clock->base_real_ms, clock->base_plane_ms, scale);
}

// ---- Handles ----

static void handle_free(Handle *handle) {
    for (Link *link; (link = list_take(&handle->waits));) {
        Wait *wait = LIST_ITEM(link, Wait, link);
        arena_free(wait->arena);
        free(wait);
    }
    jobs_done(handle);
    loop_poll_free(handle->poll);
    sandbox_close(handle->sandbox);
    free(handle);
}

static void end_wait(Handle *handle, Wait *wait, const Doc *data) {
    list_remove(&wait->link);
    effect_event(handle->plane, str_of(wait->effect_id), data, true);
    arena_free(wait->arena);
    free(wait);
}

static const char *const STATE_NAMES[] = {"STARTING", "RUNNING", "ENDED", "BROKEN", "LOST"};

static Doc *stopped_doc(Arena *arena, const SandboxStatus *status, WaitFor what) {
    Doc *data = doc_map(arena);
    doc_set_bool(arena, data, "ok", what == WAIT_STOPPED || what == WAIT_WATCH);
    doc_set_str(arena, data, "state", str_of(STATE_NAMES[status->state]));
    doc_set_bool(arena, data, "rebooted", status->machine_rebooted);
    doc_set_str(arena, data, "reason", str_copy(arena, str_of(status->reason)));
    return data;
}

static void on_ready(Handle *handle) {
    AUTO_ARENA arena = arena_new();
    handle->ready = true;
    LIST_EACH (&handle->waits, link) { // NOLINT(clang-analyzer-unix.Malloc): a wait that has ended is out of the ring
        Wait *wait = LIST_ITEM(link, Wait, link);
        if (wait->what == WAIT_READY) end_wait(handle, wait, effect_end_doc(arena, NULL));
    }
}

static void on_stopped(Handle *handle) {
    AUTO_ARENA arena = arena_new();
    SandboxStatus status;
    sandbox_status(handle->sandbox, &status);
    handle->stopped = true;
    handle->ready = false;
    jobs_look_again(handle);
    LIST_EACH (&handle->waits, link) {
        Wait *wait = LIST_ITEM(link, Wait, link);
        end_wait(handle, wait, stopped_doc(arena, &status, wait->what));
    }
}

static void on_port(Handle *handle, const SandboxEvent *event) {
    LIST_EACH (&handle->waits, link) {
        Wait *wait = LIST_ITEM(link, Wait, link);
        if (wait->what != WAIT_PORTS) continue;
        Doc *port = doc_map(wait->arena);
        doc_set_int(wait->arena, port, "port", event->port);
        doc_set_int(wait->arena, port, "hostPort", event->host_port);
        doc_set_str(wait->arena, port, "reason", str_copy(wait->arena, str_of(event->text)));
        doc_push(wait->ports, port);
        if (--wait->ports_left) return;
        Doc *data = effect_end_doc(wait->arena, NULL);
        doc_set(data, "ports", wait->ports);
        end_wait(handle, wait, data);
        return;
    }
}

static void on_notice(void *context, unsigned events) {
    Handle *handle = context;
    SandboxEvent event;
    while (sandbox_next(handle->sandbox, &event)) {
        switch (event.kind) {
        case SANDBOX_READY: on_ready(handle); break;
        case SANDBOX_STOPPED: on_stopped(handle); break;
        case SANDBOX_PORT: on_port(handle, &event); break;
        case SANDBOX_RESYNC: jobs_look_again(handle); break;
        default: jobs_notice(handle, &event);
        }
    }
}

static Handle *handle_new(Plane *plane, Str name, Sandbox *sandbox) {
    Handle *handle = calloc(1, sizeof *handle);
    if (!handle) abort();
    handle->plane = plane;
    handle->sandbox = sandbox;
    memcpy(handle->name, name.at, name.len < sizeof handle->name ? name.len : sizeof handle->name - 1);
    list_init(&handle->waits);
    list_init(&handle->jobs);
    handle->poll = loop_poll_new(plane->loop, sandbox_fd(sandbox), LOOP_READABLE, on_notice, handle);
    SandboxStatus status;
    sandbox_status(sandbox, &status);
    handle->ready = status.state == SANDBOX_RUNNING;
    handle->stopped = status.state >= SANDBOX_ENDED;
    map_put(plane->sandboxes->handles, name, handle);
    return handle;
}

Handle *handle_of(Plane *plane, Str name, Error *e) {
    Handle *handle = map_get(plane->sandboxes->handles, name);
    SandboxHost *host = handle ? NULL : plane_sandbox_host(plane, e);
    Sandbox *sandbox;
    if (handle || !host) return handle;
    return sandbox_open(host, name, &sandbox, e) ? handle_new(plane, name, sandbox) : NULL;
}

static Wait *add_wait(Handle *handle, WaitFor what, Str effect_id) {
    Wait *wait = calloc(1, sizeof *wait);
    if (!wait) abort();
    wait->what = what;
    wait->arena = arena_new();
    memcpy(wait->effect_id, effect_id.at, effect_id.len);
    list_add(&handle->waits, &wait->link);
    return wait;
}

// ---- Ends ----

Doc *effect_end_doc(Arena *arena, const Error *failed) {
    Doc *data = doc_map(arena);
    doc_set_bool(arena, data, "ok", failed == NULL);
    if (failed) doc_set_str(arena, data, "code", str_of(failed->code));
    if (failed) doc_set_str(arena, data, "reason", str_of(failed->message));
    return data;
}

void effect_end(Plane *plane, Str effect_id, const Error *failed) {
    AUTO_ARENA arena = arena_new();
    effect_event(plane, effect_id, effect_end_doc(arena, failed), true);
}

// ---- Create ----

static const Str *texts(Arena *arena, const Doc *list, size_t extra, size_t *count) {
    Str *out = arena_array(arena, Str, doc_count(list) + extra);
    *count = 0;
    for (const Doc *item = doc_first(list); item; item = item->next) out[(*count)++] = doc_str(item, STR(""));
    return out;
}

static void fill_binds(Arena *arena, const Doc *list, SandboxSpec *spec) {
    SandboxBind *binds = arena_array(arena, SandboxBind, doc_count(list) + PREPARED_MOST);
    for (const Doc *item = doc_first(list); item; item = item->next) {
        binds[spec->bind_count++] = (SandboxBind){program_path(arena, doc_text(item, "host")), doc_text(item, "inside")};
    }
    spec->binds = binds;
}

static void fill_files(Arena *arena, const Doc *list, SandboxSpec *spec) {
    SandboxFile *files = arena_array(arena, SandboxFile, doc_count(list) + PREPARED_MOST);
    for (const Doc *item = doc_first(list); item; item = item->next) {
        files[spec->file_count++] = (SandboxFile){
            .host = program_path(arena, doc_text(item, "host")),
            .inside = doc_text(item, "inside"),
            .mode = (unsigned)doc_number(item, "mode", 0644),
            .user = doc_str(doc_get(item, "user"), STR("")),
        };
    }
    spec->files = files;
}

// The limit of memory counts reserved address space too, of which a sanitizer takes terabytes: in such a build our own programs could not start in a sandbox.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static void fill_env(Arena *arena, const Doc *list, SandboxSpec *spec) {
    Str *env = (Str *)texts(arena, list, PREPARED_MOST + 1, &spec->env_count);
    if (SANITIZED) env[spec->env_count++] = STR("ASAN_OPTIONS=verify_asan_link_order=0"); // the library of plane time comes before its own
    spec->env = env;
}

static SandboxSpec spec_of(Arena *arena, const Plane *plane, const Doc *arguments) {
    const Doc *limits = doc_get(arguments, "limits");
    SandboxSpec spec = {
        .name = doc_text(arguments, "name"),
        .kind = str_is(doc_text(arguments, "kind"), "instance") ? SANDBOX_INSTANCE : SANDBOX_BUILD,
        .hostname = doc_text(arguments, "hostname"),
        .address = doc_str(doc_get(arguments, "address"), STR("")),
        .public_address = doc_str(doc_get(arguments, "publicAddress"), STR("")),
        .plane_time = true,
        .limits =
            {
                .memory_bytes = SANITIZED ? 0 : doc_number(limits, "memoryBytes", 0),
                .processes = doc_number(limits, "processes", 0),
                .file_bytes = doc_number(limits, "fileBytes", 0),
                .open_files = doc_number(limits, "openFiles", 0),
                .output_bytes = doc_number(limits, "outputBytes", 0),
            },
    };
    fill_binds(arena, doc_get(arguments, "binds"), &spec);
    fill_files(arena, doc_get(arguments, "files"), &spec);
    fill_env(arena, doc_get(arguments, "env"), &spec);
    prepared_add(arena, &plane->sandboxes->prepared, &spec);
    spec.hosts = texts(arena, doc_get(arguments, "hosts"), 0, &spec.host_count);
    return spec;
}

static void wait_until_ready(Handle *handle, Str effect_id) {
    Error e = {0};
    if (handle->ready) {
        effect_end(handle->plane, effect_id, NULL);
    } else if (handle->stopped) {
        SandboxStatus status;
        sandbox_status(handle->sandbox, &status);
        fail(&e, "sandbox", "%s", status.reason[0] ? status.reason : "the sandbox has ended");
        effect_end(handle->plane, effect_id, &e);
    } else {
        add_wait(handle, WAIT_READY, effect_id);
    }
}

static bool open_network(Plane *plane, SandboxHost *host, const SandboxSpec *spec, Error *e) {
    if (spec->kind != SANDBOX_INSTANCE || sandbox_host_has_network(host)) return true;
    return sandboxes_open_network(plane, host, e);
}

static Handle *create(Plane *plane, Arena *arena, const Effect *effect, Error *e) {
    SandboxSpec spec = spec_of(arena, plane, effect->arguments);
    Handle *handle = map_get(plane->sandboxes->handles, spec.name);
    SandboxHost *host = plane_sandbox_host(plane, e);
    Sandbox *sandbox;
    if (!host || !open_network(plane, host, &spec, e)) return NULL;
    if (handle) return handle;
    return sandbox_create(host, &spec, &sandbox, e) ? handle_new(plane, spec.name, sandbox) : NULL;
}

static void start_create(Plane *plane, const Effect *effect) {
    AUTO_ARENA arena = arena_new();
    Error e = {0};
    Handle *handle = create(plane, arena, effect, &e);
    if (handle) {
        wait_until_ready(handle, effect->id);
    } else {
        effect_end(plane, effect->id, &e);
    }
}

// ---- The others ----

// Calls `run` on the sandbox that the effect names; a failure ends the effect.
static void on_named(Plane *plane, const Effect *effect, bool (*run)(Handle *handle, const Effect *effect, Error *e)) {
    Error e = {0};
    Handle *handle = handle_of(plane, doc_text(effect->arguments, "name"), &e);
    if (!handle || !run(handle, effect, &e)) effect_end(plane, effect->id, &e);
}

static bool run_start(Handle *handle, const Effect *effect, Error *e) {
    SandboxHost *host = plane_sandbox_host(handle->plane, e);
    if (!sandbox_host_has_network(host)) TRY(sandboxes_open_network(handle->plane, host, e));
    TRY(sandbox_start(handle->sandbox, e));
    SandboxStatus status;
    sandbox_status(handle->sandbox, &status);
    handle->ready = status.state == SANDBOX_RUNNING;
    handle->stopped = status.state >= SANDBOX_ENDED;
    wait_until_ready(handle, effect->id);
    return true;
}

static bool run_stop(Handle *handle, const Effect *effect, Error *e) {
    if (handle->stopped) {
        effect_end(handle->plane, effect->id, NULL);
        return true;
    }
    TRY(sandbox_stop(handle->sandbox, doc_number(effect->arguments, "graceMs", 0), e));
    add_wait(handle, WAIT_STOPPED, effect->id);
    return true;
}

static bool run_watch(Handle *handle, const Effect *effect, Error *e) {
    add_wait(handle, WAIT_WATCH, effect->id);
    if (handle->stopped) on_stopped(handle);
    return true;
}

static bool run_ports(Handle *handle, const Effect *effect, Error *e) {
    const Doc *list = doc_get(effect->arguments, "ports");
    AUTO_ARENA arena = arena_new();
    uint16_t *ports = arena_array(arena, uint16_t, doc_count(list) + 1);
    size_t count = 0;
    for (const Doc *item = doc_first(list); item; item = item->next) ports[count++] = (uint16_t)doc_int(item, 0);
    TRY(sandbox_ports(handle->sandbox, ports, count, e));
    Wait *wait = add_wait(handle, WAIT_PORTS, effect->id);
    wait->ports = doc_list(wait->arena);
    wait->ports_left = count;
    if (count == 0) end_wait(handle, wait, effect_end_doc(arena, NULL));
    return true;
}

static void forget_handle(Plane *plane, Str name) {
    Handle *handle = map_remove(plane->sandboxes->handles, name);
    if (!handle) return;
    on_stopped(handle); // whoever waits for it hears that it is over
    handle_free(handle);
}

static void start_destroy(Plane *plane, const Effect *effect) {
    Error e = {0};
    Str name = doc_text(effect->arguments, "name");
    SandboxHost *host = plane_sandbox_host(plane, &e);
    forget_handle(plane, name);
    bool destroyed = host && sandbox_destroy(host, name, &e);
    if (!destroyed) log_warn("sandbox %.*s: %s", STR_ARG(name), e.message);
    if (destroyed) tidy_later(plane->sandboxes);
    effect_end(plane, effect->id, destroyed ? NULL : &e);
}

static void start_start(Plane *plane, const Effect *effect) { on_named(plane, effect, run_start); }
static void start_stop(Plane *plane, const Effect *effect) { on_named(plane, effect, run_stop); }
static void start_watch(Plane *plane, const Effect *effect) { on_named(plane, effect, run_watch); }
static void start_ports(Plane *plane, const Effect *effect) { on_named(plane, effect, run_ports); }

const EffectType SANDBOX_CREATE = {"sandbox.create", start_create, .holds_clock = true};
const EffectType SANDBOX_START = {"sandbox.start", start_start, .holds_clock = true};
const EffectType SANDBOX_STOP = {"sandbox.stop", start_stop, .holds_clock = true};
const EffectType SANDBOX_DESTROY = {"sandbox.destroy", start_destroy, .holds_clock = true};
const EffectType SANDBOX_PORTS = {"sandbox.ports", start_ports, .holds_clock = true};
const EffectType SANDBOX_WATCH = {"sandbox.watch", start_watch};

// ---- The network of instances ----

// The API and the metadata service listen inside it; the peer's private address names the instance (listeners "network" and "metadata").
bool sandboxes_open_network(Plane *plane, SandboxHost *host, Error *e) {
    int fd;
    if (!sandbox_network_open(host, e)) return error_is(e, "sandbox-refused"); // rung D: instances use the host's
    if (!sandbox_host_has_network(host)) return true;
    sandbox_block_keep(host, &plane->block);
    TRY(sandbox_network_listen(host, STR("10.0.0.1"), plane->port, &fd, e));
    TRY(http_listen_fd(plane->server, STR("api"), fd, e));
    TRY(sandbox_network_listen(host, STR("169.254.169.254"), 80, &fd, e));
    return http_listen_fd(plane->server, STR("metadata"), fd, e);
}

// ---- Closing ----

// The network of instances has a process of its own, which outlives the server only for those that do.
static void end_unused_network(const Plane *plane, SandboxHost *host) {
    AUTO_ARENA arena = arena_new();
    Vec names = vec_of(arena, Str);
    if (!host || !sandbox_list(host, arena, &names, NULL) || names.len) return;
    sandbox_network_stop(host);
    tree_remove(path_join(arena, plane->options.data, STR("network")), NULL);
}

void sandboxes_close(Plane *plane) {
    Sandboxes *all = plane->sandboxes;
    void *value;
    if (!all) return;
    end_unused_network(plane, all->host);
    for (size_t at = 0; map_next(all->handles, &at, NULL, &value);) handle_free(value);
    map_free(all->handles);
    loop_timer_free(all->tidy);
    sandbox_host_close(all->host);
    free(all);
    plane->sandboxes = NULL;
}

static Doc *units_doc(const Handle *handle, Arena *arena) {
    Vec units = vec_of(arena, SandboxUnit);
    Doc *list = doc_list(arena);
    sandbox_units(handle->sandbox, arena, &units);
    for (size_t i = 0; i < units.len; i++) {
        SandboxUnit unit = vec_get(&units, SandboxUnit, i);
        Doc *doc = doc_map(arena);
        doc_set_str(arena, doc, "name", unit.name);
        doc_set_str(arena, doc, "state", unit.state);
        doc_set_str(arena, doc, "subState", unit.sub_state);
        doc_push(list, doc);
    }
    return list;
}

Doc *sandboxes_doc(Plane *plane, Arena *arena) {
    Doc *all = doc_map(arena);
    Str name;
    void *value;
    for (size_t at = 0; map_next(plane->sandboxes->handles, &at, &name, &value);) doc_put(all, str_copy(arena, name), units_doc(value, arena));
    return all;
}

// Commands of the transaction that empties the plane: whatever is killed after it, the sandboxes end.
void sandboxes_reset(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Str *names;
    size_t count;
    if (!folder_list(arena, path_join(arena, turn_data_folder(turn), STR("sandboxes")), &names, &count, NULL)) return;
    for (size_t i = 0; i < count; i++) {
        Doc *arguments = doc_map(arena);
        if (names[i].at[0] == '.') continue;
        doc_set_str(arena, arguments, "name", names[i]);
        turn_effect(turn, "sandbox.destroy", arguments);
    }
}
