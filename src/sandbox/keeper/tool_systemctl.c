// systemctl, service and chkconfig inside an instance: enabling is links in /etc, the rest is asked of process 1.
#include "tools.h"
#include "unit_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADMIN "/etc/systemd/system"
enum { QUIET = 1, NOW = 2, NO_BLOCK = 4 };

typedef struct Command { // what the arguments say
    const char *verb;
    int flags;
    Words names; // full unit names
    bool bad;
} Command;

// ---- Asking process 1 ----

static int ask(const char *verb, const Words *names, int flags) {
    char text[MESSAGE_BYTES], request[MESSAGE_BYTES];
    size_t length = (size_t)snprintf(request, sizeof request, "%s", verb);
    for (size_t i = 0; i < names->count && length < sizeof request; i++)
        length += (size_t)snprintf(request + length, sizeof request - length, " %s", names->at[i]);
    int socket = length < sizeof request ? unix_socket_connect("/run/rehearse", "control.sock") : -1;
    if (socket < 0 || !message_send(socket, -1, "%s", request)) return fprintf(stderr, "process 1 does not answer: units run in instances only\n"), 1;
    if (flags & NO_BLOCK) return 0;
    bool is_question = strcmp(verb, "status") == 0 || strcmp(verb, "show") == 0 || strncmp(verb, "is-", 3) == 0 || strncmp(verb, "list", 4) == 0;
    while (message_receive(socket, text, sizeof text, NULL) > 0) {
        const char *line = after_word(text, "text"), *status = after_word(text, "end");
        if (line && !(flags & QUIET)) fprintf(is_question ? stdout : stderr, "%s\n", line);
        if (status) return (int)number_at(status);
    }
    fprintf(stderr, "process 1 ended the conversation\n");
    return 1;
}

// ---- Enabling ----

static int link_into(const char *target, const char *name, const char *path, int flags) {
    char folder[256], link[512];
    snprintf(folder, sizeof folder, ADMIN "/%.100s.wants", target);
    make_folders(folder, 0755);
    snprintf(link, sizeof link, "%s/%s", folder, name);
    if (symlink(path, link) == 0) {
        if (!(flags & QUIET)) fprintf(stderr, "Created symlink %s -> %s.\n", link, path);
        return 0;
    }
    return errno == EEXIST ? 0 : (fprintf(stderr, "Failed to enable unit: %s: %s\n", link, strerror(errno)), 1);
}

static int enable(const char *name, int flags) {
    UnitFile file;
    if (!unit_file_read(name, &file)) return fprintf(stderr, "Failed to enable unit: Unit file %s does not exist.\n", name), 1;
    int status = 0;
    if (file.wanted_by.count == 0) fprintf(stderr, "The unit %s has no [Install] section with WantedBy: it is not meant to be enabled.\n", name);
    for (size_t i = 0; i < file.wanted_by.count && !status; i++) status = link_into(file.wanted_by.at[i], name, file.path, flags);
    unit_file_free(&file);
    return status;
}

static int disable(const char *name, int flags) {
    DIR *folder = opendir(ADMIN);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[512];
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".wants") != 0) continue;
        snprintf(path, sizeof path, ADMIN "/%s/%s", entry->d_name, name);
        if (unlink(path) == 0 && !(flags & QUIET)) fprintf(stderr, "Removed %s.\n", path);
    }
    if (folder) closedir(folder);
    return 0;
}

static int is_enabled(const char *name, int flags) {
    UnitFile file;
    if (!unit_file_read(name, &file)) return fprintf(stderr, "Failed to get unit file state for %s: No such file or directory\n", name), 1;
    bool enabled = unit_is_enabled(name), is_static = file.wanted_by.count == 0;
    if (!(flags & QUIET)) puts(enabled ? "enabled" : is_static ? "static" : "disabled");
    unit_file_free(&file);
    return !enabled && !is_static;
}

static int cat(const char *name, int flags) {
    UnitFile file;
    char text[65536];
    if (!unit_file_read(name, &file)) return fprintf(stderr, "No files found for %s.\n", name), 1;
    printf("# %s\n%s", file.path, read_text(file.path, text, sizeof text) >= 0 ? text : "");
    unit_file_free(&file);
    return 0;
}

// ---- systemctl ----

static void take_option(Command *command, char **argv, int argc, int *at) {
    static const struct {
        const char *name;
        int flags;
        bool value;
    } options[] = {{"-q", QUIET, false},  {"--quiet", QUIET, false},
                   {"--now", NOW, false}, {"--no-block", NO_BLOCK, false},
                   {"-p", 0, true},       {"-t", 0, true},
                   {"-n", 0, true},       {"-o", 0, true},
                   {"-M", 0, true},       {"-H", 0, true}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(argv[*at], options[i].name) != 0) continue;
        command->flags |= options[i].flags;
        if (options[i].value && *at + 1 < argc) ++*at;
    }
}

static void take_name(Command *command, const char *given) {
    char name[128];
    if (unit_name(given, name))
        words_add(&command->names, name);
    else if (strstr(given, ".target") == NULL) {
        fprintf(stderr, "%s: only services run in a sandbox\n", given);
        command->bad = true;
    }
}

static int each(const Command *command, int (*one)(const char *name, int flags)) {
    int status = 0;
    for (size_t i = 0; i < command->names.count; i++) status |= one(command->names.at[i], command->flags);
    return status;
}

static int enable_now(const Command *command, int (*one)(const char *name, int flags), const char *verb) {
    int status = each(command, one);
    return status || !(command->flags & NOW) ? status : ask(verb, &command->names, command->flags);
}

static int execute(const Command *command) {
    const char *verb = command->verb;
    if (strcmp(verb, "enable") == 0 || strcmp(verb, "reenable") == 0 || strcmp(verb, "preset") == 0) return enable_now(command, enable, "start");
    if (strcmp(verb, "disable") == 0) return enable_now(command, disable, "stop");
    if (strcmp(verb, "is-enabled") == 0) return each(command, is_enabled);
    if (strcmp(verb, "cat") == 0) return each(command, cat);
    if (strcmp(verb, "daemon-reexec") == 0 || strcmp(verb, "unmask") == 0 || strcmp(verb, "set-default") == 0) return 0;
    if (strcmp(verb, "is-system-running") == 0) return puts("running"), 0;
    bool alone = strcmp(verb, "daemon-reload") == 0 || strncmp(verb, "list-units", 10) == 0 || strcmp(verb, "reset-failed") == 0;
    if (command->names.count == 0 && !alone && strcmp(verb, "status") != 0) return fprintf(stderr, "Too few arguments.\n"), 1;
    if (command->names.count == 0 && strcmp(verb, "status") == 0) verb = "list-units";
    return ask(verb, &command->names, command->flags);
}

int systemctl_main(int argc, char **argv) {
    Command command = {.verb = "list-units"};
    bool has_verb = false;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            take_option(&command, argv, argc, &i);
        else if (has_verb)
            take_name(&command, argv[i]);
        else {
            command.verb = argv[i];
            has_verb = true;
        }
    }
    return command.bad ? 1 : execute(&command);
}

// service NAME ACTION; chkconfig [--add|--del] NAME [on|off]
int service_main(int argc, char **argv) {
    char name[128], script[256];
    UnitFile file;
    if (argc < 3) return fprintf(stderr, "usage: service NAME start|stop|restart|reload|status\n"), 2;
    snprintf(script, sizeof script, "/etc/init.d/%.200s", argv[1]);
    if (unit_name(argv[1], name) && !unit_file_read(name, &file) && !strchr(argv[1], '/') && access(script, X_OK) == 0) {
        execl(script, script, argv[2], (char *)NULL); // older packages have a script only
        return fprintf(stderr, "%s: %s\n", script, strerror(errno)), 126;
    }
    char *arguments[] = {argv[0], argv[2], argv[1], NULL};
    return systemctl_main(3, arguments);
}

int chkconfig_main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[argc > 2 && argv[1][0] == '-' ? 2 : 1] : NULL;
    bool off = argc > 2 && (strcmp(argv[argc - 1], "off") == 0 || strcmp(argv[1], "--del") == 0);
    if (!name) return fprintf(stderr, "usage: chkconfig NAME on|off\n"), 2;
    char *arguments[] = {argv[0], off ? (char[]){"disable"} : (char[]){"enable"}, strdup(name), NULL};
    return systemctl_main(3, arguments);
}
