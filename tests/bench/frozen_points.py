"""How to choose the balanced thresholds: each way is judged on a source (or fold of patients) that chose nothing, all in
fold 9; what it gives on the recordings of other hospitals is shown beside, and chooses nothing."""

import numpy as np

import frozen_features
from frozen_figures import together, truth

SOURCES = ["ptb-xl", "ptb-xl-100hz", "rdb-rhythm"]
HELD = ["afib", "tachsr", "bradsr", "rbbb", "pac"]  # what the two bars are for
FOLD, PARTS, DRAWS, LEAST = 9, 5, 100, 2


def counts(score, y, threshold):
    """Named and all with it; not named and all without."""
    return (score[y == 1] >= threshold).sum(), (y == 1).sum(), (score[y == 0] < threshold).sum(), (y == 0).sum()


def youden(weight, balanced=False):
    """The threshold of the largest sensitivity + weight * specificity, every source counting alike if balanced."""

    def choose(score, y, source):
        w = np.ones(len(y))
        for name in np.unique(source) if balanced else ():
            for value in (0, 1):
                here = (source == name) & (y == value)
                w[here] = 1 / max(here.sum(), 1)
        order = np.argsort(-score, kind="stable")
        s, w, positive = score[order], w[order], y[order] == 1
        sensitivity = np.cumsum(w * positive) / (w * positive).sum()
        specificity = 1 - np.cumsum(w * ~positive) / (w * ~positive).sum()
        last = np.append(s[1:] != s[:-1], True)
        return s[np.argmax(np.where(last, sensitivity + weight * specificity, -np.inf))]

    return choose


def sensitivity(wanted):
    return lambda score, y, _: np.sort(score[y == 1])[int((1 - wanted) * (y == 1).sum())]


def averaged(choose):
    """The median over drawings of the recordings, with their place back."""

    def all_draws(score, y, source):
        random = np.random.default_rng(1)
        drawn = [np.concatenate([random.choice(np.flatnonzero(y == k), (y == k).sum()) for k in (0, 1)]) for _ in range(DRAWS)]
        return np.median([choose(score[i], y[i], source[i]) for i in drawn])

    return all_draws


def midway(choose):
    """Between the threshold and the next lower score of a recording without the label."""

    def between(score, y, source):
        at = choose(score, y, source)
        below = score[(y == 0) & (score < at)]
        return (at + below.max()) / 2 if len(below) else at

    return between


RULES = {f"Youden, specificity counted {w}": youden(w) for w in (1, 1.5, 2, 3)}
RULES |= {f"{name}, sources alike": youden(w, True) for name, w in (("Youden 1", 1), ("Youden 2", 2))}
RULES |= {f"Youden {w}, median of {DRAWS} drawings": averaged(youden(w)) for w in (1, 1.5, 2)}
RULES |= {f"Youden {w}, midway": midway(youden(w)) for w in (1, 2)}
RULES["sensitivity 0.9"] = sensitivity(0.9)


def parts_of(source, patients):
    """By source, then by patient: what is held back in turn."""
    fold = np.array([hash_of(p) % PARTS for p in patients])
    return [[source == name for name in SOURCES], [fold == k for k in range(PARTS)]]


def hash_of(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h ^ h >> 15


def held_back(choose, score, y, source, parts):
    """Means over labels of sensitivity and specificity, counts of the parts added up."""
    out = []
    for k in range(y.shape[1]):
        total = np.zeros(4, int)
        for part in parts:
            known = y[:, k] >= 0
            rest = known & ~part
            if (y[rest, k] == 1).sum() < LEAST or (y[rest, k] == 0).sum() < LEAST:
                continue
            total += counts(score[part & known, k], y[part & known, k], choose(score[rest, k], y[rest, k], source[rest]))
        if total[1] >= LEAST and total[3] >= LEAST:
            out.append((total[0] / total[1], total[2] / total[3]))
    return np.mean(out, axis=0)


def judge(model, folder):
    names = frozen_features.label_names(model)
    rows, _, _, log_odds = frozen_features.load(folder)
    use = [row for row in rows if row.fold == FOLD and row.source in SOURCES]
    other = [row for row in rows if row.source == "external-dev"]
    score, y = together(use, log_odds), truth(use, names)
    there, y_there = together(other, log_odds), truth(other, names)
    source = np.array([row.source for row in use])
    by_source, by_patient = parts_of(source, [str(row.patient) for row in use])
    result = {}
    for name, choose in RULES.items():
        a, b = (held_back(choose, score, y, source, parts) for parts in (by_source, by_patient))
        outside = {}
        for label in HELD:
            k = names.index(label)
            known, known_there = y[:, k] >= 0, y_there[:, k] >= 0
            at = choose(score[known, k], y[known, k], source[known])
            outside[label] = [int(v) for v in counts(there[known_there, k], y_there[known_there, k], at)]
        result[name] = {"source held back": a.tolist(), "patients held back": b.tolist(), "external-dev": outside}
        print(f"{name:34} source {a[0]:.3f}/{a[1]:.3f}  patients {b[0]:.3f}/{b[1]:.3f}  "
              + "  ".join(f"{k} {n[0]}/{n[1]} {n[2]}/{n[3]}" for k, n in outside.items()), flush=True)
    best = {}
    for label in HELD:
        k = names.index(label)
        s, t = there[y_there[:, k] >= 0, k], y_there[y_there[:, k] >= 0, k]
        able = [counts(s, t, at) for at in np.unique(s)]
        most = max((c[2] / c[3] for c in able if c[0] >= 0.8 * c[1]), default=0)
        best[label] = most
        print(f"{label}: with any threshold, largest specificity there at sensitivity 0.80 or more: {most:.2f}")
    return {"rules": result, "best_possible": best}
