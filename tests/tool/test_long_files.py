"""Files of a hundred megabytes and more: what `info` says of them, and what is refused, in little memory."""

import gzip
import json
import os
import re
import struct
import zipfile
import zlib

import hospital
import numpy
import pytest
from conftest import LEADS, ecg, frugal, json_lines, write_record, xplaim

pytestmark = pytest.mark.no_network

N = 2000
JUNK = os.urandom(1 << 20)


def repeat(path, before, after, times, between=""):
    """The texts of samples, `times` times as long."""
    text = path.read_text()
    path.write_text(re.sub(f"({before})([^<]*)({after})", lambda m: m[1] + between.join([m[2]] * times) + m[3], text))
    return path


def muse(folder, times, missing=0):
    counts = hospital.counts(N)
    counts[:missing, 0] = -32768
    path = hospital.muse(folder / "x.xml", counts, median=False)
    text = path.read_text().replace(f"<LeadSampleCountTotal>{N}<", f"<LeadSampleCountTotal>{N * times}<")
    path.write_text(text)
    return repeat(path, "<WaveFormData>", "</WaveFormData>", times)


def aecg(folder, times, **form):
    return repeat(hospital.aecg(folder / "x.xml", hospital.counts(N), **form), "<digits>", "</digits>", times, " ")


def strip(folder, times):
    return repeat(hospital.cardiosoft(folder / "x.xml", hospital.counts(N)), '<WaveformData lead="[^"]*">', "</WaveformData>", times, ",")


def disclosure(folder, times):
    path = hospital.cardiosoft(folder / "x.xml", hospital.counts(N), full=True)
    return repeat(path, "<FullDisclosureData>", "</FullDisclosureData>", times, ",")


XML = {"muse": muse, "aecg": aecg, "strip": strip, "disclosure": disclosure}


@pytest.mark.parametrize("form", XML)
def test_info_of_a_long_xml_file_is_that_of_a_short_one(tmp_path, form):
    """In all but the lengths, which are as many times as long."""
    short = json_lines(xplaim("info", XML[form](tmp_path, 1), "--json"), "info")[0]
    times = -(-(70 << 20) // (tmp_path / "x.xml").stat().st_size)
    path = XML[form](tmp_path, times)
    assert path.stat().st_size > 64 << 20
    [long] = json_lines(frugal("info", path, "--json"), "info")
    assert long["frames"] == short["frames"] * times == N * times
    for a, b in zip(short["signals"], long["signals"], strict=True):
        assert b["samples"] == a["samples"] * times and b["missing"] == 0
        assert {k: v for k, v in a.items() if k != "samples"} == {k: v for k, v in b.items() if k != "samples"}
    assert long["facts"] == short["facts"] and long["notices"] == short["notices"]


def whole_and_outlined(tmp_path, write):
    """What `info` tells of a file that is read whole, and of the same with a comment that makes it long."""
    path = write(tmp_path)
    whole = json_lines(xplaim("info", path, "--json"), "info")[0]
    data = path.read_bytes()
    at = data.rindex(b"</")
    path.write_bytes(data[:at] + b"<!--" + b" " * (5 << 20) + b"-->" + data[at:])
    return whole, json_lines(frugal("info", path, "--json"), "info")[0]


def wordy(folder):
    """A statement of more letters than are kept of one, which comes in one piece."""
    path = strip(folder, 2)
    path.write_text(path.read_text().replace("<DiagnosisText>", "<DiagnosisText>" + "many words " * 1000))
    return path


@pytest.mark.parametrize("write", [
    wordy,
    lambda folder: muse(folder, 1, missing=7),
    lambda folder: aecg(folder, 1, pieces=4),
    lambda folder: aecg(folder, 3, origin=500, glist="PQ", pieces=2),
    lambda folder: aecg(folder, 1, unit="mV"),
], ids=["words", "missing", "pieces", "pieces of units", "fractions"])  # fmt: skip
def test_a_long_xml_file_tells_what_it_would_if_it_were_read(tmp_path, write):
    whole, outlined = whole_and_outlined(tmp_path, write)
    assert whole["measured"] != {} and whole["signals"] == outlined["signals"]
    whole.pop("measured"), outlined.pop("measured")
    assert whole == outlined


DAMAGE = {
    "no base64": (muse, lambda t: t.replace("</WaveFormData>", "*</WaveFormData>", 1), "is not base64 at its character"),
    "odd": (muse, lambda t: t.replace("</WaveFormData>", "AA==</WaveFormData>", 1), "have an even number"),
    "fewer": (muse, lambda t: re.sub("<LeadSampleCountTotal>", "<LeadSampleCountTotal>9", t), "but its data hold"),
    "no number": (aecg, lambda t: t.replace("</digits>", " x</digits>", 1), "other than a number behind"),
    "cut": (aecg, lambda t: t[:-1000], "ends too early"),
    "tag": (strip, lambda t: t.replace("</CardiologyXML>", "<a " + "b" * (20 << 20) + '="1"/></CardiologyXML>'), "a tag or a comment of megabytes"),
    "elements": (strip, lambda t: t.replace("</CardiologyXML>", "<a>1</a>" * 300000 + "</CardiologyXML>"), "far more beside its samples"),
    "texts": (strip, lambda t: t.replace("</CardiologyXML>", ("<a>" + "b" * 4000 + "</a>") * 20000 + "</CardiologyXML>"), "far more beside its samples"),
}  # fmt: skip


@pytest.mark.parametrize("which", DAMAGE)
def test_what_is_wrong_with_a_long_xml_file_is_told(tmp_path, which):
    write, damage, words = DAMAGE[which]
    path = write(tmp_path, 300)
    assert path.stat().st_size > 4 << 20
    path.write_text(damage(path.read_text()))
    assert re.search(words, frugal("info", path, code=1).stderr)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_xml_of_two_and_four_bytes_a_letter(tmp_path, encoding):
    path = aecg(tmp_path, 1)
    plain = json_lines(xplaim("info", path, "--json"), "info")[0]
    (tmp_path / "x.xml").write_bytes(("\ufeff" + path.read_text()).encode(encoding))
    assert json_lines(xplaim("info", path, "--json"), "info")[0] == plain


def test_info_of_a_long_xml_file_in_utf_16(tmp_path):
    path = aecg(tmp_path, 600)
    path.write_bytes(("\ufeff" + path.read_text()).encode("utf-16-le"))
    assert path.stat().st_size > 64 << 20
    [told] = json_lines(frugal("info", path, "--json"), "info")
    assert told["frames"] == N * 600 and [s["name"] for s in told["signals"]][0] == "MDC_ECG_LEAD_I"


@pytest.mark.parametrize("form", ["zip", "gz"])
def test_info_of_a_long_xml_file_that_is_packed(tmp_path, form):
    text = aecg(tmp_path, 900).read_bytes()
    path = tmp_path / f"y.xml.{form}" if form == "gz" else tmp_path / "y.zip"
    if form == "gz":
        path.write_bytes(gzip.compress(text, 1))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
            z.writestr("y.xml", text)
    assert json_lines(frugal("info", path, "--json"), "info")[0]["frames"] == N * 900


# ==== other files ==========================================================================


def with_junk(start, megabytes):
    def write(path):
        with open(path, "wb") as f:
            f.write(start)
            for _ in range(megabytes):
                f.write(JUNK)

    return write


def scp(path):
    with_junk(hospital.scp(path, hospital.counts(1000)).read_bytes(), 100)(path)


def picture(path):
    """A DICOM image."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    d = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.Modality, d.Rows, d.Columns = meta.MediaStorageSOPClassUID, "1.2.3.4", "OT", 10, 10
    d.BitsAllocated = d.BitsStored = 8
    d.add_new(0x7FE00010, "OB", JUNK * 100)
    pydicom.dcmwrite(path, d, enforce_file_format=True)


def keras(path):
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("config.json", "{}")
        z.writestr("model.weights.h5", JUNK * 100)


REFUSED = {
    "x.scp": (scp, "files of up to 16 MB are read"),
    "x.pdf": (with_junk(b"%PDF-1.4\n", 100), "files of up to 32 MB are read"),
    "y.pdf": (with_junk(b"%PDF-1.4\n", 30), "no list of pages"),
    "x.xml": (with_junk(b'<?xml version="1.0"?><restingecgdata>', 100), "files of up to 16 MB are read"),
    "y.xml": (with_junk(b'<?xml version="1.0"?><RestingECG>', 100), "not well-formed XML"),
    "x.dcm": (with_junk(bytes(128) + b"DICM", 100), "no DICOM data set begins here"),
    "image.dcm": (picture, "it is a DICOM image"),
    "x.mat": (with_junk(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x100, b"IM"), 100), "no plain array of numbers"),
    "x.edf": (with_junk(b"0".ljust(8) + b"x".ljust(160), 100), "EDF|header"),
    "x.ecg": (with_junk(b"ISHNE1.0", 100), "x.ecg"),
    "x.csv": (lambda path: path.write_text("I," + "12,-3," * 5000000 + "1\n"), "lines of megabytes"),
    "y.csv": (with_junk(b"", 100), "y.csv"),
    "x.onnx": (with_junk(b"\x08\x07\x12\x07pytorch", 100), "not an ONNX model"),
    "x.keras": (keras, "not a model saved by Keras"),
    "x.h5": (with_junk(b"\x89HDF\r\n\x1a\n", 100), "HDF5|Keras"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_long_file_is_refused_in_little_memory(tmp_path, name):
    write, words = REFUSED[name]
    write(tmp_path / name)
    assert re.search(words, frugal("info", tmp_path / name, code=1).stderr)


def matlab(path, values, packed):
    """The array (leads, n) of doubles, and its rate."""

    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    def array(name, shape, data):
        head = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<2i", *shape)) + element(1, name)
        whole = element(14, head + element(9, data))
        return struct.pack("<II", 15, len(zlib.compress(whole, 1))) + zlib.compress(whole, 1) if packed else whole

    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
                     + array(b"fs", (1, 1), struct.pack("<d", 500)) + array(b"ecg", values.shape, values.tobytes(order="F")))  # fmt: skip
    return path


@pytest.mark.parametrize("form", ["rows", "columns", "lying", "matlab", "packed matlab"])
def test_info_of_a_long_array_needs_little_memory(tmp_path, form):
    rng = numpy.random.default_rng(3)
    values = numpy.tile(rng.integers(-900, 900, (40000, 12)).astype("f8"), (25, 1))
    values[500:510, 2] = values[-7:, 5] = numpy.nan
    path = tmp_path / ("x.mat" if "matlab" in form else "x.npy")
    if "matlab" in form:
        matlab(path, values.T, form == "packed matlab")
    else:
        numpy.save(path, numpy.asfortranarray(values) if form == "columns" else values.T.copy() if form == "lying" else values)
    known = ["--unit", "uV", "--columns", ",".join(LEADS)] + ([] if "matlab" in form else ["--rate", "500"])
    [told] = json_lines(frugal("info", path, "--json", *known), "info")
    assert told["frames"] == len(values) and told["rate"] == 500
    assert [s["missing"] for s in told["signals"]] == [0, 0, 10, 0, 0, 7] + [0] * 6


# ==== files that gzip packed ===============================================================


def same(tmp_path, name, data, *known):
    (tmp_path / "plain").mkdir()
    (tmp_path / "packed").mkdir()
    (tmp_path / "plain" / name).write_bytes(data)
    (tmp_path / "packed" / f"{name}.gz").write_bytes(gzip.compress(data))
    told = [json_lines(xplaim("info", tmp_path / f, "--json", *known), "info")[0]
            for f in (f"plain/{name}", f"packed/{name}.gz", "packed")]  # fmt: skip
    for t in told:
        t.pop("record")
    assert told[0] == told[1] == told[2]
    for f in (f"plain/{name}", f"packed/{name}.gz"):
        in_file = [word.replace("--unit", "--unit-in-file") for word in known]
        xplaim("decode", tmp_path / f, "--physical", "-o", tmp_path / f"{f[:5]}.npz", *in_file)
    a, b = numpy.load(tmp_path / "plain.npz"), numpy.load(tmp_path / "packe.npz")
    assert a.files == b.files and all(numpy.array_equal(a[k], b[k], equal_nan=True) for k in a.files)


@pytest.mark.parametrize("form", ["muse", "aecg", "edf", "scp", "dicom", "ishne"])
def test_a_file_that_gzip_packed_is_what_it_holds(tmp_path, form):
    path = getattr(hospital, form)(tmp_path / "x", hospital.counts(3000))
    name = "x." + {"muse": "xml", "aecg": "xml", "edf": "edf", "scp": "scp", "dicom": "dcm", "ishne": "ecg"}[form]
    same(tmp_path, name, path.read_bytes())


def test_a_table_that_gzip_packed(tmp_path):
    same(tmp_path, "x.csv", b"I,II\n" + b"1,2\n3,4\n" * 500, "--rate", "500", "--unit", "uV")


def test_the_files_of_a_record_each_packed(tmp_path):
    write_record(tmp_path, "r", ecg(3000, 500), 500)
    [before] = json_lines(xplaim("info", tmp_path / "r", "--json"), "info")
    for name in ("r.dat", "r.hea"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        half = len(data) // 2  # two members, as pigz and bgzip write them
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
        for given in ("r", "r.hea.gz") if name == "r.hea" else ("r",):
            [after] = json_lines(xplaim("info", tmp_path / given, "--json"), "info")
            assert {**after, "record": 0} == {**before, "record": 0}
    [found] = json_lines(xplaim("info", tmp_path, "--json"), "info")
    assert {**found, "record": 0} == {**before, "record": 0}


def test_gzip_files_that_are_broken_or_bombs(tmp_path):
    table = b"I,II\n" + "".join(f"{i * 7919 % 1000},{i * i % 877}\n" for i in range(5000)).encode()
    packed = gzip.compress(table)
    for data, words in ((packed[:-300], "ends before the file that it holds does"), (packed[:-6] + b"\0" * 6, "is damaged"),
                        (packed[:60] + b"\xff" * 20 + packed[80:], "is damaged"),
                        (gzip.compress(gzip.compress(bytes(300 << 20))), "x.csv is a table, but not of samples"),
                        (gzip.compress(bytes(200 << 20)), "more than a hundred times its own size|x.csv")):  # fmt: skip
        (tmp_path / "x.csv.gz").write_bytes(data)
        assert re.search(words, frugal("info", tmp_path / "x.csv.gz", code=1).stderr), words
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(b"I,II\n" + b"1,2\n" * (50 << 20)))
    assert "more than a hundred times" in frugal("info", tmp_path / "y.csv.gz", "--rate", "500", "--unit", "uV", code=1).stderr


NO_GZIP = "is not the gzip file that its name says: a gzip file begins with the bytes 1F 8B, and this one does not"


def test_files_that_are_gzip_s_by_name_only(tmp_path):
    """What they are is told, and what can be read is read by its content."""
    for name, data in (("x.gz", bytes(range(1, 200)) * 30), ("x.txt.gz", b"no recording\n"), ("x.edf.gz", b"\x8b\x1f" * 200),
                       ("x.csv.gz", b"")):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        told = xplaim("info", tmp_path / name, code=1).stderr
        assert NO_GZIP in told and "unpack" not in told and len(told.splitlines()) == 1
        (tmp_path / name).unlink()
    hospital.edf(tmp_path / "y.edf", hospital.counts(1000))
    hospital.table(tmp_path / "y.csv", hospital.counts(1000))
    for name in ("y.edf", "y.csv"):
        (before,) = json_lines(xplaim("info", tmp_path / name, "--json"), "info")
        (tmp_path / name).rename(tmp_path / f"{name}.gz")
        (now,) = json_lines(xplaim("info", tmp_path / f"{name}.gz", "--json"), "info")
        assert {**now, "record": 0} == {**before, "record": 0}


def test_an_archive_under_gzip_s_name_is_told_to_be_one(tmp_path):
    for name, data in (("x.gz", b"PK\3\4" + bytes(60)), ("x.csv.gz.gz", gzip.compress(gzip.compress(b"1,2\n" * 90)))):
        (tmp_path / name).write_bytes(data)
        assert "is an archive: unpack it and use the files inside" in xplaim("info", tmp_path / name, code=1).stderr


def test_what_is_no_zip_archive_is_not_to_be_unpacked(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"a page that says that the file is not there")
    told = xplaim("info", tmp_path / "x.zip", code=1).stderr
    assert "it is none" in told and "copy it again, or give it the ending of what it is" in told and "unpack" not in told


def test_recordings_under_a_zip_archive_s_name_are_read(tmp_path):
    """By themselves, in a folder and by each way to them; an archive is one, whatever lies before it."""
    hospital.edf(tmp_path / "y.edf", hospital.counts(1000))
    hospital.table(tmp_path / "y.csv", hospital.counts(1000))
    for name in ("y.edf", "y.csv"):
        (before,) = json_lines(xplaim("info", tmp_path / name, "--json"), "info")
        (tmp_path / "in").mkdir(exist_ok=True)
        path = (tmp_path / name).rename(tmp_path / "in" / f"{name[2:]}.zip")
        for word in (path, path.parent):
            (now,) = json_lines(xplaim("info", word, "--json"), "info")
            assert {**now, "record": 0} == {**before, "record": 0} and now["record"] == str(path)
        xplaim("convert", path, "-o", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").stat().st_size > 1000
        (tmp_path / "out.csv").unlink()
        if name == "y.edf":
            edf = path.read_bytes()
        path.unlink()
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as z:
        z.writestr("inner.edf", edf)
    behind = tmp_path / "behind.zip"
    behind.write_bytes(edf[:256] + (tmp_path / "z.zip").read_bytes())
    (o,) = json_lines(xplaim("info", behind, "--json"), "info")
    assert o["record"] == f"{behind}/inner.edf"


def test_the_named_one_of_a_plain_and_a_packed_file_is_read(tmp_path):
    (tmp_path / "x.csv").write_text("I,II\n" + "1,2\n" * 500)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"I,II\n" + b"1,2\n" * 700))
    for name, rows in (("x.csv", 500), ("x.csv.gz", 700)):
        done = xplaim("info", tmp_path / name, "--rate", "500", "--unit", "uV", "--json")
        assert json.loads(done.stdout)["frames"] == rows


def test_the_input_is_not_overwritten(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"I,II\n" + b"1,2\n" * 700))
    told = xplaim("decode", tmp_path / "x.csv.gz", "-o", tmp_path / "x.csv.gz", "--rate", "500", "--unit", "uV", code=2)
    assert "is an input" in told.stderr


def test_tables_of_two_and_four_bytes_a_letter(tmp_path):
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        (tmp_path / "x.csv").write_bytes("\ufeffI [\u00b5V];II [\u03bcV]\n".encode(encoding) + "1,5;\u22122,5\n".encode(encoding) * 500)
        xplaim("decode", tmp_path / "x.csv", "--physical", "--unit", "uV", "--rate", "500", "-o", tmp_path / "x.npz")
        made = numpy.load(tmp_path / "x.npz")
        assert numpy.allclose(made["I"], 1.5) and numpy.allclose(made["II"], -2.5)
