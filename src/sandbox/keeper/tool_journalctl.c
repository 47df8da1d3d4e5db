// journalctl -u UNIT [-n LINES] [-f]: what a unit wrote, from the chunk files of process 1 (stream.c), one line with time and name each.
#include "tools.h"
#include "unit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOGS "/var/log/rehearse"
enum { FOLLOW_US = 200000 };

typedef struct Journal {
    FILE *file;
    const char *unit;
    char host[65];
    bool at_line_start, bare; // bare: -o cat
    long skip; // lines not shown, as only the last are asked for
} Journal;

static void show(Journal *journal, const char *bytes, size_t count, int64_t ms) {
    for (size_t i = 0; i < count; i++) {
        if (journal->at_line_start && journal->skip <= 0 && !journal->bare) {
            char when[32];
            time_t seconds = (time_t)(ms / 1000);
            struct tm parts;
            gmtime_r(&seconds, &parts);
            strftime(when, sizeof when, "%b %d %H:%M:%S", &parts);
            printf("%s %s %.*s: ", when, journal->host, (int)strcspn(journal->unit, "."), journal->unit);
        }
        if (journal->skip <= 0) putchar(bytes[i]);
        journal->at_line_start = bytes[i] == '\n';
        if (journal->at_line_start && journal->skip > 0) journal->skip--;
    }
}

// One chunk; false when there is no whole one now.
static bool next_chunk(Journal *journal, char **bytes, size_t *count, int64_t *ms) {
    char head[64];
    long begin = ftell(journal->file);
    if (fgets(head, sizeof head, journal->file)) {
        const char *space = strchr(head, ' ');
        *ms = number_at(head);
        *count = space ? (size_t)number_at(space + 1) : 0;
        *bytes = realloc(*bytes, *count + 1);
        if (*bytes && fread(*bytes, 1, *count, journal->file) == *count) return true;
    }
    clearerr(journal->file);
    fseek(journal->file, begin, SEEK_SET);
    return false;
}

static long count_lines(Journal *journal) {
    char *bytes = NULL;
    size_t count;
    int64_t ms;
    long lines = 0;
    while (next_chunk(journal, &bytes, &count, &ms))
        for (size_t i = 0; i < count; i++) lines += bytes[i] == '\n';
    free(bytes);
    rewind(journal->file);
    return lines;
}

static int print(Journal *journal, long last, bool follow) {
    char path[256], *bytes = NULL;
    size_t count;
    int64_t ms;
    snprintf(path, sizeof path, LOGS "/%s", journal->unit);
    journal->file = fopen(path, "re");
    if (!journal->file) return puts("-- No entries --"), 0;
    if (last >= 0) journal->skip = count_lines(journal) - last;
    do {
        while (next_chunk(journal, &bytes, &count, &ms)) show(journal, bytes, count, ms);
        fflush(stdout);
        if (follow) usleep(FOLLOW_US);
    } while (follow);
    free(bytes);
    fclose(journal->file);
    return 0;
}

int journalctl_main(int argc, char **argv) {
    char unit[128] = "";
    long last = -1;
    bool follow = false;
    Journal journal = {.unit = unit, .at_line_start = true};
    gethostname(journal.host, sizeof journal.host - 1);
    for (int i = 1; i < argc; i++) {
        const char *name = strncmp(argv[i], "--unit=", 7) == 0 ? argv[i] + 7 : NULL;
        bool takes_unit = argv[i][0] == '-' && argv[i][1] != '-' && argv[i][strlen(argv[i]) - 1] == 'u'; // -u, -xeu
        if (takes_unit && i + 1 < argc)
            name = argv[++i];
        else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
            last = (long)number_at(argv[++i]);
        else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
            journal.bare = strcmp(argv[++i], "cat") == 0;
        else if (strcmp(argv[i], "-f") == 0)
            follow = true;
        if (name && !unit_name(name, unit)) return fprintf(stderr, "%s: only services run in a sandbox\n", name), 1;
    }
    if (!*unit) return fprintf(stderr, "journalctl: only -u UNIT is supported in a sandbox\n"), 1;
    return print(&journal, last, follow);
}
