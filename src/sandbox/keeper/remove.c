// Removes a sandbox folder, and ends what runs in it. Rung A's files belong to ids that only root may touch: the server is root then. Rung B's belong
// to subordinate ids: it is done from a user namespace that has them. In rung C everything belongs
// to the user, but folders may lack permissions (overlay's work folders have mode 000): they are given first.
#include "sandbox_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_up(const char *path, const struct stat *info, int kind, struct FTW *place) {
    if (kind == FTW_DNR) chmod(path, 0700);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
    remove(path);
    return 0;
}

// Ends the keeper and waits for that: the folder may still be mounted. One that is just starting takes the message later: it is sent until the keeper is gone.
static void end_keeper(const char *folder) {
    enum { AGAIN_US = 20 * 1000 };
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/keeper.lock", folder);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    if (lock < 0) return;
    while (flock(lock, LOCK_EX | LOCK_NB) && (errno == EWOULDBLOCK || errno == EINTR)) {
        int keeper = unix_socket_connect(folder, "keeper.sock");
        if (keeper >= 0) {
            message_send(keeper, -1, "kill");
            close(keeper);
        }
        usleep(AGAIN_US);
    }
    close(lock);
}

bool remove_folder(const char *folder) {
    for (int i = 0; i < 16 && access(folder, F_OK) == 0; i++) {
        if (i) nftw(folder, open_up, 32, FTW_PHYS | FTW_MOUNT); // one more level of closed folders each time
        nftw(folder, remove_one, 32, FTW_PHYS | FTW_DEPTH | FTW_MOUNT);
    }
    return access(folder, F_OK) != 0;
}

int remove_main(const char *folder) {
    int ready = daemonize("/dev/null");
    daemon_ready(ready, 0);
    end_keeper(folder);
    if (geteuid() != 0 && !range_enter()) errno = 0; // without subordinate ids there are no files of others
    return !remove_folder(folder);
}
