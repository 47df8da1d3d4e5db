// The turn as handlers see it: plane/turn.h.
#include "plane/internal.h"

#include "os/files.h"
#include "store/blobs.h"

#include <assert.h>

Store *turn_store(Turn *turn) { return turn->store; }
Arena *turn_arena(Turn *turn) { return turn->arena; }
int64_t turn_now(const Turn *turn) { return turn->now_ms; }
int64_t turn_wall(const Turn *turn) {
    (void)turn;
    return real_now_ms();
}
IdSource *turn_ids(Turn *turn) { return &turn->ids; }
Str turn_data_folder(const Turn *turn) { return plane_options(turn->plane)->data; }
void **turn_memo(Turn *turn) { return &turn->memo; }
uint16_t turn_port(const Turn *turn) { return plane_port(turn->plane); }
int turn_address_block(const Turn *turn) { return turn->plane->block.number; }
Partition turn_where(const Turn *turn) { return turn->where; }
void turn_enter(Turn *turn, Partition where) { turn->where = where; }

bool turn_get(Turn *turn, const DocumentType *type, Str id, Doc **out) { return document_get(turn->store, turn->where, type, id, turn->arena, out); }

static void changes(Turn *turn) {
    assert(turn->turns); // an OP_READ handler must not write
    turn->turns->changed = true;
}

void turn_put(Turn *turn, const DocumentType *type, Str id, const Doc *doc) {
    changes(turn);
    document_put(turn->store, turn->where, type, id, doc);
}

bool turn_insert(Turn *turn, const DocumentType *type, Str id, const Doc *doc) {
    changes(turn);
    return document_insert(turn->store, turn->where, type, id, doc);
}

bool turn_delete(Turn *turn, const DocumentType *type, Str id) {
    changes(turn);
    return document_delete(turn->store, turn->where, type, id);
}

Doc *turn_scan(Turn *turn, const DocumentType *type, DocumentScan scan) { return document_scan(turn->store, turn->where, type, scan, turn->arena); }

Doc *turn_find(Turn *turn, const DocumentType *type, const char *index, Str value) {
    return document_find(turn->store, turn->where, type, index, value, turn->arena);
}

bool turn_send(Turn *turn, const DocumentType *type, Str id, Str kind, Doc *data) {
    changes(turn);
    StepContext step = turn->turns->step;
    step.arena = turn->arena;
    MachineAddress to = {turn->where, type, id};
    return engine_step(&step, to, &(Event){.kind = kind, .data = data});
}

// Commands of a handler have the request as their origin.
static void add_command(Turn *turn, const Command *command) {
    changes(turn);
    StepContext step = turn->turns->step;
    step.arena = turn->arena;
    outbox_add(&step, turn->origin, turn->turns->sequence, turn->command_count++, turn->where, command);
}

void turn_command_call(Turn *turn, Principal principal, const char *service, const char *operation, Doc *input, const Body *body) {
    add_command(turn, &(Command){
                          .kind = COMMAND_CALL,
                          .service = str_of(service),
                          .operation = str_of(operation),
                          .principal = principal,
                          .input = input,
                          .body = body ? *body : (Body){.size = 0},
                      });
}

void turn_effect(Turn *turn, const char *effect, Doc *arguments) {
    add_command(turn, &(Command){.kind = COMMAND_EFFECT, .operation = str_of(effect), .input = arguments});
}

void turn_publish(Turn *turn, const char *source, const char *detail_type, Doc *detail, Doc *resources) {
    Command command = {.kind = COMMAND_PUBLISH, .service = str_of(source), .operation = str_of(detail_type), .input = detail, .resources = resources};
    add_command(turn, &command);
}

void turn_delete_file(Turn *turn, Str path) {
    changes(turn);
    if (str_starts(path, STR("blobs/")) && !blob_forget(turn->store, path)) return; // somebody else refers to it
    vec_add(&turn->turns->files, Str, path_join(turn->turns->arena, turn_data_folder(turn), path));
}

Outcome turn_park(Turn *turn, Str key, TimerKind kind, int64_t deadline_ms) {
    assert(turn->turns && turn->depth == 0);
    turn->park_key = key;
    turn->park_kind = kind;
    turn->park_deadline_ms = deadline_ms;
    return OUTCOME_PARK;
}

void turn_wake(Turn *turn, Str key) {
    assert(turn->turns);
    doc_push_str(turn->turns->arena, turn->turns->step.wakes, str_copy(turn->turns->arena, key));
}

void turn_reply_body(Turn *turn, Body body) { turn->reply_body = body; }

void turn_stream(Turn *turn, const StreamType *type, void *state) {
    turn->stream_type = type;
    turn->stream_state = state;
}
