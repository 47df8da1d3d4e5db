// The tools inside a sandbox that are this program under another name: systemctl, service, journalctl, sudo …
#pragma once

#include "util.h"

typedef int (*ToolMain)(int argc, char **argv);
ToolMain tool_find(const char *name); // NULL: not a tool

int systemctl_main(int argc, char **argv);
int service_main(int argc, char **argv);
int chkconfig_main(int argc, char **argv);
int journalctl_main(int argc, char **argv);
