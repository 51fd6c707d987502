"""Verdicts on steps up in training, on simulated losses whose optimum moves by a known law."""

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.step_up import joined
from muscope.backend.analysis.verdict.group_statistics import statistics_at
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.experiment import STEP_UP_AXES, Arm, base_size, size_stepped_up
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Outcome
from tests.backend.analysis.sweeps import LRS, parabolas
from tests.backend.domain.specs import spec

MUP = Parametrization.MUP
BATCH, STEPS, WHOLE = (Scenario(text) for text in ("batch_axis:64", "steps_axis:192", "step_up"))
# Octaves by which the true optimum moves, per doubling of the batch and of the steps.
BY_BATCH, BY_STEPS = 0.5, -0.32


def plan(**rules):
    """Return a plan of 8 times the batch and 16 times the steps, at widths of 8 times the base's."""
    return spec(
        arms=(Arm(parametrization=MUP, lrs=LRS),),
        scenarios=("as_given", BATCH, STEPS, WHOLE),
        widths=(8, 16, 32, 64),
        seeds=tuple(range(5)),
        **rules,
    )


def training(under, size, optimum, *, random_seed, best=1.0):
    """Return the sweep of one size whose optimum lies at so many octaves; its best loss is times `best`."""
    lrs = under.arms[0].lrs
    found = parabolas(
        widths=(size.width,), lrs=tuple(lr / 2.0**optimum for lr in lrs), random_seed=random_seed
    )
    losses = {
        loss: replace(each, final=each.final * best, initial=each.initial)
        for loss, each in found.losses.items()
    }
    num_steps = under.num_steps
    return replace(found, sizes=(size,), lrs=lrs, losses=losses, num_steps=num_steps, tail_steps=1)


def truth(of, scenario):
    """Return by how many octaves the true optimum of a scenario lies above the base's."""
    step = of.step_up(scenario)
    doublings = (
        np.log2(step.batch_size / step.base_batch_size),
        np.log2(step.num_steps / step.base_num_steps),
    )
    return BY_BATCH * doublings[0] + BY_STEPS * doublings[1]


def swept(of, scenario, *, best=1.0):
    size = size_stepped_up(of, scenario)
    base = training(of, base_size(of), 0.0, random_seed=0)
    larger = training(of.under(scenario), size, truth(of, scenario), random_seed=1, best=best)
    return joined(base, larger, STEP_UP_AXES[scenario.kind], of.step_up(scenario))


def verdict(of, scenario, **more):
    return judge(of, scenario, {MUP: [swept(of, scenario, **more)]}, is_interim=False)


@pytest.mark.parametrize(
    ("scenario", "rules", "holds"),
    [
        # The true exponent is one half: the square root holds, none and linear are off by 1.5 octaves.
        (BATCH, {"batch_rule": "sqrt"}, True),
        (BATCH, {"batch_rule": "none"}, False),
        (BATCH, {"batch_rule": "linear"}, False),
        # 16 times the steps move the optimum by 1.28 octaves, unless the rule does.
        (STEPS, {"steps_rule": "token_horizon"}, True),
        (STEPS, {"steps_rule": "none"}, False),
        (WHOLE, {"batch_rule": "sqrt", "steps_rule": "token_horizon"}, True),
        # Without any rule the two movements almost cancel: the whole holds though neither axis does.
        (WHOLE, {"batch_rule": "none", "steps_rule": "none"}, True),
        (WHOLE, {"batch_rule": "linear", "steps_rule": "none"}, False),
    ],
)
def test_the_answer_is_whether_the_rule_follows_the_true_optimum(scenario, rules, holds):
    found = verdict(plan(**rules), scenario)

    assert found.outcome in ({Outcome.TRANSFERS} if holds else {Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER})
    assert found.arm.axes[0].axis is STEP_UP_AXES[scenario.kind]


def test_the_slope_along_an_axis_is_what_the_rule_leaves_of_the_true_law():
    by_batch = verdict(plan(batch_rule="none"), BATCH).arm.lr_slope.value
    after_the_rule = verdict(plan(batch_rule="linear"), BATCH).arm.lr_slope.value
    by_steps = verdict(plan(), STEPS).arm.lr_slope.value

    assert (by_batch, after_the_rule) == (pytest.approx(0.5, abs=0.1), pytest.approx(-0.5, abs=0.1))
    assert by_steps == pytest.approx(-0.32, abs=0.1)
    assert verdict(plan(), WHOLE).arm.lr_slope.value is None


def test_rates_are_given_in_those_that_each_training_uses():
    of = plan(batch_rule="linear")

    found = verdict(of, BATCH)

    assert found.arm.base_lr in LRS
    assert found.carried is not None
    assert found.carried.lr == 8 * found.arm.base_lr
    # The true optimum of the larger batch, on the axis of its own LRs: 2^-1.8 times √8.
    assert found.arm.sizes[0].losses[0].optimal_lr == pytest.approx(2.0 ** (-1.8 + 1.5), rel=0.2)
    assert (found.ranges.lr_low, found.ranges.lr_high) == (8 * LRS[0], 8 * LRS[-1])


@pytest.mark.parametrize("best", [0.25, 1.0, 3.0])
def test_how_low_the_larger_training_gets_decides_nothing(best):
    found = verdict(plan(batch_rule="sqrt"), BATCH, best=best)

    size = found.arm.sizes[0]
    assert found.outcome is Outcome.TRANSFERS
    assert (found.benefit, size.losses[0].benefit.value, size.losses[0].gain_loss.value) == (None, None, None)
    assert found.deciding is not None
    assert found.deciding.limit == found.thresholds.transfers_regret


def test_nothing_is_said_that_compares_one_training_with_the_other():
    found = verdict(plan(batch_rule="sqrt"), BATCH)

    size = found.arm.sizes[0]
    assert (size.spread_level, size.spreads, size.speed) == (None, (), None)
    assert (found.beyond, found.control, found.arm.coordinate_checks) == (None, None, ())
    assert found.arm.axes[0].num_inversions is None
    assert "step_up_not_defined" in {why.code for why in found.reasons}


def test_the_rules_of_both_axes_are_named_with_what_was_changed():
    reasons = {why.code: why.params for why in verdict(plan(), WHOLE).reasons}

    assert reasons["batch_rule_linear"] == {"batch_size": 64, "base_batch_size": 8}
    assert reasons["steps_rule_none"] == {"num_steps": 192, "base_num_steps": 12}
    assert reasons["carried_by_rule"]["factor"] == 8.0


def test_the_protocol_judges_the_larger_training_even_at_the_size_of_the_base():
    of = plan(batch_rule="none")

    statistics = statistics_at(swept(of, BATCH), size_stepped_up(of, BATCH), of.thresholds)

    assert statistics.fails
    assert statistics.settling is not None


def test_the_training_loss_decides_only_where_the_larger_training_sees_examples_once():
    base = replace(
        training(plan(), base_size(plan()), 0.0, random_seed=0),
        declared_loss=Metric.TRAIN_LOSS,
        is_seen_once=True,
    )
    step, axis = plan().step_up(STEPS), STEP_UP_AXES[STEPS.kind]

    once = joined(base, base, axis, step)
    repeated = joined(base, replace(base, is_seen_once=False), axis, step)

    assert (once.deciding_loss, repeated.deciding_loss) == (Metric.TRAIN_LOSS, Metric.VAL_LOSS)
