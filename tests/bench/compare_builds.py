"""Two builds of this project against each other, in turns: compare_builds.py BEFORE AFTER [ROUNDS [FOLDER]].

BEFORE and AFTER: folders of two checkouts whose build/native holds tools/xplaim, tests/bench/bench_wfdb and
tests/bench/bench_plot (`ninja -C build/native xplaim bench_wfdb bench_plot`). FOLDER: WFDB records (web/samples). For each
figure the least of all rounds is printed, since whatever else the machine does can only add to it; the
spread says how much of the ratio is noise.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=True).stdout


def least(block):
    """Of one timing, whichever version wrote it."""
    return block.get("min_ms_per_record", block.get("min_ms"))


def inference(build, *options):
    o = json.loads(run(build / "tools" / "xplaim", "bench", "--json", "--repeat", 10, *options))
    figures = {"forward": least(o["forward"]), "forward and Grad-CAM": least(o["explain"]), "preparing": least(o["prepare"])}
    return {f"{name}, ms a record": v for name, v in figures.items()} | {"the net, MiB": o["net_bytes"] / 2**20}


def training(build):
    o = json.loads(run(build / "tools" / "xplaim", "bench", "--train", "--json", "--repeat", 2))
    parts = o.get("parts_ms_per_record") or o["parts_ms"]
    figures = {"training step": least(o["step"]), "of it forward": parts["forward"], "of it backward": parts["backward"]}
    return {f"{name}, ms a record": v for name, v in figures.items()} | {"the trainer, MiB": o["trainer_bytes"] / 2**20}


def reading(build, folder):
    text = run(build / "tests" / "bench" / "bench_wfdb", folder, 100)
    return {f"WFDB to {to}, ms a record": float(ms) for to, ms in re.findall(r"read to (.*): ([\d.]+) ms", text)}


def drawing(build):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "page.png"
        text = run(build / "tests" / "bench" / "bench_plot", path, 150, 5)
        size = path.stat().st_size
    parts = re.findall(r"^(\w+) .*processor ([\d.]+) ms", text, re.M)
    return {f"A4 at 150 dpi: {name}, ms of processor": float(ms) for name, ms in parts} | {"A4 at 150 dpi: kB": size / 1e3}


def measure(checkout, folder):
    build = checkout / "build" / "native"
    return inference(build) | training(build) | reading(build, folder) | drawing(build)


def main():
    before, after = map(pathlib.Path, sys.argv[1:3])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folder = sys.argv[4] if len(sys.argv) > 4 else after / "web" / "samples"
    figures = {}
    for i in range(rounds):
        order = ((0, before), (1, after)) if i % 2 == 0 else ((1, after), (0, before))
        for which, checkout in order:
            for name, value in measure(checkout, folder).items():
                figures.setdefault(name, ([], []))[which].append(value)
    print(f"{'least of ' + str(rounds):40} {'before':>9} {'after':>9} {'ratio':>7}   spread of either")
    for name, (old, new) in figures.items():
        if old and new:
            spread = " ".join(f"{max(v) / min(v):.2f}" for v in (old, new))
            print(f"{name:40} {min(old):9.3f} {min(new):9.3f} {min(new) / min(old):7.3f}   {spread}")


main()
