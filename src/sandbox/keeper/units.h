// Units as process 1 runs them. The states, and how they follow each other:
//
//   INACTIVE ─start→ WAITING (for what comes before) → PRE → START → POST → ACTIVE (a process) or EXITED (RemainAfterExit)
//   ACTIVE, EXITED ─reload→ RELOAD → back          ─stop→ STOP → KILLING → STOP_POST → INACTIVE
//   main process ends, a command fails, a time-out: → KILLING → STOP_POST → FAILED or INACTIVE, or RESTARTING → PRE
// In PRE, POST, RELOAD, STOP, STOP_POST (and START of oneshot and forking) one command after the other runs as `control`.
#pragma once

#include "unit_file.h"

typedef enum UnitState {
    U_INACTIVE,
    U_FAILED,
    U_WAITING,
    U_PRE,
    U_START,
    U_POST,
    U_ACTIVE,
    U_EXITED,
    U_RELOAD,
    U_STOP,
    U_KILLING,
    U_STOP_POST,
    U_RESTARTING
} UnitState;

typedef struct Unit {
    char name[128], mark[160];
    UnitFile file;
    bool loaded; // its file was found
    UnitState state;
    size_t command; // of the phase's list
    pid_t main, control;
    bool control_may_fail, start_after, stop_wanted, failed, killed;
    int code, signal; // how the main process or the failing command ended
    const char *result; // "" or why it failed, as systemctl says it
    int64_t deadline, since_ms; // uptime of the next time-out (0: none), wall clock of the last change
    int64_t window; // start limit
    int starts;
    unsigned order; // of its start: the last started stops first
    Stream log;
    int log_end;
    struct Unit *next;
} Unit;

Unit *unit_find(const char *name, bool load); // by full name; NULL when it is neither loaded nor found
Unit *units_first(void);
void unit_start(Unit *unit);
void unit_stop(Unit *unit);
void unit_restart(Unit *unit);
void unit_reload(Unit *unit);
void units_reload_files(void);
const char *unit_state_name(const Unit *unit); // "active" …, as systemctl says it
const char *unit_sub_state_name(const Unit *unit);
bool unit_is_settled(const Unit *unit);
bool unit_is_up(const Unit *unit);
void unit_requests_tick(void); // unit_requests.c: answers those whose units have settled
