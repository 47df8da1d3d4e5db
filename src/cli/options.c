#include "cli/verb.h"

#include "services/common/spec.h"

#include <ctype.h>
#include <stdio.h>

enum { OPTIONS_MOST = 24 };

static const Option *find(const Option *options, size_t count, Str name) {
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, options[i].name)) return &options[i];
    }
    return NULL;
}

static bool unknown(const Option *options, size_t count, const char *argument, Error *e) {
    AUTO_ARENA arena = arena_new();
    const char *names[OPTIONS_MOST + 1] = {0};
    Str all = STR("");
    for (size_t i = 0; i < count && i < OPTIONS_MOST; i++) {
        names[i] = options[i].name;
        all = str_format(arena, "%.*s%s%s", STR_ARG(all), i ? ", " : "", names[i]);
    }
    Str near = spec_suggestion(arena, names, str_of(argument));
    if (near.len) return fail(e, "usage", "unknown option %s%.*s", argument, STR_ARG(near));
    return fail(e, "usage", "unknown option %s; options are %.*s", argument, STR_ARG(all));
}

// One option with its value: how many arguments it took, 0 on failure.
static int take(const Option *options, size_t count, int left, char **at, Error *e) {
    Str value = str_of(at[0]), name = str_cut(&value, '=');
    const Option *option = find(options, count, name);
    if (!option) return unknown(options, count, at[0], e), 0;
    if (!option->takes_value && value.at) return fail(e, "usage", "%s takes no value", option->name), 0;
    if (!option->takes_value || value.at) {
        *option->value = value.at ? value.at : option->name;
        return 1;
    }
    if (left < 2) return fail(e, "usage", "%s needs a value", option->name), 0;
    *option->value = at[1];
    return 2;
}

bool options_take(const Option *options, size_t count, int *argc, char **argv, Error *e) {
    int kept = 1;
    for (int i = 1; i < *argc;) {
        if (strcmp(argv[i], "--") == 0) {
            for (i++; i < *argc; i++) argv[kept++] = argv[i];
            break;
        }
        if (argv[i][0] != '-' || argv[i][1] == '\0' || isdigit((unsigned char)argv[i][1])) {
            argv[kept++] = argv[i++];
            continue;
        }
        int took = take(options, count, *argc - i, &argv[i], e);
        if (took == 0) return false;
        i += took;
    }
    *argc = kept;
    return true;
}

bool option_int(const char *name, const char *text, int64_t least, int64_t most, int64_t *out, Error *e) {
    int64_t value;
    if (!str_to_int(str_of(text), &value) || value < least || value > most) {
        return fail(e, "usage", "%s takes a whole number from %lld to %lld, not \"%s\"", name, (long long)least, (long long)most, text);
    }
    *out = value;
    return true;
}

int unknown_verb(const char *name) {
    AUTO_ARENA arena = arena_new();
    const char *names[OPTIONS_MOST + 1] = {0};
    for (size_t i = 0; VERBS[i] && i < OPTIONS_MOST; i++) names[i] = VERBS[i]->name;
    Str near = spec_suggestion(arena, names, str_of(name));
    fprintf(stderr, "rehearse: unknown verb \"%s\"%.*s. What there is: rehearse help\n", name, STR_ARG(near));
    return EXIT_CANNOT_RUN;
}

int cannot_run(const Error *e) {
    fprintf(stderr, "rehearse: %s\n", e->message);
    return EXIT_CANNOT_RUN;
}
