// Draft: a commit in the making, for CreateCommit, PutFile and DeleteFile. Objects are written as they come (unreferenced ones harm nobody); the branch moves at the end.
//
// Order of use: draft_open, the changes (removals before what is put, so that a file can make room for a folder), draft_commit; draft_done always.
// Paths come from users: each change checks its own. `added`, `updated` and `deleted` are what the caller is told, as FileMetadata.
#pragma once

#include "services/codecommit/codecommit.h"

typedef struct Draft {
    Turn *turn;
    const Call *call;
    Doc *repository;
    git_repository *git;
    git_index *index; // the tree as it will be
    git_commit *parent; // NULL: the first commit
    Str branch;
    Doc *added, *updated, *deleted;
    size_t bytes; // of content so far
} Draft;

typedef struct Author {
    Str name, email, message; // any may be absent
} Author;

bool draft_open(Draft *draft, Turn *turn, const Call *call, const Author *author, Error *e);
void draft_done(Draft *draft);

// `mode` is absent or one of the API's. Nothing is noted when content and mode are what they were: false in `*changed`.
bool draft_put(Draft *draft, Str path, Str mode, Str content, bool *changed, Error *e);
bool draft_copy(Draft *draft, Str path, Str mode, Str source, Error *e); // `source` in the parent commit
bool draft_remove(Draft *draft, Str path, Error *e);
bool draft_set_mode(Draft *draft, Str path, Str mode, Error *e);
bool draft_keep_folders(Draft *draft, Error *e); // a .gitkeep in each folder that removals have emptied

bool draft_commit(Draft *draft, const Author *author, git_oid *id, git_oid *tree_id, Error *e);
