// Reports: the JUnit files of each report group, parsed into one JSON file a group, in the shape of DescribeTestCases.
#include "services/codebuild/agent/agent.h"

#include "base/limits.h"
#include "formats/json.h"
#include "formats/junit.h"
#include "formats/paths.h"
#include "os/files.h"

typedef struct Totals {
    int64_t cases, duration_ns;
    size_t by_status[TEST_STATUSES];
} Totals;

static Doc *describe(Arena *arena, const JunitCase *test, Str raw) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "name", test->name);
    doc_set_str(arena, doc, "prefix", test->prefix);
    doc_set_str(arena, doc, "testSuiteName", test->suite);
    doc_set_str(arena, doc, "status", test_status_name(test->status));
    doc_set_int(arena, doc, "durationInNanoSeconds", test->duration_ns);
    doc_set_str(arena, doc, "message", test->message);
    doc_set_str(arena, doc, "testRawDataPath", raw);
    return doc;
}

// `shown`: the file's name in each case.
static bool read_file(Arena *arena, const Found *file, Str shown, Doc *cases, Totals *totals, Error *e) {
    Str text;
    JunitReport report;
    TRY(file_read(arena, file->path, LIMIT_XML_BYTES, &text, e));
    if (!junit_parse(arena, text, &report, e)) return fail_within(e, "%.*s", STR_ARG(file->name));
    for (size_t i = 0; i < report.count; i++) doc_push(cases, describe(arena, &report.cases[i], shown));
    totals->cases += (int64_t)report.count;
    totals->duration_ns += report.duration_ns;
    for (int status = 0; status < TEST_STATUSES; status++) totals->by_status[status] += report.by_status[status];
    return true;
}

static Doc *counts(Arena *arena, const Totals *totals) {
    Doc *doc = doc_map(arena);
    for (int status = 0; status < TEST_STATUSES; status++) {
        doc_put(doc, test_status_name((TestStatus)status), doc_of_int(arena, (int64_t)totals->by_status[status]));
    }
    doc_set_int(arena, doc, "UNKNOWN", 0); // no JUnit file has such a case
    return doc;
}

static bool write_report(Agent *agent, size_t index, Doc *cases, Str *relative, Error *e) {
    Arena *arena = agent->arena;
    Doc *doc = doc_map(arena);
    doc_set(doc, "testCases", cases);
    *relative = str_format(arena, "%.*s/reports/%zu.json", STR_ARG(agent->job.output), index);
    Str target = path_resolve(arena, agent->job.base, *relative);
    TRY(folder_make(path_dir(target), 0755, e));
    return file_write(target, json_write(arena, doc), 0644, e);
}

static void tell_report(Agent *agent, const BuildReport *report, Str path, const Totals *totals) {
    Arena *arena = agent->arena;
    Doc *record = journal_new(&agent->journal, "report");
    doc_set_str(arena, record, "group", report->group);
    doc_set_str(arena, record, "format", report->format);
    doc_set_str(arena, record, "path", path);
    doc_set_int(arena, record, "total", totals->cases);
    doc_set(record, "statusCounts", counts(arena, totals));
    doc_set_int(arena, record, "durationNs", totals->duration_ns);
    journal_record(&agent->journal, record);
}

static bool collect_report(Agent *agent, size_t index, Error *e) {
    const BuildReport *report = &agent->spec.reports[index];
    FindFiles wanted = {.base_directory = report->base_directory, .files = report->files};
    Vec found = vec_of(agent->arena, Found);
    Doc *cases = doc_list(agent->arena);
    Totals totals = {0};
    bool missing;
    Str path;
    TRY(find_files(agent, &wanted, &found, &missing, e));
    if (found.len == 0) return fail(e, "CLIENT_ERROR", "report files not found in build");
    for (size_t i = 0; i < found.len; i++) {
        const Found *file = vec_at(&found, i);
        TRY(read_file(agent->arena, file, report->discard_paths ? path_base(file->name) : file->name, cases, &totals, e));
    }
    TRY(write_report(agent, index, cases, &path, e));
    tell_report(agent, report, path, &totals);
    return true;
}

bool collect_reports(Agent *agent, Error *e) {
    bool ok = true;
    for (size_t i = 0; i < agent->spec.report_count; i++) {
        Error problem = {0};
        Str group = agent->spec.reports[i].group;
        if (collect_report(agent, i, &problem)) continue;
        journal_log(&agent->journal, "Error in UPLOAD_ARTIFACTS phase: [%.*s: [%s]]", STR_ARG(group), problem.message);
        if (ok) fail(e, "CLIENT_ERROR", "Error in UPLOAD_ARTIFACTS phase: [%.*s: [%s]]", STR_ARG(group), problem.message);
        ok = false;
    }
    return ok;
}
