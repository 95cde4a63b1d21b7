"""calibrate, ensemble, export --note: from trained networks to a model that is given to others."""

import numpy
import pytest

from conftest import ROOT, json_lines, write_record, xplaim
from test_train import RATE, data, model_of, package, signal_of, words  # noqa: F401 (data is a fixture)

DATA_SET = ["--ds-name", "ptb-xl", "--ds-dir", "data/ptb-xl"]


@pytest.fixture(scope="module")
def trio(data):
    """Three small networks of other seeds."""
    for seed in (1, 2, 3):
        xplaim(*words(f"n{seed}", "--seed", seed, epochs=4), cwd=data)
    return data


def logits(model, folder, tmp_path):
    for i in range(4):
        write_record(tmp_path / "records", f"r{i}", signal_of(i), RATE)
    lines = json_lines(xplaim("predict", "-m", model, "--json", *sorted((tmp_path / "records").glob("*.hea")), cwd=folder),
                       "predict")
    return {l["name"]: [line["labels"][k]["logit"] for line in lines] for k, l in enumerate(lines[0]["labels"])}


def test_calibrate(trio, tmp_path):
    m, out = model_of(trio, "n1"), tmp_path / "calibrated.safetensors"
    (said,) = json_lines(xplaim("calibrate", "-m", m, *DATA_SET, "-o", out, "--json", cwd=trio), "calibrate")
    before, after = logits(m, trio, tmp_path), logits(out, trio, tmp_path)
    for l in said["labels"]:
        assert l["log_loss_after"] <= l["log_loss_before"] + 1e-3
        expected = numpy.array(before[l["label"]]) * l["slope"] + l["offset"]
        assert numpy.allclose(after[l["label"]], expected, atol=1e-4)
    (info,) = json_lines(xplaim("info", out, "--json"), "info")
    tested = json_lines(xplaim("evaluate", "-m", out, *DATA_SET, "--resamples", "0", "--json", cwd=trio), "evaluate")
    for stored, measured in zip(info["labels"], tested[0]["evaluation"]["labels"]):
        assert stored["auroc"] == pytest.approx(measured["auroc"]["value"], abs=1e-6)
        assert stored["n_positive"] == measured["positives"]
    assert '"fold":9' in info["metadata"]["calibration"]
    assert "calibrated before" in xplaim("calibrate", "-m", out, *DATA_SET, "-o", tmp_path / "x.safetensors", code=2,
                                         cwd=trio).stderr


def test_calibrate_keeps_labels(trio, tmp_path):
    m, out = model_of(trio, "n1"), tmp_path / "one.safetensors"
    text = xplaim("calibrate", "-m", m, *DATA_SET, "--labels", "pvc", "--half", "-o", out, cwd=trio).stdout
    assert "pvc" in text and "afib" not in text
    assert [l["name"] for l in json_lines(xplaim("info", out, "--json"), "info")[0]["labels"]] == ["pvc"]
    assert "\"xyz\"" in xplaim("calibrate", "-m", m, *DATA_SET, "--labels", "xyz", "-o", out, code=2, cwd=trio).stderr
    assert "--threshold" in xplaim("calibrate", "-m", m, *DATA_SET, "--threshold", "0.5", "-o", out, code=2, cwd=trio).stderr


def test_ensemble(trio, tmp_path):
    members = [model_of(trio, f"n{k}") for k in (1, 2, 3)]
    out = tmp_path / "joined.safetensors"
    xplaim("ensemble", *members, "-o", out, "--name", "three")
    each = [logits(m, trio, tmp_path) for m in members]
    for label, got in logits(out, trio, tmp_path).items():
        assert numpy.allclose(got, numpy.mean([e[label] for e in each], axis=0), atol=1e-4)
    (info,) = json_lines(xplaim("info", out, "--json"), "info")
    assert info["model"]["name"] == "three" and info["labels"][0]["threshold"] is None
    assert info["metadata"]["ensemble"].count("sha256") == 3
    record = write_record(tmp_path, "r", signal_of(0), RATE)
    (told,) = json_lines(xplaim("explain", "-m", out, record, "--json"), "explain")
    assert "block2.shortcut" in str(told)
    xplaim("calibrate", "-m", out, *DATA_SET, "-o", tmp_path / "c.safetensors", cwd=trio)
    xplaim(*words("other", "--length", "200", epochs=1), cwd=trio)
    assert "member 2" in xplaim("ensemble", members[0], model_of(trio, "other"), "-o", out, code=1).stderr


def test_notes(trio, tmp_path):
    (tmp_path / "card.md").write_text("# A card\n")
    (tmp_path / "bytes").write_bytes(b"a\0b")
    out, m = tmp_path / "noted.safetensors", model_of(trio, "n1")
    xplaim("export", "-m", m, "--note", f"model_card={tmp_path / 'card.md'}", "-o", out)
    assert json_lines(xplaim("info", out, "--json"), "info")[0]["metadata"]["model_card"] == "# A card\n"
    assert logits(out, trio, tmp_path) == logits(m, trio, tmp_path)
    for note, code, told in ((f"name={tmp_path / 'card.md'}", 2, "already"), (f"x={tmp_path / 'bytes'}", 1, "text file"),
                             ("x", 2, "KEY=FILE"), (f"x={tmp_path / 'none'}", 1, "none")):
        assert told in xplaim("export", "-m", m, "--note", note, "-o", tmp_path / "bad.safetensors", code=code).stderr
    assert not (tmp_path / "bad.safetensors").exists()


@pytest.mark.parametrize("name", ["ecg-xplaim", "ecg-xplaim-small"])
def test_shipped_model(name):
    folder = ROOT / "model_weights"
    path = folder / f"{name}.safetensors"
    (info,) = json_lines(xplaim("info", path, "--json"), "info")
    assert path.stat().st_size <= 8_000_000 and info["model"]["trained"]
    assert info["metadata"]["model_card"] == (folder / f"{name}.md").read_text()
    assert "CC BY 4.0" in info["metadata"]["licence"]
    (told,) = json_lines(xplaim("predict", "-m", path, ROOT / "web/samples/00963_hr", "--json"), "predict")
    found = {l["name"] for l in told["labels"] if l["at_or_above_threshold"]}
    assert "afib" in found and "lbbb" not in found  # what the data set's cardiologists wrote
