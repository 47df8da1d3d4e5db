// rehearse clock: shows the plane's clock and what holds it, or moves it.
#include "cli/common.h"

#include "formats/timestamps.h"

#include <inttypes.h>

// "jump", "real", "held", "x60", or "advance 7d": as POST /_rehearse/clock wants it. NULL: just show.
static bool wish_of(Arena *arena, int argc, char **argv, Doc **out, Error *e) {
    Str word = str_of(argc > 1 ? argv[1] : "show");
    Doc *wish = doc_map(arena);
    double scale = 0;
    *out = NULL;
    if (str_is(word, "show")) return true;
    if (str_is(word, "advance")) {
        if (argc < 3) return fail(e, "usage", "clock advance needs a duration, like 7d, 90m or 1h30m");
        doc_set_str(arena, wish, "advance", str_of(argv[2]));
    } else if (word.len > 1 && word.at[0] == 'x' && str_to_double(str_from(word, 1), &scale) && scale > 0) {
        doc_set_str(arena, wish, "mode", STR("scaled"));
        doc_set(wish, "scale", doc_of_real(arena, scale));
    } else if (str_is(word, "real") || str_is(word, "jump") || str_is(word, "held")) {
        doc_set_str(arena, wish, "mode", word);
    } else {
        return fail(e, "usage", "clock takes show, advance DURATION, real, jump, held or xN (x60 is a minute a second), not \"%s\"", argv[1]);
    }
    *out = wish;
    return true;
}

static void write_timers(Arena *arena, const Look *look, const Doc *clock, Buf *out) {
    int64_t now_ms = doc_number(clock, "nowMs", 0);
    int shown = 0;
    for (const Doc *timer = doc_first(doc_get(clock, "timers")); timer && shown < 10; timer = timer->next, shown++) {
        Str due = human_duration(arena, doc_number(timer, "dueMs", now_ms) - now_ms), kind = doc_text(timer, "kind"), name = doc_text(timer, "name");
        Str owner = doc_text(timer, "id").len ? doc_text(timer, "id") : doc_text(timer, "machine");
        buf_addf(out, "%s in %-12s %.*s %.*s ", shown ? "         " : "timers   ", str_c(arena, due), STR_ARG(kind), STR_ARG(owner));
        look_text(look, COLOUR_DIM, name, out);
        buf_add_char(out, '\n');
    }
    size_t all = doc_count(doc_get(clock, "timers"));
    if (all > 10) buf_addf(out, "         and %zu more\n", all - 10);
}

static void write_holds(const Doc *clock, Buf *out) {
    const char *label = "holds it ";
    for (const Doc *hold = doc_first(doc_get(clock, "holds")); hold; hold = hold->next, label = "         ") {
        Str what = doc_text(hold, "what"), for_whom = doc_text(hold, "for");
        buf_addf(out, "%s%.*s for %.*s\n", label, STR_ARG(what), STR_ARG(for_whom));
    }
}

static void write_clock(Arena *arena, const Look *look, const Doc *clock, Buf *out) {
    int64_t ahead_ms = doc_number(clock, "aheadMs", 0);
    Str mode = doc_text(clock, "mode"), now = time_iso8601(arena, doc_number(clock, "nowMs", 0)), ahead = human_duration(arena, ahead_ms);
    buf_addf(out, "clock    %.*s", STR_ARG(now));
    if (ahead_ms >= 1000) buf_addf(out, ", %.*s ahead of real time", STR_ARG(ahead));
    buf_addf(out, "\nmode     %.*s", STR_ARG(mode));
    if (str_is(mode, "scaled")) buf_addf(out, " x%g", doc_real(doc_get(clock, "scale"), 1));
    buf_add_char(out, '\n');
    write_holds(clock, out);
    write_timers(arena, look, clock, out);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    Client client;
    Doc *wish = NULL, *clock = NULL;
    const Option options[] = {COMMON_OPTIONS(common)};
    AUTO_ARENA arena = arena_new();
    bool good = options_take(options, sizeof options / sizeof *options, &argc, argv, &e) &&
                common_operands(argc, argv, 0, 2, "show, advance DURATION, real, jump, held or xN", &e) && wish_of(arena, argc, argv, &wish, &e) &&
                common_open(&common, arena, &client, NULL, &e) &&
                client_page(&client, arena, wish ? "POST" : "GET", "/_rehearse/clock", wish, &clock, &e);
    if (!good) return cannot_run(&e);
    if (common.json) return common_print_json(arena, clock);
    AUTO_BUF out;
    buf_init(&out, 256 * 1024);
    Look look = common_look(&common);
    write_clock(arena, &look, clock, &out);
    common_print_folded(&look, &out);
    return EXIT_OK;
}

const Verb VERB_CLOCK = {
    .name = "clock",
    .summary = "show or move the plane's clock",
    .help = "rehearse clock                     what time it is there, and what holds it\n"
            "rehearse clock advance 7d          seven days pass: whatever is due on the way happens, in order\n"
            "rehearse clock jump                waiting costs nothing: jumps to the next event when nothing is under way\n"
            "rehearse clock real | held | x60   as the wall's; standing still; a minute a second\n"
            "\n" COMMON_HELP,
    .run = run,
};
