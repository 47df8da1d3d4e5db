#include "services/codecommit/codecommit.h"

#define REPOSITORY "arn:aws:codecommit:{region}:{account}:{repositoryName|oldName|resourceArn}"

// The handler asks for each repository that it is about to show.
static void asks_itself(Turn *turn, const Call *call, Requirements *all) {}

static const Operation OPERATIONS[] = {
    {"CreateRepository", codecommit_create_repository, REPOSITORY, OP_LOCAL},
    {"GetRepository", codecommit_get_repository, REPOSITORY, OP_LOCAL},
    {"BatchGetRepositories", codecommit_batch_get_repositories, .requirements = asks_itself, .flags = OP_LOCAL},
    {"ListRepositories", codecommit_list_repositories, NULL, OP_LOCAL},
    {"DeleteRepository", codecommit_delete_repository, REPOSITORY, OP_LOCAL},
    {"UpdateRepositoryDescription", codecommit_update_description, REPOSITORY, OP_LOCAL},
    {"UpdateRepositoryName", codecommit_update_name, REPOSITORY, OP_LOCAL},
    {"UpdateDefaultBranch", codecommit_update_default_branch, REPOSITORY, OP_LOCAL},
    {"TagResource", codecommit_tag, REPOSITORY, OP_LOCAL},
    {"UntagResource", codecommit_untag, REPOSITORY, OP_LOCAL},
    {"ListTagsForResource", codecommit_list_tags, REPOSITORY, OP_LOCAL},
    {"CreateBranch", codecommit_create_branch, REPOSITORY, OP_LOCAL},
    {"GetBranch", codecommit_get_branch, REPOSITORY, OP_LOCAL},
    {"ListBranches", codecommit_list_branches, REPOSITORY, OP_LOCAL},
    {"DeleteBranch", codecommit_delete_branch, REPOSITORY, OP_LOCAL},
    {"GetCommit", codecommit_get_commit, REPOSITORY, OP_LOCAL},
    {"BatchGetCommits", codecommit_batch_get_commits, REPOSITORY, OP_LOCAL},
    {"GetFile", codecommit_get_file, REPOSITORY, OP_LOCAL},
    {"GetFolder", codecommit_get_folder, REPOSITORY, OP_LOCAL},
    {"GetBlob", codecommit_get_blob, REPOSITORY, OP_LOCAL},
    {"GetDifferences", codecommit_get_differences, REPOSITORY, OP_LOCAL},
    {"ListFileCommitHistory", codecommit_list_file_commit_history, REPOSITORY, OP_LOCAL},
    {"CreateCommit", codecommit_create_commit, REPOSITORY, OP_LOCAL},
    {"PutFile", codecommit_put_file, REPOSITORY, OP_LOCAL},
    {"DeleteFile", codecommit_delete_file, REPOSITORY, OP_LOCAL},
    {NULL},
};

static void start(Turn *turn) {
    repositories_sweep(turn);
    pushes_follow(turn); // before the refs are read: a push that ends in between is in them
    refs_follow_all(turn);
}

static const DocumentType *const DOCUMENTS[] = {&CODECOMMIT_REPOSITORY, NULL};
static const EffectType *const EFFECTS[] = {&GIT_ARCHIVE, &GIT_CLONE, &GIT_AWAIT, NULL};
static const Endpoint ENDPOINTS[] = {{"api", "/v1/repos/", &CODECOMMIT_GIT}, {NULL, NULL, NULL}};

const Service CODECOMMIT_SERVICE = {
    .name = "codecommit",
    .prefix = "codecommit",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .effects = EFFECTS,
    .endpoints = ENDPOINTS,
    .start = start,
};
