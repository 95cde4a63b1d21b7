"""Networks as people bring them: what is imported gives what their own framework gives, says what its
numbers mean and what was assumed, and what is not imported says what it is."""

import json
import struct

import numpy
import pytest

from conftest import ROOT, frugal, json_lines, shared, xplaim

KERAS = ROOT / "tests" / "data" / "imports"
LEADS = "I,II,III,aVR,aVF,aVL,V1,V2,V3,V4,V5,V6"


def predict(model, x, out):
    xplaim("predict", "-m", model, x, "-o", out)
    return numpy.load(out)


@pytest.mark.parametrize("name", ["ribeiro", "every_layer", "recurrent", "wrapped", "arithmetic"])
def test_keras_networks_agree_with_keras(name, tmp_path):
    """Among them the network of automatic-ecg-diagnosis, whose maps are finite and not empty."""
    model, x = tmp_path / "m.safetensors", KERAS / f"{name}_x.npy"
    xplaim("import", KERAS / f"{name}.keras", "-o", model, "--leads", LEADS, "--rate", "100", "--unit", "mV")
    want = numpy.load(KERAS / f"{name}_expected.npy")
    assert numpy.abs(predict(model, x, tmp_path / "p.npy") - want).max() <= 1e-5 * max(1, numpy.abs(want).max())
    xplaim("explain", "-m", model, x, "--signed", "-o", tmp_path / "map.npy")
    map = numpy.load(tmp_path / "map.npy")
    assert numpy.isfinite(map).all() and numpy.abs(map).max() > 0
    # Through our own export, and back.
    xplaim("export", "-m", model, "-o", tmp_path / "m.onnx")
    xplaim("import", tmp_path / "m.onnx", "-o", tmp_path / "n.safetensors")
    again = predict(tmp_path / "n.safetensors", x, tmp_path / "q.npy")
    assert numpy.abs(again - want).max() <= 1e-5 * max(1, numpy.abs(want).max())


FIELD = [("06_onnx_external_data", "net.onnx", "expected.npy"), ("08_onnx_avgpool_ceil", "odd_shortcut.onnx", "expected.npy"),
         ("09_tf2onnx_conv1d", "tf2onnx.onnx", "expected.npy"), ("10_keras_plus", "plus.keras", "expected_plus.npy"),
         ("12_logits_as_probability", "logits.keras", "expected_logits.npy")]


@pytest.mark.parametrize("folder,name,expected", FIELD)
def test_networks_of_the_field(folder, name, expected, tmp_path):
    model = tmp_path / "m.safetensors"
    xplaim("import", shared("fixtures", "field", folder, name), "-o", model)
    got = predict(model, shared("fixtures", "field", folder, "x.npy"), tmp_path / "p.npy")
    assert numpy.abs(got - numpy.load(shared("fixtures", "field", folder, expected))).max() <= 1e-5


# ==== what the outputs are =======================================================================


def test_outputs_without_a_sigmoid_are_scores(tmp_path):
    model, x = tmp_path / "m.safetensors", KERAS / "recurrent_x.npy"
    done = xplaim("import", KERAS / "recurrent.keras", "-o", model)
    assert "scores, no probabilities" in done.stdout and "--outputs logits" in done.stdout
    want = numpy.load(KERAS / "recurrent_expected.npy")
    for o, row in zip(json_lines(xplaim("predict", "-m", model, x, "--json"), "predict"), want, strict=True):
        assert o["model"]["outputs"] == "scores" and not any("probability" in l for l in o["labels"])
        assert numpy.abs(numpy.array([l["score"] for l in o["labels"]]) - row).max() < 1e-5
        assert "probabilities" not in o["windows"][0] and any("no probabilities" in n["text"] for n in o["notices"])
    (e, *_) = json_lines(xplaim("explain", "-m", model, x, "--json"), "explain")
    assert all("score" in l and "probability" not in l for l in e["map"]["windows"][0]["labels"])
    assert "  label       score; evidence" in xplaim("explain", "-m", model, x).stdout
    (i,) = json_lines(xplaim("info", model, "--json"), "info")
    assert i["model"]["outputs"] == "scores" and "scores" in xplaim("info", model).stdout


@pytest.mark.parametrize("words", [["--outputs", "logits"], ["--sigmoid"]])
def test_logits_get_their_sigmoid(words, tmp_path):
    model, x = tmp_path / "m.safetensors", KERAS / "recurrent_x.npy"
    assert "scores" not in xplaim("import", KERAS / "recurrent.keras", "-o", model, *words).stdout
    want = 1 / (1 + numpy.exp(-numpy.load(KERAS / "recurrent_expected.npy").astype(float)))
    assert numpy.abs(predict(model, x, tmp_path / "p.npy") - want).max() <= 1e-5
    (i,) = json_lines(xplaim("info", model, "--json"), "info")
    assert i["model"]["outputs"] == "probabilities"


@pytest.mark.parametrize("name,words", [("recurrent", ["--outputs", "probabilities"]), ("recurrent", ["--outputs", "odds"]),
                                        ("ribeiro", ["--outputs", "logits"]), ("recurrent", ["--unit", "uV"]),
                                        ("recurrent", ["--outputs", "logits", "--softmax"])])
def test_outputs_are_not_called_what_they_are_not(name, words, tmp_path):
    done = xplaim("import", KERAS / f"{name}.keras", "-o", tmp_path / "m.safetensors", *words, code=2)
    assert words[0] in done.stderr


def edit_metadata(path, change):
    """Another metadata text in a .safetensors file."""
    data = path.read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    header["__metadata__"].update(change)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + n :])


@pytest.mark.parametrize("change", [{"outputs": "probabilities"}, {"outputs": "maybe"}, {"assumed": "leads gain"}])
def test_a_file_that_lies_about_its_numbers_is_refused(change, tmp_path):
    model = tmp_path / "m.safetensors"
    xplaim("import", KERAS / "recurrent.keras", "-o", model)
    edit_metadata(model, change)
    done = xplaim("info", model, code=1)
    assert next(iter(change)) in done.stderr


# ==== what was assumed ===========================================================================


def test_what_was_assumed_is_told_everywhere(tmp_path):
    model, x = tmp_path / "m.safetensors", KERAS / "every_layer_x.npy"
    done = xplaim("import", KERAS / "every_layer.keras", "-o", model)
    sentence = "the order of the leads, the rate of 500 Hz and the unit mV"
    assert sentence in done.stdout and "--leads, --rate and --unit" in done.stdout
    assert sentence in xplaim("info", model).stdout and sentence in xplaim("predict", "-m", model, x).stdout.replace("\n", " ")
    (o, *_) = json_lines(xplaim("predict", "-m", model, x, "--json"), "predict")
    assert o["model"]["assumed"] == ["leads", "rate", "unit"] and any(sentence in n["text"] for n in o["notices"])
    words = ["--leads", LEADS, "--rate", "400", "--unit", "mV"]
    for k in range(1, 4):
        xplaim("import", KERAS / "every_layer.keras", "-o", model, *words[: 2 * k])
        (i,) = json_lines(xplaim("info", model, "--json"), "info")
        assert i["model"]["assumed"] == ["leads", "rate", "unit"][k:]
    assert "assumed of" not in xplaim("info", model).stdout


def test_assumptions_survive_our_own_export(tmp_path):
    xplaim("import", KERAS / "every_layer.keras", "-o", tmp_path / "m.safetensors", "--rate", "250")
    xplaim("export", "-m", tmp_path / "m.safetensors", "-o", tmp_path / "m.onnx")
    xplaim("import", tmp_path / "m.onnx", "-o", tmp_path / "n.safetensors")
    (i,) = json_lines(xplaim("info", tmp_path / "n.safetensors", "--json"), "info")
    assert i["model"]["assumed"] == ["leads", "unit"] and i["input"]["rate"] == 250


# ==== what is not imported =======================================================================

HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(200)
OTHERS = {
    "m.h5": (HDF5 + b"model_config {}", ["Keras model in HDF5", ".keras"]),
    "w.h5": (HDF5 + b"layer_names", ["weights alone", "load_weights"]),
    "s.safetensors": (struct.pack("<Q", 56) + b'{"a.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'[:56] + bytes(9),
                      ["tensors alone", "torch.onnx.export"]),
    "m.pt": (b"PK\3\4" + bytes(26) + b"archive/data.pkl" + bytes(40), ["PyTorch file", "torch.onnx.export"]),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", ["pickle", "torch.onnx.export"]),
    "m.tflite": (b"\x1c\0\0\0TFL3" + bytes(40), ["TensorFlow Lite"]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_called_what_they_are(name, tmp_path):
    content, says = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    for words in (["import", tmp_path / name, "-o", tmp_path / "out.safetensors"], ["info", tmp_path / name]):
        done = xplaim(*words, code=1)
        assert all(s in done.stderr for s in says), done.stderr
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("name", [*OTHERS, "none.onnx", "long.safetensors"])
def test_other_files_are_called_what_they_are_however_large(name, tmp_path):
    """They are not read whole for that."""
    content, says = OTHERS.get(name, (bytes(100), ["no model file"]))
    if name == "long.safetensors":
        content, says = struct.pack("<Q", 90 << 20) + b"{", ["no safetensors file"]
    (tmp_path / name).write_bytes(content + bytes(16))
    with open(tmp_path / name, "r+b") as f:
        f.truncate(150 << 20)
    for words in (["import", tmp_path / name, "-o", tmp_path / "out.safetensors"], ["info", tmp_path / name]):
        done = frugal(*words, code=1)
        assert all(s in done.stderr for s in says), done.stderr


@pytest.mark.parametrize("content", [b"", b"x", bytes(100), b"hello world" * 30])
def test_what_is_no_model_is_not_called_a_bad_archive(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    done = xplaim("import", tmp_path / "m.onnx", "-o", tmp_path / "out.safetensors", code=1)
    assert "no model file that is known here" in done.stderr


@pytest.mark.parametrize("name", ["legacy.h5", "weights_only.safetensors"])
def test_weights_of_the_field_are_called_what_they_are(name, tmp_path):
    path = shared("fixtures", "field", "05_keras_h5", name)
    for words in (["import", path, "-o", tmp_path / "out.safetensors"], ["info", path]):
        done = xplaim(*words, code=1)
        assert "import that" in done.stderr and "zip" not in done.stderr


def test_a_model_of_scores_is_not_evaluated(tmp_path):
    model = tmp_path / "m.safetensors"
    xplaim("import", KERAS / "recurrent.keras", "-o", model)
    x = numpy.load(KERAS / "recurrent_x.npy")
    numpy.savez(tmp_path / "set.npz", x=x, y=numpy.zeros((len(x), 4), numpy.int8))
    done = xplaim("evaluate", "-m", model, "--test-set", tmp_path / "set.npz", code=1)
    assert "scores" in done.stderr and "--outputs logits" in done.stderr
