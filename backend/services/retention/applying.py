"""Deletion of what is older than it is kept, one thing after the other, as its owner would delete it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from muscope.backend.accounts.roles import Overseer
from muscope.backend.db.accounts import audit as audit_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.retention.rows import Stored
from muscope.backend.errors import Conflict, NotFound
from muscope.backend.services.accounts.audit import AUDIT_REMOVED, Actor, record
from muscope.backend.services.context import Also, Context
from muscope.backend.services.datasets.store import delete_dataset
from muscope.backend.services.experiments.store import delete_experiment
from muscope.backend.services.retention.finding import Rule, find_expired, is_protected, num_old_entries
from muscope.backend.services.sweeps.store import delete_sweep
from muscope.backend.services.uploads.files import is_locked
from muscope.backend.services.uploads.store import remove_upload

log = logging.getLogger(__name__)

Deletion = Callable[[Context, str, UUID, Also], None]


def delete_expired(context: Context, actor: Actor, rule: Rule) -> dict[str, int]:
    """Delete what the rule says; return the number of each kind.

    What began to be used meanwhile stays. Every deletion is an entry of the audit log.
    """
    with context.database.read() as session:
        expired = find_expired(session, rule)
    deleted = Counter(dict.fromkeys(expired.counts, 0))
    for kind, each in expired.lines():
        if _deleted(context, actor, rule, kind, each):
            deleted[kind] += 1
    deleted["audit_entries"] = _shorten_audit(context, actor, rule)
    if sum(deleted.values()):
        log.info("older than %s: deleted %s", rule.before.isoformat(), dict(deleted))
    return dict(deleted)


def _deleted(context: Context, actor: Actor, rule: Rule, kind: str, each: Stored) -> bool:
    def note(session: Session) -> None:
        # The tag may have been given, or a viewer invited, since everything was looked at.
        if kind != "uploads" and is_protected(session, rule, each):
            raise Conflict("retention.kept_meanwhile", name=each.name)
        record(context, session, actor, f"retention.{kind}", str(each.id), owner=each.owner_id)

    try:
        _DELETIONS[kind](context, Overseer(each.owner_id), each.id, note)
    except (Conflict, NotFound) as error:
        log.info("%s %s stays: %s", kind, each.id, error.code)
        return False
    return True


def _delete_upload(context: Context, owner_id: str, upload_id: UUID, also: Also) -> None:
    if is_locked(context, upload_id):
        raise Conflict("upload.being_read", name=str(upload_id))
    remove_upload(context, owner_id, upload_id, also=also)


_DELETIONS: dict[str, Deletion] = {
    "experiments": lambda context, owner, id_, also: delete_experiment(context, owner, id_, also=also),
    "datasets": lambda context, owner, id_, also: delete_dataset(context, owner, id_, also=also),
    "sweeps": lambda context, owner, id_, also: delete_sweep(context, owner, id_, also=also),
    "uploads": _delete_upload,
}


def _shorten_audit(context: Context, actor: Actor, rule: Rule) -> int:
    """Remove the oldest entries; one that stays says how many, and what the next one follows on."""
    with context.database.write() as session:
        count = num_old_entries(session, rule)
        if count == 0:
            return 0
        last = audit_rows.last_before(session, rule.before)
        # First the new entry, which follows on the newest one, even where all others go.
        record(context, session, actor, AUDIT_REMOVED, rule.before.isoformat(), count=count, last=last)
        audit_rows.remove_before(session, rule.before)
    context.database.forget_deleted()
    return count
