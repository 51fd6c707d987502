"""Stored verdicts: one for every scenario of an experiment and version of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.tables import VerdictRow
from backend.db.upsert import insert_new
from backend.domain.scenario import Scenario
from backend.domain.verdict import Verdict


def add(session: Session, experiment_id: UUID, verdict: Verdict, *, now: datetime) -> None:
    """Store a verdict; one that is there already stays."""
    row = {
        "id": uuid5(experiment_id, f"{verdict.scenario}/{verdict.rule_version}"),
        "experiment_id": experiment_id,
        "scenario": verdict.scenario,
        "rule_version": verdict.rule_version,
        "outcome": verdict.outcome,
        "body": verdict.model_dump(mode="json"),
        "spec_sha256": verdict.spec_sha256,
        "created_at": now,
    }
    insert_new(session, VerdictRow, [row])


def find(session: Session, experiment_id: UUID, scenario: Scenario, rule_version: str) -> Verdict | None:
    """Return the stored verdict of an experiment's scenario under one version of the rules."""
    row = session.scalar(
        select(VerdictRow).where(
            VerdictRow.experiment_id == experiment_id,
            VerdictRow.scenario == scenario,
            VerdictRow.rule_version == rule_version,
        )
    )
    return None if row is None else Verdict.model_validate(row.body)


def outcomes(
    session: Session, experiment_ids: Sequence[UUID], rule_version: str
) -> dict[UUID, dict[str, str]]:
    """Return the outcomes of experiments that were judged under these rules, by scenario, in one query."""
    rows = session.execute(
        select(VerdictRow.experiment_id, VerdictRow.scenario, VerdictRow.outcome).where(
            VerdictRow.experiment_id.in_(experiment_ids), VerdictRow.rule_version == rule_version
        )
    )
    found: dict[UUID, dict[str, str]] = {}
    for experiment_id, scenario, outcome in rows:
        found.setdefault(experiment_id, {})[scenario] = outcome
    return found
