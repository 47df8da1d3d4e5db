#include "services/codebuild/agent/journal.h"

#include "formats/json.h"
#include "formats/timestamps.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_DESCRIPTOR = 3, FIRST_OWN_DESCRIPTOR = 20 };

static struct timespec wall_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

static int64_t now_ms(void) {
    struct timespec now = wall_clock();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Moved away from 3, so that no command of the build finds it there.
void journal_open(Journal *journal, Arena *arena) {
    *journal = (Journal){.arena = arena, .control = fcntl(CONTROL_DESCRIPTOR, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR)};
    if (journal->control >= 0) close(CONTROL_DESCRIPTOR);
}

static void write_all(int fd, Str text) {
    while (text.len) {
        ssize_t done = write(fd, text.at, text.len);
        if (done < 0 && errno != EINTR) return;
        if (done > 0) text = str_from(text, (size_t)done);
    }
}

void journal_log_plain(Journal *journal, Str text) { write_all(STDOUT_FILENO, str_cat(journal->arena, text, STR("\n"))); }

void journal_log(Journal *journal, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str message = str_vformat(journal->arena, format, args);
    va_end(args);
    struct timespec now = wall_clock();
    TimeParts t = time_split((int64_t)now.tv_sec * 1000);
    journal_log_plain(journal, str_format(journal->arena, "[Container] %04d/%02d/%02d %02d:%02d:%02d.%06ld %.*s", (int)t.year, t.month, t.day, t.hour,
                                          t.minute, t.second, now.tv_nsec / 1000, STR_ARG(message)));
}

Doc *journal_new(Journal *journal, const char *type) {
    Doc *record = doc_map(journal->arena);
    doc_set_int(journal->arena, record, "seq", ++journal->sequence);
    doc_set_str(journal->arena, record, "type", str_of(type));
    return record;
}

void journal_record(Journal *journal, Doc *record) {
    if (!doc_get(record, "ms")) doc_set_int(journal->arena, record, "ms", now_ms());
    if (journal->control < 0) return;
    write_all(journal->control, str_cat(journal->arena, json_write(journal->arena, record), STR("\n")));
}

void journal_phase_started(Journal *journal, Str phase) {
    Doc *record = journal_new(journal, "phase");
    journal->phase_started_ms = now_ms();
    doc_set_str(journal->arena, record, "phase", phase);
    doc_set_str(journal->arena, record, "event", STR("started"));
    doc_set_int(journal->arena, record, "ms", journal->phase_started_ms);
    journal_record(journal, record);
}

static Doc *contexts_of(Arena *arena, const Error *problem) {
    Doc *contexts = doc_list(arena), *context = doc_map(arena);
    doc_set_str(arena, context, "statusCode", problem ? str_of(problem->code) : STR(""));
    doc_set_str(arena, context, "message", problem ? str_of(problem->message) : STR(""));
    doc_push(contexts, context);
    return contexts;
}

void journal_phase_ended(Journal *journal, Str phase, const Error *problem) {
    Arena *arena = journal->arena;
    const char *status = problem ? "FAILED" : "SUCCEEDED";
    journal_log(journal, "Phase complete: %.*s State: %s", STR_ARG(phase), status);
    journal_log(journal, "Phase context status code: %s Message: %s", problem ? problem->code : "", problem ? problem->message : "");
    Doc *record = journal_new(journal, "phase");
    int64_t ended = now_ms();
    doc_set_str(arena, record, "phase", phase);
    doc_set_str(arena, record, "event", STR("ended"));
    doc_set_str(arena, record, "status", str_of(status));
    doc_set_int(arena, record, "startMs", journal->phase_started_ms);
    doc_set_int(arena, record, "ms", ended);
    doc_set_int(arena, record, "durationMs", ended - journal->phase_started_ms);
    doc_set(record, "contexts", contexts_of(arena, problem));
    journal_record(journal, record);
}
