// Tables: what codegen/compile.py makes of the service models. Only the files of wire/ include this; everyone else reads wire/model.h.
//
// Invariants: services, and the operations and shapes of each, are sorted by name as bytes. A structure's members stand together from first_member on,
// in the model's order; at the same indexes, WIRE_BY_NAME, WIRE_BY_WIRE_NAME and WIRE_BY_QUERY_NAME hold their positions, sorted by length of the name and then
// by bytes; the latter two have the members of the body first, and behind them the others, sorted by location, length and lower-case bytes of wire_name. Rules stand in the order in which they must be tried.
#pragma once

#include "wire/model.h"

typedef enum WireConditionKind { CONDITION_QUERY, CONDITION_HEADER } WireConditionKind;

// What must be in the query or a header for a rule to fit.
typedef struct WireCondition {
    uint32_t name, value; // value 0: any
    uint32_t kind; // WireConditionKind
} WireCondition;

typedef struct WireRule WireRule;
struct WireRule {
    uint32_t method, path; // path without query literals and without a slash at its end
    uint32_t operation; // index of WIRE_OPERATIONS
    uint32_t first_condition, condition_count;
};

extern const WireShape WIRE_SHAPES[]; // 0 is none
extern const WireMember WIRE_MEMBERS[];
extern const WireLimits WIRE_LIMITS[]; // 0 is none
extern const WireOperation WIRE_OPERATIONS[];
extern const WireRule WIRE_RULES[];
extern const WireCondition WIRE_CONDITIONS[];
extern const WireService WIRE_SERVICES[];
extern const size_t WIRE_SERVICE_COUNT;
extern const uint32_t WIRE_ERRORS[]; // shapes
extern const uint32_t WIRE_ENUM_VALUES[]; // strings
extern const uint16_t WIRE_BY_NAME[], WIRE_BY_WIRE_NAME[], WIRE_BY_QUERY_NAME[];
