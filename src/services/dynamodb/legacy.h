// Legacy: the parameters that expressions have replaced (AttributesToGet, AttributeUpdates, Expected, KeyConditions, QueryFilter, ScanFilter,
// ConditionalOperator), made over into what expressions parse to. Source: developer guide, "Legacy DynamoDB conditional parameters".
#pragma once

#include "services/dynamodb/key_condition.h"

// Both ways of saying a thing may not stand in one request.
bool legacy_alone(const Doc *input, const char *const *legacy, const char *const *expressions, Error *e);
bool legacy_filter(Arena *arena, const Doc *input, const char *member, Node **out,
                   Error *e); // a QueryFilter or ScanFilter; *out stays when there is none
bool legacy_expected(Arena *arena, const Doc *input, Node **out, Error *e);
bool legacy_updates(Arena *arena, const Doc *input, Vec *actions, Error *e);
bool legacy_paths(Arena *arena, const Doc *input, Vec *paths, Error *e); // AttributesToGet
bool legacy_key_conditions(Arena *arena, const Doc *input, KeyConditions *out, Error *e);
