// YAML: one document of YAML 1.1 to Doc (libyaml's events).
//
// Every node has line and column: a member of a map those of its key, an item of a list its own. Keys are always text, as written ("on", "8080"); a name that stands twice in one map is refused. Aliases
// are copied out, counted against LIMIT_YAML_NODES (so alias bombs fail early); merge keys ("<<") are applied, a map's own members win.
// Refused by name: a second document, tags other than !!str !!int !!float !!bool !!null !!binary !!map !!seq, lists and maps as keys.
// Errors have code "bad-yaml" and a message "LINE:COLUMN: what is wrong".
#pragma once

#include "base/doc.h"
#include "base/error.h"

// Plain scalars become null, booleans, integers and reals by the rules of PyYAML's safe_load (yes and on are true, 010 is 8, 1:30 is 90);
// dates stay text. An empty document is DOC_NULL.
bool yaml_parse(Arena *arena, Str text, Doc **out, Error *e);
// Scalars stay the text that was written ("0.2", "010", "yes"); only what is empty, ~ or null without quotes is DOC_NULL.
bool yaml_parse_texts(Arena *arena, Str text, Doc **out, Error *e);
// Likewise, but mistakes of syntax are told as programs in Go tell them (CodeBuild is one): code YAML_SYNTAX, "PROBLEM at line N".
#define YAML_SYNTAX "yaml-syntax"
bool yaml_parse_texts_as_go(Arena *arena, Str text, Doc **out, Error *e);
// yaml_parse, with mistakes of syntax as programs in Ruby tell them (the CodeDeploy agent is one): "(<unknown>): PROBLEM CONTEXT at line N column M".
bool yaml_parse_as_ruby(Arena *arena, Str text, Doc **out, Error *e);
