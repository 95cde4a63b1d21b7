"""import, info, predict, explain and bench against Keras' own numbers."""

import json
import pathlib

import numpy
import pytest

from conftest import (DISCLAIMER, ROOT, ecg, json_lines, shared, write_record, xplaim)

NETWORKS = ["xplaim_full", "xplaim_small_odd", "cnn_small", "gru_small", "zoo"]
MAPS = [n for n in NETWORKS if n != "gru_small"]


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_equal_keras(name, models, tmp_path):
    x, want = shared("golden", name, "x.npy"), numpy.load(shared("golden", name, "probabilities.npy"))
    done = xplaim("predict", "-m", models(name), x, "-o", tmp_path / "p.npy", "--json")
    p = numpy.load(tmp_path / "p.npy")
    assert p.dtype == numpy.float32 and p.shape == want.shape
    assert numpy.abs(p - want).max() <= 1e-5
    objects = json_lines(done, "predict")
    assert [o["record"] for o in objects] == [f"{x}[{i}]" for i in range(len(want))]
    told = [[l["probability"] for l in o["labels"]] for o in objects]
    assert numpy.array_equal(numpy.array(told, numpy.float32), p)


@pytest.mark.parametrize("name", ["xplaim_full", "zoo"])
def test_threads_do_not_matter(name, models, tmp_path):
    x = shared("golden", name, "x.npy")
    for threads in (1, 2, 0):
        xplaim("predict", "-m", models(name), x, "-o", tmp_path / f"{threads}.npy", "--threads", threads)
    one = numpy.load(tmp_path / "1.npy")
    for threads in (2, 0):
        assert numpy.abs(numpy.load(tmp_path / f"{threads}.npy") - one).max() <= 1e-6


@pytest.mark.parametrize("name", MAPS)
def test_maps_equal_keras(name, models, tmp_path):
    x = shared("golden", name, "x.npy")
    maps = {}
    for path in sorted(shared("golden", name, "gradcam").glob("*_logit.npy")):
        layer, label = path.name[: -len("_logit.npy")].rsplit("_class", 1)
        maps.setdefault(layer, []).append((int(label), numpy.load(path).ravel()))
    assert maps
    for layer, wanted in maps.items():
        out = tmp_path / f"{layer}.npy"
        xplaim("explain", "-m", models(name), x, "--layer", layer, "--signed", "-o", out)
        got = numpy.load(out)
        assert got.ndim == 3 and len(got) == len(numpy.load(x))
        for label, want in wanted:
            assert numpy.abs(got[0, label] - want).max() <= 1e-4 * numpy.abs(want).max()


def test_one_label_and_the_normal_map(models, tmp_path):
    model, x = models("zoo"), shared("golden", "zoo", "x.npy")
    xplaim("explain", "-m", model, x, "--signed", "-o", tmp_path / "raw.npy")
    xplaim("explain", "-m", model, x, "-o", tmp_path / "all.npy")
    done = xplaim("explain", "-m", model, x, "--label", "label3", "-o", tmp_path / "one.npy", "--json")
    xplaim("explain", "-m", model, x, "--label", "2", "-o", tmp_path / "number.npy")
    raw, normal, one = (numpy.load(tmp_path / f"{k}.npy") for k in ("raw", "all", "one"))
    positive = numpy.maximum(raw, 0)
    top = positive.max(axis=2, keepdims=True)
    want = numpy.divide(positive, top, out=numpy.zeros_like(positive), where=top > 0)
    assert numpy.abs(normal - want).max() < 1e-5
    assert numpy.abs(one - normal[:, 2]).max() < 1e-5
    assert numpy.array_equal(one, numpy.load(tmp_path / "number.npy"))
    for i, o in enumerate(json_lines(done, "explain")):
        assert [l["name"] for l in o["labels"]] == ["label3"]
        (label,) = o["map"]["windows"][0]["labels"]
        assert numpy.array_equal(numpy.array(label["values"], numpy.float32), one[i])
        assert label["positive"] == bool(one[i].any())
        for interval in label["strongest"]:
            first = round(interval["start_s"] / o["map"]["step_s"])
            last = round(interval["end_s"] / o["map"]["step_s"])
            assert abs(one[i][first:last].max() - interval["peak"]) < 1e-6 and interval["peak"] >= 0.5


def test_a_record_through_every_step(models, record, tmp_path):
    """predict and explain of a record equal predict of what prepare writes of it."""
    model = models("xplaim_full", "--labels", "afib,aflu,rbbb,lbbb")
    xplaim("prepare", record, "-m", model, "-o", tmp_path / "x.npy")
    xplaim("predict", "-m", model, tmp_path / "x.npy", "-o", tmp_path / "p.npy")
    xplaim("predict", "-m", model, record, "-o", tmp_path / "q.npy")
    assert numpy.array_equal(numpy.load(tmp_path / "p.npy"), numpy.load(tmp_path / "q.npy"))
    (o,) = json_lines(xplaim("explain", "-m", model, record, "--json"), "explain")
    assert [l["name"] for l in o["labels"]] == ["afib", "aflu", "rbbb", "lbbb"]
    p = numpy.array([l["probability"] for l in o["labels"]])
    assert numpy.abs(p - numpy.load(tmp_path / "p.npy")[0]).max() < 1e-6
    assert "model" in {n["code"] for n in o["notices"]} and o["model"]["trained"] is False
    text = xplaim("explain", "-m", model, record).stdout
    assert DISCLAIMER in text and "untrained" in text and "does not tell leads apart" in text
    xplaim("explain", "-m", model, record, "-o", tmp_path / "m.npy")
    assert numpy.load(tmp_path / "m.npy").shape == (4, 1250)
    xplaim("explain", "-m", model, record, "--label", "RBBB", "-o", tmp_path / "m.npy")
    assert numpy.load(tmp_path / "m.npy").shape == (1250,)


def test_long_records_go_by_windows(models, tmp_path):
    path = write_record(tmp_path, "long", ecg(30000, 500) * numpy.linspace(0.5, 2, 30000)[:, None], 500)
    model = models("xplaim_full")
    (o,) = json_lines(xplaim("predict", "-m", model, path, "--json"), "predict")
    assert [w["start_s"] for w in o["windows"]] == [0, 10, 20, 30, 40, 50]
    assert "windows" in {n["code"] for n in o["notices"]}
    per_window = numpy.array([w["probabilities"] for w in o["windows"]])
    odds = (per_window / (1 - per_window)).mean(axis=0)
    assert numpy.allclose(odds / (1 + odds), [l["probability"] for l in o["labels"]], rtol=1e-6, atol=0)
    assert numpy.allclose(numpy.log(odds), [l["logit"] for l in o["labels"]], rtol=1e-5)
    assert "window 50.0-60.0 s" in xplaim("predict", "-m", model, path).stdout
    xplaim("explain", "-m", model, path, "-o", tmp_path / "m.npy")
    assert numpy.load(tmp_path / "m.npy").shape == (6, 4, 1250)


def test_short_records_are_padded_and_say_so(models, tmp_path):
    path = write_record(tmp_path, "short", ecg(2500, 500), 500)
    (o,) = json_lines(xplaim("predict", "-m", models("xplaim_full"), path, "--json"), "predict")
    assert o["windows"][0]["padded_s"] == 5 and "short" in {n["code"] for n in o["notices"]}


@pytest.mark.parametrize("units,scale", [("0.2/uV", 200), ("0.0002/nV", 200), ("200/mV", 200),
                                         ("200000/V", 200), ("1000/mV", 1000), ("204.8(-127)/mV", 204.8)])
def test_units_do_not_matter(units, scale, models, tmp_path):
    mv = numpy.round(ecg(5000, 500) * 40) / 40  # whole numbers at every gain but 204.8
    stored = mv * scale + (-127 if "(" in units else 0)
    path = write_record(tmp_path, "r", stored, 500, gain=units, scale=1)
    plain = write_record(tmp_path, "plain", mv, 500)
    model = models("xplaim_full")
    for name, record in (("a", path), ("b", plain)):
        xplaim("predict", "-m", model, record, "-o", tmp_path / f"{name}.npy")
    difference = numpy.load(tmp_path / "a.npy") - numpy.load(tmp_path / "b.npy")
    assert numpy.abs(difference).max() <= (1e-5 if "." not in units[:4] or scale == 200 else 1e-3)


def test_uncalibrated_is_said(models, tmp_path):
    path = write_record(tmp_path, "r", ecg(5000, 500), 500, gain="0", scale=200)
    (o,) = json_lines(xplaim("predict", "-m", models("xplaim_full"), path, "--json"), "predict")
    assert "uncalibrated" in {n["code"] for n in o["notices"]}


def test_one_bad_file_among_many(models, record, tmp_path):
    (tmp_path / "bad.hea").write_text("bad 12 500 5000\n")
    out = tmp_path / "p.npy"
    words = ["predict", "-m", models("xplaim_full"), record, tmp_path / "bad", tmp_path / "none", record]
    done = xplaim(*words, "--json", "-o", out, code=1)
    objects = json_lines(done, "predict")
    assert ["error" in o for o in objects] == [False, True, True, False]
    assert objects[2]["error"]["code"] == "NOT_FOUND"
    p = numpy.load(out)
    assert numpy.isnan(p).any(axis=1).tolist() == [False, True, True, False]
    assert numpy.array_equal(p[0], p[3])
    done = xplaim(*words, code=1)
    assert len(done.stderr.splitlines()) == 2 and done.stdout.count(str(record)) == 2


def test_bad_arrays(models, tmp_path):
    model = models("zoo")
    good = numpy.zeros((2, 1000, 12), numpy.float32)
    inf = good.copy()
    inf[1, 5, 3] = numpy.inf
    cases = {"shape": good[:, :999], "leads": good[:, :, :11], "empty": good[:0],
             "ints": good.astype(numpy.int32), "inf": inf, "flat": good.ravel()}
    for name, array in cases.items():
        numpy.save(tmp_path / f"{name}.npy", array)
        done = xplaim("predict", "-m", model, tmp_path / f"{name}.npy", code=1)
        assert f"{name}.npy" in done.stderr, name
    (tmp_path / "cut.npy").write_bytes((tmp_path / "inf.npy").read_bytes()[:1000])
    (tmp_path / "none.npy").write_bytes(b"")
    for name in ("cut", "none"):
        xplaim("predict", "-m", model, tmp_path / f"{name}.npy", code=1)


def test_missing_values_in_arrays_are_counted(models, tmp_path):
    x = numpy.load(shared("golden", "zoo", "x.npy"))
    zero, nan = x.copy(), x.copy()
    zero[0, 10:20, 3], nan[0, 10:20, 3] = 0, numpy.nan
    for name, array in (("zero", zero), ("nan", nan)):
        numpy.save(tmp_path / f"{name}.npy", array)
        xplaim("predict", "-m", models("zoo"), tmp_path / f"{name}.npy", "-o", tmp_path / f"p_{name}.npy")
    assert numpy.array_equal(numpy.load(tmp_path / "p_nan.npy"), numpy.load(tmp_path / "p_zero.npy"))
    done = xplaim("predict", "-m", models("zoo"), tmp_path / "nan.npy", "--json")
    assert any(n["code"] == "gap" and "10 " in n["text"] for n in json_lines(done, "predict")[0]["notices"])


@pytest.mark.parametrize("words", [["--label", "none"], ["--label", "5"], ["--layer", "none"], ["--layer", "dense"]])
def test_unknown_labels_and_layers_are_bad_usage(words, models):
    done = xplaim("explain", "-m", models("zoo"), shared("golden", "zoo", "x.npy"), *words, code=2)
    assert words[1] in done.stderr


# ==== import and info ============================================================================

IMPORTS = [["--labels", "a,b"], ["--labels", "a,b,c,d,e,f"], ["--labels", "a,b,c,d,a"], ["--labels", "a,,c,d,e"],
           ["--labels", "x" * 40 + ",b,c,d,e"], ["--leads", "I,II"], ["--leads", ",".join(["I"] * 12)],
           ["--leads", "I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V7"], ["--rate", "0"]]


@pytest.mark.parametrize("words", IMPORTS, ids=" ".join)
def test_import_refuses_wrong_names(words, tmp_path):
    out = tmp_path / "m.safetensors"
    done = xplaim("import", shared("golden", "zoo.keras"), "-o", out, *words, code=2)
    assert words[0] in done.stderr and not out.exists()


def test_import_asks_for_leads_that_are_not_twelve(tmp_path):
    done = xplaim("import", shared("golden", "xplaim_small_odd.keras"), "-o", tmp_path / "m.safetensors", code=2)
    assert "8 leads" in done.stderr and "--leads" in done.stderr


def test_import_of_something_else(tmp_path):
    (tmp_path / "m.keras").write_text("no zip")
    done = xplaim("import", tmp_path / "m.keras", "-o", tmp_path / "m.safetensors", code=1)
    assert "m.keras" in done.stderr


def test_keras_file_as_model_says_what_to_do(record):
    done = xplaim("predict", "-m", shared("golden", "zoo.keras"), record, code=1)
    assert "xplaim import" in done.stderr


def test_import_writes_what_it_was_told(tmp_path):
    out = tmp_path / "m.safetensors"
    leads = "V1,V2,V3,V4,V5,V6,I,II,III,AVR,avl,aVF"
    done = xplaim("import", shared("golden", "zoo.keras"), "-o", out, "--labels", "p, q,r,s,t", "--leads", leads,
                  "--rate", "250", "--name", "Zoo", "--trained", "--json")
    json_lines(done, "written")
    (o,) = json_lines(xplaim("info", out, "--json"), "info")
    assert [l["name"] for l in o["labels"]] == list("pqrst")
    assert o["input"]["leads"] == "V1 V2 V3 V4 V5 V6 I II III aVR aVL aVF".split()
    assert o["input"]["rate"] == 250 and o["model"]["name"] == "Zoo" and o["model"]["trained"] is True
    done = xplaim("predict", "-m", out, shared("golden", "zoo", "x.npy"))
    assert "untrained" not in done.stdout and DISCLAIMER in done.stdout


def test_half_precision(models, tmp_path):
    out, x = tmp_path / "h.safetensors", shared("golden", "xplaim_full", "x.npy")
    xplaim("import", shared("golden", "xplaim_full.keras"), "-o", out, "--half")
    assert out.stat().st_size < 0.52 * pathlib.Path(models("xplaim_full")).stat().st_size
    xplaim("predict", "-m", out, x, "-o", tmp_path / "p.npy")
    want = numpy.load(shared("golden", "xplaim_full", "probabilities.npy"))
    assert numpy.abs(numpy.load(tmp_path / "p.npy") - want).max() < 0.02


@pytest.mark.parametrize("name", NETWORKS)
def test_info_of_models(name, models):
    about = json.loads(shared("golden", name, "about.json").read_text())
    (o,) = json_lines(xplaim("info", models(name), "--json"), "info")
    assert [l["name"] for l in o["layers"]] and len(o["model"]["sha256"]) == 64
    assert {l["name"] for l in o["layers"]} >= {n for n, kind in about["layers"] if kind == "Conv1D"}
    assert o["memory"]["explain_bytes"] >= 0 and o["memory"]["predict_bytes"] > 4 * o["weights"]
    text = xplaim("info", models(name)).stdout
    assert o["model"]["sha256"] in text and DISCLAIMER in text
    (k,) = json_lines(xplaim("info", shared("golden", f"{name}.keras"), "--json"), "info")
    assert k["weights"] == o["weights"] and k["macs"] == o["macs"]


def test_sha256_is_the_files(models):
    import hashlib

    for name in ("zoo", "gru_small"):
        (o,) = json_lines(xplaim("info", models(name), "--json"), "info")
        assert o["model"]["sha256"] == hashlib.sha256(pathlib.Path(models(name)).read_bytes()).hexdigest()


def test_info_says_the_memory_of_the_published_network(models):
    (o,) = json_lines(xplaim("info", models("xplaim_full"), "--json"), "info")
    assert o["weights"] == 3534340 and abs(o["macs"] - 4.9e9) < 0.05e9
    assert o["memory"]["explain_bytes"] <= 256 * 2**20


# ==== bench, and the README ======================================================================


def test_bench_of_a_model(models):
    (o,) = json_lines(xplaim("bench", "-m", models("zoo"), "--repeat", "3", "--batch", "2", "--json"), "bench")
    assert o["repeat"] == 3 and o["batch"] == 2 and o["threads"] == 1
    assert 0 < o["forward"]["min_ms_per_record"] <= o["forward"]["median_ms_per_record"]
    assert sum(op["ms_per_record"] for op in o["operations"]) > 0


def test_bench_of_the_published_size():
    (o,) = json_lines(xplaim("bench", "--repeat", "1", "--json"), "bench")
    assert abs(o["macs"] - 4.9e9) < 0.05e9 and o["model"]["sha256"] is None
    assert "forward" in xplaim("bench", "--repeat", "1", "--threads", "2").stdout


def test_reference_kernels(models):
    (o,) = json_lines(xplaim("bench", "-m", models("zoo"), "--repeat", "1", "--reference", "--json"), "bench")
    assert o["kernels"] == "reference"


def test_every_kind_of_kernels(models):
    done = xplaim("bench", "-m", models("zoo"), "--kernels", "none", code=2)
    names = done.stderr.split("it has ")[1].split(" [")[0].split(", ")
    assert "scalar" in names
    for name in names:
        words = ["bench", "-m", models("zoo"), "--repeat", "1", "--kernels", name, "--json"]
        assert json_lines(xplaim(*words), "bench")[0]["kernels"] == name


def test_readme_names_every_command():
    text = (ROOT / "README.md").read_text()
    for command in ("info", "decode", "prepare", "predict", "explain", "import", "bench"):
        assert f"xplaim {command}" in text
    assert DISCLAIMER in " ".join(text.split())


def test_progress_is_drawn_on_a_terminal_only(models, record):
    """Standard error on a pseudo-terminal: a bar while work lasts, taken away at the end."""
    import os
    import pty
    import subprocess

    from conftest import TOOL

    words = [str(TOOL), "predict", "-m", models("xplaim_full"), *[str(record)] * 60, "--threads", "1"]
    master, slave = pty.openpty()
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux: the other end is closed
            part = b""
        if not part:
            break
        seen += part
    os.close(master)
    assert process.wait() == 0
    assert b"/60 records" in seen and b"s left" in seen and seen.endswith(b"\r\x1b[K")
    assert xplaim(*words[1:4], record, record).stderr == ""
