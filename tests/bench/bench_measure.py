"""Scores `xplaim measure` against marks made by people: tests/bench/bench_measure.py XPLAIM RECORDS MARKS [--neurokit N]

RECORDS: folder with the records of rdb-rhythm.tar.xz (rdb-rhythm/rec); MARKS: folder with truth_dev.json,
beats_dev.json and marks_perlead_dev.json of measure-dev.tar.xz. Marks of the records are global and are compared with
the marks of each beat; marks lead by lead with those of the lead, where RECORDS has such records. Every second record
(--half first, second) checks what was chosen on the others.
--neurokit N: NeuroKit2's ecg_delineate(method="dwt") on lead II of N records, evenly spread, in the same run."""

import argparse
import json
import pathlib
import subprocess
import time

import numpy
from wfdb16 import read_record

INTERVALS = {"p_duration": 10, "pr_interval": 8, "qrs_duration": 8, "qt_interval": 15}
TOLERANCES = {("p", 0): 50, ("p", 1): 50, ("qrs", 0): 40, ("qrs", 1): 40, ("t", 0): 50, ("t", 1): 100}
WIDE = 150  # ms: ANSI/AAMI EC57


def measured(tool, records):
    begin = time.perf_counter()
    done = subprocess.run([tool, "measure", "--json", "--threads", "1", *records], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begin
    return [json.loads(line) for line in done.stdout.splitlines()], seconds / len(records)


def matched(want, got, tolerance):
    """Errors of the marks that find a partner, each mark once."""
    free, errors = list(got), []
    for w in want:
        near = min(free, key=lambda g: abs(g - w), default=None)
        if near is not None and abs(near - w) <= tolerance:
            free.remove(near)
            errors.append(near - w)
    return errors


def score_marks(name, found, marks):
    """found, marks: record -> (wave, side) -> times in ms."""
    print(f"\n{name}: marks of {len(found)} records\n  wave      Se    PPV     F1   mean +- SD ms")
    f1 = []
    for key, tolerance in TOLERANCES.items():
        hits = wide = want = got = 0
        errors = []
        for record, times in found.items():
            w, g = marks[record][key], times[key]
            hits += len(matched(w, g, tolerance))
            e = matched(w, g, WIDE)
            errors += e
            wide, want, got = wide + len(e), want + len(w), got + len(g)
        f1.append(200 * hits / max(want + got, 1))
        e = numpy.array(errors or [numpy.nan])
        side = ("on", "off")[key[1]]
        print(f"  {key[0]:3} {side:3} {100 * wide / max(want, 1):6.2f} {100 * wide / max(got, 1):6.2f} {f1[-1]:6.2f} {e.mean():6.1f} +- {e.std():.1f}")
    print(f"  macro F1 {numpy.mean(f1):.2f}")


def marks_of(beats, rate):
    return {key: [b[key[0]][key[1]] * 1000 / rate for b in beats if b[key[0]]] for key in TOLERANCES}


def found_in(o):
    names = ("onset_s", "offset_s")
    return {
        key: [b[key[0]][names[key[1]]] * 1000 for b in o["beats"] if b[key[0]][names[key[1]]] is not None]
        for key in TOLERANCES
    }


def score_intervals(objects, truth):
    print("interval        records  null   mean +- SD ms   robust SD   high: SD, within 2 limits of the mean")
    for name, limit in INTERVALS.items():
        errors, high, null = [], [], 0
        for record, o in objects.items():
            want = truth[record][name]
            if want is None:
                continue
            m = next(m for m in o["measurements"] if m["name"] == name)
            if m["value"] is None:
                null += 1
                continue
            errors.append(m["value"] - want)
            if m["reliability"] == "high":
                high.append(m["value"] - want)
        e, h = numpy.array(errors), numpy.array(high)
        robust = 1.4826 * numpy.median(abs(e - numpy.median(e)))
        inside = 100 * numpy.mean(abs(h - numpy.median(h)) <= 2 * limit)
        print(f"{name:15} {len(e):7} {null:5} {e.mean():6.1f} +- {e.std():<5.1f} {robust:9.1f} {h.std():12.1f} {inside:8.1f} %")


def score_p(objects, truth):
    print("\nP waves         found where marked, found where none is marked")
    for rhythm in sorted({t["rhythm"] for t in truth.values()}):
        have, none = [], []
        for record, o in objects.items():
            if truth[record]["rhythm"] == rhythm:
                (none if truth[record]["pr_interval"] is None else have).append(o["rhythm"]["p_waves"] == "present")
        print(f"  {rhythm:6} {sum(have):4} of {len(have):4} {sum(none):8} of {len(none):4}")


def values_at(mv, beats):
    """Median over the beats of what lies between people's marks: lead -> R, S, T, ST60 in mV; QRS areas, in mV ms."""
    rows = []
    for b in beats:
        if not b["qrs"] or not b["t"] or b["qrs"][0] < 12 or b["t"][1] + 1 > len(mv) or b["qrs"][1] + 30 >= len(mv):
            continue
        (on, off), (t_on, t_off) = b["qrs"], b["t"]
        x = mv - mv[on - 10 : on].mean(0)
        qrs, t = x[on : off + 1], x[t_on : t_off + 1]
        t = numpy.take_along_axis(t, abs(t).argmax(0)[None], 0)[0]
        rows.append([qrs.max(0), qrs.min(0), t, x[off + 30], 2 * qrs.sum(0)])
    return numpy.median(rows, 0) if len(rows) >= 3 else None


def score_amplitudes(objects, folder, beats):
    """The limits: 25 uV or 5 % for amplitudes, 50 uV for ST, 5 degrees for the axis."""
    errors, axes = {k: [] for k in ("r", "s", "t", "st60")}, []
    for name, o in objects.items():
        _, leads, mv = read_record(folder / name)
        want = values_at(mv.T.astype(float), beats[name])
        if want is None:
            continue
        at = {lead.upper(): i for i, lead in enumerate(leads)}
        for lead in o["leads"]:
            for i, key in enumerate(errors):
                got, wanted = lead["amplitudes"][key], want[i][at[lead["lead"].upper()]]
                if got is not None:
                    errors[key].append((got - wanted, wanted))
        axis = next(m["value"] for m in o["measurements"] if m["name"] == "qrs_axis")
        one, foot = want[4][at["I"]], want[4][at["AVF"]] * 2 / 3**0.5
        if axis is not None:
            axes.append(abs((axis - numpy.degrees(numpy.arctan2(foot, one)) + 180) % 360 - 180))
    print("\nat people's marks     number   median error uV   within the limit")
    for key, pairs in errors.items():
        e, v = numpy.array(pairs).T
        limit = 0.05 if key == "st60" else numpy.maximum(0.025, 0.05 * abs(v))
        print(f"  {key:18} {len(e):8} {1000 * numpy.median(abs(e)):14.1f} {100 * numpy.mean(abs(e) <= limit):15.1f} %")
    print(f"  QRS axis           {len(axes):8} {numpy.median(axes):13.1f}° {100 * numpy.mean(numpy.array(axes) <= 5):15.1f} %")


def by_lead(tool, folder, marks):
    """Scores the marks of each lead: every lead of a record counts as one."""
    names = [n for n in sorted(marks) if (folder / n).with_suffix(".hea").exists()]
    print(f"\nlead by lead: {len(names)} of {len(marks)} records with such marks lie in RECORDS")
    if not names:
        return
    objects, _ = measured(tool, [folder / n for n in names])
    found, truth = {}, {}
    for name, o in zip(names, objects):
        for lead in o["leads"]:
            key = f"{name} {lead['lead']}"
            waves = marks[name].get(lead["lead"])
            if waves is None:
                continue
            truth[key] = {k: [w[k[1]] * 2 for w in waves[k[0]]] for k in TOLERANCES}
            found[key] = {k: [b[k[0]][2 * k[1]] * 1000 for b in lead["beats"] if b[k[0]]] for k in TOLERANCES}
    score_marks("xplaim, each lead", found, truth)


def neurokit(records, count):
    import neurokit2

    found, seconds = {}, 0
    for path in records[:: max(1, len(records) // count)]:
        mv = numpy.fromfile(path.with_suffix(".dat"), "<i2").reshape(-1, 12)[:, 1] / 204.918
        begin = time.perf_counter()
        clean = neurokit2.ecg_clean(mv, sampling_rate=500)
        peaks = neurokit2.ecg_peaks(clean, sampling_rate=500)[1]["ECG_R_Peaks"]
        try:
            w = neurokit2.ecg_delineate(clean, peaks, sampling_rate=500, method="dwt")[1]
        except Exception:  # it fails on some records: no marks
            w = {}
        seconds += time.perf_counter() - begin
        found[path.name] = {
            (wave, side): [2 * t for t in w.get(f"ECG_{letter}_{('Onsets', 'Offsets')[side]}", []) if t == t]
            for wave, letter in (("p", "P"), ("qrs", "R"), ("t", "T"))
            for side in (0, 1)
        }
    return found, seconds / max(len(found), 1)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("tool")
    args.add_argument("records", type=pathlib.Path)
    args.add_argument("marks", type=pathlib.Path)
    args.add_argument("--neurokit", type=int, default=0)
    args.add_argument("--half", choices=("first", "second"))
    opt = args.parse_args()
    truth = json.loads((opt.marks / "truth_dev.json").read_text())
    beats = json.loads((opt.marks / "beats_dev.json").read_text())
    records = [opt.records / name for name in sorted(truth)]
    if opt.half:
        records = records[opt.half == "second" :: 2]
    objects, seconds = measured(opt.tool, records)
    objects = {r.name: o for r, o in zip(records, objects)}
    marks = {r: marks_of(b, 500) for r, b in beats.items()}
    score_intervals(objects, truth)
    score_p(objects, truth)
    score_marks("xplaim", {r: found_in(o) for r, o in objects.items()}, marks)
    score_amplitudes(objects, opt.records, beats)
    print(f"  {1000 * seconds:.1f} ms a record, reading and JSON included, one thread")
    by_lead(opt.tool, opt.records, json.loads((opt.marks / "marks_perlead_dev.json").read_text()))
    if opt.neurokit:
        found, peer = neurokit(records, opt.neurokit)
        score_marks("xplaim, the same records", {r: found_in(objects[r]) for r in found}, marks)
        score_marks("NeuroKit2 dwt, lead II", found, marks)
        print(f"  {1000 * peer:.1f} ms a record")


main()
