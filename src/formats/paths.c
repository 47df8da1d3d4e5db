#include "formats/paths.h"

#include "base/vec.h"

bool path_is_absolute(Str path) { return path.len && path.at[0] == '/'; }

static void add_part(Vec *parts, Str part, bool absolute) {
    if (part.len == 0 || str_is(part, ".")) return;
    bool up = str_is(part, "..");
    bool can_drop = parts->len && !str_is(vec_get(parts, Str, parts->len - 1), "..");
    if (up && can_drop) {
        parts->len--;
    } else if (!up || !absolute) {
        vec_add(parts, Str, part);
    }
}

static Str join_parts(Arena *arena, const Vec *parts, bool absolute, size_t most_bytes) {
    char *text = arena_alloc(arena, most_bytes);
    size_t len = 0;
    for (size_t i = 0; i < parts->len; i++) {
        Str part = vec_get(parts, Str, i);
        if (i || absolute) text[len++] = '/';
        memcpy(text + len, part.at, part.len);
        len += part.len;
    }
    return (Str){text, len};
}

Str path_normalise(Arena *arena, Str path) {
    bool absolute = path_is_absolute(path);
    Vec parts = vec_of(arena, Str);
    for (Str rest = path; !str_is_none(rest);) add_part(&parts, str_cut(&rest, '/'), absolute);
    if (parts.len == 0) return absolute ? STR("/") : STR(".");
    return join_parts(arena, &parts, absolute, path.len + 1);
}

Str path_resolve(Arena *arena, Str base, Str path) {
    if (path_is_absolute(path) || base.len == 0) return path;
    if (path.len == 0) return base;
    bool slash = base.at[base.len - 1] == '/';
    return str_format(arena, "%.*s%s%.*s", STR_ARG(base), slash ? "" : "/", STR_ARG(path));
}

static Str without_trailing_slashes(Str path) {
    while (path.len > 1 && path.at[path.len - 1] == '/') path.len--;
    return path;
}

Str path_dir(Str path) {
    path = without_trailing_slashes(path);
    ptrdiff_t slash = str_rfind_char(path, '/');
    if (slash < 0) return STR(".");
    return slash == 0 ? STR("/") : without_trailing_slashes(str_sub(path, 0, (size_t)slash));
}

Str path_base(Str path) {
    path = without_trailing_slashes(path);
    ptrdiff_t slash = str_rfind_char(path, '/');
    return path.len == 1 ? path : str_from(path, (size_t)(slash + 1));
}

Str path_extension(Str path) {
    Str base = path_base(path);
    ptrdiff_t dot = str_rfind_char(base, '.');
    return dot > 0 ? str_from(base, (size_t)dot) : STR("");
}

bool path_is_contained(Str path) {
    if (path.len == 0 || path_is_absolute(path) || str_find_char(path, '\0') >= 0) return false;
    for (Str rest = path; !str_is_none(rest);) {
        if (str_is(str_cut(&rest, '/'), "..")) return false;
    }
    return true;
}

bool path_is_inside(Arena *arena, Str base, Str path) {
    Str outer = path_normalise(arena, base), inner = path_normalise(arena, path);
    if (str_eq(outer, inner) || str_is(outer, "/")) return path_is_absolute(inner) || str_eq(outer, inner);
    if (str_is(outer, ".")) return path_is_contained(inner);
    return str_starts(inner, outer) && inner.at[outer.len] == '/';
}
