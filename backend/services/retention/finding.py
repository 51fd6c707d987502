"""Search for what is older than it is kept, without what stays all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from muscope.backend.db.accounts import audit as audit_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.retention import rows
from muscope.backend.db.retention.rows import Stored
from muscope.backend.services.accounts.audit import AUDIT_REMOVED

# Tag that protects an experiment, and with it its dataset.
KEEP_TAG = "keep"


@dataclass(frozen=True)
class Rule:
    """Rule of what may go.

    Attributes:
        before: moment before which an experiment must have ended, and anything else been stored.
        with_shown: whether the work that viewers are shown goes too.
    """

    before: datetime
    with_shown: bool = False


@dataclass(frozen=True)
class Expired:
    """Things that a rule deletes, oldest first, and how many stay though they are old enough.

    Attributes:
        num_audit: entries of the audit log.
        num_tagged: experiments that their tag protects.
        num_shown: experiments, datasets and sweeps of users whose work viewers are shown.
    """

    experiments: tuple[Stored, ...]
    datasets: tuple[Stored, ...]
    sweeps: tuple[Stored, ...]
    uploads: tuple[Stored, ...]
    num_audit: int
    num_tagged: int
    num_shown: int

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of each kind that goes."""
        kinds = ("experiments", "datasets", "sweeps", "uploads")
        return {kind: len(getattr(self, kind)) for kind in kinds} | {"audit_entries": self.num_audit}

    def lines(self) -> Iterator[tuple[str, Stored]]:
        """Yield everything that goes with the name of its kind."""
        for kind in ("experiments", "datasets", "sweeps", "uploads"):
            for each in getattr(self, kind):
                yield kind, each


def is_protected(session: Session, rule: Rule, each: Stored) -> bool:
    """Return whether a tag, or a viewer who is shown it, keeps something that is old enough to go."""
    return each.id in rows.tagged(session, KEEP_TAG) or each.owner_id in _owners_shown(session, rule)


def _owners_shown(session: Session, rule: Rule) -> frozenset[str]:
    return frozenset() if rule.with_shown else rows.owners_with_readers(session)


def num_old_entries(session: Session, rule: Rule) -> int:
    """Count the entries of the audit log that go; an entry about removed ones alone would make another."""
    is_empty = audit_rows.has_only(session, AUDIT_REMOVED, rule.before)
    return 0 if is_empty else audit_rows.num_before(session, rule.before)


def find_expired(session: Session, rule: Rule) -> Expired:
    """Return what the rule deletes now."""
    shown = _owners_shown(session, rule)
    tagged = rows.tagged(session, KEEP_TAG)
    ended = rows.ended_experiments(session, rule.before)
    untagged = [each for each in ended if each.id not in tagged]
    experiments = [each for each in untagged if each.owner_id not in shown]
    unused = rows.unused_datasets(session, rule.before, without={each.id for each in experiments})
    sweeps = rows.sweeps(session, rule.before)
    datasets = [each for each in unused if each.owner_id not in shown]
    own_sweeps = [each for each in sweeps if each.owner_id not in shown]
    num_old = len(untagged) + len(unused) + len(sweeps)
    return Expired(
        experiments=tuple(experiments),
        datasets=tuple(datasets),
        sweeps=tuple(own_sweeps),
        uploads=tuple(rows.uploads(session, rule.before)),
        num_audit=num_old_entries(session, rule),
        num_tagged=len(ended) - len(untagged),
        num_shown=num_old - len(experiments) - len(datasets) - len(own_sweeps),
    )
