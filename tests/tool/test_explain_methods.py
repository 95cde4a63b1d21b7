"""explain --method occlusion and ig: the command line, JSON and arrays, against predict."""

import numpy
import pytest

from conftest import ecg, json_lines, shared, write_record, xplaim


@pytest.fixture(scope="module")
def zoo(models):
    return models("zoo"), shared("golden", "zoo", "x.npy")


def logits(model, x, tmp_path):
    numpy.save(tmp_path / "asked.npy", x)
    lines = json_lines(xplaim("predict", "-m", model, tmp_path / "asked.npy", "--accept-amplitude", "--json"), "predict")
    return numpy.array([[l["logit"] for l in o["labels"]] for o in lines])


@pytest.mark.parametrize("baseline", ["zero", "mean"])
def test_occlusion_equals_predict_of_changed_records(baseline, zoo, tmp_path):
    model, path = zoo
    x = numpy.load(path)[:1]
    numpy.save(tmp_path / "x.npy", x)
    out = tmp_path / "o.npy"
    xplaim("explain", "-m", model, tmp_path / "x.npy", "--method", "occlusion", "--baseline", baseline, "-o", out)
    changed = []
    for lead in range(x.shape[2]):
        y = x.copy()
        y[:, :, lead] = y[:, :, lead].mean() if baseline == "mean" else 0
        changed.append(y[0])
    full = logits(model, x, tmp_path)
    want = full[0][:, None] - logits(model, numpy.stack(changed), tmp_path).T
    got = numpy.load(out)
    assert got.shape == (*want.shape, 1)
    assert numpy.abs(got[:, :, 0] - want).max() < 2e-4 * max(1, numpy.abs(want).max())


def test_occlusion_by_segments(zoo, tmp_path):
    model, path = zoo
    x = numpy.load(path)
    out = tmp_path / "o.npy"
    words = ["explain", "-m", model, path, "--method", "occlusion", "--segment", "0.05", "--label", "1"]
    lines = json_lines(xplaim(*words, "-o", out, "--json"), "explain")
    got = numpy.load(out)
    assert len(lines) == len(x)
    for i, o in enumerate(lines):
        e = o["evidence"]
        assert e["method"] == "occlusion" and e["baseline"] == "zero" and "map" not in o
        (label,) = e["windows"][0]["labels"]
        values = numpy.array([l["values"] for l in label["leads"]])
        assert values.shape == (x.shape[2], e["segments"]) and "completeness" not in label
        one = got if len(x) == 1 else got[i]
        assert numpy.array_equal(values.astype(numpy.float32), one)


def test_ig_is_complete_and_sums_to_its_leads(zoo, tmp_path):
    model, path = zoo
    x = numpy.load(path)[:1]
    numpy.save(tmp_path / "x.npy", x)
    out = tmp_path / "ig.npy"
    words = ["explain", "-m", model, tmp_path / "x.npy", "--method", "ig"]
    (o,) = json_lines(xplaim(*words, "--json", "-o", out), "explain")
    ig = numpy.load(out)
    assert ig.shape == (len(o["labels"]), *x.shape[1:])
    asked = logits(model, numpy.concatenate([x, 0 * x]), tmp_path)
    for k, label in enumerate(o["evidence"]["windows"][0]["labels"]):
        c = label["completeness"]
        difference = c["logit"] - c["baseline_logit"]
        assert abs(c["logit"] - asked[0, k]) < 1e-4 and abs(c["baseline_logit"] - asked[1, k]) < 1e-4
        assert c["complete"] and abs(c["residual"]) <= 0.01 * max(abs(difference), 0.05)
        assert abs(ig[k].sum(dtype=float) - difference) <= 0.01 * max(abs(difference), 0.05) + 1e-4
        leads = numpy.array([l["values"][0] for l in label["leads"]])
        assert numpy.abs(leads - ig[k].sum(axis=0, dtype=float)).max() < 1e-4


def test_text_names_leads(models, record):
    model = models("xplaim_full")
    whole = xplaim("explain", "-m", model, record, "--method", "occlusion", "--label", "0").stdout
    assert "aVF" in whole and "0 mV" in whole and "does not tell leads apart" not in whole
    assert "its mean" in xplaim(
        "explain", "-m", model, record, "--method", "occlusion", "--baseline", "mean", "--label", "0"
    ).stdout
    pieces = xplaim("explain", "-m", model, record, "--method", "occlusion", "--segment", "5", "--label", "0").stdout
    assert "5.00-10.00 s" in pieces or "0.00-5.00 s" in pieces or "no lead speaks for it" in pieces


def test_padding_has_no_evidence(models, tmp_path):
    path = write_record(tmp_path, "short", ecg(1500, 500), 500)
    out = tmp_path / "o.npy"
    xplaim("explain", "-m", models("xplaim_full"), path, "--method", "occlusion", "--segment", "2.5", "--label", "0",
           "-o", out)
    o = numpy.load(out)
    assert o.shape == (12, 4) and (o[:, 2:] == 0).all() and (o[:, :2] != 0).any()


def test_a_failed_input_keeps_its_place(models, record, tmp_path):
    out = tmp_path / "o.npy"
    xplaim("explain", "-m", models("xplaim_full"), tmp_path / "none", record, "--method", "occlusion", "-o", out, code=1)
    o = numpy.load(out)
    assert o.shape == (2, 4, 12, 1) and numpy.isnan(o[0]).all() and numpy.isfinite(o[1]).all()


@pytest.mark.parametrize(
    "words, said",
    [
        (["--method", "lime"], "gradcam, occlusion or ig"),
        (["--method", "occlusion", "--layer", "conv1d"], "--layer"),
        (["--method", "ig", "--signed"], "--signed"),
        (["--method", "ig", "--baseline", "zero"], "--baseline"),
        (["--baseline", "mean"], "--baseline"),
        (["--segment", "1"], "--segment"),
        (["--method", "occlusion", "--baseline", "noise"], "zero or mean"),
        (["--method", "occlusion", "--segment", "100"], "--segment"),
        (["--method", "ig", "--segment", "0.00001"], "--segment"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_impossible_combinations(words, said, zoo):
    done = xplaim("explain", "-m", *zoo, *words, code=2)
    assert said in done.stderr and "[USAGE]" in done.stderr and done.stdout == ""


def test_help_says_where_numbers_begin():
    assert "the first being 0" in xplaim("explain", "--help").stdout


def test_a_stretch_is_never_without_width(models, record):
    """At a layer with steps of 2 ms, two decimals would say 2.30-2.30 s."""
    text = xplaim("explain", "-m", models("xplaim_full"), record, "--layer", "conv1d").stdout
    stretches = [w for line in text.splitlines() if "strongest" in line for w in line.split() if "-" in w]
    assert stretches
    for s in stretches:
        first, last = s.split("-")
        assert float(last) > float(first)
