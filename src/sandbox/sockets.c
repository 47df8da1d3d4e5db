#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ASK_MS = 5000 };

int socket_to(const char *folder, const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", at, name);
    bool good = at >= 0 && fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    int error = errno;
    if (at >= 0) close(at);
    if (!good && fd >= 0) close(fd);
    errno = error;
    return good ? fd : -1;
}

bool socket_send(int socket, Str message) { return send(socket, message.at, message.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)message.len; }

static ssize_t receive(int socket, char *text, size_t room, int *fd) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {text, room};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(sizeof(int))) return got;
    int received;
    memcpy(&received, CMSG_DATA(head), sizeof received);
    if (fd)
        *fd = received;
    else
        close(received);
    return got;
}

static bool send_with(int socket, Str message, int fd) { // -1: without a descriptor
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {(char *)(uintptr_t)message.at, message.len};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (fd < 0) return socket_send(socket, message);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&head);
    *rights = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    return sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)message.len;
}

static bool ask(const char *folder, const char *name, Str request, int given, Buf *reply, int *fd, Error *e) {
    char text[SANDBOX_MESSAGE_BYTES];
    int socket = socket_to(folder, name);
    if (socket < 0) return fail_errno(e, errno, "%s/%s", folder, name);
    struct pollfd polled = {.fd = socket, .events = POLLIN};
    ssize_t got = -1;
    if (send_with(socket, request, given) && poll(&polled, 1, ASK_MS) == 1) got = receive(socket, text, sizeof text, fd);
    close(socket);
    if (got <= 0) return fail(e, "sandbox", "%s/%s does not answer", folder, name);
    buf_add(reply, (Str){text, (size_t)got});
    return true;
}

bool socket_ask(const char *folder, const char *name, Str request, Buf *reply, int *fd, Error *e) {
    return ask(folder, name, request, -1, reply, fd, e);
}

bool socket_give(const char *folder, const char *name, Str request, int fd, Buf *reply, Error *e) {
    return ask(folder, name, request, fd, reply, NULL, e);
}
