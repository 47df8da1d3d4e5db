#include "services/codepipeline/variables.h"

bool variable_next(Str *rest, VariableReference *out) {
    ptrdiff_t open = str_find(*rest, STR("#{"));
    if (open < 0) return false;
    Str behind = str_from(*rest, (size_t)open + 2);
    ptrdiff_t close = str_find_char(behind, '}');
    if (close < 0) return false;
    Str text = str_sub(behind, 0, (size_t)close);
    ptrdiff_t period = str_find_char(text, '.');
    *out = (VariableReference){.before = str_sub(*rest, 0, (size_t)open), .text = text};
    if (period > 0 && (size_t)period + 1 < text.len) {
        out->name_space = str_sub(text, 0, (size_t)period);
        out->key = str_from(text, (size_t)period + 1);
    }
    *rest = str_from(behind, (size_t)close + 1);
    return true;
}

bool variables_resolve(Arena *arena, Str text, const Doc *namespaces, Str *out, Str *missing) {
    Str resolved = STR("");
    VariableReference reference;
    while (variable_next(&text, &reference)) {
        Str value = doc_str(doc_get_str_key(doc_get_str_key(namespaces, reference.name_space), reference.key), STR_NONE);
        if (str_is_none(value)) {
            *missing = reference.text;
            return false;
        }
        resolved = str_cat(arena, str_cat(arena, resolved, reference.before), value);
    }
    *out = str_cat(arena, resolved, text);
    return true;
}
