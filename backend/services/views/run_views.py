"""Views of runs: a page of a table, and one run with its neighbours."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.views.views import RunView


class RunPage(Frozen):
    """One page of a list of runs."""

    items: tuple[RunView, ...]
    total: int = Field(description="All that are sought, on whatever page.")
    metrics: tuple[Metric, ...] = Field(description="Metrics that runs of the experiment have summaries of.")


class Neighbour(Frozen):
    """Run that differs from another in its seed only, or in its learning rate only."""

    id: UUID
    lr: float
    seed: int


class RunDetail(Frozen):
    """One run, what was recorded of it, and the runs beside it in the grid."""

    run: RunView
    series: tuple[Metric, ...] = Field(description="Metrics with values over the steps.")
    same_lr: tuple[Neighbour, ...] = Field(description="The same with other seeds.")
    same_seed: tuple[Neighbour, ...] = Field(description="The same with other learning rates.")
