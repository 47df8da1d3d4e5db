// Parked calls: long polls, answers that a function has yet to give. Nothing of a parked call is kept but the call itself: when its key is woken or
// its deadline comes, the handler runs again from its input. Calls from outside live as long as their connection; internal ones are engaged
// entries of the outbox and survive a restart.
#include "plane/internal.h"

#include <assert.h>
#include <stdlib.h>

void parking_add(Turns *turns, ApiWork *work, const OutboxEntry *entry, const Turn *turn) {
    Arena *arena = arena_new();
    Parked *parked = arena_new_of(arena, Parked);
    *parked = (Parked){
        .arena = arena,
        .work = work,
        .entry_id = entry ? str_copy(arena, entry->id) : STR_NONE,
        .key = str_copy(arena, turn->park_key),
        .kind = turn->park_kind,
        .deadline_ms = turn->park_deadline_ms,
    };
    list_add(&turns->parked, &parked->link);
}

static bool is_over(const Turns *turns, const Parked *parked, int64_t real_ms) {
    return (parked->kind == TIMER_OUTER ? real_ms : turns->step.now_ms) >= parked->deadline_ms;
}

static bool is_woken(const Turns *turns, const Parked *parked) {
    for (const Doc *key = doc_first(turns->step.wakes); key; key = key->next) {
        if (str_eq(key->as.text, parked->key)) return true;
    }
    return false;
}

// Runs it again; it may park itself anew.
static void run_again(Turns *turns, Parked *parked) {
    list_remove(&parked->link);
    if (parked->work) {
        parked->work->call.woken = parked->woken;
        parked->work->call.timed_out = parked->timed_out;
        turns_perform(turns, &parked->work->work);
    } else {
        outgoing_run_engaged(turns, parked->entry_id, parked->woken, parked->timed_out);
    }
    arena_free(parked->arena);
}

bool parking_run(Turns *turns) {
    int64_t real_ms = real_now_ms();
    List ready;
    list_init(&ready);
    LIST_EACH (&turns->parked, link) {
        Parked *parked = LIST_ITEM(link, Parked, link);
        parked->woken = is_woken(turns, parked);
        parked->timed_out = !parked->woken && is_over(turns, parked, real_ms);
        if (!parked->woken && !parked->timed_out) continue;
        list_remove(link);
        list_add(&ready, link);
    }
    turns->step.wakes = doc_list(turns->arena);
    bool any = !list_is_empty(&ready);
    for (Link *link; (link = list_take(&ready));) run_again(turns, LIST_ITEM(link, Parked, link));
    return any;
}

int64_t parking_next_real_ms(const Turns *turns) {
    int64_t next = INT64_MAX, real_ms = real_now_ms();
    for (const Link *link = turns->parked.next; link != &turns->parked; link = link->next) {
        const Parked *parked = LIST_ITEM(link, Parked, link);
        int64_t due = parked->kind == TIMER_OUTER ? parked->deadline_ms : timing_real_ms(turns, parked->deadline_ms, real_ms);
        if (due < next) next = due;
    }
    return next;
}

int64_t parking_next_wait_ms(const Turns *turns) {
    int64_t next = INT64_MAX;
    for (const Link *link = turns->parked.next; link != &turns->parked; link = link->next) {
        const Parked *parked = LIST_ITEM(link, Parked, link);
        if (parked->kind == TIMER_WAIT && parked->deadline_ms < next) next = parked->deadline_ms;
    }
    return next;
}

size_t parking_outside_count(const Turns *turns) {
    size_t count = 0;
    for (const Link *link = turns->parked.next; link != &turns->parked; link = link->next) {
        if (LIST_ITEM(link, Parked, link)->work) count++;
    }
    return count;
}

// Of calls whose client has gone: forgets them. Returns false when it was not parked.
bool parking_forget(Turns *turns, const ApiWork *work) {
    LIST_EACH (&turns->parked, link) {
        Parked *parked = LIST_ITEM(link, Parked, link);
        if (parked->work != work) continue;
        list_remove(link);
        arena_free(parked->arena);
        return true;
    }
    return false;
}

void parking_done(Turns *turns) {
    for (Link *link; (link = list_take(&turns->parked));) arena_free(LIST_ITEM(link, Parked, link)->arena);
}
