// Pages of lists (turn_page), and bodies that are kept (turn_keep_body).
#include "plane/internal.h"

#include "store/blobs.h"

// A token says where the last page ended: the id behind it, in base64 so that nobody takes it for something to make up.
static bool read_token(Arena *arena, Str token, Str *after) {
    Str id;
    if (!str_unbase64(arena, token, &id) || !str_is_utf8(id)) return false;
    *after = id;
    return true;
}

// Of at least two.
static void cut_last(Doc *list) {
    Doc *before = doc_first(list);
    while (before->next->next) before = before->next;
    before->next = NULL;
    list->as.children.last = before;
    list->count--;
}

bool turn_page(Turn *turn, const DocumentType *type, Page page, Doc **items, Str *next_token, Error *e) {
    int64_t size = page.size > 0 && page.size < page.most ? page.size : page.most;
    if (page.token.len && !read_token(turn->arena, page.token, &page.scan.after)) {
        return fail(e, "InvalidNextToken", "The next token is not valid: %.*s", STR_ARG(page.token));
    }
    page.scan.limit = (size_t)size + 1; // one more tells whether there is a next page
    Doc *list = turn_scan(turn, type, page.scan);
    *next_token = STR_NONE;
    if (list->count > size) {
        cut_last(list);
        *next_token = str_base64(turn->arena, doc_text(list->as.children.last, "$id"));
    }
    *items = list;
    return true;
}

Str turn_keep_body(Turn *turn, const Call *call) {
    assert(call->body.path.at);
    Error e = {0};
    Str path = STR("");
    if (!blob_keep(turn->store, turn_data_folder(turn), call->body.path, turn->arena, &path, &e)) store_break(turn->store, e.message);
    return path;
}
