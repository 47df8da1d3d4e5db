// The keeper: one process a folder, outside the sandbox, which outlives the server.
//
// state file: "starting|running|ended|broken BOOT_ID KEEPER_PID", then a line with the reason. It is written before the socket says the
// same, so whoever finds the socket gone finds the truth in the file. Messages between server and process 1 pass through unchanged; the
// keeper's own are "ports LIST" (comma-separated), "kill", "claim NAME HOSTNAME" (of a spare, which both then go by); it says "port N HOSTPORT [TEXT]", "stopped STATE TEXT", "resync".
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
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 64, PORTS = 64, SOURCES = 64, HIGH_PORTS = 8000, FOLDER_CHECK_MS = 5000 };

typedef struct Client {
    int fd;
    bool lagging;
} Client;
typedef struct Port {
    int fd;
    uint16_t port, host_port;
} Port;

static struct Keeper {
    Plan plan;
    int lock, listener, init_socket, relay, signals, layer; // `layer` keeps the skeleton layer
    pid_t init;
    bool ready;
    Client clients[CLIENTS];
    size_t client_count;
    Port ports[PORTS];
    size_t port_count;
    char broken[512];
} keeper;

bool plan_read(Plan *out) {
    if (!fields_read("spec", &out->fields)) return step_failed("spec", "cannot be read");
    const Fields *fields = &out->fields;
    out->rung = *field(fields, "rung", "D");
    out->instance = strcmp(field(fields, "kind", "build"), "instance") == 0;
    out->name = field(fields, "name", "");
    out->hostname = field(fields, "hostname", "sandbox");
    out->address = field(fields, "address", "");
    out->public_address = field(fields, "public", "");
    out->network = field(fields, "network", "");
    out->skeleton = field(fields, "skeleton", "");
    out->hide = field(fields, "hide", "");
    out->clock = field(fields, "clock", "");
    out->preload = field(fields, "preload", "");
    out->own_network = out->instance && out->rung != 'D' && *out->network && *out->address;
    out->bare = field_number(fields, "bare") == 1;
    out->spare = field_number(fields, "spare") == 1;
    out->first_id = out->rung == 'A' ? FIRST_ID : geteuid();
    return true;
}

// Only an end must survive the machine's: after that, "starting" and "running" mean as little as no state at all.
static void write_state(const char *state, const char *reason) {
    char boot[37], text[1024];
    bool is_end = strcmp(state, "ended") == 0 || strcmp(state, "broken") == 0;
    boot_id(boot);
    snprintf(text, sizeof text, "%s %s %d\n%s\n", state, boot, (int)getpid(), reason);
    replace_text("state", text, is_end);
}

static void broadcast(const char *text) {
    for (size_t i = 0; i < keeper.client_count; i++)
        if (keeper.clients[i].lagging || !message_send(keeper.clients[i].fd, -1, "%s", text)) keeper.clients[i].lagging = true;
}

// ---- Ports ----

static void say_port(const Port *port, const char *text) {
    char message[256];
    snprintf(message, sizeof message, "port %d %d %s", port->port, port->host_port, text);
    broadcast(message);
}

static int port_bind(uint16_t port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, keeper.plan.public_address, &at.sin_addr) != 1) return errno = EADDRNOTAVAIL, -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 511) == 0) return fd;
    int error = errno;
    close(fd);
    return errno = error, -1;
}

static bool port_relay(Port *port) {
    if (keeper.port_count == PORTS) return errno = ENOSPC, false;
    if (keeper.relay < 0) keeper.relay = relay_start(&keeper.plan, keeper.init);
    port->fd = port_bind(port->port);
    if (port->fd < 0 && errno == EACCES && port->port < 1024) port->fd = port_bind(port->host_port = (uint16_t)(HIGH_PORTS + port->port));
    if (port->fd < 0) return false;
    if (message_send(keeper.relay, port->fd, "add %d", port->port)) return true;
    int error = errno;
    close(port->fd);
    return errno = error, false;
}

static void port_open(uint16_t number) {
    char text[128] = "";
    Port port = {.fd = -1, .port = number, .host_port = number};
    if (keeper.plan.own_network && port_relay(&port))
        keeper.ports[keeper.port_count++] = port;
    else if (keeper.plan.own_network) {
        snprintf(text, sizeof text, "%s:%d: %s", keeper.plan.public_address, port.host_port, strerror(errno));
        port.host_port = 0;
    }
    say_port(&port, text);
}

static bool listed(const char *list, uint16_t port) {
    for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (number_at(at) == port) return true;
    return false;
}

static const Port *port_find(uint16_t number) {
    for (size_t i = 0; i < keeper.port_count; i++)
        if (keeper.ports[i].port == number) return &keeper.ports[i];
    return NULL;
}

static void ports_set(const char *list) {
    for (size_t i = keeper.port_count; i-- > 0;) {
        if (listed(list, keeper.ports[i].port)) continue;
        message_send(keeper.relay, -1, "remove %d", keeper.ports[i].port);
        close(keeper.ports[i].fd);
        keeper.ports[i] = keeper.ports[--keeper.port_count];
    }
    for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int64_t number = number_at(at);
        if (number <= 0 || number > 65535) continue;
        const Port *open = port_find((uint16_t)number);
        if (open)
            say_port(open, "");
        else
            port_open((uint16_t)number);
    }
}

static void relay_restart(void) { // it died: the listeners are still here
    close(keeper.relay);
    keeper.relay = relay_start(&keeper.plan, keeper.init);
    for (size_t i = 0; i < keeper.port_count; i++) message_send(keeper.relay, keeper.ports[i].fd, "add %d", keeper.ports[i].port);
}

// ---- The life of process 1 ----

static _Noreturn void inside(const Release *release, int socket, const int *sources, size_t source_count) {
    Plan *plan = &keeper.plan;
    close(keeper.lock);
    close(keeper.listener);
    close(keeper.signals);
    if (keeper.layer >= 0) close(keeper.layer);
    bool good = namespaces_await(plan, release);
    if (strchr("BC", plan->rung)) plan->first_id = 0; // the own id, seen from here
    if (good && plan->rung != 'D') {
        provision_see_host();
        good = (plan->rung == 'A' || mounts_stage1(plan, -1)) && mounts_stage2(plan) && network_inside(plan) &&
               provision(plan, sources, source_count) && (chdir("/run/rehearse") == 0 || step_failed("chdir", "/run/rehearse")) &&
               (plan->rung != 'C' || seccomp_fake_ids());
    }
    if (good) init_run(plan, socket);
    message_send(socket, -1, "broken %s", step_report());
    _exit(1);
}

static bool start_init(int idmap) {
    int ends[2], sources[SOURCES], count = provision_open_sources(&keeper.plan, sources, SOURCES);
    if (count < 0) return false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return step_failed("socketpair", "process 1");
    Release release;
    pid_t child = namespaces_clone(&keeper.plan, &release);
    if (child == 0) {
        if (idmap >= 0) close(idmap);
        close(ends[0]);
        inside(&release, ends[1], sources, (size_t)count);
    }
    close(ends[1]);
    for (int i = 0; i < count; i++) close(sources[i]);
    if (child < 0) return close(ends[0]), false;
    keeper.init = child;
    keeper.init_socket = ends[0];
    // To move a process into a group takes milliseconds. A build's has no children before the keeper sends a job, and moves while it makes its mounts.
    bool at_once = keeper.plan.instance;
    bool good =
        (!at_once || cgroup_add(child)) && namespaces_map(&keeper.plan, child) && (!keeper.plan.own_network || network_attach(&keeper.plan, child));
    if (good) good = write_all(release.fd, "", 1) && (at_once || cgroup_add(child));
    close(release.fd);
    return good;
}

static bool make_layers(const Plan *plan) {
    static const char *const folders[] = {"layer", "layer/upper", "layer/work", "lower"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!make_folder(folders[i], 0755, geteuid())) return step_failed("mkdir", "%s", folders[i]);
    return (make_folder("layer/root", 0755, plan->first_id) && make_folder("exchange", 0755, geteuid()) &&
            make_folder("exchange/out", 0755, plan->first_id) && make_folder("jobs", 0755, geteuid()) &&
            make_folder("inside", 0700, plan->first_id) && (plan->rung != 'D' || make_folder("home", 0755, plan->first_id))) ||
           step_failed("mkdir", "layer");
}

static bool launch_rootless(Plan *plan) {
    static char layer[PATH_BYTES];
    if (geteuid() == 0) return errno = EPERM, step_failed("identity", "rung %c", plan->rung);
    if ((keeper.layer = skeleton_hold(plan->skeleton, plan->hide, layer)) < 0) return false;
    plan->skeleton = layer;
    if (plan->own_network && !network_join_user(plan)) return false;
    if (plan->rung == 'B' && !plan->own_network && !range_enter()) return false;
    return (plan->rung != 'B' || skeleton_own(plan->skeleton)) && start_init(-1);
}

static void make_group(Plan *plan) {
    int64_t memory = field_number(&plan->fields, "memory"), processes = field_number(&plan->fields, "processes");
    plan->grouped = !plan->bare && (memory > 0 || processes > 0) && cgroup_make(plan->name, memory, processes);
}

static bool launch(void) {
    Plan *plan = &keeper.plan;
    if (!make_layers(plan)) return false;
    make_group(plan); // without one, process 1 looks after the limits
    if (plan->rung == 'D') {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        return start_init(-1);
    }
    if (strchr("BC", plan->rung)) return launch_rootless(plan);
    int idmap = namespaces_user_fd();
    if (idmap < 0) return false;
    bool good = (unshare(CLONE_NEWNS) == 0 || step_failed("unshare", "mounts")) && mounts_stage1(plan, idmap) && start_init(idmap);
    close(idmap);
    return good;
}

// The last one on a layer that fits the host no longer takes it along.
static void leave_layer(void) {
    if (keeper.layer < 0) return;
    flock(keeper.layer, LOCK_UN); // also for those who inherited it
    syscall(SYS_close_range, 3, ~0u, 0); // nobody need wait for what follows
    skeleton_sweep(keeper.plan.skeleton);
}

static _Noreturn void finish(const char *state, const char *reason) {
    char text[MESSAGE_BYTES];
    cgroup_remove();
    mounts_open_up();
    write_state(state, reason);
    unlink("keeper.sock");
    snprintf(text, sizeof text, "stopped %s %s", state, reason);
    broadcast(text);
    leave_layer();
    _exit(0);
}

// False when process 1's socket has nothing more now.
static bool serve_init(void) {
    char text[MESSAGE_BYTES];
    ssize_t got = message_receive(keeper.init_socket, text, sizeof text, NULL);
    if (got <= 0) return false;
    const char *reason = after_word(text, "broken");
    if (reason) snprintf(keeper.broken, sizeof keeper.broken, "%s", reason);
    if (strcmp(text, "ready") == 0) {
        keeper.ready = true;
        write_state("running", "");
    }
    if (!reason) broadcast(text);
    return true;
}

static void end_with_init(int status) {
    char reason[128] = "";
    fcntl(keeper.init_socket, F_SETFL, O_NONBLOCK);
    while (serve_init()) {}
    if (keeper.plan.rung == 'D') tree_kill(&keeper.plan, 0, NULL); // no process namespace takes them along: as subreaper the keeper has them now
    if (keeper.broken[0]) finish("broken", keeper.broken);
    if (WIFSIGNALED(status)) snprintf(reason, sizeof reason, "killed by signal %d", WTERMSIG(status));
    finish("ended", reason);
}

static void serve_signals(void) {
    struct signalfd_siginfo info;
    while (read(keeper.signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM) message_send(keeper.init_socket, -1, "stop 10000");
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == keeper.init) end_with_init(status);
}

static void serve_client(size_t at) {
    char text[MESSAGE_BYTES];
    int fd = keeper.clients[at].fd;
    ssize_t got = message_receive(fd, text, sizeof text, NULL);
    if (got == 0) {
        close(fd);
        keeper.clients[at] = keeper.clients[--keeper.client_count];
    }
    if (got <= 0) return;
    const char *ports = after_word(text, "ports");
    if (after_word(text, "claim")) keeper.plan.spare = false;
    if (ports)
        ports_set(ports);
    else if (strcmp(text, "kill") == 0)
        kill(keeper.init, SIGKILL);
    else if (!message_send(keeper.init_socket, -1, "%s", text))
        keeper.clients[at].lagging = true; // the server looks, and asks again
}

static void accept_client(void) {
    int fd = accept4(keeper.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (keeper.client_count == CLIENTS) {
        close(fd);
        return;
    }
    keeper.clients[keeper.client_count++] = (Client){.fd = fd};
    if (keeper.ready) message_send(fd, -1, "ready");
}

// Nobody will find this sandbox again: somebody removed its folder, or it is a spare whose server is gone.
static bool is_forlorn(void) { return file_is_deleted(keeper.lock) || (keeper.plan.spare && keeper.client_count == 0); }

static void turn(void) {
    struct pollfd polled[4 + CLIENTS];
    size_t clients = keeper.client_count;
    polled[0] = (struct pollfd){.fd = keeper.signals, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = keeper.init_socket, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = keeper.listener, .events = POLLIN};
    polled[3] = (struct pollfd){.fd = keeper.relay, .events = POLLIN};
    for (size_t i = 0; i < clients; i++) {
        Client *client = &keeper.clients[i];
        polled[4 + i] = (struct pollfd){.fd = client->fd, .events = (short)(POLLIN | (client->lagging ? POLLOUT : 0))};
    }
    int ready = poll(polled, 4 + clients, FOLDER_CHECK_MS);
    if (ready < 0 && errno != EINTR) _exit(1);
    if (ready == 0 && is_forlorn()) kill(keeper.init, SIGKILL);
    for (size_t i = clients; i-- > 0;) {
        if (polled[4 + i].revents & POLLOUT && message_send(keeper.clients[i].fd, -1, "resync")) keeper.clients[i].lagging = false;
        if (polled[4 + i].revents & (POLLIN | POLLHUP | POLLERR)) serve_client(i);
    }
    if (polled[2].revents & (POLLERR | POLLHUP)) _exit(1);
    if (polled[2].revents & POLLIN) accept_client();
    if (polled[1].revents & POLLIN)
        serve_init();
    else if (polled[1].revents)
        usleep(1000); // it closed its socket and is about to be reaped
    if (polled[3].revents & (POLLHUP | POLLERR)) relay_restart();
    if (polled[0].revents) serve_signals();
}

static void watch_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    keeper.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool keeper_try(void) {
    char text[MESSAGE_BYTES] = "";
    keeper.relay = keeper.init_socket = keeper.lock = keeper.listener = keeper.layer = -1;
    if (!plan_read(&keeper.plan)) return false;
    watch_signals();
    bool good = launch();
    if (keeper.init_socket >= 0 && message_receive(keeper.init_socket, text, sizeof text, NULL) > 0) good = strcmp(text, "ready") == 0;
    if (keeper.init > 0 && kill(keeper.init, SIGKILL) == 0) waitpid(keeper.init, NULL, 0);
    const char *reason = after_word(text, "broken");
    if (reason) step_repeat(reason);
    return good;
}

// The one before may be about to end: its socket is gone, its lock not yet.
static bool lock_folder(void) {
    for (int i = 0; i < 500; i++) {
        if (flock(keeper.lock, LOCK_EX | LOCK_NB) == 0) return true;
        int other = unix_socket_connect(".", "keeper.sock");
        if (other >= 0) return close(other), false;
        usleep(10000);
    }
    return false;
}

int keeper_main(const char *folder) {
    if (chdir(folder)) return 1;
    umask(022);
    int ready = daemonize("keeper.log");
    keeper.relay = keeper.init_socket = keeper.layer = -1;
    keeper.lock = open("keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (keeper.lock < 0 || !lock_folder()) return daemon_ready(ready, keeper.lock < 0), 0; // another keeps it
    bool good = plan_read(&keeper.plan);
    if (good) write_state("starting", "");
    keeper.listener = unix_socket_listen("keeper.sock");
    if (good && keeper.listener < 0) good = step_failed("socket", "keeper.sock");
    if (!good) write_state("broken", step_report());
    daemon_ready(ready, 0);
    if (!good) return 1;
    prctl(PR_SET_NAME, "rehearse-keeper");
    watch_signals();
    if (!launch()) {
        fcntl(keeper.init_socket, F_SETFL, O_NONBLOCK);
        while (keeper.init_socket >= 0 && serve_init()) {} // process 1 knows better why
        if (keeper.init && kill(keeper.init, SIGKILL) == 0) waitpid(keeper.init, NULL, 0);
        finish("broken", keeper.broken[0] ? keeper.broken : step_report());
    }
    for (;;) turn();
}
