// Failures: what a test's message says, for people: where it failed, what was expected, what came. Pure.
#pragma once

#include "workflow/view.h"

// `message` as DescribeTestCases gives it. Understands what pytest and unittest write; of others the first lines are kept.
Failure failure_of_message(Arena *arena, Str name, Str message);
