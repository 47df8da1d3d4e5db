// Conditions: all tests of a block must hold; of a test's values one must match, for negated operators none.
//
// A key that the request does not have: positive operators fail, negated ones hold, …IfExists holds, ForAllValues holds, ForAnyValue fails.
#include "identity/policy_internal.h"

#include "formats/timestamps.h"

#include <arpa/inet.h>

// Does one value of the request meet one value of the policy?
typedef bool Compare(const PolicyQuestion *question, const Doc *have, const Pattern *want);

struct Operator {
    const char *name;
    Compare *compare;
    bool negated;
    bool wildcards; // '*' and '?' in the policy's values mean something
};

bool policy_operator_has_wildcards(const Operator *op) { return op->wildcards; }

static Str text_of(const PolicyQuestion *question, const Doc *value) {
    switch (value->kind) {
    case DOC_STR:
    case DOC_BLOB: return value->as.text;
    case DOC_BOOL: return value->as.boolean ? STR("true") : STR("false");
    case DOC_INT: return str_format(question->arena, "%lld", (long long)value->as.integer);
    case DOC_REAL: return str_format(question->arena, "%g", value->as.real);
    case DOC_TIME: return time_iso8601(question->arena, value->as.integer);
    default: return STR_NONE;
    }
}

static bool string_equals(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    Str wanted = policy_pattern_expand(want, question);
    return wanted.at && str_eq(wanted, text_of(question, have));
}

static bool string_equals_nocase(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    Str wanted = policy_pattern_expand(want, question);
    return wanted.at && str_eq_nocase(wanted, text_of(question, have));
}

static bool string_like(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    return policy_pattern_matches(want, question, text_of(question, have));
}

// ARNs match part by part (six of them, the last holds the rest), so that a wildcard does not reach over a colon.
static bool arn_like(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    Str wanted = policy_pattern_expand(want, question), text = text_of(question, have);
    if (!wanted.at) return false;
    for (int part = 0; part < 5; part++) {
        if (!policy_wild_match(str_cut(&wanted, ':'), str_cut(&text, ':'))) return false;
        if (!wanted.at || !text.at) return !wanted.at && !text.at;
    }
    return policy_wild_match(wanted, text);
}

static bool numbers(const PolicyQuestion *question, const Doc *have, const Pattern *want, double *a, double *b) {
    return str_to_double(text_of(question, have), a) && str_to_double(policy_pattern_expand(want, question), b);
}

#define NUMERIC(name, test)                                                                            \
    static bool numeric_##name(const PolicyQuestion *question, const Doc *have, const Pattern *want) { \
        double a, b;                                                                                   \
        return numbers(question, have, want, &a, &b) && (test);                                        \
    }
NUMERIC(equals, !(a < b) && !(a > b))
NUMERIC(less, a < b)
NUMERIC(less_equals, a <= b)
NUMERIC(greater, a > b)
NUMERIC(greater_equals, a >= b)

static bool date_of(Str text, int64_t *ms) { return time_parse_iso8601(text, ms) || time_parse_epoch(text, ms); }

static bool dates(const PolicyQuestion *question, const Doc *have, const Pattern *want, int64_t *a, int64_t *b) {
    bool got = doc_is(have, DOC_TIME) ? (*a = have->as.integer, true) : date_of(text_of(question, have), a);
    return got && date_of(policy_pattern_expand(want, question), b);
}

#define DATE(name, test)                                                                            \
    static bool date_##name(const PolicyQuestion *question, const Doc *have, const Pattern *want) { \
        int64_t a, b;                                                                               \
        return dates(question, have, want, &a, &b) && (test);                                       \
    }
DATE(equals, a == b)
DATE(less, a < b)
DATE(less_equals, a <= b)
DATE(greater, a > b)
DATE(greater_equals, a >= b)

static bool bool_equals(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    return str_eq_nocase(text_of(question, have), policy_pattern_expand(want, question));
}

// The policy's value is base64; the request's are bytes.
static bool binary_equals(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    Str bytes;
    return str_unbase64(question->arena, policy_pattern_expand(want, question), &bytes) && str_eq(bytes, text_of(question, have));
}

typedef struct Address {
    uint8_t bytes[16];
    int bits; // 32 or 128
} Address;

static bool address_of(Arena *arena, Str text, Address *out) {
    const char *c = str_c(arena, text);
    if (inet_pton(AF_INET, c, out->bytes) == 1) return out->bits = 32, true;
    if (inet_pton(AF_INET6, c, out->bytes) == 1) return out->bits = 128, true;
    return false;
}

static bool ip_within(const PolicyQuestion *question, const Doc *have, const Pattern *want) {
    Str prefix = policy_pattern_expand(want, question), network = str_cut(&prefix, '/');
    Address address, base;
    if (!address_of(question->arena, text_of(question, have), &address) || !address_of(question->arena, network, &base)) return false;
    int64_t bits = base.bits;
    if (prefix.at && !str_to_int(prefix, &bits)) return false;
    if (address.bits != base.bits || bits < 0 || bits > base.bits) return false;
    size_t whole = (size_t)bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));
    return memcmp(address.bytes, base.bytes, whole) == 0 && (bits % 8 == 0 || (address.bytes[whole] & mask) == (base.bytes[whole] & mask));
}

static const Operator operators[] = {
    {"StringEquals", string_equals, false},
    {"StringNotEquals", string_equals, true},
    {"StringEqualsIgnoreCase", string_equals_nocase, false},
    {"StringNotEqualsIgnoreCase", string_equals_nocase, true},
    {"StringLike", string_like, false, true},
    {"StringNotLike", string_like, true, true},
    {"NumericEquals", numeric_equals, false},
    {"NumericNotEquals", numeric_equals, true},
    {"NumericLessThan", numeric_less, false},
    {"NumericLessThanEquals", numeric_less_equals, false},
    {"NumericGreaterThan", numeric_greater, false},
    {"NumericGreaterThanEquals", numeric_greater_equals, false},
    {"DateEquals", date_equals, false},
    {"DateNotEquals", date_equals, true},
    {"DateLessThan", date_less, false},
    {"DateLessThanEquals", date_less_equals, false},
    {"DateGreaterThan", date_greater, false},
    {"DateGreaterThanEquals", date_greater_equals, false},
    {"Bool", bool_equals, false},
    {"BinaryEquals", binary_equals, false},
    {"IpAddress", ip_within, false},
    {"NotIpAddress", ip_within, true},
    {"ArnEquals", arn_like, false, true},
    {"ArnLike", arn_like, false, true},
    {"ArnNotEquals", arn_like, true, true},
    {"ArnNotLike", arn_like, true, true},
    {"Null", NULL, false},
};

const Operator *policy_operator_find(Str name, SetQualifier *set, bool *if_exists) {
    Str bare = str_strip_prefix(name, STR("ForAllValues:"));
    *set = bare.len < name.len ? SET_ALL_VALUES : SET_NONE;
    if (str_starts(name, STR("ForAnyValue:"))) {
        bare = str_from(name, sizeof "ForAnyValue:" - 1);
        *set = SET_ANY_VALUE;
    }
    *if_exists = str_ends(bare, STR("IfExists"));
    if (*if_exists) bare = str_strip_suffix(bare, STR("IfExists"));
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (str_eq_nocase(bare, str_of(operators[i].name))) return operators[i].compare || (!*if_exists && *set == SET_NONE) ? &operators[i] : NULL;
    }
    return NULL;
}

// One value of the request against all of the policy's.
static bool value_holds(const ConditionTest *test, const PolicyQuestion *question, const Doc *have) {
    for (size_t i = 0; i < test->values.count; i++) {
        if (test->op->compare(question, have, &test->values.at[i])) return !test->op->negated;
    }
    return test->op->negated;
}

static bool null_holds(const ConditionTest *test, const PolicyQuestion *question, bool absent) {
    for (size_t i = 0; i < test->values.count; i++) {
        if (str_eq_nocase(test->values.at[i].text, absent ? STR("true") : STR("false"))) return true;
    }
    return false;
}

static bool list_holds(const ConditionTest *test, const PolicyQuestion *question, const Doc *list) {
    bool all = test->set == SET_ALL_VALUES || (test->set == SET_NONE && test->op->negated);
    for (const Doc *have = doc_first(list); have; have = have->next) {
        if (value_holds(test, question, have) != all) return !all;
    }
    return all;
}

bool policy_condition_holds(const ConditionTest *test, const PolicyQuestion *question) {
    const Doc *have = policy_context(question, test->key);
    bool absent = !have || doc_is(have, DOC_NULL) || (doc_is(have, DOC_LIST) && doc_count(have) == 0);
    if (!test->op->compare) return null_holds(test, question, absent);
    if (absent) return test->if_exists || test->set == SET_ALL_VALUES || (test->set == SET_NONE && test->op->negated);
    return doc_is(have, DOC_LIST) ? list_holds(test, question, have) : value_holds(test, question, have);
}
