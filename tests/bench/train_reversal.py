"""The network that tells swapped electrodes (src/measure/reversal.c), learnt and tried.

    train_reversal.py basis PROBE FOLDER BASIS.npz      FOLDER holds ptb-xl, ptb-xl-100hz, rdb-rhythm,
                                                        external-dev and measure-dev, unpacked
    train_reversal.py train BASIS.npz OUT               OUT/reversal_weights.c and .md, its card
    train_reversal.py try PROBE FOLDER [COUNT]          swaps of COUNT recordings of each set, found by PROBE

PROBE is the program tests/bench/quality_probe.c. It gives each recording's median beat as 24 points
of 8 leads; swaps act on these by the same algebra as on the recording. Learnt from PTB-XL's folds 1
to 7 and every second record of RDB; margins chosen on folds 8 and 9 and the other records of RDB;
nothing is chosen on fold 10, CinC 2011 and the external records.
For each recording j and each swap k the network gives a number; softmax over k, the right one is
k = j (a swap is its own inverse).

The same basis gives the same bytes: one thread, the kernels of one kind of processor (any with AVX2
has them), the versions of scripts/requirements.txt.
"""
import csv
import hashlib
import os
import pathlib
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # both before numpy is there
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

import numpy as np

from quality import Probe
from wfdb16 import read_record

HIDDEN, EPOCHS, BATCH, RATE, DECAY, SEED = 24, 16, 32, 2e-3, 2e-2, 5
FALSE_ALARMS = 0.0065
WEIGHT = {"LA/RA": 20, "RA/LL": 20, "V1/V2": 4}
NAMES = ["none", "LA/RA", "LA/LL", "RA/LL", "V1/V2", "V2/V3", "V3/V4", "V4/V5", "V5/V6", "V1/V6"]
PAIRS = [(i, j) for i in range(8) for j in range(i + 1, 8)]
ROWS = [p[0] for p in PAIRS], [p[1] for p in PAIRS]


def swap_matrices():
    """Of I, II, V1 .. V6, in the order of NAMES."""
    all_swaps = [np.eye(8)]
    for limb in (((-1, 0), (-1, 1)), ((0, 1), (1, 0)), ((1, -1), (0, -1))):
        m = np.eye(8)
        m[:2, :2] = limb
        all_swaps.append(m)
    for name in NAMES[4:]:
        a, b = int(name[1]) + 1, int(name[4]) + 1
        m = np.eye(8)
        m[[a, b]] = m[[b, a]]
        all_swaps.append(m)
    return np.array(all_swaps, np.float32)


SWAPS = swap_matrices()


def features(x):
    """(n, 8, 24) -> (n, 280), as make_features of reversal.c."""
    iii = x[:, 1] - x[:, 0]
    limb = np.sqrt((x[:, 0] ** 2 + x[:, 1] ** 2 + iii ** 2).mean(1) / 3) + 0.005
    chest = np.sqrt((x[:, 2:] ** 2).mean((1, 2))) + 0.005
    y = x.copy()
    y[:, :2] /= limb[:, None, None]
    y[:, 2:] /= chest[:, None, None]
    points = y.copy()
    points[:, :, :6] *= 4
    parts = [points.reshape(len(x), -1)]
    sizes = []
    for part in (y[:, :, 6:16], y[:, :, 16:]):
        size = np.sqrt((part ** 2).sum(2)) + 0.1
        unit = part / size[:, :, None]
        parts.append(np.einsum("nik,njk->nij", unit, unit)[:, ROWS[0], ROWS[1]])
        sizes.append(size)
    qrs = y[:, :, 6:16]
    return np.concatenate(parts + [qrs.max(2), qrs.min(2)] + sizes, 1)


def composites():
    """The different products of two swaps, and which one swap k after swap j is."""
    unique, index = [], np.zeros((len(NAMES), len(NAMES)), int)
    for j, a in enumerate(SWAPS):
        for k, b in enumerate(SWAPS):
            m = b @ a
            at = [u for u, q in enumerate(unique) if np.array_equal(q, m)]
            index[j, k] = at[0] if at else len(unique)
            if not at:
                unique.append(m)
    return np.array(unique), index


class Network:
    def __init__(self, inputs, rng):
        size = np.sqrt(2 / inputs)
        self.p = [rng.standard_normal((inputs, HIDDEN)) * size, np.zeros(HIDDEN),
                  rng.standard_normal((HIDDEN, 1)) * 0.3 / np.sqrt(HIDDEN)]
        self.p = [p.astype(np.float32) for p in self.p]
        self.m = [np.zeros_like(p) for p in self.p]
        self.v = [np.zeros_like(p) for p in self.p]
        self.steps = 0

    def score(self, x):
        z = x @ self.p[0] + self.p[1]
        return (np.where(z > 0, z, np.float32(0.1) * z) @ self.p[2])[..., 0]

    def quantise(self):
        """The first layer in whole numbers from -127 to 127, times one factor a hidden unit."""
        self.factor = np.abs(self.p[0]).max(0) / 127
        self.whole = np.rint(self.p[0] / self.factor).astype(int)
        self.p[0] = (self.whole * self.factor).astype(np.float32)

    def step(self, x, loss_gradient, rate):
        z = x @ self.p[0] + self.p[1]
        h = np.where(z > 0, z, np.float32(0.1) * z)
        d = loss_gradient((h @ self.p[2])[:, 0])[:, None].astype(np.float32)
        dz = d @ self.p[2].T * np.where(z > 0, np.float32(1), np.float32(0.1))
        self.steps += 1
        for i, g in enumerate((x.T @ dz, dz.sum(0), h.T @ d)):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g * g
            m, v = self.m[i] / (1 - 0.9 ** self.steps), self.v[i] / (1 - 0.999 ** self.steps)
            decay = DECAY * self.p[i] if i != 1 else 0
            self.p[i] = (self.p[i] - rate * (m / (np.sqrt(v) + 1e-7) + decay)).astype(np.float32)


def learn(basis, rng):
    unique, index = composites()
    plain = features(basis)
    mean, scale = plain.mean(0), 1 / (plain.std(0) + 1e-3)
    x = np.stack([normalised(np.einsum("ij,njk->nik", m, basis), mean, scale) for m in unique], 1)
    network = Network(x.shape[2], rng)
    right = np.arange(len(NAMES))
    weight = np.where(right == 0, 4, 1) / (len(NAMES) + 3)

    def gradient(g):
        g = g.reshape(-1, len(unique))
        odds = g[:, index]
        p = np.exp(odds - odds.max(2, keepdims=True))
        p /= p.sum(2, keepdims=True)
        p[:, right, right] -= 1
        p *= weight[:, None] / len(g)
        out = np.zeros_like(g)
        np.add.at(out, (slice(None), index.ravel()), p.reshape(len(g), -1))
        return out.ravel()

    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        for batch in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            inputs = x.shape[2]
            mask = (rng.random(inputs) > 0.15).astype(np.float32) / 0.85
            jitter = 0.15 * rng.standard_normal((len(batch), 1, inputs), dtype=np.float32)
            network.step(((x[batch] + jitter) * mask).reshape(-1, inputs), gradient, rate)
    network.quantise()
    return network, mean, scale


def normalised(basis, mean, scale):
    return ((features(basis) - mean) * scale).clip(-6, 6).astype(np.float32)


def log_odds(model, basis):
    """(n, j, k): how much more right recording j looks with swap k taken back."""
    network, mean, scale = model
    g = np.stack([np.stack([network.score(normalised(
        np.einsum("ij,njk->nik", b @ a, basis), mean, scale)) for b in SWAPS], 1)
        for a in SWAPS], 1)
    return g - g[:, :, :1]


def choose_margins(odds):
    """The margins that find most swaps at FALSE_ALARMS for all together, each kind by its WEIGHT:
    the price of a false alarm is doubled until they are few enough."""
    grid = np.arange(0.5, 9.01, 0.25)
    margin, price = np.full(len(NAMES), 4.0), 4.0
    alarms = 1.0
    while alarms > FALSE_ALARMS and (margin[1:] < grid[-1]).any():
        price *= 1.3
        for k in list(range(1, len(NAMES))) * 2:
            others = [i for i in range(1, len(NAMES)) if i != k]
            other = (odds[:, 0, others] > margin[others]).any(1)
            worth = [WEIGHT.get(NAMES[k], 1) * found_part(odds, k, m)
                     - price * (other | (odds[:, 0, k] > m)).mean() for m in grid]
            margin[k] = grid[int(np.argmax(worth))]
        alarms = (odds[:, 0, 1:] > margin[1:]).any(1).mean()
    return margin


def found_part(odds, k, margin):
    return ((odds[:, k, k] > margin) & (odds[:, k].argmax(1) == k)).mean()


def report(what, odds, margin):
    """A line of figures; also for the card."""
    over = odds - margin
    over[:, :, 0] = 0
    found = over.argmax(2)
    rates = {n: f"{100 * (found[:, j] == j).mean():.1f}" for j, n in enumerate(NAMES) if j}
    alarms = f"{100 * (found[:, 0] > 0).mean():.2f}"
    print(f"{what} ({len(odds)}): false alarms {alarms} %;", ", ".join(f"{n} {r}" for n, r in rates.items()), flush=True)
    return f"| {what} | {len(odds)} | {alarms} | " + " | ".join(rates.values()) + " |"


def write_weights(path, model, margin):
    network, mean, scale = model
    text = ['/* Made by tests/bench/train_reversal.py: not edited by hand. */\n'
            '#include "measure/reversal_weights.h"\n\n/* clang-format off */\n']

    def array(head, values):
        numbers = [str(v) if values.dtype == int else f"{v:.5g}" for v in np.ravel(values)]
        if values.dtype != int:
            numbers = [n + ("F" if "." in n or "e" in n else ".0F") for n in numbers]
        lines, line = [], " "
        for n in numbers:
            if len(line) + len(n) > 97:
                lines.append(line)
                line = " "
            line += f" {n},"
        kind = "int8_t" if values.dtype == int else "float"
        text.append(f"const {kind} {head} = {{\n" + "\n".join(lines + [line]) + "\n};\n")

    array("xp_reversal_mean[REVERSAL_FEATURES]", mean)
    array("xp_reversal_scale[REVERSAL_FEATURES]", scale)
    array("xp_reversal_input[REVERSAL_FEATURES * REVERSAL_HIDDEN]", network.whole)
    array("xp_reversal_factor[REVERSAL_HIDDEN]", network.factor)
    array("xp_reversal_bias[REVERSAL_HIDDEN]", network.p[1])
    array("xp_reversal_output[REVERSAL_HIDDEN]", network.p[2])
    array("xp_reversal_margin[REVERSAL_SWAPS]", margin)
    pathlib.Path(path).write_text("".join(text))


# ---- data -----------------------------------------------------------------------------------


def listed(folder):
    """(source, fold, path) of what is below the folder that holds the unpacked sets."""
    for source, table, column in (("ptb", "ptb-xl/ptbxl_database.csv", "filename_hr"),
                                  ("ptb", "ptb-xl-100hz/labels.csv", "filename_lr"),
                                  ("rdb", "rdb-rhythm/labels.csv", "path"),
                                  ("ext", "external-dev/labels.csv", "path"),
                                  ("cinc", "measure-dev/quality.csv", "path")):
        for i, row in enumerate(csv.DictReader(open(folder / table, encoding="utf-8"))):
            if source == "cinc" and row["acceptable"] != "1":
                continue
            fold = int(row["strat_fold"]) if source == "ptb" else i % 2
            yield source, fold, folder / pathlib.Path(table).parent / row[column]


def make_basis(probe, folder, out):
    rows = []
    for source, fold, path in listed(folder):
        basis = probe(*read_record(path))["basis"]
        if basis:
            rows.append((source, fold, basis))
    np.savez(out, source=[r[0] for r in rows], fold=[r[1] for r in rows],
             basis=np.array([r[2] for r in rows], np.float32).reshape(-1, 8, 24))


def learnt_rows(source, fold):
    return ((source == "ptb") & (fold <= 7)) | ((source == "rdb") & (fold == 0))


CARD = """# The network that tells swapped electrodes

`reversal_weights.c` is made by a script, with this card, and not by hand:

    python3 tests/bench/train_reversal.py basis build/native/tests/bench/quality_probe FOLDER basis.npz
    python3 tests/bench/train_reversal.py train basis.npz src/measure

What it takes and gives: `reversal.h`. One hidden layer of {hidden} units over {features} features of the median beat;
{size} numbers, the first layer in 8 bits.
Learnt from {learnt} median beats: PTB-XL (doi 10.13026/kfzx-aw45, CC BY 4.0), folds 1 to 7, and every second record of
the Chapman-Shaoxing rhythm records (CC BY 4.0). Swaps are made of them by algebra. The margins were chosen on {chosen}
others (PTB-XL's folds 8 and 9, the other records) for {rate:.2f} % false alarms there. Nothing was chosen on the last
three rows. Not meant for: fewer than twelve leads (nothing is said of them), paced recordings, dextrocardia, which looks
like LA/RA. LA/LL changes an ECG little and is told as "possible".

Found, % of the recordings with that swap, from median beats (RA/RL is told by a rule: lead II is flat):

| records | number | false alarms | {kinds} |
|---|---|---|{lines}|
{rows}

numpy {numpy}; basis {basis}, weights {weights} (first digits of SHA-256).
"""


def run_train(basis_file, folder):
    data = np.load(basis_file)
    basis, source, fold = data["basis"], data["source"], data["fold"]
    learnt = learnt_rows(source, fold)
    chosen = ((source == "ptb") & ((fold == 8) | (fold == 9))) | ((source == "rdb") & (fold == 1))
    model = learn(basis[learnt], np.random.default_rng(SEED))
    margin = choose_margins(log_odds(model, basis[chosen]))
    rows = [report(what, log_odds(model, basis[which]), margin) for what, which in (
        ("learnt from", learnt), ("margins chosen on", chosen),
        ("PTB-XL fold 10", (source == "ptb") & (fold == 10)),
        ("CinC 2011, acceptable", source == "cinc"), ("external", source == "ext")) if which.any()]
    out = pathlib.Path(folder) / "reversal_weights.c"
    write_weights(out, model, margin)
    card = CARD.format(
        hidden=HIDDEN, features=len(model[1]), size=len(model[1]) * (HIDDEN + 2) + 3 * HIDDEN + len(NAMES),
        learnt=learnt.sum(), chosen=chosen.sum(), rate=100 * FALSE_ALARMS, kinds=" | ".join(NAMES[1:]),
        lines="|".join(["---"] * len(NAMES[1:])), rows="\n".join(rows), numpy=np.__version__,
        basis=hashlib.sha256(np.ascontiguousarray(basis)).hexdigest()[:16],
        weights=hashlib.sha256(out.read_bytes()).hexdigest()[:16])
    out.with_suffix(".md").write_text(card)


def swapped(names, mv, kind):
    """The recording with electrodes swapped, by algebra."""
    at = {n.upper(): i for i, n in enumerate(names)}
    x = mv.copy()
    i, ii = mv[at["I"]], mv[at["II"]]
    if kind[0] == "V":
        a, b = kind.split("/")
        x[[at[a], at[b]]] = x[[at[b], at[a]]]
        return x
    if kind == "RA/RL":  # II between the legs; Wilson's terminal loses RA
        for k in range(1, 7):
            x[at[f"V{k}"]] -= ii / 3
    i, ii = {"LA/RA": (-i, ii - i), "LA/LL": (ii, i), "RA/LL": (i - ii, -ii),
             "RA/RL": (i - ii, 0 * ii)}[kind]
    x[at["I"]], x[at["II"]], x[at["III"]] = i, ii, ii - i
    x[at["AVR"]], x[at["AVL"]], x[at["AVF"]] = -(i + ii) / 2, i - ii / 2, ii - i / 2
    return x


def run_try(probe, folder, count):
    chosen = {"PTB-XL folds 9 and 10": lambda s, f: s == "ptb" and f >= 9,
              "RDB, not learnt": lambda s, f: s == "rdb" and f == 1,
              "CinC 2011": lambda s, f: s == "cinc", "external": lambda s, f: s == "ext"}
    kinds = NAMES[1:4] + ["RA/RL"] + NAMES[4:]
    for what, wanted in chosen.items():
        paths = [p for s, f, p in listed(folder) if wanted(s, f)]
        paths = [paths[i] for i in np.random.default_rng(SEED).permutation(len(paths))[:count]]
        found, alarms = dict.fromkeys(kinds, 0), []
        for path in paths:
            rate, names, mv = read_record(path)
            alarms += electrodes(probe(rate, names, mv))
            for kind in kinds:
                found[kind] += kind in electrodes(probe(rate, names, swapped(names, mv, kind)))
        print(f"{what} ({len(paths)}): false alarms {100 * len(alarms) / len(paths):.2f} % {alarms};",
              ", ".join(f"{k} {100 * n / len(paths):.1f}" for k, n in found.items()), flush=True)


def electrodes(quality):
    return [f["electrodes"] for f in quality["findings"] if f["code"] == "reversal"]


def main():
    what = sys.argv[1]
    if what == "basis":
        make_basis(Probe(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4])
    elif what == "train":
        run_train(sys.argv[2], sys.argv[3])
    else:
        run_try(Probe(sys.argv[2]), pathlib.Path(sys.argv[3]), int((sys.argv[4:] + [100])[0]))


if __name__ == "__main__":
    main()
