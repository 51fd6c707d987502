"""Declarations of what decides a verdict: loss, unit of its cost, and seeds that may be added to settle it.

They are part of the spec and hashed with it, so that none can be chosen after the first result.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.metrics import Metric

# Passes over the training data up to which an example counts as seen about once.
ABOUT_ONCE = 1.5
# Numbers of seeds at which a cost is tested again after the planned ones.
LOOKS = (8, 16, 24, 48)
MOST_SEEDS = LOOKS[-1]
# Share of the error of a wrong "transfers" that the first look spends: where a settle stage is planned, and
# where only a user may ask for one later. The later looks share the rest: planned ones in proportion to their
# seeds, since the last one decides what is closest to the limit, others equally.
FIRST_SHARE, FIRST_SHARE_ALONE = 0.5, 0.8

# A cost so close to its limit that this many times the seeds allowed would be needed is left open, once there
# are enough seeds to estimate that: with eight, a value next to its limit is often there by chance.
HOPELESS, ENOUGH_SEEDS = 8.0, LOOKS[-2]

# Losses that may decide.
DecidingLoss = Literal[Metric.TRAIN_LOSS, Metric.VAL_LOSS]


class CostUnit(StrEnum):
    """Unit in which the cost of reuse is compared with its limit."""

    SHARE = "share"  # of the achievable improvement
    EXTRA_TRAINING = "extra_training"  # training that makes up for the loss, as a share of the training


class Settle(Frozen):
    """Settle stage: seeds are added where they decide, until the answer is decided or these are used."""

    max_seeds: int = Field(default=MOST_SEEDS, ge=2, le=MOST_SEEDS, description="Most seeds of one LR.")
    max_work: float = Field(
        default=4.0, gt=0, le=10, description="Most work it may add, as a multiple of the planned stages'."
    )


def is_seen_once(num_train: int, *, num_steps: int, batch_size: int) -> bool:
    """Return whether an example is trained on about once: a low training loss is then no memory of it."""
    return num_steps * batch_size / num_train <= ABOUT_ONCE


def deciding_loss(shape: DatasetShape, *, num_steps: int, batch_size: int) -> DecidingLoss:
    """Return the loss that decides: of training where an example is seen about once, else of validation.

    Over several passes the training loss rewards overfitting (docs/decisions/0030).
    """
    is_once = is_seen_once(shape.num_train, num_steps=num_steps, batch_size=batch_size)
    return Metric.TRAIN_LOSS if is_once else Metric.VAL_LOSS


def cost_unit(shape: DatasetShape) -> CostUnit:
    """Return the unit of the cost: extra training where loss is a power law of compute, as for text."""
    return CostUnit.EXTRA_TRAINING if shape.task is Task.LANGUAGE_MODELLING else CostUnit.SHARE


def looks_after(num_seeds: int, max_seeds: int = MOST_SEEDS) -> tuple[int, ...]:
    """Return the numbers of seeds at which a cost is tested again after `num_seeds`, ascending."""
    return tuple(look for look in LOOKS if num_seeds < look <= max_seeds)


def most_seeds(settle: Settle | None) -> int:
    """Return the most seeds of one LR: those of the plan's settle stage, else all that a user may ask for."""
    return MOST_SEEDS if settle is None else settle.max_seeds


def can_settle(num_seeds: int, seeds_needed: float, max_seeds: int) -> bool:
    """Return whether further seeds are allowed and have a chance to decide an open cost.

    Args:
        num_seeds: seeds of the LRs that decide.
        seeds_needed: with which the cost would be decided if its estimate stayed where it is.
    """
    is_hopeless = seeds_needed > HOPELESS * max_seeds and num_seeds >= ENOUGH_SEEDS
    return bool(looks_after(num_seeds, max_seeds)) and not is_hopeless


def look_level(level: float, num_planned: int, num_seeds: int, settle: Settle | None) -> float:
    """Return the two-sided level of a cost's interval at one of several looks.

    The errors of all looks add up to that of one look at `level` (union bound), so a wrong "transfers" over
    all of them is no more likely than at a single one.

    Args:
        num_planned: seeds of the first look.
        num_seeds: seeds of this look.
    """
    first = FIRST_SHARE_ALONE if settle is None else FIRST_SHARE
    later = looks_after(num_planned, most_seeds(settle))
    if num_seeds <= num_planned or not later:
        return 1.0 - (1.0 - level) * first
    look = next((each for each in later if num_seeds <= each), later[-1])
    share = 1.0 / len(later) if settle is None else look / sum(later)
    return 1.0 - (1.0 - level) * (1.0 - first) * share


def further_seeds(seeds: tuple[int, ...], num_seeds: int) -> tuple[int, ...]:
    """Return the seeds that the settle stage adds to those planned, up to `num_seeds` in all."""
    first = max(seeds) + 1
    return tuple(range(first, first + max(0, num_seeds - len(seeds))))
