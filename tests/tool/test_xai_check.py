"""xai-check on a small data set written here, with a small network trained on it."""

import csv

import numpy
import pytest

from conftest import ecg, json_lines, write_record, xplaim

RATE, LENGTH = 100, 1000


def record_of(i):
    """Every third record has a fast wave in its second half."""
    mv = ecg(LENGTH, RATE) * (0.8 + 0.05 * (i % 5)) + 0.01 * numpy.random.default_rng(i).normal(size=(LENGTH, 12))
    late = (numpy.arange(LENGTH) > 500) * 0.3 * numpy.sin(2 * numpy.pi * 20 * numpy.arange(LENGTH) / RATE)
    return mv + (late[:, None] if i % 3 == 0 else 0)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with data (labels.csv and records) and a model of two labels; "rare" is in no test record."""
    folder = tmp_path_factory.mktemp("xai")
    lines = ["path,patient,strat_fold,wave,rare"]
    for i in range(240):
        fold = 1 + i // 3 % 10
        write_record(folder / "data", f"r{i:03}", record_of(i), RATE)
        lines.append(f"r{i:03},{i},{fold},{int(i % 3 == 0)},{int(i % 7 == 0 and fold < 10)}")
    (folder / "data" / "labels.csv").write_text("\n".join(lines) + "\n")
    xplaim("train", "--model-name", "m", "--all", "--labels", "wave,rare", "--train-ds-name", "csv", "--train-ds-dir",
           "data", "--epochs", "2", "--batch-size", "8", "--rate", RATE, "--length", LENGTH, "--filters", "3,4",
           "--kernels", "2,5,9", "--threads", "2", "--models-output-dir", "models", cwd=folder)
    (model,) = (folder / "models").glob("*/model_m.safetensors")
    return folder, model


def words(world, *more):
    folder, model = world
    return ["xai-check", "-m", model, "--ds-name", "csv", "--ds-dir", folder / "data", "--threads", "2", *more]


@pytest.fixture(scope="module")
def checked(world, tmp_path_factory):
    """With the pointing game: once for all tests."""
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    (o,) = json_lines(xplaim(*words(world, "--json", "--draws", "2", "--csv", path)), "xai_check")
    return o, list(csv.DictReader(open(path, newline="")))


def test_the_last_layer_that_was_learnt_is_shuffled(world, tmp_path):
    """Behind a floor lies a layer that scales each label by itself: to shuffle that would change no map, or drop one."""
    folder, model = world
    out = tmp_path / "floored.safetensors"
    xplaim("calibrate", "-m", model, "--ds-name", "csv", "--ds-dir", folder / "data", "--floor", "1000", "-o", out)
    (o,) = json_lines(xplaim(*words((folder, out), "--draws", "1", "--no-planted", "--json")), "xai_check")
    for name in ("randomised_last_layer", "randomised_last_third", "randomised_all"):
        mean = o["labels"][0]["measures"][name]["mean"]
        assert mean is not None and mean < 0.999, name


def test_figures_and_what_is_not_defined(checked):
    o, _ = checked
    wave, rare = o["labels"]
    assert (wave["name"], wave["positives"], rare["name"]) == ("wave", 8, "rare")
    assert o["all"]["positives"] == wave["positives"] + rare["positives"] and rare["positives"] == 0
    for name, m in rare["measures"].items():
        assert m == {"n": 0, "mean": None, "low": None, "high": None}, name
    for row in o["labels"] + [o["all"]]:
        for name, m in row["measures"].items():
            assert (m["mean"] is None) == (m["n"] < o["least_records"]), name
            if m["mean"] is not None:
                assert m["low"] - 1e-9 <= m["mean"] <= m["high"] + 1e-9
                assert -1 <= m["mean"] <= 1
    assert set(wave["measures"]) < set(o["definitions"])


def test_pointing_game(checked):
    game = checked[0]["pointing_game"]
    assert (game["lead"], game["taught"], game["tested"]) == ("V1", 192, 24) and 0.03 < game["chance"] < 0.07
    assert game["found"]["share"] >= 0.9 and game["hits"]["share"] > 5 * game["chance"]


def test_table(checked):
    o, rows = checked
    assert len(rows) == 3 * len(o["all"]["measures"])
    for row in rows:
        (label,) = [x for x in o["labels"] + [o["all"]] if x["name"] == row["label"]]
        m = label["measures"][row["measure"]]
        assert int(row["n"]) == m["n"]
        assert row["mean"] == "" if m["mean"] is None else abs(float(row["mean"]) - m["mean"]) < 1e-5


def test_text_and_seed(world):
    more = ["--no-planted", "--draws", "1", "--part", "validation"]
    text = xplaim(*words(world, *more)).stdout
    assert "not defined" in text and "deletion gain" in text and "Pointing game" not in text
    assert text == xplaim(*words(world, *more)).stdout


@pytest.mark.parametrize(
    "more, said",
    [(["--part", "train"], "--part"), (["--max-records", "0"], "--max-records"), (["--layer", "gap"], "gap"),
     (["--layer", "none"], "none")],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_bad_usage(more, said, world):
    done = xplaim(*words(world, *more), code=2)
    assert said in done.stderr and "[USAGE]" in done.stderr and done.stdout == ""


def test_without_a_model_or_data(world):
    xplaim("xai-check", code=2)
    assert "ds-name" in xplaim("xai-check", "-m", world[1], code=2).stderr
