// The journal of a build: lines for people on standard output, records for the server on the control descriptor.
//
// A record is one JSON object a line, written at once, with a sequence number that counts from 1:
//   {"seq", "type": "phase", "phase": "BUILD", "event": "started", "ms"}
//   {"seq", "type": "phase", "phase": "BUILD", "event": "ended", "status": "SUCCEEDED"|"FAILED", "startMs", "ms", "durationMs",
//    "contexts": [{"statusCode", "message"}]}
//   {"seq", "type": "variables", "exported": [{"name", "value"}]}
//   {"seq", "type": "artifact", "identifier" (secondary), "name", "packaging", "path", "size", "sha256", "md5", "fileCount"}  ZIP
//   {"seq", "type": "artifact", "identifier" (secondary), "name", "packaging", "path" (folder), "files": [{"name", "size"}]}  NONE
//   {"seq", "type": "report", "group", "format", "path" (JSON of its test cases), "total", "statusCounts": {…}, "durationNs"}
//   {"seq", "type": "final", "status": "SUCCEEDED"|"FAILED", "ms"}
// Paths are relative to the folder of job.json. Times are milliseconds since 1970.
#pragma once

#include "base/doc.h"
#include "base/error.h"

typedef struct Journal {
    Arena *arena;
    int control; // -1: nobody listens
    int64_t sequence;
    int64_t phase_started_ms;
} Journal;

void journal_open(Journal *journal, Arena *arena);
void journal_log(Journal *journal, const char *format, ...) __attribute__((format(printf, 2, 3))); // "[Container] 2026/01/02 15:04:05.000000 …"
void journal_log_plain(Journal *journal, Str text); // as it is, with a line end
Doc *journal_new(Journal *journal, const char *type); // a record to be filled
void journal_record(Journal *journal, Doc *record);

void journal_phase_started(Journal *journal, Str phase);
// `problem` NULL: it succeeded; else its code is the context's status code. Logs "Phase complete: …" and the context.
void journal_phase_ended(Journal *journal, Str phase, const Error *problem);
