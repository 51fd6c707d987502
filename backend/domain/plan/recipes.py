"""Recipes: ways of training that a plan starts from, as far as the request says nothing else.

The one called usual practice was chosen by measurement, docs/decisions/0029-usual-practice.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from muscope.backend.domain.spec.model import Model
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, SCHEDULES, OptimizerKind, OptimizerSpec

MEASURE_EVERY = 30
# Steps of a recipe that says nothing of passes, and bounds of one that does; whole measurement intervals.
NUM_STEPS = 300
FEWEST_STEPS, MOST_STEPS = 120, 600


class Recipe(StrEnum):
    """Way of training."""

    USUAL = "usual"
    PAPER = "paper"


@dataclass(frozen=True)
class RecipePlan:
    """Values that a recipe sets.

    Attributes:
        optimizer: with its schedule.
        passes: passes over the training data, from which the number of steps follows; None: `NUM_STEPS`.
        of_family: optimizers of the model families that cannot be trained with the other one.
    """

    optimizer: OptimizerSpec
    passes: int | None = None
    of_family: dict[str, OptimizerSpec] = field(default_factory=dict)

    def optimizer_of(self, model: Model) -> OptimizerSpec:
        """Return the optimizer of a model family."""
        return self.of_family.get(model.name, self.optimizer)

    def num_steps(self, num_train: int, batch_size: int) -> int:
        """Return the steps for so many examples, in whole measurement intervals within the bounds."""
        if self.passes is None:
            return NUM_STEPS
        wanted = self.passes * num_train / batch_size
        intervals = -(-wanted // MEASURE_EVERY)
        return min(MOST_STEPS, max(FEWEST_STEPS, int(intervals) * MEASURE_EVERY))


_ADAM = OptimizerSpec(kind=OptimizerKind.ADAM)
_ADAM_COSINE = _ADAM.changed(schedule=SCHEDULES["cosine"])
RECIPE_PLANS: dict[Recipe, RecipePlan] = {
    Recipe.USUAL: RecipePlan(_ADAM_COSINE, passes=1),
    # Transformers do not learn under plain SGD.
    Recipe.PAPER: RecipePlan(PLAIN_SGD, of_family={"vit": _ADAM, "gpt": _ADAM}),
}
