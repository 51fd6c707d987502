"""The outlook of a verdict: what the probes, the cells' own times and the calibration study add to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from backend.analysis.early import answer_early
from backend.analysis.look_ahead import look_ahead
from backend.analysis.reliability import shipped_record
from backend.analysis.sweep import Sweep
from backend.db import datasets as dataset_rows
from backend.db.session import Session
from backend.db.tables import ExperimentRow
from backend.domain.experiment import ExperimentSpec, chosen_arm, target_size
from backend.domain.lifecycle import CellState
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario, ScenarioKind
from backend.domain.verdict import Verdict
from backend.services.stored import Stored
from backend.services.sweeps import load_sweeps


def with_outlook(
    session: Session,
    experiment: ExperimentRow,
    spec: ExperimentSpec,
    verdict: Verdict,
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
    stored: Stored,
) -> Verdict:
    """Return the verdict with its outlook and, while cells are open, with an early answer.

    Args:
        spec: the experiment's, with the thresholds that were judged by.
        sweeps: what was judged; the session they read their curves from is still open.
        stored: what they were read from.
    """
    of_arm = list(sweeps[verdict.arm.parametrization])
    outlook = look_ahead(
        spec.under(verdict.scenario),
        verdict,
        of_arm,
        target=target_size(spec),
        probes=_probes(session, experiment, spec, verdict.scenario, stored),
        record=shipped_record(),
        seconds_per_run=_seconds_per_run(session, experiment, spec, verdict.scenario, stored),
    )
    early = None
    if verdict.is_interim:
        random_seed = int(verdict.spec_sha256[:8], 16)
        early = answer_early(verdict.arm.parametrization, of_arm, verdict.thresholds, random_seed)
    return verdict.model_copy(update={"outlook": outlook, "early": early})


def _probes(
    session: Session, experiment: ExperimentRow, spec: ExperimentSpec, scenario: Scenario, stored: Stored
) -> dict[int, Sweep]:
    """Load the longer trainings of the base; they were run under the conditions as given."""
    if scenario.kind is not ScenarioKind.AS_GIVEN:
        return {}
    return {
        int(each.number): load_sweeps(session, experiment, each, stored)[chosen_arm(spec)][0]
        for each in spec.scenarios
        if each.kind is ScenarioKind.HORIZON
    }


def _seconds_per_run(
    session: Session, experiment: ExperimentRow, spec: ExperimentSpec, scenario: Scenario, stored: Stored
) -> float | None:
    """Return what a run at the target would take: that of the largest size run, by the FLOPs of each.

    None as long as no cell of the arm has finished and said how long it took.
    """
    done = [
        cell
        for cell in stored.cells
        if cell.state == CellState.COMPLETED
        and cell.scenario == scenario
        and cell.parametrization == chosen_arm(spec)
        and cell.spent_seconds > 0
    ]
    if not done:
        return None
    largest = max(done, key=lambda cell: (math.prod((cell.width, cell.depth)), cell.width, str(cell.id)))
    dims = dataset_rows.shape_of(session, experiment.dataset_id).dims
    per_run = largest.spent_seconds / len(stored.runs_of(largest.id))
    target = target_size(spec)
    flops = spec.model.forward_flops(dims, target.width, target.depth)
    return per_run * flops / spec.model.forward_flops(dims, largest.width, largest.depth)
