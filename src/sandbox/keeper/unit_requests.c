// What systemctl asks of process 1. A request is "VERB UNIT…" with full unit names; answers are lines, the last one "end STATUS".
// start, stop, restart and reload answer when their units have settled; a client that goes away is forgotten.
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_UNITS = 16 };

typedef struct Request { // one that waits
    int client;
    bool wants_up, reloads;
    Unit *units[REQUEST_UNITS];
    size_t count;
    struct Request *next;
} Request;

static Request *requests;

const char *unit_state_name(const Unit *unit) {
    switch (unit->state) {
    case U_INACTIVE: return "inactive";
    case U_FAILED: return "failed";
    case U_ACTIVE:
    case U_EXITED: return "active";
    case U_RELOAD: return "reloading";
    case U_STOP:
    case U_KILLING:
    case U_STOP_POST: return "deactivating";
    default: return "activating";
    }
}

const char *unit_sub_state_name(const Unit *unit) {
    static const char *const names[] = {
        [U_INACTIVE] = "dead",        [U_FAILED] = "failed",       [U_WAITING] = "waiting",        [U_PRE] = "start-pre", [U_START] = "start",
        [U_POST] = "start-post",      [U_ACTIVE] = "running",      [U_EXITED] = "exited",          [U_RELOAD] = "reload", [U_STOP] = "stop",
        [U_KILLING] = "stop-sigterm", [U_STOP_POST] = "stop-post", [U_RESTARTING] = "auto-restart"};
    return names[unit->state];
}

static void say(int client, const char *text) { message_send(client, -1, "text %s", text); }
static void end(int client, int status) { message_send(client, -1, "end %d", status); }

static void say_missing(int client, const char *name) {
    char text[256];
    snprintf(text, sizeof text, "Unit %s could not be found.", name);
    say(client, text);
}

// ---- Questions ----

static void say_time(char *out, size_t room, int64_t ms) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(out, room, "%a %Y-%m-%d %H:%M:%S UTC", &parts);
}

static void say_status(int client, const Unit *unit) {
    char text[900], when[64];
    say_time(when, sizeof when, unit->since_ms ? unit->since_ms : now_ms());
    snprintf(text, sizeof text, "%s - %s", unit->name, *unit->file.description ? unit->file.description : unit->name);
    say(client, text);
    snprintf(text, sizeof text, "     Loaded: %s (%s; %s)", unit->loaded ? "loaded" : "not-found", unit->file.path,
             unit_is_enabled(unit->name) ? "enabled" : "disabled");
    say(client, text);
    snprintf(text, sizeof text, "     Active: %s (%s) since %s%s%s", unit_state_name(unit), unit_sub_state_name(unit), when,
             *unit->result ? "; " : "", unit->result);
    say(client, text);
    if (unit->main > 0) {
        snprintf(text, sizeof text, "   Main PID: %d", (int)unit->main);
        say(client, text);
    } else if (unit->failed) {
        snprintf(text, sizeof text, "    Process: %s=%d", unit->signal ? "signal" : "status", unit->signal ? unit->signal : unit->code);
        say(client, text);
    }
    for (size_t i = 0; i < unit->file.ignored.count && i < 20; i++) {
        snprintf(text, sizeof text, "    Ignored: %s is not supported in a sandbox", unit->file.ignored.at[i]);
        say(client, text);
    }
}

static int answer_status(int client, const char *name) {
    const Unit *unit = unit_find(name, true);
    if (!unit) {
        say_missing(client, name);
        return 4;
    }
    say_status(client, unit);
    return unit_is_up(unit) ? 0 : 3;
}

static int answer_active(int client, const char *name) {
    const Unit *unit = unit_find(name, true);
    say(client, unit ? unit_state_name(unit) : "inactive");
    return unit && unit_is_up(unit) ? 0 : 3;
}

static int answer_failed(int client, const char *name) {
    const Unit *unit = unit_find(name, true);
    say(client, unit ? unit_state_name(unit) : "inactive");
    return unit && unit->state == U_FAILED ? 0 : 1;
}

static int answer_show(int client, const char *name) {
    char text[900];
    const Unit *unit = unit_find(name, true);
    snprintf(text, sizeof text, "Id=%s\nLoadState=%s\nActiveState=%s\nSubState=%s\nMainPID=%d\nUnitFileState=%s\nFragmentPath=%s", name,
             unit ? "loaded" : "not-found", unit ? unit_state_name(unit) : "inactive", unit ? unit_sub_state_name(unit) : "dead",
             unit ? (int)unit->main : 0,
             !unit                   ? ""
             : unit_is_enabled(name) ? "enabled"
                                     : "disabled",
             unit ? unit->file.path : "");
    say(client, text);
    return 0;
}

static int answer_reset(int client, const char *name) {
    Unit *unit = unit_find(name, false);
    if (unit && unit->state == U_FAILED) unit_stop(unit);
    return 0;
}

static void list(int client) {
    for (const Unit *unit = units_first(); unit; unit = unit->next) {
        char text[700];
        snprintf(text, sizeof text, "%-32s %-8s %-12s %-12s %s", unit->name, unit->loaded ? "loaded" : "missing", unit_state_name(unit),
                 unit_sub_state_name(unit), unit->file.description);
        if (unit->state != U_INACTIVE) say(client, text);
    }
}

// ---- Orders ----

static void try_restart(Unit *unit) {
    if (unit_is_up(unit)) unit_restart(unit);
}

static void reload_or_restart(Unit *unit) {
    if (unit_is_up(unit) && unit->file.reload.count)
        unit_reload(unit);
    else
        unit_restart(unit);
}

typedef struct Verb {
    const char *name;
    void (*order)(Unit *unit); // waits until settled; or
    int (*question)(int client, const char *name); // answered at once; the status of the last that is not 0
    bool wants_up, needs_up;
} Verb;

static const Verb verbs[] = {
    {"start", unit_start, NULL, true, false},
    {"stop", unit_stop, NULL, false, false},
    {"restart", unit_restart, NULL, true, false},
    {"reload", unit_reload, NULL, true, true},
    {"try-restart", try_restart, NULL, false, false},
    {"condrestart", try_restart, NULL, false, false},
    {"reload-or-restart", reload_or_restart, NULL, true, false},
    {"force-reload", reload_or_restart, NULL, true, false},
    {"status", NULL, answer_status, false, false},
    {"is-active", NULL, answer_active, false, false},
    {"is-failed", NULL, answer_failed, false, false},
    {"show", NULL, answer_show, false, false},
    {"reset-failed", NULL, answer_reset, false, false},
};

static bool order_one(int client, const Verb *verb, const char *name, Request *request) {
    char text[512];
    Unit *unit = unit_find(name, true);
    const char *why = !unit ? "not found" : verb->needs_up && !unit_is_up(unit) ? "not active, cannot reload" : NULL;
    if (why) {
        snprintf(text, sizeof text, "Failed to %s %s: Unit %s %s.", verb->name, name, name, why);
        say(client, text);
        return false;
    }
    if (request->count < REQUEST_UNITS) request->units[request->count++] = unit;
    verb->order(unit);
    return true;
}

static void order(int client, const Verb *verb, const char *names) {
    char name[128];
    bool good = true;
    Request *request = calloc(1, sizeof *request);
    *request = (Request){.client = client, .wants_up = verb->wants_up, .reloads = verb->order == unit_reload, .next = requests};
    while (take_word(&names, name, sizeof name)) good = order_one(client, verb, name, request) && good;
    if (good)
        requests = request;
    else {
        free(request);
        end(client, 5);
    }
}

static void ask(int client, const Verb *verb, const char *names) {
    char name[128];
    int status = 0;
    while (take_word(&names, name, sizeof name)) {
        int one = verb->question(client, name);
        if (one) status = one;
    }
    end(client, status);
}

void units_request(int client, const char *text) {
    char word[32];
    if (!take_word(&text, word, sizeof word)) return;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, word) != 0) continue;
        if (verbs[i].order)
            order(client, &verbs[i], text);
        else
            ask(client, &verbs[i], text);
        return;
    }
    if (strcmp(word, "daemon-reload") == 0)
        units_reload_files();
    else if (strcmp(word, "list-units") == 0)
        list(client);
    else
        say(client, "this command is not supported in a sandbox");
    end(client, strcmp(word, "daemon-reload") != 0 && strcmp(word, "list-units") != 0);
}

void units_client_gone(int client) {
    for (Request **at = &requests; *at;) {
        Request *request = *at;
        if (request->client != client)
            at = &request->next;
        else {
            *at = request->next;
            free(request);
        }
    }
}

static bool is_settled(const Request *request) {
    for (size_t i = 0; i < request->count; i++)
        if (!unit_is_settled(request->units[i])) return false;
    return true;
}

static int judge(const Request *request) {
    int status = 0;
    for (size_t i = 0; i < request->count; i++) {
        char text[512];
        const Unit *unit = request->units[i];
        bool good = unit_is_up(unit) || (unit->file.type == UNIT_ONESHOT && unit->state == U_INACTIVE);
        if (!request->wants_up || (good && !(request->reloads && *unit->result))) continue;
        snprintf(text, sizeof text, "Job for %s failed because %s.\nSee \"systemctl status %s\" and \"journalctl -xeu %s\" for details.", unit->name,
                 *unit->result ? unit->result : "it was stopped", unit->name, unit->name);
        say(request->client, text);
        status = 1;
    }
    return status;
}

void unit_requests_tick(void) {
    for (Request **at = &requests; *at;) {
        Request *request = *at;
        if (!is_settled(request)) {
            at = &request->next;
            continue;
        }
        end(request->client, judge(request));
        *at = request->next;
        free(request);
    }
}
