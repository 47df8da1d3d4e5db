// Carries connections from the host's loopback into an instance's network.
//
// A process beside the keeper, inside the instance's user and network namespaces but outside its process tree. The keeper binds in the
// host's network and passes listening sockets; sockets made here belong to the instance's network. It lives and dies with the keeper,
// so it needs no server. Edge-triggered: after each event both directions of a pair are carried until one side would block.
#include "sandbox_keeper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PORTS = 64, FLOW_BYTES = 16384, ROUNDS = 32, EVENTS = 64 };

typedef struct Flow { // one direction: what was read and not yet written
    size_t at, length;
    bool ended;
    char bytes[FLOW_BYTES];
} Flow;

typedef struct Pair { // a connection: [0] on the host, [1] in the instance
    int fds[2];
    bool dead;
    Flow flows[2]; // [0] from host to instance
    struct Pair *next_dead;
} Pair;

typedef struct Listener {
    int fd;
    uint16_t port;
} Listener;

static struct Relay {
    int epoll, control;
    struct in_addr instance;
    Listener listeners[PORTS];
    rlim_t pairs, most;
    Pair *dead;
} relay;

static void watch(int fd, uint32_t events, void *data) {
    struct epoll_event event = {.events = events, .data.ptr = data};
    if (epoll_ctl(relay.epoll, EPOLL_CTL_ADD, fd, &event) && errno == EEXIST) epoll_ctl(relay.epoll, EPOLL_CTL_MOD, fd, &event);
}

static void pair_kill(Pair *pair) {
    struct linger abort = {.l_onoff = 1};
    if (pair->dead) return;
    if (!pair->flows[0].ended || !pair->flows[1].ended) setsockopt(pair->fds[0], SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(pair->fds[0]);
    close(pair->fds[1]);
    pair->dead = true;
    pair->next_dead = relay.dead; // freed after the batch of events, which may name it again
    relay.dead = pair;
    relay.pairs--;
}

typedef enum Progress { MOVED, BLOCKED, BROKEN } Progress;

static Progress progress_of(ssize_t n) { return n >= 0 ? MOVED : errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? BLOCKED : BROKEN; }

static Progress flow_step(Flow *flow, int from, int to) {
    if (flow->length == 0) {
        if (flow->ended) return BLOCKED;
        ssize_t got = recv(from, flow->bytes, FLOW_BYTES, 0);
        if (got < 0) return progress_of(got);
        flow->at = 0;
        flow->length = (size_t)got;
        if (got == 0) {
            flow->ended = true;
            shutdown(to, SHUT_WR);
        }
        return MOVED;
    }
    ssize_t sent = send(to, flow->bytes + flow->at, flow->length, MSG_NOSIGNAL);
    if (sent < 0) return progress_of(sent);
    flow->at += (size_t)sent;
    flow->length -= (size_t)sent;
    return MOVED;
}

static void pair_carry(Pair *pair) {
    for (int round = 0; round < ROUNDS; round++) {
        Progress there = flow_step(&pair->flows[0], pair->fds[0], pair->fds[1]), back = flow_step(&pair->flows[1], pair->fds[1], pair->fds[0]);
        bool finished = pair->flows[0].ended && pair->flows[1].ended && !pair->flows[0].length && !pair->flows[1].length;
        if (there == BROKEN || back == BROKEN || finished) pair_kill(pair);
        if (pair->dead) return;
        if (there == BLOCKED && back == BLOCKED) return;
    }
    watch(pair->fds[0], EPOLLIN | EPOLLOUT | EPOLLET, pair); // more is there: let the others have their turn first
}

static void pair_open(int client, uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = relay.instance};
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    Pair *pair = server < 0 || relay.pairs >= relay.most ? NULL : calloc(1, sizeof *pair);
    if (!pair) {
        close(client);
        if (server >= 0) close(server);
        return;
    }
    pair->fds[0] = client;
    pair->fds[1] = server;
    relay.pairs++;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(server, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        pair_kill(pair);
        return;
    }
    watch(client, EPOLLIN | EPOLLOUT | EPOLLET, pair);
    watch(server, EPOLLIN | EPOLLOUT | EPOLLET, pair);
}

static void listener_accept(const Listener *listener) {
    for (int i = 0, client; i < ROUNDS && (client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0; i++)
        pair_open(client, listener->port);
}

static void listener_set(uint16_t port, int fd) { // -1: closes it
    Listener *unused = NULL;
    for (size_t i = 0; i < PORTS; i++) {
        Listener *listener = &relay.listeners[i];
        if (listener->fd && listener->port == port) {
            close(listener->fd);
            *listener = (Listener){0};
        }
        if (!listener->fd && !unused) unused = listener;
    }
    if (fd < 0) return;
    if (!unused) {
        close(fd);
        return;
    }
    *unused = (Listener){fd, port};
    watch(fd, EPOLLIN, unused);
}

static void control(void) {
    char text[MESSAGE_BYTES];
    int fd = -1;
    ssize_t got = message_receive(relay.control, text, sizeof text, &fd);
    if (got == 0) _exit(0); // the keeper is gone
    if (got < 0) return;
    const char *port = after_word(text, "add");
    if (!port) port = after_word(text, "remove");
    if (port)
        listener_set((uint16_t)number_at(port), fd);
    else if (fd >= 0)
        close(fd);
}

static bool is_listener(const void *data) {
    return (const char *)data >= (const char *)relay.listeners && (const char *)data < (const char *)(relay.listeners + PORTS);
}

static _Noreturn void relay_run(void) {
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(relay.epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            void *data = events[i].data.ptr;
            if (data == &relay)
                control();
            else if (is_listener(data))
                listener_accept(data);
            else if (!((Pair *)data)->dead)
                pair_carry(data);
        }
        while (relay.dead) {
            Pair *dead = relay.dead;
            relay.dead = dead->next_dead;
            free(dead);
        }
    }
}

static bool enter(const Plan *plan, pid_t init) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)init);
    int user = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)init);
    int net = open(path, O_RDONLY | O_CLOEXEC);
    if (user < 0 || net < 0 || setns(user, CLONE_NEWUSER) || setns(net, CLONE_NEWNET)) return false;
    close(user);
    close(net);
    if (strchr("AB", plan->rung) && setgroups(0, NULL)) return false;
    return setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0;
}

int relay_start(const Plan *plan, pid_t init) {
    int ends[2];
    struct rlimit files;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends)) return -1;
    pid_t child = fork();
    if (child) {
        close(ends[1]);
        if (child > 0) return ends[0];
        close(ends[0]);
        return -1;
    }
    if (!enter(plan, init) || prctl(PR_SET_PDEATHSIG, SIGKILL)) _exit(1);
    if (dup2(ends[1], 3) < 0) _exit(1);
    syscall(SYS_close_range, 4, ~0u, 0);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    relay.most = files.rlim_cur / 2 - PORTS - 16;
    relay.control = 3;
    relay.epoll = epoll_create1(EPOLL_CLOEXEC);
    inet_pton(AF_INET, plan->address, &relay.instance);
    watch(relay.control, EPOLLIN, &relay);
    relay_run();
}
