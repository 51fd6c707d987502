"""The learning rates that a verdict tells its reader to use or to try."""

from __future__ import annotations

from typing import NamedTuple

from muscope.backend.domain.verdict.statement import REUSABLE, Outcome
from muscope.backend.domain.verdict.verdict import Verdict


class Instruction(NamedTuple):
    """The LR to use at the target, or those to try there; neither where none is advised."""

    lr: float | None = None
    search_lrs: tuple[float, ...] = ()


def instruction_of(verdict: Verdict) -> Instruction:
    """Return what to use or to try; under rules without advice the reused LR, if it may be reused."""
    if verdict.is_interim or verdict.open is not None:
        return Instruction()
    if verdict.outlook is None:
        return Instruction(verdict.arm.base_lr if verdict.outcome in REUSABLE else None)
    advice = verdict.outlook.recommendation
    if advice.narrow_sweep is not None and verdict.outcome is Outcome.FINE_TUNE:
        return Instruction(search_lrs=tuple(advice.narrow_sweep.lrs))
    return Instruction(advice.lr)
