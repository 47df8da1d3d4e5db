// Application revisions: what was registered, or deployed, of an application. Only revisions in S3 are built.
#include "services/codedeploy/codedeploy.h"

#include "formats/json.h"

#include <stdlib.h>

enum { LIST_PAGE = 100, BATCH = 25 };

const DocumentType CODEDEPLOY_REVISION = {.name = "codedeploy.revision"};

bool check_revision(Turn *turn, const Doc *revision, Error *e) {
    static const char *const OTHERS[] = {"GitHub", "String", "AppSpecContent", NULL}, *const BUNDLES[] = {"zip", "tar", "tgz", NULL};
    const Doc *location = doc_get(revision, "s3Location");
    Str type = doc_text(revision, "revisionType"), bundle = doc_text(location, "bundleType");
    if (!doc_count(revision)) return fail(e, "RevisionRequiredException", "RevisionLocation must be specified");
    if (is_one_of(type, OTHERS)) return fail(e, "NotImplemented", "Revisions of type %.*s are not built; S3 is.", STR_ARG(type));
    if (!str_is(type, "S3") || !location)
        return fail(e, "InvalidRevisionException", "The revision is invalid: its revisionType must be S3, with an s3Location.");
    if (!doc_text(location, "bucket").len || !doc_text(location, "key").len) {
        return fail(e, "InvalidRevisionException", "The S3 location of the revision must have a bucket and a key.");
    }
    return is_one_of(bundle, BUNDLES) || fail(e, "InvalidRevisionException", "BundleType must be either tar, zip or tgz");
}

// The members in one order, so that equal locations have one id. A version and an ETag are part of it.
Str revision_key(Arena *arena, Str application, const Doc *revision) {
    const Doc *location = doc_get(revision, "s3Location");
    Str version = doc_str(doc_get(location, "version"), STR("")),
        etag = str_replace(arena, doc_str(doc_get(location, "eTag"), STR("")), STR("\""), STR(""));
    return str_format(arena, "%.*s/%.*s/%.*s?%.*s&%.*s&%.*s", STR_ARG(application), STR_ARG(doc_text(location, "bucket")),
                      STR_ARG(doc_text(location, "key")), STR_ARG(doc_text(location, "bundleType")), STR_ARG(version), STR_ARG(etag));
}

// A description that is given takes the old one's place.
static void describe_again(Turn *turn, Str key, Str description) {
    Doc *doc;
    if (!description.at || !turn_get(turn, &CODEDEPLOY_REVISION, key, &doc)) return;
    doc_set_str(turn_arena(turn), doc_get(doc, "$info"), "description", description);
    turn_put(turn, &CODEDEPLOY_REVISION, key, doc);
}

bool register_revision(Turn *turn, Str application, const Doc *revision, Str description) {
    Arena *arena = turn_arena(turn);
    Doc *doc = doc_map(arena), *info = doc_map(arena);
    doc_set_str(arena, info, "description", description);
    doc_set_time(arena, info, "registerTime", turn_now(turn));
    doc_set(doc, "revisionLocation", doc_copy(arena, revision));
    doc_set(doc, "$info", info);
    return turn_insert(turn, &CODEDEPLOY_REVISION, revision_key(arena, application, revision), doc);
}

void revision_used(Turn *turn, const Doc *event) {
    Arena *arena = turn_arena(turn);
    const Doc *detail = doc_get(event, "detail");
    Doc *deployment, *doc;
    if (!str_is(doc_text(detail, "state"), "START") || !turn_get(turn, &CODEDEPLOY_DEPLOYMENT, doc_text(detail, "deploymentId"), &deployment)) return;
    Str key = revision_key(arena, doc_text(deployment, "applicationName"), doc_get(deployment, "revision"));
    if (!turn_get(turn, &CODEDEPLOY_REVISION, key, &doc)) return;
    Doc *info = doc_get(doc, "$info");
    if (!doc_get(info, "firstUsedTime")) doc_set_time(arena, info, "firstUsedTime", turn_now(turn));
    doc_set_time(arena, info, "lastUsedTime", turn_now(turn));
    turn_put(turn, &CODEDEPLOY_REVISION, key, doc);
}

// ---- Showing ----

static Str location_name(Arena *arena, const Doc *revision) {
    const Doc *location = doc_get(revision, "s3Location");
    return str_format(arena, "s3://%.*s/%.*s", STR_ARG(doc_text(location, "bucket")), STR_ARG(doc_text(location, "key")));
}

// The groups of which it is the target revision.
static Doc *groups_with(Turn *turn, Str application, const Doc *revision) {
    Arena *arena = turn_arena(turn);
    Doc *names = doc_list(arena);
    Str key = revision_key(arena, application, revision);
    const Doc *groups = turn_scan(turn, &CODEDEPLOY_GROUP, (DocumentScan){.prefix = str_cat(arena, application, STR("/"))});
    for (const Doc *group = doc_first(groups); group; group = group->next) {
        const Doc *target = doc_get(group_state(turn, doc_text(group, "deploymentGroupId")), "targetRevision");
        if (target && str_eq(revision_key(arena, application, target), key)) doc_push_str(arena, names, doc_text(group, "deploymentGroupName"));
    }
    return names;
}

static Doc *info_of(Turn *turn, Str application, const Doc *doc) {
    Doc *info = doc_copy(turn_arena(turn), doc_get(doc, "$info"));
    doc_set(info, "deploymentGroups", groups_with(turn, application, doc_get(doc, "revisionLocation")));
    return info;
}

Outcome register_application_revision(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application;
    const Doc *revision = doc_get(call->input, "revision");
    CALL_TRY(find_application(turn, doc_text(call->input, "applicationName"), &application, e));
    CALL_TRY(check_revision(turn, revision, e));
    Str app = doc_text(call->input, "applicationName"), description = doc_text(call->input, "description");
    if (!register_revision(turn, app, revision, description)) describe_again(turn, revision_key(call->arena, app, revision), description);
    return OUTCOME_DONE;
}

Outcome get_application_revision(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application, *doc;
    Str app = doc_text(call->input, "applicationName");
    const Doc *revision = doc_get(call->input, "revision");
    CALL_TRY(find_application(turn, app, &application, e));
    CALL_TRY(check_revision(turn, revision, e));
    if (!turn_get(turn, &CODEDEPLOY_REVISION, revision_key(call->arena, app, revision), &doc)) {
        return call_fail(e, "RevisionDoesNotExistException", "No application revision found for revision location in application %.*s", STR_ARG(app));
    }
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "applicationName", app);
    doc_set(*out, "revision", doc_copy(call->arena, doc_get(doc, "revisionLocation")));
    doc_set(*out, "revisionInfo", info_of(turn, app, doc));
    return OUTCOME_DONE;
}

Outcome batch_get_application_revisions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *application, *doc, *found = doc_list(arena);
    Str app = doc_text(call->input, "applicationName");
    const Doc *wanted = doc_get(call->input, "revisions");
    CALL_TRY(find_application(turn, app, &application, e));
    Str missing = STR("");
    if (!doc_count(wanted)) return call_fail(e, "RevisionRequiredException", "RevisionLocation must be specified");
    CALL_TRY(check_batch(wanted, BATCH, "revisions", e));
    for (const Doc *revision = doc_first(wanted); revision; revision = revision->next) {
        CALL_TRY(check_revision(turn, revision, e));
        if (!turn_get(turn, &CODEDEPLOY_REVISION, revision_key(arena, app, revision), &doc)) {
            missing = str_format(arena, "%.*s%s%.*s", STR_ARG(missing),
                                 missing.len ? ", " : "No application revisions found for: ", STR_ARG(location_name(arena, revision)));
            continue;
        }
        doc_set(doc, "genericRevisionInfo", info_of(turn, app, doc));
        doc_push(found, doc);
    }
    *out = doc_map(arena);
    doc_set_str(arena, *out, "applicationName", app);
    doc_set(*out, "revisions", found);
    doc_set_str(arena, *out, "errorMessage", missing);
    return OUTCOME_DONE;
}

// ---- Lists ----

static bool check_list(const Doc *input, Error *e) {
    static const char *const KEYS[] = {"registerTime", "firstUsedTime", "lastUsedTime", NULL};
    static const char *const ORDERS[] = {"ascending", "descending", NULL}, *const DEPLOYED[] = {"include", "exclude", "ignore", NULL};
    Str sort = doc_text(input, "sortBy"), order = doc_text(input, "sortOrder"), deployed = doc_text(input, "deployed");
    Str bucket = doc_text(input, "s3Bucket"), prefix = doc_text(input, "s3KeyPrefix");
    if (sort.at && !is_one_of(sort, KEYS)) return fail(e, "InvalidSortByException", "The column name to sort by is invalid: %.*s", STR_ARG(sort));
    if (order.at && !is_one_of(order, ORDERS)) return fail(e, "InvalidSortOrderException", "The sort order is invalid: %.*s", STR_ARG(order));
    if (deployed.at && !is_one_of(deployed, DEPLOYED))
        return fail(e, "InvalidDeployedStateFilterException", "The deployed state filter is invalid: %.*s", STR_ARG(deployed));
    if (bucket.at && !bucket.len) return fail(e, "InvalidBucketNameFilterException", "The bucket name filter is empty.");
    return bucket.at || !prefix.at || fail(e, "BucketNameFilterRequiredException", "A bucket name is required when a key prefix is given.");
}

static bool is_wanted(Turn *turn, const Call *call, const Doc *doc, Str application) {
    const Doc *location = doc_get(doc_get(doc, "revisionLocation"), "s3Location");
    Str bucket = doc_text(call->input, "s3Bucket"), prefix = doc_text(call->input, "s3KeyPrefix"), deployed = doc_text(call->input, "deployed");
    if (bucket.at && !str_eq(bucket, doc_text(location, "bucket"))) return false;
    if (prefix.at && !str_starts(doc_text(location, "key"), prefix)) return false;
    if (!deployed.at || str_is(deployed, "ignore")) return true;
    bool is_target = doc_count(groups_with(turn, application, doc_get(doc, "revisionLocation"))) > 0;
    return is_target == str_is(deployed, "include");
}

static int by_time(const void *a, const void *b) {
    int64_t left = (*(const Doc *const *)a)->as.integer, right = (*(const Doc *const *)b)->as.integer;
    return (left > right) - (left < right);
}

// Each item of `keys` is a time whose `next` is not used; `sort` orders the pairs by it.
static Doc *sorted(Arena *arena, const Doc *revisions, const char *member, bool descending) {
    size_t count = doc_count(revisions), i = 0;
    Doc **keys = arena_array(arena, Doc *, count + 1);
    const Doc **of = arena_array(arena, const Doc *, count + 1);
    for (const Doc *one = doc_first(revisions); one; one = one->next, i++) {
        keys[i] = doc_of_time(arena, doc_number(doc_get(one, "$info"), member, 0));
        keys[i]->line = (uint32_t)i;
        of[i] = one;
    }
    qsort(keys, count, sizeof *keys, by_time);
    Doc *list = doc_list(arena);
    for (i = 0; i < count; i++) {
        const Doc *one = of[keys[descending ? count - 1 - i : i]->line];
        doc_push(list, doc_copy(arena, doc_get(one, "revisionLocation")));
    }
    return list;
}

Outcome list_application_revisions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application, *wanted = doc_list(call->arena);
    Str app = doc_text(call->input, "applicationName"), sort = doc_text(call->input, "sortBy");
    CALL_TRY(find_application(turn, app, &application, e));
    CALL_TRY(check_list(call->input, e));
    const Doc *all = turn_scan(turn, &CODEDEPLOY_REVISION, (DocumentScan){.prefix = str_cat(call->arena, app, STR("/"))});
    for (const Doc *one = doc_first(all); one; one = one->next) {
        if (is_wanted(turn, call, one, app)) doc_push(wanted, doc_copy(call->arena, one));
    }
    bool descending = str_is(doc_text(call->input, "sortOrder"), "descending");
    Doc *list = sorted(call->arena, wanted, sort.at ? str_c(call->arena, sort) : "registerTime", descending);
    CALL_TRY(page_of(call, list, LIST_PAGE, "revisions", out, e));
    return OUTCOME_DONE;
}
