"""Judging experiments: while they run, when they end, and again later under the same rules."""

from __future__ import annotations

from uuid import UUID

from backend.analysis.verdict import judge
from backend.db import verdicts as verdict_rows
from backend.db.session import Session
from backend.db.tables import ExperimentRow
from backend.domain.experiment import ExperimentSpec
from backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, ExperimentState
from backend.domain.scenario import Scenario
from backend.domain.verdict import RULE_VERSION, Verdict
from backend.services.context import Context
from backend.services.evidence import load_sweeps
from backend.services.lookup import find_experiment


def get_verdict(context: Context, owner_id: str, experiment_id: UUID) -> Verdict:
    """Return the stored verdict, or, while there is none yet, an interim one; raises NotFound."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        scenario = scenarios_of(experiment)[0]
        stored = verdict_rows.find(session, experiment_id, scenario, RULE_VERSION)
        return stored or judge_scenario(session, experiment, scenario)


def judge_experiment(context: Context, owner_id: str, experiment_id: UUID) -> Verdict:
    """Judge what an experiment has shown so far, whatever is stored; raises NotFound."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        return judge_scenario(session, experiment, scenarios_of(experiment)[0])


def judge_scenario(
    session: Session, experiment: ExperimentRow, scenario: Scenario, *, is_closing: bool = False
) -> Verdict:
    """Judge one scenario from raw chunks; interim while the experiment is open and not just closing."""
    is_open = ExperimentState(experiment.state) in OPEN_EXPERIMENT_STATES
    sweeps = load_sweeps(session, experiment, scenario)
    spec = ExperimentSpec.model_validate(experiment.spec)
    return judge(spec, scenario, sweeps, is_interim=is_open and not is_closing)


def final_verdicts(session: Session, experiment: ExperimentRow) -> list[Verdict]:
    """Judge every scenario of an experiment that has nothing left to run."""
    return [
        judge_scenario(session, experiment, scenario, is_closing=True)
        for scenario in scenarios_of(experiment)
    ]


def scenarios_of(experiment: ExperimentRow) -> tuple[Scenario, ...]:
    """Return the judged scenarios of an experiment in the order of its spec; the first is the one shown."""
    return ExperimentSpec.model_validate(experiment.spec).judged_scenarios
