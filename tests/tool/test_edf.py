"""EDF+ as `xplaim convert` writes it, read by pyEDFlib; and pyEDFlib's files, read by xplaim."""

import numpy
import pyedflib
import pytest
from conftest import ecg, write_record, xplaim

pytestmark = pytest.mark.no_network

LEADS = ["I", "II", "V1"]


def convert(tmp_path, rate=500, n=5000):
    x = ecg(n, rate)[:, :3]
    path = write_record(tmp_path, "r", x, rate, leads=LEADS)
    xplaim("convert", path, "-o", tmp_path / "out.edf")
    xplaim("decode", path, "--digital", "-o", tmp_path / "digital.npz")
    return tmp_path / "out.edf", numpy.load(tmp_path / "digital.npz")


@pytest.mark.parametrize("rate, n", [(500, 5000), (500, 5003), (360, 3600), (250, 1), (1000, 9973)])
def test_pyedflib_reads_the_same_counts_and_millivolts(tmp_path, rate, n):
    path, digital = convert(tmp_path, rate=rate, n=n)
    xplaim("decode", path, "-o", tmp_path / "mv.npz")
    mv = numpy.load(tmp_path / "mv.npz")
    with pyedflib.EdfReader(str(path)) as f:
        assert f.getSignalLabels() == LEADS
        assert f.getFileDuration() == pytest.approx(n / rate)
        for i, lead in enumerate(LEADS):
            assert f.getSampleFrequency(i) == pytest.approx(rate, rel=1e-9)
            assert f.getPhysicalDimension(i) == "mV"
            assert numpy.array_equal(f.readSignal(i, digital=True), digital[lead])
            assert numpy.allclose(f.readSignal(i), mv[lead], rtol=0, atol=1e-9)
        assert (f.getPatientName(), f.getPatientCode(), f.getTechnician(), f.getEquipment()) == ("X", "", "", "")
        assert str(f.getStartdatetime()) == "1985-01-01 00:00:00"


def test_there_and_back_is_the_identity(tmp_path):
    path, digital = convert(tmp_path)
    xplaim("convert", path, "-o", tmp_path / "back.hea")
    xplaim("decode", tmp_path / "back", "--digital", "-o", tmp_path / "back.npz")
    back = numpy.load(tmp_path / "back.npz")
    assert back.files == digital.files
    assert all(numpy.array_equal(back[lead], digital[lead]) for lead in LEADS)


@pytest.mark.parametrize("kind", [pyedflib.FILETYPE_EDFPLUS, pyedflib.FILETYPE_BDFPLUS])
def test_pyedflibs_files_are_read(tmp_path, kind):
    path = tmp_path / "p"
    rates, limits = [500, 250], (-5000.0, 5000.0)
    bits = 16 if kind == pyedflib.FILETYPE_EDFPLUS else 24
    rng = numpy.random.default_rng(1)
    samples = [rng.integers(-30000, 30000, rate * 4).astype(numpy.int32) for rate in rates]
    with pyedflib.EdfWriter(str(path), 2, file_type=kind) as f:
        f.setSignalHeaders([
            {"label": label, "dimension": "uV", "sample_frequency": rate, "physical_min": limits[0],
             "physical_max": limits[1], "digital_min": -(2 ** (bits - 1)), "digital_max": 2 ** (bits - 1) - 1,
             "prefilter": "HP:0.5Hz", "transducer": ""} for label, rate in zip(["ECG II", "ECG V5"], rates)])
        f.writeAnnotation(1.25, 0.5, "pause")
        f.writeSamples(samples, digital=True)
    xplaim("decode", path, "--digital", "-o", tmp_path / "d.npz")
    with numpy.load(tmp_path / "d.npz") as z:
        assert all(numpy.array_equal(z[name], want) for name, want in zip(z.files, samples))
    told = xplaim("info", path).stdout
    assert "at 1.25 s for 0.5 s: pause" in told and "0.5 Hz" in told
    with pyedflib.EdfReader(str(path)) as f:
        xplaim("decode", path, "-o", tmp_path / "mv.npz")
        with numpy.load(tmp_path / "mv.npz") as z:
            for i, name in enumerate(z.files):
                assert numpy.allclose(z[name], f.readSignal(i), rtol=1e-9, atol=1e-9)
