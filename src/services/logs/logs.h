// Logs: CloudWatch Logs, as far as its API Reference (2014-03-28) speaks of groups, streams, events and their retention.
//
// Documents hold what the API shows, by the model's member names; members that begin with '$' are ours and never leave.
//   logs.group     id NAME           LogGroup, with tags, $number
//   logs.stream    id GROUP:STREAM   LogStream, with $number, $sequence (of its last event), $bytes
//   logs.retention id NAME           the machine of retention.c: there is one for each group whose events expire
// Events lie in a table of their own: (group's number, stream's number, time, sequence) → message. A sequence is the time of ingestion in milliseconds, times
// 2^20, and at least one more than the stream's last: it orders what was told to have happened in the same millisecond, and says when it came in.
// Numbers are random and never used twice, so that nothing of a deleted group shows in one that gets its name.
#pragma once

#include "plane/turn.h"

extern const DocumentType LOGS_GROUP, LOGS_STREAM, LOGS_RETENTION;
extern const StoreTable LOGS_EVENTS;

enum { LOGS_PAGE = 50, LOGS_EVENTS_PAGE = 10000, LOGS_PAGE_BYTES = 1024 * 1024, LOGS_EVENT_OVERHEAD_BYTES = 26, LOGS_TAGS_MOST = 50 };
#define LOGS_DAY_MS (24LL * 60 * 60 * 1000)
#define LOGS_LAST_MS 99999999999999999LL // what 17 digits of a position can say: the year 3,170,843

typedef struct LogGroup {
    Str name;
    uint64_t number;
    int64_t expired_ms; // events before it are not shown any more; 0: they stay for ever
    Doc *doc;
} LogGroup;

typedef struct LogStream {
    Str name;
    uint64_t number;
    Doc *doc;
} LogStream;

bool logs_group_get(Turn *turn, Str name, LogGroup *out);
bool logs_group_need(Turn *turn, const Call *call, LogGroup *out, Error *e); // by logGroupName or logGroupIdentifier
bool logs_stream_need(Turn *turn, const LogGroup *group, Str name, LogStream *out, Error *e);
LogStream logs_stream_read(const Doc *doc); // from a scan
Doc *logs_streams(Turn *turn, const LogGroup *group, DocumentScan scan); // `prefix` and `after` are names of streams
void logs_stream_save(Turn *turn, const LogGroup *group, const LogStream *stream);
void logs_streams_delete(Turn *turn, const LogGroup *group); // all, with their events
Str logs_identified_name(Str identifier); // a name, or an ARN with or without ":*" behind it
Str logs_group_arn(Arena *arena, Partition where, Str name);
uint64_t logs_new_number(Turn *turn);

bool logs_no_group(Error *e);
bool logs_bad_token(Error *e);
bool logs_refuse(const Call *call, const char *const *members, Error *e); // NotImplemented, by name

// handlers
CallHandler logs_create_group, logs_delete_group, logs_describe_groups, logs_put_retention, logs_delete_retention, logs_protect_group;
CallHandler logs_create_stream, logs_delete_stream, logs_describe_streams;
CallHandler logs_tag_group, logs_untag_group, logs_list_group_tags, logs_tag_resource, logs_untag_resource, logs_list_resource_tags;
CallHandler logs_put_events, logs_get_events, logs_filter_events, logs_test_pattern;
CallHandler logs_live_tail;

bool logs_check_tags(const Doc *tags, Error *e); // tags.c: no key is AWS's own

// live_tail.c: those who follow the group hear the events from `begin` on, before `end`
void live_tail_tell(Turn *turn, const LogGroup *group, const LogStream *stream, const Doc *events, size_t begin, size_t end);

// requirements.c
void logs_require_group(Turn *turn, const Call *call, Requirements *all);
void logs_require_stream(Turn *turn, const Call *call, Requirements *all);
void logs_require_followed(Turn *turn, const Call *call, Requirements *all);
void logs_require_tagged(Turn *turn, const Call *call, Requirements *all);

// retention.c
void logs_retention_begin(Turn *turn, Str group);
void logs_retention_end(Turn *turn, Str group);
void logs_sweep(Turn *turn, const Doc *event);
