"""A model on the test fold of PTB-XL, stored as other recorders would have stored it.

robustness.py MODEL DATA_DIR [OUT.json]: see run-robustness. Each conversion is written as WFDB
records and a labels.csv in a temporary folder, and evaluated by `build/xplaim evaluate`.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

XPLAIM = os.environ.get("XPLAIM", "build/xplaim")
TABLE = os.environ.get("XP_METADATA", "output/metadata") + "/ptb-xl_labels_metadata.csv"
TEST_FOLD = "10"
LEADS = ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"]
EIGHT = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]


def read_record(path):
    """(samples, 12) in mV of a PTB-XL record: format 16, 500 Hz."""
    with open(path + ".hea") as f:
        lines = f.read().split("\n")
    fields = [line.split() for line in lines[1:13]]
    assert [f[8].upper() for f in fields] == LEADS, path
    gain = np.array([float(f[2].split("(")[0].split("/")[0]) for f in fields])
    raw = np.fromfile(path + ".dat", "<i2").reshape(-1, 12)
    return raw / gain


def write_record(path, mv, rate, leads, units="mV", steps=1000):
    """mv (samples, leads) as format 16, `steps` a millivolt, the header in the units asked for."""
    gain = steps / {"mV": 1, "uV": 1000}[units]
    raw = np.clip(np.round(mv * steps), -32767, 32767).astype("<i2")
    name = os.path.basename(path)
    raw.tofile(path + ".dat")
    with open(path + ".hea", "w") as f:
        f.write(f"{name} {len(leads)} {rate:g} {len(raw)}\n")
        for i, lead in enumerate(leads):
            total = int(raw[:, i].astype(np.int64).sum()) & 0xFFFF
            checksum = total - 0x10000 if total >= 0x8000 else total
            f.write(f"{name}.dat 16 {gain:g}/{units} 16 0 {raw[0, i]} {checksum} 0 {lead}\n")


def at_rate(rate):
    ratio = Fraction(rate, 500)

    def change(mv):
        return resample_poly(mv, ratio.numerator, ratio.denominator, axis=0, padtype="line"), rate

    return change


def in_band(low, high):
    sos = butter(2, [low, high], "bandpass", fs=500, output="sos")
    return lambda mv: (sosfiltfilt(sos, mv, axis=0), 500)


def same(mv):
    return mv, 500


# name, change of the samples, leads kept, header
CONVERSIONS = [
    ("as published", same, LEADS, {}),
    ("header in microvolt", same, LEADS, {"units": "uV"}),
    ("4.88 uV steps", same, LEADS, {"steps": 204.8}),
    ("1000 Hz", at_rate(1000), LEADS, {}),
    ("360 Hz", at_rate(360), LEADS, {}),
    ("257 Hz", at_rate(257), LEADS, {}),
    ("250 Hz", at_rate(250), LEADS, {}),
    ("128 Hz", at_rate(128), LEADS, {}),
    ("100 Hz", at_rate(100), LEADS, {}),
    ("0.05-150 Hz", in_band(0.05, 150), LEADS, {}),
    ("0.5-40 Hz", in_band(0.5, 40), LEADS, {}),
    ("eight leads (I, II, V1-V6)", same, EIGHT, {}),
    ("limb leads I and II alone (V1-V6 as 0 mV)", same, ["I", "II"], {}),
]


def convert(rows, data, folder, change, leads, header):
    columns = [LEADS.index(lead) for lead in leads]
    with open(os.path.join(folder, "labels.csv"), "w", newline="") as f:
        table = csv.DictWriter(f, list(rows[0]) + ["path"])
        table.writeheader()
        for row in rows:
            path = os.path.basename(row["filename_hr"])
            mv, rate = change(read_record(os.path.join(data, "ptb-xl", row["filename_hr"])))
            write_record(os.path.join(folder, path), mv[:, columns], rate, leads, **header)
            table.writerow({**row, "path": path, "filename_hr": ""})


def evaluate(model, folder):
    command = [XPLAIM, "evaluate", "-m", model, "--ds-name", "csv", "--ds-dir", folder, "--part",
               "all", "--resamples", "0", "--accept-missing-leads", "--json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        return None, run.stderr.strip().split("\n")[-1]
    return json.loads(run.stdout)["evaluation"], ""


def macro(evaluation, least=10):
    """Mean AUROC over the labels with at least that many positives, and that of each."""
    each = {l["label"]: l["auroc"]["value"] for l in evaluation["labels"] if l["positives"] >= least}
    return sum(each.values()) / len(each), each


def main():
    model, data = sys.argv[1], sys.argv[2]
    with open(TABLE, newline="") as f:
        rows = [row for row in csv.DictReader(f) if row["strat_fold"] == TEST_FOLD]
    results, first = [], None
    for name, change, leads, header in CONVERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            convert(rows, data, folder, change, leads, header)
            evaluation, why = evaluate(model, folder)
        if evaluation is None:
            print(f"{name:42} refused: {why}")
            results.append({"conversion": name, "refused": why})
            continue
        mean, each = macro(evaluation)
        first = first or (mean, each)
        worst = min(each, key=lambda label: each[label] - first[1][label])
        results.append({"conversion": name, "macro_auroc": mean, "difference": mean - first[0],
                        "worst_label": worst, "worst_difference": each[worst] - first[1][worst]})
        print(f"{name:42} macro AUROC {mean:.4f}  {mean - first[0]:+.4f}  "
              f"worst {worst} {each[worst] - first[1][worst]:+.4f}", flush=True)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w") as f:
            json.dump(results, f, indent=1)
            f.write("\n")


main()
