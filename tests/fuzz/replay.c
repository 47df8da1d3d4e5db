// replay CORPUS TARGET: runs the target on each file of CORPUS/TARGET, and on damaged versions of it: the same damage in each run.
#include "targets.h"

#include "base/buf.h"
#include "base/ids.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 300, MOST_CHANGES = 6, INPUT_BYTES = 1 << 20, PATIENCE_S = 20 };

static const char *const PIECES[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     ":",
                                     "- ",
                                     "\n",
                                     "\n  ",
                                     "\"",
                                     "'",
                                     "\\",
                                     "&a ",
                                     "*a",
                                     "<<",
                                     "!!int ",
                                     "|",
                                     ">",
                                     "#",
                                     "%",
                                     "<",
                                     "</",
                                     "&#x41;",
                                     "<!--",
                                     "]]>",
                                     "99999999999999999999",
                                     "-",
                                     ".",
                                     "e9",
                                     "\xff",
                                     "\xc3",
                                     "",
                                     "null",
                                     "~",
                                     "**",
                                     "?",
                                     "T",
                                     "Z",
                                     "+01:00",
                                     "\xe2\x80\xa8",
                                     "\r\n"};
enum { PIECE_COUNT = sizeof PIECES / sizeof *PIECES };

static void damage_once(Arena *arena, IdSource *random, Buf *buf) {
    size_t at = buf->len ? id_u64(random) % buf->len : 0, len = id_u64(random) % 8;
    Str whole = str_copy(arena, buf_str(buf));
    buf_clear(buf);
    buf_add(buf, str_sub(whole, 0, at));
    if (id_u64(random) % 2) buf_add(buf, str_of(PIECES[id_u64(random) % PIECE_COUNT]));
    if (id_u64(random) % 4 == 0) buf_add(buf, str_sub(whole, id_u64(random) % (whole.len + 1), id_u64(random) % (whole.len + 1)));
    if (id_u64(random) % 4 == 0) buf_add_char(buf, (char)id_u64(random));
    buf_add(buf, str_from(whole, at + (id_u64(random) % 2 ? len : 0)));
}

// On the heap with its exact size: a byte read behind the end is a sanitizer's finding.
static void run(const FuzzTarget *target, Str input) {
    AUTO_ARENA arena = arena_new();
    char *bytes = malloc(input.len ? input.len : 1);
    if (!bytes) abort();
    memcpy(bytes, input.at, input.len);
    alarm(PATIENCE_S);
    target->run(arena, (Str){bytes, input.len});
    alarm(0);
    free(bytes);
}

static void run_damaged(const FuzzTarget *target, IdSource *random, Str input) {
    AUTO_ARENA arena = arena_new();
    AUTO_BUF buf;
    buf_init(&buf, INPUT_BYTES);
    buf_add(&buf, input);
    for (uint64_t changes = 1 + id_u64(random) % MOST_CHANGES; changes > 0; changes--) damage_once(arena, random, &buf);
    run(target, buf_str(&buf));
}

static void replay_file(const FuzzTarget *target, Arena *arena, Str path) {
    Str input;
    Error e;
    if (!file_read(arena, path, INPUT_BYTES, &input, &e)) {
        fprintf(stderr, "%s\n", e.message);
        exit(2);
    }
    fprintf(stderr, "%.*s\n", STR_ARG(path)); // shown when it fails
    run(target, input);
    IdSource random;
    id_source_seed(&random, 1, 2);
    for (int round = 0; round < ROUNDS; round++) run_damaged(target, &random, input);
}

int main(int argc, char **argv) {
    const FuzzTarget *target = argc == 3 ? fuzz_target(argv[2]) : NULL;
    if (!target) {
        fprintf(stderr, "usage: replay CORPUS TARGET\n");
        return 2;
    }
    AUTO_ARENA arena = arena_new();
    Str folder = str_format(arena, "%s/%s", argv[1], target->name), *names;
    size_t count = 0;
    if (!folder_list(arena, folder, &names, &count, NULL) || count == 0) {
        fprintf(stderr, "%.*s holds no inputs\n", STR_ARG(folder));
        return 1;
    }
    for (size_t i = 0; i < count; i++) replay_file(target, arena, str_format(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(names[i])));
    return 0;
}
