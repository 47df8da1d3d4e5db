"""A server whose n-th system call of a kind fails: see faults.c."""

import errno
import mmap
import re
import struct

from harness import Server, program

KINDS = ["none", "alloc", "read", "write", "fsync", "open", "rename", "remove", "spawn", "accept", "socket"]  # the order of faults.c
ERRORS = {
    "alloc": errno.ENOMEM,
    "read": errno.EIO,
    "write": errno.ENOSPC,
    "fsync": errno.EIO,
    "open": errno.EMFILE,
    "rename": errno.ENOSPC,
    "remove": errno.EIO,
    "spawn": errno.EAGAIN,
    "accept": errno.EMFILE,
    "socket": errno.ECONNRESET,
}
HEAD = "iiqqq"  # kind, error, from, to, failed
FOR_EVER = 2**62
REPORT = re.compile(r"==\d+==ERROR: \w+Sanitizer.*?^SUMMARY", re.DOTALL | re.MULTILINE)


def is_of_libgit2(report):
    """Each leak, or the frames of a death down to the first of our own."""
    parts = report.split(" leak of ")[1:] or [report.partition(" ../../src/")[0]]
    return all("libgit2" in part for part in parts)


class FaultyServer(Server):
    def __init__(self, folder, *options):
        super().__init__(folder, *options)
        path = self.folder / "faults"
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self._control = mmap.mmap(file.fileno(), 4096)
        library = program().parent / "tests/faults/rehearse-faults.so"
        assert library.exists(), f"{library} is not built"
        sanitizer = "verify_asan_link_order=0:allocator_may_return_null=1"
        self.environment_of_server = {"LD_PRELOAD": str(library), "REHEARSE_FAULTS": str(path), "ASAN_OPTIONS": sanitizer}

    def arm(self, kind, first, last=None):
        """From now on, the `first`-th to the `last`-th call of that kind fail; just one when `last` is left out."""
        self.disarm()
        for index in range(len(KINDS)):
            struct.pack_into("q", self._control, struct.calcsize(HEAD) + 8 * index, 0)
        struct.pack_into(HEAD, self._control, 0, 0, ERRORS[kind], first, last or first, 0)
        struct.pack_into("i", self._control, 0, KINDS.index(kind))

    def disarm(self):
        struct.pack_into("i", self._control, 0, 0)

    def hold(self, call):
        """Makes a call that no fault shall meet; what is armed and counted stays."""
        kind = struct.unpack_from("i", self._control)[0]
        counts = [self.count(one) for one in KINDS]
        self.disarm()
        call()
        for index, count in enumerate(counts):
            struct.pack_into("q", self._control, struct.calcsize(HEAD) + 8 * index, count)
        struct.pack_into("i", self._control, 0, kind)

    def check(self):
        """Without what libgit2 does where memory is out: it goes on with the NULL that it was given, or leaks."""
        fresh = self.log()[self._checked :]
        reports = REPORT.findall(fresh)
        if reports and all(map(is_of_libgit2, reports)) and "runtime error:" not in fresh:
            self._checked += len(fresh)
        super().check()

    def is_healthy(self):
        return self._is_healthy()

    def failed(self):
        """How many calls have failed since `arm`."""
        return struct.unpack_from(HEAD, self._control)[4]

    def count(self, kind):
        """How many calls of that kind there were since `arm`."""
        return struct.unpack_from("q", self._control, struct.calcsize(HEAD) + 8 * KINDS.index(kind))[0]

    def is_dead(self):
        return self.process.poll() is not None

    def revive(self, lost=False):
        """Disarms, and starts the server again if the fault has ended it; true when it had. `lost`: a connection was, so it may be about to end."""
        self.disarm()
        while lost and not self.is_dead() and not self._is_healthy():
            pass
        if not self.is_dead():
            return False
        self.start()
        return True
