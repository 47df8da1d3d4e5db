// rehearse status: the state of everything in one screen.
#include "cli/common.h"

#include "formats/timestamps.h"
#include "os/files.h"

#include <time.h>

enum { OUT_BYTES = 1024 * 1024, LABEL_COLUMNS = 16, NAME_COLUMNS = 20, STATE_COLUMNS = 13, STANDING_COLUMNS = 32, NARROW = 60 };

typedef struct Page {
    Client client;
    Arena *arena;
    Look look;
    Doc *health, *clock, *unsupported, *sandboxes, *pipelines, *instances;
    Doc *problems; // of what could not be read, by its name: "pipelines", "instances"
    Buf *out;
} Page;

static bool is_narrow(const Page *page) { return page->look.terminal && page->look.width < NARROW; }

static void label(const Page *page, const char *text) {
    bool narrow = is_narrow(page);
    look_begin(&page->look, COLOUR_DIM, page->out);
    if (narrow) buf_addf(page->out, "%s%s  ", text, *text ? "\n" : "");
    if (!narrow) text_cell(page->arena, &page->look, str_of(text), LABEL_COLUMNS, page->out);
    look_end(&page->look, COLOUR_DIM, page->out);
}

// In a column of its own, where there is room for columns.
static void cell(const Page *page, Str text, int columns) {
    if (is_narrow(page)) buf_add(page->out, text);
    if (!is_narrow(page)) text_cell(page->arena, &page->look, text, columns, page->out);
    buf_add_char(page->out, ' ');
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- What there is ----

// What is refused, to a person without the permission for example, is told below `part` instead of nothing.
static Doc *call(const Page *page, Doc *problems, const char *part, const char *service, const char *operation, Doc *input) {
    Doc *reply = NULL;
    Error why = {0};
    if (!client_call(&page->client, page->arena, service, operation, input, &reply, &why)) {
        doc_set_str(page->arena, problems, part, str_copy(page->arena, str_of(why.message)));
    }
    return reply;
}

static Doc *named(const Page *page, const char *key, Str value) {
    Doc *input = doc_map(page->arena);
    doc_set_str(page->arena, input, key, value);
    return input;
}

// Where an execution stands: the stage that failed or runs; or the one that it waits for.
static void add_place(const Page *page, const Doc *state, Str execution, Doc *doc) {
    for (const Doc *stage = doc_first(doc_get(state, "stageStates")); stage; stage = stage->next) {
        const Doc *latest = doc_get(stage, "latestExecution");
        Str name = doc_text(stage, "stageName");
        bool here = str_eq(doc_text(latest, "pipelineExecutionId"), execution);
        if (here && !str_is(doc_text(latest, "status"), "Succeeded")) doc_set_str(page->arena, doc, "stage", name);
        for (const Doc *inbound = doc_first(doc_get(stage, "inboundExecutions")); inbound; inbound = inbound->next) {
            if (!str_eq(doc_text(inbound, "pipelineExecutionId"), execution)) continue;
            doc_set_str(page->arena, doc, "waitsBefore", name);
            doc_set_bool(page->arena, doc, "transitionDisabled", !doc_flag(doc_get(stage, "inboundTransitionState"), "enabled", true));
        }
    }
}

// What the person who approves is asked.
static Str question_of(const Doc *pipeline, Str stage_name, Str action_name) {
    for (const Doc *stage = doc_first(doc_get(doc_get(pipeline, "pipeline"), "stages")); stage; stage = stage->next) {
        if (!str_eq(doc_text(stage, "name"), stage_name)) continue;
        for (const Doc *action = doc_first(doc_get(stage, "actions")); action; action = action->next) {
            if (str_eq(doc_text(action, "name"), action_name)) return doc_text(doc_get(action, "configuration"), "CustomData");
        }
    }
    return STR("");
}

static void add_approval(const Page *page, Doc *list, const Doc *stage, const Doc *action, const Doc *pipeline) {
    Doc *doc = named(page, "stage", doc_text(stage, "stageName"));
    Str name = doc_text(action, "actionName"), question = question_of(pipeline, doc_text(stage, "stageName"), name);
    doc_set_str(page->arena, doc, "action", name);
    doc_set_str(page->arena, doc, "pipelineExecutionId", doc_text(doc_get(stage, "latestExecution"), "pipelineExecutionId"));
    doc_set_str(page->arena, doc, "text", question.len ? question : STR_NONE);
    doc_push(list, doc);
}

// Of whichever execution: an older one may wait for its answer while a newer one runs.
static Doc *approvals_doc(const Page *page, const Doc *state, Str name) {
    Doc *list = doc_list(page->arena), *pipeline = NULL, *ignored = doc_map(page->arena);
    for (const Doc *stage = doc_first(doc_get(state, "stageStates")); stage; stage = stage->next) {
        for (const Doc *action = doc_first(doc_get(stage, "actionStates")); action; action = action->next) {
            const Doc *run = doc_get(action, "latestExecution");
            if (!doc_text(run, "token").len || !str_is(doc_text(run, "status"), "InProgress")) continue;
            if (!pipeline) pipeline = call(page, ignored, "pipeline", "codepipeline", "GetPipeline", named(page, "name", name));
            add_approval(page, list, stage, action, pipeline);
        }
    }
    return list;
}

static Doc *pipeline_doc(const Page *page, Str name) {
    Doc *doc = named(page, "name", name), *input = named(page, "pipelineName", name);
    doc_set_int(page->arena, input, "maxResults", 1);
    const Doc *newest = doc_first(doc_get(call(page, doc, "problem", "codepipeline", "ListPipelineExecutions", input), "pipelineExecutionSummaries"));
    const Doc *state = call(page, doc, "problem", "codepipeline", "GetPipelineState", named(page, "name", name));
    Doc *approvals = approvals_doc(page, state, name);
    doc_set_bool(page->arena, doc, "waitsForApproval", doc_count(approvals) > 0);
    if (doc_count(approvals)) doc_set(doc, "approvals", approvals);
    if (!newest) return doc;
    doc_set_str(page->arena, doc, "pipelineExecutionId", doc_text(newest, "pipelineExecutionId"));
    doc_set_str(page->arena, doc, "status", doc_text(newest, "status"));
    add_place(page, state, doc_text(newest, "pipelineExecutionId"), doc);
    doc_set_int(page->arena, doc, "changedMs", doc_number(newest, "lastUpdateTime", 0));
    return doc;
}

static Doc *pipelines_doc(const Page *page) {
    Doc *list = doc_list(page->arena), *reply = call(page, page->problems, "pipelines", "codepipeline", "ListPipelines", NULL);
    for (const Doc *each = doc_first(doc_get(reply, "pipelines")); each; each = each->next)
        doc_push(list, pipeline_doc(page, doc_text(each, "name")));
    return list;
}

static Str tag_name(const Doc *instance) {
    for (const Doc *tag = doc_first(doc_get(instance, "Tags")); tag; tag = tag->next) {
        if (str_is(doc_text(tag, "Key"), "Name")) return doc_text(tag, "Value");
    }
    return STR("");
}

static Doc *instances_doc(const Page *page) {
    Doc *list = doc_list(page->arena), *reply = call(page, page->problems, "instances", "ec2", "DescribeInstances", NULL);
    for (const Doc *each = doc_first(doc_get(reply, "Reservations")); each; each = each->next) {
        for (const Doc *one = doc_first(doc_get(each, "Instances")); one; one = one->next) {
            Str state = doc_text(doc_get(one, "State"), "Name");
            if (str_is(state, "terminated")) continue;
            Doc *doc = named(page, "id", doc_text(one, "InstanceId"));
            doc_set_str(page->arena, doc, "name", tag_name(one));
            doc_set_str(page->arena, doc, "state", state);
            Str address = doc_text(one, "PublicDnsName");
            doc_set_str(page->arena, doc, "address", address.len ? address : doc_text(one, "PublicIpAddress"));
            const Doc *units = doc_get_str_key(page->sandboxes, doc_text(one, "InstanceId"));
            if (units) doc_set(doc, "units", doc_copy(page->arena, units));
            doc_push(list, doc);
        }
    }
    return list;
}

// Of a plane on this machine.
static void add_data_size(const Page *page) {
    int64_t bytes;
    if (tree_bytes(doc_text(page->health, "data"), &bytes, NULL)) doc_set_int(page->arena, page->health, "dataBytes", bytes);
}

// ---- For a person ----

static void write_plane(const Page *page) {
    Arena *arena = page->arena;
    Str up = human_duration(arena, wall_ms() - doc_number(page->health, "startedMs", 0)), mode = doc_text(page->clock, "mode");
    Str data = doc_text(page->health, "data"), ahead = human_duration(arena, doc_number(page->clock, "aheadMs", 0));
    label(page, "control plane");
    buf_addf(page->out, "%.*s   up %.*s   clock: %.*s", STR_ARG(page->client.url), STR_ARG(up), STR_ARG(mode));
    if (doc_number(page->clock, "aheadMs", 0) >= 1000) buf_addf(page->out, ", %.*s ahead", STR_ARG(ahead));
    buf_addf(page->out, "   data %.*s", STR_ARG(data));
    int64_t bytes = doc_number(page->health, "dataBytes", -1);
    Str size = human_bytes(arena, bytes);
    if (bytes >= 0) buf_addf(page->out, " (%.*s)", STR_ARG(size));
    buf_add_char(page->out, '\n');
}

// "InProgress" → "in progress".
static Str human_status(Arena *arena, Str status) { return str_lower(arena, str_replace(arena, status, STR("InProgress"), STR("in progress"))); }

static void write_name(const Page *page, Str name, Symbol symbol, Colour colour) {
    cell(page, name, NAME_COLUMNS);
    look_text(&page->look, colour, str_of(look_symbol(&page->look, symbol)), page->out);
}

static void write_approval(const Page *page, const Doc *approval, Str name, bool only) {
    Str stage = doc_text(approval, "stage"), action = doc_text(approval, "action"), text = text_printable(page->arena, doc_text(approval, "text"));
    Str which = only ? STR("") : str_format(page->arena, " %.*s/%.*s", STR_ARG(stage), STR_ARG(action));
    buf_addf(page->out, " waits for approval: %.*s   rehearse approve %.*s%.*s%.*s", STR_ARG(stage), STR_ARG(name), STR_ARG(which),
             STR_ARG(page->client.option));
    if (text.len) buf_addf(page->out, "   \"%.*s\"", STR_ARG(text));
    buf_add_char(page->out, '\n');
}

// Whether the newest execution is the one that waits for an approval.
static bool newest_waits(const Doc *pipeline) {
    for (const Doc *one = doc_first(doc_get(pipeline, "approvals")); one; one = one->next) {
        if (str_eq(doc_text(one, "pipelineExecutionId"), doc_text(pipeline, "pipelineExecutionId"))) return true;
    }
    return false;
}

static Str standing_of(const Page *page, const Doc *pipeline) {
    Str status = doc_text(pipeline, "status"), stage = doc_text(pipeline, "stage"), before = doc_text(pipeline, "waitsBefore");
    if (str_is(status, "Succeeded")) return STR("succeeded");
    if (before.len && str_is(status, "InProgress")) {
        bool disabled = doc_flag(pipeline, "transitionDisabled", false);
        return str_format(page->arena, "waits before %.*s%s", STR_ARG(before), disabled ? ": its transition is disabled" : "");
    }
    Str text = human_status(page->arena, status);
    return stage.len ? str_format(page->arena, "%.*s at %.*s", STR_ARG(text), STR_ARG(stage)) : text;
}

static void write_newest(const Page *page, const Doc *pipeline, Str name) {
    Str status = doc_text(pipeline, "status"), problem = doc_text(pipeline, "problem"), text = standing_of(page, pipeline);
    bool failed = str_is(status, "Failed"), good = str_is(status, "Succeeded");
    Symbol symbol = failed ? SYMBOL_FAILED : good ? SYMBOL_DONE : SYMBOL_IDLE;
    write_name(page, name, symbol, failed ? COLOUR_RED : good ? COLOUR_GREEN : COLOUR_BLUE);
    Str ago = human_ago(page->arena, doc_number(page->clock, "nowMs", 0) - doc_number(pipeline, "changedMs", 0));
    if (problem.len) {
        buf_addf(page->out, " %.*s\n", STR_ARG(problem));
    } else if (status.len) {
        buf_add_char(page->out, ' ');
        cell(page, text, text_columns(text) < STANDING_COLUMNS ? STANDING_COLUMNS : text_columns(text));
        buf_addf(page->out, "%.*s\n", STR_ARG(ago));
    } else {
        buf_add(page->out, STR(" has not run\n"));
    }
}

static void write_pipeline(const Page *page, const Doc *pipeline) {
    const Doc *approvals = doc_get(pipeline, "approvals");
    Str name = doc_text(pipeline, "name");
    for (const Doc *one = doc_first(approvals); one; one = one->next) {
        bool first = one == doc_first(approvals);
        if (!first) label(page, "");
        write_name(page, first ? name : STR(""), SYMBOL_WAITS, COLOUR_YELLOW);
        write_approval(page, one, name, doc_count(approvals) == 1);
    }
    if (newest_waits(pipeline)) return;
    if (approvals) label(page, "");
    write_newest(page, pipeline, approvals ? STR("") : name);
}

static void write_instance(const Page *page, const Doc *instance) {
    Str address = doc_text(instance, "address"), id = doc_text(instance, "id");
    cell(page, doc_text(instance, "name"), NAME_COLUMNS);
    cell(page, doc_text(instance, "state"), STATE_COLUMNS);
    if (address.len) buf_addf(page->out, "http://%.*s  ", STR_ARG(address));
    for (const Doc *unit = doc_first(doc_get(instance, "units")); unit; unit = unit->next) {
        Str name = str_strip_suffix(doc_text(unit, "name"), STR(".service")), state = doc_text(unit, "state");
        buf_addf(page->out, "unit %.*s ", STR_ARG(name));
        look_text(&page->look, str_is(state, "active") ? COLOUR_GREEN : COLOUR_RED, state, page->out);
        buf_add(page->out, STR("  "));
    }
    look_text(&page->look, COLOUR_DIM, id, page->out);
    buf_add_char(page->out, '\n');
}

static void write_list(const Page *page, const char *name, const Doc *list, void (*write)(const Page *page, const Doc *item)) {
    Str problem = doc_str(doc_get(page->problems, name), STR("none"));
    if (doc_count(list) == 0) {
        label(page, name);
        buf_addf(page->out, "%.*s\n", STR_ARG(problem));
    }
    for (const Doc *item = doc_first(list); item; item = item->next) {
        label(page, item == doc_first(list) ? name : "");
        write(page, item);
    }
}

static void write_hold(const Page *page, const Doc *hold) {
    Str what = doc_text(hold, "what"), for_whom = doc_text(hold, "for");
    buf_addf(page->out, "%.*s for %.*s\n", STR_ARG(what), STR_ARG(for_whom));
}

static void write_set_aside(const Page *page, const Doc *event) {
    Str id = doc_text(event, "id"), times = human_count(page->arena, doc_number(event, "crashes", 0), "time", "times");
    buf_addf(page->out, "%.*s   it crashed the server %.*s\n", STR_ARG(id), STR_ARG(times));
}

static void write_unsupported(const Page *page) {
    if (doc_count(page->unsupported) == 0) return;
    Str calls = human_count(page->arena, (int64_t)doc_count(page->unsupported), "operation", "operations");
    label(page, "unsupported");
    buf_addf(page->out, "%.*s asked for in vain: rehearse status --unsupported%.*s\n", STR_ARG(calls), STR_ARG(page->client.option));
}

static int show_status(Page *page, bool json) {
    page->pipelines = pipelines_doc(page);
    page->instances = instances_doc(page);
    add_data_size(page);
    if (json) {
        Doc *doc = doc_map(page->arena);
        doc_set(doc, "controlPlane", page->health);
        doc_set(doc, "clock", page->clock);
        doc_set(doc, "pipelines", page->pipelines);
        doc_set(doc, "instances", page->instances);
        doc_set(doc, "unsupported", page->unsupported);
        if (doc_count(page->problems)) doc_set(doc, "problems", page->problems);
        return common_print_json(page->arena, doc);
    }
    write_plane(page);
    write_list(page, "pipelines", page->pipelines, write_pipeline);
    write_list(page, "instances", page->instances, write_instance);
    if (doc_count(doc_get(page->clock, "holds"))) write_list(page, "holds the clock", doc_get(page->clock, "holds"), write_hold);
    if (doc_count(doc_get(page->clock, "setAside"))) write_list(page, "set aside", doc_get(page->clock, "setAside"), write_set_aside);
    write_unsupported(page);
    common_print_folded(&page->look, page->out);
    return EXIT_OK;
}

// ---- Names, for completions and scripts ----

static int show_pipelines(Page *page, bool json, Error *e) {
    Doc *reply = NULL, *names = doc_list(page->arena);
    if (!client_call(&page->client, page->arena, "codepipeline", "ListPipelines", NULL, &reply, e)) return cannot_run(e);
    for (const Doc *each = doc_first(doc_get(reply, "pipelines")); each; each = each->next) {
        doc_push_str(page->arena, names, doc_text(each, "name"));
        buf_addf(page->out, "%s\n", str_c(page->arena, doc_text(each, "name")));
    }
    if (json) return common_print_json(page->arena, names);
    common_print(page->out);
    return EXIT_OK;
}

// ---- What is built, what is not ----

static int show_services(Page *page, bool json, Error *e) {
    Doc *services = NULL;
    if (!client_page(&page->client, page->arena, "GET", "/_rehearse/services", NULL, &services, e)) return cannot_run(e);
    if (json) return common_print_json(page->arena, services);
    for (const Doc *service = doc_first(services); service; service = service->next) {
        Str rest = STR("");
        for (const Doc *at = doc_first(service); at; at = at->next) {
            rest = str_format(page->arena, "%.*s%s%.*s", STR_ARG(rest), rest.len ? " " : "", STR_ARG(doc_str(at, STR(""))));
        }
        bool first = true;
        for (Str line; (line = text_fold(&rest, page->look.width - LABEL_COLUMNS - 1)).len; first = false) {
            label(page, first ? str_c(page->arena, service->key) : "");
            buf_addf(page->out, "%.*s\n", STR_ARG(line));
        }
    }
    common_print(page->out);
    return EXIT_OK;
}

static int show_unsupported(Page *page, bool json) {
    if (json) return common_print_json(page->arena, page->unsupported);
    if (doc_count(page->unsupported) == 0) buf_add(page->out, STR("Nothing was asked for in vain since the plane started.\n"));
    for (const Doc *item = doc_first(page->unsupported); item; item = item->next) {
        Str operation = doc_text(item, "operation"), agent = doc_text(item, "client"),
            times = human_count(page->arena, doc_number(item, "calls", 1), "time", "times");
        buf_addf(page->out, "%-44s %-10s ", str_c(page->arena, operation), str_c(page->arena, times));
        look_text(&page->look, COLOUR_DIM, agent, page->out);
        buf_add_char(page->out, '\n');
    }
    common_print(page->out);
    return EXIT_OK;
}

static bool open_page(Page *page, const Common *common, Error *e) {
    TRY(common_open(common, page->arena, &page->client, &page->health, e));
    TRY(client_page(&page->client, page->arena, "GET", "/_rehearse/clock", NULL, &page->clock, e));
    TRY(client_page(&page->client, page->arena, "GET", "/_rehearse/sandboxes", NULL, &page->sandboxes, e));
    return client_page(&page->client, page->arena, "GET", "/_rehearse/unsupported", NULL, &page->unsupported, e);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    const char *services = NULL, *unsupported = NULL, *pipelines = NULL;
    const Option options[] = {
        COMMON_OPTIONS(common), {"--pipelines", false, &pipelines}, {"--services", false, &services}, {"--unsupported", false, &unsupported}};
    AUTO_ARENA arena = arena_new();
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    Page page = {.arena = arena, .problems = doc_map(arena), .out = &out};
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (!common_operands(argc, argv, 0, 0, "no operand", &e) || !open_page(&page, &common, &e)) return cannot_run(&e);
    page.look = common_look(&common);
    if (pipelines) return show_pipelines(&page, common.json, &e);
    if (services) return show_services(&page, common.json, &e);
    return unsupported ? show_unsupported(&page, common.json) : show_status(&page, common.json);
}

const Verb VERB_STATUS = {
    .name = "status",
    .summary = "pipelines, instances, the clock, in one screen",
    .help = "rehearse status                    what there is and how it goes\n"
            "rehearse status --pipelines        the names of the pipelines, one a line\n"
            "rehearse status --services         the operations that are built\n"
            "rehearse status --unsupported      the operations that were asked for in vain\n"
            "\n" COMMON_HELP,
    .run = run,
};
