"""Whether `xplaim measure` agrees with what people say of PTB-XL's recordings: plausible.py XPLAIM PTB_XL

PTB_XL is the folder with ptbxl_database.csv; the folds 1 to 8 of it are used. For each statement, how many of the
recordings that have it have the number that belongs to it, of those where it was measured, and how many of the
others that have no statement of its kind do. No goal is 100 %: statements are made by people and by other programs,
with limits of their own."""

import ast
import csv
import json
import pathlib
import subprocess
import sys

BLOCKS = ("CRBBB", "CLBBB", "IVCD", "IRBBB", "ILBBB")
RATES = ("SBRAD", "STACH", "SARRH", "AFIB", "AFLT", "SVTAC", "PSVT", "SVARR")
# name, statements, what excludes a recording from the others, quantity, what the number should be
RULES = [
    ("first degree AV block: PR > 200 ms", ("1AVB",), ("1AVB", "2AVB", "3AVB", "LPR"), "pr_interval", lambda v: v > 200),
    ("prolonged PR: PR > 190 ms", ("LPR",), ("1AVB", "2AVB", "3AVB", "LPR"), "pr_interval", lambda v: v > 190),
    ("complete bundle branch block: QRS >= 120 ms", ("CRBBB", "CLBBB"), BLOCKS + ("PACE", "WPW"), "qrs_duration", lambda v: v >= 120),
    ("sinus bradycardia: rate < 60 /min", ("SBRAD",), RATES, "heart_rate", lambda v: v < 60),
    ("sinus tachycardia: rate > 100 /min", ("STACH",), RATES, "heart_rate", lambda v: v > 100),
    ("long QT: QTc > 450 ms", ("LNGQT",), ("LNGQT",), "qtc_fridericia", lambda v: v > 450),
    ("atrial fibrillation: no P wave", ("AFIB",), ("AFIB", "AFLT", "SVTAC", "PSVT", "PACE"), "p_waves", lambda v: v == "absent"),
    ("pacemaker: stimuli found", ("PACE",), ("PACE",), "paced", lambda v: v),
]
# PTB-XL's heart_axis are the German types: a range of the QRS axis in degrees, from and to.
AXES = {
    "MID": (-30, 90), "LAD": (-30, 30), "AXL": (-30, 30), "ALAD": (-120, -30), "RAD": (90, 180), "AXR": (90, 180),
    "ARAD": (120, 270),
}
SPARE = 15


def records(folder):
    with open(folder / "ptbxl_database.csv", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            path = folder / row["filename_hr"]
            if int(row["strat_fold"]) <= 8 and path.with_suffix(".hea").exists():
                yield path, set(ast.literal_eval(row["scp_codes"])), row["heart_axis"].strip()


def measured(tool, paths):
    """The documents of paths, in their order; None where a record could not be read."""
    for from_ in range(0, len(paths), 200):
        some = [str(p) for p in paths[from_ : from_ + 200]]
        done = subprocess.run([tool, "measure", "--json", *some], capture_output=True, text=True)
        lines = {o["record"]: o for o in map(json.loads, done.stdout.splitlines()) if "beats" in o}
        yield from (lines.get(p) for p in some)


def numbers(o):
    v = {m["name"]: m["value"] for m in o["measurements"]}
    v["p_waves"], v["paced"] = o["rhythm"]["p_waves"], o["rhythm"]["paced"]
    return v


def share(values, holds):
    got = [v for v in values if v is not None]
    return f"{sum(map(holds, got)):4} of {len(got):4} ({100 * sum(map(holds, got)) / max(len(got), 1):5.1f} %)"


def in_range(axis, limits):
    low, high = limits[0] - SPARE, limits[1] + SPARE
    return any(low <= axis + turn <= high for turn in (-360, 0, 360))


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    listed = list(records(folder))
    rows = [
        (codes, axis, numbers(o))
        for (_, codes, axis), o in zip(listed, measured(tool, [p for p, _, _ in listed]))
        if o is not None
    ]
    print(f"{len(rows)} of {len(listed)} records\n{'':46} where stated             where nothing like it is stated")
    for name, stated, excluded, quantity, holds in RULES:
        have = [v[quantity] for codes, _, v in rows if codes & set(stated)]
        others = [v[quantity] for codes, _, v in rows if not codes & set(excluded)]
        print(f"{name:46} {share(have, holds)}   {share(others, holds)}")
    print("QRS axis within PTB-XL's heart_axis, 15 degrees to spare")
    for axis, limits in AXES.items():
        got = [v["qrs_axis"] for _, a, v in rows if a == axis]
        if got:
            print(f"  {axis:5} {limits[0]:4} to {limits[1]:3}  {share(got, lambda v, lim=limits: in_range(v, lim))}")


main()
