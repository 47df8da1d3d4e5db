// Lines of logs that `rehearse run` repeats as notes: what our own scripts in sandboxes say (share/pip), and what the build agent says of a runtime that the machine
// has not, or not in the version that is wanted.
#pragma once

#define NOTE_MARK "rehearse: "
#define RUNTIME_ABSENT " is not installed on this machine: commands that need it will fail"
#define RUNTIME_REPLACED " is not on this machine: going on with "
