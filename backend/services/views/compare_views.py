"""Views of compared experiments: the numbers of each answer, what differs, and what forbids a comparison."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.dataset import Frozen, Task
from muscope.backend.domain.spec.differences import Difference
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.outlook import EarlyAnswer
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import Cliff, Deciding, OpenAnswer
from muscope.backend.services.views.views import DatasetName


class Caution(StrEnum):
    """Reasons why numbers of the experiments must not be read side by side; text `compare.caution.<code>`."""

    DATA = "data"  # losses on other data are other losses
    LOSS = "loss"  # of training or of validation, cross-entropy or squared error
    UNIT = "unit"  # of the deciding cost
    RULES = "rules"  # versions of the rules
    INTERIM = "interim"  # an answer may still change


class AnswerNumbers(Frozen):
    """Numbers of the verdict that decides an experiment, as its card shows them."""

    scenario: Scenario
    outcome: Outcome
    rule: str
    rule_version: str
    is_interim: bool
    is_provisional: bool
    early: EarlyAnswer | None = Field(description="While cells are open: what the verdict will probably be.")
    open: OpenAnswer | None
    deciding: Deciding | None = Field(description="The cost of reuse, its limit, and the size it is of.")
    cliff: Cliff | None = Field(description="Distance to divergence of that size, in octaves.")
    min_margin: float = Field(description="Least distance to divergence that is allowed, in octaves.")
    lr: float | None = Field(description="The LR to carry to the target; null where none is advised.")
    search_lrs: tuple[float, ...] = Field(description="The LRs to try at the target instead, if any.")


class ComparedView(Frozen):
    """Experiment beside others."""

    id: UUID
    name: str
    dataset: DatasetName
    task: Task
    state: ExperimentState
    spec: ExperimentSpec
    spec_sha256: str
    deciding_loss: Metric = Field(description="The loss that decides, declared or by default.")
    spent_seconds: float = Field(description="Slot-seconds of all attempts so far.")
    answer: AnswerNumbers


class ComparisonView(Frozen):
    """Two to four experiments side by side, in the order asked for."""

    experiments: tuple[ComparedView, ...]
    differences: tuple[Difference, ...] = Field(description="Fields of the definitions that are not equal.")
    cautions: tuple[Caution, ...]
