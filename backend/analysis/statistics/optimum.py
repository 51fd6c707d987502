"""Optimum of the loss on a grid of learning rates.

The optimum is the vertex of the parabola through the best grid point and its two neighbours, of the log of
the mean loss against log2 LR (docs/science.md §6.2). The LR reused on a larger size is the best grid point,
not the vertex: a user has run it and would take it along (docs/decisions/0011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muscope.backend.analysis.sweep import Values


@dataclass(frozen=True)
class Optimum:
    """Best LR of a grid: `log2_lr` of the vertex, `index` of the best grid point.

    `is_edge`: the best grid point lacks a neighbour, so that the true optimum may lie outside the LRs tried;
    the vertex is then the grid point itself. `is_lower`: the missing neighbour is the smaller one.
    """

    log2_lr: float
    index: int
    is_edge: bool
    is_lower: bool = False


def find_optimum(log2_lrs: Values, losses: Values) -> Optimum | None:
    """Return the optimum of losses [E] on an ascending grid [E]; None when no loss is finite.

    Of equal losses the smallest LR is best. Where a neighbour has no value, the optimum is an edge.
    """
    is_finite = np.isfinite(losses)
    if not is_finite.any():
        return None
    best = int(np.argmin(np.where(is_finite, losses, np.inf)))
    around = slice(best - 1, best + 2)
    is_lower = best == 0 or not is_finite[best - 1]
    if is_lower or best == len(losses) - 1 or not is_finite[best + 1]:
        return Optimum(float(log2_lrs[best]), best, is_edge=True, is_lower=bool(is_lower))
    return Optimum(_vertex(log2_lrs[around], losses[around]), best, is_edge=False)


def _vertex(x: Values, losses: Values) -> float:
    """Return the abscissa of the vertex of the parabola through three points, the middle one the lowest.

    It is fitted to log losses; where one is not positive, to the losses themselves.
    """
    y = np.log(losses) if (losses > 0).all() else losses / max(float(np.abs(losses).max()), 1e-300)
    left, right = x[1] - x[0], x[2] - x[1]
    fall, rise = (y[0] - y[1]) / left, (y[2] - y[1]) / right
    if not fall + rise > 0:
        return float(x[1])  # three equal losses have no vertex
    return float(x[1] + 0.5 * (fall * right - rise * left) / (fall + rise))


def seed_optima(log2_lrs: Values, losses: Values) -> Values:
    """Return the vertex of every seed [S] from losses [E, S]; NaN for a seed without losses."""
    found = [find_optimum(log2_lrs, losses[:, seed]) for seed in range(losses.shape[1])]
    return np.array([np.nan if optimum is None else optimum.log2_lr for optimum in found])


def vertices(log2_lrs: Values, losses: Values) -> Values:
    """Return the vertex of every column [N] of finite losses [E, N] on a grid [E]; NaN without a grid.

    Vectorised `find_optimum` for thousands of columns; neighbours are the next LRs that have a value.
    """
    num_lrs, columns = len(log2_lrs), np.arange(losses.shape[1])
    if num_lrs == 0:
        return np.full(len(columns), np.nan)
    best = losses.argmin(axis=0)
    of_best: Values = log2_lrs[best]
    if num_lrs < 3:
        return of_best
    middle = np.clip(best, 1, num_lrs - 2)
    around = np.stack([losses[middle + offset, columns] for offset in (-1, 0, 1)])
    x = np.stack([log2_lrs[middle + offset] for offset in (-1, 0, 1)])
    found: Values = np.where(best == middle, _vertices_within(x, around), of_best)
    return found


def _vertices_within(x: Values, losses: Values) -> Values:
    """Return the abscissas [N] of the vertices of parabolas through 3 points, [3, N] each; see `_vertex`."""
    has_log = (losses > 0).all(axis=0)
    scale = np.maximum(np.abs(losses).max(axis=0), 1e-300)
    y = np.where(has_log, np.log(np.where(has_log, losses, 1.0)), losses / scale)
    left, right = x[1] - x[0], x[2] - x[1]
    fall, rise = (y[0] - y[1]) / left, (y[2] - y[1]) / right
    bend = fall + rise
    offset = 0.5 * (fall * right - rise * left) / np.where(bend > 0, bend, 1.0)
    vertex: Values = np.where(bend > 0, x[1] + offset, x[1])
    return vertex
