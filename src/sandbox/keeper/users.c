#include "inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Cuts a line of passwd or group at its colons; returns how many fields.
static int split(char *line, char *fields[], int room) {
    int count = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *at = line; at && count < room;) {
        fields[count++] = at;
        if ((at = strchr(at, ':'))) *at++ = 0;
    }
    return count;
}

bool user_find(const char *name, User *out) {
    char line[1024], *fields[7];
    bool found = false;
    if (!*name) name = "root";
    FILE *file = fopen("/etc/passwd", "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        if (split(line, fields, 7) < 7 || (strcmp(fields[0], name) != 0 && strcmp(fields[2], name) != 0)) continue;
        *out = (User){.uid = (uid_t)number_at(fields[2]), .gid = (gid_t)number_at(fields[3])};
        snprintf(out->name, sizeof out->name, "%s", fields[0]);
        snprintf(out->home, sizeof out->home, "%s", fields[5]);
        snprintf(out->shell, sizeof out->shell, "%s", *fields[6] ? fields[6] : "/bin/sh");
        found = true;
    }
    if (file) fclose(file);
    if (!found && strcmp(name, "root") == 0) {
        *out = (User){.name = "root", .home = "/root", .shell = "/bin/sh"};
        return true;
    }
    return found;
}

bool group_find(const char *name, gid_t *out) {
    char line[4096], *fields[4];
    bool found = false;
    FILE *file = fopen("/etc/group", "re");
    while (file && !found && fgets(line, sizeof line, file))
        if (split(line, fields, 4) == 4 && (strcmp(fields[0], name) == 0 || strcmp(fields[2], name) == 0)) {
            *out = (gid_t)number_at(fields[2]);
            found = true;
        }
    if (file) fclose(file);
    return found;
}

static bool has_member(const char *members, const char *name) {
    size_t length = strlen(name);
    for (const char *at = members; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == 0 || at[length] == ',')) return true;
    return false;
}

int user_groups(const User *user, gid_t *out, int room) {
    char line[4096], *fields[4];
    int count = 1;
    out[0] = user->gid;
    FILE *file = fopen("/etc/group", "re");
    while (file && count < room && fgets(line, sizeof line, file))
        if (split(line, fields, 4) == 4 && has_member(fields[3], user->name)) out[count++] = (gid_t)number_at(fields[2]);
    if (file) fclose(file);
    return count;
}
