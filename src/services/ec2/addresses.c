// Addresses: instance N is 10.0.0.N inside and 127.77.BLOCK.N on the host. One network for the whole plane, so the numbers are shared by all accounts and regions.
// The host's loopback belongs to all planes of the machine: each has a block of its own (sandbox/block.c), 0 for one on the usual port where that is free.
#include "services/ec2/ec2.h"

enum { FIRST_ADDRESS = 5, LAST_ADDRESS = 254 };

const DocumentType EC2_ADDRESS = {.name = "ec2.address"};
static const Partition EVERYWHERE = {STR_INIT(""), STR_INIT("aws-global")};

static Str address_id(Arena *arena, int64_t number) { return str_format(arena, "%04lld", (long long)number); }

Str public_address(Arena *arena, int block, int64_t number) { return str_format(arena, "127.77.%d.%lld", block, (long long)number); }

// Its sandbox is destroyed, or it never came to be.
static bool is_free(Turn *turn, int64_t number) {
    Partition where;
    Str id;
    Doc *instance;
    if (!address_owner(turn, number, &where, &id)) return true;
    if (!document_get(turn_store(turn), where, &EC2_INSTANCE, id, turn_arena(turn), &instance)) return true;
    return str_is(doc_text(doc_get(instance, "State"), "Name"), "terminated");
}

int64_t address_take(Turn *turn, Str instance_id) {
    Arena *arena = turn_arena(turn);
    Partition where = turn_where(turn);
    Doc *owner = doc_map(arena);
    doc_set_str(arena, owner, "account", where.account);
    doc_set_str(arena, owner, "region", where.region);
    doc_set_str(arena, owner, "instance", instance_id);
    for (int64_t number = FIRST_ADDRESS; number <= LAST_ADDRESS; number++) {
        if (!is_free(turn, number)) continue;
        document_put(turn_store(turn), EVERYWHERE, &EC2_ADDRESS, address_id(arena, number), owner);
        return number;
    }
    return 0;
}

bool address_owner(Turn *turn, int64_t number, Partition *where, Str *instance_id) {
    Doc *owner;
    if (!document_get(turn_store(turn), EVERYWHERE, &EC2_ADDRESS, address_id(turn_arena(turn), number), turn_arena(turn), &owner)) return false;
    *where = (Partition){doc_text(owner, "account"), doc_text(owner, "region")};
    *instance_id = doc_text(owner, "instance");
    return true;
}
