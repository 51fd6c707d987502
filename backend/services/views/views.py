"""Results of use cases: frozen values without database rows, serialised by REST."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.devices import DeviceKind
from muscope.backend.domain.lifecycle import CellState, ExperimentState, FailureClass, RunState, StopReason
from muscope.backend.domain.plan.options import DataOptions
from muscope.backend.domain.plan.scenario_kinds import KindLimits
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Profile, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization, Role
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.overall import OverallVerdict
from muscope.backend.domain.verdict.verdict import Outcome, Reason, Verdict
from muscope.backend.figures.names import FigureName
from muscope.backend.services.views.outlay_views import OutlayView, PlanQueueView, ProgressView


class DatasetView(Frozen):
    """A stored dataset."""

    id: UUID
    name: str
    created_at: datetime
    example: str | None = Field(description="The built-in it came from, if any.")
    source_bytes: int
    arrays_sha256: str
    arrays_bytes: int
    shape: DatasetShape
    profile: Profile
    options: DataOptions = Field(description="Families and losses that can be trained on it.")


class DatasetName(Frozen):
    """Dataset as it is named beside something that was made of it."""

    id: UUID
    name: str
    example: str | None = Field(description="The built-in it came from, if any; its title is a text.")


class UsageView(Frozen):
    """Room that the owner's files take, in bytes; a file that several datasets share counts once."""

    used_bytes: int = Field(description="Datasets and uploads together.")
    datasets_bytes: int = Field(description="Uploaded files and the arrays made of them.")
    uploads_bytes: int = Field(description="Announced sizes of uploads that have not become a dataset.")
    limit_bytes: int = Field(description="The most that one user may have.")
    upload_limit_bytes: int = Field(description="The largest single upload.")
    keep_days: int | None = Field(
        description="Days after which what has ended is deleted; null where everything is kept."
    )


class UploadView(Frozen):
    """A file that is arriving in pieces, or has arrived and is no dataset yet."""

    id: UUID
    name: str
    length_bytes: int = Field(description="Size announced.")
    received_bytes: int = Field(description="Bytes that are safe on the disk; the next piece begins there.")
    state: Literal["receiving", "received", "reading"] = Field(
        description="`received`: complete, make it a dataset with `POST /api/v1/datasets?upload=<id>`."
    )
    read_share: float | None = Field(description="Share of the file that was read, 0 to 1; null if unknown.")
    position: int | None = Field(
        description="Place among the files that wait to be read, from 1; null if it does not wait."
    )
    created_at: datetime
    expires_at: datetime = Field(description="It is removed then, unless more arrives.")


class ImageSample(Frozen):
    """One image as it is drawn."""

    label: str = Field(description="The class it belongs to.")
    png: str = Field(description="The picture, a PNG file in base64.")


class SamplesView(Frozen):
    """Few training examples: images, or windows of text."""

    images: tuple[ImageSample, ...] = ()
    texts: tuple[str, ...] = ()


class PlannedCellView(Frozen):
    """One cell of a plan, before anything is stored."""

    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    num_runs: int
    predicted_seconds: float
    predicted_bytes: int


class PlanView(Frozen):
    """Cells an experiment would run, and their predicted time on this installation."""

    spec: ExperimentSpec
    control: Parametrization | None = Field(description="The arm that should fail to transfer.")
    num_runs: int
    max_runs: int
    cells: tuple[PlannedCellView, ...]
    device: DeviceKind = Field(description="Kind of device it is planned for.")
    slots: int = Field(description="Worker slots the time is predicted for.")
    num_workers: int = Field(description="Worker nodes seen lately; 0 means nothing would run now.")
    predicted_seconds: float
    scenario_kinds: tuple[KindLimits, ...] = Field(
        description="The scenarios this plan could have besides, with the limits of their values."
    )
    are_steps_cut: bool = Field(description="Steps were cut to fit the target time.")
    expected: OutlayView = Field(
        description="Predicted if transfer holds; a staged plan ends as soon as it is settled."
    )
    most: OutlayView = Field(description="The whole grid, which is never exceeded.")
    queue: PlanQueueView | None = Field(description="Null if nothing else is open.")
    target: Reason = Field(
        description="Statement about the model to be used in the end; its text is `target.<code>`."
    )


class ConditionsView(Frozen):
    """Training conditions of a scenario, as far as scenarios may differ."""

    scenario: Scenario
    num_steps: int
    measure_every: int
    batch_size: int
    lrs: dict[Parametrization, tuple[float, ...]] = Field(description="The LR grid of each arm.")


class ExperimentView(Frozen):
    """Experiment, without its cells."""

    id: UUID
    name: str
    notes: str
    tags: tuple[str, ...] = Field(description="In alphabetical order.")
    edition: int = Field(
        description="Number of changes of name, notes and tags; the ETag that a change is of."
    )
    preset: str | None = Field(description="The preset it was planned with, if any.")
    dataset_id: UUID
    dataset: DatasetName
    task: Task
    is_log_label: bool = Field(
        description="It predicts the logarithm of the label: losses and errors are of logarithms."
    )
    state: ExperimentState
    is_cancelling: bool
    version: int
    spec: ExperimentSpec
    spec_sha256: str
    control: Parametrization | None
    num_runs: int = Field(
        description="As far as the stages can be foreseen; once it has ended, what was run."
    )
    predicted_seconds: float
    stop_reason: StopReason | None = Field(description="Reason why it ended before all sizes were run.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cell_counts: dict[CellState, int]
    progress: ProgressView | None = Field(
        description="Of an experiment asked for by its id; null in the answer to creating one."
    )
    outcome: Outcome | None = Field(description="The worst answer of all scenarios, once they are final.")
    rule_version: str | None = Field(description="The version of the rules the outcome was given under.")
    is_judged_by_old_rules: bool = Field(
        description="The rules have changed since; `POST …/verdicts` judges the stored evidence again."
    )
    figures: tuple[FigureName, ...] = Field(description="The figures there are of what it measures.")
    conditions: tuple[ConditionsView, ...] = Field(description="Of every scenario that is judged.")


class VerdictsView(Frozen):
    """Verdicts of all scenarios, in the order of the plan, and the overall verdict."""

    overall: OverallVerdict
    verdicts: tuple[Verdict, ...]


class JudgementView(Frozen):
    """Stored verdict, one of possibly several on the same evidence."""

    scenario: Scenario
    rule_version: str
    are_thresholds_fixed: bool = Field(description="Judged by the thresholds hashed before the first run.")
    thresholds_sha256: str
    judged_at: datetime
    verdict: Verdict


class TensorView(Frozen):
    """Effective constants of one tensor of a cell; None where there is no branch, ε or weight decay."""

    name: str
    role: Role
    shape: tuple[int, int]
    forward_mult: float
    init_std: float
    lr_mult: float
    branch_mult: float | None
    epsilon: float | None
    weight_decay: float | None


class CellView(Frozen):
    """One cell: its runs, its state, and its error if it failed."""

    id: UUID
    experiment_id: UUID
    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    stage: int
    part: int
    num_runs: int
    num_steps: int
    chunk_steps: int
    predicted_seconds: float
    predicted_bytes: int
    state: CellState
    version: int
    committed_step: int = Field(description="Last step whose values are stored; -1 before the first.")
    failures: int
    error_class: FailureClass | None
    error_detail: str | None
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    environment: dict[str, str | int | float] | None
    is_mixed_environment: bool
    has_nondeterminism: bool


class SummaryView(Frozen):
    """Summary of one metric of one run, available without reading its history."""

    last_step: int
    last: float | None
    minimum: float | None
    minimum_step: int | None
    tail_mean: float | None = Field(description="Mean over the last steps, as far as they are stored.")
    final: float | None = Field(
        default=None,
        description="Final value, as the verdict takes it: the mean over the last steps of a metric of every "
        "step, else the last measurement. Null until the training has ended.",
    )
    num_values: int
    num_non_finite: int


class RunView(Frozen):
    """One run."""

    id: UUID
    cell_id: UUID
    position: int = Field(description="The run's index on the R axis of its cell's curves.")
    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    lr_index: int
    lr: float
    seed: int
    state: RunState
    diverged_at: int | None
    summaries: dict[Metric, SummaryView]


class CurveView(Frozen):
    """Raw values of one metric of a cell: `values[t][r]` at `steps[t]`; null after a run diverged.

    A metric of several components, such as the NTK eigenvalues, has `values[t][r][k]`.
    """

    cell_id: UUID
    metric: Metric
    run_ids: tuple[UUID, ...]
    lrs: tuple[float, ...]
    seeds: tuple[int, ...]
    steps: tuple[int, ...]
    values: tuple[tuple[float | None, ...] | tuple[tuple[float | None, ...], ...], ...]
    committed_step: int = Field(description="Ask for more with `after` set to this.")


class CellMark(Frozen):
    """Progress of a cell; marks only grow, so repeating one is harmless."""

    cell_id: UUID
    state: CellState
    version: int
    step: int


class Marks(Frozen):
    """Progress of an experiment and each of its cells."""

    experiment_id: UUID
    state: ExperimentState
    version: int
    cells: tuple[CellMark, ...]
