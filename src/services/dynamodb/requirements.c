// Which permissions a call needs where that is not the operation's name on one table: indexes, several tables, the parts of a transaction. And the condition keys of
// fine-grained access, which only a policy with conditions asks for.
#include "services/dynamodb/requirements.h"

#include "services/dynamodb/dynamodb.h"

static Str table_arn(const Call *call, Str name_or_arn) {
    if (str_starts(name_or_arn, STR("arn:"))) return name_or_arn;
    return str_format(call->arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account),
                      STR_ARG(name_or_arn));
}

static Str action_of(const Call *call) { return str_cat(call->arena, STR("dynamodb:"), wire_str(call->operation->name)); }

// ---- Permissions ----

void require_table_reading(Turn *turn, const Call *call, Requirements *all) {
    Str arn = table_arn(call, doc_text(call->input, "TableName")), index = doc_text(call->input, "IndexName");
    if (index.at) arn = str_format(call->arena, "%.*s/index/%.*s", STR_ARG(arn), STR_ARG(index));
    require(all, action_of(call), arn, NULL);
}

static void require_once(Requirements *all, Str action, Str resource) {
    for (size_t i = 0; i < all->list.len; i++) {
        const Requirement *one = vec_at(&all->list, i);
        if (str_eq(one->action, action) && str_eq(one->resource, resource)) return;
    }
    require(all, action, resource, NULL);
}

void require_table_batch(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *table = doc_first(doc_get(call->input, "RequestItems")); table; table = table->next)
        require_once(all, action_of(call), table_arn(call, table->key));
}

static Str transact_action(Str member) {
    static const char *const actions[][2] = {
        {"Put", "dynamodb:PutItem"},       {"Update", "dynamodb:UpdateItem"},
        {"Delete", "dynamodb:DeleteItem"}, {"ConditionCheck", "dynamodb:ConditionCheckItem"},
        {"Get", "dynamodb:GetItem"},
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (str_is(member, actions[i][0])) return str_of(actions[i][1]);
    return STR("dynamodb:TransactWriteItems");
}

void require_table_transaction(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *item = doc_first(doc_get(call->input, "TransactItems")); item; item = item->next) {
        const Doc *part = doc_first(item);
        if (part) require_once(all, transact_action(part->key), table_arn(call, doc_text(part, "TableName")));
    }
}

// ---- Condition keys ----

typedef struct Facts {
    Turn *turn;
    Doc *leading_keys, *attributes;
} Facts;

// `of`: what has an Item or a Key.
static void add_item(const Facts *facts, Str table, const Doc *of) {
    Str leading;
    const Doc *item = doc_get(of, "Item"), *key = item ? item : doc_get(of, "Key");
    if (key && leading_key_of_item(facts->turn, table, key, &leading)) doc_push_str(turn_arena(facts->turn), facts->leading_keys, leading);
    attributes_asked(turn_arena(facts->turn), of, facts->attributes);
}

static void add_batch(const Facts *facts, const Call *call, const Requirement *what) {
    for (const Doc *table = doc_first(doc_get(call->input, "RequestItems")); table; table = table->next) {
        Str leading;
        if (!str_eq(table_arn(call, table->key), what->resource)) continue;
        for (const Doc *key = doc_first(doc_get(table, "Keys")); key; key = key->next)
            if (leading_key_of_item(facts->turn, table->key, key, &leading)) doc_push_str(call->arena, facts->leading_keys, leading);
        if (doc_is(table, DOC_MAP)) attributes_asked(call->arena, table, facts->attributes);
        for (const Doc *write = doc_is(table, DOC_LIST) ? doc_first(table) : NULL; write; write = write->next)
            add_item(facts, table->key, doc_first(write));
    }
}

static void add_transaction(const Facts *facts, const Call *call, const Requirement *what) {
    for (const Doc *item = doc_first(doc_get(call->input, "TransactItems")); item; item = item->next) {
        const Doc *part = doc_first(item);
        Str table = doc_text(part, "TableName");
        bool asked = part && str_eq(transact_action(part->key), what->action) && str_eq(table_arn(call, table), what->resource);
        if (asked) add_item(facts, table, part);
    }
}

static void add_members(const Call *call, Doc *context) {
    static const char *const members[][2] = {
        {"Select", "dynamodb:Select"}, {"ReturnValues", "dynamodb:ReturnValues"}, {"ReturnConsumedCapacity", "dynamodb:ReturnConsumedCapacity"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        doc_set_str(call->arena, context, members[i][1], doc_text(call->input, members[i][0]));
}

void dynamodb_context(Turn *turn, const Call *call, const Requirement *what, Str owner_account, Doc *context) {
    Facts facts = {turn, doc_list(call->arena), doc_list(call->arena)};
    bool transacts = doc_get(call->input, "TransactItems");
    Str leading;
    if (transacts) doc_set_str(call->arena, context, "dynamodb:EnclosingOperation", wire_str(call->operation->name));
    add_transaction(&facts, call, what);
    add_batch(&facts, call, what);
    add_item(&facts, doc_text(call->input, "TableName"), call->input);
    if (leading_key_of_query(turn, call, &leading)) doc_push_str(call->arena, facts.leading_keys, leading);
    if (!transacts && !doc_get(call->input, "RequestItems")) add_members(call, context);
    if (doc_count(facts.leading_keys)) doc_set(context, "dynamodb:LeadingKeys", facts.leading_keys);
    if (doc_count(facts.attributes)) doc_set(context, "dynamodb:Attributes", facts.attributes);
}
