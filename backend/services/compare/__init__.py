"""Comparison of experiments: their answers side by side, what differs, and their curves in one figure."""
