// Globs over paths whose parts are separated by '/'.
//
//   ?      one character, not '/'          [a-z]  one of a set ([!a-z] or [^a-z]: none of it), not '/'
//   *      any characters but '/'          **     as a whole part: any number of parts, also none
//   \x     the character x itself
// A path is matched as a whole, byte by byte. A set that is not closed stands for itself.
#pragma once

#include "base/str.h"

bool glob_match(Str pattern, Str path);
bool glob_is_literal(Str pattern); // holds no wildcard
