// Tags of users, roles, instance profiles and policies.
#include "services/iam/iam.h"

enum { TAGS_MAX = 50 };

static void put_tag(Arena *arena, Doc *tags, Str key, Str value) {
    for (Doc *at = doc_first(tags); at; at = at->next) {
        if (!str_eq_nocase(doc_text(at, "Key"), key)) continue;
        doc_put(at, STR("Value"), doc_of_str(arena, value));
        return;
    }
    Doc *tag = doc_map(arena);
    doc_set_str(arena, tag, "Key", key);
    doc_set_str(arena, tag, "Value", value.at ? value : STR(""));
    doc_push(tags, tag);
}

Doc *iam_tags(Arena *arena, const Doc *tags) {
    Doc *list = doc_list(arena);
    for (const Doc *at = doc_first(tags); at; at = at->next) put_tag(arena, list, doc_text(at, "Key"), doc_text(at, "Value"));
    return list;
}

static bool is_reserved(Str key) { return key.len >= 4 && str_eq_nocase(str_sub(key, 0, 4), STR("aws:")); }

bool iam_check_tags(const Call *call, Error *e) {
    const Doc *tags = doc_get(call->input, "Tags");
    for (const Doc *at = doc_first(tags); at; at = at->next) {
        Str key = doc_text(at, "Key");
        if (is_reserved(key))
            return fail(e, "InvalidInput", "Tag key %.*s is reserved: keys that begin with aws: are for AWS's own use.", STR_ARG(key));
    }
    for (const Doc *at = doc_first(tags); at; at = at->next)
        for (const Doc *other = at->next; other; other = other->next)
            if (str_eq_nocase(doc_text(at, "Key"), doc_text(other, "Key")))
                return fail(e, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    return true;
}

// What can be tagged: an entity, or a policy by its ARN. `kind` NULL: a policy.
static bool find_tagged(Turn *turn, const Call *call, const Kind **kind, Doc **out, Error *e) {
    Str arn = doc_text(call->input, "PolicyArn");
    *kind = NULL;
    if (!arn.at) return iam_find_called(turn, call, kind, out, e);
    bool reads = str_is(wire_str(call->operation->name), "ListPolicyTags");
    return reads ? iam_policy_find(turn, arn, out, e) : iam_policy_find_own(turn, call, out, e);
}

static void save_tagged(Turn *turn, const Kind *kind, const Doc *doc) {
    if (kind) {
        iam_save(turn, kind, doc);
        return;
    }
    document_put(turn_store(turn), iam_where(turn), &IAM_POLICY, iam_id(turn_arena(turn), doc_text(doc, "PolicyName")), doc);
}

Outcome iam_tag(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc;
    CALL_TRY(iam_check_tags(call, e));
    CALL_TRY(find_tagged(turn, call, &kind, &doc, e));
    Doc *tags = iam_tags(arena, doc_get(doc, "Tags"));
    for (const Doc *at = doc_first(doc_get(call->input, "Tags")); at; at = at->next) put_tag(arena, tags, doc_text(at, "Key"), doc_text(at, "Value"));
    if (doc_count(tags) > TAGS_MAX)
        return call_fail(e, "LimitExceeded", "Cannot exceed quota for TagsPer%s: %d", kind ? kind->title : "Policy", TAGS_MAX);
    doc_put(doc, STR("Tags"), tags);
    save_tagged(turn, kind, doc);
    return OUTCOME_DONE;
}

Outcome iam_untag(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Kind *kind;
    Doc *doc, *left = doc_list(arena);
    CALL_TRY(find_tagged(turn, call, &kind, &doc, e));
    for (const Doc *at = doc_first(doc_get(doc, "Tags")); at; at = at->next) {
        if (!doc_has_text_nocase(doc_get(call->input, "TagKeys"), doc_text(at, "Key"))) doc_push(left, doc_copy(arena, at));
    }
    doc_put(doc, STR("Tags"), left);
    save_tagged(turn, kind, doc);
    return OUTCOME_DONE;
}

Outcome iam_list_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *doc;
    CALL_TRY(find_tagged(turn, call, &kind, &doc, e));
    CALL_TRY(iam_page(call, doc_get(doc, "Tags"), "Key", "Tags", out, e));
    return OUTCOME_DONE;
}
