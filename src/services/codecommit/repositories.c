// Repositories: names, descriptions, the default branch.
#include "services/codecommit/codecommit.h"

#include "base/map.h"
#include "identity/signing_keys.h"
#include "os/files.h"

enum { MOST_BATCH = 100, MOST_DESCRIPTION_BYTES = 1000 };

const DocumentType CODECOMMIT_REPOSITORY = {.name = "codecommit.repository"};

Str repository_arn(Arena *arena, Partition where, Str name) {
    return str_format(arena, "arn:aws:codecommit:%.*s:%.*s:%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(name));
}

Str repository_folder(Arena *arena, Str data, const Doc *repository) {
    return str_format(arena, "%.*s/git/%.*s.git", STR_ARG(data), STR_ARG(doc_text(repository, "repositoryId")));
}

bool repository_find(Turn *turn, Str name, Doc **out, Error *e) {
    TRY(codecommit_check_repository_name(name, e));
    return turn_get(turn, &CODECOMMIT_REPOSITORY, name, out) || fail(e, "RepositoryDoesNotExistException", "%.*s does not exist", STR_ARG(name));
}

// The key that AWS manages for CodeCommit: one for each account and region, named so that it stays the same.
static Str managed_key(Arena *arena, Partition where) {
    char hex[SHA256_HEX];
    sha256_hex(str_format(arena, "aws/codecommit %.*s %.*s", STR_ARG(where.account), STR_ARG(where.region)), hex);
    return str_format(arena, "arn:aws:kms:%.*s:%.*s:key/%.8s-%.4s-4%.3s-a%.3s-%.12s", STR_ARG(where.region), STR_ARG(where.account), hex, hex + 8,
                      hex + 12, hex + 15, hex + 18);
}

static void describe(Arena *arena, Doc *repository, const Call *call) {
    Str name = doc_text(repository, "repositoryName");
    Str host = call->host.at ? call->host : str_format(arena, "git-codecommit.%.*s.amazonaws.com", STR_ARG(call->where.region));
    doc_set_str(arena, repository, "cloneUrlHttp",
                str_format(arena, "%s://%.*s/v1/repos/%.*s", call->tls || !call->host.at ? "https" : "http", STR_ARG(host), STR_ARG(name)));
    doc_set_str(arena, repository, "cloneUrlSsh",
                str_format(arena, "ssh://git-codecommit.%.*s.amazonaws.com/v1/repos/%.*s", STR_ARG(call->where.region), STR_ARG(name)));
    doc_set_str(arena, repository, "kmsKeyId", managed_key(arena, call->where));
}

static Outcome reply_metadata(const Call *call, Doc *repository, Doc **out) {
    *out = doc_map(call->arena);
    describe(call->arena, repository, call);
    doc_set(*out, "repositoryMetadata", doc_copy(call->arena, repository));
    return OUTCOME_DONE;
}

// A folder that stays behind when the call is undone is nobody's until the next start: its name is random.
static bool make_folder(Turn *turn, const Doc *repository, Error *e) {
    Arena *arena = turn_arena(turn);
    Str folder = repository_folder(arena, turn_data_folder(turn), repository);
    git_repository *git = NULL;
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    if (git_repository_init_ext(&git, str_c(arena, folder), &options) != 0) return git_failed(e, "The repository cannot be made");
    git_repository_free(git);
    return true;
}

typedef struct Folders {
    Arena *arena;
    Map *known; // by name
} Folders;

static bool note_folder(void *context, Partition where, Str id, const Doc *repository) {
    (void)where, (void)id;
    const Folders *folders = context;
    map_put(folders->known, str_format(folders->arena, "%.*s.git", STR_ARG(doc_text(repository, "repositoryId"))), folders->known);
    return true;
}

void repositories_sweep(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Str *names;
    size_t count;
    Folders folders = {arena, NULL};
    if (!folder_list(arena, path_join(arena, turn_data_folder(turn), STR("git")), &names, &count, NULL)) return;
    folders.known = map_new();
    document_each(turn_store(turn), &CODECOMMIT_REPOSITORY, arena, note_folder, &folders);
    for (size_t i = 0; i < count && !store_failure(turn_store(turn)); i++) {
        if (str_ends(names[i], STR(".git")) && !map_get(folders.known, names[i])) turn_delete_file(turn, str_cat(arena, STR("git/"), names[i]));
    }
    map_free(folders.known);
}

static bool check_description(const Call *call, Error *e) {
    Str text = doc_text(call->input, "repositoryDescription");
    if (text.len <= MOST_DESCRIPTION_BYTES && !memchr(text.at ? text.at : "", 0, text.len)) return true;
    return fail(e, "InvalidRepositoryDescriptionException", "The repository description is not valid: it has more than %d characters.",
                MOST_DESCRIPTION_BYTES);
}

Outcome codecommit_create_repository(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "repositoryName");
    const Doc *tags = doc_get(call->input, "tags");
    Doc *repository = doc_map(arena);
    CALL_TRY(codecommit_check_repository_name(name, e));
    CALL_TRY(check_description(call, e));
    CALL_TRY(codecommit_check_tags(tags, e));
    if (doc_text(call->input, "kmsKeyId").len) return call_fail(e, "NotImplemented", "CreateRepository with kmsKeyId is not built.");
    if (turn_get(turn, &CODECOMMIT_REPOSITORY, name, &repository)) {
        return call_fail(e, "RepositoryNameExistsException", "Repository named %.*s already exists", STR_ARG(name));
    }
    doc_set_str(arena, repository, "accountId", call->where.account);
    doc_set_str(arena, repository, "repositoryId", id_uuid(turn_ids(turn), arena));
    doc_set_str(arena, repository, "repositoryName", name);
    doc_set_str(arena, repository, "repositoryDescription", doc_text(call->input, "repositoryDescription"));
    doc_set_time(arena, repository, "creationDate", call->now_ms);
    doc_set_time(arena, repository, "lastModifiedDate", call->now_ms);
    doc_set_str(arena, repository, "Arn", repository_arn(arena, call->where, name));
    doc_set(repository, "$tags", tags ? doc_copy(arena, tags) : doc_map(arena));
    doc_set(repository, "$refs", doc_map(arena));
    CALL_TRY(make_folder(turn, repository, e));
    turn_put(turn, &CODECOMMIT_REPOSITORY, name, repository);
    return reply_metadata(call, repository, out);
}

Outcome codecommit_get_repository(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    return reply_metadata(call, repository, out);
}

// Each repository is a resource of its own: permission is asked for one after the other.
static bool batch_one(Turn *turn, const Call *call, Str name, Doc *found, Doc *missing, Error *e) {
    Doc *repository;
    Requirement what = {.action = STR("codecommit:BatchGetRepositories"), .resource = repository_arn(call->arena, call->where, name)};
    TRY(codecommit_check_repository_name(name, e));
    TRY(turn_allowed(turn, &call->principal, &what, e));
    if (turn_get(turn, &CODECOMMIT_REPOSITORY, name, &repository)) {
        describe(call->arena, repository, call);
        doc_push(found, repository);
    } else {
        doc_push_str(call->arena, missing, name);
    }
    return true;
}

Outcome codecommit_batch_get_repositories(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *names = doc_get(call->input, "repositoryNames");
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena);
    if (!doc_count(names)) return call_fail(e, "RepositoryNamesRequiredException", "At least one repository name is required.");
    if (doc_count(names) > MOST_BATCH) {
        return call_fail(e, "MaximumRepositoryNamesExceededException", "%zu repository names are more than the %d that one request may have.",
                         doc_count(names), MOST_BATCH);
    }
    for (const Doc *name = doc_first(names); name; name = name->next) CALL_TRY(batch_one(turn, call, doc_str(name, STR("")), found, missing, e));
    doc_set(reply, "repositories", found);
    doc_set(reply, "repositoriesNotFound", missing);
    doc_set(reply, "errors", doc_list(arena));
    *out = reply;
    return OUTCOME_DONE;
}

Outcome codecommit_delete_repository(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "repositoryName");
    Doc *repository;
    *out = doc_map(call->arena);
    CALL_TRY(codecommit_check_repository_name(name, e));
    if (!turn_get(turn, &CODECOMMIT_REPOSITORY, name, &repository)) return OUTCOME_DONE; // as on AWS: no id, no error
    turn_delete(turn, &CODECOMMIT_REPOSITORY, name);
    turn_delete_file(turn, repository_folder(call->arena, STR("."), repository));
    doc_set_str(call->arena, *out, "repositoryId", doc_text(repository, "repositoryId"));
    return OUTCOME_DONE;
}

static void store(Turn *turn, const Call *call, Doc *repository) {
    doc_set_time(call->arena, repository, "lastModifiedDate", call->now_ms);
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
}

Outcome codecommit_update_description(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str text = doc_text(call->input, "repositoryDescription");
    Doc *repository;
    CALL_TRY(check_description(call, e));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    doc_set(repository, "repositoryDescription", text.len ? doc_of_str(call->arena, text) : NULL);
    store(turn, call, repository);
    return OUTCOME_DONE;
}

Outcome codecommit_update_name(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str old = doc_text(call->input, "oldName"), name = doc_text(call->input, "newName");
    Doc *repository, *taken;
    CALL_TRY(codecommit_check_repository_name(name, e));
    CALL_TRY(repository_find(turn, old, &repository, e));
    if (turn_get(turn, &CODECOMMIT_REPOSITORY, name, &taken)) {
        return call_fail(e, "RepositoryNameExistsException", "Repository named %.*s already exists", STR_ARG(name));
    }
    turn_delete(turn, &CODECOMMIT_REPOSITORY, old);
    doc_set_str(call->arena, repository, "repositoryName", name);
    doc_set_str(call->arena, repository, "Arn", repository_arn(call->arena, call->where, name));
    store(turn, call, repository);
    return OUTCOME_DONE;
}

Outcome codecommit_update_default_branch(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str branch = doc_text(call->input, "defaultBranchName");
    Doc *repository;
    CALL_TRY(codecommit_check_branch_name(call->arena, branch, e));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    Str ref = str_cat(call->arena, STR("refs/heads/"), branch);
    if (!doc_get_str_key(doc_get(repository, "$refs"), ref))
        return call_fail(e, "BranchDoesNotExistException", "Branch %.*s does not exist", STR_ARG(branch));
    AUTO_GIT *git = NULL;
    CALL_TRY(git_open(turn, repository, &git, e));
    git_repository_set_head(git, str_c(call->arena, ref)); // what a clone checks out
    doc_set_str(call->arena, repository, "defaultBranch", branch);
    store(turn, call, repository);
    return OUTCOME_DONE;
}
