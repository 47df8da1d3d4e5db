// Spool: a large body on its way into a file. One block is filled from the socket while the other is filtered and written on a thread of the pool; when both
// are full the connection is not read. The file is synced before the request is delivered.
//
//     filling ── block full, writer idle ──► writing ── done ──► (the next one, if full meanwhile) … ── body at its end ──► last write + fsync ──► on_request
#include "http/internal.h"
#include "os/files.h"

#include "base/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPOOL_MODE = 0600, NAME_HEX_DIGITS = 32, BLOCKS_KEPT = 4 };

struct Spool {
    LoopWork work;
    Exchange *exchange;
    Str path; // in the request's arena
    int fd; // -1 until the first write
    int error; // errno of what failed
    char *writing;
    size_t writing_len;
    int64_t written, started; // bytes; started: handed to the disk already
    bool last; // the write under way is the last one
    bool busy, full, ending, abandoned, bad, created, synced;
};

// Blocks are large: a few are kept between bodies.
static char *kept_blocks[BLOCKS_KEPT];
static size_t kept_count;

char *block_take(void) {
    char *block = kept_count ? kept_blocks[--kept_count] : malloc(BLOCK_BYTES);
    if (!block) abort();
    return block;
}

void block_give(char *block) {
    if (block && kept_count < BLOCKS_KEPT)
        kept_blocks[kept_count++] = block;
    else
        free(block);
}

// On the pool

static bool open_file(Spool *spool) {
    if (spool->fd >= 0) return true;
    spool->created = file_open(spool->path, O_WRONLY | O_CREAT | O_EXCL, SPOOL_MODE, &spool->fd, NULL);
    if (!spool->created) spool->error = errno ? errno : EIO;
    return spool->created;
}

static bool write_block(Spool *spool, const char *at, size_t len) {
    while (len) {
        ssize_t put = write(spool->fd, at, len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            spool->error = errno;
            return false;
        }
        at += put;
        len -= (size_t)put;
        spool->written += put;
    }
    return true;
}

// Begins to write back early, so that the last sync has little left to do.
static void start_writeback(Spool *spool) {
    enum { STEP_BYTES = 8 * 1024 * 1024 };
    if (spool->written - spool->started < STEP_BYTES) return;
    sync_file_range(spool->fd, spool->started, spool->written - spool->started, SYNC_FILE_RANGE_WRITE);
    spool->started = spool->written;
}

static void write_on_pool(void *context) {
    Spool *spool = context;
    const HttpIntake *how = &spool->exchange->intake.how;
    size_t len = spool->writing_len;
    if (len && how->filter && !how->filter(how->filter_context, spool->writing, &len)) spool->bad = true;
    if (spool->bad || !open_file(spool) || !write_block(spool, spool->writing, len)) return;
    if (!spool->last)
        start_writeback(spool);
    else if (fsync(spool->fd) == 0)
        spool->synced = true;
    else
        spool->error = errno;
}

// On the loop

static void written(void *context);

static void start_write(Exchange *exchange) {
    Intake *intake = &exchange->intake;
    Spool *spool = intake->spool;
    spool->busy = true;
    spool->full = false;
    spool->last = spool->ending;
    spool->writing = intake->at;
    spool->writing_len = intake->len;
    intake->at = block_take();
    intake->room = BLOCK_BYTES;
    intake->len = 0;
    spool->work = (LoopWork){.run = write_on_pool, .done = written, .context = spool};
    loop_work(exchange->connection->server->loop, &spool->work);
}

static void close_file(Spool *spool) {
    fd_close(spool->fd);
    spool->fd = -1;
}

static void deliver(Exchange *exchange) {
    Spool *spool = exchange->intake.spool;
    close_file(spool);
    if (!spool->bad)
        exchange->public.request.body = (Body){.path = spool->path, .size = spool->written};
    else
        exchange->connection->keep_alive = false;
    exchange_deliver(exchange);
}

static void refuse_for_disk(Exchange *exchange, int error) {
    bool full = error == ENOSPC || error == EDQUOT;
    refuse(exchange->connection, full ? 507 : 500, full ? "the disk is full" : "the body could not be stored");
}

static void go_on(Exchange *exchange) {
    Intake *intake = &exchange->intake;
    Spool *spool = intake->spool;
    Connection *connection = exchange->connection;
    if (spool->abandoned)
        exchange_client_gone(exchange);
    else if (spool->error)
        refuse_for_disk(exchange, spool->error);
    else if (spool->bad || spool->synced)
        deliver(exchange);
    else if (spool->ending || spool->full)
        start_write(exchange);
    if (connection->state != CONN_BODY || connection->exchange != exchange || spool->full) return;
    intake->paused = false;
    connection_advance(connection);
}

static void written(void *context) {
    Spool *spool = context;
    Exchange *exchange = spool->exchange;
    Connection *connection = exchange->connection;
    spool->busy = false;
    block_give(spool->writing);
    spool->writing = NULL;
    exchange->intake.bad = spool->bad;
    connection_hold(connection);
    go_on(exchange);
    connection_release(connection);
}

bool spool_begin(Exchange *exchange) {
    Intake *intake = &exchange->intake;
    Arena *arena = exchange->public.request.arena;
    Spool *spool = arena_new_of(arena, Spool);
    unsigned char name[NAME_HEX_DIGITS / 2];
    random_bytes(name, sizeof name);
    Str hex = str_hex(arena, (Str){(const char *)name, sizeof name});
    *spool = (Spool){.exchange = exchange, .fd = -1, .path = path_join(arena, intake->how.folder, hex)};
    char *block = block_take();
    if (intake->len) memcpy(block, intake->at, intake->len);
    free(intake->at); // what was collected before it turned out to be large
    intake->at = block;
    intake->room = BLOCK_BYTES;
    intake->spool = spool;
    intake->way = INTAKE_SPOOL;
    return true;
}

void spool_block_full(Exchange *exchange) {
    Spool *spool = exchange->intake.spool;
    if (!spool->busy) {
        start_write(exchange);
        return;
    }
    spool->full = true;
    exchange->intake.paused = true;
}

void spool_end(Exchange *exchange) {
    Spool *spool = exchange->intake.spool;
    spool->ending = true;
    if (!spool->busy) start_write(exchange);
}

bool spool_is_busy(const Exchange *exchange) { return exchange->intake.spool && exchange->intake.spool->busy; }

void spool_abandon(Exchange *exchange) { exchange->intake.spool->abandoned = true; }

// Removing a large file takes the file system a while: off the loop. The owner has renamed it if it was wanted.
typedef struct Removal {
    LoopWork work;
    size_t len;
    char path[];
} Removal;

static void remove_on_pool(void *context) {
    const Removal *removal = context;
    file_remove((Str){removal->path, removal->len}, NULL);
}

static void removal_done(void *context) { free(context); }

static void remove_later(Loop *loop, Str path) {
    Removal *removal = malloc(sizeof *removal + path.len);
    if (!removal) abort();
    removal->work = (LoopWork){.run = remove_on_pool, .done = removal_done, .context = removal};
    removal->len = path.len;
    memcpy(removal->path, path.at, path.len);
    loop_work(loop, &removal->work);
}

void spool_done(Exchange *exchange) {
    Spool *spool = exchange->intake.spool;
    if (!spool) return;
    block_give(exchange->intake.at);
    close_file(spool);
    if (spool->created) remove_later(exchange->connection->server->loop, spool->path);
}
