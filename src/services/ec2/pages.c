// Pages of Describe operations, and the ids that requests name. EC2 allows MaxResults within bounds of its own for each kind of thing, and not beside a list of ids.
#include "services/ec2/ec2.h"

bool check_id(Str id, const char *prefix, const char *code, Error *e) {
    Str digits = str_strip_prefix(id, str_of(prefix));
    bool ok = digits.len == 8 || digits.len == 17;
    if (digits.len == id.len) return fail(e, code, "Invalid id: \"%.*s\" (expecting \"%s...\")", STR_ARG(id), prefix);
    for (size_t i = 0; i < digits.len; i++) ok = ok && ((digits.at[i] >= '0' && digits.at[i] <= '9') || (digits.at[i] >= 'a' && digits.at[i] <= 'f'));
    return ok || fail(e, code, "Invalid id: \"%.*s\"", STR_ARG(id));
}

static bool check_most(const Call *call, PageRule rule, int64_t *most, Error *e) {
    const Doc *given = doc_get(call->input, "MaxResults");
    *most = doc_int(given, 0);
    if (!given) return true;
    if (rule.ids) { return fail(e, "InvalidParameterCombination", "The parameter %s cannot be used with the parameter maxResults", rule.ids); }
    if (*most < rule.least) {
        return fail(e, "InvalidParameterValue", "Value ( %lld ) for parameter maxResults is invalid. Expecting a value greater than %lld.",
                    (long long)*most, (long long)rule.least);
    }
    if (*most > rule.most) *most = rule.most;
    return true;
}

bool page_reply(const Call *call, Doc *all, const char *list, PageRule rule, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "NextToken"), after = STR_NONE;
    int64_t most;
    TRY(check_most(call, rule, &most, e));
    if (token.len && (!str_unbase64(arena, token, &after) || !str_is_utf8(after)))
        return fail(e, "InvalidNextToken", "The token '%.*s' is invalid", STR_ARG(token));
    Doc *reply = doc_map(arena), *page = doc_list(arena), *next;
    bool begun = !after.at;
    Str last = STR_NONE, follows = STR_NONE;
    for (Doc *one = doc_first(all); one && !follows.at; one = next) {
        next = one->next;
        if (!begun) {
            begun = str_eq(doc_text(one, rule.key), after);
        } else if (most && doc_count(page) == (size_t)most) {
            follows = last;
        } else {
            one->next = NULL;
            last = doc_text(one, rule.key);
            doc_push(page, one);
        }
    }
    if (!begun) return fail(e, "InvalidNextToken", "The token '%.*s' is invalid", STR_ARG(token));
    doc_set(reply, list, page);
    if (follows.at) doc_set_str(arena, reply, "NextToken", str_base64(arena, follows));
    *out = reply;
    return true;
}

Outcome single_reply(Turn *turn, const Call *call, Doc *thing, const char *ids, const char *id, const char *list, const Filterable *known, Doc **out,
                     Error *e) {
    bool matches;
    Doc *things = doc_list(call->arena);
    CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), known, thing, &matches, e));
    if (matches && is_asked(doc_get(call->input, ids), doc_text(thing, id))) doc_push(things, thing);
    CALL_TRY(page_reply(call, things, list, (PageRule){5, 1000, id, NULL}, out, e));
    return OUTCOME_DONE;
}
