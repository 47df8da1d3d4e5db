#include "unit_file.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADMIN "/etc/systemd/system"
static const char *const folders[] = {ADMIN, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                      "/lib/systemd/system"};
enum { FOLDERS = sizeof folders / sizeof *folders, FILE_BYTES = 65536 };

bool unit_name(const char *given, char out[128]) {
    const char *slash = strrchr(given, '/'), *name = slash ? slash + 1 : given, *dot = strrchr(name, '.');
    if (!*name || strlen(name) > 100 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") != strlen(name))
        return false;
    bool has_kind = dot && (strcmp(dot, ".socket") == 0 || strcmp(dot, ".timer") == 0 || strcmp(dot, ".target") == 0 || strcmp(dot, ".mount") == 0 ||
                            strcmp(dot, ".path") == 0 || strcmp(dot, ".slice") == 0 || strcmp(dot, ".device") == 0);
    bool is_service = dot && strcmp(dot, ".service") == 0;
    snprintf(out, 128, "%s%s", name, is_service ? "" : ".service");
    return !has_kind;
}

// ---- Values ----

static int64_t span_ms(const char *text, int64_t otherwise) { // "90", "500ms", "1min 30s", "infinity"
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"", 1000},   {"s", 1000},    {"sec", 1000},  {"ms", 1},       {"msec", 1},    {"us", 0.001},
                 {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"hr", 3600000}, {"d", 86400000}};
    if (strcmp(text, "infinity") == 0) return 0;
    const double most_ms = 1e15; // 30,000 years; beyond, and for what is no number, the default holds
    double sum = 0;
    while (*text) {
        char *end, unit[16];
        double number = strtod(text, &end);
        if (end == text) return otherwise;
        size_t length = strspn(end, "abcdefghijklmnopqrstuvwxyz"), i = 0;
        snprintf(unit, sizeof unit, "%.*s", (int)length, end);
        while (i < sizeof units / sizeof *units && strcmp(unit, units[i].unit) != 0) i++;
        if (i == sizeof units / sizeof *units) return otherwise;
        sum += number * units[i].ms;
        if (!(number >= 0 && sum <= most_ms)) return otherwise;
        text = end + length + strspn(end + length, " ");
    }
    return (int64_t)sum;
}

static bool is_true(const char *text) {
    return strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "on") == 0 || strcmp(text, "1") == 0;
}

static void specify(const char *name, const char *user, const char *text, char *out, size_t room) {
    char stem[128], prefix[128], host[65] = "";
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(name) - strlen(".service")), name);
    snprintf(prefix, sizeof prefix, "%.*s", (int)strcspn(stem, "@"), stem);
    const char *at = strchr(stem, '@'), *instance = at ? at + 1 : "";
    gethostname(host, sizeof host - 1);
    size_t n = 0;
    for (; *text && n + 1 < room; text++) {
        const char letter = *text == '%' ? text[1] : 0;
        const char *with = letter == 'n'                    ? name
                           : letter == 'N'                  ? stem
                           : letter == 'p'                  ? prefix
                           : letter == 'i' || letter == 'I' ? instance
                           : letter == 'u'                  ? user
                           : letter == 'h'                  ? "/root"
                           : letter == 'H'                  ? host
                           : letter == 't'                  ? "/run"
                           : letter == '%'                  ? "%"
                                                            : NULL;
        if (!with)
            out[n++] = *text;
        else {
            int written = snprintf(out + n, room - n, "%s", with);
            n += (size_t)written < room - n ? (size_t)written : room - n - 1;
            text++;
        }
    }
    out[n] = 0;
}

static void add_split(Words *words, const char *text) { // blanks between, quotes around
    Words split = {0};
    CommandFlags flags;
    command_words(text, NULL, &split, &flags);
    for (size_t i = 0; i < split.count; i++) words_add(words, split.at[i]);
    words_free(&split);
}

// ---- Keys ----

typedef enum KeyKind { K_TEXT, K_LINES, K_LIST, K_SPAN, K_BOOL, K_TYPE, K_RESTART, K_KILL, K_NUMBER, K_NOTED } KeyKind;
typedef struct Key {
    const char *name;
    KeyKind kind;
    size_t offset, room;
} Key;
#define TEXT(key, member) \
    { key, K_TEXT, offsetof(UnitFile, member), sizeof(((UnitFile *)0)->member) }
#define AT(key, kind, member) \
    { key, kind, offsetof(UnitFile, member), 0 }
static const Key keys[] = {
    TEXT("Description", description),
    AT("Type", K_TYPE, type),
    AT("Restart", K_RESTART, restart),
    AT("KillMode", K_KILL, kill),
    AT("RemainAfterExit", K_BOOL, remain),
    AT("ExecStartPre", K_LINES, start_pre),
    AT("ExecStart", K_LINES, start),
    AT("ExecStartPost", K_LINES, start_post),
    AT("ExecStop", K_LINES, stop),
    AT("ExecStopPost", K_LINES, stop_post),
    AT("ExecReload", K_LINES, reload),
    TEXT("User", user),
    TEXT("Group", group),
    TEXT("WorkingDirectory", cwd),
    TEXT("PIDFile", pid_file),
    TEXT("RuntimeDirectory", runtime_directory),
    TEXT("StandardOutput", output),
    AT("Environment", K_LIST, env),
    AT("EnvironmentFile", K_LINES, env_files),
    AT("RestartSec", K_SPAN, restart_ms),
    AT("TimeoutStartSec", K_SPAN, start_timeout_ms),
    AT("TimeoutStopSec", K_SPAN, stop_timeout_ms),
    AT("TimeoutSec", K_SPAN, start_timeout_ms),
    AT("LimitNOFILE", K_NUMBER, open_files),
    AT("After", K_LIST, after),
    AT("Requires", K_LIST, needs),
    AT("BindsTo", K_LIST, needs),
    AT("Requisite", K_LIST, needs),
    AT("Wants", K_LIST, wants),
    AT("WantedBy", K_LIST, wanted_by),
    AT("RequiredBy", K_LIST, wanted_by),
    {"Documentation", K_NOTED, 0, 0},
    {"Before", K_NOTED, 0, 0},
    {"SyslogIdentifier", K_NOTED, 0, 0},
    {"StandardError", K_NOTED, 0, 0},
    {"NotifyAccess", K_NOTED, 0, 0},
    {"DefaultDependencies", K_NOTED, 0, 0},
    {"PartOf", K_NOTED, 0, 0},
    {"KillSignal", K_NOTED, 0, 0},
};

static int choice_of(const char *value, const char *const *names, const int *values, int otherwise) {
    for (size_t i = 0; names[i]; i++)
        if (strcmp(value, names[i]) == 0) return values[i];
    return otherwise;
}

static void set_choice(KeyKind kind, int *to, const char *value) {
    static const char *const types[] = {"forking", "oneshot", NULL}, *const restarts[] = {"always",   "on-failure", "on-abnormal",
                                                                                          "on-abort", "on-success", NULL},
                             *const kills[] = {"mixed", "process", "none", NULL};
    static const int type_values[] = {UNIT_FORKING, UNIT_ONESHOT},
                     restart_values[] = {RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_ON_FAILURE, RESTART_ON_FAILURE, RESTART_ON_SUCCESS},
                     kill_values[] = {KILL_MIXED, KILL_PROCESS, KILL_NONE};
    if (kind == K_TYPE) *to = choice_of(value, types, type_values, UNIT_SIMPLE);
    if (kind == K_RESTART) *to = choice_of(value, restarts, restart_values, RESTART_NO);
    if (kind == K_KILL) *to = choice_of(value, kills, kill_values, KILL_GROUP);
}

static void set_key(UnitFile *file, const Key *key, const char *value) {
    void *at = (char *)file + key->offset;
    switch (key->kind) {
    case K_TEXT: snprintf(at, key->room, "%s", value); break;
    case K_LINES:
    case K_LIST:
        if (!*value)
            words_free(at); // an empty value empties the list
        else if (key->kind == K_LINES)
            words_add(at, value);
        else
            add_split(at, value);
        break;
    case K_SPAN: *(int64_t *)at = span_ms(value, *(int64_t *)at); break;
    case K_NUMBER: *(int64_t *)at = number_at(value); break;
    case K_BOOL: *(bool *)at = is_true(value); break;
    case K_TYPE:
    case K_RESTART:
    case K_KILL: set_choice(key->kind, at, value); break;
    case K_NOTED: break;
    }
}

static void assign(UnitFile *file, const char *name, char *line) {
    char value[4096];
    char *equals = strchr(line, '=');
    if (!equals) return;
    char *end = equals;
    while (end > line && isspace((unsigned char)end[-1])) end--;
    *end = 0;
    equals++;
    specify(name, *file->user ? file->user : "root", equals + strspn(equals, " \t"), value, sizeof value);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, line) == 0) {
            set_key(file, &keys[i], value);
            return;
        }
    if (strncmp(line, "X-", 2) != 0) words_add(&file->ignored, line);
}

// ---- Files ----

void unit_file_parse(UnitFile *file, const char *name, char *text) {
    for (char *at = text; at && *at;) {
        char *line = at + strspn(at, " \t"), *end;
        for (end = line; *end && *end != '\n'; end++)
            if (*end == '\\' && end[1] == '\n') *end = ' ', end[1] = ' '; // goes on in the next line
        at = *end ? end + 1 : NULL;
        *end = 0;
        while (end > line && isspace((unsigned char)end[-1])) *--end = 0;
        if (*line && !strchr("#;[", *line)) assign(file, name, line);
    }
}

static bool read_into(UnitFile *file, const char *name, const char *path) {
    char *text = malloc(FILE_BYTES);
    bool good = text && read_text(path, text, FILE_BYTES) >= 0;
    if (good) unit_file_parse(file, name, text);
    free(text);
    return good;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list_folder(const char *path, const char *suffix, Words *out) { // names, sorted
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        if (entry->d_name[0] != '.' && length > end && strcmp(entry->d_name + length - end, suffix) == 0) words_add(out, entry->d_name);
    }
    if (folder) closedir(folder);
    if (out->count) qsort(out->at, out->count, sizeof *out->at, by_name);
}

static void read_drop_ins(UnitFile *file, const char *name) {
    for (size_t i = FOLDERS; i-- > 0;) {
        char path[512];
        Words names = {0};
        snprintf(path, sizeof path, "%s/%s.d", folders[i], name);
        list_folder(path, ".conf", &names);
        for (size_t n = 0; n < names.count; n++) {
            snprintf(path, sizeof path, "%s/%s.d/%s", folders[i], name, names.at[n]);
            read_into(file, name, path);
        }
        words_free(&names);
    }
}

bool unit_file_read(const char *name, UnitFile *out) {
    char template[128] = "";
    const char *at = strchr(name, '@');
    if (at) snprintf(template, sizeof template, "%.*s@.service", (int)(at - name), name);
    *out = UNIT_FILE_DEFAULTS;
    for (size_t i = 0; i < 2 * FOLDERS; i++) { // by its own name first, then as an instance of a template
        const char *file = i < FOLDERS ? name : template;
        snprintf(out->path, sizeof out->path, "%s/%s", folders[i % FOLDERS], file);
        if (*file && read_into(out, name, out->path)) {
            read_drop_ins(out, name);
            return true;
        }
    }
    out->path[0] = 0;
    return false;
}

void unit_file_free(UnitFile *file) {
    Words *const lists[] = {&file->start_pre, &file->start, &file->start_post, &file->stop,  &file->stop_post, &file->reload, &file->env,
                            &file->env_files, &file->after, &file->needs,      &file->wants, &file->wanted_by, &file->ignored};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) words_free(lists[i]);
}

static void each_wants(const char *wanted, Words *out) { // wanted NULL: all of them
    DIR *folder = opendir(ADMIN);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[512];
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || (strcmp(dot, ".wants") != 0 && strcmp(dot, ".requires") != 0)) continue;
        Words names = {0};
        snprintf(path, sizeof path, ADMIN "/%s", entry->d_name);
        list_folder(path, ".service", &names);
        for (size_t i = 0; i < names.count; i++)
            if (!wanted || strcmp(names.at[i], wanted) == 0) words_add(out, names.at[i]);
        words_free(&names);
    }
    if (folder) closedir(folder);
}

void units_enabled(Words *out) { each_wants(NULL, out); }

bool unit_is_enabled(const char *name) {
    Words found = {0};
    each_wants(name, &found);
    bool enabled = found.count > 0;
    words_free(&found);
    return enabled;
}
