"""Sweeps that were run elsewhere, as rows."""
