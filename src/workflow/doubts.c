// What an application's files say that AWS accepts and Linux does not: told before the deployment that it will cost.
#include "base/limits.h"
#include "formats/paths.h"
#include "formats/yaml.h"
#include "os/files.h"
#include "workflow/application.h"

// A script whose first line ends with a carriage return names an interpreter that is not there: "No such file or directory" is all that one is told then.
static void doubt_script(Arena *arena, const Application *application, Str location, Vec *notes) {
    Str text = STR(""), path = path_join(arena, application->folder, location);
    if (!file_read(arena, path, LIMIT_YAML_BYTES, &text, NULL) || !str_starts(text, STR("#!"))) return;
    Str first = str_cut(&text, '\n');
    if (!str_ends(first, STR("\r"))) return;
    vec_add(notes, Str,
            str_format(arena, "%.*s has the line ends of Windows: Linux finds no interpreter named in its first line. Mend: sed -i 's/\\r$//' %.*s",
                       STR_ARG(location), STR_ARG(location)));
}

static bool is_told_before(const Doc *hooks, const Doc *script) {
    for (const Doc *event = doc_first(hooks); event; event = event->next) {
        for (const Doc *one = doc_first(event); one; one = one->next) {
            if (one == script) return false;
            if (str_eq(doc_text(one, "location"), doc_text(script, "location"))) return true;
        }
    }
    return false;
}

void application_doubts(Arena *arena, const Application *application, Vec *notes) {
    Str text;
    Doc *spec = NULL;
    Str appspec = application_appspec(arena, application);
    if (!appspec.len || !file_read(arena, path_join(arena, application->folder, appspec), LIMIT_YAML_BYTES, &text, NULL)) return;
    if (!yaml_parse_texts(arena, text, &spec, NULL)) return; // its deployment says why
    const Doc *hooks = doc_get(spec, "hooks");
    for (const Doc *event = doc_first(hooks); event; event = event->next) {
        for (const Doc *script = doc_first(event); script; script = script->next) {
            Str location = doc_text(script, "location");
            if (location.len && !is_told_before(hooks, script)) doubt_script(arena, application, location, notes);
        }
    }
}
