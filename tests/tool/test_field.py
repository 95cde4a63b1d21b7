"""What people really bring: the faults found in the field, and their siblings."""

import csv
import io
import json
import pathlib
import shutil
import struct
import zipfile
import zlib

import hospital
import numpy
import pytest
from onnx_wire import field, integers, model, node, tensor

from conftest import ROOT, ecg, frugal, json_lines, shared, write_record, xplaim

MODEL = ROOT / "model_weights" / "ecg-xplaim.safetensors"


def header_of(folder, name):
    return folder / f"{name}.hea"


# ---- header text ----


def test_a_record_named_with_a_folder_opens_and_says_where_its_samples_were(tmp_path):
    record = shared("fixtures", "field", "01_record_named_with_a_folder", "00000", "00041_medians.hea")
    [told] = json_lines(xplaim("info", record, "--json"), "info")
    assert (len(told["signals"]), told["rate"], told["frames"]) == (12, 500, 600)
    assert {s["format"] for s in told["signals"]} == {32}
    assert [n["code"] for n in told["notices"]] == ["header"] and "beside the header" in told["notices"][0]["text"]
    xplaim("decode", record, "-o", tmp_path / "x.npy")
    x = numpy.load(tmp_path / "x.npy")
    assert x.shape == (600, 12) and numpy.isfinite(x).all()


def test_an_output_is_not_written_over_a_signal_file_beside_the_header(tmp_path):
    write_record(tmp_path, "r", ecg(1000, 100), 100)
    header = header_of(tmp_path, "r")
    header.write_text(header.read_text().replace("r.dat", "far/r.dat"))
    before = (tmp_path / "r.dat").read_bytes()
    (tmp_path / "r.npy").symlink_to("r.dat")
    done = xplaim("decode", tmp_path / "r", "-o", tmp_path / "r.npy", code=2)
    assert "is an input" in done.stderr and (tmp_path / "r.dat").read_bytes() == before


@pytest.mark.parametrize("at", range(12))
def test_a_lost_line_break_is_told_where_it_is(tmp_path, at):
    write_record(tmp_path, "r", ecg(1000, 100), 100, comments=["Age: 50"])
    lines = header_of(tmp_path, "r").read_text().splitlines()
    header_of(tmp_path, "r").write_text("\n".join(lines[: at + 1]) + " " + "\n".join(lines[at + 1 :]) + "\n")
    done = xplaim("info", tmp_path / "r", code=1)
    assert f"r.hea line {at + 1}: a line break is lost" in done.stderr and "first line" not in done.stderr


def scrambled(folder):
    """As 'correct the number on its first line' would make it: eleven of twelve leads, all of them wrong."""
    write_record(folder, "r", ecg(5000, 500), 500)
    lines = header_of(folder, "r").read_text().splitlines()
    lines = ["r 11 500"] + lines[1:12]
    header_of(folder, "r").write_text("\n".join(lines) + "\n")
    return folder / "r"


def test_where_every_checksum_fails_nothing_is_analysed_without_a_word(tmp_path):
    record = scrambled(tmp_path)
    for words in (["measure", record], ["predict", "-m", MODEL, record, "--accept-missing-leads"]):
        done = xplaim(*words, code=1)
        assert "not one of the checksums" in done.stderr
        xplaim(*words, "--accept-checksums")
    [told] = json_lines(xplaim("info", record, "--json"), "info")
    assert sum(n["code"] == "checksum" for n in told["notices"]) >= 1


def test_one_damaged_lead_is_told_and_not_refused(tmp_path):
    write_record(tmp_path, "r", ecg(5000, 500), 500)
    lines = header_of(tmp_path, "r").read_text().splitlines()
    words = lines[3].split()
    words[6] = str(int(words[6]) ^ 1)
    lines[3] = " ".join(words)
    header_of(tmp_path, "r").write_text("\n".join(lines) + "\n")
    [told] = json_lines(xplaim("measure", tmp_path / "r", "--json"), "measure")
    assert any(n["code"] == "checksum" for n in told["notices"])


# ---- labels ----


def mimic_labels(tmp_path):
    xplaim("setup", "--datasets", "mimic-iv", cwd=tmp_path)
    path = tmp_path / "output" / "metadata" / "mimic-iv_labels_metadata.csv"
    with open(path) as f:
        return list(csv.DictReader(f))


def test_a_report_that_says_it_did_not_judge_gives_no_confident_zeros(tmp_path):
    source = shared("fixtures", "field", "15_no_further_analysis", "mimic-iv")
    (tmp_path / "data").mkdir()
    shutil.copytree(source, tmp_path / "data" / "mimic-iv")
    rows = mimic_labels(tmp_path)
    assert len(rows) == 7
    labels = list(rows[0])[list(rows[0]).index("afib") : list(rows[0]).index("strat_fold")]
    assert len(labels) == 25
    unknown = [{k for k in labels if row[k] == "-1"} for row in rows]
    usual = unknown[6]  # what the source has no phrase for
    assert rows[6]["rbbb"] == "1" and rows[6]["afib"] == "0"
    assert unknown[0] == unknown[1] == set(labels)
    assert rows[2]["pace"] == "1" and unknown[2] == set(labels) - {"pace"}
    assert {"imi", "lafb", "lpfb"} <= unknown[3] and rows[3]["ami"] == rows[3]["afib"] == "0"
    assert {"ami", "smi"} <= unknown[4] and rows[4]["imi"] == "0"
    assert {"afib", "aflu", "svt", "vt", "tachsr"} <= unknown[5] and rows[5]["imi"] == "0"
    assert all(usual < each for each in unknown[:6])


# ---- memory ----

def repeated_segments(folder, times, samples=1000):
    write_record(folder, "s", ecg(samples, 500), 500)
    (folder / "m.hea").write_text(f"m/{times} 12 500 {times * samples}\n" + f"s {samples}\n" * times)
    return folder / "m"


def test_a_header_that_names_a_segment_100000_times_is_told_and_not_unpacked(tmp_path):
    record = repeated_segments(tmp_path, 100000)
    [told] = json_lines(frugal("info", record, "--json"), "info")
    assert told["frames"] == 10**8 and {s["samples"] for s in told["signals"]} == {10**8}
    assert {s["missing"] for s in told["signals"]} == {0} and told["notices"] == []
    done = frugal("decode", record, "-o", tmp_path / "x.npy", "--max-memory", "1G", code=1)
    assert "takes 14 GB of memory, where 1.1 GB may be used" in done.stderr and "--max-memory" in done.stderr
    assert "[LIMIT]" in frugal("measure", record, "--max-memory", "1G", code=1).stderr
    assert not (tmp_path / "x.npy").exists()


def test_segments_within_the_limit_are_read(tmp_path):
    record = repeated_segments(tmp_path, 20)
    xplaim("decode", record, "-o", tmp_path / "x.npy", "--max-memory", "3M")
    assert numpy.load(tmp_path / "x.npy").shape == (20000, 12)
    assert "[LIMIT]" in xplaim("decode", record, "-o", tmp_path / "y.npy", "--max-memory", "2M", code=1).stderr


def long_record(folder, hours, fmt=16):
    """Of a day, say, of which nothing but zeros is on the disk."""
    frames = int(hours * 3600 * 500)
    with open(folder / "d.dat", "wb") as f:
        f.truncate(frames * 3 * 2)
    lines = [f"d 3 500 {frames}"] + [f"d.dat {fmt} 1000(0)/mV 16 0 0 0 0 {lead}" for lead in ("I", "II", "V1")]
    (folder / "d.hea").write_text("\n".join(lines) + "\n")
    return folder / "d"


@pytest.mark.no_network
def test_info_of_a_long_recording_needs_no_more_memory_than_of_a_short_one(tmp_path):
    record = long_record(tmp_path, 24)
    [told] = json_lines(frugal("info", record, "--json"), "info")
    assert told["frames"] == 43200000 and {s["missing"] for s in told["signals"]} == {0} and not told["notices"]
    for command in (["predict", "-m", MODEL], ["decode", "-o", tmp_path / "x.npy"]):
        done = frugal(*command, record, "--max-memory", "500M", code=1)
        assert "d.hea: reading 129600000 samples takes 1.8 GB of memory, where 0.52 GB" in done.stderr or (
            "may be used" in done.stderr and "[LIMIT]" in done.stderr
        )


def long_edf(path, hours, transducer=""):
    """EDF+ of two leads of 250 Hz with annotations, of which nothing but the times is on the disk."""
    records, rate, notes = int(hours * 3600), 250, 60
    head = f"{'0':8}{'X X X X':80}{'Startdate X X X X':80}{'01.01.20'}{'00.00.00'}{256 * 4:<8}{'EDF+C':44}{records:<8}{1:<8}{3:<4}"
    each = [(16, ["I", "II", "EDF Annotations"]), (80, [transducer] * 2 + [""]), (8, ["uV", "uV", ""]), (8, [-32768, -32768, -1])]
    each += [(8, [32767, 32767, 1]), (8, [-32768] * 3), (8, [32767] * 3), (80, [""] * 3), (8, [rate, rate, notes]), (32, [""] * 3)]
    head += "".join(f"{value:<{width}}" for width, values in each for value in values)
    size = 2 * (2 * rate + notes)
    with open(path, "wb") as f:
        f.write(head.encode("ascii"))
        f.truncate(256 * 4 + records * size)
        for r in range(0, records, 3600):
            f.seek(256 * 4 + r * size + 4 * rate)
            f.write(f"+{r}\x14\x14\0+{r}\x14hour {r // 3600}\x14\0".encode())
    return path


def long_ishne(path, hours):
    """Two leads of 200 Hz."""
    frames = int(hours * 3600 * 200)
    numbers = [(10, "<iiii", (0, frames, 522, 522)), (156, "<3h", (2, 5, 6)), (206, "<2h", (5000, 5000)), (272, "<h", (200,))]
    with open(path, "wb") as f:
        f.write(b"ISHNE1.0")
        for at, form, values in numbers:
            f.seek(at)
            f.write(struct.pack(form, *values))
        f.truncate(522 + frames * 4)
    return path


@pytest.mark.no_network
def test_info_of_long_holter_files_needs_little_memory(tmp_path):
    hours = 48
    [told] = json_lines(frugal("info", long_edf(tmp_path / "x.edf", hours), "--json"), "info")
    assert told["frames"] == hours * 3600 * 250 and [s["missing"] for s in told["signals"]] == [0, 0]
    assert sum("hour 47" in json.dumps(s) for s in told["facts"]["stated"]) == 1
    [marked] = json_lines(frugal("info", long_edf(tmp_path / "y.edf", 24, "-32768: no sample"), "--json"), "info")
    assert [s["missing"] for s in marked["signals"]] == [0, 0]
    [told] = json_lines(frugal("info", long_ishne(tmp_path / "x.ecg", hours), "--json"), "info")
    assert told["frames"] == hours * 3600 * 200 and len(told["signals"]) == 2
    for path in (tmp_path / "x.edf", tmp_path / "x.ecg"):
        assert "[LIMIT]" in frugal("decode", path, "-o", tmp_path / "x.npz", "--max-memory", "200M", code=1).stderr


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
@pytest.mark.no_network
def test_info_of_a_long_dicom_file_needs_little_memory(tmp_path, syntax):
    counts = numpy.zeros((4000000, 12), "<i2")
    counts[100:150, 3] = -32768
    path = hospital.dicom(tmp_path / "x.dcm", counts, syntax=syntax)
    del counts
    assert path.stat().st_size > 90 << 20
    [told] = json_lines(frugal("info", path, "--json"), "info")
    assert told["frames"] == 4000000 and [s["missing"] for s in told["signals"]] == [0, 0, 0, 50] + [0] * 8
    with open(path, "r+b") as f:
        f.truncate(path.stat().st_size - 1000000)
    frugal("info", path, code=1)


@pytest.mark.no_network
def test_info_of_a_long_table_needs_little_memory(tmp_path):
    rows = 1200000
    with open(tmp_path / "x.csv", "w") as f:
        f.write("time (s),I (mV),II (mV)\n")
        for at in range(0, rows, 10000):
            f.write("".join(f"{(at + i) / 500:.3f},{i % 97 / 100},{'' if i == 7 else 0.25}\n" for i in range(10000)))
    [told] = json_lines(frugal("info", tmp_path / "x.csv", "--json"), "info")
    assert told["frames"] == rows and told["rate"] == 500
    assert [(s["name"], s["missing"], s["samples"]) for s in told["signals"]] == [("I", 0, rows), ("II", rows // 10000, rows)]
    with open(tmp_path / "x.csv", "a") as f:
        f.write("2400,1\n")
    assert f"line {rows + 2} has fewer" in frugal("info", tmp_path / "x.csv", code=1).stderr


LONG_TABLE = "I,II,V1\n" + "".join(f"{i % 97},{i % 89},{i % 83 / 10}\n" for i in range(1000)) * 6000


@pytest.mark.parametrize("form", ["deflated", "stored", "utf-16-le", "utf-16-be", "nested"])
@pytest.mark.no_network
def test_info_of_a_long_table_needs_little_memory_however_it_is_packed(tmp_path, form):
    if form.startswith("utf"):
        path = tmp_path / "x.csv"
        path.write_bytes(("\ufeff" + LONG_TABLE).encode(form))
    else:
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if form == "stored" else zipfile.ZIP_DEFLATED) as z:
            z.writestr("folder/x.csv", LONG_TABLE)
    if form == "nested":
        with zipfile.ZipFile(tmp_path / "outer.zip", "w") as z:
            z.write(path, "inner.zip")
            z.writestr("other.zip", bytes(20 << 20))
        path = tmp_path / "outer.zip/inner.zip/folder/x.csv"
    known = ["--rate", "500", "--unit", "uV"]
    [told] = json_lines(frugal("info", path, "--json", *known), "info")
    assert told["frames"] == 6000000 and [s["missing"] for s in told["signals"]] == [0, 0, 0]
    assert [s["name"] for s in told["signals"]] == ["I", "II", "V1"]


@pytest.mark.no_network
def test_a_damaged_long_file_of_an_archive_is_refused(tmp_path):
    """What is wrong behind the part that is looked at is told all the same."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_STORED) as z:
        z.writestr("x.csv", LONG_TABLE)
    with open(tmp_path / "x.zip", "r+b") as f:
        f.seek(40 << 20)
        f.write(b"7")
    for command in (["info"], ["decode", "-o", tmp_path / "x.npz"]):
        failed = frugal if command == ["info"] else xplaim
        told = failed(*command, tmp_path / "x.zip", "--rate", "500", "--unit", "uV", code=1)
        assert "it is damaged (its CRC-32 is" in told.stderr


def bomb(name, content, levels=1):
    """An archive of a few kilobytes that holds content."""
    for _ in range(levels):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr(name, content)
        name, content = "inner.zip", packed.getvalue()
    return content


BOMBS = {
    "samples": lambda: bomb("x.dat", bytes(200 << 20)),
    "header": lambda: bomb("x.hea", bytes(200 << 20)),
    "nothing": lambda: bomb("thing", bytes(200 << 20)),
    "table": lambda: bomb("x.csv", b"1,2,3\n" * 30000000),
    "xml": lambda: bomb("x.xml", b'<?xml version="1.0"?>\n<RestingECG>' + b"<a>1 2</a>" * 20000000),
    "elements": lambda: bomb("x.xml", b'<?xml version="1.0"?>\n<RestingECG>' + b"<a/>" * 2000000),
    "pdf": lambda: bomb("x.pdf", b"%PDF-1.4\n" + bytes(200 << 20)),
    "archive": lambda: bomb("inner.zip", b"PK\3\4" + bytes(200 << 20)),
    "deep": lambda: bomb("x.dat", bytes(200 << 20), 3),
}


@pytest.mark.parametrize("which", BOMBS)
@pytest.mark.no_network
def test_an_archive_of_kilobytes_is_refused_in_little_memory(tmp_path, which):
    (tmp_path / "x.zip").write_bytes(BOMBS[which]())
    frugal("info", tmp_path / "x.zip", code=1)


def page_of(content):
    """A PDF of one page, packed."""
    packed = zlib.compress(content, 9)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 842 595]/Contents 4 0 R>>",
               b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream"]
    text = b"".join(b"%d 0 obj\n" % (i + 1) + o + b"\nendobj\n" for i, o in enumerate(objects))
    return b"%PDF-1.4\n" + text + b"trailer<</Size 5/Root 1 0 R>>\n"


GREEDY = {
    "zeros.pdf": lambda: page_of(bytes(100 << 20)),
    "lines.pdf": lambda: page_of(b"0 0 m 1 1 l S " * 1700000),
    "points.pdf": lambda: page_of(b"0 0 m " + b"1 1 l " * 3900000 + b"S"),
    "attributes.xml": lambda: b'<?xml version="1.0"?><RestingECG ' + b" ".join(b'a%d="x"' % i for i in range(400000)) + b"/>",
    "unknown.csv": lambda: b"1;2\n" * 2000000,
}


@pytest.mark.parametrize("name", GREEDY)
@pytest.mark.no_network
def test_a_file_that_grows_when_it_is_read_is_refused_in_little_memory(tmp_path, name):
    (tmp_path / name).write_bytes(GREEDY[name]())
    frugal("info", tmp_path / name, code=1)


@pytest.mark.no_network
def test_info_tells_what_reading_would(tmp_path):
    """Checksums, first samples and missing ones, of samples that are not kept."""
    write_record(tmp_path, "r", ecg(20000, 500), 500)
    samples = numpy.fromfile(tmp_path / "r.dat", "<i2").reshape(-1, 12)
    samples[100:150, 3] = -32768
    samples.tofile(tmp_path / "r.dat")
    [told] = json_lines(xplaim("info", tmp_path / "r", "--json"), "info")
    assert [s["missing"] for s in told["signals"]] == [0, 0, 0, 50] + [0] * 8
    assert [n["code"] for n in told["notices"]] == ["checksum"]
    xplaim("decode", tmp_path / "r", "-o", tmp_path / "x.npy")
    assert numpy.isnan(numpy.load(tmp_path / "x.npy")).sum() == 50


HOSTILE = {
    "null signals": " 1 500 9000000000000\nx.dat 0 1/mV",
    "signals": " 1000000000 500 1\nx.dat 16 1/mV",
    "samples a frame": " 1 500 1\nx.dat 16x2147483647 1/mV",
    "gaps": "/100000 1 500\n" + "~ 99999999\n" * 100000,
    "paths": "/100000 1 500\n" + "far/away 1\n" * 100000,
}


@pytest.mark.parametrize("header", HOSTILE)
@pytest.mark.no_network
def test_a_hostile_header_is_refused_in_little_memory(tmp_path, header):
    (tmp_path / "x.dat").write_bytes(bytes(4))
    (tmp_path / "r.hea").write_text("r" + HOSTILE[header] + "\n")
    frugal("info", tmp_path / "r", code=1)


@pytest.mark.no_network
def test_a_header_that_is_far_too_long_is_refused_in_little_memory(tmp_path):
    text = "r 1 500 2\nr.dat 16 1000(0)/mV 16 0 1 3 0 I\n" + "# x\n" * 5000000
    (tmp_path / "r.hea").write_text(text)
    (tmp_path / "r.dat").write_bytes(struct.pack("<2h", 1, 2))
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for name in ("r.hea", "r.dat"):
            z.write(tmp_path / name, name)
    assert (tmp_path / "z.zip").stat().st_size < 100000
    for record in ("r", "z.zip"):
        assert "r.hea has 20000043 bytes, a header has at most" in frugal("info", tmp_path / record, code=1).stderr


# ---- scores and labels ----


def cinc_score(folder, names, *more, code=0, cwd=None):
    how = ["evaluate", "--scores", folder / "scores.npy", "--truth", folder / "truth.npy", "--names", names, "--threshold",
           "0.5", "--cinc-weights", folder / "weights.csv", "--resamples", "0"]
    return xplaim(*how, *more, code=code, cwd=cwd)


def test_a_class_named_as_in_the_table_is_scored():
    folder = shared("fixtures", "field", "16_cinc_class_named_as_in_table")
    classes = (folder / "weights.csv").read_text().splitlines()[0].split(",")[1:]
    for names in (classes, [c.split("|")[0] for c in classes], ["|".join(reversed(c.split("|"))) for c in classes]):
        (o,) = json_lines(cinc_score(folder, ",".join(names), "--json"), "evaluate")
        assert o["cinc_score"] == {"value": pytest.approx(0.6748, abs=5e-5), "classes": 5, "missing_classes": 0}


def test_seventy_one_labels_are_evaluated():
    folder = shared("fixtures", "field", "14_seventy_one_labels")
    how = ["evaluate", "--scores", folder / "scores.npy", "--truth", folder / "truth.npy", "--resamples", "0"]
    (o,) = json_lines(xplaim(*how, "--threshold", "0.5", "--json"), "evaluate")
    assert len(o["evaluation"]["labels"]) == 71
    truth, scores = numpy.load(folder / "truth.npy"), numpy.load(folder / "scores.npy").astype("f8")
    for k in (0, 63, 64, 70):
        yes, no = scores[truth[:, k] == 1, k], scores[truth[:, k] == 0, k]
        auroc = ((yes[:, None] > no).mean() + 0.5 * (yes[:, None] == no).mean()) if len(yes) and len(no) else None
        figure = o["evaluation"]["labels"][k]["auroc"]
        assert auroc is None or figure["value"] == pytest.approx(auroc, abs=1e-9)


@pytest.mark.parametrize("labels", [65, 256])
def test_many_labels_are_learnt_too(tmp_path, labels):
    for i in range(16):
        write_record(tmp_path / "set", f"r{i}", ecg(1000, 100) * (1 + 0.05 * i), 100)
    names = [f"l{k}" for k in range(labels)]
    rows = [",".join([f"r{i}", str(i), str(1 + i % 10)] + [str((i + k) % 2) for k in range(labels)]) for i in range(16)]
    (tmp_path / "set" / "labels.csv").write_text("\n".join([",".join(["path", "patient_id", "strat_fold"] + names)] + rows) + "\n")
    xplaim("train", "--model-name", "many", "--all", "--labels", ",".join(names), "--train-ds-name", "csv", "--train-ds-dir",
           "set", "--arch", "cnn", "--filters", "4,4,8", "--rate", "50", "--length", "500", "--epochs", "1", cwd=tmp_path)
    package = tmp_path / "output" / "models" / "many_package"
    (o,) = json_lines(xplaim("info", package / "model_many.safetensors", "--json"), "info")
    assert [l["name"] for l in o["labels"]] == names
    (o,) = json_lines(xplaim("evaluate", "-m", package / "model_many.safetensors", "--test-set", package / "test_set_many.npz",
                             "--resamples", "0", "--json"), "evaluate")
    assert len(o["evaluation"]["labels"]) == labels


# ---- what is there ----


def test_ptb_xl_of_100_hz_alone_will_do(tmp_path):
    source = shared("fixtures", "field", "18_ptbxl_100hz_only", "ptb-xl")
    (tmp_path / "data").mkdir()
    shutil.copytree(source, tmp_path / "data" / "ptb-xl")
    done = xplaim("setup", cwd=tmp_path)
    assert done.stderr.count("records100 and no records500") == 1
    with open(tmp_path / "output" / "metadata" / "ptb-xl_labels_metadata.csv") as f:
        rows = list(csv.DictReader(f))
    assert {r["filename_lr"] for r in rows} == {f"records100/00000/{i:05d}_lr" for i in (1, 2, 8, 9)}
    xplaim("train", "--model-name", "low", "--all", "--labels", "bradsr", "--train-ds-name", "ptb-xl", "--train-ds-dir",
           "data/ptb-xl", "--arch", "cnn", "--filters", "4,4,8", "--rate", "100", "--epochs", "1", cwd=tmp_path)
    model = tmp_path / "output" / "models" / "low_package" / "model_low.safetensors"
    (o,) = json_lines(xplaim("evaluate", "-m", model, "--ds-name", "ptb-xl", "--ds-dir", "data/ptb-xl", "--part", "all",
                             "--resamples", "0", "--json", cwd=tmp_path), "evaluate")
    assert o["evaluation"]["cases"] == len(rows)


@pytest.mark.parametrize("missing,told", [(5000, "100"), (4999, "99"), (2649, "53"), (2600, "52"), (2501, "51"),
                                          (2500, None), (10, None)])
def test_the_share_of_missing_samples_decides_whether_a_lead_is_there(tmp_path, missing, told):
    mv = ecg(5000, 500)
    for lead, limb in ((6, False), (0, True)):  # V1 cannot be computed, I can
        record = write_record(tmp_path, f"r{lead}", mv, 500)
        samples = numpy.fromfile(tmp_path / f"r{lead}.dat", "<i2").reshape(-1, 12)
        samples[:missing, lead] = -32768
        samples.tofile(tmp_path / f"r{lead}.dat")
        code = 1 if told and not limb else 0
        done = xplaim("predict", "-m", MODEL, record, "--json", code=code)
        if code:
            assert f"V1, of which {told} % of the samples are missing, more than half" in done.stdout + done.stderr
        else:
            notice = f"{told} % of the samples of lead I are missing: computed from"
            assert (notice in done.stdout) == bool(told and limb)


def test_the_text_of_evaluate_says_over_how_many_labels_macro_figures_run(tmp_path):
    rng = numpy.random.default_rng(1)
    truth = (rng.random((60, 4)) < 0.4).astype("i1")
    truth[:, 2] = 0  # no positive: neither AUROC nor sensitivity
    numpy.save(tmp_path / "y.npy", truth)
    numpy.save(tmp_path / "s.npy", rng.random((60, 4)))
    how = ["evaluate", "--scores", tmp_path / "s.npy", "--truth", tmp_path / "y.npy", "--threshold", "0.5", "--resamples", "0"]
    (o,) = json_lines(xplaim(*how, "--json"), "evaluate")
    assert o["evaluation"]["macro"]["auroc"]["labels_defined"] == 3
    line = next(l for l in xplaim(*how).stdout.splitlines() if "labels in it" in l)
    assert "3 of 4" in line and "4 of 4" in line
    numpy.save(tmp_path / "y.npy", numpy.delete(truth, 2, 1))
    numpy.save(tmp_path / "s.npy", rng.random((60, 3)))
    assert "labels in it" not in xplaim(*how).stdout


# ---- other files that are larger, or say so ----


@pytest.mark.no_network
def test_info_of_an_array_reads_its_header_alone(tmp_path):
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (8000, 5000, 12), }"
    head += b" " * (117 - len(head)) + b"\n"
    with open(tmp_path / "x.npy", "wb") as f:
        f.write(b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head)
        f.truncate(10 + len(head) + 4 * 8000 * 5000 * 12)
    assert "float32 (8000, 5000, 12)" in frugal("info", tmp_path / "x.npy").stdout
    (tmp_path / "y.npy").write_bytes((tmp_path / "x.npy").open("rb").read(2000))
    for command in (["info"], ["predict", "-m", MODEL]):
        assert "asks for more" in frugal(*command, tmp_path / "y.npy", code=1).stderr


@pytest.mark.no_network
def test_what_a_few_bytes_say_of_themselves_is_not_believed(tmp_path):
    huge = (2**60).to_bytes(8, "little")
    (tmp_path / "m.safetensors").write_bytes(huge + b"{}")
    frugal("info", tmp_path / "m.safetensors", code=1)
    tensor = b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'
    (tmp_path / "t.safetensors").write_bytes(len(tensor).to_bytes(8, "little") + tensor)
    frugal("info", tmp_path / "t.safetensors", code=1)
    with zipfile.ZipFile(tmp_path / "k.keras", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("config.json", bytes(100 << 20))
    frugal("import", tmp_path / "k.keras", "-o", tmp_path / "k.safetensors", code=1)
    (tmp_path / "c.csv").write_text("I,II\n" + "1," * 3000000 + "1\n")
    frugal("info", tmp_path / "c.csv", "--rate", "500", "--unit", "mV", code=1)


def grown(count, *more):
    """Constants of constants: one number that Expand repeats, and what is made of that."""
    nodes = [node("Expand", ["one", "size"], "a0"), *more]
    return model(nodes, [tensor("one", [1], struct.pack("<f", 1)), integers("size", *count)])


MANY = 1000000
GREEDY_ONNX = {
    "repeated": grown([1 << 22], node("Mul", ["a0", "a0"], "a1"), node("Sqrt", ["a1"], "a2")),
    "chain": grown([1 << 18], *[node("Add", [f"a{i}", f"a{i}"], f"a{i + 1}") for i in range(3000)]),
    "product": grown([1 << 12, 1], node("Transpose", ["a0"], "t"), node("Mul", ["a0", "t"], "p")),
    "nodes": model([b""] * MANY),
    "attributes": model([node("Relu", ["x"], "y") + field(5, b"") * MANY]),
    "outputs": model([node("Relu", ["x"], "y") + field(2, b"") * MANY]),
    "constants": model([node("Relu", ["x"], "y")], [b""] * MANY),
    "values": model([node("Relu", ["x"], "y")], more=field(13, b"") * MANY),
    "metadata": model([node("Relu", ["x"], "y")]) + field(14, b"") * MANY,
    "packed": model([node("Relu", ["x"], "y") + field(5, field(1, "a") + field(8, bytes(6 << 20)))]),
}


@pytest.mark.parametrize("which", GREEDY_ONNX)
def test_an_onnx_file_that_grows_is_refused_in_little_memory(tmp_path, which):
    (tmp_path / "m.onnx").write_bytes(GREEDY_ONNX[which])
    frugal("import", tmp_path / "m.onnx", "-o", tmp_path / "m.safetensors", code=1)
