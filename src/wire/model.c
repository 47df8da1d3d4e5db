// Look-ups in the generated tables: binary searches, no state.
#include "wire/tables.h"

#include <assert.h>
#include <ctype.h>

size_t wire_service_count(void) { return WIRE_SERVICE_COUNT; }

const WireService *wire_service_at(size_t index) {
    assert(index < WIRE_SERVICE_COUNT);
    return &WIRE_SERVICES[index];
}

const WireOperation *wire_operation_at(const WireService *service, size_t index) {
    assert(index < service->operation_count);
    return &WIRE_OPERATIONS[service->first_operation + index];
}

const WireShape *wire_error_at(const WireOperation *operation, size_t index) {
    assert(index < operation->error_count);
    return &WIRE_SHAPES[WIRE_ERRORS[operation->first_error + index]];
}

const WireShape *wire_shape(uint32_t index) { return &WIRE_SHAPES[index]; }

const WireMember *wire_member_at(const WireShape *structure, size_t index) {
    assert(index < structure->member_count);
    return &WIRE_MEMBERS[structure->first_member + index];
}

const WireMember *wire_item(const WireShape *list) {
    assert(list->kind == WIRE_LIST);
    return &WIRE_MEMBERS[list->first_member];
}

const WireMember *wire_key(const WireShape *map) {
    assert(map->kind == WIRE_MAP);
    return &WIRE_MEMBERS[map->first_member];
}

const WireMember *wire_value(const WireShape *map) {
    assert(map->kind == WIRE_MAP);
    return &WIRE_MEMBERS[map->first_member + 1];
}

const WireLimits *wire_limits(const WireShape *shape) { return shape->limits ? &WIRE_LIMITS[shape->limits] : NULL; }

Str wire_enum_value(const WireLimits *limits, size_t index) {
    assert(index < limits->value_count);
    return wire_str(WIRE_ENUM_VALUES[limits->first_value + index]);
}

const WireService *wire_service(Str name) {
    size_t low = 0, high = WIRE_SERVICE_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(name, wire_str(WIRE_SERVICES[middle].name));
        if (order == 0) return &WIRE_SERVICES[middle];
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}

const WireOperation *wire_operation(const WireService *service, Str name) {
    size_t low = service->first_operation, high = low + service->operation_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(name, wire_str(WIRE_OPERATIONS[middle].name));
        if (order == 0) return &WIRE_OPERATIONS[middle];
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}

const WireShape *wire_shape_named(const WireService *service, Str name) {
    size_t low = service->first_shape, high = low + service->shape_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(name, wire_str(WIRE_SHAPES[middle].name));
        if (order == 0) return &WIRE_SHAPES[middle];
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}

const WireShape *wire_error_shape(const WireService *service, Str name_or_code) {
    const WireShape *shape = wire_shape_named(service, name_or_code);
    if (shape && shape->flags & WIRE_EXCEPTION) return shape;
    for (size_t i = 0; i < service->shape_count; i++) {
        shape = wire_shape(service->first_shape + (uint32_t)i);
        if (shape->error_code && str_eq(wire_str(shape->error_code), name_or_code)) return shape;
    }
    return NULL;
}

// Order of codegen's sort_key: by length, then by bytes.
static int name_order(Str a, Str b) {
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.at, b.at, a.len) : 0;
}

static uint32_t name_of(const WireMember *member) { return member->name; }
static uint32_t wire_name_of(const WireMember *member) { return member->wire_name; }
static uint32_t query_name_of(const WireMember *member) { return member->query_name; }

static inline const WireMember *search(const WireShape *structure, const uint16_t *positions, size_t count, uint32_t (*spelling)(const WireMember *),
                                       Str name) {
    if (structure->kind != WIRE_STRUCTURE) return NULL;
    const WireMember *members = WIRE_MEMBERS + structure->first_member;
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const WireMember *member = &members[positions[structure->first_member + middle]];
        int order = name_order(name, wire_str(spelling(member)));
        if (order == 0) return member;
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}

const WireMember *wire_member(const WireShape *structure, Str name) {
    return search(structure, WIRE_BY_NAME, structure->member_count, name_of, name);
}

const WireMember *wire_member_on_wire(const WireShape *structure, Str wire_name) {
    return search(structure, WIRE_BY_WIRE_NAME, structure->body_count, wire_name_of, wire_name);
}

const WireMember *wire_member_by_query_name(const WireShape *structure, Str query_name) {
    return search(structure, WIRE_BY_QUERY_NAME, structure->body_count, query_name_of, query_name);
}

static int caseless_order(Str a, Str b) {
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    for (size_t i = 0; i < a.len; i++) {
        int order = tolower((unsigned char)a.at[i]) - tolower((unsigned char)b.at[i]);
        if (order) return order;
    }
    return 0;
}

const WireMember *wire_member_outside(const WireShape *structure, WireLocation location, Str wire_name) {
    const WireMember *members = WIRE_MEMBERS + structure->first_member;
    size_t low = structure->body_count, high = structure->member_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const WireMember *member = &members[WIRE_BY_WIRE_NAME[structure->first_member + middle]];
        int order = (int)location - (int)member->location;
        if (order == 0) order = caseless_order(wire_name, wire_str(member->wire_name));
        bool same = order == 0 && (location == WIRE_IN_HEADER || str_eq(wire_name, wire_str(member->wire_name)));
        if (same) return member;
        if (order == 0) return NULL;
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}
