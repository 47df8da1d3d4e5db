// Paths as text: nothing here looks at a file system. Separator is '/'.
#pragma once

#include "base/str.h"

// Without ".", empty parts and trailing '/'; ".." removes the part before it where there is one ("../x" stays, "/.." is "/"). "" gives ".".
Str path_normalise(Arena *arena, Str path);
Str path_resolve(Arena *arena, Str base, Str path); // an absolute `path` stands for itself; not normalised
Str path_dir(Str path); // what stands before the last '/': "a/b" → "a", "/a" → "/", "a" → "."
Str path_base(Str path); // the last part: "a/b/" → "b"
Str path_extension(Str path); // with its dot: "x.tar.gz" → ".gz"; empty when there is none (".profile" has none)
bool path_is_absolute(Str path);
// A relative path that stays below where it begins: not empty, no "..", not absolute, no NUL. What archives may name.
bool path_is_contained(Str path);
// `path` is `base` or lies below it, by text after normalising both. Symbolic links are the caller's concern.
bool path_is_inside(Arena *arena, Str base, Str path);
