"""xplaim against TensorFlow (Keras), which the published system trains with: one training step of
the full-size network on the processor, turn by turn in one run.

    pip install tensorflow-cpu==2.21.0
    python3 tests/bench/train_tensorflow.py [--xplaim build/xplaim] [--batch 16] [--threads 2] [--rounds 3]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

parser = argparse.ArgumentParser()
parser.add_argument("--xplaim", default=str(ROOT / "build" / "xplaim"))
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(args.threads)


def network():
    """Section 2 of the paper (doi 10.3389/fcvm.2025.1659971) with four labels."""
    layers = keras.layers
    x = skip = source = keras.Input((5000, 12))
    for filters in (16, 32, 128):
        for _ in range(2):
            x = layers.Concatenate()(
                [
                    layers.Conv1D(filters, k, padding="same", activation="relu", use_bias=False)(x)
                    for k in (2, 10, 40)
                ]
            )
            x = layers.ReLU()(layers.BatchNormalization()(x))
        s = layers.Conv1D(3 * filters, 1, padding="same", use_bias=False)(skip)
        x = layers.ReLU()(layers.Add()([layers.BatchNormalization()(s), x]))
        x = skip = layers.MaxPooling1D(2, padding="same")(x)
    p = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(source, p)
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy")
    return model


def theirs(model, x, y, steps):
    """Milliseconds a record of each step."""
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append((time.perf_counter() - start) * 1e3 / args.batch)
    return times


def ours():
    command = [args.xplaim, "bench", "--train", "--json", "--batch", str(args.batch)]
    command += ["--threads", str(args.threads), "--repeat", "3"]
    step = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["step"]
    return step["min_ms_per_record"], step["median_ms_per_record"]


def main():
    random = numpy.random.default_rng(1)
    x = random.normal(0, 0.3, (args.batch, 5000, 12)).astype("float32")
    y = random.integers(0, 2, (args.batch, 4)).astype("float32")
    model = network()
    theirs(model, x, y, 1)  # traces the graph
    a, b = [], []
    for i in range(args.rounds):
        times = theirs(model, x, y, 3)
        a.append((min(times), statistics.median(times)))
        b.append(ours())
        print(f"round {i + 1}, ms a record, minimum and median: TensorFlow {tf.__version__} "
              f"{a[-1][0]:.1f} {a[-1][1]:.1f}, xplaim {b[-1][0]:.1f} {b[-1][1]:.1f}")
    a, b = min(v[0] for v in a), min(v[0] for v in b)
    print(f"{args.threads} threads, batch {args.batch}: TensorFlow {a:.1f}, xplaim {b:.1f}: "
          f"{a / b:.1f} times as fast")


main()
