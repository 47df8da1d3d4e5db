// The program in which libFuzzer searches: REHEARSE_FUZZ_TARGET names the target. scripts/fuzz runs it.
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const FuzzTarget *target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    const char *name = getenv("REHEARSE_FUZZ_TARGET");
    target = name ? fuzz_target(name) : NULL;
    if (target) return 0;
    fprintf(stderr, "REHEARSE_FUZZ_TARGET names no target\n");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    AUTO_ARENA arena = arena_new();
    target->run(arena, (Str){(const char *)bytes, len});
    return 0;
}
