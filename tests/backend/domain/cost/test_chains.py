import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.chains import Part, spans
from muscope.backend.domain.cost.prediction import wall_seconds

SECONDS = st.floats(0.1, 100)
CHAINS = st.lists(st.lists(st.lists(SECONDS, max_size=3), max_size=4), max_size=4)


def _chains(seconds):
    return [[[Part(each) for each in batch] for batch in chain] for chain in seconds]


def _wall(seconds, *, slots, pause=0.0):
    found = spans(_chains(seconds), slots=slots, pause=pause)
    return max((span.ends for span in found), default=0.0)


def test_a_batch_waits_for_all_of_the_one_before():
    assert _wall([[[1, 4], [2]]], slots=2) == 6
    assert _wall([[[1, 4], [2]], [[3]]], slots=2) == 6


def test_another_chain_fills_a_slot_that_waits():
    assert _wall([[[4], [4]], [[2], [2], [2]]], slots=2) == 8


def test_between_batches_a_pause_passes_and_none_after_the_last():
    assert _wall([[[4], [3], [2]]], slots=1, pause=0.5) == 10


def test_parts_in_the_queue_start_in_turn_and_others_only_when_it_is_empty():
    queued = [[[Part(1, turn=5), Part(9, turn=7)]], [[Part(4)]], [[Part(2, turn=6)]]]

    assert spans(queued, slots=1) == [(0, 12), (12, 16), (1, 3)]


def test_a_running_part_keeps_its_slot():
    chains = [[[Part(100, turn=1)]], [[Part(3, turn=-math.inf)]]]

    assert spans(chains, slots=1) == [(3, 103), (0, 3)]


@given(st.lists(SECONDS, max_size=9), st.integers(1, 4))
def test_one_batch_is_packed_as_cells_are(seconds, slots):
    assert _wall([[seconds]], slots=slots) == pytest.approx(wall_seconds(seconds, slots=slots))


@given(CHAINS, st.integers(0, 5))
def test_the_wall_lies_between_the_longest_chain_or_an_even_load_and_one_slot(chains, slots):
    wall = _wall(chains, slots=slots)

    total = sum(seconds for chain in chains for batch in chain for seconds in batch)
    longest = max((sum(max(batch, default=0) for batch in chain) for chain in chains), default=0)
    assert max(longest, total / max(1, slots)) * (1 - 1e-9) <= wall <= total * (1 + 1e-9)


@given(CHAINS, st.integers(1, 3))
def test_every_chain_begins_before_it_ends_and_within_the_wall(chains, slots):
    for chain, span in zip(chains, spans(_chains(chains), slots=slots), strict=True):
        length = sum(max(batch, default=0) for batch in chain)
        assert span.begins + length <= span.ends * (1 + 1e-9)


def _long_and_short(**options):
    """Return when a long queue of one owner and a short one told of later begin and end, on one slot."""
    thorough = [[Part(10, turn=turn) for turn in range(4)]]
    quick = [[Part(3, turn=9), Part(3, turn=10)]]
    return spans([thorough, quick], slots=1, **options)


def test_the_queue_of_one_owner_is_in_turn():
    assert _long_and_short() == [(0, 40), (40, 46)]


def test_another_owner_who_comes_later_waits_for_one_part_and_not_for_the_queue():
    assert _long_and_short(owners=["thorough", "quick"]) == [(0, 46), (10, 16)]


def test_an_owner_who_has_had_less_begins():
    assert _long_and_short(owners=["thorough", "quick"], used={"thorough": 5.0}) == [(6, 46), (0, 6)]


def test_what_trains_already_is_not_stopped_for_another_owner():
    training, waiting = [[Part(10, turn=-math.inf)]], [[Part(3, turn=1)]]

    assert spans([training, waiting], slots=1, owners=["a", "b"], used={"a": 99.0}) == [(0, 10), (10, 13)]


@given(CHAINS, st.integers(1, 3), st.randoms())
def test_owners_change_the_order_and_neither_lose_work_nor_waste_slots(chains, slots, drawn):
    owners = [drawn.choice("abc") for _ in chains]
    total = sum(sum(batch) for chain in chains for batch in chain)

    found = spans(_chains(chains), slots=slots, owners=owners)

    assert total / slots - 1e-6 <= max((span.ends for span in found), default=0.0) <= total + 1e-6
