"""The program in a terminal, as a person has it: what it shows, and what is typed."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from harness import program


class Terminal:
    """rehearse WORDS in a terminal of its own of this size; `shown` is all that it has written so far."""

    def __init__(self, plane, *words, rows=24, columns=80, **environment):
        self.main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [str(word) for word in (program(), *words)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=plane.environment(TERM="xterm", LC_ALL="C.UTF-8", **environment),
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(terminal)
        self.shown = ""

    def read(self, word):
        """Until it shows the word."""
        while word not in self.shown:
            assert self._read_some(), self.shown
        return self.shown

    def type(self, text):
        os.write(self.main, text.encode())

    def end(self):
        """Waits for the program's end. Its exit status."""
        while self._read_some():
            pass
        os.close(self.main)
        return self.process.wait(30)

    def _read_some(self):
        try:
            part = os.read(self.main, 65536)
        except OSError:  # the other side is closed
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)


def take_terminal():
    """^C reaches the program by its controlling terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
