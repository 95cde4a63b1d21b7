"""xplaim against PyTorch on the processor: same weights, same input, turn by turn in one run.

    tests/bench/run-pytorch MODEL.safetensors [--rounds N] [--repeat N] [--threads N]

The network is read from the model file's own graph, so any convolutional model can be compared.
PyTorch's tensors are (record, channel, time); ours (time, channel). Each round times PyTorch and
xplaim one after the other, so that both see the same machine; the figure is the minimum and the
median over all runs of all rounds.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

import numpy
import torch
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_model(path):
    """The graph's operations and the weights as tensors. safetensors: the header's length (8 bytes,
    little-endian), the header as JSON with byte ranges, then the data."""
    data = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    graph = json.loads(header.pop("__metadata__")["graph"])
    weights = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        kind = {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]
        values = numpy.frombuffer(data[start + first : start + last], kind).astype(numpy.float32)
        weights[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return graph["ops"], weights


def same_padding(length, kernel, stride):
    """Keras: as much as needed for ceil(length / stride) outputs, the odd one on the right."""
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: torch.softmax(x, 1),
}


class Network:
    """What torch.nn modules would do, with weights laid out once as PyTorch wants them."""

    def __init__(self, ops, weights):
        self.steps = [self.step(op, weights) for op in ops]
        self.names = [op["name"] for op in ops]
        self.inputs = [op["inputs"] for op in ops]
        self.last_use = {name: i for i, names in enumerate(self.inputs) for name in names}

    def step(self, op, weights):
        kind, name = op["kind"], op["name"]
        make = getattr(self, "make_" + kind, None)
        if make is None:
            raise SystemExit(f"{name}: this bench has no {kind}")
        return make(op, {k[len(name) + 1 :]: v for k, v in weights.items() if k.startswith(name + ".")})

    def make_input(self, op, w):
        return lambda x: x

    def make_conv1d(self, op, w):
        kernel = w["kernel"].permute(2, 1, 0).contiguous()  # (k, in, out) -> (out, in, k)
        activation, bias, stride = ACTIVATIONS[op["activation"]], w.get("bias"), op["stride"]

        def run(x):
            if op["padding"] == "same":
                x = F.pad(x, same_padding(x.shape[2], op["kernel"], stride))
            return activation(F.conv1d(x, kernel, bias, stride))

        return run

    def make_batchnorm(self, op, w):
        mean, variance = w["moving_mean"], w["moving_variance"]
        gamma, beta = w.get("gamma"), w.get("beta")
        return lambda x: F.batch_norm(x, mean, variance, gamma, beta, eps=op["epsilon"])

    def make_activation(self, op, w):
        return ACTIVATIONS[op["activation"]]

    def make_concat(self, op, w):
        return lambda *x: torch.cat(x, 1)

    def make_add(self, op, w):
        return lambda *x: sum(x[1:], x[0])

    def make_maxpool(self, op, w):
        def run(x):
            if op["padding"] == "same":
                pad = same_padding(x.shape[2], op["kernel"], op["stride"])
                x = F.pad(x, pad, value=-float("inf")) if any(pad) else x
            return F.max_pool1d(x, op["kernel"], op["stride"])

        return run

    def make_global_avgpool(self, op, w):
        return lambda x: x.mean(2)

    def make_global_maxpool(self, op, w):
        return lambda x: x.amax(2)

    def make_dropout(self, op, w):
        return lambda x: x

    def make_flatten(self, op, w):
        return lambda x: x.transpose(1, 2).flatten(1)

    def make_dense(self, op, w):
        kernel, activation = w["kernel"].t().contiguous(), ACTIVATIONS[op["activation"]]
        bias = w.get("bias")
        return lambda x: activation(F.linear(x, kernel, bias))

    def __call__(self, x):
        values = {}
        for i, (name, step, inputs) in enumerate(zip(self.names, self.steps, self.inputs)):
            values[name] = step(*([values[k] for k in inputs] or [x]))
            for k in set(inputs):
                if self.last_use[k] == i:
                    del values[k]
        return values[self.names[-1]]


def time_torch(network, x, repeat):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        network(x)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def time_xplaim(tool, model, repeat, threads):
    words = [tool, "bench", "-m", model, "--repeat", str(repeat), "--threads", str(threads), "--json"]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def compare_outputs(tool, model, network, x):
    """Largest difference of the probabilities of the two engines."""
    with tempfile.TemporaryDirectory() as folder:
        numpy.save(f"{folder}/x.npy", x)
        words = [tool, "predict", "-m", model, f"{folder}/x.npy", "-o", f"{folder}/p.npy"]
        subprocess.run(words, check=True, capture_output=True)
        ours = numpy.load(f"{folder}/p.npy")
    theirs = network(torch.from_numpy(x).transpose(1, 2).contiguous()).numpy()
    return float(numpy.abs(ours - theirs).max())


def processor():
    names = [l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {len(names)} processors seen"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--tool", default=str(ROOT / "build" / "xplaim"))
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.set_grad_enabled(False)
    ops, weights = read_model(a.model)
    network = Network(ops, weights)
    shape = (4, ops[0]["length"], ops[0]["channels"])
    x = numpy.random.default_rng(1).normal(0, 0.3, shape).astype(numpy.float32)
    difference = compare_outputs(a.tool, a.model, network, x)
    one = torch.from_numpy(x[:1]).transpose(1, 2).contiguous()
    network(one)
    theirs, minima, medians = [], [], []
    for _ in range(a.rounds):
        theirs += time_torch(network, one, a.repeat)
        ours = time_xplaim(a.tool, a.model, a.repeat, a.threads)
        minima.append(ours["forward"]["min_ms_per_record"])
        medians.append(ours["forward"]["median_ms_per_record"])
    t_min, t_median = min(theirs), statistics.median(theirs)
    o_min, o_median = min(minima), statistics.median(medians)
    print(f"{processor()}; {a.threads} thread(s); {a.rounds} rounds of {a.repeat} runs")
    print(f"PyTorch {torch.__version__}  min {t_min:8.2f} ms  median {t_median:8.2f} ms a record")
    print(f"xplaim ({ours['kernels']})  min {o_min:8.2f} ms  median {o_median:8.2f} ms a record")
    print(f"ratio  min {t_min / o_min:.2f}  median {t_median / o_median:.2f}")
    print(f"largest difference of the probabilities: {difference:.2e}")


if __name__ == "__main__":
    main()
