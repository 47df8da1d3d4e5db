// Repositories: names, descriptions, tags.
#include "services/codecommit/codecommit.h"

#include "os/files.h"

enum { LIST_PAGE = 100, MOST_BATCH = 25, NAME_MAX_BYTES = 100 };

const DocumentType CODECOMMIT_REPOSITORY = {.name = "codecommit.repository"};

Str repository_arn(Arena *arena, Partition where, Str name) {
    return str_format(arena, "arn:aws:codecommit:%.*s:%.*s:%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(name));
}

Str repository_folder(Arena *arena, Str data, const Doc *repository) {
    return str_format(arena, "%.*s/git/%.*s.git", STR_ARG(data), STR_ARG(doc_text(repository, "repositoryId")));
}

bool repository_find(Turn *turn, Str name, Doc **out, Error *e) {
    if (!name.len) return fail(e, "RepositoryNameRequiredException", "A repository name is required.");
    return turn_get(turn, &CODECOMMIT_REPOSITORY, name, out) || fail(e, "RepositoryDoesNotExistException", "%.*s does not exist", STR_ARG(name));
}

static bool name_ok(Str name, Error *e) {
    if (!name.len) return fail(e, "RepositoryNameRequiredException", "A repository name is required.");
    bool ok = name.len <= NAME_MAX_BYTES && !str_ends(name, STR(".git"));
    for (size_t i = 0; i < name.len; i++)
        ok = ok && (strchr("._-", name.at[i]) || (name.at[i] >= '0' && name.at[i] <= '9') || ((name.at[i] | 32) >= 'a' && (name.at[i] | 32) <= 'z'));
    return ok || fail(e, "InvalidRepositoryNameException",
                      "The repository name is not valid. Repository names can be any combination of letters, numbers, periods, underscores, and "
                      "dashes between 1 and 100 characters in length. Names cannot end in .git and cannot contain any of the following characters: ! "
                      "? @ # $ %% ^ & * ( ) + = { } [ ] | \\ / > < ~ ` ' \" ; :");
}

static void set_urls(Arena *arena, Doc *repository, const Call *call) {
    Str name = doc_text(repository, "repositoryName");
    Str host = call->host.at ? call->host : str_format(arena, "git-codecommit.%.*s.amazonaws.com", STR_ARG(call->where.region));
    doc_set_str(arena, repository, "cloneUrlHttp",
                str_format(arena, "%s://%.*s/v1/repos/%.*s", call->tls || !call->host.at ? "https" : "http", STR_ARG(host), STR_ARG(name)));
    doc_set_str(arena, repository, "cloneUrlSsh",
                str_format(arena, "ssh://git-codecommit.%.*s.amazonaws.com/v1/repos/%.*s", STR_ARG(call->where.region), STR_ARG(name)));
}

static Outcome reply_metadata(const Call *call, Doc *repository, Doc **out) {
    *out = doc_map(call->arena);
    set_urls(call->arena, repository, call);
    doc_set(*out, "repositoryMetadata", doc_copy(call->arena, repository));
    return OUTCOME_DONE;
}

// A folder that stays behind when the call is undone is nobody's: its name is random.
static bool make_folder(Turn *turn, const Doc *repository, Error *e) {
    Arena *arena = turn_arena(turn);
    Str folder = repository_folder(arena, turn_data_folder(turn), repository);
    git_repository *git = NULL;
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    if (git_repository_init_ext(&git, str_c(arena, folder), &options) != 0) {
        const git_error *why = git_error_last();
        return fail(e, "InternalFailure", "The repository cannot be made: %s", why ? why->message : "unknown");
    }
    git_repository_free(git);
    return true;
}

Outcome codecommit_create_repository(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "repositoryName");
    Doc *repository = doc_map(arena);
    CALL_TRY(name_ok(name, e));
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
    const Doc *tags = doc_get(call->input, "tags");
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

Outcome codecommit_batch_get_repositories(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *names = doc_get(call->input, "repositoryNames");
    Doc *reply = doc_map(arena), *found = doc_list(arena), *missing = doc_list(arena), *repository;
    if (!doc_count(names)) return call_fail(e, "RepositoryNamesRequiredException", "At least one repository name is required.");
    if (doc_count(names) > MOST_BATCH)
        return call_fail(e, "MaximumRepositoryNamesExceededException", "The maximum number of repository names is %d.", MOST_BATCH);
    for (const Doc *name = doc_first(names); name; name = name->next) {
        if (turn_get(turn, &CODECOMMIT_REPOSITORY, doc_str(name, STR("")), &repository)) {
            set_urls(arena, repository, call);
            doc_push(found, repository);
        } else {
            doc_push_str(arena, missing, doc_str(name, STR("")));
        }
    }
    doc_set(reply, "repositories", found);
    doc_set(reply, "repositoriesNotFound", missing);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome codecommit_list_repositories(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *repositories, *reply = doc_map(arena), *list = doc_list(arena);
    Str next;
    Page page = {.token = doc_text(call->input, "nextToken"), .most = LIST_PAGE};
    page.scan.reverse = str_is(doc_text(call->input, "order"), "descending");
    if (!turn_page(turn, &CODECOMMIT_REPOSITORY, page, &repositories, &next, e)) {
        return call_fail(e, "InvalidContinuationTokenException", "The specified continuation token is not valid.");
    }
    for (const Doc *repository = doc_first(repositories); repository; repository = repository->next) {
        Doc *pair = doc_map(arena);
        doc_set_str(arena, pair, "repositoryName", doc_text(repository, "repositoryName"));
        doc_set_str(arena, pair, "repositoryId", doc_text(repository, "repositoryId"));
        doc_push(list, pair);
    }
    doc_set(reply, "repositories", list);
    doc_set_str(arena, reply, "nextToken", next);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome codecommit_delete_repository(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "repositoryName");
    Doc *repository;
    *out = doc_map(call->arena);
    CALL_TRY(name_ok(name, e));
    if (!turn_get(turn, &CODECOMMIT_REPOSITORY, name, &repository)) return OUTCOME_DONE; // as on AWS: no id, no error
    turn_delete(turn, &CODECOMMIT_REPOSITORY, name);
    doc_set_str(call->arena, *out, "repositoryId", doc_text(repository, "repositoryId"));
    return OUTCOME_DONE;
}

static void store(Turn *turn, const Call *call, Doc *repository) {
    doc_set_time(call->arena, repository, "lastModifiedDate", call->now_ms);
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
}

Outcome codecommit_update_description(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    doc_set_str(call->arena, repository, "repositoryDescription", doc_str(doc_get(call->input, "repositoryDescription"), STR("")));
    store(turn, call, repository);
    return OUTCOME_DONE;
}

Outcome codecommit_update_name(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str old = doc_text(call->input, "oldName"), name = doc_text(call->input, "newName");
    Doc *repository, *taken;
    CALL_TRY(repository_find(turn, old, &repository, e));
    CALL_TRY(name_ok(name, e));
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

// ---- Tags ----

static bool by_arn(Turn *turn, const Call *call, Doc **repository, Error *e) {
    Str arn = doc_text(call->input, "resourceArn");
    if (!arn.len) return fail(e, "ResourceArnRequiredException", "A resource ARN is required.");
    Str prefix = repository_arn(call->arena, call->where, STR(""));
    if (!str_starts(arn, prefix)) return fail(e, "InvalidResourceArnException", "The resource ARN is not valid: %.*s", STR_ARG(arn));
    return repository_find(turn, str_from(arn, prefix.len), repository, e);
}

Outcome codecommit_tag(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(by_arn(turn, call, &repository, e));
    for (const Doc *tag = doc_first(doc_get(call->input, "tags")); tag; tag = tag->next) {
        doc_put(doc_get(repository, "$tags"), tag->key, doc_copy(call->arena, tag));
    }
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
    return OUTCOME_DONE;
}

Outcome codecommit_untag(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(by_arn(turn, call, &repository, e));
    for (const Doc *key = doc_first(doc_get(call->input, "tagKeys")); key; key = key->next)
        doc_put(doc_get(repository, "$tags"), doc_str(key, STR("")), NULL);
    turn_put(turn, &CODECOMMIT_REPOSITORY, doc_text(repository, "repositoryName"), repository);
    return OUTCOME_DONE;
}

Outcome codecommit_list_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    CALL_TRY(by_arn(turn, call, &repository, e));
    *out = doc_map(call->arena);
    doc_set(*out, "tags", doc_copy(call->arena, doc_get(repository, "$tags")));
    return OUTCOME_DONE;
}
