"""Up to which LR training is safe at a size: the border of divergence, and where it will be at larger sizes.

A border is known as well as the grid is fine: nothing diverged at one LR, something did at the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backend.analysis.statistics.lines import slopes
from backend.analysis.sweep import Sweep
from backend.domain.spec.size import Axis, Size


class Border(NamedTuple):
    """The largest log2 lr at which nothing diverged; `log2_diverged` is the next one tried, where it did.

    `log2_diverged` is None where nothing that was tried diverged.
    """

    log2_lr: float
    log2_diverged: float | None

    @property
    def is_seen(self) -> bool:
        """Tell whether right above it something diverged."""
        return self.log2_diverged is not None

    def moved(self, octaves: float) -> Border:
        """Return the border so much higher."""
        diverged = self.log2_diverged
        return Border(self.log2_lr + octaves, None if diverged is None else diverged + octaves)


def border_at(sweeps: Sequence[Sweep], target: Size) -> Border | None:
    """Return the border at a size: as measured there, else extrapolated from the sizes below it.

    Between tested sizes it is the lowest of all; beyond them the lowest of the axes' trends, which may fall
    but never rise. None where nothing was run, or where the smallest LR tried diverged already.
    """
    measured = [borders[target] for borders in map(borders_of, sweeps) if target in borders]
    if measured:
        return _lowest(measured)
    if _is_beyond(sweeps, target):
        return _lowest([_extrapolated(sweep, target) for sweep in sweeps if sweep.axis is not Axis.BOTH])
    return _lowest([border for sweep in sweeps for border in borders_of(sweep).values()])


def borders_of(sweep: Sweep) -> dict[Size, Border | None]:
    """Return the border of the base and of every larger size with results; None where no LR was stable."""
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
    """Return the largest tested size's border, lowered by the trend and by what the grid cannot tell of it.

    Every border is known to within a grid step, so its slope is known to within a step over their distance.
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
        return of_largest
    y = np.array([each.log2_lr for each in seen.values()])
    slope = float(slopes(x, y))
    unknown = float(np.median(np.diff(sweep.log2_lrs))) / float(np.ptp(x))
    return of_largest.moved(beyond * (min(0.0, slope) - unknown))


def _doublings_beyond(axis: Axis, target: Size, largest: Size) -> float:
    extents = (target.width, largest.width) if axis is Axis.WIDTH else (target.depth, largest.depth)
    return max(0.0, math.log2(extents[0] / extents[1]))
