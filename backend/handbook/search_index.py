"""The search index: Latin words and pairs of Japanese characters, each with the sections that hold it.

Japanese has no blanks between words, and a dictionary would be larger than the site. A pair of neighbours
(bigram) finds every word of two characters or more; `frontend/js/handbook/terms.js` cuts a query the same
way, and one list of cases (tests/frontend/search_terms.json) holds both to it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[0-9a-z_µηλκρτ]+|[\u3040-\u30ff\u3400-\u9fff々ー]+")
_IS_LATIN = re.compile(r"[0-9a-z_µηλκρτ]")
# Words in a title say more about a section than words in its text.
TITLE_WEIGHT = 8


@dataclass(frozen=True)
class Entry:
    """A section as the index knows it: its address below the site's root, its page, its title, its words."""

    address: str
    page: str
    title: str
    text: str


def terms(text: str) -> Iterator[str]:
    """Yield the terms of a text: Latin words as they are, of Japanese every pair of neighbours."""
    for word in _WORD.findall(normalized(text)):
        if _IS_LATIN.match(word) or len(word) == 1:
            yield word
        else:
            yield from (word[at : at + 2] for at in range(len(word) - 1))


def normalized(text: str) -> str:
    """Return a text in which full and half width, upper and lower case, and both signs of micro are equal."""
    return unicodedata.normalize("NFKC", text).lower().replace("μ", "µ")


def index_module(entries: Iterable[Entry]) -> str:
    """Return the index as an ES module: sections, and per term the numbers and weights of its sections."""
    listed = list(entries)
    places: dict[str, list[int]] = {}
    for number, entry in enumerate(listed):
        weights = Counter(terms(entry.text))
        weights.update(dict.fromkeys(terms(f"{entry.page} {entry.title}"), TITLE_WEIGHT))
        for term, weight in weights.items():
            places.setdefault(term, []).extend((number, weight))
    sections = [[entry.address, entry.page, entry.title, entry.text] for entry in listed]
    return f"export const sections = {_json(sections)};\nexport const places = {_json(places)};\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
