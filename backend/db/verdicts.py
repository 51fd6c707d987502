"""Stored verdicts: one for every scenario of an experiment, version of the rules, set of thresholds and look.

An experiment that is settled further is looked at again; what was said at earlier looks stays stored.
Thresholds are told apart by their sha256; those fixed with the spec are the empty string, as in verdicts
from before others were possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.tables import VerdictRow
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Outcome, Verdict

FIXED_THRESHOLDS = ""


class Judged(NamedTuple):
    """An outcome, the version of the rules it was given under, and the look."""

    outcome: Outcome
    rule_version: str
    look: int = 0


def add(
    session: Session,
    experiment_id: UUID,
    verdict: Verdict,
    *,
    now: datetime,
    thresholds_sha256: str = FIXED_THRESHOLDS,
    look: int = 0,
) -> bool:
    """Store a verdict beside the earlier ones; one that is there already stays. Tell whether it is new."""
    of_look = f"look {look}" if look else ""
    marks = "/".join(filter(None, (verdict.scenario, verdict.rule_version, thresholds_sha256, of_look)))
    row = {
        "id": uuid5(experiment_id, marks),
        "experiment_id": experiment_id,
        "scenario": verdict.scenario,
        "rule_version": verdict.rule_version,
        "thresholds_sha256": thresholds_sha256,
        "look": look,
        "outcome": verdict.outcome,
        "body": verdict.model_dump(mode="json"),
        "spec_sha256": verdict.spec_sha256,
        "created_at": now,
    }
    return bool(insert_new(session, VerdictRow, [row]))


def find(
    session: Session,
    experiment_id: UUID,
    scenario: Scenario,
    rule_version: str,
    thresholds_sha256: str = FIXED_THRESHOLDS,
    *,
    look: int,
) -> Verdict | None:
    """Return the stored verdict of an experiment's scenario under one version of the rules, of one look."""
    row = row_of(session, experiment_id, scenario, rule_version, thresholds_sha256, look=look)
    return None if row is None else read_body(row)


def row_of(
    session: Session,
    experiment_id: UUID,
    scenario: Scenario,
    rule_version: str,
    thresholds_sha256: str,
    *,
    look: int,
) -> VerdictRow | None:
    """Return the row of one judgement."""
    return session.scalar(
        select(VerdictRow).where(
            VerdictRow.experiment_id == experiment_id,
            VerdictRow.scenario == scenario,
            VerdictRow.rule_version == rule_version,
            VerdictRow.thresholds_sha256 == thresholds_sha256,
            VerdictRow.look == look,
        )
    )


def latest(
    session: Session, experiment_id: UUID, scenario: Scenario, *, look: int | None = None
) -> Verdict | None:
    """Return the verdict that was given last by the thresholds fixed with the spec, of any look or of one."""
    of_look = VerdictRow.look >= 0 if look is None else VerdictRow.look == look
    is_wanted = (VerdictRow.experiment_id == experiment_id, VerdictRow.scenario == scenario, of_look)
    rows = session.scalars(
        select(VerdictRow)
        .where(*is_wanted, _by_fixed())
        .order_by(VerdictRow.created_at.desc(), VerdictRow.rule_version.desc())
    )
    row = rows.first()
    return None if row is None else read_body(row)


def versions(session: Session, experiment_id: UUID) -> list[str]:
    """List the versions of the rules that an experiment was judged by, earliest first."""
    rows = session.scalars(
        select(VerdictRow.rule_version)
        .where(VerdictRow.experiment_id == experiment_id)
        .order_by(VerdictRow.created_at, VerdictRow.rule_version)
    )
    return list(dict.fromkeys(rows))


def read_body(row: VerdictRow) -> Verdict:
    """Return a stored verdict; what an earlier version said and this one does not know is left out."""
    return Verdict.model_validate(row.body, extra="ignore")


def outcomes(session: Session, experiment_ids: Sequence[UUID]) -> dict[UUID, dict[str, Judged]]:
    """Return the outcomes given last, by the thresholds fixed with each spec, by scenario, in one query."""
    rows = session.execute(
        select(
            VerdictRow.experiment_id,
            VerdictRow.scenario,
            VerdictRow.outcome,
            VerdictRow.rule_version,
            VerdictRow.look,
        )
        .where(VerdictRow.experiment_id.in_(experiment_ids), _by_fixed())
        .order_by(VerdictRow.created_at, VerdictRow.rule_version)
    )
    found: dict[UUID, dict[str, Judged]] = {}
    for experiment_id, scenario, outcome, rule_version, look in rows:
        found.setdefault(experiment_id, {})[scenario] = Judged(Outcome(outcome), rule_version, look)
    return found


def _by_fixed() -> ColumnElement[bool]:
    return VerdictRow.thresholds_sha256 == FIXED_THRESHOLDS
