// Validate: is an input what the model allows? Required members, lengths, ranges, sizes, patterns, enums; with AWS's own words and codes.
//
// The service families differ, so a table says for each service which checks are made here and under which code (validate_styles.c): query services answer
// ValidationError, json services ValidationException, EC2 MissingParameter, DynamoDB forms of its own, S3 almost nothing. CodeDeploy has a code for every
// parameter (ApplicationNameRequiredException): its handlers check for themselves and nothing is checked here.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "wire/model.h"

// Up to ten violations are told at once, as AWS does: "2 validation errors detected: Value 'a b' at 'stages.1.member.name' failed to satisfy constraint: …".
// Patterns are compiled at first use and kept; safe from both threads.
bool wire_validate(Arena *arena, const WireOperation *operation, const Doc *input, Error *e);
