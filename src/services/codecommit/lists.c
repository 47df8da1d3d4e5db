// Lists in pages: repositories by name or by last change, branches by name. A token is the sort key of the page's last entry, so a page goes on where it stood
// whatever was made or deleted in between.
#include "services/codecommit/codecommit.h"

#include <stdlib.h>

enum { REPOSITORIES_PAGE = 100, BRANCHES_PAGE = 1000 };

typedef struct Entry {
    Str key; // what the list is sorted by; unique
    const Doc *doc;
} Entry;

typedef struct Listing {
    Arena *arena;
    Entry *at;
    size_t count, room;
    bool descending;
} Listing;

static Listing listing_of(Arena *arena, size_t room) { return (Listing){.arena = arena, .at = arena_array(arena, Entry, room + 1), .room = room}; }

static int by_key(const void *a, const void *b) { return str_cmp(((const Entry *)a)->key, ((const Entry *)b)->key); }
static int by_key_descending(const void *a, const void *b) { return by_key(b, a); }

// Sorts, and cuts to the page behind `token`. `*next` is STR_NONE when nothing follows.
static bool listing_page(Listing *listing, Str token, size_t size, Str *next, Error *e) {
    Str after = STR_NONE;
    if (token.len && (!str_unbase64(listing->arena, token, &after) || !str_is_utf8(after)))
        return fail(e, "InvalidContinuationTokenException", "The continuation token is not valid.");
    qsort(listing->at, listing->count, sizeof *listing->at, listing->descending ? by_key_descending : by_key);
    size_t from = 0;
    for (; after.len && from < listing->count; from++) {
        int order = str_cmp(listing->at[from].key, after);
        if (listing->descending ? order < 0 : order > 0) break;
    }
    size_t left = listing->count - from;
    *next = left > size ? str_base64(listing->arena, listing->at[from + size - 1].key) : STR_NONE;
    listing->at += from;
    listing->count = left > size ? size : left;
    return true;
}

static bool is_one_of(Str given, const char *a, const char *b) { return !given.at || str_is(given, a) || str_is(given, b); }

static void add_repositories(Listing *listing, const Doc *all, bool by_time) {
    for (const Doc *one = doc_first(all); one; one = one->next) {
        Str name = doc_text(one, "repositoryName");
        long long changed = (long long)doc_number(one, "lastModifiedDate", 0);
        listing->at[listing->count++] = (Entry){by_time ? str_format(listing->arena, "%020lld %.*s", changed, STR_ARG(name)) : name, one};
    }
}

Outcome codecommit_list_repositories(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str sort = doc_text(call->input, "sortBy"), order = doc_text(call->input, "order"), next;
    if (!is_one_of(sort, "repositoryName", "lastModifiedDate"))
        return call_fail(e, "InvalidSortByException", "The sort by value is not valid: %.*s", STR_ARG(sort));
    if (!is_one_of(order, "ascending", "descending"))
        return call_fail(e, "InvalidOrderException", "The sort order is not valid: %.*s", STR_ARG(order));
    const Doc *all = turn_scan(turn, &CODECOMMIT_REPOSITORY, (DocumentScan){.limit = 0});
    Listing listing = listing_of(arena, doc_count(all));
    listing.descending = str_is(order, "descending");
    add_repositories(&listing, all, str_is(sort, "lastModifiedDate"));
    CALL_TRY(listing_page(&listing, doc_text(call->input, "nextToken"), REPOSITORIES_PAGE, &next, e));
    Doc *reply = doc_map(arena), *list = doc_list(arena);
    for (size_t i = 0; i < listing.count; i++) {
        Doc *pair = doc_map(arena);
        doc_set_str(arena, pair, "repositoryName", doc_text(listing.at[i].doc, "repositoryName"));
        doc_set_str(arena, pair, "repositoryId", doc_text(listing.at[i].doc, "repositoryId"));
        doc_push(list, pair);
    }
    doc_set(reply, "repositories", list);
    doc_set_str(arena, reply, "nextToken", next);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome codecommit_list_branches(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *repository, *reply = doc_map(arena), *list = doc_list(arena);
    Str next;
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    const Doc *refs = doc_get(repository, "$refs");
    Listing listing = listing_of(arena, doc_count(refs));
    for (const Doc *ref = doc_first(refs); ref; ref = ref->next) {
        if (str_starts(ref->key, STR("refs/heads/"))) listing.at[listing.count++] = (Entry){str_from(ref->key, sizeof "refs/heads/" - 1), ref};
    }
    CALL_TRY(listing_page(&listing, doc_text(call->input, "nextToken"), BRANCHES_PAGE, &next, e));
    for (size_t i = 0; i < listing.count; i++) doc_push_str(arena, list, listing.at[i].key);
    doc_set(reply, "branches", list);
    doc_set_str(arena, reply, "nextToken", next);
    *out = reply;
    return OUTCOME_DONE;
}

// ---- What is computed anew for each page ----

bool codecommit_page_read(const Call *call, CommitPage *page, Error *e) {
    const Doc *wanted = doc_get(call->input, page->size);
    int64_t size = doc_int(wanted, (int64_t)page->most), at = 0;
    Str token = doc_text(call->input, page->token), text;
    if (wanted && size <= 0) return fail(e, "InvalidMaxResultsException", "The maximum number of results is not valid: %lld", (long long)size);
    if (token.len && (!str_unbase64(call->arena, token, &text) || !str_to_int(text, &at) || at < 0))
        return fail(e, "InvalidContinuationTokenException", "The continuation token is not valid.");
    page->from = (size_t)at;
    if (size < (int64_t)page->most) page->most = (size_t)size;
    return true;
}

void codecommit_page_show(Arena *arena, const CommitPage *page, Doc *all, const char *as, Doc *reply) {
    Doc *shown = doc_list(arena), *next;
    size_t at = 0;
    for (Doc *one = doc_first(all); one && at < page->from + page->most; one = next, at++) {
        next = one->next;
        one->next = NULL;
        if (at >= page->from) doc_push(shown, one);
    }
    doc_set(reply, as, shown);
    if (at < doc_count(all)) doc_set_str(arena, reply, page->token, str_base64(arena, str_format(arena, "%zu", at)));
}
