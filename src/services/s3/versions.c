// The versions of a key.
//
// Invariants: s3_objects has at most one row a key, the newest version; the older ones are in s3_versions, and only where s3_objects has a row. Sequences
// grow from version to version. At most one version is the null version; when it is not the current one, the current row's null_sequence says where it is.
//
//     put, never versioned or suspended: the null version is replaced; any other current one becomes an older one
//     put, enabled: the current one becomes an older one
//     remove of the current one: the newest of the older ones takes its place
#include "services/s3/s3.h"

enum { SEQUENCE_CHARS = 10, CHAR_BITS = 5 };
#define SEQUENCE_ALPHABET "0123456789abcdefghjkmnpqrstvwxyz"
#define VERSION_ALPHABET STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._")

// A version's id tells its sequence, so that it is found by one read; the rest of it nobody can guess.
static Str new_version_id(Turn *turn, uint64_t sequence) {
    char digits[SEQUENCE_CHARS];
    for (int i = SEQUENCE_CHARS - 1; i >= 0; i--, sequence >>= CHAR_BITS) digits[i] = SEQUENCE_ALPHABET[sequence & 31];
    Arena *arena = turn_arena(turn);
    Str random = id_chars(turn_ids(turn), arena, VERSION_ALPHABET, VERSION_ID_CHARS - SEQUENCE_CHARS);
    return str_cat(arena, random, (Str){digits, sizeof digits});
}

static bool sequence_of(Str version, uint64_t *out) {
    if (version.len != VERSION_ID_CHARS) return false;
    uint64_t sequence = 0;
    for (size_t i = VERSION_ID_CHARS - SEQUENCE_CHARS; i < version.len; i++) {
        const char *digit = version.at[i] ? strchr(SEQUENCE_ALPHABET, version.at[i]) : NULL;
        if (!digit) return false;
        sequence = sequence << CHAR_BITS | (uint64_t)(digit - SEQUENCE_ALPHABET);
    }
    *out = sequence;
    return true;
}

bool version_id_is_valid(Str version) {
    uint64_t sequence;
    return str_is(version, "null") || sequence_of(version, &sequence);
}

Str row_version(const ObjectRow *row) { return row->version.at ? row->version : STR("null"); }

Str version_shown(const Bucket *bucket, const ObjectRow *row) { return bucket->versioning == VERSIONING_NEVER ? STR_NONE : row_version(row); }

static Str key_of(Turn *turn, Str bucket, Str key) { return KEY(turn_arena(turn), key_text(bucket), key_text(key)); }

static Str older_key(Turn *turn, Str bucket, Str key, uint64_t sequence) {
    return KEY(turn_arena(turn), key_text(bucket), key_text(key), key_number(~sequence));
}

static bool read_row(Turn *turn, const StoreTable *table, Str row_key, ObjectRow *out) {
    Str bytes;
    return store_get(turn_store(turn), table, row_key, turn_arena(turn), &bytes) && row_read(bytes, out);
}

static void write_current(Turn *turn, Str bucket, Str key, const ObjectRow *row) {
    store_put(turn_store(turn), &S3_OBJECTS, key_of(turn, bucket, key), row_write(turn_arena(turn), row));
}

bool object_current(Turn *turn, Str bucket, Str key, ObjectRow *out) { return read_row(turn, &S3_OBJECTS, key_of(turn, bucket, key), out); }

// Where a version is: the current one, or an older one by its sequence.
static bool locate(Turn *turn, Str bucket, Str key, Str version, ObjectRow *current, uint64_t *older) {
    bool null = str_is(version, "null");
    *older = 0;
    if (!object_current(turn, bucket, key, current)) return false;
    if (str_eq(row_version(current), version)) return true;
    if (null)
        *older = current->null_sequence;
    else if (!sequence_of(version, older))
        return false;
    return *older != 0;
}

bool object_version(Turn *turn, Str bucket, Str key, Str version, ObjectRow *out) {
    ObjectRow current, row;
    uint64_t older;
    if (!locate(turn, bucket, key, version, &current, &older)) return false;
    if (!older) {
        *out = current;
        return true;
    }
    if (!read_row(turn, &S3_VERSIONS, older_key(turn, bucket, key, older), &row) || !str_eq(row_version(&row), version)) return false;
    *out = row;
    return true;
}

// The null version makes way for a new one.
static void drop_null(Turn *turn, Str bucket, Str key, const ObjectRow *current) {
    if (!current->version.at) {
        body_drop(turn, current);
        return;
    }
    ObjectRow null;
    if (!current->null_sequence || !read_row(turn, &S3_VERSIONS, older_key(turn, bucket, key, current->null_sequence), &null)) return;
    body_drop(turn, &null);
    store_delete(turn_store(turn), &S3_VERSIONS, older_key(turn, bucket, key, current->null_sequence));
}

static void make_older(Turn *turn, Str bucket, Str key, const ObjectRow *current) {
    store_put(turn_store(turn), &S3_VERSIONS, older_key(turn, bucket, key, current->sequence), row_write(turn_arena(turn), current));
}

void object_store(Turn *turn, const Bucket *bucket, Str key, ObjectRow *row) {
    ObjectRow current;
    bool keeps = bucket->versioning == VERSIONING_ENABLED, exists = object_current(turn, bucket->name, key, &current);
    row->sequence = exists ? current.sequence + 1 : 1;
    row->version = keeps ? new_version_id(turn, row->sequence) : STR_NONE;
    row->null_sequence = 0;
    if (exists && !keeps) drop_null(turn, bucket->name, key, &current);
    if (exists && (keeps || current.version.at)) make_older(turn, bucket->name, key, &current);
    row->older = exists && (keeps || current.version.at || current.older);
    if (exists && keeps) row->null_sequence = current.version.at ? current.null_sequence : current.sequence;
    write_current(turn, bucket->name, key, row);
}

void object_mark_deleted(Turn *turn, const Bucket *bucket, Str key, ObjectRow *marker) {
    *marker = (ObjectRow){.marker = true, .modified_ms = turn_now(turn) / 1000 * 1000};
    object_store(turn, bucket, key, marker);
}

void object_change(Turn *turn, Str bucket, Str key, const ObjectRow *row) {
    ObjectRow current;
    if (object_current(turn, bucket, key, &current) && current.sequence == row->sequence)
        write_current(turn, bucket, key, row);
    else
        make_older(turn, bucket, key, row);
}

typedef struct Newest {
    Turn *turn;
    ObjectRow row;
    bool found;
} Newest;

static bool take_newest(void *context, Str row_key, Str value) {
    Newest *newest = context;
    newest->found = row_read(str_copy(turn_arena(newest->turn), value), &newest->row);
    return false;
}

static void remove_current(Turn *turn, Str bucket, Str key, const ObjectRow *current) {
    Newest newest = {.turn = turn};
    Str prefix = key_of(turn, bucket, key);
    StoreRange range = {.from = prefix, .before = key_after_prefix(turn_arena(turn), prefix), .limit = 1};
    if (current->older) store_scan(turn_store(turn), &S3_VERSIONS, range, take_newest, &newest);
    if (!newest.found) {
        store_delete(turn_store(turn), &S3_OBJECTS, prefix);
        return;
    }
    newest.row.older = true;
    newest.row.null_sequence = current->null_sequence == newest.row.sequence ? 0 : current->null_sequence;
    store_delete(turn_store(turn), &S3_VERSIONS, older_key(turn, bucket, key, newest.row.sequence));
    write_current(turn, bucket, key, &newest.row);
}

bool object_remove(Turn *turn, Str bucket, Str key, Str version, ObjectRow *removed) {
    ObjectRow current;
    uint64_t older;
    if (!locate(turn, bucket, key, version, &current, &older)) return false;
    if (!older) {
        *removed = current;
        remove_current(turn, bucket, key, &current);
    } else {
        Str row_key = older_key(turn, bucket, key, older);
        ObjectRow row;
        if (!read_row(turn, &S3_VERSIONS, row_key, &row) || !str_eq(row_version(&row), version)) return false;
        *removed = row;
        store_delete(turn_store(turn), &S3_VERSIONS, row_key);
        if (!row.version.at) {
            current.null_sequence = 0;
            write_current(turn, bucket, key, &current);
        }
    }
    body_drop(turn, removed);
    return true;
}
