"""Coverage of nominal 90% intervals of M1, M2 and M2s, by method and number of seeds.

`python -m studies.calibration.intervals.interval_coverage [trials]`: noisy parabolas whose optimum
scatters over seeds, truth in closed form, seeded. What the product says is judged as the product computes it;
the other ways are there to be compared with. Outcome and choice: docs/log.md, docs/decisions/0019.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from muscope.backend.analysis.measures.costs import costs_of
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.measures.transfer import shift_of
from muscope.backend.analysis.statistics.bootstrap import bootstrap_interval, resampling_weights
from muscope.backend.analysis.statistics.intervals import estimate
from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.verdict.verdict import Interval

LEVEL = 0.90
INITIAL, BEST, BASE_OPTIMUM = 2.3, 0.5, -1.8
SEEDS = (3, 4, 5, 8, 10)
Ends = tuple[float, float]
Statistic = Callable[[Values], Values]


class Case(NamedTuple):
    """Parabolas of log loss: `scatter` in octaves, `noise` of log loss, `gain` target's best over base's."""

    log2_lrs: Values
    curvature: float
    scatter: float
    shift: float
    gain: float
    noise: float = 0.02

    def expected(self, factor: float, optimum: float) -> Values:
        """Return the expected loss at every LR, [E]: a Gaussian integral over the scatter."""
        damping = 1.0 - 2.0 * self.curvature * self.scatter**2
        bend = np.exp(self.curvature * (self.log2_lrs - optimum) ** 2 / damping + self.noise**2 / 2.0)
        return np.asarray(factor * BEST * bend / np.sqrt(damping))

    def drawn(self, generator: np.random.Generator, num_seeds: int, factor: float, optimum: float) -> Values:
        """Return the losses of one size, [E, S]."""
        own = optimum + self.scatter * generator.standard_normal(num_seeds)
        noise = self.noise * generator.standard_normal((len(self.log2_lrs), num_seeds))
        distance = self.log2_lrs[:, None] - own
        return np.asarray(factor * BEST * np.exp(self.curvature * distance**2 + noise))


OCTAVES, HALVES = np.arange(-6.0, 3.0), np.arange(-5.0, 2.01, 0.5)
CASES = (
    Case(OCTAVES, 0.2, 0.4, shift=0.9, gain=0.66),
    Case(HALVES, 0.2, 0.4, shift=0.9, gain=0.66),
    Case(OCTAVES, 0.05, 0.4, shift=0.3, gain=0.66),
    Case(HALVES, 0.05, 0.4, shift=0.6, gain=0.9),
    Case(OCTAVES, 0.2, 0.1, shift=0.3, gain=0.66),
)


def ways(pair: Pair, statistic: Statistic, student: Ends | None, product: Interval | None) -> dict[str, Ends]:
    """Return the interval of a statistic of weights [S, B] by every method that has one."""
    num_seeds = pair.num_seeds
    weights_SB = resampling_weights(num_seeds, pair.random_seed)
    values_B = statistic(weights_SB)
    value = float(statistic(np.full((num_seeds, 1), 1.0 / num_seeds))[0])
    left_out = (1.0 - np.eye(num_seeds)) / (num_seeds - 1)
    tails = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    found = {
        "percentile": _ends(np.quantile(values_B, tails)),
        "bca": _bca(value, values_B, statistic(left_out), tails),
        "studentised": _studentised(statistic, value, values_B, weights_SB, left_out, tails),
    }
    expanded = bootstrap_interval(values_B, num_seeds, LEVEL)
    found |= {"expanded": (expanded.low, expanded.high)} if expanded is not None else {}
    found |= {"student_t": student} if student is not None else {}
    return found | ({"product": (product.low, product.high)} if product is not None else {})


def _ends(values: Values) -> Ends:
    return float(values[0]), float(values[1])


def _bca(value: float, values_B: Values, jackknife: Values, tails: Values) -> Ends:
    below = np.clip((values_B < value).mean() + 0.5 * (values_B == value).mean(), 1e-3, 1 - 1e-3)
    pull = jackknife.mean() - jackknife
    spread = float(pull @ pull) ** 1.5
    skew = float((pull**3).sum()) / (6.0 * spread) if spread > 0 else 0.0
    z = ndtri(below) + ndtri(tails)
    return _ends(np.quantile(values_B, ndtr(ndtri(below) + z / (1.0 - skew * z))))


def _studentised(
    statistic: Statistic, value: float, values_B: Values, weights_SB: Values, left_out: Values, tails: Values
) -> Ends:
    """Return the bootstrap-t interval; the standard error within a resample is the jackknife's."""
    num_seeds = len(weights_SB)
    counts_BS = np.rint(weights_SB.T * num_seeds)
    without = np.clip(counts_BS[:, None, :] - np.eye(num_seeds), 0, None) / (num_seeds - 1)
    each_BS = statistic(without.reshape(-1, num_seeds).T).reshape(-1, num_seeds)
    mean_B = (each_BS * counts_BS).sum(axis=1) / num_seeds
    squares_B = (counts_BS * (each_BS - mean_B[:, None]) ** 2).sum(axis=1)
    error_B = np.sqrt((num_seeds - 1) / num_seeds * squares_B)
    t_B = np.where(error_B > 1e-12, (values_B - value) / np.maximum(error_B, 1e-12), 0.0)
    jackknife = statistic(left_out)
    error = np.sqrt((num_seeds - 1) / num_seeds * ((jackknife - jackknife.mean()) ** 2).sum())
    low, high = np.quantile(t_B, tails)
    return float(value - high * error), float(value - low * error)


def cross_fitted(target_ES: Values, reused: int) -> float:
    """Return the excess of the reused LR over the LR that is best for the other seeds, mean over seeds."""
    seeds = range(target_ES.shape[1])
    chosen = [int(np.delete(target_ES, seed, axis=1).mean(axis=1).argmin()) for seed in seeds]
    return float(np.mean([target_ES[reused, seed] - target_ES[chosen[seed], seed] for seed in seeds]))


class Tally:
    """Counts of covered, below and above, by (statistic, method)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[tuple[bool, bool, bool, float]]] = {}

    def add(self, name: str, truth: float, found: dict[str, Ends]) -> None:
        """Count where the truth lies; ends that meet it cover it."""
        for method, (low, high) in found.items():
            below, above = truth < low - 1e-9, truth > high + 1e-9
            entry = (not below and not above, below, above, high - low)
            self.rows.setdefault((name, method), []).append(entry)

    def lines(self) -> list[str]:
        """Return a line for every statistic and method."""
        lines = []
        for (name, method), rows in sorted(self.rows.items()):
            shares = [100.0 * float(np.mean([row[k] for row in rows])) for k in range(3)]
            width = float(np.median([row[3] for row in rows]))
            lines.append(
                f"  {name:4} {method:12} covers {shares[0]:5.1f}%  below {shares[1]:4.1f}%  "
                f"above {shares[2]:4.1f}%  width {width:.3f}"
            )
        return lines


def measure(case: Case, num_seeds: int, trials: int, random_seed: int) -> tuple[Tally, tuple[float, float]]:
    """Return the tally of one case, and the bias of the regret: as it is, and cross-fitted."""
    generator, tally, biases = np.random.default_rng(random_seed), Tally(), []
    of_base = case.expected(1.0, BASE_OPTIMUM)
    of_target = case.expected(case.gain, BASE_OPTIMUM + case.shift)
    for trial in range(trials):
        pair = _drawn_pair(case, generator, num_seeds, trial)
        base, target = (find_optimum(case.log2_lrs, each.losses.mean(axis=1)) for each in pair[:2])
        assert base is not None
        assert target is not None
        costs, excess = (
            costs_of(pair, base.index, base, target, LEVEL),
            of_target[base.index] - of_target.min(),
        )
        rho = excess / (INITIAL - of_target.min())
        left_out = cross_fitted(pair.target.losses, base.index)
        reduction = INITIAL - float(pair.target.at(target.index).mean())
        biases.append(((costs.regret.value or 0.0) - rho, left_out / reduction - rho))
        excess_S = pair.target.at(base.index) - pair.target.at(target.index)
        wholes = {"M2": pair.initial, "M2s": pair.base.at(base.index)}
        shift = shift_of(pair, case.log2_lrs, LEVEL)
        own_S = pair.target.vertices(np.eye(num_seeds)) - pair.base.vertices(np.eye(num_seeds))
        plain = _plain(own_S, pair.shift_of_means(case.log2_lrs))
        tally.add("M1", case.shift, ways(pair, _shift_statistic(pair), plain, shift.interval))
        for name, top_S in wholes.items():
            product = (costs.regret if name == "M2" else costs.gain_loss).interval
            truth = rho if name == "M2" else excess / (of_base[base.index] - of_target.min())
            if product is None:
                continue
            student = _plain(excess_S / float((top_S - pair.target.at(target.index)).mean()))
            statistic = _share_statistic(pair, base.index, top_S)
            tally.add(name, truth, ways(pair, statistic, student, product))
    return tally, _ends(np.mean(biases, axis=0))


def _drawn_pair(case: Case, generator: np.random.Generator, num_seeds: int, random_seed: int) -> Pair:
    indices = np.arange(len(case.log2_lrs))
    base = case.drawn(generator, num_seeds, 1.0, BASE_OPTIMUM)
    target = case.drawn(generator, num_seeds, case.gain, BASE_OPTIMUM + case.shift)
    return Pair(
        SizeLosses(indices, case.log2_lrs, base),
        SizeLosses(indices, case.log2_lrs, target),
        np.full(num_seeds, INITIAL),
        random_seed,
    )


def _plain(values_S: Values, centre: float | None = None) -> Ends | None:
    interval = estimate(values_S, LEVEL, centre=centre).interval
    return None if interval is None else (interval.low, interval.high)


def _shift_statistic(pair: Pair) -> Statistic:
    return lambda weights_SB: pair.target.vertices(weights_SB) - pair.base.vertices(weights_SB)


def _share_statistic(pair: Pair, reused: int, top_S: Values) -> Statistic:
    def share(weights_SB: Values) -> Values:
        best_B = (pair.target.losses @ weights_SB).min(axis=0)
        excess_B = pair.target.at(reused) @ weights_SB - best_B
        return np.asarray(excess_B / (top_S @ weights_SB - best_B))

    return share


def main(trials: int) -> None:
    """Print every case for every number of seeds."""
    for num_seeds in SEEDS:
        for index, case in enumerate(CASES):
            tally, bias = measure(case, num_seeds, trials, random_seed=100 * num_seeds + index)
            grid = f"{case.log2_lrs[1] - case.log2_lrs[0]:g} octave"
            print(
                f"{num_seeds} seeds, {grid}, curvature {case.curvature}, scatter {case.scatter}, "
                f"D {case.shift}, gain {case.gain}: bias of M2 {bias[0]:+.5f}, cross-fitted {bias[1]:+.5f}"
            )
            print("\n".join(tally.lines()), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
