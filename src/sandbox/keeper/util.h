// What every part of the keeper needs: times, small files, descriptors, and the one way to report a refused step.
//
// A step that fails is reported as "STEP ERRNO DETAIL" (refusals.c on the server's side turns it into cause and remedy). The keeper is
// static and tiny (some 60 kB resident): no allocation beyond what a sandbox really has, no libraries.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MESSAGE_BYTES = 1024, PATH_BYTES = 4096 };

int64_t now_ms(void); // wall clock
int64_t uptime_ms(void); // for deadlines
void boot_id(char out[37]);

// Remembers why a step failed (errno is read) and returns false.
bool step_failed(const char *step, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *step_report(void); // "STEP ERRNO DETAIL"
void step_repeat(const char *other); // what another process reported

bool write_all(int fd, const void *bytes, size_t size);
bool write_text(const char *path, const char *text, mode_t mode); // creates or replaces in place
bool replace_text(const char *path, const char *text, bool durable); // tmp, fsync where durable, rename: whole or not at all
ssize_t read_text(const char *path, char *out, size_t room); // terminated; -1 when it cannot be read
bool make_folders(char *path, mode_t mode); // mkdir -p; `path` is changed while it runs, and restored
bool make_folder(const char *path, mode_t mode, uid_t owner); // one; existing is fine; then owned by `owner`

bool file_is_deleted(int fd); // its last name is gone
bool lock_wait(int fd, int how); // flock, waited for through signals
bool path_is_in(const char *path, const char *folder); // the folder itself, or below it; nothing is in ""

int unix_socket_listen(const char *path); // SEQPACKET, non-blocking, mode 0600; an old one is replaced
int unix_socket_connect(const char *folder, const char *name); // however long the folder's path is; blocking
// One message with at most one descriptor (-1: none). Never blocks.
bool message_send(int socket, int fd, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Bytes received, 0: the other side is gone, -1: nothing there. The text is terminated. `fd` may be NULL.
ssize_t message_receive(int socket, char *out, size_t room, int *fd);

// Double fork, own session, standard streams at /dev/null and `log`; returns in the daemon with a descriptor to call daemon_ready on. The
// first process waits for that, then exits with its status.
int daemonize(const char *log);
void daemon_ready(int fd, int status);

// The rest of a message behind its first word: "start x" with "start" gives "x"; NULL when it is another word.
const char *after_word(const char *text, const char *word);
// The next word, cut at the room; `*rest` moves behind it. False when there is none.
bool take_word(const char **rest, char *out, size_t room);
bool take_number(const char **rest, int64_t *out); // false when the next word is no decimal number
int64_t number_at(const char *text); // the decimal number that stands at the front, 0 when none does
