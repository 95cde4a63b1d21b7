"""convert, and the tables that it and the others read: round trips, what is asked, what stays out."""

import json
import subprocess

import numpy
import pytest

import hospital
from conftest import LEADS, ROOT, SHARED, ecg, json_lines, shared, write_record, xplaim

pytestmark = pytest.mark.no_network

TARGETS = ["wfdb", "csv", "npy", "edf", "dicom"]


def writers():
    text = xplaim("convert", "x", "-o", "nowhere", code=2).stderr
    return [t for t in TARGETS if f"{t} (" in text]


def arrays(path, *words):
    with numpy.load(path) as z:
        return {k: z[k] for k in z.files}


def decode(path, folder, *words):
    out = folder / "decoded.npz"
    xplaim("decode", path, "-o", out, *words)
    return arrays(out)


def same(a, b):
    assert list(a) == list(b)
    for name in a:
        assert numpy.array_equal(a[name], b[name], equal_nan=True), name


@pytest.fixture()
def rec(tmp_path):
    return write_record(tmp_path, "rec", ecg(2000, 500), 500, comments=["Age: 63", "Sex: Female"])


# ==== round trips ==========================================================================


def test_wfdb_there_and_back_is_the_identity(rec, tmp_path):
    xplaim("convert", rec, "-o", tmp_path / "out", "--to", "wfdb")
    same(decode(rec, tmp_path, "--digital"), decode(tmp_path / "out" / "rec", tmp_path, "--digital"))
    header = (tmp_path / "out" / "rec.hea").read_text().splitlines()
    assert header[0] == "rec 12 500 2000" and header[-2:] == ["# Age: 63", "# Sex: Female"]
    (info,) = json_lines(xplaim("info", tmp_path / "out" / "rec", "--json"), "info")
    assert info["notices"] == [] and info["facts"]["age"] == 63 and info["facts"]["sex"] == "female"


@pytest.mark.parametrize("target", TARGETS)
def test_other_formats_there_and_back(rec, tmp_path, target):
    if target not in writers():
        pytest.skip(f"{target} is not written by this build")
    known = ["--rate", "500", "--unit", "mV", "--columns", ",".join(LEADS)] if target == "npy" else []
    (o,) = json_lines(xplaim("convert", rec, "-o", tmp_path / "there", "--to", target, "--json"), "convert")
    back = o["files"][0]
    xplaim("convert", back, "-o", tmp_path / "back.hea", *known)
    numbers = decode(tmp_path / "back", tmp_path, "--unit", "uV")
    want = decode(rec, tmp_path, "--unit", "uV")
    for name in want:
        numpy.testing.assert_allclose(numbers[name][: len(want[name])], want[name], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("folder", ["cinc", "wfdb", "cinc_reduced_leads"])
def test_wfdb_fixtures_by_the_field_s_own_reader(folder, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    source = shared("fixtures", folder)
    done = subprocess.run(
        [str(xplaim.__globals__["TOOL"]), "convert", str(source), "-o", str(tmp_path / "w"), "--to", "wfdb", "--json"],
        capture_output=True, text=True, timeout=900,
    )
    read = 0
    for o in map(json.loads, done.stdout.splitlines()):
        if "error" in o:
            continue
        header = o["files"][0][: -len(".hea")]
        ours = decode(header, tmp_path, "--digital")
        theirs = wfdb.rdrecord(header, physical=False, smooth_frames=False, return_res=64)
        for signal, name in zip(theirs.e_d_signal, ours):
            assert numpy.array_equal(signal, ours[name]), (header, name)
        state = wfdb.rdheader(header)
        sums = [int(s.astype(numpy.int64).sum()) % 65536 for s in ours.values()]
        assert [c % 65536 for c in state.checksum] == sums
        physical = {} if "multi" in header else decode(o["record"], tmp_path)
        same(physical, decode(header, tmp_path) if physical else {})
        read += 1
    assert read > 0


# ==== files ================================================================================


def test_files_are_not_written_over(rec, tmp_path):
    out = tmp_path / "x.csv"
    xplaim("convert", rec, "-o", out)
    before = out.read_bytes()
    done = xplaim("convert", rec, "-o", out, code=1)
    assert "--force" in done.stderr and len(done.stderr.splitlines()) == 1
    xplaim("convert", rec, "-o", out, "--force")
    assert out.read_bytes() == before
    done = xplaim("convert", rec, "-o", tmp_path, "--to", "wfdb", "--force", code=1)
    assert "is an input" in done.stderr
    assert "Age: 63" in rec.with_suffix(".hea").read_text()


def test_folders_keep_their_shape_and_errors_are_one_line_each(tmp_path):
    for name in ["a", "b"]:
        (tmp_path / "in" / name).mkdir(parents=True)
        write_record(tmp_path / "in" / name, "same", ecg(500, 250), 250)
    (tmp_path / "in" / "broken.hea").write_text("broken 1 500 10\nbroken.dat 16\n")
    done = xplaim("convert", tmp_path / "in", "-o", tmp_path / "out", "--to", "csv", "--json", code=1)
    lines = json_lines(done, "convert")
    assert sum("error" in o for o in lines) == 1 and done.stderr == ""
    assert (tmp_path / "out" / "a" / "same.csv").exists() and (tmp_path / "out" / "b" / "same.csv").exists()
    done = xplaim("convert", tmp_path / "in", "-o", tmp_path / "out", "--to", "csv", "--force", code=1)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["-o", "x.unknown"], ["--to", "xyz", "-o", "out"], [], ["-o", "x.csv", "--to", "wfdb"]])
def test_what_does_not_go_together(rec, tmp_path, words):
    done = xplaim("convert", rec, *words, code=2, cwd=tmp_path)
    assert done.stdout == "" and not (tmp_path / "x.csv").exists()


def test_signals_of_two_rates_are_two_tables(tmp_path):
    data = numpy.arange(1, 31, dtype="<i2")
    (tmp_path / "r.dat").write_bytes(data.tobytes())
    (tmp_path / "r.hea").write_text("r 2 100 10\nr.dat 16 200/mV 16 0 1 0 0 II\nr.dat 16x2 200/mV 16 0 2 0 0 V1\n")
    xplaim("convert", tmp_path / "r", "-o", tmp_path / "t.csv")
    same(decode(tmp_path / "t_200Hz.csv", tmp_path), {"V1": decode(tmp_path / "r", tmp_path)["V1"]})
    same(decode(tmp_path / "t_100Hz.csv", tmp_path), {"II": decode(tmp_path / "r", tmp_path)["II"]})


def test_missing_samples_and_wide_values_stay(tmp_path):
    data = numpy.array([1, -32768, 100000, -100000, 5, 6], "<i4")
    data[1] = -(2**31)
    (tmp_path / "r.dat").write_bytes(data.tobytes())
    (tmp_path / "r.hea").write_text("r 1 100 6\nr.dat 32 1000(-7)/mV 32 0 1 0 0 I\n")
    xplaim("convert", tmp_path / "r", "-o", tmp_path / "w.hea")
    assert "w.dat 24 " in (tmp_path / "w.hea").read_text()
    same(decode(tmp_path / "r", tmp_path), decode(tmp_path / "w", tmp_path))
    xplaim("convert", tmp_path / "w", "-o", tmp_path / "w.csv")
    assert "nan" in (tmp_path / "w.csv").read_text()
    same(decode(tmp_path / "r", tmp_path), decode(tmp_path / "w.csv", tmp_path))


# ==== tables ===============================================================================


def write_table(path, mv, rate, separator=",", comma=".", header=True, time=True, unit="mV", end="\n", scale=1):
    def cell(v):
        return repr(float(v)).replace(".", comma)

    rows = []
    if header:
        names = [f"{lead} ({unit})" if unit else lead for lead in LEADS[: mv.shape[1]]]
        rows.append(separator.join((["time (s)"] if time else []) + names))
    for i, row in enumerate(numpy.round(mv * scale, 3)):
        rows.append(separator.join(([cell(i / rate)] if time else []) + [cell(v) for v in row]))
    path.write_bytes((end.join(rows) + end).encode())
    return path


@pytest.mark.parametrize("separator,comma", [(",", "."), (";", ","), (";", "."), ("\t", "."), ("\t", ","), (" ", ".")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_spelling_of_a_table(tmp_path, separator, comma, end):
    mv = ecg(400, 250)
    path = write_table(tmp_path / "t.csv", mv, 250, separator, comma, header=separator != " ", time=separator != " ", end=end)
    known = ["--rate", "250", "--unit-in-file", "mV", "--columns", ",".join(LEADS)] if separator == " " else []
    got = decode(path, tmp_path, *known)
    assert list(got) == LEADS
    for k, lead in enumerate(LEADS):
        numpy.testing.assert_array_equal(got[lead], numpy.round(mv[:, k], 3))


def test_what_a_table_does_not_say_is_asked(tmp_path):
    path = write_table(tmp_path / "t.csv", ecg(400, 250)[:, :3], 250, header=False, time=False)
    done = xplaim("info", path, code=1)
    assert all(w in done.stderr for w in ["--rate", "--unit", "--columns"])
    assert len(done.stderr.splitlines()) == 1
    done = xplaim("info", path, "--rate", "250", "--unit", "mV", code=1)
    assert "--rate" not in done.stderr and "--columns" in done.stderr
    (o,) = json_lines(xplaim("info", path, "--rate", "250", "--unit", "mV", "--columns", "I,II,V1", "--json"), "info")
    assert [s["lead"] for s in o["signals"]] == ["I", "II", "V1"] and o["rate"] == 250
    done = xplaim("info", path, "--rate", "250", "--unit", "mV", "--columns", "I,II", code=1)
    assert "3 columns" in done.stderr


def test_what_a_table_says_is_not_overruled(tmp_path):
    path = write_table(tmp_path / "t.csv", ecg(400, 250), 250)
    assert "250" in xplaim("info", path, "--rate", "500", code=1).stderr
    assert "mV" in xplaim("info", path, "--unit", "uV", code=1).stderr
    xplaim("info", path, "--rate", "250", "--unit", "mV")


def test_twelve_columns_without_names_are_taken_in_order_and_said(tmp_path):
    path = write_table(tmp_path / "t.csv", ecg(400, 250), 250, header=False, time=False)
    (o,) = json_lines(xplaim("info", path, "--rate", "250", "--unit", "mV", "--json"), "info")
    assert [s["lead"] for s in o["signals"]] == LEADS
    assert any("--columns" in n["text"] for n in o["notices"])
    swapped = ecg(400, 250)[:, [0, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11]]
    path = write_table(tmp_path / "s.csv", swapped, 250, header=False, time=False)
    assert "--columns" in xplaim("info", path, "--rate", "250", "--unit", "mV", code=1).stderr


def test_broken_tables_say_the_line(tmp_path):
    text = write_table(tmp_path / "t.csv", ecg(100, 250), 250).read_text().splitlines()
    text[50] = text[50].replace(",", ",x", 1)
    (tmp_path / "t.csv").write_text("\n".join(text))
    assert "line 51, column 2" in xplaim("info", tmp_path / "t.csv", code=1).stderr
    text[50] = "1,2"
    (tmp_path / "t.csv").write_text("\n".join(text))
    assert "line 51" in xplaim("info", tmp_path / "t.csv", code=1).stderr


def test_a_watch_s_table(tmp_path):
    values = numpy.round(ecg(600, 512)[:, 0] * 1000, 3)
    text = "Name,DOE^JANE\nDate of Birth,23 May 1949\nClassification,Sinus Rhythm\nSample Rate,512 hertz\n\n\nLead,Lead I\nUnit,\u00b5V\n\n"
    (tmp_path / "w.csv").write_text(text + "\n".join(map(repr, map(float, values))) + "\n")
    got = decode(tmp_path / "w.csv", tmp_path, "--unit", "uV")
    numpy.testing.assert_allclose(got["I"], values, rtol=1e-12)
    plain = xplaim("info", tmp_path / "w.csv").stdout
    assert "DOE" not in plain and "1949" not in plain and "Sinus Rhythm" in plain and "512 Hz" in plain
    assert "DOE^JANE" in xplaim("info", tmp_path / "w.csv", "--keep-identity").stdout


def test_arrays_of_numpy_and_matlab(tmp_path):
    mv = ecg(600, 250)
    known = ["--rate", "250", "--unit-in-file", "mV", "--columns", ",".join(LEADS)]
    for name, array in [("a.npy", mv), ("b.npy", mv.T), ("c.npy", numpy.asfortranarray(mv)),
                        ("d.npy", mv.astype(">f4")), ("e.npy", numpy.round(mv * 1000).astype("<i2"))]:
        numpy.save(tmp_path / name, array)
        got = decode(tmp_path / name, tmp_path, *known)
        want = array.T if array.shape[0] == 12 else array
        for k, lead in enumerate(LEADS):
            numpy.testing.assert_array_equal(got[lead], numpy.asarray(want[:, ] if name != "b.npy" else array.T)[:, k].astype(float))
    scipy_io = pytest.importorskip("scipy.io")
    for packed in [False, True]:
        scipy_io.savemat(tmp_path / "m.mat", {"fs": 250.0, "ecg": mv.T, "note": "x"}, do_compression=packed)
        got = decode(tmp_path / "m.mat", tmp_path, "--unit-in-file", "mV", "--columns", ",".join(LEADS))
        for k, lead in enumerate(LEADS):
            numpy.testing.assert_array_equal(got[lead], mv[:, k])


def test_the_csv_fixture_has_its_golden_values(tmp_path):
    path = shared("fixtures", "formats", "csv", "csv_chapman_19000.csv")
    golden = json.loads(shared("fixtures", "formats", "golden", "csv_chapman_19000.json").read_text())["blocks"][0]
    got = decode(path, tmp_path, "--physical", "--unit", "uV", "--rate", "500", "--unit-in-file", "uV")
    for lead in golden["leads"]:
        a = got[lead["canonical"]]
        assert len(a) == golden["n_samples"]
        numpy.testing.assert_allclose(a[golden["indices"]], lead["at_indices_uv"], rtol=1e-5)
        numpy.testing.assert_allclose(a[:16], lead["first16_uv"], rtol=1e-5)


# ==== who it is ============================================================================


@pytest.mark.parametrize("kind", list(hospital.FORMATS))
def test_who_it_is_stays_out(tmp_path, kind):
    """Planted in a format's usual places, they are in no byte that is written, in no name and on no output."""
    if kind == "dicom":
        pytest.importorskip("pydicom")
    ending, make, known = hospital.FORMATS[kind]
    (tmp_path / "in").mkdir()
    source = make(tmp_path / "in" / f"rec{ending}", hospital.counts(1000))
    kept = b""
    for target in writers():
        for words in [[], ["--keep-identity"]]:
            folder = tmp_path / (target + "".join(words))
            done = xplaim("convert", source, "-o", folder, "--to", target, "--json", *words, *known)
            told = done.stdout + xplaim("convert", source, "-o", folder, "--to", target, "--force", *words, *known).stdout
            files = b"".join(f.name.encode() + f.read_bytes() for f in sorted(folder.iterdir()))
            if words:
                kept += files
                continue
            for secret in hospital.secrets():
                assert secret not in told, (target, secret)
                for data in [secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")]:
                    assert data not in files, (target, secret)
    if kind not in ("pdf", "matlab"):  # of which no person is read
        assert b"DOE" in kept or b"JANE" in kept


def test_what_a_file_states_is_kept_where_that_is_asked_for(tmp_path):
    source = hospital.muse(tmp_path / "m.xml", hospital.counts(1000))
    for target, keeps in [("wfdb", True), ("edf", True), ("dicom", True), ("csv", False)]:
        out = tmp_path / target
        xplaim("convert", source, "-o", out, "--to", target, "--keep-stated")
        data = b"".join(f.read_bytes() for f in out.iterdir())
        assert (b"chest pain since Tuesday" in data) == keeps, target
        for secret in ["4711-0815", "19490523", "1949", "QUACK", "Wardroom"]:
            assert secret.encode() not in data, (target, secret)


def test_an_age_above_89_is_90(tmp_path):
    path = write_record(tmp_path, "old", ecg(500, 500), 500, comments=["Age: 97"])
    xplaim("convert", path, "-o", tmp_path / "n.hea")
    assert "Age: 90" in (tmp_path / "n.hea").read_text()
    xplaim("convert", path, "-o", tmp_path / "k.hea", "--keep-identity")
    assert "Age: 97" in (tmp_path / "k.hea").read_text()
