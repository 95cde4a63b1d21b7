"""What a network makes of the recordings it was trained, validated and looked at on, kept in a folder: for benches
that try what else could be made of it (source.py, frozen.py)."""

import csv
import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass

import numpy as np
import onnx
import onnxruntime

XPLAIM = os.environ.get("XPLAIM", "build/xplaim")


@dataclass
class Recording:
    source: str
    path: str
    patient: str
    fold: int  # 0: has none
    labels: dict  # 1, 0; -1: unknown
    windows: list  # first and one past the last, of the arrays


def call(*arguments):
    return subprocess.run([XPLAIM, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def label_names(model):
    return [label["name"] for label in json.loads(call("info", model, "--json"))["labels"]]


def table(source, file, place, names):
    with open(file, newline="") as f:
        return [Recording(source, place(row), row.get("patient_id") or row["path"], int(row.get("strat_fold") or 0),
                          {name: int(float(row[name])) for name in names if row.get(name)}, []) for row in csv.DictReader(f)]


def recordings(data, work, names):
    """All tables of scripts/train-weights, and the recordings of other hospitals."""
    out = table("ptb-xl", f"{work}/any/metadata/ptb-xl_labels_metadata.csv",
                lambda row: os.path.join(data, "ptb-xl", row["filename_hr"]), names)
    for source in ("ptb-xl-100hz", "ptb-xl-extra", "rdb-rhythm"):
        out += table(source, f"{work}/any/{source}.csv", lambda row: row["path"], names)
    return out + table("external-dev", f"{data}/external-dev/labels.csv",
                       lambda row: os.path.join(data, "external-dev", row["path"]), names)


def network(model):
    """The model with two more outputs: what its last layer pools over time (windows, channels, time), and log-odds."""
    with tempfile.TemporaryDirectory() as folder:
        call("export", "-m", model, "-o", f"{folder}/model.onnx")
        graph = onnx.load(f"{folder}/model.onnx")
    last = [node for node in graph.graph.node if node.op_type == "Gemm"][-1]
    pooled = next(node for node in graph.graph.node if last.input[0] in node.output)
    del graph.graph.output[:]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in (pooled.input[0], last.output[0]))
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    return onnxruntime.InferenceSession(graph.SerializeToString()), weights[last.input[1]], weights[last.input[2]]


def run(session, x):
    return session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(x)})


def prepare(rows, model):
    """All windows in mV, as the network is shown them."""
    windows, n = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            call("prepare", row.path, "-m", model, "-o", f"{folder}/x.npy", "--accept-missing-leads")
            windows.append(np.load(f"{folder}/x.npy"))
            row.windows = [n, n + len(windows[-1])]
            n = row.windows[1]
    return np.concatenate(windows)


def make(model, data, work, folder):
    """Fills the folder: x.npy, maps.npy (float16), log_odds.npy, recordings.json; goes on where it was stopped."""
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    if not os.path.exists(path("recordings.json")):
        rows = recordings(data, work, label_names(model))
        np.save(path("x.npy"), prepare(rows, model))
        with open(path("recordings.json"), "w") as f:
            json.dump([asdict(row) for row in rows], f)
    x, session = np.load(path("x.npy"), mmap_mode="r"), network(model)[0]
    maps, log_odds = run(session, x[:1])
    done = int(open(path("done")).read()) if os.path.exists(path("done")) else 0
    mode = "r+" if done else "w+"
    maps = np.lib.format.open_memmap(path("maps.npy"), mode, np.float16, (len(x), *maps.shape[1:]))
    log_odds = np.lib.format.open_memmap(path("log_odds.npy"), mode, np.float32, (len(x), log_odds.shape[1]))
    for i in range(done, len(x), 16):
        maps[i:i + 16], log_odds[i:i + 16] = run(session, x[i:i + 16])
        if i // 16 % 20 == 19:
            maps.flush(), log_odds.flush()
            with open(path("done"), "w") as f:
                f.write(str(i + 16))
    with open(path("done"), "w") as f:
        f.write(str(len(x)))


def load(folder):
    path = lambda name: os.path.join(folder, name)
    with open(path("recordings.json")) as f:
        rows = [Recording(**row) for row in json.load(f)]
    return rows, *(np.load(path(name), mmap_mode="r") for name in ("x.npy", "maps.npy", "log_odds.npy"))
