"""Comparison of results of two processes, which may round sums otherwise in the last digits."""

from __future__ import annotations

import math

# Far below what any rule compares, far above what the order of a sum changes.
RELATIVE, ABSOLUTE = 1e-9, 1e-12


def differences(found: object, expected: object, at: str = "") -> list[str]:
    """Return the places at which two JSON documents differ by more than rounding."""
    if isinstance(found, dict) and isinstance(expected, dict) and found.keys() == expected.keys():
        return [each for key in found for each in differences(found[key], expected[key], f"{at}/{key}")]
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return [each for index, pair in pairs for each in differences(*pair, f"{at}/{index}")]
    if isinstance(found, float) and isinstance(expected, float):
        is_close = math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        return [] if is_close else [f"{at}: {found} is not {expected}"]
    return [] if found == expected else [f"{at}: {found} is not {expected}"]
