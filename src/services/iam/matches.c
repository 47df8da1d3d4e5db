// Which statements decide a simulation, where they stand in their documents, and which condition keys they would have needed.
//
// A statement's place begins behind what stands before it in the list ('[' or ','), a single statement's behind its own opening brace; it ends behind its
// closing brace. Lines and columns count from 1.
#include "services/iam/simulation.h"

#include "formats/json.h"

// ---- Places ----

// The end of the string that begins at `at`: the index of its closing quote.
static size_t string_end(Str text, size_t at) {
    for (at++; at < text.len && text.at[at] != '"'; at++) at += text.at[at] == '\\';
    return at;
}

static bool is_open(char c) { return c == '{' || c == '['; }
static bool is_close(char c) { return c == '}' || c == ']'; }

// Behind the colon of the document's member "Statement".
static size_t statements_at(Str text) {
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        depth += is_open(c) - is_close(c);
        if (c != '"') continue;
        size_t end = string_end(text, i);
        bool found = depth == 1 && str_is(str_sub(text, i + 1, end), "Statement");
        i = end;
        if (!found) continue;
        while (i < text.len && text.at[i] != ':') i++;
        return i + 1;
    }
    return text.len;
}

static bool find_statement(Str text, size_t index, size_t *from, size_t *to) {
    size_t at = statements_at(text), count = 0;
    while (at < text.len && !is_open(text.at[at])) at++;
    *from = at + 1;
    if (at < text.len && text.at[at] == '[') at++;
    int depth = 0;
    for (; at < text.len; at++) {
        char c = text.at[at];
        depth += is_open(c) - is_close(c);
        if (c == '"') at = string_end(text, at);
        if (c == ',' && depth == 0) *from = at + 1, count++;
        *to = at + 1;
        if (c == '}' && depth == 0 && count == index) return true;
        if (depth < 0) return false;
    }
    return false;
}

static Doc *position(Arena *arena, Str text, size_t at) {
    Doc *place = doc_map(arena);
    int64_t line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < at; i++) {
        if (text.at[i] != '\n') continue;
        line++;
        begin = i + 1;
    }
    doc_set_int(arena, place, "Line", line);
    doc_set_int(arena, place, "Column", (int64_t)(at - begin) + 1);
    return place;
}

static void add_match(Arena *arena, const SourcePolicy *source, size_t index, Doc *matches) {
    size_t from, to;
    if (!find_statement(source->text, index, &from, &to)) return;
    Doc *match = doc_map(arena);
    doc_set_str(arena, match, "SourcePolicyId", source->id);
    doc_set_str(arena, match, "SourcePolicyType", STR("IAM Policy"));
    doc_set(match, "StartPosition", position(arena, source->text, from));
    doc_set(match, "EndPosition", position(arena, source->text, to));
    doc_push(matches, match);
}

// ---- Statements, one by one ----

static PolicyAnswer ask_statement(const PolicyQuestion *question, const Doc *statement, bool with_conditions) {
    Arena *arena = question->arena;
    Doc *document = doc_map(arena), *alone = doc_copy(arena, statement);
    const Policy *policy;
    PolicyAnswer answer = {0};
    if (!with_conditions) doc_put(alone, STR("Condition"), NULL);
    alone->key = STR("Statement");
    doc_set_str(arena, document, "Version", STR("2012-10-17"));
    doc_set(document, "Statement", alone);
    if (policy_compile(arena, document, POLICY_IDENTITY, &policy, NULL)) policy_ask(policy, question, &answer);
    return answer;
}

static void add_missing(const PolicyQuestion *question, const Doc *statement, Doc *missing) {
    PolicyAnswer answer = ask_statement(question, statement, false);
    if (!answer.allows && !answer.denies) return;
    for (const Doc *op = doc_first(doc_get(statement, "Condition")); op; op = op->next)
        for (const Doc *key = doc_first(op); key; key = key->next)
            if (!policy_context(question, key->key) && !doc_has_text_nocase(missing, key->key)) doc_push_str(question->arena, missing, key->key);
}

void simulation_explain(const SourcePolicy *source, const PolicyQuestion *question, Decision decision, Doc *matches, Doc *missing) {
    Doc *document;
    size_t index = 0;
    if (!json_parse(question->arena, source->text, &document, NULL)) return;
    const Doc *statements = doc_get(document, "Statement");
    bool list = doc_is(statements, DOC_LIST);
    for (const Doc *one = list ? doc_first(statements) : statements; one; one = list ? one->next : NULL, index++) {
        PolicyAnswer answer = ask_statement(question, one, true);
        bool decides = (decision == DECISION_ALLOW && answer.allows) || (decision == DECISION_EXPLICIT_DENY && answer.denies);
        if (decides) add_match(question->arena, source, index, matches);
        add_missing(question, one, missing);
    }
}
