// The event bus inside the plane: an event is made once, kept for nobody, and handed to every service that subscribes to it, within the transaction
// that delivers it. Rules of EventBridge are one more subscriber.
#include "plane/internal.h"

static Doc *event_doc(Turns *turns, const OutboxEntry *entry, Str id) {
    Arena *arena = turns->arena;
    const Command *command = &entry->command;
    Doc *event = doc_map(arena);
    doc_set_str(arena, event, "version", STR("0"));
    doc_set_str(arena, event, "id", id);
    doc_set_str(arena, event, "detail-type", command->operation);
    doc_set_str(arena, event, "source", command->service);
    doc_set_str(arena, event, "account", entry->where.account);
    doc_set_time(arena, event, "time", turns->step.now_ms);
    doc_set_str(arena, event, "region", entry->where.region);
    doc_set(event, "resources", command->resources ? doc_copy(arena, command->resources) : doc_list(arena));
    doc_set(event, "detail", command->input ? doc_copy(arena, command->input) : doc_map(arena));
    return event;
}

static bool concerns(const Subscription *subscription, const Command *command) {
    if (subscription->source && !str_is(command->service, subscription->source)) return false;
    return !subscription->detail_type || str_is(command->operation, subscription->detail_type);
}

void bus_publish(Turns *turns, const OutboxEntry *entry) {
    Doc *event = event_doc(turns, entry, id_uuid(&turns->ids, turns->arena));
    for (const Service *const *service = SERVICES; *service; service++) {
        const Subscription *subscription = (*service)->subscriptions;
        for (; subscription && subscription->handle; subscription++) {
            if (!concerns(subscription, &entry->command)) continue;
            Turn turn;
            turn_begin(&turn, turns, turns->arena, entry->where, str_format(turns->arena, "event/%.*s/%s", STR_ARG(entry->id), (*service)->name));
            turn.hops = entry->hops;
            store_savepoint(turns->store);
            subscription->handle(&turn, event);
            store_release(turns->store);
        }
    }
}
