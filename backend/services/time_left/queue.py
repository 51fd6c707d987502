"""Queue of open experiments: when one starts and ends while all of them share the slots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.experiments import OpenExperiment
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.cost.chains import Span
from muscope.backend.domain.cost.time_left import Course, LaterWork, expected_spans
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.spec.budget import committed_seconds
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.time_left.budget import claimed
from muscope.backend.services.time_left.remaining import remaining_of, within_seconds
from muscope.backend.services.views.outlay_views import QueueView

# Seconds for which the expected work of one that trains is taken as unchanged; of one that only waits for
# longer, since time alone does not change it, and hundreds may wait.
KEPT_SECONDS = 5
KEPT_WAITING_SECONDS = 600
# Experiments whose work is foreseen stage by stage; of the others the sums of their predictions are enough
# for a moment that lies behind the work of all these.
MOST_FORESEEN = 10
# Parts into which the work of those is divided in all, for each slot, unless they are more than that.
PARTS_A_SLOT = 4


class Neighbour(NamedTuple):
    """Another open experiment and its work."""

    experiment: OpenExperiment
    course: Course

    @property
    def is_running(self) -> bool:
        """Return whether one of its cells trains now."""
        return self.experiment.num_running > 0


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
    others = [
        each for each in experiment_rows.unfinished_with_sums(session) if own is None or each.id != own.id
    ]
    first = sorted(others, key=lambda each: (not each.num_running, each.told_at or each.created_at))
    foreseen = {each.id for each in first[:MOST_FORESEEN]}
    parts = num_parts(capacity.slots, len(others) - len(foreseen))
    found = []
    for each in others:
        course = (
            course_of(context, session, each, capacity)
            if each.id in foreseen
            else summed_course(each, capacity, parts)
        )
        found.append(Neighbour(each, course._replace(owner_id=each.owner_id)))
    return found


def num_parts(slots: int, num_summed: int) -> int:
    """Return into how many parts the work of each experiment known by its sums is divided.

    One takes all slots; of many, which fill the slots together, each takes one, so that a page is not dearer
    by the number of slots.
    """
    return max(1, min(slots, PARTS_A_SLOT * slots // max(1, num_summed)))


def course_of(context: Context, session: Session, found: OpenExperiment, capacity: Capacity) -> Course:
    """Return the work of an experiment as far as its budget pays for it, taken as unchanged for a while."""

    def build() -> Course:
        row = experiment_rows.find(session, found.id)
        assert row is not None, "it was read in this session"
        evidence = ExperimentEvidence(session, row)
        return affordable_course(context, evidence, remaining_of(context, evidence, capacity).course)

    key = f"{found.id} {found.version} {found.cell_versions} {_lately(found, context.now())}"
    return context.caches.courses.get(key, build)


def summed_course(found: OpenExperiment, capacity: Capacity, parts: int) -> Course:
    """Return the work of an experiment by the sums of its cells' predictions, in equal parts."""
    told = math.inf if found.told_at is None else found.told_at.timestamp()
    turn = -math.inf if found.num_running else told
    whole = found.predicted_seconds * max(1, capacity.slots) / capacity.pace
    later = max(0.0, whole - found.planned_seconds)
    works = [LaterWork("", found.open_seconds / parts, "", 0, turn)] * parts
    return Course((), [*works, *[LaterWork("", later / parts, "", 1)] * parts], capacity.pace)


def _lately(found: OpenExperiment, now: datetime) -> int:
    """Return a number that changes when a kept course is to be computed again.

    Those that wait change at moments of their own, so that no request has to compute all of them.
    """
    if not found.num_running:
        return (int(now.timestamp()) + found.id.int % KEPT_WAITING_SECONDS) // KEPT_WAITING_SECONDS
    return int(now.timestamp()) // KEPT_SECONDS


def spans_among(
    course: Course, neighbours: Sequence[Neighbour], slots: int, used: Mapping[str, float]
) -> list[Span]:
    """Predict when an experiment's open work begins and ends, and then that of the others beside it.

    Args:
        course: with its owner, whose share of the workers counts.
        used: as `fair_claims.used_so_far` returns it.
    """
    return expected_spans([course, *(each.course for each in neighbours)], slots=slots, used=used)


def queue_view(
    context: Context,
    experiment: ExperimentRow,
    course: Course,
    neighbours: Sequence[Neighbour],
    found: Sequence[Span],
) -> QueueView | None:
    """Return what an experiment waits for or shares the machine with; None if it is alone.

    Args:
        found: as `spans_among` returns it for this course.
    """
    if not neighbours:
        return None
    own, *others = found
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
