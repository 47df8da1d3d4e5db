// Watch: keeps a View up to date by the API that every AWS client has: ListActionExecutions, BatchGetBuilds, GetLogEvents, GetDeployment …
#pragma once

#include "workflow/client.h"
#include "workflow/view.h"

typedef struct Watch {
    const Client *client;
    Arena *arena; // of the run
    View view;
    int64_t started_ms; // real time
} Watch;

enum { WATCH_EACH_MS = 100 };

// The stages as the pipeline has them now, all waiting.
bool watch_open(const Client *client, Arena *arena, Str pipeline, Str execution, Watch *out, Error *e);
// One look. Transient: what it allocates is given back, except what the view keeps.
bool watch_look(Watch *watch, Error *e);
bool watch_is_over(const Watch *watch); // the execution, and rollbacks of what failed in it
int64_t watch_now_ms(void); // real time, monotonic

// details_build.c, details_deploy.c: what there is to say about an action while it runs, and once at its end.
void build_follow(Watch *watch, Arena *arena, Activity *activity);
void build_settle(Watch *watch, Arena *arena, Activity *activity);
void deploy_follow(Watch *watch, Arena *arena, Activity *activity);
void deploy_settle(Watch *watch, Arena *arena, Activity *activity);
void deploy_roll_back(Watch *watch, Arena *arena, Activity *activity); // while it is under way
