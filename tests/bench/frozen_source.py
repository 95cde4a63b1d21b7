"""Can a classifier tell the hospital by what the network makes of a recording?

Recordings of fold 9 of PTB-XL (500 and 100 Hz) and of the Chapman-Shaoxing rhythms: no weight was fitted to them. Each
classifier is a logistic regression, its scores are those of cross-validation by patient, and its strength is chosen
inside the folds. "Within a rhythm" compares recordings of the same rhythm alone: knowing the rhythm alone gives 0.5 there,
and more says that the source is told by something else.
"""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import frozen_features

SOURCES = {"ptb-xl": 0, "ptb-xl-100hz": 0, "rdb-rhythm": 1}
RHYTHMS = ["afib", "aflu", "svt", "tachsr", "bradsr"]
STRENGTHS = {"logisticregression__C": [1e-4, 1e-3, 1e-2]}
FOLD, FOLDS, INNER_FOLDS, RESAMPLES = 9, 5, 3, 500
BANDS_HZ = [0.5, 1, 2, 4, 8, 12, 16, 20, 25, 30, 40, 50, 62.5]


def rhythm_of(row):
    return next((label for label in RHYTHMS if row.labels.get(label) == 1), "none of these")


def band_powers(x, rate):
    """What the input itself tells of a recorder: log power of each lead in some bands."""
    power = np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), axis=1)) ** 2
    hz = np.fft.rfftfreq(x.shape[1], 1 / rate)
    bands = [power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in zip(BANDS_HZ, BANDS_HZ[1:])]
    return np.log(np.concatenate(bands, axis=1) + 1e-9)


def scores(x, y, rhythm, patients):
    """Of each recording, by a classifier that saw neither it nor its patient; and which of the classifiers it was."""
    out, part = np.zeros(len(y)), np.zeros(len(y), int)
    both = np.char.add(rhythm, y.astype(str))
    for k, (train, test) in enumerate(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1).split(x, both, patients)):
        inner = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=1)
        model = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), STRENGTHS,
                             scoring="roc_auc", cv=list(inner.split(x[train], y[train], patients[train])))
        out[test], part[test] = model.fit(x[train], y[train]).decision_function(x[test]), k
    return out, part


def auroc_in(groups, score, y):
    """Over the pairs of a recording of each source that lie in one group: scores of two classifiers do not compare."""
    won = pairs = 0
    for group in np.unique(groups):
        p, n = score[(groups == group) & (y == 1)], score[(groups == group) & (y == 0)]
        won += (p[:, None] > n).sum() + 0.5 * (p[:, None] == n).sum()
        pairs += len(p) * len(n)
    return won / pairs if pairs else float("nan")


def with_interval(groups, score, y):
    """95 %, by drawing recordings of each source."""
    random, drawn = np.random.default_rng(1), []
    for _ in range(RESAMPLES):
        i = np.concatenate([random.choice(np.flatnonzero(y == k), (y == k).sum()) for k in (0, 1)])
        drawn.append(auroc_in(groups[i], score[i], y[i]))
    return [float(v) for v in (auroc_in(groups, score, y), *np.nanpercentile(drawn, [2.5, 97.5]))]


def figures(score, part, y, rhythm):
    part = part.astype(str)
    return {"all": with_interval(part, score, y), "within_rhythm": with_interval(np.char.add(part, rhythm), score, y)}


def needed(row):
    return row.fold == FOLD and row.source in SOURCES


def judge(model, folder):
    rows, x, maps, log_odds = frozen_features.load(folder)
    first = [row.windows[0] for row in rows]
    y = np.array([SOURCES[row.source] for row in rows])
    rhythm, patients = np.array([rhythm_of(row) for row in rows]), np.array([str(row.patient) for row in rows])
    rate = json.loads(frozen_features.call("info", model, "--json"))["input"]["rate"]
    names = np.unique(rhythm)
    counts = {str(name): [int(((rhythm == name) & (y == k)).sum()) for k in (0, 1)] for name in names}
    print("recordings of PTB-XL + Chapman-Shaoxing:", ", ".join(f"{k} {a}+{b}" for k, (a, b) in counts.items()))
    shown = {
        "the rhythm alone": (rhythm[:, None] == names[None, :]).astype(float),
        "band powers of the input": band_powers(x[first], rate),
        "pooled features": maps[first].astype(np.float32).mean(axis=2),
        "log-odds of the labels": log_odds[first],
    }
    result = {"counts": counts, "told_by": {}}
    for name, features in shown.items():
        result["told_by"][name] = figures(*scores(features, y, rhythm, patients), y, rhythm)
        print(f"{name:26}" + "".join(f"  {kind} {v:.3f} ({low:.3f}-{high:.3f})"
                                     for kind, (v, low, high) in result["told_by"][name].items()), flush=True)
    return result
