// rehearse env: shell exports that point the AWS CLI, SDKs and git at the control plane.
#include "cli/common.h"

#include "os/files.h"

#include <stdlib.h>

typedef struct Export {
    Str name, value; // STR_NONE: it must not be set
} Export;

// Without its option the helper serves Amazon's hosts only; what git says besides "get" would be too much for it then.
#define GIT_HELPER "!f() { [ \"$1\" != get ] || aws codecommit credential-helper --ignore-host-check get; }; f"

static void add(Vec *exports, const char *name, Str value) { vec_add(exports, Export, ((Export){str_of(name), value})); }

static Str chosen(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    bool ours = getenv("AWS_ENDPOINT_URL") && value && *value;
    return str_of(ours ? value : otherwise);
}

static Str region_of(Arena *arena, const Doc *health) {
    const char *usual = str_c(arena, doc_text(health, "region"));
    return chosen("AWS_REGION", str_c(arena, chosen("AWS_DEFAULT_REGION", usual)));
}

// What is left of work with AWS itself: some SDKs prefer a profile to keys, and its session's token goes with no key of ours.
static void add_absent(Vec *exports) {
    if (getenv("AWS_PROFILE")) add(exports, "AWS_PROFILE", STR_NONE);
    if (getenv("AWS_SESSION_TOKEN") && !getenv("AWS_ENDPOINT_URL")) add(exports, "AWS_SESSION_TOKEN", STR_NONE);
}

// The CLI and boto3 read AWS_DEFAULT_REGION, the SDKs for JavaScript, Java and Go AWS_REGION. Plain HTTP needs nothing; git-remote-codecommit speaks TLS, whose authority is the data folder's own.
static Vec exports_of(Arena *arena, const Client *client, const Doc *health) {
    Vec exports = vec_of(arena, Export);
    Str region = region_of(arena, health), authority = path_join(arena, doc_text(health, "data"), STR("tls/ca.pem"));
    add(&exports, "AWS_ENDPOINT_URL", client->url);
    add(&exports, "AWS_ACCESS_KEY_ID", chosen("AWS_ACCESS_KEY_ID", "test"));
    add(&exports, "AWS_SECRET_ACCESS_KEY", chosen("AWS_SECRET_ACCESS_KEY", "test"));
    add(&exports, "AWS_DEFAULT_REGION", region);
    add(&exports, "AWS_REGION", region);
    add(&exports, "AWS_DISABLE_HOST_PREFIX_INJECTION", STR("true")); // stream-127.0.0.1 is no host
    add_absent(&exports);
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
        bool set = !str_is_none(each.value);
        Str value = set ? quoted(arena, each.value) : STR_NONE;
        doc_add(doc, each.name, set ? doc_of_str(arena, each.value) : doc_null(arena));
        if (set) buf_addf(&out, "export %.*s=%.*s\n", STR_ARG(each.name), STR_ARG(value));
        if (!set) buf_addf(&out, "unset %.*s\n", STR_ARG(each.name));
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
