// What a plain YAML 1.1 scalar means: the resolution rules of PyYAML's SafeLoader. Private to formats/yaml.
#pragma once

#include "base/doc.h"

Doc *yaml_resolve_plain(Arena *arena, Str text); // DOC_STR when it is nothing else
bool yaml_is_null(Str text);
// By an explicit tag; false when the text does not have that form.
bool yaml_to_bool(Str text, bool *out);
bool yaml_to_number(Arena *arena, Str text, Doc **out); // DOC_INT, or DOC_REAL for reals and what int64 cannot hold
