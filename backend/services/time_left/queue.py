"""Queue of open experiments: when one starts and ends while all of them share the slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.cost.chains import Span
from muscope.backend.domain.cost.time_left import Course, expected_spans
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.spec.budget import committed_seconds
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.time_left.budget import claimed
from muscope.backend.services.time_left.remaining import remaining_of, within_seconds
from muscope.backend.services.views.outlay_views import QueueView

# Seconds for which the expected work of the others is taken as unchanged; of one that has not begun for
# longer, since time alone does not change it, and hundreds may wait.
KEPT_SECONDS = 5
KEPT_WAITING_SECONDS = 60


class Neighbour(NamedTuple):
    """Another open experiment and its work."""

    experiment: ExperimentRow
    course: Course

    @property
    def is_running(self) -> bool:
        """Return whether one of its cells trains now."""
        return is_running(self.course)


def is_running(course: Course) -> bool:
    """Return whether a cell trains now."""
    return any(cell.state == CellState.RUNNING for cell in course.cells)


def affordable_course(context: Context, evidence: ExperimentEvidence, course: Course) -> Course:
    """Return the work of an experiment as far as its budget pays for it."""
    budget = evidence.spec.budget
    if budget is None:
        return course
    left = budget.limit_seconds - committed_seconds(claimed(evidence.cells, context.now()))
    return course._replace(later=within_seconds(course.later, max(0.0, left)))


def neighbours_of(
    context: Context, session: Session, own: ExperimentRow | None, capacity: Capacity
) -> list[Neighbour]:
    """Return the other open experiments, whoever owns them, the oldest first."""
    return [
        Neighbour(row, course_of(context, session, row, capacity))
        for row in experiment_rows.unfinished_rows(session)
        if row is not own
    ]


def course_of(context: Context, session: Session, row: ExperimentRow, capacity: Capacity) -> Course:
    """Return the work of an experiment as far as its budget pays for it, taken as unchanged for a while."""

    def build() -> Course:
        evidence = ExperimentEvidence(session, row)
        return affordable_course(context, evidence, remaining_of(context, evidence, capacity).course)

    return context.caches.courses.get(f"{row.id} {row.version} {_lately(row, context.now())}", build)


def _lately(row: ExperimentRow, now: datetime) -> int:
    """Return a number that changes when a kept course is to be computed again.

    Those that wait change at moments of their own, so that no request has to compute all of them.
    """
    if row.state == ExperimentState.QUEUED:
        return (int(now.timestamp()) + row.id.int % KEPT_WAITING_SECONDS) // KEPT_WAITING_SECONDS
    return int(now.timestamp()) // KEPT_SECONDS


def span_among(course: Course, neighbours: Sequence[Neighbour], slots: int) -> Span:
    """Predict when an experiment's open work begins and ends among that of the others."""
    return expected_spans([course, *(each.course for each in neighbours)], slots=slots)[0]


def queue_view(
    context: Context,
    experiment: ExperimentRow,
    course: Course,
    neighbours: Sequence[Neighbour],
    slots: int,
) -> QueueView | None:
    """Return what an experiment waits for or shares the machine with; None if it is alone."""
    if not neighbours:
        return None
    own, *others = expected_spans([course, *(each.course for each in neighbours)], slots=slots)
    is_waiting = not is_running(course)
    starts = context.now() + timedelta(seconds=own.begins)
    return QueueView(
        position=1 + (sum(other.begins < own.begins for other in others) if is_waiting else 0),
        num_others=len(neighbours),
        num_running=sum(each.is_running for each in neighbours),
        running=tuple(
            each.experiment.name
            for each in neighbours
            if each.is_running and each.experiment.owner_id == experiment.owner_id
        ),
        expected_start=starts if is_waiting else None,
    )
