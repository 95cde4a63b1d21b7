"""Zip archives in place of folders: those of tests/support/archives.py, some two hundred, open with the right records or are
refused in a sentence about them, as in the page (tests/node/archives.test.mjs)."""

import json
import os
import shutil
import subprocess
import sys
import unicodedata
import zipfile

import numpy
import pytest
from conftest import ROOT, TOOL, ecg, json_lines, shared, write_record, xplaim

sys.path.insert(0, str(ROOT / "tests" / "support"))
import archives  # noqa: E402

pytestmark = pytest.mark.no_network


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    return folder, archives.make(folder)


def info(path):
    """Names of the records in it, and what is said of the rest."""
    done = subprocess.run([str(TOOL), "info", "--json", str(path)], capture_output=True, text=True)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (1 if any("error" in o for o in objects) else 0)
    names = sorted(o["record"].rsplit("/", 1)[1] for o in objects if "error" not in o)
    return names, [o["error"]["text"] for o in objects if "error" in o]


def test_archives_open_with_their_records_or_are_refused_in_words_about_them(made):
    folder, all_of_them = made
    assert len(all_of_them) >= 200
    for each in all_of_them:
        if each["file"] == "many.zip":  # looked into below
            continue
        names, refused = info(folder / each["file"])
        if "records" in each:
            assert (names, refused) == (each["records"], []), each["file"]
        else:
            assert any(each["refused"].lower() in text.lower() for text in refused), f"{each['file']}: {refused}"


def test_an_archive_of_24_000_files(made):
    (o,) = json_lines(xplaim("info", "--json", made[0] / "many.zip" / "d11999" / "r"), "info")
    assert o["frames"] == 2
    said = xplaim("decode", made[0] / "many.zip", "-o", made[0] / "x.npz", code=2).stderr
    assert "12000 recordings: name one in it, as" in said and "many.zip/d0/r " in said


def test_seven_zip(made):
    programs = [p for p in ("7z", "7zz", "7za") if shutil.which(p)]
    if not programs:
        pytest.skip("no 7-Zip here")
    folder = made[0] / "seven"
    write_record(folder / "d", "größe", ecg(1000, 500), 500)
    for k, words in enumerate(([], ["-mx=9"], ["-mx=0"], ["-mcu=on"], ["-mm=Deflate64"], ["-psecret"])):
        packed = made[0] / f"seven{k}.zip"
        subprocess.run([programs[0], "a", "-bd", "-tzip", *words, packed, "d"], cwd=folder, check=True, capture_output=True)
        names, refused = info(packed)
        if "-psecret" in words:
            assert names == [] and "is encrypted" in refused[0]
        elif "-mm=Deflate64" in words:
            assert names == ["größe"] or "method 9 is not known" in refused[0]
        else:
            assert (names, refused) == (["größe"], [])


def test_archives_of_the_64_bit_kind_from_the_field():
    for name in ("zip64_all.zip", "zip64_central_only.zip"):
        names, refused = info(shared("fixtures", "field", "04_zip64_small", name))
        assert names and not refused


# ---- every command that takes a record or a folder ----


@pytest.fixture
def packed(tmp_path):
    """Two records in an archive, in a folder and as they are; their samples."""
    mv = ecg(5000, 500)
    for k in range(2):
        write_record(tmp_path / "plain" / f"d{k}", f"rec{k}", mv * (k + 1), 500)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for path in sorted((tmp_path / "plain").rglob("*.*")):
            z.write(path, path.relative_to(tmp_path / "plain"))
    return tmp_path / "a.zip", tmp_path / "plain"


@pytest.mark.network
def test_the_same_as_of_the_folder(packed, tmp_path):
    archive, folder = packed
    model = ROOT / "model_weights" / "ecg-xplaim.safetensors"
    for words in (["predict", "-m", model], ["explain", "-m", model], ["measure"]):
        one, other = (xplaim(*words, "--json", where).stdout.replace(str(where), "X") for where in (archive, folder))
        assert one == other and one.count("\n") == 2
    xplaim("convert", archive, "-o", tmp_path / "out", "--to", "edf")
    assert all((tmp_path / "out" / f"d{k}" / f"rec{k}.edf").exists() for k in range(2))
    xplaim("convert", archive / "d1" / "rec1.hea", "-o", tmp_path / "x.edf")
    assert (tmp_path / "x.edf").read_bytes() == (tmp_path / "out" / "d1" / "rec1.edf").read_bytes()
    xplaim("decode", archive / "d1" / "rec1", "-o", tmp_path / "x.npz")
    xplaim("decode", folder / "d1" / "rec1", "-o", tmp_path / "y.npz")
    with numpy.load(tmp_path / "x.npz") as x, numpy.load(tmp_path / "y.npz") as y:
        assert all(numpy.array_equal(x[k], y[k]) for k in y.files)


def test_an_archive_among_the_files_of_a_folder(packed):
    archive, folder = packed
    names, refused = info(archive.parent)
    assert names == ["rec0", "rec0", "rec1", "rec1"] and not refused


def test_an_archive_is_never_written_over(packed):
    archive, _ = packed
    said = xplaim("convert", archive / "d0" / "rec0", "-o", archive, "--to", "csv", code=2).stderr
    assert "would destroy" in said and zipfile.is_zipfile(archive)


def test_any_format_packed_alone_opens_by_the_archive_s_name(tmp_path):
    mv = ecg(2000, 500)
    write_record(tmp_path, "r", mv, 500)
    for ending in ("edf", "dcm", "csv"):
        to = {"dcm": "dicom"}.get(ending, ending)
        xplaim("convert", tmp_path / "r", "-o", tmp_path / f"x.{ending}", "--to", to)
        with zipfile.ZipFile(tmp_path / f"{ending}.zip", "w") as z:
            z.write(tmp_path / f"x.{ending}", f"folder/x.{ending}")
        xplaim("decode", tmp_path / f"{ending}.zip", "--physical", "-o", tmp_path / "x.npz")
        with numpy.load(tmp_path / "x.npz") as x:
            assert len(x.files) == 12 and numpy.allclose(x["V6"], mv[:, 11], atol=6e-4)


# ---- names with marked letters ----


@pytest.mark.parametrize("name", ["größe", "Ångström", "việt", "ガード", "기록", "й"])
@pytest.mark.parametrize("header, file", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_names_are_the_same_composed_and_decomposed(tmp_path, name, header, file):
    said, there = (unicodedata.normalize(form, name) for form in (header, file))
    write_record(tmp_path, "r", ecg(1000, 500), 500)
    text = (tmp_path / "r.hea").read_text()
    (tmp_path / "r.hea").unlink()
    os.rename(tmp_path / "r.dat", tmp_path / f"{there}.dat")
    (tmp_path / f"{there}.hea").write_text(text.replace("r.dat", f"{said}.dat").replace("r 12", f"{said} 12"))
    for given in (tmp_path / said, tmp_path / f"{there}.hea", tmp_path):
        (o,) = json_lines(xplaim("info", "--json", given), "info")
        assert o["frames"] == 1000


@pytest.mark.parametrize("hea,dat", [("r.hea", "R.DAT"), ("d/R.HEA", "d/R.dat")])
def test_names_of_another_case_are_told(tmp_path, hea, dat):
    write_record(tmp_path, "r", ecg(1000, 500), 500)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as z:
        z.writestr(hea, (tmp_path / "r.hea").read_text())
        z.write(tmp_path / "r.dat", dat)
    said = xplaim("info", tmp_path / "x.zip", code=1).stderr
    assert f"but there is {dat if hea == 'r.hea' else hea}: upper and lower case must agree" in said


def test_an_archive_behind_another_is_told_as_what_it_is(tmp_path):
    """And not as one that was cut off, which it is not; what was cut off before another still is told so."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("r.hea", "r 1 500 10\n")
    whole = (tmp_path / "a.zip").read_bytes()
    for data, words in ((whole + whole, "it is several archives, one behind the other"),
                        (whole * 3, "it is several archives, one behind the other"),
                        (whole[:-30] + whole, "it ends too early"), (whole[:-1], "it ends too early")):  # fmt: skip
        (tmp_path / "b.zip").write_bytes(data)
        assert words in xplaim("info", tmp_path / "b.zip", code=1).stderr
