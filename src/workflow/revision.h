// Revision: the application's folder as a commit in the plane's repository, by a real `git push`.
//
// A repository of our own in the data folder (DATA/applications/NAME.git) takes the folder as its work tree, so the user's own .git is never touched. What their
// repository ignores is in no revision, what it tracks in spite of that is in it. An unchanged folder makes no commit. What others have pushed to the branch since the last run stays in its history: the new commit
// goes on top of it.
#pragma once

#include "base/vec.h"
#include "workflow/client.h"

typedef struct Revision {
    Str commit; // 40 digits
    Str subject; // of the commit
    bool first; // run of this application
    Vec changed; // Str: files since the last run, by name; all of them in the first
    bool pushed; // the branch has moved, which starts the pipeline
    Vec nested; // Str: folders that are git repositories of their own, of which a revision has the commit only, as on AWS
    Str unasked; // the repository around the folder when it belongs to another user: git does not say what only it ignores; else STR_NONE
    Str foreign, foreign_subject; // the branch's head before, when others pushed it and it is not what the folder has; else STR_NONE
} Revision;

// Runs of one application take what they need and push one after the other: waits for those that began before, and gives the descriptor that is to be closed.
// Fails with code "interrupted" when a signal comes meanwhile.
bool revision_lock(Arena *arena, Str data, Str name, int *lock, Error *e);
// Under the lock. `branch` is the one the pipeline watches. `data` is the plane's data folder.
bool revision_push(const Client *client, Arena *arena, Str data, Str folder, Str name, Str branch, Revision *out, Error *e);
