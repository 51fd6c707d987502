"""Outlook of a verdict, from its sweeps, the probes, the cells' times and the calibration study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from muscope.backend.analysis.advice.look_ahead import look_ahead
from muscope.backend.analysis.advice.reliability import shipped_record
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.early import answer_early
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.experiment import ExperimentSpec, chosen_arm, target_size
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweeps import load_sweeps


def with_outlook(
    evidence: ExperimentEvidence,
    spec: ExperimentSpec,
    verdict: Verdict,
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
) -> Verdict:
    """Return the verdict with its outlook and, while cells are open, with an early answer.

    Args:
        spec: the experiment's, with the thresholds used for the verdict.
        sweeps: the judged ones; the session they read their curves from must be open.
    """
    of_arm = list(sweeps[verdict.arm.parametrization])
    outlook = look_ahead(
        spec.under(verdict.scenario),
        verdict,
        of_arm,
        target=target_size(spec),
        probes=_probes(evidence, verdict.scenario),
        record=shipped_record(),
        seconds_per_run=_seconds_per_run(evidence, verdict.scenario),
    )
    early = None
    if verdict.is_interim:
        random_seed = int(verdict.spec_sha256[:8], 16)
        early = answer_early(verdict.arm.parametrization, of_arm, verdict.thresholds, random_seed)
    return verdict.model_copy(update={"outlook": outlook, "early": early})


def _probes(evidence: ExperimentEvidence, scenario: Scenario) -> dict[int, Sweep]:
    """Load the longer trainings of the base, which run under the conditions as given."""
    if scenario.kind is not ScenarioKind.AS_GIVEN:
        return {}
    return {
        int(each.number): load_sweeps(evidence, each)[chosen_arm(evidence.spec)][0]
        for each in evidence.spec.scenarios
        if each.kind is ScenarioKind.HORIZON
    }


def _seconds_per_run(evidence: ExperimentEvidence, scenario: Scenario) -> float | None:
    """Return the time of a run at the target: that of the largest size run, scaled by the FLOPs of each.

    None until a cell of the arm has finished and stored its time.
    """
    spec = evidence.spec
    done = [
        cell
        for cell in evidence.cells
        if cell.state == CellState.COMPLETED
        and cell.scenario == scenario
        and cell.parametrization == chosen_arm(spec)
        and cell.spent_seconds > 0
    ]
    if not done:
        return None
    largest = max(done, key=lambda cell: (math.prod((cell.width, cell.depth)), cell.width, str(cell.id)))
    dims = evidence.shape.dims
    per_run = largest.spent_seconds / len(evidence.runs_of(largest.id))
    target = target_size(spec)
    flops = spec.model.forward_flops(dims, target.width, target.depth)
    return per_run * flops / spec.model.forward_flops(dims, largest.width, largest.depth)
