"""Settle stage: seeds are added at the target where they decide, batch by batch, until its cost is decided.

It follows the planned stages and touches nothing but the LRs that decide: the reused one, the best and its
rivals. The levels of the looks share one error (`look_level`), so that a wrong "transfers" stays as rare as
at a single look (ADR 0031). The base needs no further seeds: it only says which LR the question is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from muscope.backend.domain.protocol.arms import ArmEvidence, ArmState, cost_order
from muscope.backend.domain.protocol.evidence import NOTHING, CellGroup, Evidence
from muscope.backend.domain.protocol.windows import PlannedRuns
from muscope.backend.domain.spec.experiment import ExperimentSpec, axes_of, base_size, sizes_on
from muscope.backend.domain.spec.judging.decision import can_settle, further_seeds, looks_after
from muscope.backend.domain.spec.size import Size, axis_of


def targets_of(spec: ExperimentSpec) -> Iterator[Size]:
    """Yield the largest size of every axis, whose cost decides."""
    base = base_size(spec)
    for axis in axes_of(spec):
        larger = [size for size in sizes_on(spec, axis) if axis_of(size, base) is axis]
        if larger:
            yield max(larger)


def settling_runs(
    arm: ArmEvidence, stage: int, targets: Iterable[Size] | None = None
) -> tuple[PlannedRuns, ...]:
    """Return the runs of the next batch at every target that is open; empty where nothing can be settled.

    Args:
        targets: None: the largest size of every axis.
    """
    targets = targets_of(arm.spec) if targets is None else targets
    batches = [runs for size in targets if (runs := _next_batch(arm, size, stage)) is not None]
    return tuple(batches) if _is_within_work(arm, batches) else ()


def _next_batch(arm: ArmEvidence, size: Size, stage: int) -> PlannedRuns | None:
    window = arm.window(size)
    settling = window.evidence.statistics.settling
    if window.evidence.open or settling is None or not settling.is_open:
        return None
    if not can_settle(settling.num_seeds, settling.seeds_needed, arm.max_seeds):
        return None
    added = further_seeds(arm.spec.seeds, looks_after(settling.num_seeds, arm.max_seeds)[0])
    known = window.evidence.planned
    wanted = frozenset(
        index for index in settling.contenders if any((index, seed) not in known for seed in added)
    )
    return PlannedRuns(window.group, wanted, added, frozenset(), stage) if wanted else None


def _is_within_work(arm: ArmEvidence, batches: Sequence[PlannedRuns]) -> bool:
    """Return whether these batches keep the settle stage within its share of the planned work.

    Seeds that a user granted after the plan's end have a price of their own and no other limit.
    """
    settle = arm.spec.settle
    if arm.evidence.granted_seeds or settle is None:
        return True
    planned = added = 0.0
    for group, known in arm.evidence.groups.items():
        num_planned = sum(seed in arm.spec.seeds for _, seed in known.planned)
        planned += num_planned * _work(arm.plan, group)
        added += (len(known.planned) - num_planned) * _work(arm.plan, group)
    for batch in batches:
        keys = set(product(batch.lr_indices, batch.seeds)) - arm.evidence.at(batch.group).planned
        added += len(keys) * _work(arm.plan, batch.group)
    return added <= settle.max_work * planned


def with_batches(spec: ExperimentSpec, evidence: Evidence, states: Iterable[ArmState]) -> Evidence:
    """Return the evidence as if the arms' settle batches were queued: all arms share one allowance."""
    groups = dict(evidence.groups)
    batches = (
        runs for state in states for runs in state.runs_to_plan if not set(runs.seeds) <= {*spec.seeds}
    )
    for batch in batches:
        known = groups.get(batch.group, NOTHING)
        added = set(product(batch.lr_indices, batch.seeds)) - known.planned
        groups[batch.group] = replace(known, open=known.open | added)
    return replace(evidence, groups=groups)


def _work(plan: ExperimentSpec, group: CellGroup) -> float:
    """Return the work of a run of a group, in units of one example at width and depth 1.

    A scenario may have a batch or steps of its own, so that its runs see other numbers of examples.
    """
    spec = plan.under(group.scenario)
    return float(cost_order(group.size)[0]) * spec.batch_size * spec.num_steps
