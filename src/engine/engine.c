// A machine's step: load, step, save, commands; all within the caller's transaction.
//
// ENGINE_TABLE ("machine", account, region, type, id) → (steps, version, born): how many steps it made, in which version its state is, and a random
// number that tells it from an earlier machine of the same id. Steps and birth seed the step's ids.
#include "engine/outbox_rows.h"
#include "engine/poison.h"
#include "engine/timers.h"

#include "base/log.h"
#include "store/key.h"

#include <assert.h>

const StoreTable ENGINE_TABLE = {.name = "engine"};

static const DocumentType *const *registered;
static size_t registered_count;

void engine_register(const DocumentType *const *types, size_t count) {
    registered = types;
    registered_count = count;
}

const DocumentType *engine_type(Str name) {
    for (size_t i = 0; i < registered_count; i++) {
        if (str_is(name, registered[i]->name)) return registered[i];
    }
    return NULL;
}

typedef struct Life {
    uint64_t steps, born;
    int version;
} Life;

static Str life_key(Arena *arena, MachineAddress machine) {
    return KEY(arena, key_text(STR("machine")), key_text(machine.where.account), key_text(machine.where.region), key_text(str_of(machine.type->name)),
               key_text(machine.id));
}

static bool read_life(Str value, Life *life) {
    uint64_t version;
    if (!key_take_number(&value, &life->steps) || !key_take_number(&value, &version) || !key_take_number(&value, &life->born)) return false;
    life->version = (int)version;
    return true;
}

static Life load_life(const StepContext *context, MachineAddress machine) {
    Str value;
    Life life = {.version = machine.type->machine->version};
    if (store_get(context->store, &ENGINE_TABLE, life_key(context->arena, machine), context->arena, &value) && read_life(value, &life)) return life;
    random_bytes(&life.born, sizeof life.born);
    return life;
}

static void save_life(const StepContext *context, MachineAddress machine, const Life *life) {
    Str value = KEY(context->arena, key_number(life->steps), key_number((uint64_t)machine.type->machine->version), key_number(life->born));
    store_put(context->store, &ENGINE_TABLE, life_key(context->arena, machine), value);
}

static void save_state(const StepContext *context, MachineAddress machine, const Life *life, const Doc *state) {
    if (state) {
        document_put(context->store, machine.where, machine.type, machine.id, state);
        save_life(context, machine, life);
        return;
    }
    document_delete(context->store, machine.where, machine.type, machine.id);
    store_delete(context->store, &ENGINE_TABLE, life_key(context->arena, machine));
    timers_cancel_all(context->store, context->arena, machine);
}

static Str origin_of(Arena *arena, MachineAddress machine, const Life *life) {
    return str_format(arena, "%s/%.*s/%.*s/%llx/%.*s", machine.type->name, STR_ARG(machine.where.account), STR_ARG(machine.where.region),
                      (unsigned long long)life->born, STR_ARG(machine.id));
}

// Timers, documents and wakes at once; what concerns others goes to the outbox.
static void carry_out(StepContext *context, MachineAddress machine, const Life *life, const Command *command) {
    Str origin = origin_of(context->arena, machine, life);
    for (uint32_t index = 0; command; command = command->next, index++) {
        switch (command->kind) {
        case COMMAND_TIMER: timer_set(context->store, context->arena, &(Timer){machine, command->tag, command->timer_kind, command->due_ms}); break;
        case COMMAND_CANCEL_TIMER: timer_cancel(context->store, context->arena, machine, command->tag); break;
        case COMMAND_PUT: document_put(context->store, machine.where, command->type, command->id, command->input); break;
        case COMMAND_DELETE: document_delete(context->store, machine.where, command->type, command->id); break;
        case COMMAND_WAKE:
            if (context->wakes) doc_push_str(context->arena, context->wakes, command->tag);
            break;
        default: outbox_add_of(context, origin, life->steps, index, &machine, machine.where, command);
        }
    }
}

// An event that has crashed the server repeatedly is dropped; it counts as a step, so that the next event is not taken for it.
static void run_step(const StepContext *context, MachineAddress machine, const Life *life, Step *step) {
    Str id = str_format(context->arena, "%.*s %.*s/%llu", STR_ARG(step->event->kind), STR_ARG(origin_of(context->arena, machine, life)),
                        (unsigned long long)life->steps);
    if (poison_is(context->store, id)) {
        log_error("set aside, since it crashed the server before: %.*s", STR_ARG(id));
        return;
    }
    bool entered = poison_enter(id);
    machine.type->machine->step(step);
    poison_leave(entered);
}

static bool load_state(const StepContext *context, MachineAddress machine, const Event *event, const Life *life, Doc **state) {
    const MachineType *type = machine.type->machine;
    *state = NULL;
    if (!document_get(context->store, machine.where, machine.type, machine.id, context->arena, state)) return str_is(event->kind, "start");
    if (life->version < type->version) {
        bool upgraded = type->upgrade && type->upgrade(context->arena, life->version, state);
        assert(upgraded);
        (void)upgraded;
    }
    return true;
}

bool engine_step(StepContext *context, MachineAddress to, const Event *event) {
    assert(to.type && to.type->machine);
    Life life = load_life(context, to);
    Step step = {.arena = context->arena, .where = to.where, .id = to.id, .event = event, .now_ms = context->now_ms, .hops = context->hops};
    if (!load_state(context, to, event, &life, &step.state)) return false;
    id_source_seed(&step.ids, life.born, life.steps);
    run_step(context, to, &life, &step);
    life.steps++;
    // The commands first: the state's deletion takes the timers along, also those just set.
    StepContext onward = *context;
    onward.hops = step.hops;
    carry_out(&onward, to, &life, step.first_command);
    save_state(context, to, &life, step.state);
    return true;
}
