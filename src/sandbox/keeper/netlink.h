// Links, addresses and routes, by rtnetlink. All return false with errno.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Netlink {
    int fd;
} Netlink;

bool netlink_open(Netlink *out); // in the network namespace of the caller, and it stays there
void netlink_close(Netlink *netlink);

bool link_up(Netlink *netlink, const char *name);
bool link_delete(Netlink *netlink, const char *name);
bool link_add_bridge(Netlink *netlink, const char *name);
// A cable: `name` here, plugged into bridge `master`; its other end `peer` in the network namespace `peer_namespace`.
bool link_add_cable(Netlink *netlink, const char *name, const char *master, const char *peer, int peer_namespace);
bool address_add(Netlink *netlink, const char *link, const char *address, unsigned prefix);
typedef struct Route {
    const char *link, *to, *via, *source;
    unsigned prefix;
    bool local, remove;
} Route; // NULL where none
bool route_change(Netlink *netlink, Route route);
