// load: asks a server the same kind of question over and over on connections that stay open, and says how fast it answered.
//
// usage: load --port N [--host 127.0.0.1] [--pid N] [--seconds S | --requests N] [--key ID --secret TEXT] [--seed N] KIND:CONNECTIONS…
// Kinds: identity, s3-get, s3-put, get-item, put-item. Several groups run side by side. Prints one JSON line: the server's processor time (of all its
// threads, read from /proc), and for each group throughput, percentiles of the latency in microseconds, and how many answers were no success.
//
// One thread, one request at a time on each connection. By time, a warm-up comes first and is not counted; by number (--requests, of the first group),
// everything counts. A server that closes the connection after its answer is connected to again.
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { GROUPS_MAX = 4, CONNECTIONS_MAX = 1024, ANSWER_BYTES = 16384, SLOWEST_US = 2000000, EVENTS = 256 };
#define WARM_UP_SECONDS 0.4

typedef struct Group {
    Str name;
    size_t connections;
    LoadPool pool;
    size_t next; // of the pool
    uint64_t answers, failures;
    uint32_t *by_us; // how many answers took so long
} Group;

typedef struct Connection {
    Group *group;
    int fd;
    int64_t sent_us;
    Str left; // of the request, still to be sent
    size_t used; // of the head
    int64_t body_left; // -1: still in the head
    bool closes, failed;
    char answer[ANSWER_BYTES];
} Connection;

typedef struct Load {
    LoadOptions options;
    Group groups[GROUPS_MAX];
    size_t group_count;
    Connection *connections;
    size_t connection_count;
    int epoll;
    bool counting;
    uint64_t counted;
} Load;

static void die(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(2);
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// ---- One connection ----

static void send_more(Connection *connection) {
    ssize_t sent = send(connection->fd, connection->left.at, connection->left.len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("a request could not be sent");
    if (sent > 0) connection->left = str_from(connection->left, (size_t)sent);
}

static void ask(Connection *connection) {
    Group *group = connection->group;
    connection->left = group->pool.requests[group->next];
    group->next = (group->next + 1) % group->pool.count;
    connection->used = 0;
    connection->body_left = -1;
    connection->sent_us = now_us();
    send_more(connection);
}

static void open_connection(Load *load, Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->options.port)};
    inet_pton(AF_INET, load->options.host, &address.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) die("cannot connect");
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

static void end_answer(Load *load, Connection *connection) {
    Group *group = connection->group;
    int64_t took = now_us() - connection->sent_us;
    if (load->counting) {
        group->answers++;
        group->failures += connection->failed;
        group->by_us[took < SLOWEST_US ? took : SLOWEST_US]++;
        load->counted += group == load->groups;
    }
    if (connection->closes) {
        close(connection->fd);
        open_connection(load, connection);
    }
    ask(connection);
}

static void read_head_line(Connection *connection, Str line) {
    Str name = str_cut(&line, ':');
    if (str_eq_nocase(name, STR("content-length")) && !str_to_int(str_trim(line), &connection->body_left)) die("a strange Content-Length");
    if (str_eq_nocase(name, STR("connection"))) connection->closes = str_eq_nocase(str_trim(line), STR("close"));
    if (str_eq_nocase(name, STR("transfer-encoding"))) die("an answer in chunks: not counted on");
}

// The head is whole: what it says, and how much of the body came along.
static void read_head(Connection *connection, Str head, size_t body_here) {
    Str first = str_next_line(&head);
    connection->failed = first.len < 10 || first.at[9] != '2';
    connection->closes = str_starts(first, STR("HTTP/1.0"));
    connection->body_left = 0;
    for (Str line = str_next_line(&head); line.at; line = str_next_line(&head)) read_head_line(connection, line);
    connection->body_left -= (int64_t)body_here;
}

static void take_answer(Load *load, Connection *connection) {
    ssize_t got = recv(connection->fd, connection->answer + connection->used, ANSWER_BYTES - connection->used, 0);
    if (got <= 0) die(got < 0 ? strerror(errno) : "the server closed a connection");
    if (connection->body_left >= 0) {
        connection->body_left -= got;
    } else {
        connection->used += (size_t)got;
        Str all = {connection->answer, connection->used};
        ptrdiff_t end = str_find(all, STR("\r\n\r\n"));
        if (end < 0 && connection->used == ANSWER_BYTES) die("a head without end");
        if (end < 0) return;
        read_head(connection, str_sub(all, 0, (size_t)end), connection->used - (size_t)end - 4);
        connection->used = 0;
    }
    if (connection->body_left == 0) end_answer(load, connection);
}

static void serve_events(Load *load, int at_most_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll, events, EVENTS, at_most_ms);
    for (int i = 0; i < count; i++) {
        Connection *connection = events[i].data.ptr;
        if (connection->left.len) send_more(connection);
        take_answer(load, connection);
    }
}

// ---- A run ----

static double server_cpu_seconds(int pid) {
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (!fgets(text, sizeof text, file)) text[0] = 0;
    fclose(file);
    const char *at = strrchr(text, ')'); // the command's name may hold anything
    unsigned long user = 0, system = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void connect_all(Load *load) {
    for (size_t g = 0; g < load->group_count; g++) load->connection_count += load->groups[g].connections;
    load->connections = calloc(load->connection_count, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load->connections || load->epoll < 0) abort();
    size_t next = 0;
    for (size_t g = 0; g < load->group_count; g++) {
        for (size_t i = 0; i < load->groups[g].connections; i++) {
            Connection *connection = &load->connections[next++];
            connection->group = &load->groups[g];
            open_connection(load, connection);
            ask(connection);
        }
    }
}

static void run_for(Load *load, double seconds) {
    int64_t end = now_us() + (int64_t)(seconds * 1e6);
    while (now_us() < end) serve_events(load, 10);
}

static int64_t percentile(const Group *group, double share) {
    uint64_t wanted = (uint64_t)((double)group->answers * share), seen = 0;
    for (int64_t us = 0; us <= SLOWEST_US; us++) {
        seen += group->by_us[us];
        if (seen > wanted) return us;
    }
    return 0;
}

static void print(const Load *load, double seconds, double cpu) {
    uint64_t answers = 0;
    for (size_t g = 0; g < load->group_count; g++) answers += load->groups[g].answers;
    printf("{\"seconds\":%.3f,\"cpuMicrosecondsEach\":%.2f,\"groups\":[", seconds, answers ? cpu * 1e6 / (double)answers : 0);
    for (size_t g = 0; g < load->group_count; g++) {
        const Group *group = &load->groups[g];
        printf("%s{\"kind\":\"%.*s\",\"connections\":%zu,\"answers\":%llu,\"failures\":%llu,\"perSecond\":%.0f,\"p50\":%lld,\"p99\":%lld}",
               g ? "," : "", STR_ARG(group->name), group->connections, (unsigned long long)group->answers, (unsigned long long)group->failures,
               (double)group->answers / seconds, (long long)percentile(group, 0.5), (long long)percentile(group, 0.99));
    }
    printf("]}\n");
}

static void run(Load *load) {
    const LoadOptions *options = &load->options;
    connect_all(load);
    if (!options->requests) run_for(load, WARM_UP_SECONDS);
    load->counting = true;
    double cpu = server_cpu_seconds(options->pid);
    int64_t start = now_us();
    if (!options->requests) run_for(load, options->seconds);
    while (load->counted < options->requests) serve_events(load, 10);
    double seconds = (double)(now_us() - start) / 1e6;
    print(load, seconds, server_cpu_seconds(options->pid) - cpu);
}

// ---- The command line ----

static void read_option(LoadOptions *options, const char *name, const char *value) {
    int64_t number = 0;
    bool is_number = str_to_int(str_of(value), &number);
    if (!strcmp(name, "--host"))
        options->host = value;
    else if (!strcmp(name, "--key"))
        options->identity.access_key = str_of(value);
    else if (!strcmp(name, "--secret"))
        options->identity.secret = str_of(value);
    else if (!strcmp(name, "--seconds") && str_to_double(str_of(value), &options->seconds))
        return;
    else if (!is_number)
        die("a number was expected");
    else if (!strcmp(name, "--port"))
        options->port = (int)number;
    else if (!strcmp(name, "--pid"))
        options->pid = (int)number;
    else if (!strcmp(name, "--requests"))
        options->requests = (uint64_t)number;
    else if (!strcmp(name, "--seed"))
        options->seed = (uint64_t)number;
    else
        die("an unknown option");
}

static void add_group(Load *load, Str text) {
    if (load->group_count == GROUPS_MAX) die("too many groups");
    Group *group = &load->groups[load->group_count++];
    int64_t connections = 0;
    group->name = str_cut(&text, ':');
    const LoadKind *kind = load_kind(group->name);
    if (!kind || !str_to_int(text, &connections) || connections < 1 || connections > CONNECTIONS_MAX) die("KIND:CONNECTIONS was expected");
    group->connections = (size_t)connections;
    group->by_us = calloc(SLOWEST_US + 1, sizeof *group->by_us);
    if (!group->by_us) abort();
    group->pool = load_pool_make(kind, &load->options);
}

int main(int argc, char **argv) {
    static Load load = {.options = {.host = "127.0.0.1", .seconds = 3, .seed = 1}};
    load.options.identity = (SigningIdentity){STR("test"), STR("test"), STR_NONE, STR("us-east-1"), STR_NONE};
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            add_group(&load, str_of(argv[i]));
        } else if (i + 1 < argc) {
            read_option(&load.options, argv[i], argv[i + 1]);
            i++;
        }
    }
    if (!load.options.port || !load.group_count) die("usage: load --port N [options] KIND:CONNECTIONS…");
    run(&load);
    for (size_t g = 0; g < load.group_count; g++) load_pool_done(&load.groups[g].pool);
    return 0;
}
