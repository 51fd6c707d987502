"""Choice of usual practice: counts of a recipe over the data, and the rule that picks the winner.

The rule was fixed before any result was seen: among recipes that train about as well as the best one (median
excess at most `MOST_EXCESS`), most yes, then fewest no, then most controls shown worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from studies.calibration.recipes.measured import Answer, Measured
from studies.calibration.recipes.recipe import Recipe
from studies.calibration.recipes.trial import num_steps
from studies.cells.datasets import dataset

MOST_EXCESS = 0.02


@dataclass(frozen=True)
class Counts:
    """Counts of one recipe at one number of passes.

    Attributes:
        num_data: datasets on which the recipe was tried.
        excess: median over data of what its best loss is above the best recipe's, as a share of what that one
            achieves.
    """

    recipe: Recipe
    passes: int
    num_data: int
    yes: int
    no: int
    num_worse: int
    excess: float
    benefit: float

    @property
    def open(self) -> int:
        """Return how often neither was shown."""
        return self.num_data - self.yes - self.no


def counts_of(measured: Sequence[Measured], recipe: Recipe, passes: int) -> Counts:
    """Count what a recipe comes to on the data on which every recipe was tried."""
    mine = [one for one in measured if one.trial.recipe == recipe and is_of(one, passes)]
    excess = [_excess(one, measured) for one in mine]
    return Counts(
        recipe,
        passes,
        len(mine),
        sum(one.mup.answer is Answer.YES for one in mine),
        sum(one.mup.answer is Answer.NO for one in mine),
        sum(one.is_control_worse for one in mine),
        _middle(excess),
        _middle([one.mup.benefit for one in mine]),
    )


def is_of(one: Measured, passes: int) -> bool:
    """Tell whether a trial is that of so many passes; where bounds make two numbers equal it is of both."""
    return one.trial.num_steps == num_steps(len(dataset(one.trial.data).x_train), passes)


def usual_practice(counts: Sequence[Counts]) -> Counts | None:
    """Return the recipe that wins; None before any was tried."""
    good = [one for one in counts if one.excess <= MOST_EXCESS]
    return max(good, key=lambda one: (one.yes, -one.no, one.num_worse), default=None)


def _middle(values: Sequence[float]) -> float:
    return median(values) if values else math.nan


def _excess(one: Measured, measured: Sequence[Measured]) -> float:
    peers = [
        other.mup
        for other in measured
        if (other.trial.data, other.trial.num_steps) == (one.trial.data, one.trial.num_steps)
    ]
    best = min(peers, key=lambda cost: cost.best)
    return (one.mup.best - best.best) / (best.initial - best.best)
