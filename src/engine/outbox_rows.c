#include "engine/outbox_rows.h"

static Doc *body_to_doc(Arena *arena, const Body *body) {
    if (str_is_none(body->bytes) && str_is_none(body->path)) return NULL;
    Doc *doc = doc_map(arena);
    if (body->bytes.at) doc_set(doc, "bytes", doc_of_blob(arena, body->bytes));
    doc_set_str(arena, doc, "path", body->path);
    doc_set_int(arena, doc, "offset", body->offset);
    doc_set_int(arena, doc, "size", body->size);
    return doc;
}

static Body body_from_doc(const Doc *doc) {
    return (Body){
        .bytes = doc_text(doc, "bytes"),
        .path = doc_text(doc, "path"),
        .offset = doc_number(doc, "offset", 0),
        .size = doc_number(doc, "size", 0),
    };
}

static void add_command(Arena *arena, Doc *doc, const Command *command) {
    doc_set_int(arena, doc, "kind", command->kind);
    doc_set_str(arena, doc, "tag", command->tag);
    doc_set_str(arena, doc, "service", command->service);
    doc_set_str(arena, doc, "operation", command->operation);
    if (command->kind == COMMAND_CALL) doc_set(doc, "principal", principal_to_doc(arena, &command->principal));
    if (command->input) doc_set(doc, "input", doc_copy(arena, command->input));
    if (command->resources) doc_set(doc, "resources", doc_copy(arena, command->resources));
    doc_set(doc, "body", body_to_doc(arena, &command->body));
    if (command->type) doc_set_str(arena, doc, "type", str_of(command->type->name));
    doc_set_str(arena, doc, "id", command->id);
}

Doc *outbox_entry_to_doc(Arena *arena, const OutboxEntry *entry) {
    Doc *doc = doc_map(arena), *command = doc_map(arena);
    doc_set_str(arena, doc, "id", entry->id);
    doc_set_str(arena, doc, "account", entry->where.account);
    doc_set_str(arena, doc, "region", entry->where.region);
    doc_set_str(arena, doc, "origin", entry->origin);
    if (entry->from_machine) {
        doc_set_str(arena, doc, "machineType", str_of(entry->machine.type->name));
        doc_set_str(arena, doc, "machineId", entry->machine.id);
    }
    if (entry->attempts) doc_set_int(arena, doc, "attempts", entry->attempts);
    if (entry->not_before_ms) doc_set_int(arena, doc, "notBefore", entry->not_before_ms);
    if (entry->hops) doc_set_int(arena, doc, "hops", entry->hops);
    add_command(arena, command, &entry->command);
    doc_set(doc, "command", command);
    return doc;
}

static bool command_from_doc(const Doc *doc, Command *out) {
    *out = (Command){
        .kind = (CommandKind)doc_number(doc, "kind", 0),
        .tag = doc_text(doc, "tag"),
        .service = doc_text(doc, "service"),
        .operation = doc_text(doc, "operation"),
        .input = doc_get(doc, "input"),
        .resources = doc_get(doc, "resources"),
        .body = body_from_doc(doc_get(doc, "body")),
        .id = doc_text(doc, "id"),
    };
    const Doc *principal = doc_get(doc, "principal");
    if (principal && !principal_from_doc(principal, &out->principal)) return false;
    if (!doc_get(doc, "type")) return true;
    out->type = engine_type(doc_text(doc, "type"));
    return out->type != NULL;
}

bool outbox_entry_from_doc(Arena *arena, const Doc *doc, OutboxEntry *out) {
    *out = (OutboxEntry){
        .id = doc_text(doc, "id"),
        .where = {doc_text(doc, "account"), doc_text(doc, "region")},
        .origin = doc_text(doc, "origin"),
        .attempts = doc_number(doc, "attempts", 0),
        .not_before_ms = doc_number(doc, "notBefore", 0),
        .hops = (int)doc_number(doc, "hops", 0),
    };
    const Doc *type = doc_get(doc, "machineType");
    out->from_machine = type != NULL;
    if (type) out->machine = (MachineAddress){out->where, engine_type(doc_str(type, STR_NONE)), doc_text(doc, "machineId")};
    return (!type || out->machine.type) && command_from_doc(doc_get(doc, "command"), &out->command);
}
