"""Choice of the cell that an idle worker claims, fair between owners.

A message names a cell, and messages of one owner may stand before all others. So a message is only a call
for a worker: the cell is chosen here. With one owner it is the one that the message names. A cell whose
message served another is claimed by that one's message, or rung for again by the conductor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, and_, bindparam, case, func, select, union_all
from sqlalchemy.orm import Session

from muscope.backend.db import claims
from muscope.backend.db.claims import Claim, is_due_between, latest_delay_of
from muscope.backend.db.lists.paging import seconds_between
from muscope.backend.db.schema.columns import UtcDateTime
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.fair_share import Stint, by_need, common_start, seconds_used
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, CellState, DesiredState

# The use is added up over cells that have ended since; of a longer time there would be thousands.
_LOOK_BACK = timedelta(minutes=10)

# The statements below are built once: that takes longer than to execute them.
_OPEN = (
    select(ExperimentRow.owner_id, func.min(ExperimentRow.created_at).label("since"))
    .where(ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
    .group_by(ExperimentRow.owner_id)
)
_open = _OPEN.subquery()
_ENDED_MEANWHILE = (
    select(ExperimentRow.owner_id, func.min(ExperimentRow.created_at))
    .join(_open, _open.c.owner_id == ExperimentRow.owner_id)
    .where(
        ExperimentRow.created_at.between(bindparam("horizon", type_=UtcDateTime), _open.c.since),
        ExperimentRow.finished_at > _open.c.since,
    )
    .group_by(ExperimentRow.owner_id)
)
_RUNNING = (
    select(ExperimentRow.owner_id, CellRow.started_at)
    .join(ExperimentRow, ExperimentRow.id == CellRow.experiment_id)
    .where(CellRow.state == CellState.RUNNING, CellRow.started_at.is_not(None))
)
_since = bindparam("since", type_=UtcDateTime)
_USED = (
    select(
        ExperimentRow.owner_id,
        func.sum(
            seconds_between(
                case((CellRow.started_at < _since, _since), else_=CellRow.started_at), CellRow.finished_at
            )
        ),
    )
    .join(ExperimentRow, ExperimentRow.id == CellRow.experiment_id)
    .where(CellRow.finished_at > _since, CellRow.started_at.is_not(None), CellRow.state != CellState.RUNNING)
    .group_by(ExperimentRow.owner_id)
)

_can_be_claimed = and_(
    CellRow.state == CellState.QUEUED,
    CellRow.desired_state == DesiredState.RUN,
    is_due_between(bindparam("now", type_=UtcDateTime), bindparam("latest_delay", type_=UtcDateTime)),
)
_CLAIMABLE = select(CellRow.id).where(CellRow.id == bindparam("cell_id"), _can_be_claimed)


def _oldest_with_work() -> ScalarSelect[UUID]:
    """Return the id of an owner's oldest open experiment with a cell to claim.

    State by state, since an index gives each in its order; over both a database walks through all that ended.
    """
    has_work = select(CellRow.id).where(CellRow.experiment_id == ExperimentRow.id, _can_be_claimed).exists()
    firsts = (
        select(ExperimentRow.id, ExperimentRow.created_at)
        .where(ExperimentRow.state == state, ExperimentRow.owner_id == bindparam("owner_id"), has_work)
        .order_by(ExperimentRow.created_at)
        .limit(1)
        .subquery()
        for state in OPEN_EXPERIMENT_STATES
    )
    both = union_all(*(select(each) for each in firsts)).subquery()
    return select(both.c.id).order_by(both.c.created_at, both.c.id).limit(1).scalar_subquery()


# The experiment is found first, so that what others have waiting costs nothing.
_FIRST_OF = (
    select(CellRow.id)
    .where(CellRow.experiment_id == _oldest_with_work(), _can_be_claimed)
    .order_by(CellRow.stage, CellRow.dispatched_at, CellRow.id)
    .limit(1)
)


def candidates(session: Session, rung_for: UUID, *, now: datetime) -> Iterator[UUID]:
    """Yield cells in the order in which a worker that was called for one should try to claim them."""
    owners = _waiting_owners(session, now)
    if len(owners) < 2:
        yield rung_for
        return
    owner_of_rung = session.scalar(
        select(ExperimentRow.owner_id)
        .join(CellRow, CellRow.experiment_id == ExperimentRow.id)
        .where(CellRow.id == rung_for)
    )
    for owner_id in _in_order(session, owners, owner_of_rung, now):
        if owner_id == owner_of_rung and _is_claimable(session, rung_for, now):
            yield rung_for
        elif (found := _first_of(session, owner_id, now)) is not None:
            yield found


def likely(session: Session, rung_for: UUID, *, now: datetime) -> UUID | None:
    """Return the cell that `claim_next` will most likely claim; None where there is nothing to claim.

    To be asked for before the transaction that claims: it takes ten times as long as a claim, and others who
    want to write must not wait for it.
    """
    return next(candidates(session, rung_for, now=now), None)


def claim_next(
    session: Session,
    first: UUID,
    rung_for: UUID,
    *,
    owner: str,
    now: datetime,
    held: Collection[str] = (),
) -> Claim | None:
    """Claim the likely cell, or the next of the candidates where another worker was faster.

    Args:
        first: as `likely` returned it.
        owner, held: as `claims.claim` takes them.
    """
    if claim := claims.claim(session, first, owner=owner, now=now, held=held):
        return claim
    for cell_id in candidates(session, rung_for, now=now):
        if claim := claims.claim(session, cell_id, owner=owner, now=now, held=held):
            return claim
    return None


def used_so_far(session: Session, *, now: datetime, joining: str | None = None) -> dict[str, float]:
    """Return the slot-seconds by which `candidates` orders the owners of open experiments.

    `joining`: an owner who is about to create one.
    """
    owners = _waiting_owners(session, now)
    if joining is not None:
        owners.setdefault(joining, now)
    if len(owners) < 2:
        return {}
    return _used(session, _running(session), common_start(owners), now)


def _waiting_owners(session: Session, now: datetime) -> dict[str, datetime]:
    """Return by owner since when there has been an open experiment without a break.

    One that has ended counts if another was waiting by then: else whoever ends one begins anew, and what was
    used until then is forgotten.
    """
    owners = {owner_id: since for owner_id, since in session.execute(_OPEN)}  # noqa: C416 (no pairs to mypy)
    if len(owners) > 1:
        for owner_id, since in session.execute(_ENDED_MEANWHILE, {"horizon": now - _LOOK_BACK}):
            owners[owner_id] = since
    return owners


def _in_order(
    session: Session, owners: dict[str, datetime], rung_for: str | None, now: datetime
) -> list[str]:
    """Return the owners by what they have had, the one with the least first."""
    stints = _running(session)
    used = _used(session, stints, common_start(owners), now)
    running = Counter(stint.owner_id for stint in stints)
    return by_need(owners, used, running, rung_for)


def _used(session: Session, running: Sequence[Stint], since: datetime, now: datetime) -> dict[str, float]:
    """Return the slot-seconds that each owner has had since a moment; thousands of cells may have ended."""
    used = seconds_used(running, since, now)
    for owner_id, seconds in session.execute(_USED, {"since": since}):
        used[owner_id] = used.get(owner_id, 0.0) + max(seconds, 0.0)
    return used


def _running(session: Session) -> list[Stint]:
    """Return the cells that train now."""
    rows = session.execute(_RUNNING)
    return [Stint(owner_id, started_at, None) for owner_id, started_at in rows if started_at is not None]


def _is_claimable(session: Session, cell_id: UUID, now: datetime) -> bool:
    return session.scalar(_CLAIMABLE, _moments(now) | {"cell_id": cell_id}) is not None


def _first_of(session: Session, owner_id: str, now: datetime) -> UUID | None:
    """Return the first cell in an owner's queue: of the oldest experiment, as they were called for."""
    return session.scalar(_FIRST_OF, _moments(now) | {"owner_id": owner_id})


def _moments(now: datetime) -> dict[str, Any]:
    return {"now": now, "latest_delay": latest_delay_of(now)}
