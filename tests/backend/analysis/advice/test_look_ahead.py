"""What to do next: which LR, up to where it is safe, and the gates of the roll-out."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings

from muscope.backend.analysis.advice.look_ahead import largest, look_ahead
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Outlook
from tests.backend.analysis.advice.test_extrapolation import RECORD
from tests.backend.analysis.curved import curved
from tests.backend.analysis.sweeps import BASE_OPTIMUM, parabolas, spec_of, with_diverged, without
from tests.backend.analysis.test_verdict_properties import any_sweeps

MUP = Parametrization.MUP
SAFE_PLACES = [(w, e, s) for w in range(4) for e in (7, 8) for s in range(5)]


def ahead(sweep, target=None, *, is_interim=False, **options):
    spec = spec_of(sweep, MUP)
    verdict = judge(spec, Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=is_interim)
    return look_ahead(spec, verdict, [sweep], target=target, record=RECORD, **options)


def states(outlook):
    return [gate.state for gate in outlook.recommendation.gates]


def codes(reasons):
    return [why.code for why in reasons]


def test_a_rate_that_transfers_is_recommended_unchanged_at_the_largest_size():
    outlook = ahead(parabolas())

    assert outlook.recommendation.lr == 0.25
    assert outlook.recommendation.narrow_sweep is None
    assert outlook.recommendation.target.width == 256
    assert states(outlook) == ["passed", "next", "later"]


def test_a_trend_that_stays_near_keeps_the_reused_rate_beyond_the_sizes_tested():
    assert ahead(parabolas(noise=0.001), Size(1024, 3)).recommendation.lr == 0.25


def test_a_trend_that_leaves_gives_the_targets_own_rate_and_a_narrow_sweep():
    outlook = ahead(parabolas(slope=-0.25, curvature=0.02, noise=0.0005), Size(1024, 3), seconds_per_run=2.0)

    found = outlook.recommendation
    assert math.log2(found.lr) == pytest.approx(BASE_OPTIMUM - 0.25 * 5, abs=0.1)
    assert found.narrow_sweep.lrs[0] < found.lr < found.narrow_sweep.lrs[-1]
    assert found.narrow_sweep.num_runs == 3 * len(found.narrow_sweep.lrs)
    assert found.narrow_sweep.seconds == 2.0 * found.narrow_sweep.num_runs
    assert codes(found.gates[1].checks)[0] == "pilot_sweep"


def test_fine_tuning_searches_around_the_targets_optimum():
    outlook = ahead(parabolas(slope=-0.5, curvature=0.05, noise=0.001))

    sweep = outlook.recommendation.narrow_sweep
    middle = math.log2(sweep.lrs[len(sweep.lrs) // 2])
    assert middle == pytest.approx(BASE_OPTIMUM - 1.5, abs=0.2)
    assert [math.log2(b / a) for a, b in zip(sweep.lrs, sweep.lrs[1:], strict=False)] == pytest.approx(
        [0.5] * (len(sweep.lrs) - 1)
    )


def test_a_narrow_search_goes_up_to_the_border_of_divergence_itself():
    falling = with_diverged(parabolas(slope=-1.0), *[(3, e, s) for e in range(3, 9) for s in range(5)])

    found = ahead(falling).recommendation

    assert found.safe_range.lr_high == found.narrow_sweep.lrs[-1] == 2.0**-4
    assert len(found.narrow_sweep.lrs) >= 4


def test_a_rate_that_does_not_transfer_stops_the_roll_out():
    outlook = ahead(parabolas(slope=-1.0))

    assert outlook.recommendation.lr is None
    assert outlook.recommendation.narrow_sweep is not None
    assert states(outlook) == ["stopped", "later", "later"]
    assert "tune_at_target" in codes(outlook.recommendation.reasons)


@pytest.mark.parametrize("is_interim", [True, False])
def test_an_open_answer_recommends_no_rate_but_the_search_that_is_safe_under_any_answer(is_interim):
    outlook = ahead(without(parabolas(), (1, 0, 0)), is_interim=is_interim)

    found = outlook.recommendation
    assert (found.lr, "no_lr_yet" in codes(found.reasons)) == (None, True)
    assert found.narrow_sweep.lrs[0] < 0.25 < found.narrow_sweep.lrs[-1]
    assert states(outlook) == ["next", "later", "later"]


def test_no_rate_is_recommended_where_nothing_is_claimed():
    outlook = ahead(parabolas(), Size(4096, 3))

    assert outlook.recommendation.lr is None
    assert "no_lr_beyond_claims" in codes(outlook.recommendation.reasons)
    assert outlook.recommendation.narrow_sweep is not None


def test_the_safe_range_of_a_measured_size_is_its_own_and_names_the_rate_that_diverged():
    sweep = with_diverged(parabolas(), *SAFE_PLACES, (2, 6, 1))

    safe = ahead(sweep).recommendation.safe_range
    of_narrower = ahead(sweep, Size(128, 3)).recommendation.safe_range

    assert (safe.lr_high, safe.lr_diverged, safe.is_border_seen, safe.headroom) == (1.0, 2.0, True, 4.0)
    assert (of_narrower.lr_high, of_narrower.lr_diverged) == (0.5, 1.0)


def test_a_best_rate_is_never_said_to_diverge_at_the_size_it_was_measured_at():
    narrow_one_is_delicate = with_diverged(parabolas(), *SAFE_PLACES, *[(0, e, 2) for e in range(5, 9)])

    found = ahead(narrow_one_is_delicate).recommendation

    assert found.lr == 0.25
    assert found.lr_interval.high < found.safe_range.lr_diverged


def test_a_border_that_falls_with_size_is_followed_down_but_never_up():
    falling = with_diverged(parabolas(), *[(w, e, 0) for w in range(4) for e in range(8 - w, 9)])
    rising = with_diverged(parabolas(), *[(w, e, 0) for w in range(4) for e in range(5 + w, 9)])

    # The grid knows a border to one octave, hence its slope over three doublings to a third of one.
    assert ahead(falling, Size(512, 3)).recommendation.safe_range.lr_high == pytest.approx(
        2.0 ** (-3 - 1 / 3)
    )
    assert ahead(rising, Size(512, 3)).recommendation.safe_range.lr_high == pytest.approx(2.0 ** (1 - 1 / 3))


def test_a_rate_that_transfers_is_cut_where_the_border_will_have_come_down_to_it():
    falling = with_diverged(parabolas(noise=0.001), *[(w, e, 0) for w in range(4) for e in range(8 - w, 9)])

    found = ahead(falling, Size(1024, 3)).recommendation

    assert found.lr == found.safe_range.lr_high < 0.25
    assert "lr_cut_to_safe" in codes(found.reasons)


def test_without_a_divergence_the_range_ends_with_the_grid():
    safe = ahead(parabolas()).recommendation.safe_range

    assert (safe.lr_high, safe.is_border_seen) == (4.0, False)


def test_the_pilot_is_as_long_as_it_takes_until_size_shows():
    """The sizes are apart from the first step on, so a tenth is enough; the limit is mean + 2 SE."""
    sweep = curved(noise=0.002)
    pilot, production = ahead(sweep).recommendation.gates[1:]

    (run, check) = pilot.checks
    assert (run.params["steps"], check.params["step"]) == (26, 26)
    losses = sweep.train_curves(3, 4)[26]
    limit = losses.mean() + 2 * losses.std(ddof=1) / math.sqrt(5)
    assert check.params["limit"] == pytest.approx(limit, rel=5e-3)
    assert codes(pilot.stop_when) == ["stop_diverged", "stop_loss"]
    assert production.checks[0].params["step"] == 256


def test_where_size_does_not_show_the_pilot_is_the_whole_training():
    (run, *_) = ahead(curved(gain=-0.2)).recommendation.gates[1].checks

    assert run.params["steps"] == 256


def test_a_rate_that_falls_with_the_horizon_is_said_for_production():
    checks = ahead(curved(horizon_slope=-0.5, noise=0.001)).recommendation.gates[2].checks

    (horizon,) = [why for why in checks if why.code == "production_horizon"]
    assert horizon.params["value"] == pytest.approx(0.707, abs=0.01)


def test_the_largest_size_is_by_width_times_depth():
    sweep = replace(parabolas(), sizes=(Size(32, 2), Size(32, 64), Size(64, 4), Size(128, 4)))

    assert largest([sweep]) == Size(32, 64)


@settings(max_examples=60)
@given(any_sweeps())
def test_no_sweep_is_too_strange_to_look_ahead(sweep):
    sweep = replace(sweep, until=lambda steps: replace(sweep, num_steps=steps, until=None))

    outlook = ahead(sweep, Size(2 * max(sweep.widths), 3))

    assert Outlook.model_validate_json(outlook.model_dump_json()) == outlook
