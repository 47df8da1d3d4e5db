#include "cli/common.h"

#include "formats/json.h"
#include "os/files.h"

#include <unistd.h>

bool common_open(const Common *common, Arena *arena, Client *client, Doc **health, Error *e) {
    Doc *told = NULL;
    TRY(client_init(arena, common->port, client, e));
    TRY(client_health(client, arena, &told, e));
    client_keeps(client, arena, doc_text(told, "data"));
    if (health) *health = told;
    return true;
}

Look common_look(const Common *common) { return look_of(STDOUT_FILENO, common->no_colour != NULL); }

void common_print(const Buf *out) { file_write_fd(STDOUT_FILENO, buf_str(out), NULL); }

int common_print_json(Arena *arena, const Doc *doc) {
    Str text = str_cat(arena, json_write_pretty(arena, doc), STR("\n"));
    file_write_fd(STDOUT_FILENO, text, NULL);
    return EXIT_OK;
}

bool common_operands(int argc, char **argv, int least, int most, const char *what, Error *e) {
    if (argc - 1 < least) return fail(e, "usage", "%s needs %s. How: rehearse help %s", argv[0], what, argv[0]);
    return argc - 1 <= most || fail(e, "usage", "%s takes %s, but got \"%s\"%s", argv[0], what, argv[most + 1], most ? " too" : "");
}
