"""Bounds of the calibration study: exact, and absent as long as there was none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muscope.backend.analysis.advice.reliability import RECORD_FILE, exact_interval, read_record, reliability
from muscope.backend.domain.verdict.outlook import HeldAtDistance, Tally
from muscope.backend.domain.verdict.verdict import Outcome
from tests.backend.analysis.advice.test_extrapolation import RECORD
from tests.backend.analysis.sweeps import known


@pytest.mark.parametrize(("of", "bound"), [(24, 0.117), (59, 0.0495)])
def test_no_error_in_so_many_cases_bounds_it_as_published(of, bound):
    assert known(exact_interval(Tally(count=0, of=of))).high == pytest.approx(bound, abs=5e-4)


def test_an_exact_interval_is_that_of_the_table():
    """Clopper-Pearson of 5 of 20 at 90%, from published tables: 0.104 to 0.456."""
    interval = known(exact_interval(Tally(count=5, of=20)))

    assert [interval.low, interval.high] == pytest.approx([0.1041, 0.4556], abs=1e-3)


@given(st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_exact_interval_holds_the_share(case):
    count, of = case
    interval = known(exact_interval(Tally(count=count, of=of)))

    assert 0.0 <= interval.low <= count / of <= interval.high <= 1.0


def test_without_a_study_nothing_is_claimed():
    found = reliability(None, Outcome.TRANSFERS, "4")

    assert (found.chance, found.error_bound, [why.code for why in found.reasons]) == (
        None,
        None,
        ["not_calibrated"],
    )


def test_a_study_says_how_often_recommendations_held():
    found = reliability(RECORD, Outcome.TRANSFERS, "4")

    assert (found.chance, found.is_same_rules) == (1.0, True)
    assert found.error_bound == pytest.approx(0.0495, abs=5e-4)
    assert [why.code for why in found.reasons] == ["held_in_study", "error_bound"]


def test_a_study_of_other_rules_says_so_and_knows_no_chance_of_outcomes_it_never_saw():
    found = reliability(RECORD, Outcome.FINE_TUNE, "5")

    assert (found.chance, found.is_same_rules) == (None, False)
    assert [why.code for why in found.reasons] == ["calibrated_otherwise", "error_bound"]


def test_beyond_the_tested_sizes_the_chance_is_that_of_the_next_distance_looked_at():
    reach = tuple(
        HeldAtDistance(doublings=doublings, held=Tally(count=count, of=10))
        for doublings, count in ((1, 10), (2, 9))
    )
    record = RECORD.model_copy(update={"reach": reach})

    chances = [
        reliability(record, Outcome.FINE_TUNE, "1", doublings).chance for doublings in (0.5, 1.0, 1.5, 3.0)
    ]

    assert chances == [1.0, 1.0, 0.9, None]


def test_the_shipped_record_can_be_read():
    content = RECORD_FILE.read_bytes()
    record = read_record(content)

    assert (record is None) == (content.strip() == b"null")


def test_a_record_with_unknown_fields_is_refused():
    with pytest.raises(ValidationError):
        read_record(b'{"rule_version": "3"}')
