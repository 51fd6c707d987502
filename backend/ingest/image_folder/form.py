"""One size, number of channels and depth for all pictures of a dataset."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median_low

from muscope.backend.errors import TooLarge
from muscope.backend.ingest.image_folder.picture import Facts, Form
from muscope.backend.ingest.images import MAX_IMAGE_NUMBERS, MAX_NUMBERS

_MIN_SIDE = 16  # a square of less room shows little
_STEP = 8  # patches and strides of the networks divide sides that are multiples of it


def form_of(facts: Sequence[Facts]) -> Form:
    """Return the most frequent size, or the medians of the sides where no size is that of half the pictures.

    It is reduced in proportion where pictures or all of them together would be too large, to multiples of 8
    if possible. Raises TooLarge where there are too many pictures for that.
    """
    channels = 1 if all(fact.is_grey for fact in facts) else 3
    is_deep = channels == 1 and any(fact.is_deep for fact in facts)
    (height, width), count = Counter((fact.height, fact.width) for fact in facts).most_common(1)[0]
    is_common = 2 * count >= len(facts)
    if not is_common:
        height = median_low(fact.height for fact in facts)
        width = median_low(fact.width for fact in facts)
    most = min(MAX_IMAGE_NUMBERS, MAX_NUMBERS // len(facts)) // channels
    if is_common and height * width <= most:
        return Form(height, width, channels, is_deep)
    if height * width > most and most < _MIN_SIDE**2:
        raise TooLarge("dataset.too_many_pictures", count=len(facts), limit=MAX_NUMBERS)
    scale = min(1.0, math.sqrt(most / (height * width)))
    width = max(1, min(int(scale * width), most))
    height = max(1, min(round(scale * height), most // width))
    return Form(_stepped(height), _stepped(width), channels, is_deep)


def _stepped(side: int) -> int:
    return side if side < 2 * _STEP else side // _STEP * _STEP
