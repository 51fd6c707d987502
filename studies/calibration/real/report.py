"""Report on the real tasks: the answer against the measured truth, the settle stage, and two baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np

from muscope.backend.analysis.advice.reliability import exact_interval
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.verdict.outlook import HeldAtDistance, Tally
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.real.baselines import BASELINES
from studies.calibration.real.judged import THRESHOLDS, JudgedTask, advice_holds
from studies.calibration.real.measured_truth import Held
from studies.calibration.real.predictors import LEVEL, Correlation, compare_predictors
from studies.calibration.real.still_open import open_tables
from studies.calibration.sections import Goal, Section, Table
from studies.calibration.truth import CLAIMS, NEAR
from studies.page.checks import at_least, at_most, percent
from studies.page.figures import Line, Panel, shades

FIGURE = "real_regret"
# Tasks a record needs; goals in percent, set before the first result under version 5 of the rules.
LEAST_TASKS = 24
LEAST_NOT, LEAST_NEAR, LEAST_FOUND, LEAST_NEEDED = 70, 30.0, 70.0, 90.0
MOST_WRONG, MOST_WRONG_BEYOND, MOST_OPEN, MOST_SHARE = 2.0, 5.0, 10.0, 40.0
# A distance counts as reached where so many recommendations were tried and so large a share of them held.
LEAST_ADVISED, HELD_SHARE = 5, 0.9
# Answers after which LRs are recommended for larger sizes.
ADVISED = CLAIMS | {Outcome.FINE_TUNE}
LEAST_FOR_RANKS = 8
FLOOR = 1e-4  # of what a logarithmic axis shows
TRUTHS = (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)
_WORDS = """
{done} of {listed} listed tasks are done; {new} of them were trained and judged where this page was written
({minutes:.0f} minutes of processor time), and of the other {old} the page of 2026-11-28 is taken over, whose
runs are no longer there: they count in every line but those on compute, the rule by eye and the rates
recommended for hidden sizes. A task trains several sizes; the product's protocol takes what it asks for of
the smaller ones: half-octave grid, eight seeds, and up to {most} seeds where the settle stage adds them. The
truth is measured with other seeds at the largest of these sizes ("measured") and one doubling beyond
("beyond"). A rate holds where it costs no more than the
limit there: {limits.least_regret:.1%} to {limits.transfers_regret:.0%} of the achievable improvement, within
that {limits.transfers_gain_loss:.0%} of the benefit of size. {not_held} tasks do not hold at the measured
size, {near} of these by less than a factor {factor:g}. The truth itself has a standard error: {error:.0f}% of
the limit in the median. No coordinate check was made: the statistics stand alone. Rule version {version}.
"""


def report(judged: Sequence[JudgedTask], num_listed: int, made: str) -> tuple[Section, list[Panel]]:
    """Return the section and the panels of its figure."""
    not_held = [one for one in judged if not one.holds]
    errors = [one.measured.regret_error / one.measured.truth.limit(THRESHOLDS) for one in judged]
    words = _WORDS.format(
        done=len(judged),
        listed=num_listed,
        new=sum(not one.is_taken_over for one in judged),
        old=sum(one.is_taken_over for one in judged),
        minutes=sum(one.seconds or 0.0 for one in judged) / 60,
        most=MOST_SEEDS,
        limits=THRESHOLDS,
        not_held=len(not_held),
        near=sum(one.is_near for one in not_held),
        factor=NEAR,
        error=100.0 * float(np.median(errors)) if errors else math.nan,
        version=RULE_VERSION,
    )
    tables = (
        _confusion(judged),
        _baselines(judged),
        _kinds(judged),
        _by_doublings(judged),
        *open_tables(judged),
        *_predictions(judged),
        _tasks(judged),
    )
    said, title = (" ".join(words.split()),), "trained networks, truth measured with other seeds"
    return Section("real", title, said, _goals(judged), tables, (FIGURE,), made), _panels(judged)


def exact_bound(count: int, of: int) -> float:
    """Return the one-sided 95% upper bound of a share, Clopper-Pearson; 1 without cases."""
    interval = exact_interval(Tally(count=count, of=of))
    return 1.0 if interval is None else interval.high


def wrong_claims(judged: Sequence[JudgedTask]) -> list[JudgedTask]:
    """Return the tasks of which transfer was claimed and does not hold at the measured size."""
    return [one for one in judged if one.claims and not one.holds]


def not_holding(judged: Sequence[JudgedTask]) -> list[JudgedTask]:
    """Return the tasks whose measured truth is "not"."""
    return [one for one in judged if not one.holds]


def reach(judged: Sequence[JudgedTask]) -> tuple[HeldAtDistance, ...]:
    """Return per distance how often one of the LRs held that were recommended for that size."""
    found = []
    for doublings in sorted({held.doublings for one in judged for held in one.held[1:]}):
        advised = [advice_holds(held) for held in _held_at(judged, doublings, ADVISED)]
        tried = [held for held in advised if held is not None]
        found.append(HeldAtDistance(doublings=doublings, held=Tally(count=sum(tried), of=len(tried))))
    return tuple(found)


def reached_doublings(far: Sequence[HeldAtDistance]) -> float:
    """Return how many doublings beyond the visible sizes recommendations held, tried often enough."""
    reached = 0.0
    for each in far:
        if each.held.of < LEAST_ADVISED or each.held.count < HELD_SHARE * each.held.of:
            break
        reached = each.doublings
    return reached


def _goals(judged: Sequence[JudgedTask]) -> tuple[Goal, ...]:
    true, false = [one for one in judged if one.holds], not_holding(judged)
    false_beyond = [one for one in judged if not one.holds_beyond]
    tuned = [one for one in judged if one.outcome is Outcome.FINE_TUNE]
    names = "; ".join(one.task.name for one in wrong_claims(judged))
    beyond = "; ".join(one.task.name for one in false_beyond if one.claims_beyond)
    share = _median_share(judged)
    is_open = [one.outcome is Outcome.INCONCLUSIVE for one in judged]
    checks = {
        "not": at_least('tasks whose truth is "not"', len(false), LEAST_NOT, "training time"),
        "not_near": at_least(
            "of these near the line, %", percent([one.is_near for one in false]), LEAST_NEAR, "costs jump"
        ),
        "found": at_least(
            '"transfers" said where reuse holds, %', percent([one.claims for one in true]), LEAST_FOUND,
            "noise near the limit, see the tables",
        ),
        "wrong_measured": at_most(
            'wrong "transfers" of what must not, measured, %', percent([one.claims for one in false]),
            MOST_WRONG, names,
        ),
        "wrong_beyond": at_most(
            'wrong "transfers" one doubling beyond, %',
            percent([one.claims_beyond for one in false_beyond]), MOST_WRONG_BEYOND, beyond,
        ),
        "fine_tune_needed": at_least(
            '"fine-tune" that is really needed, %', percent([not one.holds for one in tuned]), LEAST_NEEDED,
            "; ".join(one.task.name for one in tuned if one.holds),
        ),
        "open": at_most(
            "open after settling, %", percent(is_open), MOST_OPEN, "noise near the limit, see the tables"
        ),
        "share": at_most(
            "compute to the answer, of the full grid at 8 seeds, median, %", share, MOST_SHARE,
            "windows widen as optima move",
        ),
    }  # fmt: skip
    return tuple(Goal(f"real_{name}", check) for name, check in checks.items())


def _median_share(judged: Sequence[JudgedTask]) -> float:
    """Return the compute to an answer in percent of the full grid's, in the median of those that know it."""
    known = [one.share for one in judged if one.share is not None]
    return 100.0 * float(np.median(known)) if known else math.nan


def _confusion(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for said in Outcome:
        of_outcome = [one for one in judged if one.outcome is said]
        counts = (
            str(sum(one.measured.truth.outcome(THRESHOLDS) is truth for one in of_outcome))
            for truth in TRUTHS
        )
        beyond = f"{sum(one.holds_beyond for one in of_outcome)}"
        rows.append((said.value.replace("_", " "), str(len(of_outcome)), *counts, beyond))
    head = (
        "verdict, settled", "tasks", "holds", "a small search would do", "does not hold",
        "holds one doubling beyond",
    )  # fmt: skip
    return Table("Verdict against the measured truth", head, tuple(rows))


def _baselines(judged: Sequence[JudgedTask]) -> Table:
    """Return what the verdict and two rules that people use make of the same tasks."""
    says: dict[str, Callable[[JudgedTask], bool]] = {"µScope, settled": lambda one: one.claims}
    for baseline in BASELINES:
        says[baseline.name] = _said_by(baseline.name)
    rows = []
    for name, says_yes in says.items():
        is_verdict = name not in {baseline.name for baseline in BASELINES}
        known = [one for one in judged if is_verdict or name in one.says_yes]
        true, false = [one for one in known if one.holds], not_holding(known)
        denied = [_denies(one) if is_verdict else not says_yes(one) for one in true]
        open_ = [is_verdict and one.outcome is Outcome.INCONCLUSIVE for one in judged]
        share = "" if not is_verdict else f"{_median_share(judged):.0f}"
        numbers = (
            percent([says_yes(one) for one in true]), percent([says_yes(one) for one in false]),
            percent(denied), percent(open_),
        )  # fmt: skip
        compute = share or ("0" if name == BASELINES[0].name else "13")
        rows.append((name, *(f"{number:.0f}" for number in numbers), compute, str(len(known))))
    head = (
        "rule", "true yes found, %", "wrong yes, % of what must not", "wrong no, % of what holds", "open, %",
        "compute, % of the full grid", "tasks",
    )  # fmt: skip
    return Table("The verdict against two rules that people use", head, tuple(rows))


def _said_by(name: str) -> Callable[[JudgedTask], bool]:
    return lambda one: one.says_yes[name]


def _denies(one: JudgedTask) -> bool:
    return one.outcome in (Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)


def _kinds(judged: Sequence[JudgedTask]) -> Table:
    """Return the answers by kind of task, the first words of its name."""
    kinds: dict[str, list[JudgedTask]] = {}
    for one in judged:
        kinds.setdefault(one.task.name.split(",")[0], []).append(one)
    rows = [
        (
            kind,
            str(len(of_kind)),
            str(sum(one.holds for one in of_kind)),
            str(sum(one.claims for one in of_kind)),
            str(sum(one.claims and not one.holds for one in of_kind)),
            str(sum(one.outcome is Outcome.INCONCLUSIVE for one in of_kind)),
        )
        for kind, of_kind in kinds.items()
    ]
    return Table("By kind of task", ("kind", "tasks", "hold", "said yes", "wrongly", "open"), tuple(rows))


def _by_doublings(judged: Sequence[JudgedTask]) -> Table:
    rows = []
    for doublings in sorted({held.doublings for one in judged for held in one.held[1:]}):
        row = [f"{doublings:g}"]
        for said in (CLAIMS, {Outcome.FINE_TUNE}, set(Outcome)):
            tried = _held_at(judged, doublings, said)
            row.append(f"{sum(held.truth.transfers(THRESHOLDS) for held in tried)} of {len(tried)}")
        advised = next(each.held for each in reach(judged) if each.doublings == doublings)
        rows.append((*row, f"{advised.count} of {advised.of}"))
    head = (
        "doublings", 'the named rate, after "transfers"', 'after "fine-tune"', "after any answer",
        "one of the rates recommended for the size, after both",
    )  # fmt: skip
    return Table("What holds at hidden sizes", head, tuple(rows))


def _held_at(judged: Sequence[JudgedTask], doublings: float, said: Collection[Outcome]) -> list[Held]:
    """Return what came of the rates at hidden sizes so far off, of the tasks with such a verdict."""
    of_verdict = [one for one in judged if one.outcome in said]
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
    own, more = compare_predictors(list(columns.values()), [one.measured.truth.regret for one in known])
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
        "task", "sizes", "expected", "verdict (rule)", "truth", "cost / limit", "cost, %",
        "beyond, cost / limit",
        "shift, octaves", "diverge, %", "sharpness ratio, visible",
    )  # fmt: skip
    return Table("All tasks", head, tuple(_task_row(one) for one in judged))


def _task_row(one: JudgedTask) -> tuple[str, ...]:
    task, largest = one.task, one.measured
    truth, bound = largest.truth, " (bound)" if largest.is_bound else ""
    return (
        task.name,
        f"{task.visible[0]}-{task.visible[-1]} → {task.hidden[-1]}",
        task.expected,
        f"{one.outcome.value.replace('_', ' ')} ({one.rule})",
        truth.outcome(THRESHOLDS).value.replace("_", " ") + (", near" if one.is_near else ""),
        f"{truth.strain(THRESHOLDS):.2f}",
        f"{100 * truth.regret:.2f} ± {100 * largest.regret_error:.2f}{bound}",
        f"{one.beyond.truth.strain(THRESHOLDS):.2f}",
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
        shown = [(known(one), one.measured.truth.regret) for one in judged if one.outcome is outcome]
        points = [(max(x, FLOOR), max(y, FLOOR)) for x, y in shown if x is not None]
        if points:
            x, y = zip(*points, strict=True)
            lines.append(Line(outcome.value.replace("_", " "), x, y, shade, "o"))
    limit = THRESHOLDS.transfers_regret
    lines.append(Line("limit", [FLOOR, 1.0], [limit, limit], dash=":"))
    return Panel(title, x_label, "regret at the largest hidden size", tuple(lines), log_x=True)
