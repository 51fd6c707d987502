"""Reliability of recommendations, from the track record of the calibration study.

`calibration.json` beside this file holds the results of `make calibrate` (`TrackRecord` of the domain),
copied by `make install-calibration`, or `null` before the first study; then every claim beyond the measured
sizes is reported as not calibrated. Bounds are Clopper-Pearson's (docs/science.md §6.4: 0 wrong of 24 bounds
the error below 11.7%, of 59 below 5%).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter
from scipy.special import betaincinv

from muscope.backend.analysis.reasons import percent, reason
from muscope.backend.domain.verdict.outlook import Reliability, Tally, TrackRecord
from muscope.backend.domain.verdict.statement import Interval, Outcome

RECORD_FILE = Path(__file__).with_name("calibration.json")
METHOD = "clopper_pearson"
# Two-sided level; each end is then a one-sided 95% bound.
LEVEL = 0.90
# With fewer cases of the same kind no share is reported.
MIN_CASES = 5
NONE = Tally(count=0, of=0)


@cache
def shipped_record() -> TrackRecord | None:
    """Return the track record that ships with this version; None before the first calibration study."""
    return read_record(RECORD_FILE.read_bytes())


def read_record(content: bytes) -> TrackRecord | None:
    """Parse the content of a track record file; raises pydantic's ValidationError if it is invalid."""
    return TypeAdapter(TrackRecord | None).validate_json(content)


def exact_interval(tally: Tally, level: float = LEVEL) -> Interval | None:
    """Return the Clopper-Pearson interval of a share; None without cases."""
    if tally.of == 0:
        return None
    tail, missed = (1.0 - level) / 2.0, tally.of - tally.count
    low = float(betaincinv(tally.count, missed + 1, tail)) if tally.count > 0 else 0.0
    high = float(betaincinv(tally.count + 1, missed, 1.0 - tail)) if missed > 0 else 1.0
    return Interval(low=low, high=high, level=level, method=METHOD)


def reliability(
    record: TrackRecord | None, outcome: Outcome, rule_version: str, doublings: float = 0.0
) -> Reliability:
    """Return how often recommendations after this outcome held, and how rarely "transfers" was wrong.

    Args:
        doublings: from the tested sizes to the recommended one; selects the cases at that distance.
    """
    if record is None:
        return Reliability(reasons=(reason("not_calibrated"),))
    is_same = record.rule_version == rule_version
    reasons = [] if is_same else [reason("calibrated_otherwise", version=record.rule_version)]
    held = _held(record, outcome, doublings)
    has_cases = held.of >= MIN_CASES
    interval = exact_interval(held) if has_cases else None
    if interval is not None:
        reasons.append(reason("held_in_study", count=held.count, of=held.of, low=percent(interval.low)))
    wrong = exact_interval(record.false_transfers)
    if wrong is not None:
        tally = record.false_transfers
        reasons.append(
            reason("error_bound", wrong=tally.count, of=tally.of, bound=percent(wrong.high), date=record.date)
        )
    return Reliability(
        record=record,
        is_same_rules=is_same,
        chance=held.count / held.of if has_cases else None,
        interval=interval,
        error_bound=None if wrong is None else wrong.high,
        reasons=tuple(reasons),
    )


def _held(record: TrackRecord, outcome: Outcome, doublings: float) -> Tally:
    """Return the counts of cases like this one; beyond tested sizes, those at the next distance studied."""
    if doublings <= 0:
        return record.held.get(outcome, NONE)
    further = (each for each in record.reach if each.doublings >= doublings - 1e-9)
    nearest = min(further, key=lambda each: each.doublings, default=None)
    return NONE if nearest is None else nearest.held
