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


def maker(graph, output):
    return next((node for node in graph.node if output in node.output), None)


def moments_before(graph, pooled):
    """The convolution of a network with a floor under its moments: pooled is what it says of each, above the floor."""
    relu = maker(graph, pooled)
    conv = relu and relu.op_type == "Relu" and maker(graph, relu.input[0])
    return conv if conv and conv.op_type == "Conv" and len(conv.input) == 3 else None


def network(model):
    """The model with two more outputs, what its last layer weighs at each time (windows, channels, time) and log-odds, and
    that layer's kernel and bias: their log-odds of each time are pooled, those of a network with a floor once they are at
    least that."""
    with tempfile.TemporaryDirectory() as folder:
        call("export", "-m", model, "-o", f"{folder}/model.onnx")
        graph = onnx.load(f"{folder}/model.onnx")
    last = [node for node in graph.graph.node if node.op_type == "Gemm"][-1]
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    kernel, bias = (weights[name] for name in last.input[1:])
    features = maker(graph.graph, last.input[0]).input[0]
    moments = moments_before(graph.graph, features)
    if moments:
        features = moments.input[0]
        kernel, bias = weights[moments.input[1]][:, :, 0].T @ kernel, weights[moments.input[2]] @ kernel + bias
    del graph.graph.output[:]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in (features, last.output[0]))
    return onnxruntime.InferenceSession(graph.SerializeToString()), kernel, bias


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


def make(model, data, work, folder, needed):
    """Of the recordings that are needed. Fills the folder: x.npy, maps.npy (float16), log_odds.npy, recordings.json; goes on where it was stopped."""
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    if not os.path.exists(path("recordings.json")):
        rows = [row for row in recordings(data, work, label_names(model)) if needed(row)]
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
