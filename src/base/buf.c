#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST_BYTES = 256 };

void buf_init(Buf *buf, size_t max_bytes) { *buf = (Buf){.max = max_bytes}; }

void buf_done(Buf *buf) {
    free(buf->at);
    *buf = (Buf){.max = buf->max};
}

void buf_clear(Buf *buf) {
    buf->len = 0;
    buf->overflow = false;
}

char *buf_reserve(Buf *buf, size_t more) {
    if (more > buf->max || buf->len > buf->max - more) {
        buf->overflow = true;
        return NULL;
    }
    size_t need = buf->len + more;
    if (need > buf->room) {
        size_t room = buf->room ? buf->room : SMALLEST_BYTES;
        while (room < need) room *= 2;
        char *at = realloc(buf->at, room);
        if (!at) abort();
        buf->at = at;
        buf->room = room;
    }
    return buf->at + buf->len;
}

void buf_add(Buf *buf, Str bytes) {
    char *to = bytes.len ? buf_reserve(buf, bytes.len) : NULL;
    if (!to) return;
    memcpy(to, bytes.at, bytes.len);
    buf->len += bytes.len;
}

void buf_add_char(Buf *buf, char c) { buf_add(buf, (Str){&c, 1}); }

void buf_addf(Buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) abort();
    char *to = buf_reserve(buf, (size_t)len + 1);
    if (!to) return;
    va_start(args, format);
    vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

void buf_drop(Buf *buf, size_t count) {
    if (count > buf->len) count = buf->len;
    if (count) memmove(buf->at, buf->at + count, buf->len - count);
    buf->len -= count;
}
