"""Statements beyond the measured: horizon, larger sizes, what to do next, how far to trust it."""
