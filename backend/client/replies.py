"""Replies of the REST API as frozen dataclasses.

A field has the name and the meaning that it has in docs/openapi.json, where its description is; what no
field holds is in `raw`. Times are ISO 8601 texts, durations seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self

from muscope.backend.catalogue import DEFAULT_LANGUAGE, headline_text

OPEN_STATES = ("queued", "running")
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Base of the replies: some fields of a JSON object, and the whole object."""

    schema: ClassVar[str]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Json) -> Self:
        """Take the fields from a JSON object; raises KeyError where the server does not send one."""
        named = (each for each in fields(cls) if each.name != "raw")
        return cls(
            raw=raw,
            **{each.name: raw[each.name] for each in named if each.name in raw or each.default is MISSING},
        )


@dataclass(frozen=True, kw_only=True)
class Dataset(Reply):
    """Stored dataset; `profile` says what was guessed when it was read."""

    schema: ClassVar[str] = "DatasetView"
    id: str
    name: str
    created_at: str
    source_bytes: int
    shape: Json
    profile: Json


@dataclass(frozen=True, kw_only=True)
class DatasetItem(Reply):
    """Line of the list of datasets."""

    schema: ClassVar[str] = "DatasetItem"
    id: str
    name: str
    kind: str
    created_at: str
    num_rows: int
    source_bytes: int
    shape: Json


@dataclass(frozen=True, kw_only=True)
class DatasetPage(Reply):
    """Page of the list; `next` is the cursor of the page after it, None on the last."""

    schema: ClassVar[str] = "DatasetPage"
    items: list[Json]
    total: int
    next: str | None

    @property
    def datasets(self) -> list[DatasetItem]:
        """The lines of the page."""
        return [DatasetItem.read(item) for item in self.items]


@dataclass(frozen=True, kw_only=True)
class Model(Reply):
    """Model of the operator's that live workers hold; a plan names it as `brought:<name>`."""

    schema: ClassVar[str] = "ModelView"
    name: str
    sha256: str
    num_workers: int
    widths: list[int]
    depths: list[int]
    num_parameters: list[int] | None
    tensors: list[Json]
    has_own_loss: bool
    stacking: str | None
    stacking_text: str
    speedup: list[list[float]]
    own_data: Json | None
    error: str | None
    check: Json | None = None
    check_error: str | None = None
    adaptable: list[Json] | None = None
    rule: list[Json] = field(default_factory=list)
    rule_text: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan(Reply):
    """Prediction for a plan that was not started."""

    schema: ClassVar[str] = "PlanView"
    num_runs: int
    predicted_seconds: float
    slots: int
    num_workers: int
    are_steps_cut: bool
    spec: Json


@dataclass(frozen=True, kw_only=True)
class Experiment(Reply):
    """Experiment with its whole definition."""

    schema: ClassVar[str] = "ExperimentView"
    id: str
    name: str
    dataset_id: str
    state: str
    spec: Json
    spec_sha256: str
    num_runs: int
    predicted_seconds: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    outcome: str | None
    progress: Json | None
    figures: list[str]

    @property
    def is_open(self) -> bool:
        """True while it waits or trains."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, kw_only=True)
class ExperimentItem(Reply):
    """Line of the list of experiments."""

    schema: ClassVar[str] = "ExperimentItem"
    id: str
    name: str
    dataset: Json
    tags: list[str]
    state: str
    share_done: float
    outcome: str | None
    created_at: str
    finished_at: str | None


@dataclass(frozen=True, kw_only=True)
class ExperimentPage(Reply):
    """Page of the list; `next` is the cursor of the page after it, None on the last."""

    schema: ClassVar[str] = "ExperimentPage"
    items: list[Json]
    total: int
    next: str | None

    @property
    def experiments(self) -> list[ExperimentItem]:
        """The lines of the page."""
        return [ExperimentItem.read(item) for item in self.items]


@dataclass(frozen=True, kw_only=True)
class Verdict(Reply):
    """Judgement of the worst scenario. `open` is of an inconclusive outcome only."""

    schema: ClassVar[str] = "Verdict"
    scenario: str
    outcome: str
    rule: str
    reasons: list[Json]
    is_provisional: bool
    is_interim: bool
    base_width: int
    target_width: int
    spec_sha256: str
    rule_version: str = ""
    open: Json | None = None

    @property
    def more_seeds(self) -> int | None:
        """Further seeds that are expected to settle an open answer; None where seeds do not."""
        return (self.open or {}).get("more_seeds")

    @property
    def can_settle(self) -> bool:
        """True where the experiment could go on with further seeds."""
        return bool((self.open or {}).get("can_settle"))

    @property
    def reusable_lr(self) -> float | None:
        """The small model's best learning rate, which the verdict is about; None while it is not known.

        After a step up in training it is that rate times the factor of the rule.
        """
        found: float | None = (self.raw.get("carried") or {}).get("lr") or self.raw["arm"].get("base_lr")
        return found

    def text(self, part: str, language: str = DEFAULT_LANGUAGE, *, of_rank: bool = False) -> str:
        """Return `title`, `manager` (what it means) or `next` (what to do) as a sentence.

        Args:
            of_rank: the experiment's sizes are ranks of adapters.
        """
        is_at_limit = self.rule == "unresolved" and self.open is not None and not self.can_settle
        return headline_text(
            part, self.outcome, "at_limit" if is_at_limit else self.rule, language, of_rank=of_rank
        )


@dataclass(frozen=True, kw_only=True)
class Settling(Reply):
    """Price of the next batch of seeds, or the code of the reason why nothing can be settled."""

    schema: ClassVar[str] = "SettleView"
    can_settle: bool
    reason: str | None
    max_seeds: int
    next_batch: Json | None


@dataclass(frozen=True, kw_only=True)
class SweepAnswer(Reply):
    """Judgement of a sweep that somebody has run; `exit_code` as of `muscope judge`."""

    schema: ClassVar[str] = "SweepAnswer"
    outcome: str
    exit_code: int
    judged_arm: Json
    arms: list[Json]
    num_rows: int
    notes: list[Json]


@dataclass(frozen=True, kw_only=True)
class StoredSweep(Reply):
    """Sweep that a server keeps; `reading` has its columns, its answer or the question before it.

    `edition` counts its changes; `outcome` is None while the columns are not clear.
    """

    schema: ClassVar[str] = "SweepView"
    id: str
    name: str
    num_rows: int
    outcome: str | None
    edition: int
    choices: Json
    reading: Json

    @property
    def answer(self) -> Json | None:
        """Answer as of `judge`, None while the columns are not clear."""
        found: Json | None = self.reading["answer"]
        return found

    @property
    def question(self) -> Json | None:
        """Code and parameters of what is to be said first, None where there is an answer."""
        found: Json | None = self.reading["question"]
        return found


@dataclass(frozen=True, kw_only=True)
class Curve(Reply):
    """Values of one metric of one cell: `values[step][run]`, null after a divergence."""

    schema: ClassVar[str] = "CurveView"
    cell_id: str
    metric: str
    lrs: list[float]
    seeds: list[int]
    steps: list[int]
    values: list[Any]


@dataclass(frozen=True, kw_only=True)
class Cell(Reply):
    """Runs of one size that are trained together."""

    schema: ClassVar[str] = "CellView"
    id: str
    scenario: str
    parametrization: str
    width: int
    depth: int
    state: str
    num_runs: int
    committed_step: int


@dataclass(frozen=True, kw_only=True)
class Worker(Reply):
    """Worker node that was seen in the last minute; `environment` names its versions."""

    schema: ClassVar[str] = "WorkerView"
    name: str
    slots: int
    device: str
    seen_at: str
    environment: Json
    fault: str | None = None
    is_other_version: bool = False
    version: str | None = None
