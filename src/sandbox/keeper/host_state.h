// What the host has installed and how it is set up, as one number: a skeleton layer (skeleton.c) bears it in its name. The server and the keeper ask for it.
#pragma once

#include <stdint.h>

uint64_t
host_state(void); // another one after a change of packages, of anything in /etc, of what lies in /opt and /usr/local; takes some milliseconds
