"""Overall verdict over all scenarios, and the conditions under which reuse first fails."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis
from muscope.backend.domain.verdict.statement import Estimate, Outcome


class BreakPoint(Frozen):
    """Size and scenario at which reusing the base's LR was found to cost too much."""

    scenario: Scenario
    outcome: Outcome = Field(description="`fine_tune` or `does_not_transfer`.")
    width: int
    depth: int
    axis: Axis = Field(description="Axis on which this size is larger than the base.")


class ScenarioAnswer(Frozen):
    """Verdict of one scenario in a line; the numbers are those of the deciding size, else the largest."""

    scenario: Scenario
    outcome: Outcome
    rule: str
    is_interim: bool
    is_provisional: bool
    base_lr: float | None = Field(description="The tuned LR of the base size under this scenario.")
    width: int | None
    depth: int | None
    axis: Axis | None
    transfer_regret: Estimate = Field(description="M2 on the loss the LR is tuned on.")


class OverallVerdict(Frozen):
    """Worst of an experiment's verdicts."""

    outcome: Outcome
    scenario: Scenario = Field(description="The scenario that decides: the first of the worst.")
    breaks_at: BreakPoint | None = Field(
        description="The worst scenario that was found to fail, even where an inconclusive one decides."
    )
    holds_under: tuple[Scenario, ...] = Field(description="Scenarios under which the LR may be reused.")
    is_interim: bool
    is_provisional: bool
    scenarios: tuple[ScenarioAnswer, ...]
