"""Input and output of the trainer: a cell's program, its data, and windows of values.

Legend: D inputs, T steps, R runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.dataset import DataDims, ImageShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec, Loss, Precision
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.measures import DensityGrid, Measure, without_curvature
from muscope.backend.domain.spec.metrics import Metric, Schedule, Spacing
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.depth_scaling import branch_mult, depth_alpha
from muscope.backend.domain.spec.scaling.scaling_table import ScalingTable, scaling_table
from muscope.worker.numerics.network import Network

# The one NaN that is ever stored: equal runs give equal bytes.
CANONICAL_NAN = np.array(0x7FC00000, np.uint32).view(np.float32)[()]


@dataclass(frozen=True)
class CellProgram:
    """Everything that decides the numbers of a cell, given its data.

    `scaling` overrides `parametrization`; without `base_depth`, this depth is the base. Fields that
    `ExperimentSpec` has as well mean the same.
    """

    parametrization: Parametrization
    width: int
    depth: int
    base_width: int
    model: ModelFamily
    loss: Loss
    runs: tuple[PlannedRun, ...]
    num_steps: int
    measure_every: int
    chunk_steps: int
    batch_size: int
    sharpness_batch_size: int
    sharpness_tolerance: float = 1e-3
    divergence_factor: float = 20.0
    spec_seed: int = 0
    measures: tuple[Measure, ...] = ()
    density_grid: DensityGrid = field(default_factory=DensityGrid)
    scaling: ScalingTable | None = None
    optimizer: OptimizerSpec = PLAIN_SGD
    base_depth: int | None = None
    completep_alpha: float = 1.0
    measure_spacing: Spacing = Spacing.EVEN
    precision: Precision = Precision.FLOAT32
    has_curvature: bool = True

    @classmethod
    def from_spec(cls, spec: ExperimentSpec, cell: PlannedCell, *, chunk_steps: int) -> Self:
        """Return the program of one planned cell of `spec`, under the conditions of its scenario."""
        spec = spec.under(cell.scenario)
        # A field of both has one meaning, so a new setting is copied by being added to both.
        names = {field.name for field in fields(cls)} & set(ExperimentSpec.model_fields)
        shared = {name: getattr(spec, name) for name in names}
        of_cell = {
            "parametrization": cell.parametrization,
            "width": cell.width,
            "depth": cell.depth,
            "runs": cell.runs,
            "has_curvature": cell.has_curvature,
            "measures": spec.measures if cell.has_curvature else without_curvature(spec.measures),
        }
        return cls(**shared | of_cell, chunk_steps=chunk_steps)

    @property
    def schedule(self) -> Schedule:
        """Return the measurement steps of the cell and the ends of its windows."""
        return Schedule(self.num_steps, self.measure_every, self.chunk_steps, self.measure_spacing)

    def network_for(self, dims: DataDims) -> Network:
        """Return the network the cell trains on data of `dims`."""
        readout_mult = self.model.readout_mult(
            self.parametrization, width=self.width, base_width=self.base_width
        )
        scaling = self.scaling_of(dims)
        return Network(scaling, self.depth, self.branch_mult, self.model, dims, readout_mult)

    @property
    def branch_mult(self) -> float:
        """The factor in front of every residual branch; 1 where the model has none."""
        if not self.model.scales_branches:
            return 1.0
        return branch_mult(
            depth_alpha(self.parametrization, self.completep_alpha),
            depth=self.depth,
            base_depth=self.base_depth or self.depth,
            branch_exponent=getattr(self.model, "branch_exponent", 0.0),
        )

    def scaling_of(self, dims: DataDims) -> ScalingTable:
        """Return the constants of every tensor: the override, or those of the parametrization."""
        return self.scaling or scaling_table(
            self.parametrization,
            dims=dims,
            width=self.width,
            depth=self.depth,
            base_width=self.base_width,
            base_depth=self.base_depth or self.depth,
            completep_alpha=self.completep_alpha,
            optimizer=self.optimizer,
            model=self.model,
        )


@dataclass(frozen=True)
class TrainingData:
    """A dataset's arrays on the device that trains; the dtype of features is the dtype of everything.

    Attributes:
        x_train, x_val: standardised features [n, D]; of text, windows of bytes int64 [n, D].
        y_train, y_val: class indices int64 [n], standardised labels [n], or of text the next bytes [n, D].
        num_outputs: class count, 1 for regression, vocabulary of text.
        label_scale: the label's unit per unit of `y`.
        image: how the features form an image, if they do.
    """

    x_train: Tensor
    y_train: Tensor
    x_val: Tensor
    y_val: Tensor
    task: Task
    num_outputs: int
    label_scale: float = 1.0
    image: ImageShape | None = None
    text_dtype: torch.dtype = torch.float32

    @property
    def dims(self) -> DataDims:
        """Return the kind of the data as a network sees it: features, outputs, image shape."""
        is_text = self.task is Task.LANGUAGE_MODELLING
        return DataDims(self.x_train.shape[1], self.num_outputs, self.image, is_text)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype everything is computed in; bytes of text have none of their own."""
        return self.x_train.dtype if self.x_train.is_floating_point() else self.text_dtype


@dataclass(frozen=True)
class Window:
    """Values of the steps first_step..last_step.

    Attributes:
        values: per metric float32 [T, R], or [T, R, K] for a metric of K > 1 components; T follows
            `Schedule.metric_steps`, R the order of `program.runs`; a metric without a scheduled step in the
            window is absent.
        diverged_at: per run the step it diverged at, up to this window's end.
    """

    first_step: int
    last_step: int
    values: dict[Metric, NDArray[np.float32]]
    diverged_at: list[int | None]


def canonical(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32 with every NaN replaced by the canonical one."""
    with np.errstate(over="ignore"):  # beyond float32 is infinity
        single = values.astype(np.float32)
    single[np.isnan(single)] = CANONICAL_NAN
    return single
