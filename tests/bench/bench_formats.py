"""Reading hospital files against the Python readers people use, in one run on the same files:

    bench_formats.py build/native/tests/bench/bench_formats FILE|FOLDER...

pydicom (samples by its own formula), pyEDFlib, and for XML an XML parser and numpy (base64 or numbers to an array,
times the scale), each from disk to arrays of volts. A line for each file: ours, theirs, how many times.
(pip install numpy pydicom pyedflib)"""

import base64
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

import numpy
import pydicom
import pyedflib

REPEATS = 7


def dicom(path):
    d = pydicom.dcmread(path)
    return [d.waveform_array(i) for i in range(len(d.WaveformSequence))]


def edf(path):
    with pyedflib.EdfReader(str(path)) as f:
        return [f.readSignal(i) for i in range(f.signals_in_file)]


def name_of(element):
    return element.tag.rsplit("}", 1)[-1]


def xml(path):
    """Whatever of the formats it is: the arrays of its leads."""
    root = tree.parse(path).getroot()
    out = []
    for e in root.iter():
        name = name_of(e)
        if name == "LeadData":  # MUSE
            step = float(e.findtext("LeadAmplitudeUnitsPerBit"))
            out.append(numpy.frombuffer(base64.b64decode(e.findtext("WaveFormData")), "<i2") * step)
        elif name == "value" and any(name_of(c) == "digits" for c in e):  # aECG
            parts = {name_of(c): c for c in e}
            digits = numpy.array(parts["digits"].text.split(), int)
            out.append(digits * float(parts["scale"].get("value")) + float(parts["origin"].get("value")))
        elif name == "WaveformData":  # CardioSoft
            out.append(numpy.array(e.text.replace(",", " ").split(), float) * 5)
    return out


def reader_of(path):
    start = path.read_bytes()[:300]
    if start[128:132] == b"DICM":
        return dicom
    if start[:8] == b"0       " or start[:1] == b"\xff" and b"BIOSEMI" in start[:8]:
        return edf
    text = start.replace(b"\0", b"")
    return xml if b"<" in text[:8] and b"restingecgdata" not in path.read_bytes().replace(b"\0", b"")[:2000] else None


def best(work, path):
    least = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work(path)
        least = min(least, time.perf_counter() - start)
    return least * 1e3


def main():
    tool, *words = sys.argv[1:]
    files = [f for w in map(pathlib.Path, words) for f in (sorted(w.rglob("*")) if w.is_dir() else [w]) if f.is_file()]
    ratios = []
    for path in files:
        read = reader_of(path)
        if not read:
            continue
        try:
            theirs = best(read, path)
        except Exception as error:  # what the peer does not read is no comparison
            print(f"{path.name}: {read.__name__}: {type(error).__name__}")
            continue
        done = subprocess.run([tool, str(REPEATS), str(path)], capture_output=True, text=True)
        if done.returncode:
            print(f"{path.name}: {done.stderr.strip()}")
            continue
        ours = float(done.stdout.split()[0])
        ratios.append(theirs / ours)
        print(f"{path.name:55} {ours:8.3f} ms  {read.__name__:6} {theirs:8.2f} ms  {theirs / ours:6.1f} times", flush=True)
    if ratios:
        print(f"{len(ratios)} files, from {min(ratios):.1f} to {max(ratios):.1f} times, median {numpy.median(ratios):.1f}")


main()
