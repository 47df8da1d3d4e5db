// Report groups, reports and their test cases.
#include "services/codebuild/codebuild.h"

enum { MOST_CASES = 100 };

const DocumentType CODEBUILD_REPORT_GROUP = {.name = "codebuild.report-group"};
const DocumentType CODEBUILD_REPORT = {.name = "codebuild.report"};
const DocumentType CODEBUILD_TEST_CASE = {.name = "codebuild.test-case"};

static Str id_of(Str arn) { return str_from(arn, (size_t)str_rfind_char(arn, '/') + 1); }

// ---- Groups ----

static bool check_group(const Doc *group, Error *e) {
    const Doc *export = doc_get(group, "exportConfig"), *place = doc_get(export, "s3Destination");
    bool to_s3 = str_is(doc_text(export, "exportConfigType"), "S3");
    if (place && !to_s3) return invalid_input(e, "S3 export config should not be specified when export config type is NO_EXPORT");
    if (to_s3 && !place) return invalid_input(e, "S3 export config is required when export config type is S3");
    if (str_is(doc_text(group, "type"), "CODE_COVERAGE"))
        return fail(e, "NotImplemented", "Report groups of type CODE_COVERAGE are not built; TEST is.");
    return !to_s3 || fail(e, "NotImplemented", "Exporting reports to S3 is not built; NO_EXPORT is.");
}

static Outcome reply_group(const Call *call, const Doc *group, Doc **out) {
    *out = doc_map(call->arena);
    doc_set(*out, "reportGroup", doc_copy(call->arena, group));
    return OUTCOME_DONE;
}

Outcome create_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "name");
    Doc *group = doc_copy(arena, call->input);
    CALL_TRY(check_group(group, e));
    doc_set_str(arena, group, "arn", codebuild_arn(arena, call->where, "report-group", name));
    doc_set_time(arena, group, "created", call->now_ms);
    doc_set_time(arena, group, "lastModified", call->now_ms);
    doc_set_str(arena, group, "status", STR("ACTIVE"));
    if (!doc_get(group, "tags")) doc_set(group, "tags", doc_list(arena));
    if (!turn_insert(turn, &CODEBUILD_REPORT_GROUP, name, group)) {
        return call_fail(e, "ResourceAlreadyExistsException", "Report group already exists: %.*s", STR_ARG(doc_text(group, "arn")));
    }
    reply_group(call, group, out);
    if (!doc_get(call->input, "tags")) doc_set(doc_get(*out, "reportGroup"), "tags", NULL); // as of a project
    return OUTCOME_DONE;
}

bool find_report_group(Turn *turn, Str arn, Doc **group, Error *e) {
    return turn_get(turn, &CODEBUILD_REPORT_GROUP, id_of(arn), group) ||
           fail(e, "ResourceNotFoundException", "Report group %.*s does not exist", STR_ARG(arn));
}

Outcome update_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(find_report_group(turn, doc_text(call->input, "arn"), &group, e));
    const Doc *export = doc_get(call->input, "exportConfig"), *tags = doc_get(call->input, "tags");
    if (export) doc_set(group, "exportConfig", doc_copy(call->arena, export));
    if (tags) doc_set(group, "tags", doc_copy(call->arena, tags));
    CALL_TRY(check_group(group, e));
    doc_set_time(call->arena, group, "lastModified", call->now_ms);
    turn_put(turn, &CODEBUILD_REPORT_GROUP, doc_text(group, "name"), group);
    return reply_group(call, group, out);
}

Doc *reports_of(Turn *turn, Str group) {
    return turn_scan(turn, &CODEBUILD_REPORT, (DocumentScan){.prefix = str_cat(turn_arena(turn), group, STR(":"))});
}

static void remove_report(Turn *turn, Str id) {
    Doc *cases = turn_scan(turn, &CODEBUILD_TEST_CASE, (DocumentScan){.prefix = str_cat(turn_arena(turn), id, STR("/"))});
    for (const Doc *one = doc_first(cases); one; one = one->next) turn_delete(turn, &CODEBUILD_TEST_CASE, doc_text(one, "$id"));
    turn_delete(turn, &CODEBUILD_REPORT, id);
}

Outcome delete_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = id_of(doc_text(call->input, "arn"));
    Doc *reports = reports_of(turn, name);
    if (doc_count(reports) && !doc_flag(call->input, "deleteReports", false)) {
        return invalid_input(e, "Cannot delete report group: report group is not empty"), OUTCOME_ERROR;
    }
    for (const Doc *report = doc_first(reports); report; report = report->next) remove_report(turn, doc_text(report, "$id"));
    turn_delete(turn, &CODEBUILD_REPORT_GROUP, name);
    return OUTCOME_DONE;
}

// ---- Batches ----

static Outcome batch(Turn *turn, const Call *call, const DocumentType *type, const char *arns, const char *found, const char *missing, Doc **out,
                     Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *there = doc_list(arena), *absent = doc_list(arena), *doc;
    CALL_TRY(may_act_on_each(turn, call, doc_get(call->input, arns), "report-group", e));
    for (const Doc *arn = doc_first(doc_get(call->input, arns)); arn; arn = arn->next) {
        if (turn_get(turn, type, id_of(doc_str(arn, STR(""))), &doc)) {
            doc_push(there, doc);
        } else {
            doc_push_str(arena, absent, doc_str(arn, STR("")));
        }
    }
    doc_set(reply, found, there);
    doc_set(reply, missing, absent);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome batch_get_report_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    return batch(turn, call, &CODEBUILD_REPORT_GROUP, "reportGroupArns", "reportGroups", "reportGroupsNotFound", out, e);
}

Outcome batch_get_reports(Turn *turn, const Call *call, Doc **out, Error *e) {
    return batch(turn, call, &CODEBUILD_REPORT, "reportArns", "reports", "reportsNotFound", out, e);
}

// ---- Lists ----

static bool is_ascending(const Call *call) { return str_is(doc_text(call->input, "sortOrder"), "ASCENDING"); }

Outcome list_report_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *groups = turn_scan(turn, &CODEBUILD_REPORT_GROUP, (DocumentScan){.prefix = STR("")});
    bool ascending = !str_is(doc_text(call->input, "sortOrder"), "DESCENDING");
    Listing listing = {.docs = groups, .order = listing_order(call), .ascending = ascending, .shows = "arn", .as = "reportGroups"};
    return list_documents(call, &listing, out, e);
}

static Outcome list_arns(const Call *call, Doc *reports, Doc **out, Error *e) {
    const Doc *filter = doc_get(call->input, "filter");
    Listing listing = {.docs = reports, .filter = filter, .order = ORDER_CREATED, .ascending = is_ascending(call), .shows = "arn", .as = "reports"};
    return list_documents(call, &listing, out, e);
}

Outcome list_reports(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list_arns(call, turn_scan(turn, &CODEBUILD_REPORT, (DocumentScan){.prefix = STR("")}), out, e);
}

Outcome list_reports_for_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(find_report_group(turn, doc_text(call->input, "reportGroupArn"), &group, e));
    return list_arns(call, reports_of(turn, doc_text(group, "name")), out, e);
}

Outcome delete_report(Turn *turn, const Call *call, Doc **out, Error *e) {
    remove_report(turn, id_of(doc_text(call->input, "arn")));
    return OUTCOME_DONE;
}

static bool passes(const Doc *test, const Doc *filter) {
    Str status = doc_text(filter, "status"), keyword = doc_text(filter, "keyword");
    return (!status.len || str_eq(status, doc_text(test, "status"))) && (!keyword.len || str_contains(doc_text(test, "name"), keyword));
}

// A page holds what passes the filter; the token says how many cases were looked at.
static void show_cases(const Call *call, const Doc *cases, int64_t from, Doc *reply) {
    Arena *arena = call->arena;
    Doc *shown = doc_list(arena);
    int64_t most = doc_number(call->input, "maxResults", MOST_CASES), at = 0;
    const Doc *one = doc_first(cases), *filter = doc_get(call->input, "filter");
    for (; one && at < from; one = one->next) at++;
    for (; one && shown->count < most; one = one->next, at++) {
        if (passes(one, filter)) doc_push(shown, doc_copy(arena, one));
    }
    while (one && !passes(one, filter)) one = one->next;
    doc_set(reply, "testCases", shown);
    if (one) doc_set_str(arena, reply, "nextToken", str_format(arena, "%lld", (long long)at));
}

Outcome describe_test_cases(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str arn = doc_text(call->input, "reportArn"), id = id_of(arn), token = doc_text(call->input, "nextToken");
    Doc *report;
    int64_t from = 0;
    if (!turn_get(turn, &CODEBUILD_REPORT, id, &report)) return call_fail(e, "ResourceNotFoundException", "Report %.*s does not exist", STR_ARG(arn));
    if (token.len && (!str_to_int(token, &from) || from < 0)) return invalid_input(e, "Invalid next token"), OUTCOME_ERROR;
    Doc *cases = turn_scan(turn, &CODEBUILD_TEST_CASE, (DocumentScan){.prefix = str_cat(call->arena, id, STR("/"))});
    *out = doc_map(call->arena);
    show_cases(call, cases, from, *out);
    return OUTCOME_DONE;
}
