"""Record of the study for the product: how often recommendations held, how rarely "transfers" was wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from muscope.backend.domain.verdict.outlook import HeldAtDistance, Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.real.judged import THRESHOLDS, JudgedTask
from studies.calibration.real.report import not_holding, reach, reached_doublings, wrong_claims


def track_record(
    judged: Sequence[JudgedTask], date: str, taken_over: TrackRecord | None = None
) -> TrackRecord:
    """Return the record of the tasks that are done.

    Args:
        taken_over: the record of tasks that are taken over from an earlier page, which does not tell of each
            what a search finds and what holds further on; left out once one of them was trained again.

    What an answer recommends, and when that held at the measured size: reuse, where the rate holds;
    after "fine-tune" a search within an octave, where its best is good enough; after "does not transfer" not
    to reuse, where the rate does not hold.
    """
    held = {outcome: _tally(judged, outcome) for outcome in Outcome}
    reached = {each.doublings: each.held for each in reach(judged)}
    num_taken_over = sum(one.is_taken_over for one in judged)
    if taken_over is not None and sum(each.of for each in taken_over.held.values()) == num_taken_over:
        held[Outcome.FINE_TUNE] = _sum(held[Outcome.FINE_TUNE], taken_over.held[Outcome.FINE_TUNE])
        for each in taken_over.reach:
            reached[each.doublings] = _sum(reached.get(each.doublings, _NONE), each.held)
    far = tuple(HeldAtDistance(doublings=at, held=reached[at]) for at in sorted(reached))
    return TrackRecord(
        rule_version=RULE_VERSION,
        date=date,
        max_doublings=reached_doublings(far),
        held=held,
        false_transfers=Tally(count=len(wrong_claims(judged)), of=len(not_holding(judged))),
        reach=far,
    )


_NONE = Tally(count=0, of=0)


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(count=one.count + other.count, of=one.of + other.of)


def write_record(path: Path, record: TrackRecord) -> None:
    """Write the record; `studies.calibration.install` copies it into the product."""
    path.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _tally(judged: Sequence[JudgedTask], outcome: Outcome) -> Tally:
    held = [_HELD.get(outcome, _holds)(one) for one in judged if one.outcome is outcome]
    known = [each for each in held if each is not None]
    return Tally(count=sum(known), of=len(known))


def _holds(one: JudgedTask) -> bool:
    return one.holds


def _is_found_by_a_search(one: JudgedTask) -> bool | None:
    lost = one.measured.search_regret
    return None if lost is None else lost <= one.measured.truth.limit(THRESHOLDS)


def _is_rightly_denied(one: JudgedTask) -> bool:
    return not one.holds


_HELD: dict[Outcome, Callable[[JudgedTask], bool | None]] = {
    Outcome.FINE_TUNE: _is_found_by_a_search,
    Outcome.DOES_NOT_TRANSFER: _is_rightly_denied,
}
