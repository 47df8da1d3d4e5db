#include "services/dynamodb/reading.h"

#include "services/dynamodb/legacy.h"

enum { PAGE_BYTES = 1024 * 1024 };

const KeySchema *reading_key(const Reading *reading) { return reading->on_index ? &reading->index.key : &reading->table.key; }

uint64_t reading_number(const Reading *reading) { return reading->on_index ? reading->index.number : reading->table.number; }

static bool projects_all(const Index *index) { return str_is(doc_text(index->projection, "ProjectionType"), "ALL"); }

// ---- What is asked for ----

static bool find_index(Reading *reading, Error *e) {
    Str name = doc_text(reading->call->input, "IndexName");
    if (!name.at) return true;
    if (!table_index_named(&reading->table, name, &reading->index))
        return dynamodb_invalid(e, "The table does not have the specified index: %.*s", STR_ARG(name));
    reading->on_index = true;
    if (reading->index.global && doc_flag(reading->call->input, "ConsistentRead", false))
        return dynamodb_invalid(e, "Consistent reads are not supported on global secondary indexes");
    return true;
}

static bool is_projected(const Reading *reading, Str name) {
    const Index *index = &reading->index;
    const KeySchema *keys[] = {&reading->table.key, &index->key};
    if (projects_all(index)) return true;
    for (size_t i = 0; i < 2; i++)
        if (str_eq(name, keys[i]->hash.name) || (keys[i]->range.name.at && str_eq(name, keys[i]->range.name))) return true;
    for (const Doc *one = doc_first(doc_get(index->projection, "NonKeyAttributes")); one; one = one->next)
        if (str_eq(doc_str(one, STR("")), name)) return true;
    return false;
}

static bool check_paths(const Reading *reading, Error *e) {
    for (size_t i = 0; i < reading->paths.len && reading->on_index && reading->index.global; i++) {
        Str name = ((const Path *)vec_at(&reading->paths, i))->steps[0].name;
        if (!is_projected(reading, name))
            return dynamodb_bad_parameters(e, "Global secondary index %.*s does not project [%.*s]", STR_ARG(reading->index.name), STR_ARG(name));
    }
    return true;
}

static bool check_select(const Reading *reading, Error *e) {
    Str select = doc_text(reading->call->input, "Select");
    bool paths = reading->paths.len > 0;
    if (paths && select.at && !str_is(select, "SPECIFIC_ATTRIBUTES")) {
        return dynamodb_invalid(e, "Cannot specify the %s when choosing to get %s",
                                doc_get(reading->call->input, "AttributesToGet") ? "AttributesToGet" : "ProjectionExpression",
                                str_is(select, "COUNT")            ? "only the Count"
                                : str_is(select, "ALL_ATTRIBUTES") ? "ALL_ATTRIBUTES"
                                                                   : "ALL_PROJECTED_ATTRIBUTES");
    }
    if (!paths && str_is(select, "SPECIFIC_ATTRIBUTES"))
        return dynamodb_invalid(e, "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
    if (str_is(select, "ALL_PROJECTED_ATTRIBUTES") && !doc_text(reading->call->input, "IndexName").at)
        return dynamodb_invalid(e, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    return true;
}

static bool choose_shown(Reading *reading, Error *e) {
    Str select = doc_text(reading->call->input, "Select");
    reading->shown = reading->paths.len > 0 ? SHOW_PATHS : reading->on_index ? SHOW_PROJECTED : SHOW_ALL;
    if (str_is(select, "COUNT")) reading->shown = SHOW_COUNT;
    if (!str_is(select, "ALL_ATTRIBUTES")) return true;
    reading->shown = SHOW_ALL;
    if (!reading->on_index || !reading->index.global || projects_all(&reading->index)) return true;
    return dynamodb_bad_parameters(
        e, "Select type ALL_ATTRIBUTES is not supported for global secondary index %.*s because its projection type is not ALL",
        STR_ARG(reading->index.name));
}

bool reading_begin(Turn *turn, const Call *call, Reading *reading, Error *e) {
    static const char *const legacy[] = {"AttributesToGet", "QueryFilter", "ScanFilter", "ConditionalOperator", NULL};
    static const char *const expressions[] = {"ProjectionExpression", "FilterExpression", "KeyConditionExpression", NULL};
    *reading = (Reading){.call = call, .turn = turn, .items = doc_list(call->arena), .paths = vec_of(call->arena, Path)};
    TRY(legacy_alone(call->input, legacy, expressions, e));
    return scope_begin(&reading->scope, call->arena, call->input, e);
}

bool reading_parse(Reading *reading, Error *e) {
    const Doc *input = reading->call->input;
    Str filter = doc_text(input, "FilterExpression"), projection = doc_text(input, "ProjectionExpression");
    const char *old_filter = str_is(wire_str(reading->call->operation->name), "Scan") ? "ScanFilter" : "QueryFilter";
    if (filter.at) TRY(parse_condition(&reading->scope, "FilterExpression", filter, &reading->filter, e));
    if (projection.at) TRY(parse_projection(&reading->scope, projection, &reading->paths, e));
    TRY(legacy_filter(reading->call->arena, input, old_filter, &reading->filter, e));
    TRY(legacy_paths(reading->call->arena, input, &reading->paths, e));
    TRY(scope_end(&reading->scope, e));
    return check_select(reading, e);
}

bool reading_open(Reading *reading, Error *e) {
    TRY(table_need(reading->turn, doc_text(reading->call->input, "TableName"), &reading->table, e));
    TRY(find_index(reading, e));
    TRY(check_paths(reading, e));
    return choose_shown(reading, e);
}

// ---- Where to begin ----

// The parts of a starting key: the table's key, and the index's beside it.
static bool has_start_names(const Reading *reading, const Doc *start) {
    const KeySchema *schemas[] = {&reading->table.key, reading_key(reading)};
    Arena *arena = reading->call->arena;
    Doc *wanted = doc_map(arena);
    for (size_t i = 0; i < 2; i++) {
        const KeyAttribute *parts[] = {&schemas[i]->hash, &schemas[i]->range};
        for (size_t j = 0; j < 2; j++)
            if (parts[j]->name.at) doc_put(wanted, parts[j]->name, doc_of_bool(arena, true));
    }
    for (const Doc *one = doc_first(wanted); one; one = one->next)
        if (!doc_get_str_key(start, one->key)) return false;
    return doc_count(wanted) == doc_count(start);
}

static bool start_key(const Reading *reading, const Doc *start, Str *out) {
    return key_of_item(reading->call->arena, &reading->table, start, out, NULL) &&
           (!reading->on_index || index_key(reading->call->arena, &reading->table, &reading->index, start, out));
}

bool reading_check_start(const Reading *reading, Error *e) {
    static const char invalid[] = "The provided starting key is invalid", mismatch[] = "The provided key element does not match the schema";
    Doc *start = doc_get(reading->call->input, "ExclusiveStartKey");
    bool scans = str_is(wire_str(reading->call->operation->name), "Scan");
    Error why = {0};
    Str key;
    if (!start) return true;
    if (!item_check(reading->call->arena, start, &why)) return dynamodb_invalid(e, "%s: %s", invalid, why.message);
    if (!has_start_names(reading, start)) return dynamodb_invalid(e, "%s%s%s", invalid, scans ? ": " : "", scans ? mismatch : "");
    if (start_key(reading, start, &key)) return true;
    return dynamodb_invalid(e, "%s%s%s", scans ? invalid : "", scans ? ": " : "", mismatch);
}

bool reading_start(Reading *reading, Error *e) {
    Arena *arena = reading->call->arena;
    Doc *start = doc_get(reading->call->input, "ExclusiveStartKey");
    Str key;
    if (!start || !start_key(reading, start, &key)) return true;
    bool inside = str_cmp(key, reading->range.from) >= 0 && (!reading->range.before.at || str_cmp(key, reading->range.before) < 0);
    if (!inside) return dynamodb_invalid(e, "The provided starting key is outside query boundaries based on provided conditions");
    if (reading->range.reverse)
        reading->range.before = key;
    else
        reading->range.from = str_cat(arena, key, (Str){"\0", 1});
    return true;
}

// ---- The walk ----

static Doc *keys_shown(const Reading *reading, const Doc *item) {
    Doc *key = item_key_of(reading->call->arena, &reading->table.key, item);
    if (reading->on_index) key_add(reading->call->arena, &reading->index.key, item, key);
    return key;
}

static bool in_segment(const Reading *reading, const Doc *item) {
    if (!reading->segments) return true;
    Str hash = key_bytes(reading->call->arena, doc_get_str_key(item, reading->table.key.hash.name));
    return (int64_t)(str_hash(hash) % (uint64_t)reading->segments) == reading->segment;
}

// What of the item is there to be seen: of a global index no more than it keeps.
static Doc *visible(const Reading *reading, Doc *item) {
    bool cut = reading->on_index && (reading->index.global || reading->shown == SHOW_PROJECTED);
    Doc *view = cut ? index_view(reading->call->arena, &reading->table, &reading->index, item) : item;
    return view ? view : item;
}

static void show(Reading *reading, Doc *item) {
    if (!condition_holds(reading->call->arena, reading->filter, item)) return;
    reading->count++;
    if (reading->shown == SHOW_COUNT) return;
    doc_push(reading->items, reading->shown == SHOW_PATHS ? path_project(reading->call->arena, &reading->paths, item) : item);
}

static bool visit(void *context, Str key, Str value) {
    Reading *reading = context;
    Arena *arena = reading->call->arena;
    Doc *item = NULL;
    if (!reading->on_index)
        item = item_read(arena, value);
    else if (!item_get(reading->turn, value, &item))
        return true;
    if (!in_segment(reading, item)) return true;
    Doc *seen = visible(reading, item);
    reading->scanned++;
    reading->bytes += item_bytes(seen);
    int64_t limit = doc_number(reading->call->input, "Limit", 0);
    bool full = reading->bytes >= PAGE_BYTES || (limit > 0 && reading->scanned >= limit);
    if (full) reading->last = keys_shown(reading, item);
    show(reading, seen);
    reading->more = full;
    return !full;
}

void reading_run(Reading *reading) {
    store_scan(turn_store(reading->turn), reading->on_index ? &DYNAMODB_INDEXES : &DYNAMODB_ITEMS, reading->range, visit, reading);
}

static void show_usage(const Reading *reading, Doc *reply) {
    Arena *arena = reading->call->arena;
    double used = read_units(reading->bytes, doc_flag(reading->call->input, "ConsistentRead", false));
    Usage usage = usage_new(arena, &reading->table);
    if (reading->on_index)
        usage_add_index_read(&usage, reading->index.name, used);
    else
        usage.of_table = used;
    doc_set(reply, "ConsumedCapacity", usage_doc(arena, &usage, reading->call->input, NULL));
}

Doc *reading_reply(const Reading *reading) {
    Arena *arena = reading->call->arena;
    Doc *reply = doc_map(arena);
    doc_set_int(arena, reply, "Count", reading->count);
    doc_set_int(arena, reply, "ScannedCount", reading->scanned);
    if (reading->shown != SHOW_COUNT) doc_set(reply, "Items", reading->items);
    if (reading->more) doc_set(reply, "LastEvaluatedKey", reading->last);
    if (usage_wanted(reading->call->input)) show_usage(reading, reply);
    return reply;
}
