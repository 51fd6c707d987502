"""One size, number of channels and depth for all pictures of a dataset."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median_low

from muscope.backend.errors import TooLarge
from muscope.backend.ingest.image_folder.picture import Facts, Form
from muscope.backend.ingest.images import MAX_IMAGE_NUMBERS, MAX_NUMBERS

_MIN_SIDE = 16  # a picture smaller than that is not scaled down any further
_STEP = 8  # patches and strides of the networks divide sides that are multiples of it


def form_of(facts: Sequence[Facts]) -> Form:
    """Return the most frequent size, or the medians of the sides where no size is that of half the pictures.

    It is reduced in proportion where pictures or all of them together would be too large, to multiples of 8
    if possible. Raises TooLarge where there are too many pictures for that.
    """
    channels = 1 if all(fact.is_grey for fact in facts) else 3
    is_deep = channels == 1 and any(fact.is_deep for fact in facts)
    (height, width), count = Counter((fact.height, fact.width) for fact in facts).most_common(1)[0]
    if 2 * count < len(facts):
        height, width = (
            median_low(sides) for sides in zip(*((f.height, f.width) for f in facts), strict=True)
        )
    most = min(MAX_IMAGE_NUMBERS, MAX_NUMBERS // len(facts)) // channels
    is_equal = count == len(facts)
    if height * width <= most:
        if is_equal:
            return Form(height, width, channels, is_deep)
        return Form(_stepped(height), _stepped(width), channels, is_deep)
    scale = math.sqrt(most / (height * width))
    height, width = (max(1, min(round(scale * height), most)), max(1, min(int(scale * width), most)))
    height = min(height, most // width)
    if min(height, width) < _MIN_SIDE and most < _MIN_SIDE**2:
        raise TooLarge("dataset.too_many_pictures", count=len(facts), limit=MAX_NUMBERS)
    return Form(_stepped(height), _stepped(width), channels, is_deep)


def _stepped(side: int) -> int:
    return side if side < 2 * _STEP else side // _STEP * _STEP
