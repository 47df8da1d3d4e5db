// What an event says: its log, and records for the server.
#include "services/codedeploy/agent/agent.h"

#include "formats/json.h"
#include "os/files.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(Agent *agent, Doc *record) {
    Str line = str_cat(agent->arena, str_as_utf8(agent->arena, json_write(agent->arena, record)), STR("\n")); // scripts print what they like
    if (agent->control >= 0) file_write_fd(agent->control, line, NULL);
}

static Doc *record_of(Agent *agent, const char *what) {
    Doc *record = doc_map(agent->arena);
    doc_set_str(agent->arena, record, "type", STR("event"));
    doc_set_str(agent->arena, record, "event", agent->event);
    doc_set_str(agent->arena, record, "what", str_of(what));
    doc_set_int(agent->arena, record, "ms", now_ms());
    return record;
}

void event_started(Agent *agent, Str event) {
    agent->event = event;
    agent->script = STR("");
    agent->log = STR("");
    tell(agent, record_of(agent, "started"));
}

static Str error_code(const Error *problem) {
    if (!problem) return STR("Success");
    return str_starts(str_of(problem->code), STR("Script")) ? str_of(problem->code) : STR("UnknownError");
}

// The tail may begin within a character of several bytes: those are left out.
static Str whole_characters(Str text) {
    while (text.len && ((unsigned char)text.at[0] & 0xC0) == 0x80) text = str_from(text, 1);
    return text;
}

void event_ended(Agent *agent, const Error *problem) {
    Doc *record = record_of(agent, "ended");
    doc_set_bool(agent->arena, record, "ok", !problem);
    doc_set_str(agent->arena, record, "errorCode", error_code(problem));
    doc_set_str(agent->arena, record, "scriptName", problem ? agent->script : STR(""));
    doc_set_str(agent->arena, record, "message",
                problem ? str_of(problem->message) : STR("Succeeded: ")); // as the agent of AWS has it: no note behind it
    doc_set_str(agent->arena, record, "logTail", whole_characters(agent->log));
    tell(agent, record);
    fd_close(agent->log_file);
    agent->log_file = -1;
}

static void write_log_file(Agent *agent, Str line) {
    if (agent->log_file < 0) {
        Str folder = path_join(agent->arena, agent->deployment_folder, STR("logs"));
        bool open = folder_make(folder, 0755, NULL) &&
                    file_open(path_join(agent->arena, folder, STR("scripts.log")), O_WRONLY | O_CREAT | O_APPEND, 0644, &agent->log_file, NULL);
        if (!open) return;
    }
    char stamp[32];
    time_t now = time(NULL);
    struct tm parts;
    size_t len = strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S ", localtime_r(&now, &parts));
    file_write_fd(agent->log_file, str_cat(agent->arena, (Str){stamp, len}, line), NULL);
}

// An arena of its own: a script may print for an hour.
void log_line(Agent *agent, const char *prefix, Str line) {
    static char tail[LOG_TAIL_BYTES];
    Arena *kept = agent->arena;
    AUTO_ARENA scratch = arena_new();
    agent->arena = scratch;
    Str whole = str_format(scratch, "%s%.*s\n", prefix, STR_ARG(line)), all = str_cat(scratch, agent->log, whole);
    file_write_fd(STDOUT_FILENO, whole, NULL);
    write_log_file(agent, whole);
    agent->arena = kept;
    if (all.len > LOG_TAIL_BYTES) all = str_from(all, all.len - LOG_TAIL_BYTES);
    memcpy(tail, all.at, all.len);
    agent->log = (Str){tail, all.len};
}
