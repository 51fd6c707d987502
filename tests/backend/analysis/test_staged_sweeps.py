"""Sweeps of which only a part was planned: what a staged protocol leaves out is not missing."""

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.transfer import compare, optima, speed
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from tests.backend.analysis.sweeps import (
    parabolas,
    planned_only,
    sizes_only,
    spec_of,
    with_diverged,
    with_finals,
    without,
)

MUP, NTP = Parametrization.MUP, Parametrization.NTP
VAL = Metric.VAL_LOSS
# Widths above the base only within two places of the base's best LR, which is the fifth.
WINDOW = (np.abs(np.arange(9) - 4) <= 2)[None, :, None] | (np.arange(4) == 0)[:, None, None]


def judged(sweep, **terms):
    return judge_arm(MUP, [sweep], Terms(**terms))


def codes(arm):
    return {why.code for why in arm.reasons}


def with_seeds(sweep, counts):
    """Return the sweep with only the first `counts` seeds of every size planned."""
    return planned_only(sweep, np.arange(sweep.num_seeds) < np.array(counts)[:, None, None])


def test_a_window_around_the_optimum_gives_the_same_verdict_as_the_whole_grid():
    whole, window = judged(parabolas()), judged(planned_only(parabolas(), WINDOW))

    assert (window.outcome, window.rule) == (whole.outcome, whole.rule) == ("transfers", "transfers")
    assert window.sizes[-1].losses == whole.sizes[-1].losses


def test_an_optimum_at_the_edge_of_what_was_tried_is_an_edge():
    sweep = planned_only(parabolas(slope=2 / 3, curvature=0.01, noise=1e-4), WINDOW)

    arm = judged(sweep)

    assert arm.sizes[-1].losses[0].is_edge
    assert (arm.outcome, arm.rule) == ("inconclusive", "target_at_edge")
    (why,) = [why for why in arm.reasons if why.params["width"] == 256 and why.params["loss"] == VAL]
    assert (why.code, why.params["lr"]) == ("optimum_at_upper_edge", 1.0)


def test_a_rate_that_a_shared_seed_lacks_has_no_mean():
    sweep = without(parabolas(), (3, 6, 1))

    mean = sweep.seed_mean(VAL, 3)

    assert np.flatnonzero(np.isnan(mean)).tolist() == [6]


def test_sizes_are_compared_on_the_seeds_they_share():
    """The optimum, regret and shift of three seeds are those of a sweep that has only these."""
    sweep = parabolas(slope=-0.5, scatter=0.3)
    few = replace(
        parabolas(num_seeds=3),
        losses={
            loss: replace(table, final=table.final[:, :, :3], initial=table.initial[:, :, :3])
            for loss, table in sweep.losses.items()
        },
    )

    shared = compare(with_seeds(sweep, [5, 5, 5, 3]), VAL, 3, Thresholds())
    alone = compare(few, VAL, 3, Thresholds())

    assert shared.base is not None
    assert alone.base is not None
    assert shared.base.index == alone.base.index
    assert shared.statistics == alone.statistics


def test_what_is_reused_is_chosen_on_all_seeds_of_the_base():
    sweep = parabolas(scatter=0.8, random_seed=4)

    bases = {optima(with_seeds(sweep, [5, count, count, count]), VAL)[0] for count in (1, 3, 5)}

    assert len(bases) == 1


def test_a_size_with_fewer_seeds_makes_the_verdict_provisional():
    sweep = with_seeds(parabolas(), [5, 5, 5, 3])

    verdict = judge(spec_of(sweep), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False)

    assert (verdict.outcome, verdict.is_provisional) == ("transfers", True)
    assert [size.num_seeds for size in verdict.arm.sizes] == [5, 5, 3]


def test_a_size_with_two_seeds_is_not_judged_by_them():
    arm = judged(with_seeds(parabolas(slope=-1), [5, 2, 2, 2]))

    assert (arm.outcome, arm.rule) == ("inconclusive", "too_few_seeds")
    assert arm.reasons[0].params == {"given": 2, "needed": 3, "add": 1, "width": 256, "depth": 3}


def test_only_what_was_planned_can_be_missing():
    sweep = planned_only(parabolas(), WINDOW)

    arm = judged(without(sweep, (2, 4, 0)))

    assert [why.params for why in arm.reasons if why.code == "missing_runs"] == [
        {"width": 128, "depth": 3, "missing": 1, "planned": 25}
    ]


def test_larger_sizes_without_runs_forbid_a_claim_and_are_named_with_their_cost():
    arm = judged(sizes_only(parabolas(), 0, 1, 2), seconds={Size(256, 3): 600.0})

    assert (arm.outcome, arm.rule) == ("inconclusive", "sizes_not_run")
    assert [size.width for size in arm.sizes] == [64, 128]
    (why,) = [why for why in arm.reasons if why.code == "size_not_run_takes"]
    assert why.params == {"width": 256, "depth": 3, "minutes": 10.0}


def test_a_failure_needs_no_larger_sizes():
    arm = judged(sizes_only(parabolas(slope=-1.5), 0, 1, 2))

    assert (arm.outcome, arm.worst_width) == ("does_not_transfer", 128)


def test_a_base_alone_is_a_beginning():
    arm = judged(sizes_only(parabolas(), 0))

    assert (arm.outcome, arm.rule, arm.base_lr) == ("inconclusive", "sizes_not_run", 0.25)
    assert [why.params["width"] for why in arm.reasons] == [64, 128, 256]


@pytest.mark.parametrize(("slope", "can_discriminate"), [(0.0, False), (-1.0, True)])
def test_a_control_is_judged_by_its_base_and_its_largest_size(slope, can_discriminate):
    control = with_seeds(sizes_only(parabolas(slope=slope), 0, 3), [5, 0, 0, 3])
    arms = {MUP: [parabolas()], NTP: [control]}

    verdict = judge(spec_of(control, *arms), Scenario.AS_GIVEN, arms, is_interim=False)

    assert verdict.can_discriminate is can_discriminate
    assert (verdict.outcome, verdict.is_provisional) == ("transfers", False)


def test_a_control_whose_largest_size_was_not_run_is_not_settled():
    arms = {MUP: [parabolas()], NTP: [sizes_only(parabolas(), 0, 1)]}

    verdict = judge(spec_of(parabolas(), *arms), Scenario.AS_GIVEN, arms, is_interim=False)

    assert verdict.control is not None
    assert (verdict.control.rule, verdict.can_discriminate) == ("sizes_not_run", None)


def test_the_control_of_a_short_plan_is_judged_all_the_same():
    short = parabolas(widths=(32, 64))
    arms = {MUP: [short], NTP: [short]}

    verdict = judge(spec_of(short, *arms), Scenario.AS_GIVEN, arms, is_interim=False)

    assert verdict.control is not None
    assert (verdict.arm.rule, verdict.control.outcome) == ("grid_too_small", "transfers")
    assert verdict.can_discriminate is False


def test_a_run_that_was_skipped_says_nothing_of_divergence():
    sweep = with_diverged(parabolas(), (3, 4, 0))
    mask = np.ones((4, 9, 5), dtype=bool)
    mask[3, 4, 0] = False

    assert replace(sweep, is_planned=mask).divergence_rate(3, 4) == 0.0


def test_speed_is_that_of_the_seeds_both_sizes_have():
    sweep = with_seeds(parabolas(noise=0.0), [5, 5, 5, 3])
    curves = np.where(np.arange(5) < 3, np.linspace(2, 0, 101)[:, None], np.nan)

    found = speed(replace(sweep, train_curves=lambda *_: curves), 3, 4)

    assert found == pytest.approx(0.795, abs=0.01)


def test_limits_come_from_the_spec():
    sweep = with_finals(parabolas(), VAL, parabolas(slope=0.2).losses[VAL].final)
    strict = Thresholds(transfers_shift=0.0)
    spec = spec_of(sweep).model_copy(update={"thresholds": strict})

    verdict = judge(spec, Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False)

    assert (verdict.outcome, verdict.thresholds) == ("fine_tune", strict)


def test_a_control_of_the_full_grid_is_not_undecided_for_a_size_in_between():
    """At the largest size it does transfer; in between one seed diverges, which decides nothing."""
    control = with_diverged(parabolas(), (1, 4, 0))
    arms = {MUP: [parabolas()], NTP: [control]}

    verdict = judge(spec_of(control, *arms), Scenario.AS_GIVEN, arms, is_interim=False)

    assert verdict.can_discriminate is False
