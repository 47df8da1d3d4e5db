// Inline policies of users, roles and groups: one set of handlers, the input tells whose.
#include "services/iam/iam.h"

static Str policy_name(const Call *call) { return doc_text(call->input, "PolicyName"); }

static bool no_such_policy(const Kind *kind, const Call *call, Error *e) {
    return fail(e, "NoSuchEntity", "The %s policy with name %.*s cannot be found.", kind->segment, STR_ARG(policy_name(call)));
}

static size_t inline_bytes(const Doc *policies) {
    size_t total = 0;
    for (const Doc *at = doc_first(policies); at; at = at->next) total += iam_policy_bytes(doc_str(at, STR("")));
    return total;
}

Outcome iam_put_inline(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc;
    Str text = doc_text(call->input, "PolicyDocument");
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    CALL_TRY(iam_check_document(turn, text, SIZE_MAX, NULL, e));
    Doc *policies = doc_get(doc, "inline");
    if (!policies) doc_set(doc, "inline", policies = doc_map(arena));
    doc_put(policies, policy_name(call), doc_of_str(arena, text));
    if (inline_bytes(policies) > kind->inline_max_bytes) {
        return call_fail(e, "LimitExceeded", "Maximum policy size of %zu bytes exceeded for %s %.*s", kind->inline_max_bytes, kind->segment,
                         STR_ARG(doc_text(doc, kind->name)));
    }
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}

Outcome iam_get_inline(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    const Doc *policy = doc_get_str_key(doc_get(doc, "inline"), policy_name(call));
    if (!policy) CALL_TRY(no_such_policy(kind, call, e));
    *out = doc_map(arena);
    doc_set_str(arena, *out, kind->name, doc_text(doc, kind->name));
    doc_set_str(arena, *out, "PolicyName", policy_name(call));
    doc_set_str(arena, *out, "PolicyDocument", str_uri_encode(arena, doc_str(policy, STR("")), false));
    return OUTCOME_DONE;
}

Outcome iam_list_inline(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc, *items = doc_list(arena);
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    for (const Doc *at = doc_first(doc_get(doc, "inline")); at; at = at->next) doc_push_str(arena, items, at->key);
    CALL_TRY(iam_page(call, items, NULL, "PolicyNames", out, e));
    return OUTCOME_DONE;
}

Outcome iam_delete_inline(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_find_called(turn, call, &kind, &doc, e));
    Doc *policies = doc_get(doc, "inline");
    if (!doc_get_str_key(policies, policy_name(call))) CALL_TRY(no_such_policy(kind, call, e));
    doc_put(policies, policy_name(call), NULL);
    iam_save(turn, kind, doc);
    return OUTCOME_DONE;
}
