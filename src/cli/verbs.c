#include "cli/verb.h"

extern const Verb VERB_HELP, VERB_RUN, VERB_UP;

const Verb *const VERBS[] = {
    &VERB_RUN,
    &VERB_UP,
    &VERB_HELP,
    NULL,
};
