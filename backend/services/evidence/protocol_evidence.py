"""Evidence for the protocol: the runs of an experiment by state, with statistics of ended cell groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.group_statistics import with_statistics
from muscope.backend.db import cells as cell_rows
from muscope.backend.db.cells import RunInCell
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES, CellState
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, GroupEvidence, RunKey
from muscope.backend.domain.spec.experiment import ExperimentSpec, Protocol
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweeps import load_sweeps


def protocol_evidence(evidence: ExperimentEvidence, *, granted_seeds: int | None = None) -> Evidence:
    """Return the evidence of an experiment; sweeps are loaded only where the protocol uses statistics.

    Args:
        granted_seeds: seeds of one LR that the settle stage may use; None: those granted so far.
    """
    spec = evidence.spec
    granted = evidence.experiment.granted_seeds if granted_seeds is None else granted_seeds
    runs = cell_rows.run_states(evidence.session, evidence.experiment.id)
    groups = groups_of(runs)
    sweeps: dict[tuple[Scenario, Parametrization], Sequence[Sweep]] = {}
    for scenario in scenarios_to_look_at(spec, groups, granted):
        for name, of_arm in load_sweeps(evidence, scenario).items():
            sweeps[scenario, name] = of_arm
    queued = {run.cell_id: run.group for run in runs if run.state is CellState.QUEUED}
    return Evidence(with_statistics(groups, sweeps, spec.thresholds), queued, granted)


def groups_of(runs: Sequence[RunInCell]) -> dict[CellGroup, GroupEvidence]:
    """Group runs by cell group and by state."""
    by_group: dict[CellGroup, list[RunInCell]] = defaultdict(list)
    for run in runs:
        by_group[run.group].append(run)
    return {group: _evidence(of_group) for group, of_group in by_group.items()}


def _evidence(runs: Sequence[RunInCell]) -> GroupEvidence:
    finished, still_open, lost = set[RunKey](), set[RunKey](), set[RunKey]()
    for run in runs:
        is_open = run.state in OPEN_CELL_STATES
        group = still_open if is_open else finished if run.state == CellState.COMPLETED else lost
        group.add((run.lr_index, run.seed))
    num_cells = len({run.cell_id for run in runs})
    return GroupEvidence(frozenset(finished), frozenset(still_open), frozenset(lost), num_cells)


def scenarios_to_look_at(
    spec: ExperimentSpec, groups: Mapping[CellGroup, GroupEvidence], granted_seeds: int = 0
) -> tuple[Scenario, ...]:
    """Return the scenarios whose statistics decide something and have a group without open runs.

    The full grid needs none, unless a probe of a longer horizon follows its base or it is to be settled.
    """
    if spec.protocol is Protocol.STAGED or spec.settle is not None or granted_seeds:
        wanted = set(spec.scenarios)
    else:
        probes = [scenario for scenario in spec.scenarios if not scenario.is_judged]
        wanted = {Scenario.AS_GIVEN, *probes} if probes else set()
    ready = {group.scenario for group, evidence in groups.items() if not evidence.open}
    return tuple(scenario for scenario in spec.scenarios if scenario in wanted & ready)
