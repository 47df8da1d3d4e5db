// Files: whole files, atomic writes, folders and trees. Everything blocks: not for large things on the loop's thread (see loop_work).
//
// Paths are Str without NUL inside, shorter than PATH_MAX. Errors: code "system" with the path and the system's words; too large is "too-large".
#pragma once

#include "base/error.h"

#include <sys/types.h>

void fd_close(int fd); // accepts -1; errno stays
static inline void fd_cleanup(const int *fd) { fd_close(*fd); }
void fd_allow(size_t count); // so many open at the same time, as far as the system lets us
#define AUTO_FD __attribute__((cleanup(fd_cleanup))) int

// Opens (makes) the file and waits until nobody else has it locked; closing it gives the lock back. Code "interrupted" when a signal comes meanwhile.
bool file_lock(Str path, int *fd, Error *e);
bool file_open(Str path, int flags, mode_t mode, int *fd, Error *e); // O_CLOEXEC is added
bool file_read(Arena *arena, Str path, size_t limit_bytes, Str *out, Error *e); // the text has a NUL behind it
bool file_read_fd(Arena *arena, int fd, size_t limit_bytes, Str *out, Error *e); // from where it stands to its end
bool file_write_fd(int fd, Str bytes, Error *e); // all of it

// The file is either what it was or the new bytes, also after a power cut: a new file beside it, fsync, rename, fsync of the folder.
bool file_write_atomically(Str path, Str bytes, mode_t mode, Error *e);
bool file_write(Str path, Str bytes, mode_t mode, Error *e); // simply: truncates, not synced

bool file_exists(Str path); // of any kind; a dangling link too
bool file_size(Str path, int64_t *out, Error *e);
bool file_remove(Str path, Error *e); // absent is well
bool file_rename(Str from, Str to, Error *e);
// Copies bytes and mode of a regular file: shares blocks where the file system can, else copies within the kernel. `to` is replaced.
bool file_copy(Str from, Str to, Error *e);
bool file_link_or_copy(Str from, Str to, Error *e); // hard link; a copy across file systems

bool folder_make(Str path, mode_t mode, Error *e); // with its parents; there already is well
bool folder_sync(Str path, Error *e); // makes names in it durable
bool folder_exists(Str path);
// Names in a folder without "." and "..", sorted.
bool folder_list(Arena *arena, Str path, Str **names, size_t *count, Error *e);
// Removes a file or a folder with all that is in it, without following links or leaving the file system; absent is well.
bool tree_remove(Str path, Error *e);
bool tree_bytes(Str path, int64_t *out, Error *e); // what it takes on the disk, without following links or leaving the file system

Str path_join(Arena *arena, Str folder, Str name); // one '/' between; NUL behind
Str path_parent(Str path); // "." when there is no '/'
Str path_name(Str path); // behind the last '/'
