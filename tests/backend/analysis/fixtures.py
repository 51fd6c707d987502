"""Published sweeps with a known answer (docs/science.md §7): numbers from the issues, arrays constructed."""

from __future__ import annotations

import math

import numpy as np

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import sweep_of

# NVIDIA/Megatron-LM #3058: the best LR of each width.
MEGATRON_WIDTHS = (128, 256, 512, 1024, 2048)
MEGATRON_SP = (9.77e-4, 4.88e-4, 2.44e-4, 1.22e-4, 6.10e-5)
MEGATRON_MUP = (9.77e-4, 9.77e-4, 9.77e-4, 9.77e-4, 1.95e-3)

# microsoft/mup #66: validation loss by LR 2^-12 … 2^-8; at 768 one run diverged and one was not made.
MUP66_WIDTHS = (96, 192, 384, 768)
MUP66_LRS = tuple(2.0**e for e in range(-12, -7))
MUP66_LOSS = (
    (4.3393, 4.2398, 4.1627, 4.1184, 4.1291),
    (3.8111, 3.7363, 3.7074, 3.7086, 3.7287),
    (3.4135, 3.3776, 3.3809, 3.4041, 3.4713),
    (3.1074, 3.1009, 3.1226, math.nan, math.nan),
)
MUP66_INITIAL = math.log(50257)


def megatron(optima: tuple[float, ...], *, curvature: float, num_seeds: int = 5) -> Sweep:
    """Return parabolas with the issue's optima on an octave grid; the other losses are constructed."""
    lrs = tuple(9.77e-4 * 2.0**k for k in range(-6, 4))
    distance = np.log2(np.array(lrs))[None, :] - np.log2(np.array(optima))[:, None]
    best = 0.5 * 0.9 ** np.arange(len(optima))
    final = best[:, None] * np.exp(curvature * distance**2)
    finals = np.repeat(final[:, :, None], num_seeds, axis=2)
    return sweep_of({Metric.VAL_LOSS: finals}, widths=MEGATRON_WIDTHS, lrs=lrs)


def mup66(*, num_seeds: int = 1, num_widths: int = 4) -> Sweep:
    """Return the issue's table, equal for every synthetic seed."""
    final = np.repeat(np.array(MUP66_LOSS)[:num_widths, :, None], num_seeds, axis=2)
    diverged_at = np.full(final.shape, -1)
    diverged_at[3:, 4] = 100
    is_measured = np.isfinite(final) | (diverged_at >= 0)
    return sweep_of(
        {Metric.VAL_LOSS: final},
        widths=MUP66_WIDTHS[:num_widths],
        lrs=MUP66_LRS,
        initial=MUP66_INITIAL,
        diverged_at=diverged_at,
        is_measured=is_measured,
    )
