"""Estimates from arrays: intervals, bootstrap, optima, smoothing, regression lines. Contains no rule."""
