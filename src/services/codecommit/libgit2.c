#include "services/codecommit/libgit2.h"

#include "base/log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

// In the order of the structure's members.
static const char *const NAMES[] = {
#define NAME(name) #name,
    LIBGIT2_CALLS(NAME)
#undef NAME
};
enum { CALLS = sizeof NAMES / sizeof *NAMES };
_Static_assert(sizeof(Libgit2) == CALLS * sizeof(void *), "one pointer for each name");

static union {
    Libgit2 calls;
    void *at[CALLS];
} loaded;

static void *find(void *library, const char *name) {
    void *found = library ? dlsym(library, name) : NULL;
    if (found) return found;
    log_error("libgit2 cannot be used: %s", dlerror());
    abort(); // as when a library is missing at the start
}

static void set_up(void *library) {
    __typeof__(&git_libgit2_init) init = (__typeof__(&git_libgit2_init))(uintptr_t)find(library, "git_libgit2_init");
    __typeof__(&git_libgit2_opts) opts = (__typeof__(&git_libgit2_opts))(uintptr_t)find(library, "git_libgit2_opts");
    init();
    opts(GIT_OPT_SET_OWNER_VALIDATION, 0); // the folder is ours
    opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1); // objects and refs are as durable as the document that tells of them
    opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, ""); // nobody's own settings
    opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_SYSTEM, "");
}

static void load(void) {
    void *library = dlopen(LIBGIT2_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < CALLS; i++) loaded.at[i] = find(library, NAMES[i]);
    set_up(library);
}

const Libgit2 *libgit2(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return &loaded.calls;
}
