#include "services/logs/merge.h"

#include "base/vec.h"

enum { READ_EVENTS = 4096, READ_EVENTS_LEAST = 8, READ_BYTES = 64 * 1024 }; // of all streams together, of one, and of one at a time

typedef struct Cursor {
    Arena *arena; // of what was read and not yet taken
    Str name;
    EventRange rest;
    Vec read; // LogEvent
    size_t taken, bytes;
    bool done; // nothing behind what was read
} Cursor;

struct Merge {
    Turn *turn;
    Cursor *cursors;
    size_t count;
    Cursor *last; // whose event was given out
};

static bool read_event(void *context, const LogEvent *event) {
    Cursor *cursor = context;
    vec_add(&cursor->read, LogEvent, ((LogEvent){event->at, str_copy(cursor->arena, event->message)}));
    cursor->bytes += event->message.len;
    return cursor->bytes < READ_BYTES;
}

static void fill(Merge *merge, Cursor *cursor) {
    arena_reset(cursor->arena);
    cursor->read = vec_of(cursor->arena, LogEvent);
    cursor->taken = cursor->bytes = 0;
    events_scan(merge->turn, cursor->rest, read_event, cursor);
    if (!cursor->read.len) {
        cursor->done = true;
        return;
    }
    LogPosition last = vec_get(&cursor->read, LogEvent, cursor->read.len - 1).at;
    if (cursor->rest.reverse) {
        cursor->rest.before = last;
    } else {
        last.sequence++;
        cursor->rest.from = last;
    }
}

static const LogEvent *head(const Cursor *cursor) { return cursor->done ? NULL : vec_at(&cursor->read, cursor->taken); }

static void advance(Merge *merge, Cursor *cursor) {
    if (++cursor->taken >= cursor->read.len) fill(merge, cursor);
}

Merge *merge_begin(Turn *turn, const LogGroup *group, const Doc *streams, LogPosition from, LogPosition before, bool reverse) {
    Arena *arena = turn_arena(turn);
    size_t count = doc_count(streams);
    Merge *merge = arena_new_of(arena, Merge);
    *merge = (Merge){.turn = turn, .cursors = arena_array(arena, Cursor, count + 1)};
    size_t each = count ? READ_EVENTS / count : 0;
    for (const Doc *doc = doc_first(streams); doc; doc = doc->next) {
        LogStream stream = logs_stream_read(doc);
        Cursor *cursor = &merge->cursors[merge->count++];
        cursor->arena = arena_new();
        cursor->name = stream.name;
        cursor->rest = (EventRange){.group = group->number, .stream = stream.number, .from = from, .before = before, .reverse = reverse};
        cursor->rest.limit = each > READ_EVENTS_LEAST ? each : READ_EVENTS_LEAST;
        fill(merge, cursor);
    }
    return merge;
}

bool merge_next(Merge *merge, LogEvent *event, Str *stream_name) {
    const LogEvent *least = NULL;
    if (merge->last) advance(merge, merge->last);
    merge->last = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        Cursor *cursor = &merge->cursors[i];
        const LogEvent *candidate = head(cursor);
        int order = candidate && least ? position_compare(candidate->at, least->at) : -1;
        if (!candidate || (cursor->rest.reverse && least ? order < 0 : order > 0)) continue;
        least = candidate;
        merge->last = cursor;
    }
    if (!least) return false;
    *event = *least;
    *stream_name = merge->last->name;
    return true;
}

void merge_end(Merge *merge) {
    for (size_t i = 0; i < merge->count; i++) arena_free(merge->cursors[i].arena);
}
