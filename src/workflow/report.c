#include "workflow/report.h"

#include "formats/json.h"
#include "workflow/tree.h"

enum { ABBREVIATED = 7, HINTS_MOST = 5, HINT_GAP = 3, DEPLOYED_BYTES = 64 * 1024 };

// The deployment that succeeded last; NULL: none.
static const Activity *deployment_of(const View *view) {
    const Activity *found = NULL;
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            const Activity *activity = vec_at(&stage->activities, j);
            if (activity->instances > 0 && activity->state == STATE_SUCCEEDED) found = activity;
        }
    }
    return found;
}

static void write_rolled_back(Arena *arena, const View *view, Buf *out) {
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            const Activity *activity = vec_at(&stage->activities, j);
            if (!activity->rolled_back || activity->rollback_state != STATE_SUCCEEDED) continue;
            Str count = human_count(arena, activity->rolled_back, "instance", "instances");
            buf_addf(out, " Rolled back: the last good revision is on %.*s again%s%.*s.", STR_ARG(count), activity->address.len ? ", http://" : "",
                     STR_ARG(activity->address));
        }
    }
}

// Where this revision runs: on the instances of all deployments that succeeded. `*addresses` begins with ", " when there are some.
static int64_t count_instances(Arena *arena, const View *view, Str *addresses) {
    int64_t instances = 0;
    *addresses = STR("");
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            const Activity *activity = vec_at(&stage->activities, j);
            Str address = str_format(arena, ", http://%.*s", STR_ARG(activity->address));
            bool known = activity->address.len && str_contains(*addresses, address); // deployed to twice
            if (activity->state != STATE_SUCCEEDED || known) continue;
            instances += activity->instances;
            if (activity->address.len) *addresses = str_cat(arena, *addresses, address);
        }
    }
    return instances;
}

static void write_deployed(Arena *arena, const Report *report, Buf *out) {
    Str addresses, commit = str_sub(report->commit, 0, ABBREVIATED);
    int64_t instances = count_instances(arena, report->view, &addresses);
    write_rolled_back(arena, report->view, out);
    if (!instances) return;
    Str count = human_count(arena, instances, "instance", "instances");
    bool failed = report->view->state != STATE_SUCCEEDED;
    buf_addf(out, " %s%s%.*s on %.*s%.*s.", failed ? "Deployed and still running" : "Running", commit.len ? ": " : "", STR_ARG(commit),
             STR_ARG(count), STR_ARG(addresses));
}

typedef struct Hint {
    Str command;
    const char *what;
} Hint;

// In two columns; where these do not fit, what a command is for stands below it.
static void write_hints(Arena *arena, const Look *look, const Hint *hints, size_t count, Buf *out) {
    int widest = 0, longest = 0;
    for (size_t i = 0; i < count; i++) {
        int columns = text_columns(hints[i].command), what = (int)strlen(hints[i].what);
        if (columns > widest) widest = columns;
        if (what > longest) longest = what;
    }
    bool beside = !look->terminal || 2 + widest + HINT_GAP + longest < look->width;
    for (size_t i = 0; i < count; i++) {
        buf_add(out, STR("  "));
        if (beside) text_cell(arena, look, hints[i].command, widest + HINT_GAP, out);
        if (!beside) buf_addf(out, "%.*s\n      ", STR_ARG(hints[i].command));
        look_text(look, COLOUR_DIM, str_of(hints[i].what), out);
        buf_add_char(out, '\n');
    }
}

static void write_next(Arena *arena, const Report *report, const Look *look, Buf *out) {
    const Activity *deployment = deployment_of(report->view);
    buf_add(out, STR("\nWhat to try next\n"));
    Str option = report->view->option;
    Hint hints[HINTS_MOST];
    size_t count = 0;
    if (deployment && deployment->address.len) {
        hints[count++] = (Hint){str_cat(arena, STR("curl http://"), deployment->address), "the application, as deployed"};
    }
    hints[count++] = (Hint){str_cat(arena, STR("rehearse run"), report->again), "again, after a change: a new revision"};
    hints[count++] = (Hint){str_cat(arena, STR("rehearse status"), option), "pipelines, instances, the clock"};
    hints[count++] = (Hint){str_format(arena, "eval \"$(rehearse env%.*s)\"", STR_ARG(option)), "then aws, SDKs and git talk to this plane"};
    hints[count++] = (Hint){str_cat(arena, STR("rehearse down"), option), "ends the plane; what is deployed goes on"};
    write_hints(arena, look, hints, count, out);
}

// On one line, if there is room.
static void write_verdict(Arena *arena, const Report *report, const Look *look, Buf *out) {
    Colour colour = report->view->state == STATE_SUCCEEDED ? COLOUR_GREEN : COLOUR_RED;
    Str verdict = tree_verdict(arena, report->view);
    AUTO_BUF deployed;
    buf_init(&deployed, DEPLOYED_BYTES);
    write_deployed(arena, report, &deployed);
    if (!look->terminal || text_columns(verdict) + text_columns(buf_str(&deployed)) < look->width) {
        look_text(look, colour, verdict, out);
        buf_addf(out, "%.*s\n", STR_ARG(buf_str(&deployed)));
        return;
    }
    look_fold(look, colour, verdict, out);
    look_fold(look, COLOUR_NONE, str_trim(buf_str(&deployed)), out);
}

void report_text(const Report *report, const Look *look, Buf *out) {
    AUTO_ARENA arena = arena_new();
    TreeStyle style = {.look = *look};
    tree_write(report->view, &style, out);
    buf_add_char(out, '\n');
    write_verdict(arena, report, look, out);
    if (report->first) write_next(arena, report, look, out);
}

// ---- JSON ----

static Doc *failure_doc(Arena *arena, const Failure *failure) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "name", failure->name);
    doc_set_str(arena, doc, "place", failure->place);
    doc_set_str(arena, doc, "expected", failure->expected);
    doc_set_str(arena, doc, "got", failure->got);
    doc_set_str(arena, doc, "message", failure->message);
    return doc;
}

static Doc *activity_doc(Arena *arena, const Activity *activity) {
    Doc *doc = doc_map(arena), *failures = doc_list(arena), *notes = doc_list(arena);
    doc_set_str(arena, doc, "name", activity->name);
    doc_set_str(arena, doc, "provider", activity->provider);
    doc_set_str(arena, doc, "state", str_of(state_word(activity->state)));
    doc_set_int(arena, doc, "durationMs", activity->elapsed_ms);
    doc_set_str(arena, doc, "externalExecutionId", activity->external_id);
    if (activity->tests) {
        doc_set_int(arena, doc, "tests", activity->tests);
        doc_set_int(arena, doc, "testsFailed", activity->tests_failed);
    }
    doc_set_str(arena, doc, "address", activity->address);
    if (activity->rollback.len) {
        Doc *rollback = doc_map(arena);
        doc_set_str(arena, rollback, "deploymentId", activity->rollback);
        doc_set_str(arena, rollback, "state", str_of(state_word(activity->rollback_state)));
        doc_set(doc, "rollback", rollback);
    }
    doc_set_str(arena, doc, "problem", activity->problem);
    for (size_t i = 0; i < activity->notes.len; i++) doc_push_str(arena, notes, vec_get(&activity->notes, Str, i));
    if (activity->notes.len) doc_set(doc, "notes", notes);
    for (size_t i = 0; i < activity->failures.len; i++) doc_push(failures, failure_doc(arena, vec_at(&activity->failures, i)));
    if (activity->failures.len) doc_set(doc, "failures", failures);
    return doc;
}

static Doc *stage_doc(Arena *arena, const StageView *stage) {
    Doc *doc = doc_map(arena), *actions = doc_list(arena);
    doc_set_str(arena, doc, "name", stage->name);
    doc_set_str(arena, doc, "state", str_of(state_word(stage_state(stage))));
    for (size_t i = 0; i < stage->activities.len; i++) doc_push(actions, activity_doc(arena, vec_at(&stage->activities, i)));
    doc_set(doc, "actions", actions);
    return doc;
}

static Doc *changed_doc(Arena *arena, const Vec *changed) {
    Doc *list = doc_list(arena);
    for (size_t i = 0; i < changed->len; i++) doc_push_str(arena, list, str_as_utf8(arena, vec_get(changed, Str, i)));
    return list;
}

void report_json(const Report *report, Buf *out) {
    AUTO_ARENA arena = arena_new();
    const View *view = report->view;
    Doc *doc = doc_map(arena), *stages = doc_list(arena);
    doc_set_str(arena, doc, "pipeline", view->pipeline);
    doc_set_str(arena, doc, "pipelineExecutionId", view->execution);
    doc_set_str(arena, doc, "revision", report->commit);
    if (report->commit.len && !report->first) doc_set(doc, "changedFiles", changed_doc(arena, report->changed));
    doc_set_str(arena, doc, "state", str_of(state_word(view->state)));
    doc_set_int(arena, doc, "durationMs", view->elapsed_ms);
    for (size_t i = 0; i < view->stages.len; i++) doc_push(stages, stage_doc(arena, vec_at(&view->stages, i)));
    doc_set(doc, "stages", stages);
    buf_add(out, json_write_pretty(arena, doc));
    buf_add_char(out, '\n');
}
