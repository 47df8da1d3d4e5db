// Confinement of rehearse-helper: what a parser that a hostile archive has taken over could still do.
//
// Afterwards the process cannot open sockets, start programs or other processes, trace, mount, or gain rights; it may use LIMIT_HELPER_MEMORY_BYTES,
// write files of at most `file_bytes`, and where the kernel knows Landlock (5.13) write only below the folders named.
#pragma once

#include "base/error.h"

typedef struct Confinement {
    int64_t file_bytes, cpu_seconds;
    const char *writable[2]; // folders; NULL: none
} Confinement;

bool confine(const Confinement *confinement, Error *e);
