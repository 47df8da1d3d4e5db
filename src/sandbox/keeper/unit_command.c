// Command lines of units: systemd's quoting and its two ways of putting variables in.
#include "unit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Word { // the word under construction
    char *at;
    size_t length, room;
    bool any; // quotes make an empty word a word
} Word;

static void put(Word *word, char c) {
    if (word->length + 1 >= word->room) word->at = realloc(word->at, word->room = word->room ? 2 * word->room : 64);
    word->at[word->length++] = c;
    word->at[word->length] = 0;
    word->any = true;
}

static void finish(Word *word, Words *out) {
    if (word->any) words_add(out, word->length ? word->at : "");
    word->length = 0;
    word->any = false;
}

static const char *lookup(const Words *env, const char *name, size_t length) {
    for (size_t i = env->count; i-- > 0;)
        if (strncmp(env->at[i], name, length) == 0 && env->at[i][length] == '=') return env->at[i] + length + 1;
    return "";
}

static size_t name_length(const char *at) { return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"); }

// `at` stands on '$'; returns how many characters were taken, 0 when this is no variable.
static size_t expand(const char *at, const Words *env, bool quoted, Word *word, Words *out) {
    bool braces = at[1] == '{';
    const char *name = at + 1 + braces;
    size_t length = name_length(name);
    if (at[1] == '$') return put(word, '$'), 2;
    if (length == 0 || (braces && name[length] != '}')) return 0;
    bool splits = !braces && !quoted && !word->any && strchr(" \t", name[length]); // a word of its own
    for (const char *value = lookup(env, name, length); *value; value++) {
        if (splits && strchr(" \t\n", *value))
            finish(word, out);
        else
            put(word, *value);
    }
    return (size_t)(name - at) + length + braces;
}

static char escaped(char c) { return c == 'n' ? '\n' : c == 't' ? '\t' : c == 's' ? ' ' : c == 'r' ? '\r' : c; }

void command_words(const char *line, const Words *env, Words *out, CommandFlags *flags) {
    Word word = {0};
    char quote = 0;
    *flags = (CommandFlags){0};
    const char *at = line + strspn(line, " \t");
    for (; env && *at && strchr("-@:+!", *at); at++) flags->may_fail = flags->may_fail || *at == '-';
    while (*at) {
        size_t taken = env && *at == '$' && quote != '\'' ? expand(at, env, quote != 0, &word, out) : 0;
        if (taken) {
            at += taken;
            continue;
        }
        if (*at == '\\' && at[1])
            put(&word, escaped(*++at));
        else if (quote ? *at == quote : *at == '"' || *at == '\'') {
            quote = quote ? 0 : *at;
            word.any = true;
        } else if (!quote && (*at == ' ' || *at == '\t'))
            finish(&word, out);
        else
            put(&word, *at);
        at++;
    }
    finish(&word, out);
    free(word.at);
}

static void read_env_file(const char *path, Words *out) {
    char line[4096];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *at = line + strspn(line, " \t"), *equals = strchr(at, '=');
        at[strcspn(at, "\r\n")] = 0;
        if (!equals || strchr("#;", *at)) continue;
        char *value = equals + 1;
        size_t length = strlen(value);
        if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
            value[length - 1] = 0;
            memmove(value, value + 1, length - 1);
        }
        words_set(out, at);
    }
    if (file) fclose(file);
}

void unit_environment(const UnitFile *file, Words *out) {
    for (size_t i = 0; i < file->env.count; i++) words_set(out, file->env.at[i]);
    for (size_t i = 0; i < file->env_files.count; i++) read_env_file(file->env_files.at[i] + (file->env_files.at[i][0] == '-'), out);
}
