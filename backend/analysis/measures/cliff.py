"""Distance from the reused LR to divergence (M4), at one size and over sizes."""

from __future__ import annotations

import numpy as np

from muscope.backend.analysis.measures.transfer import has_diverged, lr_margin
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.verdict.verdict import Cliff


def cliff_of(sweep: Sweep, size_index: int, lr_index: int) -> Cliff | None:
    """Return the distance to divergence at a size: measured there, else estimated from smaller sizes.

    Where no LR tried at the size diverged, an LR that diverged at a smaller size gives an estimate, unless
    the size itself was stable there. None where the reused LR was not run.
    """
    tried = np.flatnonzero(sweep.counts[size_index].any(axis=1))
    if lr_index not in tried:
        return None
    stable, diverging = _stable(sweep, size_index, lr_index), lr_margin(sweep, size_index, lr_index)
    if diverging is not None or stable is None or sweep.is_step_up:
        return Cliff(stable=stable, diverging=diverging, is_measured=True)
    smaller = [lr_margin(sweep, i, lr_index) for i in (sweep.base_index, *sweep.planned) if i < size_index]
    seen = [margin for margin in smaller if margin is not None and margin > stable]
    if not seen:
        return Cliff(stable=stable, diverging=None, is_measured=True)
    return Cliff(stable=stable, diverging=seen[-1], is_measured=False)


def _stable(sweep: Sweep, size_index: int, lr_index: int) -> float | None:
    """Return how far above the reused LR no run diverged, in octaves; negative where it diverged itself.

    None where no LR was tried below the first that diverged.
    """
    tried = np.flatnonzero(sweep.counts[size_index].any(axis=1))
    diverges = np.flatnonzero(has_diverged(sweep, size_index))
    border = min((int(index) for index in diverges if index >= lr_index), default=len(sweep.lrs))
    below = [int(index) for index in tried if index < border]
    return float(sweep.log2_lrs[max(below)] - sweep.log2_lrs[lr_index]) if below else None


def nearing(sweep: Sweep, size_index: int, lr_index: int) -> float | None:
    """Return the margin expected one doubling beyond a size, in octaves; None where it does not shrink.

    The trend runs from the base to this size; both must have seen a divergence.
    """
    here, at_base = (lr_margin(sweep, index, lr_index) for index in (size_index, sweep.base_index))
    doublings = float(sweep.log2_extents[size_index] - sweep.log2_extents[sweep.base_index])
    return margin_beyond(here, at_base, doublings)


def margin_beyond(here: float | None, at_base: float | None, doublings: float) -> float | None:
    """Return the margin in octaves expected one doubling beyond a size; None where it does not shrink.

    Args:
        here, at_base: margins at the size and at the base; None where no LR diverged.
        doublings: from the base to the size.
    """
    if here is None or at_base is None or here >= at_base or doublings <= 0:
        return None
    return here + (here - at_base) / doublings
