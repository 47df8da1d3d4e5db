// Lifecycle events of one instance, as an InstanceTarget shows them.
#include "services/codedeploy/machine.h"

static const char *const EVENTS[] = {
    "ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService", NULL,
};

Doc *events_new(Arena *arena) {
    Doc *events = doc_list(arena);
    for (const char *const *name = EVENTS; *name; name++) {
        Doc *event = doc_map(arena);
        doc_set_str(arena, event, "lifecycleEventName", str_of(*name));
        doc_set_str(arena, event, "status", STR("Pending"));
        doc_push(events, event);
    }
    return events;
}

static Doc *find(const Doc *target, Str name) {
    Doc *event = doc_first(doc_get(target, "lifecycleEvents"));
    while (event && !str_eq(doc_text(event, "lifecycleEventName"), name)) event = event->next;
    return event;
}

Str event_under_way(const Doc *target) {
    for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        if (str_is(doc_text(event, "status"), "InProgress")) return doc_text(event, "lifecycleEventName");
    }
    return STR_NONE;
}

bool event_is(const Doc *target, const char *name, const char *status) { return str_is(doc_text(find(target, str_of(name)), "status"), status); }

static void touch(Step *step, Doc *target) { doc_set_time(step->arena, target, "lastUpdatedAt", step->now_ms); }

void event_begin(Step *step, Doc *target, Str name, int64_t ms) {
    Doc *event = find(target, name);
    if (!event || !str_is(doc_text(event, "status"), "Pending")) return;
    doc_set_str(step->arena, event, "status", STR("InProgress"));
    doc_set_time(step->arena, event, "startTime", ms);
    touch(step, target);
}

static void copy_text(Step *step, Doc *to, const Doc *from, const char *member) {
    doc_set_str(step->arena, to, member, str_copy(step->arena, doc_str(doc_get(from, member), STR(""))));
}

// AWS shows none of an event that went well: script_logs.c does.
static void put_log_aside(Step *step, Doc *event, Doc *diagnostics) {
    doc_set_str(step->arena, event, "$log", doc_text(diagnostics, "logTail"));
    doc_set_str(step->arena, diagnostics, "logTail", STR(""));
}

void event_end(Step *step, Doc *target, Str name, int64_t ms, const Doc *diagnostics, bool ok) {
    Doc *event = find(target, name), *shown = doc_map(step->arena);
    if (!event || !str_is(doc_text(event, "status"), "InProgress")) return;
    copy_text(step, shown, diagnostics, "errorCode");
    copy_text(step, shown, diagnostics, "scriptName");
    copy_text(step, shown, diagnostics, "message");
    copy_text(step, shown, diagnostics, "logTail");
    if (ok) put_log_aside(step, event, shown);
    doc_set(event, "diagnostics", shown);
    doc_set_time(step->arena, event, "endTime", ms);
    doc_set_str(step->arena, event, "status", ok ? STR("Succeeded") : STR("Failed"));
    touch(step, target);
}

void event_fail(Step *step, Doc *target, Str name, Str message) {
    Doc *diagnostics = doc_map(step->arena);
    doc_set_str(step->arena, diagnostics, "errorCode", STR("UnknownError"));
    doc_set_str(step->arena, diagnostics, "message", message);
    event_begin(step, target, name, step->now_ms);
    event_end(step, target, name, step->now_ms, diagnostics, false);
}

void events_skip_rest(Step *step, Doc *target) {
    for (Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        if (str_is(doc_text(event, "status"), "Pending")) doc_set_str(step->arena, event, "status", STR("Skipped"));
    }
    touch(step, target);
}
