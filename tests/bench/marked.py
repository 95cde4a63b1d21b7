"""Samples that a file marks as missing by an ordinary value: how many are read, and what of real gaps is.

    marked.py XPLAIM FOLDER [COUNT [SEED]]

Of COUNT (60) recordings in FOLDER (WFDB) DICOM files are made that state 0, an ordinary value, as their padding, so that
every sample of that value is marked as missing. What is measured is compared with what is measured without that. Then,
in recordings whose zeros were moved to 1, pieces of all leads are set to 0: gaps, and how many of them are read. Needs
pydicom."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
import pydicom

LOST_MS = (2, 4, 8, 20, 40, 60, 100)
PIECES = 20  # in each recording


def samples_of(dataset):
    g = dataset.WaveformSequence[0]
    return np.frombuffer(g.WaveformData, "<i2").reshape(-1, g.NumberOfWaveformChannels).copy()


def write(dataset, path, samples, marked):
    g = dataset.WaveformSequence[0]
    g.WaveformData = samples.astype("<i2").tobytes()
    if "WaveformPaddingValue" in g:
        del g.WaveformPaddingValue
    if marked:
        g.add_new(0x5400100A, "OW", b"\0\0")
    dataset.save_as(path)


def lose(samples, rate, ms, rng):
    """Pieces of 0 that do not touch; how many samples they have."""
    out, k = np.where(samples == 0, 1, samples), max(1, round(ms * rate / 1000))
    places = np.arange(2 * k, len(out) - 2 * k, len(out) // PIECES)
    for channel in range(out.shape[1]):
        for at in places + rng.integers(0, len(out) // PIECES - 2 * k, len(places)):
            out[at : at + k, channel] = 0
    return out, int((out == 0).sum())


def make(tool, headers, folder, rng):
    """The recordings, each as it is, marked, and with gaps; what was lost in each."""
    lost = {}
    for i, header in enumerate(headers):
        subprocess.run([tool, "convert", header.with_suffix(""), "-o", folder / "plain", "--to", "dicom"], check=True, stdout=subprocess.DEVNULL)
        d = pydicom.dcmread(folder / "plain" / f"{header.stem}.dcm")
        v, rate = samples_of(d), float(d.WaveformSequence[0].SamplingFrequency)
        write(d, folder / f"{i:03}-plain.dcm", v, False)
        write(d, folder / f"{i:03}-marked.dcm", v, True)
        for ms in LOST_MS:
            samples, n = lose(v, rate, ms, rng)
            lost[i, ms] = n
            write(d, folder / f"{i:03}-lost{ms}.dcm", samples, True)
        (folder / "plain" / f"{header.stem}.dcm").unlink()
    return lost


def read_of(document):
    totals = [n["args"].get("total", n["args"].get("samples")) for n in document["notices"] if n["code"] == "marked"]
    return sum(totals)


def gaps_of(document):
    return sum(f["code"] == "gap" for f in document["quality"]["findings"])


def numbers_of(document):
    return {m["name"]: m["value"] for m in document["measurements"]}


def main():
    tool, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    headers = sorted(folder.rglob("*.hea"))
    headers = random.Random(seed).sample(headers, min(count, len(headers)))
    with tempfile.TemporaryDirectory() as made:
        lost = make(tool, headers, pathlib.Path(made), np.random.default_rng(seed))
        files = sorted(pathlib.Path(made).glob("*.dcm"))
        done = subprocess.run([tool, "measure", "--json", "--threads", "1", *files], capture_output=True, text=True)
        zeros = sum(int((samples_of(pydicom.dcmread(f)) == 0).sum()) for f in files if "marked" in f.name)
    found = {pathlib.Path(o["record"]).stem: o for o in map(json.loads, done.stdout.splitlines()) if "error" not in o}
    pairs = [(found[f"{i:03}-plain"], found[f"{i:03}-marked"]) for i in range(len(headers)) if f"{i:03}-marked" in found]
    read = sum(read_of(m) for _, m in pairs)
    more = sorted(gaps_of(m) - gaps_of(p) for p, m in pairs)
    same = sum(numbers_of(p) == numbers_of(m) for p, m in pairs)
    worse = sum(p["quality"]["grade"] != m["quality"]["grade"] for p, m in pairs)
    print(f"{len(pairs)} recordings with 0 as their padding: {zeros} samples marked, {100 * read / max(zeros, 1):.1f} % read")
    print(f"findings of gaps more: median {more[len(more) // 2]}, most {more[-1]}; recordings graded otherwise: {worse}")
    print(f"every measurement as without padding: {same} of {len(pairs)}")
    for ms in LOST_MS:
        of = [i for i in range(len(headers)) if f"{i:03}-lost{ms}" in found]
        n, k = sum(read_of(found[f"{i:03}-lost{ms}"]) for i in of), sum(lost[i, ms] for i in of)
        print(f"gaps of {ms} ms set to 0: {100 * n / max(k, 1):.1f} % of their samples read")


if __name__ == "__main__":
    main()
