"""Measures of a sweep: curves, noise, the assumed law, one pair of curves."""
