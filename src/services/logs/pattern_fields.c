// Space-delimited patterns: [ip, user, ..., status = 4*, bytes].
//
// Words are separated by white space; what stands in quotation marks or brackets is one word, without them. Without an ellipsis the last field takes the rest
// of the message.
#include "services/logs/pattern_internal.h"

#include <ctype.h>

// ---- Reading ----

static const Condition *first_of(const Condition *condition) {
    while (condition->left) condition = condition->left;
    return condition;
}

static bool ends_field(Str rest) { return rest.len && (rest.at[0] == ',' || rest.at[0] == ']'); }

static bool read_field(PatternReader *reader, Field *out) {
    *out = (Field){.name = STR("")};
    pattern_skip(reader);
    if (ends_field(reader->rest)) return true; // it has no name
    out->ellipsis = pattern_take(reader, "...");
    if (out->ellipsis) return true;
    Str start = reader->rest;
    size_t len = 0;
    while (len < start.len && (isalnum((unsigned char)start.at[len]) || strchr("_-", start.at[len]))) len++;
    reader->rest = str_from(start, len);
    out->name = str_sub(start, 0, len);
    pattern_skip(reader);
    if (ends_field(reader->rest)) return true;
    reader->rest = start;
    TRY(pattern_read_condition(reader, &out->condition));
    out->name = first_of(out->condition)->subject;
    return true;
}

bool pattern_read_fields(PatternReader *reader, LogPattern *to) {
    size_t ellipses = 0;
    to->fields = vec_of(reader->arena, Field);
    do {
        Field field;
        TRY(read_field(reader, &field));
        vec_add(&to->fields, Field, field);
        ellipses += field.ellipsis;
    } while (pattern_take(reader, ","));
    if (!pattern_take(reader, "]")) return pattern_bad(reader, "expected , or ] at \"%.*s\"", STR_ARG(reader->rest));
    pattern_skip(reader);
    if (reader->rest.len) return pattern_bad(reader, "\"%.*s\" stands behind the closing bracket", STR_ARG(reader->rest));
    return ellipses > 1 ? pattern_bad(reader, "there is more than one ellipsis") : true;
}

// ---- Matching ----

typedef struct Word {
    Str text, rest; // `rest`: from this word to the end of the message
} Word;

static size_t word_end(Str rest, char *closing) {
    size_t end = 1;
    *closing = rest.at[0] == '"' ? '"' : rest.at[0] == '[' ? ']' : 0;
    if (*closing) {
        while (end < rest.len && rest.at[end] != *closing) end++;
        if (end < rest.len) return end;
        *closing = 0; // not closed: a word like others
        end = 1;
    }
    while (end < rest.len && !isspace((unsigned char)rest.at[end])) end++;
    return end;
}

static Vec words_of(Arena *arena, Str message) {
    Vec words = vec_of(arena, Word);
    for (Str rest = str_trim(message); rest.len; rest = str_trim(rest)) {
        char closing;
        size_t end = word_end(rest, &closing);
        vec_add(&words, Word, ((Word){str_sub(rest, closing ? 1 : 0, end), rest}));
        rest = str_from(rest, closing ? end + 1 : end);
    }
    return words;
}

static bool condition_holds(const Condition *condition, Str text) {
    double number = 0;
    if (condition->kind == CONDITION_AND) return condition_holds(condition->left, text) && condition_holds(condition->right, text);
    if (condition->kind == CONDITION_OR) return condition_holds(condition->left, text) || condition_holds(condition->right, text);
    bool known = str_to_double(text, &number);
    return operand_holds(condition->op, &condition->operand, text, known, number);
}

// The text that each field stands for; STR_NONE for an ellipsis. False when the words are too few.
static bool assign(Arena *arena, const Vec *fields, Str message, Str *texts) {
    Vec words = words_of(arena, message);
    size_t ellipsis = fields->len;
    for (size_t i = 0; i < fields->len; i++)
        if (((const Field *)vec_at(fields, i))->ellipsis) ellipsis = i;
    bool open = ellipsis < fields->len;
    if (words.len < fields->len - (open ? 1 : 0)) return false;
    for (size_t i = 0; i < fields->len; i++) {
        if (i == ellipsis) continue;
        size_t at = i < ellipsis ? i : words.len - (fields->len - i);
        const Word *word = vec_at(&words, at);
        bool takes_rest = !open && i + 1 == fields->len && at + 1 < words.len;
        texts[i] = takes_rest ? word->rest : word->text;
    }
    return true;
}

bool fields_hold(Arena *scratch, const Vec *fields, Str message) {
    Str *texts = arena_array(scratch, Str, fields->len);
    if (!assign(scratch, fields, message, texts)) return false;
    for (size_t i = 0; i < fields->len; i++) {
        const Condition *condition = ((const Field *)vec_at(fields, i))->condition;
        if (condition && !condition_holds(condition, texts[i])) return false;
    }
    return true;
}

void fields_extract(Arena *arena, const Vec *fields, Str message, Doc *to) {
    Str *texts = arena_array(arena, Str, fields->len);
    if (!assign(arena, fields, message, texts)) return;
    for (size_t i = 0; i < fields->len; i++) {
        Str name = ((const Field *)vec_at(fields, i))->name;
        if (!texts[i].at) continue;
        Str key = name.len ? str_cat(arena, STR("$"), name) : str_format(arena, "$%zu", i + 1);
        doc_put(to, key, doc_of_str(arena, texts[i]));
    }
}
