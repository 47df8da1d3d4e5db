// Validating: how a service's family checks and words things. Internal to wire/; the door is wire/validate.h.
#pragma once

#include "base/buf.h"
#include "base/doc.h"
#include "base/error.h"
#include "wire/model.h"

enum { CHECK_REQUIRED = 1, CHECK_BOUNDS = 2, CHECK_PATTERN = 4, CHECK_ENUM = 8, CHECK_ALL = 15 };

typedef enum Wording {
    WORDING_VIOLATIONS, // "1 validation error detected: Value 'x' at 'path' failed to satisfy constraint: …"
    WORDING_EC2, // The request must contain the parameter X
    WORDING_SQS, // The request must contain the parameter X.
    WORDING_SNS, // Invalid parameter: X Reason: no value for required parameter
    WORDING_CLOUDWATCH, // The parameter X is required.
    WORDING_S3, // bodies: MalformedXML; parameters: InvalidArgument
    WORDING_OWN_CODES // ApplicationNameRequiredException, InvalidApplicationNameException, where the operation has them
} Wording;

typedef struct Style {
    Str service;
    const char *code;
    unsigned checks;
    Wording wording;
} Style;

const Style *style_of(const WireService *service);

// Where in the input we are: a chain from the leaf to the root.
typedef struct Place {
    const struct Place *parent;
    Str name; // of a member or a map's key; STR_NONE: item `index` of a list
    size_t index; // from 1
    bool key; // name is a map's key: written as it is
} Place;

typedef struct Check {
    Arena *arena;
    const WireOperation *operation;
    const Style *style;
    Buf *violations;
    size_t count;
    Error *e;
} Check;

// Appends a violation; `value` may be NULL (null).
void add_violation(Check *check, const Place *place, const WireShape *shape, const Doc *value, Str constraint);
// One failed check told in the style's wording. False: stop, the error is set; with WORDING_VIOLATIONS always true, and the violation is kept.
bool tell(Check *check, const Place *place, const WireMember *member, const Doc *value, Str constraint);
bool fail_with_violations(Check *check);
// What the service says of a pattern in words of its own; STR_NONE: it shows the pattern.
Str words_for_pattern(const Check *check, Str member, Str pattern);

// The values of an enum in the order in which the service tells them, where that is not the model's; STR_NONE: it is.
Str order_of_enum(const Check *check, const WireShape *shape);

// Does a text match the pattern, wholly? One that needs too many steps does not.
bool matches_pattern(const WireLimits *limits, Str text);
