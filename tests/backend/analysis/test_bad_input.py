"""Evidence that cannot carry an answer gets one all the same: what is missing, and what to add."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from tests.backend.analysis.sweeps import (
    parabolas,
    planned_only,
    sizes_only,
    spec_of,
    unresolved,
    with_diverged,
    without,
)

MUP = Parametrization.MUP
EVERY_RUN = tuple(np.ndindex(4, 9, 5))
SHORT = (0.125, 0.25, 0.5)

CASES: dict[str, tuple[Sweep, str, dict[str, dict[str, Any]]]] = {
    "two seeds": (
        parabolas(num_seeds=2),
        "too_few_seeds",
        {"too_few_seeds": {"given": 2, "needed": 3, "add": 1}},
    ),
    "one width": (parabolas(widths=(32,)), "one_width", {"one_width": {"width": 32, "depth": 3}}),
    "three learning rates": (
        parabolas(lrs=SHORT),
        "grid_too_small",
        {"too_few_lrs": {"given": 3, "needed": 7}},
    ),
    "all runs diverged": (
        with_diverged(parabolas(), *EVERY_RUN),
        "nothing_learned",
        {"nothing_learned": {"width": 32, "depth": 3, "loss": "val_loss"}},
    ),
    "no run has a result": (
        without(parabolas(), *EVERY_RUN),
        "missing_runs",
        {"missing_runs": {"width": 32, "depth": 3, "missing": 45, "planned": 45}},
    ),
    "base optimum at the lower edge": (
        parabolas(lrs=tuple(2.0**e for e in range(-1, 7))),
        "base_at_edge",
        {"optimum_at_lower_edge": {"width": 32, "depth": 3, "loss": "val_loss", "lr": 0.5}},
    ),
    "base optimum at the upper edge": (
        parabolas(lrs=tuple(2.0**e for e in range(-10, -2))),
        "base_at_edge",
        {"optimum_at_upper_edge": {"width": 32, "depth": 3, "loss": "val_loss", "lr": 0.125}},
    ),
    "a hole at the reused rate": (
        without(parabolas(), (2, 4, 0)),
        "missing_runs",
        {"missing_runs": {"width": 128, "depth": 3, "missing": 1, "planned": 45}},
    ),
    "a hole in the base": (
        without(parabolas(), (0, 3, 1), (0, 5, 2)),
        "missing_runs",
        {"missing_runs": {"width": 32, "depth": 3, "missing": 2, "planned": 45}},
    ),
    "a size that was never run": (
        sizes_only(parabolas(), 0, 1, 2),
        "sizes_not_run",
        {"size_not_run_takes": {"width": 256, "depth": 3, "minutes": 4.0}},
    ),
    "a size in the middle that was never run": (
        sizes_only(parabolas(), 0, 1, 3),
        "sizes_not_run",
        {"size_not_run_takes": {"width": 128, "depth": 3, "minutes": 2.0}},
    ),
    "a base that was never run": (
        sizes_only(parabolas(), 1, 2, 3),
        "too_few_seeds",
        {"too_few_seeds_at": {"given": 0, "needed": 3, "add": 3, "width": 256, "depth": 3}},
    ),
    "a size without the reused rate": (
        planned_only(parabolas(), ~((np.arange(4) == 3)[:, None, None] & (np.arange(9) == 4)[None, :, None])),
        "reused_not_run",
        {"reused_not_run": {"width": 256, "depth": 3, "loss": "val_loss", "lr": 0.25}},
    ),
    "seeds that base and size do not share": (
        planned_only(parabolas(), (np.arange(5) < 2) == (np.arange(4) == 0)[:, None, None]),
        "too_few_seeds",
        {"too_few_seeds_at": {"given": 0, "needed": 3, "add": 3, "width": 256, "depth": 3}},
    ),
}
SECONDS = {Size(128, 3): 120.0, Size(256, 3): 240.0}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_answered_is_inconclusive_and_says_what_to_add(name):
    sweep, rule, wanted = CASES[name]

    verdict = judge(spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False, seconds=SECONDS)

    assert (verdict.outcome, verdict.rule) == ("inconclusive", rule)
    for code, params in wanted.items():
        assert params in [dict(why.params) for why in verdict.reasons if why.code == code]


def test_where_every_run_diverged_nothing_counts_as_measured():
    sweep = CASES["all runs diverged"][0]

    verdict = judge(spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False)

    arm = verdict.arm
    assert (arm.base_lr, arm.base_lr_index, arm.lr_slope.value, verdict.beyond) == (None, None, None, None)
    assert verdict.deciding is not None
    assert (verdict.deciding.cost.value, verdict.deciding.within, verdict.benefit) == (None, None, None)
    for size in arm.sizes:
        assert (size.cliff, size.lr_margin, size.spread_level, size.speed) == (None, None, None, None)
        for of_loss in size.losses:
            assert of_loss.optimal_lr is of_loss.best_loss is of_loss.reused_loss is None
            assert of_loss.lr_shift.value is of_loss.transfer_regret.value is of_loss.cost.value is None
            assert of_loss.benefit.value is of_loss.extra_training.value is of_loss.has_gain is None


WHOLE = 9 * 5  # runs of a size
PRICES: dict[str, float] = {  # where a run takes as many minutes as the model is wide
    "two seeds": 9 * (32 + 64 + 128 + 256),
    "one width": WHOLE * (64 + 128 + 256),
    "three learning rates": 4 * 5 * (32 + 64 + 128 + 256),
    "no run has a result": WHOLE * (32 + 64 + 128 + 256),
    "base optimum at the lower edge": 5 * 32,
    "base optimum at the upper edge": 5 * 32,
    "a hole at the reused rate": 128,
    "a hole in the base": 2 * 32,
    "a size without the reused rate": 5 * 256,
}


@pytest.mark.parametrize("name", PRICES)
def test_what_it_would_take_to_add_what_is_missing_is_said_once(name):
    sweep = CASES[name][0]

    verdict = judge(
        spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False,
        run_seconds=lambda size: 60.0 * size.width,
    )  # fmt: skip

    [price] = [why.params for why in verdict.reasons if why.code == "adding_takes"]
    assert price["minutes"] == pytest.approx(PRICES[name], rel=0.005)


def test_sizes_that_were_not_run_are_part_of_the_price():
    sweep = sizes_only(parabolas(num_seeds=2), 0, 1, 2)

    verdict = judge(
        spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False,
        seconds=SECONDS, run_seconds=lambda _size: 60.0,
    )  # fmt: skip

    [price] = [why.params for why in verdict.reasons if why.code == "adding_takes"]
    assert price["minutes"] == 4 * 9 + 4.0


@pytest.mark.parametrize("sweep", [parabolas(), CASES["all runs diverged"][0]])
def test_nothing_is_priced_where_nothing_can_be_added(sweep):
    verdict = judge(
        spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False, run_seconds=lambda _size: 1.0
    )

    assert "adding_takes" not in {why.code for why in verdict.reasons}


def test_too_wide_intervals_say_how_many_seeds_would_do_and_what_they_take():
    noisy = unresolved()

    verdict = judge(
        spec_of(noisy), Scenario.AS_GIVEN, {MUP: [noisy]}, is_interim=False, run_seconds=lambda _size: 60.0
    )

    assert verdict.rule == "unresolved"
    [seeds] = [why.params for why in verdict.reasons if why.code == "add_seeds_about"]
    [price] = [why.params for why in verdict.reasons if why.code == "adding_takes"]
    assert verdict.deciding is not None
    cost, limit = verdict.deciding.cost, verdict.deciding.limit
    assert cost.value is not None
    assert cost.interval is not None
    # Its half width falls with the root of the seeds until it reaches no further than the limit.
    wanted = math.ceil(4 * ((cost.value - cost.interval.low) / (cost.value - limit)) ** 2) - 4
    assert verdict.open is not None
    assert seeds["add"] == wanted == verdict.open.more_seeds
    # At the base and at the largest size, at every LR.
    assert price["minutes"] == 2 * 9 * int(seeds["add"])


@pytest.mark.parametrize("name", CASES)
def test_a_broken_control_settles_nothing_and_changes_no_answer(name):
    control, _, _ = CASES[name]
    short_of_sizes = {"a size in the middle that was never run"}
    sweep = replace(parabolas(), lrs=control.lrs) if len(control.lrs) == 9 else parabolas()
    arms = {MUP: [sweep], Parametrization.NTP: [control]}

    verdict = judge(spec_of(sweep, *arms), Scenario.AS_GIVEN, arms, is_interim=False)

    assert verdict.outcome == "transfers"
    assert verdict.can_discriminate is (False if name in short_of_sizes else None)
