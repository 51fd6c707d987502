"""The tables. Their history is in `alembic/versions`; the meaning of each state is in `domain.lifecycle`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from muscope.backend.db.schema import model_table  # noqa: F401 - so that the metadata hold it as well
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.checkpoint import CheckpointRow as CheckpointRow  # a table of the metadata
from muscope.backend.db.schema.sweeps import SweepRow as SweepRow
from muscope.backend.domain.lifecycle import (
    CellState,
    DesiredState,
    ExperimentState,
    FailureClass,
    StopReason,
)
from muscope.backend.domain.protocol.evidence import CellGroup
from muscope.backend.domain.spec.dataset import DatasetShape, Profile
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.statement import Outcome

LOCAL_OWNER = "local"


def _owned_by() -> Mapped[str]:
    return mapped_column(ForeignKey("principal.id"), index=True)


class PrincipalRow(Base):
    """Someone who owns things; `local` on a machine without accounts."""

    __tablename__ = "principal"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class DatasetRow(Base):
    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("owner_id", "arrays_sha256"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[str] = _owned_by()
    name: Mapped[str]
    created_at: Mapped[datetime]
    example: Mapped[str | None]
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    source_bytes: Mapped[int]
    arrays_sha256: Mapped[str] = mapped_column(String(64))
    arrays_bytes: Mapped[int]
    shape: Mapped[DatasetShape]
    profile: Mapped[Profile]


class UploadRow(Base):
    """A file that arrives in pieces; a piece counts when it is on the disk (`received_bytes`)."""

    __tablename__ = "upload"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[str] = _owned_by()
    name: Mapped[str]
    length_bytes: Mapped[int]
    received_bytes: Mapped[int] = mapped_column(default=0)
    # Number of requests that have written to it; only the last may still do so.
    fence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ExperimentRow(Base):
    __tablename__ = "experiment"
    # The page of a list that is asked for most: those of an owner, newest first. And the owners who wait.
    __table_args__ = (
        Index("ix_experiment_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_experiment_state_owner_id_created_at", "state", "owner_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[str] = _owned_by()
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("dataset.id"), index=True)
    name: Mapped[str]
    spec: Mapped[ExperimentSpec]
    spec_sha256: Mapped[str] = mapped_column(String(64))
    # Hash of a brought model: only workers that hold it may train the cells.
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[ExperimentState]
    desired_state: Mapped[DesiredState]
    version: Mapped[int] = mapped_column(default=0)
    num_runs: Mapped[int]
    predicted_seconds: Mapped[float]
    # Reason why it ended before its plan did: the answer was settled, or the budget was spent.
    stop_reason: Mapped[StopReason | None]
    # Seeds of one LR that a user allowed after the plan's end, and how often that was asked for.
    granted_seeds: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    look: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    # Number of changes of name, notes and tags.
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
    preset: Mapped[str | None] = mapped_column(String(16))
    # The answer given last, for lists; what it says in full is in the verdicts.
    outcome: Mapped[Outcome | None]
    rule_version: Mapped[str | None] = mapped_column(String(16))


class ExperimentTagRow(Base):
    __tablename__ = "experiment_tag"

    experiment_id: Mapped[UUID] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(50), primary_key=True, index=True)


class IdempotencyKeyRow(Base):
    """The answer once given to a key, so that a repeated request gets the same one."""

    __tablename__ = "idempotency_key"

    owner_id: Mapped[str] = mapped_column(ForeignKey("principal.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class CellRow(Base):
    __tablename__ = "cell"
    __table_args__ = (
        Index("ix_cell_state_dispatched_at", "state", "dispatched_at"),
        Index("ix_cell_experiment_id_state", "experiment_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"))
    scenario: Mapped[Scenario]
    parametrization: Mapped[Parametrization]
    width: Mapped[int] = mapped_column(Integer)
    depth: Mapped[int] = mapped_column(Integer)
    stage: Mapped[int] = mapped_column(Integer)
    part: Mapped[int] = mapped_column(Integer)
    num_runs: Mapped[int] = mapped_column(Integer)
    chunk_steps: Mapped[int] = mapped_column(Integer)
    predicted_seconds: Mapped[float]
    # Factor in the prediction that earlier cells taught; 1 is the cost model alone.
    correction: Mapped[float] = mapped_column(default=1.0, server_default="1")
    # Parts of the prediction (`domain.cost.divergence.PlannedWork`): shares, expected mean survival.
    start_share: Mapped[float] = mapped_column(default=0.0, server_default="0")
    stack_share: Mapped[float] = mapped_column(default=0.0, server_default="0")
    living: Mapped[float] = mapped_column(default=1.0, server_default="1")
    predicted_bytes: Mapped[int]
    has_curvature: Mapped[bool] = mapped_column(default=True, server_default=true())

    state: Mapped[CellState]
    desired_state: Mapped[DesiredState]
    version: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    heartbeat_count: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    committed_step: Mapped[int] = mapped_column(default=-1)
    claimed_at_step: Mapped[int] = mapped_column(default=-1)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    # Slot-seconds of all attempts, as far as they have ended.
    spent_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")
    # Of the last attempt, the seconds without a sign of life: its machine slept.
    asleep_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")
    error_class: Mapped[FailureClass | None]
    error_detail: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    environment: Mapped[dict[str, Any] | None]
    is_mixed_environment: Mapped[bool] = mapped_column(default=False)
    has_nondeterminism: Mapped[bool] = mapped_column(default=False)

    @property
    def size(self) -> Size:
        """Return width and depth."""
        return Size(self.width, self.depth)

    @property
    def group(self) -> CellGroup:
        """Return the group the cell belongs to."""
        return CellGroup(self.scenario, self.parametrization, self.size)


class CellTensorRow(Base):
    """Effective constants of one tensor of a cell, by the table of its parametrization."""

    __tablename__ = "cell_tensor"

    cell_id: Mapped[UUID] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    num_rows: Mapped[int] = mapped_column(Integer)
    num_columns: Mapped[int] = mapped_column(Integer)
    forward_mult: Mapped[float]
    init_std: Mapped[float]
    lr_mult: Mapped[float]
    branch_mult: Mapped[float | None]
    epsilon: Mapped[float | None]
    weight_decay: Mapped[float | None]


class RunRow(Base):
    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint(
            *("experiment_id", "scenario", "parametrization", "width", "depth", "lr_index", "seed"),
            name="uq_run_science",
        ),
        Index("ix_run_cell_id_position", "cell_id", "position", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"))
    cell_id: Mapped[UUID] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    scenario: Mapped[Scenario]
    parametrization: Mapped[Parametrization]
    width: Mapped[int] = mapped_column(Integer)
    depth: Mapped[int] = mapped_column(Integer)
    lr_index: Mapped[int] = mapped_column(Integer)
    lr: Mapped[float]
    seed: Mapped[int] = mapped_column(Integer)
    diverged_at: Mapped[int | None] = mapped_column(Integer)

    @property
    def size(self) -> Size:
        """Return width and depth."""
        return Size(self.width, self.depth)


class MetricChunkRow(Base):
    """Consecutive logged steps of one metric for all runs of a cell: little-endian float32 `[T, R, K]`."""

    __tablename__ = "metric_chunk"

    cell_id: Mapped[UUID] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True)
    metric: Mapped[Metric] = mapped_column(primary_key=True)
    first_step: Mapped[int] = mapped_column(Integer, primary_key=True)
    num_steps: Mapped[int] = mapped_column(Integer)
    num_runs: Mapped[int] = mapped_column(Integer)
    num_components: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    values: Mapped[bytes] = mapped_column(LargeBinary)


class RunSummaryRow(Base):
    """Summary of one metric of one run, for lists and tables, which never read its history."""

    __tablename__ = "run_summary"

    cell_id: Mapped[UUID] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True)
    metric: Mapped[Metric] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    last_step: Mapped[int] = mapped_column(Integer)
    last: Mapped[float | None]
    minimum: Mapped[float | None]
    minimum_step: Mapped[int | None] = mapped_column(Integer)
    num_values: Mapped[int] = mapped_column(Integer)
    num_non_finite: Mapped[int] = mapped_column(Integer)
    tail_sum: Mapped[float]
    tail_count: Mapped[int] = mapped_column(Integer)


class VerdictRow(Base):
    """The answer, kept beside the rules it was given under; the evidence stays in the chunks."""

    __tablename__ = "verdict"
    __table_args__ = (
        UniqueConstraint(
            *("experiment_id", "scenario", "rule_version", "thresholds_sha256", "look"),
            name="uq_verdict_judgement",
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"), index=True)
    scenario: Mapped[Scenario]
    rule_version: Mapped[str] = mapped_column(String(16))
    thresholds_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # Number of times the experiment had been settled further before.
    look: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    outcome: Mapped[Outcome]
    body: Mapped[dict[str, Any]]
    spec_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class CalibrationRow(Base):
    """Time that cells of one kind took on one kind of device, against the predicted time."""

    __tablename__ = "calibration"

    device_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    num_cells: Mapped[int] = mapped_column(Integer)
    log_ratio_sum: Mapped[float]
    log_ratio_squares: Mapped[float]
    updated_at: Mapped[datetime]


class WorkerRow(Base):
    """A worker node: what it can do, and when it was last seen."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(primary_key=True)
    slots: Mapped[int] = mapped_column(Integer)
    device: Mapped[str]
    memory_bytes: Mapped[int]
    environment: Mapped[dict[str, Any]]
    flops_per_second: Mapped[float]
    seconds_per_run_step: Mapped[float]
    # Factor by which other processes of the machine lengthen training.
    crowding: Mapped[float] = mapped_column(default=1.0, server_default="1")
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    version: Mapped[str | None] = mapped_column(String(32))
    # Reason why it takes no cells.
    fault: Mapped[str | None] = mapped_column(String(500))
