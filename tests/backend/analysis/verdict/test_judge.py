from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.verdict.judge import DEFAULT_THRESHOLDS, judge
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.one_size import judge_size
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.analysis.verdict.rules import RULES
from muscope.backend.domain.spec.experiment import Loss, base_size, chosen_arm
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis, Size
from tests.backend.analysis.sweeps import (
    parabolas,
    spec_of,
    sweep_of,
    with_finals,
    without,
)
from tests.backend.analysis.verdict.judged_cases import CASES, at_rate, drifting, scaled

MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
TRAIN, VAL = Metric.TRAIN_LOSS, Metric.VAL_LOSS


def judged(sweep, *, thresholds=DEFAULT_THRESHOLDS, is_interim=False):
    return judge_arm(MUP, [sweep], Terms(thresholds, is_interim))


def verdict_of(sweep, control=None, *, thresholds=DEFAULT_THRESHOLDS, **options):
    arms = {MUP: [sweep]} if control is None else {MUP: [sweep], NTP: [control]}
    spec = spec_of(sweep, *arms).model_copy(update={"thresholds": thresholds})
    return judge(spec, Scenario.AS_GIVEN, arms, **{"is_interim": False} | options)


def codes(arm):
    return {why.code for why in arm.reasons}


def test_every_rule_of_the_table_has_a_case():
    assert {rule.text for rule in RULES} <= set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_a_case_is_decided_by_its_rule(rule):
    """The golden cases: one for each outcome among them."""
    sweep, outcome = CASES[rule]

    arm = judged(sweep)

    assert (arm.rule, arm.outcome) == (rule, outcome)
    assert arm.reasons != ()


def test_sharpness_that_drifts_apart_late_is_a_watch():
    sweep = parabolas()
    growth = 1 + 0.3 * (sweep.measurement_steps / 100) ** 2
    factor = np.where(np.arange(4)[:, None] == 3, growth, 1.0)[:, None, None, :]

    assert judged(replace(sweep, sharpness=sweep.sharpness * factor)).rule == "spread_growth"


def test_a_proven_failure_at_a_smaller_width_decides():
    sweep = parabolas()
    final = sweep.losses[VAL].final.copy()
    final[2] = parabolas(slope=-2.0).losses[VAL].final[2]

    arm = judged(with_finals(with_finals(sweep, VAL, final), TRAIN, final))

    assert (arm.outcome, arm.worst_width) == ("does_not_transfer", 128)
    assert [size.width for size in arm.sizes] == [64, 128, 256]


def test_a_smaller_width_that_is_only_dear_or_unstable_decides_nothing():
    dear, final = parabolas(slope=-1.5, curvature=0.03, noise=0.001), parabolas(noise=0.001).losses[VAL].final
    final = final.copy()
    final[1] = dear.losses[VAL].final[1]
    sweep = with_finals(with_finals(parabolas(), VAL, final), TRAIN, final)

    for each in (sweep, at_rate(parabolas(), 1, 4, 2)):
        assert judge_size(each, 1, 4, DEFAULT_THRESHOLDS).finding.outcome == "fine_tune"
        assert (judged(each).outcome, judged(each).worst_width) == ("transfers", 256)


def test_the_worst_axis_decides():
    sizes = tuple(Size(32, depth) for depth in (3, 6, 12, 24))
    deeper = replace(parabolas(slope=-1), sizes=sizes, axis=Axis.DEPTH)

    arm = judge_arm(MUP, [parabolas(), deeper], Terms())

    assert arm.outcome == "does_not_transfer"
    assert (arm.limiting_axis, arm.worst_width, arm.worst_depth) == ("depth", 32, 24)
    assert {size.depth for size in arm.sizes} == {3, 6, 12, 24}


def test_a_training_loss_that_interpolates_does_not_disturb_a_validation_loss_that_decides():
    arm = judged(scaled(parabolas(), 0.01))

    assert (arm.outcome, codes(arm)) == ("transfers", {"regret"})


def test_a_training_loss_that_was_declared_and_interpolates_is_not_replaced_by_the_other():
    arm = judged(replace(scaled(parabolas(), 0.01), declared_loss=TRAIN))

    assert (arm.outcome, arm.rule) == ("inconclusive", "train_interpolates")


def test_a_low_training_loss_of_examples_seen_once_is_judged():
    """A net cannot remember what it sees once: noiseless data alone give such a loss."""
    once = replace(scaled(parabolas(), 0.01), declared_loss=TRAIN, is_seen_once=True)

    assert judged(once).outcome == "transfers"


@pytest.mark.parametrize(
    ("declared", "outcome", "code"),
    [
        (None, "transfers", "losses_differ_val"),
        (VAL, "transfers", "losses_differ_val"),
        (TRAIN, "does_not_transfer", "losses_differ_train"),
    ],
)
def test_the_declared_loss_decides_and_the_other_only_says_that_it_differs(declared, outcome, code):
    sweep = with_finals(parabolas(), TRAIN, parabolas(slope=-1.0).losses[TRAIN].final)

    arm = judged(replace(sweep, declared_loss=declared))

    assert arm.outcome == outcome
    assert codes(arm) & {"losses_differ_val", "losses_differ_train"} == {code}
    assert arm.sizes[-1].losses[0].loss == (declared or VAL)


def test_a_target_at_the_edge_may_still_prove_that_nothing_transfers():
    lrs = tuple(2.0**e for e in range(-3, 4))

    arm = judged(parabolas(slope=-1.0, lrs=lrs))

    assert arm.sizes[-1].losses[0].is_edge
    assert arm.outcome == "does_not_transfer"


def test_a_base_at_the_edge_proves_nothing():
    arm = judged(parabolas(slope=2.0, lrs=tuple(2.0**e for e in range(-2, 6))))

    assert (arm.rule, arm.outcome) == ("base_at_edge", "inconclusive")
    assert "optimum_at_lower_edge" in codes(arm)


def test_what_is_missing_is_named_with_what_to_add():
    arm = judged(without(parabolas(num_seeds=2, widths=(32, 64), lrs=(0.125, 0.25, 0.5)), (1, 1, 0)))

    assert {why.code: dict(why.params) for why in arm.reasons} == {
        "too_few_seeds": {"given": 2, "needed": 3, "add": 1},
        "missing_runs": {"width": 64, "depth": 3, "missing": 1, "planned": 6},
        "too_few_widths": {"given": 2, "needed": 3},
        "span_too_small": {"base_width": 32, "width": 64, "needed": 256},
        "too_few_lrs": {"given": 3, "needed": 7},
    }


def test_runs_that_may_yet_come_are_pending():
    verdict = verdict_of(without(parabolas(), (1, 1, 0), (2, 2, 2)), is_interim=True)

    assert (verdict.rule, verdict.is_interim) == ("runs_pending", True)
    assert verdict.reasons[0].params == {"missing": 2, "planned": 180}


@pytest.mark.parametrize(("num_seeds", "is_provisional"), [(2, False), (3, True), (4, True), (5, False)])
def test_three_or_four_seeds_are_provisional(num_seeds, is_provisional):
    verdict = verdict_of(parabolas(num_seeds=num_seeds))

    assert verdict.is_provisional is is_provisional
    assert ("provisional" in codes(verdict)) is is_provisional


@pytest.mark.parametrize(
    ("control", "can_discriminate"),
    [(parabolas(slope=-1), True), (parabolas(), False), (drifting(), False), (parabolas(num_seeds=2), None)],
)
def test_the_control_says_whether_anything_could_have_failed(control, can_discriminate):
    verdict = verdict_of(parabolas(), control)

    assert (verdict.outcome, verdict.can_discriminate) == ("transfers", can_discriminate)
    assert ("control_transfers" in codes(verdict)) is (can_discriminate is False)


def test_other_limits_are_stamped():
    verdict = verdict_of(parabolas(), thresholds=Thresholds(transfers_regret=0.5))

    assert "thresholds_changed" in codes(verdict)


def test_the_verdict_says_what_it_does_not_claim():
    verdict = verdict_of(parabolas())

    assert {why.code for why in verdict.ranges.not_claimed} >= {
        "other_horizon",
        "coordinate_check_not_measured",
    }
    assert (verdict.base_width, verdict.target_width, verdict.ranges.num_seeds) == (32, 256, 5)
    assert (verdict.ranges.lr_low, verdict.ranges.lr_high) == (2.0**-6, 4.0)


def test_the_arm_that_is_judged_is_the_one_asked_about():
    sweep = parabolas()

    assert chosen_arm(spec_of(sweep, NTP, MUP)) is MUP
    assert chosen_arm(spec_of(sweep, NTP, SP)) is SP
    assert chosen_arm(spec_of(sweep, NTP)) is NTP
    squared = spec_of(sweep, SP, NTP).model_copy(update={"loss": Loss.SQUARED_ERROR})
    assert chosen_arm(squared) is NTP


def test_a_base_that_was_not_trained_is_the_smallest():
    spec = spec_of(parabolas())

    assert base_size(spec.model_copy(update={"base_width": 64})).width == 64
    assert base_size(spec.model_copy(update={"base_width": 7})).width == 32


def test_the_reused_rate_keeps_its_place_in_the_plan():
    sweep = replace(parabolas(), lr_indices=(8, 7, 6, 5, 4, 3, 2, 1, 0))

    arm = judged(sweep)

    assert (arm.base_lr, arm.base_lr_index) == (0.25, 4)


def test_the_order_of_seeds_and_the_unit_of_the_loss_change_nothing():
    sweep = parabolas(slope=0.3, scatter=0.3)
    finals = {loss: table.final for loss, table in sweep.losses.items()}
    shuffled = sweep_of(
        {loss: final[:, :, ::-1] for loss, final in finals.items()}, widths=sweep.widths, lrs=sweep.lrs
    )
    larger = sweep_of(
        {loss: 8 * final for loss, final in finals.items()},
        widths=sweep.widths,
        lrs=sweep.lrs,
        initial=8 * 2.3,
    )

    plain = judged(sweep)

    for other in (judged(shuffled), judged(larger)):
        assert (other.outcome, other.rule, other.base_lr) == (plain.outcome, plain.rule, plain.base_lr)
        regrets = [size.losses[0].transfer_regret.value for size in other.sizes]
        assert regrets == pytest.approx([size.losses[0].transfer_regret.value for size in plain.sizes])


def test_a_benefit_that_only_the_largest_size_brings_is_enough():
    plain, larger = parabolas(gain=0.0), parabolas(gain=0.5)
    final = plain.losses[VAL].final.copy()
    final[-1] = larger.losses[VAL].final[-1]

    arm = judged(with_finals(with_finals(plain, VAL, final), TRAIN, final))

    assert arm.outcome == "transfers"
    assert [size.losses[0].has_gain for size in arm.sizes] == [False, False, True]


def test_a_target_that_brings_nothing_transfers_where_its_cost_is_small_and_the_benefit_is_said_apart():
    verdict = verdict_of(parabolas(gain=0.0, noise=0.001))

    assert (verdict.outcome, verdict.benefit) == ("transfers", "none")
    assert verdict.deciding.limit == pytest.approx(0.005)
