// Rows: DOCUMENT_TABLE (account, region, type, id) → the document, packed; DOCUMENT_INDEX_TABLE (account, region, type, index, value, id) → nothing.
#include "store/documents.h"

#include "base/vec.h"
#include "store/key.h"
#include "store/pack.h"

const StoreTable DOCUMENT_TABLE = {.name = "documents", .large_rows = true, .revisited = true};
const StoreTable DOCUMENT_INDEX_TABLE = {.name = "document_index"};

static Str type_base(Arena *arena, Partition where, const DocumentType *type) {
    return KEY(arena, key_text(where.account), key_text(where.region), key_text(str_of(type->name)));
}

static Str row_key(Arena *arena, Partition where, const DocumentType *type, Str id) {
    return KEY(arena, key_text(where.account), key_text(where.region), key_text(str_of(type->name)), key_text(id));
}

// ---- Indexes ----

static const Doc *member_at(const Doc *doc, Str path) {
    while (path.at && doc) doc = doc_get_str_key(doc, str_cut(&path, '.'));
    return doc;
}

static Str index_value(Arena *arena, const Doc *value) {
    if (doc_is(value, DOC_INT)) return str_format(arena, "%lld", (long long)value->as.integer);
    return doc_str(value, STR_NONE);
}

// The keys of a document's index rows.
typedef struct IndexKeys {
    Arena *arena;
    Str base; // account, region, type
    Str id;
    Vec keys; // Str
} IndexKeys;

static void add_index_key(IndexKeys *all, const DocumentIndex *index, const Doc *member) {
    Str value = index_value(all->arena, member);
    if (!value.at) return;
    Str rest = KEY(all->arena, key_text(str_of(index->name)), key_text(value), key_text(all->id));
    vec_add(&all->keys, Str, str_cat(all->arena, all->base, rest));
}

static Vec index_keys(Arena *arena, Partition where, const DocumentType *type, Str id, const Doc *doc) {
    IndexKeys all = {.arena = arena, .base = type_base(arena, where, type), .id = id, .keys = vec_of(arena, Str)};
    for (const DocumentIndex *index = type->indexes; doc && index && index->name; index++) {
        const Doc *member = member_at(doc, str_of(index->member));
        if (doc_is(member, DOC_LIST)) {
            for (const Doc *item = doc_first(member); item; item = item->next) add_index_key(&all, index, item);
        } else {
            add_index_key(&all, index, member);
        }
    }
    return all.keys;
}

static bool contains(const Vec *keys, Str key) {
    for (size_t i = 0; i < keys->len; i++) {
        if (str_eq(vec_get(keys, Str, i), key)) return true;
    }
    return false;
}

// Writes only what differs: most changes of a document leave its indexed members alone.
static void change_indexes(Store *store, const Vec *old, const Vec *new) {
    for (size_t i = 0; i < old->len; i++) {
        Str key = vec_get(old, Str, i);
        if (!contains(new, key)) store_delete(store, &DOCUMENT_INDEX_TABLE, key);
    }
    for (size_t i = 0; i < new->len; i++) {
        Str key = vec_get(new, Str, i);
        if (!contains(old, key)) store_put(store, &DOCUMENT_INDEX_TABLE, key, STR(""));
    }
}

// ---- Documents ----

// What is read was written by document_put; bytes that are no document mean a damaged database, and every transaction that meets them fails.
static Doc *read_row(Store *store, Arena *arena, Str packed) {
    Doc *doc;
    if (unpack_doc(arena, packed, &doc)) return doc;
    store_break(store, "a document in the database is damaged");
    return doc_map(arena);
}

bool document_get(Store *store, Partition where, const DocumentType *type, Str id, Arena *arena, Doc **out) {
    Str packed;
    if (!store_get(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), arena, &packed)) return false;
    *out = read_row(store, arena, packed);
    return true;
}

bool document_exists(Store *store, Partition where, const DocumentType *type, Str id) {
    AUTO_ARENA arena = arena_new();
    Str packed;
    return store_get(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), arena, &packed);
}

static Vec old_index_keys(Store *store, Arena *arena, Partition where, const DocumentType *type, Str id) {
    Doc *old = NULL;
    if (type->indexes) document_get(store, where, type, id, arena, &old);
    return index_keys(arena, where, type, id, old);
}

void document_put(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc) {
    AUTO_ARENA arena = arena_new();
    Vec old = old_index_keys(store, arena, where, type, id), new = index_keys(arena, where, type, id, doc);
    store_put(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), pack_doc(arena, doc));
    change_indexes(store, &old, &new);
}

bool document_insert(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc) {
    AUTO_ARENA arena = arena_new();
    if (!store_insert(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), pack_doc(arena, doc))) return false;
    Vec none = vec_of(arena, Str), new = index_keys(arena, where, type, id, doc);
    change_indexes(store, &none, &new);
    return true;
}

bool document_delete(Store *store, Partition where, const DocumentType *type, Str id) {
    AUTO_ARENA arena = arena_new();
    Vec old = old_index_keys(store, arena, where, type, id), none = vec_of(arena, Str);
    change_indexes(store, &old, &none);
    return store_delete(store, &DOCUMENT_TABLE, row_key(arena, where, type, id));
}

// ---- Scans ----

typedef struct Gather {
    Store *store;
    Arena *arena;
    Partition where;
    const DocumentType *type;
    Str base; // of the keys: everything before the id
    Doc *list;
    size_t limit;
} Gather;

static Doc *with_id(Arena *arena, Str id, Doc *doc) {
    Doc *whole = doc_map(arena);
    doc_add(whole, STR("$id"), doc_of_str(arena, id));
    for (Doc *member = doc_first(doc), *next; member; member = next) {
        next = member->next;
        member->next = NULL;
        doc_add(whole, member->key, member);
    }
    return whole;
}

static bool gather(void *context, Str key, Str value) {
    Gather *all = context;
    Str rest = str_from(key, all->base.len), id;
    if (!key_take_text(all->arena, &rest, &id)) return true;
    doc_push(all->list, with_id(all->arena, id, read_row(all->store, all->arena, str_copy(all->arena, value))));
    return all->limit == 0 || all->list->count < all->limit;
}

Doc *document_scan(Store *store, Partition where, const DocumentType *type, DocumentScan scan, Arena *arena) {
    Gather all = {.store = store, .arena = arena, .base = type_base(arena, where, type), .list = doc_list(arena), .limit = scan.limit};
    Str first = str_cat(arena, all.base, KEY_OPEN(arena, key_text(scan.prefix.at ? scan.prefix : STR(""))));
    StoreRange range = {.from = first, .before = key_after_prefix(arena, first), .reverse = scan.reverse, .limit = scan.limit};
    if (scan.after.at) {
        Str last = str_cat(arena, all.base, KEY(arena, key_text(scan.after)));
        if (scan.reverse) {
            range.before = last;
        } else {
            range.from = str_cat(arena, last, (Str){"", 1});
        }
    }
    store_scan(store, &DOCUMENT_TABLE, range, gather, &all);
    return all.list;
}

static bool gather_found(void *context, Str key, Str value) {
    Gather *all = context;
    Str rest = str_from(key, all->base.len), id;
    Doc *doc;
    if (key_take_text(all->arena, &rest, &id) && document_get(all->store, all->where, all->type, id, all->arena, &doc)) {
        doc_push(all->list, with_id(all->arena, id, doc));
    }
    return true;
}

Doc *document_find(Store *store, Partition where, const DocumentType *type, const char *index, Str value, Arena *arena) {
    Str base = KEY(arena, key_text(where.account), key_text(where.region), key_text(str_of(type->name)), key_text(str_of(index)), key_text(value));
    Gather all = {.store = store, .arena = arena, .where = where, .type = type, .base = base, .list = doc_list(arena)};
    store_scan(store, &DOCUMENT_INDEX_TABLE, (StoreRange){.from = base, .before = key_after_prefix(arena, base)}, gather_found, &all);
    return all.list;
}

// ---- All partitions ----

typedef struct Each {
    Store *store;
    const DocumentType *type;
    Arena *arena;
    Partition where;
    size_t base_bytes;
    DocumentVisit *visit;
    void *context;
    bool found, stopped;
} Each;

static bool visit_row(void *context, Str key, Str value) {
    Each *each = context;
    Str rest = str_from(key, each->base_bytes), id;
    if (!key_take_text(each->arena, &rest, &id)) return true;
    each->stopped = !each->visit(each->context, each->where, id, read_row(each->store, each->arena, str_copy(each->arena, value)));
    return !each->stopped;
}

static bool note_partition(void *context, Str key, Str value) {
    Each *each = context;
    each->found = key_take_text(each->arena, &key, &each->where.account) && key_take_text(each->arena, &key, &each->where.region);
    return false;
}

// Goes from partition to partition without looking at the documents of other types in between.
void document_each(Store *store, const DocumentType *type, Arena *arena, DocumentVisit *visit, void *context) {
    Each each = {.store = store, .type = type, .arena = arena, .visit = visit, .context = context};
    Str from = STR("");
    while (from.at && !each.stopped) {
        each.found = false;
        store_scan(store, &DOCUMENT_TABLE, (StoreRange){.from = from, .limit = 1}, note_partition, &each);
        if (!each.found) return;
        Str base = type_base(arena, each.where, type);
        each.base_bytes = base.len;
        store_scan(store, &DOCUMENT_TABLE, (StoreRange){.from = base, .before = key_after_prefix(arena, base)}, visit_row, &each);
        from = key_after_prefix(arena, KEY(arena, key_text(each.where.account), key_text(each.where.region)));
    }
}
