"""Counts of diverged runs on a dataset so far, from which the cost of later cells is predicted (ADR 0023)."""

from __future__ import annotations

from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.domain.cost.divergence import STEPS_UNTIL_DROPPED, DivergenceCount
from muscope.backend.domain.spec.experiment import ExperimentSpec, base_size
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence

# Number of earlier experiments on the same data that are read.
REMEMBERED_EXPERIMENTS = 10


def divergence_counts_on(evidence: ExperimentEvidence) -> tuple[DivergenceCount, ...]:
    """Return the counts of experiments like this one on its dataset."""
    return divergence_counts(evidence.session, evidence.experiment.dataset_id, evidence.spec)


def divergence_counts(
    session: Session, dataset_id: UUID, spec: ExperimentSpec
) -> tuple[DivergenceCount, ...]:
    """Return the counts of all experiments on a dataset with the model, loss and optimizer of `spec`."""
    rows = experiment_rows.on_dataset(session, dataset_id, most=REMEMBERED_EXPERIMENTS)
    alike = [row.id for row in rows if _is_alike(row.spec, spec)]
    fates = cell_rows.run_fates(session, alike, after_steps=STEPS_UNTIL_DROPPED)
    return tuple(
        DivergenceCount(scenario, arm, Size(width, depth), lr, runs, alive)
        for scenario, arm, width, depth, lr, runs, alive in fates
    )


def _is_alike(one: ExperimentSpec, other: ExperimentSpec) -> bool:
    return (one.model, one.loss, one.optimizer, base_size(one)) == (
        other.model,
        other.loss,
        other.optimizer,
        base_size(other),
    )
