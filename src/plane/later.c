// What waits on the loop for a moment (plane_later). It belongs to the plane, which takes it along when it closes.
#include "plane/internal.h"

typedef struct Later {
    Link link;
    LoopTimer *timer;
    void (*run)(void *context);
    void *context;
    Arena *arena;
} Later;

static void end(Later *later) {
    list_remove(&later->link);
    loop_timer_free(later->timer);
}

static void due(void *context) {
    Later *later = context;
    end(later);
    later->run(later->context); // which may free the arena
}

void plane_later(Plane *plane, int64_t delay_ms, void (*run)(void *context), void *context, Arena *arena) {
    if (plane->closing) {
        arena_free(arena);
        return;
    }
    Later *later = arena_new_of(arena, Later);
    *later = (Later){.run = run, .context = context, .arena = arena};
    later->timer = loop_timer_new(plane->loop, due, later);
    list_add(&plane->laters, &later->link);
    loop_timer_start(later->timer, delay_ms, 0);
}

void laters_close(Plane *plane) {
    for (Link *link; (link = list_take(&plane->laters));) {
        Later *later = LIST_ITEM(link, Later, link);
        end(later);
        arena_free(later->arena);
    }
}
