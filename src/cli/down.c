// rehearse down: ends the server; builds and deployed applications go on unless all of it shall end.
#include "cli/common.h"

#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

enum { END_MS = 10000, LOOK_EACH_MS = 10 };

// The folder that the server names may be closed to us, or another machine's or a container's: then its lock is not here, or nobody here holds it.
static bool find_server(Arena *arena, const Client *client, Str data, int *lock, pid_t *pid, Error *e) {
    Str text = STR_NONE, path = path_join(arena, data, STR("lock"));
    int64_t number = 0;
    AUTO_FD opened = -1;
    bool held = file_open(path, O_RDONLY, 0, &opened, NULL) && flock(opened, LOCK_SH | LOCK_NB) != 0;
    if (!held)
        return fail(e, "elsewhere",
                    "%.*s keeps its data in %.*s, which is another user's, or of another machine or container: end it where it was started",
                    STR_ARG(client->url), STR_ARG(data));
    TRY(file_read_fd(arena, opened, 32, &text, e));
    if (!str_to_int(str_trim(text), &number) || number < 2) return fail(e, "bad-lock", "%.*s names no process", STR_ARG(path));
    *lock = opened;
    *pid = (pid_t)number;
    opened = -1;
    return true;
}

// The server holds the lock to its last moment.
static bool end_process(const Client *client, int lock, pid_t pid, Error *e) {
    struct timespec pause = {0, LOOK_EACH_MS * 1000000};
    if (kill(pid, SIGTERM) != 0) return fail_errno(e, errno, "cannot end process %d", (int)pid);
    for (int waited = 0; waited < END_MS; waited += LOOK_EACH_MS) {
        if (flock(lock, LOCK_SH | LOCK_NB) == 0) return true;
        nanosleep(&pause, NULL);
    }
    return fail(e, "timeout", "process %d does not end. What it does: rehearse clock%.*s", (int)pid, STR_ARG(client->option));
}

static bool reset(const Client *client, Arena *arena, Error *e) {
    Error why = {0};
    return client_page(client, arena, "POST", "/_rehearse/reset", NULL, NULL, &why) || fail(e, why.code, "nothing was ended: %s", why.message);
}

static size_t count_running(const Client *client, Arena *arena) {
    Doc *reply = NULL;
    size_t count = 0;
    client_call(client, arena, "ec2", "DescribeInstances", NULL, &reply, NULL);
    for (const Doc *each = doc_first(doc_get(reply, "Reservations")); each; each = each->next) {
        for (const Doc *one = doc_first(doc_get(each, "Instances")); one; one = one->next) {
            count += str_is(doc_text(doc_get(one, "State"), "Name"), "running");
        }
    }
    return count;
}

static int say(Arena *arena, const Client *client, size_t running, bool all) {
    if (all || running == 0) {
        puts(all ? "The control plane has ended, and everything that ran on it." : "The control plane has ended.");
        return EXIT_OK;
    }
    Str count = human_count(arena, (int64_t)running, "instance goes", "instances go");
    Str port = client->port == CLIENT_DEFAULT_PORT ? STR("") : str_format(arena, " --port %u", (unsigned)client->port);
    Str up = str_format(arena, "rehearse up%.*s%.*s", STR_ARG(port), STR_ARG(client->keeps));
    printf("The control plane has ended; %.*s on with what is deployed. To go on: %.*s. To end them: the same, then rehearse down --all%.*s\n",
           STR_ARG(count), STR_ARG(up), STR_ARG(client->option));
    return EXIT_OK;
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    const char *all = NULL;
    Client client;
    Doc *health = NULL;
    pid_t pid = 0;
    AUTO_FD lock = -1;
    const Option options[] = {COMMON_OPTIONS(common), {"--all", false, &all}};
    AUTO_ARENA arena = arena_new();
    bool good = options_take(options, sizeof options / sizeof *options, &argc, argv, &e) && common_operands(argc, argv, 0, 0, "no operand", &e) &&
                common_open(&common, arena, &client, &health, &e) && find_server(arena, &client, doc_text(health, "data"), &lock, &pid, &e);
    if (!good) return cannot_run(&e);
    size_t running = count_running(&client, arena);
    if ((all && !reset(&client, arena, &e)) || !end_process(&client, lock, pid, &e)) return cannot_run(&e);
    return common.json ? common_print_json(arena, doc_map(arena)) : say(arena, &client, running, all);
}

const Verb VERB_DOWN = {
    .name = "down",
    .summary = "end the control plane",
    .help = "rehearse down                      ends the server; deployed applications go on\n"
            "rehearse down --all                resets it first: instances and builds end too\n"
            "\n"
            "Without --all, what is kept goes on where it was: the clock keeps its lead, since what is stored has seen that time;\n"
            "its mode is what the next start asks for (rehearse up: real, with --fast-forward: jump).\n"
            "\n" COMMON_HELP,
    .run = run,
};
