// Bytes to the socket: at once when it takes them, else queued in libuv until it does.
#include "http/internal.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum { PIECES_MAX = 4 };

typedef struct Write {
    uv_write_t request; // first
    char copy[];
} Write;

static void on_written(uv_write_t *request, int status) {
    Connection *connection = request->data;
    free(request);
    connection->writes--;
    if (status < 0) connection_client_gone(connection, true);
    reply_progress(connection);
    connection_release(connection);
}

// Takes `done` bytes off the front; returns how many pieces are left.
static unsigned skip(uv_buf_t *pieces, unsigned count, size_t done) {
    unsigned left = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t gone = done < pieces[i].len ? done : pieces[i].len;
        done -= gone;
        if (gone < pieces[i].len) pieces[left++] = uv_buf_init(pieces[i].base + gone, (unsigned)(pieces[i].len - gone));
    }
    return left;
}

static size_t total(const uv_buf_t *pieces, unsigned count) {
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) len += pieces[i].len;
    return len;
}

static void queue(Connection *connection, uv_buf_t *pieces, unsigned count, bool lasting) {
    Write *write = malloc(sizeof *write + (lasting ? 0 : total(pieces, count)));
    if (!write) abort();
    write->request.data = connection;
    if (!lasting) {
        size_t len = 0;
        for (unsigned i = 0; i < count; i++) {
            memcpy(write->copy + len, pieces[i].base, pieces[i].len);
            len += pieces[i].len;
        }
        pieces[0] = uv_buf_init(write->copy, (unsigned)len);
        count = 1;
    }
    connection->writes++;
    connection_hold(connection);
    int status = uv_write(&write->request, (uv_stream_t *)&connection->tcp, pieces, count, on_written);
    if (status == 0) return;
    connection->writes--;
    connection->broken = true;
    free(write);
    connection_release(connection);
}

void outgoing_raw(Connection *connection, const uv_buf_t *pieces, unsigned count, bool lasting) {
    assert(count <= PIECES_MAX);
    if (connection->broken || connection->state == CONN_CLOSED) return;
    uv_buf_t rest[PIECES_MAX];
    memcpy(rest, pieces, count * sizeof *rest);
    int sent = connection->writes ? 0 : uv_try_write((uv_stream_t *)&connection->tcp, rest, count);
    // A failure shows up again in the queued write, and is told from the loop as all failures are.
    unsigned left = skip(rest, count, sent > 0 ? (size_t)sent : 0);
    if (left) queue(connection, rest, left, lasting);
}

void outgoing_send(Connection *connection, const uv_buf_t *pieces, unsigned count, bool lasting) {
    if (connection->tls)
        tls_send(connection, pieces, count);
    else
        outgoing_raw(connection, pieces, count, lasting);
}

size_t outgoing_waiting_bytes(const Connection *connection) { return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp); }

size_t outgoing_untaken_bytes(const Connection *connection) {
    uv_os_fd_t fd;
    int in_kernel = 0;
    if (uv_fileno((const uv_handle_t *)&connection->tcp, &fd) == 0) ioctl(fd, SIOCOUTQ, &in_kernel);
    return outgoing_waiting_bytes(connection) + (size_t)in_kernel;
}
