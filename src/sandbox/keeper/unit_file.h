// Unit files of systemd, as far as a deployed application needs them (systemd.unit(5), systemd.service(5), systemd.exec(5)).
//
// Read from /etc/systemd/system, /run/systemd/system, /usr/local/lib/systemd/system, /usr/lib/systemd/system, /lib/systemd/system, then
// the drop-ins NAME.d/*.conf of each. Unknown keys are kept in `ignored`, which `systemctl status` shows. Specifiers: %n %N %p %i %u %h %H
// %t %%. A template's instance (app@1.service) is read from app@.service.
#pragma once

#include "inside.h"

typedef enum UnitType { UNIT_SIMPLE, UNIT_FORKING, UNIT_ONESHOT } UnitType; // exec, notify, idle count as simple
typedef enum UnitRestart { RESTART_NO, RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_ON_SUCCESS } UnitRestart;
typedef enum UnitKill { KILL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE } UnitKill;

typedef struct UnitFile {
    char path[512], description[256];
    UnitType type;
    UnitRestart restart;
    UnitKill kill;
    bool remain;
    Words start_pre, start, start_post, stop, stop_post, reload; // command lines as written
    char user[64], group[64], cwd[512], pid_file[512], runtime_directory[256], output[512]; // output: "append:PATH", "file:PATH", "null" or ""
    Words env, env_files; // "NAME=value"; paths, '-' before those that may be absent
    int64_t restart_ms, start_timeout_ms, stop_timeout_ms, open_files;
    Words after, needs, wants, wanted_by, ignored; // needs: Requires, BindsTo, Requisite
} UnitFile;

bool unit_name(const char *given, char out[128]); // adds ".service"; false for other kinds and for names that are no names
#define UNIT_FILE_DEFAULTS ((UnitFile){.restart_ms = 100, .start_timeout_ms = 90000, .stop_timeout_ms = 90000})
void unit_file_parse(UnitFile *file, const char *name, char *text); // adds what one file says; `text` is changed
bool unit_file_read(const char *name, UnitFile *out); // false: there is none; out is then empty
void unit_file_free(UnitFile *file);
bool unit_is_enabled(const char *name); // a link in some /etc/systemd/system/*.wants or *.requires
void units_enabled(Words *out); // the names of all that are

// A command line as words: quotes, escapes, $NAME (split at blanks) and ${NAME} from `env`, and what its prefix characters say. Without
// `env` only quotes and escapes count.
typedef struct CommandFlags {
    bool may_fail;
} CommandFlags;
void command_words(const char *line, const Words *env, Words *out, CommandFlags *flags);
void unit_environment(const UnitFile *file, Words *out); // env and what the files say; later ones win
