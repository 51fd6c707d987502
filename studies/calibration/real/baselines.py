"""Two rules that people use instead of a verdict, on the same tasks: always yes, and by eye on one seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.parametrization import Parametrization

# "The optimum stays where it was": within so many octaves of the base's, by eye.
SAME_OPTIMUM = 1.0
MADE_TO_REUSE = (Parametrization.MUP, Parametrization.DEPTH_MUP, Parametrization.COMPLETEP)


class Baseline(NamedTuple):
    """A rule: whether it says "use it unchanged" of an arm's sweep, and the part of its seeds it needs."""

    name: str
    says_yes: Callable[[Parametrization, Sweep], bool]
    share_of_seeds: Callable[[Sweep], float]


def _always(parametrization: Parametrization, _sweep: Sweep) -> bool:
    """Say yes to every parametrization that is made for it."""
    return parametrization in MADE_TO_REUSE


def _by_eye(_parametrization: Parametrization, sweep: Sweep) -> bool:
    """Say yes where one seed's best LR of the largest size lies within an octave of the base's."""
    if sweep.deciding_loss is None:
        return False
    losses_WE = sweep.judged(sweep.deciding_loss)[:, :, 0]
    best = [int(np.argmin(losses_WE[index])) for index in (sweep.base_index, sweep.larger[-1])]
    apart = abs(float(sweep.log2_lrs[best[1]] - sweep.log2_lrs[best[0]]))
    return apart <= SAME_OPTIMUM + 1e-9 and sweep.diverged_at[sweep.larger[-1], best[0], 0] < 0


BASELINES = (
    Baseline("µP, so always yes", _always, lambda _sweep: 0.0),
    Baseline("same optimum within an octave, one seed, by eye", _by_eye, lambda sweep: 1 / sweep.num_seeds),
)
