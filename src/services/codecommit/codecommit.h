// CodeCommit: repositories that real git pushes to.
//
// A repository is a document and a bare git repository DATA/git/<repositoryId>.git.
//   codecommit.repository  id NAME   RepositoryMetadata, with $refs: {"refs/heads/main": commit, …} as last told on the event bus
//
// git's refs are the truth; the document follows. After a push, after an operation that moves a branch, and at the start of the plane, refs.c compares the two,
// publishes an event for each difference and stores the new state, in one transaction. An operation moves its ref as its last act. So whatever is killed in between, the
// next comparison publishes what was missed, once.
// A push outlives a server that is killed: git goes on and moves its refs. Each holds a lock (pushes.c), so that the next server knows of it and compares again when it has ended.
#pragma once

#include "plane/effects.h"
#include "plane/endpoint.h"
#include "plane/turn.h"
#include "services/codecommit/libgit2.h"

extern const DocumentType CODECOMMIT_REPOSITORY;
extern const EndpointType CODECOMMIT_GIT;
extern const EffectType GIT_ARCHIVE, GIT_CLONE, GIT_AWAIT;

CallHandler codecommit_create_repository, codecommit_get_repository, codecommit_batch_get_repositories, codecommit_list_repositories,
    codecommit_delete_repository;
CallHandler codecommit_update_description, codecommit_update_name, codecommit_update_default_branch;
CallHandler codecommit_tag, codecommit_untag, codecommit_list_tags;
CallHandler codecommit_create_branch, codecommit_get_branch, codecommit_list_branches, codecommit_delete_branch;
CallHandler codecommit_get_commit, codecommit_batch_get_commits;
CallHandler codecommit_get_file, codecommit_get_folder, codecommit_get_blob, codecommit_get_differences, codecommit_list_file_commit_history;
CallHandler codecommit_create_commit, codecommit_put_file, codecommit_delete_file;

// repositories.c
bool repository_find(Turn *turn, Str name, Doc **out, Error *e); // RepositoryDoesNotExistException
Str repository_folder(Arena *arena, Str data, const Doc *repository);
Str repository_arn(Arena *arena, Partition where, Str name);
void repositories_sweep(Turn *turn); // folders that no repository has: of a removal, a creation or a reset that was cut off

// pushes.c
bool push_begin(Arena *arena, Str data, int *held, Error *e); // a descriptor for the process that receives a push
void pushes_follow(Turn *turn); // at start: of those that an earlier server began

// checks.c: what names and paths may be
bool codecommit_check_repository_name(Str name, Error *e);
bool codecommit_check_branch_name(Arena *arena, Str name, Error *e);
bool codecommit_check_path(Str path, Error *e); // relative; the empty one is the root
bool codecommit_check_file_path(Str given, Str *path, Error *e); // takes a leading '/' off; PathRequiredException when nothing is left
typedef struct CommitCodes {
    const char *invalid, *missing; // errors: no commit id at all; no such commit
} CommitCodes;
bool codecommit_check_commit_id(git_repository *git, Str id, git_commit **out, const CommitCodes *codes, Error *e); // a full id, no branch or tag

// branches.c
Doc *codecommit_commit_doc(Arena *arena, git_commit *commit);

// lists.c: pages of what is computed anew for each; the token says how much of it was shown.
typedef struct CommitPage {
    const char *size, *token; // the members' names: "maxResults", "nextToken"
    size_t from, most;
} CommitPage;
bool codecommit_page_read(const Call *call, CommitPage *page, Error *e); // `most`: the largest, and the default
void codecommit_page_show(Arena *arena, const CommitPage *page, Doc *all, const char *as, Doc *reply); // takes the items out of `all`

// tags.c
bool codecommit_check_tags(const Doc *tags, Error *e); // NULL: none

// git.c: libgit2 in our words. Objects are freed by the caller (git_…_free accept NULL).
bool git_open(Turn *turn, const Doc *repository, git_repository **out, Error *e);
// A branch name, a tag name, HEAD, a full ref or a commit id. CommitDoesNotExistException, InvalidCommitException.
bool git_commit_of(git_repository *git, Str specifier, git_commit **out, Error *e);
bool git_open_commit(Turn *turn, const Call *call, Str specifier, git_repository **git, git_commit **commit,
                     Error *e); // empty: of the default branch
Str git_mode_name(git_filemode_t mode); // files.c: EXECUTABLE, NORMAL, SYMLINK
bool git_failed(Error *e, const char *what); // InternalFailure with libgit2's own words; returns false
#define git_failed(...) fail_returned(git_failed(__VA_ARGS__))
Str git_oid_str(Arena *arena, const git_oid *oid);
bool git_oid_of(Str text, git_oid *out);

// refs.c
// Compares, publishes, stores. False: git's files could not be read, and nothing has changed; the next comparison makes up for it.
bool refs_follow(Turn *turn, Str repository_name, Str caller_arn, Error *e);
void refs_follow_all(Turn *turn);
// Moves a branch from `old` (NULL: it must not exist) to `new` (NULL: deletes it), then follows.
bool refs_move(Turn *turn, const Call *call, const Doc *repository, Str branch, const git_oid *old, const git_oid *new, Error *e);

#define AUTO_GIT __attribute__((cleanup(git_repository_cleanup))) git_repository
#define AUTO_COMMIT __attribute__((cleanup(git_commit_cleanup))) git_commit
#define AUTO_TREE __attribute__((cleanup(git_tree_cleanup))) git_tree
static inline void git_repository_cleanup(git_repository **git) { git_repository_free(*git); }
static inline void git_commit_cleanup(git_commit **commit) { git_commit_free(*commit); }
static inline void git_tree_cleanup(git_tree **tree) { git_tree_free(*tree); }
