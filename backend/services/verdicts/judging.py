"""Judgement of experiments: while they run, when they end, and again later under the same rules.

Until a verdict is stored, every request gets one judged from the values stored now. It is judged once for
every state of the evidence, and cached under the marks of the experiment and its cells. A worker changes
these in the same transaction as every window it stores, and they are read before the evidence. A verdict may
therefore include later evidence than its marks say, but never miss earlier evidence.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.analysis.verdict.overall import deciding_scenario, overall
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, StopReason
from muscope.backend.domain.spec.experiment import ExperimentSpec, chosen_arm
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Reason, Verdict
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweeps import load_sweeps
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.marks import marks_of
from muscope.backend.services.verdicts.left_out import with_left_out
from muscope.backend.services.verdicts.outlook import with_outlook
from muscope.backend.services.verdicts.predicted_seconds import run_seconds_of, seconds_of_absent_sizes
from muscope.backend.services.views.views import VerdictsView


def get_verdict(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    *,
    scenario: Scenario | None = None,
    rule_version: str | None = None,
) -> Verdict:
    """Return one scenario's verdict, by default the one that decides; see `get_verdicts`.

    Raises InvalidInput for a scenario without one, NotFound.
    """
    with context.database.read() as session:
        evidence = ExperimentEvidence(session, find_experiment(session, owner_id, experiment_id))
        known = evidence.spec.judged_scenarios
        if scenario is not None and scenario not in known:
            raise InvalidInput("verdict.unknown_scenario", given=scenario, expected=", ".join(known))
        wanted = known if scenario is None else (scenario,)
        verdicts = {each: shown_verdict(context, evidence, each, rule_version) for each in wanted}
        return verdicts[deciding_scenario({each: found.outcome for each, found in verdicts.items()})]


def get_verdicts(
    context: Context, owner_id: str, experiment_id: UUID, *, rule_version: str | None = None
) -> VerdictsView:
    """Return the stored verdict of every scenario, or an interim one while none is stored.

    If it is stored under several versions of the rules, returns the one under `rule_version`, else under the
    current version, else the latest; a stored verdict is shown unchanged until a user has it judged again.
    Raises NotFound.
    """
    with context.database.read() as session:
        evidence = ExperimentEvidence(session, find_experiment(session, owner_id, experiment_id))
        verdicts = [
            shown_verdict(context, evidence, scenario, rule_version)
            for scenario in evidence.spec.judged_scenarios
        ]
    return VerdictsView(overall=overall(verdicts), verdicts=tuple(verdicts))


def shown_verdict(
    context: Context, evidence: ExperimentEvidence, scenario: Scenario, rule_version: str | None = None
) -> Verdict:
    """Return a scenario's stored verdict, else an interim one of what is stored; see `get_verdicts`."""
    session, experiment_id, look = evidence.session, evidence.experiment.id, evidence.experiment.look
    given = verdict_rows.find(session, experiment_id, scenario, rule_version or RULE_VERSION, look=look)
    if given is not None:
        return given
    if rule_version is not None:
        found = ", ".join(verdict_rows.versions(session, experiment_id)) or "–"
        raise NotFound("verdict.not_stored", rule_version=rule_version, found=found)
    last = verdict_rows.latest(session, experiment_id, scenario, look=look)
    return last or _judged_once(context, evidence, scenario)


def _judged_once(context: Context, evidence: ExperimentEvidence, scenario: Scenario) -> Verdict:
    marks = marks_of(evidence.experiment, evidence.cells).model_dump_json()
    key = hashlib.sha256(f"{RULE_VERSION}/{scenario}/{marks}".encode()).hexdigest()
    return context.caches.verdicts.get(key, lambda: judge_scenario(evidence, scenario))


def judge_scenario(
    evidence: ExperimentEvidence,
    scenario: Scenario,
    *,
    is_closing: bool = False,
    stop_reason: StopReason | None = None,
    thresholds: Thresholds | None = None,
) -> Verdict:
    """Judge one scenario from raw chunks; interim while the experiment is open and not just closing.

    Args:
        stop_reason: of an experiment that is just closing; a closed one has stored it.
        thresholds: in place of the spec's.
    """
    spec, experiment = evidence.spec, evidence.experiment
    is_open = experiment.state in OPEN_EXPERIMENT_STATES
    sweeps = load_sweeps(evidence, scenario)
    asked = spec if thresholds is None else spec.model_copy(update={"thresholds": thresholds})
    judged = judge(
        asked,
        scenario,
        sweeps,
        is_interim=is_open and not is_closing,
        # A step up trains one size twice, under two conditions, which a price by size cannot tell apart.
        seconds={} if scenario.is_step_up else seconds_of_absent_sizes(evidence, sweeps[chosen_arm(spec)]),
        run_seconds=None if scenario.is_step_up else run_seconds_of(evidence, scenario),
    )
    verdict = judged if scenario.is_step_up else with_outlook(evidence, asked, judged, sweeps)
    if StopReason.BUDGET in (stop_reason, experiment.stop_reason) and not verdict.is_interim:
        verdict = with_left_out(verdict, evidence)
    return verdict if asked == spec else _stamped(verdict, spec)


def _stamped(verdict: Verdict, spec: ExperimentSpec) -> Verdict:
    """Add a reason if other thresholds were used than those hashed with the spec before the first run."""
    others = tuple(why for why in verdict.reasons if why.code != "thresholds_changed")
    moved = Reason(code="thresholds_not_fixed")
    return verdict.model_copy(update={"reasons": (*others, moved), "spec_sha256": spec.sha256()})


def final_verdicts(evidence: ExperimentEvidence, stop_reason: StopReason | None = None) -> list[Verdict]:
    """Judge every scenario of an experiment that has nothing left to run, with its reason to stop."""
    return [
        judge_scenario(evidence, scenario, is_closing=True, stop_reason=stop_reason)
        for scenario in evidence.spec.judged_scenarios
    ]
