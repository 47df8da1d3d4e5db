// Merge: the events of several streams of a group as one sequence in the order of positions (or against it), read a little of each stream at a time.
#pragma once

#include "services/logs/events.h"

typedef struct Merge Merge;

// `from` and `before` bound the positions; the streams are those of the list, as logs_streams gives them.
Merge *merge_begin(Turn *turn, const LogGroup *group, const Doc *streams, LogPosition from, LogPosition before, bool reverse);
// The next event and its stream's name; they live until the next call. False at the end.
bool merge_next(Merge *merge, LogEvent *event, Str *stream_name);
void merge_end(Merge *merge);
