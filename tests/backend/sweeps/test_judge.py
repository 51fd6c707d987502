"""Answers to sweeps whose right answer is known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.measures.noise import NoiseSource
from tests.backend.sweeps.made import LRS, Cell, judged, only_axis, sweep


def test_the_same_optimum_at_every_width_transfers():
    answer = judged(sweep(noise=0.001))

    assert answer.outcome is Outcome.TRANSFERS
    assert answer.exit_code == 0
    (largest,) = (c for c in only_axis(answer).comparisons if c.is_target)
    assert (largest.base, largest.target) == (128.0, 1024.0)
    assert largest.measures.shift == 0.0


def test_an_optimum_that_moves_half_an_octave_a_doubling_needs_fine_tuning():
    answer = judged(sweep(drift=-0.5, noise=0.0005))

    (largest,) = (c for c in only_axis(answer).comparisons if c.is_target)
    assert answer.outcome is Outcome.FINE_TUNE
    assert answer.exit_code == 20
    # Three doublings move it by 1.5 octaves, where the parabola costs 0.02 · 1.5².
    assert largest.measures.fitted_shift.value == pytest.approx(-1.5, abs=0.1)
    assert largest.measures.cost.value == pytest.approx(0.02 * (1.5**2 - 0.5**2), abs=0.01)


def test_an_optimum_that_moves_an_octave_a_doubling_does_not_transfer():
    answer = judged(sweep(drift=-1.0))

    assert answer.outcome is Outcome.DOES_NOT_TRANSFER
    assert answer.exit_code == 30
    assert only_axis(answer).slope == pytest.approx(-1.0)


def test_divergence_at_the_reused_rate_does_not_transfer_whatever_the_rest():
    cells = [
        {**cell, "loss": "nan" if cell["width"] == 1024 and cell["lr"] >= 2.0**-9 else cell["loss"]}
        for cell in sweep()
    ]

    axis = only_axis(judged(cells))

    assert (axis.outcome, axis.rule) == (Outcome.DOES_NOT_TRANSFER, "diverges")
    assert axis.comparisons[-1].measures.margin == 0.0


def test_a_border_of_divergence_that_comes_nearer_is_watched():
    # It lies 4, 3, 2 and 1 octaves above the best rate.
    def diverges(width: float, lr: float) -> bool:
        return bool(np.log2(lr) >= -5.0 - np.log2(width / 128.0))

    cells = [
        {
            **cell,
            "loss": math.inf if diverges(cell["width"], cell["lr"]) else cell["loss"],
        }
        for cell in sweep()
    ]

    axis = only_axis(judged(cells))

    assert (axis.outcome, axis.rule) == (Outcome.SHARPNESS_DRIFTS, "margin_shrinks")


def test_the_cost_is_given_in_loss_benefit_and_compute():
    axis = only_axis(judged(sweep(widths=(128.0, 256.0), drift=-1.0)))

    measures = axis.comparisons[0].measures
    assert measures.cost.value == pytest.approx(0.02)
    assert measures.benefit.value == pytest.approx(0.1)
    assert measures.benefit_lost.value == pytest.approx(0.2)
    # L − E = 1.3 at the best rate, by the law L = 1.6 + A·C^-0.0941.
    assert measures.extra_compute.value == pytest.approx((1.32 / 1.3) ** (1 / 0.0941) - 1.0)


def test_another_law_changes_the_compute_and_none_leaves_it_out():
    cells = sweep(widths=(128.0, 256.0), drift=-1.0)

    without = only_axis(judged(cells, law=None)).comparisons[0].measures

    assert without.extra_compute.value is None
    assert without.limit == pytest.approx(0.1)  # of the benefit


def test_the_loss_at_init_adds_the_share_of_the_improvement():
    measures = (
        only_axis(judged(sweep(widths=(128.0, 256.0), drift=-1.0), initial_loss=10.9)).comparisons[0].measures
    )

    assert measures.improvement_lost.value == pytest.approx(0.02 / 8.0)


def test_one_run_at_each_larger_size_is_open_and_says_that_larger_is_worse():
    larger = [c for c in sweep(gain=-0.1) if c["width"] == 128 or c["lr"] == 2.0**-9]

    axis = only_axis(judged(larger))

    assert (axis.outcome, axis.rule) == (Outcome.INCONCLUSIVE, "single_rate")
    assert [reason.code for reason in axis.reasons] == ["worse_with_size"]
    assert sorted(run.lr for run in axis.next_runs if run.settles) == pytest.approx(
        [2.0**-10, 2.0**-8], rel=1e-3
    )
    assert {run.levels["width"] for run in axis.next_runs if run.settles} == {1024.0}


def test_a_reused_rate_that_was_not_run_is_the_cheapest_next_run():
    cells = [c for c in sweep() if not (c["width"] == 1024 and c["lr"] == 2.0**-9)]

    axis = only_axis(judged(cells))

    assert (axis.outcome, axis.rule) == (Outcome.INCONCLUSIVE, "reused_not_run")
    first = axis.next_runs[0]
    assert (first.settles, first.levels, first.lr) == (True, {"width": 1024.0}, 2.0**-9)


def test_rates_on_no_common_grid_are_read_between_close_ones():
    base = sweep(widths=(128.0,))
    shifted = sweep(widths=(256.0,), lrs=[lr * 2**0.5 for lr in LRS])

    axis = only_axis(judged(base + shifted))

    assert axis.outcome is Outcome.TRANSFERS
    assert axis.comparisons[0].measures.is_interpolated


def test_an_optimum_at_the_edge_leaves_the_answer_open_and_names_the_rate_beyond():
    axis = only_axis(judged(sweep(widths=(128.0, 256.0), drift=-5.0)))

    assert (axis.outcome, axis.rule) == (Outcome.DOES_NOT_TRANSFER, "benefit_lost")
    near = only_axis(judged(sweep(widths=(128.0, 256.0), lrs=LRS[3:], drift=-2.0, bend=0.002)))
    assert (near.outcome, near.rule) == (Outcome.INCONCLUSIVE, "target_at_edge")
    assert near.next_runs[0].lr == pytest.approx(LRS[2], rel=1e-3)


def test_optima_without_losses_can_only_show_a_failure():
    def optima(drift: float) -> list[Cell]:
        return [
            {"width": width, "lr": 2.0 ** (-9 + drift * n), "loss": ""}
            for n, width in enumerate((128, 256, 512, 1024))
        ]

    moved, still = judged(optima(-1.0)), judged(optima(0.0))

    assert moved.outcome is Outcome.DOES_NOT_TRANSFER
    assert only_axis(moved).slope == pytest.approx(-1.0)
    assert (still.outcome, only_axis(still).rule) == (Outcome.INCONCLUSIVE, "no_losses")


def test_noise_comes_from_repeats_where_there_are_any():
    (arm,) = judged(sweep(seeds=4, noise=0.01)).arms

    assert arm.noise_source is NoiseSource.REPEATS
    assert arm.noise == pytest.approx(0.01, rel=0.3)


def test_noise_comes_from_neighbouring_rates_where_every_run_is_single():
    (arm,) = judged(sweep(lrs=[2.0 ** (-13 + k / 2) for k in range(17)], noise=0.002)).arms

    assert arm.noise_source is NoiseSource.NEIGHBOURS
    assert arm.noise == pytest.approx(0.002, rel=0.5)


def test_a_noise_larger_than_the_limit_leaves_the_answer_open():
    answer = judged(sweep(noise=0.05, bend=0.02, seeds=2))

    assert answer.outcome is not Outcome.TRANSFERS


def test_seeds_that_would_settle_a_noisy_answer_are_counted():
    few, many = (
        only_axis(judged(sweep(widths=(128.0, 256.0), seeds=2, noise=noise))) for noise in (0.02, 0.04)
    )

    assert few.rule == many.rule == "unresolved"
    # Twice the noise needs four times the runs, of which two are there.
    needed = [axis.next_runs[0].num_seeds + 2 for axis in (few, many)]
    assert needed[1] == pytest.approx(4 * needed[0], rel=0.2)


def test_five_seeds_make_an_answer_without_qualification():
    one, five = judged(sweep(noise=0.001)), judged(sweep(seeds=5, noise=0.001))

    assert only_axis(one).is_provisional
    assert not only_axis(five).is_provisional
    assert five.outcome is Outcome.TRANSFERS


def test_intervals_with_seeds_are_those_of_the_verdict():
    (comparison,) = only_axis(
        judged(sweep(widths=(128.0, 256.0), seeds=5, noise=0.002, drift=-1.0))
    ).comparisons

    assert comparison.measures.cost.interval is not None
    assert comparison.measures.cost.interval.low <= 0.02 <= comparison.measures.cost.interval.high


def test_other_conditions_are_held_fixed():
    # The optimum moves with the batch only; without strata it would seem to move with the width.
    cells = sweep(widths=(128.0, 512.0), extra={"batch": 32}) + sweep(
        widths=(128.0, 512.0), extra={"batch": 64}, offset=2.0
    )

    axes = {axis.axis: axis for axis in judged(cells).arms[0].axes}

    assert axes["width"].outcome is Outcome.TRANSFERS
    assert axes["width"].held == ("batch",)
    assert axes["batch"].comparisons[0].measures.shift == 2.0


def test_a_batch_that_changes_with_the_width_is_named():
    cells = sweep(widths=(128.0,), extra={"batch": 32}) + sweep(widths=(256.0,), extra={"batch": 64})

    axes = {axis.axis: axis for axis in judged(cells).arms[0].axes}

    assert axes["width"].comparisons[0].loose == ("batch",)
    assert axes["batch"].rule == "cannot_hold"


def test_many_strata_answer_together():
    cells = [
        cell
        for step, tokens in enumerate((1, 2, 4, 8))
        for cell in sweep(widths=(128.0, 256.0), noise=0.001 * (1 + step % 2), extra={"tokens": f"{tokens}B"})
    ]

    (width,) = (a for a in judged(cells).arms[0].axes if a.axis == "width")

    assert width.outcome is Outcome.TRANSFERS
    assert width.comparisons[0].num_strata == 4


def test_a_stratum_that_fails_never_lets_the_whole_transfer():
    cells = [
        cell
        for tokens in (1, 2, 3, 4, 5, 6)
        for cell in sweep(
            widths=(128.0, 256.0), drift=-3.5 if tokens == 6 else 0.0, extra={"tokens": f"{tokens}B"}
        )
    ]

    (width,) = (a for a in judged(cells).arms[0].axes if a.axis == "width")

    assert width.outcome in (Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)


def test_the_arm_under_mup_decides():
    cells = sweep(drift=-1.0, extra={"parametrization": "SP"}) + sweep(extra={"parametrization": "muP"})

    answer = judged(cells)

    assert answer.judged_arm == {"parametrization": "muP"}
    assert answer.outcome is Outcome.TRANSFERS
    assert judged(cells, arm="SP").outcome is Outcome.DOES_NOT_TRANSFER


def test_a_condition_is_judged_in_both_directions():
    cells = sweep(widths=(128.0,), extra={"schedule": "cosine", "steps": 100}) + sweep(
        widths=(128.0,), extra={"schedule": "constant", "steps": 100}, offset=-2.0
    )

    axis = only_axis(judged(cells))

    assert (axis.axis, axis.is_ordered) == ("schedule", False)
    assert {(c.base, c.target) for c in axis.comparisons} == {("cosine", "constant"), ("constant", "cosine")}
    assert axis.outcome in (Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)


def test_an_axis_that_was_not_varied_is_refused():
    with pytest.raises(InvalidInput) as refused:
        judged(sweep(), axis="depth")

    assert refused.value.code == "sweep.unknown_axis"


def test_an_arm_that_is_not_there_is_refused():
    with pytest.raises(InvalidInput) as refused:
        judged(sweep(extra={"optimizer": "adamw"}), arm="muon")

    assert refused.value.code == "sweep.unknown_arm"


def test_losses_that_are_best_at_the_ends_are_taken_for_accuracies():
    with pytest.raises(InvalidInput) as refused:
        judged(sweep(bend=-0.01))

    assert refused.value.code == "sweep.looks_like_accuracy"
