"""calibrate, ensemble, export --note: from trained networks to a model that is given to others."""

import numpy
import pytest

from conftest import ROOT, json_lines, write_record, xplaim
from training import RATE, data, model_of, package, signal_of, words  # noqa: F401 (data is a fixture)

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
    tested = json_lines(xplaim("evaluate", "-m", out, *DATA_SET, "--resamples", "0", "--cache-dir", tmp_path / "fresh",
                               "--json", cwd=trio), "evaluate")
    assert list((tmp_path / "fresh").glob("*.cache"))
    for stored, measured in zip(info["labels"], tested[0]["evaluation"]["labels"]):
        assert stored["auroc"] == pytest.approx(measured["auroc"]["value"], abs=1e-6)
        assert stored["n_positive"] == measured["positives"] and stored["tested"] == (measured["positives"] >= 10)
        counts = measured["confusion"]
        assert stored["n_negative"] == counts["fp"] + counts["tn"]
        assert (stored["found"], stored["false_alarms"]) == (counts["tp"], counts["fp"])
    assert '"fold":9' in info["metadata"]["calibration"]
    assert "calibrated before" in xplaim("calibrate", "-m", out, *DATA_SET, "-o", tmp_path / "x.safetensors", code=2,
                                         cwd=trio).stderr


def floored(folder, model, depth, out, tmp_path):
    """Log-odds of a network with a floor, before they are scaled again; and those without one, scaled."""
    (said,) = json_lines(xplaim("calibrate", "-m", model, *DATA_SET, "--floor", depth, "-o", out, "--json", cwd=folder),
                         "calibrate")
    got = logits(out, folder, tmp_path)
    plain = logits(model, folder, tmp_path)
    return {l["label"]: ((numpy.array(got[l["label"]]) - l["offset"]) / l["slope"],
                         numpy.array(plain[l["label"]]) * l["slope_below_floor"] + l["offset_below_floor"])
            for l in said["labels"]}


def test_floor(trio, tmp_path):
    m, out = model_of(trio, "n1"), tmp_path / "floored.safetensors"
    for z, plain in floored(trio, m, 1000, out, tmp_path).values():  # below every moment
        assert numpy.allclose(z, plain, atol=1e-2)
    both = floored(trio, m, 0.5, out, tmp_path).values()
    assert min(plain.min() for _, plain in both) < -0.5
    for z, plain in both:
        assert (z >= numpy.maximum(plain, -0.5) - 1e-4).all()
        assert (z > numpy.maximum(plain, -0.5) + 1e-3).any()
    (info,) = json_lines(xplaim("info", out, "--json"), "info")
    assert [l["name"] for l in info["layers"]][-3:] == ["moments", "gap", "labels"]
    assert '"floor":-0.5' in info["metadata"]["calibration"]
    record = write_record(tmp_path, "r", signal_of(0), RATE)
    assert "block2.shortcut" in xplaim("explain", "-m", out, record, "--json").stdout
    assert "--floor" in xplaim("calibrate", "-m", m, *DATA_SET, "--floor", "0", "-o", out, code=2, cwd=trio).stderr
    xplaim("export", "-m", out, "-o", tmp_path / "floored.onnx")
    xplaim("import", tmp_path / "floored.onnx", "-o", tmp_path / "back.safetensors")
    assert logits(tmp_path / "back.safetensors", trio, tmp_path) == logits(out, trio, tmp_path)


def test_trained_with_a_floor(trio, tmp_path):
    for seed in (1, 2):
        xplaim(*words(f"f{seed}", "--seed", seed, "--floor", "5", epochs=2), cwd=trio)
    members = [model_of(trio, f"f{k}") for k in (1, 2)]
    out = tmp_path / "joined.safetensors"
    xplaim("ensemble", *members, "-o", out)
    each = [logits(m, trio, tmp_path) for m in members]
    for label, got in logits(out, trio, tmp_path).items():
        assert numpy.allclose(got, numpy.mean([e[label] for e in each], axis=0), atol=1e-4)
    (info,) = json_lines(xplaim("info", out, "--json"), "info")
    assert '"floor":5' in info["metadata"]["architecture_config"]
    assert "moments" in [l["name"] for l in info["layers"]]
    assert "layers" in xplaim("ensemble", members[0], model_of(trio, "n1"), "-o", out, code=1).stderr
    assert "pooling" in xplaim(*words("g", "--arch", "cnn", "--floor", "5", epochs=1), code=1, cwd=trio).stderr


def test_two_operating_points(trio, tmp_path):
    m, out = model_of(trio, "n1"), tmp_path / "calibrated.safetensors"
    xplaim("calibrate", "-m", m, *DATA_SET, "-o", out, "--threshold", "sensitivity=0.9", "--specific-threshold",
           "specificity=1", cwd=trio)
    record = write_record(tmp_path, "r", signal_of(0), RATE)
    for command in "predict", "explain":
        usual, strict = (
            json_lines(xplaim(command, "-m", out, record, "--json", *more), command)[0]
            for more in ([], ["--operating-point", "high-specificity"]))
        assert usual["model"]["operating_point"] == "balanced" and strict["model"]["operating_point"] == "high-specificity"
        for a, b in zip(usual["labels"], strict["labels"]):
            assert a["operating_points"] == b["operating_points"] and len(a["operating_points"]) == 2
            for l, point in (a, a["operating_points"][0]), (b, a["operating_points"][1]):
                assert all(l[key] == point[key] for key in ("threshold", "threshold_source", "found", "false_alarms"))
                assert l["at_or_above_threshold"] == (l["probability"] >= l["threshold"])
            assert a["threshold"] <= b["threshold"] and a["probability"] == b["probability"]
    (measured,) = json_lines(xplaim("evaluate", "-m", out, *DATA_SET, "--operating-point", "high-specificity", "--json",
                                    cwd=trio), "evaluate")
    assert [l["confusion"]["tp"] for l in measured["evaluation"]["labels"]] == [l["found"] for l in strict["labels"]]
    assert "high-specificity" in xplaim("predict", "-m", m, record, "--operating-point", "high-specificity", code=2).stderr
    assert "balanced" in xplaim("predict", "-m", out, record, "--operating-point", "strict", code=2).stderr
    told = xplaim("info", out).stdout
    assert "high-specificity: " in told and "not tested" in told  # three test records have each label


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
