"""Tables on inconclusive real tasks: by rule, with fewer seeds, and where the border of divergence held."""

from __future__ import annotations

from collections.abc import Sequence

from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.real.judged import JudgedTask
from studies.calibration.real.task import FEWER_SEEDS, SEEDS
from studies.calibration.sections import Table
from studies.page.checks import percent


def open_tables(judged: Sequence[JudgedTask]) -> tuple[Table, ...]:
    """Return what is inconclusive by rule, by seeds, and how the safe ranges did."""
    return _by_rule(judged), _by_seeds(judged), _borders(judged)


def without_benefit(one: JudgedTask) -> bool:
    """Tell whether "no benefit of size" is the answer, and is true at the largest hidden size as well."""
    return one.verdict.rule == "no_gain" and one.held[-1].truth.gain_loss is None


def _by_rule(judged: Sequence[JudgedTask]) -> Table:
    of_rule: dict[str, list[JudgedTask]] = {}
    for one in judged:
        if one.verdict.outcome is Outcome.INCONCLUSIVE:
            of_rule.setdefault(one.verdict.rule, []).append(one)
    rows = [
        (
            rule.replace("_", " "),
            str(len(found)),
            str(sum(one.held[-1].truth.gain_loss is None for one in found)),
        )
        for rule, found in sorted(of_rule.items(), key=lambda item: -len(item[1]))
    ]
    head = ("inconclusive by rule", "tasks", "no benefit at the hidden size either")
    return Table("What stays inconclusive", head, tuple(rows))


def _by_seeds(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for num_seeds, outcomes in (
        (len(FEWER_SEEDS), [one.with_fewer_seeds for one in judged]),
        (len(SEEDS), [one.verdict.outcome for one in judged]),
    ):
        shares = (f"{percent([said is outcome for said in outcomes]):.0f}" for outcome in Outcome)
        rows.append((str(num_seeds), *shares))
    head = ("seeds", *(f"{outcome.value.replace('_', ' ')}, %" for outcome in Outcome))
    return Table("What is said with fewer seeds", head, tuple(rows))


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
