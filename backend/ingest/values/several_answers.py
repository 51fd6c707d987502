"""Recognises cells that hold several answers, as forms for questions write them: `A;C`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.wording import listed, shown

_SEPARATORS = (";", "|", "、", "・", ",", "/")
# Different answers of a question with choices, and characters of one.
_FEWEST, _MOST_ANSWERS, _MOST_CHARACTERS = 3, 30, 40
# Share of the different texts that must have several answers, and of the answers that occur in two texts.
_SEVERAL, _REPEATED = 0.3, 0.8
_LEAST_TEXTS = 4
_NAMED = 6


def several_answers_note(name: str, texts: Sequence[str]) -> DataWarning | None:
    """Return a note if the different texts of a column are combinations of a few answers; else None."""
    for separator in _SEPARATORS:
        combined = [text for text in texts if separator in text]
        if len(texts) < _LEAST_TEXTS or len(combined) < _SEVERAL * len(texts):
            continue
        answers = Counter(answer for text in texts for answer in _answers(text, separator))
        if _are_choices(answers, len(texts)):
            params = {"column": shown(name), "separator": separator, "count": len(answers)}
            named = {"answers": listed(sorted(answers), _NAMED), "texts": len(texts)}
            return DataWarning(code="dataset.several_answers", params=params | named)
    return None


def _answers(text: str, separator: str) -> set[str]:
    return {part.strip() for part in text.split(separator) if part.strip()}


def _are_choices(answers: Counter[str], num_texts: int) -> bool:
    """Return whether words that texts share explain them; numbers and dates are no answers."""
    if not _FEWEST <= len(answers) <= _MOST_ANSWERS or len(answers) >= num_texts:
        return False
    is_word = all(len(answer) <= _MOST_CHARACTERS and not answer[0].isdigit() for answer in answers)
    num_repeated = sum(count > 1 for count in answers.values())
    return is_word and num_repeated >= _REPEATED * len(answers)
