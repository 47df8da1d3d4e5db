// Every write and every sync of a commit fails once: the commit says so, nothing of it is seen afterwards, and the next one works. And a process that is
// killed at any moment has lost nothing that it acknowledged.
//
// A SQLite VFS in front of the real one counts what goes to the disk and lets the N-th operation fail.
#include "store/harness.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS_A_COMMIT = 20, ROW_BYTES = 3000, KILLS = 12, DIGITS = 9 };

static int64_t operations, fail_at; // 0: never
static int failure;

static bool fails(void) { return ++operations == fail_at; }

typedef struct FaultyFile {
    sqlite3_file base;
    sqlite3_file *real; // behind this struct, in the memory that SQLite gives
} FaultyFile;

static sqlite3_vfs *real_vfs;
static sqlite3_file *real_of(sqlite3_file *file) { return ((FaultyFile *)file)->real; }

static int f_close(sqlite3_file *file) { return real_of(file)->pMethods->xClose(real_of(file)); }
static int f_read(sqlite3_file *file, void *to, int count, sqlite3_int64 at) { return real_of(file)->pMethods->xRead(real_of(file), to, count, at); }
static int f_write(sqlite3_file *file, const void *from, int count, sqlite3_int64 at) {
    return fails() ? failure : real_of(file)->pMethods->xWrite(real_of(file), from, count, at);
}
static int f_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return fails() ? SQLITE_IOERR_TRUNCATE : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int f_sync(sqlite3_file *file, int flags) { return fails() ? SQLITE_IOERR_FSYNC : real_of(file)->pMethods->xSync(real_of(file), flags); }
static int f_size(sqlite3_file *file, sqlite3_int64 *size) { return real_of(file)->pMethods->xFileSize(real_of(file), size); }
static int f_lock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
static int f_unlock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }
static int f_reserved(sqlite3_file *file, int *out) { return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out); }
static int f_control(sqlite3_file *file, int op, void *argument) { return real_of(file)->pMethods->xFileControl(real_of(file), op, argument); }
static int f_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
static int f_traits(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }
static int f_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}
static int f_shm_lock(sqlite3_file *file, int offset, int n, int flags) { return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags); }
static void f_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
static int f_shm_unmap(sqlite3_file *file, int remove) { return real_of(file)->pMethods->xShmUnmap(real_of(file), remove); }

static const sqlite3_io_methods FAULTY = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int open_faulty(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    FaultyFile *faulty = (FaultyFile *)file;
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    int status = real_vfs->xOpen(real_vfs, name, faulty->real, flags, out_flags);
    faulty->base.pMethods = faulty->real->pMethods ? &FAULTY : NULL;
    return status;
}

static void install_faults(void) {
    static sqlite3_vfs faulty;
    if (real_vfs) return;
    real_vfs = sqlite3_vfs_find(NULL);
    faulty = *real_vfs;
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(FaultyFile) + real_vfs->szOsFile;
    faulty.xOpen = open_faulty;
    sqlite3_vfs_register(&faulty, 1);
}

static Str row_key(Arena *arena, int i) { return str_format(arena, "row-%03d", i); }

// Rows of one generation; a little of each changes, so that every row is written.
static void write_generation(Store *store, Arena *arena, int generation) {
    Str row = str_format(arena, "%0*d", ROW_BYTES, generation);
    for (int i = 0; i < ROWS_A_COMMIT; i++) store_put(store, &LARGE_ROWS, row_key(arena, i), row);
}

// The generation that is to be seen; -1 when rows differ.
static int64_t generation_seen(Store *store, Arena *arena) {
    int64_t generation = -1, first = -1;
    for (int i = 0; i < ROWS_A_COMMIT; i++) {
        Str row = STR("0");
        store_get(store, &LARGE_ROWS, row_key(arena, i), arena, &row);
        str_to_int(row.len > DIGITS ? str_from(row, row.len - DIGITS) : row, &generation);
        if (i == 0) first = generation;
        if (generation != first) return -1;
    }
    return first;
}

// One commit of generation 2 upon generation 1, with the fault at `at`. Returns whether there was an operation left to fail.
static bool commit_with_fault(int64_t at) {
    STORE_TESTED(stored);
    Error e = {0};
    write_generation(stored.store, stored.arena, 1);
    stored_commit(&stored);
    operations = 0;
    fail_at = at;
    write_generation(stored.store, stored.arena, 2);
    bool committed = store_commit(stored.store, &e);
    bool hit = operations >= at;
    fail_at = 0;
    assert_true(committed || e.message[0]);
    store_begin(stored.store);
    int64_t seen = generation_seen(stored.store, stored.arena);
    assert_int_equal(seen, committed ? 2 : 1);
    stored_restart(&stored);
    seen = generation_seen(stored.store, stored.arena);
    assert_true(committed ? seen == 2 : seen == 1 || seen == 2); // what was refused may or may not have reached the disk, but whole
    write_generation(stored.store, stored.arena, 3);
    stored_commit(&stored);
    assert_int_equal(generation_seen(stored.store, stored.arena), 3);
    return hit;
}

static void walk(int with) {
    install_faults();
    failure = with;
    int64_t at = 1;
    while (commit_with_fault(at)) at++;
    assert_true(at > 3); // there was something to fail
}

static void a_failed_write_fails_the_commit_and_nothing_else(void **state) { walk(SQLITE_IOERR_WRITE); }
static void a_full_disk_fails_the_commit_and_nothing_else(void **state) { walk(SQLITE_FULL); }

// ---- kill -9 ----

// Commits generation after generation and says so on the pipe.
static void commit_for_ever(Str folder, int acknowledge) {
    Store *store = stored_open(folder, STORE_WRITER);
    for (int generation = 1;; generation++) {
        AUTO_ARENA arena = arena_new();
        store_begin(store);
        write_generation(store, arena, generation);
        if (!store_commit(store, NULL)) _exit(1);
        if (write(acknowledge, &generation, sizeof generation) < 0) _exit(1);
    }
}

// Reads acknowledgements until `wanted` have come, kills, and reads what was still on its way.
static int last_acknowledged(int from, int wanted, pid_t child) {
    int generation = 0, last = 0;
    while (read(from, &generation, sizeof generation) == (ssize_t)sizeof generation) {
        last = generation;
        if (generation == wanted) kill(child, SIGKILL);
    }
    return last;
}

static void what_was_acknowledged_survives_a_kill(void **state) {
    for (int wanted = 1; wanted <= KILLS; wanted++) {
        STORE_TESTED(stored);
        stored_commit(&stored);
        store_close(stored.store);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) commit_for_ever(stored.folder, ends[1]);
        close(ends[1]);
        int last = last_acknowledged(ends[0], wanted, child), status;
        close(ends[0]);
        waitpid(child, &status, 0);
        stored.store = stored_open(stored.folder, STORE_WRITER);
        store_begin(stored.store);
        int64_t seen = generation_seen(stored.store, stored.arena);
        assert_true(seen == last || seen == last + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_kill),
        cmocka_unit_test(a_failed_write_fails_the_commit_and_nothing_else),
        cmocka_unit_test(a_full_disk_fails_the_commit_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
