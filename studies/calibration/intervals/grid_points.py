"""Errors that the LR grid causes: the optimum snapped to a point or interpolated, and optima near an edge.

`python -m studies.calibration.intervals.grid_points [trials]`. Choice: docs/decisions/0019.
"""

from __future__ import annotations

import sys

import numpy as np

from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.measures.transfer import shift_of
from muscope.backend.analysis.statistics.optimum import find_optimum
from studies.calibration.intervals.interval_coverage import BEST, INITIAL, LEVEL, OCTAVES, Case

GAIN = 0.66


def interpolation_cost(spacing: float, curvature: float) -> tuple[float, float]:
    """Return what a perfect transfer seems to lose at the vertex, log loss interpolated: of M2, and of M2s.

    The worst place of the vertex between two grid points; on the grid point itself nothing is lost.
    """
    grid, target = np.arange(-8.0, 8.0 + spacing, spacing), GAIN * BEST
    excess = 0.0
    for vertex in np.linspace(-spacing / 2, spacing / 2, 101):
        log_loss = np.log(target) + curvature * (grid - vertex) ** 2
        excess = max(excess, float(np.exp(np.interp(vertex, grid, log_loss)) - np.exp(log_loss.min())))
    return excess / (INITIAL - target), excess / (BEST - target)


def edge_coverage(
    num_seeds: int, inside: float, trials: int, random_seed: int = 5
) -> dict[bool, tuple[int, float]]:
    """Return how often M1's interval covers, by whether the optimum was called an edge; with the counts.

    Args:
        inside: how far below the largest LR tried the target's true optimum lies, in octaves.
    """
    generator, shift = np.random.default_rng(random_seed), 0.5
    case = Case(OCTAVES, 0.2, 0.4, shift=shift, gain=GAIN)
    optimum = float(OCTAVES[-1]) - inside
    hits: dict[bool, list[bool]] = {False: [], True: []}
    for trial in range(trials):
        base, target = (
            case.drawn(generator, num_seeds, factor, at)
            for factor, at in ((1.0, optimum - shift), (GAIN, optimum))
        )
        indices = np.arange(len(OCTAVES))
        pair = Pair(
            SizeLosses(indices, OCTAVES, base),
            SizeLosses(indices, OCTAVES, target),
            np.full(num_seeds, INITIAL),
            trial,
        )
        found, estimate = find_optimum(OCTAVES, target.mean(axis=1)), shift_of(pair, OCTAVES, LEVEL)
        assert found is not None
        assert estimate.interval is not None
        hits[found.is_edge].append(estimate.interval.low <= shift <= estimate.interval.high)
    return {is_edge: (len(each), float(np.mean(each)) if each else 0.0) for is_edge, each in hits.items()}


if __name__ == "__main__":
    num_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    for step in (1.0, 0.5):
        for bend in (0.05, 0.2, 0.5):
            of_reduction, of_gain = interpolation_cost(step, bend)
            lost = f"{100 * of_reduction:.2f}% of M2, {100 * of_gain:.1f}% of M2s"
            print(f"{step:g} octave, curvature {bend}: {lost}")
    for seeds in (3, 5):
        for depth in (2.0, 1.5, 1.0, 0.7):
            of_edge = edge_coverage(seeds, depth, num_trials)
            told = ", ".join(
                f"{'edge' if is_edge else 'inside'} {count}: {100 * share:.0f}%"
                for is_edge, (count, share) in of_edge.items()
            )
            print(f"{seeds} seeds, {depth} octaves inside: {told}")
