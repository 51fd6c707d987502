"""One answer over scenarios: the worst, where it breaks, and what an inconclusive one may not hide."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.analysis.verdict.overall import deciding_scenario, overall
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis
from muscope.backend.domain.verdict.statement import Outcome
from tests.backend.analysis.sweeps import parabolas, spec_of, unresolved
from tests.backend.domain.specs import SCENARIOS

MUP = Parametrization.MUP
GIVEN, NOISY, HEAVY = Scenario.AS_GIVEN, Scenario("label_noise:0.2"), Scenario("momentum:0.9")
SWEEPS = {
    Outcome.TRANSFERS: parabolas(),
    Outcome.FINE_TUNE: parabolas(slope=0.5, curvature=0.05, noise=0.001),
    Outcome.DOES_NOT_TRANSFER: parabolas(slope=-1.0),
    Outcome.INCONCLUSIVE: unresolved(5),
}


def verdict_of(scenario, outcome, *, is_interim=False, num_seeds=5):
    sweep = SWEEPS[outcome] if num_seeds == 5 else parabolas(num_seeds=num_seeds)
    verdict = judge(spec_of(sweep, MUP), scenario, {MUP: [sweep]}, is_interim=is_interim)
    assert verdict.outcome is outcome
    return verdict


def test_the_worst_scenario_decides_and_says_where_it_breaks():
    verdicts = [
        verdict_of(GIVEN, Outcome.TRANSFERS),
        verdict_of(NOISY, Outcome.DOES_NOT_TRANSFER),
        verdict_of(HEAVY, Outcome.FINE_TUNE),
    ]

    found = overall(verdicts)

    assert (found.outcome, found.scenario) == ("does_not_transfer", NOISY)
    assert found.holds_under == (GIVEN,)
    arm = verdicts[1].arm
    assert found.breaks_at is not None
    assert (found.breaks_at.scenario, found.breaks_at.axis) == (NOISY, Axis.WIDTH)
    assert (found.breaks_at.width, found.breaks_at.depth) == (arm.worst_width, arm.worst_depth)
    assert [answer.scenario for answer in found.scenarios] == [GIVEN, NOISY, HEAVY]


def test_every_scenario_is_said_with_the_numbers_of_the_size_that_decides():
    verdict = verdict_of(NOISY, Outcome.DOES_NOT_TRANSFER)

    (answer,) = overall([verdict]).scenarios

    size = next(size for size in verdict.arm.sizes if size.width == verdict.arm.worst_width)
    assert (answer.width, answer.base_lr, answer.rule) == (size.width, verdict.arm.base_lr, verdict.rule)
    assert answer.transfer_regret == size.losses[0].transfer_regret
    assert answer.transfer_regret.interval is not None


def test_what_holds_everywhere_breaks_nowhere():
    found = overall([verdict_of(GIVEN, Outcome.TRANSFERS), verdict_of(NOISY, Outcome.TRANSFERS)])

    assert (found.outcome, found.scenario, found.breaks_at) == ("transfers", GIVEN, None)
    assert found.holds_under == (GIVEN, NOISY)


def test_an_inconclusive_scenario_hides_no_failure():
    fails = overall([verdict_of(GIVEN, Outcome.INCONCLUSIVE), verdict_of(NOISY, Outcome.DOES_NOT_TRANSFER)])
    tunes = overall([verdict_of(GIVEN, Outcome.INCONCLUSIVE), verdict_of(NOISY, Outcome.FINE_TUNE)])

    assert (fails.outcome, fails.scenario) == ("does_not_transfer", NOISY)
    assert (tunes.outcome, tunes.scenario) == ("inconclusive", GIVEN)
    assert fails.breaks_at is not None
    assert tunes.breaks_at is not None
    assert fails.breaks_at.scenario == tunes.breaks_at.scenario == NOISY
    assert tunes.breaks_at.outcome == "fine_tune"


@pytest.mark.parametrize("others", [1, 2])
def test_it_is_interim_and_provisional_as_soon_as_one_scenario_is(others):
    settled = [verdict_of(scenario, Outcome.TRANSFERS) for scenario in (GIVEN, HEAVY)[:others]]
    interim = verdict_of(NOISY, Outcome.TRANSFERS, is_interim=True)
    provisional = verdict_of(NOISY, Outcome.TRANSFERS, num_seeds=3)

    assert not overall(settled).is_interim
    assert not overall(settled).is_provisional
    assert overall([*settled, interim]).is_interim
    assert overall([*settled, provisional]).is_provisional


def test_a_scenario_without_a_judged_size_has_no_numbers_and_no_place():
    sweep = parabolas(widths=(32,))
    verdict = judge(spec_of(sweep, MUP), GIVEN, {MUP: [sweep]}, is_interim=False)

    found = overall([verdict])

    assert (found.outcome, found.breaks_at) == ("inconclusive", None)
    assert (found.scenarios[0].width, found.scenarios[0].transfer_regret.value) == (None, None)


def test_a_break_names_the_axis_that_grew():
    deeper = replace(parabolas(slope=-1.0), axis=Axis.DEPTH)
    deeper = replace(deeper, sizes=tuple(size._replace(width=32, depth=size.width) for size in deeper.sizes))
    verdict = judge(spec_of(parabolas(), MUP), NOISY, {MUP: [parabolas(), deeper]}, is_interim=False)

    found = overall([verdict])

    assert found.breaks_at is not None
    assert (found.breaks_at.axis, found.breaks_at.width) == (Axis.DEPTH, 32)


@given(st.dictionaries(st.sampled_from(SCENARIOS), st.sampled_from(Outcome), min_size=1))
def test_no_scenario_is_worse_than_the_one_that_decides(outcomes):
    deciding = deciding_scenario(outcomes)

    assert SEVERITY[outcomes[deciding]] == max(SEVERITY[outcome] for outcome in outcomes.values())
    equally_bad = [scenario for scenario in outcomes if outcomes[scenario] is outcomes[deciding]]
    assert deciding == equally_bad[0]
