#include "inside.h"
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void words_add(Words *words, const char *text) {
    words->at = realloc(words->at, (words->count + 2) * sizeof *words->at);
    words->at[words->count++] = strdup(text);
    words->at[words->count] = NULL;
}

void words_set(Words *words, const char *assignment) {
    size_t length = strcspn(assignment, "=") + 1;
    for (size_t i = 0; i < words->count; i++)
        if (strncmp(words->at[i], assignment, length) == 0) {
            free(words->at[i]);
            words->at[i] = strdup(assignment);
            return;
        }
    words_add(words, assignment);
}

void words_free(Words *words) {
    for (size_t i = 0; i < words->count; i++) free(words->at[i]);
    free(words->at);
    *words = (Words){0};
}

static void words_setf(Words *words, const char *name, const char *value) {
    char text[PATH_BYTES];
    snprintf(text, sizeof text, "%s=%s", name, value);
    words_set(words, text);
}

// The way out of the instances' network (proxy.c), and what needs none: in the spellings that clients read.
static void add_proxy(Words *env) {
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"};
    static const char direct[] = "localhost,127.0.0.1,127.0.0.0/8,169.254.169.254,10.0.0.1,10.0.0.0/24";
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://10.0.0.1:%d", PROXY_PORT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) words_setf(env, names[i], proxy);
    words_setf(env, "no_proxy", direct);
    words_setf(env, "NO_PROXY", direct);
}

static void fill_environment(const Launch *launch, const User *user, Words *env) {
    char folder[PATH_BYTES / 2], exchange[PATH_BYTES] = "/run/rehearse/exchange";
    if (launch->plan->rung == 'D' && getcwd(folder, sizeof folder)) snprintf(exchange, sizeof exchange, "%s/exchange", folder);
    words_setf(env, "PATH", launch->plan->rung == 'D' ? getenv("PATH") : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    words_setf(env, "LANG", "C.UTF-8");
    words_setf(env, "HOME", user->home);
    words_setf(env, "USER", user->name);
    words_setf(env, "LOGNAME", user->name);
    words_setf(env, "SHELL", user->shell);
    words_setf(env, "REHEARSE_SANDBOX", launch->plan->name);
    words_setf(env, "REHEARSE_EXCHANGE", exchange);
    if (launch->control >= 0) words_setf(env, "REHEARSE_CONTROL_FD", "3");
    if (launch->plan->own_network) add_proxy(env);
    if (*launch->plan->clock && launch->plan->rung == 'D') { // elsewhere /etc/ld.so.preload names it (provision.c)
        words_setf(env, "REHEARSE_CLOCK", launch->plan->clock);
        words_setf(env, "LD_PRELOAD", launch->plan->preload);
    }
    if (launch->plan->rung == 'D') words_setf(env, "PIP_USER", "1"); // into the home, which is the sandbox's own: not among the host's packages
    for (const char *at = NULL, *value; (at = fields_next(&launch->plan->fields, at, &value));)
        if (field_is(at, "env")) words_set(env, value);
    for (size_t i = 0; launch->env && i < launch->env->count; i++) words_set(env, launch->env->at[i]);
    words_set(env, launch->mark);
}

static bool bound(int resource, int64_t most) {
    struct rlimit old, limit = {(rlim_t)most, (rlim_t)most};
    // The bare call: C libraries do not agree on the type of `resource`.
    if (most < 0 || syscall(SYS_prlimit64, 0, resource, NULL, &old)) return true;
    if (limit.rlim_max > old.rlim_max) limit.rlim_cur = limit.rlim_max = old.rlim_max;
    return syscall(SYS_prlimit64, 0, resource, &limit, NULL) == 0;
}

static bool bound_all(const Launch *launch) {
    static const struct {
        const char *key;
        int resource;
    } limits[] = {{"memory", RLIMIT_DATA}, {"processes", RLIMIT_NPROC}, {"file_bytes", RLIMIT_FSIZE}, {"open_files", RLIMIT_NOFILE}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int64_t most = field_number(&launch->plan->fields, limits[i].key);
        if (limits[i].resource == RLIMIT_NOFILE && launch->open_files) most = launch->open_files;
        if (limits[i].resource == RLIMIT_DATA && launch->plan->grouped) continue; // which bounds what is used, not what is reserved
        if (most > 0 && !bound(limits[i].resource, most)) return false;
    }
    return bound(RLIMIT_CORE, 0);
}

static bool become(const Launch *launch, const User *user) {
    gid_t groups[64];
    if (launch->plan->rung == 'D') return true;
    int count = user_groups(user, groups, 64);
    return setgroups((size_t)count, groups) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
           setresuid(user->uid, user->uid, user->uid) == 0;
}

static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < 32; i++) signal(i, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool arrange_descriptors(const Launch *launch, int *errors) {
    // Everything first above 3, so that nothing is overwritten before it is in place.
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), high = fcntl(*errors, F_DUPFD_CLOEXEC, 4);
    int output = fcntl(launch->output >= 0 ? launch->output : null, F_DUPFD_CLOEXEC, 4),
        control = launch->control < 0 ? -1 : fcntl(launch->control, F_DUPFD_CLOEXEC, 4);
    if (null < 0 || high < 0 || output < 0) return false;
    *errors = high;
    if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) return false;
    if (control >= 0) return dup2(control, 3) == 3;
    close(3);
    return true;
}

static _Noreturn void give_up(int errors, int code, const char *what) {
    char text[256];
    snprintf(text, sizeof text, "%c%s: %s", code, what, strerror(errno));
    write_all(errors, text, strlen(text));
    _exit(code);
}

// execvp says EACCES also when only a folder of PATH cannot be read.
static bool is_in_path(const char *name) {
    char path[PATH_BYTES];
    if (strchr(name, '/')) return true;
    for (const char *at = getenv("PATH"); at && *at;) {
        size_t length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name);
        if (access(path, F_OK) == 0) return true;
        at += length + (at[length] == ':');
    }
    return false;
}

// In rung D nothing is bound: a program is taken from where it would have been bound from.
static const char *program_of(const Launch *launch) {
    const char *from = NULL, *value;
    for (const char *at = NULL; launch->plan->rung == 'D' && (at = fields_next(&launch->plan->fields, at, &value));) {
        if (field_is(at, "file")) from = NULL;
        if (field_is(at, "bind")) from = value;
        if (from && field_is(at, "to") && strcmp(value, launch->argv[0]) == 0) return from;
    }
    return launch->argv[0];
}

static _Noreturn void become_program(const Launch *launch, int errors) {
    User user;
    Words env = {0};
    setsid();
    umask(022);
    if (!arrange_descriptors(launch, &errors)) give_up(errors, 126, "descriptors");
    if (!user_find(launch->user, &user)) {
        errno = ENOENT;
        give_up(errors, 126, launch->user);
    }
    if (launch->group && *launch->group && !group_find(launch->group, &user.gid)) {
        errno = ENOENT;
        give_up(errors, 126, launch->group);
    }
    if (launch->plan->rung == 'D') {
        char folder[sizeof user.home - 8];
        if (!getcwd(folder, sizeof folder)) give_up(errors, 126, "home");
        snprintf(user.home, sizeof user.home, "%s/home", folder);
    }
    fill_environment(launch, &user, &env);
    if (!bound_all(launch)) give_up(errors, 126, "limits");
    if (!become(launch, &user)) give_up(errors, 126, user.name);
    const char *cwd = launch->cwd && *launch->cwd ? launch->cwd : user.home;
    if (chdir(cwd) && (cwd != user.home || chdir("/"))) give_up(errors, 126, cwd);
    reset_signals();
    environ = env.at;
    execvp(program_of(launch), launch->argv);
    if (errno == EACCES && !is_in_path(launch->argv[0])) errno = ENOENT;
    give_up(errors, errno == ENOENT ? 127 : 126, launch->argv[0]);
}

pid_t spawn(const Launch *launch, char reason[256], int *code) {
    int errors[2];
    *code = 126;
    snprintf(reason, 256, "no more descriptors");
    if (pipe2(errors, O_CLOEXEC)) return -1;
    pid_t child = fork();
    if (child == 0) become_program(launch, errors[1]);
    close(errors[1]);
    char text[257];
    ssize_t got = child < 0 ? -1 : read(errors[0], text, sizeof text - 1);
    close(errors[0]);
    if (child < 0) snprintf(reason, 256, "fork: %s", strerror(errno));
    if (got == 0) return child; // executed
    if (got > 0) {
        text[got] = 0;
        *code = (unsigned char)text[0];
        snprintf(reason, 256, "%s", text + 1);
    }
    if (child > 0) waitpid(child, NULL, 0);
    return -1;
}
