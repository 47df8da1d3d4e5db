// Process 1: one poll loop over the keeper's socket, signals, pipes of jobs and units, and systemctl's socket.
//
// States: RUNNING → (stop asked for, or TERM) STOPPING: units stop, then all get TERM → deadline: all get KILL → no process is left: end.
// A build ends at once when its job has. Nothing here blocks but starting a process and writing to disk.
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WATCHED = 512, CONTROL_CLIENTS = 32 };

static struct Init {
    Plan *plan;
    int keeper, signals, control;
    bool lagging, stopping, asked_all;
    int64_t deadline;
    int clients[CONTROL_CLIENTS];
    size_t client_count;
} init;

void notify(const char *format, ...) {
    char text[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (init.lagging || !message_send(init.keeper, -1, "%s", text)) init.lagging = true; // "resync" will stand for it
}

static void stop(int64_t grace_ms) {
    int64_t deadline = uptime_ms() + grace_ms;
    if (init.stopping && deadline > init.deadline) return;
    init.deadline = deadline;
    if (init.stopping) return;
    init.stopping = true;
    units_stop();
}

// "NAME HOSTNAME": a spare becomes somebody's.
static void take_names(const char *names) {
    static char name[ID_BYTES], hostname[ID_BYTES];
    if (!take_word(&names, name, sizeof name) || !take_word(&names, hostname, sizeof hostname)) return;
    init.plan->name = name;
    init.plan->hostname = hostname;
    sethostname(hostname, strlen(hostname));
}

static void serve_keeper(void) {
    char text[MESSAGE_BYTES];
    ssize_t got = message_receive(init.keeper, text, sizeof text, NULL);
    if (got < 0) return;
    const char *grace = after_word(text, "stop"), *claim = after_word(text, "claim");
    if (got == 0) _exit(1); // the keeper is gone: everything inside goes with this process
    if (grace)
        stop(number_at(grace));
    else if (claim)
        take_names(claim);
    else
        jobs_request(text);
}

static void reap(void) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (!jobs_exited(pid, status)) units_exited(pid, status);
}

static void serve_signals(void) {
    struct signalfd_siginfo info;
    while (read(init.signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) stop(10000);
    reap();
}

static void serve_client(size_t at) {
    char text[MESSAGE_BYTES];
    ssize_t got = message_receive(init.clients[at], text, sizeof text, NULL);
    if (got > 0) units_request(init.clients[at], text); // keeps the descriptor until it has answered
    if (got == 0) {
        units_client_gone(init.clients[at]);
        close(init.clients[at]);
        init.clients[at] = init.clients[--init.client_count];
    }
}

static void accept_client(void) {
    int client = accept4(init.control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    if (init.client_count == CONTROL_CLIENTS)
        close(client);
    else
        init.clients[init.client_count++] = client;
}

static void advance_stop(void) {
    if (!init.stopping) return;
    bool late = uptime_ms() >= init.deadline;
    if (!init.asked_all && (units_stopped() || late)) {
        init.asked_all = true;
        tree_signal(init.plan, 0, NULL, SIGTERM);
    }
    if (late) tree_kill(init.plan, 0, NULL);
    reap();
    siginfo_t info; // looked at, not taken: an end that comes just now is reaped in the next turn
    if (init.asked_all && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD) _exit(0);
}

static int time_left(void) {
    int64_t first = jobs_deadline(), unit = units_deadline(), now = uptime_ms();
    if (unit < first) first = unit;
    if (init.stopping && init.deadline < first) first = init.deadline;
    if (first == INT64_MAX) return -1;
    int64_t left = first > now ? first - now : 0;
    return left > 60000 ? 60000 : (int)left;
}

static void turn(void) {
    struct pollfd polled[WATCHED];
    size_t fixed = 3, clients = init.client_count;
    if (init.lagging && message_send(init.keeper, -1, "resync")) init.lagging = false;
    polled[0] = (struct pollfd){.fd = init.keeper, .events = (short)(POLLIN | (init.lagging ? POLLOUT : 0))};
    polled[1] = (struct pollfd){.fd = init.signals, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = init.control, .events = POLLIN};
    for (size_t i = 0; i < clients; i++) polled[fixed + i] = (struct pollfd){.fd = init.clients[i], .events = POLLIN};
    size_t streams = streams_poll(polled + fixed + clients, WATCHED - fixed - clients);
    if (poll(polled, fixed + clients + streams, time_left()) < 0 && errno != EINTR) _exit(1);
    streams_serve(polled + fixed + clients, streams); // output before the end of its job
    for (size_t i = clients; i-- > 0;)
        if (polled[fixed + i].revents) serve_client(i);
    if (polled[2].revents & POLLIN) accept_client();
    if (polled[1].revents) serve_signals();
    if (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) serve_keeper();
    jobs_tick();
    units_tick();
    advance_stop();
    if (jobs_finished()) _exit(0);
}

_Noreturn void init_run(Plan *plan, int keeper) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    init.plan = plan;
    init.keeper = keeper;
    init.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    init.control = plan->instance && plan->rung != 'D' ? unix_socket_listen("control.sock") : -1;
    fcntl(keeper, F_SETFL, O_NONBLOCK);
    prctl(PR_SET_NAME, "init");
    if (plan->rung == 'D') prctl(PR_SET_CHILD_SUBREAPER, 1);
    jobs_init(plan);
    units_init(plan);
    notify("ready");
    for (;;) turn();
}
