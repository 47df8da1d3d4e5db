// What a build left in its exchange folder: artifacts go to S3, reports become documents; all calls as the build's role.
//
// $artifactRecords and $reportRecords hold the agent's records until the job has ended; $uploads counts what is on its way. The phase UPLOAD_ARTIFACTS is
// still under way then, and ends with the last of them.
#include "formats/json.h"
#include "plane/sandboxes.h"
#include "services/codebuild/codebuild.h"

enum { REPORT_BYTES = 16 * 1024 * 1024, REPORT_KEPT_MS = 30 };
static const int64_t REPORT_LIFE_MS = (int64_t)REPORT_KEPT_MS * 24 * 3600 * 1000;

void collect_record(Step *step, const Doc *record) {
    const char *member = str_is(doc_text(record, "type"), "artifact") ? "$artifactRecords" : "$reportRecords";
    Doc *list = doc_get(step->state, member);
    if (!list) doc_set(step->state, member, list = doc_list(step->arena));
    doc_push(list, doc_copy(step->arena, record));
}

static void count_upload(Step *step, int64_t more) {
    doc_set_int(step->arena, step->state, "$uploads", doc_number(step->state, "$uploads", 0) + more);
}

static Str exchange(const Step *step, Str relative) {
    return sandbox_exchange_path(step->arena, doc_text(step->state, "$data"), doc_text(step->state, "$uuid"), relative);
}

// ---- Artifacts ----

static const Doc *wanted_artifact(const Step *step, Str identifier) {
    if (!identifier.len) return doc_get(step->state, "$artifacts");
    for (const Doc *one = doc_first(doc_get(step->state, "$secondaryArtifacts")); one; one = one->next) {
        if (str_eq(doc_text(one, "artifactIdentifier"), identifier)) return one;
    }
    return NULL;
}

static void put_object(Step *step, const Doc *wanted, Str key, Str path, int64_t size) {
    Arena *arena = step->arena;
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", artifact_bucket(wanted));
    doc_set_str(arena, input, "Key", key);
    Body body = {.path = exchange(step, path), .size = size};
    step_call(step, build_principal(step), "s3", "PutObject", input, &body, STR("upload"));
    count_upload(step, 1);
}

static Doc *view_of(const Step *step, Str identifier) {
    if (!identifier.len) return doc_get(step->state, "artifacts");
    for (Doc *view = doc_first(doc_get(step->state, "secondaryArtifacts")); view; view = view->next) {
        if (str_eq(doc_text(view, "artifactIdentifier"), identifier)) return view;
    }
    return NULL;
}

// Sums are of zips; a folder has none.
static void note_artifact(Step *step, const Doc *record, const Doc *wanted, Str key) {
    Arena *arena = step->arena;
    Doc *view = view_of(step, doc_str(doc_get(record, "identifier"), STR("")));
    artifact_show_place(arena, view, wanted, key);
    doc_set_str(arena, view, "sha256sum", str_copy(arena, doc_str(doc_get(record, "sha256"), STR(""))));
    doc_set_str(arena, view, "md5sum", str_copy(arena, doc_str(doc_get(record, "md5"), STR(""))));
}

static void upload_folder(Step *step, const Doc *record, const Doc *wanted, Str key) {
    for (const Doc *file = doc_first(doc_get(record, "files")); file; file = file->next) {
        Str name = doc_text(file, "name"), path = str_format(step->arena, "%.*s/%.*s", STR_ARG(doc_text(record, "path")), STR_ARG(name));
        Str to = str_format(step->arena, "%.*s%s%.*s", STR_ARG(key), key.len ? "/" : "", STR_ARG(name));
        put_object(step, wanted, to, path, doc_number(file, "size", 0));
    }
}

static void upload_artifact(Step *step, const Doc *record) {
    const Doc *wanted = wanted_artifact(step, doc_str(doc_get(record, "identifier"), STR("")));
    Str type = doc_text(wanted, "type");
    if (!wanted || str_is(type, "NO_ARTIFACTS")) return;
    bool by_buildspec = doc_flag(wanted, "overrideArtifactName", false) && doc_text(record, "name").len;
    Str key = artifact_key(step->arena, step->state, wanted, doc_text(by_buildspec ? record : wanted, "name"));
    note_artifact(step, record, wanted, key);
    if (str_is(doc_text(record, "packaging"), "NONE")) {
        upload_folder(step, record, wanted, key);
    } else {
        put_object(step, wanted, key, doc_text(record, "path"), doc_number(record, "size", 0));
    }
}

// ---- Reports: the group first (the role must be allowed to make it), then the role's permission to report into it, then the file of test cases, then the
// documents. ----

static Str group_name(const Step *step, Str said) {
    Str named = str_starts(said, STR("arn:")) ? str_from(said, (size_t)str_rfind_char(said, '/') + 1) : STR_NONE;
    return named.at ? named : str_format(step->arena, "%.*s-%.*s", STR_ARG(doc_text(step->state, "projectName")), STR_ARG(said));
}

static void make_group(Step *step, const Doc *record, int64_t index) {
    Arena *arena = step->arena;
    Doc *input = doc_map(arena), *export = doc_map(arena);
    doc_set_str(arena, input, "name", group_name(step, doc_text(record, "group")));
    doc_set_str(arena, input, "type", STR("TEST"));
    doc_set_str(arena, export, "exportConfigType", STR("NO_EXPORT"));
    doc_set(input, "exportConfig", export);
    step_call(step, build_principal(step), "codebuild", "CreateReportGroup", input, NULL, str_format(arena, "group/%lld", (long long)index));
    count_upload(step, 1);
}

static void read_report(Step *step, Str index) {
    int64_t at = 0;
    str_to_int(index, &at);
    const Doc *record = doc_at(doc_get(step->state, "$reportRecords"), (size_t)at);
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "path", exchange(step, doc_text(record, "path")));
    doc_set_int(step->arena, arguments, "mostBytes", REPORT_BYTES);
    step_effect(step, "file.read", arguments, str_format(step->arena, "report/%.*s", STR_ARG(index)));
}

static int64_t expiry(const Step *step) { return (step->now_ms + REPORT_LIFE_MS) / 1000 * 1000; } // AWS shows whole seconds

static void put_cases(Step *step, Str report_id, Str report_arn, const Doc *cases) {
    Arena *arena = step->arena;
    int64_t number = 0;
    for (const Doc *one = doc_first(cases); one; one = one->next, number++) {
        Doc *view = doc_copy(arena, one);
        doc_set_str(arena, view, "reportArn", report_arn);
        doc_set_time(arena, view, "expired", expiry(step));
        step_put(step, &CODEBUILD_TEST_CASE, str_format(arena, "%.*s/%06lld", STR_ARG(report_id), (long long)number), view);
    }
}

static Str report_status(const Doc *record) {
    const Doc *counts = doc_get(record, "statusCounts");
    bool bad = doc_number(counts, "FAILED", 0) > 0 || doc_number(counts, "ERROR", 0) > 0;
    return bad ? STR("FAILED") : STR("SUCCEEDED");
}

static void put_report(Step *step, const Doc *record, const Doc *cases) {
    Arena *arena = step->arena;
    Str group = group_name(step, doc_text(record, "group"));
    Str id = str_format(arena, "%.*s:%.*s", STR_ARG(group), STR_ARG(id_uuid(&step->ids, arena)));
    Str arn = codebuild_arn(arena, step->where, "report", id);
    Doc *report = doc_map(arena), *summary = doc_map(arena), *export = doc_map(arena), *arns = doc_get(step->state, "reportArns");
    doc_set_str(arena, report, "arn", arn);
    doc_set_str(arena, report, "type", STR("TEST"));
    doc_set_str(arena, report, "name", group);
    doc_set_str(arena, report, "reportGroupArn", codebuild_arn(arena, step->where, "report-group", group));
    doc_set_str(arena, report, "executionId", doc_text(step->state, "arn"));
    doc_set_str(arena, report, "status", report_status(record));
    doc_set_time(arena, report, "created", step->now_ms);
    doc_set_time(arena, report, "expired", expiry(step));
    doc_set_str(arena, export, "exportConfigType", STR("NO_EXPORT"));
    doc_set(report, "exportConfig", export);
    doc_set_bool(arena, report, "truncated", false);
    doc_set_int(arena, summary, "total", doc_number(record, "total", 0));
    doc_set(summary, "statusCounts", doc_copy(arena, doc_get(record, "statusCounts")));
    doc_set_int(arena, summary, "durationInNanoSeconds", doc_number(record, "durationNs", 0));
    doc_set(report, "testSummary", summary);
    step_put(step, &CODEBUILD_REPORT, id, report);
    put_cases(step, id, arn, cases);
    if (!arns) doc_set(step->state, "reportArns", arns = doc_list(arena));
    doc_push_str(arena, arns, arn);
}

// ---- Events ----

static void fail_upload(Step *step, Str message) {
    if (doc_flag(step->state, "$uploadFailed", false)) return;
    doc_set_bool(step->arena, step->state, "$uploadFailed", true);
    Str line = str_cat(step->arena, STR("Error in UPLOAD_ARTIFACTS phase: "), message);
    log_line_of(step, line);
    phase_end(step, "FAILED", "CLIENT_ERROR", line);
    doc_set_str(step->arena, step->state, "$verdict", STR("FAILED"));
}

static bool one_done(Step *step) {
    count_upload(step, -1);
    if (doc_number(step->state, "$uploads", 0) > 0) return false;
    phase_end(step, "SUCCEEDED", "", STR_NONE);
    return true;
}

void collect_begin(Step *step) {
    int64_t index = 0;
    doc_set_int(step->arena, step->state, "$uploads", 1); // this function itself
    for (const Doc *record = doc_first(doc_get(step->state, "$artifactRecords")); record; record = record->next) upload_artifact(step, record);
    for (const Doc *record = doc_first(doc_get(step->state, "$reportRecords")); record; record = record->next) make_group(step, record, index++);
}

// What CodeBuild does in its own name for a report is no operation of the API, but the role must be allowed to.
static void ask_to_report(Step *step, Str index) {
    static const char *const ACTIONS[] = {"codebuild:CreateReport", "codebuild:BatchPutTestCases", "codebuild:UpdateReport", NULL};
    int64_t at = 0;
    str_to_int(index, &at);
    Str group = group_name(step, doc_text(doc_at(doc_get(step->state, "$reportRecords"), (size_t)at), "group"));
    ask_permission(step, ACTIONS, codebuild_arn(step->arena, step->where, "report-group", group), index);
}

static bool on_group(Step *step, Str index, const Doc *data) {
    const Doc *error = doc_get(data, "error");
    if (doc_flag(data, "ok", false) || str_is(doc_text(error, "code"), "ResourceAlreadyExistsException")) {
        ask_to_report(step, index);
        return false;
    }
    fail_upload(step, doc_text(error, "message"));
    return one_done(step);
}

static bool on_permission(Step *step, Str index, const Doc *data) {
    if (doc_flag(data, "ok", false)) {
        read_report(step, index);
        return false;
    }
    fail_upload(step, doc_text(data, "message"));
    return one_done(step);
}

static bool on_report(Step *step, Str index, const Doc *data) {
    int64_t at = 0;
    Doc *cases = NULL;
    Error e = {0};
    str_to_int(index, &at);
    if (!doc_flag(data, "ok", false)) {
        fail_upload(step, doc_text(data, "reason"));
    } else if (!json_parse(step->arena, doc_text(data, "text"), &cases, &e)) {
        fail_upload(step, str_of(e.message));
    } else {
        put_report(step, doc_at(doc_get(step->state, "$reportRecords"), (size_t)at), doc_get(cases, "testCases"));
    }
    return one_done(step);
}

static bool on_upload(Step *step, const Doc *data) {
    if (!doc_flag(data, "ok", false)) fail_upload(step, codebuild_problem(step->arena, doc_get(data, "error")));
    return one_done(step);
}

// True when everything is stored.
bool collect_event(Step *step) {
    const Doc *data = step->event->data;
    Str tag = doc_text(data, "tag");
    if (str_is(step->event->kind, "permission")) return on_permission(step, tag, data);
    if (str_is(tag, "job")) return one_done(step); // the job's end, which began it all
    if (str_is(tag, "upload")) return on_upload(step, data);
    if (str_starts(tag, STR("group/"))) return on_group(step, str_from(tag, 6), data);
    if (str_starts(tag, STR("report/"))) return on_report(step, str_from(tag, 7), data);
    return false;
}
