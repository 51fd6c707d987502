"""Declarations of what decides a verdict: loss, unit of its cost, and seeds that may be added to settle it.

They are part of the spec and hashed with it, so that none can be chosen after the first result.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.metrics import Metric

# Passes over the training data up to which an example counts as seen about once.
ABOUT_ONCE = 1.5
# Seeds that one batch of the settle stage adds up to, and the most an experiment can be settled with.
BATCH_SEEDS = 8
MOST_SEEDS = 48
# Shares of the error of a wrong "transfers": spent at the first look, at the looks the plan itself may take,
# and kept for looks that a user asks for later. Without a settle stage the first look takes its share too.
FIRST_SHARE, PLANNED_SHARE, LATER_SHARE = 0.5, 0.3, 0.2


class CostUnit(StrEnum):
    """Unit in which the cost of reuse is compared with its limit."""

    SHARE = "share"  # of the achievable improvement
    EXTRA_TRAINING = "extra_training"  # training that makes up for the loss, as a share of the training


class Settle(Frozen):
    """Settle stage: seeds are added where they decide, until the answer is decided or these are used."""

    max_seeds: int = Field(
        default=24, ge=2, le=MOST_SEEDS, description="Seeds of one learning rate, at most."
    )


def deciding_loss(shape: DatasetShape, *, num_steps: int, batch_size: int) -> Metric:
    """Return the loss that decides: of training where an example is seen about once, else of validation.

    Over several passes the training loss rewards overfitting (docs/decisions/0030).
    """
    passes = num_steps * batch_size / shape.num_train
    return Metric.TRAIN_LOSS if passes <= ABOUT_ONCE else Metric.VAL_LOSS


def cost_unit(shape: DatasetShape) -> CostUnit:
    """Return the unit of the cost: extra training where loss is a power law of compute, as for text."""
    return CostUnit.EXTRA_TRAINING if shape.task is Task.LANGUAGE_MODELLING else CostUnit.SHARE


def looks_after(num_seeds: int, max_seeds: int = MOST_SEEDS) -> tuple[int, ...]:
    """Return the numbers of seeds at which a cost is tested again after `num_seeds`, ascending."""
    first = BATCH_SEEDS * (num_seeds // BATCH_SEEDS + 1)
    return tuple(range(first, max_seeds + 1, BATCH_SEEDS))


def look_level(level: float, num_planned: int, num_seeds: int, settle: Settle | None) -> float:
    """Return the two-sided level of a cost's interval at one of several looks.

    The errors of all looks add up to that of one look at `level` (union bound), so a wrong "transfers" over
    all of them is no more likely than at a single one.

    Args:
        num_planned: seeds of the first look.
        num_seeds: seeds of this look.
    """
    error = (1.0 - level) / 2.0
    planned = looks_after(num_planned, settle.max_seeds) if settle is not None else ()
    if num_seeds <= num_planned:
        share = FIRST_SHARE if planned else FIRST_SHARE + PLANNED_SHARE
    elif planned and num_seeds <= planned[-1]:
        share = PLANNED_SHARE / len(planned)
    else:
        later = looks_after(max((num_planned, *planned)))
        share = LATER_SHARE / max(1, len(later))
    return 1.0 - 2.0 * error * share


def further_seeds(seeds: tuple[int, ...], num_seeds: int) -> tuple[int, ...]:
    """Return the seeds that the settle stage adds to those planned, up to `num_seeds` in all."""
    first = max(seeds) + 1
    return tuple(range(first, first + max(0, num_seeds - len(seeds))))
