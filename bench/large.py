"""A 1 GiB object, up and down by curl on presigned URLs, beside `cp` and fsync of the same bytes on the same disk."""

import os
import shutil
import subprocess
import time
from pathlib import Path

GIB = 1 << 30
PIECE = 1 << 20


def random_file(path, size):
    """Random bytes, so that nothing on the way can make them fewer."""
    with open(path, "wb") as file:
        for _ in range(size // PIECE):
            file.write(os.urandom(PIECE))
        file.flush()
        os.fsync(file.fileno())
    return path


def timed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def copy_and_sync(source, target):
    shutil.copyfile(source, target)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
    target.unlink()


def peak_mb(server, action):
    """How much the server's memory stood above what it was before, at its highest while `action` ran; and how long that took."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak begins anew
    before = server.memory_mb()
    seconds = timed(action)
    return server.memory_mb("VmHWM") - before, seconds


def curl(*arguments):
    subprocess.run(["curl", "-sS", "--fail", "-o", "/dev/null", *arguments], check=True)


def measure(server, folder, size=GIB):
    """Returns seconds of cp and fsync, of the way up and of the way down, and the growth of memory in MB on both ways."""
    source, target = random_file(Path(folder) / "source", size), Path(folder) / "copy"
    s3 = server.client("s3")
    where = {"Bucket": "bench-bucket", "Key": "large"}
    put, get = (s3.generate_presigned_url(name, Params=where) for name in ("put_object", "get_object"))
    copies = [timed(lambda: copy_and_sync(source, target))]
    up_mb, up = peak_mb(server, lambda: curl("-T", source, put))
    down_mb, down = peak_mb(server, lambda: curl(get))
    copies.append(timed(lambda: copy_and_sync(source, target)))
    source.unlink()
    return {"copy": min(copies), "up": up, "down": down, "up_mb": up_mb, "down_mb": down_mb, "mib": size >> 20}
