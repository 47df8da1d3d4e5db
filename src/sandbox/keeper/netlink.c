#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Request { // one message under construction
    struct nlmsghdr head;
    char body[512];
} Request;

static void request_init(Request *request, uint16_t type, uint16_t flags) {
    memset(request, 0, sizeof *request);
    request->head.nlmsg_len = NLMSG_HDRLEN;
    request->head.nlmsg_type = type;
    request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

static void *request_end(Request *request) { return (char *)request + NLMSG_ALIGN(request->head.nlmsg_len); }

static void put_bytes(Request *request, const void *bytes, size_t size) {
    if (NLMSG_ALIGN(request->head.nlmsg_len) + size > sizeof *request) return; // every request of ours is far smaller
    memcpy(request_end(request), bytes, size);
    request->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->head.nlmsg_len) + size);
}

static struct rtattr *put(Request *request, unsigned short type, const void *bytes, size_t size) {
    struct rtattr *attribute = request_end(request), head = {.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};
    put_bytes(request, &head, sizeof head);
    if (size) put_bytes(request, bytes, size);
    return attribute;
}

static void put_number(Request *request, unsigned short type, uint32_t number) { put(request, type, &number, sizeof number); }
static void put_text(Request *request, unsigned short type, const char *text) { put(request, type, text, strlen(text) + 1); }
static struct rtattr *nest(Request *request, unsigned short type) { return put(request, type, NULL, 0); }
static void nest_end(Request *request, struct rtattr *at) {
    request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len); // the length of a nest includes its padding
    at->rta_len = (unsigned short)((char *)request_end(request) - (char *)at);
}

static bool put_address(Request *request, unsigned short type, const char *address) {
    struct in_addr in;
    if (inet_pton(AF_INET, address, &in) != 1) return errno = EINVAL, false;
    put(request, type, &in, sizeof in);
    return true;
}

bool netlink_open(Netlink *out) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return false;
    out->fd = fd;
    return true;
}

void netlink_close(Netlink *netlink) { close(netlink->fd); }

static bool transact(Netlink *netlink, Request *request) {
    if (send(netlink->fd, request, request->head.nlmsg_len, 0) < 0) return false;
    char reply[4096];
    ssize_t got = recv(netlink->fd, reply, sizeof reply, 0);
    struct nlmsghdr head;
    struct nlmsgerr error;
    if (got < (ssize_t)(sizeof head + sizeof error)) return errno = EPROTO, false;
    memcpy(&head, reply, sizeof head);
    memcpy(&error, reply + NLMSG_HDRLEN, sizeof error);
    if (head.nlmsg_type != NLMSG_ERROR) return errno = EPROTO, false;
    errno = -error.error;
    return error.error == 0;
}

static bool link_change(Netlink *netlink, uint16_t type, const char *name, bool up) {
    Request request;
    struct ifinfomsg info = {
        .ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex(name), .ifi_flags = up ? IFF_UP : 0, .ifi_change = up ? IFF_UP : 0};
    if (info.ifi_index == 0) return errno = ENODEV, false;
    request_init(&request, type, 0);
    put_bytes(&request, &info, sizeof info);
    return transact(netlink, &request);
}

bool link_up(Netlink *netlink, const char *name) { return link_change(netlink, RTM_NEWLINK, name, true); }
bool link_delete(Netlink *netlink, const char *name) { return link_change(netlink, RTM_DELLINK, name, false); }

static void request_new_link(Request *request, const char *name) {
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
    request_init(request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    put_bytes(request, &info, sizeof info);
    put_text(request, IFLA_IFNAME, name);
}

bool link_add_bridge(Netlink *netlink, const char *name) {
    Request request;
    request_new_link(&request, name);
    struct rtattr *kind = nest(&request, IFLA_LINKINFO);
    put_text(&request, IFLA_INFO_KIND, "bridge");
    nest_end(&request, kind);
    return transact(netlink, &request);
}

bool link_add_cable(Netlink *netlink, const char *name, const char *master, const char *peer, int peer_namespace) {
    Request request;
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
    request_new_link(&request, name);
    put_number(&request, IFLA_MASTER, if_nametoindex(master));
    struct rtattr *kind = nest(&request, IFLA_LINKINFO);
    put_text(&request, IFLA_INFO_KIND, "veth");
    struct rtattr *data = nest(&request, IFLA_INFO_DATA), *other = nest(&request, VETH_INFO_PEER);
    put_bytes(&request, &info, sizeof info);
    put_text(&request, IFLA_IFNAME, peer);
    put_number(&request, IFLA_NET_NS_FD, (uint32_t)peer_namespace);
    nest_end(&request, other);
    nest_end(&request, data);
    nest_end(&request, kind);
    return transact(netlink, &request);
}

bool address_add(Netlink *netlink, const char *link, const char *address, unsigned prefix) {
    Request request;
    struct ifaddrmsg info = {.ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)prefix, .ifa_index = if_nametoindex(link)};
    request_init(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    put_bytes(&request, &info, sizeof info);
    return put_address(&request, IFA_LOCAL, address) && put_address(&request, IFA_ADDRESS, address) && transact(netlink, &request);
}

bool route_change(Netlink *netlink, Route route) {
    Request request;
    struct rtmsg info = {.rtm_family = AF_INET,
                         .rtm_dst_len = (uint8_t)route.prefix,
                         .rtm_table = route.local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_type = route.local ? RTN_LOCAL : RTN_UNICAST,
                         .rtm_scope = route.local ? RT_SCOPE_HOST
                                      : route.via ? RT_SCOPE_UNIVERSE
                                                  : RT_SCOPE_LINK};
    if (route.remove)
        request_init(&request, RTM_DELROUTE, 0);
    else
        request_init(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
    put_bytes(&request, &info, sizeof info);
    if (route.to && !put_address(&request, RTA_DST, route.to)) return false;
    if (route.via && !put_address(&request, RTA_GATEWAY, route.via)) return false;
    if (route.source && !put_address(&request, RTA_PREFSRC, route.source)) return false;
    put_number(&request, RTA_OIF, if_nametoindex(route.link));
    return transact(netlink, &request);
}
