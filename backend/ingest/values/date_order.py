"""Order of day and month in dates such as 03/04/2025, as a decision of the file's owner."""

from __future__ import annotations

from collections.abc import Sequence

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.ingest.manifest import DateOrder

_MOST_EXAMPLES = 3


def date_order_decision(unclear: Sequence[str], given: DateOrder | None) -> tuple[Decision, ...]:
    """Return the order as a question where no date shows it; nothing where all columns of dates do.

    Args:
        unclear: examples of dates whose day and month may be exchanged.
        given: the owner's answer.
    """
    if not unclear and given is None:
        return ()
    decision = Decision(
        option="dates",
        value=given or "day_first",
        is_guessed=given is None,
        is_question=given is None,
        choices=("day_first", "month_first"),
        examples=tuple(unclear[:_MOST_EXAMPLES]),
    )
    return (decision,)
