// What of DynamoDB is built. An operation that stands here not is answered with NotImplemented, which names it.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"
#include "services/dynamodb/requirements.h"

#define TABLE "arn:aws:dynamodb:{region}:{account}:table/{TableName}"
#define TAGGED "{ResourceArn}"

const Operation DYNAMODB_OPERATIONS[] = {
    {"CreateTable", create_table, TABLE, OP_LOCAL},
    {"DescribeTable", describe_table, TABLE, OP_LOCAL},
    {"UpdateTable", update_table, TABLE, OP_LOCAL},
    {"DeleteTable", delete_table, TABLE, OP_LOCAL},
    {"ListTables", list_tables, "arn:aws:dynamodb:{region}:{account}:table/*", OP_LOCAL},
    {"TagResource", dynamodb_tag_resource, TAGGED, OP_LOCAL},
    {"UntagResource", dynamodb_untag_resource, TAGGED, OP_LOCAL},
    {"ListTagsOfResource", dynamodb_list_tags, TAGGED, OP_LOCAL},
    {"DescribeTimeToLive", describe_time_to_live, TABLE, OP_LOCAL},
    {"DescribeContinuousBackups", describe_continuous_backups, TABLE, OP_LOCAL},
    {"GetResourcePolicy", dynamodb_get_resource_policy, TAGGED, OP_LOCAL},
    {"GetItem", get_item, TABLE, OP_READ | OP_LOCAL},
    {"PutItem", put_item, TABLE, OP_LOCAL},
    {"UpdateItem", update_item, TABLE, OP_LOCAL},
    {"DeleteItem", delete_item, TABLE, OP_LOCAL},
    {"Query", dynamodb_query, .flags = OP_LOCAL, .requirements = require_table_reading},
    {"Scan", dynamodb_scan, .flags = OP_LOCAL, .requirements = require_table_reading},
    {"BatchGetItem", batch_get_item, .flags = OP_LOCAL, .requirements = require_table_batch},
    {"BatchWriteItem", batch_write_item, .flags = OP_LOCAL, .requirements = require_table_batch},
    {"TransactWriteItems", transact_write_items, .flags = OP_LOCAL, .requirements = require_table_transaction},
    {"TransactGetItems", transact_get_items, .flags = OP_LOCAL, .requirements = require_table_transaction},
    {NULL},
};
