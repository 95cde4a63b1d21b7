"""evaluate and compare: their figures, and the cases they are taken over."""

import json

import numpy

from conftest import DISCLAIMER, json_lines, shared, xplaim
from training import data, model_of, package, rows, trained


def test_figures_equal_scikit_learn(tmp_path):
    folder = shared("golden", "metrics")
    want = json.loads((folder / "expected.json").read_text())
    words = ["--truth", folder / "y.npy", "--threshold", "0.5", "--names", "lqt"]
    (o,) = json_lines(xplaim("evaluate", "--scores", folder / "score1.npy", *words, "--csv", tmp_path / "t.csv", "--json"),
                      "evaluate")
    l = o["evaluation"]["labels"][0]
    for name, key in (("auroc", "auc1"), ("auprc", "ap1"), ("brier", "brier1"), ("f1", "f1_1"), ("mcc", "mcc1"),
                      ("sensitivity", "recall1"), ("precision", "precision1"), ("accuracy", "accuracy1")):
        assert abs(l[name]["value"] - want[key]) < 1e-9, name
    assert [l["confusion"][k] for k in ("tp", "fp", "tn", "fn")] == [want[k] for k in ("tp", "fp", "tn", "fn")]
    assert numpy.allclose(l["sensitivity"]["clopper_pearson"], want["recall1_clopper_pearson"], atol=1e-9, rtol=0)
    table = rows(tmp_path / "t.csv")
    assert [r["label"] for r in table] == ["lqt", "macro", "micro"] and abs(float(table[0]["auroc"]) - want["auc1"]) < 1e-9
    done = xplaim("compare", "--scores-a", folder / "score1.npy", "--scores-b", folder / "score2.npy", *words, "--json")
    (c,) = json_lines(done, "compare")[0]["labels"]
    assert abs(c["difference"] - (want["auc1"] - want["auc2"])) < 1e-9
    text = xplaim("compare", "--scores-a", folder / "score1.npy", "--scores-b", folder / "score2.npy", *words).stdout
    assert "McNemar" in text and DISCLAIMER in text


def test_a_label_of_one_class_is_undefined(tmp_path):
    numpy.save(tmp_path / "s.npy", numpy.linspace(0, 1, 20).reshape(10, 2))
    numpy.save(tmp_path / "y.npy", numpy.stack([numpy.arange(10) % 2, numpy.zeros(10)], axis=1).astype(int))
    words = ["evaluate", "--scores", tmp_path / "s.npy", "--truth", tmp_path / "y.npy"]
    assert "undefined" in xplaim(*words).stdout
    (o,) = json_lines(xplaim(*words, "--resamples", "0", "--json"), "evaluate")
    a, b = o["evaluation"]["labels"]
    assert a["auroc"]["value"] is not None and b["auroc"]["value"] is None and b["one_class"] is True
    assert o["evaluation"]["macro"]["auroc"]["labels_defined"] == 1


def test_the_three_sources_agree(trained):
    folder, _ = trained
    m, p = model_of(folder, "m"), package(folder, "m")
    ways = (["--test-set", p / "test_set_m.npz"], ["--ds-name", "ptb-xl", "--ds-dir", "data/ptb-xl"],
            ["--ds-name", "csv", "--ds-dir", p / "test_set_m.csv", "--part", "all"])
    found = [json_lines(xplaim("evaluate", "-m", m, *w, "--json", cwd=folder), "evaluate")[0]["evaluation"] for w in ways]
    assert found[0]["cases"] == 12 and found[0]["patients"] == 6
    assert found[0] == found[1] == found[2]


def test_evaluated_as_a_page_shows_it(trained):
    """Of records of three seconds, "short" shows all, a page a part of each lead, "limb" half of the leads."""
    folder, _ = trained
    words = ["evaluate", "-m", model_of(folder, "m"), "--ds-name", "ptb-xl", "--ds-dir", "data/ptb-xl", "--json"]
    whole, short, page, limb = (
        json_lines(xplaim(*words, "--layout", layout, cwd=folder), "evaluate")[0]["evaluation"]
        for layout in ("whole", "short", "3x4+1", "limb"))
    assert whole == short  # three seconds are fewer than five
    briers = [[l["brier"]["value"] for l in e["labels"]] for e in (whole, page, limb)]
    assert all(a != b for a, b in ((briers[0], briers[1]), (briers[0], briers[2]), (briers[1], briers[2])))
    assert "3x4+1" in xplaim(*words[:-1], "--layout", "4x3", code=2, cwd=folder).stderr
    test_set = package(folder, "m") / "test_set_m.npz"
    assert "--ds-name" in xplaim("evaluate", "-m", model_of(folder, "m"), "--test-set", test_set, "--layout", "3x4", code=2,
                                 cwd=folder).stderr


def test_thresholds_come_from_validation_data(trained, tmp_path):
    folder, _ = trained
    m, npz = model_of(folder, "m"), package(folder, "m") / "test_set_m.npz"
    data_set = ["--ds-name", "ptb-xl", "--ds-dir", "data/ptb-xl", "--resamples", "0", "--json"]
    stored = [l["threshold"] for l in json_lines(xplaim("info", m, "--json"), "info")[0]["labels"]]

    def thresholds(*words):
        (o,) = json_lines(xplaim("evaluate", "-m", m, *words, cwd=folder), "evaluate")
        return [l["threshold"] for l in o["evaluation"]["labels"]]

    assert numpy.allclose(thresholds(*data_set), stored, atol=1e-6)  # the file has nine digits or more
    assert numpy.allclose(thresholds(*data_set, "--threshold", "youden"), stored, atol=1e-6)
    assert thresholds(*data_set, "--threshold", "0.25") == [0.25, 0.25]
    assert numpy.allclose(thresholds("--test-set", npz, "--val-set", npz, "--threshold", "f1", "--json"),
                          thresholds("--test-set", npz, "--val-set", npz, "--threshold", "f1", "--json"))
    done = xplaim("evaluate", "-m", m, "--test-set", npz, "--threshold", "youden", code=2)
    assert "--val-set" in done.stderr and "validation data" in done.stderr
    done = xplaim("evaluate", "-m", m, *data_set[:4], "--part", "validation", "--threshold", "youden", code=2, cwd=folder)
    assert "never on the data that are evaluated" in done.stderr


def test_labels_are_matched_by_name(trained, tmp_path):
    folder, _ = trained
    m, npz = model_of(folder, "m"), package(folder, "m") / "test_set_m.npz"
    with numpy.load(npz) as z:
        numpy.savez(tmp_path / "swapped.npz", x=z["x"], y=z["y"][:, ::-1], patient=z["patient"],
                    labels=numpy.frombuffer(b"pvc,afib", numpy.uint8))
        numpy.savez(tmp_path / "other.npz", x=z["x"], y=z["y"], labels=numpy.frombuffer(b"x,y", numpy.uint8))
        numpy.savez(tmp_path / "short.npz", x=z["x"][:, :100], y=z["y"])
        numpy.savez(tmp_path / "half.npz", x=z["x"], y=z["y"][:5])
        numpy.savez(tmp_path / "none.npz", y=z["y"])
    same = [json_lines(xplaim("evaluate", "-m", m, "--test-set", f, "--json"), "evaluate")[0]["evaluation"]
            for f in (npz, tmp_path / "swapped.npz")]
    assert same[0] == same[1]
    for name, told in (("other", "none of its labels"), ("short", "the model wants"), ("half", "y has 5"), ("none", "\"x\"")):
        assert told in xplaim("evaluate", "-m", m, "--test-set", tmp_path / f"{name}.npz", code=1).stderr


def test_compare_models(trained):
    folder, _ = trained
    early = sorted(package(folder, "m").glob("checkpoints/model_epoch_*"))[0]
    words = ["compare", "--model-a", model_of(folder, "m"), "--model-b", early, "--test-set",
             package(folder, "m") / "test_set_m.npz"]
    (o,) = json_lines(xplaim(*words, "--json"), "compare")
    assert [l["label"] for l in o["labels"]] == ["afib", "pvc"] and o["cases"] == 12
    (same,) = json_lines(xplaim(*words[:4], early, *words[5:], "--json", "--model-a", early), "compare")
    assert all(l["difference"] == 0 and l["sensitivity"]["mcnemar_p"] in (1, None) for l in same["labels"])


def test_bad_scores(tmp_path):
    numpy.save(tmp_path / "s.npy", numpy.array([[0.1], [numpy.nan]]))
    numpy.save(tmp_path / "y.npy", numpy.array([[1], [0]]))
    numpy.save(tmp_path / "y3.npy", numpy.array([[1], [0], [1]]))
    numpy.save(tmp_path / "y7.npy", numpy.array([[7], [0]]))
    numpy.save(tmp_path / "ok.npy", numpy.array([[0.1], [0.2]]))
    words = lambda s, y: ["evaluate", "--scores", tmp_path / s, "--truth", tmp_path / y]
    assert "case 1, label 0" in xplaim(*words("s.npy", "y.npy"), code=1).stderr
    assert "same shape" in xplaim(*words("ok.npy", "y3.npy"), code=1).stderr
    assert "element 0 is 7" in xplaim(*words("ok.npy", "y7.npy"), code=1).stderr
    assert "--truth" in xplaim("evaluate", "--scores", tmp_path / "ok.npy", code=2).stderr
    assert "which cases" in xplaim("evaluate", code=2).stderr
    assert "names" in xplaim(*words("ok.npy", "y.npy"), "--names", "a,b", code=2).stderr
