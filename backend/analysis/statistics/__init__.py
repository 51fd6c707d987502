"""Estimates from arrays: intervals, bootstrap, optima, smoothing, lines. No rule stands here."""
