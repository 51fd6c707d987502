"""Verdicts of the example models in the guides: those that the models are given when they train again."""

from __future__ import annotations

import re

import pytest
import torch

from scripts.model_verdicts import EXAMPLES, LANGUAGES, Example, guide_of, row_of, verdict_of, with_row

# Losses differ in their last digits between processors, so a share may differ by its last shown ones.
_SAME, _RELATIVE = 0.02, 0.05


def words_and_numbers(row: str) -> tuple[str, list[float]]:
    """Return a row without the cell of the cost, and that cell's numbers."""
    *cells, cost, limit = row.strip("| ").split("|")
    return "|".join([*cells, limit]), [float(each) for each in re.findall(r"-?\d+\.\d+", cost)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.title)
def test_a_guide_shows_the_verdict_that_its_model_is_given(example: Example) -> None:
    torch.set_num_threads(1)
    verdict = verdict_of(example)

    for language in LANGUAGES:
        lines = guide_of(language).read_text(encoding="utf-8").splitlines()
        (shown,) = (line for line in lines if line.startswith(f"| {example.title} |"))
        words, numbers = words_and_numbers(row_of(example, verdict, language))
        shown_words, shown_numbers = words_and_numbers(shown)
        assert shown_words == words
        assert shown_numbers == pytest.approx(numbers, rel=_RELATIVE, abs=_SAME)


def test_a_row_is_written_in_place_of_the_one_of_its_model() -> None:
    guide = "| LSTM | old |\n| Llama | old |\nrest"

    assert with_row(guide, EXAMPLES[3], "| LSTM | new |") == "| LSTM | new |\n| Llama | old |\nrest"
    with pytest.raises(ValueError, match="0 rows of U-Net"):
        with_row(guide, EXAMPLES[4], "")


def test_a_replacement_that_the_file_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no"):
        Example("no such norm", "lstm.py", -5, ("NORM", "x")).source  # noqa: B018
