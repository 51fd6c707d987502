"""The judgement of the row of posts; the stack it measures is another's concern."""

import dataclasses

import pytest

from benchmarks.rows.product.posts import Seen, judged, unfairness

GOOD = Seen(
    posted=1000,
    stored=1000,
    posts=[0.2] * 1000,
    pages=[0.1] * 20,
    claims=[0.01] * 20,
    used={str(number): 30.0 for number in range(10)},
    seconds=100.0,
    processor=0.03,
    longest_cell=2.0,
)


def test_a_thousand_quick_posts_with_equal_shares_pass():
    assert judged(GOOD).is_met


@pytest.mark.parametrize(
    "changed",
    [
        {"stored": 999},
        {"posted": 300, "stored": 300},
        {"posts": [0.2] * 900 + [1.5] * 100},
        {"pages": [1.1]},
        {"claims": [0.06] * 20},
        {"claims": []},
        {"used": {"a": 30.0, "b": 40.0}},
        {"used": {}},
    ],
)
def test_one_thing_that_is_short_makes_the_row_short(changed):
    assert not judged(dataclasses.replace(GOOD, **changed)).is_met


def test_a_user_who_got_nothing_is_all_of_a_share_away():
    assert unfairness({"a": 10.0, "b": 10.0, "c": 0.0}) == pytest.approx(1.0)
