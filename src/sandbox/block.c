// Blocks of public addresses, 127.77.BLOCK.0/24. A claim is an abstract socket that nobody else on the machine can bind while a process has it: the server, and
// the holder of the instances' network, which outlives it. DATA/address-block remembers the number.
#include "os/files.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BLOCKS = 256 };

static int claim(int number) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "rehearse-127.77.%d", number); // a leading NUL: it is in no file system
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0) return fd;
    close(fd);
    return -1;
}

static int claim_of_holder(const char *data) {
    char folder[SANDBOX_PATH_BYTES];
    AUTO_BUF reply;
    int fd = -1;
    buf_init(&reply, SANDBOX_MESSAGE_BYTES);
    snprintf(folder, sizeof folder, "%s/network", data);
    return socket_ask(folder, "network.sock", STR("claim"), &reply, &fd, NULL) ? fd : -1;
}

void sandbox_block_claim(Str data_folder, int preferred, SandboxBlock *out) {
    char data[SANDBOX_PATH_BYTES / 2], path[SANDBOX_PATH_BYTES], text[32] = "";
    snprintf(data, sizeof data, "%.*s", STR_ARG(data_folder));
    snprintf(path, sizeof path, "%s/address-block", data);
    bool stored = file_read_small(path, text, sizeof text) && *text;
    int first = stored ? (int)strtol(text, NULL, 10) & (BLOCKS - 1) : preferred & (BLOCKS - 1);
    *out = (SandboxBlock){.number = first, .claim = stored ? claim_of_holder(data) : -1};
    for (int i = 0; i < BLOCKS && out->claim < 0; i++) {
        int number = (first + i) & (BLOCKS - 1);
        out->claim = claim(number);
        if (out->claim >= 0) out->number = number;
    }
    if (stored && out->number == first) return;
    snprintf(text, sizeof text, "%d\n", out->number);
    file_write_atomically(str_of(path), str_of(text), 0644, NULL); // without the file, a later start claims any free block
}

void sandbox_block_keep(SandboxHost *host, const SandboxBlock *block) {
    char folder[SANDBOX_PATH_BYTES];
    AUTO_BUF reply;
    buf_init(&reply, SANDBOX_MESSAGE_BYTES);
    snprintf(folder, sizeof folder, "%s/network", host->data);
    if (block->claim >= 0) socket_give(folder, "network.sock", STR("keep"), block->claim, &reply, NULL);
}
