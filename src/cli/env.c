// rehearse env: shell exports that point the AWS CLI, SDKs and git at the control plane.
#include "cli/common.h"

#include "os/files.h"

#include <stdlib.h>

typedef struct Export {
    Str name, value;
} Export;

// Without its option the helper serves Amazon's hosts only; what git says besides "get" would be too much for it then.
#define GIT_HELPER "!f() { [ \"$1\" != get ] || aws codecommit credential-helper --ignore-host-check get; }; f"

static void add(Vec *exports, const char *name, Str value) { vec_add(exports, Export, ((Export){str_of(name), value})); }

static Str chosen(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    bool ours = getenv("AWS_ENDPOINT_URL") && value && *value;
    return str_of(ours ? value : otherwise);
}

// Plain HTTP needs nothing; git-remote-codecommit speaks TLS, whose authority is the data folder's own.
static Vec exports_of(Arena *arena, const Client *client, const Doc *health) {
    Vec exports = vec_of(arena, Export);
    Str authority = path_join(arena, doc_text(health, "data"), STR("tls/ca.pem"));
    add(&exports, "AWS_ENDPOINT_URL", client->url);
    add(&exports, "AWS_ACCESS_KEY_ID", chosen("AWS_ACCESS_KEY_ID", "test"));
    add(&exports, "AWS_SECRET_ACCESS_KEY", chosen("AWS_SECRET_ACCESS_KEY", "test"));
    add(&exports, "AWS_DEFAULT_REGION", chosen("AWS_DEFAULT_REGION", str_c(arena, doc_text(health, "region"))));
    add(&exports, "CODE_COMMIT_ENDPOINT", client->authority);
    add(&exports, "GIT_SSL_CAINFO", authority);
    add(&exports, "GIT_CONFIG_COUNT", STR("2"));
    add(&exports, "GIT_CONFIG_KEY_0", str_format(arena, "credential.%.*s.helper", STR_ARG(client->url)));
    add(&exports, "GIT_CONFIG_VALUE_0", STR(GIT_HELPER));
    add(&exports, "GIT_CONFIG_KEY_1", str_format(arena, "credential.%.*s.UseHttpPath", STR_ARG(client->url)));
    add(&exports, "GIT_CONFIG_VALUE_1", STR("true"));
    return exports;
}

// In single quotes nothing is special to a shell but the quote itself.
static Str quoted(Arena *arena, Str value) {
    Str inside = str_replace(arena, value, STR("'"), STR("'\\''"));
    return str_format(arena, "'%.*s'", STR_ARG(inside));
}

static int print_exports(Arena *arena, const Vec *exports, bool json) {
    AUTO_BUF out;
    buf_init(&out, 64 * 1024);
    Doc *doc = doc_map(arena);
    for (size_t i = 0; i < exports->len; i++) {
        Export each = vec_get(exports, Export, i);
        Str value = quoted(arena, each.value);
        doc_add(doc, each.name, doc_of_str(arena, each.value));
        buf_addf(&out, "export %.*s=%.*s\n", STR_ARG(each.name), STR_ARG(value));
    }
    if (json) return common_print_json(arena, doc);
    common_print(&out);
    return EXIT_OK;
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    Client client;
    Doc *health = NULL;
    const Option options[] = {COMMON_OPTIONS(common)};
    AUTO_ARENA arena = arena_new();
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e) || !common_operands(argc, argv, 0, 0, "no operand", &e) ||
        !common_open(&common, arena, &client, &health, &e)) {
        return cannot_run(&e);
    }
    Vec exports = exports_of(arena, &client, health);
    return print_exports(arena, &exports, common.json);
}

const Verb VERB_ENV = {
    .name = "env",
    .summary = "shell exports for the AWS CLI, SDKs and git",
    .help = "eval \"$(rehearse env)\"              then: aws s3 ls; git clone codecommit::us-east-1://app\n"
            "\n" COMMON_HELP,
    .run = run,
};
