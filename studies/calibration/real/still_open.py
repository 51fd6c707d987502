"""Tables on inconclusive real tasks: by rule, with fewer seeds, and where the border of divergence held."""

from __future__ import annotations

from collections.abc import Sequence

from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.real.judged import JudgedTask
from studies.calibration.sections import Table
from studies.page.checks import percent


def open_tables(judged: Sequence[JudgedTask]) -> tuple[Table, ...]:
    """Return what is inconclusive by rule, what settling changed, and how the safe ranges did."""
    return _by_rule(judged), _by_stage(judged), _borders(judged)


def _by_rule(judged: Sequence[JudgedTask]) -> Table:
    of_rule: dict[str, list[JudgedTask]] = {}
    for one in judged:
        if one.outcome is Outcome.INCONCLUSIVE:
            of_rule.setdefault(one.rule, []).append(one)
    rows = [
        (
            rule.replace("_", " "),
            str(len(found)),
            str(sum(one.holds for one in found)),
            str(sum(one.is_near for one in found)),
        )
        for rule, found in sorted(of_rule.items(), key=lambda item: -len(item[1]))
    ]
    head = ("inconclusive by rule", "tasks", "reuse holds", "near the limit")
    return Table("What stays inconclusive", head, tuple(rows))


def _by_stage(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for name, outcomes in (
        ("after the planned stages, 8 seeds", [one.planned for one in judged if one.planned is not None]),
        (f"after settling, up to {MOST_SEEDS} seeds", [one.outcome for one in judged]),
    ):
        shares = (f"{percent([said is outcome for said in outcomes]):.0f}" for outcome in Outcome)
        rows.append((name, *shares))
    head = ("answer", *(f"{outcome.value.replace('_', ' ')}, %" for outcome in Outcome))
    return Table("What is said before and after settling", head, tuple(rows))


def _borders(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for doublings in sorted({held.doublings for one in judged for held in one.held}):
        tried = [
            held.is_safe_range_kept for one in judged for held in one.held if held.doublings == doublings
        ]
        known = [kept for kept in tried if kept is not None]
        rows.append((f"{doublings:g}", f"{sum(known)} of {len(known)}"))
    head = ("doublings", "no seed diverged within the safe range")
    return Table("The safe range, extrapolated to hidden sizes", head, tuple(rows))
