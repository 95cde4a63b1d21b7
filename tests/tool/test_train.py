"""train, bench --train: small data sets written here, and PTB-XL's where it is."""

import csv
import json
import pathlib
import resource
import signal
import subprocess
import tarfile
import time

import numpy
import pytest

from conftest import PATIENCE, TOOL, ecg, json_lines, shared, write_record, xplaim
from training import LENGTH, RATE, SMALL, copy_of, data, fold_of, model_of, package, rows, sha, signal_of, trained, words


def test_what_a_run_writes(trained):
    folder, said = trained
    p = package(folder, "m")
    assert "patients in more than one part: 0" in said and "memory: " in said
    best = sorted(p.glob("checkpoints/model_epoch_*_val_loss_*.safetensors"))
    assert best and (p / "checkpoints" / "state.safetensors").exists()
    log = rows(p / "logs" / "training.csv")
    assert [r["epoch"] for r in log] == [str(e + 1) for e in range(12)]
    losses = [float(r["val_loss"]) for r in log]
    e = losses.index(min(losses)) + 1
    assert best[-1].name == f"model_epoch_{e:02d}_val_loss_{min(losses):.2f}.safetensors"
    events = list(p.glob("logs/events.out.tfevents.*"))
    assert all(tag in events[0].read_bytes() for tag in (b"val_loss", b"learning_rate", b"weights/block1"))
    with numpy.load(p / "test_set_m.npz") as z:
        assert z["x"].shape == (12, LENGTH, 12) and z["y"].shape == (12, 2) and z["patient"].shape == (12,)
        assert bytes(z["labels"]) == b"afib,pvc"
        table = rows(p / "test_set_m.csv")
        assert numpy.array_equal(z["y"], [[int(r["afib"]), int(r["pvc"])] for r in table])
    # the network's leads are MIMIC's; the record's are in standard order
    with numpy.load(p / "test_set_m.npz") as z:
        done = xplaim("prepare", table[0]["path"], "-m", model_of(folder, "m"), "-o", folder / "x.npy")
        assert numpy.array_equal(numpy.load(folder / "x.npy")[0], z["x"][0]), done.stderr
    assert rows(p / "logs" / "test.csv")[0]["label"] == "afib"


def test_tensorboard_reads_the_events(trained):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder, _ = trained
    logs = package(folder, "m") / "logs"
    events = accumulator.EventAccumulator(str(logs), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    for name in ("loss", "val_loss", "val_auroc", "learning_rate"):
        want = [(int(r["epoch"]), float(r[name])) for r in rows(logs / "training.csv")]
        got = [(e.step, e.value) for e in events.Scalars(name)]
        assert [s for s, _ in got] == [s for s, _ in want]
        assert numpy.allclose([v for _, v in got], [v for _, v in want], rtol=1e-6)
    kernel = events.Histograms("weights/block1.conv1.k2.kernel")
    assert [e.step for e in kernel] == [1, 10] and kernel[0].histogram_value.num == 2 * 12 * 3


def test_it_learns(trained):
    folder, said = trained
    (o,) = json_lines(xplaim("evaluate", "-m", model_of(folder, "m"), "--test-set", package(folder, "m") / "test_set_m.npz",
                             "--json"), "evaluate")
    assert o["evaluation"]["macro"]["auroc"]["value"] > 0.9, said


def test_the_model_says_what_it_is(trained):
    folder, _ = trained
    (o,) = json_lines(xplaim("info", model_of(folder, "m"), "--json"), "info")
    assert o["model"]["trained"] is True and o["model"]["name"] == "m"
    assert [l["name"] for l in o["labels"]] == ["afib", "pvc"]
    for l in o["labels"]:
        assert l["long_name"] and 0 < l["threshold"] < 1 and "on validation data (12 records)" in l["threshold_source"]
        assert l["n_positive"] > 0 and 0.5 < l["auroc"] <= 1
        assert l["auroc"] == 1 or 0 <= l["auroc_low"] <= l["auroc"] <= l["auroc_high"] <= 1
    head = model_of(folder, "m").read_bytes()
    meta = json.loads(head[8 : 8 + int.from_bytes(head[:8], "little")])["__metadata__"]
    about = json.loads(meta["training_data"])
    assert about["train"]["records"] == 96 and about["test"]["positives"] == {"afib": 4, "pvc": 3} and "CC BY 4.0" in meta["licence"]


def test_the_seed_decides(data, tmp_path):
    copy_of(data, tmp_path)
    for name, more in (("a", []), ("b", []), ("c", ["--seed", "2"])):
        xplaim(*words(name, "--augment", *more), cwd=tmp_path)
    state = [sha(package(tmp_path, n) / "checkpoints/state.safetensors") for n in "abc"]
    assert state[0] == state[1] != state[2]
    without = xplaim(*words("d", "--augment", "--no-cache"), cwd=tmp_path)  # the cache changes nothing
    assert sha(package(tmp_path, "d") / "checkpoints/state.safetensors") == state[0], without.stdout


def sinus(n, rate, period):
    """Beats with P, QRS and T, (n, 12) mV in the order of LEADS."""
    t = numpy.arange(n) / rate % period
    wave = sum(a * numpy.exp(-(((t - at) / w) ** 2) / 2) for a, at, w in ((0.15, 0.1, 0.02), (1, 0.28, 0.012), (0.3, 0.52, 0.04)))
    one, two = 0.7 * wave, 1.1 * wave
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return numpy.stack(limb + [0.3 * (k + 1) * wave for k in range(6)], axis=1)


def test_rhythms_are_made(tmp_path):
    """Of sinus records alone premature beats are learnt of: labels change where rhythms do, by the seed."""
    lines = ["path,strat_fold,pac,bradsr"]
    for i in range(40):
        noise = 0.01 * numpy.random.default_rng(i).normal(size=(1000, 12))
        write_record(tmp_path / "set", f"r{i}", sinus(1000, 100, 0.9 + 0.01 * (i % 5)) + noise, 100)
        lines.append(f"r{i},{1 + i % 10},{int(i in (0, 8))},{int(i in (1, 8))}")  # fold 9 has one of each
    (tmp_path / "set" / "labels.csv").write_text("\n".join(lines) + "\n")
    how = ["train", "--all", "--labels", "pac,bradsr", "--train-ds-name", "csv", "--train-ds-dir", "set", "--epochs", "2",
           "--batch-size", "8", "--rate", "100", "--filters", "3,4", "--kernels", "2,5,9", "--threads", "2"]
    states, losses = {}, {}
    for name, more in (("plain", []), ("made", ["--aug-rhythm", "0.5"]), ("again", ["--aug-rhythm", "0.5"])):
        xplaim(*how, "--model-name", name, *more, cwd=tmp_path)
        states[name] = sha(package(tmp_path, name) / "checkpoints/state.safetensors")
        losses[name] = [float(r["loss"]) for r in rows(package(tmp_path, name) / "logs" / "training.csv")]
    assert states["made"] == states["again"] != states["plain"]
    assert losses["made"][0] != losses["plain"][0]


def test_killed_and_resumed(data, tmp_path):
    copy_of(data, tmp_path)
    more = ["--augment", "--ema", "0.9", "--save-steps", "1", "--early-stop", "30"]
    xplaim(*words("whole", *more, epochs=6), cwd=tmp_path)
    want = sha(package(tmp_path, "whole") / "checkpoints/state.safetensors")
    state = package(tmp_path, "cut") / "checkpoints" / "state.safetensors"
    command = [str(TOOL), *map(str, words("cut", *more, epochs=6))]
    resumed = 0
    for wait in (0, 0.02, 0.05, 0.1, 0.2):
        run = subprocess.Popen(command + (["--resume"] if state.exists() else []), cwd=tmp_path, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        first, patience = state.stat().st_mtime_ns if state.exists() else 0, time.monotonic() + PATIENCE
        while (not state.exists() or state.stat().st_mtime_ns == first) and run.poll() is None and time.monotonic() < patience:
            time.sleep(0.001)
        time.sleep(wait)
        run.send_signal(signal.SIGKILL)
        run.wait()
        resumed += run.returncode == -signal.SIGKILL
    assert resumed > 0
    done = xplaim(*words("cut", *more, "--resume", epochs=6), cwd=tmp_path)
    assert "resumed at epoch" in done.stdout and sha(state) == want
    logs = [[{k: v for k, v in r.items() if k != "seconds"} for r in rows(package(tmp_path, n) / "logs/training.csv")]
            for n in ("whole", "cut")]
    assert logs[0] == logs[1]
    models = [sorted(p.name for p in package(tmp_path, n).glob("checkpoints/model_*")) for n in ("whole", "cut")]
    assert models[0] == models[1]
    sets = [sha(package(tmp_path, n) / f"test_set_{n}.npz") for n in ("whole", "cut")]
    assert sets[0] == sets[1]


@pytest.mark.once
def test_interrupted(data, tmp_path):
    """Ctrl-C: the state is saved at the step, the end is by the signal, and --resume has the same bits."""
    copy_of(data, tmp_path)
    xplaim(*words("whole", epochs=40), cwd=tmp_path)
    state = package(tmp_path, "cut") / "checkpoints" / "state.safetensors"
    run = subprocess.Popen([str(TOOL), *map(str, words("cut", epochs=40))], cwd=tmp_path, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    assert any(line.startswith("epoch") for line in run.stdout)
    run.send_signal(signal.SIGSTOP)  # so that it does not end before the other has started
    other = xplaim(*words("cut", epochs=40), "--overwrite", cwd=tmp_path, code=2)  # the package is taken meanwhile
    assert "another xplaim train" in other.stderr
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGCONT)
    _, told = run.communicate()
    assert run.returncode == -signal.SIGINT and "go on with --resume" in told
    assert "resumed at epoch" in xplaim(*words("cut", epochs=40), "--resume", cwd=tmp_path).stdout
    assert sha(state) == sha(package(tmp_path, "whole") / "checkpoints/state.safetensors")


def test_plateau(data, tmp_path):
    """The rate falls to a tenth where two epochs in a row were not better; a resumed run has the same rates."""
    copy_of(data, tmp_path)
    how = ["--schedule", "plateau", "--patience", "2", "--lr", "0.1"]
    xplaim(*words("p", *how, epochs=14), cwd=tmp_path)
    log = rows(package(tmp_path, "p") / "logs/training.csv")
    best, waited, rate, falls = float("inf"), 0, 0.1, 0
    for r in log:
        waited = 0 if float(r["val_loss"]) < best else waited + 1
        best = min(best, float(r["val_loss"]))
        if waited and waited % 2 == 0:
            rate, falls = rate / 10, falls + 1
        assert float(r["learning_rate"]) == pytest.approx(rate)
    assert falls > 0
    assert "other data" in xplaim(*words("p", *how, "--resume", "--patience", "3", epochs=14), cwd=tmp_path, code=2).stderr


def test_long_records(data, tmp_path):
    """Records of two and a half windows: training takes any of them, a record's probability is the largest, as predict's."""
    long, folds = tmp_path / "long", {8: 9, 9: 10}
    for i in range(20):
        write_record(long, f"l{i}", numpy.concatenate([signal_of(i + 3 * k) for k in range(3)])[: 5 * LENGTH // 2], RATE)
    (long / "labels.csv").write_text("path,patient_id,strat_fold,fast\n" + "".join(
        f"l{i}.hea,{i},{folds.get(i // 2, 1)},{int(i % 4 == 0)}\n" for i in range(20)))
    base = ["--all", "--labels", "fast", "--train-ds-name", "csv", "--train-ds-dir", "long", "--epochs", "3", "--batch-size", "8",
            *SMALL]
    said = xplaim("train", "--model-name", "l", *base, cwd=tmp_path).stdout
    assert "2 test records are longer than the input" in said
    xplaim("train", "--model-name", "again", *base, "--no-cache", cwd=tmp_path)
    assert sha(package(tmp_path, "l") / "checkpoints/state.safetensors") == sha(
        package(tmp_path, "again") / "checkpoints/state.safetensors")
    done = xplaim("predict", "-m", model_of(tmp_path, "l"), long, "--json", cwd=tmp_path)
    p = {pathlib.Path(o["record"]).name: o["labels"][0]["probability"] for o in json_lines(done, "predict")}
    (o,) = json_lines(xplaim("evaluate", "-m", model_of(tmp_path, "l"), "--ds-name", "csv", "--ds-dir", "long", "--part", "all",
                             "--json", cwd=tmp_path), "evaluate")
    brier = numpy.mean([(p[f"l{i}"] - (i % 4 == 0)) ** 2 for i in range(20)])
    assert o["evaluation"]["labels"][0]["brier"]["value"] == pytest.approx(brier, rel=1e-5)
    (o,) = json_lines(xplaim("evaluate", "-m", model_of(tmp_path, "l"), "--ds-name", "csv", "--ds-dir",
                             package(tmp_path, "l") / "test_set_l.csv", "--part", "all", "--json", cwd=tmp_path), "evaluate")
    brier = numpy.mean([(p[f"l{i}"] - (i % 4 == 0)) ** 2 for i in (18, 19)])
    assert o["evaluation"]["labels"][0]["brier"]["value"] == pytest.approx(brier, rel=1e-5)


def test_a_run_is_not_overwritten(data, tmp_path):
    copy_of(data, tmp_path)
    assert "no run to go on" in xplaim(*words("r", "--resume"), cwd=tmp_path, code=1).stderr
    xplaim(*words("r", epochs=1), cwd=tmp_path)
    before = sha(package(tmp_path, "r") / "checkpoints/state.safetensors")
    done = xplaim(*words("r"), cwd=tmp_path, code=2)
    assert "--resume" in done.stderr and "--overwrite" in done.stderr
    done = xplaim(*words("r", "--resume", "--seed", "3"), cwd=tmp_path, code=2)
    assert "other data, parts, labels or settings" in done.stderr
    assert sha(package(tmp_path, "r") / "checkpoints/state.safetensors") == before
    xplaim(*words("r", "--resume", "--schedule", "constant", epochs=1), cwd=tmp_path, code=2)
    done = xplaim(*words("r", "--overwrite", "--early-stop", "1", "--lr", "0.5", epochs=30), cwd=tmp_path)
    assert len(rows(package(tmp_path, "r") / "logs/training.csv")) < 30 and "stopped" in done.stdout


def test_the_published_draw(data, tmp_path):
    copy_of(data, tmp_path)
    counts = ["--label-counts", "afib", "24", "neg", "24", "--train-batches", "3", "--val-batches", "1", "--test-batches", "1"]
    done = xplaim(*words("lqt", *counts), cwd=tmp_path)
    assert "patients in more than one part: 0" in done.stdout
    with numpy.load(package(tmp_path, "lqt") / "test_set_lqt.npz") as z:
        assert z["x"].shape[0] == 8 and z["y"].shape == (8, 1) and 2 <= z["y"].sum() <= 6
    rates = [float(r["learning_rate"]) for r in rows(package(tmp_path, "lqt") / "logs/training.csv")]
    assert rates == pytest.approx([0.0095, 0.009025])  # 0.01 times 0.95 an epoch: that of the next one
    few = xplaim(*words("x", "--label-counts", "afib", "41", "neg", "5"), cwd=tmp_path, code=2)
    assert "afib 40 (asked for 41), neg 80 (asked for 5)" in few.stderr
    few = xplaim(*words("x", "--label-counts", "afib", "10", "neg", "10", "--train-batches", "3"), cwd=tmp_path, code=2)
    assert "24 training" in few.stderr and "20 were drawn" in few.stderr
    assert not package(tmp_path, "x").exists()


def test_labels_that_cannot_be_learnt(data, tmp_path):
    copy_of(data, tmp_path)
    done = xplaim(*words("x", labels="afib,vt,wpw"), cwd=tmp_path, code=2)
    assert "vt (0 yes, 0 no)" in done.stderr and "wpw (0 yes, 96 no)" in done.stderr
    done = xplaim(*words("x", "--val-batches", "1", "--monitor", "auroc", "--batch-size", "1"), cwd=tmp_path, code=2)
    assert "no AUROC" in done.stderr and not package(tmp_path, "x").exists()
    assert "\"nolabel\"" in xplaim(*words("x", labels="afib,nolabel"), cwd=tmp_path, code=1).stderr


def test_unknown_labels_are_masked(data, tmp_path):
    """imi is 0 or unknown throughout: with --uncertain 1 it can be learnt, beside labels that are known."""
    copy_of(data, tmp_path)
    xplaim("setup", "--uncertain", "1", cwd=tmp_path)
    table = tmp_path / "output/metadata/ptb-xl_labels_metadata.csv"
    text = table.read_text().splitlines()
    column = text[0].split(",").index("imi")
    for i in range(3, len(text), 3):
        fields = text[i].split(",")
        fields[column] = "-1"
        text[i] = ",".join(fields)
    table.write_text("\n".join(text) + "\n")
    done = xplaim(*words("u", labels="afib,imi"), "--class-weights", "sqrt", cwd=tmp_path)
    line = next(l for l in done.stdout.splitlines() if l.startswith("imi"))
    assert sum(map(int, line.split()[1:4])) == 96 and int(line.split()[3]) > 25


def test_missing_record(data, tmp_path):
    copy_of(data, tmp_path)
    (tmp_path / "data/ptb-xl/records500/00000/00005_hr.dat").unlink()
    done = xplaim(*words("x"), cwd=tmp_path, code=1)
    assert "00005_hr" in done.stderr and "--skip-bad" in done.stderr
    done = xplaim(*words("x", "--skip-bad"), cwd=tmp_path)
    assert "left out" in done.stderr and "00005_hr" in done.stderr and "1 records left out: they cannot be read" in done.stdout
    done = xplaim(*words("y", "--no-cache"), cwd=tmp_path, code=1)
    assert "00005_hr" in done.stderr


def test_corrupt_metadata(data, tmp_path):
    copy_of(data, tmp_path)
    table = tmp_path / "output/metadata/ptb-xl_labels_metadata.csv"
    lines = table.read_text().splitlines()
    for bad, told in ((lines[5].rsplit(",", 3)[0], "line 6"), (lines[5].replace(",1,", ",maybe,", 1), "line 6")):
        table.write_text("\n".join(lines[:5] + [bad] + lines[6:]) + "\n")
        assert told in xplaim(*words("x"), cwd=tmp_path, code=1).stderr
    table.unlink()
    assert "xplaim setup --datasets ptb-xl" in xplaim(*words("x"), cwd=tmp_path, code=1).stderr


def test_loss_that_is_no_number(data, tmp_path):
    copy_of(data, tmp_path)
    xplaim(*words("x", epochs=1), cwd=tmp_path)
    checkpoints = package(tmp_path, "x") / "checkpoints"
    names = sorted(p.name for p in checkpoints.iterdir())
    done = xplaim(*words("nan", "--lr", "1e30", epochs=4), cwd=tmp_path, code=1)
    assert "epoch" in done.stderr and "checkpoints are as they were" in done.stderr
    assert sorted(p.name for p in checkpoints.iterdir()) == names


def test_full_disk(data, tmp_path):
    """No file may grow beyond a limit: what a full disk looks like to the program."""
    copy_of(data, tmp_path)
    xplaim(*words("x", "--schedule", "constant", "--tensorboard-freq", "0", epochs=2), cwd=tmp_path)
    checkpoints = package(tmp_path, "x") / "checkpoints"
    before = {p.name: sha(p) for p in checkpoints.iterdir()}

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = xplaim(*words("x", "--schedule", "constant", "--tensorboard-freq", "0", "--resume", "--no-cache", epochs=3),
                  cwd=tmp_path, code=1, preexec_fn=limit)
    assert "IO" in done.stderr
    assert before == {p.name: sha(p) for p in checkpoints.iterdir() if p.name in before}
    assert not [p for p in checkpoints.iterdir() if p.name not in before and not p.name.startswith("model_epoch_03")]
    for more in ([], ["--skip-bad"]):  # a full disk is no bad record
        done = xplaim(*words("f", "--cache-dir", "fresh", *more), cwd=tmp_path, code=1, preexec_fn=limit)
        assert "cache" in done.stderr and "left out" not in done.stderr and "skip-bad" not in done.stderr
    xplaim(*words("x", "--schedule", "constant", "--tensorboard-freq", "0", "--resume", epochs=3), cwd=tmp_path)


def test_architectures_and_fine_tuning(data, tmp_path):
    copy_of(data, tmp_path)
    base = [w for w in map(str, words("x", epochs=1))]
    cut = base.index("--filters")
    base = base[:cut] + base[cut + 4 :]
    for arch in ("cnn", "gru"):
        run = [arch if w == "x" else w for w in base]
        xplaim(*run, "--arch", arch, "--leads", "I,II,V1,V5", "--dropout", "0.2", cwd=tmp_path)
        (o,) = json_lines(xplaim("info", model_of(tmp_path, arch), "--json"), "info")
        assert o["model"]["architecture"] == arch and o["input"]["leads"] == ["I", "II", "V1", "V5"]
    done = xplaim(*["fine" if w == "x" else w for w in base], "--init", model_of(tmp_path, "cnn"), cwd=tmp_path)
    assert "epoch 1/1" in done.stdout
    done = xplaim(*["y" if w == "x" else w for w in map(str, words("x", labels="pvc,afib"))], "--init",
                  model_of(tmp_path, "cnn"), cwd=tmp_path, code=2)
    assert "its labels are not those" in done.stderr


def test_several_data_sets(data, tmp_path):
    """A csv data set beside PTB-XL: its patients are its own, and its missing label is unknown."""
    copy_of(data, tmp_path)
    more = tmp_path / "more"
    for i in range(20):
        write_record(more, f"e{i}", signal_of(i), RATE)
    lines = [f"e{i},{i},{1 + i % 8},{int(i % 3 == 0)}" for i in range(20)]
    (more / "labels.csv").write_text("path,patient_id,strat_fold,afib\n" + "\n".join(lines) + "\n")
    done = xplaim(*words("s", "--train-ds-name", "csv", "--train-ds-dir", "more", epochs=1), cwd=tmp_path)
    line = next(l for l in done.stdout.splitlines() if l.startswith("pvc"))
    pvc = sum(i % 4 == 0 and fold_of(i) < 9 for i in range(120))
    assert list(map(int, line.split()[1:4])) == [pvc, 96 - pvc, 20]
    done = xplaim(*words("s", "--train-ds-name", "csv"), cwd=tmp_path, code=2)
    assert "2 times, its folder 1" in done.stderr
    done = xplaim(*words("s", "--train-ds-name", "ptb-xl", "--train-ds-dir", "data/ptb-xl"), cwd=tmp_path, code=2)
    assert "named twice" in done.stderr


def test_usage(data):
    for more, told in ((["--arch", "vgg"], "ecg-xplaim, cnn or gru"), (["--schedule", "x"], "one-cycle"),
                       (["--epochs", "0"], "at least 1"), (["--aug-lead-drop", "3"], "probability"),
                       (["--class-weights", "x"], "balanced"), (["--threshold", "0.5"], "youden, f1 or sensitivity"), (["--monitor", "x"], "auroc"),
                       (["--label-counts", "afib"], "what to learn"),
                       (["--aug-rhythm", "0.6"], "0.5"), (["--aug-layout", "2"], "probability")):
        assert told in xplaim(*words("z"), *more, cwd=data, code=2).stderr
    assert "--model-name" in xplaim("train", "--all", code=2).stderr
    assert "pairs" in xplaim("train", "--model-name", "z", "--label-counts", "afib", code=2).stderr
    assert "a/b" in xplaim(*words("a/b"), cwd=data, code=2).stderr
    assert "ptb-xl, mimic-iv, cinc or csv" in xplaim("train", "--model-name", "z", "--all", "--train-ds-name", "q",
                                                     "--train-ds-dir", ".", cwd=data, code=2).stderr
    assert "balanced" in xplaim("train", "--help").stdout


def test_cinc_score(tmp_path):
    """The challenge's score by its own weights.csv: the case that tests/unit/test_metrics.c works out by hand."""
    (tmp_path / "weights.csv").write_text(",x|A,426783006,B\nx|A,1,.2,.5\n426783006,.2,1,0\nB,.5,0,1\n")
    numpy.save(tmp_path / "s.npy", numpy.array([[0.6, 0.1, 0.9], [0, 0.5, 0.2], [0.3, 0.2, 0.7], [0.2, 0.1, 0.4]]))
    numpy.save(tmp_path / "y.npy", numpy.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]], dtype="i1"))
    how = ["evaluate", "--scores", "s.npy", "--truth", "y.npy", "--names", "a,426783006,B", "--threshold", "0.5", "--cinc-weights",
           "weights.csv"]
    (o,) = json_lines(xplaim(*how, "--json", cwd=tmp_path), "evaluate")
    assert o["cinc_score"] == {"value": pytest.approx(0.4), "classes": 3, "missing_classes": 0}
    assert "CinC challenge score: 0.4000 over 3 classes" in xplaim(*how, cwd=tmp_path).stdout
    assert "sinus rhythm" in xplaim(*how, "--cinc-normal", "NSR", cwd=tmp_path, code=1).stderr


def test_train_json(data, tmp_path):
    copy_of(data, tmp_path)
    (o,) = json_lines(xplaim(*words("j", "--json", epochs=1), cwd=tmp_path), "train")
    assert o["epochs"] == 1 and o["test"]["cases"] == 12


def test_bench_of_training(models):
    (o,) = json_lines(xplaim("bench", "--train", "-m", models("zoo"), "--batch", "4", "--repeat", "2", "--json"), "bench_train")
    assert o["batch"] == 4 and 0 < o["step"]["min_ms_per_record"] <= o["step"]["median_ms_per_record"] and o["trainer_bytes"] > 0
    assert "training step" in xplaim("bench", "--train", "-m", models("zoo"), "--batch", "2", "--repeat", "1").stdout


# ==== PTB-XL =====================================================================================


def records_of_ptbxl(folder, wanted):
    """Records of the PTB-XL subset for which wanted(row of its table) holds, with a table of them."""
    table, rows_there = folder / "data/ptb-xl/ptbxl_database.csv", {}
    with tarfile.open(shared("data", "ptb-xl-subset-500hz.tar.xz"), "r|xz") as tar:
        for member in tar:
            name = member.name.removeprefix("ptb-xl/")
            if name == "ptbxl_database.csv":
                text = tar.extractfile(member).read().decode().splitlines()
                rows_there = {r["filename_hr"]: r for r in csv.DictReader(text) if wanted(r)}
            elif name.rsplit(".", 1)[0] in rows_there:
                path = folder / "data/ptb-xl" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())
    there = list(rows_there.values())
    with open(table, "w", newline="") as f:
        w = csv.DictWriter(f, list(there[0]))
        w.writeheader()
        w.writerows(there)


@pytest.mark.once
def test_the_published_example_learns(tmp_path):
    """Twenty steps at the published rate and size: the statistics of batch normalisation begin with the data."""
    records_of_ptbxl(tmp_path, lambda r: "IMI'" in r["scp_codes"] or int(r["ecg_id"]) % 8 == 0)
    xplaim("setup", cwd=tmp_path)
    xplaim("train", "--model-name", "q", "--label-counts", "imi", "120", "neg", "120", "--epochs", "2", "--train-batches", "10",
           "--batch-size", "16", "--lr", "0.01", "--train-ds-name", "ptb-xl", "--train-ds-dir", "data/ptb-xl", "--val-batches",
           "3", cwd=tmp_path)
    log = rows(package(tmp_path, "q") / "logs" / "training.csv")
    assert max(float(r["val_auroc"]) for r in log) > 0.7 and all(float(r["val_loss"]) < 3 for r in log)


@pytest.fixture(scope="session")
def ptbxl(tmp_path_factory):
    """The first records of the PTB-XL subset, and the rows of its table that name them."""
    archive = shared("data", "ptb-xl-subset-500hz.tar.xz")
    folder, found = tmp_path_factory.mktemp("ptbxl"), 0
    with tarfile.open(archive, "r|xz") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith((".csv", ".hea", ".dat")):
                path = folder / "data" / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())
                found += member.name.endswith(".hea")
            if found > 120:
                break
    table = folder / "data/ptb-xl/ptbxl_database.csv"
    with open(table, newline="") as f:
        everything = list(csv.DictReader(f))
    there = [r for r in everything if (folder / "data/ptb-xl" / (r["filename_hr"] + ".dat")).exists()
             and (folder / "data/ptb-xl" / (r["filename_hr"] + ".hea")).exists()]
    with open(table, "w", newline="") as f:
        w = csv.DictWriter(f, list(everything[0]))
        w.writeheader()
        w.writerows(there)
    return folder, there


def test_an_epoch_of_ptbxl(ptbxl):
    folder, there = ptbxl
    (o,) = json_lines(xplaim("setup", "--json", cwd=folder), "setup")
    yes = {l["name"]: l["yes"] for l in o["labels"]}
    assert o["records"] == len(there) and yes["afib"] == sum("'AFIB'" in r["scp_codes"] for r in there)
    train = [r for r in rows(folder / "output/metadata/ptb-xl_labels_metadata.csv") if int(r["strat_fold"]) < 9]
    labels = [n for n in yes if {"0", "1"} <= {r[n] for r in train}]
    assert len(labels) > 2
    done = xplaim("train", "--model-name", "p", "--all", "--labels", ",".join(labels), "--train-ds-name", "ptb-xl",
                  "--train-ds-dir", "data/ptb-xl", "--epochs", "1", "--batch-size", "8", "--rate", "100", "--filters", "4,4",
                  "--augment", cwd=folder)
    assert "epoch 1/1" in done.stdout and "patients in more than one part: 0" in done.stdout
    path = folder / "data/ptb-xl" / there[0]["filename_hr"]
    assert json_lines(xplaim("predict", "-m", model_of(folder, "p"), path, "--json"), "predict")[0]["model"]["trained"]
