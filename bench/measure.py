"""Measures Rehearse beside moto_server in the same run, and writes a table to the terminal and to bench/results/DATE.md.

usage: bench/run [--quick] [--without-moto] [--runs N] [--seconds S]
--quick: one short run of each, a small object instead of 1 GiB. Figures are medians of the runs. The load generator shares the machine's processors with
the server, as the goals assume; whatever else runs there shows in them, so the load average before and after stands in the result.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import large
import pipelines
import servers

FILL = 4096
RESULTS = servers.TOP / "bench/results"
#        kind, name, goal at 32 connections: requests a second and microseconds of the server's processors each
KINDS = [
    ("identity", "GetCallerIdentity", 90000, 12),
    ("s3-get", "S3 GET 1 KiB", 75000, 14),
    ("get-item", "DynamoDB GetItem", 65000, 15),
    ("s3-put", "S3 PUT 1 KiB", 25000, 27),
    ("put-item", "DynamoDB PutItem", 25000, 27),
]


class Table:
    """Rows of the result: what, measured, goal, whether it is met, and the peer's figure."""

    def __init__(self):
        self.rows = []

    def add(self, what, measured, goal="", met=None, peer=""):
        verdict = "" if met is None else "met" if met else "MISSED"
        self.rows.append((what, measured, goal, verdict, peer))
        print(f"{what:34} {measured:>42}  {goal:>22} {verdict:7} {peer}", flush=True)

    def markdown(self):
        lines = ["| what | measured | goal | | moto_server |", "|---|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows]) + "\n"


def median_run(server, options, *groups):
    """The run of median throughput of the first group."""
    runs = [server.load(*groups, seconds=options.seconds, seed=number + 2) for number in range(options.runs)]
    return sorted(runs, key=lambda run: run["groups"][0]["perSecond"])[len(runs) // 2]


def words(run):
    group = run["groups"][0]
    failures = f", {group['failures']} FAILED" if group["failures"] else ""
    return f"{group['perSecond']:,.0f}/s {run['cpuMicrosecondsEach']:.1f} µs, p50 {group['p50'] / 1000:.2f} p99 {group['p99'] / 1000:.2f} ms{failures}"


def start(make, folder, count):
    """Milliseconds to the first reply and memory, each the median of starts on a fresh folder, then of starts again."""
    fresh, again, memory = [], [], []
    for number in range(count):
        place = Path(folder) / f"start-{number}"
        place.mkdir()
        for times in (fresh, again):
            with make(place) as server:
                time.sleep(0.3)
                times.append(server.start_ms)
                memory.append(server.memory_mb())
    return statistics.median(fresh), statistics.median(again), statistics.median(memory)


def bare_commits(folder, number):
    place = Path(folder) / f"bare-{number}"
    output = subprocess.run([servers.TOP / "build/bench/store_commits", place, "1.5"], check=True, capture_output=True, text=True).stdout
    return json.loads(output)["bareRowsPerSecond"]


def fill(server):
    for kind in ("s3-put", "put-item"):
        server.load(f"{kind}:8", requests=FILL)


def measure_start(table, options, folder):
    fresh, again, memory = start(servers.rehearse, folder, options.runs + 2)
    peer_fresh, _, peer_memory = start(servers.moto, folder / "moto", 1) if options.moto else (None, None, None)
    peer = f"{peer_fresh:.0f} ms" if options.moto else ""
    table.add("start to first reply, again", f"{again:.1f} ms", "≤ 10 ms", again <= 10, peer)
    table.add("… on an empty folder", f"{fresh:.1f} ms", "", None)
    table.add("memory of the idle server", f"{memory:.1f} MB", "≤ 10 MB", memory <= 10, f"{peer_memory:.0f} MB" if options.moto else "")


def measure_requests(table, options, server, peer):
    bare = []
    for kind, name, per_second, cpu in KINDS:
        one, many = (median_run(server, options, f"{kind}:{connections}") for connections in (1, 32))
        peers = [words(peer.load(f"{kind}:{connections}", seconds=1)) if peer else "" for connections in (1, 32)]
        rate = many["groups"][0]["perSecond"]
        met = rate >= per_second and many["cpuMicrosecondsEach"] <= cpu
        table.add(f"{name}, 1 connection", words(one), "", None, peers[0])
        table.add(f"{name}, 32 connections", words(many), f"≥ {per_second:,}/s, ≤ {cpu} µs", met, peers[1])
        if not kind.endswith(("s3-put", "put-item")):
            continue
        bare += [bare_commits(server.folder, f"{kind}-{number}") for number in range(options.runs)]
        usual = statistics.median(bare)
        table.add("… of bare 32-row commits of SQLite", f"{rate / usual:.2f} × {usual:,.0f}/s", "≥ 0.5 ×", rate >= 0.5 * usual)
    mixed = median_run(server, options, "s3-get:16", "s3-put:16")
    get, put = mixed["groups"]
    measured = f"p99 {get['p99'] / 1000:.2f} ms, {get['perSecond']:,.0f} GET/s, {put['perSecond']:,.0f} PUT/s"
    table.add("S3 GET beside a full load of PUT", measured, "p99 ≤ 2.5 ms", get["p99"] <= 2500)


def measure_large(table, options, server, folder):
    found = large.measure(server, folder, large.GIB if not options.quick else large.GIB // 16)
    growth = max(found["up_mb"], found["down_mb"])
    table.add(f"{found['mib']} MiB object: memory", f"up +{found['up_mb']:.1f} MB, down +{found['down_mb']:.1f} MB", "≤ 8 MB", growth <= 8)
    ratio = (found["up"] + found["down"]) / (2 * found["copy"])
    measured = f"up {found['up']:.2f} s, down {found['down']:.2f} s; cp+fsync {found['copy']:.2f} s"
    table.add(f"{found['mib']} MiB object: time", f"{measured}; up {found['up'] / found['copy']:.2f} ×", "≤ 1.5 ×", found["up"] <= 1.5 * found["copy"])
    table.add("… mean of both ways", f"{ratio:.2f} ×", "", None)


def measure_pipelines(table, options, folder):
    with servers.rehearse(folder) as server:
        gaps, trouble = pipelines.measure(server, 3 if options.quick else options.pipelines)
    if not gaps:
        table.add("end of an action to the next job's exec", f"not measured: {trouble}", "p95 ≤ 20 ms", False)
        return
    p95 = sorted(gaps)[int(len(gaps) * 0.95) if len(gaps) > 20 else -1]
    measured = f"p50 {statistics.median(gaps):.0f} ms, p95 {p95:.0f} ms of {len(gaps)}"
    table.add("end of an action to the next job's exec", measured, "p95 ≤ 20 ms", p95 <= 20)


def machine():
    model = next((line.split(": ")[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}"


def write(table, options, load_before, commit):
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y-%m-%d')}.md"
    conditions = (
        f"{machine()}. Load average before {load_before:.1f}, after {os.getloadavg()[0]:.1f}: with more than the processors can carry, throughput and p99 say "
        "little, processor time a request more.\n"
        f"Median of {options.runs} runs of {options.seconds} s; load generator on the same processors; requests signed beforehand and varied; signatures verified, "
        "policy of an IAM user on. Processor time is the server's, all threads, user and system. moto_server: one run of 1 s, in memory only.\n"
    )
    path.write_text(f"# Measured {time.strftime('%Y-%m-%d %H:%M')}, {commit}\n\n{conditions}\n{table.markdown()}")
    print(f"written to {path.relative_to(servers.TOP)}")


def read_options():
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--without-moto", dest="moto", action="store_false")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--pipelines", type=int, default=100)
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, 1
    return options


def main():
    options, table, load_before = read_options(), Table(), os.getloadavg()[0]
    commit = subprocess.run(["git", "-C", servers.TOP, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    with servers.temporary_folder() as name:
        folder = Path(name)
        for part in ("moto", "pipelines"):
            (folder / part).mkdir()
        measure_start(table, options, folder)
        with servers.rehearse(folder) as server, servers.moto(folder / "moto") if options.moto else servers.nobody() as peer:
            for each in filter(None, (server, peer)):
                each.prepare()
                fill(each)
            measure_requests(table, options, server, peer)
            server.key = server.secret = "test"
            measure_large(table, options, server, folder)
        measure_pipelines(table, options, folder / "pipelines")
    write(table, options, load_before, commit)


main()
