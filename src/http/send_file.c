// A reply's body out of a file: a block is read on a thread of the pool, written to the socket, and only then the next one is read.
#include "http/internal.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct SendFile {
    LoopWork work;
    Exchange *exchange;
    int fd;
    int64_t offset, left;
    char *block;
    size_t wanted;
    ssize_t got;
    bool busy;
};

bool send_file_open(Exchange *exchange, const Body *body) {
    int fd = -1;
    struct stat about;
    if (!file_open(body->path, O_RDONLY, 0, &fd, NULL)) return false;
    if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode) || body->offset < 0 || about.st_size - body->offset < body->size) {
        fd_close(fd);
        return false;
    }
    SendFile *file = arena_new_of(exchange->public.request.arena, SendFile);
    *file = (SendFile){.exchange = exchange, .fd = fd, .offset = body->offset, .left = body->size};
    posix_fadvise(fd, body->offset, body->size, POSIX_FADV_SEQUENTIAL);
    exchange->file = file;
    return true;
}

static void read_on_pool(void *context) {
    SendFile *file = context;
    do file->got = pread(file->fd, file->block, file->wanted, file->offset);
    while (file->got < 0 && errno == EINTR);
}

// Ends the use of the file; the exchange goes on to its end.
static void over(Exchange *exchange) {
    send_file_done(exchange);
    exchange->file = NULL;
    reply_progress(exchange->connection);
}

static void block_read(void *context) {
    SendFile *file = context;
    Exchange *exchange = file->exchange;
    Connection *connection = exchange->connection;
    file->busy = false;
    connection_hold(connection);
    if (file->got <= 0) connection_client_gone(connection, true); // cut short under our hands: only an end shows the client that it is not whole
    if (!connection->broken) {
        file->offset += file->got;
        file->left -= file->got;
        outgoing_send(connection, &(uv_buf_t){file->block, (size_t)file->got}, 1, true);
    }
    send_file_go_on(exchange);
    connection_release(connection);
}

void send_file_go_on(Exchange *exchange) {
    SendFile *file = exchange->file;
    Connection *connection = exchange->connection;
    if (file->busy || connection->writes) return;
    if (file->left == 0 || connection->broken) {
        over(exchange);
        return;
    }
    if (!file->block) file->block = block_take();
    file->wanted = file->left < BLOCK_BYTES ? (size_t)file->left : BLOCK_BYTES;
    file->busy = true;
    file->work = (LoopWork){.run = read_on_pool, .done = block_read, .context = file};
    loop_work(connection->server->loop, &file->work);
}

void send_file_done(Exchange *exchange) {
    SendFile *file = exchange->file;
    if (!file) return;
    block_give(file->block);
    file->block = NULL;
    fd_close(file->fd);
    file->fd = -1;
}
