"""Settle stage: seeds are added at the target where they decide, batch by batch, until its cost is decided.

It follows the planned stages and touches nothing but the LRs that decide: the reused one, the best and its
rivals. The levels of the looks share one error (`look_level`), so that a wrong "transfers" stays as rare as
at a single look (ADR 0031). The base needs no further seeds: it only says which LR the question is about.
"""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.protocol.arms import ArmEvidence
from muscope.backend.domain.protocol.windows import PlannedRuns
from muscope.backend.domain.spec.decision import further_seeds, looks_after
from muscope.backend.domain.spec.experiment import axes_of, base_size, sizes_on
from muscope.backend.domain.spec.size import Size, axis_of

# A cost so close to its limit that this many times the seeds allowed would be needed is left open.
HOPELESS = 4.0


def targets(arm: ArmEvidence) -> Iterator[Size]:
    """Yield the largest size of every axis, whose cost decides."""
    base = base_size(arm.spec)
    for axis in axes_of(arm.spec):
        larger = [size for size in sizes_on(arm.spec, axis) if axis_of(size, base) is axis]
        if larger:
            yield max(larger)


def settling_runs(arm: ArmEvidence, stage: int) -> tuple[PlannedRuns, ...]:
    """Return the runs of the next batch at every target that is open; empty where nothing can be settled."""
    return tuple(runs for size in targets(arm) if (runs := _next_batch(arm, size, stage)) is not None)


def _next_batch(arm: ArmEvidence, size: Size, stage: int) -> PlannedRuns | None:
    window = arm.window(size)
    settling = window.evidence.statistics.settling
    if window.evidence.open or settling is None or not settling.is_open:
        return None
    looks = looks_after(settling.num_seeds, arm.max_seeds)
    if not looks or settling.seeds_needed > HOPELESS * arm.max_seeds:
        return None
    added = further_seeds(arm.spec.seeds, looks[0])
    known = window.evidence.planned
    wanted = frozenset(
        index for index in settling.contenders if any((index, seed) not in known for seed in added)
    )
    return PlannedRuns(window.group, wanted, added, frozenset(), stage) if wanted else None
