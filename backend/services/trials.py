"""Which runs have diverged so far, on this data: what the cost of cells to come rests on (ADR 0023)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import experiments as experiment_rows
from backend.db.cells import RunLife
from backend.db.session import Session
from backend.domain.experiment import ExperimentSpec, base_size
from backend.domain.living import STEPS_UNTIL_DROPPED, Trial
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Size

# So many earlier experiments on the same data are looked at.
REMEMBERED_EXPERIMENTS = 10


def trials_on(session: Session, dataset_id: UUID, spec: ExperimentSpec) -> tuple[Trial, ...]:
    """Return the trials of all experiments on a dataset that ask of the same model, loss and optimizer."""
    rows = experiment_rows.on_dataset(session, dataset_id, most=REMEMBERED_EXPERIMENTS)
    alike = [row.id for row in rows if _is_alike(ExperimentSpec.model_validate(row.spec), spec)]
    return trials_of(cell_rows.run_lives(session, alike))


def _is_alike(one: ExperimentSpec, other: ExperimentSpec) -> bool:
    return (one.model, one.loss, one.optimizer, base_size(one)) == (
        other.model,
        other.loss,
        other.optimizer,
        base_size(other),
    )


def trials_of(runs: Iterable[RunLife]) -> tuple[Trial, ...]:
    """Count by place and LR; runs whose fate is not known yet are left out."""
    known: dict[tuple[Scenario, Parametrization, Size, float], list[bool]] = {}
    for run in runs:
        if run.diverged_at is None and run.committed_step < STEPS_UNTIL_DROPPED:
            continue
        size = Size(run.width, run.depth)
        key = (Scenario(run.scenario), Parametrization(run.parametrization), size, run.lr)
        known.setdefault(key, []).append(run.diverged_at is None)
    return tuple(Trial(*key, len(alive), sum(alive)) for key, alive in sorted(known.items()))
