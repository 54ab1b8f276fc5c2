import numpy as np
from typing import NamedTuple


class Selection(NamedTuple):
    weights: np.ndarray
    score: float
    order: list


def select(predicted, parts, metric, kind, *, members=None, seed=0):
    K = len(predicted[0])
    counts = np.zeros(K)
    best = -np.inf
    bestc = None
    sums = [np.zeros(p.shape[1:]) for p in predicted]
    for t in range(30):
        sc = [
            np.mean(
                [
                    metric.scores(((s + p[k]) / (t + 1))[None], y, kind)[0]
                    for s, p, y in zip(sums, predicted, parts)
                ]
            )
            if members is None or counts[k] or (counts > 0).sum() < members
            else -np.inf
            for k in range(K)
        ]
        k = int(np.argmax(sc))
        counts[k] += 1
        for s, p in zip(sums, predicted):
            s += p[k]
        if sc[k] > best:
            best = sc[k]
            bestc = counts.copy()
    return Selection(bestc / bestc.sum(), best, [])
