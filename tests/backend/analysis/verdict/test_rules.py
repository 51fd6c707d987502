import pytest

from muscope.backend.analysis.verdict.findings import Finding, combine_losses, with_sharpness
from muscope.backend.analysis.verdict.group_statistics import statistics_at
from muscope.backend.analysis.verdict.one_size import judge_size
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.spec.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Estimate, Interval, Outcome, Reason, SharpnessSpread
from tests.backend.analysis.sweeps import parabolas

TRANSFERS = Finding(Outcome.TRANSFERS, "transfers", (Reason(code="a"),))
FINE_TUNE = Finding(Outcome.FINE_TUNE, "fine_tune", (Reason(code="b"),))
FAILS = Finding(Outcome.DOES_NOT_TRANSFER, "diverges", (Reason(code="c"),))
OPEN = Finding(Outcome.INCONCLUSIVE, "unresolved", (Reason(code="d"),))
ABSTAINS = Finding(Outcome.INCONCLUSIVE, "train_interpolates", (Reason(code="e"),))


@pytest.mark.parametrize(
    ("findings", "outcome", "rule"),
    [
        ([TRANSFERS, TRANSFERS], "transfers", "transfers"),
        ([TRANSFERS, FINE_TUNE], "fine_tune", "fine_tune"),
        ([TRANSFERS, FAILS], "inconclusive", "losses_disagree"),
        ([TRANSFERS, OPEN], "inconclusive", "unresolved"),
        ([FINE_TUNE, FAILS], "does_not_transfer", "diverges"),
        ([OPEN, FAILS], "does_not_transfer", "diverges"),
        ([TRANSFERS, ABSTAINS], "transfers", "transfers"),
        ([FAILS, ABSTAINS], "does_not_transfer", "diverges"),
        ([ABSTAINS], "inconclusive", "train_interpolates"),
    ],
)
def test_losses_must_agree_to_transfer(findings, outcome, rule):
    for order in (findings, findings[::-1]):
        combined = combine_losses(order)

        assert (combined.outcome, combined.rule) == (outcome, rule)


def test_why_a_loss_abstained_is_said():
    assert combine_losses([TRANSFERS, ABSTAINS]).reasons == TRANSFERS.reasons + ABSTAINS.reasons


def test_a_proven_failure_weighs_more_than_what_is_not_known():
    assert max(Outcome, key=SEVERITY.__getitem__) is Outcome.DOES_NOT_TRANSFER


def _spread(level, growth_low=-1.0, seed_spread=0.01):
    interval = Interval(low=growth_low, high=2.0, level=0.9, method="student_t")
    growth = Estimate(value=(growth_low + 2) / 2, interval=interval)
    return SharpnessSpread(
        lr=0.1, level=level, growth=growth, seed_spread=seed_spread, edge_share=0.0, num_dropped=0
    )


@pytest.mark.parametrize(
    ("spread", "rule"),
    [
        (_spread(0.40), "transfers"),
        (_spread(0.41), "spread_level"),
        (_spread(0.1, growth_low=0.1), "spread_growth"),
        (_spread(0.1, growth_low=0.1, seed_spread=0.06), "transfers"),
        (_spread(0.1, growth_low=0.1, seed_spread=None), "transfers"),
    ],
)
def test_sharpness_that_drifts_apart_is_a_watch(spread, rule):
    found = with_sharpness(TRANSFERS, spread, Size(64, 3), Thresholds())

    assert (found.rule, found.outcome) == (rule, "transfers" if rule == "transfers" else "sharpness_drifts")


@pytest.mark.parametrize("spread", [None, _spread(None)])
def test_sharpness_that_cannot_be_compared_is_named(spread):
    found = with_sharpness(TRANSFERS, spread, Size(64, 3), Thresholds())

    assert found.outcome is Outcome.TRANSFERS
    assert found.reasons[-1] == Reason(code="sharpness_not_compared", params={"width": 64, "depth": 3})


def test_sharpness_changes_no_other_outcome():
    assert with_sharpness(FINE_TUNE, _spread(3.0), Size(64, 3), Thresholds()) == FINE_TUNE


# At the largest size, one octave off, reuse loses almost half of the little that size brings.
HALF_LOST = parabolas(slope=-1 / 3, curvature=0.02, gain=0.012, noise=0.0005)


def test_a_third_of_the_benefit_lost_for_sure_is_a_failure_at_the_largest_size_only():
    findings = [judge_size(HALF_LOST, index, 4, Thresholds()).finding for index in HALF_LOST.larger]

    assert (findings[-1].outcome, findings[-1].rule) == ("does_not_transfer", "benefit_lost")
    assert all(finding.outcome != "does_not_transfer" for finding in findings[:-1])
    assert {why.code for why in findings[-1].reasons} == {"gain_loss"}


def test_a_size_that_is_not_the_last_one_of_its_plan_does_not_end_its_arm_by_the_benefit():
    before, last = (statistics_at(HALF_LOST, HALF_LOST.sizes[index], Thresholds()) for index in (2, 3))

    assert (before.fails, last.fails) == (False, True)


def test_a_lost_benefit_that_is_not_sure_is_mended_by_a_search_shown_to_keep_it():
    halves = tuple(2.0 ** (-6 + index / 2) for index in range(17))
    sweep = parabolas(slope=-0.4, curvature=0.02, gain=0.025, noise=0.006, lrs=halves)

    found = judge_size(sweep, 3, 8, Thresholds())

    of_reuse = found.statistics.losses[0].gain_loss.interval
    assert of_reuse is not None
    assert of_reuse.high > 0.33
    assert (found.finding.outcome, found.finding.rule) == ("fine_tune", "fine_tune")
    assert "search_keeps" in {why.code for why in found.finding.reasons}
