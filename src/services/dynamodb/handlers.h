// The handlers of DynamoDB's operations, as operations.c lists them.
#pragma once

#include "plane/turn.h"

CallHandler create_table, describe_table, delete_table, list_tables; // tables.c
CallHandler update_table; // update_table.c
CallHandler dynamodb_tag_resource, dynamodb_untag_resource, dynamodb_list_tags; // tags.c
CallHandler describe_time_to_live, describe_continuous_backups, dynamodb_get_resource_policy; // absent.c
CallHandler get_item, put_item, update_item, delete_item; // item_operations.c
CallHandler dynamodb_query, dynamodb_scan; // query.c, scan.c
CallHandler batch_get_item, batch_write_item; // batches.c
CallHandler transact_write_items, transact_get_items; // transactions.c
