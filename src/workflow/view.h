// View: what a person sees of a pipeline execution: its stages and actions, each with state, time, a word about it, and the tail of its log.
//
// watch.c keeps it up to date; tree.c and lines.c show it. Pure data: strings live in the arena of the run, and are copied only when they change.
#pragma once

#include "base/error.h"
#include "base/vec.h"

typedef enum State { STATE_WAITING, STATE_RUNNING, STATE_APPROVAL, STATE_SUCCEEDED, STATE_FAILED, STATE_STOPPED } State;

enum { TAIL_LINES = 3, TAIL_KEPT = 64, TAIL_BYTES = 400, FAILURES_MOST = 5 }; // shown under an action, kept of its log

// A failing test, or a failing hook.
typedef struct Failure {
    Str name;
    Str place; // "tests/test_integration.py:50"; STR_NONE: unknown
    Str expected, got; // STR_NONE: the message does not say
    Str message; // the first lines of it
} Failure;

typedef struct Activity { // an action
    Str name, category, provider;
    Str question; // of an approval, for the person who answers; STR_NONE: there is none
    Str action_execution, external_id, token;
    State state;
    Str detail; // "12 tests passed"
    Str problem; // why it failed, when no Failure says it
    Str remark; // the section of the buildspec that the log is finding fault with
    Vec notes; // Str: what differs from AWS's machines
    Vec failures; // Failure
    int64_t failure_count; // may be more than are kept
    int64_t tests, tests_failed;
    int64_t instances; // deployed to with success
    Str address; // of one of them: "127.77.0.5", "127.77.0.5:8080"
    Str rollback; // the deployment that takes a failed one back; STR_NONE: there is none
    State rollback_state;
    int64_t rolled_back; // instances
    int64_t started_ms, ended_ms; // plane time, 0: not yet
    int64_t seen_ms, elapsed_ms; // real time: when it was first seen at work, how long it has taken
    int64_t usual_ms; // how long it took when it last succeeded, 0: unknown
    Str log_group, log_stream, log_token;
    char (*tail)[TAIL_BYTES]; // of its log: the newest TAIL_KEPT lines, line n at n % TAIL_KEPT
    int64_t said; // lines of its log so far
    bool settled; // what there is to say at its end has been fetched
} Activity;

typedef struct StageView {
    Str name;
    Str waits; // why it does not begin, when it is its turn; STR_NONE: nothing is in its way
    Vec activities; // Activity, by run order
} StageView;

typedef struct View {
    Arena *arena;
    Str pipeline, execution;
    Str option; // of the commands in hints, to reach the plane: see client.h
    Vec stages; // StageView
    State state;
    Str problem; // of the execution as a whole
    int64_t elapsed_ms;
} View;

State stage_state(const StageView *stage);
int64_t stage_elapsed(const StageView *stage);
const char *state_word(State state); // "failed"
bool state_is_over(State state);
Str log_text(Arena *arena, Str line); // a line of a log as it is shown: printable, without the stamp of CodeBuild's own
void activity_note(const View *view, Activity *activity, Str note); // once for all of the view
void activity_say(Activity *activity, Arena *arena, Str line); // a line of its log
Str activity_line(const Activity *activity, int64_t number); // from 0; one of the newest TAIL_KEPT
void view_keep(Arena *arena, Str *field, Str value); // copies when it differs
Activity *view_find(const View *view, Str stage, Str action);
