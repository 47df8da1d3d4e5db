// Sockets: small questions about addresses and ports that libuv leaves open.
#pragma once

#include "base/error.h"

#include <sys/types.h>

// A TCP socket, bound and listening, close-on-exec and non-blocking. Port 0 takes a free one. Code "address-in-use" when taken.
bool socket_listen(const char *address, uint16_t port, int *fd, uint16_t *bound, Error *e);
// Who listens on a TCP port of this machine: false when nobody does or /proc does not tell us. `name` gets the command's name.
bool socket_listener_of(uint16_t port, pid_t *pid, char *name, size_t name_bytes);
