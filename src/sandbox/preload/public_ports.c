// Public addresses in builds, where the host allows no ports below 1024: port 80 of an instance is then 8080 of its public address (keeper.c), and programs that
// connect to 127.77.x.x on a low port find it there. So a test that takes the address from DescribeInstances needs to know nothing of it.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PUBLIC = 127 << 8 | 77, HIGH_PORTS = 8000, FIRST_FREE_PORT = 1024 };

static bool ports_are_high;

__attribute__((constructor)) static void look(void) { ports_are_high = access("/run/rehearse/high-ports", F_OK) == 0; }

static bool is_low_public(const struct sockaddr_in *to) {
    return to->sin_family == AF_INET && ntohl(to->sin_addr.s_addr) >> 16 == PUBLIC && ntohs(to->sin_port) < FIRST_FREE_PORT;
}

typedef int Connect(int fd, const struct sockaddr *to, socklen_t length);

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t length) {
    static Connect *next;
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "connect");
    if (!ports_are_high || length < sizeof(struct sockaddr_in) || !is_low_public(to.__sockaddr_in__)) return next(fd, to.__sockaddr__, length);
    struct sockaddr_in high = *to.__sockaddr_in__;
    high.sin_port = htons((uint16_t)(HIGH_PORTS + ntohs(high.sin_port)));
    return next(fd, (const struct sockaddr *)&high, sizeof high);
}
