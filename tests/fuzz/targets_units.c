// Unit files and their command lines, as process 1 of an instance reads them. The keeper's own types know nothing of core's.
#include "../../src/sandbox/keeper/unit_file.h"

#include <stdlib.h>
#include <string.h>

#include "targets.h"

static void read_commands(const Words *lines, const Words *env) {
    for (size_t i = 0; i < lines->count; i++) {
        Words words = {0};
        CommandFlags flags = {0};
        command_words(lines->at[i], env, &words, &flags);
        words_free(&words);
        words = (Words){0};
        command_words(lines->at[i], NULL, &words, &flags);
        words_free(&words);
    }
}

void fuzz_unit_file(Arena *arena, Str input) {
    UnitFile file = UNIT_FILE_DEFAULTS;
    unit_file_parse(&file, "app@one.service", str_c(arena, input));
    read_commands(&file.start, &file.env);
    read_commands(&file.stop, &file.env);
    read_commands(&file.start_pre, NULL);
    unit_file_free(&file);
    char name[128];
    unit_name(str_c(arena, str_sub(input, 0, 200)), name);
}
