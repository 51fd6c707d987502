"""Views of lists: what tells entries apart, without their definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.ingest.manifest import FileKind
from muscope.backend.services.views.views import DatasetName

Direction = Literal["asc", "desc"]


class ExperimentItem(Frozen):
    """Experiment in a list; `GET /api/v1/experiments/{id}` has its definition."""

    id: UUID
    name: str
    notes: str = Field(description="Their first 200 characters.")
    tags: tuple[str, ...]
    edition: int
    dataset: DatasetName
    state: ExperimentState
    is_cancelling: bool
    share_done: float | None = Field(description="While it trains, as its own page says it; else null.")
    outcome: Outcome | None = Field(description="The worst answer of all scenarios, once they are final.")
    rule_version: str | None
    is_judged_by_old_rules: bool
    preset: str | None
    arms: tuple[Parametrization, ...]
    widths: tuple[int, ...]
    are_ranks: bool = Field(description="True where the widths are ranks of adapters on a fixed network.")
    target_width: int | None
    target_depth: int | None
    num_runs: int
    num_steps: int
    predicted_seconds: float
    seconds: float | None = Field(description="From its first training to its end; null until then.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ExperimentPage(Frozen):
    """One page of a list of experiments."""

    items: tuple[ExperimentItem, ...]
    total: int = Field(description="All that are sought, on whatever page.")
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


class DatasetItem(Frozen):
    """Dataset in a list; `GET /api/v1/datasets/{id}` has its profile."""

    id: UUID
    name: str
    created_at: datetime
    example: str | None = Field(description="The built-in it came from, if any; its title is a text.")
    kind: FileKind
    shape: DatasetShape
    num_rows: int = Field(description="Rows, images or windows of text that are used, validation included.")
    num_columns: int | None = Field(description="Of the table as it was read; null where there are none.")
    source_bytes: int
    arrays_bytes: int
    num_open_experiments: int = Field(description="While there is one, it cannot be deleted.")
    num_ended_experiments: int
    has_recipe: bool = Field(description="It was read by somebody's answers (`GET /api/v1/recipes`).")


class DatasetPage(Frozen):
    """One page of a list of datasets."""

    items: tuple[DatasetItem, ...]
    total: int = Field(description="All that are sought, on whatever page.")
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


class RecipeView(Frozen):
    """Answers by which files with the same columns are read, as the newest of these files has them."""

    id: str = Field(description="Stands for the columns' names in their order.")
    dataset: DatasetName
    answers: dict[str, Any] = Field(description="Options of reading, as an upload or a variant takes them.")
    columns: tuple[str, ...] = Field(description="The first names.")
    num_columns: int
    num_datasets: int = Field(description="Stored datasets with these columns that were read by answers.")
    created_at: datetime


class TagView(Frozen):
    """Tag, and the number of experiments that have it."""

    tag: str
    num_experiments: int


class DeletedView(Frozen):
    """Number of experiments that were deleted."""

    num_deleted: int


class TaggedView(Frozen):
    """Number of experiments whose tags were changed."""

    num_changed: int
