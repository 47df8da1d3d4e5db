// What is due next, remembered: a turn that only serves clients asks the database for neither outbox nor timers. An answer holds until its table changes.
#include "plane/internal.h"

int64_t agenda_outbox_ms(Turns *turns) {
    Agenda *agenda = &turns->agenda;
    uint64_t changes = store_changes(turns->store, &OUTBOX_TABLE);
    if (agenda->outbox_changes != changes) agenda->outbox_ms = outbox_next_due(turns->store, turns->arena);
    agenda->outbox_changes = changes;
    return agenda->outbox_ms;
}

static int64_t next_of_kind(Turns *turns, TimerKind kind) {
    Timer timer;
    return timer_next(turns->store, turns->arena, kind, &timer) ? timer.due_ms : INT64_MAX;
}

int64_t agenda_timer_ms(Turns *turns, TimerKind kind) {
    Agenda *agenda = &turns->agenda;
    uint64_t changes = store_changes(turns->store, &TIMER_DUE_TABLE);
    for (TimerKind each = TIMER_WAIT; each <= TIMER_OUTER && agenda->timer_changes != changes; each++)
        agenda->timer_ms[each] = next_of_kind(turns, each);
    agenda->timer_changes = changes;
    return agenda->timer_ms[kind];
}

bool agenda_has_due_timer(Turns *turns) {
    for (TimerKind kind = TIMER_WAIT; kind <= TIMER_OUTER; kind++) {
        if (agenda_timer_ms(turns, kind) <= turns->step.now_ms) return true;
    }
    return false;
}
