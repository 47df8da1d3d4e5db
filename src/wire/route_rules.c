// URI templates of the REST protocols. codegen/routes.py has ordered them so that the first that fits is the right one: here is only the fitting.
// A label takes one segment, a greedy one ({Key+}) all that is left, slashes included; both are never empty. A slash too many at the end is overlooked.
#include "wire/evidence.h"
#include "wire/tables.h"

static bool condition_holds(const WireCondition *condition, const HttpRequest *request) {
    Str name = wire_str(condition->name);
    if (condition->kind == CONDITION_HEADER) return !str_is_none(http_header(request, name.at));
    if (request->query.len == 0) return false;
    Str value = query_parameter(request->query, name);
    return !str_is_none(value) && (condition->value == 0 || str_eq(value, wire_str(condition->value)));
}

static bool conditions_hold(const WireRule *rule, const HttpRequest *request) {
    for (uint32_t i = 0; i < rule->condition_count; i++) {
        if (!condition_holds(&WIRE_CONDITIONS[rule->first_condition + i], request)) return false;
    }
    return true;
}

static Str segment_of(Str path) {
    ptrdiff_t end = str_find_char(path, '/');
    return end < 0 ? path : str_sub(path, 0, (size_t)end);
}

// `part` is "{name}" or "{name+}".
static Str take_label(Str part, Str path, WireRoute *out) {
    bool greedy = part.at[part.len - 2] == '+';
    Str value = greedy ? path : segment_of(path);
    if (out->label_count < WIRE_LABELS_MAX) {
        Str name = str_sub(part, 1, part.len - (greedy ? 2 : 1));
        out->labels[out->label_count++] = (WireLabel){name, value};
    }
    return value;
}

static bool path_fits(Str template, Str path, WireRoute *out) {
    out->label_count = 0;
    while (template.len > 1) {
        if (path.len < 2 || path.at[0] != '/') return false;
        template = str_from(template, 1);
        path = str_from(path, 1);
        Str part = segment_of(template);
        bool is_label = part.len > 2 && part.at[0] == '{';
        Str taken = is_label ? take_label(part, path, out) : segment_of(path);
        if (taken.len == 0 || (!is_label && !str_eq(taken, part))) return false;
        template = str_from(template, part.len);
        path = str_from(path, taken.len);
    }
    return path.len == 0 || (path.len == 1 && path.at[0] == '/');
}

// A service has up to a hundred rules. Most are told apart by the first letter of the method, or by a query where there is none.
static inline bool is_possible(const WireRule *rule, const HttpRequest *request) {
    if (WIRE_STRINGS[rule->method] != request->method.at[0]) return false;
    return request->query.len || !rule->condition_count || WIRE_CONDITIONS[rule->first_condition].kind == CONDITION_HEADER;
}

bool match_rules(const WireService *service, const HttpRequest *request, Str path, WireRoute *out) {
    for (uint32_t i = 0; request->method.len && i < service->rule_count; i++) {
        const WireRule *rule = &WIRE_RULES[service->first_rule + i];
        if (!is_possible(rule, request) || !str_eq(wire_str(rule->method), request->method) || !conditions_hold(rule, request)) continue;
        if (!path_fits(wire_str(rule->path), path, out)) continue;
        out->rule = rule;
        out->operation = &WIRE_OPERATIONS[rule->operation];
        out->operation_name = wire_str(out->operation->name);
        return true;
    }
    out->label_count = 0;
    return false;
}

bool is_template_parameter(const WireRoute *route, Str name) {
    for (uint32_t i = 0; route->rule && i < route->rule->condition_count; i++) {
        const WireCondition *condition = &WIRE_CONDITIONS[route->rule->first_condition + i];
        if (condition->kind == CONDITION_QUERY && str_eq(wire_str(condition->name), name)) return true;
    }
    return false;
}
