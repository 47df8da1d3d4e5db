#include "services/s3/assembly.h"

#include "store/blobs.h"

enum { WAIT_MS = 60 * 60 * 1000 };

static void begin(Step *step) {
    step->state = doc_copy(step->arena, step->event->data);
    doc_set_str(step->arena, step->state, "State", STR("RUNNING"));
    step_effect(step, "s3.assemble", doc_copy(step->arena, step->state), STR("assemble"));
}

static void finish(Step *step, const Doc *data) {
    bool ok = doc_flag(data, "ok", false);
    doc_set_str(step->arena, step->state, "State", ok ? STR("DONE") : STR("FAILED"));
    doc_set(step->state, "Pieces", NULL);
    doc_set_str(step->arena, step->state, "Md5", doc_text(data, "md5"));
    doc_set_str(step->arena, step->state, "Checksum", doc_text(data, "checksum"));
    doc_set_str(step->arena, step->state, "Message", doc_text(data, "message"));
    step_wake(step, str_cat(step->arena, STR("s3.assembly/"), step->id));
}

static void assembly_step(Step *step) {
    if (!step->state) {
        if (str_is(step->event->kind, "start")) begin(step);
    } else if (str_is(step->event->kind, "effect") && doc_flag(step->event->data, "final", false)) {
        finish(step, step->event->data);
    }
}

static const MachineType ASSEMBLY_MACHINE = {.version = 1, .step = assembly_step};
const DocumentType S3_ASSEMBLY = {.name = "s3.assembly", .machine = &ASSEMBLY_MACHINE};

static Doc *piece_of(Turn *turn, const ObjectRow *part, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *piece = doc_map(arena);
    Body body;
    if (part->body.place == BODY_IN_FILE) {
        doc_set_str(arena, piece, "Path", part->body.at);
        doc_set_int(arena, piece, "Offset", part->body.offset);
        doc_set_int(arena, piece, "Size", part->size);
        return piece;
    }
    if (!body_read(turn, part, &body, e)) return NULL;
    doc_set_str(arena, piece, "Bytes", str_base64(arena, body.bytes));
    return piece;
}

static Str fingerprint(Arena *arena, const Vec *parts) {
    Digest digest;
    uint8_t out[MD5_BYTES];
    digest_init(&digest, DIGEST_MD5);
    for (size_t i = 0; i < parts->len; i++) digest_update(&digest, ((const ObjectRow *)vec_at(parts, i))->etag);
    digest_final(&digest, out);
    digest_done(&digest);
    return str_hex(arena, digest_str(out, sizeof out));
}

static bool start(Turn *turn, Str upload, const Vec *parts, ChecksumKind kind, Str of, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *data = doc_map(arena), *pieces = doc_list(arena);
    for (size_t i = 0; i < parts->len; i++) {
        Doc *piece = piece_of(turn, vec_at(parts, i), e);
        if (!piece) return false;
        doc_push(pieces, piece);
    }
    doc_set(data, "Pieces", pieces);
    doc_set_str(arena, data, "Kind", checksum_name(kind));
    doc_set_str(arena, data, "Of", of);
    doc_set_str(arena, data, "File", blob_reserve(turn_store(turn), arena));
    turn_send(turn, &S3_ASSEMBLY, upload, STR("start"), data);
    return true;
}

static Assembled result_of(Turn *turn, const Doc *state) {
    Str md5 = STR("");
    str_unhex(turn_arena(turn), doc_text(state, "Md5"), &md5);
    return (Assembled){
        .state = ASSEMBLY_DONE,
        .body = {.place = BODY_IN_FILE, .at = doc_text(state, "File")},
        .md5 = md5,
        .checksum = doc_text(state, "Checksum"),
    };
}

bool assembly_run(Turn *turn, Str upload, const Vec *parts, ChecksumKind kind, Assembled *out, Error *e) {
    Doc *state = NULL;
    Str of = fingerprint(turn_arena(turn), parts);
    bool known = turn_get(turn, &S3_ASSEMBLY, upload, &state);
    Str at = doc_text(state, "State");
    if (known && !str_is(at, "RUNNING") && !str_eq(doc_text(state, "Of"), of)) {
        assembly_drop(turn, upload, true);
        known = false;
    }
    if (known && str_is(at, "FAILED")) {
        assembly_drop(turn, upload, true);
        return fail(e, "InternalError", "The parts could not be put together: %.*s", STR_ARG(doc_text(state, "Message")));
    }
    *out = (Assembled){.state = ASSEMBLY_RUNNING};
    if (!known) return start(turn, upload, parts, kind, of, e);
    if (str_is(at, "DONE")) *out = result_of(turn, state);
    return true;
}

Outcome assembly_park(Turn *turn, const Call *call, Str upload, Error *e) {
    if (call->timed_out) return call_fail(e, "InternalError", "The parts of the upload were not put together in time.");
    return turn_park(turn, str_cat(call->arena, STR("s3.assembly/"), upload), TIMER_OUTER, turn_wall(turn) + WAIT_MS);
}

void assembly_drop(Turn *turn, Str upload, bool file) {
    Doc *state = NULL;
    if (!turn_get(turn, &S3_ASSEMBLY, upload, &state)) return;
    if (file) turn_delete_file(turn, doc_text(state, "File"));
    turn_delete(turn, &S3_ASSEMBLY, upload);
}
