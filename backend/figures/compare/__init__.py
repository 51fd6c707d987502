"""Figures of several experiments: colour means experiment, dash means size."""
