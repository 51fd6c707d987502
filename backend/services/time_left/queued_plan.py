"""Preview of a plan, with what it would wait for."""

from __future__ import annotations

from dataclasses import replace

from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.connection.session import Session
from muscope.backend.domain.cost.time_left import Course
from muscope.backend.services.context import Context
from muscope.backend.services.plans.draft import Draft, ExperimentRequest, draft, plan_view
from muscope.backend.services.time_left.queue import neighbours_of, spans_among
from muscope.backend.services.views.outlay_views import PlanQueueView
from muscope.backend.services.views.views import PlanView


def preview_experiment(context: Context, owner_id: str, request: ExperimentRequest) -> PlanView:
    """Return what would run, how long alone and how long among the open experiments; nothing is stored."""
    with context.database.read() as session:
        plan = draft(context, session, owner_id, request)
        return plan_view(context, plan, _queue(context, session, owner_id, plan))


def _queue(context: Context, session: Session, owner_id: str, plan: Draft) -> PlanQueueView | None:
    neighbours = neighbours_of(context, session, None, plan.capacity)
    if not neighbours:
        return None
    own = _told_now(context, plan.course)._replace(owner_id=owner_id)
    used = fair_claims.used_so_far(session, now=context.now(), joining=owner_id)
    span = spans_among(own, neighbours, plan.capacity.slots, used)[0]
    return PlanQueueView(num_others=len(neighbours), start_seconds=span.begins, wall_seconds=span.ends)


def _told_now(context: Context, course: Course) -> Course:
    """Return a plan's course with its first batch at the end of the queue, where creating it puts it."""
    first = min((work.batch for work in course.later), default=0)
    turn = context.now().timestamp()
    later = [replace(work, turn=turn) if work.batch == first else work for work in course.later]
    return course._replace(later=later)
