"""Outlook of a verdict: horizon, extrapolation to larger sizes, recommendation, reliability."""
