"""What was measured and how good the recording is, in explain, info, predict and pictures."""

import re

import numpy
import pytest
from conftest import LEADS, ROOT, json_lines, write_record, xplaim
from exact import recording

MODEL = ROOT / "model_weights" / "ecg-xplaim.safetensors"
PARTS = ["settings", "quality", "rhythm", "measurements", "leads"]


def flat(mv, **leads):
    """Some leads flat, from one second to another."""
    mv = numpy.array(mv)
    for lead, (start, end) in leads.items():
        mv[int(start * 500) : int(end * 500), LEADS.index(lead)] = 0.1
    return mv


def explain(*records, command="explain"):
    words = ["--accept-amplitude", "--accept-missing-leads"]
    return json_lines(xplaim(command, "--json", "-m", MODEL, *words, *records), command)


def told(document):
    """Of each lead what is said of it that is not to be believed."""
    return [(n["leads"], n["args"], n["text"]) for n in document["notices"] if n["code"] == "quality"]


def brief(document):
    part = {key: document[key] for key in PARTS}
    part["leads"] = [{**lead, "beats": []} for lead in part["leads"]]
    return part


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    mv, _ = recording(rate=500, hr=75)
    eight = ["I", "II", *LEADS[6:]]
    columns = [LEADS.index(lead) for lead in eight]
    noisy = numpy.array(mv)
    noisy[:, LEADS.index("V2")] += numpy.random.default_rng(1).normal(0, 1.5, len(mv))
    hum = numpy.array(mv) + 0.1 * numpy.sin(2 * numpy.pi * 50 * numpy.arange(len(mv)) / 500)[:, None]
    made = {
        "good": (mv, LEADS),
        "while": (flat(mv, V3=(3, 7)), LEADS),
        "whole": (flat(mv, V3=(0, 10), V5=(0, 10)), LEADS),
        "derived": (flat(mv, II=(0, 10))[:, columns], eight),
        "noisy": (noisy, LEADS),
        "hum": (hum, LEADS),
    }
    return {name: write_record(folder, name, x, 500, leads=leads) for name, (x, leads) in made.items()}


def test_explain_and_info_carry_what_measure_prints(records):
    for path in records.values():
        (measured,) = json_lines(xplaim("measure", "--json", path), "measure")
        for document in explain(path):
            assert document["measured"] == brief(measured)
        (info,) = json_lines(xplaim("info", "--json", path), "info")
        assert info["measured"] == brief(measured)


def test_evidence_by_lead_carries_them_too(records):
    words = ["--method", "occlusion", "--label", "afib", "--accept-amplitude"]
    (o,) = json_lines(xplaim("explain", "--json", "-m", MODEL, *words, records["while"]), "explain")
    (measured,) = json_lines(xplaim("measure", "--json", records["while"]), "measure")
    assert o["measured"] == brief(measured)
    assert told(o)


def test_text_names_rate_intervals_and_quality(records):
    line = r"measured: rate 75/min, PR 1\d\d ms, QRS \d+ ms, QT/QTc \d+/\d+ ms \(Fridericia\), axes P/QRS/T .* deg"
    for words in (["explain", "-m", MODEL, "--label", "afib", "--accept-amplitude"], ["info"]):
        good, bad = (xplaim(*words, records[name]).stdout for name in ("good", "while"))
        assert re.search(line + ", quality good\n", good)
        assert re.search(line + ", quality (limited|unusable)\n", bad)
        assert "quality: V3 is flat from" in bad and "quality: " not in good


def test_a_lead_that_is_refused_is_told_of_the_answer(records):
    for command in ("predict", "explain"):
        of = {name: told(explain(path, command=command)[0]) for name, path in records.items()}
        assert of["good"] == []
        ((leads, args, text),) = of["while"]
        assert leads == ["V3"] and args["why"] == "flat"
        assert abs(args["start_s"] - 3) < 0.3 and abs(args["end_s"] - 7) < 0.3
        assert "V3 is flat from" in text and "should not be believed" in text
        ((leads, args, text),) = of["whole"]
        assert leads == ["V3", "V5"] and args["why"] == "flat"
        assert text.startswith("leads V3, V5 give no measurement (flat)")
        ((leads, args, text),) = of["noisy"]
        assert leads == ["V2"] and "muscle noise" in args["why"]
        # Mains hum limits a recording; no lead is refused for it.
        assert of["hum"] == []


def test_what_was_computed_from_a_refused_lead_is_not_believed_either(records):
    notices = told(explain(records["derived"])[0])
    assert [leads for leads, _, _ in notices] == [["II"], ["III", "aVR", "aVF", "aVL"]]
    assert notices[1][1] == {"from": "II", "why": "flat"}
    assert "were computed from II" in notices[1][2]


def test_an_empty_lead_that_was_replaced_is_no_lead_to_disbelieve(tmp_path):
    mv, _ = recording(rate=500, hr=75)
    mv = numpy.array(mv)
    path = write_record(tmp_path, "gone", mv, 500)
    digital = numpy.fromfile(f"{path}.dat", "<i2").reshape(-1, 12)
    digital[:, LEADS.index("aVF")] = -32768  # WFDB: missing
    digital.tofile(f"{path}.dat")
    (o,) = explain(path)
    assert any(n["code"] == "derived" and n["leads"] == ["aVF"] for n in o["notices"])
    assert all("aVF" not in leads for leads, _, _ in told(o))


def test_windows_of_an_array_are_no_recording(records, tmp_path):
    array = tmp_path / "x.npy"
    xplaim("prepare", "-m", MODEL, "--accept-amplitude", records["good"], "-o", array)
    for document in explain(array):
        assert document["measured"] is None


def test_what_cannot_be_measured_says_why_and_is_analysed_all_the_same(tmp_path):
    mv, _ = recording(rate=500, hr=75)
    slow = write_record(tmp_path, "slow", numpy.array(mv)[::12], 40)
    (o,) = explain(slow)
    assert o["measured"]["error"]["code"] == "LIMIT" and o["labels"]
    (info,) = json_lines(xplaim("info", "--json", slow), "info")
    assert info["measured"]["error"]["code"] == "LIMIT"
    assert "measured: nothing, " in xplaim("info", slow).stdout


def texts(path):
    return re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text())



def test_pictures_with_marks_hatch_what_is_wrong_and_tell_the_numbers(records, tmp_path):
    plain, good, bad = (tmp_path / f"{name}.svg" for name in ("plain", "good", "bad"))
    layout = ["--layout", "3x4+1"]
    xplaim("plot", "fine", records["whole"], *layout, "-o", plain)
    xplaim("plot", "fine", "--marks", records["good"], *layout, "-o", good)
    xplaim("plot", "fine", "--marks", records["whole"], *layout, "-o", bad)
    numbers = [t for t in texts(good) if t.startswith("rate 75/min, PR ")]
    assert len(numbers) == 1 and numbers[0].endswith("quality good")
    assert not [t for t in texts(plain) if t.startswith("rate")] and "flat" not in texts(plain)
    assert texts(bad).count("flat") == 2 and "flat" not in texts(good)
    # On the two flat leads nothing is marked.
    assert texts(bad).count("N") == texts(good).count("N") > 9


def test_pictures_of_the_median_beat_are_at_twenty_mm_a_mv_where_that_fits(tmp_path):
    mv, _ = recording(rate=500, hr=75)
    for scale, gain in ((0.4, "20 mm/mV"), (4, "10 mm/mV")):
        path = write_record(tmp_path, f"s{scale}", numpy.array(mv) * scale, 500)
        out = tmp_path / "beat.svg"
        xplaim("plot", "beat", path, "-o", out)
        assert any(gain in t and "50 mm/s" in t for t in texts(out)), scale
        xplaim("plot", "beat", path, "--gain", 5, "-o", out)
        assert any("5 mm/mV" in t for t in texts(out))
