#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "help";
    if (strcmp(verb, "--version") == 0) {
        puts("rehearse " REHEARSE_VERSION);
        return 0;
    }
    if (strcmp(verb, "help") == 0) {
        puts("usage: rehearse VERB [OPTION...]\n       rehearse help | --version");
        return 0;
    }
    fprintf(stderr, "rehearse: unknown verb \"%s\". What there is: rehearse help\n", verb);
    return 2;
}
