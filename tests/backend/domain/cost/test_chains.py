import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.chains import wall_of_chains
from muscope.backend.domain.cost.prediction import wall_seconds

SECONDS = st.floats(0.1, 100)
CHAINS = st.lists(st.lists(st.lists(SECONDS, max_size=3), max_size=4), max_size=4)


def test_a_batch_waits_for_all_of_the_one_before():
    assert wall_of_chains([[[1, 4], [2]]], slots=2) == 6
    assert wall_of_chains([[[1, 4], [2]], [[3]]], slots=2) == 6


def test_another_chain_fills_a_slot_that_waits():
    assert wall_of_chains([[[4], [4]], [[2], [2], [2]]], slots=2) == 8


@given(st.lists(SECONDS, max_size=9), st.integers(1, 4))
def test_one_batch_is_packed_as_cells_are(seconds, slots):
    assert wall_of_chains([[seconds]], slots=slots) == pytest.approx(wall_seconds(seconds, slots=slots))


@given(CHAINS, st.integers(0, 5))
def test_the_wall_lies_between_the_longest_chain_or_an_even_load_and_one_slot(chains, slots):
    wall = wall_of_chains(chains, slots=slots)

    total = sum(seconds for chain in chains for batch in chain for seconds in batch)
    longest = max((sum(max(batch, default=0) for batch in chain) for chain in chains), default=0)
    assert max(longest, total / max(1, slots)) * (1 - 1e-9) <= wall <= total * (1 + 1e-9)
