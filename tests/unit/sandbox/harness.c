#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000, OTHER_USER = 61234, RANGE_USER = 61235, SKIPPED = 77 };

const char *keeper_program;
char cache_folder[300];
static char keeper_copy[300], rung_now;

int64_t elapsed_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// ---- Rungs ----

// The program where an ordinary user can read it, too.
static void copy_program(const char *from, const char *to) {
    char bytes[65536];
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    if (!in || !out) fail_msg("%s cannot be copied: set REHEARSE_KEEPER to build/rehearse-keeper", from);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, in)) > 0;) fwrite(bytes, 1, got, out);
    fclose(in);
    fclose(out);
    chmod(to, 0755);
}

static void copy_keeper(const char *folder) {
    char preload[300], preload_copy[300];
    const char *from = getenv("REHEARSE_KEEPER") ? getenv("REHEARSE_KEEPER") : "./rehearse-keeper";
    snprintf(keeper_copy, sizeof keeper_copy, "%s/rehearse-keeper", folder);
    copy_program(from, keeper_copy);
    snprintf(preload, sizeof preload, "%.*s/rehearse-preload.so", (int)(strrchr(from, '/') - from), from);
    snprintf(preload_copy, sizeof preload_copy, "%s/rehearse-preload.so", folder);
    copy_program(preload, preload_copy);
    keeper_program = keeper_copy;
}

// A rung that fails must say why; the test then counts as skipped, and this line is what scripts/test shows.
static void check_refusal(const char *folder) {
    AUTO_ARENA arena = arena_new();
    Error e = {0};
    Vec findings = vec_of(arena, SandboxFinding);
    assert_true(sandbox_probe(str_of(keeper_program), str_of(folder), arena, &findings, &e));
    for (size_t i = 0; i < findings.len; i++) {
        const SandboxFinding *finding = vec_at(&findings, i);
        if (strncmp(finding->subject, "rung ", 5) != 0 || finding->subject[5] != rung_now) continue;
        assert_false(finding->works);
        assert_true(finding->cause.len > 0 && finding->remedy.len > 0);
        if (str_is(finding->remedy, "rehearse doctor")) fail_msg("rung %c fails and nobody knows why: %.*s", rung_now, STR_ARG(finding->step));
        printf("skipped: rung %c is impossible here: %.*s. Try: %.*s\n", rung_now, STR_ARG(finding->cause), STR_ARG(finding->remedy));
        return;
    }
    fail_msg("the probe says nothing of rung %c", rung_now);
}

static bool rung_works(const char *folder) {
    SandboxHost *host;
    Error e = {0};
    if (!sandbox_host_open(str_of(folder), str_of(keeper_program), &host, &e)) return false;
    sandbox_host_close(host);
    return true;
}

static char shared_folder[256];

// Where its many thousand folders need not reach the disk, if that can be. It belongs to who calls.
static void make_cache(void) {
    snprintf(cache_folder, sizeof cache_folder, "/dev/shm/rehearse-cache-XXXXXX");
    if (mkdtemp(cache_folder)) return;
    snprintf(cache_folder, sizeof cache_folder, "%s/cache", shared_folder);
    mkdir(cache_folder, 0700);
}

static int run_here(char rung, const char *title, const struct CMUnitTest *tests, size_t count) {
    char name[] = "X", full[128];
    name[0] = rung;
    rung_now = rung;
    setenv("REHEARSE_RUNG", name, 1);
    setenv("XDG_CACHE_HOME", cache_folder, 1);
    if (!rung_works(shared_folder)) {
        check_refusal(shared_folder);
        return SKIPPED;
    }
    snprintf(full, sizeof full, "%s on rung %c", title, rung);
    return _cmocka_run_group_tests(full, tests, count, NULL, NULL);
}

int run_program(const char *const *argv) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[0], (char **)(uintptr_t)argv);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return status;
}

// Subordinate ids are given to users that have a name. No account is made for that: a mount namespace of this process has a user and a range more in its /etc. Its
// name servers stand in a file that sandboxes do not see, as where systemd keeps them.
static uid_t user_with_range(void) {
    static const char script[] = "cp -a /etc \"$0\" && cd \"$0/etc\" && echo \"$1:x:$2:$2::/:/bin/sh\" >>passwd && echo \"$1:x:$2:\" >>group && "
                                 "echo \"$1:$3:65536\" | tee -a subuid >>subgid && cat /etc/resolv.conf >\"$0/resolv.conf\" && "
                                 "ln -sf \"$0/resolv.conf\" . && mount --bind . /etc";
    char id[16];
    snprintf(id, sizeof id, "%d", RANGE_USER);
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return OTHER_USER; // the probe then says what is missing
    run_program((const char *[]){"sh", "-c", script, shared_folder, "rehearse-range", id, "700000000", NULL});
    return RANGE_USER;
}

static void become_ordinary(void) {
    if (geteuid() != 0 || rung_now == 'A') return;
    uid_t user = rung_now == 'B' ? user_with_range() : OTHER_USER;
    if (chown(shared_folder, user, user) || chown(cache_folder, user, user) || setgroups(0, NULL) || setresgid(user, user, user) ||
        setresuid(user, user, user))
        _exit(99);
}

int run_on_rung(const char *rung, const char *title, const struct CMUnitTest *tests, size_t count) {
    int status = 0;
    if (!rung || strlen(rung) != 1 || !strchr("ABCD", *rung)) fail_msg("usage: TEST A|B|C|D");
    rung_now = *rung;
    snprintf(shared_folder, sizeof shared_folder, "/tmp/rehearse-sandbox-XXXXXX");
    if (!mkdtemp(shared_folder) || chmod(shared_folder, 0755)) return 1;
    copy_keeper(shared_folder);
    make_cache();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        become_ordinary();
        status = run_here(rung_now, title, tests, count);
        fflush(NULL);
        _exit(status == SKIPPED ? SKIPPED : status != 0);
    }
    waitpid(child, &status, 0);
    run_program((const char *[]){keeper_program, "remove", cache_folder, NULL});
    run_program((const char *[]){keeper_program, "remove", shared_folder, NULL});
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// ---- Places ----

// All tests of a rung share the data folder, and the user's skeleton layer.
int place_setup(void **state) {
    Error e = {0};
    Place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "%s", shared_folder);
    snprintf(place->publics, sizeof place->publics, "127.77.%d", 100 + (int)(getpid() % 150));
    place->arena = arena_new();
    if (!sandbox_host_open(str_of(place->folder), str_of(keeper_program), &place->host, &e)) fail_msg("%s", e.message);
    *state = place;
    return 0;
}

int place_teardown(void **state) {
    Place *place = *state;
    Error e = {0};
    Vec names = vec_of(place->arena, Str);
    if (!sandbox_list(place->host, place->arena, &names, &e)) fail_msg("%s", e.message);
    for (size_t i = 0; i < names.len; i++)
        if (!sandbox_destroy(place->host, vec_get(&names, Str, i), &e)) fail_msg("%s", e.message);
    if (sandbox_host_has_network(place->host)) sandbox_network_stop(place->host);
    sandbox_host_close(place->host);
    arena_free(place->arena);
    free(place);
    return 0;
}

Sandbox *make_build(Place *place, const char *name, SandboxLimits limits) {
    Sandbox *sandbox = NULL;
    Error e = {0};
    SandboxSpec spec = {.name = str_of(name), .kind = SANDBOX_BUILD, .limits = limits};
    if (!sandbox_create(place->host, &spec, &sandbox, &e)) fail_msg("%s", e.message);
    return sandbox;
}

Sandbox *make_instance(Place *place, int number) {
    char name[16], address[16], public_address[32];
    Sandbox *sandbox = NULL;
    Error e = {0};
    if (!sandbox_host_has_network(place->host) && !sandbox_network_open(place->host, &e)) fail_msg("%s", e.message);
    snprintf(name, sizeof name, "i-%d", number);
    snprintf(address, sizeof address, "10.0.0.%d", number);
    snprintf(public_address, sizeof public_address, "%s.%d", place->publics, number);
    SandboxSpec spec = {.name = str_of(name), .kind = SANDBOX_INSTANCE, .address = str_of(address), .public_address = str_of(public_address)};
    if (!sandbox_create(place->host, &spec, &sandbox, &e)) fail_msg("%s", e.message);
    return sandbox;
}

// ---- Jobs ----

void start_job(Sandbox *sandbox, const char *id, const char *script, const char *user) {
    Error e = {0};
    const Str argv[] = {STR("bash"), STR("-c"), str_of(script)};
    SandboxJob job = {.id = str_of(id), .argv = argv, .argc = 3, .user = str_of(user)};
    if (!sandbox_job_start(sandbox, &job, &e)) fail_msg("%s", e.message);
}

SandboxEvent wait_event(Sandbox *sandbox, SandboxEventKind kind, const char *job) {
    SandboxEvent event;
    for (int64_t end = elapsed_ms() + WAIT_MS; elapsed_ms() < end;) {
        struct pollfd polled = {.fd = sandbox_fd(sandbox), .events = POLLIN};
        poll(&polled, 1, 1000);
        while (sandbox_next(sandbox, &event)) {
            if (event.kind == kind && (!job || strcmp(event.job, job) == 0)) return event;
            if (event.kind == SANDBOX_STOPPED) fail_msg("the sandbox has stopped: %s", event.text);
        }
    }
    fail_msg("event %d of %s did not come", kind, job ? job : "the sandbox");
    return event;
}

SandboxJobStatus run_job(Sandbox *sandbox, const char *id, const char *script, const char *user) {
    SandboxJobStatus status;
    start_job(sandbox, id, script, user);
    wait_event(sandbox, SANDBOX_JOB_EXITED, id);
    sandbox_job_status(sandbox, str_of(id), &status);
    return status;
}

const char *output_of(Place *place, Sandbox *sandbox, const char *id, SandboxStream stream) {
    Error e = {0};
    int64_t offset = 0;
    Vec chunks = vec_of(place->arena, SandboxChunk);
    if (!sandbox_job_read(sandbox, str_of(id), stream, &offset, 1 << 20, place->arena, &chunks, &e)) fail_msg("%s", e.message);
    Str all = STR("");
    for (size_t i = 0; i < chunks.len; i++) all = str_cat(place->arena, all, vec_get(&chunks, SandboxChunk, i).bytes);
    return str_c(place->arena, all);
}

// ---- The network from outside ----

int connect_public(Place *place, int number, int port) {
    char address[32];
    snprintf(address, sizeof address, "%s.%d", place->publics, number);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static size_t get_once(Place *place, int number, int port, char *out, size_t room) {
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    int fd = connect_public(place, number, port);
    size_t length = 0;
    if (fd < 0) return 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0)
        for (ssize_t got; length < room - 1 && (got = read(fd, out + length, room - 1 - length)) > 0;) length += (size_t)got;
    close(fd);
    out[length] = 0;
    return length;
}

const char *http_get(Place *place, int number, int port) {
    char *reply = arena_zalloc(place->arena, 16384);
    for (int64_t end = elapsed_ms() + 20000; elapsed_ms() < end; usleep(20000))
        if (get_once(place, number, port, reply, 16384) > 0) return reply;
    return "";
}
