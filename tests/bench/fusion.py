"""Whether `xplaim measure` tells fusion beats, class F of EC57, and calls nothing else one.

    fusion.py XPLAIM PTB_XL [--folds 5,6,7,8] [--seed N] [--holter] [--keep FOLDER]

PTB_XL is the folder with ptbxl_database.csv. In each recording in which ventricular beats are found, one sinus beat
becomes a mixture of itself and of one of the recording's own ventricular beats, at several shares of each and several
times by which the ventricular one is ahead ("share"), or the ventricular one until the sinus beat's own wave front
arrives ("cut"). Told: the mixed beat is F. False: any other beat is F, here and in the recordings as they are, of which
none says that it has fusion beats. Lost: a beat that is V, or N, in the recording as it is, and another in the mixed
one. In an irregular rhythm nothing says when a sinus beat is due: those recordings are counted apart.
--holter: two leads, II and V1, at 360 Hz, as a Holter's. The rule was chosen on the folds 1 to 4."""

import argparse
import ast
import collections
import csv
import json
import pathlib
import subprocess
import tempfile

import numpy as np
from blind import write_record
from wfdb16 import read_record

SHARES = (0.35, 0.5, 0.65)  # of the ventricular beat
AHEAD_S = (0, 0.03, 0.06)
CUTS_S = (0.04, 0.07)
NEAR_S = 0.08
HOLTER = ("II", "V1")


def measured(tool, folder_or_paths):
    paths = [str(p) for p in folder_or_paths]
    found = {}
    for i in range(0, len(paths), 200):
        done = subprocess.run([tool, "measure", "--json", "--threads", "1", *paths[i : i + 200]], capture_output=True, text=True)
        for o in map(json.loads, done.stdout.splitlines()):
            if "beats" in o:
                found[pathlib.Path(o["record"]).name] = o
    return found


def listed(folder, folds):
    """Paths of the folds' recordings, with what is stated of them."""
    with open(folder / "ptbxl_database.csv", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            path = folder / row["filename_hr"]
            if int(row["strat_fold"]) in folds and path.with_suffix(".hea").exists():
                yield path, set(ast.literal_eval(row["scp_codes"]))


# ---- mixing two beats -----------------------------------------------------------------------


def ramp(n, low, high):
    """0 before low, 1 after high, half a cosine between; in samples."""
    u = np.clip((np.arange(n) - low) / max(high - low, 1), 0, 1)
    return 0.5 - 0.5 * np.cos(np.pi * u)


def stretch(mv, rate, onset):
    """A beat from 0.1 s before its complex to 0.5 s after, against the level before it, with soft ends; its own part."""
    before, after = round(0.1 * rate), round(0.5 * rate)
    at = round(onset * rate)
    if at - before < 0 or at + after > mv.shape[1]:
        return None, None
    x = mv[:, at - before : at + after]
    level = x[:, before - round(0.03 * rate) : before - round(0.005 * rate)].mean(1)[:, None]
    n = x.shape[1]
    soft = ramp(n, before - 0.03 * rate, before - 0.005 * rate) * (1 - ramp(n, n - 0.12 * rate, n - 1))
    return (x - level) * soft, slice(at - before, at + after)


def mixed(mv, rate, sinus, early, share, ahead, cut):
    """The recording, with the beat whose complex begins at `sinus` mixed with the one that begins at `early`; s."""
    own, where = stretch(mv, rate, sinus)
    other, _ = stretch(mv, rate, early)
    if own is None or other is None:
        return None
    shift = round(ahead * rate)
    moved = np.zeros_like(other)
    moved[:, : other.shape[1] - shift] = other[:, shift:]
    if cut:
        arrived = ramp(own.shape[1], 0.1 * rate, 0.13 * rate) * (1 - share * ramp(own.shape[1], 0.3 * rate, 0.4 * rate))
        beat = own * arrived + moved * (1 - arrived)
    else:
        beat = (1 - share) * own + share * moved
    out = mv.copy()
    out[:, where] += beat - own
    return out


def variants():
    for share in SHARES:
        for ahead in AHEAD_S:
            yield f"{share:.2f} V, {1000 * ahead:.0f} ms ahead", share, ahead, False
    for ahead in CUTS_S:
        yield f"cut, {1000 * ahead:.0f} ms ahead", 0.5, ahead, True


def sinus_places(o):
    """Onsets of beats of the dominant kind with such beats beside them, at their own time."""
    b = o["beats"]
    rr = o["rhythm"]["rr"]["median_ms"] / 1000
    for i in range(1, len(b) - 1):
        alike = all(x["class"] == "N" and x["template"] == 0 for x in b[i : i + 2])
        on_time = b[i]["rr_s"] and b[i + 1]["rr_s"] and min(b[i]["rr_s"], b[i + 1]["rr_s"]) > 0.8 * rr
        if alike and on_time and b[i]["qrs"]["onset_s"] is not None:
            yield b[i]["qrs"]["onset_s"]


def ventricular_places(o):
    beats = [x for x in o["beats"] if x["class"] == "V" and x["qrs"]["onset_s"] is not None]
    most = collections.Counter(x["template"] for x in beats).most_common(1)
    return [x["qrs"]["onset_s"] for x in beats if x["template"] == most[0][0]] if most else []


def as_holter(rate, names, mv):
    """Leads II and V1 at 360 Hz."""
    mv = np.nan_to_num(mv[[list(names).index(x) for x in HOLTER]])
    t = np.arange(int(mv.shape[1] * 360 / rate)) * rate / 360
    return 360, ["MLII", "V1"], np.array([np.interp(t, np.arange(mv.shape[1]), x) for x in mv])


def make(folder, tool, paths, rng, holter):
    """Rows: name of the mixed recording, of the one as it is, kind, time, number of ventricular beats of that shape, whether
    the rhythm is regular."""
    records = {}
    for p, _ in paths:
        records[p.name] = read_record(p)
        if holter:
            records[p.name] = as_holter(*records[p.name])
            write_record(folder / p.name, *records[p.name])
    whole = measured(tool, [folder / p.name if holter else p for p, _ in paths])
    rows = []
    for name, o in whole.items():
        early, sinus = ventricular_places(o), list(sinus_places(o))
        if not early or not sinus or o["rhythm"]["paced"] or not o["rhythm"]["rr"]["median_ms"]:
            continue
        rate, names, mv = records[name]
        for kind, share, ahead, cut in variants():
            place, source = rng.choice(sinus), rng.choice(early)
            out = mixed(mv, rate, place, source, share, ahead, cut)
            if out is None:
                continue
            rows.append((f"mixed{len(rows):05}", name, kind, place, len(early), o["rhythm"]["irregularity"] == "regular"))
            write_record(folder / rows[-1][0], rate, names, np.nan_to_num(out))
    return whole, rows


# ---- figures --------------------------------------------------------------------------------


def near(beats, t):
    return min(beats, key=lambda b: abs(b["time_s"] - t), default=None)


def score(found, whole, rows):
    told, many, became = collections.defaultdict(list), collections.defaultdict(list), collections.Counter()
    false = collections.Counter()
    for name, as_is, kind, at, n_early, regular in rows:
        beats = found[name]["beats"]
        b = near(beats, at + 0.03)
        hit = b is not None and abs(b["time_s"] - at - 0.03) < NEAR_S + 0.03 and b["class"] == "F"
        told[kind if regular else "in an irregular rhythm"].append(hit)
        if regular:
            told["together, regular rhythm"].append(hit)
            many["one" if n_early == 1 else "several"].append(hit)
        became[b["class"] if b else "none"] += 1
        for x in beats:
            if x is b:
                continue
            was = near(whole[as_is]["beats"], x["time_s"])
            if abs(was["time_s"] - x["time_s"]) < NEAR_S:
                false[was["class"]] += 1
                false[was["class"] + " is " + x["class"]] += 1
    return told, many, became, false


def percent(hits):
    return f"{sum(hits):5} of {len(hits):5} ({100 * np.mean(hits) if len(hits) else 0:5.1f} %)"


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("tool")
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--folds", default="5,6,7,8")
    args.add_argument("--seed", type=int, default=3)
    args.add_argument("--holter", action="store_true")
    args.add_argument("--keep", type=pathlib.Path)
    opt = args.parse_args()
    paths = list(listed(opt.folder, {int(x) for x in opt.folds.split(",")}))
    with tempfile.TemporaryDirectory() as made:
        made = opt.keep or pathlib.Path(made)
        made.mkdir(exist_ok=True)
        whole, rows = make(made, opt.tool, paths, np.random.default_rng(opt.seed), opt.holter)
        if opt.keep:
            (made / "rows.json").write_text(json.dumps(rows))
        found = measured(opt.tool, [made / r[0] for r in rows])
    told, many, became, others = score(found, whole, rows)
    print(f"mixed beats told as F, {len({r[1] for r in rows})} recordings with ventricular beats")
    for kind in sorted(told):
        print(f"  {kind:26} {percent(told[kind])}")
    for key, hits in many.items():
        print(f"  {'with ' + key + ' of its shape':26} {percent(hits)}")
    print("  classes given:", dict(became))
    print("other beats of the same recordings: " + ", ".join(f"{k} {v}" for k, v in sorted(others.items()) if len(k) == 1 or k[0] != k[-1]))
    codes = dict((p.name, c) for p, c in paths)
    for key, wanted in (("that say they have ventricular beats", True), ("others", False)):
        some = [o for name, o in whole.items() if ("PVC" in codes[name]) == wanted]
        n = [x["class"] == "F" for o in some for x in o["beats"]]
        print(f"F in recordings as they are, {key}: {sum(n)} of {len(n)} beats ({100 * np.mean(n):.2f} %)")


if __name__ == "__main__":
    main()
