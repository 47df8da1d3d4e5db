// Contents: brings into our repository's index what a push of the developer's own would bring: the files of the folder without those that they ignore.
#pragma once

#include "base/vec.h"
#include "workflow/git.h"

// What begins with `data` is never part of it. `nested` (Str) gets the folders that are git repositories of their own, of which a revision has the commit only.
bool contents_take(const Git *git, Str data, Vec *nested);
// Files of the index that differ from a commit (Str, by name); STR_NONE: from the empty tree.
bool contents_changed(const Git *git, Str from, Vec *changed);
