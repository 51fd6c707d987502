"""Material of a report: judged evidence and what it is of, as plain values.

Nothing here knows where it came from: an experiment of this installation (`services/report`) or, later, an
imported sweep fills the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from muscope.backend.domain.cost.savings import Savings
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, ExperimentState, StopReason
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Preprocessing, Profile
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.verdict.overall import OverallVerdict
from muscope.backend.domain.verdict.verdict import Verdict


class StudiedData(Frozen):
    """Dataset as it was read."""

    name: str
    sha256: str = Field(description="Fingerprint of the arrays that were trained on.")
    shape: DatasetShape
    profile: Profile
    preprocessing: Preprocessing | None = Field(description="Of a table; None for images and texts.")


class RunCounts(Frozen):
    """Runs that were trained."""

    planned: int
    ended: int
    diverged: int
    failed: int = Field(description="Runs of conditions that ended without a result.")


class DrawnFigure(Frozen):
    """Figure of the page as plain JSON: `{data, layout}` with its title and description."""

    name: str
    title: str
    description: str
    content: Mapping[str, Any]


class Material(Frozen):
    """Everything that a report tells."""

    name: str
    state: ExperimentState
    stop_reason: StopReason | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    spec: ExperimentSpec
    spec_sha256: str
    data: StudiedData
    verdicts: tuple[Verdict, ...] = Field(min_length=1)
    overall: OverallVerdict
    is_judged_by_old_rules: bool
    savings: Savings
    runs: RunCounts
    figures: tuple[DrawnFigure, ...]
    environments: tuple[dict[str, str | int | float], ...] = Field(description="Programs of the workers.")
    version: str = Field(description="Of the product.")

    @property
    def verdict(self) -> Verdict:
        """Return the verdict that decides."""
        return next(each for each in self.verdicts if each.scenario == self.overall.scenario)

    @property
    def is_open(self) -> bool:
        """Return whether training goes on, so that this is an interim report."""
        return self.state in OPEN_EXPERIMENT_STATES
