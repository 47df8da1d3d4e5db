"""rehearse-helper and archives that somebody made to do harm: each is refused by name, and nothing of it stays."""

import io
import json
import os
import stat
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from harness import program

HELPER = program().parent / "rehearse-helper"


def helper(*words, status=0, **more):
    done = subprocess.run([HELPER, *map(str, words)], capture_output=True, **more)
    assert done.returncode == status, done.stdout
    result = json.loads(done.stdout)
    assert done.stderr.decode() == (result["error"]["message"] + "\n" if status else "")
    return result


def make_zip(path, entries, **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content, **more)
    return path


def zip_link(name, target):
    link = zipfile.ZipInfo(name)
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return link, target


def make_tar(path, *members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name, kind=tarfile.REGTYPE, target="", content=b""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info, content


def assert_refused(archive, tmp_path, code, *words, options=()):
    target = tmp_path / "target"
    outside = sorted(os.listdir(tmp_path))
    error = helper(*options, "unpack", archive, target, status=1)["error"]
    assert error["code"] == code, error
    for word in words:
        assert word in error["message"]
    assert sorted(os.listdir(tmp_path)) == outside


def test_what_is_packed_comes_out_again(tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "sub" / "ümlaut").write_bytes(b"\0" * 100_000)
    (source / "sub" / "link").symlink_to("../run.sh")
    packed = helper("pack", source, tmp_path / "a.zip", "--links")
    assert packed["entries"] == 4
    helper("unpack", tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "sub" / "ümlaut").read_bytes() == b"\0" * 100_000
    assert os.readlink(tmp_path / "out" / "sub" / "link") == "../run.sh"
    assert (tmp_path / "out" / "empty").is_dir()
    os.utime(source / "run.sh", (1, 1))
    assert helper("pack", source, tmp_path / "b.zip", "--links")["sha256"] == packed["sha256"]
    assert zipfile.ZipFile(tmp_path / "a.zip").testzip() is None


def test_links_are_followed_when_they_are_not_kept(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("text")
    (source / "link").symlink_to("file")
    helper("pack", source, tmp_path / "a.zip")
    assert helper("cat", tmp_path / "a.zip", "link") == {"size": 4, "text": "text"}


def test_a_list_chooses_and_renames(tmp_path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "a.txt").write_text("a")
    (tmp_path / "dist" / "b.txt").write_text("b")
    helper("pack", tmp_path, tmp_path / "a.zip", "--list", "-", "--rename", input=b"dist/a.txt\0a.txt\0")
    assert [entry["path"] for entry in helper("list", tmp_path / "a.zip")["entries"]] == ["a.txt"]
    error = helper("pack", tmp_path, tmp_path / "b.zip", "--list", "-", "--rename", input=b"dist/a.txt\0x\0dist/b.txt\0x\0", status=1)["error"]
    assert '"x"' in error["message"]
    error = helper("pack", tmp_path, tmp_path / "b.zip", "--list", "-", input=b"dist/none\0", status=1)["error"]
    assert "dist/none" in error["message"]
    assert not (tmp_path / "b.zip").exists() and not (tmp_path / "b.zip.partial").exists()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_tar_and_tgz_are_unpacked(tmp_path, mode):
    archive = make_tar(tmp_path / "a", member("./", tarfile.DIRTYPE), member("./appspec.yml", content=b"version: 0.0\n"),
                       member("hard", tarfile.LNKTYPE, "appspec.yml"), mode=mode)
    assert helper("list", archive)["format"] == ("tar" if mode == "w" else "tgz")
    assert helper("cat", archive, "appspec.yml")["text"] == "version: 0.0\n"
    helper("unpack", archive, tmp_path / "out")
    assert (tmp_path / "out" / "hard").read_text() == "version: 0.0\n"


@pytest.mark.parametrize("name,word", [("../evil", "leads out"), ("a/../../evil", "leads out"), ("/tmp/evil", "absolute")])
def test_names_that_lead_out_are_refused(tmp_path, name, word):
    assert_refused(make_zip(tmp_path / "a.zip", [("good", "x"), (name, "x")]), tmp_path, "unsafe-bundle", word, "evil")
    assert_refused(make_tar(tmp_path / "a.tar", member("good"), member(name)), tmp_path, "unsafe-bundle", word, "evil")


def test_links_that_lead_out_are_refused(tmp_path):
    assert_refused(make_zip(tmp_path / "a.zip", [zip_link("l", "/etc/passwd")]), tmp_path, "unsafe-bundle", '"l"', "/etc/passwd")
    assert_refused(make_zip(tmp_path / "b.zip", [zip_link("a/l", "../../x")]), tmp_path, "unsafe-bundle", "leads out")
    assert_refused(make_tar(tmp_path / "c.tar", member("l", tarfile.SYMTYPE, "..")), tmp_path, "unsafe-bundle", "leads out")
    assert_refused(make_tar(tmp_path / "d.tar", member("l", tarfile.LNKTYPE, "../x")), tmp_path, "unsafe-bundle", "leads out")


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    archive = make_tar(tmp_path / "a.tar", member("folder", tarfile.DIRTYPE), member("l", tarfile.SYMTYPE, "folder"), member("l/file", content=b"x"))
    assert_refused(archive, tmp_path, "unsafe-bundle", "l/file", "link")
    # A chain: each link stays inside by its text, together they would not.
    archive = make_tar(tmp_path / "b.tar", member("a/b/c", tarfile.DIRTYPE), member("a/l", tarfile.SYMTYPE, "b/c"), member("m", tarfile.LNKTYPE, "a/l/x"))
    assert_refused(archive, tmp_path, "unsafe-bundle", "link")


def test_a_later_file_replaces_a_link_of_its_name(tmp_path):
    archive = make_tar(tmp_path / "a.tar", member("real", content=b"real"), member("l", tarfile.SYMTYPE, "real"), member("l", content=b"new"))
    helper("unpack", archive, tmp_path / "out")
    assert (tmp_path / "out" / "real").read_bytes() == b"real"
    assert (tmp_path / "out" / "l").read_bytes() == b"new"


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_devices_and_pipes_are_refused(tmp_path, kind):
    assert_refused(make_tar(tmp_path / "a.tar", member("odd", kind)), tmp_path, "unsafe-bundle", "odd")


def test_setuid_does_not_survive(tmp_path):
    info, content = member("tool", content=b"x")
    info.mode = 0o6755
    helper("unpack", make_tar(tmp_path / "a.tar", (info, content)), tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out" / "tool").stat().st_mode) == 0o755


def test_bombs_are_refused(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w") as entry:
            for _ in range(400):
                entry.write(bytes(1024 * 1024))
    assert_refused(bomb, tmp_path, "bundle-too-large", "zeros", "200 times")
    small = make_zip(tmp_path / "small.zip", [(f"f{i}", "x" * 100) for i in range(20)])
    assert_refused(small, tmp_path, "bundle-too-large", "1000 bytes", options=("--bytes", 1000))
    assert_refused(small, tmp_path, "bundle-too-large", "10 entries", options=("--entries", 10))


def test_truncated_archives_are_refused(tmp_path):
    whole = make_zip(tmp_path / "whole.zip", [(f"f{i}", os.urandom(1000)) for i in range(10)]).read_bytes()
    for end in (len(whole) - 1, len(whole) - 30, len(whole) // 2, 10):
        (tmp_path / "cut").write_bytes(whole[:end])
        assert_refused(tmp_path / "cut", tmp_path, "bad-bundle", "cut")
    for mode in ("w", "w:gz"):
        whole = make_tar(tmp_path / "whole", *[member(f"f{i}", content=os.urandom(2000)) for i in range(10)], mode=mode).read_bytes()
        (tmp_path / "cut").write_bytes(whole[: len(whole) // 3])
        assert_refused(tmp_path / "cut", tmp_path, "bad-bundle", "runcated")


def test_damaged_bytes_are_found(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("file", b"A" * 1000)
    path.write_bytes(path.read_bytes().replace(b"A" * 1000, b"A" * 500 + b"B" + b"A" * 499))
    assert_refused(path, tmp_path, "bad-bundle", '"file"', "CRC")


def test_a_zip_of_nothing_is_a_folder_of_nothing(tmp_path):
    helper("unpack", make_zip(tmp_path / "a.zip", []), tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []


def test_what_is_no_archive_is_refused(tmp_path):
    for content in (b"", b"hello", b"x" * 5000, b"PK\3\4" + b"\xff" * 1000, b"\x1f\x8b" + b"\xff" * 1000):
        (tmp_path / "no").write_bytes(content)
        assert_refused(tmp_path / "no", tmp_path, "bad-bundle")
    assert_refused(tmp_path / "absent", tmp_path, "system", "No such file")


def test_encrypted_entries_are_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("secret", "x")])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(signature) + offset
        struct.pack_into("<H", data, at, struct.unpack_from("<H", data, at)[0] | 1)
    path.write_bytes(data)
    assert_refused(path, tmp_path, "unsafe-bundle", "secret", "encrypted")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("file", "new")])
    (tmp_path / "target").mkdir()
    helper("unpack", archive, tmp_path / "target")
    (tmp_path / "target" / "file").write_text("mine")
    error = helper("unpack", archive, tmp_path / "target", status=1)["error"]
    assert "not empty" in error["message"]
    assert (tmp_path / "target" / "file").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "target"]


def test_wrong_arguments_are_told_apart_from_failures():
    done = subprocess.run([HELPER, "unzip", "x"], capture_output=True)
    assert done.returncode == 2 and b"usage" in done.stderr
