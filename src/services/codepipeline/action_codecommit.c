// Source/CodeCommit: branch → commit → archive of its tree → zip in the artifact store.
//
//     GetBranch ──▶ GetCommit ──▶ may UploadArchive? ──▶ effect git.archive ──▶ PutObject ──▶ effect file.discard
// On AWS the archive is made by CodeCommit's UploadArchive, an operation without a public model; its permission is asked for all the same.
#include "services/codepipeline/providers.h"

#include "formats/timestamps.h"

static Str repository(const Action *action) { return action_setting(action, "RepositoryName"); }

static Doc *repository_input(const Action *action) {
    Doc *input = doc_map(action->step->arena);
    doc_set_str(action->step->arena, input, "repositoryName", repository(action));
    return input;
}

static void get_commit(Action *action, Str commit) {
    Doc *input = repository_input(action);
    doc_set_str(action->step->arena, input, "commitId", commit);
    action_call(action, "codecommit", "GetCommit", input, NULL, "commit");
}

void action_codecommit_start(Action *action) {
    const Doc *override = action_override(action);
    if (override) {
        get_commit(action, doc_text(override, "revisionValue"));
        return;
    }
    Doc *input = repository_input(action);
    doc_set_str(action->step->arena, input, "branchName", action_setting(action, "BranchName"));
    action_call(action, "codecommit", "GetBranch", input, NULL, "branch");
}

static void refuse(Action *action, const Doc *reply) {
    const Doc *error = doc_get(reply, "error");
    Str name = repository(action), code = doc_text(error, "code"), message = doc_text(error, "message");
    if (str_is(code, "BranchDoesNotExistException")) {
        Str branch = action_setting(action, "BranchName");
        action_fail(action, "ConfigurationError",
                    "The action failed because no branch named %.*s was found in the selected AWS CodeCommit repository %.*s. Make sure you are "
                    "using the correct branch name, and then try again. Error: null",
                    STR_ARG(branch), STR_ARG(name));
    } else if (str_is(code, "RepositoryDoesNotExistException")) {
        action_fail(action, "ConfigurationError",
                    "The action failed because no repository named %.*s was found in AWS CodeCommit. Make sure you are using the correct repository "
                    "name, and then try "
                    "again. Error: %.*s",
                    STR_ARG(name), STR_ARG(message));
    } else if (str_starts(code, STR("AccessDenied"))) {
        action_fail(action, "PermissionError",
                    "The service role or action role doesn’t have the permissions required to access the AWS CodeCommit repository named %.*s. "
                    "Update the IAM role "
                    "permissions, and then try again. Error: %.*s",
                    STR_ARG(name), STR_ARG(message));
    } else {
        action_fail_reply(action, reply, "reading the AWS CodeCommit repository");
    }
}

static void on_branch(Action *action, const Doc *reply) { get_commit(action, doc_text(doc_get(doc_get(reply, "output"), "branch"), "commitId")); }

// git's "1484167798 -0800" as a time of UTC.
static Str date_of(Arena *arena, Str date) {
    int64_t seconds;
    if (!str_to_int(str_cut(&date, ' '), &seconds)) return STR("");
    return time_iso8601(arena, seconds * 1000);
}

static void note_commit(Action *action, const Doc *commit) {
    Arena *arena = action->step->arena;
    Str id = doc_text(commit, "commitId"), message = doc_text(commit, "message"), date = doc_text(doc_get(commit, "committer"), "date");
    action_variable(action, "AuthorDate", date_of(arena, doc_text(doc_get(commit, "author"), "date")));
    action_variable(action, "BranchName", action_setting(action, "BranchName"));
    action_variable(action, "CommitId", id);
    action_variable(action, "CommitMessage", message);
    action_variable(action, "CommitterDate", date_of(arena, date));
    action_variable(action, "RepositoryName", repository(action));
    action_source_revision(action, id, message);
    doc_set_str(arena, action_memory(action), "commit", str_copy(arena, id));
    doc_set_str(arena, action_memory(action), "message", str_copy(arena, message));
    doc_set_str(arena, action->record, "externalExecutionId", str_copy(arena, id));
    doc_set_str(arena, action->record, "externalExecutionUrl", action_url(action, action->provider->revision_url, id));
}

static void on_commit(Action *action, const Doc *reply) {
    note_commit(action, doc_get(doc_get(reply, "output"), "commit"));
    Partition where = action->step->where;
    Str name = repository(action);
    Str arn = str_format(action->step->arena, "arn:aws:codecommit:%.*s:%.*s:%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(name));
    action_check(action, "codecommit:UploadArchive", arn, "permission");
}

static void on_permission(Action *action, const Doc *reply) {
    (void)reply;
    Arena *arena = action->step->arena;
    Doc *arguments = doc_map(arena);
    doc_set_str(arena, arguments, "account", action->step->where.account);
    doc_set_str(arena, arguments, "region", action->step->where.region);
    doc_set_str(arena, arguments, "repository", repository(action));
    doc_set_str(arena, arguments, "commit", doc_text(action_memory(action), "commit"));
    doc_set_str(arena, arguments, "to", str_format(arena, "effects/archive-%.*s.zip", STR_ARG(action_id_of(action))));
    action_effect(action, "git.archive", arguments, "archive");
}

static void on_archive(Action *action, const Doc *event) {
    if (!doc_flag(event, "final", true)) return;
    Arena *arena = action->step->arena;
    Doc *output = action_output(action, action_output_name(action, 0)), *input = doc_map(arena);
    doc_set_str(arena, output, "revision", doc_text(action_memory(action), "commit"));
    doc_set_str(arena, input, "Bucket", doc_text(output, "bucket"));
    doc_set_str(arena, input, "Key", doc_text(output, "key"));
    doc_set_str(arena, input, "ContentType", STR("application/zip"));
    doc_set_str(arena, action_memory(action), "path", str_copy(arena, doc_text(event, "path")));
    Body body = {.path = doc_text(event, "path"), .size = doc_number(event, "size", 0)};
    action_call(action, "s3", "PutObject", input, &body, "stored");
}

static void clear(Action *action) {
    Doc *arguments = doc_map(action->step->arena);
    doc_set_str(action->step->arena, arguments, "path", doc_text(action_memory(action), "path"));
    action_effect(action, "file.discard", arguments, "removed");
}

static void on_stored(Action *action, const Doc *reply) {
    clear(action);
    Doc *output = action_output(action, action_output_name(action, 0)), *stored = doc_get(reply, "output");
    Arena *arena = action->step->arena;
    doc_set_str(arena, output, "eTag", str_copy(arena, doc_text(stored, "ETag")));
    doc_set_str(arena, output, "versionId", str_copy(arena, doc_text(stored, "VersionId")));
    action_succeed(action, doc_text(action_memory(action), "message"));
}

static void fail_archive(Action *action, const Doc *event) {
    Str reason = doc_text(event, "reason");
    action_fail(action, "JobFailed", "The archive of the commit could not be made: %.*s", STR_ARG(reason));
}

static void fail_store(Action *action, const Doc *reply) {
    clear(action);
    const Doc *output = action_output(action, action_output_name(action, 0));
    if (action_was_denied(reply))
        action_fail_bucket(action, doc_text(output, "bucket"), reply);
    else
        action_fail_reply(action, reply, "storing the source artifact in Amazon S3");
}

void action_codecommit_heard(Action *action, Str what, const Doc *data) {
    static const struct {
        const char *what;
        void (*good)(Action *action, const Doc *data);
        void (*bad)(Action *action, const Doc *data);
    } ANSWERS[] = {
        {"branch", on_branch, refuse},         {"commit", on_commit, refuse},     {"permission", on_permission, refuse},
        {"archive", on_archive, fail_archive}, {"stored", on_stored, fail_store},
    };
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        if (str_is(what, ANSWERS[i].what)) (doc_flag(data, "ok", true) ? ANSWERS[i].good : ANSWERS[i].bad)(action, data);
    }
}
