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
