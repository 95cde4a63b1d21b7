"""Records of PTB-XL through every writer and reader, and as pages of GE MUSE's:

    formats_ptbxl.py build/xplaim PTB_XL_FOLDER [COUNT]

(300) records500 below the folder. convert to DICOM, EDF+, CSV, WFDB and back to WFDB: the same samples, counts and gains;
drawn as a MUSE PDF and read: differing samples and certificates; the same of 200 pages that were altered after they were
drawn, and of pages whose chest leads were cut off at values on the maker's grid. Prints one line at the end of each. (pip install numpy pytest)"""

import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tool"))
import hospital  # noqa: E402
import numpy  # noqa: E402
from conftest import LEADS  # noqa: E402

TOOL = sys.argv[1]


def run(*words):
    return subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, check=True).stdout


def decode(path, folder, *words):
    run("decode", path, "-o", folder / "x.npz", *words)
    with numpy.load(folder / "x.npz") as z:
        return {k: z[k] for k in z.files}


def same(a, b, exact):
    return list(a) == list(b) and all(
        numpy.array_equal(a[k], b[k], equal_nan=True) if exact else numpy.allclose(a[k], b[k], rtol=1e-12, atol=1e-12, equal_nan=True)
        for k in a
    )


def round_trips(headers, folder):
    for target, ending in [("dicom", ".dcm"), ("edf", ".edf"), ("csv", ".csv"), ("wfdb", ".hea")]:
        there, back = folder / target, folder / f"{target}_back"
        for at in range(0, len(headers), 50):
            run("convert", *headers[at : at + 50], "-o", there, "--to", target)
        files = [there / f"{h.stem}{ending}" for h in headers]
        for at in range(0, len(files), 50):
            run("convert", *files[at : at + 50], "-o", back, "--to", "wfdb")
        bad = 0
        for h in headers:
            counts = same(decode(h, folder, "--digital"), decode(back / h.name, folder, "--digital"), True)
            volts = same(decode(h, folder, "--physical"), decode(back / h.name, folder, "--physical"), False)
            bad += not (volts and (counts or target == "csv"))  # a table has no counts
        print(f"{target}: {len(headers)} records there and back, {bad} differ", flush=True)


def steps_of(header):
    microvolt = numpy.frombuffer(header.with_suffix(".dat").read_bytes(), "<i2").reshape(-1, 12)
    return numpy.round(microvolt / hospital.MUSE_STEP).astype(int)


def certified(path):
    """The leads that are called exact."""
    lines = [line for line in run("info", path).splitlines() if "exact (" in line]
    return [lead for line in lines for lead in line.split("] lead")[1].lstrip("s ").split(":")[0].split(", ")]


def drawn(headers, folder):
    differing = exact = 0
    for h in headers:
        steps = steps_of(h)
        path = hospital.pdf(folder / "x.pdf", steps)
        got = decode(path, folder, "--digital")
        missing = [lead for lead in LEADS if lead not in got]
        if missing:
            print(f"{h.name}: no {missing}", flush=True)
        for i, lead in enumerate(LEADS):
            if lead in missing:
                differing += len(steps)
                continue
            here = got[lead] != numpy.iinfo(numpy.int32).min
            differing += int((got[lead][here] != steps[here, i]).sum())
        exact += certified(path) == LEADS
        if certified(path) != LEADS:
            print(f"{h.name}: exact are {certified(path)} alone", flush=True)
    print(f"MUSE pages: {len(headers)} records, {differing} samples differ, {exact} certificates of all leads", flush=True)


def clip(points, limit):
    return [(x, max(-limit, min(limit, y))) for x, y in points]


def drop(points, every):
    return [p for k, p in enumerate(points) if k % every != every - 1]


def nudge(points, every, by):
    return [(x, y + by * (k % every == 0)) for k, (x, y) in enumerate(points)]


def altered_page(steps, chance):
    """The contents of a page with something done to all curves, or to one."""
    one = chance.choice([None, *range(15)])
    by, stretch = chance.randint(1, 121), chance.uniform(0.5, 1.5)
    ways = {
        "stretched in y": lambda p: [(x, y * stretch) for x, y in p],
        "stretched in x": lambda p: [(x * stretch, y) for x, y in p],
        "moved": lambda p: [(x, y + by) for x, y in p],
        "moved in time": lambda p: [(x + by % 50, y) for x, y in p],
        "moved by parts": lambda p: [(x, y + by / 130) for x, y in p],
        "clipped": lambda p: clip(p, 20 + 2 * by),
        "thinned": lambda p: drop(p, 2 + by),
        "nudged": lambda p: nudge(p, 20 + 5 * by, chance.choice([-3, -1, 1, 2])),
        "turned over": lambda p: [(x, -y) for x, y in p],
        "smoothed": lambda p: [(x, round((y + p[max(k - 1, 0)][1]) / 2)) for k, (x, y) in enumerate(p)],
    }
    name = chance.choice([*ways, "scaled", "without grid", "without pulses"])
    style = {"scaled": {"scale": stretch}, "without grid": {"grid": False}, "without pulses": {"pulses": False}}.get(name, {})
    alter = (lambda i, p: ways[name](p) if one in (None, i) else p) if name in ways else None
    return name, hospital.pdf_contents(steps, alter=alter, **style)


def two_pages(first, second):
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Rotate 90/Contents 8 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    data = hospital.pdf_file(first, more=[page, b"<</Length %d>>\nstream\n" % len(second) + second + b"\nendstream"])
    return data.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 7 0 R]/Count 2")


def is_truth(got, truth):
    """Whether drawn samples are the truth's, which may be shifted in time as a whole."""
    here = numpy.flatnonzero(got != numpy.iinfo(numpy.int32).min)
    shifts = [here + s for s in range(-60, 61)]
    return any(at.min() >= 0 and at.max() < len(truth) and (got[here] == truth[at]).all() for at in shifts)


def altered(headers, folder, count=200):
    chance = random.Random(13)
    refused = certificates = wrong = 0
    path = folder / "x.pdf"
    for i in range(count):
        steps = steps_of(headers[i % len(headers)])
        name, contents = altered_page(steps, chance)
        data = hospital.pdf_file(contents)
        if i % 10 == 9:  # another recording's page behind it, or before it
            other = steps_of(headers[(i + 1) % len(headers)])
            pages = [contents, hospital.pdf_contents(other)]
            name += ", of two pages"
            if chance.random() < 0.5:
                pages.reverse()
                steps = other
            data = two_pages(*pages)
        path.write_bytes(data)
        try:
            got = decode(path, folder, "--digital")
        except subprocess.CalledProcessError:
            refused += 1
            continue
        for lead in certified(path):
            certificates += 1
            if not is_truth(got[lead], steps[:, LEADS.index(lead)]):
                wrong += 1
                print(f"{headers[i % len(headers)].name}, {name}: {lead} is called exact and is not", flush=True)
    print(f"altered pages: {count}, {refused} refused, {certificates} leads called exact, {wrong} of them wrongly", flush=True)


ROWS = {6: 3, 10: 5}  # of the strips


def is_line(step, lead):
    """Whether it is drawn at a line of the page's grid, or a multiple of 0.1 mV."""
    units = hospital.muse_units(step)
    row = 13208 - 2465 * ROWS.get(lead, lead % 3)  # 0 mV, from the uppermost line
    return units % 100 == 0 or (row + units) % 100 == 0


def limits(v, lead, lines, chance):
    """A step to cut off at, by 5 to 60 % of what lies above or below the median, and the side; None: there is none."""
    middle = int(numpy.median(v))
    side = chance.choice([-1, 1])
    top = int((side * (v - middle)).max())
    steps = [middle + side * k for k in range(int(0.4 * top), int(0.95 * top) + 1) if k > 10]
    steps = [s for s in steps if not lines or is_line(s, lead)]
    return (chance.choice(steps), side) if steps else None


def drawn_part(steps, lead):
    column = 0 if lead in ROWS else lead // 3
    return slice(1250 * column, len(steps) if lead in ROWS else 1250 * column + 1238)


def cut_off(headers, folder, way):
    """All chest leads of a page are cut off, each elsewhere unless the way says so."""
    chance = random.Random(29)
    less, more = [0, 0], [0, 0]  # leads, and those of them that are called exact: that lose less than 0.1 mV, and more
    path = folder / "x.pdf"
    for h in headers:
        steps = steps_of(h)
        cut = steps.copy()
        one = chance.randint(40, 300)
        for lead in range(6, 12):
            here = drawn_part(steps, lead)
            at = limits(steps[here, lead], lead, way == "along lines", chance)
            if way == "at one value":
                cut[:, lead] = numpy.clip(steps[:, lead], -one, one)
            elif at:
                cut[:, lead] = (numpy.minimum if at[1] > 0 else numpy.maximum)(steps[:, lead], at[0])
        hospital.pdf(path, cut)
        exact = certified(path)
        for lead in range(6, 12):
            here = drawn_part(steps, lead)
            lost = int(abs(cut[here, lead] - steps[here, lead]).max())
            if lost:
                count = less if lost * hospital.MUSE_STEP < 100 else more
                count[0] += 1
                count[1] += LEADS[lead] in exact
    print(
        f"cut off {way}: {more[0]} leads by 0.1 mV or more, {more[1]} called exact; "
        f"{less[0]} leads by less, {less[1]} called exact",
        flush=True,
    )


def main():
    folder = pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    headers = sorted(folder.rglob("*_hr.hea"))[:count]
    with tempfile.TemporaryDirectory() as temporary:
        drawn(headers, pathlib.Path(temporary))
        altered(headers, pathlib.Path(temporary))
        for way in ("along lines", "anywhere", "at one value"):
            cut_off(headers, pathlib.Path(temporary), way)
        round_trips(headers, pathlib.Path(temporary))


main()
