"""Work of each kind of pass per model family, in flops of a large matrix product.

The work of a pass is a weighted sum of the family's counts: flops, numbers a forward pass stores
(element-wise operations move them through memory), features read, parameters updated, and a fixed part per
run. The weights were fitted to timings of every family on one x86 core (docs/log.md 2026-11-24: within 15% on
47 sizes; those of the residual conv net, ViT and GPT scaled after a quiet run); deviations of other devices
are learned from finished cells (`calibration`).
"""

from __future__ import annotations

from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily


class Effort(NamedTuple):
    """Weights of one kind of pass.

    `overheads` are multiples of a device's overhead per run and training step of a residual MLP; `parameters`
    counts once per pass over a batch, the other weights once per example.
    """

    flops: float
    numbers: float
    features: float
    overheads: float
    parameters: float = 0.0


class Efforts(NamedTuple):
    """Weights of a training step, a Hessian-vector product, a validation pass and the coordinate check.

    `per_stack`: a stack has the overheads of this many runs, whatever its size; 0: every run has its own.
    """

    step: Effort
    product: Effort
    validation: Effort
    check: Effort
    per_stack: float = 0.0


# Flops of a training step and of a Hessian-vector product, in forward passes; the layer that reads the data
# saves the gradient with respect to its input.
STEP_PASSES, STEP_SAVED = 3.0, 1.0
PRODUCT_PASSES, PRODUCT_SAVED = 8.0, 3.0
CHECK_PASSES, CHECK_SAVED = 10.0, 3.0
# Flops per parameter and step that Adam's moments add to plain SGD.
ADAM_FLOPS = 220.0

RESIDUAL_MLP = Efforts(
    step=Effort(0.87, 170, 73, 1.0),
    product=Effort(0.59, 346, 15, 1.9),
    validation=Effort(0.69, 67, 21, 1.6),
    check=Effort(0.92, 972, 134, 5.3),
    per_stack=26.0,
)
EFFORTS: dict[str, Efforts] = {
    "residual_mlp": RESIDUAL_MLP,
    "convnet": Efforts(
        step=Effort(0.0, 6, 176, 4.9, 423),
        product=Effort(0.0, 13.6, 0, 9.4, 940),
        validation=Effort(1.16, 28, 766, 4.2),
        check=Effort(2.1, 725, 2525, 33),
    ),
    "residual_convnet": Efforts(
        step=Effort(0, 145, 6480, 119, 12600),
        product=Effort(0.204, 341, 1010, 164, 16800),
        validation=Effort(0.6, 0, 4800, 278),
        check=Effort(0, 868, 18000, 450),
    ),
    "vit": Efforts(
        step=Effort(0, 202, 0, 67.3, 1530),
        product=Effort(0, 290, 0, 76.6, 5950),
        validation=Effort(0.777, 61.5, 690, 208),
        check=Effort(1.06, 684, 1860, 683),
    ),
    "gpt": Efforts(
        step=Effort(0.55, 127, 0, 461),
        product=Effort(0.384, 302, 0, 256),
        validation=Effort(0.525, 47.4, 0, 2740),
        check=Effort(0.768, 794, 0, 666),
    ),
}
# A stack of residual MLPs launches kernels per layer, and per moment and tensor; in layers, fitted.
LAYERS_BESIDE, LAYERS_OF_CALIBRATION, PER_MOMENT = 5, 8, 0.3
# Families whose timings already include an optimizer with moments.
_WITH_MOMENTS = frozenset({"vit", "gpt"})


class Sized(NamedTuple):
    """Model at one size on one kind of data."""

    model: ModelFamily
    dims: DataDims
    width: int
    depth: int

    @property
    def efforts(self) -> Efforts:
        """Return the weights of the family; a family without timings counts as a residual MLP."""
        return EFFORTS.get(self.model.name, RESIDUAL_MLP)

    @property
    def forward_flops(self) -> float:
        """Count the flops of a forward pass of one example."""
        return self.model.forward_flops(self.dims, self.width, self.depth)

    @property
    def num_parameters(self) -> int:
        """Count the parameters."""
        return self.model.num_parameters(self.dims, self.width, self.depth)

    def starts(self, num_moments: int = 0) -> float:
        """Return a stack's overheads of a pass, in those of the stack that a device is calibrated with."""
        if not self.efforts.per_stack:
            return 1.0
        layers = (LAYERS_BESIDE + self.depth) / LAYERS_OF_CALIBRATION
        return layers * (1 + PER_MOMENT * num_moments)

    def counted_flops(self, passes: float, saved: float) -> float:
        """Count the flops of so many forward passes of one example, those of the layer at the data saved."""
        return passes * self.forward_flops - saved * self.model.input_flops(self.dims, self.width)

    def training_flops(self, batch_size: int) -> float:
        """Count the flops of one training step of one run, whatever the device makes of them."""
        return batch_size * self.counted_flops(STEP_PASSES, STEP_SAVED)

    def flops(self, effort: Effort, examples: int, passes: float = 1.0, saved: float = 0.0) -> float:
        """Return the work of a batch without its fixed part, in flops of a large matrix product."""
        counted = self.counted_flops(passes, saved)
        numbers = self.model.activation_numbers(self.dims, self.width, self.depth)
        numbers -= self.dims.num_features if self.model.input_flops(self.dims, self.width) else 0
        per_example = effort.flops * counted + effort.numbers * numbers
        per_example += effort.features * self.dims.num_features
        return examples * per_example + effort.parameters * self.num_parameters

    def step_flops(self, batch_size: int, num_moments: int = 0) -> float:
        """Return the work of one training step of one run."""
        adam = 0.0 if self.model.name in _WITH_MOMENTS or num_moments < 2 else ADAM_FLOPS
        work = self.flops(self.efforts.step, batch_size, STEP_PASSES, STEP_SAVED)
        return work + adam * self.num_parameters

    def product_flops(self, samples: int) -> float:
        """Return the work of one Hessian-vector product of one run, including its orthogonalisation."""
        return self.flops(self.efforts.product, samples, PRODUCT_PASSES, PRODUCT_SAVED)

    def validation_flops(self, examples: int) -> float:
        """Return the work of validating one run once."""
        return self.flops(self.efforts.validation, examples)

    def check_flops(self, samples: int) -> float:
        """Return the work of one run's coordinate check."""
        return self.flops(self.efforts.check, samples, CHECK_PASSES, CHECK_SAVED)
