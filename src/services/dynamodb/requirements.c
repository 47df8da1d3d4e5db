// Which permissions a call needs where that is not the operation's name on one table: indexes, several tables, the parts of a transaction.
#include "services/dynamodb/requirements.h"

#include "services/dynamodb/dynamodb.h"

static Str table_arn(const Call *call, Str name_or_arn) {
    if (str_starts(name_or_arn, STR("arn:"))) return name_or_arn;
    return str_format(call->arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account),
                      STR_ARG(name_or_arn));
}

static Doc *context_of(const Call *call, const Doc *input) {
    static const char *const members[][2] = {
        {"Select", "dynamodb:Select"}, {"ReturnValues", "dynamodb:ReturnValues"}, {"ReturnConsumedCapacity", "dynamodb:ReturnConsumedCapacity"}};
    Doc *context = NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        Str value = doc_text(input, members[i][0]);
        if (!value.at) continue;
        if (!context) context = doc_map(call->arena);
        doc_set_str(call->arena, context, members[i][1], value);
    }
    return context;
}

static Str action_of(const Call *call) { return str_cat(call->arena, STR("dynamodb:"), wire_str(call->operation->name)); }

// The requirement for an action on a table: one, however many items the call has of it.
static Requirement *require_once(Requirements *all, Str action, Str resource, Doc *context) {
    for (size_t i = 0; i < all->list.len; i++) {
        Requirement *one = vec_at(&all->list, i);
        if (str_eq(one->action, action) && str_eq(one->resource, resource)) return one;
    }
    require(all, action, resource, context);
    return vec_at(&all->list, all->list.len - 1);
}

// A condition key with many values.
static Doc *list_in(Requirements *all, Requirement *what, const char *key) {
    if (!what->context) what->context = doc_map(all->arena);
    Doc *list = doc_get(what->context, key);
    if (!list) doc_set(what->context, key, list = doc_list(all->arena));
    return list;
}

static void add_leading_key(Requirements *all, Requirement *what, Str key) {
    doc_push_str(all->arena, list_in(all, what, "dynamodb:LeadingKeys"), key);
}

static void add_attributes(Requirements *all, Requirement *what, const Doc *input) {
    attributes_asked(all->arena, input, list_in(all, what, "dynamodb:Attributes"));
}

// `of`: what has an Item or a Key.
static void add_item(Turn *turn, Requirements *all, Requirement *what, Str table, const Doc *of) {
    Str leading;
    const Doc *item = doc_get(of, "Item"), *key = item ? item : doc_get(of, "Key");
    if (key && leading_key_of_item(turn, table, key, &leading)) add_leading_key(all, what, leading);
    add_attributes(all, what, of);
}

void require_item(Turn *turn, const Call *call, Requirements *all) {
    Str table = doc_text(call->input, "TableName");
    add_item(turn, all, require_once(all, action_of(call), table_arn(call, table), context_of(call, call->input)), table, call->input);
}

void require_table_reading(Turn *turn, const Call *call, Requirements *all) {
    Str arn = table_arn(call, doc_text(call->input, "TableName")), index = doc_text(call->input, "IndexName");
    Str leading;
    if (index.at) arn = str_format(call->arena, "%.*s/index/%.*s", STR_ARG(arn), STR_ARG(index));
    Requirement *what = require_once(all, action_of(call), arn, context_of(call, call->input));
    if (leading_key_of_query(turn, call, &leading)) add_leading_key(all, what, leading);
    add_attributes(all, what, call->input);
}

void require_table_batch(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *table = doc_first(doc_get(call->input, "RequestItems")); table; table = table->next) {
        Requirement *what = require_once(all, action_of(call), table_arn(call, table->key), NULL);
        for (const Doc *key = doc_first(doc_get(table, "Keys")); key; key = key->next) {
            Str leading;
            if (leading_key_of_item(turn, table->key, key, &leading)) add_leading_key(all, what, leading);
        }
        if (doc_is(table, DOC_MAP)) add_attributes(all, what, table);
        for (const Doc *write = doc_is(table, DOC_LIST) ? doc_first(table) : NULL; write; write = write->next)
            add_item(turn, all, what, table->key, doc_first(write));
    }
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

static Doc *within_transaction(const Call *call) {
    Doc *context = doc_map(call->arena);
    doc_set_str(call->arena, context, "dynamodb:EnclosingOperation", wire_str(call->operation->name));
    return context;
}

void require_table_transaction(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *item = doc_first(doc_get(call->input, "TransactItems")); item; item = item->next) {
        const Doc *part = doc_first(item);
        if (!part) continue;
        Str table = doc_text(part, "TableName");
        add_item(turn, all, require_once(all, transact_action(part->key), table_arn(call, table), within_transaction(call)), table, part);
    }
}
