"""Options of a figure. Imports no Plotly."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.figures.theme import Mode, YScale


class LossChoice(StrEnum):
    """Loss to show, which is also the one the default LR is best for."""

    TRAIN = "train"
    VAL = "val"


class SharpnessChoice(StrEnum):
    """Sharpness to show; the raw one only where it was measured."""

    WEIGHTED = "weighted"
    RAW = "raw"


LOSS_METRICS = {LossChoice.TRAIN: Metric.TRAIN_LOSS, LossChoice.VAL: Metric.VAL_LOSS}


class FigureOptions(Frozen):
    """Options of a figure; equal options are built once."""

    parametrization: tuple[Parametrization, ...] = Field(
        default=(), description="Show only these parametrizations; all when left out.", max_length=8
    )
    lr_index: int | None = Field(
        default=None,
        ge=0,
        description=(
            "Number of the learning rate in the grid of µP (else of the first parametrization), from 0; when "
            "left out, the best one at the base width so far, else the middle one. The others show the "
            "nearest LR they have."
        ),
    )
    scenario: Scenario | None = Field(
        default=None,
        description="A judged scenario of the experiment; the first when left out.",
        examples=["label_noise:0.2"],
    )
    depth: int | None = Field(default=None, ge=1, description="The experiment's first depth when left out.")
    loss: LossChoice = Field(default=LossChoice.TRAIN, description="Loss of training or of validation.")
    sharpness: SharpnessChoice = Field(
        default=SharpnessChoice.WEIGHTED,
        description="LR-weighted, which sizes can be compared by, or the raw largest Hessian eigenvalue.",
    )
    step: int | None = Field(
        default=None,
        ge=0,
        le=2**31,
        description=(
            "Step of the spectral density: the last measurement up to it; when left out, the last one that "
            "all widths with values have."
        ),
    )
    y_scale: YScale = Field(default=YScale.LOG, description="Scale of the vertical axis.")
    mode: Mode = Field(default=Mode.LIGHT, description="Colours for a light or a dark page.")
    first_step: int = Field(default=0, ge=0, le=2**31, description="First step to show.")
    last_step: int | None = Field(
        default=None, ge=0, le=2**31, description="Last step to show; the end when left out."
    )


def reference_arm(spec: ExperimentSpec) -> Arm:
    """Return the arm whose grid numbers the LRs: µP, else the first."""
    return next((arm for arm in spec.arms if arm.parametrization is Parametrization.MUP), spec.arms[0])
