"""Work of a brought network's pass by width, and by the text where a network takes any."""

from __future__ import annotations

import math

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen

TextTerms = tuple[float, float, float]


class Work(Frozen):
    """Work of a forward pass of one example at a width: flops, and numbers kept for the backward pass.

    Attributes:
        text_flops, text_numbers: (a, b, c) of T (a + b T + c V) for texts of T tokens of V, where a network
            takes any text.
    """

    width: int = Field(ge=1)
    flops: float = Field(ge=0)
    numbers: int = Field(ge=0)
    text_flops: TextTerms | None = None
    text_numbers: TextTerms | None = None

    def of_text(self, length: int, vocabulary: int) -> Work:
        """Return the work of one text of another length and vocabulary."""
        if self.text_flops is None or self.text_numbers is None:
            return self
        flops, numbers = (
            length * max(0.0, a + b * length + c * vocabulary)
            for a, b, c in (self.text_flops, self.text_numbers)
        )
        return self.model_copy(update={"flops": flops, "numbers": max(1, round(numbers))})


class TextRange(Frozen):
    """Texts that a network takes: up to `longest` tokens, of a vocabulary of its own or (None) the data's."""

    longest: int | None = Field(default=None, ge=1)
    vocabulary: int | None = Field(default=None, ge=1)


def power_between(width: int, known: list[tuple[int, float]]) -> float:
    """Return a positive quantity at a width, on the line through the two nearest points in logarithms."""
    for at, value in known:
        if at == width:
            return value
    if len(known) == 1:
        return known[0][1] * (width / known[0][0])
    upper = next((i for i, (at, _) in enumerate(known) if at > width), len(known) - 1)
    (low, small), (high, large) = known[max(1, upper) - 1], known[max(1, upper)]
    power = math.log(max(large, 1.0) / max(small, 1.0)) / math.log(high / low)
    return float(max(small, 1.0) * (width / low) ** power)
