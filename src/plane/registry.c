// What is built: finds the handler of a modelled operation. Filled once at start from the services' const tables, then read by both threads.
#include "plane/internal.h"

#include "store/blobs.h"

#include <assert.h>
#include <stdlib.h>

static const Operation **handlers; // by the place of the modelled operation among all
static const Service **owners; // by the place of the modelled service
static const WireOperation *first_operation;
static const StoreTable **tables;
static size_t table_count;

static size_t place_of(const WireOperation *operation) { return (size_t)(operation - first_operation); }

static void *zeroed(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) abort();
    return memory;
}

static void add_operations(const Service *service, const WireService *wire) {
    for (const Operation *operation = service->operations; operation->name; operation++) {
        const WireOperation *modelled = wire_operation(wire, str_of(operation->name));
        assert(modelled && !handlers[place_of(modelled)]);
        handlers[place_of(modelled)] = operation;
    }
}

static size_t count_tables(const StoreTable *const *list) {
    size_t count = 0;
    while (list && list[count]) count++;
    return count;
}

static void add_tables(const StoreTable *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) tables[table_count++] = list[i];
}

static size_t count_documents(const Service *service) {
    size_t count = 0;
    while (service->documents && service->documents[count]) count++;
    return count;
}

static const StoreTable *const PLANE_TABLES[] = {&DOCUMENT_TABLE, &DOCUMENT_INDEX_TABLE, &OUTBOX_TABLE, &TIMER_TABLE, &TIMER_DUE_TABLE,
                                                 &ENGINE_TABLE,   &BLOB_TABLE,           &AUDIT_TABLE,  NULL};

static void collect_tables(void) {
    size_t count = count_tables(PLANE_TABLES);
    for (const Service *const *service = SERVICES; *service; service++) count += count_tables((*service)->tables);
    tables = zeroed(count, sizeof *tables);
    add_tables(PLANE_TABLES, count_tables(PLANE_TABLES));
    for (const Service *const *service = SERVICES; *service; service++) add_tables((*service)->tables, count_tables((*service)->tables));
}

static void register_documents(void) {
    size_t count = 0, at = 0;
    for (const Service *const *service = SERVICES; *service; service++) count += count_documents(*service);
    const DocumentType **types = zeroed(count + 1, sizeof *types);
    for (const Service *const *service = SERVICES; *service; service++) {
        for (size_t i = 0; i < count_documents(*service); i++) types[at++] = (*service)->documents[i];
    }
    engine_register(types, count); // keeps the array
}

void registry_open(void) {
    if (handlers) return;
    const WireService *last = wire_service_at(wire_service_count() - 1);
    first_operation = wire_operation_at(wire_service_at(0), 0);
    handlers = zeroed(place_of(wire_operation_at(last, 0)) + last->operation_count, sizeof *handlers);
    owners = zeroed(wire_service_count(), sizeof *owners);
    for (const Service *const *service = SERVICES; *service; service++) {
        const WireService *wire = wire_service(str_of((*service)->name));
        assert(wire);
        owners[wire - wire_service_at(0)] = *service;
        add_operations(*service, wire);
    }
    collect_tables();
    register_documents();
}

const Operation *registry_operation(const WireOperation *operation) { return handlers[place_of(operation)]; }
const Service *registry_service(const WireService *service) { return owners[service - wire_service_at(0)]; }

const StoreTable *const *registry_tables(size_t *count) {
    *count = table_count;
    return tables;
}
