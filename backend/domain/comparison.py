"""Limits of a comparison of experiments."""

from __future__ import annotations

# One column an experiment: more are not read side by side.
FEWEST_COMPARED, MOST_COMPARED = 2, 4
