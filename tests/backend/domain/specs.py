"""Small spec and the shape of its data, shared by the tests of plans, storage and training."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.parametrization import OF_SIZE, Parametrization
from muscope.backend.domain.spec.scenario import Scenario

SHAPE = DatasetShape(task=Task.CLASSIFICATION, num_features=5, num_outputs=3, num_train=48, num_val=12)
REGRESSION = SHAPE.model_copy(update={"task": Task.REGRESSION, "num_outputs": 1})

SPEC = ExperimentSpec(
    dataset_sha256="ab" * 32,
    arms=(
        Arm(parametrization=Parametrization.MUP, lrs=(0.1, 0.2)),
        Arm(parametrization=Parametrization.NTP, lrs=(0.05, 0.1, 0.2)),
    ),
    widths=(8, 16),
    depths=(2,),
    base_width=8,
    seeds=(0, 1),
    loss=Loss.CROSS_ENTROPY,
    batch_size=8,
    num_steps=12,
    measure_every=5,
    sharpness_batch_size=16,
)


SCENARIOS = tuple(
    Scenario(text)
    for text in ("as_given", "label_noise:0.2", "subsample:0.5", "momentum:0.9", "batch_size:4")
)


def spec(**changes: Any) -> ExperimentSpec:
    """Return the small spec with some fields changed."""
    return ExperimentSpec.model_validate(SPEC.model_dump() | changes)


def some(values: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw one to `most` distinct values in any order."""
    return st.lists(values, min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def specs(draw: st.DrawFn) -> ExperimentSpec:
    """Draw a spec with a small grid of any shape."""
    lrs = some(st.integers(-8, 4).map(lambda power: 2.0**power), 4)
    arms = tuple(Arm(parametrization=arm, lrs=draw(lrs)) for arm in draw(some(st.sampled_from(OF_SIZE), 3)))
    return spec(
        scenarios=draw(some(st.sampled_from(SCENARIOS), 3)),
        arms=arms,
        widths=draw(some(st.integers(1, 300), 3)),
        depths=draw(some(st.integers(1, 6), 2)),
        seeds=draw(some(st.integers(0, 99), 4)),
    )
