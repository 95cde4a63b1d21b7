"""What the quality gate finds: planted faults, clean records, CinC 2011's judgements.

    quality.py PROBE clean PTB_XL        findings on clean records
    quality.py PROBE planted PTB_XL      each of nine faults on 200 clean records
    quality.py PROBE cinc QUALITY_CSV    acceptable or not, against CinC 2011

PROBE is the program tests/bench/quality_probe.c; PTB_XL the folder with ptbxl_database.csv, of which
the folds 1 to 8 are used. Clean: no note of drift, noise, bursts, electrodes or pacing in the table.
"""
import collections
import csv
import json
import pathlib
import subprocess
import sys

import numpy as np

from wfdb16 import read_record

NOTES = ("baseline_drift", "static_noise", "burst_noise", "electrodes_problems", "pacemaker")
COUNT = 200
SEED = 11


class Probe:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, rate, names, mv):
        pipe = self.process.stdin
        pipe.write(f"{rate} {mv.shape[1]} {mv.shape[0]} {' '.join(names)}\n".encode())
        pipe.write(np.ascontiguousarray(mv, "<f4").tobytes())
        pipe.flush()
        return json.loads(self.process.stdout.readline())


def clean_paths(folder, count=None, seed=SEED):
    rows = csv.DictReader(open(folder / "ptbxl_database.csv", encoding="utf-8"))
    paths = [folder / r["filename_hr"] for r in rows
             if int(r["strat_fold"]) <= 8 and not any(r[k].strip() for k in NOTES)]
    if count:
        paths = [paths[i] for i in np.random.default_rng(seed).permutation(len(paths))[:count]]
    return paths


def run_clean(probe, folder, count=None):
    """Swaps are counted apart: they have a limit of their own, 1 % for all kinds together."""
    codes, grades = collections.Counter(), collections.Counter()
    records = bad = swapped = 0
    for path in clean_paths(folder, count):
        q = probe(*read_record(path))
        found = {f["code"] for f in q["findings"]}
        records += 1
        bad += bool(found - {"reversal"})
        swapped += "reversal" in found
        grades[q["grade"]] += 1
        codes.update(found)
    print(f"clean: {bad} of {records} records have a fault ({100 * bad / records:.2f} %), "
          f"{swapped} a swap ({100 * swapped / records:.2f} %)", dict(codes), dict(grades))


# ---- planted faults -------------------------------------------------------------------------


def plant(kind, rng, rate, names, mv):
    """The record with a fault, the lead (None: any), and its time."""
    mv = mv.copy()
    n, lead = mv.shape[1], int(rng.integers(len(names)))
    a = int(rng.uniform(0.5, 5) * rate)
    z = min(n, a + int(rng.uniform(2, 4) * rate))
    t = np.arange(n) / rate
    size = rng.uniform
    if kind == "flat":
        mv[lead, a:z] = mv[lead, a]
    elif kind == "saturated":
        mv[lead, a:z] = rng.choice([-1, 1]) * max(2.0, np.abs(mv[lead]).max())
    elif kind == "gap":
        mv[lead, a:z] = np.nan
    elif kind in ("mains_50hz", "mains_60hz"):
        f = 50 if kind == "mains_50hz" else 60
        mv[lead, a:z] += (size(0.05, 0.2) * np.sin(2 * np.pi * f * t + size(0, 6)))[a:z]
    elif kind == "baseline_wander":
        a, z = 0, n
        mv[lead] += size(0.5, 1) * np.sin(2 * np.pi * size(0.15, 0.4) * t + size(0, 6))
    elif kind == "muscle_noise":
        noise = np.fft.rfft(rng.standard_normal(n))
        f = np.fft.rfftfreq(n, 1 / rate)
        noise[(f < 20) | (f > 120)] = 0
        noise = np.fft.irfft(noise, n)
        mv[lead, a:z] += (noise / noise.std() * size(0.06, 0.15))[a:z]
    elif kind == "step":
        mv[lead, a:] += rng.choice([-1, 1]) * size(0.6, 2)
    elif kind == "einthoven":
        lead = int(rng.integers(6))
        how = int(rng.integers(3))
        if how == 0:
            mv[lead, a:z] += size(0.2, 0.4)
        elif how == 1:
            mv[lead, a:z] *= -1
        else:
            mv[lead, a:z] += size(0.2, 0.5) * np.sin(2 * np.pi * 3 * t)[a:z]
    return mv, names[lead], a / rate, z / rate


KINDS = ("flat", "saturated", "gap", "mains_50hz", "mains_60hz", "baseline_wander",
         "muscle_noise", "step", "einthoven")


def run_planted(probe, folder):
    rng = np.random.default_rng(SEED)
    records = [read_record(p) for p in clean_paths(folder, COUNT)]
    seconds = []
    for kind in KINDS:
        named = other = 0
        for record in records:
            mv, lead, start, end = plant(kind, rng, *record)
            q = probe(record[0], record[1], mv)
            seconds.append(q["seconds"])
            before = {(f["code"], f["lead"]) for f in probe(*record)["findings"]}
            hits = [f for f in q["findings"] if f["code"] == kind and f["lead"] == lead and
                    f["start_s"] < end and f["end_s"] > start]
            named += bool(hits)
            other += any(f["code"] != kind and (f["code"], f["lead"]) not in before
                         for f in q["findings"])
        print(f"{kind:16} named {100 * named / len(records):5.1f} %, "
              f"something else as well {100 * other / len(records):5.1f} %")
    print(f"{1000 * np.median(seconds):.2f} ms a record (median)")


# ---- CinC 2011 ------------------------------------------------------------------------------


def run_cinc(probe, table):
    folder = pathlib.Path(table).parent
    right = collections.Counter()
    seen, alone = {}, [0, 0]
    for row in csv.DictReader(open(table, encoding="utf-8")):
        want = {"1": 1, "0": 0}.get(row["acceptable"], -1)
        if want < 0:
            continue
        rate, names, mv = read_record(folder / row["path"])
        got = probe(rate, names, mv)["grade"] != "unusable"
        right[(want, int(got))] += 1
        if mv.tobytes() not in seen:
            seen[mv.tobytes()] = 1
            alone[int(got == want)] += 1
    good = right[(1, 1)] + right[(0, 0)]
    print(f"CinC 2011: {100 * good / sum(right.values()):.1f} % of {sum(right.values())} right; "
          f"acceptable {right[(1, 1)]} of {right[(1, 1)] + right[(1, 0)]}, "
          f"unacceptable {right[(0, 0)]} of {right[(0, 0)] + right[(0, 1)]}; "
          f"without copies {100 * alone[1] / sum(alone):.1f} % of {sum(alone)}")


def main():
    probe = Probe(sys.argv[1])
    what, path = sys.argv[2], pathlib.Path(sys.argv[3])
    if what == "clean":
        run_clean(probe, path, int(sys.argv[4]) if len(sys.argv) > 4 else None)
    elif what == "planted":
        run_planted(probe, path)
    else:
        run_cinc(probe, path)


if __name__ == "__main__":
    main()
