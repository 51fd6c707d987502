"""Measurements of a network of two matrices, as the check of a worker would make them."""

from __future__ import annotations

from muscope.backend.domain.brought.measured import (
    ActivationMeasures,
    BySeed,
    MeasuredModel,
    TensorMeasures,
    TensorRow,
)
from muscope.backend.domain.brought.question import CheckQuestion
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput

WIDTHS = (8, 16, 32, 64)
SEEDS = 2


def measured_model(*, output_init: float = -1.0) -> MeasuredModel:
    """Return a perceptron under AdamW whose output starts as the power `output_init` of the width."""
    return MeasuredModel(
        widths=WIDTHS,
        optimizer=OptimizerSpec.model_validate("adamw"),
        is_own_optimizer=False,
        optimizer_name="AdamW",
        is_known_optimizer=True,
        rows=(
            TensorRow(
                name="a.weight",
                shapes=tuple((width, 4) for width in WIDTHS),
                role=TensorRole.INPUT,
                growing=(0,),
                summed=(1,),
                fan_in=4,
                fan_out=8,
            ),
            TensorRow(
                name="b.weight",
                shapes=tuple((3, width) for width in WIDTHS),
                role=TensorRole.OUTPUT,
                growing=(1,),
                summed=(1,),
                fan_in=8,
                fan_out=3,
            ),
        ),
        tensors=(_tensor("a.weight", init=0.0, lr=0.0), _tensor("b.weight", init=output_init, lr=-1.0)),
        activations=tuple(
            ActivationMeasures(
                tensor=name, initial=_by_seed(0.0), first_change=_by_seed(0.0), last_change=_by_seed(0.0)
            )
            for name in ("a.weight", "b.weight")
        ),
        attention=(),
        factors=(),
        loss=_by_seed(0.0),
    )


class Measuring:
    """A check in place of the process that runs the file."""

    def __init__(self, *, output_init: float = -1.0, error: InvalidInput | None = None) -> None:
        self.asked: list[CheckQuestion] = []
        self._output_init, self._error = output_init, error

    def __call__(self, question: CheckQuestion) -> MeasuredModel:
        self.asked.append(question)
        if self._error is not None:
            raise self._error
        return measured_model(output_init=self._output_init)


def _tensor(name: str, *, init: float, lr: float) -> TensorMeasures:
    ones = tuple(1.0 for _ in WIDTHS)
    return TensorMeasures(
        name=name,
        initial_rms=_by_seed(init),
        step_lr=_by_seed(lr),
        update_rms=_by_seed(lr),
        total_update_rms=_by_seed(lr),
        epsilon_share=tuple(tuple(1e-6 for _ in WIDTHS) for _ in range(SEEDS)),
        group_lr=_by_seed(lr)[0],
        group_decay=tuple(0.0 for _ in WIDTHS),
        num_groups=tuple(1 for _ in WIDTHS),
        multiplier=ones,
        output_multiplier=ones,
    )


def _by_seed(power: float) -> BySeed:
    """Return a power of the width whose seeds differ by a little, as those of drawn weights do."""
    return tuple(tuple((1 + 0.01 * seed) * width**power for width in WIDTHS) for seed in range(SEEDS))
