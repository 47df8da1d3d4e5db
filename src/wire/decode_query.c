// Forms of the query and ec2 protocols: Filter.1.Name=a&Filter.1.Value.1=b
//
// The pairs are sorted by key, '.' before everything else: then whatever belongs to one structure, list or map is one run of pairs, and decoding is a
// recursion over runs (low, high, how many bytes of the keys are behind us); there is no tree in between. Differences of the two protocols: in query, the
// items of a list stand under "member" or their own name unless it is flattened, and maps have "entry"; in ec2 all lists are flattened.
#include "wire/codec.h"

#include "base/limits.h"
#include "base/vec.h"

#include <stdlib.h>

typedef struct Pair {
    Str key, value;
} Pair;

// The pairs low … high - 1 have the same first `at` bytes; what follows is to be decoded: nothing, or '.' and more.
typedef struct Run {
    const Pair *pairs;
    size_t low, high, at;
    int depth;
} Run;

static int compare_keys(const void *left, const void *right) {
    Str a = ((const Pair *)left)->key, b = ((const Pair *)right)->key;
    size_t shared = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shared; i++) {
        if (a.at[i] == b.at[i]) continue;
        unsigned x = a.at[i] == '.' ? 0 : (unsigned char)a.at[i] + 1U, y = b.at[i] == '.' ? 0 : (unsigned char)b.at[i] + 1U;
        return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static bool fail_syntax(Error *e) {
    fail(e, "MalformedQueryString", "The query string contains a syntax error");
    if (e) e->http_status = 404;
    return false;
}

static bool read_pairs(const Codec *codec, Str form, Vec *pairs) {
    while (form.len) {
        Str rest = str_cut(&form, '&');
        if (rest.len == 0) continue;
        Str key = str_cut(&rest, '=');
        if (str_is_none(rest)) rest = STR("");
        if (!str_uri_decode(codec->arena, key, true, &key) || !str_uri_decode(codec->arena, rest, true, &rest)) return fail_syntax(codec->e);
        vec_add(pairs, Pair, ((Pair){key, rest}));
    }
    if (pairs->len) qsort(pairs->at, pairs->len, sizeof(Pair), compare_keys);
    return true;
}

// What stands between the dot at `at` and the next one.
static Str segment_at(Str key, size_t at) {
    Str rest = str_from(key, at);
    ptrdiff_t dot = str_find_char(rest, '.');
    return str_sub(rest, 0, dot < 0 ? rest.len : (size_t)dot);
}

// Cuts the first group of one segment off the run; pairs that end here (no segment) are skipped. False at the end.
static bool next_group(Run *rest, Str *segment, Run *group) {
    while (rest->low < rest->high && rest->pairs[rest->low].key.len <= rest->at) rest->low++;
    if (rest->low == rest->high) return false;
    size_t from = rest->at == 0 ? 0 : rest->at + 1; // behind the dot, which only the first segment does not have
    *segment = segment_at(rest->pairs[rest->low].key, from);
    size_t end = rest->low;
    while (end < rest->high && str_eq(segment_at(rest->pairs[end].key, from), *segment)) end++;
    *group = (Run){rest->pairs, rest->low, end, from + segment->len, rest->depth + 1};
    rest->low = end;
    return true;
}

static const Pair *pair_that_ends_here(const Run *run) {
    const Pair *first = &run->pairs[run->low];
    return run->low < run->high && first->key.len == run->at ? first : NULL;
}

static Str key_of(const Run *run) { return str_sub(run->pairs[run->low].key, 0, run->at); }

static bool fail_value(const Codec *codec, const Run *run, const char *message) {
    Str key = key_of(run);
    if (codec->route->protocol == WIRE_EC2) {
        return fail(codec->e, "InvalidParameterValue", "Invalid value for parameter %.*s: %s", STR_ARG(key), message);
    }
    return fail(codec->e, "MalformedInput", "%s (%.*s)", message, STR_ARG(key));
}

static bool decode_value(const Codec *codec, const WireMember *member, Run run, Doc **out);

static bool decode_structure(const Codec *codec, const WireShape *shape, Run run, Doc *into) {
    Run group;
    for (Str name; next_group(&run, &name, &group);) {
        const WireMember *member = wire_member_by_query_name(shape, name);
        if (!member) continue;
        Doc *value = NULL;
        TRY(decode_value(codec, member, group, &value));
        doc_put(into, wire_str(member->name), value);
    }
    return true;
}

typedef struct Numbered {
    int64_t number;
    Run run;
} Numbered;

static int compare_numbers(const void *left, const void *right) {
    int64_t a = ((const Numbered *)left)->number, b = ((const Numbered *)right)->number;
    return (a > b) - (a < b);
}

// The groups of a list or map in the order of their numbers; gaps do not matter.
static bool read_numbered(const Codec *codec, Run run, Vec *groups) {
    Run group;
    for (Str segment; next_group(&run, &segment, &group);) {
        int64_t number;
        if (!str_to_int(segment, &number)) return fail_value(codec, &group, "Key must be a number");
        vec_add(groups, Numbered, ((Numbered){number, group}));
    }
    if (groups->len) qsort(groups->at, groups->len, sizeof(Numbered), compare_numbers);
    return true;
}

// In query, the groups of what is not flattened stand one level deeper. Any name is taken there: "member", "entry", the item's own.
static void enter_items(const Codec *codec, const WireMember *member, Run *run) {
    bool flattened = codec->route->protocol == WIRE_EC2 || member->flags & WIRE_MEMBER_FLATTENED || wire_shape_of(member)->flags & WIRE_FLATTENED;
    Run rest = *run, group;
    Str name;
    int64_t number;
    if (!flattened && next_group(&rest, &name, &group) && !str_to_int(name, &number)) *run = group;
}

static bool decode_list(const Codec *codec, const WireMember *member, Run run, Doc *into) {
    Vec groups = vec_of(codec->arena, Numbered);
    enter_items(codec, member, &run);
    TRY(read_numbered(codec, run, &groups));
    for (size_t i = 0; i < groups.len; i++) {
        Doc *item = NULL;
        TRY(decode_value(codec, wire_item(wire_shape_of(member)), vec_get(&groups, Numbered, i).run, &item));
        doc_push(into, item);
    }
    return true;
}

static Str or_name(uint32_t name, const char *otherwise) { return name ? wire_str(name) : str_of(otherwise); }

static bool decode_entry(const Codec *codec, const WireShape *map, Run run, Doc *into) {
    Str key_name = or_name(wire_key(map)->wire_name, "key"), value_name = or_name(wire_value(map)->wire_name, "value");
    Run rest = run, group;
    Str key = STR_NONE;
    Doc *value = NULL;
    for (Str name; next_group(&rest, &name, &group);) {
        const Pair *pair = pair_that_ends_here(&group);
        if (str_eq(name, key_name) && pair) key = pair->value;
        if (str_eq(name, value_name)) TRY(decode_value(codec, wire_value(map), group, &value));
    }
    if (str_is_none(key) || !value || !str_is_utf8(key)) return fail_value(codec, &run, "A map entry needs a key and a value");
    doc_put(into, key, value);
    return true;
}

static bool decode_map(const Codec *codec, const WireMember *member, Run run, Doc *into) {
    Vec groups = vec_of(codec->arena, Numbered);
    enter_items(codec, member, &run);
    TRY(read_numbered(codec, run, &groups));
    for (size_t i = 0; i < groups.len; i++) TRY(decode_entry(codec, wire_shape_of(member), vec_get(&groups, Numbered, i).run, into));
    return true;
}

static bool decode_scalar(const Codec *codec, const WireMember *member, const Run *run, Doc **out) {
    const Pair *pair = pair_that_ends_here(run);
    if (!pair) return fail_value(codec, run, "Unexpected complex element termination");
    Error why;
    if (scalar_from_text(codec, member, pair->value, out, &why)) return true;
    return fail_value(codec, run, why.message);
}

static bool decode_value(const Codec *codec, const WireMember *member, Run run, Doc **out) {
    const WireShape *shape = wire_shape_of(member);
    if (run.depth > LIMIT_DOC_DEPTH) return fail_value(codec, &run, "The request is nested too deeply");
    switch ((WireKind)shape->kind) {
    case WIRE_STRUCTURE: return decode_structure(codec, shape, run, *out = doc_map(codec->arena));
    case WIRE_LIST: return decode_list(codec, member, run, *out = doc_list(codec->arena));
    case WIRE_MAP: return decode_map(codec, member, run, *out = doc_map(codec->arena));
    default: return decode_scalar(codec, member, &run, out);
    }
}

// EC2 refuses parameters that it does not know; other services overlook them.
static bool is_common_parameter(Str name) {
    static const Str COMMON[] = {STR_INIT("Action"),          STR_INIT("Version"),          STR_INIT("AWSAccessKeyId"),
                                 STR_INIT("Expires"),         STR_INIT("SecurityToken"),    STR_INIT("Signature"),
                                 STR_INIT("SignatureMethod"), STR_INIT("SignatureVersion"), STR_INIT("Timestamp")};
    for (size_t i = 0; i < sizeof COMMON / sizeof *COMMON; i++) {
        if (str_eq(name, COMMON[i])) return true;
    }
    return str_starts(name, STR("X-Amz-"));
}

static bool refuse_unknown(const Codec *codec, const WireShape *shape, Run run) {
    Run group;
    for (Str name; next_group(&run, &name, &group);) {
        if (wire_member_by_query_name(shape, name) || is_common_parameter(name)) continue;
        return fail(codec->e, "UnknownParameter", "The parameter %.*s is not recognized", STR_ARG(name));
    }
    return true;
}

bool query_decode(const Codec *codec, const WireShape *shape, Str form, Doc *into) {
    Vec pairs = vec_of(codec->arena, Pair);
    TRY(read_pairs(codec, form, &pairs));
    Run all = {.pairs = pairs.at, .high = pairs.len};
    if (codec->route->protocol == WIRE_EC2) TRY(refuse_unknown(codec, shape, all));
    return decode_structure(codec, shape, all, into);
}
