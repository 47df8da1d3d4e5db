// Buf: a buffer of bytes that grows, on the heap, with a maximum.
//
// What would pass the maximum is not written and sets `overflow`, which the owner checks once at the end; memory itself never runs
// out quietly (that aborts). The bytes are contiguous; buf_str gives a view that is valid until the next write.
#pragma once

#include "base/str.h"

typedef struct Buf {
    char *at;
    size_t len, room, max;
    bool overflow;
} Buf;

void buf_init(Buf *buf, size_t max_bytes);
void buf_done(Buf *buf); // accepts a zeroed Buf
void buf_clear(Buf *buf); // keeps the memory
char *buf_reserve(Buf *buf, size_t more); // room for `more` bytes behind the end, NULL past the maximum; then add to `len`
void buf_add(Buf *buf, Str bytes);
void buf_add_char(Buf *buf, char c);
void buf_addf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(Buf *buf, size_t count); // removes bytes from the front

static inline Str buf_str(const Buf *buf) { return (Str){buf->at ? buf->at : "", buf->len}; }
#define AUTO_BUF __attribute__((cleanup(buf_done))) Buf
