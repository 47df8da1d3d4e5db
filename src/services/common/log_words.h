// Lines of logs that `rehearse run` repeats as notes: what our own scripts in sandboxes say (share/pip), and what the build agent says of a runtime that the machine
// has not, or not in the version that is wanted.
#pragma once

// What a buildspec has that nobody reads: this line, "In the section NAME", and the keys, indented, until the next line of the build's own.
#define REMARKS_BEGIN "Found possible syntax errors in buildspec: "
#define REMARKS_SECTION "In the section "
#define REMARKS_KEY "        "
#define NOTE_MARK "rehearse: "
#define RUNTIME_ABSENT " is not installed on this machine: commands that need it will fail"
#define RUNTIME_REPLACED " is not on this machine: going on with "
