#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILL_POLL_MS = 20, PID_FILE_MS = 2000, START_BURST = 5, START_WINDOW_MS = 10000, LOG_BYTES = 32 * 1024 * 1024 };
#define LOGS "/var/log/rehearse"

static const Plan *plan;
static Unit *units;
static unsigned started;
static bool shutting_down, changed;

static void run_next(Unit *unit);
static void begin_killing(Unit *unit);

Unit *units_first(void) { return units; }

Unit *unit_find(const char *name, bool load) {
    for (Unit *unit = units; unit; unit = unit->next)
        if (strcmp(unit->name, name) == 0) return unit;
    UnitFile file;
    if (!load || !unit_file_read(name, &file)) return NULL;
    Unit *unit = calloc(1, sizeof *unit);
    snprintf(unit->name, sizeof unit->name, "%s", name);
    snprintf(unit->mark, sizeof unit->mark, "REHEARSE_UNIT=%s", name);
    unit->file = file;
    unit->loaded = true;
    unit->result = "";
    unit->log = (Stream){.pipe = -1, .file = -1};
    unit->log_end = -1;
    unit->next = units;
    return units = unit;
}

static void reload_file(Unit *unit) {
    UnitFile fresh;
    unit->loaded = unit_file_read(unit->name, &fresh);
    if (!unit->loaded) return; // a running unit goes on with what it had
    unit_file_free(&unit->file);
    unit->file = fresh;
}

void units_reload_files(void) {
    for (Unit *unit = units; unit; unit = unit->next) reload_file(unit);
}

static bool is_starting(const Unit *unit) {
    return unit->state == U_WAITING || unit->state == U_PRE || unit->state == U_START || unit->state == U_POST;
}
static bool is_stopping(const Unit *unit) { return unit->state == U_STOP || unit->state == U_KILLING || unit->state == U_STOP_POST; }
bool unit_is_up(const Unit *unit) { return unit->state == U_ACTIVE || unit->state == U_EXITED || unit->state == U_RELOAD; }
bool unit_is_settled(const Unit *unit) { return !is_starting(unit) && !is_stopping(unit) && !unit->start_after && unit->state != U_RELOAD; }

static void enter(Unit *unit, UnitState state, int64_t timeout_ms) {
    unit->state = state;
    changed = true;
    unit->command = 0;
    unit->since_ms = now_ms();
    unit->deadline = timeout_ms > 0 ? uptime_ms() + timeout_ms : 0;
}

// ---- Processes ----

static void note(Unit *unit, const char *format, const char *text) {
    char line[512];
    snprintf(line, sizeof line, format, text);
    if (stream_is_open(&unit->log)) stream_note(&unit->log, line);
}

static void open_log(Unit *unit) {
    char path[256];
    if (stream_is_open(&unit->log)) return;
    mkdir(LOGS, 0755);
    snprintf(path, sizeof path, LOGS "/%s", unit->name);
    if (unit->log_end >= 0) close(unit->log_end);
    unit->log.rolls = true;
    unit->log_end = stream_open(&unit->log, path, true, LOG_BYTES);
}

static int open_output(const UnitFile *file) { // StandardOutput other than the journal
    const char *path = strchr(file->output, '/');
    if (!path) return -1;
    int how = strncmp(file->output, "append:", 7) == 0 ? O_APPEND : strncmp(file->output, "truncate:", 9) == 0 ? O_TRUNC : 0;
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644);
}

static pid_t run(Unit *unit, const char *line, bool as_user) {
    Words env = {0}, argv = {0};
    CommandFlags flags;
    char reason[256] = "the command is empty", main_pid[32];
    const UnitFile *file = &unit->file;
    int code = 126, own = open_output(file);
    unit_environment(file, &env);
    snprintf(main_pid, sizeof main_pid, "MAINPID=%d", (int)unit->main);
    if (unit->main > 0) words_set(&env, main_pid);
    command_words(line, &env, &argv, &flags);
    unit->control_may_fail = flags.may_fail;
    const char *cwd = file->cwd + (*file->cwd == '-');
    Launch launch = {.argv = argv.at,
                     .env = &env,
                     .user = as_user ? file->user : "",
                     .group = as_user ? file->group : "",
                     .cwd = *cwd == 0               ? "/"
                            : strcmp(cwd, "~") == 0 ? ""
                                                    : cwd,
                     .mark = unit->mark,
                     .output = own >= 0 ? own : unit->log_end,
                     .control = -1,
                     .open_files = file->open_files,
                     .plan = plan};
    pid_t pid = argv.count ? spawn(&launch, reason, &code) : -1;
    if (own >= 0) close(own);
    words_free(&env);
    words_free(&argv);
    if (pid < 0) note(unit, "Failed to execute: %s\n", reason);
    if (pid < 0) unit->code = 203; // systemd's EXIT_EXEC
    return pid;
}

static void make_runtime_directories(const Unit *unit) {
    char names[256], path[300], *rest = names;
    User user;
    snprintf(names, sizeof names, "%s", unit->file.runtime_directory);
    for (char *name; (name = strsep(&rest, " "));) {
        if (!*name || strstr(name, "..")) continue;
        snprintf(path, sizeof path, "/run/%s", name);
        make_folders(path, 0755);
        if (user_find(unit->file.user, &user)) chown(path, user.uid, user.gid);
    }
}

// ---- Phases ----

static const Words *phase_list(const Unit *unit) {
    switch (unit->state) {
    case U_PRE: return &unit->file.start_pre;
    case U_START: return &unit->file.start;
    case U_POST: return &unit->file.start_post;
    case U_RELOAD: return &unit->file.reload;
    case U_STOP: return &unit->file.stop;
    case U_STOP_POST: return &unit->file.stop_post;
    default: return NULL;
    }
}

static void fail_unit(Unit *unit, const char *result) {
    unit->failed = true;
    unit->result = result;
    begin_killing(unit);
}

static void finish(Unit *unit) { // nothing of it runs any more
    const UnitFile *file = &unit->file;
    bool again = file->restart == RESTART_ALWAYS || (file->restart == RESTART_ON_FAILURE && unit->failed) ||
                 (file->restart == RESTART_ON_SUCCESS && !unit->failed);
    unit->main = unit->control = 0;
    if (again && !unit->stop_wanted && !shutting_down) {
        note(unit, "%s: Scheduled restart job.\n", unit->name);
        enter(unit, U_RESTARTING, file->restart_ms > 0 ? file->restart_ms : 1);
        return;
    }
    enter(unit, unit->failed ? U_FAILED : U_INACTIVE, 0);
    note(unit, unit->failed ? "%s: Failed.\n" : "Stopped %s.\n", unit->name);
    if (unit->start_after) {
        unit->start_after = false;
        unit_start(unit);
    }
}

static bool read_pid_file(Unit *unit) {
    char path[600], text[32];
    snprintf(path, sizeof path, "%s%s", *unit->file.pid_file == '/' ? "" : "/run/", unit->file.pid_file);
    if (read_text(path, text, sizeof text) <= 0) return false;
    unit->main = (pid_t)number_at(text);
    return unit->main > 1 && kill(unit->main, 0) == 0;
}

static void adopt_daemon(Unit *unit) { // Type=forking: the command has ended well
    if (*unit->file.pid_file && !read_pid_file(unit)) {
        unit->deadline = uptime_ms() + KILL_POLL_MS; // it may come a moment later
        return;
    }
    if (!*unit->file.pid_file) unit->main = tree_first(unit->mark);
    enter(unit, U_POST, unit->file.start_timeout_ms);
    run_next(unit);
}

static void start_main(Unit *unit) {
    const UnitFile *file = &unit->file;
    if (file->type != UNIT_SIMPLE || file->start.count == 0) {
        run_next(unit);
        return;
    }
    unit->main = run(unit, file->start.at[0], true);
    if (unit->main < 0) {
        unit->main = 0;
        fail_unit(unit, "the control process exited with error code");
        return;
    }
    enter(unit, U_POST, file->start_timeout_ms);
    run_next(unit);
}

static void phase_done(Unit *unit) {
    const UnitFile *file = &unit->file;
    switch (unit->state) {
    case U_PRE:
        enter(unit, U_START, file->start_timeout_ms);
        start_main(unit);
        break;
    case U_START:
        if (file->type == UNIT_FORKING) {
            unit->since_ms = now_ms();
            adopt_daemon(unit);
        } else {
            enter(unit, U_POST, file->start_timeout_ms);
            run_next(unit);
        }
        break;
    case U_POST:
        if (file->type == UNIT_ONESHOT && !file->remain)
            begin_killing(unit);
        else
            enter(unit, file->type == UNIT_ONESHOT ? U_EXITED : U_ACTIVE, 0);
        note(unit, "Started %s.\n", *file->description ? file->description : unit->name);
        break;
    case U_RELOAD: enter(unit, unit->main ? U_ACTIVE : U_EXITED, 0); break;
    case U_STOP: begin_killing(unit); break;
    default: finish(unit); break;
    }
}

static void run_next(Unit *unit) {
    const Words *list = phase_list(unit);
    bool as_user = unit->state != U_STOP_POST || *unit->file.user;
    if (!list || unit->command >= list->count) {
        phase_done(unit);
        return;
    }
    unit->control = run(unit, list->at[unit->command++], as_user);
    if (unit->control > 0) return;
    unit->control = 0;
    if (unit->control_may_fail)
        run_next(unit);
    else
        fail_unit(unit, "the control process exited with error code");
}

// ---- Ends ----

static bool is_gone(const Unit *unit) {
    if (unit->file.kill == KILL_NONE) return true;
    if (unit->file.kill == KILL_PROCESS) return unit->main <= 0 || kill(unit->main, 0) != 0;
    return tree_signal(plan, unit->main, unit->mark, 0) == 0;
}

static void killing_tick(Unit *unit) {
    if (!is_gone(unit)) {
        if (unit->deadline && uptime_ms() >= unit->deadline && !unit->killed) {
            unit->killed = true;
            tree_kill(plan, unit->main, unit->mark);
        } else if (unit->file.kill == KILL_MIXED && unit->main <= 0)
            tree_kill(plan, 0, unit->mark);
        return;
    }
    unit->main = unit->control = 0;
    enter(unit, U_STOP_POST, unit->file.stop_timeout_ms);
    run_next(unit);
}

static void begin_killing(Unit *unit) {
    if (unit->state == U_STOP_POST) { // its last commands failed: nothing is left to try
        finish(unit);
        return;
    }
    enter(unit, U_KILLING, unit->file.stop_timeout_ms);
    unit->killed = false;
    if (unit->file.kill == KILL_GROUP)
        tree_signal(plan, unit->main, unit->mark, SIGTERM);
    else if (unit->file.kill != KILL_NONE && unit->main > 0)
        kill(unit->main, SIGTERM);
    killing_tick(unit);
}

static bool ended_well(const Unit *unit) { // as systemd: these signals are clean ends of a daemon
    return unit->signal ? unit->signal == SIGTERM || unit->signal == SIGHUP || unit->signal == SIGINT || unit->signal == SIGPIPE : unit->code == 0;
}

static void main_exited(Unit *unit) {
    unit->main = 0;
    if (!ended_well(unit)) {
        unit->failed = !unit->stop_wanted || unit->signal != SIGKILL;
        unit->result = unit->signal ? "a fatal signal was delivered to the process" : "the process exited with error code";
    }
    char text[64];
    snprintf(text, sizeof text, "%s %d", unit->signal ? "signal" : "status", unit->signal ? unit->signal : unit->code);
    note(unit, "Main process exited, %s.\n", text);
    if (unit->state == U_ACTIVE && unit->file.remain && !unit->failed)
        enter(unit, U_EXITED, 0);
    else if (!is_stopping(unit))
        begin_killing(unit);
}

static void control_exited(Unit *unit) {
    unit->control = 0;
    bool good = ended_well(unit) && unit->signal == 0;
    if (unit->state == U_KILLING) return;
    if (good || unit->control_may_fail)
        run_next(unit);
    else if (unit->state == U_RELOAD) {
        unit->result = "the control process exited with error code";
        enter(unit, unit->main ? U_ACTIVE : U_EXITED, 0);
    } else if (unit->state == U_STOP)
        begin_killing(unit);
    else
        fail_unit(unit, "the control process exited with error code");
}

void units_exited(pid_t pid, int status) {
    for (Unit *unit = units; unit; unit = unit->next) {
        if (pid != unit->main && pid != unit->control) continue;
        stream_drain(&unit->log);
        unit->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        unit->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        if (pid == unit->main)
            main_exited(unit);
        else
            control_exited(unit);
    }
}

// ---- What is asked for ----

static void begin(Unit *unit) {
    if (uptime_ms() - unit->window > START_WINDOW_MS) {
        unit->window = uptime_ms();
        unit->starts = 0;
    }
    unit->failed = unit->stop_wanted = false;
    unit->result = "";
    unit->code = unit->signal = 0;
    unit->order = ++started;
    open_log(unit);
    if (unit->starts++ >= START_BURST) {
        unit->failed = unit->stop_wanted = true;
        unit->result = "start of the service was attempted too often";
        finish(unit);
        return;
    }
    make_runtime_directories(unit);
    enter(unit, U_PRE, unit->file.start_timeout_ms);
    run_next(unit);
}

static bool starts_behind(const Unit *unit, const Words *names, bool needed, bool *missing) {
    bool waits = false;
    for (size_t i = 0; i < names->count; i++) {
        char name[128];
        Unit *other = unit_name(names->at[i], name) ? unit_find(name, false) : NULL;
        if (!other || other == unit) continue;
        waits = waits || is_starting(other);
        if (needed && unit_is_settled(other) && !unit_is_up(other) && other->failed) *missing = true;
    }
    return waits;
}

static void waiting_tick(Unit *unit) {
    bool missing = false, follows = starts_behind(unit, &unit->file.after, false, &missing),
         needs = starts_behind(unit, &unit->file.needs, true, &missing);
    if (missing) {
        unit->failed = unit->stop_wanted = true;
        unit->result = "a dependency job failed";
        enter(unit, U_FAILED, 0);
    } else if (!follows && !needs)
        begin(unit);
}

static void start_all(const Words *names) {
    for (size_t i = 0; i < names->count; i++) {
        char name[128];
        Unit *other = unit_name(names->at[i], name) ? unit_find(name, true) : NULL;
        if (other) unit_start(other);
    }
}

void unit_start(Unit *unit) {
    if (is_stopping(unit)) unit->start_after = true;
    if (is_starting(unit) || is_stopping(unit) || unit_is_up(unit)) return;
    reload_file(unit);
    enter(unit, U_WAITING, 0);
    start_all(&unit->file.needs);
    start_all(&unit->file.wants);
    waiting_tick(unit);
}

void unit_stop(Unit *unit) {
    unit->start_after = false;
    unit->stop_wanted = true;
    if (is_stopping(unit) || unit->state == U_INACTIVE) return;
    unit->failed = false;
    if (unit->state == U_FAILED || unit->state == U_WAITING || unit->state == U_RESTARTING) {
        enter(unit, U_INACTIVE, 0);
        return;
    }
    bool orderly = unit_is_up(unit);
    enter(unit, U_STOP, unit->file.stop_timeout_ms);
    if (orderly)
        run_next(unit);
    else
        begin_killing(unit);
}

void unit_restart(Unit *unit) {
    unit->starts = 0;
    bool down = unit->state == U_INACTIVE || unit->state == U_FAILED || unit->state == U_RESTARTING;
    if (down) {
        enter(unit, U_INACTIVE, 0);
        unit_start(unit);
    } else if (!is_starting(unit)) {
        unit_stop(unit);
        if (unit->state == U_INACTIVE)
            unit_start(unit);
        else
            unit->start_after = true;
    }
}

void unit_reload(Unit *unit) {
    if (unit->state != U_ACTIVE && unit->state != U_EXITED) return;
    unit->result = "";
    enter(unit, U_RELOAD, unit->file.start_timeout_ms);
    run_next(unit);
}

// ---- Time ----

static void timed_out(Unit *unit) {
    unit->deadline = 0;
    if (unit->state == U_RESTARTING) {
        enter(unit, U_INACTIVE, 0);
        unit_start(unit);
    } else if (unit->state == U_START && unit->file.type == UNIT_FORKING && !unit->control) {
        if (now_ms() - unit->since_ms < PID_FILE_MS)
            adopt_daemon(unit);
        else
            fail_unit(unit, "the daemon wrote no PID file");
    } else if (is_starting(unit))
        fail_unit(unit, "a timeout was exceeded");
    else
        begin_killing(unit);
}

static void release_a_circle(void) { // all that start wait for each other: the first goes on
    Unit *waiting = NULL;
    for (Unit *unit = units; unit; unit = unit->next) {
        if (unit->state == U_WAITING)
            waiting = unit;
        else if (is_starting(unit))
            return;
    }
    if (waiting) begin(waiting);
}

// For the server: "NAME STATE SUBSTATE" a line.
static void write_list(void) {
    FILE *file = changed ? fopen("inside/units.tmp", "we") : NULL;
    if (!file) return;
    for (const Unit *unit = units; unit; unit = unit->next) fprintf(file, "%s %s %s\n", unit->name, unit_state_name(unit), unit_sub_state_name(unit));
    changed = fclose(file) != 0 || rename("inside/units.tmp", "inside/units") != 0;
}

void units_tick(void) {
    for (Unit *unit = units; unit; unit = unit->next) {
        if (unit->state == U_WAITING)
            waiting_tick(unit);
        else if (unit->state == U_KILLING)
            killing_tick(unit);
        else if (unit->deadline && uptime_ms() >= unit->deadline)
            timed_out(unit);
    }
    release_a_circle();
    write_list();
    unit_requests_tick();
}

int64_t units_deadline(void) {
    int64_t first = INT64_MAX;
    for (const Unit *unit = units; unit; unit = unit->next) {
        int64_t next = unit->state == U_KILLING ? uptime_ms() + KILL_POLL_MS : unit->deadline;
        if (next && next < first) first = next;
    }
    return first;
}

void units_stop(void) {
    shutting_down = true;
    for (unsigned order = started + 1; order-- > 1;)
        for (Unit *unit = units; unit; unit = unit->next)
            if (unit->order == order) unit_stop(unit);
}

bool units_stopped(void) {
    for (const Unit *unit = units; unit; unit = unit->next)
        if (unit->state != U_INACTIVE && unit->state != U_FAILED) return false;
    return true;
}

void units_init(const Plan *of) {
    Words names = {0};
    plan = of;
    unlink("inside/units"); // of an earlier life
    if (!plan->instance || plan->rung == 'D') return; // in rung D the units would be the host's own
    units_enabled(&names);
    start_all(&names);
    words_free(&names);
    units_tick(); // the server looks before anything else happens
}
