"""What a recording's measurements (`xplaim measure`) would add to a network's log-odds: for labels of rate, rhythm and
conduction, a small logistic regression of both, fitted on fold 9, judged there by cross-validation and on the recordings
of other hospitals, which had no part in it."""

import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import frozen_features
from frozen_figures import auroc, figures, together, truth

LABELS = ["pac", "pvc", "bradsr", "tachsr", "svt", "avb1"]
FOLD, FOLDS, BATCH = 9, 5, 200


def measured(rows, file):
    """`xplaim measure` of each recording, kept in a file."""
    if not os.path.exists(file):
        lines = []
        for i in range(0, len(rows), BATCH):
            said = frozen_features.call("measure", *(row.path for row in rows[i:i + BATCH]), "--json")
            lines += [numbers(json.loads(line)) for line in said.splitlines()]
        with open(file, "w") as f:
            json.dump(lines, f)
    with open(file) as f:
        return np.array(json.load(f), float)


def value(x, *path):
    for key in path:
        x = x.get(key) if isinstance(x, dict) else None
    return x


def numbers(m):
    """Rate, how regular, P waves, ectopic beats, PR and QRS; what cannot be measured is NaN."""
    rr, beats = value(m, "rhythm", "rr", "median_ms"), value(m, "rhythm", "beats") or 1
    found = {each["name"]: each.get("value") for each in m.get("measurements") or []}
    ms = [found.get(name) for name in ("pr_interval", "qrs_duration")]
    return [60000 / rr if rr else np.nan, *(np.nan if v is None else v for v in (value(m, "rhythm", "rr", "cv"), *ms)),
            float(value(m, "rhythm", "p_waves") == "present"),
            (value(m, "rhythm", "supraventricular_ectopic") or 0) / beats,
            (value(m, "rhythm", "ventricular_ectopic") or 0) / beats]


def inputs(log_odds, m):
    """A missing number is the median, and is said to be missing."""
    missing = np.isnan(m)
    filled = np.where(missing, np.nanmedian(m, axis=0), m)
    slow, fast = np.minimum(filled[:, :1], 60), np.maximum(filled[:, :1], 100)
    return np.hstack([log_odds[:, None], filled, slow, fast, missing[:, :4]])


def stack():
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))


def cross_validated(x, y, patients):
    out = np.zeros(len(y))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1).split(x, y, patients):
        out[test] = stack().fit(x[train], y[train]).decision_function(x[test])
    return out


def judge(model, folder):
    names = frozen_features.label_names(model)
    rows, _, _, log_odds = frozen_features.load(folder)
    rows = [row for row in rows if row.fold == FOLD or row.source == "external-dev"]
    m = measured(rows, os.path.join(folder, "measured.json"))
    score, y = together(rows, log_odds), truth(rows, names)
    here = np.array([row.fold == FOLD for row in rows])
    patients = np.array([str(row.patient) for row in rows])
    stacked = score.copy()
    for label in LABELS:
        k = names.index(label)
        x, use = inputs(score[:, k], m), here & (y[:, k] >= 0)
        stacked[use, k] = cross_validated(x[use], y[use, k], patients[use])
        stacked[~here, k] = stack().fit(x[use], y[use, k]).decision_function(x[~here])
        print(f"{label:8}" + "  ".join(f"{name} {auroc(score[at, k], y[at, k]):.3f} -> {auroc(stacked[at, k], y[at, k]):.3f}"
                                       for name, at in (("fold 9", here), ("external-dev", ~here))), flush=True)
    result = {"as shipped": figures(rows, score, y), "with measurements": figures(rows, stacked, y)}
    for name, each in result.items():
        print(f"{name:44}" + "  ".join(f"{k} {v:.4f}" for k, v in each.items()), flush=True)
    return result
