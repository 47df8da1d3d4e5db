// The loop's side of the plane: opening and closing, the way to the turn thread and back, the snapshot.
//
// Once an iteration: after sockets have been read, the turn thread is woken for all that came, and the reads of the iteration are answered from one
// transaction that began after the last request had been parsed: so a client always reads what it was told is written.
#include "plane/internal.h"

#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/poison.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { USUAL_PORT = 4566 }; // its plane prefers the addresses 127.77.0.N

static void take_parcels(void *context) {
    Plane *plane = context;
    handover_unpack(plane, queue_take_all(&plane->parcels));
}

static void end_iteration(void *context) {
    Plane *plane = context;
    if (plane->pushed) queue_wake(&plane->turns->incoming);
    plane->pushed = false;
    dispatch_reads(plane);
}

void plane_push(Plane *plane, Work *work) {
    turns_push(plane->turns, work);
    plane->pushed = true;
}

void plane_take_back(Plane *plane, QueueItem *parcel) {
    queue_push(&plane->parcels, parcel);
    loop_wake(plane->wake);
}

static void snapshot_free(Snapshot *snapshot) {
    if (!snapshot) return;
    identity_snapshot_release(snapshot->identity);
    free(snapshot);
}

void plane_set_snapshot(Plane *plane, Snapshot *snapshot) {
    snapshot_free(plane->snapshot);
    plane->snapshot = snapshot;
    sandboxes_set_clock(plane);
}

const IdentitySnapshot *plane_identity(const Plane *plane) { return plane->snapshot ? plane->snapshot->identity : NULL; }
const PlaneOptions *plane_options(const Plane *plane) { return &plane->options; }
uint16_t plane_port(const Plane *plane) { return plane->port; }
Loop *plane_loop(Plane *plane) { return plane->loop; }
HttpServer *plane_http(Plane *plane) { return plane->server; }
int64_t plane_now(const Plane *plane) { return plane->snapshot ? clock_now(&plane->snapshot->clock, real_now_ms()) : real_now_ms(); }
size_t plane_open_requests(const Plane *plane) { return atomic_load(&plane->open_requests); }
int64_t plane_last_request_ms(const Plane *plane) { return atomic_load(&plane->last_request_ms); }

AuthenticationRules plane_rules(const Plane *plane) {
    return (AuthenticationRules){
        .default_account = plane->options.account,
        .strict = plane->options.strict,
        .wall_ms = real_now_ms(),
        .plane_ms = plane_now(plane),
    };
}

static bool is_gone(Str holder) {
    int64_t pid = 0;
    return str_to_int(holder, &pid) && pid > 1 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

// What a server was starting when it died holds its lock until it has become another program: a moment, on a busy machine a longer one.
static bool take_lock(Arena *arena, int fd, Str *holder) {
    enum { PATIENCE_MS = 5000, LOOK_EACH_MS = 10 };
    const struct timespec pause = {0, LOOK_EACH_MS * 1000000};
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += LOOK_EACH_MS) {
        char text[32];
        ssize_t len = pread(fd, text, sizeof text, 0);
        *holder = str_copy(arena, str_trim((Str){text, len > 0 ? (size_t)len : 0}));
        if (!is_gone(*holder) || waited >= PATIENCE_MS) return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool lock_folder(Plane *plane, Error *e) {
    AUTO_ARENA arena = arena_new();
    Str path = path_join(arena, plane->options.data, STR("lock")), holder = STR("");
    TRY(file_open(path, O_RDWR | O_CREAT, 0600, &plane->lock_fd, e));
    if (!take_lock(arena, plane->lock_fd, &holder))
        return fail(e, "data-in-use", "%.*s is in use by process %.*s. Stop it (rehearse down), or choose another folder: rehearse up --data FOLDER",
                    STR_ARG(plane->options.data), STR_ARG(holder));
    Str pid = str_format(arena, "%d\n", (int)getpid());
    if (ftruncate(plane->lock_fd, 0) < 0 || pwrite(plane->lock_fd, pid.at, pid.len, 0) < 0) return fail_errno(e, errno, "%.*s", STR_ARG(path));
    return true;
}

static bool make_folders(const Plane *plane, Error *e) {
    static const char *const FOLDERS[] = {"", "spool", "blobs", "tls"};
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        TRY(folder_make(path_join(arena, plane->options.data, str_of(FOLDERS[i])), 0700, e));
    }
    // It often lies in a work tree of git, and belongs in nobody's commit.
    Str ignore = path_join(arena, plane->options.data, STR(".gitignore"));
    return file_exists(ignore) || file_write(ignore, STR("*\n"), 0600, e);
}

static bool open_reader(Plane *plane, Error *e) {
    size_t count;
    const StoreTable *const *tables = registry_tables(&count);
    return store_open(plane->options.data, STORE_READER, tables, count, &plane->reader, e);
}

static bool open_http(Plane *plane, Error *e) {
    AUTO_ARENA arena = arena_new();
    TRY(certificates_open(path_join(arena, plane->options.data, STR("tls")), &plane->certificates, e));
    HttpOwner owner = dispatch_owner(plane);
    plane->server = http_server_new(plane->loop, &owner, &(HttpServerOptions){.certificates = plane->certificates});
    return http_listen(plane->server, STR("api"), str_c(arena, plane->options.host), plane->options.port, &plane->port, e);
}

static void keep_options(Plane *plane, const PlaneOptions *options) {
    plane->arena = arena_new();
    plane->options = *options;
    plane->options.host = str_copy(plane->arena, options->host);
    plane->options.data = str_copy(plane->arena, options->data);
    plane->options.account = str_copy(plane->arena, options->account);
    plane->options.region = str_copy(plane->arena, options->region);
    plane->options.version = str_copy(plane->arena, options->version);
}

static bool open_parts(Plane *plane, Error *e) {
    TRY(make_folders(plane, e));
    TRY(lock_folder(plane, e));
    poison_watch(plane->options.data);
    TRY(turns_open(plane, &plane->turns, e)); // makes the tables that the reader needs
    TRY(open_reader(plane, e));
    TRY(open_http(plane, e));
    sandbox_block_claim(plane->options.data, plane->port - USUAL_PORT, &plane->block);
    TRY(sandboxes_open(plane, e));
    TRY(turns_run(plane->turns, e));
    take_parcels(plane); // the first snapshot
    return true;
}

bool plane_open(Loop *loop, const PlaneOptions *options, Plane **out, Error *e) {
    registry_open();
    Plane *plane = calloc(1, sizeof *plane);
    if (!plane) abort();
    list_init(&plane->laters);
    list_init(&plane->streams);
    plane->loop = loop;
    plane->lock_fd = plane->block.claim = -1;
    plane->started_ms = real_now_ms();
    keep_options(plane, options);
    id_source_seed_random(&plane->ids);
    plane->reads = vec_of(plane->arena, ApiWork *);
    plane->wake = loop_wake_new(loop, take_parcels, plane);
    plane->after_poll = loop_hook_new(loop, LOOP_AFTER_POLL, end_iteration, plane);
    if (!open_parts(plane, e)) {
        plane_close(plane);
        return false;
    }
    *out = plane;
    return true;
}

void plane_close(Plane *plane) {
    if (!plane) return;
    loop_finish_work(plane->loop); // effects at work on the pool tell their end to the turn thread
    turns_stop(plane->turns);
    plane->closing = true;
    handover_unpack(plane, queue_take_all(&plane->parcels));
    laters_close(plane);
    http_server_free(plane->server);
    sandboxes_close(plane);
    turns_close(plane->turns);
    certificates_close(plane->certificates);
    store_close(plane->reader);
    loop_hook_free(plane->after_poll);
    loop_wake_free(plane->wake);
    snapshot_free(plane->snapshot);
    unsupported_done(plane);
    fd_close(plane->lock_fd);
    fd_close(plane->block.claim);
    arena_free(plane->arena);
    free(plane);
}
