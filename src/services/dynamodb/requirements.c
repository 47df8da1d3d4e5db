// Which permissions a call needs where that is not the operation's name on one table: indexes, several tables, the parts of a transaction.
#include "services/dynamodb/requirements.h"

#include "services/dynamodb/dynamodb.h"

static Str table_arn(const Call *call, Str name_or_arn) {
    if (str_starts(name_or_arn, STR("arn:"))) return name_or_arn;
    return str_format(call->arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account),
                      STR_ARG(name_or_arn));
}

// The key's hash value, for dynamodb:LeadingKeys, is known only with the table: conditions on it see nothing here.
static Doc *context_of(const Call *call, const Doc *input) {
    static const char *const members[][2] = {{"Select", "dynamodb:Select"}, {"ReturnValues", "dynamodb:ReturnValues"}};
    Doc *context = NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        Str value = doc_text(input, members[i][0]);
        if (!value.at) continue;
        if (!context) context = doc_map(call->arena);
        doc_set_str(call->arena, context, members[i][1], value);
    }
    return context;
}

void require_table_reading(Turn *turn, const Call *call, Requirements *all) {
    Str arn = table_arn(call, doc_text(call->input, "TableName")), index = doc_text(call->input, "IndexName");
    Str action = str_cat(call->arena, STR("dynamodb:"), wire_str(call->operation->name));
    if (index.at) arn = str_format(call->arena, "%.*s/index/%.*s", STR_ARG(arn), STR_ARG(index));
    require(all, action, arn, context_of(call, call->input));
}

static bool asked_already(const Requirements *all, Str action, Str resource) {
    for (size_t i = 0; i < all->list.len; i++) {
        const Requirement *one = vec_at(&all->list, i);
        if (str_eq(one->action, action) && str_eq(one->resource, resource)) return true;
    }
    return false;
}

void require_table_batch(Turn *turn, const Call *call, Requirements *all) {
    Str action = str_cat(call->arena, STR("dynamodb:"), wire_str(call->operation->name));
    for (const Doc *table = doc_first(doc_get(call->input, "RequestItems")); table; table = table->next) {
        Str arn = table_arn(call, table->key);
        if (!asked_already(all, action, arn)) require(all, action, arn, NULL);
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

void require_table_transaction(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *item = doc_first(doc_get(call->input, "TransactItems")); item; item = item->next) {
        const Doc *part = doc_first(item);
        if (!part) continue;
        Str action = transact_action(part->key), arn = table_arn(call, doc_text(part, "TableName"));
        if (!asked_already(all, action, arn)) require(all, action, arn, NULL);
    }
}
