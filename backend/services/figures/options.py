"""Options of a figure. Imports no Plotly."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field, NonNegativeInt, PositiveInt

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


class SeedView(StrEnum):
    """Drawing of the seeds of a size."""

    RANGE = "range"  # mean, and the area from the smallest to the largest
    EACH = "each"  # mean, and a thin line for each


LOSS_METRICS = {LossChoice.TRAIN: Metric.TRAIN_LOSS, LossChoice.VAL: Metric.VAL_LOSS}
MOST_CHOICES = 64
RUN_PATTERN = rf"^({'|'.join(Parametrization)})\.[1-9]\d{{0,6}}\.\d{{1,10}}$"


class FigureOptions(Frozen):
    """Options of a figure; equal options are built once."""

    parametrization: tuple[Parametrization, ...] = Field(
        default=(), description="Show only these parametrizations; all when left out.", max_length=8
    )
    width: tuple[PositiveInt, ...] = Field(
        default=(), description="Show only these widths; all when left out.", max_length=MOST_CHOICES
    )
    seed: tuple[NonNegativeInt, ...] = Field(
        default=(),
        description="Use only these seeds; all when left out. What is judged is always of all seeds.",
        max_length=MOST_CHOICES,
    )
    seeds: SeedView = Field(
        default=SeedView.RANGE, description="`range` of the seeds around their mean, or `each` as a line."
    )
    run: str | None = Field(
        default=None,
        pattern=RUN_PATTERN,
        description="One run to be drawn in front of the others: `parametrization.width.seed`.",
        examples=["mup.64.0"],
    )
    smooth: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="Time constant of the moving mean over steps, as a share of the training; 0 for none. "
        "The mean as measured stays behind it, and so do the marks of diverged runs.",
    )
    lr_index: int | None = Field(
        default=None,
        ge=0,
        description=(
            "Number of the learning rate in the grid of µP (else of the first parametrization), from 0; when "
            "left out, the one that is reused on larger models, else the middle one; a figure without values "
            "there shows the nearest one at which most sizes have some. Other arms show the nearest LR they "
            "have."
        ),
    )
    scenario: Scenario | None = Field(
        default=None,
        description="A judged scenario of the experiment; the first when left out.",
        examples=["label_noise:0.2"],
    )
    depth: int | None = Field(default=None, ge=1, description="The experiment's first depth when left out.")
    loss: LossChoice | None = Field(
        default=None,
        description="Loss of training or of validation; the one that decides when left out.",
    )
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
    x_scale: YScale = Field(
        default=YScale.LINEAR, description="Scale of the steps; learning rates and sizes are logarithmic."
    )
    mode: Mode = Field(default=Mode.LIGHT, description="Colours for a light or a dark page.")
    first_step: int = Field(default=0, ge=0, le=2**31, description="First step to show.")
    last_step: int | None = Field(
        default=None, ge=0, le=2**31, description="Last step to show; the end when left out."
    )


class TableFormat(StrEnum):
    """Form of a figure's numbers."""

    JSON = "json"
    CSV = "csv"


class TableOptions(FigureOptions):
    """Options of a figure whose numbers are asked for."""

    format: TableFormat = Field(default=TableFormat.JSON, description="JSON, or CSV to be saved.")
    brief: bool = Field(
        default=False,
        description="Only a few steps of every curve, evenly spread, instead of all that are drawn.",
    )


class OneRun(NamedTuple):
    """Run that is drawn in front of the others, at the shown LR."""

    parametrization: Parametrization
    width: int
    seed: int


def chosen_run(options: FigureOptions) -> OneRun | None:
    """Return the run that the viewer follows."""
    if options.run is None:
        return None
    arm, width, seed = options.run.split(".")
    return OneRun(Parametrization(arm), int(width), int(seed))


def shown_loss(spec: ExperimentSpec, options: FigureOptions) -> Metric:
    """Return the loss that figures show: the chosen one, else the one that decides."""
    return deciding_metric(spec) if options.loss is None else LOSS_METRICS[options.loss]


def deciding_metric(spec: ExperimentSpec) -> Metric:
    """Return the loss that decides: the validation loss unless another one was declared."""
    return Metric(spec.deciding_loss or Metric.VAL_LOSS)


def reference_arm(spec: ExperimentSpec) -> Arm:
    """Return the arm whose grid numbers the LRs: µP, else the first."""
    return next((arm for arm in spec.arms if arm.parametrization is Parametrization.MUP), spec.arms[0])
