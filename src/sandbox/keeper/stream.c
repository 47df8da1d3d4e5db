#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CHUNK_BYTES = 32768 };

static Stream *streams;

int stream_open(Stream *stream, const char *path, bool stamps, int64_t most) {
    int ends[2], file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return -1;
    if (pipe2(ends, O_CLOEXEC)) return close(file), -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream->pipe = ends[0];
    stream->file = file;
    stream->size = lseek(file, 0, SEEK_END);
    stream->most = most;
    stream->stamps = stamps;
    stream->next = streams;
    streams = stream;
    return ends[1];
}

static void append(Stream *stream, const char *bytes, size_t count) {
    char head[48];
    int length = stream->stamps ? snprintf(head, sizeof head, "%lld %zu\n", (long long)now_ms(), count) : 0;
    struct iovec parts[2] = {{head, (size_t)length}, {(void *)(uintptr_t)bytes, count}};
    ssize_t written = writev(stream->file, parts, 2);
    if (written == (ssize_t)count + length) {
        stream->size += written;
        if (stream->grown) stream->grown(stream, stream->owner);
    } else if (written > 0)
        ftruncate(stream->file, stream->size); // a full disk must not leave half a chunk
}

void stream_note(Stream *stream, const char *text) {
    if (stream->file >= 0) append(stream, text, strlen(text));
}

void stream_note_late(Stream *stream, const char *path, const char *text) {
    if (stream->file < 0 && (stream->file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)) < 0) return;
    stream_note(stream, text);
    if (stream->pipe >= 0) return;
    close(stream->file);
    stream->file = -1;
}

// False at the end of the pipe, or when nothing is there now.
static bool carry(Stream *stream) {
    char bytes[CHUNK_BYTES];
    ssize_t got = read(stream->pipe, bytes, sizeof bytes);
    if (got < 0) return errno == EINTR;
    if (got == 0) {
        stream_close(stream);
        return false;
    }
    if (stream->rolls && stream->size + got > stream->most && ftruncate(stream->file, 0) == 0) stream->size = 0;
    if (stream->most && stream->size + got > stream->most) {
        if (!stream->cut) stream_note(stream, "\n[rehearse: the limit of kept output is reached, the rest is dropped]\n");
        stream->cut = true;
    } else if (!stream->cut)
        append(stream, bytes, (size_t)got);
    return true;
}

void stream_drain(Stream *stream) {
    for (int i = 0; i < 64 && stream->pipe >= 0 && carry(stream);) i++; // a bound, as the writer may never stop
}

void stream_close(Stream *stream) {
    for (Stream **at = &streams; *at; at = &(*at)->next)
        if (*at == stream) {
            *at = stream->next;
            break;
        }
    if (stream->pipe >= 0) close(stream->pipe);
    if (stream->file >= 0) close(stream->file);
    stream->pipe = stream->file = -1;
}

bool stream_is_open(const Stream *stream) {
    for (const Stream *open = streams; open; open = open->next)
        if (open == stream) return true;
    return false;
}

size_t streams_poll(struct pollfd *out, size_t room) {
    size_t count = 0;
    for (Stream *stream = streams; stream && count < room; stream = stream->next)
        out[count++] = (struct pollfd){.fd = stream->pipe, .events = POLLIN};
    return count;
}

void streams_serve(const struct pollfd *polled, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!polled[i].revents) continue;
        for (Stream *stream = streams; stream; stream = stream->next)
            if (stream->pipe == polled[i].fd) {
                carry(stream);
                break;
            }
    }
}
