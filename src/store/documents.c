// Rows: DOCUMENT_TABLE (account, region, type, id) → JSON text; DOCUMENT_INDEX_TABLE (account, region, type, index, value, id) → nothing.
#include "store/documents.h"

#include "formats/json.h"
#include "store/key.h"

#include <assert.h>

const StoreTable DOCUMENT_TABLE = {.name = "documents", .large_rows = true};
const StoreTable DOCUMENT_INDEX_TABLE = {.name = "document_index"};

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

typedef struct IndexWriter {
    Store *store;
    Arena *arena;
    Partition where;
    const DocumentType *type;
    Str id;
    bool remove;
} IndexWriter;

static void write_index(const IndexWriter *writer, const DocumentIndex *index, const Doc *member) {
    Str value = index_value(writer->arena, member);
    if (!value.at) return;
    Str key = KEY(writer->arena, key_text(writer->where.account), key_text(writer->where.region), key_text(str_of(writer->type->name)),
        key_text(str_of(index->name)), key_text(value), key_text(writer->id));
    if (writer->remove) {
        store_delete(writer->store, &DOCUMENT_INDEX_TABLE, key);
    } else {
        store_put(writer->store, &DOCUMENT_INDEX_TABLE, key, STR(""));
    }
}

static void write_indexes(IndexWriter writer, const Doc *doc) {
    for (const DocumentIndex *index = writer.type->indexes; doc && index && index->name; index++) {
        const Doc *member = member_at(doc, str_of(index->member));
        if (doc_is(member, DOC_LIST)) {
            for (const Doc *item = doc_first(member); item; item = item->next) write_index(&writer, index, item);
        } else {
            write_index(&writer, index, member);
        }
    }
}

// ---- Documents ----

static Doc *parse_row(Arena *arena, Str text) {
    Doc *doc = NULL;
    Error e;
    bool parsed = json_parse(arena, text, &doc, &e);
    assert(parsed); // we wrote it
    (void)parsed;
    return doc;
}

bool document_get(Store *store, Partition where, const DocumentType *type, Str id, Arena *arena, Doc **out) {
    Str text;
    if (!store_get(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), arena, &text)) return false;
    *out = parse_row(arena, text);
    return true;
}

bool document_exists(Store *store, Partition where, const DocumentType *type, Str id) {
    AUTO_ARENA arena = arena_new();
    Str text;
    return store_get(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), arena, &text);
}

static void unindex_old(Store *store, Partition where, const DocumentType *type, Str id, Arena *arena) {
    Doc *old;
    if (!type->indexes || !document_get(store, where, type, id, arena, &old)) return;
    write_indexes((IndexWriter){store, arena, where, type, id, .remove = true}, old);
}

void document_put(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc) {
    AUTO_ARENA arena = arena_new();
    unindex_old(store, where, type, id, arena);
    store_put(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), json_write(arena, doc));
    write_indexes((IndexWriter){store, arena, where, type, id, .remove = false}, doc);
}

bool document_insert(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc) {
    AUTO_ARENA arena = arena_new();
    if (!store_insert(store, &DOCUMENT_TABLE, row_key(arena, where, type, id), json_write(arena, doc))) return false;
    write_indexes((IndexWriter){store, arena, where, type, id, .remove = false}, doc);
    return true;
}

bool document_delete(Store *store, Partition where, const DocumentType *type, Str id) {
    AUTO_ARENA arena = arena_new();
    unindex_old(store, where, type, id, arena);
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
    Str after; // STR_NONE: from the beginning
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
    doc_push(all->list, with_id(all->arena, id, parse_row(all->arena, str_copy(all->arena, value))));
    return all->limit == 0 || all->list->count < all->limit;
}

static Str type_base(Arena *arena, Partition where, const DocumentType *type) {
    return KEY(arena, key_text(where.account), key_text(where.region), key_text(str_of(type->name)));
}

Doc *document_scan(Store *store, Partition where, const DocumentType *type, DocumentScan scan, Arena *arena) {
    Gather all = {.arena = arena, .base = type_base(arena, where, type), .list = doc_list(arena), .limit = scan.limit};
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

typedef struct Each {
    const DocumentType *type;
    Arena *arena;
    DocumentVisit *visit;
    void *context;
} Each;

static bool visit_row(void *context, Str key, Str value) {
    Each *each = context;
    Partition where;
    Str type, id;
    bool whole = key_take_text(each->arena, &key, &where.account) && key_take_text(each->arena, &key, &where.region) &&
                 key_take_text(each->arena, &key, &type) && key_take_text(each->arena, &key, &id);
    if (!whole || !str_is(type, each->type->name)) return true;
    return each->visit(each->context, where, id, parse_row(each->arena, str_copy(each->arena, value)));
}

void document_each(Store *store, const DocumentType *type, Arena *arena, DocumentVisit *visit, void *context) {
    Each each = {type, arena, visit, context};
    store_scan(store, &DOCUMENT_TABLE, (StoreRange){.from = STR("")}, visit_row, &each);
}
