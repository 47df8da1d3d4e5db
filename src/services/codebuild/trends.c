// What a report group's last reports say together.
#include "formats/json.h"
#include "services/codebuild/codebuild.h"

enum { MOST_REPORTS = 100 };

static double pass_rate(const Doc *summary) {
    int64_t total = doc_number(summary, "total", 0);
    return total ? 100.0 * (double)doc_number(doc_get(summary, "statusCounts"), "SUCCEEDED", 0) / (double)total : 0;
}

static double value_of(const Doc *report, Str field) {
    const Doc *summary = doc_get(report, "testSummary");
    if (str_is(field, "PASS_RATE")) return pass_rate(summary);
    return (double)doc_number(summary, str_is(field, "TOTAL") ? "total" : "durationInNanoSeconds", 0);
}

static void set_real(Arena *arena, Doc *doc, const char *member, double value) {
    AUTO_BUF text;
    buf_init(&text, SIZE_MAX / 2);
    json_write_real(&text, value);
    doc_set_str(arena, doc, member, str_copy(arena, buf_str(&text)));
}

static void show_trend(const Call *call, const Doc *const *reports, size_t count, Doc *reply) {
    Arena *arena = call->arena;
    Doc *stats = doc_map(arena), *raw = doc_list(arena);
    double sum = 0, least = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        Doc *one = doc_map(arena);
        double value = value_of(reports[i], doc_text(call->input, "trendField"));
        doc_set_str(arena, one, "reportArn", doc_text(reports[i], "arn"));
        set_real(arena, one, "data", value);
        doc_push(raw, one);
        sum += value;
        if (!i || value < least) least = value;
        if (!i || value > most) most = value;
    }
    if (count) {
        set_real(arena, stats, "average", sum / (double)count);
        set_real(arena, stats, "max", most);
        set_real(arena, stats, "min", least);
    }
    doc_set(reply, "stats", stats);
    doc_set(reply, "rawData", raw);
}

Outcome get_report_group_trend(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str field = doc_text(call->input, "trendField");
    Doc *group;
    size_t count, most = (size_t)doc_number(call->input, "numOfReports", MOST_REPORTS);
    CALL_TRY(find_report_group(turn, doc_text(call->input, "reportGroupArn"), &group, e));
    if (!str_is(field, "DURATION") && !str_is(field, "PASS_RATE") && !str_is(field, "TOTAL")) {
        return call_fail(e, "NotImplemented", "Trends of code coverage are not built; DURATION, PASS_RATE and TOTAL are.");
    }
    Listing listing = {.docs = reports_of(turn, doc_text(group, "name")), .order = ORDER_CREATED};
    const Doc *const *reports = listing_sort(call->arena, &listing, &count);
    *out = doc_map(call->arena);
    show_trend(call, reports, count < most ? count : most, *out);
    return OUTCOME_DONE;
}
