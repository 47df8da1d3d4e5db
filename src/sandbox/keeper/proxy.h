// The proxy by which instances reach the world (proxy.c).
#pragma once

enum { PROXY_PORT = 3128 };

// Forks the proxy, which stays in the caller's network namespace and ends with the caller. It serves once it has received, as messages
// with one descriptor each, "user" and "net" (the instances' namespaces) and "serve" (the listening socket). -1: no proxy.
int proxy_start(void);
