#include "services/logs/logs.h"

static const Operation OPERATIONS[] = {
    {"CreateLogGroup", logs_create_group, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"DeleteLogGroup", logs_delete_group, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"DescribeLogGroups", logs_describe_groups, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"PutRetentionPolicy", logs_put_retention, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"DeleteRetentionPolicy", logs_delete_retention, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"PutLogGroupDeletionProtection", logs_protect_group, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"CreateLogStream", logs_create_stream, .flags = OP_LOCAL, .requirements = logs_require_stream},
    {"DeleteLogStream", logs_delete_stream, .flags = OP_LOCAL, .requirements = logs_require_stream},
    {"DescribeLogStreams", logs_describe_streams, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"PutLogEvents", logs_put_events, .flags = OP_LOCAL, .requirements = logs_require_stream},
    {"GetLogEvents", logs_get_events, .flags = OP_LOCAL, .requirements = logs_require_stream},
    {"FilterLogEvents", logs_filter_events, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"StartLiveTail", logs_live_tail, .requirements = logs_require_followed},
    {"TestMetricFilter", logs_test_pattern, .flags = OP_LOCAL},
    {"TagLogGroup", logs_tag_group, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"UntagLogGroup", logs_untag_group, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"ListTagsLogGroup", logs_list_group_tags, .flags = OP_LOCAL, .requirements = logs_require_group},
    {"TagResource", logs_tag_resource, .flags = OP_LOCAL, .requirements = logs_require_tagged},
    {"UntagResource", logs_untag_resource, .flags = OP_LOCAL, .requirements = logs_require_tagged},
    {"ListTagsForResource", logs_list_resource_tags, .flags = OP_LOCAL, .requirements = logs_require_tagged},
    {NULL},
};

static const DocumentType *const DOCUMENTS[] = {&LOGS_GROUP, &LOGS_STREAM, &LOGS_RETENTION, NULL};
static const StoreTable *const TABLES[] = {&LOGS_EVENTS, NULL};
static const Subscription SUBSCRIPTIONS[] = {{"rehearse.logs", "Retention Sweep", logs_sweep}, {NULL}};

const Service LOGS_SERVICE = {
    .name = "logs",
    .prefix = "logs",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .tables = TABLES,
    .subscriptions = SUBSCRIPTIONS,
};
