"""PDFs of ECGs: exact where the maker's numbers are in them, the scale asked where it is not certain."""

import tarfile
import zlib

import hospital
import numpy
import pytest
from conftest import LEADS, ROOT, SHARED, json_lines, shared, xplaim

pytestmark = pytest.mark.no_network

STRIPS = ["V1", "II", "V5"]


def stored(path, *words):
    out = path.parent / "stored.npz"
    xplaim("decode", path, "--digital", "-o", out, *words)
    with numpy.load(out) as z:
        return {k: z[k] for k in z.files}


def exact(path):
    """Leads with a certificate."""
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    return [lead for n in o["notices"] if "exact (" in n["text"] for lead in n["leads"]]


def differing(path, steps):
    got = stored(path)
    assert list(got) == LEADS
    n = 0
    for i, lead in enumerate(LEADS):
        here = got[lead] != numpy.iinfo(numpy.int32).min
        assert here.sum() == (5000 if lead in STRIPS else 1238)
        n += int((got[lead][here] != steps[here, i]).sum())
    return n


def test_a_page_of_muse_s_comes_back_exactly(tmp_path):
    v = hospital.counts(5000)
    path = hospital.pdf(tmp_path / "x.pdf", v)
    assert differing(path, v) == 0 and sorted(exact(path)) == sorted(LEADS)


def records_of_ptb_xl(count):
    """The first ones, in MUSE's steps; tests/bench/formats_ptbxl.py has 300."""
    with tarfile.open(shared("data", "ptb-xl-subset-500hz.tar.xz")) as tar:
        for member in tar:
            if not member.name.endswith("_hr.dat"):
                continue
            microvolt = numpy.frombuffer(tar.extractfile(member).read(), "<i2").reshape(5000, 12)
            yield numpy.round(microvolt / hospital.MUSE_STEP).astype(int)
            count -= 1
            if not count:
                return


def test_records_of_ptb_xl_come_back_exactly(tmp_path):
    for steps in records_of_ptb_xl(5):
        path = hospital.pdf(tmp_path / "x.pdf", steps)
        assert differing(path, steps) == 0 and len(exact(path)) == 12


def test_chest_leads_cut_off_along_a_line_of_the_maker_s_grid_are_not_called_exact(tmp_path):
    """By 0.1 mV or more, at a multiple of 0.1 mV. Their samples stay the maker's steps."""
    doubted, lines = 0, numpy.array([n for n in range(-2000, 2000) if hospital.muse_units(n) % 100 == 0])
    for steps in records_of_ptb_xl(5):
        cut = steps.copy()
        for i in range(6, 12):
            drawn = steps[:, i] if LEADS[i] in STRIPS else steps[1250 * (i // 3) :, i][:1238]
            cut[:, i] = numpy.minimum(cut[:, i], lines[lines <= drawn.max() - 21].max())
        path = hospital.pdf(tmp_path / "x.pdf", cut)
        assert sorted(exact(path)) == sorted(LEADS[:6])
        (o,) = json_lines(xplaim("info", path, "--json"), "info")
        for notice in o["notices"]:
            if "not certified" in notice["text"]:
                doubted += len(notice["leads"])
                got = stored(path)
                for lead in notice["leads"]:
                    here = got[lead] != numpy.iinfo(numpy.int32).min
                    assert (got[lead][here] == cut[here, LEADS.index(lead)]).all()
    assert doubted


def test_where_limb_leads_do_not_sum_up_no_lead_is_called_exact(tmp_path):
    """Somebody altered the page: what was done to the other leads, nothing tells."""
    for steps in records_of_ptb_xl(3):
        assert exact(hospital.pdf(tmp_path / "x.pdf", steps)) == LEADS
        altered = steps.copy()
        altered[100:110, 0] += 8
        path = hospital.pdf(tmp_path / "x.pdf", altered)
        assert exact(path) == []


def test_a_curve_cut_off_in_time_is_exact_where_it_is_drawn(tmp_path):
    v = hospital.counts(5000)
    path = hospital.pdf(tmp_path / "x.pdf", v, alter=lambda i, points: points[:700] if i == 7 else points)
    got = stored(path)["V2"]
    here = numpy.flatnonzero(got != numpy.iinfo(numpy.int32).min)
    assert here.tolist() == list(range(2500, 3200)) and (got[here] == v[here, 7]).all()
    assert "V2" in exact(path) and "lead V2: drawn for" in xplaim("info", path).stdout
    hospital.pdf(path, v, alter=lambda i, points: points[60:] if i == 7 else points)  # its name is beside nothing then
    assert "V2" not in exact(path)


def test_what_a_clipping_path_hides_is_read_all_the_same(tmp_path):
    """The numbers of a curve are in the file, whatever of it is shown."""
    v = hospital.counts(5000)
    path = tmp_path / "x.pdf"
    path.write_bytes(hospital.pdf_file(b"100 100 50 50 re W n\n" + hospital.pdf_contents(v)))
    assert differing(path, v) == 0 and len(exact(path)) == 12


# ==== the scale ============================================================================


@pytest.mark.parametrize(
    "style, answer",
    [
        ({"words": None, "pulses": False}, "25 mm/s 10 mm/mV"),
        ({"words": "10mm/mV", "pulses": False}, "25 mm/s"),
        ({"words": "25mm/s", "pulses": False}, "10 mm/mV"),
        ({"words": "25mm/s  20mm/mV"}, "10 mm/mV"),
    ],
)
def test_the_scale_is_asked_in_one_sentence(tmp_path, style, answer):
    v = hospital.counts(5000)
    path = hospital.pdf(tmp_path / "x.pdf", v, **style)
    said = xplaim("info", path, code=1).stderr
    assert len(said.splitlines()) == 1 and "--unit" in said and "mm/" in said
    (o,) = json_lines(xplaim("info", path, "--unit", answer, "--json"), "info")
    assert o["rate"] == 500 and o["frames"] == 5000
    physical = tmp_path / "p.npz"
    xplaim("decode", path, "--unit-in-file", answer, "-o", physical)
    with numpy.load(physical) as z:
        got, want = z["II"] - z["II"][0], (v[:, 1] - v[0, 1]) * hospital.MUSE_STEP  # its zero is not known without a pulse
        numpy.testing.assert_allclose(got, want, rtol=0, atol=1.01)
    xplaim("convert", path, "-o", tmp_path / "x.edf", "--unit", answer)


# ==== what is no drawing ===================================================================


def test_a_picture_of_an_ecg_is_told_apart(tmp_path):
    pixels = zlib.compress(bytes(range(256)) * 40 * 30)
    image = b"<</Type/XObject/Subtype/Image/Width 640/Height 480/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
    image += b"/Length %d>>\nstream\n" % len(pixels) + pixels + b"\nendstream"
    data = hospital.pdf_file(b"q 612 0 0 792 0 0 cm /Im Do Q", more=[image])
    data = data.replace(b"/Resources<</Font<</F1 5 0 R>>>>", b"/Resources<</XObject<</Im 7 0 R>>>>")
    (tmp_path / "x.pdf").write_bytes(data)
    said = xplaim("info", tmp_path / "x.pdf", code=1).stderr
    assert "this page is a picture of an ECG, not its curves" in said and len(said.splitlines()) == 1


ENCRYPTED = ROOT / "tests" / "data" / "pdf" / "aes256.pdf"


def test_encrypted_without_a_password(tmp_path):
    """By AES-256 of PDF 2.0; other ciphers are in unit/test_pdf.c."""
    (tmp_path / "x.pdf").write_bytes(ENCRYPTED.read_bytes())
    peaks = numpy.array([10, 24, 14, -17, -2, 19, 5, 6, 7, 8, 9, 10]) * 2
    xplaim("decode", tmp_path / "x.pdf", "--physical", "--unit", "uV", "-o", tmp_path / "p.npz")
    with numpy.load(tmp_path / "p.npz") as z:
        for i, lead in enumerate(LEADS):
            want = (numpy.arange(5000) % 50 == 0) * hospital.muse_units(peaks[i])
            numpy.testing.assert_allclose(z[lead], numpy.where(numpy.isnan(z[lead]), numpy.nan, want), atol=0.1)


def test_a_password_is_told(tmp_path):
    data = ENCRYPTED.read_bytes()
    at = data.index(b"/U ") + 5
    other = b"0" if data[at : at + 1] != b"0" else b"1"
    (tmp_path / "x.pdf").write_bytes(data[:at] + other + data[at + 1 :])
    said = xplaim("info", tmp_path / "x.pdf", code=1).stderr
    assert "asks for a password" in said and len(said.splitlines()) == 1


def test_what_is_made_of_a_drawing_says_so(tmp_path):
    path = shared("fixtures/pdf/reportlab_6x2_ptbxl_00009.pdf")
    done = xplaim("convert", path, "-o", tmp_path, "--to", "wfdb", "--json")
    (o,) = json_lines(done, "convert")
    assert "drawn" in [n["code"] for n in o["notices"]]
