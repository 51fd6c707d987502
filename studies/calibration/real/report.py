"""Report on the real tasks: verdict against truth, error bound, and distance over which claims held."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

from muscope.backend.analysis.advice.reliability import exact_interval
from muscope.backend.domain.verdict.outlook import HeldAtDistance, Tally
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.real.judged import THRESHOLDS, JudgedTask, advice_holds, holds
from studies.calibration.real.predictors import LEVEL, Correlation, compare_predictors
from studies.calibration.real.still_open import open_tables, without_benefit
from studies.calibration.real.truth_at_hidden import Held
from studies.calibration.sections import Goal, Section, Table
from studies.calibration.truth import CLAIMS, NEAR
from studies.page.checks import at_least, at_most, percent
from studies.page.figures import Line, Panel, shades

FIGURE = "real_regret"
LEAST_TASKS, LEAST_NOT, MOST_WRONG, MOST_BOUND, MOST_OPEN = 24, 59, 0, 5.0, 20.0
# A distance counts as reached where so many recommendations were tried and so large a share of them held.
LEAST_ADVISED, HELD_SHARE = 5, 0.9
# Answers after which LRs are recommended for larger sizes.
ADVISED = CLAIMS | {Outcome.FINE_TUNE}
LEAST_FOR_RANKS = 8
FLOOR = 1e-4  # of what a logarithmic axis shows
TRUTHS = (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)
_WORDS = """
{done} of {listed} listed tasks are done ({minutes:.0f} minutes of processor time). A task trains
several sizes; the verdict sees the smaller ones as the preset Standard would: half-octave grid, eight
seeds. The truth is measured at hidden sizes, one to three doublings larger, on the same grid with eight
other seeds. The rate the verdict names (where it names none, the base's best) holds there when it loses
at most {limits.transfers_regret:.0%} of the loss reduction and {limits.transfers_gain_loss:.0%} of the
benefit of size (where there is one above 2 standard errors), and no majority of runs diverges; a small
search would do up to {limits.fine_tune_regret:.0%} and {limits.fine_tune_gain_loss:.0%}. "Transfers",
with or without a watch on sharpness, was said {claims} times. {not_held} tasks do not hold, {near} of
these by less than a factor {factor:g}. Of the inconclusive tasks {without} have no benefit of size, and
have none at the hidden size either: without them {open:.0f}% stay inconclusive. No coordinate check was
made: the statistics stand alone. Rule version {version}.
"""


def report(judged: Sequence[JudgedTask], num_listed: int, made: str) -> tuple[Section, list[Panel]]:
    """Return the section and the panels of its figure."""
    seconds = sum(one.seconds for one in judged)
    near = [one for one in judged if one.is_near and not one.holds]
    not_held = [one for one in judged if not one.holds]
    words = _WORDS.format(
        done=len(judged),
        listed=num_listed,
        minutes=seconds / 60,
        limits=THRESHOLDS,
        claims=sum(one.verdict.outcome in CLAIMS for one in judged),
        not_held=len(not_held),
        near=len(near),
        factor=NEAR,
        without=sum(map(without_benefit, judged)),
        open=percent(
            [one.verdict.outcome is Outcome.INCONCLUSIVE for one in judged if not without_benefit(one)]
        ),
        version=RULE_VERSION,
    )
    tables = (
        _confusion(judged),
        _by_doublings(judged),
        *open_tables(judged),
        *_predictions(judged),
        _tasks(judged),
    )
    said, title = (" ".join(words.split()),), "trained networks, sizes hidden"
    return Section("real", title, said, _goals(judged), tables, (FIGURE,), made), _panels(judged)


def exact_bound(count: int, of: int) -> float:
    """Return the one-sided 95% upper bound of a share, Clopper-Pearson; 1 without cases."""
    interval = exact_interval(Tally(count=count, of=of))
    return 1.0 if interval is None else interval.high


def wrong_claims(judged: Sequence[JudgedTask]) -> list[JudgedTask]:
    """Return the tasks of which transfer was claimed and does not hold."""
    return [one for one in judged if one.verdict.outcome in CLAIMS and not one.holds]


def not_holding(judged: Sequence[JudgedTask]) -> list[JudgedTask]:
    """Return the tasks whose truth is "not"."""
    return [one for one in judged if not one.holds]


def reach(judged: Sequence[JudgedTask]) -> tuple[HeldAtDistance, ...]:
    """Return per distance how often one of the LRs held that were recommended for that size."""
    found = []
    for doublings in sorted({held.doublings for one in judged for held in one.held}):
        advised = [advice_holds(held) for held in _held_at(judged, doublings, ADVISED)]
        tried = [held for held in advised if held is not None]
        found.append(HeldAtDistance(doublings=doublings, held=Tally(count=sum(tried), of=len(tried))))
    return tuple(found)


def reached_doublings(judged: Sequence[JudgedTask]) -> float:
    """Return how many doublings beyond the visible sizes recommendations held, tried often enough."""
    reached = 0.0
    for each in reach(judged):
        if each.held.of < LEAST_ADVISED or each.held.count < HELD_SHARE * each.held.of:
            break
        reached = each.doublings
    return reached


def _goals(judged: Sequence[JudgedTask]) -> tuple[Goal, ...]:
    wrong, false = wrong_claims(judged), not_holding(judged)
    bound = 100.0 * exact_bound(len(wrong), len(false))
    inconclusive = percent([one.verdict.outcome is Outcome.INCONCLUSIVE for one in judged])
    near = percent([one.is_near for one in false])
    names = "; ".join(one.task.name for one in wrong)
    bound_text = 'upper 95% bound of wrong "transfers" where the truth is "not", %'
    near_why = "what a rate costs at a hidden size is not known before it is trained there"
    checks = {
        "tasks": at_least("tasks done", len(judged), LEAST_TASKS, "training time"),
        "not": at_least('tasks whose truth is "not"', len(false), LEAST_NOT, "training time"),
        "not_near": at_least("of these near the line, %", near, 50.0, near_why),
        "wrong_transfers": at_most('wrong "transfers"', len(wrong), MOST_WRONG, names),
        "bound": at_most(bound_text, bound, MOST_BOUND, "too few tasks, or wrong ones"),
        "inconclusive": at_most(
            "inconclusive, %", inconclusive, MOST_OPEN, "no benefit of size, see the tables"
        ),
    }
    return tuple(Goal(f"real_{name}", check) for name, check in checks.items())


def _confusion(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for said in Outcome:
        of_outcome = [one for one in judged if one.verdict.outcome is said]
        counts = (str(sum(one.truth is truth for one in of_outcome)) for truth in TRUTHS)
        rows.append((said.value.replace("_", " "), str(len(of_outcome)), *counts))
    head = ("verdict on the visible sizes", "tasks", "holds", "a small search would do", "does not hold")
    return Table("Verdict against truth at the largest hidden size", head, tuple(rows))


def _by_doublings(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for doublings in sorted({held.doublings for one in judged for held in one.held}):
        row = [f"{doublings:g}"]
        for said in (CLAIMS, {Outcome.FINE_TUNE}, set(Outcome)):
            tried = _held_at(judged, doublings, said)
            row.append(f"{sum(holds(held) for held in tried)} of {len(tried)}")
        advised = next(each.held for each in reach(judged) if each.doublings == doublings)
        rows.append((*row, f"{advised.count} of {advised.of}"))
    head = (
        "doublings", 'the named rate, after "transfers"', 'after "fine-tune"', "after any answer",
        "one of the rates recommended for the size, after both",
    )  # fmt: skip
    return Table("What holds at hidden sizes", head, tuple(rows))


def _held_at(judged: Sequence[JudgedTask], doublings: float, said: Collection[Outcome]) -> list[Held]:
    """Return what came of the rates at hidden sizes so far off, of the tasks with such a verdict."""
    of_verdict = [one for one in judged if one.verdict.outcome in said]
    return [held for one in of_verdict for held in one.held if held.doublings == doublings]


def _predictions(judged: Sequence[JudgedTask]) -> tuple[Table, ...]:
    """Compare loss and sharpness as predictors of the regret at the largest hidden size."""
    known = [one for one in judged if None not in (one.visible_regret, one.visible_shift, one.visible_spread)]
    if len(known) < LEAST_FOR_RANKS:
        return ()
    regret = [one.visible_regret or 0.0 for one in known]
    spread = [one.visible_spread or 0.0 for one in known]
    columns = {
        "regret at the largest visible size (M2)": regret,
        "distance of the optima there (M1)": [one.visible_shift or 0.0 for one in known],
        "spread of sharpness (M5)": spread,
        "M2 and M5, mean of ranks": [a + b for a, b in zip(_ranks(regret), _ranks(spread), strict=True)],
    }
    own, more = compare_predictors(list(columns.values()), [one.held[-1].truth.regret for one in known])
    shown_more = ["", *map(_shown, more)]
    rows = tuple(zip(columns, map(_shown, own), shown_more, strict=True))
    title = f"Rank correlation with the regret at the largest hidden size, {len(known)} tasks, {LEVEL:.0%}"
    return (Table(title, ("known from the visible sizes", "correlation", "more than M2"), rows),)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    return [float(order.index(value)) for value in values]


def _shown(found: Correlation) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _tasks(judged: Sequence[JudgedTask]) -> Table:
    head = (
        "task", "sizes", "expected", "verdict (rule)", "truth", "regret, %", "benefit lost, %",
        "shift, octaves", "diverge, %", "sharpness ratio, visible",
    )  # fmt: skip
    return Table("All tasks", head, tuple(_task_row(one) for one in judged))


def _task_row(one: JudgedTask) -> tuple[str, ...]:
    task, largest = one.task, one.held[-1]
    truth, bound = largest.truth, " (bound)" if largest.is_bound else ""
    return (
        task.name,
        f"{task.visible[0]}-{task.visible[-1]} → {task.hidden[-1]}",
        task.expected,
        f"{one.verdict.outcome.value.replace('_', ' ')} ({one.verdict.rule})",
        one.truth.value.replace("_", " ") + (", near" if one.is_near else ""),
        f"{100 * truth.regret:.2f} ± {100 * largest.regret_error:.2f}{bound}",
        "–" if truth.gain_loss is None else f"{100 * truth.gain_loss:.0f}",
        f"{truth.shift:+.1f}",
        f"{100 * truth.divergence:.0f}",
        "–" if one.visible_spread is None else f"{math.exp(one.visible_spread):.2f}",
    )


def _panels(judged: Sequence[JudgedTask]) -> list[Panel]:
    loss, sharpness = "regret at the largest visible size", "spread of ln sharpness, visible sizes"
    return [
        _scatter(judged, "known from loss", loss, lambda one: one.visible_regret),
        _scatter(judged, "known from sharpness", sharpness, lambda one: one.visible_spread),
    ]


def _scatter(
    judged: Sequence[JudgedTask], title: str, x_label: str, known: Callable[[JudgedTask], float | None]
) -> Panel:
    lines = []
    for outcome, shade in zip(Outcome, shades(len(Outcome)), strict=True):
        shown = [(known(one), one.held[-1].truth.regret) for one in judged if one.verdict.outcome is outcome]
        points = [(max(x, FLOOR), max(y, FLOOR)) for x, y in shown if x is not None]
        if points:
            x, y = zip(*points, strict=True)
            lines.append(Line(outcome.value.replace("_", " "), x, y, shade, "o"))
    limit = THRESHOLDS.transfers_regret
    lines.append(Line("limit", [FLOOR, 1.0], [limit, limit], dash=":"))
    return Panel(title, x_label, "regret at the largest hidden size", tuple(lines), log_x=True)
