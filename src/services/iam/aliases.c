// The account's alias: at most one.
#include "services/iam/iam.h"

#define ALIAS_ID STR("alias")

static bool find_alias(Turn *turn, Str *alias) {
    Doc *doc;
    if (!document_get(turn_store(turn), iam_where(turn), &IAM_PLANE, ALIAS_ID, turn_arena(turn), &doc)) return false;
    *alias = doc_text(doc, "alias");
    return true;
}

Outcome iam_create_alias(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str alias = doc_text(call->input, "AccountAlias"), old;
    if (find_alias(turn, &old) && str_eq(alias, old))
        return call_fail(e, "EntityAlreadyExists", "The account alias %.*s already exists.", STR_ARG(alias));
    Doc *doc = doc_map(turn_arena(turn));
    doc_set_str(turn_arena(turn), doc, "alias", alias);
    document_put(turn_store(turn), iam_where(turn), &IAM_PLANE, ALIAS_ID, doc);
    return OUTCOME_DONE;
}

Outcome iam_delete_alias(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str alias = doc_text(call->input, "AccountAlias"), old;
    if (!find_alias(turn, &old) || !str_eq(alias, old))
        return call_fail(e, "NoSuchEntity", "The account alias %.*s cannot be found.", STR_ARG(alias));
    document_delete(turn_store(turn), iam_where(turn), &IAM_PLANE, ALIAS_ID);
    return OUTCOME_DONE;
}

Outcome iam_list_aliases(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *items = doc_list(turn_arena(turn));
    Str alias;
    if (find_alias(turn, &alias)) doc_push_str(turn_arena(turn), items, alias);
    CALL_TRY(iam_page(call, items, NULL, "AccountAliases", out, e));
    return OUTCOME_DONE;
}
