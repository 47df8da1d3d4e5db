// Lists of projects, builds, reports and report groups: sorted, cut into pages. The token says how many of the order were shown.
#include "services/codebuild/codebuild.h"

#include <stdlib.h>

enum { MOST = 100 };

ListOrder listing_order(const Call *call) {
    Str by = doc_text(call->input, "sortBy");
    return str_is(by, "CREATED_TIME") ? ORDER_CREATED : str_is(by, "LAST_MODIFIED_TIME") ? ORDER_MODIFIED : ORDER_NAME;
}

static int compare_numbers(const Doc *a, const Doc *b, const char *member) {
    int64_t first = doc_number(a, member, 0), second = doc_number(b, member, 0);
    return (first > second) - (first < second);
}

static int compare_texts(const Doc *a, const Doc *b, const char *member) { return str_cmp(doc_text(a, member), doc_text(b, member)); }

static int compare(const Doc *a, const Doc *b, ListOrder order) {
    static const char *const TIMES[] = {[ORDER_CREATED] = "created", [ORDER_MODIFIED] = "lastModified", [ORDER_STARTED] = "startTime"};
    int by_time = order == ORDER_NAME ? 0 : compare_numbers(a, b, TIMES[order]);
    if (!by_time && order == ORDER_STARTED) by_time = compare_numbers(a, b, "buildNumber");
    return by_time ? by_time : compare_texts(a, b, "arn");
}

static int compare_items(const void *a, const void *b, void *context) {
    const Listing *listing = context;
    int way = compare(*(const Doc *const *)a, *(const Doc *const *)b, listing->order);
    return listing->ascending ? way : -way;
}

const Doc **listing_sort(Arena *arena, const Listing *listing, size_t *count) {
    const Doc **all = arena_array(arena, const Doc *, doc_count(listing->docs) + 1);
    Str status = doc_text(listing->filter, "status");
    *count = 0;
    for (const Doc *doc = doc_first(listing->docs); doc; doc = doc->next) {
        if (!status.len || str_eq(status, doc_text(doc, "status"))) all[(*count)++] = doc;
    }
    qsort_r(all, *count, sizeof *all, compare_items, (void *)(uintptr_t)listing);
    return all;
}

Outcome list_documents(const Call *call, const Listing *listing, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *shown = doc_list(arena);
    int64_t from = 0, size = doc_number(call->input, "maxResults", MOST);
    size_t count;
    Str token = doc_text(call->input, "nextToken");
    if (token.len && (!str_to_int(token, &from) || from < 0)) return invalid_input(e, "Invalid next token"), OUTCOME_ERROR;
    const Doc **all = listing_sort(arena, listing, &count);
    size_t at = (size_t)from;
    for (; at < count && shown->count < size; at++) doc_push_str(arena, shown, doc_text(all[at], listing->shows));
    doc_set(reply, listing->as, shown);
    if (at < count) doc_set_str(arena, reply, "nextToken", str_format(arena, "%zu", at));
    *out = reply;
    return OUTCOME_DONE;
}

// ---- Shared lists: nothing is shared with an account but by resource policies, which are not built ----

static Outcome list_nothing(const Call *call, const char *as, Doc **out, Error *e) {
    Listing listing = {.docs = doc_list(call->arena), .as = as};
    return list_documents(call, &listing, out, e);
}

Outcome list_shared_projects(Turn *turn, const Call *call, Doc **out, Error *e) { return list_nothing(call, "projects", out, e); }

Outcome list_shared_report_groups(Turn *turn, const Call *call, Doc **out, Error *e) { return list_nothing(call, "reportGroups", out, e); }
