// Log groups: made, shown, kept for a time, deleted.
#include "services/logs/logs.h"

#define ARN_MARK STR(":log-group:")

const DocumentType LOGS_GROUP = {.name = "logs.group"};

// ---- Finding ----

Str logs_identified_name(Str identifier) {
    ptrdiff_t at = str_find(identifier, ARN_MARK);
    if (!str_starts(identifier, STR("arn:")) || at < 0) return identifier;
    return str_strip_suffix(str_from(identifier, (size_t)at + ARN_MARK.len), STR(":*"));
}

Str logs_group_arn(Arena *arena, Partition where, Str name) {
    return str_format(arena, "arn:aws:logs:%.*s:%.*s:log-group:%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(name));
}

uint64_t logs_new_number(Turn *turn) { return id_u64(turn_ids(turn)) >> 2; } // has at most 19 digits, and fits a document's integers

static LogGroup group_read(Turn *turn, Doc *doc) {
    int64_t days = doc_number(doc, "retentionInDays", 0);
    return (LogGroup){
        .name = doc_text(doc, "logGroupName"),
        .number = (uint64_t)doc_number(doc, "$number", 0),
        .expired_ms = days ? turn_now(turn) - days * LOGS_DAY_MS : 0,
        .doc = doc,
    };
}

bool logs_group_get(Turn *turn, Str name, LogGroup *out) {
    Doc *doc;
    if (!turn_get(turn, &LOGS_GROUP, name, &doc)) return false;
    *out = group_read(turn, doc);
    return true;
}

bool logs_group_need(Turn *turn, const Call *call, LogGroup *out, Error *e) {
    Str name = doc_text(call->input, "logGroupName"), identifier = doc_text(call->input, "logGroupIdentifier");
    if (name.at && identifier.at) return fail(e, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
    if (!name.at && !identifier.at) return fail(e, "InvalidParameterException", "Either logGroupName or logGroupIdentifier must be specified.");
    Str wanted = name.at ? name : logs_identified_name(identifier);
    // Another account's or region's group is none that could be seen from here.
    bool here = !str_starts(identifier, STR("arn:")) || str_starts(identifier, logs_group_arn(call->arena, call->where, wanted));
    if (here && logs_group_get(turn, wanted, out)) return true;
    logs_no_group(e);
    return false;
}

static void group_save(Turn *turn, const LogGroup *group) { turn_put(turn, &LOGS_GROUP, group->name, group->doc); }

// ---- Making and deleting ----

static bool check_class(const Call *call, Error *e) {
    Str class = doc_text(call->input, "logGroupClass");
    if (!class.at || str_is(class, "STANDARD")) return true;
    fail(e, "NotImplemented", "logs:CreateLogGroup is not built with logGroupClass %.*s.", STR_ARG(class));
    if (e) e->http_status = 501;
    return false;
}

Outcome logs_create_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"kmsKeyId", NULL};
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "logGroupName");
    CALL_TRY(logs_refuse(call, refused, e));
    CALL_TRY(check_class(call, e));
    CALL_TRY(logs_check_tags(doc_get(call->input, "tags"), e));
    if (name.len >= 4 && str_eq_nocase(str_sub(name, 0, 4), STR("aws/")))
        return call_fail(e, "InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.");
    Doc *group = doc_map(arena);
    doc_set_str(arena, group, "logGroupName", name);
    doc_set_int(arena, group, "creationTime", call->now_ms);
    doc_set_int(arena, group, "$number", (int64_t)logs_new_number(turn));
    if (doc_flag(call->input, "deletionProtectionEnabled", false)) doc_set_bool(arena, group, "deletionProtectionEnabled", true);
    doc_set(group, "tags", doc_copy(arena, doc_get(call->input, "tags")));
    if (!turn_insert(turn, &LOGS_GROUP, name, group)) return call_fail(e, "ResourceAlreadyExistsException", "The specified log group already exists");
    return OUTCOME_DONE;
}

Outcome logs_delete_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    CALL_TRY(logs_group_need(turn, call, &group, e));
    if (doc_flag(group.doc, "deletionProtectionEnabled", false))
        return call_fail(e, "ValidationException", "The log group is protected against deletion. Disable deletion protection first.");
    logs_streams_delete(turn, &group);
    logs_retention_end(turn, group.name);
    turn_delete(turn, &LOGS_GROUP, group.name);
    return OUTCOME_DONE;
}

Outcome logs_protect_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    CALL_TRY(logs_group_need(turn, call, &group, e));
    doc_set_bool(call->arena, group.doc, "deletionProtectionEnabled", doc_flag(call->input, "deletionProtectionEnabled", false));
    group_save(turn, &group);
    return OUTCOME_DONE;
}

// ---- Retention ----

static bool check_days(int64_t days, Error *e) {
    static const int64_t allowed[] = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (days == allowed[i]) return true;
    return fail(e, "InvalidParameterException",
                "1 validation error detected: Value '%lld' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: "
                "[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]",
                (long long)days);
}

Outcome logs_put_retention(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    int64_t days = doc_number(call->input, "retentionInDays", 0);
    CALL_TRY(check_days(days, e));
    CALL_TRY(logs_group_need(turn, call, &group, e));
    doc_set_int(call->arena, group.doc, "retentionInDays", days);
    group_save(turn, &group);
    logs_retention_begin(turn, group.name);
    return OUTCOME_DONE;
}

Outcome logs_delete_retention(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    CALL_TRY(logs_group_need(turn, call, &group, e));
    doc_set(group.doc, "retentionInDays", NULL);
    group_save(turn, &group);
    logs_retention_end(turn, group.name);
    return OUTCOME_DONE;
}

// ---- Showing ----

static int64_t stored_bytes(Turn *turn, const LogGroup *group) {
    int64_t bytes = 0;
    const Doc *streams = logs_streams(turn, group, (DocumentScan){.limit = 0});
    for (const Doc *stream = doc_first(streams); stream; stream = stream->next) bytes += doc_number(stream, "$bytes", 0);
    return bytes;
}

// With a pattern, AWS shows less of each group.
static Doc *group_shown(Turn *turn, Doc *doc, bool brief) {
    Arena *arena = turn_arena(turn);
    LogGroup group = group_read(turn, doc);
    Str arn = logs_group_arn(arena, turn_where(turn), group.name);
    Doc *shown = doc_map(arena);
    doc_set_str(arena, shown, "logGroupName", group.name);
    doc_set_int(arena, shown, "creationTime", doc_number(doc, "creationTime", 0));
    doc_set_str(arena, shown, "arn", str_cat(arena, arn, STR(":*")));
    doc_set_str(arena, shown, "logGroupArn", arn);
    doc_set_str(arena, shown, "logGroupClass", STR("STANDARD"));
    doc_set_int(arena, shown, "metricFilterCount", 0);
    if (brief) return shown;
    doc_set(shown, "retentionInDays", doc_copy(arena, doc_get(doc, "retentionInDays")));
    doc_set_int(arena, shown, "storedBytes", stored_bytes(turn, &group));
    doc_set_bool(arena, shown, "deletionProtectionEnabled", doc_flag(doc, "deletionProtectionEnabled", false));
    return shown;
}

static bool is_listed(Str identifier, Str name) { return str_eq(logs_identified_name(identifier), name); }

static bool is_wanted(const Doc *input, const Doc *group) {
    Str name = doc_text(group, "logGroupName"), pattern = doc_text(input, "logGroupNamePattern"), class = doc_text(input, "logGroupClass");
    const Doc *identifiers = doc_get(input, "logGroupIdentifiers");
    bool listed = !doc_count(identifiers);
    for (const Doc *one = doc_first(identifiers); one && !listed; one = one->next) listed = is_listed(doc_str(one, STR("")), name);
    return listed && (!pattern.len || str_contains(name, pattern)) && (!class.at || str_is(class, "STANDARD"));
}

// Whether is_wanted looks at more than the prefix, which the scan knows.
static bool selects(const Doc *input) {
    return doc_get(input, "logGroupNamePattern") || doc_get(input, "logGroupClass") || doc_get(input, "logGroupIdentifiers");
}

static bool page_start(const Call *call, DocumentScan *scan, Error *e) {
    Str token = doc_text(call->input, "nextToken"), after;
    *scan = (DocumentScan){.prefix = doc_text(call->input, "logGroupNamePrefix")};
    if (!token.at) return true;
    if (!str_unbase64(call->arena, token, &after) || !str_is_utf8(after)) return logs_bad_token(e);
    scan->after = after;
    return true;
}

Outcome logs_describe_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"includeLinkedAccounts", "accountIdentifiers", NULL};
    Arena *arena = call->arena;
    DocumentScan scan;
    bool brief = doc_text(call->input, "logGroupNamePattern").len > 0;
    CALL_TRY(logs_refuse(call, refused, e));
    if (brief && doc_get(call->input, "logGroupNamePrefix"))
        return call_fail(e, "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    CALL_TRY(page_start(call, &scan, e));
    int64_t left = doc_number(call->input, "limit", LOGS_PAGE);
    if (!selects(call->input)) scan.limit = (size_t)left + 1;
    Doc *shown = doc_list(arena);
    Str last = STR_NONE;
    *out = doc_map(arena);
    for (Doc *group = doc_first(turn_scan(turn, &LOGS_GROUP, scan)), *next; group; group = next) {
        next = group->next;
        if (!is_wanted(call->input, group)) continue;
        if (left-- == 0) {
            doc_set_str(arena, *out, "nextToken", str_base64(arena, last));
            break;
        }
        last = doc_text(group, "logGroupName");
        doc_push(shown, group_shown(turn, group, brief));
    }
    doc_set(*out, "logGroups", shown);
    return OUTCOME_DONE;
}
