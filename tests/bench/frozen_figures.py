"""How good scores are on the recordings that networks are chosen by: fold 9 of each set, and other hospitals."""

import numpy as np
from sklearn.metrics import roc_auc_score

# Name, source, fold (None: whole), least positives of a label.
SETS = [("500 Hz", "ptb-xl", 9, 5), ("100 Hz", "ptb-xl-100hz", 9, 5), ("Chapman-Shaoxing", "rdb-rhythm", 9, 5),
        ("external-dev", "external-dev", None, 4)]


def together(rows, log_odds):
    """Of recordings, from their windows': the mean of the odds, as the product has it."""
    out = np.empty((len(rows), log_odds.shape[1]))
    for i, row in enumerate(rows):
        z = np.asarray(log_odds[slice(*row.windows)], float)
        out[i] = z.max(axis=0) + np.log(np.exp(z - z.max(axis=0)).mean(axis=0))
    return out


def truth(rows, names):
    return np.array([[row.labels.get(name, -1) for name in names] for row in rows])


def members(rows, source, fold):
    return np.array([row.source == source and fold in (None, row.fold) for row in rows])


def auroc(score, y):
    return roc_auc_score(y[y >= 0], score[y >= 0]) if {0, 1} <= set(y) else float("nan")


def of_labels(score, y):
    """AUROC and positives of each label."""
    return [(auroc(score[:, k], y[:, k]), int((y[:, k] == 1).sum())) for k in range(y.shape[1])]


def macro(score, y, least):
    return float(np.mean([a for a, positives in of_labels(score, y) if positives >= least and not np.isnan(a)]))


def figures(rows, score, y):
    """Macro AUROC of each set."""
    return {name: macro(score[here], y[here], least) for name, source, fold, least in SETS
            for here in [members(rows, source, fold)]}
