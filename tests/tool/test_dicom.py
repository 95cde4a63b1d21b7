"""DICOM files that the tool writes, read by pydicom; and those of others, read by the tool."""

import numpy
import pydicom
import pytest
from conftest import ROOT, ecg, json_lines, shared, write_record, xplaim

pytestmark = pytest.mark.no_network

LEAD_OF_CODE = dict(zip([1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8], "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()))


def counts(dataset, group=0):
    """The stored samples (n, channels) of a group."""
    g = dataset.WaveformSequence[group]
    kind = {"SS": "<i2", "SB": "i1", "US": "<u2"}[g.WaveformSampleInterpretation]
    values = numpy.frombuffer(g.WaveformData, kind)
    return values[: g.NumberOfWaveformSamples * g.NumberOfWaveformChannels].reshape(-1, g.NumberOfWaveformChannels)


def test_pydicom_reads_what_is_written(tmp_path):
    mv = ecg(5000, 500)
    name = write_record(tmp_path, "rec", mv, 500, comments=["Age: 61", "Sex: Male", "Dx: 426783006"])
    xplaim("convert", name, "-o", tmp_path / "out", "--to", "dicom")
    d = pydicom.dcmread(tmp_path / "out" / "rec.dcm")
    assert d.SOPClassUID.name == "12-lead ECG Waveform Storage"
    for uid in (d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.file_meta.ImplementationClassUID):
        assert uid.is_valid and uid.startswith("2.25.") and int(uid[5:]) < 2**128
    assert d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID
    assert d.PatientAge == "061Y" and d.PatientSex == "M" and d.PatientIdentityRemoved == "YES"
    assert not d.PatientName and not d.PatientID
    assert (counts(d) == numpy.round(mv * 1000)).all()
    assert numpy.abs(d.waveform_array(0) - numpy.round(mv, 3)).max() < 1e-12
    channels = d.WaveformSequence[0].ChannelDefinitionSequence
    codes = [int(c.ChannelSourceSequence[0].CodeValue.rsplit("-", 1)[1]) for c in channels]
    assert [LEAD_OF_CODE[c] for c in codes] == "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
    assert all(c.ChannelSensitivityUnitsSequence[0].CodeValue == "mV" for c in channels)


@pytest.mark.parametrize("rate, n, name", [(100, 1000, "Ambulatory"), (500, 20000, "General"), (1000, 10000, "12-lead")])
def test_the_object_is_one_that_allows_the_recording(tmp_path, rate, n, name):
    xplaim("convert", write_record(tmp_path, "rec", ecg(n, rate), rate), "-o", tmp_path, "--to", "dicom")
    assert pydicom.dcmread(tmp_path / "rec.dcm").SOPClassUID.name.startswith(name)


def test_there_and_back_is_the_identity(tmp_path):
    headers = sorted(shared("fixtures", "cinc").rglob("*.hea"))[:30]
    there, back = tmp_path / "there", tmp_path / "back"
    for header in headers:
        name = header.with_suffix("")
        xplaim("convert", name, "-o", there, "--to", "dicom")
        d = pydicom.dcmread(there / f"{name.name}.dcm")
        xplaim("convert", there / f"{name.name}.dcm", "-o", back, "--to", "wfdb")
        for group in range(len(d.WaveformSequence)):
            assert counts(d, group).size
        for kind, same in (("--digital", 0), ("--physical", 1e-12)):  # a gain has 16 letters in DICOM
            for which in (name, back / name.name):
                xplaim("decode", which, kind, "-o", tmp_path / f"{which.parent.name}.npz")
            one, two = (numpy.load(tmp_path / f"{f.parent.name}.npz") for f in (name, back / name.name))
            assert set(one.files) == set(two.files), name
            for key in one.files:
                assert numpy.allclose(one[key], two[key], rtol=same, atol=0, equal_nan=True), (name, kind, key)


def test_what_others_wrote_is_read(tmp_path):
    """Values against pydicom's, of every fixture that it decodes rightly (it does not swap big-endian words)."""
    for path in sorted(shared("fixtures", "formats", "dicom").glob("*.dcm")):
        if "_be" in path.name:
            continue
        d = pydicom.dcmread(path)
        rhythm = d.waveform_array(0)
        gaps = d.WaveformSequence[0].get("WaveformPaddingValue")
        if gaps is not None:
            padding = numpy.frombuffer(gaps, "<i2")[0]
            rhythm = numpy.where(counts(d) == padding, numpy.nan, rhythm)
        xplaim("decode", path, "--physical", "-o", tmp_path / "x.npz")
        ours = numpy.load(tmp_path / "x.npz")
        for column in range(min(rhythm.shape[1], 2)):
            lead = ours["I" if column == 0 else "II"]
            assert numpy.allclose(lead, rhythm[:, column], rtol=1e-9, atol=1e-9, equal_nan=True), path


MISSING = [131, 85, 117, 139, 180, 161, 58, 95, 59, 100, 67, 77]  # samples of value 0, which the file states as padding


@pytest.fixture
def padded():
    return shared("fixtures", "formats", "dicom", "dicom_eli250_implicit_ecgtoolkit.dcm")


def measured(path):
    (o,) = json_lines(xplaim("measure", path, "--json"), "measure")
    return o


def test_samples_that_have_the_value_of_padding_are_read(padded):
    o = measured(padded)
    assert o["quality"]["grade"] != "unusable" and len(o["quality"]["findings"]) <= 1
    (note,) = o["notices"]
    assert note["code"] == "marked" and len(note["leads"]) == 12
    assert note["args"] == {"total": sum(MISSING) - 4}  # the last four of aVF end the recording
    values = {m["name"]: m["value"] for m in o["measurements"]}
    stated = {"p_axis": 44, "pr_interval": 148, "qrs_duration": 120, "qt_interval": 420}
    assert all(abs(values[name] - v) <= 30 for name, v in stated.items()), values
    assert all(lead["reason"] is None for lead in o["leads"]) and len(o["beats"]) == 12
    assert f"  note: {note['text']}\n" in xplaim("measure", padded).stdout


def test_a_network_is_told_of_no_gaps_in_them(padded, tmp_path):
    model = ROOT / "model_weights" / "ecg-xplaim.safetensors"
    (o,) = json_lines(xplaim("prepare", padded, "-m", model, "-o", tmp_path / "x.npy", "--json"), "written")
    told = {n["code"]: n for n in o["notices"]}
    assert set(told) == {"marked", "gap", "resampled"} and told["gap"]["leads"] == ["aVF"]


def test_what_is_stored_keeps_the_padding(padded, tmp_path):
    (o,) = json_lines(xplaim("info", padded, "--json"), "info")
    assert [s["missing"] for s in o["signals"]] == MISSING
    for to, ending in (("wfdb", ""), ("edf", ".edf"), ("dicom", ".dcm")):
        xplaim("convert", padded, "-o", tmp_path / to, "--to", to)
        xplaim("decode", tmp_path / to / f"{padded.stem}{ending}", "--physical", "-o", tmp_path / "x.npy")
        assert numpy.isnan(numpy.load(tmp_path / "x.npy")).sum(axis=0).tolist() == MISSING, to


def test_gaps_of_the_same_padding_stay(padded, tmp_path):
    d = pydicom.dcmread(padded)
    lost = counts(d).copy()
    lost[2000:2100] = 0
    d.WaveformSequence[0].WaveformData = lost.tobytes()
    d.save_as(tmp_path / "x.dcm")
    gaps = [f for f in measured(tmp_path / "x.dcm")["quality"]["findings"] if f["code"] == "gap" and f["end_s"] < 9]
    assert len(gaps) == 12
    assert all(abs(f["start_s"] - 4) < 0.02 and abs(f["end_s"] - 4.2) < 0.02 for f in gaps)
