"""Border of divergence: the highest LR without a divergence at a size, measured or extrapolated.

The grid limits its precision: no run diverged at one LR, at least one did at the next higher LR.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.statistics.lines import slopes
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.size import Axis, Size


class Border(NamedTuple):
    """Border of divergence of one size, in log2 LR.

    `log2_lr` is the highest LR tried without a divergence, `log2_diverged` the next higher LR tried, at which
    a run diverged; None where no run diverged at any LR tried. `is_measured`: at the size itself.
    """

    log2_lr: float
    log2_diverged: float | None
    is_measured: bool = True

    @property
    def is_seen(self) -> bool:
        """Return whether a divergence was observed, so that the border is bounded from above."""
        return self.log2_diverged is not None

    def moved(self, octaves: float) -> Border:
        """Return the border shifted by `octaves`, an estimate for another size."""
        diverged = self.log2_diverged
        moved = None if diverged is None else diverged + octaves
        return Border(self.log2_lr + octaves, moved, is_measured=False)


def border_at(sweeps: Sequence[Sweep], target: Size) -> Border | None:
    """Return the border at a size: the measured one, else an extrapolation from smaller sizes.

    Between tested sizes it is the lowest border of all of them. Beyond them it is the lowest of the trends of
    the axes, where a trend may fall but never rise. None where no run has a result, or where a run diverged
    already at the smallest LR tried.
    """
    measured = [borders[target] for borders in map(borders_of, sweeps) if target in borders]
    if measured:
        return _lowest(measured)
    if _is_beyond(sweeps, target):
        return _lowest([_extrapolated(sweep, target) for sweep in sweeps if sweep.axis is not Axis.BOTH])
    between = _lowest([border for sweep in sweeps for border in borders_of(sweep).values()])
    return None if between is None else between.moved(0.0)


def borders_of(sweep: Sweep) -> dict[Size, Border | None]:
    """Return the border of the base and of every larger size with results; None if no LR was stable."""
    found: dict[Size, Border | None] = {}
    for index in (sweep.base_index, *sweep.larger):
        tried = np.flatnonzero(sweep.is_measured[index].any(axis=1))
        diverges = np.flatnonzero((sweep.diverged_at[index][tried] >= 0).any(axis=1))
        if len(tried) == 0:
            continue
        log2_lrs = sweep.log2_lrs[tried]
        if len(diverges) == 0:
            found[sweep.sizes[index]] = Border(float(log2_lrs[-1]), None)
        elif diverges[0] == 0:
            found[sweep.sizes[index]] = None
        else:
            first = int(diverges[0])
            found[sweep.sizes[index]] = Border(float(log2_lrs[first - 1]), float(log2_lrs[first]))
    return found


def _is_beyond(sweeps: Sequence[Sweep], target: Size) -> bool:
    tested = [size for sweep in sweeps for size in borders_of(sweep)]
    return any(
        target[way] > max((size[way] for size in tested), default=target[way]) for way in range(len(target))
    )


def _lowest(borders: Sequence[Border | None]) -> Border | None:
    known = [border for border in borders if border is not None]
    if not known or len(known) < len(borders):
        return None
    return min(known, key=lambda border: (border.log2_lr, not border.is_seen))


def _extrapolated(sweep: Sweep, target: Size) -> Border | None:
    """Return the border of the largest tested size, lowered by the trend and by the error of the grid.

    Every border is known to within one grid step, so the slope between two sizes is known to within one grid
    step divided by their distance in doublings.
    """
    borders = borders_of(sweep)
    largest = max(borders, key=sweep.sizes.index, default=None)
    if largest is None or borders[largest] is None:
        return None
    of_largest = borders[largest]
    assert of_largest is not None
    seen = {size: each for size, each in borders.items() if each is not None and each.is_seen}
    x = np.array([sweep.log2_extents[sweep.sizes.index(size)] for size in seen])
    beyond = _doublings_beyond(sweep.axis, target, largest)
    if beyond <= 0 or len(seen) < 2:
        return of_largest.moved(0.0)
    y = np.array([each.log2_lr for each in seen.values()])
    slope = float(slopes(x, y))
    unknown = float(np.median(np.diff(sweep.log2_lrs))) / float(np.ptp(x))
    return of_largest.moved(beyond * (min(0.0, slope) - unknown))


def _doublings_beyond(axis: Axis, target: Size, largest: Size) -> float:
    extents = (target.width, largest.width) if axis is Axis.WIDTH else (target.depth, largest.depth)
    return max(0.0, math.log2(extents[0] / extents[1]))
