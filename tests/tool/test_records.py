"""info, decode and prepare on records made here and on the real ones."""

import hashlib
import json

import numpy
import pytest

from conftest import (LEADS, MODEL_LEADS, SHARED, ecg, json_lines, shared, write_record, xplaim)

pytestmark = pytest.mark.no_network

SETS = ["wfdb", "cinc", "cinc_reduced_leads"]


def golden_records():
    """(set, record, state) of every record in the index, or one entry that gets skipped."""
    found = []
    for folder in SETS:
        index = SHARED / "golden" / "wfdb" / folder / "index.json"
        if index.exists():
            found += [(folder, r, s) for r, s in json.loads(index.read_text()).items()]
    return found or [("wfdb", "none", "ok")]


def golden(folder, record):
    path = shared("golden", "wfdb", folder, record.replace("/", "__") + ".json")
    return json.loads(path.read_text())


def select(*states):
    return [pytest.param(f, r, id=f"{f}/{r}") for f, r, s in golden_records() if s in states]


def decode(path, out, *words):
    xplaim("decode", path, "-o", out, *words)
    with numpy.load(out) as z:
        return [z[k] for k in z.files]


def check_physical(arrays, signals, tolerances=None):
    assert len(arrays) == len(signals)
    for a, s, tolerance in zip(arrays, signals, tolerances or [1e-9] * len(arrays)):
        want = s["physical"]
        values = numpy.array([numpy.nan if v is None else v for v in want["values"]], float)
        assert a.dtype == numpy.float64 and len(a) == want["n"]
        assert int(numpy.isnan(a).sum()) == want["missing"]
        numpy.testing.assert_allclose(a[want["at"]], values, rtol=1e-6, atol=tolerance)


@pytest.mark.parametrize("folder,record", select("ok"))
def test_decode_equals_the_reference(folder, record, tmp_path):
    path, want = shared("fixtures", folder, record + ".hea"), golden(folder, record)
    digital = decode(path, tmp_path / "d.npz", "--digital")
    assert len(digital) == len(want["signals"])
    for a, s in zip(digital, want["signals"]):
        assert a.dtype == numpy.int32 and len(a) == s["aligned"]["n"]
        digest = hashlib.sha256(a.astype("<i4").tobytes()).hexdigest()
        assert digest == s["aligned"]["sha256_int32le"], s["name"]
    check_physical(decode(path, tmp_path / "p.npz", "--physical"), want["signals"])


@pytest.mark.parametrize("folder,record", select("multi"))
def test_decode_of_several_segments(folder, record, tmp_path):
    path, want = shared("fixtures", folder, record + ".hea"), golden(folder, record)
    arrays = decode(path, tmp_path / "p.npz", "--physical")
    # The reference gives one value a frame, the mean of its samples as a whole number of adu; ours
    # are all there, each signal at its own rate.
    several = any(len(a) != s["physical"]["n"] for a, s in zip(arrays, want["signals"]))
    frames = [a.reshape(s["physical"]["n"], -1) for a, s in zip(arrays, want["signals"])]
    means = [f[:, 0] if f.shape[1] == 1 else numpy.nanmean(f, axis=1) for f in frames]
    (info,) = json_lines(xplaim("info", path, "--json"), "info")
    adu = [1 / s["gain"] for s in info["signals"]]
    check_physical(means, want["signals"], adu if several else None)
    done = xplaim("decode", path, "--digital", "-o", tmp_path / "d.npz", code=1)
    assert "--physical" in done.stderr


@pytest.mark.parametrize("folder,record", select("error"))
def test_missing_files_give_one_clear_error(folder, record, tmp_path):
    path = shared("fixtures", folder, record + ".hea")
    done = xplaim("decode", path, "-o", tmp_path / "d.npz", code=1)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "d.npz").exists()


@pytest.mark.parametrize("folder,record", select("ok", "multi", "layout"))
def test_info_refuses_nothing_readable(folder, record):
    path = shared("fixtures", folder, record + ".hea")
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    assert o["kind"] == "record"
    assert xplaim("info", path).stdout.count("\n") > len(o["signals"])


def test_npy_holds_samples_by_signals(tmp_path):
    mv = ecg(300, 500)
    path = write_record(tmp_path, "r", mv, 500)
    xplaim("decode", path, "--digital", "-o", tmp_path / "d.npy")
    xplaim("decode", path, "-o", tmp_path / "p.npy")
    d, p = numpy.load(tmp_path / "d.npy"), numpy.load(tmp_path / "p.npy")
    assert d.dtype == numpy.int32 and p.dtype == numpy.float64
    assert numpy.array_equal(d, numpy.round(mv * 1000))
    numpy.testing.assert_allclose(p, d / 1000, rtol=1e-12)


def test_npz_names_signals_and_npy_refuses_two_rates(tmp_path):
    data = numpy.arange(1, 31, dtype="<i2")  # ten frames of one and two samples
    (tmp_path / "r.dat").write_bytes(data.tobytes())
    (tmp_path / "r.hea").write_text(
        "r 2 100 10\nr.dat 16 200/mV 16 0 1 0 0 II\nr.dat 16x2 200/mV 16 0 2 0 0 V1\n"
    )
    xplaim("decode", tmp_path / "r", "--digital", "-o", tmp_path / "d.npz")
    with numpy.load(tmp_path / "d.npz") as z:
        assert z.files == ["II", "V1"]
        assert list(z["II"]) == list(range(1, 31, 3)) and len(z["V1"]) == 20
    done = xplaim("decode", tmp_path / "r", "-o", tmp_path / "d.npy", code=2)
    assert ".npz" in done.stderr and not (tmp_path / "d.npy").exists()


def test_npz_numbers_names_that_repeat(tmp_path):
    path = write_record(tmp_path, "r", ecg(50, 500)[:, :3], 500, leads=["ECG", "ECG", "a/b"])
    xplaim("decode", path, "-o", tmp_path / "d.npz")
    with numpy.load(tmp_path / "d.npz") as z:
        assert z.files == ["0_ECG", "1_ECG", "2_a_b"]


def test_decode_json(tmp_path):
    path = write_record(tmp_path, "r", ecg(50, 500), 500)
    (o,) = json_lines(xplaim("decode", path, "-o", tmp_path / "d.npy", "--json"), "written")
    assert o["dtype"] == "float64"


def test_missing_samples(tmp_path):
    data = numpy.array([[5], [-32768], [7]], "<i2")
    (tmp_path / "r.dat").write_bytes(data.tobytes())
    (tmp_path / "r.hea").write_text("r 1 100 3\nr.dat 16 200/mV 16 0 5 0 0 II\n")
    xplaim("decode", tmp_path / "r", "--digital", "-o", tmp_path / "d.npy")
    xplaim("decode", tmp_path / "r", "--physical", "-o", tmp_path / "p.npy")
    assert list(numpy.load(tmp_path / "d.npy")[:, 0]) == [5, -32768, 7]
    assert numpy.isnan(numpy.load(tmp_path / "p.npy")[1, 0])
    (o,) = json_lines(xplaim("info", tmp_path / "r", "--json"), "info")
    assert o["signals"][0]["missing"] == 1


def test_info_of_a_latin1_header(tmp_path):
    write_record(tmp_path, "r", ecg(50, 500), 500)
    with open(tmp_path / "r.hea", "ab") as f:
        f.write(b"# name: J\xfcrgen\n")
    (o,) = json_lines(xplaim("info", tmp_path / "r", "--json"), "info")
    assert "J\u00fcrgen" in o["comments"][0]


def test_no_control_characters_reach_the_terminal(tmp_path):
    write_record(tmp_path, "r", ecg(50, 500), 500)
    (tmp_path / "r.hea").write_bytes((tmp_path / "r.hea").read_bytes() + b"# \x1b[2J\x07\n")
    done = xplaim("info", tmp_path / "r", tmp_path / "\x1b[2J", code=1)
    assert "\x1b" not in done.stdout + done.stderr


def test_folder(tmp_path):
    """Records below a folder, without the segments and the layout of the record they make up."""
    mv = ecg(100, 500)
    for name in ("b", "a", "sub/c", "s1", "s2"):
        folder = (tmp_path / name).parent
        write_record(folder, name.split("/")[-1], mv, 500)
    (tmp_path / "m.hea").write_text("m/2 12 500 200\ns1 100\ns2 100\n")
    objects = json_lines(xplaim("info", tmp_path, "--json"), "info")
    names = [o["record"][len(str(tmp_path)) + 1 :] for o in objects]
    assert names == ["a", "b", "m", "sub/c"]
    assert objects[2]["multi_segment"] and objects[2]["frames"] == 200


def test_empty_folder(tmp_path):
    done = xplaim("info", tmp_path, code=1)
    assert "no record" in done.stderr


def test_prepare_orders_leads_by_name(models, tmp_path):
    mv = ecg(5000, 500)
    model = models("xplaim_full")
    order = [11, 4, 0, 7, 5, 2, 9, 1, 3, 6, 10, 8]
    names = ["v6", "AVL", "Lead I", "V2", "avf", "iii", "V4", "MDC_ECG_LEAD_II", "aVR", "v1", "V5", "V3"]
    straight = write_record(tmp_path, "a", mv, 500)
    shuffled = write_record(tmp_path, "b", mv[:, order], 500, leads=names)
    xplaim("prepare", straight, "-m", model, "-o", tmp_path / "a.npy")
    xplaim("prepare", shuffled, "-m", model, "-o", tmp_path / "b.npy")
    a, b = (tmp_path / "a.npy").read_bytes(), (tmp_path / "b.npy").read_bytes()
    assert a == b
    x = numpy.load(tmp_path / "a.npy")
    assert x.shape == (1, 5000, 12) and x.dtype == numpy.float32
    for column, lead in enumerate(MODEL_LEADS):
        numpy.testing.assert_allclose(x[0, :, column], mv[:, LEADS.index(lead)], atol=6e-4)


def test_prepare_says_what_it_did(models, tmp_path):
    path = write_record(tmp_path, "r", ecg(500, 250)[:, [0, 1, 6, 7, 8, 9, 10, 11]], 250,
                        leads=["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"])
    done = xplaim("prepare", path, "-m", models("xplaim_full"), "-o", tmp_path / "x.npy", "--json",
                  "--bandpass", "0.5,40", "--notch", "50")
    (o,) = json_lines(done, "written")
    codes = {n["code"] for n in o["notices"]}
    assert {"derived", "resampled", "short", "filtered"} <= codes
    assert o["windows"][0]["padded_s"] == 8


def test_prepare_refuses_an_unknown_lead(models, tmp_path):
    path = write_record(tmp_path, "r", ecg(5000, 500), 500, leads=["X1"] + LEADS[1:2] + LEADS[6:] * 1
                        + ["a", "b", "c", "d"])
    done = xplaim("prepare", path, "-m", models("xplaim_full"), "-o", tmp_path / "x.npy", code=1)
    assert "[LEAD_UNKNOWN]" in done.stderr and not (tmp_path / "x.npy").exists()


def test_prepare_refuses_an_amplitude_until_it_is_accepted(models, tmp_path):
    path = write_record(tmp_path, "r", ecg(5000, 500), 500, gain="1/mV")
    words = ["prepare", path, "-m", models("xplaim_full"), "-o", tmp_path / "x.npy"]
    done = xplaim(*words, code=1)
    assert "[UNITS]" in done.stderr and "--accept-amplitude" in done.stderr
    xplaim(*words, "--accept-amplitude")


def test_npz_numbers_names_that_are_the_same_once_they_are_safe(tmp_path):
    path = write_record(tmp_path, "r", ecg(50, 500)[:, :3], 500, leads=["a/b", "a:b", "II"])
    xplaim("decode", path, "-o", tmp_path / "d.npz")
    with numpy.load(tmp_path / "d.npz") as z:
        assert z.files == ["0_a_b", "1_a_b", "2_II"]


OTHERS = {
    "x.gdf": (b"GDF 2.10", "a GDF file"),
    "x.xml": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<sheet xmlns="urn:x">', "an XML file"),
    "x.png": (b"\x89PNG", "a picture has no samples"),
    "x.csv": (b"record,age\na,1\nb,2\n", "not of samples"),
    "x.mwf": (b"\x40\x00", "an MFER file"),
    "m.safetensors": (b"\x08", "give it as the model"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_files_of_other_formats_are_named(name, tmp_path):
    content, told = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    done = xplaim("decode", tmp_path / name, "-o", tmp_path / "d.npy", code=1)
    assert f"{name} is " in done.stderr and told in done.stderr and ".hea is missing" not in done.stderr
    (o,) = json_lines(xplaim("decode", tmp_path / name, "-o", tmp_path / "d.npy", "--json", code=1), "written")
    assert o["error"]["code"] == "UNSUPPORTED"


def test_a_signal_file_without_header_says_what_is_missing(tmp_path):
    (tmp_path / "x.dat").write_bytes(bytes(100))
    assert "x.hea is missing" in xplaim("info", tmp_path / "x.dat", code=1).stderr


def test_folders_where_a_record_is_wanted(models, tmp_path):
    write_record(tmp_path / "f", "a", ecg(500, 500), 500)
    (tmp_path / "r.hea").mkdir()
    out = ["-o", tmp_path / "x.npy"]
    for words in (["decode", *out], ["prepare", "-m", models("xplaim_full"), *out]):
        done = xplaim(*words, tmp_path / "f", code=2)
        assert "f is a folder" in done.stderr and "f/NAME" in done.stderr
    done = xplaim("decode", tmp_path / "r", *out, code=1)
    assert "r.hea" in done.stderr and "is a folder" in done.stderr and "case" not in done.stderr


def test_info_tells_where_the_samples_are(tmp_path):
    (tmp_path / "r.dat").write_bytes(bytes(7) + bytes(40))
    (tmp_path / "s.dat").write_bytes(bytes(20))
    (tmp_path / "r.hea").write_text(
        "r 3 100 10\nr.dat 16+7 200/mV 16 0 0 0 0 I\nr.dat 16+7 200/mV 16 0 0 0 0 II\ns.dat 16:1 200/mV 16 0 0 0 0 V1\n"
    )
    text = xplaim("info", tmp_path / "r").stdout
    assert "signals 0 to 1 in r.dat from byte 7, skew 0 frames" in text
    assert "signal 2 in s.dat from byte 0, skew 1 frame\n" in text


def test_prepare_derives_a_lead_without_a_sample(models, tmp_path):
    mv = ecg(5000, 500)
    whole = write_record(tmp_path, "whole", mv, 500)
    mv[:, 2] = -1000  # clipped, and made the code of a missing sample
    path = write_record(tmp_path, "r", mv, 500)
    data = numpy.fromfile(f"{path}.dat", "<i2").reshape(-1, 12)
    data[:, 2] = -32768
    data.tofile(f"{path}.dat")
    for record, name in ((whole, "a"), (path, "b")):
        done = xplaim("prepare", record, "-m", models("xplaim_full"), "-o", tmp_path / f"{name}.npy")
    assert "100 % of the samples of lead III are missing: computed from I and II" in done.stdout
    a, b = numpy.load(tmp_path / "a.npy"), numpy.load(tmp_path / "b.npy")
    numpy.testing.assert_allclose(a, b, atol=2e-3)
    data[:, 8] = -32768
    data.tofile(f"{path}.dat")
    done = xplaim("prepare", path, "-m", models("xplaim_full"), "-o", tmp_path / "c.npy", code=1)
    assert "[LEAD_UNKNOWN]" in done.stderr and "V3" in done.stderr


@pytest.mark.parametrize("n,rate,told", [(400, 500, "lasts 0.8 s"), (5000, 5, "sampling rate of 5 Hz")])
def test_prepare_names_what_is_wrong_with_the_extent(n, rate, told, models, tmp_path):
    path = write_record(tmp_path, "r", ecg(n, 500), rate)
    done = xplaim("prepare", path, "-m", models("xplaim_full"), "-o", tmp_path / "x.npy", code=1)
    assert told in done.stderr and "amplitude" not in done.stderr


def test_the_same_notice_of_several_leads_is_said_once(tmp_path):
    path = write_record(tmp_path, "r", ecg(500, 500), 500, gain="0")
    text = xplaim("info", path).stdout
    assert text.count("note [uncalibrated]") == 1
    assert "] leads I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6: r.hea: uncalibrated: 200 adu/mV assumed" in text
    (o,) = json_lines(xplaim("info", path, "--json"), "info")
    (told,) = [n for n in o["notices"] if n["code"] == "uncalibrated"]
    assert told["leads"] == LEADS and told["args"] == {"file": "r.hea", "gain": 200, "units": "mV", "absent": "gain"}
    assert told["text"] in text
