"""Candidates for usual practice and the data they are tried on, fixed before any result was seen.

The same holds for the limits in `measured.py` and the rule in `chosen.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from muscope.backend.domain.spec.optimizer import (
    PLAIN_SGD,
    SCHEDULES,
    OptimizerKind,
    OptimizerSpec,
    ScheduleSpec,
)

WEIGHT_DECAY, MOMENTUM = 0.01, 0.9


@dataclass(frozen=True)
class Recipe:
    """Way of training: an optimizer with its schedule."""

    name: str
    optimizer: OptimizerSpec


def _recipe(name: str, kind: OptimizerKind, schedule: ScheduleSpec, **arguments: float) -> Recipe:
    return Recipe(name, PLAIN_SGD.changed(kind=kind, schedule=schedule, **arguments))


_COSINE, _CONSTANT = SCHEDULES["cosine"], SCHEDULES["constant"]
PAPER = _recipe("SGD constant (the paper)", OptimizerKind.SGD, _CONSTANT)
RECIPES = (
    _recipe("AdamW cosine with warm-up", OptimizerKind.ADAMW, _COSINE, weight_decay=WEIGHT_DECAY),
    _recipe("AdamW constant", OptimizerKind.ADAMW, _CONSTANT, weight_decay=WEIGHT_DECAY),
    _recipe("Adam cosine with warm-up", OptimizerKind.ADAM, _COSINE),
    _recipe("SGD momentum cosine", OptimizerKind.SGD, _COSINE, momentum=MOMENTUM),
    PAPER,
)
# Passes over the data that are tried.
PASSES = (1, 3)
# Cheap ones first; of the last three some settings need most steps and come after everything else.
DATA = (
    *("tumours", "district_prices", "votes", "weather", "loans", "digits", "friedman", "airports", "grades"),
    *("wages", "marriages", "mathematics", "house_prices", "pensions"),
    *("happiness", "doctor_visits", "diamonds"),
)
