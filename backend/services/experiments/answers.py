"""Answer of an experiment as a whole: the worst of its scenarios, kept with the experiment for lists."""

from __future__ import annotations

from collections.abc import Mapping

from muscope.backend.analysis.verdict.overall import deciding_scenario
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.db.verdicts import Judged


def deciding(experiment: ExperimentRow, outcomes: Mapping[str, Judged]) -> Judged | None:
    """Return the worst judgement of all scenarios at the latest look; None until each of them has one."""
    of_look = {scenario: each for scenario, each in outcomes.items() if each.look == experiment.look}
    wanted = experiment.spec.judged_scenarios
    judged = {scenario: of_look[scenario] for scenario in wanted if scenario in of_look}
    if len(judged) < len(wanted):
        return None
    return judged[deciding_scenario({scenario: each.outcome for scenario, each in judged.items()})]


def keep_answer(session: Session, experiment: ExperimentRow) -> None:
    """Record what the stored verdicts of an experiment come to; after any of them was added."""
    outcomes = verdict_rows.outcomes(session, [experiment.id]).get(experiment.id, {})
    judged = deciding(experiment, outcomes)
    experiment_rows.note_answer(
        experiment, judged and judged.outcome, None if judged is None else judged.rule_version
    )
