"""Report on the recipes: counts of yes, no and open, the winner, and where the optima lay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from muscope.backend.domain.spec.parametrization import Parametrization
from studies.calibration.recipes.chosen import MOST_EXCESS, Counts, counts_of, usual_practice
from studies.calibration.recipes.measured import (
    LEAST_LIMIT,
    LEVEL,
    MOST_COST,
    SHARE_OF_BENEFIT,
    Cost,
    Measured,
)
from studies.calibration.recipes.recipe import PASSES, RECIPES, WEIGHT_DECAY
from studies.calibration.recipes.trial import (
    ABOUT_ONCE,
    BASE,
    BATCH_SIZE,
    DEPTH,
    FEWEST_STEPS,
    MOST_STEPS,
    SEEDS,
    TARGET,
)
from studies.calibration.sections import Goal, Section, Table
from studies.page.checks import at_least

LEAST_DATA = 12
_FIXED = {
    "passes": " or ".join(map(str, PASSES)), "fewest": FEWEST_STEPS, "most": MOST_STEPS, "batch": BATCH_SIZE,
    "depth": DEPTH, "base": BASE, "target": TARGET, "seeds": len(SEEDS), "level": LEVEL, "once": ABOUT_ONCE,
    "share": SHARE_OF_BENEFIT, "least": LEAST_LIMIT, "cost": MOST_COST, "decay": WEIGHT_DECAY,
    "excess": MOST_EXCESS,
}  # fmt: skip
_WORDS = """
{done} of {listed} trials are done ({minutes:.0f} minutes of processor time): a recipe on a dataset, with as
many steps as {passes} passes over it need, between {fewest} and {most}, batches of {batch}, the residual MLP
of depth {depth} at widths {base} and {target}, {seeds} seeds, rates half an octave apart around the optimum.
The rate that is best at width {base} is used at width {target}. Its cost is a share of the loss reduction
that is achievable there, with a {level:.0%} interval over seeds, the upper end against the best rate or a
neighbour of it, whichever is highest. Loss is the training loss of the last tenth of the steps where an
example is seen at most {once:g} times, else the best validation loss so far. A cost is small up to
{share:.0%} of what the larger width gains, but never below {least:.1%} or above {cost:.0%}. Yes: the interval
is below that and no run diverges. No: it is above, or most runs diverge. AdamW decays by {decay:g}, a step by
rate times that at every width. Recipes, data, seeds and limits were fixed before any result was seen, and so
was the choice: among recipes whose best loss is in the median at most {excess:.0%} above the best recipe's,
most yes, then fewest no, then most controls shown to cost more than µP. It falls on **{winner}**.
"""


def report(measured: Sequence[Measured], num_listed: int, made: str) -> Section:
    """Return the section; only data on which every recipe was tried are counted."""
    counted = complete(measured)
    counts = [counts_of(counted, recipe, passes) for passes, recipe in product(PASSES, RECIPES)]
    words = _WORDS.format(
        done=len(measured),
        listed=num_listed,
        minutes=sum(one.seconds for one in measured) / 60,
        winner=_named(usual_practice(counts)),
        **_FIXED,
    )
    num_data = len({one.trial.data for one in counted})
    goal = Goal("recipes_data", at_least("datasets with every recipe", num_data, LEAST_DATA, "training time"))
    tables = (_counts(counts), _optima(counted), _trials(counted))
    title = "which way of training is usual practice"
    return Section("recipes", title, (" ".join(words.split()),), (goal,), tables, (), made)


def _named(winner: Counts | None) -> str:
    if winner is None:
        return "none yet"
    return f"{winner.recipe.name}, {winner.passes} {'pass' if winner.passes == 1 else 'passes'}"


def complete(measured: Sequence[Measured]) -> list[Measured]:
    """Return the trials of data and steps at which every recipe is done."""
    done = [(one.trial.data, one.trial.num_steps) for one in measured]
    return [one for one in measured if done.count((one.trial.data, one.trial.num_steps)) == len(RECIPES)]


def _counts(counts: Sequence[Counts]) -> Table:
    head = (
        "recipe", "passes", "data", "yes", "no", "open", "control shown worse",
        "loss above the best recipe's, %", "benefit of size, %",
    )  # fmt: skip
    rows = [
        (
            one.recipe.name, str(one.passes), str(one.num_data), str(one.yes), str(one.no), str(one.open),
            str(one.num_worse), f"{100 * one.excess:.2f}", f"{100 * one.benefit:.1f}",
        )
        for one in counts
    ]  # fmt: skip
    return Table("µP by recipe", head, tuple(rows))


def _optima(measured: Sequence[Measured]) -> Table:
    """List how far the optima reach, which the default grids must hold."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for one in measured:
        arms: tuple[tuple[Parametrization, Cost], ...] = tuple(
            zip(one.trial.arms, (one.mup, one.control), strict=True)
        )
        for arm, cost in arms:
            key = (one.trial.recipe.name, one.trial.loss.value.replace("_", " "), arm.value)
            found.setdefault(key, []).extend((cost.log2_base, cost.log2_target))
    rows = tuple((*key, f"{min(optima):g}", f"{max(optima):g}") for key, optima in sorted(found.items()))
    return Table("Optima, log2 of the rate", ("recipe", "loss", "arm", "lowest", "highest"), rows)


def _trials(measured: Sequence[Measured]) -> Table:
    head = (
        "data", "steps", "passes", "recipe", "µP", "cost, %", "limit, %", "shift, octaves", "control",
        "its cost, %", "shown worse",
    )  # fmt: skip
    return Table("All trials", head, tuple(_trial_row(one) for one in measured))


def _trial_row(one: Measured) -> tuple[str, ...]:
    trial, mup, control = one.trial, one.mup, one.control
    return (
        trial.data, str(trial.num_steps), f"{trial.passes:.1f}", trial.recipe.name, mup.answer.value,
        _shown(mup), f"{100 * mup.limit:.2f}", f"{mup.log2_target - mup.log2_base:+g}",
        f"{trial.arms[1].value}: {control.answer.value}", _shown(control),
        "yes" if one.is_control_worse else "no",
    )  # fmt: skip


def _shown(cost: Cost) -> str:
    if cost.divergence:
        return f"{100 * cost.divergence:.0f}% diverge"
    return f"{100 * float(cost.per_seed.mean()):.2f} [{100 * cost.low:.2f}, {100 * cost.high:.2f}]"
