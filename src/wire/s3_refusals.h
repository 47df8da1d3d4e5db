// What S3 refuses by a request's path, parameters and headers alone, in its words: before there is an input to check.
#pragma once

#include "wire/route.h"

// No operation has this method and path. `bucket`: of a virtual-hosted request, else STR_NONE.
bool s3_fail_path(const HttpRequest *request, Str bucket, Error *e);
// Fails for parameters that belong to another operation of the same path, which S3 refuses rather than passes over.
bool s3_request_fits(const HttpRequest *request, const WireRoute *route, Error *e);
// InvalidArgument with the argument's name and, unless it is STR_NONE, its value.
bool s3_fail_argument(Arena *arena, Str name, Str value, Str message, Error *e);
