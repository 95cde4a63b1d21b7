"""Other last layers on a network's features, other ways to pool them over time, and averages over its members: what
each would bring, on the recordings that networks are chosen by."""

import numpy as np
from scipy.optimize import minimize
from scipy.signal import butter, sosfiltfilt
from scipy.special import expit

import frozen_features
from frozen_figures import figures, together, truth

BAND = butter(2, [0.5, 40], "bandpass", fs=125, output="sos")
BIN = 4  # steps of time that label-wise attention sees as one
RHYTHMS = ["afib", "aflu", "svt", "tachsr", "bradsr"]


def softplus(z):
    return np.logaddexp(0, z)


def refit(x, y, kernel, bias, decay):
    """Logistic regression of each label drawn towards the kernel it starts from; unknown labels have no part."""
    known = y >= 0
    shape = (x.shape[1] + 1, y.shape[1])
    start = np.vstack([kernel, bias])
    x1 = np.hstack([x, np.ones((len(x), 1), x.dtype)])

    def loss(w):
        w = w.reshape(shape)
        z = x1 @ w
        drawn = w - start
        g = x1.T @ (known * (expit(z) - (y == 1))) + decay * drawn
        return (known * softplus(np.where(y == 1, -z, z))).sum() + decay / 2 * (drawn ** 2).sum(), g.ravel()

    w = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 100}).x.reshape(shape)
    return w[:-1], w[-1]


def erased(x, source, rhythm, kernel):
    """The kernel without the one direction that tells the source linearly within a rhythm (Belrose et al. 2023)."""
    both = [r for r in np.unique(rhythm) if len(set(source[rhythm == r])) == 2]
    centred, told = [], []
    for r in both:
        here = rhythm == r
        centred.append(x[here] - x[here].mean(axis=0))
        told.append(source[here] - source[here].mean())
    x, z = np.concatenate(centred), np.concatenate(told)
    cov = x.T @ x / len(x)
    cov += np.eye(len(cov)) * 1e-3 * np.trace(cov) / len(cov)
    cross = x.T @ z / len(x)
    along = np.linalg.solve(cov, cross)
    return kernel - np.outer(along, cross @ kernel) / (cross @ along)


def attention(maps, y, kernel, bias, decay, steps, rate=0.02):
    """Label-wise weights over time, softmax(v . features), by Adam on all training recordings; the last layer stays."""
    n, channels, time = maps.shape
    v = np.zeros((channels, y.shape[1]), np.float32)
    first, second = np.zeros_like(v), np.zeros_like(v)
    random = np.random.default_rng(1)
    for step in range(1, steps + 1):
        i = random.choice(n, 256, replace=False)
        a, z, odds = attend(maps[i], v, kernel, bias)
        known = y[i] >= 0
        error = known * (expit(odds) - (y[i] == 1)) / len(i)
        pull = error[:, None] * a * (z - (odds - bias)[:, None])
        g = np.einsum("ntl,nct->cl", pull, maps[i], optimize=True) + decay * v
        first, second = 0.9 * first + 0.1 * g, 0.99 * second + 0.01 * g ** 2
        v -= rate * first / (1 - 0.9 ** step) / (np.sqrt(second / (1 - 0.99 ** step)) + 1e-8)
    return v


def attend(maps, v, kernel, bias):
    u, z = (np.matmul(maps.transpose(0, 2, 1), w) for w in (v, kernel))
    a = np.exp(u - u.max(axis=1, keepdims=True))
    a /= a.sum(axis=1, keepdims=True)
    return a, z, (a * z).sum(axis=1) + bias


def in_bins(maps):
    n, channels, time = maps.shape
    kept = time // BIN * BIN
    return maps[:, :, :kept].reshape(n, channels, -1, BIN).mean(axis=3)


def rhythm_of(row):
    return next((label for label in RHYTHMS if row.labels.get(label) == 1), "none")


class Bench:
    def __init__(self, model, folder):
        self.names = frozen_features.label_names(model)
        self.rows, self.x, self.maps, self.log_odds = frozen_features.load(folder)
        self.session, self.kernel, self.bias = frozen_features.network(model)
        self.y = truth(self.rows, self.names)
        self.mean = np.stack([np.asarray(m, np.float32).mean(axis=1) for m in self.maps])
        self.train = np.array([row.fold in range(1, 9) for row in self.rows])
        self.train_windows = np.array([row.windows[0] for row in self.rows])[self.train]
        self.result = {}

    def say(self, name, log_odds):
        """log_odds: of windows."""
        self.result[name] = figures(self.rows, together(self.rows, log_odds), self.y)
        print(f"{name:48}" + "  ".join(f"{k} {v:.4f}" for k, v in self.result[name].items()), flush=True)


def at_each_time(b, kernel, bias):
    """Log-odds before they are pooled: (windows, times, labels)."""
    return np.stack([np.asarray(m, np.float32).T @ kernel + bias for m in b.maps])


def poolings(b):
    """The last layer's log-odds at each time, pooled otherwise; the network was trained for the mean."""
    z = at_each_time(b, b.kernel, b.bias)
    for r in (0.1, 0.25, 0.5, 1, 2):
        top = z.max(axis=1)
        b.say(f"log-mean-exp over time, r = {r}", top + np.log(np.exp(r * (z - top[:, None])).mean(axis=1)) / r)
    for share in (0.5, 0.25):
        k = int(share * z.shape[1])
        b.say(f"mean of the strongest {share:.0%} of times", np.sort(z, axis=1)[:, -k:].mean(axis=1))
    for floor in (-9, -7, -5, -3):
        b.say(f"mean of log-odds of at least {floor}", np.maximum(z, floor).mean(axis=1))
    for steps in (4, 8, 16):
        whole = z[:, :z.shape[1] // steps * steps].reshape(len(z), -1, steps, z.shape[2])
        b.say(f"mean of the largest of {steps} steps each", whole.max(axis=2).mean(axis=1))


def last_layers(b):
    y, x = b.y[b.train], b.mean[b.train_windows]
    for decay in (1000, 100, 10):
        kernel, bias = refit(x, y, b.kernel, b.bias, decay)
        b.say(f"last layer fitted again, decay {decay}", b.mean @ kernel + bias)
        b.say("the same, log-odds of at least -5", np.maximum(at_each_time(b, kernel, bias), -5).mean(axis=1))
    both = np.hstack([b.mean, np.stack([np.asarray(m, np.float32).max(axis=1) for m in b.maps])])
    for decay in (10000, 1000):
        kernel, bias = refit(both[b.train_windows], y, np.vstack([b.kernel, 0 * b.kernel]), b.bias, decay)
        b.say(f"mean and largest of each feature, decay {decay}", both @ kernel + bias)


def without_source(b):
    rows = [row for row, t in zip(b.rows, b.train) if t]
    use = np.array([row.source != "ptb-xl-extra" for row in rows])
    source = np.array([float(row.source == "rdb-rhythm") for row in rows])
    rhythm = np.array([rhythm_of(row) for row in rows])
    kernel = erased(b.mean[b.train_windows][use], source[use], rhythm[use], b.kernel)
    b.say("without the direction that tells the source", b.mean @ kernel + b.bias)


def attentions(b):
    maps = np.stack([in_bins(np.asarray(m, np.float32)[None])[0] for m in b.maps])
    for decay in (1e-3, 1e-4):
        v = attention(maps[b.train_windows], b.y[b.train], b.kernel, b.bias, decay, steps=150)
        b.say(f"label-wise attention over time, decay {decay:g}", attend(maps, v, b.kernel, b.bias)[2])


def members(b):
    """The networks of an ensemble of three, weighted otherwise than alike."""
    third = len(b.kernel) // 3
    each = [b.mean[:, i * third:(i + 1) * third] @ b.kernel[i * third:(i + 1) * third] for i in range(3)]
    for weights in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        share = 3 * np.array(weights) / sum(weights)
        b.say(f"members {weights[0]}:{weights[1]}:{weights[2]}", sum(s * e for s, e in zip(share, each)) + b.bias)


def looked_at(b):
    """Windows of the recordings that are judged: forward passes are for them alone."""
    return np.concatenate([np.arange(*row.windows) for row in b.rows if row.fold == 9 or row.source == "external-dev"])


def views(b):
    """Means over several views of a recording, each a forward pass more."""
    at = looked_at(b)
    x = np.asarray(b.x[at])
    kinds = {"moved round by half": [np.roll(x, x.shape[1] // 2, axis=1)],
             "band-passed at 0.5-40 Hz": [sosfiltfilt(BAND, x, axis=1).astype(np.float32)],
             "at gains 0.8 and 1.25": [0.8 * x, 1.25 * x]}
    for name, others in kinds.items():
        mean = np.array(b.log_odds)
        for other in others:
            mean[at] += np.concatenate([frozen_features.run(b.session, other[i:i + 16])[1] for i in range(0, len(at), 16)])
        mean[at] /= len(others) + 1
        b.say(f"also {name}", mean)


def judge(model, folder):
    b = Bench(model, folder)
    b.say("as shipped", b.log_odds)
    for attempt in (poolings, members, last_layers, without_source, attentions, views):
        attempt(b)
    return b.result
