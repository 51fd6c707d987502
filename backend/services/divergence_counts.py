"""Which runs have diverged so far, on this data: what the cost of cells to come rests on (ADR 0023)."""

from __future__ import annotations

from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import experiments as experiment_rows
from backend.db.session import Session
from backend.domain.divergence import STEPS_UNTIL_DROPPED, DivergenceCount
from backend.domain.experiment import ExperimentSpec, base_size
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Size

# So many earlier experiments on the same data are looked at.
REMEMBERED_EXPERIMENTS = 10


def divergence_counts_on(
    session: Session, dataset_id: UUID, spec: ExperimentSpec
) -> tuple[DivergenceCount, ...]:
    """Return the divergence counts on a dataset of all experiments with this model, loss and optimizer."""
    rows = experiment_rows.on_dataset(session, dataset_id, most=REMEMBERED_EXPERIMENTS)
    alike = [row.id for row in rows if _is_alike(ExperimentSpec.model_validate(row.spec), spec)]
    fates = cell_rows.run_fates(session, alike, after_steps=STEPS_UNTIL_DROPPED)
    return tuple(
        DivergenceCount(Scenario(name), Parametrization(arm), Size(width, depth), lr, runs, alive)
        for name, arm, width, depth, lr, runs, alive in fates
    )


def _is_alike(one: ExperimentSpec, other: ExperimentSpec) -> bool:
    return (one.model, one.loss, one.optimizer, base_size(one)) == (
        other.model,
        other.loss,
        other.optimizer,
        base_size(other),
    )
