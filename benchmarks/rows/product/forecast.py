"""Forecast of the learning rate at five times a size, from sizes up to half of it, against measurements.

STEPLAW=<steplaw_dense.csv> make bench ONLY=forecast. The table stays outside the repository. It is a
power law of the best rate in size, tokens and batch, fitted to every smaller size; its cost is read from the
smallest size's curve in two ways, as a parabola and as it was measured. Where these differ by more than the
accuracy that is asked for, the forecast says that it cannot.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import RowResult

GROWTH, MOST_SHARE = 5.0, 0.5
SHIFT_WITHIN, COST_WITHIN, GOAL = 0.5, 0.01, 0.8
_POINTS = 5


class Place(NamedTuple):
    """Condition of a curve."""

    size: float
    tokens: float
    batch: float


class Fitted(NamedTuple):
    """Curve over log2 of the rate: vertex, curvature in loss per squared octave, best rate and loss tried."""

    vertex: float
    curvature: float
    best: float
    lowest: float
    rates: NDArray[np.float64]
    losses: NDArray[np.float64]

    def loss_at(self, rate: float) -> float:
        """Return the loss at log2 of a rate, between those that were run."""
        return float(np.interp(rate, self.rates, self.losses))


class Forecast(NamedTuple):
    """Octaves from the base's best rate, and the cost of reusing it; None where it cannot be told."""

    shift: float
    cost: float | None


Terms = Callable[[Place], list[float]]


def power_law(place: Place) -> list[float]:
    """Return the terms of the forecast."""
    return [1.0, *(math.log2(value) for value in place)]


def size_only(place: Place) -> list[float]:
    """Return the terms of a log-linear fit in the size."""
    return [1.0, math.log2(place.size)]


def forecast() -> RowResult:
    """Compare the forecast with reuse and with a log-linear fit, per batch; KeyError without a path."""
    curves = {place: fit for place, points in _points().items() if (fit := _fitted(points))}
    target = max(place.size for place in curves)
    pairs = [
        (base, place)
        for place in curves
        for base in curves
        if place.size == target and base[1:] == place[1:] and 0.8 < target / base.size / GROWTH < 1.25
    ]
    seen = {place: fit for place, fit in curves.items() if place.size <= MOST_SHARE * target}
    rows, right, answered, others = [], 0, 0, {"reuse": 0, "log-linear": 0}
    for base, place in sorted(pairs, key=lambda pair: pair[1].batch):
        true = _truth(curves[base], curves[place])
        ours = _predicted(seen, base, place, power_law)
        plain = _predicted(seen, base, place, size_only, is_bold=True)
        answered += ours.cost is not None
        right += ours.cost is not None and _is_right(ours, true)
        others["reuse"] += _is_right(Forecast(0.0, 0.0), true)
        others["log-linear"] += _is_right(plain, true)
        rows.append((f"{place.batch:g}", *_shown(true), *_shown(ours), *_shown(plain)))
    total = len(pairs)
    kept = right + total - answered
    heads = ("batch", "true shift", "true cost", "shift", "cost", "log-linear shift", "log-linear cost")
    notes = (
        f"Of {total} batches {answered} are answered, {right} of them right; else it says it cannot.",
        f"Reuse is right in {others['reuse']}, a log-linear fit in the size in {others['log-linear']}.",
        f"A rule that always says it cannot would score {total} of {total} as well.",
    )
    is_met = kept >= GOAL * total and right > max(others.values())
    return RowResult(f"{right}/{answered}/{total}", f">={GOAL:g}", is_met, (heads, *rows), notes)


def _points() -> dict[Place, list[tuple[float, float]]]:
    found: dict[Place, list[tuple[float, float]]] = {}
    with Path(os.environ["STEPLAW"]).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = Place(float(row["size"]), float(row["tokens"]), float(row["batch"]))
            found.setdefault(place, []).append((math.log2(float(row["lr"])), float(row["smooth_loss"])))
    return found


def _fitted(points: list[tuple[float, float]]) -> Fitted | None:
    """Return the curve; None where its best rate lies at an end or it does not curve upwards."""
    rates, losses = (np.array(column) for column in zip(*sorted(points), strict=True))
    best = int(losses.argmin())
    if best in (0, len(rates) - 1):
        return None
    near = np.argsort(np.abs(rates - rates[best]))[:_POINTS]
    curvature, slope, _ = np.polyfit(rates[near] - rates[best], losses[near], 2)
    if curvature <= 0:
        return None
    vertex = float(np.clip(rates[best] - slope / (2 * curvature), rates[near].min(), rates[near].max()))
    return Fitted(vertex, float(curvature), float(rates[best]), float(losses[best]), rates, losses)


def _truth(base: Fitted, target: Fitted) -> Forecast:
    return Forecast(target.vertex - base.vertex, target.loss_at(base.best) - target.lowest)


def _predicted(
    seen: Mapping[Place, Fitted], base: Place, place: Place, terms: Terms, *, is_bold: bool = False
) -> Forecast:
    """Return the forecast; a bold one takes the parabola's cost and never says that it cannot."""
    change = np.array(terms(place)) - np.array(terms(base))
    shift = float(change @ _least_squares(seen, terms, lambda fit: fit.vertex))
    curvature = float(
        np.exp(np.array(power_law(place)) @ _least_squares(seen, power_law, lambda f: math.log(f.curvature)))
    )
    from_here = seen[base]
    parabola = curvature * (from_here.best - from_here.vertex - shift) ** 2
    measured = max(0.0, from_here.loss_at(from_here.best - shift) - from_here.lowest)
    is_known = is_bold or abs(parabola - measured) <= COST_WITHIN
    return Forecast(shift, parabola if is_known else None)


def _least_squares(
    seen: Mapping[Place, Fitted], terms: Terms, value: Callable[[Fitted], float]
) -> NDArray[np.float64]:
    matrix = np.array([terms(place) for place in seen])
    found: NDArray[np.float64] = np.linalg.lstsq(matrix, np.array([value(f) for f in seen.values()]))[0]
    return found


def _is_right(given: Forecast, true: Forecast) -> bool:
    assert true.cost is not None
    is_near = given.cost is not None and abs(given.cost - true.cost) <= COST_WITHIN
    return is_near and abs(given.shift - true.shift) <= SHIFT_WITHIN


def _shown(each: Forecast) -> tuple[str, str]:
    return f"{each.shift:+.2f}", "cannot say" if each.cost is None else f"{each.cost:.4f}"
