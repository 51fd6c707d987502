"""Ranges and ticks of axes whose values are all equal, and sentences in figures without any."""

import math

import pytest

from muscope.backend.figures.layout import PHONE_LETTERS, broken
from muscope.backend.figures.theme import YScale, padded_range, y_ticks


@pytest.mark.parametrize("value", [0.0, 0.5, 3e-9, -2.0])
def test_equal_values_lie_in_a_range_of_their_own_size(value):
    low, high = padded_range([value, value], YScale.LINEAR)

    assert low < value < high
    assert high - low >= 0.005 * (abs(value) or 1.0)


@pytest.mark.parametrize("lr", [2.0**power for power in range(-9, 1)])
def test_an_axis_of_one_learning_rate_has_a_tick(lr):
    low, high = padded_range([lr, lr], YScale.LOG)

    ticks = y_ticks(low, high, YScale.LOG)

    assert ticks["tickvals"]
    assert all(low <= math.log10(tick) <= high for tick in ticks["tickvals"])


def test_a_sentence_in_an_empty_figure_fits_a_phone():
    english = broken("Too few results of large models to tell what reuse costs. Run the experiment again.")
    japanese = broken("大きなモデルの結果が足りないため、取りこぼしを求められません。再実行してください")

    assert max(map(len, english.split("<br>"))) <= PHONE_LETTERS
    assert max(map(len, japanese.split("<br>"))) <= PHONE_LETTERS / 2
    assert broken("No values") == "No values"
