"""Whether times at the amplifier's limit, flat, lost, jumping, or of a calibration pulse are taken for beats.

    blind.py XPLAIM PTB_XL [COUNT [SEED]]

PTB_XL is the folder with ptbxl_database.csv, of which clean records of the folds 1 to 8 are used. In each of COUNT (40)
of them such a time is planted in one to twelve leads at the start, in the middle, near the end and at the end. What is
found is compared with what is found in the record as it is: a beat that is not there, and an interval that passes over
one that is."""

import collections
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from quality import clean_paths
from wfdb16 import read_record

PLACES = ("start", "middle", "near the end", "end")
LENGTHS = (0.2, 0.7, 2.2)
LEADS = (1, 3, 6, 12)
KINDS = ("rail", "swing", "zero", "step", "pulse")


def write_record(path, rate, names, mv):
    stored = np.clip(np.round(mv * 1000), -32767, 32767).astype("<i2")
    path.with_suffix(".dat").write_bytes(np.ascontiguousarray(stored.T).tobytes())
    lines = [f"{path.name} {len(names)} {rate:g} {mv.shape[1]}"]
    for x, name in zip(stored, names):
        checksum = (int(x.astype(int).sum()) + 32768) % 65536 - 32768
        lines.append(f"{path.name}.dat 16 1000/mV 16 0 {x[0]} {checksum} 0 {name}")
    path.with_suffix(".hea").write_text("\n".join(lines) + "\n")


def plant(kind, rng, rate, mv, place, length, leads):
    """At the rail, from rail to rail as an overloaded amplifier, zero, a jump of the level, or 1 mV between zeros."""
    out, seconds = mv.copy(), mv.shape[1] / rate
    begin = {"start": 0, "middle": rng.uniform(2, 6), "near the end": seconds - length - 0.1, "end": seconds - length}[place]
    a, z = round(begin * rate), round((begin + length) * rate)
    t = np.arange(z - a) / rate
    for lead in rng.permutation(len(mv))[:leads]:
        if kind == "rail":
            out[lead, a:z] = rng.choice([-1, 1]) * rng.choice([2.0, 4, 5, 10])
        elif kind == "swing":
            out[lead, a:z] = np.clip(20 * np.sin(2 * np.pi * rng.uniform(1, 4) * t + rng.uniform(0, 6)), -5, 5)
        elif kind == "zero":
            out[lead, a:z] = 0
        elif kind == "step":
            out[lead, a:] += rng.choice([-1, 1]) * rng.uniform(0.7, 4)
        else:
            pad = round(0.08 * rate)
            out[lead, max(0, a - pad) : z + pad] = 0
            out[lead, a:z] = 1
    return out


def make(folder, paths, rng):
    """The names of the records: (planted, as it is, kind)."""
    rows = []
    for i, path in enumerate(paths):
        rate, names, mv = read_record(path)
        write_record(folder / f"whole{i:03}", rate, names, mv)
        for kind, place, length, leads in itertools.product(KINDS, PLACES, LENGTHS, LEADS):
            if kind == "pulse" and (leads < len(names) or length > 0.5):
                continue
            rows.append((f"planted{len(rows):05}", f"whole{i:03}", kind))
            write_record(folder / rows[-1][0], rate, names, plant(kind, rng, rate, mv, place, length, leads))
    return rows


def compare(whole, planted):
    """Whether there is a beat that was none, and an interval that passes over one."""
    times = [b["time_s"] for b in whole["beats"]]
    known = [any(abs(b["time_s"] - t) < 0.05 for t in times) for b in planted["beats"]]
    over = False
    for before, b, known_before, known_now in zip(planted["beats"], planted["beats"][1:], known, known[1:]):
        if b["rr_s"] is not None:
            between = any(before["time_s"] + 0.05 < t < b["time_s"] - 0.05 for t in times)
            over = over or between or not known_before or not known_now
    return not all(known), over


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    with tempfile.TemporaryDirectory() as made:
        rows = make(pathlib.Path(made), clean_paths(folder, count, seed), np.random.default_rng(seed))
        done = subprocess.run([tool, "measure", "--json", "--threads", "1", made], capture_output=True, text=True)
    found = {pathlib.Path(o["record"]).name: o for o in map(json.loads, done.stdout.splitlines())}
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    for name, whole, kind in rows:
        false, over = compare(found[whole], found[name])
        rate = next(m for m in found[name]["measurements"] if m["name"] == "heart_rate")
        for key in (kind, "all"):
            for k, v in enumerate((1, false, over, over and rate["reliability"] == "high")):
                table[key][k] += v
    print("planted     records   beats that are none   intervals over a beat   and the rate called reliable")
    for key in (*KINDS, "all"):
        n, false, over, high = table[key]
        print(f"{key:8} {n:10} {false:12} ({100 * false / n:4.1f} %) {over:12} ({100 * over / n:4.1f} %) {high:12}")


if __name__ == "__main__":
    main()
