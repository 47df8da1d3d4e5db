// The walk over an input with the model beside it. Constraints on the items of a list of scalars, or on a map's keys, are told together, of the whole
// list or map, as AWS does: "Member must satisfy constraint: [Member must have length less than or equal to 128, …]".
#include "wire/validate.h"

#include "wire/validating.h"

enum { VIOLATIONS_MAX = 10, VIOLATIONS_BYTES = ERROR_MESSAGE_BYTES };

static size_t characters(Str text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}

static bool is_number(const WireShape *shape) { return shape->kind == WIRE_INTEGER || shape->kind == WIRE_REAL; }

static double measure(const WireShape *shape, const Doc *value) {
    if (is_number(shape)) return doc_real(value, 0);
    if (shape->kind == WIRE_STRING) return (double)characters(doc_str(value, STR("")));
    return shape->kind == WIRE_BLOB ? (double)doc_str(value, STR("")).len : (double)doc_count(value);
}

static Str bound_text(Arena *arena, const WireShape *shape, const char *relation, double bound) {
    return str_format(arena, "Member must have %s %s than or equal to %.15g", is_number(shape) ? "value" : "length", relation, bound);
}

static Str enum_text(const Check *check, const WireShape *shape, const WireLimits *limits) {
    Arena *arena = check->arena;
    Buf buf;
    Str told = order_of_enum(check, shape);
    if (told.at) return str_format(arena, "Member must satisfy enum value set: [%.*s]", STR_ARG(told));
    buf_init(&buf, VIOLATIONS_BYTES / 2);
    buf_add(&buf, STR("Member must satisfy enum value set: ["));
    for (size_t i = 0; i < limits->value_count && !buf.overflow; i++) {
        if (i) buf_add(&buf, STR(", "));
        buf_add(&buf, wire_enum_value(limits, i));
    }
    buf_add_char(&buf, ']');
    Str text = str_copy(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static bool in_enum(const WireLimits *limits, Str value) {
    for (size_t i = 0; i < limits->value_count; i++) {
        if (str_eq(wire_enum_value(limits, i), value)) return true;
    }
    return false;
}

// The constraints that a value breaks, or with `value` NULL all that its shape has: up to four.
typedef struct Broken {
    Str texts[4];
    size_t count;
} Broken;

static Broken broken_of(const Check *check, const WireShape *shape, const Doc *value) {
    Broken broken = {.count = 0};
    const WireLimits *limits = wire_limits(shape);
    unsigned checks = check->style->checks;
    if (!limits) return broken;
    Arena *arena = check->arena;
    double size = value ? measure(shape, value) : 0;
    bool bounds = checks & CHECK_BOUNDS, is_text = shape->kind == WIRE_STRING;
    Str text = doc_str(value, STR(""));
    if (bounds && limits->has_max && (!value || size > limits->max)) broken.texts[broken.count++] = bound_text(arena, shape, "less", limits->max);
    if (bounds && limits->has_min && (!value || size < limits->min)) broken.texts[broken.count++] = bound_text(arena, shape, "greater", limits->min);
    if (checks & CHECK_PATTERN && is_text && limits->pattern && (!value || !matches_pattern(limits, text))) {
        broken.texts[broken.count++] = str_cat(arena, STR("Member must satisfy regular expression pattern: "), wire_str(limits->pattern));
    }
    if (checks & CHECK_ENUM && is_text && limits->value_count && (!value || !in_enum(limits, text)))
        broken.texts[broken.count++] = enum_text(check, shape, limits);
    return broken;
}

static bool check_value(Check *check, const Place *place, const WireMember *member, const Doc *value);

static bool check_members(Check *check, const Place *parent, const WireShape *shape, const Doc *value) {
    for (size_t i = 0; i < shape->member_count; i++) {
        const WireMember *member = wire_member_at(shape, i);
        bool skip = !(member->flags & WIRE_REQUIRED) || member->flags & WIRE_STREAMING;
        const Doc *given = skip ? NULL : doc_get_str_key(value, wire_str(member->name));
        if (skip || (given && given->kind != DOC_NULL)) continue;
        Place place = {.parent = parent, .name = wire_str(member->name)};
        TRY(tell(check, &place, member, NULL, STR("Member must not be null")));
    }
    for (const Doc *child = doc_first(value); child; child = child->next) {
        const WireMember *member = wire_member(shape, child->key);
        Place place = {.parent = parent, .name = child->key};
        if (member && child->kind != DOC_NULL) TRY(check_value(check, &place, member, child));
    }
    return true;
}

static bool is_parent_kind(const WireShape *shape) { return shape->kind == WIRE_STRUCTURE || shape->kind == WIRE_LIST || shape->kind == WIRE_MAP; }

static Str all_of(Arena *arena, const char *what, const Broken *all) {
    Str text = str_format(arena, "%s must satisfy constraint: [", what);
    for (size_t i = 0; i < all->count; i++) {
        text = str_cat(arena, text, all->texts[i]);
        if (i + 1 < all->count) text = str_cat(arena, text, STR(", "));
    }
    return str_cat(arena, text, STR("]"));
}

// What one scalar item breaks is told of the whole: the list of all its shape's constraints.
static bool tell_of_all(Check *check, const Place *place, const WireMember *whole, const WireShape *shape, const Doc *value, const char *what) {
    Broken all = broken_of(check, shape, NULL);
    return tell(check, place, whole, value, all_of(check->arena, what, &all));
}

static bool check_list(Check *check, const Place *parent, const WireMember *list, const Doc *value) {
    const WireMember *item = wire_item(wire_shape_of(list));
    Place place = {.parent = parent, .index = 1};
    for (const Doc *child = doc_first(value); child; child = child->next, place.index++) {
        if (child->kind == DOC_NULL) {
            TRY(tell(check, &place, item, NULL, STR("Member must not be null")));
        } else if (is_parent_kind(wire_shape_of(item))) {
            TRY(check_value(check, &place, item, child));
        } else if (broken_of(check, wire_shape_of(item), child).count) {
            return tell_of_all(check, parent, list, wire_shape_of(item), value, "Member");
        }
    }
    return true;
}

static bool check_map(Check *check, const Place *parent, const WireMember *map, const Doc *value) {
    const WireMember *key = wire_key(wire_shape_of(map)), *item = wire_value(wire_shape_of(map));
    for (const Doc *child = doc_first(value); child; child = child->next) {
        Place place = {.parent = parent, .name = child->key, .key = true};
        Doc text = {.kind = DOC_STR, .as.text = child->key};
        if (broken_of(check, wire_shape_of(key), &text).count) return tell_of_all(check, parent, map, wire_shape_of(key), value, "Map keys");
        bool deep = is_parent_kind(wire_shape_of(item)) && !broken_of(check, wire_shape_of(item), child).count;
        if (deep && child->kind != DOC_NULL) {
            TRY(check_value(check, &place, item, child));
        } else if (child->kind != DOC_NULL && broken_of(check, wire_shape_of(item), child).count) {
            return tell_of_all(check, parent, map, wire_shape_of(item), value, "Map value");
        }
    }
    return true;
}

// Of a name that breaks nothing but its pattern, some services speak in words of their own.
static bool check_words(const Check *check, const Place *place, const WireShape *shape, const Broken *broken) {
    const WireLimits *limits = wire_limits(shape);
    Str words = broken->count == 1 && limits->pattern ? words_for_pattern(check, place->name, wire_str(limits->pattern)) : STR_NONE;
    if (!words.at || !str_starts(broken->texts[0], STR("Member must satisfy regular expression"))) return true;
    Str name = str_cat(check->arena, str_lower(check->arena, str_sub(place->name, 0, 1)), str_from(place->name, 1));
    return fail(check->e, check->style->code, "The specified value for %.*s is invalid. %.*s", STR_ARG(name), STR_ARG(words));
}

static bool check_value(Check *check, const Place *place, const WireMember *member, const Doc *value) {
    const WireShape *shape = wire_shape_of(member);
    Broken broken = broken_of(check, shape, value);
    if (broken.count) TRY(check_words(check, place, shape, &broken));
    for (size_t i = 0; i < broken.count && check->count < VIOLATIONS_MAX; i++) TRY(tell(check, place, member, value, broken.texts[i]));
    if (check->count >= VIOLATIONS_MAX) return true;
    if (shape->kind == WIRE_STRUCTURE) return check_members(check, place, shape, value);
    if (shape->kind == WIRE_LIST) return check_list(check, place, member, value);
    return shape->kind != WIRE_MAP || check_map(check, place, member, value);
}

bool wire_validate(Arena *arena, const WireOperation *operation, const Doc *input, Error *e) {
    if (!operation->input) return true;
    AUTO_BUF violations;
    buf_init(&violations, VIOLATIONS_BYTES);
    const WireService *service = wire_service_of(operation);
    Check check = {.arena = arena, .operation = operation, .style = style_of(service), .violations = &violations, .e = e};
    TRY(check_members(&check, NULL, wire_input(operation), input));
    return check.count == 0 || fail_with_violations(&check);
}
