// libgit2, loaded when the first repository is touched: it brings fifteen libraries along (TLS, Kerberos, SSH), which a server without repositories need not
// carry: 4 ms of its start and 3 MB of its memory.
//
// Calls read as always (git_blob_lookup(…)): each name stands for the loaded function. One that is missing here is missing at link time; it belongs into both lists.
#pragma once

#include <git2.h>

// clang-format off
#define LIBGIT2_CALLS(X) \
    X(git_blob_create_from_buffer) X(git_blob_free) X(git_blob_id) X(git_blob_lookup) X(git_blob_rawcontent) X(git_blob_rawsize) \
    X(git_commit_author) X(git_commit_committer) X(git_commit_create) X(git_commit_free) X(git_commit_id) X(git_commit_lookup) \
    X(git_commit_message) X(git_commit_parent) X(git_commit_parent_id) X(git_commit_parentcount) X(git_commit_tree) X(git_commit_tree_id) \
    X(git_diff_find_similar) X(git_diff_free) \
    X(git_diff_get_delta) X(git_diff_num_deltas) X(git_diff_tree_to_tree) X(git_error_last) X(git_graph_descendant_of) X(git_index_add) \
    X(git_index_find_prefix) X(git_index_free) X(git_index_get_bypath) X(git_index_new) X(git_index_read_tree) X(git_index_remove_bypath) \
    X(git_index_write_tree_to) X(git_object_free) X(git_object_id) X(git_oid_equal) X(git_oid_fromstrn) X(git_oid_tostr) X(git_reference_create) \
    X(git_reference_create_matching) X(git_reference_delete) X(git_reference_free) X(git_reference_is_valid_name) X(git_reference_iterator_free) \
    X(git_reference_iterator_new) X(git_reference_lookup) X(git_reference_name) X(git_reference_next) X(git_reference_peel) \
    X(git_repository_free) X(git_repository_init_ext) X(git_repository_open_bare) X(git_repository_set_head) X(git_revwalk_free) X(git_revwalk_new) \
    X(git_revwalk_next) X(git_revwalk_push) X(git_revwalk_sorting) X(git_tree_entry_byindex) \
    X(git_tree_entry_bypath) X(git_tree_entry_filemode) X(git_tree_entry_free) X(git_tree_entry_id) X(git_tree_entry_name) X(git_tree_entrycount) \
    X(git_tree_free) X(git_tree_id) X(git_tree_lookup)

typedef struct Libgit2 {
#define MEMBER(name) __typeof__(name) *name;
    LIBGIT2_CALLS(MEMBER)
#undef MEMBER
} Libgit2;

const Libgit2 *libgit2(void); // any thread

#define git_blob_create_from_buffer (libgit2()->git_blob_create_from_buffer)
#define git_blob_free (libgit2()->git_blob_free)
#define git_blob_id (libgit2()->git_blob_id)
#define git_blob_lookup (libgit2()->git_blob_lookup)
#define git_blob_rawcontent (libgit2()->git_blob_rawcontent)
#define git_blob_rawsize (libgit2()->git_blob_rawsize)
#define git_commit_author (libgit2()->git_commit_author)
#define git_commit_committer (libgit2()->git_commit_committer)
#define git_commit_create (libgit2()->git_commit_create)
#define git_commit_free (libgit2()->git_commit_free)
#define git_commit_id (libgit2()->git_commit_id)
#define git_commit_lookup (libgit2()->git_commit_lookup)
#define git_commit_message (libgit2()->git_commit_message)
#define git_commit_parent (libgit2()->git_commit_parent)
#define git_commit_parent_id (libgit2()->git_commit_parent_id)
#define git_commit_parentcount (libgit2()->git_commit_parentcount)
#define git_commit_tree (libgit2()->git_commit_tree)
#define git_commit_tree_id (libgit2()->git_commit_tree_id)
#define git_diff_find_similar (libgit2()->git_diff_find_similar)
#define git_diff_free (libgit2()->git_diff_free)
#define git_diff_get_delta (libgit2()->git_diff_get_delta)
#define git_diff_num_deltas (libgit2()->git_diff_num_deltas)
#define git_diff_tree_to_tree (libgit2()->git_diff_tree_to_tree)
#define git_error_last (libgit2()->git_error_last)
#define git_graph_descendant_of (libgit2()->git_graph_descendant_of)
#define git_index_add (libgit2()->git_index_add)
#define git_index_find_prefix (libgit2()->git_index_find_prefix)
#define git_index_free (libgit2()->git_index_free)
#define git_index_get_bypath (libgit2()->git_index_get_bypath)
#define git_index_new (libgit2()->git_index_new)
#define git_index_read_tree (libgit2()->git_index_read_tree)
#define git_index_remove_bypath (libgit2()->git_index_remove_bypath)
#define git_index_write_tree_to (libgit2()->git_index_write_tree_to)
#define git_object_free (libgit2()->git_object_free)
#define git_object_id (libgit2()->git_object_id)
#define git_oid_equal (libgit2()->git_oid_equal)
#define git_oid_fromstrn (libgit2()->git_oid_fromstrn)
#define git_oid_tostr (libgit2()->git_oid_tostr)
#define git_reference_create (libgit2()->git_reference_create)
#define git_reference_create_matching (libgit2()->git_reference_create_matching)
#define git_reference_delete (libgit2()->git_reference_delete)
#define git_reference_free (libgit2()->git_reference_free)
#define git_reference_is_valid_name (libgit2()->git_reference_is_valid_name)
#define git_reference_iterator_free (libgit2()->git_reference_iterator_free)
#define git_reference_iterator_new (libgit2()->git_reference_iterator_new)
#define git_reference_lookup (libgit2()->git_reference_lookup)
#define git_reference_name (libgit2()->git_reference_name)
#define git_reference_next (libgit2()->git_reference_next)
#define git_reference_peel (libgit2()->git_reference_peel)
#define git_repository_free (libgit2()->git_repository_free)
#define git_repository_init_ext (libgit2()->git_repository_init_ext)
#define git_repository_open_bare (libgit2()->git_repository_open_bare)
#define git_repository_set_head (libgit2()->git_repository_set_head)
#define git_revwalk_free (libgit2()->git_revwalk_free)
#define git_revwalk_new (libgit2()->git_revwalk_new)
#define git_revwalk_next (libgit2()->git_revwalk_next)
#define git_revwalk_push (libgit2()->git_revwalk_push)
#define git_revwalk_sorting (libgit2()->git_revwalk_sorting)
#define git_tree_entry_byindex (libgit2()->git_tree_entry_byindex)
#define git_tree_entry_bypath (libgit2()->git_tree_entry_bypath)
#define git_tree_entry_filemode (libgit2()->git_tree_entry_filemode)
#define git_tree_entry_free (libgit2()->git_tree_entry_free)
#define git_tree_entry_id (libgit2()->git_tree_entry_id)
#define git_tree_entry_name (libgit2()->git_tree_entry_name)
#define git_tree_entrycount (libgit2()->git_tree_entrycount)
#define git_tree_free (libgit2()->git_tree_free)
#define git_tree_id (libgit2()->git_tree_id)
#define git_tree_lookup (libgit2()->git_tree_lookup)
// clang-format on
