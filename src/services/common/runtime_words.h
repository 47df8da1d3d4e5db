// What a build's log says of a runtime that the machine has not, or not in this version: written by the build agent, found again by `rehearse run`, which repeats it.
#pragma once

#define RUNTIME_ABSENT " is not installed on this machine: commands that need it will fail"
#define RUNTIME_REPLACED " is not on this machine: going on with "
