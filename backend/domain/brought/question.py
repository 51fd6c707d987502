"""Questions to the process that runs a brought model, and the limits it runs under."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.optimizer import OptimizerSpec

Widths = Annotated[tuple[int, ...], Field(min_length=4, max_length=12)]


class ModelLimits(Frozen):
    """Limits of the process that runs a file of the user: seconds by the clock, and bytes."""

    wall_seconds: float = Field(default=600.0, gt=0)
    memory_bytes: int = Field(default=4 << 30, gt=0)


class DescribeQuestion(Frozen):
    """Question for all that a plan needs to know of one model that a worker holds.

    Attributes:
        path: the file or package that has `build`, absolute; or None for an installed module.
        module: the installed module.
        sha256: hash of its source.
        recipe: a file of roles by name, absolute.
        arrays: file that the examples of the file's own `batches` are written to, absolute.
    """

    network: str
    path: str | None = None
    module: str | None = None
    sha256: str
    recipe: str | None = None
    arrays: str
    limits: ModelLimits = ModelLimits()


USUAL_RATE = 1e-3  # of the check, under Adam and its kin


class CheckQuestion(Frozen):
    """One check of one file.

    Attributes:
        path: the file or package that has `build`, absolute; "-" for an installed module.
        module: the installed module.
        widths: None for the file's own `sizes`.
        num_seeds: initialisations, seeds 0 to num_seeds - 1 above `first_seed`.
        num_steps: updates on one fixed batch.
        optimizer: also the rules of ε and weight decay that are expected.
        recipe: a file of roles by name, absolute.
    """

    path: str
    module: str | None = None
    widths: Widths | None = None
    optimizer: OptimizerSpec
    lr: float = Field(gt=0)
    num_seeds: int = Field(default=3, ge=2, le=100)
    first_seed: int = Field(default=0, ge=0)
    num_steps: int = Field(default=4, ge=3, le=1000)
    recipe: str | None = None
    limits: ModelLimits = ModelLimits()
