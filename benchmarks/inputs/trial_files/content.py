"""Columns that the files are made of: the same numbers and words in every writing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import cycle

NUM_ROWS = 60
_rng = random.Random(20)
# Distinct positive numbers with two and three decimals, a target, and classes in mixed order.
LENGTH = [round(_rng.uniform(0.1, 0.99), 3) for _ in range(NUM_ROWS)]
WIDTH = [round(_rng.uniform(10, 99), 2) for _ in range(NUM_ROWS)]
PRICE = [round(_rng.uniform(1000, 9900), 2) for _ in range(NUM_ROWS)]
WHOLE = _rng.sample(range(1000, 9999), NUM_ROWS)
GRADES = [("good", "fair", "poor")[_rng.randrange(3)] for _ in range(NUM_ROWS)]
# The signs of every other number of a column.
SIGNED = [value if index % 2 else -value for index, value in enumerate(WIDTH)]


def words_of(*choices: str) -> list[str]:
    """Return a column of these words in mixed order, every one of them at least once."""
    rng = random.Random(len(choices))
    return [*choices, *(rng.choice(choices) for _ in range(NUM_ROWS - len(choices)))]


def text_of(columns: Mapping[str, Sequence[object]], delimiter: str = ",", header: bool = True) -> str:
    """Return a table as text, its cells as they are: quoting is the writer's concern."""
    rows = [delimiter.join(columns)] if header else []
    rows += [delimiter.join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    return "\n".join(rows) + "\n"


def quoted(cells: Sequence[object]) -> list[str]:
    """Return the cells in double quotes."""
    return [f'"{cell}"' for cell in cells]


def with_gaps(values: Sequence[float], every: int = 12) -> list[float | None]:
    """Return the values with the first of every few missing."""
    return [None if index % every == 0 else value for index, value in enumerate(values)]


def written(values: Sequence[float | None], missing: Sequence[str]) -> list[str]:
    """Return the values as text, missing ones in these spellings in turn."""
    spellings = cycle(missing)
    return [next(spellings) if value is None else str(value) for value in values]
