"""What a run draws on a terminal: whatever its size, and whatever the log says, the picture is rewritten in its place."""

import re
import signal

import pytest

from terminal import Terminal

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


def widest(shown):
    """Columns of the widest line, as a terminal counts them."""
    lines = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    return max(sum(2 if ord(character) > 0x2E80 else 1 for character in line) for line in lines)


@pytest.mark.parametrize("rows, columns", [(5, 30), (8, 80), (24, 100)])
def test_a_picture_is_no_larger_than_the_terminal(plane, mini, rows, columns):
    terminal = Terminal(plane, "run", mini, rows=rows, columns=columns)
    assert terminal.end() == 0
    ups = [int(count) for count in re.findall(r"\x1b\[(\d+)A", terminal.shown)]
    assert ups and max(ups) < rows
    assert widest(terminal.shown.split("What to try next")[0]) <= columns


def test_in_few_rows_what_is_at_work_is_seen(plane, mini):
    terminal = Terminal(plane, "run", mini, rows=4)
    assert terminal.end() == 0
    pictures = terminal.shown.split("\x1b[?2026h")
    assert any("S4" in picture and "Source" not in picture for picture in pictures)


def test_a_run_that_is_terminated_leaves_a_cursor(plane, mini):
    terminal = Terminal(plane, "run", mini)
    terminal.read("日本語")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")


def test_what_usually_takes_long_has_a_bar_in_later_runs(plane, mini):
    (mini / "buildspec.yml").write_text(BUILD + "      - sleep 2.2\n")
    (mini / "rehearse.yaml").unlink()
    first, second = Terminal(plane, "run", mini), None
    assert first.end() == 0 and "left" not in first.shown
    second = Terminal(plane, "run", mini)
    assert second.end() == 0
    assert re.search(r"█+░+ ~\d+\.\d s left", second.shown)
