"""What a run draws on a terminal: whatever its size, and whatever the log says, the picture is rewritten in its place."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from harness import program

LONG = "echo " + "日本語" * 40 + " 🚀"
BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n"


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


@pytest.fixture
def mini(tmp_path):
    """A pipeline of six stages, which each say a line that is wider than any terminal."""
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "buildspec.yml").write_text(BUILD + f"      - {LONG}\n      - sleep 0.3\n")
    (folder / "rehearse.yaml").write_text("stages:\n" + "".join(f"  - {{ name: S{n}, build: buildspec.yml }}\n" for n in range(5)))
    return folder


class Terminal:
    """A run in a terminal of this size, and what it has written so far."""

    def __init__(self, plane, folder, rows, columns):
        self.main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = plane.environment(TERM="xterm", LC_ALL="C.UTF-8")
        command = [program(), "run", folder, "--port", str(plane.port)]
        self.process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True)
        os.close(terminal)
        self.shown = ""

    def read(self, until=None):
        while until is None or until not in self.shown:
            try:
                self.shown += os.read(self.main, 65536).decode(errors="replace")
            except OSError:  # the other side is closed
                break
        return self.shown

    def end(self):
        self.read()
        os.close(self.main)
        return self.process.wait(30)


def widest(shown):
    """Columns of the widest line, as a terminal counts them."""
    lines = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    return max(sum(2 if ord(character) > 0x2E80 else 1 for character in line) for line in lines)


@pytest.mark.parametrize("rows, columns", [(5, 30), (8, 80), (24, 100)])
def test_a_picture_is_no_larger_than_the_terminal(plane, mini, rows, columns):
    terminal = Terminal(plane, mini, rows, columns)
    assert terminal.end() == 0
    ups = [int(count) for count in re.findall(r"\x1b\[(\d+)A", terminal.shown)]
    assert ups and max(ups) < rows
    assert widest(terminal.shown.split("What to try next")[0]) <= columns


def test_in_few_rows_what_is_at_work_is_seen(plane, mini):
    terminal = Terminal(plane, mini, 4, 80)
    assert terminal.end() == 0
    pictures = terminal.shown.split("\x1b[?2026h")
    assert any("S4" in picture and "Source" not in picture for picture in pictures)


def test_a_run_that_is_terminated_leaves_a_cursor(plane, mini):
    terminal = Terminal(plane, mini, 24, 80)
    terminal.read("日本語")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")


def test_what_usually_takes_long_has_a_bar_in_later_runs(plane, mini):
    (mini / "buildspec.yml").write_text(BUILD + "      - sleep 2.2\n")
    (mini / "rehearse.yaml").unlink()
    first, second = Terminal(plane, mini, 24, 80), None
    assert first.end() == 0 and "left" not in first.shown
    second = Terminal(plane, mini, 24, 80)
    assert second.end() == 0
    assert re.search(r"█+░+ ~\d+\.\d s left", second.shown)
