// The private network of instances: one holder process with a network namespace, a bridge br0 at 10.0.0.1/24, and the metadata address.
//
// The holder outlives the server as keepers do. It keeps the server's listening sockets, so that clients queue while no server runs,
// and plugs in the cable of each instance. Rootless, it also owns the user namespace in which instances nest (only so may it reach into
// their network namespaces). Messages on FOLDER/network.sock, one request a message:
//   listen ADDRESS PORT  →  ok + descriptor | error ERRNO        user  →  ok + descriptor of its user namespace
//   attach ADDRESS + descriptor of a network namespace  →  ok | error ERRNO        stop  →  ok
//   keep + descriptor of the claim on a block of public addresses  →  ok        claim  →  ok + descriptor | error ENOENT
#include "netlink.h"
#include "proxy.h"
#include "sandbox_keeper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#define GATEWAY "10.0.0.1"
#define METADATA "169.254.169.254"
enum { LISTENERS = 16, CLIENTS = 32, BACKLOG = 511, FOLDER_CHECK_MS = 5000 };

typedef struct Holder {
    struct {
        char address[16];
        int port, fd;
    } listeners[LISTENERS];
    size_t listener_count;
    struct pollfd sockets[1 + CLIENTS]; // the first listens
    size_t socket_count;
    int claim; // on the block of public addresses; -1: not given yet
    bool stop;
} Holder;

static bool write_own_map(uid_t user, gid_t group) {
    char uids[32], gids[32];
    snprintf(uids, sizeof uids, "0 %u 1", user);
    snprintf(gids, sizeof gids, "0 %u 1", group);
    return (write_text("/proc/self/setgroups", "deny", 0) && write_text("/proc/self/gid_map", gids, 0) &&
            write_text("/proc/self/uid_map", uids, 0)) ||
           step_failed("uid_map", "network");
}

static bool make_bridge(void) {
    Netlink netlink;
    if (!netlink_open(&netlink)) return step_failed("netlink", "socket");
    bool good = link_up(&netlink, "lo") || step_failed("netlink", "lo");
    good = good && (link_add_bridge(&netlink, "br0") || step_failed("bridge", "br0"));
    good = good && ((address_add(&netlink, "br0", GATEWAY, 24) && address_add(&netlink, "br0", METADATA, 32) && link_up(&netlink, "br0")) ||
                    step_failed("netlink", "br0"));
    netlink_close(&netlink);
    return good;
}

bool network_enter(void) {
    uid_t user = geteuid();
    gid_t group = getegid();
    bool ranged = user != 0 && range_enter(); // instances of rung B nest in it; those of C are content
    if (unshare(CLONE_NEWNET | (user && !ranged ? CLONE_NEWUSER : 0))) return step_failed("clone", "network");
    return (user == 0 || ranged || write_own_map(user, group)) && make_bridge();
}

static int listener_open(const char *address, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1) return errno = EINVAL, -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int error = errno;
    close(fd);
    return errno = error, -1;
}

static int listener_get(Holder *holder, const char *address, int port) {
    for (size_t i = 0; i < holder->listener_count; i++)
        if (holder->listeners[i].port == port && strcmp(holder->listeners[i].address, address) == 0) return holder->listeners[i].fd;
    if (holder->listener_count == LISTENERS) return errno = ENOSPC, -1;
    int fd = listener_open(address, port);
    if (fd < 0) return -1;
    size_t at = holder->listener_count++;
    snprintf(holder->listeners[at].address, sizeof holder->listeners[at].address, "%s", address);
    holder->listeners[at].port = port;
    return holder->listeners[at].fd = fd;
}

static bool attach(const char *address, int namespace) {
    char cable[16];
    const char *dot = strrchr(address, '.');
    snprintf(cable, sizeof cable, "v%d", (int)number_at(dot ? dot + 1 : "0"));
    Netlink netlink;
    if (!netlink_open(&netlink)) return false;
    link_delete(&netlink, cable); // of an instance that is just dying
    bool good = link_add_cable(&netlink, cable, "br0", "eth0", namespace) && link_up(&netlink, cable);
    int error = errno;
    netlink_close(&netlink);
    errno = error;
    return good;
}

static void reply(int client, bool good, int fd) {
    if (good)
        message_send(client, fd, "ok");
    else
        message_send(client, -1, "error %d", errno);
}

static bool keep_claim(Holder *holder, int fd) {
    int claim = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (claim < 0) return false;
    if (holder->claim >= 0) close(holder->claim);
    holder->claim = claim;
    return true;
}

static void answer(Holder *holder, int client, const char *text, int fd) {
    char verb[16] = "", address[16] = "";
    int64_t port = 0;
    bool has_address = take_word(&text, verb, sizeof verb) && take_word(&text, address, sizeof address);
    if (strcmp(verb, "listen") == 0 && has_address && take_number(&text, &port)) {
        int listener = listener_get(holder, address, (int)port);
        reply(client, listener >= 0, listener);
    } else if (strcmp(verb, "user") == 0) {
        int user = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        reply(client, user >= 0, user);
        if (user >= 0) close(user);
    } else if (strcmp(verb, "attach") == 0 && has_address && fd >= 0)
        reply(client, attach(address, fd), -1);
    else if (strcmp(verb, "keep") == 0)
        reply(client, keep_claim(holder, fd), -1);
    else if (strcmp(verb, "claim") == 0) {
        errno = ENOENT;
        reply(client, holder->claim >= 0, holder->claim);
    } else if (strcmp(verb, "stop") == 0) {
        holder->stop = true;
        reply(client, true, -1);
    } else {
        errno = EINVAL;
        reply(client, false, -1);
    }
}

static void accept_client(Holder *holder) {
    int client = accept4(holder->sockets[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    if (holder->socket_count == 1 + CLIENTS)
        close(client);
    else
        holder->sockets[holder->socket_count++] = (struct pollfd){.fd = client, .events = POLLIN};
}

static void serve_client(Holder *holder, size_t *at) {
    char text[MESSAGE_BYTES];
    int client = holder->sockets[*at].fd, fd = -1;
    ssize_t got = message_receive(client, text, sizeof text, &fd);
    if (got > 0) answer(holder, client, text, fd);
    if (fd >= 0) close(fd);
    if (got != 0) return;
    close(client);
    holder->sockets[*at] = holder->sockets[--holder->socket_count];
    --*at;
}

static int hold(Holder *holder, int lock) {
    while (!holder->stop) {
        int ready = poll(holder->sockets, holder->socket_count, FOLDER_CHECK_MS);
        if (ready < 0 && errno != EINTR) return 1;
        if (ready == 0 && file_is_deleted(lock)) return 1; // the data folder is gone
        if (ready <= 0) continue;
        size_t count = holder->socket_count;
        if (holder->sockets[0].revents & (POLLERR | POLLHUP)) return 1;
        for (size_t i = 1; i < count && i < holder->socket_count; i++)
            if (holder->sockets[i].revents) serve_client(holder, &i);
        if (holder->sockets[0].revents & POLLIN) accept_client(holder);
    }
    unlink("network.sock");
    return 0;
}

// The way out is worth having, but not needed.
static void start_proxy(int proxy) {
    static const char *const namespaces[] = {"user", "net"};
    int listener = proxy < 0 ? -1 : listener_open(GATEWAY, PROXY_PORT);
    for (size_t i = 0; i < 2 && listener >= 0; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", namespaces[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        message_send(proxy, fd, "%s", namespaces[i]);
        if (fd >= 0) close(fd);
    }
    if (listener < 0) return;
    message_send(proxy, listener, "serve");
    close(listener);
}

int network_main(const char *folder) {
    if (chdir(folder)) return 1;
    int ready = daemonize("network.log"), lock = open("network.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) return daemon_ready(ready, lock < 0), 0;
    static Holder holder = {.claim = -1};
    int listener = -1, proxy = proxy_start(); // before this process leaves the host's network
    bool good = network_enter();
    if (good) start_proxy(proxy);
    if (good && (listener = unix_socket_listen("network.sock")) < 0) good = step_failed("socket", "network.sock");
    replace_text("network.state", good ? "ready" : step_report(), false);
    daemon_ready(ready, !good);
    if (!good) return 1;
    holder.sockets[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    holder.socket_count = 1;
    return hold(&holder, lock);
}

// ---- What keepers and process 1 of instances do ----

static bool ask(const Plan *plan, const char *request, int send, int *received) {
    char text[MESSAGE_BYTES];
    int socket = unix_socket_connect(plan->network, "network.sock");
    if (socket < 0) return step_failed("network", "the holder does not answer");
    bool good = message_send(socket, send, "%s", request) && message_receive(socket, text, sizeof text, received) > 0;
    close(socket);
    if (!good) return step_failed("network", "%s", request);
    if (strcmp(text, "ok") == 0) return true;
    const char *number = after_word(text, "error");
    errno = number ? (int)number_at(number) : EPROTO;
    return step_failed("network", "%s", request);
}

bool network_join_user(const Plan *plan) {
    int user = -1;
    if (!ask(plan, "user", -1, &user) || user < 0) return false;
    bool good = setns(user, CLONE_NEWUSER) == 0 || step_failed("setns", "network");
    close(user);
    return good;
}

bool network_attach(const Plan *plan, pid_t init) {
    char path[64], request[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)init);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0) return step_failed("open", "%s", path);
    snprintf(request, sizeof request, "attach %s", plan->address);
    bool good = ask(plan, request, namespace, NULL);
    close(namespace);
    return good;
}

// Public addresses are loopback addresses on the host; inside, those of others lead to the bridge, the own one to the instance itself.
static bool route_public(Netlink *netlink, const Plan *plan) {
    write_text("/proc/sys/net/ipv4/conf/all/route_localnet", "1", 0);
    write_text("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1", 0);
    route_change(netlink, (Route){.link = "lo", .to = "127.0.0.0", .prefix = 8, .local = true, .remove = true});
    return route_change(netlink, (Route){.link = "lo", .to = "127.0.0.0", .prefix = 16, .source = "127.0.0.1", .local = true}) &&
           route_change(netlink, (Route){.link = "lo", .to = plan->public_address, .prefix = 32, .local = true}) &&
           route_change(netlink, (Route){.link = "eth0", .to = "127.77.0.0", .prefix = 16, .source = plan->address});
}

bool network_inside(const Plan *plan) {
    Netlink netlink;
    if (!plan->own_network) return true;
    if (!netlink_open(&netlink)) return step_failed("netlink", "socket");
    bool good = link_up(&netlink, "lo") && address_add(&netlink, "eth0", plan->address, 24) && link_up(&netlink, "eth0") &&
                route_change(&netlink, (Route){.link = "eth0", .via = GATEWAY}) && (!*plan->public_address || route_public(&netlink, plan));
    if (!good) step_failed("netlink", "eth0");
    netlink_close(&netlink);
    return good;
}
