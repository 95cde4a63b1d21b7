"""Files as other exporters write them: what is decoded is what was stored, in every spelling of a format."""

import base64
import itertools
import os
import struct
import zlib

import hospital
import numpy
import pytest
from conftest import LEADS, TOOL, json_lines, xplaim

pytestmark = pytest.mark.no_network

EIGHT = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]


def decode(path, *words):
    out = path.parent / "decoded.npz"
    xplaim("decode", path, "--physical", "--unit", "uV", "-o", out, *words)
    with numpy.load(out) as z:
        return {k: z[k] for k in z.files}


def holds(got, counts, leads=LEADS, step=5.0, n=None):
    assert list(got) == list(leads)
    for lead in leads:
        want = counts[:n, LEADS.index(lead)] * step
        numpy.testing.assert_allclose(got[lead], want, rtol=1e-9, atol=1e-7, err_msg=lead)


@pytest.mark.parametrize("kind", list(hospital.FORMATS))
def test_every_format(tmp_path, kind):
    if kind == "dicom":
        pytest.importorskip("pydicom")
    if kind == "pdf":
        pytest.skip("test_pdf.py has it")
    ending, make, known = hospital.FORMATS[kind]
    v = hospital.counts(1000)
    known = [w.replace("--unit", "--unit-in-file") for w in known]
    holds(decode(make(tmp_path / f"x{ending}", v), *known), v, EIGHT if kind == "muse" else LEADS)


# ==== XML ==================================================================================


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("order", ["rhythm first", "median first"])
def test_muse(tmp_path, encoding, order):
    v = hospital.counts(1200, 250)
    who = {**hospital.WHO, "last": "Müller"}
    for wrap, stored, rate in [(0, None, 250), (60, LEADS, 240), (76, EIGHT[::-1], 500)]:
        path = hospital.muse(tmp_path / "x.xml", v, rate, 4.88, who, encoding, wrap, order, stored=stored)
        holds(decode(path), v, stored or EIGHT, 4.88)
        (o,) = json_lines(xplaim("info", path, "--json", "--keep-identity"), "info")
        assert o["rate"] == rate and o["facts"]["patient"]["name"] == "Müller^JANE"


@pytest.mark.parametrize("version", ["1.03", "1.04"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_philips(tmp_path, version, encoding):
    v = hospital.counts(5000)
    path = tmp_path / "x.xml"
    text = hospital.philips(path, v, version=version, encoding="utf-16").read_bytes().decode("utf-16")
    mark = "" if encoding == "utf-8" else "\ufeff"
    text = text.replace("UTF-16", "UTF-8") if encoding == "utf-8" else text
    path.write_bytes((mark + text).encode("utf-16-le" if encoding == "utf-16" else encoding))
    holds(decode(path), v)


@pytest.mark.parametrize("unit", ["nV", "uV", "mV", "V"])
@pytest.mark.parametrize("glist", ["TS", "PQ"])
@pytest.mark.parametrize("prefix", ["", "hl7:"])
def test_aecg(tmp_path, unit, glist, prefix):
    v = hospital.counts(1000)
    for pieces, origin in [(1, 0), (1, 250), (4, -500)]:
        holds(decode(hospital.aecg(tmp_path / "x.xml", v, unit=unit, glist=glist, origin=origin, pieces=pieces, prefix=prefix)), v)


@pytest.mark.parametrize("full", [False, True])
def test_cardiosoft(tmp_path, full):
    v = hospital.counts(2500)
    holds(decode(hospital.cardiosoft(tmp_path / "x.xml", v, full=full)), v)


# ==== DICOM ================================================================================

SYNTAXES = {"implicit": "1.2.840.10008.1.2", "explicit": "1.2.840.10008.1.2.1", "deflated": "1.2.840.10008.1.2.1.99", "big": "1.2.840.10008.1.2.2"}


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("units", ["uV", "mV", "V", "nV"])
@pytest.mark.parametrize("coded", [True, False], ids=["codes", "texts"])
def test_dicom(tmp_path, syntax, units, coded):
    pytest.importorskip("pydicom")
    v = hospital.counts(1001)
    big = syntax.endswith("1.2.2")
    for kind, baseline, add in [("SS", 0, 0), ("US", -163840, 32768), ("SB", 0, 0), ("UB", -640, 128), ("SL", 100, -20)]:
        raw = numpy.clip(v, -100, 100) if kind[1] == "B" else v
        group = hospital.dicom_group(raw + add, LEADS, 500, kind=kind, units=units, coded=coded, baseline=baseline, big=big)
        path = hospital.dicom(tmp_path / "x.dcm", raw, syntax=syntax, groups=[group])
        holds(decode(path), raw)


def test_dicom_groups(tmp_path):
    """Rhythm and median, in either order; leads of two rates; gaps."""
    pytest.importorskip("pydicom")
    v = hospital.counts(2000)
    beat = hospital.dicom_group(v[:600] * 0 + 7, LEADS, 500, label="MEDIAN BEAT")
    first = hospital.dicom_group(v[:, :8], LEADS[:8], 500)
    late = v[::2, 8:].copy()
    late[-100:] = 4095
    second = hospital.dicom_group(late, LEADS[8:], 250, padding=4095)
    for groups in itertools.permutations([beat, first, second]):
        for syntax in SYNTAXES.values():
            if syntax.endswith("1.2.2"):
                continue
            got = decode(hospital.dicom(tmp_path / "x.dcm", v, groups=list(groups), syntax=syntax))
            assert set(got) == set(LEADS)
            for i, lead in enumerate(LEADS):
                want = v[:, i] * 5.0 if i < 8 else numpy.where(late[:, i - 8] == 4095, numpy.nan, late[:, i - 8] * 5.0)
                numpy.testing.assert_allclose(got[lead], want, rtol=1e-9, atol=1e-7)


def test_dicom_as_old_writers_leave_it(tmp_path):
    """No preamble, no group 2, undefined lengths, UIDs with a dot at their end, a PDF in an envelope."""
    pydicom = pytest.importorskip("pydicom")
    v = hospital.counts(1000)
    path = hospital.dicom(tmp_path / "x.dcm", v)
    data = path.read_bytes()
    d = pydicom.dcmread(path)
    path.write_bytes(data[128:])
    holds(decode(path), v)
    for implicit in [True, False]:
        plain = pydicom.dataset.Dataset()
        plain.update(d)
        for s in [plain.WaveformSequence, plain.WaveformSequence[0].ChannelDefinitionSequence]:
            s.is_undefined_length = True
            for item in s:
                item.is_undefined_length_sequence_item = True
        plain["SOPInstanceUID"]._value = pydicom.uid.UID("1.2.3.4.")
        plain["WaveformSequence"].is_undefined_length = True
        pydicom.dcmwrite(path, plain, implicit_vr=implicit, little_endian=True, force_encoding=True, enforce_file_format=False)
        holds(decode(path), v)


def test_dicom_with_a_pdf_inside(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    v = hospital.counts(5000)
    d = pydicom.dcmread(hospital.dicom(tmp_path / "x.dcm", v))
    del d.WaveformSequence
    d.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    data = hospital.pdf_file(hospital.pdf_contents(v))
    d.MIMETypeOfEncapsulatedDocument = "application/pdf"
    d.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    d.save_as(tmp_path / "x.dcm")
    got = decode(tmp_path / "x.dcm")
    numpy.testing.assert_allclose(got["II"], v[:, 1] * 4.88, rtol=1e-9)
    for secret in hospital.secrets():
        xplaim("convert", tmp_path / "x.dcm", "-o", tmp_path / "y.dcm", "--force")
        assert secret.encode() not in (tmp_path / "y.dcm").read_bytes()


# ==== binary files =========================================================================


@pytest.mark.parametrize("order", [0, 1, 2])
def test_scp(tmp_path, order):
    v = hospital.counts(1500)
    holds(decode(hospital.scp(tmp_path / "x.scp", v, order=order)), v)


@pytest.mark.parametrize("total", [False, True])
def test_ishne(tmp_path, total):
    v = hospital.counts(1500)
    path = hospital.ishne(tmp_path / "x.ecg", v, total=total)
    holds(decode(path), v)
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    assert o["notices"] == []
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    assert len(o["notices"]) == 1


def test_edf_and_bdf_of_others(tmp_path):
    pyedflib = pytest.importorskip("pyedflib")
    v = hospital.counts(5000)
    for ending, kind, low, high in [("edf", 1, -32768, 32767), ("bdf", 3, -800000, 800000), ("edf", 0, -32768, 32767)]:
        path = tmp_path / f"x.{ending}"
        for inverted, unit, per in [(False, "uV", 1.0), (True, "uV", 1.0), (False, "mV", 1e-3)]:
            sign = -1 if inverted else 1
            f = pyedflib.EdfWriter(str(path), 12, file_type=kind)
            for i, lead in enumerate(LEADS):
                f.setSignalHeader(i, {
                    "label": f"ECG {lead}", "dimension": unit, "sample_frequency": 500, "digital_min": low, "digital_max": high,
                    "physical_min": low * per * sign, "physical_max": high * per * sign, "transducer": "", "prefilter": ""})
            f.setPatientName("DOE JANE") if kind else None
            f.writeSamples([numpy.ascontiguousarray((v[:, i] * sign).astype(numpy.int32)) for i in range(12)], digital=True)
            f.close()
            got = decode(path)
            for i, lead in enumerate(LEADS):
                numpy.testing.assert_allclose(got[lead], v[:, i], rtol=1e-4, atol=0.51 if kind < 3 else 1e-3)


# ==== arrays ===============================================================================


def test_arrays_of_every_type(tmp_path):
    v = hospital.counts(600)
    known = ["--rate", "500", "--unit-in-file", "uV", "--columns", ",".join(LEADS)]
    for kind, fortran, turned in itertools.product(["<i2", ">i2", "<i4", "<i8", "<f4", ">f4", "<f8", ">f8", "<f2"], [0, 1], [0, 1]):
        a = numpy.asarray(v.T if turned else v, kind)
        numpy.save(tmp_path / "x.npy", numpy.asfortranarray(a) if fortran else a)
        holds(decode(tmp_path / "x.npy", *known), v, step=1)


@pytest.mark.parametrize("packed", [False, True])
def test_matlab(tmp_path, packed):
    v = hospital.counts(700)
    path = hospital.matlab(tmp_path / "x.mat", v, packed=packed)
    holds(decode(path, "--unit-in-file", "uV", "--columns", ",".join(LEADS)), v)


# ==== files of kilobytes that would become gigabytes =======================================


def philips_bomb():
    """Twelve leads whose codes each stand for one byte more than the one before."""

    def lead():
        codes = [0, *range(256, 1023)] + [1022] * 4000 + [1023]
        bits = "".join(format(c, "010b") for c in codes)
        data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
        return struct.pack("<IHh", len(data), 0, 0) + data

    data = base64.b64encode(b"".join(lead() for _ in range(12))).decode()
    text = f'<restingecgdata><waveforms><parsedwaveforms samplespersecond="500" resolution="5" compression="XLI">{data}'
    return text.encode() + b"</parsedwaveforms></waveforms></restingecgdata>"


def deflated(data, **form):
    packer = zlib.compressobj(9, zlib.DEFLATED, **form)
    return packer.compress(data) + packer.flush()


def pdf_bomb():
    twice = zlib.compress(zlib.compress(b"0 0 m 1 1 l S " * (16 << 20), 9), 9)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"]
    objects.append(b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>\nstream\n" % len(twice) + twice + b"\nendstream")
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % (i, o) for i, o in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


def dicom_bomb():
    uid = b"1.2.840.10008.1.2.1.99"
    meta = struct.pack("<HH2sHI", 2, 0, b"UL", 4, 8 + len(uid)) + struct.pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    return b"\0" * 128 + b"DICM" + meta + deflated(bytes(256 << 20), wbits=-15)


def matlab_bomb():
    size = 2 * 12 * 4 << 20
    flags = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, 12, 4 << 20) + struct.pack("<HHI", 1, 1, ord("x"))
    matrix = flags + struct.pack("<II", 2, size) + bytes(size)
    packed = zlib.compress(struct.pack("<II", 14, len(matrix)) + matrix, 9)
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x100, b"IM") + (struct.pack("<II", 15, len(packed)) + packed) * 4


@pytest.mark.parametrize("name, make", [("x.xml", philips_bomb), ("x.pdf", pdf_bomb), ("x.dcm", dicom_bomb), ("x.mat", matlab_bomb)])
def test_bombs_stay_small(tmp_path, name, make):
    path = tmp_path / name
    path.write_bytes(make())
    assert path.stat().st_size < 600_000
    child = os.spawnl(os.P_NOWAIT, "/bin/sh", "sh", "-c", f"exec {TOOL} info {path} >/dev/null 2>&1")
    _, status, used = os.wait4(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, 1)
    assert used.ru_maxrss < 256 << 10


# ==== the same files as other programs leave them ===========================================


def swap(path, *pairs):
    """The text of a file with each of the pairs replaced; what is not there is a fault of the test."""
    text = path.read_bytes().decode("latin-1")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_bytes(text.encode("latin-1"))
    return path


def refused(path, *words, known=()):
    done = xplaim("info", path, *known, code=1)
    assert all(w in done.stderr for w in words), done.stderr


MU = "\xb5".encode().decode("latin-1")  # in a file that says it is UTF-8


@pytest.mark.parametrize("kind", ["muse", "philips", "aecg", "cardiosoft"])
def test_xml_with_much_before_and_behind_it(tmp_path, kind):
    v = hospital.counts(500)
    make = {"philips": lambda p, v: hospital.philips(p, v, encoding="utf-8")}.get(kind, getattr(hospital, kind))
    leads = EIGHT if kind == "muse" else LEADS
    text = make(tmp_path / "x.xml", v).read_bytes()
    body = text[text.index(b"?>") + 2 :] if text.startswith(b"<?xml") else text
    head = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    for whole in [head + b"<!-- " + b"copyright " * 600 + b"-->" + body, b" \r\n" + text + b"\0" * 200, text + b"\r\n\x1a"]:
        (tmp_path / "x.xml").write_bytes(whole)
        holds(decode(tmp_path / "x.xml"), v, leads)


def test_muse_in_other_units(tmp_path):
    v = hospital.counts(500)
    for step, unit in [("0.005", "mV"), ("5", "UV"), ("5", MU + "V"), ("5000", "nV"), ("0,005", "Millivolts"), ("5,0", "uV/bit")]:
        path = swap(hospital.muse(tmp_path / "x.xml", v), (">5</LeadAmp", f">{step}</LeadAmp"), ("MICROVOLTS", unit))
        holds(decode(path), v, EIGHT)
    path = swap(hospital.muse(tmp_path / "x.xml", v), ("CountTotal>500<", "CountTotal>400<"))
    holds(decode(path), v, EIGHT)
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    assert [n["text"] for n in o["notices"]] == ["x.xml: the header says 400 samples, the file holds 500 of each lead"]


def test_aecg_with_commas_and_a_louder_copy(tmp_path):
    v = hospital.counts(1000)
    path = hospital.aecg(tmp_path / "x.xml", v, step=4.88)
    holds(decode(swap(path, ('"0.002"', '"0,002"'), ('"4.88"', '"4,88"'))), v, step=4.88)
    path = hospital.aecg(tmp_path / "x.xml", v)
    for i, lead in enumerate(LEADS):
        swap(path, (f'"MDC_ECG_LEAD_{lead.upper()}"', f'"{131072 + hospital.SCP_NUMBERS[lead]}"'))
    holds(decode(path), v)
    loud = hospital.aecg(tmp_path / "y.xml", v * 10).read_text()
    series = loud[loud.rindex("<component><series>") : loud.rindex("</AnnotatedECG>")]
    holds(decode(swap(hospital.aecg(path, v), ("</AnnotatedECG>", series + "</AnnotatedECG>"))), v)


def test_cardiosoft_in_other_units(tmp_path):
    v = hospital.counts(1000)
    path = tmp_path / "x.xml"
    order = ", ".join(LEADS)
    for full in [False, True]:
        changes = [('uVperLsb">5', 'mVperLsb">0,005'), ("uVperLsb", "\xb5V"), ('"Hz">500', '"kHz">0.5'), ('"Hz">500', '"Hz">500,0')]
        changes += [(order, "; ".join(LEADS)), (order, " ".join(LEADS))] if full else []
        for change in changes:
            holds(decode(swap(hospital.cardiosoft(path, v, full=full), change)), v)
            (o,) = json_lines(xplaim("info", path, "--json"), "info")
            assert o["rate"] == 500
        refused(swap(hospital.cardiosoft(path, v, full=full), ('units="Hz"', 'units="bpm"')), "SampleRate", "bpm")
    refused(swap(hospital.cardiosoft(path, v, full=True), ("Channels>12<", "Channels>8<")), "12 leads", "says 8", "LeadOrder")


def test_dicom_numbers_in_texts_of_another_kind(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    v = hospital.counts(500)
    group = hospital.dicom_group(v, LEADS, 500)
    group.add(pydicom.DataElement(0x003A001A, "LO", "499,8"))
    for channel in group.ChannelDefinitionSequence:
        channel.add(pydicom.DataElement(0x003A0210, "LO", "4,88"))
    path = hospital.dicom(tmp_path / "x.dcm", v, groups=[group])
    holds(decode(path), v, step=4.88)
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    assert o["rate"] == 499.8


def test_binary_headers_that_contradict_themselves(tmp_path):
    v = hospital.counts(1000)
    data = bytearray(hospital.scp(tmp_path / "x.scp", v).read_bytes())
    third = struct.unpack_from("<I", data, 6 + 16 + 30 + 6)[0] - 1 + 16
    assert data[third] == 12
    data[third] = 11
    (tmp_path / "x.scp").write_bytes(data)
    refused(tmp_path / "x.scp", "11 leads", "names more")
    data = bytearray(hospital.ishne(tmp_path / "x.ecg", v).read_bytes())
    struct.pack_into("<i", data, 22, 522)
    (tmp_path / "x.ecg").write_bytes(data)
    refused(tmp_path / "x.ecg", "byte 22", "variable block")
    path = hospital.edf(tmp_path / "x.edf", v)
    data = path.read_bytes()
    path.write_bytes(b"0\0\0\0\0\0\0\0" + data[8:256].replace(b"  ", b"\0\0") + data[256:])
    holds(decode(path), v)


def test_a_comment_whose_line_break_is_lost(tmp_path):
    hospital.wfdb(tmp_path / "x.hea", hospital.counts(500))
    refused(swap(tmp_path / "x.hea", ("V6\n# Age", "V6 # Age")), "line 13", "line break is lost", "# Age: 63")


def test_tables_of_other_programs(tmp_path):
    v = hospital.counts(500)
    path = tmp_path / "x.csv"

    def write(*head, unit="uV", encoding="utf-8", between=";", joint=" ({})"):
        names = between.join(["Zeit [s]"] + [lead + joint.format(unit) for lead in LEADS])
        rows = [between.join([f"{i / 500:.3f}".replace(".", ",")] + [str(int(x) * 5) for x in row]) for i, row in enumerate(v)]
        path.write_bytes("\n".join([*head, names, *rows]).encode(encoding))

    for form in [{"unit": "\xb5V", "encoding": "latin-1"}, {"joint": ", {}"}, {"joint": " in {}"}, {"joint": "[{}]"}]:
        write(**form)
        holds(decode(path), v)
    one = numpy.abs(v[:, 1]) + 1
    path.write_text("Sample Rate,512 hertz\nLead,Lead II\nUnit,\xb5V\n\n" + "\n".join(map(str, one)) + "\n")
    got = decode(path)
    assert list(got) == ["II"] and (got["II"] == one).all()
