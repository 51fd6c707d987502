"""Every test draws the same numbers, whichever ran before it."""

import copy

import pytest

from tests.backend.ingest.advice.advised import RNG

START = copy.deepcopy(RNG.bit_generator.state)


@pytest.fixture(autouse=True)
def same_numbers():
    RNG.bit_generator.state = START
