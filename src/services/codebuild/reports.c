// Report groups, reports and their test cases.
#include "services/codebuild/codebuild.h"

enum { LIST_PAGE = 100 };

const DocumentType CODEBUILD_REPORT_GROUP = {.name = "codebuild.report-group"};
const DocumentType CODEBUILD_REPORT = {.name = "codebuild.report"};
const DocumentType CODEBUILD_TEST_CASE = {.name = "codebuild.test-case"};

static Str id_of(Str arn) { return str_from(arn, (size_t)str_rfind_char(arn, '/') + 1); }

// ---- Groups ----

static bool check_group(const Doc *group, Error *e) {
    Str type = doc_text(group, "type"), export = doc_text(doc_get(group, "exportConfig"), "exportConfigType");
    if (str_is(type, "CODE_COVERAGE")) return fail(e, "NotImplemented", "Report groups of type CODE_COVERAGE are not built; TEST is.");
    return !str_is(export, "S3") || fail(e, "NotImplemented", "Exporting reports to S3 is not built; NO_EXPORT is.");
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
    if (!turn_insert(turn, &CODEBUILD_REPORT_GROUP, name, group)) {
        return call_fail(e, "ResourceAlreadyExistsException", "Report group already exists: %.*s", STR_ARG(doc_text(group, "arn")));
    }
    return reply_group(call, group, out);
}

static bool find_group(Turn *turn, Str arn, Doc **group, Error *e) {
    return turn_get(turn, &CODEBUILD_REPORT_GROUP, id_of(arn), group) ||
           fail(e, "ResourceNotFoundException", "Report group %.*s does not exist", STR_ARG(arn));
}

Outcome update_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(find_group(turn, doc_text(call->input, "arn"), &group, e));
    const Doc *export = doc_get(call->input, "exportConfig"), *tags = doc_get(call->input, "tags");
    if (export) doc_set(group, "exportConfig", doc_copy(call->arena, export));
    if (tags) doc_set(group, "tags", doc_copy(call->arena, tags));
    CALL_TRY(check_group(group, e));
    doc_set_time(call->arena, group, "lastModified", call->now_ms);
    turn_put(turn, &CODEBUILD_REPORT_GROUP, doc_text(group, "name"), group);
    return reply_group(call, group, out);
}

static Doc *reports_of(Turn *turn, Str group) {
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

static Outcome batch(Turn *turn, const Call *call, const DocumentType *type, const char *arns, const char *found, const char *missing, Doc **out) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *there = doc_list(arena), *absent = doc_list(arena), *doc;
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
    return batch(turn, call, &CODEBUILD_REPORT_GROUP, "reportGroupArns", "reportGroups", "reportGroupsNotFound", out);
}

Outcome batch_get_reports(Turn *turn, const Call *call, Doc **out, Error *e) {
    return batch(turn, call, &CODEBUILD_REPORT, "reportArns", "reports", "reportsNotFound", out);
}

// ---- Lists ----

static bool passes(const Doc *report, const Doc *filter) {
    Str status = doc_text(filter, "status");
    return !status.len || str_eq(status, doc_text(report, "status"));
}

// Newest first, unless asked otherwise; the token is the position in that order.
static Outcome list_arns(const Call *call, const Doc *docs, const char *member, bool newest_first, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *arns = doc_list(arena);
    int64_t from = 0, most = doc_number(call->input, "maxResults", LIST_PAGE);
    Str token = doc_text(call->input, "nextToken");
    if (token.len && (!str_to_int(token, &from) || from < 0)) return invalid_input(e, "Invalid next token"), OUTCOME_ERROR;
    const Doc **all = arena_array(arena, const Doc *, doc_count(docs) + 1);
    size_t count = 0;
    for (const Doc *doc = doc_first(docs); doc; doc = doc->next) {
        if (!passes(doc, doc_get(call->input, "filter"))) continue;
        size_t at = count++;
        for (; at > 0 && (doc_number(doc, "created", 0) > doc_number(all[at - 1], "created", 0)) == newest_first; at--) all[at] = all[at - 1];
        all[at] = doc;
    }
    size_t at = (size_t)from;
    for (; at < count && arns->count < most; at++) doc_push_str(arena, arns, doc_text(all[at], "arn"));
    doc_set(reply, member, arns);
    if (at < count) doc_set_str(arena, reply, "nextToken", str_format(arena, "%zu", at));
    *out = reply;
    return OUTCOME_DONE;
}

static bool is_descending(const Call *call) { return !str_is(doc_text(call->input, "sortOrder"), "ASCENDING"); }

Outcome list_report_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list_arns(call, turn_scan(turn, &CODEBUILD_REPORT_GROUP, (DocumentScan){.prefix = STR("")}), "reportGroups", is_descending(call), out, e);
}

Outcome list_reports(Turn *turn, const Call *call, Doc **out, Error *e) {
    return list_arns(call, turn_scan(turn, &CODEBUILD_REPORT, (DocumentScan){.prefix = STR("")}), "reports", is_descending(call), out, e);
}

Outcome list_reports_for_report_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(find_group(turn, doc_text(call->input, "reportGroupArn"), &group, e));
    return list_arns(call, reports_of(turn, doc_text(group, "name")), "reports", is_descending(call), out, e);
}

Outcome delete_report(Turn *turn, const Call *call, Doc **out, Error *e) {
    remove_report(turn, id_of(doc_text(call->input, "arn")));
    return OUTCOME_DONE;
}

Outcome describe_test_cases(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str arn = doc_text(call->input, "reportArn"), id = id_of(arn), next;
    Doc *report, *cases, *reply = doc_map(arena), *shown = doc_list(arena);
    if (!turn_get(turn, &CODEBUILD_REPORT, id, &report)) return call_fail(e, "ResourceNotFoundException", "Report %.*s does not exist", STR_ARG(arn));
    Page page = {.token = doc_text(call->input, "nextToken"), .size = doc_number(call->input, "maxResults", 0), .most = LIST_PAGE};
    page.scan.prefix = str_cat(arena, id, STR("/"));
    CALL_TRY(turn_page(turn, &CODEBUILD_TEST_CASE, page, &cases, &next, e) || invalid_input(e, "Invalid next token"));
    const Doc *filter = doc_get(call->input, "filter");
    Str keyword = doc_text(filter, "keyword");
    for (const Doc *one = doc_first(cases); one; one = one->next) {
        if (passes(one, filter) && (!keyword.len || str_contains(doc_text(one, "name"), keyword))) doc_push(shown, doc_copy(arena, one));
    }
    doc_set(reply, "testCases", shown);
    doc_set_str(arena, reply, "nextToken", next);
    *out = reply;
    return OUTCOME_DONE;
}
