"""The source keeps to the house rules: rooms include downward only, banned functions stay away."""

import subprocess

import pytest

from harness import TOP

CHECK = TOP / "scripts/check-source"


def faults_of(folder, path, text):
    file = folder / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return subprocess.run([CHECK, folder], capture_output=True, text=True).stdout


def test_this_source_has_no_faults():
    done = subprocess.run([CHECK], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "path, line, fault",
    [
        ("src/base/x.c", '#include "plane/turn.h"', "src/base/x.c:2: base may not include plane"),
        ("src/services/s3/x.c", '#include "services/sns/topics.h"', "src/services/s3/x.c:2: service s3 may not include service sns"),
        ("src/services/common/x.c", '#include "services/s3/s3.h"', "src/services/common/x.c:2: service common may not include service s3"),
        ("src/os/x.c", '#include "elsewhere/x.h"', 'src/os/x.c:2: "elsewhere" is no room'),
        ("src/os/x.c", "    strcpy(a, b);", "src/os/x.c:2: strcpy has no bound"),
        ("src/os/x.c", "    return system(line);", "src/os/x.c:2: system runs a shell"),
    ],
)
def test_a_fault_is_shown_with_its_line(tmp_path, path, line, fault):
    shown = faults_of(tmp_path, path, f"// head\n{line}\n")
    assert shown.startswith(fault)
    assert line.strip() in shown


@pytest.mark.parametrize(
    "path, line",
    [
        ("src/plane/x.c", '#include "base/str.h"'),
        ("src/services/s3/x.c", '#include "services/common/tags.h"'),
        ("src/services/s3/x.c", '#include "services/s3/s3.h"'),
        ("src/os/x.c", '    puts("never call system() // here");'),
        ("src/os/x.c", "    // sprintf(buffer) would be wrong"),
        ("src/os/x.c", "    my_strcpy(a); it->system(b);"),
    ],
)
def test_what_is_allowed_passes(tmp_path, path, line):
    assert faults_of(tmp_path, path, f"{line}\n") == ""
