// Open streams: from the turn that opened one to the end of its connection. A client that is slow to take what was said hears less often.
#include "plane/internal.h"

#include "base/limits.h"
#include "wire/event_stream.h"

struct Stream {
    Link link; // in plane->streams, once it has begun
    Plane *plane;
    ApiWork *api;
    const StreamType *type;
    void *state;
    LoopTimer *timer; // NULL: not begun
    int64_t last_ms; // plane time
    bool waits; // until what was said has been taken
};

// ---- In turns ----

void stream_open(ApiWork *api, const Turn *turn) {
    Stream *stream = arena_new_of(api->call.arena, Stream);
    *stream = (Stream){
        .plane = turn->plane,
        .api = api,
        .type = turn->stream_type,
        .state = turn->stream_state,
        .last_ms = turn->now_ms + turn->stream_type->longest_ms,
    };
    list_init(&stream->link);
    api->stream = stream;
    atomic_fetch_add(&turn->plane->open_streams, 1);
}

bool turn_is_followed(const Turn *turn) { return atomic_load(&turn->plane->open_streams) > 0; }

typedef struct News {
    Work work;
    const StreamType *type;
    const Doc *doc;
} News;

// Streams that were opened later in the same turn have not begun yet, so they do not hear it.
static void deliver(Plane *plane, Work *work, const Error *failed) {
    const News *news = (const News *)work;
    if (failed) return;
    LIST_EACH (&plane->streams, link) {
        Stream *stream = LIST_ITEM(link, Stream, link);
        if (stream->type == news->type) stream->type->hear(stream->state, news->doc);
    }
}

void turn_tell(Turn *turn, const StreamType *type, const Doc *news) {
    Arena *arena = turn->turns->arena;
    News *work = arena_new_of(arena, News);
    *work = (News){.work = {.finished = deliver}, .type = type, .doc = doc_copy(arena, news)};
    vec_add(&turn->turns->finished, Work *, &work->work);
}

// ---- On the loop ----

static WireContext context_of(const ApiWork *api, Arena *arena) {
    return (WireContext){.arena = arena, .request = &api->exchange->request, .route = &api->route, .request_id = api->call.request_id};
}

static void say(Stream *stream, Arena *arena, const Doc *event, bool first) {
    WireContext context = context_of(stream->api, arena);
    AUTO_BUF out;
    buf_init(&out, LIMIT_WIRE_REPLY_BYTES);
    if (first) wire_encode_stream_begin(&out);
    wire_encode_event(&context, event, &out);
    stream->waits = !http_reply_write(stream->api->exchange, buf_str(&out));
}

void stream_end(ApiWork *api) {
    Stream *stream = api->stream;
    list_remove(&stream->link);
    loop_timer_free(stream->timer);
    stream->type->end(stream->state);
    atomic_fetch_sub(&stream->plane->open_streams, 1);
    api->stream = NULL;
    api->speaks = false;
}

static void speak(void *context) {
    Stream *stream = context;
    HttpExchange *exchange = stream->api->exchange;
    AUTO_ARENA arena = arena_new();
    if (stream->waits) return;
    bool is_last = plane_now(stream->plane) >= stream->last_ms;
    say(stream, arena, is_last ? stream->type->last(arena) : stream->type->speak(stream->state, arena), false);
    if (!is_last) return;
    stream_end(stream->api);
    http_reply_end(exchange);
}

void stream_begin(Plane *plane, ApiWork *api) {
    Stream *stream = api->stream;
    HttpReply head = {0};
    WireContext context = context_of(api, api->call.arena);
    wire_encode_stream_head(&context, &head);
    http_reply_begin(api->exchange, &head);
    say(stream, api->call.arena, api->output, true);
    if (http_is_gone(api->exchange)) {
        stream_end(api);
        http_reply_end(api->exchange);
        return;
    }
    api->speaks = true;
    list_add(&plane->streams, &stream->link);
    stream->timer = loop_timer_new(plane->loop, speak, stream);
    loop_timer_start(stream->timer, stream->type->pace_ms, stream->type->pace_ms);
}

void stream_go_on(ApiWork *api) { api->stream->waits = false; }
