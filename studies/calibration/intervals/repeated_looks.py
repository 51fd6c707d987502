"""Error rates of the verdict's two tests under repeated looks, with the truth exactly on the limit.

`python -m studies.calibration.intervals.repeated_looks [trials]`: one larger size, looked at with
3, then 4, then 5 seeds. "Small" is the proof that the regret is below 2%, "large" that it is above 10%. The
truth is 2% and 10%, so that each may be given in 5% of the trials. Choice: docs/decisions/0019.
"""

from __future__ import annotations

import sys

import numpy as np

from muscope.backend.analysis.measures.costs import costs_of
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Values
from muscope.backend.analysis.verdict.group_statistics import early_level
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Interval

LOOKS = (3, 4, 5)
LIMITS = Thresholds()
INITIAL = 2.3
GRID = np.arange(-3.0, 4.0)
STEEP, NOISE = 0.5, 0.02


def losses(regret: float, generator: np.random.Generator) -> tuple[Values, Values]:
    """Return base and target [E, S]: the target's best LR is one above the base's, which loses `regret`."""
    best = 0.3
    rise = np.log1p(regret * (INITIAL - best) / best)
    away = np.maximum(np.abs(GRID) - 1.0, 0.0)
    of_base = np.log(0.6) + STEEP * np.abs(GRID)
    of_target = np.log(best) + rise * (GRID <= 0) + STEEP * away
    noise = NOISE * generator.standard_normal((2, len(GRID), max(LOOKS)))
    base, target = (
        np.exp(mean[:, None] + each) for mean, each in zip((of_base, of_target), noise, strict=True)
    )
    return base, target


def regret_interval(base: Values, target: Values, level: float) -> Interval:
    """Return the interval of M2 as the product gives it."""
    indices = np.arange(len(GRID))
    pair = Pair(
        SizeLosses(indices, GRID, base),
        SizeLosses(indices, GRID, target),
        np.full(base.shape[1], INITIAL),
        random_seed=0,
    )
    of_base, of_target = (find_optimum(GRID, each.mean(axis=1)) for each in (base, target))
    assert of_base is not None
    interval = costs_of(pair, of_base.index, of_base, of_target, level).regret.interval
    assert interval is not None
    return interval


def shares(trials: int, random_seed: int = 1) -> dict[str, float]:
    """Return how often each proof is given, by how the looks are used."""
    generator = np.random.default_rng(random_seed)
    counts = dict.fromkeys(
        ("small, any look", "small, last look", "large, any look", "large, any look, level split"), 0
    )
    levels = [early_level(LIMITS.level, look) for look in range(len(LOOKS))]
    for _ in range(trials):
        base, target = losses(LIMITS.transfers_regret, generator)
        small = [regret_interval(base[:, :n], target[:, :n], LIMITS.level).high for n in LOOKS]
        counts["small, any look"] += min(small) <= LIMITS.transfers_regret
        counts["small, last look"] += small[-1] <= LIMITS.transfers_regret
        base, target = losses(LIMITS.fine_tune_regret, generator)
        large = [regret_interval(base[:, :n], target[:, :n], LIMITS.level).low for n in LOOKS]
        split = [
            regret_interval(base[:, :n], target[:, :n], level).low
            for n, level in zip(LOOKS, levels, strict=True)
        ]
        counts["large, any look"] += max(large) > LIMITS.fine_tune_regret
        counts["large, any look, level split"] += max(split) > LIMITS.fine_tune_regret
    return {name: count / trials for name, count in counts.items()}


if __name__ == "__main__":
    for name, share in shares(int(sys.argv[1]) if len(sys.argv) > 1 else 4000).items():
        print(f"{name:30} {100 * share:.1f}%")
