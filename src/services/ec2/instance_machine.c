// An instance's life.
//
//     start → pending ──sandbox ready──▶ running ──stop──▶ stopping ──▶ stopped ──start──▶ pending …
//                │                          │                              │
//                └──────────terminate───────┴──────▶ shutting-down ◀───────┘
//                                                         └──sandbox destroyed──▶ terminated ──1 h──▶ gone
//
// Events from handlers: "start" (a new instance, or one that was stopped), "stop", "reboot", "terminate", "ports" {ports}. Effects carry the tags of TAG_NAMES.
// When the sandbox ends by itself, the instance is stopped; when the machine was started anew, it starts again on its old layer.
#include "services/ec2/ec2.h"

#include "base/limits.h"

#include <time.h>

enum { GRACE_MS = 20000, TERMINATED_KEPT_MS = 3600 * 1000, USER_DATA_MS = 30 * 60 * 1000, CONSOLE_BYTES = 64 * 1024 };

static const struct {
    const char *name;
    int64_t code;
} STATES[] = {{"pending", 0}, {"running", 16}, {"shutting-down", 32}, {"terminated", 48}, {"stopping", 64}, {"stopped", 80}};

static Str state_of(const Step *step) { return doc_text(doc_get(step->state, "State"), "Name"); }
static bool is_in(const Step *step, const char *state) { return str_is(state_of(step), state); }

static void publish(Step *step) {
    Doc *detail = doc_map(step->arena), *resources = doc_list(step->arena);
    doc_set_str(step->arena, detail, "instance-id", step->id);
    doc_set_str(step->arena, detail, "state", state_of(step));
    doc_push_str(
        step->arena, resources,
        str_format(step->arena, "arn:aws:ec2:%.*s:%.*s:instance/%.*s", STR_ARG(step->where.region), STR_ARG(step->where.account), STR_ARG(step->id)));
    step_publish(step, "aws.ec2", "EC2 Instance State-change Notification", detail, resources);
}

static void go_to(Step *step, const char *state) {
    Doc *doc = doc_map(step->arena);
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
        if (strcmp(STATES[i].name, state) == 0) doc_set_int(step->arena, doc, "Code", STATES[i].code);
    }
    doc_set_str(step->arena, doc, "Name", str_of(state));
    doc_set(step->state, "State", doc);
    publish(step);
}

static void set_reason(Step *step, const char *code, Str message) {
    Doc *reason = doc_map(step->arena);
    doc_set_str(step->arena, reason, "Code", str_of(code));
    doc_set_str(step->arena, reason, "Message", str_copy(step->arena, message));
    doc_set(step->state, "StateReason", reason);
}

static void set_user_reason(Step *step) {
    time_t seconds = (time_t)(step->now_ms / 1000);
    struct tm at;
    gmtime_r(&seconds, &at);
    set_reason(step, "Client.UserInitiatedShutdown", STR("Client.UserInitiatedShutdown: User initiated shutdown"));
    doc_set_str(step->arena, step->state, "StateTransitionReason",
                str_format(step->arena, "User initiated (%04d-%02d-%02d %02d:%02d:%02d GMT)", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday,
                           at.tm_hour, at.tm_min, at.tm_sec));
}

static Doc *named(Step *step) {
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "name", step->id);
    return arguments;
}

// ---- Effects ----

static Str host_name(Str dns_name) { return str_cut(&dns_name, '.'); }

static void create_sandbox(Step *step) {
    Arena *arena = step->arena;
    Doc *arguments = named(step), *limits = doc_map(arena);
    doc_set_str(arena, arguments, "kind", STR("instance"));
    doc_set_str(arena, arguments, "hostname", host_name(doc_text(step->state, "PrivateDnsName")));
    doc_set_str(arena, arguments, "address", doc_text(step->state, "PrivateIpAddress"));
    doc_set_str(arena, arguments, "publicAddress", doc_text(step->state, "$publicAddress"));
    doc_set_int(arena, limits, "memoryBytes", doc_number(step->state, "$memoryMiB", 1024) * 1024 * 1024);
    doc_set_int(arena, limits, "processes", LIMIT_INSTANCE_PROCESSES);
    doc_set_int(arena, limits, "outputBytes", LIMIT_JOB_OUTPUT_BYTES);
    doc_set(arguments, "limits", limits);
    doc_set(arguments, "env", doc_copy(arena, doc_get(step->state, "$env")));
    step_effect(step, "sandbox.create", arguments, STR("create"));
}

static void set_ports(Step *step) {
    Doc *arguments = named(step);
    doc_set(arguments, "ports", doc_copy(step->arena, doc_get(step->state, "$ports")));
    step_effect(step, "sandbox.ports", arguments, STR("ports"));
}

static void stop_sandbox(Step *step) {
    Doc *arguments = named(step);
    doc_set_int(step->arena, arguments, "graceMs", GRACE_MS);
    step_effect(step, "sandbox.stop", arguments, STR("stop"));
}

static void run_user_data(Step *step) {
    Str text = doc_text(step->state, "$userData");
    if (!text.len || doc_flag(step->state, "$userDataRan", false)) return;
    doc_set_bool(step->arena, step->state, "$userDataRan", true);
    Arena *arena = step->arena;
    Doc *arguments = doc_map(arena), *argv = doc_list(arena), *files = doc_list(arena), *file = doc_map(arena);
    doc_set_str(arena, arguments, "sandbox", step->id);
    doc_set_str(arena, arguments, "job", STR("user-data"));
    doc_push_str(arena, argv, STR("/bin/sh"));
    doc_push_str(arena, argv, STR("-c"));
    doc_push_str(arena, argv, STR("exec \"$REHEARSE_EXCHANGE/user-data\""));
    doc_set(arguments, "argv", argv);
    doc_set_int(arena, arguments, "timeoutMs", USER_DATA_MS);
    doc_set_str(arena, file, "to", STR("user-data"));
    doc_set_str(arena, file, "text", text);
    doc_set_int(arena, file, "mode", 0755);
    doc_push(files, file);
    doc_set(arguments, "files", files);
    step_effect(step, "job.run", arguments, STR("user-data"));
}

// ---- Events ----

static void on_start(Step *step) {
    bool fresh = !doc_flag(step->state, "$made", false);
    if (!fresh) doc_set_time(step->arena, step->state, "LaunchTime", step->now_ms / 1000 * 1000);
    go_to(step, "pending");
    set_reason(step, "pending", STR("pending"));
    doc_set_str(step->arena, step->state, "StateTransitionReason", STR(""));
    doc_set_bool(step->arena, step->state, "$made", true);
    if (fresh) {
        create_sandbox(step);
    } else {
        step_effect(step, "sandbox.start", named(step), STR("create"));
    }
}

static void on_ready(Step *step) {
    const Doc *data = step->event->data;
    if (!is_in(step, "pending")) return;
    if (!doc_flag(data, "ok", false)) {
        set_reason(step, "Server.InternalError", doc_text(data, "reason"));
        go_to(step, "shutting-down");
        step_effect(step, "sandbox.destroy", named(step), STR("destroy"));
        return;
    }
    go_to(step, "running");
    doc_set(step->state, "StateReason", NULL);
    doc_set(step->state, "$stopping", NULL);
    step_effect(step, "sandbox.watch", named(step), STR("watch"));
    set_ports(step);
    run_user_data(step);
    step_wake(step, str_cat(step->arena, STR("ec2/"), step->id));
}

// Where it answers on the host: the address itself, with the other port where the machine allows no port below 1024.
static void on_ports(Step *step) {
    const Doc *ports = doc_get(step->event->data, "ports");
    doc_set(step->state, "$hostPorts", doc_copy(step->arena, ports));
    Str name = doc_text(step->state, "PublicIpAddress");
    for (const Doc *port = doc_first(ports); port; port = port->next) {
        int64_t inside = doc_number(port, "port", 0), outside = doc_number(port, "hostPort", 0);
        if (inside == 80 && outside && outside != inside) name = str_format(step->arena, "%.*s:%lld", STR_ARG(name), (long long)outside);
    }
    doc_set_str(step->arena, step->state, "PublicDnsName", name);
}

static void lose_public_address(Step *step) {
    doc_set(step->state, "PublicIpAddress", NULL);
    doc_set(step->state, "PublicDnsName", NULL);
}

// Stopped by somebody, or ended by itself: then it is what its shutdown behaviour says, "stop" or "terminate".
static void on_stopped(Step *step) {
    const Doc *data = step->event->data;
    if (is_in(step, "stopping")) {
        go_to(step, "stopped");
        lose_public_address(step);
        return;
    }
    if (!is_in(step, "running")) return;
    if (doc_flag(data, "rebooted", false)) {
        go_to(step, "pending");
        step_effect(step, "sandbox.start", named(step), STR("create"));
        return;
    }
    set_reason(step, "Client.InstanceInitiatedShutdown", STR("Client.InstanceInitiatedShutdown: Instance initiated shutdown"));
    lose_public_address(step);
    if (!str_is(doc_text(step->state, "$shutdown"), "terminate")) {
        go_to(step, "stopped");
        return;
    }
    go_to(step, "shutting-down");
    step_effect(step, "sandbox.destroy", named(step), STR("destroy"));
}

static void on_destroyed(Step *step) {
    if (!is_in(step, "shutting-down")) return;
    go_to(step, "terminated");
    step_timer(step, STR("forget"), TIMER_BACKGROUND, step->now_ms + TERMINATED_KEPT_MS);
}

static void on_stop(Step *step) {
    set_user_reason(step);
    go_to(step, "stopping");
    stop_sandbox(step);
}

static void on_terminate(Step *step) {
    set_user_reason(step);
    go_to(step, "shutting-down");
    lose_public_address(step);
    step_effect(step, "sandbox.destroy", named(step), STR("destroy"));
}

static void on_reboot(Step *step) {
    doc_set_bool(step->arena, step->state, "$rebooting", true);
    stop_sandbox(step);
}

static void after_reboot(Step *step) {
    doc_set(step->state, "$rebooting", NULL);
    step_effect(step, "sandbox.start", named(step), STR("rebooted"));
}

// The console shows what user data printed, the end of it when it is long.
static void on_console(Step *step) {
    Str text = doc_str(doc_get(step->state, "$console"), STR(""));
    for (const Doc *chunk = doc_first(doc_get(step->event->data, "chunks")); chunk; chunk = chunk->next) {
        text = str_cat(step->arena, text, doc_text(chunk, "text"));
    }
    if (text.len > CONSOLE_BYTES) text = str_from(text, text.len - CONSOLE_BYTES);
    doc_set_str(step->arena, step->state, "$console", text);
}

static void on_effect(Step *step, Str tag) {
    bool rebooting = doc_flag(step->state, "$rebooting", false);
    if (str_is(tag, "create")) on_ready(step);
    if (str_is(tag, "user-data")) on_console(step);
    if (str_is(tag, "ports")) on_ports(step);
    if (str_is(tag, "destroy")) on_destroyed(step);
    if (str_is(tag, "stop") && rebooting) after_reboot(step);
    if (str_is(tag, "stop") && !rebooting) on_stopped(step);
    if (str_is(tag, "watch") && !rebooting) on_stopped(step);
    if (str_is(tag, "rebooted")) {
        step_effect(step, "sandbox.watch", named(step), STR("watch"));
        set_ports(step);
    }
}

static void step_instance(Step *step) {
    Str kind = step->event->kind;
    if (!step->state) step->state = doc_copy(step->arena, doc_get(step->event->data, "instance"));
    if (str_is(kind, "start")) on_start(step);
    if (str_is(kind, "stop")) on_stop(step);
    if (str_is(kind, "reboot")) on_reboot(step);
    if (str_is(kind, "terminate")) on_terminate(step);
    if (str_is(kind, "ports")) {
        doc_set(step->state, "$ports", doc_copy(step->arena, doc_get(step->event->data, "ports")));
        if (is_in(step, "running")) set_ports(step);
    }
    if (str_is(kind, "effect")) on_effect(step, doc_text(step->event->data, "tag"));
    if (str_is(kind, "timer") && str_is(doc_text(step->event->data, "name"), "forget")) step->state = NULL;
}

static const MachineType MACHINE = {.version = 1, .step = step_instance};
static const DocumentIndex INDEXES[] = {{"group", "$groups"}, {"state", "State.Name"}, {NULL, NULL}};
const DocumentType EC2_INSTANCE = {.name = "ec2.instance", .indexes = INDEXES, .machine = &MACHINE};
